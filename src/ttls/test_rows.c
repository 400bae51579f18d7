/* Each parameter of each statement: values that are good, values that are not
 * and what is said of them, the default. A row of stmt.c that is not in the
 * table here, or the other way round, fails. */
#include "ttls/stmt.h"
#include "ttls/test_build.h"

#define MAX 8

struct row {
    const char *param;
    const char *dflt; /* NULL: none */
    const char *says; /* of the bad ones */
    const char *good[MAX];
    const char *bad[MAX];
};

#define B127                                                                   \
    "12345678 a23456789 b23456789 c23456789 d23456789 e23456789 f23456789 "    \
    "g23456789 h23456789 i23456789 j23456789 k23456789 l2345678"
#define W50 "a2345678901234567890123456789012345678901234567890"
#define W250 W50 W50 W50 W50 W50

/* clang-format off: tables are read by column */
#define SWITCH(name, dflt)                                                     \
    {                                                                          \
        name, dflt, "expected Off or On", { "On", "Off", "oFF", "ON" },        \
        {                                                                      \
            "", "Yes", "1", "True", "On Off"                                   \
        }                                                                      \
    }
#define NUMBER(name, dflt, low, high, below, above, range)                     \
    {                                                                          \
        name, dflt, range, { low, high },                                      \
        {                                                                      \
            below, above, "", "1x", "+1", "99999999999999999999", "1 2", "0x1" \
        }                                                                      \
    }
#define WANTS "expected Off, Optional or Required"
#define WANT(name, dflt)                                                       \
    {                                                                          \
        name, dflt, WANTS, { "Required", "OPTIONAL", "off" },                  \
        {                                                                      \
            "", "On", "Both", "Required Off"                                   \
        }                                                                      \
    }
#define MATCH(name)                                                            \
    {                                                                          \
        name, NULL, "expected Optional or Required",                           \
            { "Required", "Optional" },                                        \
        {                                                                      \
            "", "Off", "On"                                                    \
        }                                                                      \
    }
#define FRAGMENT                                                               \
    {                                                                          \
        "ClientMaxSSLFragmentLength", NULL, "512, 1024, 2048 or 4096",         \
            { "512", "1024", "2048", "4096" },                                 \
        {                                                                      \
            "", "0", "511", "8192", "0512"                                     \
        }                                                                      \
    }
#define ROLE(d)                                                                \
    {                                                                          \
        "HandshakeRole", d, "Client, Server or ServerWithClientAuth",          \
            { "Client", "server", "SERVERWITHCLIENTAUTH" },                    \
        {                                                                      \
            "", "Both", "ClientWithServerAuth", "Client Server"                \
        }                                                                      \
    }
#define TRACE(d) NUMBER("Trace", d, "0", "255", "-1", "256", "0 to 255")
#define INSTANCE(name)                                                         \
    NUMBER(name, NULL, "0", "65535", "-1", "65536", "0 to 65535")
#define LEVELS(name, dflt)                                                     \
    {                                                                          \
        name, dflt, "Low, Medium or High", { "Low", "medium", "HIGH" },        \
        {                                                                      \
            "", "None", "Low High"                                             \
        }                                                                      \
    }
#define TEXT(name, says)                                                       \
    {                                                                          \
        name, NULL, says, { "a", "a b", W250 },                                \
        {                                                                      \
            ""                                                                 \
        }                                                                      \
    }
#define TEXT255(name)                                                          \
    {                                                                          \
        name, NULL, "expected 1 to 255", { "a", W250 },                        \
        {                                                                      \
            "", W250 W50                                                       \
        }                                                                      \
    }
#define LABEL(name)                                                            \
    {                                                                          \
        name, NULL, "expected 0 to 127",                                       \
            { "", "a", "My  label", "a{b} c}", B127 },                         \
        {                                                                      \
            B127 "9"                                                           \
        }                                                                      \
    }
#define LABELS(name)                                                           \
    {                                                                          \
        name, NULL, "expected 1 to 127", { "a", "My  label", B127 },           \
        {                                                                      \
            "", B127 "9"                                                       \
        }                                                                      \
    }
#define SIZE31(name, dflt)                                                     \
    NUMBER(name, dflt, "0", "2147483647", "-1", "2147483648", "0 to 2147483647")
#define CACHE(name, dflt)                                                      \
    NUMBER(name, dflt, "0", "32000", "-1", "32001", "0 to 32000")
#define PORT_OF(name, dflt)                                                    \
    NUMBER(name, dflt, "1", "65535", "0", "65536", "1 to 65535")
#define WAIT(name) NUMBER(name, "15", "0", "43200", "-1", "43201", "0 to 43200")
/* Codes have a test of their own. */
#define CODES(name, dflt, good, bad, says)                                     \
    {                                                                          \
        name, dflt, says, { good },                                            \
        {                                                                      \
            "", bad                                                            \
        }                                                                      \
    }
#define PAIRS(name, dflt) CODES(name, dflt, "04010403", "0499", "")
#define CURVES(name, dflt) CODES(name, dflt, "0023", "0099", "")
/* Blocks and names of statements: below. */
#define OBJECT(name)                                                           \
    {                                                                          \
        name, NULL, NULL, { NULL },                                            \
        {                                                                      \
            NULL                                                               \
        }                                                                      \
    }
