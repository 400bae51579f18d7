/*
 * The object model of an AT-TLS policy: what the statements of one stack's
 * policy files say, references resolved. A policy is immutable once built and
 * owns everything in it through one arena; who uses it holds a reference.
 *
 * Each statement is one struct that begins with struct ttls_obj. A parameter
 * that was not coded has its field zero (NULL, empty) and its bit in
 * ttls_obj.coded clear: defaults are applied in one place, effective.h. What a
 * connection is given stands there; this model is for matching, displays and
 * generation.
 *
 * Source: z/OS Communications Server: IP Configuration Reference, Policy
 * Agent and AT-TLS policy statements.
 */
#ifndef SALLYPORT_TTLS_POLICY_H
#define SALLYPORT_TTLS_POLICY_H

#include <netinet/in.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* --- values ------------------------------------------------------------- */

enum ttls_switch { TTLS_OFF, TTLS_ON };
enum ttls_fips {
    TTLS_FIPS_OFF,
    TTLS_FIPS_ON,
    TTLS_FIPS_1,
    TTLS_FIPS_2,
    TTLS_FIPS_3
};
enum ttls_role { TTLS_CLIENT = 1, TTLS_SERVER, TTLS_SERVER_CLIENT_AUTH };
enum ttls_client_auth {
    TTLS_AUTH_PASSTHRU = 1,
    TTLS_AUTH_FULL,
    TTLS_AUTH_REQUIRED,
    TTLS_AUTH_SAFCHECK
};
enum ttls_suite_b {
    TTLS_SUITEB_OFF,
    TTLS_SUITEB_128,
    TTLS_SUITEB_128MIN,
    TTLS_SUITEB_192,
    TTLS_SUITEB_192MIN,
    TTLS_SUITEB_ALL
};
/* Off, Optional, Required: SNI, TruncatedHMAC, fragments. */
enum ttls_want { TTLS_NO, TTLS_OPTIONAL, TTLS_REQUIRED };
enum ttls_ems { TTLS_EMS_OFF, TTLS_EMS_ON, TTLS_EMS_REQUIRED };
enum ttls_cert_mode {
    TTLS_CERT_ANY,
    TTLS_CERT_2459,
    TTLS_CERT_3280,
    TTLS_CERT_5280
};
enum ttls_reneg {
    TTLS_RENEG_DEFAULT,
    TTLS_RENEG_DISABLED,
    TTLS_RENEG_ALL,
    TTLS_RENEG_ABBREVIATED
};
enum ttls_reneg_ind {
    TTLS_IND_OPTIONAL,
    TTLS_IND_CLIENT,
    TTLS_IND_SERVER,
    TTLS_IND_BOTH
};
enum ttls_edh { TTLS_EDH_LEGACY, TTLS_EDH_2048, TTLS_EDH_MATCH };
enum ttls_cert_version { TTLS_VERSION_ANY, TTLS_VERSION_3 = 3 };
enum ttls_facility { TTLS_DAEMON, TTLS_AUTH };
enum ttls_level { TTLS_LEVEL_LOW, TTLS_LEVEL_MEDIUM, TTLS_LEVEL_HIGH };
enum ttls_staple { TTLS_STAPLE_OFF, TTLS_STAPLE_ANY, TTLS_STAPLE_END };
enum ttls_ticket_alg { TTLS_AESCBC128, TTLS_AESCBC256 };
enum ttls_direction { TTLS_INBOUND = 1, TTLS_OUTBOUND = 2, TTLS_BOTH = 3 };

/* Trace: a sum of these. */
#define TTLS_TRACE_JOBLOG 1u
#define TTLS_TRACE_ERROR 2u
#define TTLS_TRACE_INFO 4u
#define TTLS_TRACE_EVENT 8u
#define TTLS_TRACE_FLOW 16u
#define TTLS_TRACE_DATA 32u

/* A list of codes in order of preference: cipher suites and signature
 * algorithms by their IANA number, curves by their IANA named group. */
struct ttls_codes {
    const uint16_t *v;
    size_t n;
};

struct ttls_texts {
    const struct str *v;
    size_t n;
};

