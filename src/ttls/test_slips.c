/* What people get wrong in policies, and how they are told. */
#include "base/test.h"
#include "ttls/build.h"

struct seen {
    unsigned n_errors, n_warnings;
    uint32_t line; /* of the first error, or else warning */
    char error[256], warning[256];
};

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    struct seen *s = arg;
    char *to = d->is_error ? s->error : s->warning;

    unsigned *n = d->is_error ? &s->n_errors : &s->n_warnings;

    if ((*n)++ > 0)
        return;
    (void)snprintf(to, sizeof s->error, "%s", d->text);
    if (d->is_error || s->n_errors == 0)
        s->line = d->line;
}

static struct ttls_policy *
build(const char *text, struct seen *seen)
{
    struct ttls_build_options options = { .on_diag = on_diag, .arg = seen };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *p = NULL;
    struct str copy = exact_copy(text);
    struct err_info why = { 0 };
    enum err e;

    memset(seen, 0, sizeof *seen);
    assert_non_null(b);
    ttls_build_file(b, STR("policy"), copy);
    exact_free(copy);
    e = ttls_build_finish(&b, &p, &why);
    assert_int_equal(e != ERR_OK, seen->n_errors > 0);
    return p;
}

/* One slip of a brace is one report: what is around it is understood. */
static void
braces(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        const char *says;
    } rows[] = {
        { "TTLSGroupAction g\n{ TTLSEnabled On\n}\n", 2, "of its own" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On }\n", 3, "of its own" },
        { "TTLSGroupAction g { TTLSEnabled On }\n", 1, "of its own" },
        { "TTLSGroupAction g {\nTTLSEnabled On\n} TTLSGroupAction h {\n"
          "TTLSEnabled Off\n}\n",
          3, "of its own" },
        { "TTLSGroupAction g{\nTTLSEnabled On\n}\n", 1, "a blank before {" },
        { "TTLSGroupAction g\nTTLSEnabled On\nTrace 2\n}\n", 1, "expected {" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\n}}\n", 4, "of its own" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\nTTLSGroupAdvancedParms\n"
          "}\n",
          4, "expected {" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\nTTLSGroupAdvancedParms\n"
          "SecondaryMap On\n}\n}\n",
          4, "expected {" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;
        struct ttls_policy *p = build(rows[i].text, &seen);
        unsigned n = strstr(rows[i].text, "}}") != NULL ? 2 : 1;

        if (p != NULL || seen.line != rows[i].line || seen.n_errors != n ||
            strstr(seen.error, rows[i].says) == NULL)
            fail_msg("row %zu: %u errors, line %u \"%s\"", i, seen.n_errors,
                     seen.line, seen.error);
    }
}

/* What is no slip. */
static void
brace_forms(void **state)
{
    static const char *const rows[] = {
        "TTLSGroupAction g {\nTTLSEnabled On\n}\n",
        "TTLSGroupAction g {  # on\nTTLSEnabled On\n} # off\n",
        "TTLSGroupAction g\n{\nTTLSEnabled On\nTTLSGroupAdvancedParms{\n"
        "SecondaryMap On\n}\n}\n",
        "TTLSConnectionAdvancedParms a\n{\nCertificateLabel a{b} c}\n}\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;
        struct ttls_policy *p = build(rows[i], &seen);

        if (p == NULL)
            fail_msg("row %zu: line %u \"%s\"", i, seen.line, seen.error);
        ttls_policy_unref(&p);
    }
}

/* What has no name is called by what is around it. */
static void
inline_names(void **state)
{
    struct seen seen;
    struct ttls_policy *p =
        build("TTLSEnvironmentAction e1\n{\nHandshakeRole Client\n"
              "TTLSKeyringParms\n{\nKeyring *AUTH*/x\n}\n}\n",
              &seen);

    (void)state;
    assert_null(p);
    assert_non_null(strstr(seen.error, "TTLSKeyringParms (of e1): Keyring"));
}

#define PERIOD(p) "IpTimeCondition t\n{\nConditionTimeRange " p "\n}\n"

