# A COBOL program gets a PassTicket by CALL 'IRRSPK00' and checks it; the job's
# user needs authority in class PTKTDATA.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
command -v cobc >/dev/null || skip_all "no cobc"
cat >"$SCRATCH/TICKET.cbl" <<'COB'
       IDENTIFICATION DIVISION.
       PROGRAM-ID. TICKET.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01 WORK PIC X(1024).
       01 ALET PIC 9(8) COMP VALUE 0.
       01 SAFRC PIC 9(8) COMP.
       01 RACFRC PIC 9(8) COMP.
       01 RSN PIC 9(8) COMP.
       01 FUNC PIC X(2) VALUE X'0003'.
       01 OPT-WORD PIC 9(8) COMP VALUE 0.
       01 TICKET-OPTIONS PIC X(4) VALUE X'00000001'.
       01 OPTIONS-PTR USAGE POINTER.
       01 TICKET-AREA.
          05 TICKET-LEN PIC 9(4) COMP VALUE 8.
          05 TICKET-TEXT PIC X(8).
       01 IDENTITY-AREA.
          05 IDENTITY-LEN PIC 9(4) COMP.
          05 IDENTITY-TEXT PIC X(240).
       01 APPL-AREA.
          05 APPL-LEN PIC 9(4) COMP.
          05 APPL-TEXT PIC X(8).
       LINKAGE SECTION.
       01 P.
          05 L PIC S9(4) BINARY.
          05 T PIC X(100).
       PROCEDURE DIVISION USING P.
           UNSTRING T(1:L) DELIMITED BY '/' INTO IDENTITY-TEXT APPL-TEXT
           INSPECT IDENTITY-TEXT TALLYING IDENTITY-LEN
               FOR CHARACTERS BEFORE ' '
           MOVE 8 TO APPL-LEN
           SET OPTIONS-PTR TO ADDRESS OF TICKET-OPTIONS
           PERFORM ASK
           MOVE X'00000002' TO TICKET-OPTIONS
           IF SAFRC = 0 PERFORM ASK PERFORM ASK END-IF
           MOVE X'0001' TO FUNC
           PERFORM ASK
           GOBACK.
       ASK.
           CALL 'IRRSPK00' USING WORK ALET SAFRC ALET RACFRC ALET RSN
               ALET FUNC OPT-WORD TICKET-AREA OPTIONS-PTR IDENTITY-AREA
               APPL-AREA
           DISPLAY 'RC ' SAFRC ' ' RACFRC ' ' RSN ' [' TICKET-TEXT ']'.
COB
runs "ipl" 0 sallyport ipl
at_exit 'sallyport shutdown >/dev/null 2>&1'
LIB=$SALLYPORT_ROOT/datasets/TEST.LOADLIB
mkdir -p "$LIB"
cobc -m -o "$LIB/TICKET.so" "$SCRATCH/TICKET.cbl" || skip_all "cobc does not work"
cp "$STUB/IRRSPK00.so" "$LIB/"
chmod -R a+rX "$SALLYPORT_ROOT/datasets"
sallyport racf --file - >/dev/null 2>&1 <<'D'
ADDUSER USER1 DFLTGRP(SYS1)
ALTUSER USER1 PASSWORD(SECRET1) NOEXPIRED
SETROPTS CLASSACT(PTKTDATA) GENERIC(PTKTDATA)
RDEFINE PTKTDATA CICSAPPL SSIGNON(KEYMASKED(123456789ABCDEF0))
RDEFINE PTKTDATA IRRPTAUTH.CICSAPPL.* UACC(NONE)
RDEFINE PTKTDATA IRRPTAUTH.NOKEY.* UACC(UPDATE)
PERMIT IRRPTAUTH.CICSAPPL.* CLASS(PTKTDATA) ID(IBMUSER) ACCESS(UPDATE)
SETROPTS RACLIST(PTKTDATA)
D
run() { # PARM
    cat >"$SCRATCH/job" <<J
//TICKETS JOB CLASS=A
//RUN EXEC PGM=TICKET,PARM='$1'
//STEPLIB DD DISP=SHR,DSN=TEST.LOADLIB
//SYSOUT DD SYSOUT=*
J
    OUT=$(sallyport submit "$SCRATCH/job" 2>&1 </dev/null)
}
run USER1/CICSAPPL
like "$OUT" "RC 00000000 00000000 00000000 \[[A-Z0-9]{8}\]" "a ticket"
is "$(grep -c 'RC 0' <<<"$OUT")" 4 "four answers"
like "$(grep 'RC 0' <<<"$OUT" | sed -n 2p)" "RC 00000000 00000000 00000000" "it is valid"
like "$(grep 'RC 0' <<<"$OUT" | sed -n 3p)" "RC 00000008 00000016 00000036" "once: replay"
like "$(grep 'RC 0' <<<"$OUT" | sed -n 4p)" "RC 00000008 00000008 00000000" "another function: 8/8/0"
run USER1/OTHER
like "$OUT" "RC 00000008 00000008 00000016" "no IRRPTAUTH profile: 8/8/16"
run USER1/NOKEY
like "$OUT" "RC 00000008 00000016 00000028" "no key: 8/16/28"
run USERTOOLONG/CICSAPPL
like "$OUT" "RC 00000008 00000008 00000004" "a user of eleven characters: 8/8/4"
done_testing
