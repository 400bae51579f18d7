/* Two rules: what makes them different, and what does not. */
#include "ttls/differs.h"
#include "ttls/test_build.h"

/* One rule with its actions; %s: conditions, group, group advanced, role,
 * environment advanced, environment, ring, connection. */
static const char form[] =
    "TTLSRule %s\n{\n%sDirection Both\nTTLSGroupActionRef g\n"
    "TTLSEnvironmentActionRef e\nTTLSConnectionActionRef c\n}\n"
    "TTLSGroupAction g\n{\n%sTTLSGroupAdvancedParms\n{\n%s}\n}\n"
    "TTLSEnvironmentAction e\n{\n%sTTLSEnvironmentAdvancedParms\n{\n%s}\n%s"
    "TTLSKeyringParms\n{\n%s}\n}\n"
    "TTLSConnectionAction c\n{\n%s}\n";

enum { NAME, WHEN, GROUP, GROUP_ADV, ROLE, ENV_ADV, ENV, RING, CONN, PLACES };

static struct ttls_policy *
policy_with(unsigned place, const char *text)
{
    const char *v[PLACES] = { "r",
                              "Jobname J\n",
                              "TTLSEnabled On\n",
                              "",
                              "HandshakeRole Client\n",
                              "",
                              "",
                              "Keyring A\n",
                              "" };
    char all[4096];
    struct seen seen;
    struct ttls_policy *p;

    v[place] = text;
    (void)snprintf(all, sizeof all, form, v[0], v[1], v[2], v[3], v[4], v[5],
                   v[6], v[7], v[8]);
    p = build(NULL, all, TTLS_COLLATE_ASCII, &seen);
    if (p == NULL)
        fail_msg("%s: %s", text, seen.error);
    return p;
}

static const char *
between(unsigned place, const char *left, const char *right)
{
    struct ttls_policy *a = policy_with(place, left);
    struct ttls_policy *b = policy_with(place, right);
    const struct ttls_rule *const *x, *const *y;
    const char *name;

    assert_int_equal(ttls_policy_rules(a, &x), 1);
    assert_int_equal(ttls_policy_rules(b, &y), 1);
    name = ttls_rule_differs(x[0], y[0]);
    assert_ptr_equal(name, ttls_rule_differs(y[0], x[0]));
    assert_null(ttls_rule_differs(x[0], x[0]));
    ttls_policy_unref(&a);
    ttls_policy_unref(&b);
    return name;
}

