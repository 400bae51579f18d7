/* Which level decides: each parameter that group, environment and connection
 * actions may code, in all combinations of those that do. */
#include "ttls/effective.h"
#include "ttls/stmt.h"
#include "ttls/test_build.h"

typedef struct ttls_effective effective;

#define GET(name, value)                                                       \
    static uint32_t name(const effective *e)                                   \
    {                                                                          \
        return (uint32_t)(value);                                              \
    }
GET(trace, e->trace)
GET(ctrace, e->ctrace_clear)
GET(role, e->role)
GET(sslv3, e->sslv3)
GET(tlsv1, e->tlsv1)
GET(tlsv11, e->tlsv11)
GET(tlsv12, e->tlsv12)
GET(tlsv13, e->tlsv13)
GET(application, e->is_application_controlled)
GET(timeout, e->handshake_timeout_s)
GET(reset, e->reset_cipher_min)
GET(label, e->has_label ? (uint32_t)e->label.n + 1 : 0)
GET(labels, e->server_labels.n == 0 ? 0 : e->server_labels.v[0].n)
GET(client_sni, e->client_sni)
GET(server_sni, e->server_sni)
GET(client_match, e->client_sni_match)
GET(server_match, e->server_sni_match)
GET(client_list, e->client_sni_list.n)
GET(server_list, e->server_sni_list.n)
GET(hmac, e->truncated_hmac)
GET(client_fragment, e->client_fragment_bytes)
GET(server_fragment, e->server_fragment)
GET(secondary, e->secondary_map)
GET(ciphers, e->are_ciphers_default ? 0 : e->ciphers.v[0])
GET(curves, e->client_curves.v[0])
GET(shares, e->client_key_shares.v[0])
GET(server_shares, e->server_key_shares.v[0])
GET(server_curves, e->server_curves.v[0])
GET(pairs, e->signature_pairs.v[0])
GET(pairs_cert,
    e->signature_pairs_cert.n == 0 ? 0 : e->signature_pairs_cert.v[0])
GET(enabled, e->is_enabled)
GET(fips, e->fips)
GET(facility, e->facility)
GET(env_file, e->env_file.n)
GET(ring, e->ring.n)
GET(client_auth, e->client_auth)
GET(cert_mode, e->cert_mode)
GET(suite_b, e->suite_b)
GET(min_rsa, e->peer_min_rsa)
GET(min_ecc, e->peer_min_ecc)
GET(min_dh, e->peer_min_dh)
GET(min_dsa, e->peer_min_dsa)
GET(min_version, e->peer_min_cert_version)
GET(renegotiation, e->renegotiation)
GET(indicator, e->renegotiation_indicator)
GET(cert_check, e->renegotiation_cert_check)
GET(scsv, e->server_scsv)
GET(middle_box, e->middle_box)
GET(client_ems, e->client_ems)
GET(server_ems, e->server_ems)
GET(client_edh, e->client_edh)
GET(server_edh, e->server_edh)
GET(des3, e->des3_key_check)
GET(dns, e->host_ref_dns.n)
GET(cn, e->host_ref_cn.n)
GET(wildcard, e->host_ref_wildcard)
GET(session_timeout, e->session_timeout_s)
GET(session_cache, e->session_cache)
GET(ticket_count, e->server_ticket_count)
GET(level, e->revocation_level)
GET(ocsp, e->ocsp.aia_enable)
GET(cdp, e->cdp.enable)
GET(ldap, e->ldap.port)

/* Where the lines stand: in the action, or in a block of its. */
enum place { ACTION, ADVANCED, CIPHERS, SIGNATURES, GSK };
static const char *const blocks[3][5] = {
    { NULL, "TTLSGroupAdvancedParms", NULL, NULL, NULL },
    { NULL, "TTLSEnvironmentAdvancedParms", "TTLSCipherParms",
      "TTLSSignatureParms", "TTLSGskAdvancedParms" },
    { NULL, "TTLSConnectionAdvancedParms", "TTLSCipherParms",
      "TTLSSignatureParms", NULL },
};

struct row {
    uint32_t (*get)(const effective *);
    enum place place;
    uint32_t otherwise;  /* nobody codes it */
    const char *line[3]; /* of group, environment, connection; NULL: cannot */
    uint32_t value[3];
};

/* clang-format off: tables are read by column */
#define SWITCH(get, name, dflt, a, b)                                          \
    {                                                                          \
        get, ADVANCED, dflt, { NULL, name " " a, name " " b },                 \
        {                                                                      \
            0, a[1] == 'n', b[1] == 'n'                                        \
        }                                                                      \
    }
