/* A deck as a site has it in SYSTSIN, with all its habits, and what a person
 * reads of it. */
#include "saf/test_cmd.h"

static const char deck_text[] =
    "/* SITE SETUP FOR A SERVER, AS A JOB'S SYSTSIN HAS IT                 */\n"
    "  ADDGROUP ZCEEUSRS -\n"
    "     OMVS(GID(1001)) +\n"
    "     OWNER(SYS1)                        /* THE SERVER'S GROUP */\n"
    "ADDUSER LIBSERV DFLTGRP(ZCEEUSRS) -\n"
    "  NAME('LIBERTY +\n"
    "        SERVER') OMVS(UID(101) HOME('/u/libserv') -\n"
    "  PROGRAM('/bin/sh')) NOPASSWORD NOPHRASE                               "
    "00010001\n"
    "au (fred,mary) dfltg(zceeusrs) own(sys1) pass(secret1) +                "
    "00020001\n"
    "   omvs(home(/u/users)                                                  "
    "00030001\n"
    "CONNECT (FRED MARY) GROUP(SYS1) UACC(READ)\n"
    "SETROPTS GENERIC(STARTED,FACILITY) CLASSACT(STARTED FACILITY SERVER "
    "APPL)\n"
    "RDEF STARTED BBGZSRV.* UACC(NONE) STDATA(USER(LIBSERV)-\n"
    "   GROUP(ZCEEUSRS) TRUSTED(NO))\n"
    "setr raclist(started,facility) refr\n"
    "setr raclist(started facility)\n"
    "RDEFINE FACILITY BBG.SYNC.BBGZDFLT UACC(NONE) AUDIT(ALL(READ))\n"
    "PE BBG.SYNC.BBGZDFLT CL(FACILITY) ID(LIBSERV,FRED) AC(CONTROL)\n"
    "PERMIT BBG.SYNC.BBGZDFLT CLASS(FACILITY) ID(NOSUCH) ACC(READ)\n"
    "RDEF SERVER BBG.ANGEL UACC(NONE) OWNER(SYS1) NOSUCH(X) UACC(ALL)\n"
    "RL FACILITY BBG.SYNC.BBGZDFLT AUTH\n"
    "LG ZCEEUSRS OMVS\n"
    "LU MARY NORACF OMVS\n"
    "RL STARTED BBGZSRV.X STDATA NORACF\n"
    "SR CL(STARTED)\n"
    "SR CLASS(STARTED)\n"
    "DELUSER (MARY NOSUCH)\n"
    "//NOT.READ DD\n";

