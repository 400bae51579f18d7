      *> GETAPI: read one record through an API, from batch.
      *> PARM is the key. The completion code is the HTTP status, or the
      *> number of the stub's message when no status was had.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. GETAPI.

       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01  STUB-NAME                        PIC X(8) VALUE 'BAQCSTUB'.
       01  TERM-NAME                        PIC X(8) VALUE 'BAQCTERM'.

       COPY BAQRINFO.

       01  GET-INFO-OPER1.
       COPY CSC01I01.

       01  GET-REQUEST.
       COPY CSC01Q01.

       01  GET-RESPONSE.
       COPY CSC01P01.

       01  REQUEST-PTR                      USAGE POINTER.
       01  REQUEST-LEN                      PIC S9(9) COMP-5 SYNC.
       01  RESPONSE-PTR                     USAGE POINTER.
       01  RESPONSE-LEN                     PIC S9(9) COMP-5 SYNC.

       01  COMPLETION-CODE                  PIC S9(9) COMP-5.
      *> COMP-5 items are shown with a sign; these are not.
       01  SHOWN-CODE                       PIC 9(10).
       01  SHOWN-RESP                       PIC 9(8).
       01  SHOWN-LEN                        PIC S9(9) COMP-5.
       01  ORIGIN                           PIC X(4).

       LINKAGE SECTION.
       01  PARM-AREA.
           05 PARM-LEN                      PIC S9(4) BINARY.
           05 PARM-TEXT                     PIC X(100).

       PROCEDURE DIVISION USING PARM-AREA.
       MAIN-LINE.
           INITIALIZE GET-REQUEST GET-RESPONSE
           IF PARM-LEN < 1 OR PARM-LEN > LENGTH OF employee
               DISPLAY 'PARM must be a key of 1 to 6 characters'
               MOVE 16 TO RETURN-CODE
               GOBACK
           END-IF
           MOVE PARM-TEXT(1:PARM-LEN) TO employee
           MOVE PARM-LEN TO employee-length

           PERFORM CALL-THE-API
           IF BAQ-SUCCESS
               PERFORM SHOW-THE-RECORD
           ELSE
               PERFORM SHOW-THE-ERROR
           END-IF

      *>   Each CALL sets RETURN-CODE, so ours comes last.
           CALL TERM-NAME USING BAQ-RESPONSE-INFO
           MOVE COMPLETION-CODE TO RETURN-CODE
           GOBACK.

       CALL-THE-API.
           SET REQUEST-PTR TO ADDRESS OF GET-REQUEST
           MOVE LENGTH OF GET-REQUEST TO REQUEST-LEN
           SET RESPONSE-PTR TO ADDRESS OF GET-RESPONSE
           MOVE LENGTH OF GET-RESPONSE TO RESPONSE-LEN
           CALL STUB-NAME USING
               BY REFERENCE GET-INFO-OPER1
               BY REFERENCE BAQ-REQUEST-INFO
               BY REFERENCE REQUEST-PTR
               BY REFERENCE REQUEST-LEN
               BY REFERENCE BAQ-RESPONSE-INFO
               BY REFERENCE RESPONSE-PTR
               BY REFERENCE RESPONSE-LEN
           MOVE BAQ-STATUS-CODE TO SHOWN-CODE
           MOVE BAQ-STATUS-CODE TO COMPLETION-CODE.

       SHOW-THE-RECORD.
           DISPLAY 'NUMB: ' FUNCTION TRIM(NUMB2 TRAILING)
           DISPLAY 'NAME: ' FUNCTION TRIM(NAME2 TRAILING)
           DISPLAY 'ADDRX: ' FUNCTION TRIM(ADDRX2 TRAILING)
           DISPLAY 'PHONE: ' FUNCTION TRIM(PHONE2 TRAILING)
           DISPLAY 'DATEX: ' FUNCTION TRIM(DATEX2 TRAILING)
           DISPLAY 'AMOUNT: ' FUNCTION TRIM(AMOUNT2 TRAILING)
           MOVE CEIBRESP TO SHOWN-RESP
           DISPLAY 'EIBRESP: ' SHOWN-RESP
           MOVE CEIBRESP2 TO SHOWN-RESP
           DISPLAY 'EIBRESP2: ' SHOWN-RESP
           DISPLAY 'USERID: ' FUNCTION TRIM(USERID2 TRAILING)
           DISPLAY 'HTTP CODE: ' SHOWN-CODE.

       SHOW-THE-ERROR.
           EVALUATE TRUE
               WHEN BAQ-ERROR-IN-STUB
                   MOVE 'STUB' TO ORIGIN
               WHEN BAQ-ERROR-IN-ZCEE
                   MOVE 'ZCEE' TO ORIGIN
               WHEN OTHER
                   MOVE 'API' TO ORIGIN
           END-EVALUATE
           DISPLAY 'Error code: ' SHOWN-CODE
           MOVE BAQ-STATUS-MESSAGE-LEN TO SHOWN-LEN
           IF SHOWN-LEN > 0
               DISPLAY 'Error msg:' BAQ-STATUS-MESSAGE(1:SHOWN-LEN)
           ELSE
               DISPLAY 'Error msg:'
           END-IF
           DISPLAY 'Error origin:' FUNCTION TRIM(ORIGIN TRAILING).