#define ADDRESS(name)                                                          \
    {                                                                          \
        name, NULL, "",                                                        \
            { "10.1.1.2", "10.0.0.0/8", "10.1.1.1-10.1.1.9", "All",            \
              "ALL",      "fe80::1",    "2001:db8::/32",     "::1" },          \
        {                                                                      \
            "", "10.1.1.256", "10.1.1.1/33", "10.1.1.9-10.1.1.1",              \
                "::ffff:1.2.3.4", "::1.2.3.4", "10.1.1.1 10.1.1.2",            \
                "host.example"                                                 \
        }                                                                      \
    }
#define PORTS(name)                                                            \
    {                                                                          \
        name, NULL, "", { "1",       "65535", "1-65535", "1 65535",            \
                          "1:65535", "7 - 9", "7\t9",    "9-9" },              \
        {                                                                      \
            "", "0", "65536", "9-7", "1-65536", "1-", "1-2-3", "1 2 3"         \
        }                                                                      \
    }
#define JOB(name)                                                              \
    {                                                                          \
        name, NULL,                                                            \
            "expected 1 to 8 letters, digits, $, #, @, and * only as the "     \
            "last",                                                            \
            { "A", "abcdefgh", "A$#@9", "A*", "*", "ABCDEFG*" },               \
        {                                                                      \
            "", "ABCDEFGHI", "ABCDEFGH*", "A*B", "**", "A-B", "A B", "A.B"     \
        }                                                                      \
    }

static const struct row rule_rows[] = {
    ADDRESS("LocalAddr"),
    ADDRESS("RemoteAddr"),
    PORTS("LocalPortRange"),
    PORTS("RemotePortRange"),
    JOB("Jobname"),
    JOB("Userid"),
    { "Direction",
      NULL,
      "expected Inbound, Outbound or Both",
      { "Inbound", "OUTBOUND", "both" },
      { "", "In", "Inbound Outbound" } },
    NUMBER("Priority", "1", "1", "2000000000", "0", "2000000001",
           "1 to 2000000000"),
    OBJECT("LocalAddrRef"),
    OBJECT("LocalAddrSetRef"),
    OBJECT("LocalAddrGroupRef"),
    OBJECT("RemoteAddrRef"),
    OBJECT("RemoteAddrSetRef"),
    OBJECT("RemoteAddrGroupRef"),
    OBJECT("LocalPortRangeRef"),
    OBJECT("LocalPortGroupRef"),
    OBJECT("RemotePortRangeRef"),
    OBJECT("RemotePortGroupRef"),
    OBJECT("IpTimeCondition"),
    OBJECT("TTLSGroupActionRef"),
    OBJECT("TTLSEnvironmentActionRef"),
    OBJECT("TTLSConnectionActionRef"),
};
static const struct row group_rows[] = {
    SWITCH("TTLSEnabled", NULL),
    SWITCH("CtraceClearText", "Off"),
    TRACE("2"),
    OBJECT("TTLSGroupAdvancedParms"),
    { "FIPS140",
      "Off",
      "Off, On, Level1, Level2 or Level3",
      { "On", "Off", "Level1", "Level2", "LEVEL3" },
      { "", "Level4", "Level0", "1" } },
    INSTANCE("GroupUserInstance"),
};
static const struct row group_adv_rows[] = {
    SWITCH("SecondaryMap", "Off"),
    { "SyslogFacility",
      "Daemon",
      "expected Daemon or Auth",
      { "Daemon", "AUTH" },
      { "", "Local1", "Auth Daemon" } },
    TEXT("Envfile", "expected 1 to 1023"),
};
static const struct row env_rows[] = {
    ROLE(NULL),
    OBJECT("TTLSKeyringParms"),
    { "SuiteBProfile",
      "Off",
      "Off, 128, 128Min, 192, 192Min or All",
      { "Off", "128", "128min", "192", "192MIN", "all" },
      { "", "On", "256", "128 192" } },
    OBJECT("TTLSCipherParms"),
    OBJECT("TTLSSignatureParms"),
    SWITCH("CtraceClearText", NULL),
    TRACE(NULL),
    OBJECT("TTLSEnvironmentAdvancedParms"),
    OBJECT("TTLSGskAdvancedParms"),
    INSTANCE("EnvironmentUserInstance"),
};
static const struct row conn_rows[] = {
    ROLE(NULL),
    OBJECT("TTLSCipherParms"),
    OBJECT("TTLSSignatureParms"),
    SWITCH("CtraceClearText", NULL),
    TRACE(NULL),
    OBJECT("TTLSConnectionAdvancedParms"),
    INSTANCE("ConnectionUserInstance"),
};
static const struct row keyring_rows[] = {
    { "Keyring",
      NULL,
      "",
      { "Ring.A", "OWNER1/Ring.A", "ABCDEFGH/R", "*AUTH*/*", "*TOKEN*/TOK",
        W250 W250 W250 W250 "a2345678901234567890123" },
      { "", "ABCDEFGHI/R", "OWNER/", "*AUTH*/R", "*TOKEN*/", "*OTHER*/R",
        W250 W250 W250 W250 "a23456789012345678901234" } },
    { "KeyringPw",
      NULL,
      "expected 1 to 128",
      { "x", "x y", W50 W50 },
      { "", W250 } },
    TEXT("KeyringStashFile", "expected 1 to 1023"),
};
static const struct row cipher_rows[] = {
    CODES("V2CipherSuites", NULL, "71", "8", ""),
    CODES("V3CipherSuites", NULL, "352F", "FF", ""),
    CODES("V3CipherSuites4Char", NULL, "1301C02F", "FFFF", ""),
};
static const struct row signature_rows[] = {
    CURVES("ClientECurves", "00210023002400250019"),
    CURVES("ClientKeyShareGroups", "0023"),
    CURVES("ServerKeyShareGroups", "00230024002500290030"),
    CURVES("ServerKexECurves", "00230024002500210019"),
    PAIRS("SignaturePairs",
          "0601060305010503040104030402030103030302020102030202"),
    PAIRS("SignaturePairsCert", NULL),
};
#define BOTH(on, off, ten, zero)                                               \
    SWITCH("SSLv3", off), SWITCH("TLSv1", on), SWITCH("TLSv1.1", on),          \
        SWITCH("TLSv1.2", off), SWITCH("TLSv1.3", off),                        \
        SWITCH("ApplicationControlled", off), SWITCH("SSLv2", off),            \
        SWITCH("SecondaryMap", NULL),                                          \
        NUMBER("HandshakeTimeout", ten, "0", "600", "-1", "601", "0 to 600"),  \
        NUMBER("ResetCipherTimer", zero, "0", "1440", "-1", "1441",            \
               "0 to 1440"),                                                   \
        LABEL("CertificateLabel"), LABELS("ServerCertificateLabel"),           \
        WANT("ClientHandshakeSNI", off), WANT("ServerHandshakeSNI", off),      \
        MATCH("ClientHandshakeSNIMatch"), MATCH("ServerHandshakeSNIMatch"),    \
        TEXT255("ClientHandshakeSNIList"),                                     \
        { "ServerHandshakeSNIList",                                            \
          NULL,                                                                \
          "",                                                                  \
          { "host/label", "host.example/My label", "h/a/b" },                  \
          { "", "host", "/label", "host/", W250 "/" B127 W50 } },              \
        WANT("TruncatedHMAC", off), WANT("ServerMaxSSLFragment", off)
