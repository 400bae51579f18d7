/* Who may read a key ring, and which private keys go with it (saf.md 4); the
 * mapping of certificates to users. */
#include "base/test.h"
#include "saf/cert.h"
#include "saf/cmd.h"
#include "saf/idmap.h"
#include "saf/racdcert.h"

static struct saf_engine *engine;
static struct arena arena;
static const struct acee special = { .refs = 1,
                                     .user = "IBMUSER",
                                     .group = "SYS1",
                                     .attrs = ACEE_SPECIAL,
                                     .uid = 0 };

static void
ignore_line(void *arg, struct str text)
{
    (void)arg;
    (void)text;
}

static void
run(const char *command)
{
    const struct saf_hooks hooks = { .verbs = racdcert_verbs,
                                     .n_verbs = RACDCERT_VERBS };
    struct saf_session session = { .acee = &special,
                                   .now_ms = 1700000000000,
                                   .line = ignore_line,
                                   .hooks = &hooks };
    uint32_t rc;

    assert_int_equal(saf_execute(engine, &session, str_of(command), &rc, NULL),
                     ERR_OK);
    if (rc > 4)
        fail_msg("%s: return code %u", command, rc);
}

/* A certificate with made-up facts; number tells it apart. */
static int64_t
put_cert(const char *owner, const char *label, char status, char number)
{
    char bytes[32];
    struct cert_row row = { .owner = str_of(owner),
                            .label = str_of(label),
                            .status = status,
                            .key = STR("sealed"),
                            .facts = { .der = STR("der"),
                                       .issuer_der = STR("i"),
                                       .subject_der = STR("s"),
                                       .issuer = STR("CN=X"),
                                       .subject = STR("CN=Y"),
                                       .key_type = STR("RSA"),
                                       .signer = -1 } };

    memset(bytes, number, sizeof bytes);
    row.facts.serial = str_n(&number, 1);
    row.facts.fingerprint = row.facts.key_hash = str_n(bytes, sizeof bytes);
    cert_put(saf_engine_db(engine), &row);
    assert_int_equal(saf_db_check(saf_engine_db(engine), NULL), ERR_OK);
    return row.id;
}

static int
setup(void **state)
{
    static const char *const commands[] = {
        "ADDUSER OWNER DFLTGRP(SYS1)",
        "ADDUSER OTHER DFLTGRP(SYS1)",
        "SETROPTS CLASSACT(FACILITY RDATALIB) RACLIST(RDATALIB)",
        "RDEFINE FACILITY IRR.DIGTCERT.LISTRING UACC(NONE)",
    };
    struct saf_db *db;
    struct ring_row ring;
    int64_t own, ca, bad;

    (void)state;
    arena_init(&arena, 16u << 20);
    assert_int_equal(saf_engine_open(":memory:", 1700000000000, &engine, NULL),
                     ERR_OK);
    db = saf_engine_db(engine);
    racdcert_open(NULL);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        run(commands[i]);
    own = put_cert("OWNER", "own", 'T', '1');
    ca = put_cert(CERT_OWNER_CA, "ca", 'T', '2');
    bad = put_cert("OWNER", "bad", 'N', '3');
    ring_add(db, STR("OWNER"), STR("Ring"));
    assert_true(ring_get(db, &arena, STR("OWNER"), STR("Ring"), &ring));
    ring_connect(db, ring.id, own, 'P', true);
    ring_connect(db, ring.id, ca, 'C', false);
    ring_connect(db, ring.id, bad, 'P', false);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    saf_engine_close(&engine);
    arena_fini(&arena);
    return 0;
}

static struct acee
user(const char *name)
{
    struct acee a = { .refs = 1, .group = "SYS1" };

    assert_true(str_copy_z(str_of(name), a.user, sizeof a.user));
    a.user_id = saf_principal_id(saf_engine_db(engine), str_of(name));
    return a;
}

static void
expect(const char *who, enum err want, bool want_key)
{
    struct acee a = user(who);
    struct ring_view view;
    struct saf_rc rc;

    assert_int_equal(ring_read(engine, &arena, &a, STR("OWNER"), STR("Ring"),
                               true, &view, &rc, NULL),
                     want);
    if (want != ERR_OK)
        return;
    assert_int_equal(view.n, 2); /* the NOTRUST one stays out */
    assert_true(str_eq_z(view.entries[0].cert.label, "own"));
    assert_true(view.entries[0].is_default);
    assert_int_equal(view.has_key[0], want_key);
    assert_false(view.has_key[1]); /* usage CERTAUTH: never */
}

