"""Reads OpenMetrics 1.0 text on standard input and says what is wrong with it; no
words when nothing is. Written after the standard's ABNF, not after our writer."""
import re
import sys

SUFFIXES = {
    "counter": ("_total", "_created"), "gauge": ("",), "info": ("_info",), "unknown": ("",), "stateset": ("",),
    "histogram": ("_bucket", "_sum", "_count", "_created"), "summary": ("", "_sum", "_count", "_created"),
}
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["n\\])*)"'
SAMPLE = re.compile(rf"^({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)$")

text = sys.stdin.read()
problems, types, seen, family, samples = [], {}, set(), None, set()
lines = text.split("\n")
if lines[-2:] != ["# EOF", ""]:
    problems.append("it does not end with # EOF")
buckets = {}
for number, line in enumerate(lines[:-2], 1):
    def bad(what):
        problems.append(f"line {number}: {what}: {line}")
    m = re.match(rf"^# (TYPE|HELP|UNIT) ({NAME})(?: (.*))?$", line)
    if m:
        if m[2] != family and m[2] in seen:
            bad("a family in two places")
        family = m[2]
        seen.add(family)
        if m[1] == "TYPE":
            if m[3] not in SUFFIXES or family in types:
                bad("a type that is none, or twice")
            types[family] = m[3]
        continue
    m = SAMPLE.match(line)
    if not m:
        bad("neither a sample nor a description")
        continue
    name, labels, value = m[1], m[2] or "", m[m.lastindex]
    if family not in types or not any(name == family + s for s in SUFFIXES[types[family]]):
        bad("a sample that is not of the family described before it")
        continue
    keys = [k for k, _ in re.findall(LABEL, labels)]
    if len(keys) != len(set(keys)):
        bad("a label twice")
    if (name, labels) in samples:
        bad("a sample twice")
    samples.add((name, labels))
    try:
        number_value = float(value)
    except ValueError:
        bad("a value that is no number")
        continue
    if types[family] in ("counter", "histogram") and number_value < 0:
        bad("less than nothing")
    if name.endswith("_bucket") and types[family] == "histogram":
        rest = re.sub(r'(^|,)le="[^"]*"', "", labels)
        bound = re.search(r'le="([^"]*)"', labels)
        at, n = buckets.get((family, rest), (float("-inf"), 0))
        if not bound or float(bound[1]) <= at or number_value < n:
            bad("buckets that do not rise")
        else:
            buckets[(family, rest)] = (float(bound[1]), number_value)
for (name, _), (at, _) in buckets.items():
    if at != float("inf"):
        problems.append(f"{name}: no bucket for all")
if len(samples) < 20:
    problems.append(f"only {len(samples)} samples")
print("\n".join(problems), end="")
