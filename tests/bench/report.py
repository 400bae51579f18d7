"""Rows of a run: printed, written as JSON lines, and as one page of HTML."""
import html
import json
import math

OURS = "Sallyport"
LIMIT = "limit: "  # a peer that is none: what the row's work cannot go below
# metric -> (how it is called, decimals, is more better; None: no ratio)
METRICS = {
    "rate": ("per second", 0, True),
    "cpu": ("CPU us each", 1, False),
    "gbps": ("GB/s", 3, True),
    "cpu_gb": ("CPU ms/GB", 0, False),
    "mbps": ("MB/s", 0, True),
    "ns": ("ns", 0, False),
    "kb": ("KB each", 1, False),
    "mb": ("MB", 1, False),
    "ms": ("ms", 0, False),
    "client_cpu": ("client's CPU us", 1, None),
    "lost": ("lost", 0, None),
}
COLOURS = ["#2a78b8", "#d0662b", "#3f9448", "#8b5bb0", "#b03a5b", "#7a7a2a"]


class Report:
    def __init__(self, json_path=None):
        self.parts = {}    # part -> {"title", "rows": {row: {...}}}
        self.failures = []
        self.facts = {}
        self.json = open(json_path, "w", encoding="utf-8") if json_path else None

    def emit(self, **record):
        if self.json:
            self.json.write(json.dumps(record) + "\n")
            self.json.flush()

    def part(self, name, title):
        self.parts[name] = {"title": title, "rows": {}, "charts": []}
        self.current = name

    def failed(self, part, why):
        self.failures.append((part, why))
        self.emit(kind="failed", part=part, why=why)
        print(f"  FAILED {part}: {why}", flush=True)

    def row(self, row, meaning, results, aims=()):
        """results: who -> metrics; aims: (metric, peer or "best", ratio) or
        (metric, None, value)."""
        entry = {"meaning": meaning, "results": results, "ratios": [], "aims": [], "curves": {}}
        self.parts[self.current]["rows"][row] = entry
        for who, metrics in results.items():
            self.emit(kind="row", part=self.current, row=row, who=who, meaning=meaning, **metrics)
        ours = results.get(OURS)
        for who, metrics in results.items() if ours else ():
            for metric, value in metrics.items():
                ratio = better(metric, ours.get(metric), value)
                if who != OURS and ratio is not None:
                    entry["ratios"].append((who, metric, ratio))
                    self.emit(kind="ratio", part=self.current, row=row, metric=metric, peer=who, value=round(ratio, 3))
        for metric, peer, aim in aims:
            self.aim(row, entry, metric, peer, aim)
        self.show(row, entry)

    def aim(self, row, entry, metric, peer, aim):
        ours = entry["results"].get(OURS, {}).get(metric)
        if ours is None:
            return
        if peer is None:
            got, reached = ours, ours >= aim if METRICS[metric][2] else ours <= aim
            text = f"aim: {METRICS[metric][0]} {'>=' if METRICS[metric][2] else '<='} {aim:,g}"
        else:
            of = [v for w, m, v in entry["ratios"] if m == metric and (w == peer or peer == "best" and not w.startswith(LIMIT))]
            if not of:
                return
            got, text = min(of), f"aim: {METRICS[metric][0]} >= {aim:g} x {'the best peer' if peer == 'best' else peer}"
            reached = got >= aim
        entry["aims"].append((f"{text}: {got:,.2f}", reached))
        self.emit(kind="aim", part=self.current, row=row, metric=metric, peer=peer, aim=aim, got=round(got, 3), reached=reached)

    def curve(self, row, who, points):
        """Latencies: [(percentile, us)]"""
        self.parts[self.current]["rows"][row]["curves"][who] = points
        at = dict((q, us) for q, us in points)
        self.emit(kind="latency", part=self.current, row=row, who=who, points=points)
        print(f"    {who:44} p50 {at[50]:>7,} us   p99 {at[99]:>7,}   p99.9 {at[99.9]:>7,}", flush=True)

    def chart(self, title, meaning, x_name, y_name, lines):
        """Growth: who -> [(x, y)], x logarithmic."""
        self.parts[self.current]["charts"].append((title, meaning, x_name, y_name, lines))
        for who, points in lines.items():
            self.emit(kind="growth", part=self.current, row=title, who=who, x=x_name, y=y_name, points=points, meaning=meaning)
        print(f"  {title} ({y_name})")
        for who, points in lines.items():
            print(f"    {who:24}" + "  ".join(f"{x:,}: {y:,.1f}" for x, y in points), flush=True)

    def show(self, row, entry):
        print(f"  {row}")
        for who, metrics in entry["results"].items():
            text = "  ".join(f"{v:>11,.{METRICS[m][1]}f} {METRICS[m][0]}" for m, v in metrics.items() if m in METRICS)
            ratios = "  ".join(f"{r:.2f} x ({METRICS[m][0]})" for w, m, r in entry["ratios"] if w == who)
            print(f"    {who:36}{text}   {ratios}")
        for text, reached in entry["aims"]:
            print(f"    {text} {'reached' if reached else 'MISSED'}")
        print(end="", flush=True)

    # --- the page ---
    def page(self, path):
        body = [f"<h1>Sallyport beside its peers</h1><p>{esc(self.facts.get('line', ''))}</p>",
                "<p>Ratios say how many times better than the peer Sallyport is: above 1 we are. Rates depend on who else uses the "
                "machine; CPU time of the measured processes for each request does much less, so compare that first.</p>"]
        if self.failures:
            body.append("<h2>Parts that failed</h2><ul>" + "".join(f"<li>{esc(p)}: <pre>{esc(w)}</pre></li>" for p, w in self.failures) + "</ul>")
        body.append(self.summary())
        for name, part in self.parts.items():
            body.append(f"<h2 id='{esc(name)}'>{esc(part['title'])}</h2>")
            for row, entry in part["rows"].items():
                body.append(self.row_html(row, entry))
            for title, meaning, x_name, y_name, lines in part["charts"]:
                body.append(f"<section><h3>{esc(title)}</h3><p>{esc(meaning)}</p>" + growth_svg(x_name, y_name, lines) + "</section>")
        with open(path, "w", encoding="utf-8") as out:
            out.write(PAGE.replace("BODY", "\n".join(body)))

    def summary(self):
        lines = [(part, row, text, reached) for part, p in self.parts.items() for row, e in p["rows"].items() for text, reached in e["aims"]]
        if not lines:
            return ""
        return "<h2>Aims</h2><table>" + "".join(
            f"<tr><td><a href='#{esc(part)}'>{esc(row)}</a></td><td>{esc(text)}</td><td class={'good' if r else 'bad'}>{'reached' if r else 'missed'}</td></tr>"
            for part, row, text, r in lines) + "</table>"

    def row_html(self, row, entry):
        metrics = [m for m in METRICS if any(m in r for r in entry["results"].values())]
        head = "".join(f"<th>{esc(METRICS[m][0])}</th>" for m in metrics) + "".join(
            f"<th>{esc(METRICS[m][0])}, ratio</th>" for m in metrics if METRICS[m][2] is not None and len(entry["results"]) > 1)
        lines = []
        for who, got in entry["results"].items():
            cells = "".join(f"<td>{got[m]:,.{METRICS[m][1]}f}</td>" if m in got else "<td></td>" for m in metrics)
            if len(entry["results"]) > 1:
                for m in metrics:
                    if METRICS[m][2] is not None:
                        r = next((r for w, k, r in entry["ratios"] if w == who and k == m), None)
                        cells += "<td></td>" if r is None else f"<td class={'limit' if who.startswith(LIMIT) else 'good' if r >= 1 else 'bad'}>{r:.2f} {bar(r)}</td>"
            lines.append(f"<tr><th>{esc(who)}</th>{cells}</tr>")
        aims = "".join(f"<p class={'good' if r else 'bad'}>{esc(t)} – {'reached' if r else 'missed'}</p>" for t, r in entry["aims"])
        curves = latency_svg(entry["curves"]) if entry["curves"] else ""
        return f"<section><h3>{esc(row)}</h3><p>{esc(entry['meaning'])}</p><table><tr><th></th>{head}</tr>{''.join(lines)}</table>{aims}{curves}</section>"