/* Inclusive, 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. "All" is
 * everything; 0.0.0.0/0 is every IPv4 address. */
struct ttls_addr {
    uint8_t from[16];
    uint8_t to[16];
};

struct ttls_port {
    uint16_t from;
    uint16_t to;
};

/* --- objects ------------------------------------------------------------ */

enum ttls_stmt {
    TTLS_RULE,
    TTLS_GROUP_ACTION,
    TTLS_GROUP_ADV,
    TTLS_ENV_ACTION,
    TTLS_ENV_ADV,
    TTLS_CONN_ACTION,
    TTLS_CONN_ADV,
    TTLS_KEYRING,
    TTLS_CIPHER,
    TTLS_SIGNATURE,
    TTLS_GSK_ADV,
    TTLS_GSK_LDAP,
    TTLS_GSK_OCSP,
    TTLS_GSK_CDP,
    TTLS_IPADDR,
    TTLS_IPADDR_SET,
    TTLS_IPADDR_GROUP,
    TTLS_PORT_RANGE,
    TTLS_PORT_GROUP,
    TTLS_TIME,
    TTLS_STMTS
};

/* First member of every object. */
struct ttls_obj {
    enum ttls_stmt stmt;
    uint32_t line;      /* of the statement's keyword */
    struct str file;    /* as named in the configuration */
    struct str name;    /* "(of NAME)", the statement around it, if unnamed */
    struct str comment; /* comment lines right above, with their '#' */
    uint64_t coded;     /* bit i: row i of the statement's table (stmt.h) */
    /* Rules and actions: wall clock, set at installation. */
    uint64_t created_s, updated_s;
    bool is_inline; /* written inside another statement */
    bool is_used;   /* somebody names it; only after a build */
    bool is_joined; /* a group: its members are in the list; in a build */
};

struct ttls_group_adv {
    struct ttls_obj obj;
    uint32_t secondary_map; /* ttls_switch */
    uint32_t facility;      /* ttls_facility */
    struct str env_file;
};

struct ttls_group_action {
    struct ttls_obj obj;
    uint32_t enabled; /* ttls_switch */
    uint32_t ctrace_clear;
    uint32_t trace;
    uint32_t fips; /* ttls_fips */
    uint32_t user_instance;
    const struct ttls_group_adv *adv;
    uint32_t id; /* GRPID: set at installation, kept while unchanged */
};

struct ttls_keyring {
    struct ttls_obj obj;
    struct str
        keyring; /* ring, owner/ring, virtual ring, token or path, as coded */
    struct str password; /* a secret */
    struct str stash_file;
};

struct ttls_cipher {
    struct ttls_obj obj;
    struct ttls_codes v2;     /* parsed, never offered */
    struct ttls_codes v3;     /* two-digit form */
    struct ttls_codes v3_4;   /* four-digit form */
    struct ttls_codes all;    /* of both, in the order of the file */
    struct ttls_codes usable; /* of these, what can be offered */
};

struct ttls_signature {
    struct ttls_obj obj;
    struct ttls_codes client_curves;     /* ClientECurves; Any is empty */
    struct ttls_codes client_key_shares; /* ClientKeyShareGroups */
    struct ttls_codes server_key_shares; /* ServerKeyShareGroups */
    struct ttls_codes server_curves;     /* ServerKexECurves */
    struct ttls_codes pairs;             /* SignaturePairs */
    struct ttls_codes pairs_cert;        /* SignaturePairsCert */
};

