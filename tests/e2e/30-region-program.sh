# What becomes of a program that does not simply return: each ending is
# answered at once with its own code, and the region goes on.
. "${E2E_LIB:?tests/e2e/lib.sh in full}"
. "$(dirname "$E2E_LIB")/region.sh"
region_files
region_programs; ok $? "test programs translate and compile"
region_start; ok $? "the region takes work"
like "$(cat "$REGION_LOG")" 'DFHSI1517 TESTREG' "its log says so"
like "$(cat "$REGION_LOG")" 'FILE\(FILEA\): 43 records loaded' "a new file gets its records"

R=$(region_call "data=S        Y111111")
like "$R" '^OK - - CICSUSER [0-9]+ S(\\x00){8}CICSUSERY111111C\. BAKER +OTTAWA, ONTARIO +5121200326 11 81\$0011\.00\*+$' "CSCVINC reads the record, 97 bytes"
R=$(region_call "data=S        Y000000")
like "$R" '^OK .* S\\x00\\x00\\x00\\x0d\\x00\\x00\\x00PCICSUSER 000000 +$' "no record: 13/80, NUMB and ACTION echoed, the rest blank"
R=$(region_call "data=U        Y000000NAME")
like "$R" '^OK .* U\\x00\\x00\\x00\\x10\\x00\\x00\\x00\\x1e' "an update of no record ends as INVREQ of the rewrite"
R=$(region_call "data=I        Y000001A NEW ONE                                                              ")
like "$R" '^OK .* I(\\x00){8}' "insert"
R=$(region_call "data=I        Y000001A NEW ONE                                                              ")
like "$R" '^OK .* I\\x00\\x00\\x00\\x0e\\x00\\x00\\x00\\x96' "a second insert: DUPREC 14/150"
R=$(region_call "data=D        Y000001")
like "$R" '^OK .* D(\\x00){8}' "delete"
R=$(region_call "data=S        Y000001")
like "$R" '^OK .* S\\x00\\x00\\x00\\x0d' "it is gone"

like "$(region_call program=TABEND)" '^ABEND TST1 - CICSUSER' "EXEC CICS ABEND"
like "$(region_call program=TSEGV)" '^ABEND ASRA - CICSUSER' "a wild store: ASRA"
like "$(region_call program=TMISS)" '^ABEND AEI0 - CICSUSER' "CALL of a missing module: AEI0"
like "$(region_call program=TSTOP)" '^OK - - CICSUSER [0-9]+ STOPPED' "STOP RUN is a normal return"
like "$(region_call program=TSHORT)" '^OK - - CICSUSER [0-9]+ SHORT     $' "a short container comes back as it is"
like "$(region_call program=TRAISE)" '^ABEND AEIM ' "an unhandled NOTFND: AEIM"
like "$(region_call program=NOPE)" '^PROGRAM AEI0 ' "a program that is not defined"
like "$(region_call program=TCOND)" '^OK .* NIPTST11 +TXCTL   $' "HANDLE CONDITION, IGNORE, LINK, HANDLE ABEND, XCTL"
like "$(region_call program=TCOMM commarea=ABCDEFGHIJ)" '^OK .* ANSWERGHIJ$' "COMMAREA comes back changed"
like "$(region_call program=TCOMM channel=)" '^ABEND NOCA ' "no COMMAREA: EIBCALEN is 0"
like "$(region_call channel=)" '^ABEND NOCN ' "CSCVINC without a channel"
like "$(region_call program=TECHO fill=300000)" '^OK .*\(300000 bytes\)' "a large container travels both ways"
like "$(region_call program=TSHORT transid=ABCD mirror=1)" '^TRANSACTION AEI1 ' "EIB_AND_MIRROR needs a mirror transaction"
like "$(region_call program=TSHORT transid=CSCV mirror=1)" '^OK ' "and runs with one"

like "$(region_call program=TBACK)" '^ABEND BACK ' "a task writes and abends"
like "$(region_call "data=S        Y555777")" '^OK .* S\\x00\\x00\\x00\\x0d' "its record never was"

like "$(region_call program=TSLEEP timeout=300)" '^LOST' "a client may give up"
like "$(region_call program=TSLEEP timeout=5000)" '^OK .* WOKE' "the task goes on, and the next one runs"
like "$(region_call program=TLOOP)" '^ABEND AICA ' "a loop is ended as runaway: AICA"
soon() { local began=$SECONDS; region_call program=TLOOP >/dev/null; [ $((SECONDS - began)) -le 4 ]; }
soon || soon || soon; ok $? "when ICVR says so" # a busy machine may be late
OUT=$(region_call quiet=1 n=200 "data=S        Y111111")
like "$OUT" '^ok 200 other 0 late 0' "the region is as good as new"
like "$(cat "$REGION_LOG")" 'DFHAC2236 TESTREG Transaction CSMI abend ASRA in program TSEGV for user CICSUSER' "each abend is in the log"
like "$(cat "$REGION_DIR/logs/CSMT")" 'CSCVINC READ FILEA +RESP 00000013 RESP2 00000080' "the program's trace is in CSMT"

kill "$REGION_PID"
wait_for 10 test ! -e "$REGION_DIR/ipic.sock"; ok $? "SIGTERM ends it and its socket"
wait_for 15 grep -q DFHKE1799 "$REGION_LOG"; ok $? "with a last message"
done_testing
