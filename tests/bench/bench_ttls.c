/*
 * AT-TLS policies: a million lines parsed, and the time of a lookup as the
 * number of rules grows. Prints figures, judges nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ttls/build.h"
#include "ttls/match.h"
#include "ttls/stmt.h"

#define LINES 1000000u
#define LOOKUPS 2000000u

static struct ttls_policy *
build(struct str text)
{
    struct ttls_build_options options = { 0 };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *p = NULL;
    struct err_info why;

    if (b == NULL)
        exit(1);
    ttls_build_file(b, STR("policy"), text);
    if (ttls_build_finish(&b, &p, &why) != ERR_OK) {
        fprintf(stderr, "%s\n", why.text);
        exit(1);
    }
    return p;
}

/* One rule as an administrator's tool writes it, with actions of its own. */
static void
add_rule(struct buf *out, unsigned i)
{
    buf_printf(
        out,
        "TTLSRule r%u\n{\n  LocalAddrSetRef a1\n  RemoteAddr 10.%u.%u.%u\n"
        "  LocalPortRangeRef p1\n  RemotePortRange %u\n  Jobname J%u\n"
        "  Direction Outbound\n  Priority %u\n  TTLSGroupActionRef g%u\n"
        "  TTLSEnvironmentActionRef e%u\n  TTLSConnectionActionRef c%u\n}\n"
        "TTLSGroupAction g%u\n{\n  TTLSEnabled On\n  Trace 7\n}\n"
        "TTLSEnvironmentAction e%u\n{\n  HandshakeRole Client\n"
        "  EnvironmentUserInstance 0\n  TTLSKeyringParmsRef k1\n}\n"
        "TTLSConnectionAction c%u\n{\n  HandshakeRole Client\n"
        "  TTLSConnectionAdvancedParmsRef v%u\n  Trace 7\n}\n"
        "TTLSConnectionAdvancedParms v%u\n{\n  TLSv1 Off\n  TLSv1.1 Off\n"
        "  TLSv1.2 On\n  HandshakeTimeout 20\n}\n",
        i, i / 65536 % 256, i / 256 % 256, i % 256, 1 + i % 60000, i % 1000000,
        1 + i, i, i, i, i, i, i, i, i);
}

static void
policy_of(struct buf *out, unsigned n_rules)
{
    buf_add_z(out, "IpAddrSet a1\n{\n  Prefix 0.0.0.0/0\n}\n"
                   "PortRange p1\n{\n  Port 1024-65535\n}\n"
                   "TTLSKeyringParms k1\n{\n  Keyring Some.Ring\n}\n");
    for (unsigned i = 0; i < n_rules; i++)
        add_rule(out, i);
}

static void
parse_million(void)
{
    struct buf text, wire;
    struct ttls_policy *p, *q = NULL;
    uint64_t from_us, parsed_us, made_us;
    unsigned lines = 0;

    buf_init(&text, (size_t)1 << 30);
    buf_init(&wire, TTLS_WIRE_MAX);
    policy_of(&text, LINES / 33);
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    from_us = clock_mono_us();
    p = build(buf_view(&text));
    parsed_us = clock_mono_us();
    ttls_policy_encode(p, true, &wire);
    if (ttls_policy_decode(buf_view(&wire), &q, NULL) != ERR_OK)
        exit(1);
    made_us = clock_mono_us();
    printf("policy of %u lines, %u rules, %.1f MB: parsed in %.2f s; compiled "
           "form of %.1f MB written and read in %.2f s\n",
           lines, LINES / 33, (double)text.n / 1e6,
           (double)(parsed_us - from_us) / 1e6, (double)wire.n / 1e6,
           (double)(made_us - parsed_us) / 1e6);
    ttls_policy_unref(&p);
    ttls_policy_unref(&q);
    buf_fini(&text);
    buf_fini(&wire);
}

/* kind: what distinguishes the rules. BY_SHAPE: no two have the same kinds of
 * conditions, lengths of prefixes and of job names. BY_SHAPE_AND_PORT: and all
 * fit the same connections in all but the port. */
enum kind {
    BY_JOB_AND_PORT,
    BY_ADDRESS,
    BY_PORT_RANGE,
    BY_SHAPE,
    BY_SHAPE_AND_PORT
};
static const char *const kinds[] = { "job and port", "address /24",
                                     "port range", "shape", "shape, port" };

static unsigned
first_port(unsigned i)
{
    return 1 + 6 * (i % 10000);
}

static void
add_shape(struct buf *out, unsigned i, bool is_one_place)
{
    unsigned job = i % 9, remote = 1 + i / 9 % 32, local = 1 + i / 288 % 32;

    if (job > 0)
        buf_printf(out, "  Jobname %.*s*\n", (int)job - 1, "J0000000");
    buf_printf(out, "  RemoteAddr 10.%u.%u.0/%u\n  LocalAddr 10.9.9.9/%u\n",
               is_one_place ? 0 : i / 256 % 256, is_one_place ? 0 : i % 256,
               remote, local);
    if (is_one_place)
        buf_printf(out, "  RemotePortRange %u-%u\n", first_port(i),
                   first_port(i) + 5);
    if (i >= 9u * 32u * 32u)
        buf_add_z(out, "  LocalPortRange 40000\n");
}