def better(metric, ours, theirs):
    """How many times better ours is, or None."""
    known = METRICS.get(metric)
    if known is None or known[2] is None or not ours or not theirs or ours < 0 or theirs < 0:
        return None
    return ours / theirs if known[2] else theirs / ours


def esc(text):
    return html.escape(str(text))


def bar(ratio):
    """1 is the middle; twice as good fills it."""
    width = min(60, max(1, 30 + 30 * math.log2(ratio)))
    return (f"<svg width=60 height=8 role=img aria-label='{ratio:.2f}'><rect width={width:.0f} height=8 rx=2 fill='currentColor' opacity=.6 />"
            "<line x1=30 x2=30 y1=0 y2=8 stroke='currentColor'/></svg>")


# --- curves ------------------------------------------------------------------
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 300, 64, 40, 12, 12


def log_ticks(low, high):
    """1, 2, 5 of each power of ten between"""
    found = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        found += [f * 10 ** power for f in (1, 2, 5) if low <= f * 10 ** power <= high]
    return found


def plot(lines, x_of, x_ticks, y_of, y_ticks, x_name, y_name):
    out = [f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' class=plot role=img aria-label='{esc(y_name)}'>"]
    for value, text in y_ticks:
        y = y_of(value)
        out.append(f"<line x1={LEFT} x2={WIDTH - RIGHT} y1={y:.1f} y2={y:.1f} class=grid /><text x={LEFT - 6} y={y + 4:.1f} text-anchor=end>{esc(text)}</text>")
    for value, text in x_ticks:
        x = x_of(value)
        out.append(f"<line x1={x:.1f} x2={x:.1f} y1={TOP} y2={HEIGHT - BOTTOM} class=grid /><text x={x:.1f} y={HEIGHT - BOTTOM + 16} text-anchor=middle>{esc(text)}</text>")
    out.append(f"<text x={LEFT} y={HEIGHT - 6}>{esc(x_name)}; {esc(y_name)}</text>")
    for i, (who, points) in enumerate(lines.items()):
        colour = COLOURS[i // 2 % len(COLOURS)] if len(lines) > len(COLOURS) else COLOURS[i % len(COLOURS)]
        dash = " stroke-dasharray='6 4'" if len(lines) > len(COLOURS) and i % 2 else ""
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in points)
        out.append(f"<polyline points='{path}' fill=none stroke='{colour}' stroke-width=2{dash}><title>{esc(who)}</title></polyline>")
    out.append("</svg><p class=legend>")
    for i, who in enumerate(lines):
        colour = COLOURS[i // 2 % len(COLOURS)] if len(lines) > len(COLOURS) else COLOURS[i % len(COLOURS)]
        dash = "dashed" if len(lines) > len(COLOURS) and i % 2 else "solid"
        out.append(f"<span><i style='border-top:3px {dash} {colour}'></i>{esc(who)}</span>")
    return "".join(out) + "</p>"


def scale_y(values, logarithmic):
    high = max(values) * 1.15
    low = min(values) / 1.3 if logarithmic else 0
    span = math.log(high / low) if logarithmic else high

    def y_of(value):
        share = math.log(max(value, low) / low) / span if logarithmic else value / span
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
    if logarithmic:
        return y_of, [(t, f"{t:,g}") for t in log_ticks(low, high)]
    step = 10 ** math.floor(math.log10(high))
    step = step / 5 if high / step < 2 else step / 2 if high / step < 5 else step
    return y_of, [(k * step, f"{k * step:,g}") for k in range(int(high / step) + 1)]


def latency_svg(curves):
    """Percentiles apart as their logarithm: 50, 90, 99, 99.9 at equal steps."""
    lines = {who: [(q, max(1, us)) for q, us in points if q >= 50] for who, points in curves.items()}
    y_of, y_ticks = scale_y([us for points in lines.values() for _, us in points], True)

    def x_of(q):
        low, high = -math.log10(0.5), 4
        return LEFT + (-math.log10(1 - min(q, 99.99) / 100) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
    return plot(lines, x_of, [(q, f"{q:g}") for q in (50, 75, 90, 99, 99.9, 99.99)], y_of, y_ticks, "percentile", "latency in us (logarithmic)")


def growth_svg(x_name, y_name, lines):
    xs = sorted({x for points in lines.values() for x, _ in points})
    y_of, y_ticks = scale_y([y for points in lines.values() for _, y in points], False)

    def x_of(x):
        span = math.log10(xs[-1] / xs[0]) or 1
        return LEFT + math.log10(x / xs[0]) / span * (WIDTH - LEFT - RIGHT)
    return plot(lines, x_of, [(x, f"{x:,}") for x in xs], y_of, y_ticks, x_name, y_name)


PAGE = """<!DOCTYPE html>
<html lang=en><head><meta charset=utf-8><meta name=viewport content="width=device-width, initial-scale=1">
<meta name=color-scheme content="light dark"><title>Sallyport: make bench</title>
<style>
:root { --ink: #1c1f23; --paper: #fff; --line: #d8dce1; --good: #1d7a34; --bad: #a8480b }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ea; --paper: #16191c; --line: #3a4047; --good: #6cc785; --bad: #f0a066 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1000px; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto }
td, th { padding: 3px 12px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
td:first-child, th:first-child { text-align: left } th { font-weight: 600 } a { color: inherit }
section { margin: 1.5em 0 2.5em } h3 { margin-bottom: .2em } section > p { margin: .2em 0 .6em }
.good { color: var(--good) } .bad { color: var(--bad) }
.plot { width: 100%; max-width: 720px; display: block } .plot text { font-size: 11px; fill: var(--ink) } .grid { stroke: var(--line) }
.legend span { margin-right: 1.4em; white-space: nowrap } .legend i { display: inline-block; width: 22px; margin-right: 6px; vertical-align: middle }
pre { white-space: pre-wrap }
</style></head><body>
BODY
</body></html>
"""
