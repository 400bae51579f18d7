#include "ttls/effective.h"

#include <string.h>

#include "ttls/stmt.h"

/* When nothing is coded: the suites OpenSSL has, strongest first, then those
 * System SSL has had by default [unverified]. */
static const uint16_t default_ciphers[] = {
    0x1302, 0x1301, 0x1303, 0xC02C, 0xC02B, 0xC030, 0xC02F,
    0xC024, 0xC023, 0xC028, 0xC027, 0x009F, 0x009E, 0x009D,
    0x009C, 0x003D, 0x003C, 0x0035, 0x002F,
};
/* TLSv1.3 On adds these to what is not coded. */
static const uint16_t curves_12[] = { 21, 23, 24, 25, 19 };
static const uint16_t curves_13[] = { 21, 23, 24, 25, 19, 29 };
static const uint16_t client_shares[] = { 23 };
static const uint16_t server_shares[] = { 23, 24, 25, 29, 30 };
static const uint16_t server_curves[] = { 23, 24, 25, 21, 19 };
/* The last three for TLS 1.3. */
static const uint16_t pairs[] = {
    0x0601, 0x0603, 0x0501, 0x0503, 0x0401, 0x0403, 0x0402, 0x0301,
    0x0303, 0x0302, 0x0201, 0x0203, 0x0202, 0x0806, 0x0805, 0x0804,
};
#define PAIRS_13 3u
#define CODES(array) ((struct ttls_codes){ (array), ARRAY_LEN(array) })

/* --- levels ------------------------------------------------------------- */

static size_t
size_of(const struct ttls_row *row)
{
    if (row->kind == TTLS_K_WORD || row->kind == TTLS_K_NUMBER)
        return sizeof(uint32_t);
    if (row->kind == TTLS_K_TEXT || row->kind == TTLS_K_LABEL ||
        row->kind == TTLS_K_SECRET)
        return sizeof(struct str);
    if (row->kind == TTLS_K_TEXTS)
        return sizeof(struct ttls_texts);
    return 0; /* lists of codes and objects: not in these statements */
}

/* Put what `from` codes over what is in *out, which has its layout. */
static void
overlay(const struct ttls_obj *from, void *out)
{
    const struct ttls_type *type;

    if (from == NULL)
        return;
    type = ttls_type_of(from->stmt);
    for (size_t i = 0; i < type->n_rows; i++) {
        const struct ttls_row *row = &type->rows[i];

        if ((from->coded & ((uint64_t)1 << i)) != 0)
            memcpy((char *)out + row->offset, ttls_field(from, row),
                   size_of(row));
    }
}

/* What nobody codes: the defaults of the statement's table. */
static void
defaults(enum ttls_stmt stmt, void *out)
{
    const struct ttls_type *type = ttls_type_of(stmt);

    for (size_t i = 0; i < type->n_rows; i++) {
        const struct ttls_row *row = &type->rows[i];

        if (row->dflt != NULL && size_of(row) == sizeof(uint32_t))
            *(uint32_t *)(void *)((char *)out + row->offset) =
                ttls_row_default(row);
    }
}

static bool
is_coded(const struct ttls_obj *obj, const char *name)
{
    return obj != NULL && ttls_is_coded(obj, name);
}

/* --- parts -------------------------------------------------------------- */

/* Trace and CtraceClearText: connection, else environment, else group. */
static void
set_trace(const struct ttls_rule *rule, struct ttls_effective *e)
{
    e->trace = is_coded(&rule->group->obj, "Trace") ? rule->group->trace : 2;
    e->ctrace_clear = rule->group->ctrace_clear == TTLS_ON;
    if (rule->env != NULL && is_coded(&rule->env->obj, "Trace"))
        e->trace = rule->env->trace;
    if (rule->env != NULL && is_coded(&rule->env->obj, "CtraceClearText"))
        e->ctrace_clear = rule->env->ctrace_clear == TTLS_ON;
    if (rule->conn != NULL && is_coded(&rule->conn->obj, "Trace"))
        e->trace = rule->conn->trace;
    if (rule->conn != NULL && is_coded(&rule->conn->obj, "CtraceClearText"))
        e->ctrace_clear = rule->conn->ctrace_clear == TTLS_ON;
}