/* Environment and connection advanced parameters: the latter code fewer. */
struct ttls_adv {
    struct ttls_obj obj;
    uint32_t sslv2, sslv3, tlsv1, tlsv11, tlsv12, tlsv13; /* ttls_switch */
    uint32_t middle_box;
    uint32_t application_controlled;
    uint32_t handshake_timeout_s;
    uint32_t client_auth; /* ttls_client_auth */
    uint32_t reset_cipher_min;
    struct str label; /* CertificateLabel; coded and empty: none is sent */
    struct ttls_texts server_labels;
    uint32_t secondary_map;
    uint32_t cert_mode; /* ttls_cert_mode */
    uint32_t truncated_hmac, client_fragment, server_fragment; /* ttls_want */
    uint32_t client_fragment_bytes;
    uint32_t client_sni, server_sni;             /* ttls_want */
    uint32_t client_sni_match, server_sni_match; /* ttls_want */
    struct ttls_texts client_sni_list;
    struct ttls_texts server_sni_list; /* "host/label" */
    uint32_t client_ems, server_ems;   /* ttls_ems */
    uint32_t renegotiation;            /* ttls_reneg */
    uint32_t renegotiation_indicator;  /* ttls_reneg_ind */
    uint32_t renegotiation_cert_check; /* ttls_switch */
    uint32_t des3_key_check;
    uint32_t client_edh, server_edh; /* ttls_edh */
    uint32_t peer_min_cert_version;  /* ttls_cert_version */
    uint32_t peer_min_dh, peer_min_dsa, peer_min_ecc, peer_min_rsa; /* bits */
    uint32_t server_scsv;
    struct ttls_texts host_ref_dns, host_ref_cn;
    uint32_t host_ref_wildcard;
};

struct ttls_gsk_ldap {
    struct ttls_obj obj;
    struct ttls_texts servers;
    uint32_t port;
    struct str user;
    struct str password; /* a secret */
    uint32_t crl_cache_timeout_h;
    uint32_t crl_security; /* ttls_level */
    uint32_t cache_size, cache_entry_max;
    uint32_t cache_extended, cache_temp_crl; /* ttls_switch */
    uint32_t cache_temp_crl_timeout;
    uint32_t response_timeout_s;
};

struct ttls_gsk_cdp {
    struct ttls_obj obj;
    uint32_t enable;
    struct str proxy;
    uint32_t proxy_port;
    uint32_t response_timeout_s;
    uint32_t max_response_bytes;
    uint32_t cache_size, cache_entry_max;
};

struct ttls_gsk_ocsp {
    struct ttls_obj obj;
    struct str url;
    uint32_t aia_enable;
    struct str proxy;
    uint32_t proxy_port;
    uint32_t via_get, url_priority;
    struct str request_label;
    struct ttls_codes request_alg;
    struct ttls_codes response_algs;
    uint32_t cache_size, cache_entry_max;
    uint32_t nonce_enable, nonce_check, nonce_size;
    uint32_t response_timeout_s;
    uint32_t max_response_bytes;
    uint32_t staple; /* ttls_staple */
};

/* GSK_SYSPLEX_SIDCACHE, GSK_SYSPLEX_SESSION_TICKET_CACHE: what systems make
 * tickets' keys of. */
#define TTLS_SYSPLEX_FILE "/etc/sysplex.ticketkeys"

struct ttls_gsk_adv {
    struct ttls_obj obj;
    const struct ttls_gsk_ldap *ldap;
    const struct ttls_gsk_ocsp *ocsp;
    const struct ttls_gsk_cdp *cdp;
    uint32_t sysplex_sid_cache, sysplex_ticket_cache; /* ttls_switch */
    uint32_t v2_session_timeout, v2_cache_size;       /* parsed only */
    uint32_t v3_session_timeout_s, v3_cache_size;
    uint32_t client_tickets; /* ttls_switch */
    uint32_t client_ticket_max_bytes, client_ticket_max_cached;
    uint32_t server_tickets;    /* ttls_switch */
    uint32_t server_ticket_alg; /* ttls_ticket_alg */
    uint32_t server_ticket_count;
    uint32_t server_ticket_refresh_s, server_ticket_timeout_s;
    uint32_t aia_cdp_priority; /* ttls_switch */
    struct ttls_codes crl_algs;
    uint32_t max_src_rev, max_valid_rev;
    uint32_t revocation_level; /* ttls_level */
};

struct ttls_env_action {
    struct ttls_obj obj;
    uint32_t role; /* ttls_role */
    const struct ttls_keyring *keyring;
    uint32_t suite_b; /* ttls_suite_b */
    const struct ttls_cipher *cipher;
    const struct ttls_signature *signature;
    uint32_t ctrace_clear;
    uint32_t trace;
    const struct ttls_adv *adv;
    const struct ttls_gsk_adv *gsk;
    uint32_t user_instance;
    uint32_t id; /* ENVID: as ttls_group_action.id */
};