static void
differs(void **state)
{
    static const struct {
        unsigned place;
        const char *left, *right;
        const char *name; /* NULL: the same */
    } rows[] = {
        { NAME, "r", "another", NULL },
        { WHEN, "Jobname J\n", "Jobname j\n", NULL },
        { WHEN, "Jobname J\n", "Jobname J\nPriority 7\n", NULL },
        { WHEN, "Jobname J\n", "Jobname J*\n", "Jobname" },
        { WHEN, "Userid J\n", "Userid K\n", "Userid" },
        { WHEN, "Jobname J\n", "Jobname J\nLocalAddr ALL\n", NULL },
        { WHEN, "Jobname J\n", "Jobname J\nLocalAddr 0.0.0.0/0\n",
          "LocalAddr" },
        { WHEN, "RemoteAddr 10.1.0.0/16\n",
          "RemoteAddr 10.1.0.0-10.1.255.255\n", NULL },
        { WHEN, "RemoteAddr 10.1.0.0/16\n", "RemoteAddr 10.1.0.0/17\n",
          "RemoteAddr" },
        { WHEN, "LocalPortRange 5\n", "LocalPortRange 5-5\n", NULL },
        { WHEN, "LocalPortRange 5\n", "LocalPortRange 5 6\n",
          "LocalPortRange" },
        { WHEN, "RemotePortRange 5\n", "Jobname J\n", "RemotePortRange" },
        { WHEN, "Jobname J\nIpTimeCondition\n{\nDayOfWeekMask 0111110\n}\n",
          "Jobname J\n", "IpTimeCondition" },
        { WHEN, "Jobname J\nIpTimeCondition\n{\nDayOfWeekMask 0111110\n}\n",
          "Jobname J\nIpTimeCondition\n{\nDayOfWeekMask 0111111\n}\n",
          "IpTimeCondition" },
        { GROUP, "TTLSEnabled On\n", "TTLSEnabled Off\n", "TTLSEnabled" },
        { GROUP, "TTLSEnabled On\n", "TTLSEnabled On\nTrace 2\n", NULL },
        { GROUP, "TTLSEnabled On\n", "TTLSEnabled On\nTrace 3\n", "Trace" },
        { GROUP, "TTLSEnabled On\n", "TTLSEnabled On\nGroupUserInstance 3\n",
          NULL },
        { GROUP, "TTLSEnabled On\n", "TTLSEnabled On\nFIPS140 On\n",
          "FIPS140" },
        { GROUP_ADV, "", "SyslogFacility Auth\n", "SyslogFacility" },
        { GROUP_ADV, "", "Envfile /e\n", "Envfile" },
        { GROUP_ADV, "", "SecondaryMap On\n", "SecondaryMap" },
        { ROLE, "HandshakeRole Client\n", "HandshakeRole Server\n",
          "HandshakeRole" },
        { RING, "Keyring A\n", "Keyring B\n", "Keyring" },
        { RING, "Keyring A\n", "Keyring ANN/A\n", "Keyring" },
        { RING, "Keyring /a\nKeyringPw x\n", "Keyring /a\nKeyringPw y\n",
          "KeyringPw" },
        { CONN, "", "CtraceClearText On\n", "CtraceClearText" },
        { CONN, "", "HandshakeRole Client\n", NULL },
        { CONN, "", "TTLSCipherParms\n{\nV3CipherSuites4Char C02F\n}\n",
          "TTLSCipherParms" },
        { CONN, "TTLSCipherParms\n{\nV3CipherSuites4Char 0035002F\n}\n",
          "TTLSCipherParms\n{\nV3CipherSuites4Char 0035\n"
          "V3CipherSuites4Char TLS_RSA_WITH_AES_128_CBC_SHA\n}\n",
          NULL },
        { CONN, "", "TTLSSignatureParms\n{\nClientECurves 0023\n}\n",
          "ClientECurves" },
        { CONN, "", "TTLSConnectionAdvancedParms\n{\nTLSv1.3 On\n}\n",
          "TLSv1.3" },
        { ENV, "", "SuiteBProfile 128\n", "SuiteBProfile" },
        /* what has no effect with that role */
        { ENV_ADV, "", "ClientAuthType Full\n", NULL },
        { ENV_ADV, "", "ServerCertificateLabel a\n", "ServerCertificateLabel" },
        { ENV_ADV, "", "CertificateLabel\n", "CertificateLabel" },
        { ENV_ADV, "HostReferenceIdDNS a\n",
          "HostReferenceIdDNS a\n"
          "HostReferenceIdDNS b\n",
          "HostReferenceIdDNS" },
        { ENV_ADV, "", "PeerMinRsaKeySize 2048\n", "PeerMinRsaKeySize" },
        { ENV_ADV, "", "PeerMinRsaKeySize 1024\n", NULL },
#define GSK(text) "TTLSGskAdvancedParms\n{\n" text "}\n"
        { ENV, "", GSK("GSK_V3_SESSION_TIMEOUT 86400\n"), NULL },
        { ENV, "", GSK("GSK_V3_SESSION_TIMEOUT 86399\n"),
          "GSK_V3_SESSION_TIMEOUT" },
        { ENV, GSK("TTLSGskOcspParms\n{\nOcspUrl http://a\n}\n"),
          GSK("TTLSGskOcspParms\n{\nOcspUrl http://b\n}\n"), "OcspUrl" },
        { ENV, "", GSK("TTLSGskLdapParms\n{\nGSK_LDAP_SERVER a\n}\n"),
          "GSK_LDAP_SERVER" },
        { ENV, "", GSK("TTLSGskHttpCdpParms\n{\nHttpCdpEnable On\n}\n"),
          "HttpCdpEnable" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *name = between(rows[i].place, rows[i].left, rows[i].right);

        if (rows[i].name == NULL
                ? name != NULL
                : name == NULL || strcmp(name, rows[i].name) != 0)
            fail_msg("row %zu, %s: %s", i, rows[i].right,
                     name == NULL ? "the same" : name);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(differs) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
