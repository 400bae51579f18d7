/* What a policy is refused for, and what is warned of: with file and line. */
#include "ttls/test_build.h"

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
        { "TTLSEnvironmentAdvancedParms a\n{\n"
          "ServerHandshakeSNIList host\n}\n",
          3, "hostname/label" },
        { "TTLSConnectionAdvancedParms a\n{\nClientAuthType Full\n}\n", 3,
          "no parameter" },
        { "TTLSConnectionAction c\n{\nTTLSKeyringParmsRef k\n}\n", 3,
          "no parameter" },
        { "IpAddr a\n{\nAddr 1.2.3.256\n}\n", 3, "not an IPv4 or IPv6" },
        { "IpAddr a\n{\nAddr 1.2.3.4\tfoo\n}\n", 3, "not an IPv4 or IPv6" },
        { "IpAddr a\n{\nAddr 1.2.3.4 1.2.3.5\n}\n", 3, "not an IPv4 or" },
        { "IpAddr a\n{\nAddr 1.2.3.4.5\n}\n", 3, "not an IPv4 or IPv6" },
        { "IpAddr a\n{\nAddr 4294967296\n}\n", 3, "not an IPv4 or IPv6" },
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
        { RULE("RemoteAddr 6793"),
          "\"6793\" is not four decimal numbers and means 0.0.26.137" },
        { RULE("RemoteAddr 10.1"), "means 10.0.0.1" },
        { RULE("RemoteAddr 10.1/8"), "\"10.1\" is not four decimal" },
        { RULE("RemoteAddr 10.1-10.2.3"), "means 10.0.0.1" },
        { RULE("RemoteAddr 010.1.1.1"), "means 8.1.1.1" },
        { RULE("RemoteAddr 10.1.1.0x10"), "means 10.1.1.16" },
        { RULE("RemoteAddr 10.1.1.01"), "means 10.1.1.1" },
        { RULE("RemoteAddr 10.1.1.1"), "" },
        { RULE("RemoteAddr 0.0.0.0/0"), "" },
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
          "" },
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
          "" },
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
          "" },
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

/* Groups of groups of nothing: each is looked at once, however many name it. */
static void
empty_bombs(void **state)
{
    struct seen seen;
    struct buf text;

    (void)state;
    buf_init(&text, 1u << 20);
    buf_add_z(&text, "IpAddr a0\n{\n}\n");
    for (unsigned i = 1; i < 9; i++) {
        buf_printf(&text, "IpAddrGroup a%u\n{\n", i);
        for (unsigned k = 0; k < 64; k++)
            buf_printf(&text, "IpAddr%sRef a%u\n", i == 1 ? "" : "Group",
                       i - 1);
        buf_add_z(&text, "}\n");
    }
    buf_add_char(&text, '\0');
    assert_null(build(NULL, text.p, TTLS_COLLATE_ASCII, &seen));
    assert_int_equal(seen.n_errors, 1);
    assert_string_equal(seen.error, "IpAddr a0 has no value");
    buf_fini(&text);
}

/* A group of as many members as may be, and of one more; nested and not. */
static void
group_sizes(void **state)
{
    (void)state;
    for (unsigned n = TTLS_MEMBERS_MAX; n <= TTLS_MEMBERS_MAX + 1; n++) {
        for (unsigned is_nested = 0; is_nested < 2; is_nested++) {
            struct ttls_policy *p;
            struct seen seen;
            struct buf text;

            buf_init(&text, 8u << 20);
            buf_add_z(&text, "PortRange p\n{\nPort 7\n}\nPortGroup g\n{\n");
            for (unsigned i = is_nested; i < n; i++)
                buf_add_z(&text, "PortRangeRef p\n");
            buf_add_z(&text, "}\nPortGroup h\n{\nPortGroupRef g\n");
            buf_printf(&text, "%s}\n", is_nested ? "PortRangeRef p\n" : "");
            buf_add_char(&text, '\0');
            p = build(NULL, text.p, TTLS_COLLATE_ASCII, &seen);
            if ((p != NULL) != (n == TTLS_MEMBERS_MAX) ||
                (p == NULL &&
                 (seen.n_errors != 1 ||
                  seen.line != 5 + (is_nested ? n + 2 : 0) ||
                  strstr(seen.error, "comes to more than 65536 members") ==
                      NULL)))
                fail_msg("%u %u: %zu errors, line %u \"%s\"", n, is_nested,
                         seen.n_errors, seen.line, seen.error);
            ttls_policy_unref(&p);
            buf_fini(&text);
        }
    }
}

/* Blocks and groups as deep as they may be, and deeper. */
static void
depths(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth < 12; depth++) {
        struct ttls_policy *p;
        struct seen seen;
        struct buf text;

        buf_init(&text, 1u << 20);
        buf_add_z(&text, "IpAddrGroup a\n{\n");
        for (unsigned i = 1; i < depth; i++)
            buf_add_z(&text, "IpAddrGroup\n{\n");
        buf_add_z(&text, "IpAddrRef x\n");
        for (unsigned i = 0; i < depth; i++)
            buf_add_z(&text, "}\n");
        buf_add_z(&text, "IpAddr x\n{\nAddr 10.1.1.1\n}\n");
        buf_add_char(&text, '\0');
        p = build(NULL, text.p, TTLS_COLLATE_ASCII, &seen);
        if ((p != NULL) != (depth <= TTLS_DEPTH_MAX) ||
            (p == NULL &&
             (seen.line != 2 * TTLS_DEPTH_MAX + 1 ||
              strstr(seen.error, "IpAddrGroup: blocks are nested deeper than "
                                 "8") == NULL)))
            fail_msg("%u: line %u \"%s\"", depth, seen.line, seen.error);
        ttls_policy_unref(&p);
        buf_fini(&text);
    }
}

/* Who contains whom, in a circle. */
static void
circles(void **state)
{
    static const char *const rows[] = {
        "IpAddrGroup a\n{\nIpAddrGroupRef a\n}\n",
        "IpAddrGroup a\n{\nIpAddrGroupRef b\n}\n"
        "IpAddrGroup b\n{\nIpAddrGroupRef a\n}\n",
        "IpAddrGroup a\n{\nIpAddrGroup b\n{\nIpAddrGroupRef a\n}\n}\n",
        "PortGroup a\n{\nPortGroupRef b\nPortRange\n{\nPort 7\n}\n}\n"
        "PortGroup b\n{\nPortGroupRef c\n}\n"
        "PortGroup c\n{\nPortGroupRef a\n}\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen seen;

        assert_null(build(NULL, rows[i], TTLS_COLLATE_ASCII, &seen));
        if (strstr(seen.error, "contains itself, or groups are nested deeper "
                               "than 8") == NULL)
            fail_msg("row %zu: \"%s\"", i, seen.error);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),     cmocka_unit_test(warns),
        cmocka_unit_test(reports_all), cmocka_unit_test(bombs),
        cmocka_unit_test(empty_bombs), cmocka_unit_test(group_sizes),
        cmocka_unit_test(depths),      cmocka_unit_test(circles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
