/* RACDCERT ALTNAME(IP() DOMAIN() EMAIL() URI()): the subject's other names. */
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "saf/racdcert_private.h"

bool
racdcert_put_altname(struct cmd *c, struct cert_order *o, uint8_t kind,
                     struct str text)
{
    struct str value = text;
    unsigned char ip[16];
    const char *z;

    if (kind == GEN_IPADD) {
        z = str_z(c->arena, text);
        if (z != NULL && inet_pton(AF_INET, z, ip) == 1)
            value = str_dup(c->arena, str_n(ip, 4));
        else if (z != NULL && inet_pton(AF_INET6, z, ip) == 1)
            value = str_dup(c->arena, str_n(ip, 16));
        else
            value = STR("");
    }
    for (size_t i = 0; kind != GEN_IPADD && i < value.n; i++) {
        if ((unsigned char)value.p[i] <= 0x20 ||
            (unsigned char)value.p[i] >= 0x7f)
            value = STR("");
    }
    if (value.n == 0 || value.n > 255 || o->n_altnames == CERT_ALTNAMES_MAX) {
        (void)racdcert_fail(c, "ALTNAME: " STR_FMT " is not valid",
                            STR_ARG(text));
        return false;
    }
    o->altnames[o->n_altnames++] = (struct cert_altname){ kind, value };
    return true;
}

/* --- what is written by hand ---------------------------------------------- */

#define LABEL_CHARS                                                            \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static bool
consists_of(struct str text, const char *chars)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\0' || strchr(chars, text.p[i]) == NULL)
            return false;
    return text.n > 0;
}

static bool
is_any(struct str text)
{
    return text.n > 0;
}

/* Labels of RFC 1123, with the underscore that many use; a first "*" stands
 * for one label (RFC 6125). */
static bool
is_domain(struct str text)
{
    struct str rest = text, label;
    size_t n = 0;

    while (str_token(&rest, '.', &label)) {
        bool is_star = n++ == 0 && str_eq_z(label, "*") && rest.n > 0;

        if (!is_star && (!consists_of(label, LABEL_CHARS) || label.n > 63 ||
                         label.p[0] == '-' || label.p[label.n - 1] == '-'))
            return false;
    }
    return text.n > 0 && text.n <= 253 && text.p[text.n - 1] != '.';
}

/* Dot-atom, "@", host name (RFC 5321, without quoted local parts). */
static bool
is_email(struct str text)
{
    size_t at = str_find_char(text, '@');
    struct str local = str_sub(text, 0, at), part;

    if (at == STR_NPOS || local.n == 0 || local.n > 64 ||
        local.p[local.n - 1] == '.' ||
        text.p[at + 1 < text.n ? at + 1 : at] == '*')
        return false;
    while (str_token(&local, '.', &part))
        if (!consists_of(part, LABEL_CHARS "!#$%&'*+/=?^`{|}~"))
            return false;
    return is_domain(str_sub(text, at + 1, text.n));
}

/* Scheme, ":", and something behind it; with "//" a host (RFC 3986). */
static bool
is_uri(struct str text)
{
    size_t colon = str_find_char(text, ':');
    struct str scheme = str_sub(text, 0, colon), rest;

    if (colon == STR_NPOS || !consists_of(scheme, LABEL_CHARS "+.") ||
        str_find_char(scheme, '_') != STR_NPOS || scheme.p[0] < 'A' ||
        scheme.p[0] > 'z')
        return false;
    rest = str_sub(text, colon + 1, text.n);
    if (str_starts(rest, STR("//")))
        return rest.n > 2 && strchr("/?#:", rest.p[2]) == NULL;
    return rest.n > 0;
}

bool
racdcert_altnames(struct cmd *c, struct cert_order *o)
{
    static const struct {
        const char *operand;
        uint8_t kind;
        bool (*is_valid)(struct str);
        const char *expected;
    } rows[] = {
        { "IP", GEN_IPADD, is_any, "" },
        { "DOMAIN", GEN_DNS, is_domain,
          "a host name, such as www.example.com" },
        { "EMAIL", GEN_EMAIL, is_email,
          "an address, such as name@example.com" },
        { "URI", GEN_URI, is_uri, "a URI, such as https://example.com/" },
    };
    const struct cmd_arg *sub = cmd_arg(c, "ALTNAME");

    if (sub != NULL)
        o->n_altnames = 0; /* instead of the request's */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct cmd_arg *arg = cmd_sub(sub, rows[i].operand);

        for (size_t k = 0; arg != NULL && k < arg->n_values; k++) {
            if (!rows[i].is_valid(arg->values[k])) {
                (void)racdcert_fail(
                    c, "ALTNAME: %s(" STR_FMT ") is not valid, expected %s",
                    rows[i].operand, STR_ARG(arg->values[k]), rows[i].expected);
                return false;
            }
            if (!racdcert_put_altname(c, o, rows[i].kind, arg->values[k]))
                return false;
        }
    }
    return true;
}
