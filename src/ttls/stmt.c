#include "ttls/stmt.h"

#include <string.h>

/* clang-format off: tables are read by column */

static const struct ttls_word on_off[] = { { "Off", TTLS_OFF },
                                           { "On", TTLS_ON },
                                           { NULL, 0 } };
/* Level1..3 since V2R5. */
static const struct ttls_word fips[] = {
    { "Off", TTLS_FIPS_OFF },  { "On", TTLS_FIPS_ON },
    { "Level1", TTLS_FIPS_1 }, { "Level2", TTLS_FIPS_2 },
    { "Level3", TTLS_FIPS_3 }, { NULL, 0 }
};
static const struct ttls_word roles[] = { { "Client", TTLS_CLIENT },
                                          { "Server", TTLS_SERVER },
                                          { "ServerWithClientAuth",
                                            TTLS_SERVER_CLIENT_AUTH },
                                          { NULL, 0 } };
static const struct ttls_word suite_b[] = { { "Off", TTLS_SUITEB_OFF },
                                            { "128", TTLS_SUITEB_128 },
                                            { "128Min", TTLS_SUITEB_128MIN },
                                            { "192", TTLS_SUITEB_192 },
                                            { "192Min", TTLS_SUITEB_192MIN },
                                            { "All", TTLS_SUITEB_ALL },
                                            { NULL, 0 } };
static const struct ttls_word facilities[] = { { "Daemon", TTLS_DAEMON },
                                               { "Auth", TTLS_AUTH },
                                               { NULL, 0 } };
static const struct ttls_word client_auth[] = {
    { "PassThru", TTLS_AUTH_PASSTHRU },
    { "Full", TTLS_AUTH_FULL },
    { "Required", TTLS_AUTH_REQUIRED },
    { "SAFCheck", TTLS_AUTH_SAFCHECK },
    { NULL, 0 }
};
static const struct ttls_word cert_modes[] = { { "Any", TTLS_CERT_ANY },
                                               { "RFC2459", TTLS_CERT_2459 },
                                               { "RFC3280", TTLS_CERT_3280 },
                                               { "RFC5280", TTLS_CERT_5280 },
                                               { NULL, 0 } };
static const struct ttls_word wants[] = { { "Off", TTLS_NO },
                                          { "Optional", TTLS_OPTIONAL },
                                          { "Required", TTLS_REQUIRED },
                                          { NULL, 0 } };
static const struct ttls_word matches[] = { { "Optional", TTLS_OPTIONAL },
                                            { "Required", TTLS_REQUIRED },
                                            { NULL, 0 } };
static const struct ttls_word fragments[] = { { "512", 512 },
                                              { "1024", 1024 },
                                              { "2048", 2048 },
                                              { "4096", 4096 },
                                              { NULL, 0 } };
static const struct ttls_word ems[] = { { "Off", TTLS_EMS_OFF },
                                        { "On", TTLS_EMS_ON },
                                        { "Required", TTLS_EMS_REQUIRED },
                                        { NULL, 0 } };
static const struct ttls_word renegotiations[] = {
    { "Default", TTLS_RENEG_DEFAULT },
    { "Disabled", TTLS_RENEG_DISABLED },
    { "All", TTLS_RENEG_ALL },
    { "Abbreviated", TTLS_RENEG_ABBREVIATED },
    { NULL, 0 }
};
static const struct ttls_word indicators[] = { { "Optional",
                                                 TTLS_IND_OPTIONAL },
                                               { "Client", TTLS_IND_CLIENT },
                                               { "Server", TTLS_IND_SERVER },
                                               { "Both", TTLS_IND_BOTH },
                                               { NULL, 0 } };
static const struct ttls_word client_edh[] = { { "Legacy", TTLS_EDH_LEGACY },
                                               { "2048", TTLS_EDH_2048 },
                                               { NULL, 0 } };
static const struct ttls_word server_edh[] = { { "Legacy", TTLS_EDH_LEGACY },
                                               { "2048", TTLS_EDH_2048 },
                                               { "Match", TTLS_EDH_MATCH },
                                               { NULL, 0 } };