static void
set_group(const struct ttls_rule *rule, struct ttls_effective *e)
{
    e->group_id = rule->group->id;
    e->is_enabled = rule->group->enabled == TTLS_ON;
    e->fips = (enum ttls_fips)rule->group->fips;
    if (rule->group->adv != NULL) {
        e->facility = (enum ttls_facility)rule->group->adv->facility;
        e->env_file = rule->group->adv->env_file;
        e->secondary_map = rule->group->adv->secondary_map == TTLS_ON;
    }
    set_trace(rule, e);
}

static void
set_connection(const struct ttls_adv *a, struct ttls_effective *e)
{
    e->sslv2 = a->sslv2 == TTLS_ON;
    e->sslv3 = a->sslv3 == TTLS_ON;
    e->tlsv1 = a->tlsv1 == TTLS_ON;
    e->tlsv11 = a->tlsv11 == TTLS_ON;
    e->tlsv12 = a->tlsv12 == TTLS_ON;
    e->tlsv13 = a->tlsv13 == TTLS_ON;
    e->is_application_controlled = a->application_controlled == TTLS_ON;
    e->handshake_timeout_s = a->handshake_timeout_s;
    e->reset_cipher_min = a->reset_cipher_min;
    e->label = a->label;
    e->server_labels = a->server_labels;
    e->client_sni = (enum ttls_want)a->client_sni;
    e->server_sni = (enum ttls_want)a->server_sni;
    e->client_sni_match = (enum ttls_want)a->client_sni_match;
    e->server_sni_match = (enum ttls_want)a->server_sni_match;
    e->client_sni_list = a->client_sni_list;
    e->server_sni_list = a->server_sni_list;
}

static void
set_environment(const struct ttls_adv *a, struct ttls_effective *e)
{
    e->middle_box = a->middle_box == TTLS_ON;
    e->client_auth = (enum ttls_client_auth)a->client_auth;
    e->cert_mode = (enum ttls_cert_mode)a->cert_mode;
    e->truncated_hmac = (enum ttls_want)a->truncated_hmac;
    e->client_fragment = (enum ttls_want)a->client_fragment;
    e->server_fragment = (enum ttls_want)a->server_fragment;
    e->client_fragment_bytes = a->client_fragment_bytes;
    e->client_ems = (enum ttls_ems)a->client_ems;
    e->server_ems = (enum ttls_ems)a->server_ems;
    e->renegotiation = (enum ttls_reneg)a->renegotiation;
    e->renegotiation_indicator =
        (enum ttls_reneg_ind)a->renegotiation_indicator;
    e->renegotiation_cert_check = a->renegotiation_cert_check == TTLS_ON;
    e->des3_key_check = a->des3_key_check == TTLS_ON;
    e->client_edh = (enum ttls_edh)a->client_edh;
    e->server_edh = (enum ttls_edh)a->server_edh;
    e->peer_min_cert_version = (enum ttls_cert_version)a->peer_min_cert_version;
    e->peer_min_dh = a->peer_min_dh;
    e->peer_min_dsa = a->peer_min_dsa;
    e->peer_min_ecc = a->peer_min_ecc;
    e->peer_min_rsa = a->peer_min_rsa;
    e->server_scsv = a->server_scsv == TTLS_ON;
    e->host_ref_dns = a->host_ref_dns;
    e->host_ref_cn = a->host_ref_cn;
    e->host_ref_wildcard = a->host_ref_wildcard == TTLS_ON;
}

