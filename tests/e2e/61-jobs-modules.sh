# Load modules: parameter, return codes of 32 bits, CEEOPTS, abends.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
cat >"$SCRATCH/PROG.cbl" <<'COB'
       IDENTIFICATION DIVISION.
       PROGRAM-ID. PROG.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01 V PIC X(40).
       01 N PIC 9(9).
       01 Z PIC 9 VALUE 0.
       01 ABEND-CODE PIC S9(9) COMP-5 VALUE 1234.
       01 TIMING PIC S9(9) COMP-5 VALUE 1.
       LINKAGE SECTION.
       01 P.
          05 L PIC S9(4) BINARY.
          05 T PIC X(100).
       PROCEDURE DIVISION USING P.
           MOVE L TO N
           DISPLAY 'PARM ' N '[' T(1:L) ']'
           ACCEPT V FROM ENVIRONMENT 'GREETING'
           DISPLAY 'GREETING ' V
           EVALUATE T(1:4)
               WHEN 'CODE'
                   MOVE 70000 TO RETURN-CODE
               WHEN 'STOP'
                   MOVE 404 TO RETURN-CODE
                   STOP RUN
               WHEN 'CALL'
                   CALL 'NOSUCHPG'
               WHEN 'UABN'
                   CALL 'CEE3ABD' USING ABEND-CODE TIMING
           END-EVALUATE
           GOBACK.
COB
cat >"$SCRATCH/CRASH.c" <<'C'
int CRASH(void) { *(volatile int *)8 = 1; return 0; }
C
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
LIB=$SALLYPORT_ROOT/datasets/TEST.LOADLIB
mkdir -p "$LIB"
cobc -m -o "$LIB/PROG.so" "$SCRATCH/PROG.cbl" || skip_all "cobc does not work"
cc -shared -fPIC -o "$LIB/CRASH.so" "$SCRATCH/CRASH.c"
chmod -R a+rX "$SALLYPORT_ROOT/datasets"

job() { # PGM PARM [CEEOPTS line...]
    {
        echo "//J JOB"
        echo "//S EXEC PGM=$1,PARM='$2'"
        echo "//STEPLIB DD DISP=SHR,DSN=TEST.LOADLIB"
        echo "//SYSPRINT DD SYSOUT=*"
        shift 2
        [ $# -eq 0 ] || { echo "//CEEOPTS DD *"; printf '%s\n' "$@"; }
    } >"$SCRATCH/j.jcl"
}
job PROG "CODE abc" 'POSIX(ON),' 'ENVAR("GREETING=good day",' '"OTHER=x")'
runs "a COBOL module" 0 sallyport submit "$SCRATCH/j.jcl"
like "$OUT" "PARM 000000008\[CODE abc\]" "halfword length and text"
like "$OUT" "GREETING good day" "ENVAR of CEEOPTS"
like "$OUT" "COND CODE 70000" "RETURN-CODE with all its bits"
job PROG STOP
runs "STOP RUN" 0 sallyport submit "$SCRATCH/j.jcl"
like "$OUT" "COND CODE 0404" "its code is not cut to eight bits"
job PROG CALL
runs "a run-time error" 12 sallyport submit "$SCRATCH/j.jcl"
like "$OUT" "ABEND=U4038" "is an abend"
job PROG UABN
runs "CEE3ABD" 12 sallyport submit "$SCRATCH/j.jcl"
like "$OUT" "ABEND=U1234" "with the program's code"
job CRASH x
runs "a crash" 12 sallyport submit "$SCRATCH/j.jcl"
like "$OUT" "ABEND=S0C4" "is S0C4"
job PROG x 'ENVAR("A=b"'
runs "bad CEEOPTS" 8 sallyport submit "$SCRATCH/j.jcl"
like "$OUT" "CEEOPTS line 2, column 1: expected a comma or the closing parenthesis" "line, column and what was expected"
runs "the system goes on" 0 sallyport submit "$SAMPLES/jcl/IEFBR14.jcl"
done_testing