static const struct ttls_word cert_versions[] = { { "Any", TTLS_VERSION_ANY },
                                                  { "3", TTLS_VERSION_3 },
                                                  { NULL, 0 } };
static const struct ttls_word levels[] = { { "Low", TTLS_LEVEL_LOW },
                                           { "Medium", TTLS_LEVEL_MEDIUM },
                                           { "High", TTLS_LEVEL_HIGH },
                                           { NULL, 0 } };
static const struct ttls_word staples[] = { { "Off", TTLS_STAPLE_OFF },
                                            { "Any", TTLS_STAPLE_ANY },
                                            { "EndEntity", TTLS_STAPLE_END },
                                            { NULL, 0 } };
static const struct ttls_word ticket_algs[] = { { "AESCBC128", TTLS_AESCBC128 },
                                                { "AESCBC256", TTLS_AESCBC256 },
                                                { NULL, 0 } };
static const struct ttls_word directions[] = { { "Inbound", TTLS_INBOUND },
                                               { "Outbound", TTLS_OUTBOUND },
                                               { "Both", TTLS_BOTH },
                                               { NULL, 0 } };
static const struct ttls_word zones[] = { { "Local", 0 },
                                          { "UTC", 1 },
                                          { NULL, 0 } };

#define AT(field) (uint16_t) offsetof(S, field)
#define WORD(n, field, w, d)                                                   \
    {                                                                          \
        .name = n, .kind = TTLS_K_WORD, .offset = AT(field), .words = w,       \
        .dflt = d                                                              \
    }
#define MUST(n, field, w)                                                      \
    {                                                                          \
        .name = n, .kind = TTLS_K_WORD, .offset = AT(field), .words = w,       \
        .flags = TTLS_F_REQUIRED                                               \
    }
#define SWITCH(n, field, d) WORD(n, field, on_off, d)
#define NUMBER(n, field, lo, hi, d)                                            \
    {                                                                          \
        .name = n, .kind = TTLS_K_NUMBER, .offset = AT(field), .min = lo,      \
        .max = hi, .dflt = d                                                   \
    }
#define OLD(n, field, hi)                                                      \
    {                                                                          \
        .name = n, .kind = TTLS_K_NUMBER, .offset = AT(field), .max = hi,      \
        .flags = TTLS_F_IGNORED                                                \
    }
#define TEXT(n, field, hi)                                                     \
    {                                                                          \
        .name = n, .kind = TTLS_K_TEXT, .offset = AT(field), .max = hi         \
    }
#define LABEL(n, field)                                                        \
    {                                                                          \
        .name = n, .kind = TTLS_K_LABEL, .offset = AT(field), .max = 127       \
    }
#define SECRET(n, field)                                                       \
    {                                                                          \
        .name = n, .kind = TTLS_K_SECRET, .offset = AT(field), .max = 128      \
    }
#define TEXTS(n, field, hi)                                                    \
    {                                                                          \
        .name = n, .kind = TTLS_K_TEXTS, .offset = AT(field), .max = hi        \
    }
#define HOSTS(n, field, hi)                                                    \
    {                                                                          \
        .name = n, .kind = TTLS_K_TEXTS, .offset = AT(field), .max = hi,       \
        .flags = TTLS_F_HOST                                                   \
    }
#define LIST(n, field, k, d)                                                   \
    {                                                                          \
        .name = n, .kind = TTLS_K_##k, .offset = AT(field), .dflt = d          \
    }
#define OBJECT(n, field, s)                                                    \
    {                                                                          \
        .name = n, .kind = TTLS_K_OBJECT, .offset = AT(field), .target = s     \
    }
#define REF(n, field, s)                                                       \
    {                                                                          \
        .name = n, .kind = TTLS_K_REF, .offset = AT(field), .target = s        \
    }
#define VALUE(n, field, k)                                                     \
    {                                                                          \
        .name = n, .kind = TTLS_K_##k, .offset = AT(field)                     \
    }
#define MEMBER(n, field, s)                                                    \
    {                                                                          \
        .name = n, .kind = TTLS_K_MEMBER, .offset = AT(field), .target = s     \
    }