struct ttls_conn_action {
    struct ttls_obj obj;
    uint32_t role;
    const struct ttls_cipher *cipher;
    const struct ttls_signature *signature;
    uint32_t ctrace_clear;
    uint32_t trace;
    const struct ttls_adv *adv;
    uint32_t user_instance;
};

/* IpAddr, IpAddrSet, IpAddrGroup: any of `n` matches. */
struct ttls_addrs {
    struct ttls_obj obj;
    const struct ttls_addr *v;
    size_t n;
    const struct ttls_addr *sorted; /* the same, ascending, apart */
    size_t n_sorted;
    const struct ttls_obj *const *members; /* of a group */
    size_t n_members;
};

struct ttls_ports {
    struct ttls_obj obj;
    const struct ttls_port *v;
    size_t n;
    const struct ttls_port *sorted;
    size_t n_sorted;
    const struct ttls_obj *const *members;
    size_t n_members;
};

/* yyyymmddhhmmss as a number; 0: not coded. */
struct ttls_time {
    struct ttls_obj obj;
    uint64_t from, to;
    uint32_t month_mask;            /* bit 0: January */
    uint32_t day_mask;              /* bit 0: the 1st */
    uint32_t day_mask_end;          /* bit 0: the last */
    uint32_t week_mask;             /* bit 0: Sunday */
    const struct ttls_port *of_day; /* minutes, [from, to) */
    size_t n_of_day;
    uint32_t is_utc;
};

#define TTLS_ACTIONS 3u /* of a rule: group, environment, connection */

struct ttls_rule {
    struct ttls_obj obj;
    const struct ttls_addrs *local_addr, *remote_addr; /* NULL: any */
    const struct ttls_ports *local_port, *remote_port; /* NULL: any */
    struct str job;               /* upper case; empty: any; may end in '*' */
    struct str user;              /* the same */
    uint32_t direction;           /* ttls_direction */
    uint32_t priority;            /* 1 when not coded */
    const struct ttls_time *time; /* NULL: always */
    const struct ttls_group_action *group;
    const struct ttls_env_action *env;   /* NULL only when not enabled */
    const struct ttls_conn_action *conn; /* may be NULL */
    uint8_t named[TTLS_ACTIONS]; /* their statements, as the rule names them */
};

struct ttls_policy;

/* How equal priorities are ordered. */
enum ttls_collate { TTLS_COLLATE_ASCII, TTLS_COLLATE_EBCDIC };

struct ttls_policy *ttls_policy_ref(struct ttls_policy *);
void ttls_policy_unref(struct ttls_policy **);
/* A rule's actions in the order it names them; returns how many. */
size_t ttls_rule_actions(const struct ttls_rule *,
                         const struct ttls_obj *out[TTLS_ACTIONS]);
/* In the order of search: priority, then name. */
size_t ttls_policy_rules(const struct ttls_policy *,
                         const struct ttls_rule *const **out);
/* All objects in the order of the files. */
size_t ttls_policy_objects(const struct ttls_policy *,
                           const struct ttls_obj *const **out);
/* "Instance Id": wall clock seconds of the installation. */
uint64_t ttls_policy_instance(const struct ttls_policy *);

/* --- the compiled form that travels ------------------------------------- */

#define TTLS_WIRE_MAGIC 0x5454504cu /* "TTPL" */
#define TTLS_WIRE_VERSION 2u
#define TTLS_WIRE_MAX (1024u * 1024u * 1024u)

/*
 * Agent, stack, engines and displays exchange a policy as one run of bytes
 * (big-endian, sealed memfd, see ipc/stack_wire.h). Secrets (KeyringPw,
 * GSK_LDAP_USER_PW) are in it only when with_secrets; displays get none.
 */
void ttls_policy_encode(const struct ttls_policy *, bool with_secrets,
                        struct buf *out);
/* ERR_SYNTAX: not a policy, another version, or damaged; ERR_MEMORY. */
MUST_CHECK enum err ttls_policy_decode(struct str bytes,
                                       struct ttls_policy **out,
                                       struct err_info *why);

#endif