static const struct row env_adv_rows[] = {
    BOTH("On", "Off", "10", "0"),
    SWITCH("MiddleBoxCompatMode", "Off"),
    FRAGMENT,
    { "ClientMaxSSLFragment", "Off", WANTS, { "Off" }, { "", "On", "Both" } },
    { "ClientAuthType",
      "Required",
      "PassThru, Full, Required or SAFCheck",
      { "PassThru", "FULL", "Required", "safcheck" },
      { "", "Off", "Optional", "SAF" } },
    { "CertValidationMode",
      "Any",
      "Any, RFC2459, RFC3280 or RFC5280",
      { "Any", "RFC2459", "rfc3280", "RFC5280" },
      { "", "5280", "RFC 5280", "RFC6125" } },
#define EMS(name)                                                              \
    {                                                                          \
        name, "On", "expected Off, On or Required",                            \
            { "On", "Off", "Required" },                                       \
        {                                                                      \
            "", "Optional", "1"                                                \
        }                                                                      \
    }
    EMS("ClientExtendedMasterSecret"),
    EMS("ServerExtendedMasterSecret"),
    { "Renegotiation",
      "Default",
      "Default, Disabled, All or Abbreviated",
      { "Default", "Disabled", "All", "Abbreviated" },
      { "", "Enabled", "Enforced", "Off" } },
    { "RenegotiationIndicator",
      "Optional",
      "Optional, Client, Server or Both",
      { "Optional", "Client", "Server", "Both" },
      { "", "On", "All" } },
    SWITCH("RenegotiationCertCheck", "Off"),
    SWITCH("3DesKeyCheck", "Off"),
    { "ClientEDHGroupSize",
      "Legacy",
      "expected Legacy or 2048",
      { "Legacy", "2048" },
      { "", "Match", "1024" } },
    { "ServerEDHGroupSize",
      "Legacy",
      "expected Legacy, 2048 or Match",
      { "Legacy", "2048", "match" },
      { "", "1024", "4096" } },
    { "PeerMinCertVersion",
      "Any",
      "expected Any or 3",
      { "Any", "3" },
      { "", "1", "2", "4" } },
    NUMBER("PeerMinDHKeySize", "1024", "0", "2048", "-1", "2049", "0 to 2048"),
    NUMBER("PeerMinDsaKeySize", "1024", "0", "2048", "-1", "2049", "0 to 2048"),
    NUMBER("PeerMinECCKeySize", "192", "0", "521", "-1", "522", "0 to 521"),
    NUMBER("PeerMinRsaKeySize", "1024", "0", "4096", "-1", "4097", "0 to 4096"),
    SWITCH("ServerScsv", "Off"),
    TEXT255("HostReferenceIdDNS"),
    TEXT255("HostReferenceIdCN"),
    SWITCH("HostRefWildcardValidation", NULL),
};
static const struct row conn_adv_rows[] = {
    BOTH(NULL, NULL, NULL, NULL),
    FRAGMENT,
    { "ClientMaxSSLFragment", NULL, WANTS, { "Off" }, { "", "On", "Both" } },
};
static const struct row gsk_rows[] = {
    OBJECT("TTLSGskLdapParms"),
    OBJECT("TTLSGskOcspParms"),
    OBJECT("TTLSGskHttpCdpParms"),
    SWITCH("GSK_SYSPLEX_SIDCACHE", NULL),
    SWITCH("GSK_SYSPLEX_SESSION_TICKET_CACHE", NULL),
    NUMBER("GSK_V2_SESSION_TIMEOUT", NULL, "0", "100", "-1", "101", "0 to 100"),
    NUMBER("GSK_V2_SIDCACHE_SIZE", NULL, "0", "32000", "-1", "32001",
           "0 to 32000"),
    NUMBER("GSK_V3_SESSION_TIMEOUT", "86400", "0", "86400", "-1", "86401",
           "0 to 86400"),
    NUMBER("GSK_V3_SIDCACHE_SIZE", "512", "0", "64000", "-1", "64001",
           "0 to 64000"),
    SWITCH("GSK_SESSION_TICKET_CLIENT_ENABLE", "On"),
    SIZE31("GSK_SESSION_TICKET_CLIENT_MAXSIZE", "8192"),
    SIZE31("GSK_SESSION_TICKET_CLIENT_MAXCACHED", NULL),
    SWITCH("GSK_SESSION_TICKET_SERVER_ENABLE", "On"),
    { "GSK_SESSION_TICKET_SERVER_ALGORITHM",
      "AESCBC128",
      "AESCBC128 or AESCBC256",
      { "AESCBC128", "aescbc256" },
      { "", "AES128", "AESGCM256" } },
    NUMBER("GSK_SESSION_TICKET_SERVER_COUNT", "2", "0", "16", "-1", "17",
           "0 to 16"),
    NUMBER("GSK_SESSION_TICKET_SERVER_KEY_REFRESH", "300", "0", "604800", "-1",
           "604801", "0 to 604800"),
    NUMBER("GSK_SESSION_TICKET_SERVER_TIMEOUT", "300", "0", "604800", "-1",
           "604801", "0 to 604800"),
    SWITCH("AIACDPPriority", NULL),
    PAIRS("CrlSigAlgPairs", NULL),
    SIZE31("MaxSrcRevExtLocValues", NULL),
    SIZE31("MaxValidRevExtLocValues", NULL),
    LEVELS("RevocationSecurityLevel", NULL),
};
static const struct row ldap_rows[] = {
    TEXT255("GSK_LDAP_SERVER"),
    PORT_OF("GSK_LDAP_SERVER_PORT", "389"),
    TEXT255("GSK_LDAP_USER"),
    { "GSK_LDAP_USER_PW",
      NULL,
      "expected 1 to 128",
      { "x", "x y" },
      { "", W250 } },
    NUMBER("GSK_CRL_CACHE_TIMEOUT", "24", "0", "720", "-1", "721", "0 to 720"),
    LEVELS("GSK_CRL_SECURITY_LEVEL", "Medium"),
    CACHE("CRLCacheSize", NULL),
    SIZE31("CRLCacheEntryMaxsize", NULL),
    SWITCH("CRLCacheExtended", NULL),
    SWITCH("CRLCacheTempCRL", NULL),
    NUMBER("CRLCacheTempCRLTimeout", NULL, "0", "720", "-1", "721", "0 to 720"),
    WAIT("LDAPResponseTimeout"),
};
static const struct row cdp_rows[] = {
    SWITCH("HttpCdpEnable", "Off"),
    TEXT255("HttpCdpProxyServerName"),
    PORT_OF("HttpCdpProxyServerPort", "80"),
    WAIT("HttpCdpResponseTimeout"),
    SIZE31("HttpCdpMaxResponseSize", "204800"),
    CACHE("HttpCdpCacheSize", "32"),
    SIZE31("HttpCdpCacheEntryMaxsize", "0"),
};
static const struct row ocsp_rows[] = {
    TEXT("OcspUrl", "expected 1 to 1023"),
    SWITCH("OcspAiaEnable", "Off"),
    TEXT255("OcspProxyServerName"),
    PORT_OF("OcspProxyServerPort", "80"),
    SWITCH("OcspRetrieveViaGet", "Off"),
    SWITCH("OcspUrlPriority", "On"),
    LABEL("OcspRequestSigkeylabel"),
    CODES("OcspRequestSigalg", "0401", "0501", "0499", ""),
    PAIRS("OcspResponseSigAlgPairs", NULL),
    CACHE("OcspClientCacheSize", "256"),
    CACHE("OcspCliCacheEntryMaxsize", "0"),
    SWITCH("OcspNonceGenEnable", "Off"),
    SWITCH("OcspNonceCheckEnable", "Off"),
    NUMBER("OcspNonceSize", "8", "8", "256", "7", "257", "8 to 256"),
    WAIT("OcspResponseTimeout"),
    SIZE31("OcspMaxResponseSize", "20480"),
    { "OcspServerStapling",
      "Off",
      "expected Off, Any or EndEntity",
      { "Off", "Any", "endentity" },
      { "", "On", "All" } },
};
static const struct row ipaddr_rows[] = {
    { "Addr",
      NULL,
      "",
      { "10.1.1.2", "0.0.0.0", "255.255.255.255", "fe80::1", "::", "::1",
        "2001:db8::1.2.3.4" },
      { "", "All", "10.0.0.0/8", "10.1.1.1-10.1.1.2", "::ffff:10.1.1.2",
        "::10.1.1.2", "::2", "fe80::1%lo" } },
};
static const struct row set_rows[] = {
    { "Prefix",
      NULL,
      "",
      { "10.1.1.2/32", "0.0.0.0/0", "::/0", "fe80::/128", "10.0.0.0 / 8" },
      { "", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "fe80::/129",
        "10.0.0.0/255.0.0.0", "::ffff:0:0/96" } },
    { "Range",
      NULL,
      "",
      { "10.1.1.2-10.1.1.2", "10.1.1.2 - 10.1.1.9", "fe80::1-fe80::9" },
      { "", "10.1.1.2", "10.1.1.2-10.1.1.1", "10.1.1.2-fe80::1",
        "10.1.1.2:10.1.1.9", "10.1.1.2 10.1.1.9", "-10.1.1.2", "10.1.1.2-" } },
};
static const struct row addr_group_rows[] = {
    OBJECT("IpAddr"),
    OBJECT("IpAddrSet"),
    OBJECT("IpAddrGroup"),
};
static const struct row port_range_rows[] = { PORTS("Port") };
static const struct row port_group_rows[] = { OBJECT("PortRange"),
                                              OBJECT("PortGroup") };