/* Environment and connection blocks in one, parameter by parameter. */
static void
set_advanced(const struct ttls_rule *rule, struct ttls_effective *e)
{
    const struct ttls_obj *env =
        rule->env->adv == NULL ? NULL : &rule->env->adv->obj;
    const struct ttls_obj *conn = rule->conn == NULL || rule->conn->adv == NULL
                                      ? NULL
                                      : &rule->conn->adv->obj;
    struct ttls_adv all;

    memset(&all, 0, sizeof all);
    defaults(TTLS_ENV_ADV, &all);
    overlay(env, &all);
    overlay(conn, &all);
    set_connection(&all, e);
    set_environment(&all, e);
    e->has_label =
        is_coded(env, "CertificateLabel") || is_coded(conn, "CertificateLabel");
    if (is_coded(env, "SecondaryMap") || is_coded(conn, "SecondaryMap"))
        e->secondary_map = all.secondary_map == TTLS_ON;
}

/* V2CipherSuites alone say nothing of what is offered. */
static bool
has_suites(const struct ttls_cipher *c)
{
    return c != NULL && (ttls_is_coded(&c->obj, "V3CipherSuites") ||
                         ttls_is_coded(&c->obj, "V3CipherSuites4Char"));
}

static void
set_ciphers(const struct ttls_rule *rule, struct ttls_effective *e)
{
    const struct ttls_cipher *c =
        rule->conn != NULL && has_suites(rule->conn->cipher)
            ? rule->conn->cipher
            : rule->env->cipher;

    e->suite_b = (enum ttls_suite_b)rule->env->suite_b;
    e->are_ciphers_default = !has_suites(c) || e->suite_b != TTLS_SUITEB_OFF;
    e->ciphers = e->are_ciphers_default ? CODES(default_ciphers) : c->usable;
}

static struct ttls_codes
list_of(const struct ttls_signature *conn, const struct ttls_signature *env,
        const char *name, size_t offset, struct ttls_codes otherwise)
{
    const struct ttls_signature *from =
        conn != NULL && ttls_is_coded(&conn->obj, name) ? conn
        : env != NULL && ttls_is_coded(&env->obj, name) ? env
                                                        : NULL;

    return from == NULL
               ? otherwise
               : *(const struct ttls_codes *)(const void *)((const char *)from +
                                                            offset);
}

static void
set_signatures(const struct ttls_rule *rule, struct ttls_effective *e)
{
    const struct ttls_signature *conn =
        rule->conn == NULL ? NULL : rule->conn->signature;
    const struct ttls_signature *env = rule->env->signature;
    struct ttls_codes all = CODES(pairs);

#define LIST(name, field, otherwise)                                           \
    list_of(conn, env, name, offsetof(struct ttls_signature, field), otherwise)
    if (!e->tlsv13)
        all.n -= PAIRS_13;
    e->client_curves = LIST("ClientECurves", client_curves,
                            e->tlsv13 ? CODES(curves_13) : CODES(curves_12));
    e->client_key_shares =
        LIST("ClientKeyShareGroups", client_key_shares, CODES(client_shares));
    e->server_key_shares =
        LIST("ServerKeyShareGroups", server_key_shares, CODES(server_shares));
    e->server_curves =
        LIST("ServerKexECurves", server_curves, CODES(server_curves));
    e->signature_pairs = LIST("SignaturePairs", pairs, all);
    e->signature_pairs_cert =
        LIST("SignaturePairsCert", pairs_cert, ((struct ttls_codes){ 0 }));
#undef LIST
}

static void
set_ring(const struct ttls_keyring *k, struct ttls_effective *e)
{
    size_t slash = str_find_char(k->keyring, '/');

    e->ring = k->keyring;
    e->ring_password = k->password;
    e->ring_stash_file = k->stash_file;
    if (k->password.n > 0 || k->stash_file.n > 0 || slash == 0) {
        e->ring_kind = TTLS_RING_FILE;
    } else if (str_eq_z(k->keyring, "*AUTH*/*")) {
        e->ring_kind = TTLS_RING_AUTH;
        e->ring = STR("*");
    } else if (str_starts(k->keyring, STR("*TOKEN*/"))) {
        e->ring_kind = TTLS_RING_TOKEN;
        e->ring = str_sub(k->keyring, 8, k->keyring.n);
    } else if (slash != STR_NPOS) {
        e->ring_owner = str_sub(k->keyring, 0, slash);
        e->ring = str_sub(k->keyring, slash + 1, k->keyring.n);
    }
}

