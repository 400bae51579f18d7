"""Reads `sallyport build layout` and writes a COBOL program that prints the
compiler's own offset and size of every named item; or compares both.

layout_oracle.py program LAYOUT COPYBOOK > PROGRAM.cob
layout_oracle.py compare LAYOUT COMPILER-OUTPUT
"""
import re, sys


def items(path):
    """(offset, size, qualified COBOL reference) of each item that has a name"""
    stack, first = [], True
    for line in open(path):
        m = re.match(r"\s*(\d+)\s+(\d+)  (\s*)(\d\d) (\S+) (\S+)(.*)", line)
        if not m or line.startswith("#"):
            if line.startswith("# ") and stack:
                return  # the next record
            continue
        offset, size, depth = int(m[1]), int(m[2]), len(m[3]) // 2
        name, notes = m[5], m[7]
        del stack[depth:]
        stack.append((name, "occurs=" in notes))
        if name.startswith("FILL_") or name == "FILLER":
            continue
        if first:
            first = False
            continue  # the record itself
        names = [n for n, _ in stack if not n.startswith("FILL_")]
        subscripts = sum(1 for _, table in stack if table)
        text = " OF ".join(reversed([names[-1]] + names[1:-1][::-1][::-1]))
        text = " OF ".join([names[-1]] + list(reversed(names[1:-1])))
        if subscripts:
            text += " (" + " ".join(["1"] * subscripts) + ")"
        yield offset, size, text


def program(layout, copybook):
    first = next(l for l in open(layout) if re.match(r"\s*\d+\s+\d+  ", l))
    level, name = re.match(r"\s*\d+\s+\d+  \s*(\d\d) (\S+)", first).groups()
    root = "ORACLE-ROOT" if level == "00" else name
    print("       IDENTIFICATION DIVISION.\n       PROGRAM-ID. ORACLE.")
    print("       DATA DIVISION.\n       WORKING-STORAGE SECTION.")
    if level == "00":
        print("       01 ORACLE-ROOT.")
    print(f"       COPY '{copybook}'.")
    print("       PROCEDURE DIVISION.")
    for _, _, text in items(layout):
        print("           CALL 'sptoffs' USING BY REFERENCE " + root)
        for word in ("BY REFERENCE " + text).split(" OF "):
            print("               " + ("" if word.startswith("BY") else "OF ")
                  + word)
        print("               BY VALUE LENGTH OF")
        for i, word in enumerate(re.sub(r" \(.*", "", text).split(" OF ")):
            print("               " + ("OF " if i else "") + word)
        if "(" in text:
            print("               " + text[text.index("("):])
    print("           STOP RUN.")


def compare(layout, output):
    ours = list(items(layout))
    theirs = [tuple(map(int, l.split())) for l in open(output) if l.strip()]
    bad = len(ours) != len(theirs)
    for (offset, size, text), got in zip(ours, theirs):
        if (offset, size) != got:
            print(f"{text}: ours {offset} {size}, compiler {got[0]} {got[1]}")
            bad = True
    print(f"{len(ours)} items, compiler {len(theirs)}")
    sys.exit(bad)


{"program": program, "compare": compare}[sys.argv[1]](*sys.argv[2:])
