/* How policies are written: comments, braces, names, labels, what is coded
 * twice, in which order, and what is no text at all. */
#include "ttls/effective.h"
#include "ttls/stmt.h"
#include "ttls/test_build.h"

#define N32 "a234567890123456789012345678901B"
#define KEYS(name) "TTLSKeyringParms " name "\n{\nKeyring R\n}\n"
#define ADV(line) "TTLSEnvironmentAdvancedParms x\n{\n" line "\n}\n"

/* Accepted: how many statements have names, and the first warning. */
static void
accepts(void **state)
{
    static const struct {
        const char *text;
        const char *objects;
        const char *warns; /* "": of nothing */
    } rows[] = {
        { "", "", "" },
        { "\n\r\n \t\n", "", "" },
        { "# comment", "", "" },
        { " \t# comment\n#\n##\n", "", "" },
        { KEYS("k"), "TTLSKeyringParms k;", "" },
        { "TTLSKeyringParms k\r\n{\r\nKeyring R\r\n}\r\n",
          "TTLSKeyringParms k;", "" },
        { "TTLSKeyringParms k\n{\nKeyring R\n}", "TTLSKeyringParms k;", "" },
        { "TTLSKeyringParms k\n{\nKeyring R\n}\r", "TTLSKeyringParms k;", "" },
        { "TTLSKeyringParms k {\nKeyring R\n}\n", "TTLSKeyringParms k;", "" },
        { "TTLSKeyringParms\tk\t{\n\tKeyring\t \tR\t\n\t}\t\n",
          "TTLSKeyringParms k;", "" },
        { "ttlskeyringparms k\n{\nKEYRING R\n}\n", "TTLSKeyringParms k;", "" },
        { "TTLSKeyRingParms k\n{\nKeyRing R\n}\n", "TTLSKeyringParms k;", "" },
        { "TTLSKeyringParms k # name\n# between\n\n{ # begin\n# in\nKeyring R "
          "# "
          "ring\n} # end\n",
          "TTLSKeyringParms k;", "" },
        { KEYS(N32), "TTLSKeyringParms " N32 ";", "" },
        { KEYS("a_b-c.d$e@f#g~h"), "TTLSKeyringParms a_b-c.d$e@f#g~h;", "" },
        { KEYS("~"), "TTLSKeyringParms ~;", "" },
        { KEYS("9"), "TTLSKeyringParms 9;", "" },
        /* names are not keywords, and case counts in them */
        { KEYS("TTLSRule"), "TTLSKeyringParms TTLSRule;", "" },
        { KEYS("k") KEYS("K"), "TTLSKeyringParms k;TTLSKeyringParms K;", "" },
        { KEYS("k") "TTLSCipherParms k\n{\n}\n",
          "TTLSKeyringParms k;TTLSCipherParms k;", "" },
        { KEYS("k") KEYS("k"), "TTLSKeyringParms k;TTLSKeyringParms k;",
          "TTLSKeyringParms k is defined again; the one at policy:1 is "
          "replaced" },
        { "TTLSKeyringParms k\n{\nKeyring A\nKeyring B\n}\n",
          "TTLSKeyringParms k;",
          "Keyring is coded again; the last one counts" },
        /* the block before its name's definition, and behind it */
        { "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
          "TTLSKeyringParmsRef k\n}\n" KEYS("k"),
          "TTLSEnvironmentAction e;TTLSKeyringParms k;", "" },
        { "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
          "TTLSKeyringParms k\n{\nKeyring R\n}\n}\n"
          "TTLSEnvironmentAction f\n{\nHandshakeRole Server\n"
          "TTLSKeyringParmsRef k\n}\n",
          "TTLSEnvironmentAction e;TTLSKeyringParms k;TTLSEnvironmentAction f;",
          "" },
        { ADV("CertificateLabel"), "TTLSEnvironmentAdvancedParms x;", "" },
        /* what gives its members one by one is no repetition */
        { ADV("ServerHandshakeSNIList a/l\nServerHandshakeSNIList b/l\n"
              "ClientHandshakeSNIList a\nClientHandshakeSNIList b\n"
              "ServerCertificateLabel r\nServerCertificateLabel e\n"
              "HostReferenceIdDNS a\nHostReferenceIdDNS b"),
          "TTLSEnvironmentAdvancedParms x;", "" },
        { "TTLSSignatureParms s\n{\nSignaturePairs 0401\nSignaturePairs 0501\n"
          "SignaturePairsCert 0401\nSignaturePairsCert 0501\n}\n",
          "TTLSSignatureParms s;", "" },
        { "TTLSSignatureParms s\n{\nClientECurves 0023\nClientECurves "
          "0024\n}\n",
          "TTLSSignatureParms s;", "ClientECurves is coded again" },
        { "TTLSGskOcspParms s\n{\nOcspRequestSigalg 0401\n"
          "OcspRequestSigalg 0501\n}\n",
          "TTLSGskOcspParms s;", "OcspRequestSigalg is coded again" },
        { "PortGroup p\n{\nPortRange\n{\nPort 1\n}\nPortRange\n{\nPort "
          "2\n}\n}\n",
          "PortGroup p;", "" },
        { "IpTimeCondition t\n{\nTimeOfDayRange 01:00-02:00\n"
          "TimeOfDayRange 03:00-04:00\n}\n",
          "IpTimeCondition t;", "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;
        struct ttls_policy *p =
            build(NULL, rows[i].text, TTLS_COLLATE_ASCII, &seen);

        if (p == NULL || strcmp(seen.objects, rows[i].objects) != 0 ||
            strstr(seen.warning, rows[i].warns) == NULL ||
            (seen.n_warnings > 0) != (rows[i].warns[0] != '\0'))
            fail_msg("row %zu: \"%s\" \"%s\" \"%s\"", i, seen.objects,
                     seen.error, seen.warning);
        ttls_policy_unref(&p);
    }
}

static void
refuses(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        const char *says;
    } rows[] = {
        { KEYS(N32 "x"), 1,
          "expected 1 to 32 letters, digits, or _ - . $ @ # ~" },
        { KEYS("#k"), 1, "TTLSKeyringParms: \"\" is not a name" },
        { KEYS("k#l m"), 1, "\"k#l m\" is not a name" },
        { KEYS("a(b)"), 1, "\"a(b)\" is not a name" },
        { KEYS("\xc3\xa9"), 1, "is not a name" },
        { "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
          "TTLSKeyringParmsRef K\n}\n" KEYS("k"),
          4, "names TTLSKeyringParms K, which is nowhere defined" },
        { "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
          "TTLSKeyringParmsRef c\n}\nTTLSCipherParms c\n{\n}\n",
          4, "names TTLSKeyringParms c, which is nowhere defined" },
        { "TTLSKeyringParms\n{\nKeyring R\n}\n", 1, "\"\" is not a name" },
        { "Keyring R\n", 1,
          "\"Keyring\" is not a statement of an AT-TLS policy" },
        { "TTLSKeyringParms k\nKeyring R\n", 1, "expected { on the next line" },
        { "TTLSKeyringParms k\n{\nKeyring R\n", 3,
          "expected } for the { of TTLSKeyringParms k at line 1" },
        { KEYS("k") "}\n", 5, "found } without a { before it" },
        { "\xef\xbb\xbf" KEYS("k"), 1, "is not a statement" },
        /* no text: one report, whatever follows */
        { "TTLSKeyringParms k\n{\nKeyring a\x01"
          "b\nx\n\x02\n",
          3, "found the byte 0x01, expected lines of text in UTF-8" },
        { "TTLSRule a\r{\rJobname A\r}\r", 1, "found the byte 0x0D" },
        { "# \x1b[31mred\n", 1, "found the byte 0x1B" },
        { "\n\n\x7f\n", 3, "found the byte 0x7F" },
        { KEYS("k") "\x1a", 5, "found the byte 0x1A" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;
        struct ttls_policy *p =
            build(NULL, rows[i].text, TTLS_COLLATE_ASCII, &seen);

        if (p != NULL || seen.line != rows[i].line || seen.n_errors == 0 ||
            strstr(seen.error, rows[i].says) == NULL ||
            (strstr(rows[i].says, "byte") != NULL && seen.n_errors != 1))
            fail_msg("row %zu: %zu errors, line %u \"%s\"", i, seen.n_errors,
                     seen.line, seen.error);
    }
}

/* Other encodings of a good policy, NUL bytes and all. */
static void
no_text(void **state)
{
    static const char utf16[] = "T\0T\0L\0S\0R\0u\0l\0e\0 \0a\0\n\0{\0\n\0";
    static const char nul[] = "# a\nTTLSKeyringParms k\n{\nKeyring a\0b\n}\n";
    static const struct {
        const char *text;
        size_t n;
        uint32_t line;
    } rows[] = {
        { utf16, sizeof utf16 - 1, 1 },
        { utf16 + 1, sizeof utf16 - 2, 1 },
        { nul, sizeof nul - 1, 4 },
        { "\0", 1, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen = { 0 };
        struct ttls_build_options options = { .on_diag = on_diag,
                                              .arg = &seen };
        struct ttls_build *b = ttls_build_new(&options);
        struct ttls_policy *p = NULL;
        struct err_info why = { 0 };
        struct str copy = exact_copy_n(rows[i].text, rows[i].n);

        assert_non_null(b);
        ttls_build_file(b, STR("policy"), copy);
        exact_free(copy);
        assert_int_equal(ttls_build_finish(&b, &p, &why), ERR_SYNTAX);
        assert_null(p);
        assert_int_equal(seen.n_errors, 1);
        assert_int_equal(seen.line, rows[i].line);
        assert_non_null(strstr(seen.error, "found the byte 0x00"));
        assert_non_null(strstr(why.text, "policy:"));
    }
}

/* What a label is: the rest of the line without a comment and outer blanks. */
static void
labels(void **state)
{
    static const struct {
        const char *line, *label;
    } rows[] = {
        { "CertificateLabel", "" },
        { "CertificateLabel   \t ", "" },
        { "CertificateLabel # none is sent", "" },
        { "CertificateLabel #none", "" },
        { "CertificateLabel a", "a" },
        { "CertificateLabel  My  Server Cert  # comment", "My  Server Cert" },
        { "CertificateLabel a#b", "a#b" },
        { "CertificateLabel No.#1 a", "No.#1 a" },
        { "CertificateLabel No. #1", "No." },
        { "CertificateLabel \"a b\"", "\"a b\"" },
        { "CertificateLabel a\nCertificateLabel b c", "b c" },
        { "CertificateLabel a\nCertificateLabel", "" },
        { "CertificateLabel M\xc3\xbcller", "M\xc3\xbcller" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct ttls_obj *const *objs;
        const struct ttls_adv *adv;
        struct ttls_policy *p;
        struct seen seen;
        char text[512];

        (void)snprintf(text, sizeof text, ADV("%s"), rows[i].line);
        p = build(NULL, text, TTLS_COLLATE_ASCII, &seen);
        assert_non_null(p);
        assert_int_equal(ttls_policy_objects(p, &objs), 1);
        adv = (const struct ttls_adv *)objs[0];
        if (!ttls_is_coded(&adv->obj, "CertificateLabel") ||
            !str_eq_z(adv->label, rows[i].label))
            fail_msg("%s: \"%.*s\"", rows[i].line, STR_ARG(adv->label));
        ttls_policy_unref(&p);
    }
}

/* Lists that grow with each line keep their order. */
static void
accumulates(void **state)
{
    const struct ttls_obj *const *objs;
    const struct ttls_cipher *c;
    struct ttls_policy *p;
    struct seen seen;
    struct buf text;

    (void)state;
    buf_init(&text, 1u << 20);
    buf_add_z(&text, "TTLSCipherParms c\n{\n");
    for (unsigned i = 0; i < 2048; i++)
        buf_add_z(&text, i % 2 == 0 ? "V3CipherSuites4Char C02F\n"
                                    : "V3CipherSuites4Char 1301\n");
    buf_add_z(&text, "V3CipherSuites4Char C030C0141302\n}\n");
    buf_add_char(&text, '\0');
    p = build(NULL, text.p, TTLS_COLLATE_ASCII, &seen);
    assert_non_null(p);
    assert_int_equal(ttls_policy_objects(p, &objs), 1);
    c = (const struct ttls_cipher *)objs[0];
    assert_int_equal(c->v3_4.n, 2051);
    for (unsigned i = 0; i < 2048; i++)
        assert_int_equal(c->v3_4.v[i], i % 2 == 0 ? 0xc02f : 0x1301);
    assert_int_equal(c->v3_4.v[2050], 0x1302);
    ttls_policy_unref(&p);
    text.n = 0;
    buf_add_z(&text, "TTLSCipherParms c\n{\n");
    for (unsigned i = 0; i < 4097; i++)
        buf_add_z(&text, "V3CipherSuites 2F\n");
    buf_add_z(&text, "}\n");
    buf_add_char(&text, '\0');
    assert_null(build(NULL, text.p, TTLS_COLLATE_ASCII, &seen));
    assert_int_equal(seen.n_errors, 1);
    assert_int_equal(seen.line, 4099);
    assert_non_null(strstr(seen.error, "V3CipherSuites: found more than 4096"));
    buf_fini(&text);
}

/* Suites of two and of four digits are one list, in the order of the lines;
 * also in the form that engines are given. */
static void
one_list(void **state)
{
    static const uint16_t want[] = { 0xc030, 0x0035, 0xc02f, 0x002f, 0x1301 };
    const struct ttls_rule *const *rules;
    struct ttls_policy *p, *q = NULL;
    struct ttls_effective e;
    struct seen seen;
    struct buf wire;

    (void)state;
    p = build(NULL,
              "TTLSRule r\n{\nJobname A\nDirection Both\n"
              "TTLSGroupActionRef g\nTTLSEnvironmentActionRef e\n}\n"
              "TTLSGroupAction g\n{\nTTLSEnabled On\n}\n"
              "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
              "TTLSKeyringParms\n{\nKeyring R\n}\nTTLSCipherParms\n{\n"
              "V3CipherSuites4Char C030\nV3CipherSuites 350A\n"
              "V3CipherSuites TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n"
              "V3CipherSuites4Char 002F1301\n}\n}\n",
              TTLS_COLLATE_ASCII, &seen);
    assert_non_null(p);
    buf_init(&wire, 1u << 20);
    ttls_policy_encode(p, true, &wire);
    assert_int_equal(ttls_policy_decode(buf_view(&wire), &q, NULL), ERR_OK);
    for (unsigned k = 0; k < 2; k++) {
        assert_int_equal(ttls_policy_rules(k == 0 ? p : q, &rules), 1);
        ttls_effective_of(rules[0], &e);
        assert_int_equal(e.ciphers.n, ARRAY_LEN(want));
        assert_memory_equal(e.ciphers.v, want, sizeof want);
    }
    buf_fini(&wire);
    ttls_policy_unref(&q);
    ttls_policy_unref(&p);
}

/* What is defined twice: the later one, for all that name it, wherever both
 * stand; also in the form that engines are given. */
static void
defined_twice(void **state)
{
#define ENV "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
#define REST                                                                   \
    "TTLSRule r\n{\nJobname A\nDirection Both\nTTLSGroupActionRef g\n"         \
    "TTLSEnvironmentActionRef e\n}\nTTLSGroupAction g\n{\nTTLSEnabled On\n}\n"
#define RING(name, ring) "TTLSKeyringParms " name "\n{\nKeyring " ring "\n}\n"
    static const struct {
        const char *common, *text, *ring, *warns;
    } rows[] = {
        { NULL, REST ENV RING("k", "A") "}\n" RING("k", "B"), "B",
          "the one at policy:15 is replaced" },
        { NULL, REST RING("k", "B") ENV RING("k", "A") "}\n", "A",
          "the one at policy:12 is replaced" },
        { NULL,
          REST ENV "TTLSKeyringParmsRef k\n}\n" RING("k", "A") RING("k", "B"),
          "B", "is replaced" },
        { RING("k", "A"), REST ENV "TTLSKeyringParmsRef k\n}\n", "A", "" },
        { RING("k", "A"), REST ENV "TTLSKeyringParmsRef k\n}\n" RING("k", "B"),
          "B", "the one at common:1 is replaced" },
        { ENV RING("", "A") "}\n", REST ENV RING("", "B") "}\n", "B",
          "TTLSEnvironmentAction e is defined again; the one at common:1" },
        /* in one action: the later one as a whole */
        { NULL, REST ENV RING("", "A") RING("", "B") "}\n", "B",
          "TTLSKeyringParms is coded again" },
        { NULL, REST ENV RING("j", "A") RING("k", "B") "}\n", "B",
          "TTLSKeyringParms is coded again" },
        { NULL,
          REST ENV RING("j", "A") "TTLSKeyringParmsRef k\n}\n" RING("k", "B"),
          "B", "TTLSKeyringParms is coded again" },
        { NULL,
          REST ENV
          "TTLSKeyringParmsRef k\n" RING("j", "A") "}\n" RING("k", "B"),
          "A", "TTLSKeyringParms is coded again" },
        { NULL,
          REST ENV "TTLSKeyringParms\n{\nKeyring A\nKeyringPw x\n}\n" RING(
              "", "B") "}\n",
          "B", "TTLSKeyringParms is coded again" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct ttls_rule *const *rules;
        struct ttls_policy *q = NULL, *p;
        struct seen seen;
        struct ttls_effective e;
        struct buf wire;

        p = build(rows[i].common, rows[i].text, TTLS_COLLATE_ASCII, &seen);
        if (p == NULL || strstr(seen.warning, rows[i].warns) == NULL ||
            (seen.n_warnings > 0) != (rows[i].warns[0] != '\0'))
            fail_msg("row %zu: \"%s\" \"%s\"", i, seen.error, seen.warning);
        buf_init(&wire, 1u << 20);
        ttls_policy_encode(p, true, &wire);
        assert_int_equal(ttls_policy_decode(buf_view(&wire), &q, NULL), ERR_OK);
        assert_int_equal(ttls_policy_rules(q, &rules), 1);
        ttls_effective_of(rules[0], &e);
        if (!str_eq_z(e.ring, rows[i].ring) || e.ring_password.n != 0)
            fail_msg("row %zu: ring %.*s", i, STR_ARG(e.ring));
        buf_fini(&wire);
        ttls_policy_unref(&q);
        ttls_policy_unref(&p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),       cmocka_unit_test(refuses),
        cmocka_unit_test(no_text),       cmocka_unit_test(labels),
        cmocka_unit_test(accumulates),   cmocka_unit_test(one_list),
        cmocka_unit_test(defined_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
