#include "base/test.h"
#include "ttls/build.h"
#include "ttls/effective.h"
#include "ttls/envfile.h"
#include "ttls/stmt.h"

struct seen {
    size_t n_errors, n_warnings, n_objects;
    uint32_t line; /* of the first error, else of the first warning */
    char error[512], warning[512], objects[512];
};

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    struct seen *s = arg;

    if (d->is_error && s->n_errors++ == 0) {
        s->line = d->line;
        (void)snprintf(s->error, sizeof s->error, "%s", d->text);
    }
    if (!d->is_error && s->n_warnings++ == 0) {
        (void)snprintf(s->warning, sizeof s->warning, "%s", d->text);
        if (s->n_errors == 0)
            s->line = d->line;
    }
}

static void
on_object(void *arg, const char *keyword, struct str name)
{
    struct seen *s = arg;
    size_t n = strlen(s->objects);

    s->n_objects++;
    (void)snprintf(s->objects + n, sizeof s->objects - n, "%s %.*s;", keyword,
                   STR_ARG(name));
}

static struct ttls_policy *
build(const char *common, const char *text, enum ttls_collate collate,
      struct seen *seen)
{
    struct ttls_build_options options = { .collate = collate,
                                          .on_diag = on_diag,
                                          .on_object = on_object,
                                          .arg = seen };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *p = NULL;
    struct str copy = exact_copy(text);
    struct err_info why = { 0 };
    enum err e;

    memset(seen, 0, sizeof *seen);
    assert_non_null(b);
    if (common != NULL)
        ttls_build_file(b, STR("common"), str_of(common));
    ttls_build_file(b, STR("policy"), copy);
    exact_free(copy); /* the policy keeps its own */
    e = ttls_build_finish(&b, &p, &why);
    assert_null(b);
    assert_int_equal(e != ERR_OK, seen->n_errors > 0);
    assert_int_equal(e == ERR_OK, p != NULL);
    return p;
}

/* A rule and its actions around what a test is about. */
#define ACTIONS                                                                \
    "TTLSGroupAction g\n{\nTTLSEnabled On\n}\n"                                \
    "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"                       \
    "TTLSKeyringParmsRef k\n}\n"                                               \
    "TTLSKeyringParms k\n{\nKeyring Ring.A\n}\n"