static const struct row time_rows[] = {
    { "ConditionTimeRange",
      NULL,
      "yyyymmddhhmmss:yyyymmddhhmmss, days that there are",
      { "20240229000000:20240229240000", "19700101000000:99991231235959" },
      { "", "20240101000000", "20240101000000:20230101000000",
        "20240101:20250101", "20240101000000-20250101000000",
        "20240101000060:20250101000000", "20240101006000:20250101000000",
        "20240001000000:20250101000000" } },
    { "MonthOfYearMask",
      "111111111111",
      "expected 12 digits 0 or 1",
      { "111111111111", "000000000001" },
      { "", "11111111111", "1111111111111", "11111111111x" } },
    { "DayOfMonthMask",
      NULL,
      "expected 31 or 62 digits 0 or 1",
      { "1111111111111111111111111111111",
        "00000000000000000000000000000001000000000000000000000000000000" },
      { "", "111111111111111111111111111111",
        "11111111111111111111111111111111", "1111111111111111111111111111112",
        "000000000000000000000000000000010000000000000000000000000000000" } },
    { "DayOfWeekMask",
      "1111111",
      "expected 7 digits 0 or 1",
      { "1111111", "1000000" },
      { "", "111111", "11111111", "MoTuWeT" } },
    { "TimeOfDayRange",
      NULL,
      "expected hh:mm-hh:mm",
      { "00:00-24:00", "23:59-24:00", "22:00-06:00", "08:00-09:00,10:00-11:00",
        "08:00 - 09:00" },
      { "", "08:00-24:01", "08:60-09:00", "8:00-9:00", "08:00-08:00",
        "24:00-06:00", "08:00-09:00,", "-" } },
    { "TimeZone",
      "Local",
      "expected Local or UTC",
      { "Local", "utc" },
      { "", "GMT", "UTC+1" } },
};
/* clang-format on */