#define WANT(get, name)                                                        \
    {                                                                          \
        get, ADVANCED, TTLS_NO, { NULL, name " Optional", name " Required" },  \
        {                                                                      \
            0, TTLS_OPTIONAL, TTLS_REQUIRED                                    \
        }                                                                      \
    }
#define ENV(get, place, dflt, line, value)                                     \
    {                                                                          \
        get, place, dflt, { NULL, line, NULL },                                \
        {                                                                      \
            0, value, 0                                                        \
        }                                                                      \
    }
#define GROUP(get, place, dflt, line, value)                                   \
    {                                                                          \
        get, place, dflt, { line, NULL, NULL },                                \
        {                                                                      \
            value, 0, 0                                                        \
        }                                                                      \
    }
static const struct row rows[] = {
    { trace, ACTION, 2, { "Trace 1", "Trace 4", "Trace 8" }, { 1, 4, 8 } },
    { trace, ACTION, 2, { "Trace 255", "Trace 0", "Trace 2" }, { 255, 0, 2 } },
    { ctrace,
      ACTION,
      0,
      { "CtraceClearText On", "CtraceClearText Off", "CtraceClearText On" },
      { 1, 0, 1 } },
    { ctrace,
      ACTION,
      0,
      { "CtraceClearText Off", "CtraceClearText On", "CtraceClearText Off" },
      { 0, 1, 0 } },
    { role,
      ACTION,
      TTLS_SERVER,
      { NULL, NULL, "HandshakeRole Client" },
      { 0, 0, TTLS_CLIENT } },
    { role,
      ACTION,
      TTLS_SERVER,
      { NULL, NULL, "HandshakeRole ServerWithClientAuth" },
      { 0, 0, TTLS_SERVER_CLIENT_AUTH } },
    SWITCH(sslv3, "SSLv3", 0, "On", "Off"),
    SWITCH(sslv3, "SSLv3", 0, "Off", "On"),
    SWITCH(tlsv1, "TLSv1", 1, "On", "Off"),
    SWITCH(tlsv1, "TLSv1", 1, "Off", "On"),
    SWITCH(tlsv11, "TLSv1.1", 1, "On", "Off"),
    SWITCH(tlsv11, "TLSv1.1", 1, "Off", "On"),
    SWITCH(tlsv12, "TLSv1.2", 0, "On", "Off"),
    SWITCH(tlsv12, "TLSv1.2", 0, "Off", "On"),
    SWITCH(tlsv13, "TLSv1.3", 0, "On", "Off"),
    SWITCH(tlsv13, "TLSv1.3", 0, "Off", "On"),
    SWITCH(application, "ApplicationControlled", 0, "On", "Off"),
    SWITCH(application, "ApplicationControlled", 0, "Off", "On"),
    { timeout,
      ADVANCED,
      10,
      { NULL, "HandshakeTimeout 20", "HandshakeTimeout 0" },
      { 0, 20, 0 } },
    { reset,
      ADVANCED,
      0,
      { NULL, "ResetCipherTimer 1440", "ResetCipherTimer 0" },
      { 0, 1440, 0 } },
    { label,
      ADVANCED,
      0,
      { NULL, "CertificateLabel abc", "CertificateLabel" },
      { 0, 4, 1 } },
    { label,
      ADVANCED,
      0,
      { NULL, "CertificateLabel", "CertificateLabel abc" },
      { 0, 1, 4 } },
    { labels,
      ADVANCED,
      0,
      { NULL, "ServerCertificateLabel a",
        "ServerCertificateLabel bc\nServerCertificateLabel d" },
      { 0, 1, 2 } },
    WANT(client_sni, "ClientHandshakeSNI"),
    WANT(server_sni, "ServerHandshakeSNI"),
    WANT(client_match, "ClientHandshakeSNIMatch"),
    WANT(server_match, "ServerHandshakeSNIMatch"),
    { client_list,
      ADVANCED,
      0,
      { NULL, "ClientHandshakeSNIList a\nClientHandshakeSNIList b",
        "ClientHandshakeSNIList c" },
      { 0, 2, 1 } },
    { server_list,
      ADVANCED,
      0,
      { NULL, "ServerHandshakeSNIList a/l",
        "ServerHandshakeSNIList b/l\nServerHandshakeSNIList c/l" },
      { 0, 1, 2 } },
    WANT(hmac, "TruncatedHMAC"),
    WANT(server_fragment, "ServerMaxSSLFragment"),
    { client_fragment,
      ADVANCED,
      0,
      { NULL, "ClientMaxSSLFragmentLength 512",
        "ClientMaxSSLFragmentLength 4096" },
      { 0, 512, 4096 } },
    /* the environment's is the stack's own, the original has none there */
    { secondary,
      ADVANCED,
      0,
      { "SecondaryMap On", "SecondaryMap Off", "SecondaryMap On" },
      { 1, 0, 1 } },
    { secondary,
      ADVANCED,
      0,
      { "SecondaryMap Off", NULL, "SecondaryMap On" },
      { 0, 0, 1 } },
    { secondary,
      ADVANCED,
      0,
      { "SecondaryMap On", NULL, "SecondaryMap Off" },
      { 1, 0, 0 } },
    { ciphers,
      CIPHERS,
      0,
      { NULL, "V3CipherSuites 35", "V3CipherSuites 2F" },
      { 0, 0x35, 0x2f } },
    { ciphers,
      CIPHERS,
      0,
      { NULL, "V3CipherSuites4Char C02F", "V3CipherSuites 2F" },
      { 0, 0xc02f, 0x2f } },
    { ciphers,
      CIPHERS,
      0,
      { NULL, "V3CipherSuites 35", "V3CipherSuites4Char C030" },
      { 0, 0x35, 0xc030 } },
    { curves,
      SIGNATURES,
      21,
      { NULL, "ClientECurves 0024", "ClientECurves 0025" },
      { 0, 24, 25 } },
    { shares,
      SIGNATURES,
      23,
      { NULL, "ClientKeyShareGroups 0024", "ClientKeyShareGroups 0025" },
      { 0, 24, 25 } },
    { server_shares,
      SIGNATURES,
      23,
      { NULL, "ServerKeyShareGroups 0024", "ServerKeyShareGroups 0025" },
      { 0, 24, 25 } },
    { server_curves,
      SIGNATURES,
      23,
      { NULL, "ServerKexECurves 0024", "ServerKexECurves 0025" },
      { 0, 24, 25 } },
    { pairs,
      SIGNATURES,
      0x601,
      { NULL, "SignaturePairs 0401", "SignaturePairs 0403" },
      { 0, 0x401, 0x403 } },
    { pairs_cert,
      SIGNATURES,
      0,
      { NULL, "SignaturePairsCert 0401", "SignaturePairsCert 0403" },
      { 0, 0x401, 0x403 } },
    /* one level only */
    GROUP(enabled, ACTION, 1, "TTLSEnabled Off", 0),
    GROUP(fips, ACTION, TTLS_FIPS_OFF, "FIPS140 Level2", TTLS_FIPS_2),
    GROUP(facility, ADVANCED, TTLS_DAEMON, "SyslogFacility Auth", TTLS_AUTH),
    GROUP(env_file, ADVANCED, 0, "Envfile /a/b", 4),
    ENV(ring, ACTION, 1, "TTLSKeyringParms\n{\nKeyring ABC\n}", 3),
    ENV(client_auth, ADVANCED, TTLS_AUTH_REQUIRED, "ClientAuthType SAFCheck",
        TTLS_AUTH_SAFCHECK),
    ENV(cert_mode, ADVANCED, TTLS_CERT_ANY, "CertValidationMode RFC5280",
        TTLS_CERT_5280),
    ENV(suite_b, ACTION, TTLS_SUITEB_OFF, "SuiteBProfile 192Min",
        TTLS_SUITEB_192MIN),
    ENV(min_rsa, ADVANCED, 1024, "PeerMinRsaKeySize 2048", 2048),
    ENV(min_ecc, ADVANCED, 192, "PeerMinECCKeySize 256", 256),
    ENV(min_dh, ADVANCED, 1024, "PeerMinDHKeySize 2048", 2048),
    ENV(min_dsa, ADVANCED, 1024, "PeerMinDsaKeySize 2048", 2048),
    ENV(min_version, ADVANCED, TTLS_VERSION_ANY, "PeerMinCertVersion 3",
        TTLS_VERSION_3),
    ENV(renegotiation, ADVANCED, TTLS_RENEG_DEFAULT, "Renegotiation All",
        TTLS_RENEG_ALL),
    ENV(indicator, ADVANCED, TTLS_IND_OPTIONAL, "RenegotiationIndicator Both",
        TTLS_IND_BOTH),
    ENV(cert_check, ADVANCED, 0, "RenegotiationCertCheck On", 1),
    ENV(scsv, ADVANCED, 0, "ServerScsv On", 1),
    ENV(middle_box, ADVANCED, 0, "MiddleBoxCompatMode On", 1),
    ENV(client_ems, ADVANCED, TTLS_EMS_ON, "ClientExtendedMasterSecret Off",
        TTLS_EMS_OFF),
    ENV(server_ems, ADVANCED, TTLS_EMS_ON,
        "ServerExtendedMasterSecret Required", TTLS_EMS_REQUIRED),
    ENV(client_edh, ADVANCED, TTLS_EDH_LEGACY, "ClientEDHGroupSize 2048",
        TTLS_EDH_2048),
    ENV(server_edh, ADVANCED, TTLS_EDH_LEGACY, "ServerEDHGroupSize Match",
        TTLS_EDH_MATCH),
    ENV(des3, ADVANCED, 0, "3DesKeyCheck On", 1),
    ENV(dns, ADVANCED, 0, "HostReferenceIdDNS a\nHostReferenceIdDNS b", 2),
    ENV(cn, ADVANCED, 0, "HostReferenceIdCN a", 1),
    ENV(wildcard, ADVANCED, 0, "HostRefWildcardValidation On", 1),
    ENV(session_timeout, GSK, 86400, "GSK_V3_SESSION_TIMEOUT 5", 5),
    ENV(session_cache, GSK, 512, "GSK_V3_SIDCACHE_SIZE 0", 0),
    ENV(ticket_count, GSK, 2, "GSK_SESSION_TICKET_SERVER_COUNT 16", 16),
    ENV(level, GSK, TTLS_LEVEL_MEDIUM, "RevocationSecurityLevel Low",
        TTLS_LEVEL_LOW),
    ENV(ocsp, GSK, 0, "TTLSGskOcspParms\n{\nOcspAiaEnable On\n}", 1),
    ENV(cdp, GSK, 0, "TTLSGskHttpCdpParms\n{\nHttpCdpEnable On\n}", 1),
    ENV(ldap, GSK, 389, "TTLSGskLdapParms\n{\nGSK_LDAP_SERVER_PORT 636\n}",
        636),
};
/* clang-format on */

