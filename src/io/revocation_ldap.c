/*
 * Revocation lists from a directory. The library is loaded when rules want it:
 * programs that do not use LDAP do not carry it.
 */
#include <dlfcn.h>
#include <ldap.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "io/revocation_priv.h"

#define ENTRY_MAX 65536u /* what comes around the value */

static struct {
    void *library;
    typeof(ldap_initialize) *initialize;
    typeof(ldap_set_option) *set_option;
    typeof(ldap_get_option) *get_option;
    typeof(ber_sockbuf_ctrl) *control;
    typeof(ldap_sasl_bind_s) *bind;
    typeof(ldap_search_ext_s) *search;
    typeof(ldap_first_entry) *first_entry;
    typeof(ldap_get_values_len) *values;
    typeof(ldap_value_free_len) *free_values;
    typeof(ldap_msgfree) *free_message;
    typeof(ldap_unbind_ext_s) *unbind;
    typeof(ldap_url_parse) *parse_url;
    typeof(ldap_free_urldesc) *free_url;
    typeof(ldap_err2string) *text;
    bool is_ready;
} lib;

static void
load(void)
{
    static const struct {
        const char *name;
        void **to;
    } rows[] = {
#define ROW(member, name) { #name, (void **)&lib.member }
        ROW(initialize, ldap_initialize),
        ROW(set_option, ldap_set_option),
        ROW(get_option, ldap_get_option),
        ROW(control, ber_sockbuf_ctrl), /* of liblber, which it needs */
        ROW(bind, ldap_sasl_bind_s),
        ROW(search, ldap_search_ext_s),
        ROW(first_entry, ldap_first_entry),
        ROW(values, ldap_get_values_len),
        ROW(free_values, ldap_value_free_len),
        ROW(free_message, ldap_msgfree),
        ROW(unbind, ldap_unbind_ext_s),
        ROW(parse_url, ldap_url_parse),
        ROW(free_url, ldap_free_urldesc),
        ROW(text, ldap_err2string),
#undef ROW
    };
    /* Debian 12, Debian 13. */
    static const char *const names[] = { "libldap-2.5.so.0", "libldap.so.2" };

    for (size_t i = 0; i < ARRAY_LEN(names) && lib.library == NULL; i++)
        lib.library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    lib.is_ready = lib.library != NULL;
    for (size_t i = 0; i < ARRAY_LEN(rows) && lib.is_ready; i++) {
        *rows[i].to = dlsym(lib.library, rows[i].name);
        lib.is_ready = *rows[i].to != NULL;
    }
}

enum err
fetch_ldap_check(struct err_info *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
    return lib.is_ready
               ? ERR_OK
               : err_set(why, ERR_UNSUPPORTED,
                         "LDAP needs package libldap-2.5-0 or libldap2");
}

static enum err
failed(const char *url, int code, struct err_info *why)
{
    return err_set(why, code == LDAP_NO_SUCH_OBJECT ? ERR_NOT_FOUND : ERR_PEER,
                   "%s: %s", url, lib.text(code));
}

/* What a directory may send at once. */
static bool
limit_incoming(LDAP *ldap, size_t max_bytes)
{
    ber_len_t most = max_bytes + ENTRY_MAX;
    Sockbuf *socket = NULL;

    return lib.get_option(ldap, LDAP_OPT_SOCKBUF, &socket) == 0 &&
           socket != NULL &&
           lib.control(socket, LBER_SB_OPT_SET_MAX_INCOMING, &most) == 1;
}

