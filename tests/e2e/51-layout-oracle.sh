# Offsets and sizes of every sample copybook, and of one that has every clause,
# are those of the COBOL compiler.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
command -v cobc >/dev/null || skip_all "no COBOL compiler"

cd "$SCRATCH" || exit 1
cat > EVERY.cpy <<'EOF'
       01  EACH-CLAUSE.
           05  IT-A                PIC X(3).
           05  SHORT-SYNC        PIC S9(4) COMP-5 SYNC.
           05  IT-B                PIC X.
           05  WORD-SYNC         PIC S9(9) COMP-5 SYNC.
           05  IT-C                PIC X.
           05  LONG-SYNC         PIC S9(18) COMP SYNC.
           05  IT-D                PIC X.
           05  FLOAT-SYNC        COMP-1 SYNC.
           05  IT-E                PIC X.
           05  DOUBLE-SYNC       COMP-2 SYNC.
           05  PACKED            PIC S9(7)V99 COMP-3.
           05  PACKED-EVEN       PIC 9(8) COMP-3.
           05  ZONED             PIC S9(5)V99.
           05  SEPARATE-SIGN     PIC S9(5) SIGN LEADING SEPARATE.
           05  SCALED            PIC 9(2)P(3).
           05  EDITED            PIC $$,$$9.99CR.
           05  ONE-DIGIT         PIC 9 COMP.
           05  ELEMENTS          OCCURS 3.
               10  N2-LENGTH     PIC S9(4) COMP-5 SYNC.
               10  N2            PIC X(255).
           05  DEEP              OCCURS 3.
               10  D-LENGTH      PIC S9(4) COMP-5 SYNC.
               10  D-GROUP.
                   15  D-FIRST   PIC X(5).
                   15  D-LAST    PIC X(2).
           05  MIXED             OCCURS 2.
               10  M-GROUP.
                   15  M-NUM     PIC S9(9) COMP-5 SYNC.
               10  M-TEXT        PIC X(5).
               10  M-LAST        PIC X(5).
           05  ONCE              OCCURS 1.
               10  O-NUM         PIC S9(9) COMP-5 SYNC.
               10  O-TEXT        PIC X.
           05  IT-F                PIC X.
           05  REDEFINED         PIC X(4).
           05  AGAIN             REDEFINES REDEFINED.
               10  FIRST-HALF    PIC XX.
               10  SECOND-HALF   PIC 99.
           05  INNER.
               10  WORD-FIRST    PIC S9(9) COMP-5 SYNC.
               10  IT-G             PIC X.
           05  PTR               POINTER.
           05  SHORT-INT         BINARY-SHORT.
           05  LONG-INT          BINARY-LONG UNSIGNED.
           05  IT-N                PIC 99.
           05  VARIABLE          OCCURS 0 TO 5 DEPENDING ON IT-N.
               10  IT-K             PIC X(3).
               10  IT-L             PIC 9(3) COMP-3 OCCURS 2.
EOF

for book in "$SCRATCH"/*.cpy "$SAMPLES"/copybooks/*.cpy; do
    name=$(basename "$book" .cpy)
    if ! sallyport-build layout "$book" > "$name.lay" 2> "$name.err"; then
        fail "$name: layout"; note "$(cat "$name.err")"; continue
    fi
    cp "$book" "member-$name.cpy"
    python3 "$SALLYPORT_SOURCE/tests/e2e/layout_oracle.py" program "$name.lay" \
        "member-$name.cpy" > "$name.cob"
    if ! cobc -x -std=ibm -fbinary-size=2-4-8 -fstatic-call -o "$name.exe" \
        "$name.cob" "$SALLYPORT_SOURCE/tests/e2e/cobol_oracle.c" \
        > "$name.err" 2>&1; then
        fail "$name: compiles"; note "$(head -5 "$name.err")"; continue
    fi
    ./"$name.exe" > "$name.got"
    runs "$name: offsets and sizes of the compiler" 0 python3 \
        "$SALLYPORT_SOURCE/tests/e2e/layout_oracle.py" compare "$name.lay" \
        "$name.got"
done
done_testing