static void
add_level(struct buf *text, const struct row *row, unsigned which,
          bool is_coded)
{
    const char *block = blocks[which][row->place];

    if (!is_coded)
        return;
    if (block == NULL)
        buf_printf(text, "%s\n", row->line[which]);
    else
        buf_printf(text, "%s\n{\n%s\n}\n", block, row->line[which]);
}

/* bits: 1 the group codes it, 2 the environment, 4 the connection. */
static uint32_t
outcome(const struct row *row, unsigned bits, bool has_conn)
{
    const struct ttls_rule *const *rules;
    struct ttls_effective e;
    struct ttls_policy *p;
    struct seen seen;
    struct buf text;
    uint32_t got;

    buf_init(&text, 1u << 16);
    buf_add_z(&text, "TTLSRule r\n{\nJobname A\nDirection Both\n"
                     "TTLSGroupActionRef g\nTTLSEnvironmentActionRef e\n");
    if (has_conn)
        buf_add_z(&text, "TTLSConnectionActionRef c\n");
    buf_add_z(&text, "}\nTTLSGroupAction g\n{\nTTLSEnabled On\n");
    add_level(&text, row, 0, (bits & 1) != 0);
    buf_add_z(&text, "}\nTTLSEnvironmentAction e\n{\nHandshakeRole Server\n"
                     "TTLSKeyringParms\n{\nKeyring R\n}\n");
    add_level(&text, row, 1, (bits & 2) != 0);
    buf_add_z(&text, "}\nTTLSConnectionAction c\n{\n");
    add_level(&text, row, 2, (bits & 4) != 0);
    buf_add_z(&text, "}\n");
    assert_int_equal(buf_check(&text, NULL), ERR_OK);
    buf_add_char(&text, '\0');
    p = build(NULL, text.p, TTLS_COLLATE_ASCII, &seen);
    if (p == NULL)
        fail_msg("%s: %s", text.p, seen.error);
    assert_int_equal(ttls_policy_rules(p, &rules), 1);
    ttls_effective_of(rules[0], &e);
    got = row->get(&e);
    ttls_policy_unref(&p);
    buf_fini(&text);
    return got;
}

