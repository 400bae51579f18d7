/*
 * What one connection is to get: the parameters of its rule's actions, each
 * decided for itself (connection, else environment, else group, else the
 * default). A plain value; texts and lists are borrowed from the policy.
 */
#ifndef SALLYPORT_TTLS_EFFECTIVE_H
#define SALLYPORT_TTLS_EFFECTIVE_H

#include "ttls/policy.h"

struct ttls_effective {
    const struct ttls_rule *rule;
    uint32_t group_id, env_id;

    /* group */
    bool is_enabled;
    enum ttls_fips fips;
    enum ttls_facility facility;
    struct str env_file; /* or empty */

    /* group, environment, connection */
    uint32_t trace;
    bool ctrace_clear;

    /* environment, connection */
    enum ttls_role role;
    bool sslv2, sslv3, tlsv1, tlsv11, tlsv12, tlsv13; /* SSLv2: never used */
    bool is_application_controlled;
    uint32_t handshake_timeout_s; /* 0: none */
    uint32_t reset_cipher_min;    /* 0: never */
    bool has_label;               /* coded: an empty one sends none */
    struct str label;             /* the ring's default when not coded */
    struct ttls_texts server_labels;
    enum ttls_want client_sni, server_sni;
    enum ttls_want client_sni_match, server_sni_match;
    struct ttls_texts client_sni_list, server_sni_list;
    /*
     * Suites that can be offered, by preference: those coded that this
     * implementation has (ttls_cipher_can), or the default list when none was
     * coded. Empty when nothing that was coded can be offered: the handshake
     * then fails (402), a weaker or other list is never put in its place.
     */
    struct ttls_codes ciphers;
    bool are_ciphers_default;
    /* Named groups; empty: any. */
    struct ttls_codes client_curves, client_key_shares;
    struct ttls_codes server_key_shares, server_curves;
    struct ttls_codes signature_pairs;
    struct ttls_codes signature_pairs_cert; /* empty: not coded, any */

    /* group, connection */
    bool secondary_map;

    /* environment */
    struct str ring_owner; /* empty: the user of the connection */
    struct str ring;       /* name; of a token: its name; of a file: its path */
    enum {
        TTLS_RING_SAF,
        TTLS_RING_AUTH,
        TTLS_RING_TOKEN,
        TTLS_RING_FILE
    } ring_kind;
    struct str ring_password, ring_stash_file;
    enum ttls_client_auth client_auth;
    enum ttls_cert_mode cert_mode;
    enum ttls_suite_b suite_b;
    bool middle_box;
    enum ttls_want truncated_hmac, client_fragment, server_fragment;
    uint32_t client_fragment_bytes; /* 0: not coded */
    enum ttls_ems client_ems, server_ems;
    enum ttls_reneg renegotiation;
    enum ttls_reneg_ind renegotiation_indicator;
    bool renegotiation_cert_check, des3_key_check;
    enum ttls_edh client_edh, server_edh;
    enum ttls_cert_version peer_min_cert_version;
    uint32_t peer_min_dh, peer_min_dsa, peer_min_ecc, peer_min_rsa;
    bool server_scsv;
    struct ttls_texts host_ref_dns, host_ref_cn; /* empty: no name check */
    bool host_ref_wildcard;

    /* GSK parameters of the environment, defaults applied */
    uint32_t session_timeout_s; /* GSK_V3_SESSION_TIMEOUT; 0: no caching */
    uint32_t session_cache;     /* GSK_V3_SIDCACHE_SIZE; 0: no caching */
    bool sysplex_sid_cache, sysplex_ticket_cache;
    bool client_tickets, server_tickets;
    uint32_t client_ticket_max_bytes, client_ticket_max_cached; /* 0: any */
    enum ttls_ticket_alg server_ticket_alg;
    uint32_t server_ticket_count, server_ticket_refresh_s;
    uint32_t server_ticket_timeout_s;
    enum ttls_level revocation_level;
    bool aia_cdp_priority;
    struct ttls_codes crl_algorithms; /* empty: any */
    uint32_t max_locations; /* asked about a certificate; 0: any number */
    /* Copies with defaults applied; no server: LDAP is not asked. */
    struct ttls_gsk_ldap ldap;
    struct ttls_gsk_ocsp ocsp;
    struct ttls_gsk_cdp cdp;
};

/* Cannot fail: a policy that could not be resolved is never built. */
void ttls_effective_of(const struct ttls_rule *, struct ttls_effective *out);

/* The IANA name without TLS_; NULL for an unknown code. */
const char *ttls_cipher_name(uint16_t code);
/* Can and may this implementation offer it (OpenSSL 3, no NULL, RC4, DES,
 * export, static DH/ECDH, DSS)? */
bool ttls_cipher_can(uint16_t code);
/* "secp256r1"; NULL for an unknown group. */
const char *ttls_group_name(uint16_t group);
/* "TLS_SIGALG_SHA256_WITH_RSA"; NULL for an unknown pair. */
const char *ttls_signature_name(uint16_t pair);

#endif
