       IDENTIFICATION DIVISION.
       PROGRAM-ID. TTLSQRY.
      * Is a connection protected by AT-TLS, and how? Connects to
      * 127.0.0.1, port of the PARM, and asks with attls_ctl, which is
      * what SIOCTTLSCTL is to a C program. Build:
      *   cobc -x TTLSQRY.cbl -Q -Wl,--no-as-needed -lattls
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01 SOCK                 PIC S9(9) COMP-5.
       01 RC                   PIC S9(9) COMP-5.
       01 WS-PORT              PIC 9(5).
      * struct sockaddr_in
       01 ADDR.
          05 FAMILY            PIC 9(4) COMP-5 VALUE 2.
          05 PORT-HIGH         USAGE BINARY-CHAR UNSIGNED.
          05 PORT-LOW          USAGE BINARY-CHAR UNSIGNED.
          05 HOST              PIC X(4) VALUE X'7F000001'.
          05 FILLER            PIC X(8) VALUE LOW-VALUES.
      * struct TTLS_IOCTL of sallyport/ttls.h
       01 TTLS.
          05 TTLSI-VER         USAGE BINARY-CHAR UNSIGNED VALUE 1.
          05 TTLSI-STAT-POLICY USAGE BINARY-CHAR UNSIGNED VALUE 0.
          05 TTLSI-STAT-CONN   USAGE BINARY-CHAR UNSIGNED VALUE 0.
          05 TTLSI-SEC-TYPE    USAGE BINARY-CHAR UNSIGNED VALUE 0.
          05 TTLSI-REQ-TYPE    USAGE BINARY-SHORT UNSIGNED VALUE 0.
          05 TTLSI-SSL-PROT    USAGE BINARY-SHORT UNSIGNED VALUE 0.
          05 TTLSI-NEG-CIPHER  PIC X(2).
          05 TTLSI-NEG-CIPHER4 PIC X(4).
          05 TTLSI-NEG-KEYSHARE PIC X(4).
          05 TTLSI-USERID-LEN  USAGE BINARY-CHAR UNSIGNED VALUE 0.
          05 TTLSI-USERID      PIC X(8).
          05 FILLER            PIC X(1).
          05 TTLSI-CERT-LEN    USAGE BINARY-LONG UNSIGNED VALUE 0.
          05 TTLSI-BUFFERPTR   USAGE POINTER VALUE NULL.
          05 TTLSI-BUFFERLEN   USAGE BINARY-LONG UNSIGNED VALUE 0.
          05 FILLER            PIC X(4).
       PROCEDURE DIVISION.
           ACCEPT WS-PORT FROM ARGUMENT-VALUE
           DIVIDE WS-PORT BY 256 GIVING PORT-HIGH REMAINDER PORT-LOW
           CALL 'socket' USING BY VALUE 2 BY VALUE 1 BY VALUE 0
               RETURNING SOCK
           CALL 'connect' USING BY VALUE SOCK BY REFERENCE ADDR
               BY VALUE 16 RETURNING RC
           IF RC NOT = 0
               DISPLAY 'NO CONNECTION'
               STOP RUN RETURNING 8
           END-IF
           CALL 'attls_ctl' USING BY VALUE SOCK BY REFERENCE TTLS
               RETURNING RC
           IF RC NOT = 0
               DISPLAY 'NO ANSWER'
               STOP RUN RETURNING 8
           END-IF
           EVALUATE TTLSI-STAT-POLICY
               WHEN 1 DISPLAY 'POLICY: AT-TLS IS OFF'
               WHEN 2 DISPLAY 'POLICY: NONE FOR THIS CONNECTION'
               WHEN 3 DISPLAY 'POLICY: NOT ENABLED'
               WHEN 4 DISPLAY 'POLICY: ENABLED'
               WHEN 5 DISPLAY 'POLICY: APPLICATION CONTROLLED'
           END-EVALUATE
           IF TTLSI-STAT-CONN = 3
               DISPLAY 'SECURE, CIPHER ' TTLSI-NEG-CIPHER4
           ELSE
               DISPLAY 'NOT SECURE'
           END-IF
           CALL 'close' USING BY VALUE SOCK RETURNING RC
           STOP RUN.