static void
ring_rules(void **state)
{
    (void)state;
    expect("OWNER", ERR_DENIED, false); /* a profile, but no access */
    run("PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(OWNER OTHER) "
        "ACCESS(READ)");
    expect("OWNER", ERR_OK, true);
    expect("OTHER", ERR_DENIED, false); /* another's ring takes UPDATE */
    run("PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(OTHER) "
        "ACCESS(CONTROL)");
    expect("OTHER", ERR_OK, false); /* but no private key */
    /* Once there is an RDATALIB profile it decides, for the owner as well. */
    run("RDEFINE RDATALIB OWNER.Ring.LST UACC(NONE)");
    run("SETROPTS RACLIST(RDATALIB) REFRESH");
    expect("OWNER", ERR_DENIED, false);
    expect("OTHER", ERR_DENIED, false);
    run("PERMIT OWNER.Ring.LST CLASS(RDATALIB) ID(OWNER OTHER) ACCESS(READ)");
    run("SETROPTS RACLIST(RDATALIB) REFRESH");
    expect("OWNER", ERR_OK, true);
    expect("OTHER", ERR_OK, false);
    /* Whatever the case: a profile is for all rings that differ in it only. */
    run("PERMIT OWNER.RING.LST CLASS(RDATALIB) ID(OTHER) ACCESS(UPDATE)");
    run("SETROPTS RACLIST(RDATALIB) REFRESH");
    expect("OTHER", ERR_OK, true);
}

/* Ring "*" of an owner. */
struct virtual_row {
    const char *who, *owner;
    enum err want;
    size_t n;
    char usage;
    bool has_key;
};

static void
expect_virtual(const struct virtual_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct acee a = user(rows[i].who);
        struct ring_view view = { .n = 0 };
        struct saf_rc rc;
        enum err e = ring_read(engine, &arena, &a, str_of(rows[i].owner),
                               STR("*"), true, &view, &rc, NULL);

        if (e != rows[i].want || view.n != rows[i].n ||
            (view.n > 0 && (view.entries[0].usage != rows[i].usage ||
                            view.has_key[0] != rows[i].has_key)))
            fail_msg("row %zu: %d, %zu certificates", i, (int)e, view.n);
    }
}

/* All certificates of an owner that are trusted; whose they are decides what
 * they are for. */
static void
virtual_rings(void **state)
{
    static const struct virtual_row by_facility[] = {
        { "OWNER", "OWNER", ERR_OK, 1, 'P', true },
        { "OWNER", "owner", ERR_OK, 1, 'P', true },
        { "OTHER", "OWNER", ERR_OK, 1, 'P', false }, /* LISTRING CONTROL */
        { "OWNER", "OTHER", ERR_DENIED, 0, 0, false },
        { "OWNER", "*AUTH*", ERR_DENIED, 0, 0, false },
        { "OWNER", "*SITE*", ERR_DENIED, 0, 0, false },
    };
    static const struct virtual_row with_list[] = {
        { "OWNER", "*AUTH*", ERR_OK, 1, 'C', false },
        { "OWNER", "*SITE*", ERR_OK, 1, 'S', false },
        { "OTHER", "*AUTH*", ERR_DENIED, 0, 0, false },
    };
    static const struct virtual_row by_profile[] = {
        { "OWNER", "OWNER", ERR_DENIED, 0, 0, false },
        { "OTHER", "OWNER", ERR_OK, 1, 'P', false }, /* READ */
        { "OTHER", "*AUTH*", ERR_OK, 1, 'C', false },
        { "OWNER", "*AUTH*", ERR_DENIED, 0, 0, false },
    };

    (void)state;
    (void)put_cert(CERT_OWNER_SITE, "site", 'T', '5');
    expect_virtual(by_facility, ARRAY_LEN(by_facility));
    run("RDEFINE FACILITY IRR.DIGTCERT.LIST UACC(NONE)");
    run("PERMIT IRR.DIGTCERT.LIST CLASS(FACILITY) ID(OWNER) ACCESS(CONTROL)");
    expect_virtual(with_list, ARRAY_LEN(with_list));
    run("RDEFINE RDATALIB OWNER.IRR_VIRTUAL_KEYRING.LST UACC(NONE)");
    run("PERMIT OWNER.IRR_VIRTUAL_KEYRING.LST CLASS(RDATALIB) ID(OTHER) "
        "ACCESS(READ)");
    run("RDEFINE RDATALIB IRRCERTA.IRR_VIRTUAL_KEYRING.LST UACC(NONE)");
    run("PERMIT IRRCERTA.IRR_VIRTUAL_KEYRING.LST CLASS(RDATALIB) ID(OTHER) "
        "ACCESS(READ)");
    run("SETROPTS RACLIST(RDATALIB) REFRESH");
    expect_virtual(by_profile, ARRAY_LEN(by_profile));
    run("RDELETE RDATALIB OWNER.IRR_VIRTUAL_KEYRING.LST");
    run("RDELETE RDATALIB IRRCERTA.IRR_VIRTUAL_KEYRING.LST");
    run("SETROPTS RACLIST(RDATALIB) REFRESH");
    expect_virtual(by_facility, 2);
    /* A class that is not RACLISTed decides nothing. */
    run("RDEFINE RDATALIB OWNER.* UACC(NONE)");
    run("SETROPTS NORACLIST(RDATALIB)");
    expect_virtual(by_facility, 2);
    run("RDELETE RDATALIB OWNER.*");
    run("SETROPTS RACLIST(RDATALIB)");
}

