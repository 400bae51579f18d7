/* What the text of a policy means. */
#include "ttls/effective.h"
#include "ttls/envfile.h"
#include "ttls/stmt.h"
#include "ttls/test_build.h"

static const char lab[] =
    "## AT-TLS policy\n"
    "TTLSRule                          zCEEClientRule~1\n{\n"
    "  LocalAddrSetRef                 addr1\n"
    "  RemoteAddrSetRef                addr1\n"
    "  LocalPortRangeRef               portR1\n"
    "  RemotePortRangeRef              portR2\n"
    "  Jobname                         USER1GET\n"
    "  Direction                       Outbound\n"
    "  Priority                        255\n"
    "  TTLSGroupActionRef              gAct1~zCEEClient\n"
    "  TTLSEnvironmentActionRef        eAct1~zCEEClient\n"
    "  TTLSConnectionActionRef         cAct1~zCEEClient\n}\n"
    "TTLSGroupAction                   gAct1~zCEEClient\n{\n"
    "  TTLSEnabled                     On\n  Trace 255\n}\n"
    "TTLSEnvironmentAction             eAct1~zCEEClient\n{\n"
    "  HandshakeRole                   Client\n"
    "  EnvironmentUserInstance         0\n"
    "  TTLSKeyringParmsRef             keyR~WG31\n}\n"
    "TTLSConnectionAction              cAct1~zCEEClient\n{\n"
    "  HandshakeRole                   Client\n"
    "  TTLSConnectionAdvancedParmsRef  cAdv1~zCEEClient\n"
    "  CtraceClearText                 Off\n"
    "  Trace                           255 # all\n}\n"
    "TTLSConnectionAdvancedParms       cAdv1~zCEEClient\n{\n"
    "  SSLv3 Off\n  TLSv1 Off\n  TLSv1.1 Off\n  SecondaryMap Off\n"
    "  TLSv1.2 On\n}\n"
    "TTLSKeyringParms                  keyR~WG31\n{\n"
    "  Keyring                         Liberty.KeyRing\n}\n"
    "IpAddrSet                         addr1\n{\n  Prefix 0.0.0.0/0\n}\n"
    "PortRange                         portR1\n{\n  Port 1024-65535\n}\n"
    "PortRange                         portR2\n{\n  Port 9443\n}\n";

static void
exercise(void **state)
{
    const struct ttls_rule *const *rules;
    struct ttls_effective e;
    struct seen seen;
    struct ttls_policy *p = build(NULL, lab, TTLS_COLLATE_ASCII, &seen);

    (void)state;
    assert_non_null(p);
    assert_int_equal(seen.n_warnings, 0);
    assert_int_equal(seen.n_objects, 9);
    assert_int_equal(ttls_policy_rules(p, &rules), 1);
    assert_true(str_eq_z(rules[0]->obj.comment, "## AT-TLS policy"));
    assert_int_equal(rules[0]->obj.line, 2);
    ttls_effective_of(rules[0], &e);
    assert_true(e.is_enabled);
    assert_int_equal(e.trace, 255);
    assert_int_equal(e.role, TTLS_CLIENT);
    /* The environment says nothing, the connection block switches. */
    assert_false(e.sslv3 || e.tlsv1 || e.tlsv11 || e.tlsv13);
    assert_true(e.tlsv12);
    assert_int_equal(e.handshake_timeout_s, 10);
    assert_int_equal(e.client_auth, TTLS_AUTH_REQUIRED);
    assert_true(str_eq_z(e.ring, "Liberty.KeyRing"));
    assert_int_equal(e.ring_owner.n, 0);
    assert_int_equal(e.ring_kind, TTLS_RING_SAF);
    assert_true(e.are_ciphers_default);
    assert_int_equal(e.ciphers.v[0], 0x1302);
    assert_false(e.has_label);
    assert_int_equal(e.peer_min_rsa, 1024);
    assert_int_equal(e.session_timeout_s, 86400);
    assert_int_equal(e.signature_pairs.n, 13);
    ttls_policy_unref(&p);
}