#define RULE(conditions)                                                       \
    ACTIONS "TTLSRule r\n{\n" conditions                                       \
            "\nDirection Both\nTTLSGroupActionRef g\n"                         \
            "TTLSEnvironmentActionRef e\n}\n"

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
refuses(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        const char *says;
    } rows[] = {
        { "Foo x\n{\n}\n", 1, "not a statement" },
        { "TTLSRule\n{\n}\n", 1, "\"\" is not a name" },
        { "TTLSRule a b\n{\n}\n", 1, "is not a name" },
        { "TTLSRule a12345678901234567890123456789012\n{\n}\n", 1, "1 to 32" },
        { "TTLSRule a/b\n{\n}\n", 1, "is not a name" },
        { "TTLSGroupAction g\nTTLSEnabled On\n}\n", 1, "expected {" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\n", 3, "expected }" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\nTTLSGroupAction h\n{\n"
          "TTLSEnabled On\n}\n",
          4, "expected } for the { of TTLSGroupAction g at line 1" },
        { "}\n", 1, "found } without" },
        { "{\n}\n", 1, "found { without" },
        { "TTLSGroupAction g\n{\n{\n}\nTTLSEnabled On\n}\n", 3,
          "found { without" },
        { "TTLSGroupAction g\n{\nTTLSEnabled Maybe\n}\n", 3,
          "expected Off or On" },
        { "TTLSGroupAction g\n{\nTTLSEnabled\n}\n", 3, "found \"\"" },
        { "TTLSGroupAction g\n{\nTrace 2\n}\n", 1, "TTLSEnabled is missing" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\nTrace 256\n}\n", 4,
          "0 to 255" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\nTrace 1x\n}\n", 4,
          "0 to 255" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\nTrace -1\n}\n", 4,
          "0 to 255" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\nHandshakeRole Client\n}\n", 4,
          "no parameter \"HandshakeRole\"" },
        { "TTLSGroupAction g\n{\nTTLSEnabled On\nGroupUserInstance 65536\n}\n",
          4, "0 to 65535" },
        { "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n}\n", 1,
          "TTLSKeyringParms is missing" },
        { "TTLSEnvironmentAction e\n{\nTTLSKeyringParmsRef k\n}\n"
          "TTLSKeyringParms k\n{\nKeyring R\n}\n",
          1, "HandshakeRole is missing" },
        { "TTLSEnvironmentAction e\n{\nHandshakeRole Server\n"
          "TTLSKeyringParmsRef k\n}\n",
          4, "names TTLSKeyringParms k, which is nowhere defined" },
        { "TTLSEnvironmentAction e\n{\nHandshakeRole Server\n"
          "TTLSKeyringParmsRef k 2\n}\n",
          4, "is not the name of" },
        { "TTLSKeyringParms k\n{\n}\n", 1, "Keyring is missing" },
        { "TTLSKeyringParms k\n{\nKeyring\n}\n", 3, "1 to 1023" },
        { "TTLSKeyringParms k\n{\nKeyring TOOLONGOWNER/R\n}\n", 1,
          "owner/ring" },
        { "TTLSKeyringParms k\n{\nKeyring *AUTH*/x\n}\n", 1, "*AUTH*/*" },
        { "TTLSCipherParms c\n{\nV3CipherSuites 0\n}\n", 3,
          "codes of 2 hexadecimal" },
        { "TTLSCipherParms c\n{\nV3CipherSuites 2F 35\n}\n", 3, "codes of 2" },
        { "TTLSCipherParms c\n{\nV3CipherSuites4Char 1301C02\n}\n", 3,
          "codes of 4" },
        { "TTLSCipherParms c\n{\nV3CipherSuites4Char 1301FFFF\n}\n", 3,
          "\"FFFF\" at character 5" },
        { "TTLSCipherParms c\n{\nV3CipherSuites TLS_NO_SUCH\n}\n", 3,
          "codes of 2" },
        { "TTLSCipherParms c\n{\nV3CipherSuites 2FFF\n}\n", 3,
          "\"FF\" at character 3" },
        { "TTLSCipherParms c\n{\nV3CipherSuites4Char TLS_NO_SUCH\n}\n", 3,
          "codes of 4" },
        { "TTLSCipherParms c\n{\nV2CipherSuites 5\n}\n", 3, "one digit" },
        { "TTLSSignatureParms s\n{\nSignaturePairs 0999\n}\n", 3,
          "not a signature pair" },
        { "TTLSSignatureParms s\n{\nClientECurves 0022\n}\n", 3,
          "no named group" },
        { "TTLSSignatureParms s\n{\nClientECurves\n}\n", 3, "or Any" },
        { "TTLSEnvironmentAdvancedParms a\n{\nHandshakeTimeout 601\n}\n", 3,
          "0 to 600" },
        { "TTLSEnvironmentAdvancedParms a\n{\nClientAuthType Enabled\n}\n", 3,
          "PassThru, Full, Required or SAFCheck" },
        { "TTLSEnvironmentAdvancedParms a\n{\nClientMaxSSLFragment On\n}\n", 3,
          "Off, Optional or Required" },
        { "TTLSEnvironmentAdvancedParms a\n{\nClientMaxSSLFragment Required\n"
          "}\n",
          1, "ClientMaxSSLFragmentLength" },
        { "TTLSEnvironmentAdvancedParms a\n{\n"
          "ServerHandshakeSNIList host\n}\n",
          1, "hostname/label" },
        { "TTLSConnectionAdvancedParms a\n{\nClientAuthType Full\n}\n", 3,
          "no parameter" },
        { "TTLSConnectionAction c\n{\nTTLSKeyringParmsRef k\n}\n", 3,
          "no parameter" },
        { "IpAddr a\n{\nAddr 1.2.3.256\n}\n", 3, "not an IPv4 or IPv6" },
        { "IpAddr a\n{\nAddr ::ffff:1.2.3.4\n}\n", 3, "IPv4 address in IPv6" },
        { "IpAddr a\n{\nAddr ::1.2.3.4\n}\n", 3, "IPv4 address in IPv6" },
        { "IpAddr a\n{\n}\n", 1, "has no value" },
        { "IpAddrSet a\n{\nPrefix 1.2.3.4\n}\n", 3, "address/length" },
        { "IpAddrSet a\n{\nPrefix 1.2.3.4/33\n}\n", 3, "0 to 32" },
        { "IpAddrSet a\n{\nPrefix fe80::/129\n}\n", 3, "0 to 128" },
        { "IpAddrSet a\n{\nRange 1.2.3.4-1.2.3.3\n}\n", 3, "lower address" },
        { "IpAddrSet a\n{\nRange 1.2.3.4-fe80::1\n}\n", 3, "one family" },
        { "IpAddrSet a\n{\nPrefix 1.0.0.0/8\nRange 1.1.1.1-1.1.1.2\n}\n", 1,
          "both coded" },
        { "IpAddrGroup a\n{\nIpAddrGroupRef a\n}\n", 1, "contains itself" },
        { "IpAddrGroup a\n{\nIpAddrRef x\n}\n", 3, "nowhere defined" },
        { "IpAddrGroup a\n{\n}\n", 1, "has no value" },
        { "PortRange p\n{\nPort 70000\n}\n", 3, "1 to 65535" },
        { "PortRange p\n{\nPort 5-4\n}\n", 3, "lower" },
        { "PortRange p\n{\nPort 0-4\n}\n", 3, "n-m or n m" },
        { "PortRange p\n{\nPort http\n}\n", 3, "n-m or n m" },
        { "PortGroup p\n{\nPortRangeRef q\n}\n", 3, "nowhere defined" },
        { "IpTimeCondition t\n{\nConditionTimeRange "
          "20250101000000:20240101000000\n}\n",
          3, "earlier one first" },
        { "IpTimeCondition t\n{\nConditionTimeRange 2025:2026\n}\n", 3,
          "yyyymmddhhmmss" },
        { "IpTimeCondition t\n{\nMonthOfYearMask 1111\n}\n", 3, "12 digits" },
        { "IpTimeCondition t\n{\nDayOfMonthMask 1\n}\n", 3, "31 or 62" },
        { "IpTimeCondition t\n{\nDayOfWeekMask 1111112\n}\n", 3, "7 digits" },
        { "IpTimeCondition t\n{\nTimeOfDayRange 08:00-25:00\n}\n", 3,
          "hh:mm-hh:mm" },
        { "IpTimeCondition t\n{\nTimeOfDayRange 08:00-08:00\n}\n", 3,
          "hh:mm-hh:mm" },
        { RULE("Priority 255"), 14, "expected a condition" },
        { RULE("Jobname A*B"), 16, "* only as the last" },
        { RULE("Jobname NINECHARS"), 16, "1 to 8" },
        { RULE("Userid a.b"), 16, "1 to 8" },
        { RULE("Priority 0\nJobname A"), 16, "1 to 2000000000" },
        { RULE("Priority 2000000001\nJobname A"), 16, "1 to 2000000000" },
        { RULE("LocalAddr 10.0.0.0/8-9"), 16, "length from 0 to 32" },
        { RULE("LocalAddr All\nLocalAddrRef x"), 17, "nowhere defined" },
        { ACTIONS "TTLSRule r\n{\nRemotePortRange 1\nRemotePortRangeRef p\n"
                  "Direction Both\nTTLSGroupActionRef g\n"
                  "TTLSEnvironmentActionRef e\n}\n"
                  "PortRange p\n{\nPort 2\n}\n",
          14, "both coded" },
        { ACTIONS "TTLSRule r\n{\nJobname A\nTTLSGroupActionRef g\n"
                  "TTLSEnvironmentActionRef e\n}\n",
          14, "Direction is missing" },
        { ACTIONS "TTLSRule r\n{\nJobname A\nDirection Both\n"
                  "TTLSEnvironmentActionRef e\n}\n",
          14, "TTLSGroupActionRef is missing" },
        { ACTIONS "TTLSRule r\n{\nJobname A\nDirection Both\n"
                  "TTLSGroupActionRef g\n}\n",
          14, "TTLSEnvironmentActionRef is missing" },
        { ACTIONS "TTLSRule r\n{\nJobname A\nDirection Both\n"
                  "TTLSGroupActionRef e\nTTLSEnvironmentActionRef e\n}\n",
          18, "names TTLSGroupAction e" },
        { ACTIONS "TTLSRule r\n{\nJobname A\nDirection In\n"
                  "TTLSGroupActionRef g\nTTLSEnvironmentActionRef e\n}\n",
          17, "Inbound, Outbound or Both" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;
        struct ttls_policy *p =
            build(NULL, rows[i].text, TTLS_COLLATE_ASCII, &seen);

        if (p != NULL || seen.line != rows[i].line ||
            strstr(seen.error, rows[i].says) == NULL)
            fail_msg("row %zu: line %u \"%s\", expected line %u \"%s\"", i,
                     seen.line, seen.error, rows[i].line, rows[i].says);
    }
}

