/* Segments that are kept: each operand a field of its own. */
#include "saf/test_cmd.h"
#include "saf/kept.h"

static const char *const people[] = {
    "ADDUSER ANN NOPASSWORD",
    "ADDGROUP GRP",
    "SETROPTS CLASSACT(FACILITY)",
    "RDEFINE FACILITY RES",
};

static void
fields_are_kept_one_by_one(void **state)
{
    static const struct row rows[] = {
        { "ALTUSER ANN NETVIEW(CONSNAME(C1) IC('Start it') DOMAINS(D1 D2)"
          " CTL(GLOB) OPCLASS(1,2))",
          0, "" },
        { "ALTUSER ANN NETVIEW(CONSNAME(C2) MSGRECVR(YES))", 0, "" },
        { "LU ANN NETVIEW NORACF", 0,
          "USER=ANN\n"
          "\nNETVIEW INFORMATION\n-------------------\nIC= Start it\n"
          "CONSNAME= C2\nCTL= GLOBAL\nMSGRECVR= YES\nOPCLASS= 1 2\n"
          "DOMAINS= D1 D2\n" },
        { "ALTUSER ANN NETVIEW(ADDDOMAINS(D3 D1) DELOPCLASS(1) NOIC)", 0, "" },
        { "LU ANN NETVIEW NORACF", 0,
          "USER=ANN\n"
          "\nNETVIEW INFORMATION\n-------------------\n"
          "CONSNAME= C2\nCTL= GLOBAL\nMSGRECVR= YES\nOPCLASS= 2\n"
          "DOMAINS= D1 D2 D3\n" },
        { "ALTUSER ANN NETVIEW(DELDOMAINS(D1 D2 D3 D4))", 0, "" },
        { "ALTUSER ANN NETVIEW(NOCONSNAME NOCTL NOMSGRECVR NOOPCLASS)", 0, "" },
        { "LU ANN NETVIEW NORACF", 0,
          "USER=ANN\n"
          "\nNETVIEW INFORMATION\n-------------------\n" },
        { "ALTUSER ANN NONETVIEW", 0, "" },
        { "LU ANN NETVIEW NORACF", 0,
          "USER=ANN\n"
          "\nNO NETVIEW INFORMATION\n" },
        { "ALTUSER ANN OPERPARM(AUTH(MASTER) STORAGE(2) DOM(NORMAL)"
          " ROUTCODE(1,3:5))",
          0, "" },
        { "ALTUSER ANN OPERPARM(AUTH(SYS IO))", 0, "" },
        { "LU ANN OPERPARM NORACF", 0,
          "USER=ANN\n"
          "\nOPERPARM INFORMATION\n--------------------\nSTORAGE= 00002\n"
          "AUTH= SYS IO\nROUTCODE= 1 3:5\nDOM= NORMAL\n" },
        { "ALTUSER ANN DCE(DCENAME(ann) AUTOLOGIN(NO) HOMEUUID(1-2)) OVM(UID(7)"
          " FSROOT('/a b')) LNOTES(SNAME('A. B')) NDS(UNAME(u))"
          " EIM(LDAPPROF(P.q)) KERB(KERBNAME(k) MAXTKTLFE(9) ENCRYPT(DES))",
          0, "" },
        { "ALTUSER ANN KERB(MAXTKTLFE(10)) DCE(UUID(3-4))", 0, "" },
        { "LU ANN DCE OVM LNOTES NDS EIM KERB NORACF", 0,
          "USER=ANN\n"
          "\nDCE INFORMATION\n---------------\nUUID= 3-4\nDCENAME= ann\n"
          "HOME CELL UUID= 1-2\nDCE AUTOLOGIN= NO\n"
          "\nOVM INFORMATION\n---------------\nUID= 0000000007\n"
          "FSROOT= /a b\n"
          "\nLNOTES INFORMATION\n------------------\nSNAME= A. B\n"
          "\nNDS INFORMATION\n---------------\nUNAME= u\n"
          "\nEIM INFORMATION\n---------------\nLDAPPROF= P.q\n"
          "\nKERB INFORMATION\n----------------\nKERBNAME= k\n"
          "MAX TICKET LIFE= 10\nKEY ENCRYPTION TYPE= DES\n" },
        { "ALTUSER ANN TSO(DEST(PRT1) SECLABEL(LOW) SIZE(4096))", 0, "" },
        { "LU ANN TSO NORACF", 0,
          "USER=ANN\n"
          "\nTSO INFORMATION\n---------------\nSIZE= 00004096\n"
          "DEST= PRT1\nSECLABEL= LOW\n" },
        { "ALTGROUP GRP OMVS(NOGID)", 0, "" },
        { "LG GRP OMVS NORACF", 0,
          "INFORMATION FOR GROUP GRP     \n"
          "\nOMVS INFORMATION\n----------------\nGID= NONE\n" },
        { "ALTGROUP GRP OVM(GID(5)) TME(ROLES(R1))", 0, "" },
        { "LG GRP OVM TME NORACF", 0,
          "INFORMATION FOR GROUP GRP     \n"
          "\nOVM INFORMATION\n---------------\nGID= 0000000005\n"
          "\nTME INFORMATION\n---------------\nROLES= R1\n" },
        { "RALTER FACILITY RES EIM(DOMAINDN('cn=x') OPTIONS(DIS)) SVFMR("
          "SCRIPTNAME(S) PARMNAME(P)) DLFDATA(RETAIN(YES) JOBNAMES(A B))"
          " ICSF(SYMEXPORTABLE(BYLIST) SYMCPACFWRAP(YES)) JES(KEYLABEL(L.1))"
          " MFPOLICY(FACTORS(F1) TOKENTIMEOUT(60)) IDTPARMS(SIGALG(HS256))",
          0, "" },
        { "RALTER FACILITY RES DLFDATA(DELJOBNAMES(A)) EIM(NOOPTIONS)"
          " SVFMR(NOPARMNAME)",
          0, "" },
        { "RL FACILITY RES NORACF EIM SVFMR DLFDATA ICSF JES MFPOLICY IDTPARMS",
          0,
          "CLASS      NAME\n-----      ----\nFACILITY   RES\n"
          "\nEIM INFORMATION\n---------------\nDOMAINDN= cn=x\n"
          "\nSVFMR INFORMATION\n-----------------\nSCRIPTNAME= S\n"
          "\nDLFDATA INFORMATION\n-------------------\nRETAIN= YES\n"
          "JOBNAMES= B\n"
          "\nICSF INFORMATION\n----------------\nSYMEXPORTABLE= BYLIST\n"
          "SYMCPACFWRAP= YES\n"
          "\nJES INFORMATION\n---------------\nKEYLABEL= L.1\n"
          "\nMFPOLICY INFORMATION\n--------------------\nFACTORS= F1\n"
          "TOKENTIMEOUT= 60\n"
          "\nIDTPARMS INFORMATION\n--------------------\nSIGALG= HS256\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

static void
operands_are_checked(void **state)
{
    static const struct row rows[] = {
        { "ALTUSER ANN NETVIEW(CTL(NONE))", 8,
          "IKJ56702I INVALID CTL, NONE\n" },
        { "ALTUSER ANN NETVIEW(CONSNAME(TOOLONGID))", 8,
          "IKJ56702I INVALID CONSNAME, TOOLONGID\n" },
        { "ALTUSER ANN NETVIEW(TEXT(X))", 8,
          "IKJ56712I INVALID KEYWORD, TEXT\n" },
        { "ALTUSER ANN NETVIEW(CONSNAME(A) NOSUCH)", 8,
          "IKJ56712I INVALID KEYWORD, NOSUCH\n" },
        { "ALTUSER ANN OPERPARM(STORAGE(2001))", 8,
          "IKJ56702I INVALID STORAGE, 2001\n" },
        { "ALTUSER ANN OPERPARM(STORAGE(A))", 8,
          "IKJ56702I INVALID STORAGE, A\n" },
        { "ALTUSER ANN OPERPARM(M(A))", 8, "IKJ56709I AMBIGUOUS KEYWORD, M\n" },
        { "ALTUSER ANN DCE(AUTOLOGIN(MAYBE))", 8,
          "IKJ56702I INVALID AUTOLOGIN, MAYBE\n"
          "IKJ56701I MISSING AUTOLOGIN+\nIKJ56701I MISSING YES OR NO\n" },
        { "ALTUSER ANN KERB(PASSWORD(X))", 8,
          "IKJ56712I INVALID KEYWORD, PASSWORD\n" },
        { "ALTUSER ANN PROXY(BIND(X))", 8,
          "IKJ56709I AMBIGUOUS KEYWORD, BIND\n" },
        { "RALTER FACILITY RES SESSION(SESSKEY(00112233445566778899))", 8,
          "IKJ56702I INVALID SESSKEY, \n" },
        { "RALTER FACILITY RES SESSION(INTERVAL(0))", 8,
          "IKJ56702I INVALID INTERVAL, 0\n" },
        { "RALTER FACILITY RES KERB(MINTKTLFE(A))", 8,
          "IKJ56702I INVALID MINTKTLFE, A\n" },
        { "RALTER FACILITY RES EIM(LDAPPROF(A))", 8,
          "IKJ56712I INVALID KEYWORD, LDAPPROF\n" },
        { "RL FACILITY RES NORACF SESSION KERB EIM", 0,
          "CLASS      NAME\n-----      ----\nFACILITY   RES\n"
          "\nNO SESSION INFORMATION\n\nNO KERB INFORMATION\n"
          "\nNO EIM INFORMATION\n" },
        { "LU ANN NORACF NETVIEW OPERPARM", 0,
          "USER=ANN\n"
          "\nNO NETVIEW INFORMATION\n\nNO OPERPARM INFORMATION\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

/* How often a text stands in a value of the store. */
static int64_t
stored(struct desk *d, const char *text)
{
    struct arena a;
    struct saf_query q = saf_db_query(
        saf_engine_db(d->engine),
        "SELECT count(*) FROM segments WHERE instr(upper(value), ?1)>0", "s",
        str_of(text));
    int64_t n;

    arena_init(&a, 1 << 16);
    n = saf_query_next(&q) ? saf_query_int(&q, 0) : -1;
    saf_query_close(&q);
    arena_fini(&a);
    return n;
}

static void
secrets_are_sealed_and_not_shown(void **state)
{
    static const struct row rows[] = {
        { "ALTUSER ANN PROXY(LDAPHOST('ldap://h') BINDDN('cn=a (b)')"
          " BINDPW('geheim(1'))",
          0, "" },
        { "LU ANN PROXY NORACF", 0,
          "USER=ANN\n"
          "\nPROXY INFORMATION\n-----------------\nLDAPHOST= ldap://h\n"
          "BINDDN= cn=a (b)\nBINDPW= YES\n" },
        { "ALTUSER ANN PROXY(NOBINDPW)", 0, "" },
        { "LU ANN PROXY NORACF", 0,
          "USER=ANN\n"
          "\nPROXY INFORMATION\n-----------------\nLDAPHOST= ldap://h\n"
          "BINDDN= cn=a (b)\n" },
        { "RALTER FACILITY RES KERB(PASSWORD(GEHEIM2) KERBNAME(r))"
          " SESSION(SESSKEY(X'GEHEIM') INTERVAL(5) LOCK) PROXY(BINDP(GEHEIM))",
          0, "" },
        { "RL FACILITY RES NORACF KERB SESSION PROXY", 0,
          "CLASS      NAME\n-----      ----\nFACILITY   RES\n"
          "\nKERB INFORMATION\n----------------\nKERBNAME= r\n"
          "PASSWORD= DATA NOT DISPLAYABLE\n"
          "\nSESSION INFORMATION\n-------------------\nINTERVAL= 5\n"
          "LOCK= YES\nSESSKEY= DATA NOT DISPLAYABLE\n"
          "\nPROXY INFORMATION\n-----------------\nBINDPW= YES\n" },
        { "RALTER FACILITY RES SESSION(NOLOCK NOSESSKEY)", 0, "" },
        { "RL FACILITY RES NORACF SESSION", 0,
          "CLASS      NAME\n-----      ----\nFACILITY   RES\n"
          "\nSESSION INFORMATION\n-------------------\nINTERVAL= 5\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    run_rows(&d, rows, ARRAY_LEN(rows));
    assert_int_equal(stored(&d, "GEHEIM"), 0);
    desk_fini(&d);
}

static void
an_installations_fields(void **state)
{
    static const struct row rows[] = {
        { "SETROPTS CLASSACT(CFIELD)", 0,
          "ICH14063I SETROPTS command complete.\n" },
        { "RDEFINE CFIELD USER.CSDATA.PHONE CFDEF(TYPE(CHAR)"
          " LISTHEAD('Phone:'))",
          0, "" },
        { "ALTUSER ANN CSDATA(PHONE('12 (3)') room(b4) NOTICE NOXYZ)", 0, "" },
        { "ALTUSER ANN CSDATA(Room(c5))", 0, "" },
        { "LU ANN CSDATA NORACF", 0,
          "USER=ANN\n"
          "\nCSDATA INFORMATION\n------------------\nPhone: 12 (3)\n"
          "ROOM= c5\n" },
        { "ALTUSER ANN CSDATA(NOPHONE NOROOM)", 0, "" },
        { "LU ANN CSDATA NORACF", 0,
          "USER=ANN\n"
          "\nCSDATA INFORMATION\n------------------\n" },
        /* A field that class CFIELD describes takes what its CFDEF allows. */
        { "RDEFINE CFIELD (USER.CSDATA.SIZE USER.CSDATA.KEY USER.CSDATA.ON"
          " USER.CSDATA.CODE)",
          0, "" },
        { "RALTER CFIELD USER.CSDATA.SIZE CFDEF(TYPE(NUM) MINVALUE(3)"
          " MAXVALUE(9))",
          0, "" },
        { "RALTER CFIELD USER.CSDATA.KEY CFDEF(TYPE(HEX) MAXLENGTH(4))", 0,
          "" },
        { "RALTER CFIELD USER.CSDATA.ON CFDEF(TYPE(FLAG))", 0, "" },
        { "RALTER CFIELD USER.CSDATA.CODE CFDEF(TYPE(CHAR) FIRST(NONATABC)"
          " OTHER(NUMERIC) MAXLENGTH(4))",
          0, "" },
        { "ALTUSER ANN CSDATA(SIZE(2))", 8, "IKJ56702I INVALID SIZE, 2\n" },
        { "ALTUSER ANN CSDATA(SIZE(10))", 8, "IKJ56702I INVALID SIZE, 10\n" },
        { "ALTUSER ANN CSDATA(SIZE(X))", 8, "IKJ56702I INVALID SIZE, X\n" },
        { "ALTUSER ANN CSDATA(SIZE)", 8, "IKJ56702I INVALID SIZE, YES\n" },
        { "ALTUSER ANN CSDATA(KEY(0G))", 8, "IKJ56702I INVALID KEY, 0G\n" },
        { "ALTUSER ANN CSDATA(KEY(01234))", 8,
          "IKJ56702I INVALID KEY, 01234\n" },
        { "ALTUSER ANN CSDATA(ON(MAYBE))", 8, "IKJ56702I INVALID ON, MAYBE\n" },
        { "ALTUSER ANN CSDATA(CODE(#12))", 8, "IKJ56702I INVALID CODE, #12\n" },
        { "ALTUSER ANN CSDATA(CODE(AB))", 8, "IKJ56702I INVALID CODE, AB\n" },
        { "ALTUSER ANN CSDATA(SIZE(5) CODE(A12345))", 8,
          "IKJ56702I INVALID CODE, A12345\n" },
        { "LU ANN CSDATA NORACF", 0, /* nothing of them */
          "USER=ANN\n"
          "\nCSDATA INFORMATION\n------------------\n" },
        { "ALTUSER ANN CSDATA(SIZE(3) KEY(0aff) ON CODE(a12))", 0, "" },
        { "LU ANN CSDATA NORACF", 0,
          "USER=ANN\n"
          "\nCSDATA INFORMATION\n------------------\nCODE= A12\nKEY= 0AFF\n"
          "ON= YES\nSIZE= 3\n" },
        { "ALTUSER ANN CSDATA(NOSIZE NOKEY NOON NOCODE)", 0, "" },
        { "ALTUSER ANN NOCSDATA", 0, "" },
        { "LU ANN CSDATA NORACF", 0,
          "USER=ANN\n"
          "\nNO CSDATA INFORMATION\n" },
        { "ALTUSER ANN CSDATA()", 8,
          "IKJ56701I MISSING CSDATA+\nIKJ56701I MISSING CSDATA\n" },
        { "ALTUSER ANN CSDATA(A('open)", 8,
          "IKJ56702I INVALID CSDATA, 'open)\n" },
        { "ALTUSER ANN CSDATA(A('it''s') (B) 'C')", 0, "" },
        { "LU ANN CSDATA NORACF", 0,
          "USER=ANN\n"
          "\nCSDATA INFORMATION\n------------------\nA= it's\nB= YES\n"
          "C= YES\n" },
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

static void
put_text(struct desk *d, const char *kind, const char *segment,
         const char *text)
{
    assert_int_equal(saf_db_begin(saf_engine_db(d->engine), NULL), ERR_OK);
    saf_db_run(saf_engine_db(d->engine),
               "INSERT INTO segments VALUES(?1, (SELECT CASE ?1 WHEN 'U' THEN"
               " (SELECT id FROM users WHERE user='ANN') WHEN 'G' THEN (SELECT"
               " id FROM groups WHERE grp='GRP') ELSE (SELECT id FROM profiles"
               " WHERE name='RES') END), ?2, 'TEXT', ?3)",
               "sss", str_of(kind), str_of(segment), str_of(text));
    assert_int_equal(saf_db_commit(saf_engine_db(d->engine), NULL), ERR_OK);
}

static void
texts_of_before_become_fields(void **state)
{
    static const struct row rows[] = {
        { "LU ANN NORACF NETVIEW PROXY CSDATA KERB", 0,
          "USER=ANN\n"
          "\nNETVIEW INFORMATION\n-------------------\nIC= Go on\n"
          "CONSNAME= C1\n"
          "\nPROXY INFORMATION\n-----------------\nBINDDN= cn=x\n"
          "BINDPW= YES\n"
          "\nCSDATA INFORMATION\n------------------\nA= x\n"
          /* was never a list of operands: it stays, without its secret */
          "\nKERB INFORMATION\n----------------\n"
          "TEXT= KERBNAM(k) PASSWORD(*)\n" },
        { "RL FACILITY RES NORACF SESSION", 0,
          "CLASS      NAME\n-----      ----\nFACILITY   RES\n"
          "\nSESSION INFORMATION\n-------------------\nINTERVAL= 5\n"
          "SESSKEY= DATA NOT DISPLAYABLE\n" },
        { "LG GRP NORACF TME", 0,
          "INFORMATION FOR GROUP GRP     \n"
          "\nTME INFORMATION\n---------------\nROLES= R\n" },
    };
    struct err_info why = { 0 };
    struct desk d;

    (void)state;
    desk_prepare(&d, people, ARRAY_LEN(people));
    put_text(&d, "U", "NETVIEW", "consn(c1) IC('Go on')");
    put_text(&d, "U", "PROXY", "BINDDN('cn=x') BINDPW(GEHEIM)");
    put_text(&d, "U", "CSDATA", "A(x)");
    put_text(&d, "U", "KERB", "KERBNAM(k) PASSWORD(GEHEIM)");
    put_text(&d, "R", "SESSION",
             "SESSK({" /* sealed, longer than a key may be */
             "1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b"
             "1b1b1b1b}) INTERVAL(5)");
    put_text(&d, "G", "TME", "ROLES(R)");
    assert_int_equal(kept_migrate(saf_engine_db(d.engine), &desk_hooks, &why),
                     ERR_OK);
    run_rows(&d, rows, ARRAY_LEN(rows));
    assert_int_equal(stored(&d, "GEHEIM"), 0);
    assert_int_equal(stored(&d, "{1B1B1B1B1B1B1B1B1B1B1B1B"), 1);
    /* Again: nothing changes. */
    assert_int_equal(kept_migrate(saf_engine_db(d.engine), &desk_hooks, &why),
                     ERR_OK);
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

static void
who_is_not_special_needs_each_field(void **state)
{
    static const struct row rows[] = {
        { "ALTUSER ANN NETVIEW(CONSNAME(A)) CSDATA(ROOM(1))", 0, "" },
        { "ALTUSER ANN NETVIEW(CONSNAME(A) IC(B))", 4,
          "ICH21028I NETVIEW OPERAND NOT PROCESSED\n" },
        { "ALTUSER ANN CSDATA(ROOM(1) PHONE(2))", 4,
          "ICH21028I CSDATA OPERAND NOT PROCESSED\n" },
        { "ALTUSER ANN NONETVIEW", 4,
          "ICH21028I NETVIEW OPERAND NOT PROCESSED\n" },
    };
    static const char *const before[] = {
        "ADDUSER ANN NOPASSWORD",
        "ADDUSER BEN NOPASSWORD",
        "ALTUSER ANN OWNER(BEN)",
        "SETROPTS CLASSACT(FIELD)",
        "RDEFINE FIELD USER.NETVIEW.CONSNAME",
        "RDEFINE FIELD USER.CSDATA.ROOM",
        "PERMIT USER.NETVIEW.CONSNAME CLASS(FIELD) ID(BEN) ACCESS(UPDATE)",
        "PERMIT USER.CSDATA.ROOM CLASS(FIELD) ID(BEN) ACCESS(UPDATE)",
        "SETROPTS RACLIST(FIELD)",
    };
    struct desk d;

    (void)state;
    desk_prepare(&d, before, ARRAY_LEN(before));
    desk_be(&d, "BEN");
    run_rows(&d, rows, ARRAY_LEN(rows));
    desk_fini(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_kept_one_by_one),
        cmocka_unit_test(operands_are_checked),
        cmocka_unit_test(secrets_are_sealed_and_not_shown),
        cmocka_unit_test(an_installations_fields),
        cmocka_unit_test(texts_of_before_become_fields),
        cmocka_unit_test(who_is_not_special_needs_each_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
