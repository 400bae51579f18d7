/* Policies as somebody wrote them become objects: what these are made into
 * means the same, rule by rule; what they cannot say is told, and refused. */
#include "base/test.h"

#include "assist/generate.h"
#include "assist/import.h"
#include "base/file.h"
#include "ttls/differs.h"

struct told {
    size_t n_errors, n_warnings;
    char all[8192]; /* "file:line: text\n" */
};

static void
on_policy(void *arg, const struct ttls_diag *d)
{
    struct told *t = arg;
    size_t n = strlen(t->all);

    t->n_errors += d->is_error;
    t->n_warnings += !d->is_error;
    (void)snprintf(t->all + n, sizeof t->all - n, STR_FMT ":%u: %s\n",
                   STR_ARG(d->file), d->line, d->text);
}

static enum err
import(const char *text, bool is_lossy, struct told *told, struct buf *json,
       struct err_info *why)
{
    struct str copy = exact_copy(text);
    struct import_file file = { STR("policy"), copy };
    struct import_options options = { .image = STR("WG31"),
                                      .stack = STR("TCPIP1"),
                                      .is_lossy = is_lossy,
                                      .on_diag = on_policy,
                                      .arg = told };
    enum err e;

    memset(told, 0, sizeof *told);
    buf_init(json, STORE_FILE_MAX);
    e = import_policy(&file, 1, &options, json, why);
    exact_free(copy);
    assert_int_equal(e == ERR_OK, json->n > 0);
    return e;
}

static struct ttls_policy *
build(const char *text)
{
    struct ttls_build_options options = { 0 };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *p = NULL;
    struct err_info why = { 0 };

    assert_non_null(b);
    ttls_build_file(b, STR("policy"), str_of(text));
    if (ttls_build_finish(&b, &p, &why) != ERR_OK)
        fail_msg("%s in\n%s", why.text, text);
    return p;
}

static void
on_store(void *arg, bool is_error, struct str path, const char *text)
{
    (void)arg;
    if (is_error)
        fail_msg(STR_FMT ": %s", STR_ARG(path), text);
}

static void
generate(struct buf *json, struct buf *out)
{
    struct store *s = NULL;
    struct err_info why = { 0 };

    buf_init(out, GENERATE_FILE_MAX);
    assert_int_equal(store_parse(buf_view(json), on_store, NULL, &s, &why),
                     ERR_OK);
    assert_int_equal(generate_policy(s, &s->systems[0].images[0],
                                     &s->systems[0].images[0].stacks[0],
                                     STR(""), STR(""), out, &why),
                     ERR_OK);
    store_free(&s);
}

/* The same rules in the same order, whatever their names. */
static void
means(const char *before, const char *after)
{
    struct ttls_policy *a = build(before), *b = build(after);
    const struct ttls_rule *const *x, *const *y;
    size_t n = ttls_policy_rules(a, &x);

    assert_int_equal(ttls_policy_rules(b, &y), n);
    for (size_t i = 0; i < n; i++) {
        const char *name = ttls_rule_differs(x[i], y[i]);

        if (name != NULL)
            fail_msg("%s of\n%s\nin\n%s", name, before, after);
    }
    ttls_policy_unref(&a);
    ttls_policy_unref(&b);
}

#define GROUP "TTLSGroupAction g\n{\nTTLSEnabled On\n}\n"
#define RING "TTLSKeyringParms\n{\nKeyring Ring.A\n}\n"
#define ENV "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n" RING "}\n"
#define RULE_OF(name, text)                                                    \
    "TTLSRule " name "\n{\n" text                                              \
    "Direction Outbound\nTTLSGroupActionRef g\nTTLSEnvironmentActionRef e\n"
#define RULE(text) RULE_OF("r", "Jobname J\n") text "}\n"
#define WITH_ENV(text)                                                         \
    RULE("")                                                                   \
    GROUP "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n" RING text "}\n"
#define WITH_CONN(text)                                                        \
    RULE("TTLSConnectionActionRef c\n")                                        \
    GROUP ENV "TTLSConnectionAction c\n{\n" text "}\n"
#define GSK(text) WITH_ENV("TTLSGskAdvancedParms\n{\n" text "}\n")