static void
warns(void **state)
{
    static const struct {
        const char *text;
        const char *says; /* "" no warning at all */
    } rows[] = {
        { RULE("Jobname A"), "" },
        { RULE("Jobname A # a comment\n# another\n\t \n"), "" },
        { RULE("RemoteAddr 6793"), "means 0.0.26.137" },
        { RULE("Jobname A\nJobname B"), "coded again" },
        { RULE("Jobname A") "TTLSKeyringParms k\n{\nKeyring B\n}\n",
          "the one at policy:10 is replaced" },
        { RULE("Jobname A") "TTLSCipherParms c\n{\nV3CipherSuites 0A2F\n}\n",
          "TLS_RSA_WITH_3DES_EDE_CBC_SHA (000A) is never offered" },
        { RULE("Jobname A") "TTLSCipherParms c\n{\nV2CipherSuites 136\n}\n",
          "never used" },
        { RULE("Jobname A") "TTLSGskAdvancedParms c\n{\nGSK_V2_SESSION_TIMEOUT "
                            "1\n}\n",
          "never used" },
        { RULE("Jobname A") "TTLSEnvironmentAdvancedParms a\n{\nSSLv2 On\n}\n",
          "never used" },
        { RULE("Jobname A") "TTLSKeyringParms x\n{\nKeyring /etc/x.kdb\n}\n",
          "needs KeyringPw" },
        { RULE("Jobname A\nTTLSConnectionActionRef c") "TTLSConnectionAction "
                                                       "c\n{"
                                                       "\nTTLSConnectionAdvance"
                                                       "dParms\n{\n"
                                                       "TLSv1 Off\nTLSv1.1 "
                                                       "Off\n}\n}\n",
          "no protocol is On" },
        { RULE("Jobname A\nTTLSConnectionActionRef c") "TTLSConnectionAction "
                                                       "c\n{"
                                                       "\nTTLSCipherParms\n{\n"
                                                       "V3CipherSuites "
                                                       "0A\n}\n}\n",
          "never offered" },
        { RULE("Jobname A\nTTLSConnectionActionRef c") "TTLSConnectionAction "
                                                       "c\n{"
                                                       "\nTTLSCipherParms\n{\n"
                                                       "V3CipherSuites4Char "
                                                       "1301\n}\n}\n",
          "has no cipher suite" },
        { RULE("Jobname A") "TTLSCipherParms c\n{\nV3CipherSuites 2F\n"
                            "V3CipherSuites4Char 1301\n}\n",
          "V3CipherSuites is passed over" },
        /* Defaults, as an assistant writes them, are nothing to warn of. */
        { RULE("Jobname A") "TTLSEnvironmentAdvancedParms c\n{\n"
                            "3DesKeyCheck Off\nTruncatedHMAC Off\n}\n",
          "" },
        { RULE("Jobname A") "TTLSEnvironmentAdvancedParms c\n{\n"
                            "3DesKeyCheck On\n}\n",
          "3DesKeyCheck On has no effect here: no suite with triple DES" },
        { RULE("Jobname A") "TTLSConnectionAdvancedParms c\n{\n"
                            "TruncatedHMAC Optional\n}\n",
          "TruncatedHMAC Optional has no effect here" },
        { RULE("Jobname A") "TTLSGskAdvancedParms c\n{\n"
                            "GSK_SYSPLEX_SIDCACHE On\n}\n",
          "engines of one stack" },
        { RULE("Jobname A") "TTLSGskOcspParms c\n{\n"
                            "OcspClientCacheSize 256\n}\n",
          "" },
        { RULE("Jobname A") "TTLSGskOcspParms c\n{\n"
                            "OcspClientCacheSize 300\n}\n",
          "OcspClientCacheSize 300 has no effect here: one cache" },
        { RULE("Jobname A") "TTLSGskHttpCdpParms c\n{\n"
                            "HttpCdpCacheSize 0\n}\n",
          "" },
        { RULE("Jobname A") "TTLSGskLdapParms c\n{\nCRLCacheTempCRL On\n}\n",
          "CRLCacheTempCRL On has no effect here" },
        { RULE("Jobname A") "TTLSGroupAdvancedParms c\n{\n"
                            "SyslogFacility Auth\n}\n",
          "has no facilities" },
        { RULE("Jobname A") "TTLSConnectionAdvancedParms c\n{\n"
                            "SecondaryMap On\n}\n",
          "" },
        { RULE("Jobname A") "TTLSGskOcspParms c\n{\n"
                            "OcspServerStapling Any\n}\n",
          "server's own certificate alone" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;
        struct ttls_policy *p =
            build(NULL, rows[i].text, TTLS_COLLATE_ASCII, &seen);

        if (p == NULL || strstr(seen.warning, rows[i].says) == NULL ||
            (rows[i].says[0] == '\0' && seen.n_warnings > 0))
            fail_msg("row %zu: \"%s\" \"%s\", expected \"%s\"", i, seen.error,
                     seen.warning, rows[i].says);
        ttls_policy_unref(&p);
    }
}

/* All errors are reported, not the first one. */
static void
reports_all(void **state)
{
    struct seen seen;

    (void)state;
    assert_null(build(NULL,
                      "TTLSGroupAction g\n{\nTTLSEnabled Onn\nTrace 999\n"
                      "Nothing\n{\nx 1\n}\n}\nBad\n{\n{\n}\n}\n"
                      "PortRange p\n{\nPort x\n}\n",
                      TTLS_COLLATE_ASCII, &seen));
    assert_int_equal(seen.n_errors, 5);
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

/* Groups of groups double at each level: refused, not computed. */
static void
bombs(void **state)
{
    struct seen seen;
    char text[4096] = "IpAddr a0\n{\nAddr 1.2.3.4\n}\n";

    (void)state;
    for (unsigned i = 1; i < 9; i++) {
        char line[64];

        (void)snprintf(line, sizeof line, "IpAddrGroup a%u\n{\n", i);
        strcat(text, line);
        for (unsigned k = 0; k < 8; k++) {
            (void)snprintf(line, sizeof line, "IpAddr%sRef a%u\n",
                           i == 1 ? "" : "Group", i - 1);
            strcat(text, line);
        }
        strcat(text, "}\n");
    }
    assert_null(build(NULL, text, TTLS_COLLATE_ASCII, &seen));
    assert_non_null(strstr(seen.error, "65536"));
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
    assert_int_equal(rules[0]->created_s, 1000);
    assert_int_equal(rules[0]->updated_s, 2000);
    ttls_policy_adopt(c, b, 3000, &next);
    assert_int_equal(id_of(c, "e"), id_of(b, "e"));
    assert_int_equal(ttls_policy_rules(c, &rules), 1);
    assert_int_equal(rules[0]->updated_s, 2000);
    ttls_policy_unref(&a);
    ttls_policy_unref(&b);
    ttls_policy_unref(&c);
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
        cmocka_unit_test(envfile),        cmocka_unit_test(exercise),
        cmocka_unit_test(refuses),        cmocka_unit_test(warns),
        cmocka_unit_test(reports_all),    cmocka_unit_test(forms),
        cmocka_unit_test(later_replaces), cmocka_unit_test(sorts),
        cmocka_unit_test(bombs),          cmocka_unit_test(travels),
        cmocka_unit_test(adopts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