#define ROWS(rows) rows, ARRAY_LEN(rows)
static const struct {
    enum ttls_stmt stmt;
    const char *needs; /* what the statement is not good without */
    const struct row *rows;
    size_t n;
} statements[] = {
    { TTLS_RULE,
      "Userid U\nDirection Both\nTTLSGroupActionRef g\n"
      "TTLSEnvironmentActionRef e\n",
      ROWS(rule_rows) },
    { TTLS_GROUP_ACTION, "TTLSEnabled On\n", ROWS(group_rows) },
    { TTLS_GROUP_ADV, "", ROWS(group_adv_rows) },
    { TTLS_ENV_ACTION, "HandshakeRole Client\nTTLSKeyringParmsRef k\n",
      ROWS(env_rows) },
    { TTLS_ENV_ADV, "", ROWS(env_adv_rows) },
    { TTLS_CONN_ACTION, "", ROWS(conn_rows) },
    { TTLS_CONN_ADV, "", ROWS(conn_adv_rows) },
    { TTLS_KEYRING, "Keyring R\n", ROWS(keyring_rows) },
    { TTLS_CIPHER, "", ROWS(cipher_rows) },
    { TTLS_SIGNATURE, "", ROWS(signature_rows) },
    { TTLS_GSK_ADV, "", ROWS(gsk_rows) },
    { TTLS_GSK_LDAP, "", ROWS(ldap_rows) },
    { TTLS_GSK_OCSP, "", ROWS(ocsp_rows) },
    { TTLS_GSK_CDP, "", ROWS(cdp_rows) },
    { TTLS_IPADDR, "Addr 10.1.1.1\n", ROWS(ipaddr_rows) },
    { TTLS_IPADDR_SET, "Prefix 10.0.0.0/8\n", ROWS(set_rows) },
    { TTLS_IPADDR_GROUP, "IpAddrRef a\n", ROWS(addr_group_rows) },
    { TTLS_PORT_RANGE, "Port 7\n", ROWS(port_range_rows) },
    { TTLS_PORT_GROUP, "PortRangeRef p\n", ROWS(port_group_rows) },
    { TTLS_TIME, "", ROWS(time_rows) },
};