/* Values that look like some. */
static void
values(void **state)
{
    static const struct {
        const char *text;
        const char *says; /* NULL: good */
    } rows[] = {
        { "PortRange p\n{\nPort 0\n}\n", "Port: found \"0\"" },
        { "PortRange p\n{\nPort 00\n}\n", "1 to 65535" },
        { "PortRange p\n{\nPort 0 5\n}\n", "1 to 65535" },
        { "PortRange p\n{\nPort 1-0\n}\n", "1 to 65535" },
        { "PortRange p\n{\nPort 1-65535\n}\n", NULL },
        { PERIOD("20200230000000:20210101000000"), "days that there are" },
        { PERIOD("20200101000000:21000229000000"), "days that there are" },
        { PERIOD("20200431000000:20210101000000"), "days that there are" },
        { PERIOD("20200101000000:20200101240001"), "days that there are" },
        { PERIOD("20200229000000:20200229240000"), NULL },
        { PERIOD("20000229000000:20201231235959"), NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;
        struct ttls_policy *p = build(rows[i].text, &seen);

        if ((p == NULL) != (rows[i].says != NULL) ||
            (p == NULL && (seen.n_errors != 1 || seen.line != 3 ||
                           strstr(seen.error, rows[i].says) == NULL)))
            fail_msg("row %zu: line %u \"%s\"", i, seen.line, seen.error);
        ttls_policy_unref(&p);
    }
}

/* A rule of this role, its group and its environment's block with these. */
#define POLICY(role, group, adv, env)                                          \
    "TTLSRule r\n{\nJobname A\nDirection Both\nTTLSGroupActionRef g\n"         \
    "TTLSEnvironmentActionRef e\n}\n"                                          \
    "TTLSGroupAction g\n{\nTTLSEnabled On\n" group "}\n"                       \
    "TTLSEnvironmentAction e\n{\nHandshakeRole " role                          \
    "\nTTLSKeyringParms\n{\nKeyring R\n}\n"                                    \
    "TTLSEnvironmentAdvancedParms\n{\n" adv "}\n" env "}\n"

static void
across(void **state)
{
    static const struct {
        const char *text;
        const char *error;   /* NULL: none */
        const char *warning; /* NULL: none */
    } rows[] = {
        { POLICY("Server", "", "", ""), NULL, NULL },
        { POLICY("Server", "FIPS140 On\n", "SSLv3 On\n", ""),
          "SSLv3 is On, which FIPS140 does not allow", NULL },
        { POLICY("Server", "FIPS140 On\n", "SSLv3 Off\n", ""), NULL, NULL },
        { POLICY("Server", "", "SSLv3 On\n", ""), NULL, NULL },
        { POLICY("Server", "", "ServerHandshakeSNI Required\n", ""), NULL,
          "whichever a client sends is passed over" },
        { POLICY("Server", "",
                 "ServerHandshakeSNI Optional\n"
                 "ServerHandshakeSNIMatch Required\n",
                 ""),
          NULL, "every client that sends one is refused" },
        { POLICY("Server", "",
                 "ServerHandshakeSNI Required\n"
                 "ServerHandshakeSNIList h/l\n",
                 ""),
          NULL, NULL },
        { POLICY("Client", "", "ServerHandshakeSNI Required\n", ""), NULL,
          NULL },
        { POLICY("Client", "", "ClientHandshakeSNI Required\n", ""), NULL,
          "ClientHandshakeSNIList sends no name" },
        { POLICY("Client", "", "TLSv1.3 On\n",
                 "TTLSSignatureParms\n{\nClientKeyShareGroups 0021\n}\n"),
          NULL, "(of e): ClientKeyShareGroups: 0021 (secp224r1) is no group" },
        { POLICY("Server", "", "TLSv1.3 On\n",
                 "TTLSSignatureParms\n{\nServerKeyShareGroups 0023 0019\n}\n"),
          NULL, "ServerKeyShareGroups: 0019" },
        { POLICY("Client", "", "ClientMaxSSLFragment Required\n", ""),
          "TTLSRule r: ClientMaxSSLFragment needs ClientMaxSSLFragmentLength",
          NULL },
        { POLICY("Client", "",
                 "ClientMaxSSLFragment Optional\n"
                 "ClientMaxSSLFragmentLength 512\n",
                 ""),
          NULL, NULL },
        { POLICY("Client", "", "ClientMaxSSLFragment Off\n", ""), NULL, NULL },
        { POLICY("Server", "", "ClientMaxSSLFragment Required\n", ""), NULL,
          NULL },
        /* the length of the connection's block, the rest of the other one */
        { "TTLSConnectionAction c\n{\nTTLSConnectionAdvancedParms\n{\n"
          "ClientMaxSSLFragmentLength 512\n}\n}\n"
          "TTLSRule s\n{\nJobname B\nDirection Both\nTTLSGroupActionRef g\n"
          "TTLSEnvironmentActionRef f\nTTLSConnectionActionRef c\n}\n"
          "TTLSEnvironmentAction f\n{\nHandshakeRole Client\n"
          "TTLSKeyringParms\n{\nKeyring R\n}\n"
          "TTLSEnvironmentAdvancedParms\n{\nClientMaxSSLFragment "
          "Required\n}\n}\n" POLICY("Server", "", "", ""),
          NULL, NULL },
        { POLICY("ServerWithClientAuth", "", "ClientAuthType Full\n", ""), NULL,
          NULL },
        { POLICY("Server", "", "ClientAuthType Full\n", ""), NULL,
          "ClientAuthType counts with HandshakeRole ServerWithClientAuth "
          "only" },
        { POLICY("Client", "", "ClientAuthType Full\n", ""), NULL,
          "ClientAuthType counts with HandshakeRole ServerWithClientAuth "
          "only" },
        { POLICY("Server", "", "TLSv1.2 On\n", "SuiteBProfile 128\n"), NULL,
          NULL },
        { POLICY("Server", "", "", "SuiteBProfile 128\n"), NULL,
          "SuiteBProfile needs TLSv1.2 On, handshakes will fail" },
        { POLICY("Server", "", "TLSv1.2 On\n",
                 "SuiteBProfile All\nTTLSCipherParms\n{\nV3CipherSuites "
                 "35\n}\n"),
          NULL, "TTLSCipherParms are ignored, SuiteBProfile decides" },
        { POLICY("Server", "", "TLSv1 Off\nTLSv1.1 Off\n", ""), NULL,
          "no protocol is On, handshakes will fail" },
        { POLICY("Server", "TTLSEnabled Off\n", "TLSv1 Off\nTLSv1.1 Off\n", ""),
          NULL, "TTLSEnabled is coded again" },
        { POLICY("Server", "", "",
                 "TTLSCipherParms\n{\nV3CipherSuites4Char 1301\n}\n"),
          NULL, "a protocol that is On has no cipher suite in the list" },
        { POLICY("Server", "", "TLSv1.3 On\n",
                 "TTLSCipherParms\n{\nV3CipherSuites4Char C02F\n}\n"),
          NULL, "a protocol that is On has no cipher suite in the list" },
        { POLICY("Server", "", "TLSv1.3 On\n",
                 "TTLSCipherParms\n{\nV3CipherSuites4Char C02F1301\n}\n"),
          NULL, NULL },
        { POLICY("Server", "", "TLSv1.3 On\n",
                 "TTLSSignatureParms\n{\nClientECurves 0021\n"
                 "ServerKeyShareGroups 0023 0029 0030\n}\n"),
          NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;
        struct ttls_policy *p = build(rows[i].text, &seen);

        if ((rows[i].error != NULL) != (seen.n_errors > 0) ||
            (rows[i].warning != NULL) != (seen.n_warnings > 0) ||
            (rows[i].error != NULL &&
             strstr(seen.error, rows[i].error) == NULL) ||
            (rows[i].warning != NULL &&
             strstr(seen.warning, rows[i].warning) == NULL))
            fail_msg("row %zu: \"%s\" \"%s\"", i, seen.error, seen.warning);
        ttls_policy_unref(&p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(braces),       cmocka_unit_test(brace_forms),
        cmocka_unit_test(inline_names), cmocka_unit_test(values),
        cmocka_unit_test(across),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