static void
rules_of(struct buf *out, enum kind kind, unsigned n)
{
    buf_add_z(out, "TTLSGroupAction g\n{\n  TTLSEnabled Off\n}\n");
    for (unsigned i = 0; i < n; i++) {
        buf_printf(out, "TTLSRule r%u\n{\n", i);
        if (kind == BY_JOB_AND_PORT)
            buf_printf(out, "  Jobname J%u\n  RemotePortRange %u\n", i,
                       1 + i % 60000);
        else if (kind == BY_ADDRESS)
            buf_printf(out, "  RemoteAddr 10.%u.%u.0/24\n", i / 256 % 256,
                       i % 256);
        else if (kind == BY_SHAPE)
            add_shape(out, i, false);
        else if (kind == BY_SHAPE_AND_PORT)
            add_shape(out, i, true);
        else
            buf_printf(out, "  RemotePortRange %u-%u\n", first_port(i),
                       first_port(i) + 5);
        buf_printf(out,
                   "  Direction Outbound\n  Priority %u\n"
                   "  TTLSGroupActionRef g\n}\n",
                   1 + i);
    }
}

/* Whose lookups: of whom there are rules, of the same in the direction that
 * no rule is for, of others: where all rules are for one place, of the same
 * with another port. */
enum whose { THEIRS, WRONG_WAY, STRANGERS };

static void
set_v4(struct in6_addr *out, unsigned a, unsigned b, unsigned c, unsigned d)
{
    const unsigned v4[] = { a, b, c, d };

    out->s6_addr[10] = out->s6_addr[11] = 0xff;
    for (size_t i = 0; i < ARRAY_LEN(v4); i++)
        out->s6_addr[12 + i] = (uint8_t)v4[i];
}

static struct ttls_facts
facts_of(enum kind kind, unsigned i, enum whose whose, char job[16])
{
    bool is_one_place = kind == BY_SHAPE_AND_PORT;
    bool is_other = whose == STRANGERS && !is_one_place;
    struct ttls_facts f = {
        .direction = whose == WRONG_WAY ? TTLS_INBOUND : TTLS_OUTBOUND,
        .local_port = 40000,
        .remote_port = (uint16_t)(whose == STRANGERS ? 65535
                                  : is_one_place     ? first_port(i)
                                                     : 1 + i % 60000),
        .user = STR("USER1"),
    };

    if (is_one_place)
        (void)snprintf(job, 16, "J0000000");
    else
        (void)snprintf(job, 16, "%c%u", is_other ? 'X' : 'J', i);
    f.job = str_of(job);
    set_v4(&f.remote, is_other ? 192 : 10, is_one_place ? 0 : i / 256 % 256,
           is_one_place ? 0 : i % 256, 0);
    set_v4(&f.local, 10, 9, 9, 9);
    return f;
}

static double
lookup_ns(const struct ttls_match *m, enum kind kind, unsigned n,
          enum whose whose)
{
    uint64_t from_us = clock_mono_us(), us = 0;
    size_t n_found = 0;
    unsigned k;

    for (k = 0; k < LOOKUPS && us < 1000000; k++) {
        unsigned i = (unsigned)(((uint64_t)k * 2654435761u) % n);
        char job[16];
        struct ttls_facts f = facts_of(kind, i, whose, job);

        n_found += ttls_match_find(m, &f) != NULL;
        if (k % 1024 == 0)
            us = clock_mono_us() - from_us;
    }
    if ((n_found == 0) != (whose != THEIRS))
        exit(1);
    return (double)(clock_mono_us() - from_us) * 1000.0 / k;
}

static void
match_growing(enum kind kind)
{
    static const unsigned sizes[] = { 10, 100, 1000, 10000 };

    for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
        struct ttls_policy *p;
        struct ttls_match *m;
        struct buf text;
        uint64_t from_us, made_us;

        buf_init(&text, (size_t)1 << 28);
        rules_of(&text, kind, sizes[s]);
        p = build(buf_view(&text));
        from_us = clock_mono_us();
        if (ttls_match_new(p, &m, NULL) != ERR_OK)
            exit(1);
        made_us = clock_mono_us() - from_us;
        printf("lookup among %5u rules by %-12s: %4.0f ns", sizes[s],
               kinds[kind], lookup_ns(m, kind, sizes[s], THEIRS));
        printf(", in vain %6.0f ns, of strangers %6.0f ns; index made in "
               "%.1f ms\n",
               lookup_ns(m, kind, sizes[s], WRONG_WAY),
               lookup_ns(m, kind, sizes[s], STRANGERS),
               (double)made_us / 1000.0);
        ttls_match_free(&m);
        ttls_policy_unref(&p);
        buf_fini(&text);
    }
}

int
main(void)
{
    parse_million();
    for (unsigned k = 0; k < ARRAY_LEN(kinds); k++)
        match_growing((enum kind)k);
    return 0;
}