/* Objects that others can name. */
#define NAMED                                                                  \
    ACTIONS "IpAddr a\n{\nAddr 10.1.1.1\n}\nPortRange p\n{\nPort 7\n}\n"       \
            "IpAddrSet as\n{\nPrefix 10.0.0.0/8\n}\n"                          \
            "IpAddrGroup ag\n{\nIpAddrRef a\n}\n"                              \
            "PortGroup pg\n{\nPortRangeRef p\n}\n"

static uint32_t
lines_in(const char *text)
{
    uint32_t n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* A policy whose statement x has these lines at its end; without the line of
 * `needs` that is about the same parameter. *line: where they begin. */
static struct ttls_policy *
with(size_t s, const char *param, const char *lines, struct seen *seen,
     uint32_t *line)
{
    const char *keyword = ttls_type_of(statements[s].stmt)->keyword;
    char text[8192];
    size_t n;
    struct str rest = str_of(statements[s].needs), need;

    n = (size_t)snprintf(text, sizeof text, NAMED "%s x\n{\n", keyword);
    while (str_line(&rest, &need)) {
        bool is_same =
            str_starts(need, str_of(param)) ||
            (strcmp(param, "Range") == 0 && str_starts(need, STR("Prefix")));

        if (need.n > 0 && !is_same)
            n += (size_t)snprintf(text + n, sizeof text - n, "%.*s\n",
                                  STR_ARG(need));
    }
    *line = lines_in(text) + 1;
    (void)snprintf(text + n, sizeof text - n, "%s}\n", lines);
    return build(NULL, text, TTLS_COLLATE_ASCII, seen);
}

static void
good_values(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(statements); s++) {
        for (size_t i = 0; i < statements[s].n; i++) {
            const struct row *row = &statements[s].rows[i];

            for (size_t k = 0; k < MAX && row->good[k] != NULL; k++) {
                char lines[2048];
                struct ttls_policy *p;
                struct seen seen;
                uint32_t line;

                (void)snprintf(lines, sizeof lines, "%s %s\n", row->param,
                               row->good[k]);
                p = with(s, row->param, lines, &seen, &line);
                if (p == NULL)
                    fail_msg("%s %s: \"%s\"", row->param, row->good[k],
                             seen.error);
                ttls_policy_unref(&p);
            }
        }
    }
}

/* One report, of the line, that names the parameter. */
static void
bad_values(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(statements); s++) {
        for (size_t i = 0; i < statements[s].n; i++) {
            const struct row *row = &statements[s].rows[i];

            for (size_t k = 0; k < MAX && row->bad[k] != NULL; k++) {
                bool is_ring = strcmp(row->param, "Keyring") == 0 &&
                               row->bad[k][0] != '\0' && k < 6;
                char lines[2048];
                struct ttls_policy *p;
                struct seen seen;
                uint32_t line;

                (void)snprintf(lines, sizeof lines, "%s %s\n", row->param,
                               row->bad[k]);
                p = with(s, row->param, lines, &seen, &line);
                if (is_ring) /* what it is, KeyringPw decides */
                    line -= 2;
                if (p != NULL || seen.n_errors != 1 || seen.line != line ||
                    strstr(seen.error, row->says) == NULL ||
                    strstr(seen.error, row->param) !=
                        (is_ring ? seen.error + strlen("TTLS") : seen.error))
                    fail_msg("%s %s: %zu errors, line %u (%u) \"%s\"",
                             row->param, row->bad[k], seen.n_errors, seen.line,
                             line, seen.error);
            }
        }
    }
}

static void
both_have_all(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LEN(statements), TTLS_STMTS);
    for (size_t s = 0; s < ARRAY_LEN(statements); s++) {
        const struct ttls_type *type = ttls_type_of(statements[s].stmt);

        if (type->n_rows != statements[s].n)
            fail_msg("%s: %zu rows here, %zu there", type->keyword,
                     statements[s].n, type->n_rows);
        for (size_t i = 0; i < statements[s].n; i++) {
            const struct row *want = &statements[s].rows[i];
            bool is_ref;
            const struct ttls_row *row =
                ttls_row_find(type, str_of(want->param), &is_ref);

            if (row == NULL || strcmp(row->name, want->param) != 0)
                fail_msg("%s has no %s", type->keyword, want->param);
            if ((row->dflt == NULL) != (want->dflt == NULL) ||
                (row->dflt != NULL && strcmp(row->dflt, want->dflt) != 0))
                fail_msg("%s: default %s", want->param, row->dflt);
        }
    }
}