static void
levels(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];

        for (unsigned bits = 0; bits < 8; bits++) {
            uint32_t want = row->otherwise, got;
            bool is_possible = true;

            for (unsigned k = 0; k < 3; k++) {
                if ((bits & (1u << k)) == 0)
                    continue;
                is_possible = is_possible && row->line[k] != NULL;
                want = row->value[k];
            }
            if (!is_possible)
                continue;
            got = outcome(row, bits, true);
            if (got != want)
                fail_msg("row %zu, coded %u: %u, expected %u", i, bits, got,
                         want);
            /* a connection action that the rule does not name */
            if ((bits & 4) == 0)
                assert_int_equal(outcome(row, bits, false), want);
        }
    }
}

/* A connection's list of one kind leaves the environment's others alone. */
static void
each_for_itself(void **state)
{
    static const struct row mixed[] = {
        { ciphers,
          CIPHERS,
          0,
          { NULL, "V3CipherSuites 35", "V2CipherSuites 7" },
          { 0 } },
        { pairs,
          SIGNATURES,
          0,
          { NULL, "SignaturePairs 0401", "ClientECurves 0024" },
          { 0 } },
        { curves,
          SIGNATURES,
          0,
          { NULL, "ClientECurves 0025", "SignaturePairs 0401" },
          { 0 } },
        { timeout,
          ADVANCED,
          0,
          { NULL, "HandshakeTimeout 33", "TLSv1.2 On" },
          { 0 } },
        { tlsv12,
          ADVANCED,
          0,
          { NULL, "TLSv1.2 On", "HandshakeTimeout 33" },
          { 0 } },
    };
    static const uint32_t want[] = { 0x35, 0x401, 25, 33, 1 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mixed); i++)
        assert_int_equal(outcome(&mixed[i], 6, true), want[i]);
}

