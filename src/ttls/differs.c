#include "ttls/differs.h"

#include <string.h>

#include "ttls/build.h"
#include "ttls/effective.h"
#include "ttls/stmt.h"

/* --- conditions --------------------------------------------------------- */

static bool
same_addrs(const struct ttls_addrs *a, const struct ttls_addrs *b)
{
    return a == b ||
           (a != NULL && b != NULL && a->n_sorted == b->n_sorted &&
            memcmp(a->sorted, b->sorted, a->n_sorted * sizeof *a->sorted) == 0);
}

static bool
same_ports(const struct ttls_ports *a, const struct ttls_ports *b)
{
    return a == b ||
           (a != NULL && b != NULL && a->n_sorted == b->n_sorted &&
            memcmp(a->sorted, b->sorted, a->n_sorted * sizeof *a->sorted) == 0);
}

static const char *
conditions(const struct ttls_rule *a, const struct ttls_rule *b)
{
    if (!same_addrs(a->local_addr, b->local_addr))
        return "LocalAddr";
    if (!same_addrs(a->remote_addr, b->remote_addr))
        return "RemoteAddr";
    if (!same_ports(a->local_port, b->local_port))
        return "LocalPortRange";
    if (!same_ports(a->remote_port, b->remote_port))
        return "RemotePortRange";
    if (!str_eq(a->job, b->job))
        return "Jobname";
    if (!str_eq(a->user, b->user))
        return "Userid";
    if (a->direction != b->direction)
        return "Direction";
    if (a->time != b->time && (a->time == NULL || b->time == NULL ||
                               !ttls_obj_same(&a->time->obj, &b->time->obj)))
        return "IpTimeCondition";
    return NULL;
}

/* --- effective parameters ----------------------------------------------- */

struct part {
    const char *name;
    uint16_t offset, bytes;
    enum { PLAIN, TEXT, TEXTS, CODES } kind;
};

#define KIND_OF(field)                                                         \
    _Generic(((struct ttls_effective *)0)->field, struct str                   \
             : TEXT, struct ttls_texts                                         \
             : TEXTS, struct ttls_codes                                        \
             : CODES, default                                                  \
             : PLAIN)
#define PART(name, field)                                                      \
    {                                                                          \
        name, offsetof(struct ttls_effective, field),                          \
            sizeof(((struct ttls_effective *)0)->field), KIND_OF(field)        \
    }

/* clang-format off: a table */
static const struct part of_group[] = {
    PART("TTLSEnabled", is_enabled),
    PART("FIPS140", fips),
    PART("SyslogFacility", facility),
    PART("Envfile", env_file),
    PART("Trace", trace),
    PART("CtraceClearText", ctrace_clear),
    PART("SecondaryMap", secondary_map),
};
static const struct part of_connection[] = {
    PART("HandshakeRole", role),
    PART("SSLv2", sslv2),
    PART("SSLv3", sslv3),
    PART("TLSv1", tlsv1),
    PART("TLSv1.1", tlsv11),
    PART("TLSv1.2", tlsv12),
    PART("TLSv1.3", tlsv13),
    PART("ApplicationControlled", is_application_controlled),
    PART("HandshakeTimeout", handshake_timeout_s),
    PART("ResetCipherTimer", reset_cipher_min),
    PART("CertificateLabel", has_label),
    PART("CertificateLabel", label),
    PART("ServerCertificateLabel", server_labels),
    PART("ClientHandshakeSNI", client_sni),
    PART("ServerHandshakeSNI", server_sni),
    PART("ClientHandshakeSNIMatch", client_sni_match),
    PART("ServerHandshakeSNIMatch", server_sni_match),
    PART("ClientHandshakeSNIList", client_sni_list),
    PART("ServerHandshakeSNIList", server_sni_list),
    PART("TTLSCipherParms", are_ciphers_default),
    PART("TTLSCipherParms", ciphers),
    PART("ClientECurves", client_curves),
    PART("ClientKeyShareGroups", client_key_shares),
    PART("ServerKeyShareGroups", server_key_shares),
    PART("ServerKexECurves", server_curves),
    PART("SignaturePairs", signature_pairs),
    PART("SignaturePairsCert", signature_pairs_cert),
    PART("Keyring", ring_owner),
    PART("Keyring", ring),
    PART("Keyring", ring_kind),
    PART("KeyringPw", ring_password),
    PART("KeyringStashFile", ring_stash_file),
    PART("CertValidationMode", cert_mode),
    PART("SuiteBProfile", suite_b),
    PART("MiddleBoxCompatMode", middle_box),
    PART("TruncatedHMAC", truncated_hmac),
    PART("ClientMaxSSLFragment", client_fragment),
    PART("ServerMaxSSLFragment", server_fragment),
    PART("ClientMaxSSLFragmentLength", client_fragment_bytes),
    PART("ClientExtendedMasterSecret", client_ems),
    PART("ServerExtendedMasterSecret", server_ems),
    PART("Renegotiation", renegotiation),
    PART("RenegotiationIndicator", renegotiation_indicator),
    PART("RenegotiationCertCheck", renegotiation_cert_check),
    PART("3DesKeyCheck", des3_key_check),
    PART("ClientEDHGroupSize", client_edh),
    PART("ServerEDHGroupSize", server_edh),
    PART("PeerMinCertVersion", peer_min_cert_version),
    PART("PeerMinDHKeySize", peer_min_dh),
    PART("PeerMinDsaKeySize", peer_min_dsa),
    PART("PeerMinECCKeySize", peer_min_ecc),
    PART("PeerMinRsaKeySize", peer_min_rsa),
    PART("ServerScsv", server_scsv),
    PART("HostReferenceIdDNS", host_ref_dns),
    PART("HostReferenceIdCN", host_ref_cn),
    PART("HostRefWildcardValidation", host_ref_wildcard),
    PART("GSK_V3_SESSION_TIMEOUT", session_timeout_s),
    PART("GSK_V3_SIDCACHE_SIZE", session_cache),
    PART("GSK_SYSPLEX_SIDCACHE", sysplex_sid_cache),
    PART("GSK_SYSPLEX_SESSION_TICKET_CACHE", sysplex_ticket_cache),
    PART("GSK_SESSION_TICKET_CLIENT_ENABLE", client_tickets),
    PART("GSK_SESSION_TICKET_SERVER_ENABLE", server_tickets),
    PART("GSK_SESSION_TICKET_CLIENT_MAXSIZE", client_ticket_max_bytes),
    PART("GSK_SESSION_TICKET_CLIENT_MAXCACHED", client_ticket_max_cached),
    PART("GSK_SESSION_TICKET_SERVER_ALGORITHM", server_ticket_alg),
    PART("GSK_SESSION_TICKET_SERVER_COUNT", server_ticket_count),
    PART("GSK_SESSION_TICKET_SERVER_KEY_REFRESH", server_ticket_refresh_s),
    PART("GSK_SESSION_TICKET_SERVER_TIMEOUT", server_ticket_timeout_s),
    PART("RevocationSecurityLevel", revocation_level),
    PART("AIACDPPriority", aia_cdp_priority),
    PART("CrlSigAlgPairs", crl_algorithms),
    PART("MaxSrcRevExtLocValues", max_locations),
};
/* clang-format on */