/* What another statement has, this one has not. */
static void
no_strangers(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(statements); s++) {
        const struct ttls_type *type = ttls_type_of(statements[s].stmt);
        char says[80];

        (void)snprintf(says, sizeof says, "%s x has no parameter",
                       type->keyword);
        for (size_t other = 0; other < ARRAY_LEN(statements); other++) {
            for (size_t i = 0; i < statements[other].n; i++) {
                const char *param = statements[other].rows[i].param;
                struct ttls_policy *p;
                enum ttls_stmt stmt;
                struct seen seen;
                uint32_t line;
                char lines[64];
                bool is_ref;

                /* statements are taken for the next one, see test_slips */
                if (ttls_row_find(type, str_of(param), &is_ref) != NULL ||
                    ttls_type_find(str_of(param), &stmt) != NULL)
                    continue;
                (void)snprintf(lines, sizeof lines, "%s 1\n", param);
                p = with(s, "-", lines, &seen, &line);
                if (p != NULL || seen.n_errors != 1 || seen.line != line ||
                    strstr(seen.error, says) != seen.error ||
                    strstr(seen.error, param) == NULL)
                    fail_msg("%s in %s: %zu errors, \"%s\"", param,
                             type->keyword, seen.n_errors, seen.error);
            }
        }
    }
}

/* --- objects ------------------------------------------------------------ */

static const char *
named(enum ttls_stmt stmt)
{
    return stmt == TTLS_GROUP_ACTION   ? "g"
           : stmt == TTLS_ENV_ACTION   ? "e"
           : stmt == TTLS_KEYRING      ? "k"
           : stmt == TTLS_IPADDR       ? "a"
           : stmt == TTLS_IPADDR_SET   ? "as"
           : stmt == TTLS_IPADDR_GROUP ? "ag"
           : stmt == TTLS_PORT_RANGE   ? "p"
           : stmt == TTLS_PORT_GROUP   ? "pg"
                                       : NULL;
}

static const char *
needs_of(enum ttls_stmt stmt)
{
    for (size_t s = 0; s < ARRAY_LEN(statements); s++) {
        if (statements[s].stmt == stmt)
            return statements[s].needs;
    }
    return "";
}

/* is_good: accepted; else one error that says this. */
static void
object(size_t s, const struct ttls_row *row, const char *lines,
       const char *says)
{
    char param[64];
    struct ttls_policy *p;
    struct seen seen;
    uint32_t line;

    (void)snprintf(param, sizeof param, "%s", row->name);
    p = with(s, param, lines, &seen, &line);
    if ((p != NULL) != (says == NULL) || (says != NULL && seen.n_errors != 1) ||
        (says != NULL && strstr(seen.error, says) == NULL))
        fail_msg("%s: %s: %zu errors, line %u \"%s\"",
                 ttls_type_of(statements[s].stmt)->keyword, lines,
                 seen.n_errors, seen.line, seen.error);
    ttls_policy_unref(&p);
}

/* A name: of such a statement, no other one's, none that is not there. Forms
 * with and without Ref: only where a block may stand. */
static void
names_and_blocks(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(statements); s++) {
        const struct ttls_type *type = ttls_type_of(statements[s].stmt);

        for (size_t i = 0; i < type->n_rows; i++) {
            const struct ttls_row *row = &type->rows[i];
            const char *ref = row->kind == TTLS_K_REF ? "" : "Ref";
            const char *target, *needs;
            char lines[512], says[128];

            if (row->kind != TTLS_K_OBJECT && row->kind != TTLS_K_REF &&
                row->kind != TTLS_K_MEMBER)
                continue;
            target = ttls_type_of(row->target)->keyword;
            needs = needs_of(row->target);
            (void)snprintf(lines, sizeof lines, "%s%s nobody\n", row->name,
                           ref);
            (void)snprintf(says, sizeof says,
                           "names %s nobody, which is nowhere defined", target);
            object(s, row, lines, says);
            (void)snprintf(lines, sizeof lines, "%s%s %s\n", row->name, ref,
                           row->target == TTLS_KEYRING ? "e" : "k");
            (void)snprintf(says, sizeof says, "which is nowhere defined");
            object(s, row, lines, says);
            (void)snprintf(lines, sizeof lines, "%s%s\n", row->name, ref);
            (void)snprintf(says, sizeof says, "\"\" is not the name of a %s",
                           target);
            object(s, row, lines, says);
            if (named(row->target) != NULL) {
                (void)snprintf(lines, sizeof lines, "%s%s %s\n", row->name, ref,
                               named(row->target));
                object(s, row, lines, NULL);
            }
            if (row->kind == TTLS_K_REF)
                continue;
            (void)snprintf(lines, sizeof lines, "%s\n{\n%s}\n", row->name,
                           needs);
            object(s, row, lines, NULL);
            (void)snprintf(lines, sizeof lines, "%s own {\n%s}\n%sRef own\n",
                           row->name, needs, row->name);
            object(s, row, lines, NULL);
            (void)snprintf(lines, sizeof lines, "%s own\n", row->name);
            (void)snprintf(says, sizeof says, "%s: expected { on the next line",
                           target);
            object(s, row, lines, says);
            (void)snprintf(lines, sizeof lines, "%s a b\n{\n%s}\n", row->name,
                           needs);
            object(s, row, lines, "\"a b\" is not a name");
        }
    }
}