/* A key in the token goes with a ring only for who has READ to its label. */
static void
token_labels(void **state)
{
    struct saf_db *db = saf_engine_db(engine);
    struct cert_row row;

    (void)state;
    assert_true(cert_get(db, &arena, STR("OWNER"), STR("own"), &row));
    row.pkds = STR("SPT.KEY");
    cert_put(db, &row);
    expect("OWNER", ERR_OK, true); /* no profile: not protected */
    run("SETROPTS CLASSACT(CSFKEYS)");
    run("RDEFINE CSFKEYS SPT.KEY UACC(NONE)");
    expect("OWNER", ERR_OK, false);
    run("PERMIT SPT.KEY CLASS(CSFKEYS) ID(OWNER) ACCESS(READ)");
    expect("OWNER", ERR_OK, true);
    expect("OTHER", ERR_OK, false); /* UPDATE to the ring is not enough */
    row.pkds = STR("");
    cert_put(db, &row);
}

static void
certificate_users(void **state)
{
    static const struct {
        char number;
        enum err want;
        uint32_t reason;
    } rows[] = {
        { '1', ERR_OK, 0 },
        { '2', ERR_DENIED, 40 }, /* CERTAUTH identifies nobody */
        { '3', ERR_DENIED, 36 }, /* NOTRUST */
        { '4', ERR_DENIED, 40 }, /* unknown */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str who = STR("");
        char digest[32];
        struct saf_rc rc;

        memset(digest, rows[i].number, sizeof digest);
        assert_int_equal(cert_user(saf_engine_db(engine), &arena,
                                   str_n(digest, sizeof digest), &who, &rc,
                                   NULL),
                         rows[i].want);
        assert_int_equal(rc.reason, rows[i].reason);
        assert_true(rows[i].want != ERR_OK || str_eq_z(who, "OWNER"));
    }
}

static void
certificate_ids(void **state)
{
    (void)state;
    /* Of a public listing. */
    assert_true(
        str_eq_z(racdcert_id(&arena, STR(CERT_OWNER_CA), STR("zOSMFCA")),
                 "2QiJmZmDhZmjganW4tTGw8FA"));
}

