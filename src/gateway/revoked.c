#include "gateway/revoked.h"

#include <stdio.h>

#define LOGGER "com.ibm.ws.ssl.config.WSKeyStore"
#define SAY_AGAIN_MS 60000u
#define TEXT_MAX 65536u

/* ---- properties of Java ---- */

/* "" when it is not set. */
static struct str
property(const struct cfg_tree *tree, struct arena *arena, const char *name)
{
    struct str out = STR("");
    char text[128];

    (void)snprintf(text, sizeof text, "${%s}", name);
    if (cfg_expand(tree, arena, str_of(text), &out, NULL) != ERR_OK ||
        str_eq_z(out, text))
        return STR("");
    return str_trim(out);
}

static bool
is_true(const struct cfg_tree *tree, const char *name)
{
    struct arena arena;
    bool is;

    arena_init(&arena, TEXT_MAX);
    is = str_eq_nocase_z(property(tree, &arena, name), "true");
    arena_fini(&arena);
    return is;
}

/* As Java: who cannot be looked up is refused. */
static struct revocation_rules
rules_of_properties(const struct cfg_tree *tree, struct arena *arena)
{
    bool has_points = is_true(tree, "com.ibm.security.enableCRLDP") ||
                      is_true(tree, "com.sun.security.enableCRLDP");
    bool has_ocsp = is_true(tree, "ocsp.enable");

    return (struct revocation_rules){
        .level = is_true(tree, "com.ibm.jsse2.checkRevocation") ||
                         is_true(tree, "com.sun.net.ssl.checkRevocation")
                     ? REVOCATION_HIGH
                     : REVOCATION_OFF,
        .use_ocsp = has_ocsp,
        .use_http_crls = has_points,
        .use_ldap_crls = has_points,
        .ocsp_url =
            has_ocsp ? property(tree, arena, "ocsp.responderURL") : STR(""),
    };
}

/* ---- the element ---- */

static uint32_t
whole_s(int64_t ms)
{
    return ms < 1000 ? 1 : (uint32_t)(ms / 1000);
}

static uint32_t
some_ms(int64_t ms)
{
    return ms < 1 ? 1 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static enum err
rules_of_element(const struct cfg_revocation *from, struct buf *servers,
                 struct revocation_rules *out, struct err_info *why)
{
    for (size_t i = 0; i < from->ldap_servers.n; i++)
        buf_printf(servers, "%s" STR_FMT, i == 0 ? "" : " ",
                   STR_ARG(from->ldap_servers.v[i]));
    *out = (struct revocation_rules){
        .level = (enum revocation_level)from->level,
        .use_ocsp = from->ocsp,
        .use_http_crls = from->crls,
        .use_ldap_crls = from->ldap_crls,
        .crls_first = from->crls_first,
        .leaf_only = from->leaf_only,
        .ocsp_url = from->ocsp_responder,
        .ldap_servers = buf_view(servers),
        .ldap_user = from->ldap_user,
        .ldap_password = secret_view(&from->ldap_password),
        .ocsp_proxy = from->http_proxy,
        .crl_proxy = from->http_proxy,
        .nonce_bytes = from->needs_nonce ? 32 : 0,
        .needs_nonce = from->needs_nonce,
        .ocsp_timeout_ms = some_ms(from->source_timeout_ms),
        .crl_timeout_ms = some_ms(from->source_timeout_ms),
        .ldap_timeout_ms = some_ms(from->source_timeout_ms),
        .chain_timeout_ms = some_ms(from->chain_timeout_ms),
        .crl_max_bytes = (size_t)from->max_crl_bytes,
        .keep_max_s = whole_s(from->keep_ms),
        .retry_s = whole_s(from->retry_ms),
    };
    return buf_check(servers, why);
}

enum err
revoked_peers(const struct cfg_tree *tree, const struct cfg_ssl *ssl,
              struct revocation_cache *cache, struct revocation **out,
              struct err_info *why)
{
    struct revocation_rules rules;
    struct arena arena;
    struct buf servers;
    enum err e = ERR_OK;

    *out = NULL;
    arena_init(&arena, TEXT_MAX);
    buf_init(&servers, TEXT_MAX);
    if (ssl->revocation == NULL)
        rules = rules_of_properties(tree, &arena);
    else
        e = rules_of_element(ssl->revocation, &servers, &rules, why);
    if (e == ERR_OK && rules.level != REVOCATION_OFF)
        e = revocation_new(cache, &rules, out, why);
    buf_fini(&servers);
    arena_fini(&arena);
    return e;
}

enum err
revoked_staples(const struct cfg_tree *tree, const struct cfg_ssl *ssl,
                struct revocation_cache *cache, struct revocation **out,
                struct err_info *why)
{
    struct revocation_rules rules = { .level = REVOCATION_HIGH };
    struct arena arena;
    struct buf servers;
    enum err e = ERR_OK;

    *out = NULL;
    if (!ssl->ocsp_stapling &&
        !is_true(tree, "jdk.tls.server.enableStatusRequestExtension"))
        return ERR_OK;
    arena_init(&arena, TEXT_MAX);
    buf_init(&servers, TEXT_MAX);
    if (ssl->revocation != NULL)
        e = rules_of_element(ssl->revocation, &servers, &rules, why);
    else
        rules.ocsp_url =
            property(tree, &arena, "jdk.tls.stapling.responderURI");
    rules.use_ocsp = true;
    rules.use_ldap_crls = false;
    rules.ldap_servers = STR("");
    if (e == ERR_OK)
        e = revocation_new(cache, &rules, out, why);
    buf_fini(&servers);
    arena_fini(&arena);
    return e;
}

/* ---- what is said ---- */

void
revoked_tick(struct revoked_said *said, struct revocation_cache *cache,
             struct messages_log *log, uint64_t now_ms)
{
    static const char *const ids[REVOCATION_NOTES] = { "SPT0418W", "SPT0416W" };

    for (unsigned i = 0; i < REVOCATION_NOTES; i++) {
        char text[ERR_TEXT_MAX], number[24];
        uint64_t n;

        if (said->at_ms[i] != 0 && now_ms - said->at_ms[i] < SAY_AGAIN_MS)
            continue;
        n = revocation_cache_failures(cache, (enum revocation_note)i, text);
        if (n == 0)
            continue;
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)n);
        MESSAGES_LOG(log, LOGGER, ids[i], str_of(number), str_of(text));
        said->at_ms[i] = now_ms;
    }
}