#define S struct ttls_rule
static const struct ttls_row rule_rows[] = {
    VALUE("LocalAddr", local_addr, ADDR),
    REF("LocalAddrRef", local_addr, TTLS_IPADDR),
    REF("LocalAddrSetRef", local_addr, TTLS_IPADDR_SET),
    REF("LocalAddrGroupRef", local_addr, TTLS_IPADDR_GROUP),
    VALUE("RemoteAddr", remote_addr, ADDR),
    REF("RemoteAddrRef", remote_addr, TTLS_IPADDR),
    REF("RemoteAddrSetRef", remote_addr, TTLS_IPADDR_SET),
    REF("RemoteAddrGroupRef", remote_addr, TTLS_IPADDR_GROUP),
    VALUE("LocalPortRange", local_port, PORT),
    REF("LocalPortRangeRef", local_port, TTLS_PORT_RANGE),
    REF("LocalPortGroupRef", local_port, TTLS_PORT_GROUP),
    VALUE("RemotePortRange", remote_port, PORT),
    REF("RemotePortRangeRef", remote_port, TTLS_PORT_RANGE),
    REF("RemotePortGroupRef", remote_port, TTLS_PORT_GROUP),
    VALUE("Jobname", job, JOB),
    VALUE("Userid", user, JOB),
    MUST("Direction", direction, directions),
    NUMBER("Priority", priority, 1, 2000000000, "1"),
    OBJECT("IpTimeCondition", time, TTLS_TIME),
    REF("TTLSGroupActionRef", group, TTLS_GROUP_ACTION),
    REF("TTLSEnvironmentActionRef", env, TTLS_ENV_ACTION),
    REF("TTLSConnectionActionRef", conn, TTLS_CONN_ACTION),
};
#undef S
#define S struct ttls_group_action
static const struct ttls_row group_rows[] = {
    MUST("TTLSEnabled", enabled, on_off),
    SWITCH("CtraceClearText", ctrace_clear, "Off"),
    NUMBER("Trace", trace, 0, 255, "2"),
    WORD("FIPS140", fips, fips, "Off"),
    NUMBER("GroupUserInstance", user_instance, 0, 65535, NULL),
    OBJECT("TTLSGroupAdvancedParms", adv, TTLS_GROUP_ADV),
};
#undef S
#define S struct ttls_group_adv
static const struct ttls_row group_adv_rows[] = {
    SWITCH("SecondaryMap", secondary_map, "Off"),
    WORD("SyslogFacility", facility, facilities, "Daemon"),
    TEXT("Envfile", env_file, 1023),
};
#undef S
#define S struct ttls_env_action
static const struct ttls_row env_rows[] = {
    MUST("HandshakeRole", role, roles),
    SWITCH("CtraceClearText", ctrace_clear, NULL),
    NUMBER("Trace", trace, 0, 255, NULL),
    WORD("SuiteBProfile", suite_b, suite_b, "Off"),
    OBJECT("TTLSKeyringParms", keyring, TTLS_KEYRING),
    OBJECT("TTLSEnvironmentAdvancedParms", adv, TTLS_ENV_ADV),
    OBJECT("TTLSSignatureParms", signature, TTLS_SIGNATURE),
    OBJECT("TTLSCipherParms", cipher, TTLS_CIPHER),
    OBJECT("TTLSGskAdvancedParms", gsk, TTLS_GSK_ADV),
    NUMBER("EnvironmentUserInstance", user_instance, 0, 65535, NULL),
};
#undef S
#define S struct ttls_conn_action
static const struct ttls_row conn_rows[] = {
    WORD("HandshakeRole", role, roles, NULL),
    SWITCH("CtraceClearText", ctrace_clear, NULL),
    NUMBER("Trace", trace, 0, 255, NULL),
    OBJECT("TTLSConnectionAdvancedParms", adv, TTLS_CONN_ADV),
    OBJECT("TTLSSignatureParms", signature, TTLS_SIGNATURE),
    OBJECT("TTLSCipherParms", cipher, TTLS_CIPHER),
    NUMBER("ConnectionUserInstance", user_instance, 0, 65535, NULL),
};
#undef S
#define S struct ttls_keyring
static const struct ttls_row keyring_rows[] = {
    { .name = "Keyring",
      .kind = TTLS_K_TEXT,
      .offset = AT(keyring),
      .max = 1023,
      .flags = TTLS_F_REQUIRED },
    SECRET("KeyringPw", password),
    TEXT("KeyringStashFile", stash_file, 1023),
};
#undef S
#define S struct ttls_cipher
static const struct ttls_row cipher_rows[] = {
    LIST("V2CipherSuites", v2, CIPHER1, NULL),
    LIST("V3CipherSuites", v3, CIPHER2, NULL),
    LIST("V3CipherSuites4Char", v3_4, CIPHER4, NULL),
};
#undef S
#define S struct ttls_signature
static const struct ttls_row signature_rows[] = {
    LIST("ClientECurves", client_curves, GROUPS, "00210023002400250019"),
    LIST("ClientKeyShareGroups", client_key_shares, GROUPS, "0023"),
    LIST("ServerKeyShareGroups", server_key_shares, GROUPS,
         "00230024002500290030"),
    LIST("ServerKexECurves", server_curves, GROUPS, "00230024002500210019"),
    LIST("SignaturePairs", pairs, PAIRS,
         "0601060305010503040104030402030103030302020102030202"),
    LIST("SignaturePairsCert", pairs_cert, PAIRS, NULL),
};
#undef S
#define S struct ttls_adv
/* In the order that displays use. */
#define PROTOCOLS_FROM_TLS                                                     \
    SWITCH("TLSv1", tlsv1, "On"), SWITCH("TLSv1.1", tlsv11, "On"),             \
        SWITCH("TLSv1.2", tlsv12, "Off"), SWITCH("TLSv1.3", tlsv13, "Off")
