      *> What a program and the communication stub tell each other.
      *> The request information says who asks and which editions of
      *> these fields the program knows (COMP-LEVEL); fields of a higher
      *> level than it names are never read.
       01  BAQ-REQUEST-INFO.
           03 BAQ-REQUEST-INFO-COMP-LEVEL   PIC S9(9) COMP-5 SYNC
                                            VALUE 3.
           03 BAQ-REQUEST-INFO-USER.
      *>      Level 1: credentials for an OAuth token.
              05 BAQ-OAUTH.
                 07 BAQ-OAUTH-USERNAME          PIC X(256).
                 07 BAQ-OAUTH-USERNAME-LEN      PIC S9(9) COMP-5 SYNC
                                                VALUE 0.
                 07 BAQ-OAUTH-PASSWORD          PIC X(256).
                 07 BAQ-OAUTH-PASSWORD-LEN      PIC S9(9) COMP-5 SYNC
                                                VALUE 0.
                 07 BAQ-OAUTH-CLIENTID          PIC X(256).
                 07 BAQ-OAUTH-CLIENTID-LEN      PIC S9(9) COMP-5 SYNC
                                                VALUE 0.
                 07 BAQ-OAUTH-CLIENT-SECRET     PIC X(256).
                 07 BAQ-OAUTH-CLIENT-SECRET-LEN PIC S9(9) COMP-5 SYNC
                                                VALUE 0.
                 07 BAQ-OAUTH-SCOPE-PTR         USAGE POINTER.
                 07 BAQ-OAUTH-SCOPE-LEN         PIC S9(9) COMP-5 SYNC
                                                VALUE 0.
      *>      Level 2: credentials for a token of another server.
              05 BAQ-AUTHTOKEN.
                 07 BAQ-TOKEN-USERNAME          PIC X(256).
                 07 BAQ-TOKEN-USERNAME-LEN      PIC S9(9) COMP-5 SYNC
                                                VALUE 0.
                 07 BAQ-TOKEN-PASSWORD          PIC X(256).
                 07 BAQ-TOKEN-PASSWORD-LEN      PIC S9(9) COMP-5 SYNC
                                                VALUE 0.
      *>      Level 3: where the server is, when not as configured.
              05 BAQ-ZCON-SERVER-URI            PIC X(256)
                                                VALUE SPACES.

      *> How the call ended.
       01  BAQ-RESPONSE-INFO.
           03 BAQ-RESPONSE-INFO-COMP-LEVEL  PIC S9(9) COMP-5 SYNC
                                            VALUE 0.
           03 BAQ-STUB-NAME                 PIC X(8).
           03 BAQ-RETURN-CODE               PIC S9(9) COMP-5 SYNC.
              88 BAQ-SUCCESS                VALUE 0.
              88 BAQ-ERROR-IN-API           VALUE 1.
              88 BAQ-ERROR-IN-ZCEE          VALUE 2.
              88 BAQ-ERROR-IN-STUB          VALUE 3.
              88 BAQ-ERROR-NO-RESPONSE      VALUE 4.
           03 BAQ-STATUS-CODE               PIC S9(9) COMP-5 SYNC.
           03 BAQ-STATUS-MESSAGE            PIC X(1024).
           03 BAQ-STATUS-MESSAGE-LEN        PIC S9(9) COMP-5 SYNC.
