       IDENTIFICATION DIVISION.
       PROGRAM-ID. TECHO.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01  WS-CHANNEL PIC X(16).
       01  WS-LENGTH PIC S9(8) COMP.
       01  WS-AREA PIC X(1000000).
       PROCEDURE DIVISION.
       MAIN-LINE.
           EXEC CICS GET CONTAINER('Container1') NODATA
                     FLENGTH(WS-LENGTH)
           END-EXEC
           EXEC CICS GET CONTAINER('Container1') INTO(WS-AREA)
                     FLENGTH(WS-LENGTH)
           END-EXEC
           EXEC CICS PUT CONTAINER('Container1') FROM(WS-AREA)
                     FLENGTH(WS-LENGTH - 1 + 1)
           END-EXEC.
           EXEC CICS RETURN END-EXEC.