static void
forms(void **state)
{
    const struct ttls_rule *const *rules;
    struct ttls_effective e;
    struct seen seen;
    /* CRLF, brace on the line, any case, inline blocks, common file, an
     * environment of the common file, order free. */
    struct ttls_policy *p = build(
        "ttlskeyRINGparms k1 {\r\n KEYRING OWNER1/My.Ring\r\n}\r\n"
        "TTLSEnvironmentAction e1 { \r\nhandshakerole SERVERWITHCLIENTAUTH\r\n"
        " TTLSKeyringParmsRef k1\r\n TTLSEnvironmentAdvancedParms {\r\n"
        "  ClientAuthType safcheck\r\n TLSv1.2 On\r\n TLSv1 Off\r\n"
        "  CertificateLabel My Server Cert # blanks\r\n"
        "  HandshakeTimeout 33\r\n }\r\n}\r\n",
        "TTLSRule one {\nLocalPortRange 4000 5000\nUserid start*\n"
        "Direction INBOUND\nTTLSGroupActionRef g\n"
        "TTLSEnvironmentActionRef e1\nTTLSConnectionActionRef c\n"
        "IpTimeCondition\n{\nDayOfWeekMask 0111110\n"
        "TimeOfDayRange 22:00-06:00\n}\n}\n"
        "TTLSConnectionAction c\n{\nTTLSConnectionAdvancedParms\n{\n"
        "CertificateLabel\nHandshakeTimeout 5\n}\n"
        "TTLSCipherParms\n{\nV3CipherSuites4Char C02F\n"
        "V3CipherSuites4Char TLS_RSA_WITH_AES_256_CBC_SHA\n"
        "V3CipherSuites4Char 000A1301\n}\n"
        "TTLSSignatureParms\n{\nClientECurves secp384r1 0023\n"
        "SignaturePairs 0401\nSignaturePairs "
        "TLS_SIGALG_SHA512_WITH_ECDSA\n}\n}\n"
        "TTLSGroupAction g\n{\nTTLSEnabled On\n"
        "TTLSGroupAdvancedParms\n{\nSecondaryMap On\nSyslogFacility Auth\n}\n"
        "}\n",
        TTLS_COLLATE_ASCII, &seen);

    (void)state;
    assert_non_null(p);
    assert_int_equal(ttls_policy_rules(p, &rules), 1);
    assert_true(str_eq_z(rules[0]->user, "START*"));
    assert_int_equal(rules[0]->local_port->v[0].to, 5000);
    assert_int_equal(rules[0]->time->n_of_day, 2);
    ttls_effective_of(rules[0], &e);
    assert_int_equal(e.client_auth, TTLS_AUTH_SAFCHECK);
    assert_true(str_eq_z(e.ring_owner, "OWNER1"));
    assert_true(str_eq_z(e.ring, "My.Ring"));
    assert_int_equal(e.handshake_timeout_s, 5);
    assert_true(e.has_label && e.label.n == 0); /* coded empty wins */
    assert_true(e.tlsv11 && e.tlsv12 && !e.tlsv1);
    assert_true(e.secondary_map);
    assert_int_equal(e.facility, TTLS_AUTH);
    assert_int_equal(e.ciphers.n, 3);
    assert_int_equal(e.ciphers.v[1], 0x0035);
    assert_int_equal(e.ciphers.v[2], 0x1301);
    assert_int_equal(e.client_curves.v[0], 24);
    assert_int_equal(e.client_curves.n, 2);
    assert_int_equal(e.signature_pairs.n, 2);
    assert_int_equal(e.signature_pairs_cert.n, 0); /* any */
    ttls_policy_unref(&p);
}