/* Behind the number of each command's first line. */
static const char transcript[] =
    "2>\n"
    "5>\n"
    "ICH01024I User LIBSERV is defined as PROTECTED.\n"
    "9>\n"
    "11>\n"
    "12>\n"
    "ICH14040I WARNING! You must RACLIST class STARTED before authorization "
    "checking can occur.\n"
    "ICH14063I SETROPTS command complete.\n"
    "13>\n"
    "15>\n"
    "ICH14070I SETROPTS RACLIST REFRESH had no effect on class STARTED.\n"
    "ICH14070I SETROPTS RACLIST REFRESH had no effect on class FACILITY.\n"
    "ICH14063I SETROPTS command complete.\n"
    "RC 4\n"
    "16>\n"
    "ICH14063I SETROPTS command complete.\n"
    "17>\n"
    "ICH10006I RACLISTED PROFILES FOR FACILITY WILL NOT REFLECT THE "
    "ADDITION(S) UNTIL A SETROPTS REFRESH IS ISSUED.\n"
    "18>\n"
    "ICH06011I RACLISTED PROFILES FOR FACILITY WILL NOT REFLECT THE UPDATE(S) "
    "UNTIL A SETROPTS REFRESH IS ISSUED\n"
    "19>\n"
    "ICH06007I NOSUCH NOT DEFINED TO RACF\n"
    "RC 4\n"
    "20>\n"
    "IKJ56712I INVALID KEYWORD, NOSUCH\n"
    "IKJ56702I INVALID UNIVERSAL ACCESS, ALL\n"
    "IKJ56701I MISSING UNIVERSAL ACCESS+\n"
    "IKJ56701I MISSING ALTER, CONTROL, UPDATE, READ, EXECUTE, OR NONE\n"
    "RC 8\n"
    "21>\n"
    "CLASS      NAME\n"
    "-----      ----\n"
    "FACILITY   BBG.SYNC.BBGZDFLT\n"
    "\n"
    "LEVEL  OWNER      UNIVERSAL ACCESS  YOUR ACCESS  WARNING\n"
    "-----  --------   ----------------  -----------  -------\n"
    " 00    IBMUSER         NONE              ALTER    NO\n"
    "\n"
    "INSTALLATION DATA\n"
    "-----------------\n"
    "NONE\n"
    "\n"
    "APPLICATION DATA\n"
    "----------------\n"
    "NONE\n"
    "\n"
    "AUDITING\n"
    "--------\n"
    "ALL(READ)\n"
    "\n"
    "NOTIFY\n"
    "------\n"
    "NO USER TO BE NOTIFIED\n"
    "\n"
    "USER      ACCESS   ACCESS COUNT\n"
    "----      ------   ------ -----\n"
    "FRED      CONTROL     000000\n"
    "IBMUSER   ALTER       000000\n"
    "LIBSERV   CONTROL     000000\n"
    "\n"
    "   ID     ACCESS   ACCESS COUNT   CLASS          ENTITY NAME\n"
    "-------- ------- ------------ -------- -----------------------------\n"
    "NO ENTRIES IN CONDITIONAL ACCESS LIST\n"
    "22>\n"
    "INFORMATION FOR GROUP ZCEEUSRS\n"
    "    SUPERIOR GROUP=SYS1         OWNER=SYS1        CREATED=24.007\n"
    "    NO INSTALLATION DATA\n"
    "    NO MODEL DATA SET\n"
    "    TERMUACC\n"
    "    NO SUBGROUPS\n"
    "    USER(S)=      ACCESS=      ACCESS COUNT=      UNIVERSAL ACCESS=\n"
    "      FRED          USE           000000               NONE\n"
    "         CONNECT ATTRIBUTES=NONE\n"
    "         REVOKE DATE=NONE                 RESUME DATE=NONE\n"
    "      LIBSERV       USE           000000               NONE\n"
    "         CONNECT ATTRIBUTES=NONE\n"
    "         REVOKE DATE=NONE                 RESUME DATE=NONE\n"
    "      MARY          USE           000000               NONE\n"
    "         CONNECT ATTRIBUTES=NONE\n"
    "         REVOKE DATE=NONE                 RESUME DATE=NONE\n"
    "\n"
    "OMVS INFORMATION\n"
    "----------------\n"
    "GID= 0000001001\n"
    "23>\n"
    "USER=MARY\n"
    "\n"
    "OMVS INFORMATION\n"
    "----------------\n"
    "UID= NONE\n"
    "HOME= /u/users\n"
    "PROGRAM= \n"
    "CPUTIMEMAX= NONE\n"
    "ASSIZEMAX= NONE\n"
    "FILEPROCMAX= NONE\n"
    "PROCUSERMAX= NONE\n"
    "THREADSMAX= NONE\n"
    "MMAPAREAMAX= NONE\n"
    "24>\n"
    "CLASS      NAME\n"
    "-----      ----\n"
    "STARTED    BBGZSRV.* (G)\n"
    "\n"
    "STDATA INFORMATION\n"
    "------------------\n"
    "USER= LIBSERV\n"
    "GROUP= ZCEEUSRS\n"
    "TRUSTED= NO\n"
    "PRIVILEGED= NO\n"
    "TRACE= NO\n"
    "25>\n"
    "IKJ56709I AMBIGUOUS KEYWORD, CL\n"
    "RC 8\n"
    "26>\n"
    "BBGZSRV.* (G)\n"
    "27>\n"
    "IKJ56702I INVALID USERID, NOSUCH\n"
    "RC 4\n";

static void
a_site_deck_runs(void **state)
{
    struct saf_deck deck = { .rest = str_of(deck_text), .is_jcl = true };
    struct buf command, seen;
    uint32_t line;
    struct desk d;

    (void)state;
    desk_init(&d);
    buf_init(&command, CMD_MAX);
    buf_init(&seen, 1 << 20);
    while (saf_deck_next(&deck, &command, &line, NULL) == ERR_OK) {
        buf_printf(&seen, "%u>\n", line);
        buf_add_z(&seen, desk_run(&d, buf_z(&command)));
        if (d.rc != 0)
            buf_printf(&seen, "RC %u\n", d.rc);
    }
    assert_string_equal(buf_z(&seen), transcript);
    buf_fini(&command);
    buf_fini(&seen);
    desk_fini(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_site_deck_runs) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
