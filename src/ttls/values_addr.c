/* Values that are addresses and ports. */
#include <string.h>

#include "ttls/build_priv.h"

static void *
field(struct ttls_obj *obj, const struct ttls_row *row)
{
    return (char *)obj + row->offset;
}

static bool
address(struct ttls_build *b, const char *what, struct str text,
        uint8_t out[16])
{
    static const uint8_t zero[16];
    bool is_odd;

    if (!ttls_addr_parse(text, out, &is_odd)) {
        build_error(b, "%s: \"%.*s\" is not an IPv4 or IPv6 address", what,
                    QUOTE(text));
        return false;
    }
    if (is_odd) {
        char usual[48];

        ttls_addr_print(out, usual);
        build_warn(b, "%s: \"%.*s\" is not four decimal numbers and means %s",
                   what, QUOTE(text), usual);
    }
    if (str_find_char(text, ':') == STR_NPOS)
        return true;
    /* :: and ::1 are the unspecified and the loopback address, no IPv4. */
    if (ttls_addr_is_v4(out) ||
        (memcmp(out, zero, 12) == 0 && memcmp(out + 12, "\0\0\0\2", 4) >= 0)) {
        build_error(b,
                    "%s: \"%.*s\" is an IPv4 address in IPv6 form; expected "
                    "a.b.c.d",
                    what, QUOTE(text));
        return false;
    }
    return true;
}

static bool
prefix(struct ttls_build *b, const char *what, struct str text,
       struct ttls_addr *out)
{
    size_t slash = str_find_char(text, '/');
    struct str base = str_trim(str_sub(text, 0, slash));
    unsigned all, bits;
    uint64_t n = 0;

    if (slash == STR_NPOS) {
        build_error(b, "%s: found \"%.*s\", expected address/length", what,
                    QUOTE(text));
        return false;
    }
    if (!address(b, what, base, out->from))
        return false;
    all = ttls_addr_is_v4(out->from) ? 32 : 128;
    if (!str_to_u64(str_trim(str_sub(text, slash + 1, text.n)), &n) ||
        n > all) {
        build_error(b, "%s: \"%.*s\": expected a length from 0 to %u", what,
                    QUOTE(text), all);
        return false;
    }
    bits = (unsigned)n + 128 - all;
    memcpy(out->to, out->from, 16);
    for (unsigned i = bits; i < 128; i++) {
        uint8_t bit = (uint8_t)(0x80u >> (i % 8));

        out->from[i / 8] &= (uint8_t)~bit;
        out->to[i / 8] |= bit;
    }
    return true;
}

static bool
range(struct ttls_build *b, const char *what, struct str text,
      struct ttls_addr *out)
{
    size_t dash = str_find_char(text, '-');

    if (dash == STR_NPOS) {
        build_error(b, "%s: found \"%.*s\", expected address-address", what,
                    QUOTE(text));
        return false;
    }
    if (!address(b, what, str_trim(str_sub(text, 0, dash)), out->from) ||
        !address(b, what, str_trim(str_sub(text, dash + 1, text.n)), out->to))
        return false;
    if (ttls_addr_is_v4(out->from) != ttls_addr_is_v4(out->to) ||
        memcmp(out->from, out->to, 16) > 0) {
        build_error(b,
                    "%s: \"%.*s\": expected the lower address first and both "
                    "of one family",
                    what, QUOTE(text));
        return false;
    }
    return true;
}

static bool
any_address(struct ttls_build *b, const char *what, struct str text,
            struct ttls_addr *out)
{
    if (str_find_char(text, '/') != STR_NPOS)
        return prefix(b, what, text, out);
    if (str_find_char(text, '-') != STR_NPOS)
        return range(b, what, text, out);
    if (!address(b, what, text, out->from))
        return false;
    memcpy(out->to, out->from, 16);
    return true;
}

