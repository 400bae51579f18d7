# What the COBOL compiler stores, with the flags regions and jobs use: the
# bytes that the mapping's own tests take for granted.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
command -v cobc >/dev/null || skip_all "no COBOL compiler"

cd "$SCRATCH" || exit 1

# stores FLAGS CLAUSE LITERAL -> hex in $OUT
stores() {
    cat > FACT.cob <<EOF
       IDENTIFICATION DIVISION.
       PROGRAM-ID. FACT.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01  ITEM $2.
       PROCEDURE DIVISION.
           MOVE $3 TO ITEM.
           CALL 'spthex' USING BY REFERENCE ITEM BY VALUE LENGTH OF ITEM.
           STOP RUN.
EOF
    # shellcheck disable=SC2086
    cobc -x $1 -fstatic-call -o fact FACT.cob \
        "$SALLYPORT_SOURCE/tests/e2e/cobol_oracle.c" > fact.err 2>&1 ||
        note "$(head -3 fact.err)"
    OUT=$(./fact)
}

region="-std=ibm -fsign=EBCDIC -fbinary-truncate"
while IFS='|' read -r flags clause literal want; do
    case $flags in region) flags=$region ;; esac
    stores "$flags" "$clause" "$literal"
    is "$OUT" "$want" "$clause holding $literal ($flags)"
done <<'EOF'
region|PIC S9(9) BINARY|258|00000102
region|PIC S9(9) COMP-5|258|02010000
region|PIC S9(4) COMP|99999|270F
-std=ibm|PIC S9(4) COMP|99999|869F
region|PIC S9(5)V99 COMP-3|-123.45|0012345D
region|PIC 9(4) COMP-3|1234|01234F
region|PIC S9(3)|-120|31327D
region|PIC S9(3)|-123|31324C
region|PIC S9(3)|0|30307B
-std=ibm|PIC S9(3)|-120|313270
-std=ibm|PIC S9(3) SIGN LEADING|-123|713233
region|PIC S9(2) SIGN TRAILING SEPARATE|-12|31322D
region|COMP-1|1.5|0000C03F
region|COMP-2|1.5|000000000000F83F
region|PIC X(4)|"Ab1"|41623120
EOF
done_testing
