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

bool
admit_name_is_pattern(struct str text)
{
    size_t first = str_starts(text, STR("*")) ? 1 : 0;

    if (text.n == 0 || text.n > 253)
        return false;
    for (size_t i = first; i < text.n; i++) {
        char c = text.p[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
            !(c >= 'A' && c <= 'Z') && c != '.' && c != '-' && c != '_')
            return false;
    }
    return true;
}

static bool
are_names(const struct cfg_list *from, struct str *bad)
{
    for (size_t i = 0; i < from->n; i++)
        if (!admit_name_is_pattern(str_trim(from->v[i]))) {
            *bad = from->v[i];
            return false;
        }
    return true;
}

enum err
admit_new(struct arena *arena, const struct cfg_tcp_options *from,
          struct admit *out, struct str *bad, const char **id)
{
    struct admit admit = { .include_names = &from->host_name_include,
                           .exclude_names = &from->host_name_exclude };
    enum err e;

    *id = "CWWKO0203E";
    e = read_list(arena, &from->address_include, &admit.include,
                  &admit.n_include, bad);
    if (e == ERR_OK) {
        *id = "CWWKO0202E";
        e = read_list(arena, &from->address_exclude, &admit.exclude,
                      &admit.n_exclude, bad);
    }
    if (e == ERR_OK && !are_names(admit.include_names, bad)) {
        *id = "CWWKO0205E";
        e = ERR_SYNTAX;
    }
    if (e == ERR_OK && !are_names(admit.exclude_names, bad)) {
        *id = "CWWKO0204E";
        e = ERR_SYNTAX;
    }
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

static bool
names(const struct cfg_list *patterns, struct str name)
{
    for (size_t i = 0; i < patterns->n; i++) {
        struct str p = str_trim(patterns->v[i]);
        struct str tail = str_sub(p, 1, p.n);

        if (!str_starts(p, STR("*"))
                ? str_eq_nocase(p, name)
                : name.n > tail.n &&
                      str_eq_nocase(str_sub(name, name.n - tail.n, name.n),
                                    tail))
            return true;
    }
    return false;
}

static enum admit_verdict
judge_by_name(const struct admit *a, bool is_included,
              const struct admit_name *name)
{
    bool is_refused = name->has_failed ||
                      (name->name.n > 0 && names(a->exclude_names, name->name));

    if (!is_refused && a->n_include + a->include_names->n > 0)
        is_refused = !is_included && !(name->is_confirmed && name->name.n > 0 &&
                                       names(a->include_names, name->name));
    return is_refused ? ADMIT_NO : ADMIT_YES;
}

enum admit_verdict
admit_judge(const struct admit *a, const struct sockaddr *address,
            const struct admit_name *name)
{
    size_t n_names = a->include_names->n + a->exclude_names->n;
    struct admit_pattern fields;
    bool is_included;

    if (a->n_include + a->n_exclude + n_names == 0)
        return ADMIT_YES;
    /* A Unix socket has no address to be let in by. */
    if (!fields_of(address, &fields))
        return a->n_include + a->include_names->n == 0 ? ADMIT_YES : ADMIT_NO;
    if (lists(a->exclude, a->n_exclude, &fields))
        return ADMIT_NO;
    is_included = lists(a->include, a->n_include, &fields);
    if (a->exclude_names->n > 0 || (a->include_names->n > 0 && !is_included))
        return name == NULL ? ADMIT_NEEDS_NAME
                            : judge_by_name(a, is_included, name);
    return a->n_include == 0 || is_included ? ADMIT_YES : ADMIT_NO;
}