void
value_address(struct ttls_build *b, struct ttls_obj *obj,
              const struct ttls_row *row, struct str value)
{
    struct ttls_addrs *addrs = (struct ttls_addrs *)obj;
    struct ttls_addr *v, one = { 0 };
    bool is_good =
        row->kind == TTLS_K_ONE_ADDR ? address(b, row->name, value, one.from)
        : row->kind == TTLS_K_PREFIX ? prefix(b, row->name, value, &one)
                                     : range(b, row->name, value, &one);

    if (!is_good || (v = build_alloc(b, sizeof *v)) == NULL)
        return;
    if (row->kind == TTLS_K_ONE_ADDR)
        memcpy(one.to, one.from, 16);
    *v = one;
    addrs->v = v;
    addrs->n = 1;
}

/* An object for what a rule says in one line. */
static struct ttls_obj *
own_object(struct ttls_build *b, enum ttls_stmt stmt,
           const struct ttls_obj *rule)
{
    struct line line = { .number = b->line };
    struct ttls_obj *obj =
        build_object(b, stmt, &line, (struct str){ 0 }, rule);

    if (obj != NULL)
        obj->is_inline = true;
    return obj;
}

void
value_rule_address(struct ttls_build *b, struct ttls_obj *rule,
                   const struct ttls_row *row, struct str value)
{
    struct ttls_addr *v, one = { 0 };
    struct ttls_addrs *addrs;

    if (str_eq_nocase_z(value, "All")) {
        *(const struct ttls_addrs **)field(rule, row) = NULL;
        return;
    }
    if (!any_address(b, row->name, value, &one))
        return;
    addrs = (struct ttls_addrs *)own_object(b, TTLS_IPADDR_SET, rule);
    v = build_alloc(b, sizeof *v);
    if (addrs == NULL || v == NULL)
        return;
    *v = one;
    addrs->v = v;
    addrs->n = 1;
    addrs->obj.coded = 2; /* as a range */
    *(const struct ttls_addrs **)field(rule, row) = addrs;
}

/* --- ports -------------------------------------------------------------- */

/* n | n-m | n:m | n m */
static bool
ports(struct ttls_build *b, const char *what, struct str text,
      struct ttls_port *out)
{
    static const char marks[] = "-: \t"; /* one of them, blanks around it */
    size_t at = STR_NPOS;
    uint64_t from, to;

    for (size_t i = 0; i + 1 < sizeof marks && at == STR_NPOS; i++)
        at = str_find_char(text, marks[i]);
    if (!str_to_u64(str_trim(str_sub(text, 0, at)), &from) ||
        (at != STR_NPOS &&
         !str_to_u64(str_trim(str_sub(text, at + 1, text.n)), &to)) ||
        from == 0) {
        build_error(b,
                    "%s: found \"%.*s\", expected n, n-m or n m (1 to 65535)",
                    what, QUOTE(text));
        return false;
    }
    if (at == STR_NPOS)
        to = from;
    if (to > 65535 || from > to) {
        build_error(b,
                    "%s: \"%.*s\": expected ports from 1 to 65535, the lower "
                    "one first",
                    what, QUOTE(text));
        return false;
    }
    *out = (struct ttls_port){ (uint16_t)from, (uint16_t)to };
    return true;
}

void
value_ports(struct ttls_build *b, struct ttls_obj *obj,
            const struct ttls_row *row, struct str value)
{
    struct ttls_port one, *v;
    struct ttls_ports *to = (struct ttls_ports *)obj;

    if (!ports(b, row->name, value, &one))
        return;
    if (row->kind == TTLS_K_PORT) {
        to = (struct ttls_ports *)own_object(b, TTLS_PORT_RANGE, obj);
        if (to == NULL)
            return;
        to->obj.coded = 1;
        *(const struct ttls_ports **)field(obj, row) = to;
    }
    v = build_alloc(b, sizeof *v);
    if (v == NULL)
        return;
    *v = one;
    to->v = v;
    to->n = 1;
}