/* Block and reference of one kind: the later one, whole. */
static void
later_replaces(void **state)
{
    static const struct {
        const char *env;
        const char *ring;
    } rows[] = {
        { "TTLSKeyringParmsRef k\nTTLSKeyringParms\n{\nKeyring B\n}\n", "B" },
        { "TTLSKeyringParms\n{\nKeyring B\n}\nTTLSKeyringParmsRef k\n", "A" },
        { "TTLSKeyringParmsRef k\nTTLSKeyringParmsRef j\n", "J" },
        { "TTLSKeyringParmsRef k\nTTLSGskAdvancedParms\n{\n"
          "TTLSGskOcspParmsRef o\n}\nTTLSKeyringParms\n{\nKeyring B\n}\n",
          "B" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct ttls_rule *const *rules;
        struct ttls_effective e;
        struct ttls_policy *p;
        struct seen seen;
        char text[2048];

        (void)snprintf(
            text, sizeof text,
            "TTLSRule r\n{\nJobname A\nDirection Both\nTTLSGroupActionRef g\n"
            "TTLSEnvironmentActionRef e\n}\n"
            "TTLSGroupAction g\n{\nTTLSEnabled On\n}\n"
            "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n%s}\n"
            "TTLSKeyringParms k\n{\nKeyring A\n}\n"
            "TTLSGskOcspParms o\n{\nOcspNonceSize 16\n}\n"
            "TTLSKeyringParms j\n{\nKeyring J\n}\n",
            rows[i].env);
        p = build(NULL, text, TTLS_COLLATE_ASCII, &seen);
        assert_non_null(p);
        assert_int_equal(ttls_policy_rules(p, &rules), 1);
        ttls_effective_of(rules[0], &e);
        assert_true(str_eq_z(e.ring, rows[i].ring));
        ttls_policy_unref(&p);
    }
}

static void
sorts(void **state)
{
    static const char text[] =
        RULE("Jobname A") "TTLSGroupAction off\n{\nTTLSEnabled Off\n}\n"
                          "TTLSRule a9\n{\nJobname A\nDirection Both\n"
                          "TTLSGroupActionRef off\n}\n"
                          "TTLSRule aZ\n{\nJobname A\nDirection Both\n"
                          "TTLSGroupActionRef off\n}\n"
                          "TTLSRule zz\n{\nJobname A\nDirection Both\n"
                          "Priority 255\nTTLSGroupActionRef off\n}\n";
    static const struct {
        enum ttls_collate collate;
        const char *names[4];
    } rows[] = {
        { TTLS_COLLATE_ASCII, { "zz", "a9", "aZ", "r" } },
        { TTLS_COLLATE_EBCDIC, { "zz", "aZ", "a9", "r" } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct ttls_rule *const *rules;
        struct seen seen;
        struct ttls_policy *p = build(NULL, text, rows[i].collate, &seen);

        assert_non_null(p);
        assert_int_equal(ttls_policy_rules(p, &rules), 4);
        for (size_t k = 0; k < 4; k++)
            assert_true(str_eq_z(rules[k]->obj.name, rows[i].names[k]));
        ttls_policy_unref(&p);
    }
}

static void
travels(void **state)
{
    struct ttls_policy *p, *q = NULL;
    struct buf first, second, open;
    struct err_info why;
    struct seen seen;

    (void)state;
    p = build(
        NULL,
        RULE("Jobname A\nRemoteAddr 10.0.0.0/8") "TTLSKeyringParms "
                                                 "pw\n{\nKeyring "
                                                 "/x.p12\nKeyringPw s3cr3t\n"
                                                 "}\n",
        TTLS_COLLATE_ASCII, &seen);
    assert_non_null(p);
    buf_init(&first, 1u << 20);
    buf_init(&second, 1u << 20);
    buf_init(&open, 1u << 20);
    ttls_policy_encode(p, true, &first);
    ttls_policy_encode(p, false, &open);
    assert_int_equal(ttls_policy_decode(buf_view(&first), &q, &why), ERR_OK);
    ttls_policy_encode(q, true, &second);
    assert_true(str_eq(buf_view(&first), buf_view(&second)));
    assert_true(str_find(buf_view(&first), STR("s3cr3t")) != STR_NPOS);
    assert_true(str_find(buf_view(&open), STR("s3cr3t")) == STR_NPOS);
    ttls_policy_unref(&q);
    for (size_t n = 0; n < first.n; n++) {
        struct str cut = exact_copy_n(first.p, n);

        assert_int_equal(ttls_policy_decode(cut, &q, &why), ERR_SYNTAX);
        exact_free(cut);
    }
    assert_null(q);
    buf_fini(&first);
    buf_fini(&second);
    buf_fini(&open);
    ttls_policy_unref(&p);
}

static uint32_t
id_of(const struct ttls_policy *p, const char *name)
{
    const struct ttls_obj *const *objs;
    size_t n = ttls_policy_objects(p, &objs);

    for (size_t i = 0; i < n; i++) {
        if (objs[i]->stmt == TTLS_GROUP_ACTION && str_eq_z(objs[i]->name, name))
            return ((const struct ttls_group_action *)objs[i])->id;
        if (objs[i]->stmt == TTLS_ENV_ACTION && str_eq_z(objs[i]->name, name))
            return ((const struct ttls_env_action *)objs[i])->id;
    }
    return 0;
}

/* What is the same keeps its id; what says something else gets another. */
static void
adopts(void **state)
{
    static const char changed[] =
        "TTLSGroupAction g\n{\nTTLSEnabled On # moved, same\n}\n"
        "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
        "TTLSKeyringParmsRef k\n}\n"
        "TTLSKeyringParms k\n{\nKeyring Ring.B\n}\n"
        "TTLSRule r\n{\nJobname A\nDirection Both\nTTLSGroupActionRef g\n"
        "TTLSEnvironmentActionRef e\n}\n";
    const struct ttls_rule *const *rules;
    struct ttls_policy *a, *b, *c;
    struct ttls_ids next = { 0 };
    uint32_t g, e;
    struct seen seen;

    (void)state;
    a = build(NULL, RULE("Jobname A"), TTLS_COLLATE_ASCII, &seen);
    b = build(NULL, changed, TTLS_COLLATE_ASCII, &seen);
    c = build(NULL, changed, TTLS_COLLATE_ASCII, &seen);
    assert_true(a != NULL && b != NULL && c != NULL);
    ttls_policy_adopt(a, NULL, 1000, &next);
    g = id_of(a, "g");
    e = id_of(a, "e");
    assert_true(g == 1 && e == 1);
    ttls_policy_adopt(b, a, 2000, &next);
    assert_int_equal(id_of(b, "g"), g);
    assert_int_not_equal(id_of(b, "e"), e); /* its ring is another */
    assert_int_equal(ttls_policy_instance(b), 2000);
    assert_int_equal(ttls_policy_rules(b, &rules), 1);
    assert_int_equal(rules[0]->obj.created_s, 1000);
    assert_int_equal(rules[0]->obj.updated_s, 2000);
    ttls_policy_adopt(c, b, 3000, &next);
    assert_int_equal(id_of(c, "e"), id_of(b, "e"));
    assert_int_equal(ttls_policy_rules(c, &rules), 1);
    assert_int_equal(rules[0]->obj.updated_s, 2000);
    ttls_policy_unref(&a);
    ttls_policy_unref(&b);
    ttls_policy_unref(&c);
}

/* What makes an action another one: the values it comes to, not how they are
 * written nor where they stand. */
static void
what_changes(void **state)
{
    static const char *const parts[] = {
        "TTLSRule r\n{\nJobname A\nDirection Both\nTTLSGroupActionRef g\n"
        "TTLSEnvironmentActionRef e\nTTLSConnectionActionRef c\n}\n",
        "TTLSGroupAction g\n{\nTTLSEnabled On\n"
        "TTLSGroupAdvancedParmsRef ga\n}\n",
        "TTLSGroupAdvancedParms ga\n{\nEnvfile /a\n}\n",
        "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
        "TTLSKeyringParmsRef k\nTTLSCipherParmsRef s\n"
        "TTLSEnvironmentAdvancedParmsRef ea\nTTLSGskAdvancedParmsRef w\n}\n",
        "TTLSEnvironmentAdvancedParms ea\n{\nTLSv1.2 On\n}\n",
        "TTLSKeyringParms k\n{\nKeyring R\nKeyringPw p\n}\n",
        "TTLSCipherParms s\n{\nV3CipherSuites 352F\n}\n",
        "TTLSGskAdvancedParms w\n{\nTTLSGskOcspParms\n{\nOcspUrl a\n}\n}\n",
        "TTLSConnectionAction c\n{\nHandshakeRole Client\n}\n",
    };
    enum { G = 1, E = 2, R = 4 }; /* another group, environment; a new rule */
    static const struct {
        size_t part;
        const char *text;
        unsigned changed;
    } rows[] = {
        /* the rule alone */
        { 0,
          "TTLSRule r\n{\nJobname B\nDirection Both\nTTLSGroupActionRef g\n"
          "TTLSEnvironmentActionRef e\nTTLSConnectionActionRef c\n}\n",
          R },
        { 0,
          "# other\nttlsrule r {\nPriority 1\ndirection BOTH\n"
          "TTLSEnvironmentActionRef e\nTTLSConnectionActionRef c\n"
          "jobname a\nTTLSGroupActionRef g\n}\n",
          0 },
        /* the connection's action: nothing is made anew */
        { 8, "TTLSConnectionAction c\n{\nHandshakeRole Server\n}\n", R },
        { 8,
          "TTLSConnectionAction c\n{\nHandshakeRole Client\n"
          "ConnectionUserInstance 1\n}\n",
          R },
        /* the group's, and what belongs to it */
        { 1,
          "TTLSGroupAction g\n{\nTTLSEnabled On\nTrace 7\n"
          "TTLSGroupAdvancedParmsRef ga\n}\n",
          G | R },
        { 1,
          "TTLSGroupAction g\n{\nTTLSEnabled On\nGroupUserInstance 1\n"
          "TTLSGroupAdvancedParmsRef ga\n}\n",
          G | R },
        { 1, "TTLSGroupAction g\n{\nTTLSEnabled On\n}\n", G | R },
        { 1,
          "TTLSGroupAction g\n{\nTTLSEnabled On\nTrace 2\nFIPS140 Off\n"
          "CtraceClearText Off\nTTLSGroupAdvancedParms\n{\nEnvfile /a\n"
          "SecondaryMap Off\nSyslogFacility Daemon\n}\n}\n",
          0 },
        { 2, "TTLSGroupAdvancedParms ga\n{\nEnvfile /b\n}\n", G | R },
        /* the environment's, and what belongs to it */
        { 3,
          "TTLSEnvironmentAction e\n{\nHandshakeRole Server\n"
          "TTLSKeyringParmsRef k\nTTLSCipherParmsRef s\n"
          "TTLSEnvironmentAdvancedParmsRef ea\n"
          "TTLSGskAdvancedParmsRef w\n}\n",
          E | R },
        { 3,
          "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
          "TTLSKeyringParmsRef k\nTTLSCipherParmsRef s\n"
          "EnvironmentUserInstance 1\n"
          "TTLSEnvironmentAdvancedParmsRef ea\n"
          "TTLSGskAdvancedParmsRef w\n}\n",
          E | R },
        { 3,
          "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
          "TTLSKeyringParms\n{\nKeyring R\nKeyringPw p\n}\n"
          "TTLSCipherParmsRef s\nTTLSEnvironmentAdvancedParms\n{\n"
          "TLSv1.2 On\nTLSv1 On\nHandshakeTimeout 10\n}\n"
          "TTLSGskAdvancedParmsRef w\n}\n",
          0 },
        /* what the group decides where it is not coded is no default */
        { 3,
          "TTLSEnvironmentAction e\n{\nHandshakeRole Client\nTrace 2\n"
          "TTLSKeyringParmsRef k\nTTLSCipherParmsRef s\n"
          "TTLSEnvironmentAdvancedParmsRef ea\n"
          "TTLSGskAdvancedParmsRef w\n}\n",
          E | R },
        { 4, "TTLSEnvironmentAdvancedParms ea\n{\nTLSv1.2 On\nTLSv1 Off\n}\n",
          E | R },
        { 4,
          "TTLSEnvironmentAdvancedParms ea\n{\nTLSv1.2 On\n"
          "CertificateLabel\n}\n",
          E | R },
        { 5, "TTLSKeyringParms k\n{\nKeyring R\nKeyringPw q\n}\n", E | R },
        { 5, "TTLSKeyringParms k\n{\nKeyring S\nKeyringPw p\n}\n", E | R },
        { 6, "TTLSCipherParms s\n{\nV3CipherSuites 2F35\n}\n", E | R },
        { 6,
          "TTLSCipherParms s\n{\nV3CipherSuites "
          "TLS_RSA_WITH_AES_256_CBC_SHA\nV3CipherSuites 2f\n}\n",
          0 },
        { 6, "TTLSCipherParms s\n{\nV3CipherSuites4Char 0035002F\n}\n", E | R },
        { 7,
          "TTLSGskAdvancedParms w\n{\nTTLSGskOcspParms\n{\nOcspUrl b\n}\n"
          "}\n",
          E | R },
        { 7,
          "TTLSGskAdvancedParms w\n{\nTTLSGskOcspParmsRef o\n"
          "GSK_V3_SIDCACHE_SIZE 512\n}\nTTLSGskOcspParms o\n{\nOcspUrl a\n"
          "OcspNonceSize 8\n}\n",
          0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[2][4096] = { "", "" };
        const struct ttls_rule *const *rules;
        struct ttls_ids next = { 0 };
        struct ttls_policy *p[2];
        struct seen seen;
        unsigned got;

        for (size_t k = 0; k < ARRAY_LEN(parts); k++) {
            strcat(text[0], parts[k]);
            strcat(text[1], k == rows[i].part ? rows[i].text : parts[k]);
        }
        for (unsigned k = 0; k < 2; k++) {
            p[k] = build(NULL, text[k], TTLS_COLLATE_ASCII, &seen);
            if (p[k] == NULL)
                fail_msg("row %zu: %s", i, seen.error);
            ttls_policy_adopt(p[k], k == 0 ? NULL : p[0], 1000 + k, &next);
        }
        assert_int_equal(ttls_policy_rules(p[1], &rules), 1);
        got = (id_of(p[0], "g") != id_of(p[1], "g") ? G : 0u) |
              (id_of(p[0], "e") != id_of(p[1], "e") ? E : 0u) |
              (rules[0]->obj.updated_s == 1001 ? R : 0u);
        if (got != rows[i].changed || rules[0]->obj.created_s != 1000)
            fail_msg("row %zu: %u", i, got);
        ttls_policy_unref(&p[1]);
        ttls_policy_unref(&p[0]);
    }
}

/* Known names in their ranges; the last line of a name; the policy first. */
static void
envfile(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        uint32_t timeout, cache;
    } rows[] = {
        { "", 0, 0, 7 },
        { "GSK_V3_SESSION_TIMEOUT=60", 1, 60, 7 },
        { "  GSK_V3_SESSION_TIMEOUT = 60 \n", 1, 60, 7 },
        { "GSK_V3_SESSION_TIMEOUT=60\nGSK_V3_SESSION_TIMEOUT=61\n", 2, 61, 7 },
        { "GSK_V3_SESSION_TIMEOUT=86401", 0, 0, 7 },
        { "GSK_V3_SESSION_TIMEOUT=-1", 0, 0, 7 },
        { "GSK_V3_SESSION_TIMEOUT=", 0, 0, 7 },
        { "GSK_V3_SESSION_TIMEOUT", 0, 0, 7 },
        { "#GSK_V3_SESSION_TIMEOUT=60", 0, 0, 7 },
        { "GSK_V3_SIDCACHE_SIZE=5", 0, 0, 7 }, /* the policy has coded it */
        { "RevocationSecurityLevel=High", 0, 0, 7 },
        { "GSK_NO_SUCH=1\nPATH=/bin\n", 0, 0, 7 },
    };
    const struct ttls_type *type = ttls_type_of(TTLS_GSK_ADV);
    bool is_ref;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].text);
        struct ttls_gsk_adv g = { .v3_cache_size = 7 };

        g.obj.coded = ttls_row_bit(
            type, ttls_row_find(type, STR("GSK_V3_SIDCACHE_SIZE"), &is_ref));
        if (ttls_envfile_apply(text, &g) != rows[i].n ||
            g.v3_session_timeout_s != rows[i].timeout ||
            g.v3_cache_size != rows[i].cache)
            fail_msg("row %zu", i);
        free((void *)(uintptr_t)text.p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exercise),       cmocka_unit_test(forms),
        cmocka_unit_test(later_replaces), cmocka_unit_test(sorts),
        cmocka_unit_test(travels),        cmocka_unit_test(adopts),
        cmocka_unit_test(what_changes),   cmocka_unit_test(envfile),

    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