static int
connect_to(const LDAPURLDesc *to, struct str user, struct str password,
           size_t max_bytes, uint32_t timeout_ms, LDAP **out)
{
    struct timeval limit = { timeout_ms / 1000,
                             (suseconds_t)(timeout_ms % 1000) * 1000 };
    char nothing[] = "";
    struct berval secret = { password.n, (char *)(uintptr_t)password.p };
    char server[REVOCATION_URL_MAX + 32];
    int version = LDAP_VERSION3;
    LDAP *ldap = NULL;
    int code;

    (void)snprintf(server, sizeof server,
                   strchr(to->lud_host, ':') == NULL ? "ldap://%s:%d"
                                                     : "ldap://[%s]:%d",
                   to->lud_host, to->lud_port);
    code = lib.initialize(&ldap, server);
    if (code != LDAP_SUCCESS)
        return code;
    *out = ldap;
    if (lib.set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version) != 0 ||
        lib.set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &limit) != 0 ||
        lib.set_option(ldap, LDAP_OPT_TIMEOUT, &limit) != 0 ||
        lib.set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != 0 ||
        !limit_incoming(ldap, max_bytes))
        return LDAP_OTHER;
    /* Nobody has an empty password, not none. */
    if (user.n == 0 || password.n == 0)
        secret = (struct berval){ 0, nothing };
    return lib.bind(ldap, user.n == 0 ? NULL : user.p, LDAP_SASL_SIMPLE,
                    &secret, NULL, NULL, NULL);
}

/* The one value of the one attribute asked for. */
static enum err
take(LDAP *ldap, LDAPMessage *message, const char *attribute, const char *url,
     size_t max_bytes, struct buf *out, struct err_info *why)
{
    LDAPMessage *entry = lib.first_entry(ldap, message);
    struct berval **values =
        entry == NULL ? NULL : lib.values(ldap, entry, attribute);
    enum err e = ERR_OK;

    if (values == NULL || values[0] == NULL) {
        e = err_set(why, ERR_NOT_FOUND, "%s: the entry has no %s", url,
                    attribute);
    } else if (values[1] != NULL || values[0]->bv_len > max_bytes) {
        e = err_set(why, ERR_LIMIT, "%s: more than one value or %zu bytes", url,
                    max_bytes);
    } else {
        buf_init(out, max_bytes);
        buf_add(out, str_n(values[0]->bv_val, values[0]->bv_len));
        e = buf_check(out, why);
    }
    if (values != NULL)
        lib.free_values(values);
    return e;
}

static enum err
search(LDAP *ldap, const LDAPURLDesc *to, const char *url, size_t max_bytes,
       uint32_t timeout_ms, struct buf *out, struct err_info *why)
{
    struct timeval limit = { timeout_ms / 1000,
                             (suseconds_t)(timeout_ms % 1000) * 1000 };
    char standard[] = "certificateRevocationList;binary";
    char *attribute = to->lud_attrs != NULL && to->lud_attrs[0] != NULL
                          ? to->lud_attrs[0]
                          : standard;
    char *wanted[] = { attribute, NULL };
    LDAPMessage *message = NULL;
    enum err e;
    int code = lib.search(ldap, to->lud_dn == NULL ? "" : to->lud_dn,
                          LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, NULL,
                          NULL, &limit, 2, &message);

    e = code != LDAP_SUCCESS
            ? failed(url, code, why)
            : take(ldap, message, attribute, url, max_bytes, out, why);
    lib.free_message(message);
    return e;
}

enum err
fetch_ldap(const char *url, struct str user, struct str password,
           size_t max_bytes, uint32_t timeout_ms, struct buf *out,
           struct err_info *why)
{
    enum err e = fetch_ldap_check(why);
    LDAPURLDesc *to = NULL;
    LDAP *ldap = NULL;
    int code;

    buf_init(out, 0);
    if (e != ERR_OK)
        return e;
    if (lib.parse_url(url, &to) != LDAP_URL_SUCCESS || to->lud_host == NULL ||
        to->lud_host[0] == '\0') {
        e = err_set(why, ERR_SYNTAX, "%s is no ldap: address of a host", url);
    } else {
        code = connect_to(to, user, password, max_bytes, timeout_ms, &ldap);
        e = code != LDAP_SUCCESS
                ? failed(url, code, why)
                : search(ldap, to, url, max_bytes, timeout_ms, out, why);
    }
    if (ldap != NULL)
        (void)lib.unbind(ldap, NULL, NULL);
    if (to != NULL)
        lib.free_url(to);
    return e;
}