static bool
same_part(const struct part *p, const void *x, const void *y)
{
    const void *a = (const char *)x + p->offset;
    const void *b = (const char *)y + p->offset;

    switch (p->kind) {
    case PLAIN:
        return memcmp(a, b, p->bytes) == 0;
    case TEXT:
        return str_eq(*(const struct str *)a, *(const struct str *)b);
    case TEXTS:
        return ttls_texts_same(a, b);
    case CODES:
        return ttls_codes_same(a, b);
    }
    return false;
}

static const char *
parts(const struct part *list, size_t n, const struct ttls_effective *a,
      const struct ttls_effective *b)
{
    for (size_t i = 0; i < n; i++)
        if (!same_part(&list[i], a, b))
            return list[i].name;
    return NULL;
}

/* Copies of a statement, defaults applied. */
static const char *
statement(enum ttls_stmt stmt, const void *a, const void *b)
{
    const struct ttls_type *type = ttls_type_of(stmt);

    for (size_t i = 0; i < type->n_rows; i++) {
        const struct ttls_row *row = &type->rows[i];

        if (!ttls_value_same(row, ttls_field(a, row), ttls_field(b, row)))
            return row->name;
    }
    return NULL;
}

static const char *
effects(const struct ttls_effective *a, const struct ttls_effective *b)
{
    const char *name = parts(of_group, ARRAY_LEN(of_group), a, b);

    if (name != NULL || !a->is_enabled)
        return name;
    if ((name = parts(of_connection, ARRAY_LEN(of_connection), a, b)) != NULL ||
        (name = statement(TTLS_GSK_LDAP, &a->ldap, &b->ldap)) != NULL ||
        (name = statement(TTLS_GSK_OCSP, &a->ocsp, &b->ocsp)) != NULL ||
        (name = statement(TTLS_GSK_CDP, &a->cdp, &b->cdp)) != NULL)
        return name;
    return a->role == TTLS_SERVER_CLIENT_AUTH &&
                   a->client_auth != b->client_auth
               ? "ClientAuthType"
               : NULL;
}

const char *
ttls_rule_differs(const struct ttls_rule *a, const struct ttls_rule *b)
{
    const char *name = conditions(a, b);
    struct ttls_effective of_a, of_b;

    if (name != NULL)
        return name;
    ttls_effective_of(a, &of_a);
    ttls_effective_of(b, &of_b);
    return effects(&of_a, &of_b);
}