/* RACLISTed, a ring is what it was at the last REFRESH. */
static void
stored_and_effective(void **state)
{
    struct saf_db *db = saf_engine_db(engine);
    struct acee a = user("OWNER");
    struct ring_view view;
    struct ring_row ring;
    struct saf_rc rc;
    struct str who;
    char fingerprint[32];

    (void)state;
    run("SETROPTS CLASSACT(DIGTCERT) RACLIST(DIGTCERT DIGTRING)");
    run("PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(OWNER) ACCESS(READ)");
    assert_true(ring_get(db, &arena, STR("OWNER"), STR("Ring"), &ring));
    ring_connect(db, ring.id, put_cert("OWNER", "late", 'T', '9'), 'P', false);
    memset(fingerprint, '9', sizeof fingerprint);
    assert_int_equal(ring_read(engine, &arena, &a, STR("OWNER"), STR("Ring"),
                               false, &view, &rc, NULL),
                     ERR_OK);
    assert_int_equal(view.n, 2);
    assert_int_equal(cert_user(db, &arena,
                               str_n(fingerprint, sizeof fingerprint), &who,
                               &rc, NULL),
                     ERR_DENIED);
    run("SETROPTS RACLIST(DIGTCERT DIGTRING) REFRESH");
    assert_int_equal(ring_read(engine, &arena, &a, STR("OWNER"), STR("Ring"),
                               false, &view, &rc, NULL),
                     ERR_OK);
    assert_int_equal(view.n, 3);
    assert_int_equal(cert_user(db, &arena,
                               str_n(fingerprint, sizeof fingerprint), &who,
                               &rc, NULL),
                     ERR_OK);
    run("SETROPTS NORACLIST(DIGTCERT DIGTRING)");
    ring_delete(db, ring.id); /* not RACLISTed: at once */
    assert_int_equal(ring_read(engine, &arena, &a, STR("OWNER"), STR("Ring"),
                               false, &view, &rc, NULL),
                     ERR_NOT_FOUND);
}

/* Subject and issuer, subject, issuer; longer before shorter. */
static void
name_filters(void **state)
{
    static const char *const commands[] = {
        "ADDUSER (FULL SUBJ ORG ISSU APPS) DFLTGRP(SYS1)",
        "RACDCERT ID(ISSU) MAP IDNFILTER('O=CA')",
        "RACDCERT ID(ORG) MAP SDNFILTER('O=Us.C=DE')",
        "RACDCERT ID(SUBJ) MAP SDNFILTER('CN=Joe.OU=Pay.O=Us.C=DE')",
        "RACDCERT ID(FULL) MAP SDNFILTER('O=Us.C=DE') "
        "IDNFILTER('CN=Root.O=CA')",
        "RACDCERT MULTIID MAP SDNFILTER('O=Apps') CRITERIA(APPLID=&APPLID)",
        "SETROPTS CLASSACT(DIGTCRIT)",
        "RDEFINE DIGTCRIT APPLID=CICSA APPLDATA('apps')",
    };
    static const struct {
        const char *subject, *issuer, *want; /* NULL: no filter matches */
    } rows[] = {
        { "CN=Joe.OU=Pay.O=Us.C=DE", "CN=Root.O=CA", "FULL" },
        { "CN=Joe.OU=Pay.O=Us.C=DE", "CN=Other.O=CA", "SUBJ" },
        { "CN=Ann.OU=Pay.O=Us.C=DE", "CN=Other.O=CA", "ORG" },
        { "CN=Ann.O=Them.C=DE", "CN=Other.O=CA", "ISSU" },
        { "CN=Ann.O=Them.C=DE", "CN=Other.O=XCA", NULL },
        { "CN=Us.C=DE", "CN=Z", NULL },
        { "CN=App.O=Apps", "CN=Z", "APPS" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        run(commands[i]);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct certmap_ask ask = { .subject = str_of(rows[i].subject),
                                   .issuer = str_of(rows[i].issuer),
                                   .applid = STR("CICSA") };
        struct certmap got = { .user = STR("") };
        bool is_found =
            certmap_user(engine, &arena, IDMAP_EFFECTIVE, &ask, &got);

        if (is_found != (rows[i].want != NULL) ||
            (is_found && !str_eq_z(got.user, rows[i].want)))
            fail_msg("row %zu: " STR_FMT, i, STR_ARG(got.user));
    }
    run("RACDCERT ID(SUBJ) ALTMAP NOTRUST");
    {
        struct certmap_ask ask = { .subject = str_of(rows[1].subject),
                                   .issuer = str_of(rows[1].issuer) };
        struct certmap got;

        assert_true(certmap_user(engine, &arena, IDMAP_EFFECTIVE, &ask, &got));
        assert_int_equal(got.user.n, 0); /* matches, and gives nobody */
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_users),    cmocka_unit_test(ring_rules),
        cmocka_unit_test(virtual_rings),        cmocka_unit_test(token_labels),
        cmocka_unit_test(certificate_ids),      cmocka_unit_test(name_filters),
        cmocka_unit_test(stored_and_effective),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