/* What must be coded, and is not. */
static void
required(void **state)
{
    static const struct {
        const char *keyword, *lines, *says;
    } rows[] = {
        { "TTLSRule",
          "Jobname A\nTTLSGroupActionRef g\nTTLSEnvironmentActionRef e\n",
          "TTLSRule x: Direction is missing" },
        { "TTLSRule", "Jobname A\nDirection Both\nTTLSEnvironmentActionRef e\n",
          "TTLSRule x: TTLSGroupActionRef is missing" },
        { "TTLSRule", "Jobname A\nDirection Both\nTTLSGroupActionRef g\n",
          "TTLSEnvironmentActionRef is missing; TTLSGroupAction g says "
          "TTLSEnabled On" },
        { "TTLSRule",
          "Direction Both\nTTLSGroupActionRef g\nPriority 3\n"
          "TTLSEnvironmentActionRef e\n",
          "expected a condition: an address, a port, Jobname or Userid" },
        { "TTLSRule",
          "Direction Both\nTTLSGroupActionRef g\n"
          "IpTimeCondition\n{\n}\nTTLSEnvironmentActionRef e\n",
          "expected a condition" },
        { "TTLSGroupAction", "Trace 2\n",
          "TTLSGroupAction x: TTLSEnabled is missing" },
        { "TTLSEnvironmentAction", "TTLSKeyringParmsRef k\n",
          "TTLSEnvironmentAction x: HandshakeRole is missing" },
        { "TTLSEnvironmentAction", "HandshakeRole Client\n",
          "TTLSEnvironmentAction x: TTLSKeyringParms is missing" },
        { "TTLSKeyringParms", "KeyringPw y\n",
          "TTLSKeyringParms x: Keyring is missing" },
        { "IpAddr", "", "IpAddr x has no value" },
        { "IpAddrSet", "", "IpAddrSet x has no value" },
        { "IpAddrGroup", "", "IpAddrGroup x has no value" },
        { "PortRange", "", "PortRange x has no value" },
        { "PortGroup", "", "PortGroup x has no value" },
        { "IpAddrSet", "Prefix 10.0.0.0/8\nRange 10.0.0.1-10.0.0.2\n",
          "Prefix and Range are both coded; expected one of them" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ttls_policy *p;
        struct seen seen;
        char text[1024];

        (void)snprintf(text, sizeof text, ACTIONS "%s x\n{\n%s}\n",
                       rows[i].keyword, rows[i].lines);
        p = build(NULL, text, TTLS_COLLATE_ASCII, &seen);
        if (p != NULL || seen.n_errors != 1 || seen.line != 14 ||
            strstr(seen.error, rows[i].says) == NULL)
            fail_msg("row %zu: %zu errors, line %u \"%s\"", i, seen.n_errors,
                     seen.line, seen.error);
    }
}

/* Two forms of one condition. */
static void
two_forms(void **state)
{
    static const char *const forms[4][4] = {
        { "LocalAddr 10.1.1.1", "LocalAddrRef a", "LocalAddrSetRef as",
          "LocalAddrGroupRef ag" },
        { "RemoteAddr All", "RemoteAddrRef a", "RemoteAddrSetRef as",
          "RemoteAddrGroupRef ag" },
        { "LocalPortRange 7", "LocalPortRangeRef p", "LocalPortGroupRef pg",
          NULL },
        { "RemotePortRange 7", "RemotePortRangeRef p", "RemotePortGroupRef pg",
          NULL },
    };

    (void)state;
    for (size_t f = 0; f < 4; f++) {
        for (size_t i = 0; i < 4; i++) {
            for (size_t k = 0; k < 4; k++) {
                struct ttls_policy *p;
                struct seen seen;
                uint32_t line;
                char lines[128];

                if (i == k || forms[f][i] == NULL || forms[f][k] == NULL)
                    continue;
                (void)snprintf(lines, sizeof lines, "%s\n%s\n", forms[f][i],
                               forms[f][k]);
                p = with(0, "-", lines, &seen, &line);
                if (p != NULL || seen.n_errors != 1 ||
                    strstr(seen.error,
                           "are both coded; expected one of them") == NULL)
                    fail_msg("%s: \"%s\"", lines, seen.error);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_have_all),    cmocka_unit_test(good_values),
        cmocka_unit_test(bad_values),       cmocka_unit_test(no_strangers),
        cmocka_unit_test(required),         cmocka_unit_test(two_forms),
        cmocka_unit_test(names_and_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