/* What a key ring's name means. */
static void
rings(void **state)
{
    static const struct {
        const char *lines;
        unsigned kind;
        const char *owner, *ring;
    } rings[] = {
        { "Keyring Ring.A", TTLS_RING_SAF, "", "Ring.A" },
        { "Keyring OWNER1/Ring.A", TTLS_RING_SAF, "OWNER1", "Ring.A" },
        { "Keyring OWNER1/a/b", TTLS_RING_SAF, "OWNER1", "a/b" },
        { "Keyring *AUTH*/*", TTLS_RING_AUTH, "", "*" },
        { "Keyring *TOKEN*/MY.TOKEN", TTLS_RING_TOKEN, "", "MY.TOKEN" },
        { "Keyring /etc/a.p12", TTLS_RING_FILE, "", "/etc/a.p12" },
        { "Keyring /etc/a.p12\nKeyringPw x y", TTLS_RING_FILE, "",
          "/etc/a.p12" },
        { "Keyring a.p12\nKeyringPw x", TTLS_RING_FILE, "", "a.p12" },
        { "Keyring a/b\nKeyringStashFile /etc/a.sth", TTLS_RING_FILE, "",
          "a/b" },
        { "KeyringPw x\nKeyringStashFile y\nKeyring OWNER1/Ring.A",
          TTLS_RING_FILE, "", "OWNER1/Ring.A" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rings); i++) {
        const struct ttls_rule *const *all;
        struct ttls_effective e;
        struct ttls_policy *p;
        struct seen seen;
        char text[512];

        (void)snprintf(text, sizeof text,
                       RULE("Jobname A") "TTLSKeyringParms k\n{\n%s\n}\n",
                       rings[i].lines);
        p = build(NULL, text, TTLS_COLLATE_ASCII, &seen);
        assert_non_null(p);
        assert_int_equal(ttls_policy_rules(p, &all), 1);
        ttls_effective_of(all[0], &e);
        if (e.ring_kind != rings[i].kind ||
            !str_eq_z(e.ring_owner, rings[i].owner) ||
            !str_eq_z(e.ring, rings[i].ring) ||
            (e.ring_password.n > 0) !=
                (strstr(rings[i].lines, "KeyringPw") != NULL) ||
            (e.ring_stash_file.n > 0) !=
                (strstr(rings[i].lines, "Stash") != NULL))
            fail_msg("%s: %u \"%.*s\" \"%.*s\"", rings[i].lines, e.ring_kind,
                     STR_ARG(e.ring_owner), STR_ARG(e.ring));
        ttls_policy_unref(&p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(each_for_itself),
        cmocka_unit_test(rings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
