#include "gateway/admit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* field = "*" | number in that base, at most max */
static bool
read_field(struct str text, bool is_v6, bool *is_any, uint16_t *out)
{
    unsigned value = 0, base = is_v6 ? 16 : 10, max = is_v6 ? 65535 : 255;

    text = str_trim(text);
    *is_any = str_eq_z(text, "*");
    *out = 0;
    if (*is_any)
        return true;
    if (text.n == 0 || text.n > 4)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 99;

        if (digit >= base)
            return false;
        value = value * base + digit;
    }
    *out = (uint16_t)value;
    return value <= max;
}

bool
admit_pattern_parse(struct str text, struct admit_pattern *out)
{
    struct admit_pattern pattern = { .is_v6 =
                                         str_find_char(text, ':') != STR_NPOS };
    size_t wanted = pattern.is_v6 ? 8 : 4, n = 0;
    struct str field;

    text = str_trim(text);
    while (str_token(&text, pattern.is_v6 ? ':' : '.', &field)) {
        if (n == wanted || !read_field(field, pattern.is_v6, &pattern.is_any[n],
                                       &pattern.field[n]))
            return false;
        n++;
    }
    if (n != wanted)
        return false;
    *out = pattern;
    return true;
}

static enum err
read_list(struct arena *arena, const struct cfg_list *from,
          struct admit_pattern **out, size_t *n, struct str *bad)
{
    *out = ARENA_ARRAY(arena, struct admit_pattern, from->n + 1);
    if (*out == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < from->n; i++) {
        if (!admit_pattern_parse(from->v[i], &(*out)[i])) {
            *bad = from->v[i];
            return ERR_SYNTAX;
        }
        *n = i + 1;
    }
    return ERR_OK;
}

enum err
admit_new(struct arena *arena, const struct cfg_list *include,
          const struct cfg_list *exclude, struct admit *out, struct str *bad,
          bool *is_exclude)
{
    struct admit admit = { .n_include = 0 };
    enum err e =
        read_list(arena, include, &admit.include, &admit.n_include, bad);

    *is_exclude = e == ERR_OK;
    if (e == ERR_OK)
        e = read_list(arena, exclude, &admit.exclude, &admit.n_exclude, bad);
    if (e == ERR_OK)
        *out = admit;
    return e;
}

/* IPv4 seen through an IPv6 socket is IPv4. */
static bool
fields_of(const struct sockaddr *address, struct admit_pattern *out)
{
    const unsigned char *p = NULL;

    memset(out, 0, sizeof *out);
    if (address->sa_family == AF_INET) {
        p = (const unsigned char *)&(
                (const struct sockaddr_in *)(const void *)address)
                ->sin_addr;
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *six =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

        out->is_v6 = !IN6_IS_ADDR_V4MAPPED(six);
        p = out->is_v6 ? six->s6_addr : six->s6_addr + 12;
    }
    if (p == NULL)
        return false;
    for (size_t i = 0; i < (out->is_v6 ? 8u : 4u); i++)
        out->field[i] =
            (uint16_t)(out->is_v6 ? p[2 * i] << 8 | p[2 * i + 1] : p[i]);
    return true;
}

static bool
lists(const struct admit_pattern *patterns, size_t n,
      const struct admit_pattern *address)
{
    for (size_t i = 0; i < n; i++) {
        const struct admit_pattern *p = &patterns[i];
        size_t k = 0, fields = p->is_v6 ? 8 : 4;

        if (p->is_v6 != address->is_v6)
            continue;
        while (k < fields && (p->is_any[k] || p->field[k] == address->field[k]))
            k++;
        if (k == fields)
            return true;
    }
    return false;
}

bool
admit_address(const struct admit *admit, const struct sockaddr *address)
{
    struct admit_pattern fields;

    if (admit->n_include + admit->n_exclude == 0)
        return true;
    /* A Unix socket has no address to be let in by. */
    if (!fields_of(address, &fields))
        return admit->n_include == 0;
    if (lists(admit->exclude, admit->n_exclude, &fields))
        return false;
    return admit->n_include == 0 ||
           lists(admit->include, admit->n_include, &fields);
}
