       PROCESS CICS
      *****************************************************************
      * CSCVINC: reads, inserts, updates and deletes records of the    *
      * file FILEA for whoever links to it with a channel. The first   *
      * container of the channel, whatever its name, holds the request *
      * (CSCREQ); the answer (CSCRESP) goes back under the same name.  *
      *                                                                *
      * ACTION  I  insert      U  update     D  delete                 *
      *         S, G or blank  read                                    *
      *                                                                *
      * CEIBRESP and CEIBRESP2 tell how the file command ended. A      *
      * record that is not there gives 13/80 for read and delete; an   *
      * update of it gives 16/30, because the rewrite is tried anyway. *
      *****************************************************************
       IDENTIFICATION DIVISION.
       PROGRAM-ID. CSCVINC.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01  WS-USERID               PIC X(8).
       01  WS-CHANNEL              PIC X(16).
       01  WS-CONTAINER            PIC X(16).
       01  WS-TOKEN                PIC S9(8) COMP.
       01  WS-LENGTH               PIC S9(8) COMP.
       01  WS-RESP                 PIC S9(8) COMP VALUE 0.
       01  WS-RESP2                PIC S9(8) COMP VALUE 0.
       01  WS-RECORD-LENGTH        PIC S9(4) COMP.
       01  WS-KEY                  PIC X(6).
       01  WS-RECORD               PIC X(80).
       01  WS-ABSTIME              PIC S9(15) COMP-3.
       COPY CSCREQ .
       COPY CSCRESP .
       01  TRACE-LINE.
           03  TL-DATE             PIC X(10).
           03  FILLER              PIC X(1) VALUE SPACE.
           03  TL-TIME             PIC X(8).
           03  FILLER              PIC X(1) VALUE SPACE.
           03  TL-USERID           PIC X(8).
           03  FILLER              PIC X(9) VALUE ' CSCVINC '.
           03  TL-TEXT             PIC X(40).
           03  FILLER              PIC X(6) VALUE ' RESP '.
           03  TL-RESP             PIC 9(8).
           03  FILLER              PIC X(7) VALUE ' RESP2 '.
           03  TL-RESP2            PIC 9(8).
           03  FILLER              PIC X(15) VALUE SPACES.
       PROCEDURE DIVISION.
       MAIN-LINE.
           EXEC CICS ASSIGN USERID(WS-USERID)
                            CHANNEL(WS-CHANNEL)
           END-EXEC.
           IF WS-CHANNEL = SPACES
               EXEC CICS ABEND ABCODE('NOCN') NODUMP END-EXEC
           END-IF.
           PERFORM GET-REQUEST.
           MOVE SPACES TO RESPONSE-CONTAINER.
           MOVE ACTION OF REQUEST-CONTAINER
             TO ACTION OF RESPONSE-CONTAINER.
           MOVE NUMB OF REQUEST-CONTAINER TO WS-KEY.
           EVALUATE ACTION OF REQUEST-CONTAINER
               WHEN 'D'
                   PERFORM DELETE-RECORD
               WHEN 'I'
                   PERFORM INSERT-RECORD
               WHEN 'U'
                   PERFORM UPDATE-RECORD
               WHEN OTHER
                   PERFORM READ-RECORD
           END-EVALUATE.
           PERFORM PUT-RESPONSE.
           EXEC CICS RETURN END-EXEC.

       GET-REQUEST.
           EXEC CICS STARTBROWSE CONTAINER
                     CHANNEL(WS-CHANNEL)
                     BROWSETOKEN(WS-TOKEN)
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           IF WS-RESP NOT = DFHRESP(NORMAL)
               MOVE 'STARTBROWSE CONTAINER' TO TL-TEXT
               PERFORM TRACE-FAILURE
               EXEC CICS ABEND ABCODE('NOCN') NODUMP END-EXEC
           END-IF.
           EXEC CICS GETNEXT CONTAINER(WS-CONTAINER)
                     BROWSETOKEN(WS-TOKEN)
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           IF WS-RESP NOT = DFHRESP(NORMAL)
               MOVE 'GETNEXT CONTAINER' TO TL-TEXT
               PERFORM TRACE-FAILURE
               EXEC CICS ABEND ABCODE('NOCT') NODUMP END-EXEC
           END-IF.
           EXEC CICS ENDBROWSE CONTAINER
                     BROWSETOKEN(WS-TOKEN)
           END-EXEC.
           EXEC CICS GET CONTAINER(WS-CONTAINER)
                     CHANNEL(WS-CHANNEL)
                     NODATA FLENGTH(WS-LENGTH) NOCONVERT
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           PERFORM CHECK-CONTAINER.
           IF WS-LENGTH > LENGTH OF REQUEST-CONTAINER
               MOVE LENGTH OF REQUEST-CONTAINER TO WS-LENGTH
           END-IF.
           MOVE SPACES TO REQUEST-CONTAINER.
           EXEC CICS GET CONTAINER(WS-CONTAINER)
                     CHANNEL(WS-CHANNEL)
                     INTO(REQUEST-CONTAINER)
                     FLENGTH(WS-LENGTH) NOCONVERT
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           IF WS-RESP NOT = DFHRESP(LENGERR)
               PERFORM CHECK-CONTAINER
           END-IF.

       CHECK-CONTAINER.
           EVALUATE WS-RESP
               WHEN DFHRESP(NORMAL)
                   CONTINUE
               WHEN DFHRESP(CONTAINERERR)
                   MOVE 'CONTAINER NOT FOUND' TO TL-TEXT
                   PERFORM TRACE-FAILURE
                   EXEC CICS ABEND ABCODE('NOCT') NODUMP END-EXEC
               WHEN DFHRESP(CCSIDERR)
                   MOVE 'CONTAINER CCSID' TO TL-TEXT
                   PERFORM TRACE-FAILURE
                   EXEC CICS ABEND ABCODE('CCSE') NODUMP END-EXEC
               WHEN OTHER
                   MOVE 'GET CONTAINER' TO TL-TEXT
                   PERFORM TRACE-FAILURE
                   EXEC CICS ABEND ABCODE('BADC') NODUMP END-EXEC
           END-EVALUATE.

       READ-RECORD.
           MOVE LENGTH OF WS-RECORD TO WS-RECORD-LENGTH.
           EXEC CICS READ FILE('FILEA')
                     INTO(WS-RECORD)
                     LENGTH(WS-RECORD-LENGTH)
                     RIDFLD(WS-KEY)
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           IF WS-RESP = DFHRESP(NORMAL)
               MOVE WS-RECORD TO FILEA-AREA OF RESPONSE-CONTAINER
           ELSE
               MOVE WS-KEY TO NUMB OF RESPONSE-CONTAINER
               MOVE 'READ FILEA' TO TL-TEXT
               PERFORM TRACE-FAILURE
           END-IF.

       DELETE-RECORD.
           MOVE FILEA-AREA OF REQUEST-CONTAINER
             TO FILEA-AREA OF RESPONSE-CONTAINER.
           EXEC CICS DELETE FILE('FILEA')
                     RIDFLD(WS-KEY)
                     KEYLENGTH(LENGTH OF WS-KEY)
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           IF WS-RESP NOT = DFHRESP(NORMAL)
               MOVE 'DELETE FILEA' TO TL-TEXT
               PERFORM TRACE-FAILURE
           END-IF.

       INSERT-RECORD.
           MOVE FILEA-AREA OF REQUEST-CONTAINER
             TO FILEA-AREA OF RESPONSE-CONTAINER.
           EXEC CICS WRITE FILE('FILEA')
                     FROM(FILEA-AREA OF REQUEST-CONTAINER)
                     LENGTH(LENGTH OF FILEA-AREA OF REQUEST-CONTAINER)
                     RIDFLD(NUMB OF REQUEST-CONTAINER)
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           IF WS-RESP NOT = DFHRESP(NORMAL)
               MOVE 'WRITE FILEA' TO TL-TEXT
               PERFORM TRACE-FAILURE
           END-IF.

       UPDATE-RECORD.
           MOVE FILEA-AREA OF REQUEST-CONTAINER
             TO FILEA-AREA OF RESPONSE-CONTAINER.
           MOVE LENGTH OF WS-RECORD TO WS-RECORD-LENGTH.
           EXEC CICS READ FILE('FILEA')
                     INTO(WS-RECORD)
                     LENGTH(WS-RECORD-LENGTH)
                     RIDFLD(NUMB OF REQUEST-CONTAINER)
                     UPDATE
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           IF WS-RESP NOT = DFHRESP(NORMAL)
               MOVE 'READ UPDATE FILEA' TO TL-TEXT
               PERFORM TRACE-FAILURE
           END-IF.
           EXEC CICS REWRITE FILE('FILEA')
                     FROM(FILEA-AREA OF REQUEST-CONTAINER)
                     LENGTH(LENGTH OF FILEA-AREA OF REQUEST-CONTAINER)
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           IF WS-RESP NOT = DFHRESP(NORMAL)
               MOVE 'REWRITE FILEA' TO TL-TEXT
               PERFORM TRACE-FAILURE
           END-IF.

       PUT-RESPONSE.
           MOVE WS-RESP TO CEIBRESP.
           MOVE WS-RESP2 TO CEIBRESP2.
           MOVE WS-USERID TO USERID OF RESPONSE-CONTAINER.
           EXEC CICS PUT CONTAINER(WS-CONTAINER)
                     CHANNEL(WS-CHANNEL)
                     FROM(RESPONSE-CONTAINER)
                     FLENGTH(LENGTH OF RESPONSE-CONTAINER)
                     RESP(WS-RESP) RESP2(WS-RESP2)
           END-EXEC.
           IF WS-RESP NOT = DFHRESP(NORMAL)
               MOVE 'PUT CONTAINER' TO TL-TEXT
               PERFORM TRACE-FAILURE
               EXEC CICS ABEND ABCODE('PUTC') NODUMP END-EXEC
           END-IF.

       TRACE-FAILURE.
           EXEC CICS ASKTIME ABSTIME(WS-ABSTIME) END-EXEC.
           EXEC CICS FORMATTIME ABSTIME(WS-ABSTIME)
                     DATE(TL-DATE) DATESEP('/')
                     TIME(TL-TIME) TIMESEP(':')
           END-EXEC.
           MOVE WS-USERID TO TL-USERID.
           MOVE WS-RESP TO TL-RESP.
           MOVE WS-RESP2 TO TL-RESP2.
           EXEC CICS WRITEQ TD QUEUE('CSMT')
                     FROM(TRACE-LINE)
                     LENGTH(121)
                     NOHANDLE
           END-EXEC.
