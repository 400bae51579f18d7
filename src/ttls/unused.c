/*
 * Parameters that are understood and cannot do here what they do in the
 * original. Whoever codes one with another value than its default is told why;
 * doc/reference/differences.md has them all.
 */
#include <stdio.h>
#include <string.h>

#include "ttls/build_priv.h"

#define CACHE "one cache for all answers, with limits of its own"
#define CTRACE "data is never traced, EZD1285I tells lengths only"
#define HMAC "the library has no truncated HMAC, it is never offered"

static const struct {
    enum ttls_stmt stmt;
    const char *name;
    const char *also; /* this value has one; NULL: only the default */
    const char *why;
} rows[] = {
    { TTLS_GROUP_ACTION, "CtraceClearText", NULL, CTRACE },
    { TTLS_ENV_ACTION, "CtraceClearText", "Off", CTRACE },
    { TTLS_CONN_ACTION, "CtraceClearText", "Off", CTRACE },
    { TTLS_ENV_ADV, "3DesKeyCheck", NULL,
      "no suite with triple DES is ever offered" },
    { TTLS_ENV_ADV, "TruncatedHMAC", "Required", HMAC },
    { TTLS_CONN_ADV, "TruncatedHMAC", "Required", HMAC },
    { TTLS_GSK_LDAP, "CRLCacheSize", "0", CACHE },
    { TTLS_GSK_LDAP, "CRLCacheExtended", "Off",
      "lists are kept until their own end" },
    { TTLS_GSK_LDAP, "CRLCacheTempCRL", "Off",
      "a directory that has no list is asked again after a minute" },
    { TTLS_GSK_LDAP, "CRLCacheTempCRLTimeout", NULL,
      "a directory that has no list is asked again after a minute" },
    { TTLS_GSK_CDP, "HttpCdpCacheSize", "0", CACHE },
    { TTLS_GSK_OCSP, "OcspClientCacheSize", "0", CACHE },
    { TTLS_GSK_OCSP, "OcspCliCacheEntryMaxsize", NULL, CACHE },
};

static bool
is_as_ever(const struct ttls_row *row, const char *value, const char *also)
{
    return (row->dflt != NULL && strcmp(value, row->dflt) == 0) ||
           (also != NULL && strcmp(value, also) == 0);
}

static void
check_row(struct ttls_build *b, const struct ttls_obj *obj, size_t i)
{
    const struct ttls_type *type = ttls_type_of(obj->stmt);
    bool is_ref;
    const struct ttls_row *row =
        ttls_row_find(type, str_of(rows[i].name), &is_ref);
    char number[24];
    const char *value = number;
    uint32_t v;

    if (row == NULL || !ttls_is_coded(obj, rows[i].name))
        return;
    memcpy(&v, ttls_field(obj, row), sizeof v);
    if (row->kind == TTLS_K_WORD)
        value = ttls_word_of(row, v);
    else
        (void)snprintf(number, sizeof number, "%u", v);
    if (is_as_ever(row, value, rows[i].also))
        return;
    b->file = obj->file;
    b->line = obj->line;
    build_warn(b, "%s " STR_FMT ": %s %s has no effect here: %s", type->keyword,
               STR_ARG(obj->name), row->name, value, rows[i].why);
}

void
build_check_unused(struct ttls_build *b, const struct ttls_obj *obj)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].stmt == obj->stmt)
            check_row(b, obj, i);
    }
}