static const struct ttls_row env_adv_rows[] = {
    SWITCH("SSLv2", sslv2, "Off"),
    SWITCH("SSLv3", sslv3, "Off"),
    PROTOCOLS_FROM_TLS,
    SWITCH("MiddleBoxCompatMode", middle_box, "Off"),
    SWITCH("ApplicationControlled", application_controlled, "Off"),
    NUMBER("HandshakeTimeout", handshake_timeout_s, 0, 600, "10"),
    WORD("ClientAuthType", client_auth, client_auth, "Required"),
    NUMBER("ResetCipherTimer", reset_cipher_min, 0, 1440, "0"),
    LABEL("CertificateLabel", label),
    TEXTS("ServerCertificateLabel", server_labels, 127),
    SWITCH("SecondaryMap", secondary_map, NULL),
    WORD("TruncatedHMAC", truncated_hmac, wants, "Off"),
    WORD("CertValidationMode", cert_mode, cert_modes, "Any"),
    WORD("ServerMaxSSLFragment", server_fragment, wants, "Off"),
    WORD("ClientMaxSSLFragment", client_fragment, wants, "Off"),
    WORD("ClientMaxSSLFragmentLength", client_fragment_bytes, fragments, NULL),
    WORD("ServerHandshakeSNI", server_sni, wants, "Off"),
    WORD("ServerHandshakeSNIMatch", server_sni_match, matches, NULL),
    HOSTS("ServerHandshakeSNIList", server_sni_list, 383),
    WORD("ClientHandshakeSNI", client_sni, wants, "Off"),
    WORD("ClientHandshakeSNIMatch", client_sni_match, matches, NULL),
    TEXTS("ClientHandshakeSNIList", client_sni_list, 255),
    WORD("ClientExtendedMasterSecret", client_ems, ems, "On"),
    WORD("ServerExtendedMasterSecret", server_ems, ems, "On"),
    WORD("Renegotiation", renegotiation, renegotiations, "Default"),
    WORD("RenegotiationIndicator", renegotiation_indicator, indicators,
         "Optional"),
    SWITCH("RenegotiationCertCheck", renegotiation_cert_check, "Off"),
    SWITCH("3DesKeyCheck", des3_key_check, "Off"),
    WORD("ClientEDHGroupSize", client_edh, client_edh, "Legacy"),
    WORD("ServerEDHGroupSize", server_edh, server_edh, "Legacy"),
    WORD("PeerMinCertVersion", peer_min_cert_version, cert_versions, "Any"),
    NUMBER("PeerMinDHKeySize", peer_min_dh, 0, 2048, "1024"),
    NUMBER("PeerMinDsaKeySize", peer_min_dsa, 0, 2048, "1024"),
    NUMBER("PeerMinECCKeySize", peer_min_ecc, 0, 521, "192"),
    NUMBER("PeerMinRsaKeySize", peer_min_rsa, 0, 4096, "1024"),
    SWITCH("ServerScsv", server_scsv, "Off"),
    TEXTS("HostReferenceIdDNS", host_ref_dns, 255),
    TEXTS("HostReferenceIdCN", host_ref_cn, 255),
    SWITCH("HostRefWildcardValidation", host_ref_wildcard, NULL),
};
static const struct ttls_row conn_adv_rows[] = {
    SWITCH("SecondaryMap", secondary_map, NULL),
    SWITCH("SSLv2", sslv2, NULL),
    SWITCH("SSLv3", sslv3, NULL),
    SWITCH("TLSv1", tlsv1, NULL),
    SWITCH("TLSv1.1", tlsv11, NULL),
    SWITCH("TLSv1.2", tlsv12, NULL),
    SWITCH("TLSv1.3", tlsv13, NULL),
    SWITCH("ApplicationControlled", application_controlled, NULL),
    NUMBER("HandshakeTimeout", handshake_timeout_s, 0, 600, NULL),
    NUMBER("ResetCipherTimer", reset_cipher_min, 0, 1440, NULL),
    LABEL("CertificateLabel", label),
    TEXTS("ServerCertificateLabel", server_labels, 127),
    WORD("ServerHandshakeSNI", server_sni, wants, NULL),
    WORD("ServerHandshakeSNIMatch", server_sni_match, matches, NULL),
    HOSTS("ServerHandshakeSNIList", server_sni_list, 383),
    WORD("ClientHandshakeSNI", client_sni, wants, NULL),
    WORD("ClientHandshakeSNIMatch", client_sni_match, matches, NULL),
    TEXTS("ClientHandshakeSNIList", client_sni_list, 255),
    WORD("TruncatedHMAC", truncated_hmac, wants, NULL),
    WORD("ServerMaxSSLFragment", server_fragment, wants, NULL),
    WORD("ClientMaxSSLFragment", client_fragment, wants, NULL),
    WORD("ClientMaxSSLFragmentLength", client_fragment_bytes, fragments, NULL),
};
#undef S
/* Ranges of GSK, LDAP, CRL and OCSP parameters: [unverified]. */
#define S struct ttls_gsk_adv
static const struct ttls_row gsk_rows[] = {
    SWITCH("GSK_SYSPLEX_SIDCACHE", sysplex_sid_cache, NULL),
    SWITCH("GSK_SYSPLEX_SESSION_TICKET_CACHE", sysplex_ticket_cache, NULL),
    OLD("GSK_V2_SESSION_TIMEOUT", v2_session_timeout, 100),
    OLD("GSK_V2_SIDCACHE_SIZE", v2_cache_size, 32000),
    NUMBER("GSK_V3_SESSION_TIMEOUT", v3_session_timeout_s, 0, 86400, "86400"),
    NUMBER("GSK_V3_SIDCACHE_SIZE", v3_cache_size, 0, 64000, "512"),
    SWITCH("GSK_SESSION_TICKET_CLIENT_ENABLE", client_tickets, "On"),
    NUMBER("GSK_SESSION_TICKET_CLIENT_MAXSIZE", client_ticket_max_bytes, 0,
           2147483647, "8192"),
    NUMBER("GSK_SESSION_TICKET_CLIENT_MAXCACHED", client_ticket_max_cached, 0,
           2147483647, NULL),
    SWITCH("GSK_SESSION_TICKET_SERVER_ENABLE", server_tickets, "On"),
    WORD("GSK_SESSION_TICKET_SERVER_ALGORITHM", server_ticket_alg, ticket_algs,
         "AESCBC128"),
    NUMBER("GSK_SESSION_TICKET_SERVER_COUNT", server_ticket_count, 0, 16, "2"),
    NUMBER("GSK_SESSION_TICKET_SERVER_KEY_REFRESH", server_ticket_refresh_s, 0,
           604800, "300"),
    NUMBER("GSK_SESSION_TICKET_SERVER_TIMEOUT", server_ticket_timeout_s, 0,
           604800, "300"),
    SWITCH("AIACDPPriority", aia_cdp_priority, NULL),
    LIST("CrlSigAlgPairs", crl_algs, PAIRS, NULL),
    NUMBER("MaxSrcRevExtLocValues", max_src_rev, 0, 2147483647, NULL),
    NUMBER("MaxValidRevExtLocValues", max_valid_rev, 0, 2147483647, NULL),
    WORD("RevocationSecurityLevel", revocation_level, levels, NULL),
    OBJECT("TTLSGskLdapParms", ldap, TTLS_GSK_LDAP),
    OBJECT("TTLSGskHttpCdpParms", cdp, TTLS_GSK_CDP),
    OBJECT("TTLSGskOcspParms", ocsp, TTLS_GSK_OCSP),
};
#undef S
#define S struct ttls_gsk_ldap
static const struct ttls_row ldap_rows[] = {
    TEXTS("GSK_LDAP_SERVER", servers, 255),
    NUMBER("GSK_LDAP_SERVER_PORT", port, 1, 65535, "389"),
    TEXT("GSK_LDAP_USER", user, 255),
    SECRET("GSK_LDAP_USER_PW", password),
    NUMBER("GSK_CRL_CACHE_TIMEOUT", crl_cache_timeout_h, 0, 720, "24"),
    WORD("GSK_CRL_SECURITY_LEVEL", crl_security, levels, "Medium"),
    NUMBER("CRLCacheSize", cache_size, 0, 32000, NULL),
    NUMBER("CRLCacheEntryMaxsize", cache_entry_max, 0, 2147483647, NULL),
    SWITCH("CRLCacheExtended", cache_extended, NULL),
    SWITCH("CRLCacheTempCRL", cache_temp_crl, NULL),
    NUMBER("CRLCacheTempCRLTimeout", cache_temp_crl_timeout, 0, 720, NULL),
    NUMBER("LDAPResponseTimeout", response_timeout_s, 0, 43200, "15"),
};
#undef S
#define S struct ttls_gsk_cdp
static const struct ttls_row cdp_rows[] = {
    SWITCH("HttpCdpEnable", enable, "Off"),
    TEXT("HttpCdpProxyServerName", proxy, 255),
    NUMBER("HttpCdpProxyServerPort", proxy_port, 1, 65535, "80"),
    NUMBER("HttpCdpResponseTimeout", response_timeout_s, 0, 43200, "15"),
    NUMBER("HttpCdpMaxResponseSize", max_response_bytes, 0, 2147483647,
           "204800"),
    NUMBER("HttpCdpCacheSize", cache_size, 0, 32000, "32"),
    NUMBER("HttpCdpCacheEntryMaxsize", cache_entry_max, 0, 2147483647, "0"),
};
#undef S
#define S struct ttls_gsk_ocsp
static const struct ttls_row ocsp_rows[] = {
    TEXT("OcspUrl", url, 1023),
    SWITCH("OcspAiaEnable", aia_enable, "Off"),
    TEXT("OcspProxyServerName", proxy, 255),
    NUMBER("OcspProxyServerPort", proxy_port, 1, 65535, "80"),
    SWITCH("OcspRetrieveViaGet", via_get, "Off"),
    SWITCH("OcspUrlPriority", url_priority, "On"),
    LABEL("OcspRequestSigkeylabel", request_label),
    { .name = "OcspRequestSigalg",
      .kind = TTLS_K_PAIRS,
      .offset = AT(request_alg),
      .flags = TTLS_F_ONE,
      .dflt = "0401" },
    LIST("OcspResponseSigAlgPairs", response_algs, PAIRS, NULL),
    NUMBER("OcspClientCacheSize", cache_size, 0, 32000, "256"),
    NUMBER("OcspCliCacheEntryMaxsize", cache_entry_max, 0, 32000, "0"),
    SWITCH("OcspNonceGenEnable", nonce_enable, "Off"),
    SWITCH("OcspNonceCheckEnable", nonce_check, "Off"),
    NUMBER("OcspNonceSize", nonce_size, 8, 256, "8"),
    NUMBER("OcspResponseTimeout", response_timeout_s, 0, 43200, "15"),
    NUMBER("OcspMaxResponseSize", max_response_bytes, 0, 2147483647, "20480"),
    WORD("OcspServerStapling", staple, staples, "Off"),
};
#undef S
#define S struct ttls_addrs
static const struct ttls_row ipaddr_rows[] = { VALUE("Addr", v, ONE_ADDR) };
static const struct ttls_row ipaddr_set_rows[] = {
    VALUE("Prefix", v, PREFIX),
    VALUE("Range", v, RANGE),
};
static const struct ttls_row ipaddr_group_rows[] = {
    MEMBER("IpAddr", members, TTLS_IPADDR),
    MEMBER("IpAddrSet", members, TTLS_IPADDR_SET),
    MEMBER("IpAddrGroup", members, TTLS_IPADDR_GROUP),
};
#undef S
#define S struct ttls_ports
static const struct ttls_row port_range_rows[] = { VALUE("Port", v, ONE_PORT) };
static const struct ttls_row port_group_rows[] = {
    MEMBER("PortRange", members, TTLS_PORT_RANGE),
    MEMBER("PortGroup", members, TTLS_PORT_GROUP),
};
#undef S
#define S struct ttls_time
static const struct ttls_row time_rows[] = {
    VALUE("ConditionTimeRange", from, PERIOD),
    { .name = "MonthOfYearMask",
      .kind = TTLS_K_MASK,
      .offset = AT(month_mask),
      .max = 12,
      .dflt = "111111111111" },
    { .name = "DayOfMonthMask",
      .kind = TTLS_K_DAY_MASK,
      .offset = AT(day_mask),
      .max = 31 },
    { .name = "DayOfWeekMask",
      .kind = TTLS_K_MASK,
      .offset = AT(week_mask),
      .max = 7,
      .dflt = "1111111" },
    VALUE("TimeOfDayRange", of_day, OF_DAY),
    WORD("TimeZone", is_utc, zones, "Local"),
};
#undef S

