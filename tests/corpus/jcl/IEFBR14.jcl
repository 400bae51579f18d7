//DONOTHNG JOB MSGCLASS=H,NOTIFY=&SYSUID
//*  The shortest job: is the system there?
//STEP1    EXEC PGM=IEFBR14