/* --- GSK ---------------------------------------------------------------- */

/* A copy of a statement: what it does not code gets its default. */
static void
complete(enum ttls_stmt stmt, void *copy)
{
    const struct ttls_type *type = ttls_type_of(stmt);
    const struct ttls_obj *obj = copy;

    for (size_t i = 0; i < type->n_rows; i++) {
        const struct ttls_row *row = &type->rows[i];

        if (size_of(row) == sizeof(uint32_t) &&
            (obj->coded & ((uint64_t)1 << i)) == 0)
            *(uint32_t *)(void *)((char *)copy + row->offset) =
                ttls_row_default(row);
    }
}

static void
set_gsk(const struct ttls_gsk_adv *gsk, struct ttls_effective *e)
{
    struct ttls_gsk_adv all = { 0 };

    if (gsk != NULL)
        all = *gsk;
    complete(TTLS_GSK_ADV, &all);
    e->session_timeout_s = all.v3_session_timeout_s;
    e->session_cache = all.v3_cache_size;
    e->sysplex_sid_cache = all.sysplex_sid_cache == TTLS_ON;
    e->sysplex_ticket_cache = all.sysplex_ticket_cache == TTLS_ON;
    e->client_tickets = all.client_tickets == TTLS_ON;
    e->server_tickets = all.server_tickets == TTLS_ON;
    e->client_ticket_max_bytes = all.client_ticket_max_bytes;
    e->client_ticket_max_cached = all.client_ticket_max_cached;
    e->server_ticket_alg = (enum ttls_ticket_alg)all.server_ticket_alg;
    e->server_ticket_count = all.server_ticket_count;
    e->server_ticket_refresh_s = all.server_ticket_refresh_s;
    e->server_ticket_timeout_s = all.server_ticket_timeout_s;
    e->revocation_level =
        gsk != NULL && ttls_is_coded(&gsk->obj, "RevocationSecurityLevel")
            ? (enum ttls_level)all.revocation_level
            : TTLS_LEVEL_MEDIUM; /* [unverified] */
    e->aia_cdp_priority = gsk == NULL ||
                          !ttls_is_coded(&gsk->obj, "AIACDPPriority") ||
                          all.aia_cdp_priority == TTLS_ON; /* [unverified] */
    e->crl_algorithms = all.crl_algs;
    e->max_locations = all.max_src_rev;
    if (all.max_valid_rev > 0 &&
        (e->max_locations == 0 || all.max_valid_rev < e->max_locations))
        e->max_locations = all.max_valid_rev;
    if (gsk != NULL && gsk->ldap != NULL)
        e->ldap = *gsk->ldap;
    if (gsk != NULL && gsk->ocsp != NULL)
        e->ocsp = *gsk->ocsp;
    if (gsk != NULL && gsk->cdp != NULL)
        e->cdp = *gsk->cdp;
    complete(TTLS_GSK_LDAP, &e->ldap);
    complete(TTLS_GSK_OCSP, &e->ocsp);
    complete(TTLS_GSK_CDP, &e->cdp);
}

void
ttls_effective_of(const struct ttls_rule *rule, struct ttls_effective *out)
{
    memset(out, 0, sizeof *out);
    out->rule = rule;
    set_group(rule, out);
    if (rule->env == NULL)
        return;
    out->env_id = rule->env->id;
    out->role = (enum ttls_role)(rule->conn != NULL && rule->conn->role != 0
                                     ? rule->conn->role
                                     : rule->env->role);
    set_advanced(rule, out);
    set_ciphers(rule, out);
    set_signatures(rule, out);
    set_ring(rule->env->keyring, out);
    set_gsk(rule->env->gsk, out);
}