#define TYPE(k, type, r)                                                       \
    {                                                                          \
        .keyword = k, .bytes = sizeof(type), .rows = r, .n_rows = ARRAY_LEN(r) \
    }
static const struct ttls_type types[TTLS_STMTS] = {
    [TTLS_RULE] = TYPE("TTLSRule", struct ttls_rule, rule_rows),
    [TTLS_GROUP_ACTION] =
        TYPE("TTLSGroupAction", struct ttls_group_action, group_rows),
    [TTLS_GROUP_ADV] =
        TYPE("TTLSGroupAdvancedParms", struct ttls_group_adv, group_adv_rows),
    [TTLS_ENV_ACTION] =
        TYPE("TTLSEnvironmentAction", struct ttls_env_action, env_rows),
    [TTLS_ENV_ADV] =
        TYPE("TTLSEnvironmentAdvancedParms", struct ttls_adv, env_adv_rows),
    [TTLS_CONN_ACTION] =
        TYPE("TTLSConnectionAction", struct ttls_conn_action, conn_rows),
    [TTLS_CONN_ADV] =
        TYPE("TTLSConnectionAdvancedParms", struct ttls_adv, conn_adv_rows),
    [TTLS_KEYRING] =
        TYPE("TTLSKeyringParms", struct ttls_keyring, keyring_rows),
    [TTLS_CIPHER] = TYPE("TTLSCipherParms", struct ttls_cipher, cipher_rows),
    [TTLS_SIGNATURE] =
        TYPE("TTLSSignatureParms", struct ttls_signature, signature_rows),
    [TTLS_GSK_ADV] =
        TYPE("TTLSGskAdvancedParms", struct ttls_gsk_adv, gsk_rows),
    [TTLS_GSK_LDAP] = TYPE("TTLSGskLdapParms", struct ttls_gsk_ldap, ldap_rows),
    [TTLS_GSK_OCSP] = TYPE("TTLSGskOcspParms", struct ttls_gsk_ocsp, ocsp_rows),
    [TTLS_GSK_CDP] = TYPE("TTLSGskHttpCdpParms", struct ttls_gsk_cdp, cdp_rows),
    [TTLS_IPADDR] = TYPE("IpAddr", struct ttls_addrs, ipaddr_rows),
    [TTLS_IPADDR_SET] = TYPE("IpAddrSet", struct ttls_addrs, ipaddr_set_rows),
    [TTLS_IPADDR_GROUP] =
        TYPE("IpAddrGroup", struct ttls_addrs, ipaddr_group_rows),
    [TTLS_PORT_RANGE] = TYPE("PortRange", struct ttls_ports, port_range_rows),
    [TTLS_PORT_GROUP] = TYPE("PortGroup", struct ttls_ports, port_group_rows),
    [TTLS_TIME] = TYPE("IpTimeCondition", struct ttls_time, time_rows),
};
/* clang-format on */