static void
imports(void **state)
{
    static const struct {
        const char *policy;
        const char *has[3]; /* in the store, without blanks and line ends */
    } rows[] = {
        /* names: of the rule, of its parts */
        { RULE("") GROUP ENV,
          { "\"rules\":[{\"name\":\"r\",\"local\":\"All_IP_Addresses\","
            "\"remote\":\"All_IP_Addresses\",\"requirementMap\":\"rMap\"}]",
            "\"trafficDescriptors\":[{\"name\":\"r\",\"types\":[{"
            "\"localPort\":\"all\",\"remotePort\":\"all\","
            "\"direction\":\"Outbound\",\"jobname\":\"J\","
            "\"handshakeRole\":\"Client\"}]}]",
            "\"keyring\":\"Ring.A\",\"stacks\"" } },
        { RULE_OF("a~7#", "Userid U*\n") "}\n" GROUP ENV,
          { "\"name\":\"a-7-\"", "\"userid\":\"U*\"" } },
        /* two rules of one traffic: one descriptor, two rules */
        { RULE_OF("a", "Jobname J\nRemoteAddr 10.0.0.1\n") "}\n" RULE_OF(
              "b", "Jobname j\nRemoteAddr 10.0.0.0/8\n") "}\n" GROUP ENV,
          { "\"types\":[{\"localPort\":\"all\",\"remotePort\":\"all\","
            "\"direction\":\"Outbound\",\"jobname\":\"J\","
            "\"handshakeRole\":\"Client\"}]},{\"name\":\"b\"",
            "\"remote\":\"10.0.0.1\"", "\"remote\":\"10.0.0.0/8\"" } },
        /* priorities become the order */
        { RULE_OF("a", "Jobname J\n") "}\n" RULE_OF(
              "b", "Jobname K\nPriority 9\n") "}\n" GROUP ENV,
          { "\"rules\":[{\"name\":\"b\"" } },
        /* addresses and ports: named ones keep the name */
        { RULE_OF("r",
                  "LocalAddrRef one\nRemoteAddrGroupRef some\n"
                  "LocalPortRange 5 6\nRemotePortGroupRef p\n") "}\n"
                                                                "IpAddr "
                                                                "one\n{\nAddr "
                                                                "10.0.0.1\n}\n"
                                                                "IpAddrSet "
                                                                "net\n{\nRange "
                                                                "10.2.0.1-10.2."
                                                                "0.9\n}\n"
                                                                "IpAddrGroup "
                                                                "some\n{"
                                                                "\nIpAddrRef "
                                                                "one\nIpAddrSet"
                                                                "Ref net\n"
                                                                "IpAddrSet\n{"
                                                                "\nPrefix "
                                                                "fe80::/"
                                                                "10\n}\n}\n"
                                                                "PortRange "
                                                                "q\n{\nPort "
                                                                "1024-65535\n}"
                                                                "\n"
                                                                "PortGroup "
                                                                "p\n{"
                                                                "\nPortRangeRef"
                                                                " q\nPortRange"
                                                                "\n{\nPort "
                                                                "7\n}\n}"
                                                                "\n" GROUP ENV,
          { "\"addressGroups\":[{\"name\":\"one\",\"addresses\":["
            "\"10.0.0.1\"]},{\"name\":\"some\",\"addresses\":[\"10.0.0.1\","
            "\"10.2.0.1-10.2.0.9\",\"fe80::/10\"]}]",
            "\"localPort\":\"56\",\"remotePort\":[\"ephemeral\",7]" } },
        { RULE_OF(
              "r",
              "LocalAddr 0.0.0.0/0\nRemoteAddrSetRef addr7\n") "}\n"
                                                               "IpAddrSet "
                                                               "addr7\n{"
                                                               "\nPrefix "
                                                               "::/"
                                                               "0\n}"
                                                               "\n" GROUP ENV,
          { "\"local\":\"All_IPv4_Addresses\","
            "\"remote\":\"All_IPv6_Addresses\"" } },
        { RULE_OF(
              "r",
              "LocalAddr 0.0.0.0/0\nRemoteAddrSetRef addr7\n") "}\n"
                                                               "IpAddrSet "
                                                               "addr7\n{"
                                                               "\nPrefix "
                                                               "10.0.0.0/"
                                                               "8\n}"
                                                               "\n" GROUP ENV,
          { "\"addressGroups\":[]", "\"remote\":\"10.0.0.0/8\"" } },
        { RULE_OF("r",
                  "RemoteAddrSetRef All_IPv4_Addresses\n") "}\n"
                                                           "IpAddrSet "
                                                           "All_IPv4_"
                                                           "Addresses\n{"
                                                           "\nPrefix "
                                                           "10.0.0.0/"
                                                           "8\n}\n" GROUP ENV,
          { "\"remote\":\"All_IPv4_Addresses-2\"" } },
        /* time */
        { RULE("IpTimeCondition\n{\n"
               "ConditionTimeRange 20200101000000:20300101000000\n"
               "MonthOfYearMask 111111111110\nDayOfMonthMask "
               "0111111111111111111111111111111\n"
               "DayOfWeekMask 0111110\nTimeOfDayRange 08:00-12:00\n"
               "TimeOfDayRange 13:00-17:00\nTimeZone UTC\n}\n") GROUP ENV,
          { "\"daysOfWeek\":\"0111110\","
            "\"timeOfDay\":\"08:00-12:00,13:00-17:00\","
            "\"timeZone\":\"UTC\"" } },
        /* group */
        { RULE("") "TTLSGroupAction g\n{\nTTLSEnabled On\nTrace 6\n"
                   "FIPS140 On\nGroupUserInstance 3\nCtraceClearText On\n"
                   "TTLSGroupAdvancedParms\n{\nSyslogFacility Auth\n"
                   "SecondaryMap On\nEnvfile /etc/e\n}\n}\n" ENV,
          { "\"trace\":[\"Error\",\"Info\"]", "\"syslogFacility\":\"Auth\"",
            "\"fips\":\"On\",\"advanced\":{\"GroupUserInstance\":3,"
            "\"CtraceClearText\":\"On\",\"Envfile\":\"/etc/e\"}" } },
        { RULE_OF("a",
                  "Jobname A\n") "}\nTTLSRule b\n{\nJobname B\n"
                                 "Direction Inbound\nTTLSGroupActionRef "
                                 "off\n}\n"
                                 "TTLSGroupAction off\n{\nTTLSEnabled "
                                 "Off\nTrace 0\nFIPS140 Off\n"
                                 "TTLSGroupAdvancedParms\n{\nSyslogFacility "
                                 "Daemon\n}\n}\n" GROUP ENV,
          { "\"securityLevel\":\"Permit\"",
            "\"name\":\"b\",\"local\":\"All_IP_Addresses\","
            "\"remote\":\"All_IP_Addresses\",\"requirementMap\":\"bMap\","
            "\"trace\":[],\"syslogFacility\":\"Daemon\"",
            "\"jobname\":\"B\",\"handshakeRole\":\"Server\"" } },
        /* environment and connection: the latter decides */
        { RULE("TTLSConnectionActionRef c\n") GROUP
          "TTLSEnvironmentAction e\n{\nHandshakeRole Client\nTrace 1\n"
          "EnvironmentUserInstance 7\nCtraceClearText On\n" RING
          "TTLSEnvironmentAdvancedParms\n{\nTLSv1.3 On\nSSLv3 On\n"
          "HandshakeTimeout 5\nServerCertificateLabel a\n"
          "ServerCertificateLabel b\nClientHandshakeSNI Required\n"
          "ClientHandshakeSNIList h\nHostReferenceIdDNS x\n"
          "HostReferenceIdCN y\nPeerMinRsaKeySize 2048\n}\n}\n"
          "TTLSConnectionAction c\n{\nHandshakeRole Server\nTrace 3\n"
          "CtraceClearText Off\nConnectionUserInstance 4\n"
          "TTLSConnectionAdvancedParms\n{\nSSLv3 Off\nTLSv1 Off\n"
          "TLSv1.1 Off\nTLSv1.2 On\nHandshakeTimeout 6\n"
          "ServerCertificateLabel c\nCertificateLabel My own\n"
          "ApplicationControlled On\nResetCipherTimer 9\n"
          "SecondaryMap On\n}\n}\n",
          { "\"handshakeRole\":\"Server\",\"certificateLabel\":\"Myown\","
            "\"applicationControlled\":\"On\",\"handshakeTimeout\":6,"
            "\"secondaryMap\":\"On\",\"hostNames\":[\"x\"]",
            "\"protocols\":[\"TLSv1.2\",\"TLSv1.3\"],\"resetCipherTimer\":"
            "9,"
            "\"advanced\":{\"EnvironmentUserInstance\":7,"
            "\"ClientHandshakeSNI\":\"Required\","
            "\"ClientHandshakeSNIList\":\"h\",\"HostReferenceIdCN\":\"y\","
            "\"PeerMinRsaKeySize\":2048,\"ConnectionUserInstance\":4,"
            "\"ServerCertificateLabel\":\"c\"}",
            "\"trace\":[\"JobLog\",\"Error\"]" } },
        /* who the partner is */
        { RULE("") GROUP
          "TTLSEnvironmentAction e\n{\nHandshakeRole "
          "ServerWithClientAuth\n" RING
          "TTLSEnvironmentAdvancedParms\n{\nClientAuthType SAFCheck\n"
          "}\n}\n",
          { "\"clientAuthType\":\"SAFCheck\"" } },
        { WITH_ENV("TTLSEnvironmentAdvancedParms\n{\nClientAuthType Full\n"
                   "}\n"),
          { "\"protocols\":[\"TLSv1\",\"TLSv1.1\"]}]" } },
        /* ciphers: two digits become four, the connection's decide */
        { WITH_ENV("TTLSCipherParms\n{\nV3CipherSuites 352F\nV3CipherSuites "
                   "TLS_RSA_WITH_AES_128_CBC_SHA256\n}\n"),
          { "\"ciphers\":[\"0035\",\"002F\",\"003C\"]" } },
        { RULE("TTLSConnectionActionRef c\n") GROUP
          "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n" RING
          "TTLSCipherParms\n{\nV3CipherSuites4Char 0035\n}\n}\n"
          "TTLSConnectionAction c\n{\nTTLSCipherParms\n{\n"
          "V2CipherSuites 1\nV3CipherSuites4Char C02FC030\n"
          "V3CipherSuites4Char 009C\n}\n}\n",
          { "\"ciphers\":[\"C02FC030\",\"009C\"]" } },
        /* signatures: each list decides for itself */
        { RULE("TTLSConnectionActionRef c\n") GROUP
          "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n" RING
          "TTLSSignatureParms\n{\nSignaturePairs 0601\nSignaturePairs "
          "0401\n"
          "ClientECurves 0023\n}\n}\n"
          "TTLSConnectionAction c\n{\nTTLSSignatureParms\n{\n"
          "ClientECurves Any\nServerKeyShareGroups 0029\n}\n}\n",
          { "\"advanced\":{\"SignaturePairs\":[\"0601\",\"0401\"],"
            "\"ClientECurves\":\"Any\",\"ServerKeyShareGroups\":"
            "\"0029\"}" } },
        { WITH_ENV("SuiteBProfile 128\n"),
          { "\"advanced\":{\"SuiteBProfile\":128}" } },
        /* revocation, tickets, caches */
        { GSK("GSK_V3_SESSION_TIMEOUT 60\nGSK_V3_SIDCACHE_SIZE 5\n"
              "GSK_SESSION_TICKET_SERVER_TIMEOUT 70\n"
              "GSK_SYSPLEX_SIDCACHE On\nCrlSigAlgPairs 0601\n"
              "TTLSGskLdapParms\n{\nGSK_LDAP_SERVER a\nGSK_LDAP_SERVER b\n"
              "GSK_LDAP_SERVER_PORT 390\n}\n"
              "TTLSGskHttpCdpParms\n{\nHttpCdpEnable On\n}\n"
              "TTLSGskOcspParms\n{\nOcspUrl http://o/\nOcspNonceSize 16\n"
              "OcspResponseSigAlgPairs 0401\n}\n"),
          { "\"sessionTimeout\":60,\"sessionCacheSize\":5,"
            "\"ticketTimeout\":70,\"advanced\":{"
            "\"GSK_SYSPLEX_SIDCACHE\":\"On\",\"CrlSigAlgPairs\":\"0601\","
            "\"GSK_LDAP_SERVER\":[\"a\",\"b\"],\"GSK_LDAP_SERVER_PORT\":"
            "390,"
            "\"HttpCdpEnable\":\"On\",\"OcspUrl\":\"http://o/\","
            "\"OcspNonceSize\":16,\"OcspResponseSigAlgPairs\":"
            "\"0401\"}" } },
        /* rings: the image's, and own ones */
        { RULE_OF("a",
                  "Jobname A\n") "}\nTTLSRule b\n{\nJobname B\n"
                                 "Direction Outbound\nTTLSGroupActionRef g\n"
                                 "TTLSEnvironmentActionRef f\n}\n" GROUP ENV
                                 "TTLSEnvironmentAction f\n{\nHandshakeRole "
                                 "Client\n"
                                 "TTLSKeyringParms\n{\nKeyring /etc/k.p12\n"
                                 "KeyringStashFile /etc/k.sth\n}\n}\n",
          { "\"keyring\":\"Ring.A\",\"stacks\"",
            "\"keyring\":\"/etc/k.p12\",\"stashFile\":\"/etc/k.sth\"" } },
        /* names that look generated and are not one rule's */
        { RULE_OF("a~1", "Jobname A\n") "}\n" RULE_OF(
              "a~2",
              "Jobname B\nRemoteAddr 10.0.0.1\n") "}\n" RULE_OF("a-2",
                                                                "Jobname "
                                                                "C\n") "}"
                                                                       "\n" GROUP
                                                                           ENV,
          { "{\"name\":\"a-2\"", "{\"name\":\"a\",", "{\"name\":\"a-2-2\"" } },
        { "TTLSRule r\n{\nJobname A\nDirection Outbound\n"
          "TTLSGroupActionRef gAct1~T\nTTLSEnvironmentActionRef "
          "eAct1~U\n}\n"
          "TTLSGroupAction gAct1~T\n{\nTTLSEnabled On\n}\n"
          "TTLSEnvironmentAction eAct1~U\n{\nHandshakeRole Client\n" RING "}\n",
          { "\"trafficDescriptors\":[{\"name\":\"r\"" } },
        /* one name, and types that are never the same two */
        { "TTLSRule r~1\n{\nJobname A\nDirection Outbound\n"
          "TTLSGroupActionRef gAct1~T\nTTLSEnvironmentActionRef "
          "eAct1~T\n}\n"
          "TTLSRule s~1\n{\nJobname B\nDirection Outbound\n"
          "TTLSGroupActionRef gAct1~T\nTTLSEnvironmentActionRef "
          "eAct1~T\n}\n"
          "TTLSGroupAction gAct1~T\n{\nTTLSEnabled On\n}\n"
          "TTLSEnvironmentAction eAct1~T\n{\nHandshakeRole Client\n" RING "}\n",
          { "{\"name\":\"T\"", "{\"name\":\"T-2\"" } },
        { "", { "\"trafficDescriptors\":[]", "\"rules\":[]" } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct told told;
        struct err_info why = { 0 };
        struct buf json, policy;
        char *tight, *to;

        if (import(rows[i].policy, false, &told, &json, &why) != ERR_OK)
            fail_msg("row %zu: %s\n%s", i, why.text, told.all);
        generate(&json, &policy);
        means(rows[i].policy, buf_z(&policy));
        tight = to = test_malloc(json.n + 1);
        for (const char *p = buf_z(&json); *p != '\0'; p++)
            if (*p != ' ' && *p != '\n')
                *to++ = *p;
        *to = '\0';
        for (size_t k = 0; k < 3 && rows[i].has[k] != NULL; k++)
            if (strstr(tight, rows[i].has[k]) == NULL)
                fail_msg("row %zu: no %s in\n%s", i, rows[i].has[k], tight);
        test_free(tight);
        buf_fini(&json);
        buf_fini(&policy);
    }
}

/* Each is told where it is; nothing comes of it, unless losses are allowed. */
static void
refuses(void **state)
{
    static const struct {
        const char *policy;
        enum err want;
        bool is_lossy_too; /* not even then */
        const char *says;
    } rows[] = {
        { "TTLSRule r\n{\nJobname J\n}\n", ERR_SYNTAX, true,
          "policy:1: TTLSRule r: Direction is missing" },
        { RULE("") GROUP ENV "TTLSGroupAction g\n{\nTTLSEnabled Maybe\n}\n",
          ERR_SYNTAX, true, "TTLSEnabled: found \"Maybe\"" },
        { RULE("") GROUP, ERR_SYNTAX, true, "TTLSEnvironmentAction" },
        /* secrets */
        { RULE("") GROUP
          "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
          "TTLSKeyringParms\n{\nKeyring /etc/a.p12\nKeyringPw secret\n}\n}\n",
          ERR_UNSUPPORTED, true,
          "policy:18: KeyringPw: a store keeps no passwords; a "
          "KeyringStashFile takes its place" },
        { GSK("TTLSGskLdapParms\n{\nGSK_LDAP_SERVER a\n"
              "GSK_LDAP_USER_PW secret\n}\n"),
          ERR_UNSUPPORTED, false,
          "policy:24: GSK_LDAP_USER_PW: a store keeps no passwords" },
        /* labels that say: none */
        { WITH_CONN("TTLSConnectionAdvancedParms\n{\nCertificateLabel\n}\n"),
          ERR_UNSUPPORTED, false,
          "policy:25: CertificateLabel without a value" },
        { WITH_CONN("TTLSConnectionAdvancedParms\n{\nCertificateLabel "
                    "\xc3\xa4\n}\n"),
          ERR_UNSUPPORTED, false, "policy:25: CertificateLabel: found a val" },
        { WITH_CONN("TTLSConnectionAdvancedParms\n{\nCertificateLabel "
                    "a{b\n}\n"),
          ERR_UNSUPPORTED, false, "holds a brace" },
        /* traces of the future */
        { WITH_CONN("Trace 193\n"), ERR_UNSUPPORTED, false,
          "policy:23: Trace 193: of its bits 192 are no box" },
        /* rings as no image has them */
        { RULE("") GROUP "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
                         "TTLSKeyringParms\n{\nKeyring /etc/a.p12\n}\n}\n",
          ERR_UNSUPPORTED, true,
          "policy:15: Keyring: a key database without KeyringStashFile" },
        { RULE("") GROUP
          "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"
          "TTLSKeyringParms\n{\nKeyring a.p12\nKeyringStashFile s\n}\n}\n",
          ERR_UNSUPPORTED, true, "that is no path" },
        { WITH_ENV("TTLSEnvironmentAdvancedParms\n{\nTLSv1 Off\nTLSv1.1 Off\n"
                   "}\n"),
          ERR_UNSUPPORTED, true, "policy:1: TTLSRule r: no protocol is On" },
        /* what a rule without TLS has, and would have again */
        { RULE("") "TTLSGroupAction g\n{\nTTLSEnabled Off\n}\n" ENV,
          ERR_UNSUPPORTED, false,
          "policy:1: TTLSRule r: environment and connection actions of a" },
        { "TTLSRule r\n{\nJobname J\nDirection Both\nTTLSGroupActionRef g\n"
          "}\nTTLSGroupAction g\n{\nTTLSEnabled Off\nFIPS140 On\n}\n",
          ERR_UNSUPPORTED, false,
          "policy:10: FIPS140 of a group that says TTLSEnabled Off" },
        { "TTLSRule r\n{\nJobname J\nDirection Both\nTTLSGroupActionRef g\n"
          "}\nTTLSGroupAction g\n{\nTTLSEnabled Off\n"
          "TTLSGroupAdvancedParms\n{\nSecondaryMap On\nEnvfile e\n}\n}\n",
          ERR_UNSUPPORTED, false,
          "policy:13: Envfile of a group that says TTLSEnabled Off" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct told told;
        struct err_info why = { 0 };
        struct buf json, policy;

        assert_int_equal(import(rows[i].policy, false, &told, &json, &why),
                         rows[i].want);
        if (told.n_errors == 0 || strstr(told.all, rows[i].says) == NULL ||
            strstr(told.all, "secret") != NULL)
            fail_msg("row %zu: no %s in\n%s", i, rows[i].says, told.all);
        buf_fini(&json);
        if (import(rows[i].policy, true, &told, &json, &why) == ERR_OK) {
            assert_false(rows[i].is_lossy_too);
            if (strstr(told.all, rows[i].says) == NULL)
                fail_msg("row %zu: %s", i, told.all);
            assert_int_equal(told.n_errors, 0);
            generate(&json, &policy);
            buf_fini(&policy);
        } else if (!rows[i].is_lossy_too) {
            fail_msg("row %zu: %s\n%s", i, why.text, told.all);
        }
        buf_fini(&json);
    }
}

/* None is the last, and one that two rules share is told once. */
static void
tells_all(void **state)
{
    static const char policy[] = RULE_OF("a", "Jobname A\n") "}\n" RULE_OF(
        "b",
        "Jobname B\n") "}\n"
                       "TTLSGroupAction g\n{\nTTLSEnabled On\nTrace 128\n}\n"
                       "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n" RING
                       "TTLSEnvironmentAdvancedParms\n{\nCertificateLabel\n}\n}"
                       "\n";
    struct told told;
    struct err_info why = { 0 };
    struct buf json;

    (void)state;
    assert_int_equal(import(policy, false, &told, &json, &why),
                     ERR_UNSUPPORTED);
    assert_int_equal(told.n_errors, 2);
    assert_non_null(strstr(why.text, "has 2 parameters that no object"));
    buf_fini(&json);
    assert_int_equal(
        import("X\n{\n}\nTTLSRule\nFoo y\n", false, &told, &json, &why),
        ERR_SYNTAX);
    assert_int_equal(told.n_errors, 4);
    buf_fini(&json);
}

static void
header(void **state)
{
    static const struct {
        const char *head;
        const char *has, *also;
    } rows[] = {
        { "##\n## AT-TLS Policy Agent Configuration file for:\n"
          "##    Image: WG31\n##    Stack: TCPIP1\n##\n"
          "## Created by the IBM Configuration Assistant for z/OS "
          "Communications Server\n## Version 2 Release 4\n"
          "## Backing Store = USER1\n## Install History:\n"
          "## 2020-06-12 14:18:57 : Save To Disk\n"
          "## 2020-06-12 14:12:36 : Save To Disk\n##\n"
          "## TLS default rules: Default_TN3270-Server|\n"
          "## End TLS default rules\n##\n"
          "## End of Network Configuration Assistant information\n",
          "\"name\": \"WG31\",\n          \"release\": \"V2R4\"",
          "\"2020-06-12 14:18:57 : Save To Disk\",\n"
          "                \"2020-06-12 14:12:36 : Save To Disk\"\n" },
        { "## Image: SYS1\n## Stack: TCP\n"
          "## Created by the Sallyport configuration assistant\n"
          "## Version 1.2.3\n## Backing Store = My_store-1\n"
          "## 2020-06-12 14:18:57 : FTP\n",
          "\"name\": \"My_store-1\"", "\"release\": \"V2R3\"" },
        { "## Image: SYS1\n## Stack: TCP\n## Backing Store = a\"b\n",
          "\"name\": \"Imported\"", "\"name\": \"TCP\"" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[4096];
        struct import_file file = { .name = STR("policy") };
        struct import_options options = { 0 };
        struct err_info why = { 0 };
        struct buf json;

        (void)snprintf(text, sizeof text, "%s%s", rows[i].head,
                       RULE("") GROUP ENV);
        file.text = exact_copy(text);
        buf_init(&json, STORE_FILE_MAX);
        if (import_policy(&file, 1, &options, &json, &why) != ERR_OK)
            fail_msg("row %zu: %s", i, why.text);
        if (strstr(buf_z(&json), rows[i].has) == NULL ||
            strstr(buf_z(&json), rows[i].also) == NULL)
            fail_msg("row %zu: %s", i, buf_z(&json));
        buf_fini(&json);
        exact_free(file.text);
    }
}

/* Without a name for image and stack there is no place for it. */
static void
nameless(void **state)
{
    static const char *const heads[] = {
        "",
        "## Image: WG31\n",
        "## Image: wg31\n## Stack: TCPIP1\n",
        "## Image: WG31\n## Stack: ../../x\n",
        "## Image: WG31\n## Stack: TCPIP1234\n",
        "# Image: WG31\n# Stack: TCPIP1\n"
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        struct import_file file = { STR("policy"), str_of(heads[i]) };
        struct import_options options = { 0 };
        struct err_info why = { 0 };
        struct buf json;

        buf_init(&json, STORE_FILE_MAX);
        assert_int_equal(import_policy(&file, 1, &options, &json, &why),
                         ERR_SYNTAX);
        assert_non_null(strstr(why.text, "--stack IMAGE.STACK"));
        assert_int_equal(json.n, 0);
        buf_fini(&json);
    }
}

/* Statements of one policy in two files; comments are counted. */
static void
two_files(void **state)
{
    struct import_file files[] = {
        { STR("common"), STR(GROUP "# for all\n" ENV) },
        { STR("policy"), STR("## Image: A\n## Stack: B\n" RULE("")) },
    };
    struct told told = { 0 };
    struct import_options options = { .on_diag = on_policy, .arg = &told };
    struct err_info why = { 0 };
    struct buf json;

    (void)state;
    buf_init(&json, STORE_FILE_MAX);
    assert_int_equal(import_policy(files, 2, &options, &json, &why), ERR_OK);
    assert_string_equal(told.all, "common:6: comments above 1 statements are "
                                  "not kept\n");
    buf_fini(&json);
}

/* The exercise's policy, from the statements on the same to the byte. */
static void
samples(void **state)
{
    struct told told;
    struct err_info why = { 0 };
    struct buf text, json, policy;
    const char *got, *want;

    (void)state;
    buf_init(&text, STORE_FILE_MAX);
    assert_int_equal(file_read(SALLYPORT_SAMPLES "/policy/tlsPol", &text, &why),
                     ERR_OK);
    assert_int_equal(import(buf_z(&text), false, &told, &json, &why), ERR_OK);
    assert_int_equal(told.n_errors + told.n_warnings, 0);
    generate(&json, &policy);
    means(buf_z(&text), buf_z(&policy));
    got = strstr(buf_z(&policy), "\nTTLSRule ");
    want = strstr(buf_z(&text), "\nTTLSRule ");
    assert_non_null(got);
    assert_string_equal(got, want);
    buf_fini(&text);
    buf_fini(&json);
    buf_fini(&policy);
}

/* More addresses or ports than a group may have; a group of as many is shared
 * by all rules that name it. */
static void
groups(void **state)
{
    size_t cap = 4u << 20;
    char *text = test_malloc(cap);

    (void)state;
    for (size_t all = STORE_ITEMS_MAX; all <= STORE_ITEMS_MAX + 1; all++) {
        struct told told;
        struct err_info why = { 0 };
        struct buf json;
        size_t n = (size_t)snprintf(text, cap, "%s%sIpAddrGroup many\n{\n",
                                    GROUP, ENV);

        for (size_t i = 0; i < all; i++)
            n += (size_t)snprintf(text + n, cap - n,
                                  "IpAddr\n{\nAddr 10.0.%zu.%zu\n}\n", i / 256,
                                  i % 256);
        n += (size_t)snprintf(text + n, cap - n, "}\n");
        for (size_t i = 0; i < 200; i++)
            n += (size_t)snprintf(text + n, cap - n,
                                  "TTLSRule r%zu\n{\nRemoteAddrGroupRef many\n"
                                  "LocalPortRange %zu\nDirection Both\n"
                                  "TTLSGroupActionRef g\n"
                                  "TTLSEnvironmentActionRef e\n}\n",
                                  i, i + 1);
        assert_int_equal(import(text, false, &told, &json, &why),
                         all > STORE_ITEMS_MAX ? ERR_UNSUPPORTED : ERR_OK);
        if (all > STORE_ITEMS_MAX)
            assert_non_null(
                strstr(told.all, "IpAddrGroup many: more than 1024"));
        buf_fini(&json);
    }
    test_free(text);
}

/* More than a store may hold. */
static void
limits(void **state)
{
    size_t n = 0, cap = 1u << 20;
    char *text = test_malloc(cap);
    struct told told;
    struct err_info why = { 0 };
    struct buf json;

    (void)state;
    n += (size_t)snprintf(text, cap, "%s%s", GROUP, ENV);
    for (size_t i = 0; i < GENERATE_RULES_MAX + 1; i++)
        n += (size_t)snprintf(text + n, cap - n,
                              "TTLSRule r%zu\n{\nLocalPortRange %zu\n"
                              "Direction Both\nTTLSGroupActionRef g\n"
                              "TTLSEnvironmentActionRef e\n}\n",
                              i, i + 1);
    assert_int_equal(import(text, false, &told, &json, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "found 4097 rules"));
    buf_fini(&json);
    test_free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports),   cmocka_unit_test(refuses),
        cmocka_unit_test(tells_all), cmocka_unit_test(header),
        cmocka_unit_test(nameless),  cmocka_unit_test(two_files),
        cmocka_unit_test(limits),    cmocka_unit_test(samples),
        cmocka_unit_test(groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