const struct ttls_type *
ttls_type_of(enum ttls_stmt stmt)
{
    REQUIRE((unsigned)stmt < TTLS_STMTS);
    return &types[stmt];
}

const struct ttls_type *
ttls_type_find(struct str keyword, enum ttls_stmt *stmt)
{
    for (unsigned i = 0; i < TTLS_STMTS; i++) {
        if (str_eq_nocase_z(keyword, types[i].keyword)) {
            *stmt = (enum ttls_stmt)i;
            return &types[i];
        }
    }
    return NULL;
}

const struct ttls_row *
ttls_row_find(const struct ttls_type *type, struct str keyword, bool *is_ref)
{
    *is_ref = false;
    for (size_t i = 0; i < type->n_rows; i++) {
        const struct ttls_row *row = &type->rows[i];
        size_t n = strlen(row->name);

        if (str_eq_nocase_z(keyword, row->name)) {
            *is_ref = row->kind == TTLS_K_REF;
            return row;
        }
        if ((row->kind == TTLS_K_OBJECT || row->kind == TTLS_K_MEMBER) &&
            keyword.n == n + 3 &&
            str_eq_nocase_z(str_sub(keyword, 0, n), row->name) &&
            str_eq_nocase_z(str_sub(keyword, n, n + 3), "Ref")) {
            *is_ref = true;
            return row;
        }
    }
    return NULL;
}

uint64_t
ttls_row_bit(const struct ttls_type *type, const struct ttls_row *row)
{
    return (uint64_t)1 << (row - type->rows);
}

bool
ttls_is_coded(const struct ttls_obj *obj, const char *name)
{
    const struct ttls_type *type = &types[obj->stmt];

    for (size_t i = 0; i < type->n_rows; i++) {
        if (strcmp(type->rows[i].name, name) == 0)
            return (obj->coded & ((uint64_t)1 << i)) != 0;
    }
    return false;
}

const char *
ttls_word_of(const struct ttls_row *row, uint32_t value)
{
    for (const struct ttls_word *w = row->words; w != NULL && w->word != NULL;
         w++) {
        if (w->value == value)
            return w->word;
    }
    return "?";
}

uint32_t
ttls_row_default(const struct ttls_row *row)
{
    uint64_t number = 0;

    if (row->dflt == NULL)
        return 0;
    for (const struct ttls_word *w = row->words; w != NULL && w->word != NULL;
         w++) {
        if (strcmp(w->word, row->dflt) == 0)
            return w->value;
    }
    return str_to_u64(str_of(row->dflt), &number) ? (uint32_t)number : 0;
}
