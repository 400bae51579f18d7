#include <stdlib.h>
#include <time.h>

#include "base/test.h"
#include "ttls/build.h"
#include "ttls/match.h"
#include "ttls/match_priv.h"
#include "ttls/shadow.h"
#include "ttls/stmt.h"

#define HEAD                                                                   \
    "TTLSGroupAction g\n{\nTTLSEnabled Off\n}\n"                               \
    "IpAddrGroup ag\n{\nIpAddr\n{\nAddr 10.0.0.9\n}\nIpAddrSet\n{\n"           \
    "Range 10.0.0.20-10.0.0.40\n}\nIpAddr\n{\nAddr fe80::5\n}\n}\n"            \
    "PortGroup pg\n{\nPortRange\n{\nPort 700\n}\nPortRange\n{\n"               \
    "Port 800-900\n}\n}\n"

static struct ttls_policy *
build(struct str text)
{
    struct ttls_build_options options = { 0 };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *p = NULL;
    struct err_info why = { 0 };

    assert_non_null(b);
    ttls_build_file(b, STR("policy"), text);
    if (ttls_build_finish(&b, &p, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return p;
}

static struct in6_addr
address(const char *text)
{
    struct in6_addr out;
    bool is_short;

    assert_true(ttls_addr_parse(str_of(text), out.s6_addr, &is_short));
    return out;
}

static const char rules_text[] =
    HEAD "TTLSRule byJob\n{\nJobname USER1GET\nRemotePortRange 9443\n"
         "Direction Outbound\nPriority 255\nTTLSGroupActionRef g\n}\n"
         "TTLSRule byPrefix\n{\nJobname USER*\nDirection Both\nPriority 200\n"
         "RemotePortRange 9000-9999\nTTLSGroupActionRef g\n}\n"
         "TTLSRule byUser\n{\nUserid FRED\nDirection Inbound\nPriority 100\n"
         "TTLSGroupActionRef g\n}\n"
         "TTLSRule byGroup\n{\nRemoteAddrGroupRef ag\nLocalPortGroupRef pg\n"
         "Direction Both\nPriority 90\nTTLSGroupActionRef g\n}\n"
         "TTLSRule byNet\n{\nLocalAddr 192.168.0.0/16\nDirection Inbound\n"
         "Priority 80\nTTLSGroupActionRef g\n}\n"
         "TTLSRule byNet6\n{\nRemoteAddr 2001:db8::/32\nDirection Outbound\n"
         "Priority 80\nTTLSGroupActionRef g\n}\n"
         "TTLSRule all4\n{\nRemoteAddr 0.0.0.0/0\nRemotePortRange 25\n"
         "Direction Both\nTTLSGroupActionRef g\n}\n"
         "TTLSRule six\n{\nRemoteAddr ::/0\nRemotePortRange 25\nDirection "
         "Both\nTTLSGroupActionRef g\n}\n"
         "TTLSRule wide\n{\nLocalAddr ::1-ff::\nRemotePortRange 27\n"
         "Direction Both\nTTLSGroupActionRef g\n}\n"
         "TTLSRule all\n{\nRemoteAddr All\nRemotePortRange 26\nDirection Both\n"
         "TTLSGroupActionRef g\n}\n";

static void
finds(void **state)
{
    static const struct {
        const char *local;
        uint16_t local_port;
        const char *remote;
        uint16_t remote_port;
        enum ttls_direction direction;
        const char *job, *user;
        const char *rule; /* NULL: none */
    } rows[] = {
        { "1.1.1.1", 5000, "2.2.2.2", 9443, TTLS_OUTBOUND, "USER1GET", "USER1",
          "byJob" },
        { "1.1.1.1", 5000, "2.2.2.2", 9443, TTLS_INBOUND, "USER1GET", "USER1",
          "byPrefix" },
        { "1.1.1.1", 5000, "2.2.2.2", 9443, TTLS_OUTBOUND, "USER1GEX", "USER1",
          "byPrefix" },
        { "1.1.1.1", 5000, "2.2.2.2", 9443, TTLS_OUTBOUND, "USE", "X", NULL },
        { "1.1.1.1", 5000, "2.2.2.2", 8999, TTLS_OUTBOUND, "USER1GET", "X",
          NULL },
        { "1.1.1.1", 5000, "2.2.2.2", 9999, TTLS_OUTBOUND, "USER", "X",
          "byPrefix" },
        { "1.1.1.1", 5000, "2.2.2.2", 1, TTLS_INBOUND, "A", "FRED", "byUser" },
        { "1.1.1.1", 5000, "2.2.2.2", 1, TTLS_OUTBOUND, "A", "FRED", NULL },
        { "1.1.1.1", 5000, "2.2.2.2", 1, TTLS_INBOUND, "A", "FREDDY", NULL },
        { "1.1.1.1", 700, "10.0.0.9", 1, TTLS_OUTBOUND, "A", "B", "byGroup" },
        { "1.1.1.1", 850, "10.0.0.40", 1, TTLS_OUTBOUND, "A", "B", "byGroup" },
        { "1.1.1.1", 701, "10.0.0.9", 1, TTLS_OUTBOUND, "A", "B", NULL },
        { "1.1.1.1", 900, "10.0.0.41", 1, TTLS_OUTBOUND, "A", "B", NULL },
        { "::1", 900, "fe80::5", 1, TTLS_OUTBOUND, "A", "B", "byGroup" },
        { "192.168.7.1", 1, "1.1.1.1", 1, TTLS_INBOUND, "A", "B", "byNet" },
        { "192.169.7.1", 1, "1.1.1.1", 1, TTLS_INBOUND, "A", "B", NULL },
        { "::1", 1, "2001:db8:9::1", 1, TTLS_OUTBOUND, "A", "B", "byNet6" },
        { "::1", 1, "2001:db9::1", 1, TTLS_OUTBOUND, "A", "B", NULL },
        { "1.1.1.1", 1, "8.8.8.8", 25, TTLS_OUTBOUND, "A", "B", "all4" },
        /* 0.0.0.0/0 is no IPv6 address, ::/0 no IPv4 address; All is both */
        { "1.1.1.1", 1, "0.0.0.0", 25, TTLS_OUTBOUND, "A", "B", "all4" },
        { "1.1.1.1", 1, "255.255.255.255", 25, TTLS_OUTBOUND, "A", "B",
          "all4" },
        { "::1", 1, "::1", 25, TTLS_OUTBOUND, "A", "B", "six" },
        { "::1", 1, "::fffe:ffff:ffff", 25, TTLS_OUTBOUND, "A", "B", "six" },
        { "::1", 1, "::1:0:0:0", 25, TTLS_OUTBOUND, "A", "B", "six" },
        { "::1", 1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 25,
          TTLS_OUTBOUND, "A", "B", "six" },
        { "::1", 1, "::1", 27, TTLS_OUTBOUND, "A", "B", "wide" },
        { "fe::1", 1, "::1", 27, TTLS_OUTBOUND, "A", "B", "wide" },
        { "::", 1, "::1", 27, TTLS_OUTBOUND, "A", "B", NULL },
        { "1.1.1.1", 1, "1.1.1.1", 27, TTLS_OUTBOUND, "A", "B", NULL },
        { "::1", 1, "::1", 26, TTLS_OUTBOUND, "A", "B", "all" },
        { "1.1.1.1", 1, "1.1.1.1", 26, TTLS_OUTBOUND, "", "", "all" },
    };
    struct ttls_policy *p = build(STR(rules_text));
    struct ttls_match *m;

    (void)state;
    assert_int_equal(ttls_match_new(p, &m, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ttls_facts f = { .local = address(rows[i].local),
                                .remote = address(rows[i].remote),
                                .local_port = rows[i].local_port,
                                .remote_port = rows[i].remote_port,
                                .direction = rows[i].direction,
                                .job = str_of(rows[i].job),
                                .user = str_of(rows[i].user) };
        const struct ttls_rule *r = ttls_match_find(m, &f);

        if (r != ttls_match_slowly(p, &f) ||
            (r == NULL) != (rows[i].rule == NULL) ||
            (r != NULL && !str_eq_z(r->obj.name, rows[i].rule)))
            fail_msg("row %zu: found %.*s, expected %s", i,
                     STR_ARG(r == NULL ? STR("none") : r->obj.name),
                     rows[i].rule == NULL ? "none" : rows[i].rule);
    }
    ttls_match_free(&m);
    ttls_policy_unref(&p);
}

/* Rules at random, in few values so that they overlap: the index and the
 * definition agree. */
static void
agrees(void **state)
{
    static const char *const jobs[] = { "", "Jobname A\n", "Jobname A*\n",
                                        "Jobname AB\n", "Jobname *\n" };
    static const char *const users[] = { "", "Userid U\n", "Userid U*\n" };
    static const char *const addrs[] = {
        "",
        "RemoteAddr 10.0.0.1\n",
        "RemoteAddr 10.0.0.0/8\n",
        "RemoteAddr 10.0.0.1-10.0.0.6\n",
        "RemoteAddrGroupRef ag\n",
        "RemoteAddr fe80::/16\n",
        "RemoteAddr ::/0\n",
        "LocalAddr 10.0.0.0/30\n",
    };
    static const char *const directions[] = { "Inbound", "Outbound", "Both" };
    static const char *const peers[] = { "10.0.0.1",  "10.0.0.5", "10.0.0.9",
                                         "10.0.0.30", "fe80::5",  "11.0.0.1" };
    unsigned seed = 7;
    struct ttls_policy *p;
    struct ttls_match *m;
    struct buf text;

    (void)state;
    buf_init(&text, 4u << 20);
    buf_add_z(&text, HEAD);
#define PICK(array) array[(unsigned)rand_r(&seed) % ARRAY_LEN(array)]
    for (unsigned i = 0; i < 2000; i++) {
        unsigned port = 1 + (unsigned)rand_r(&seed) % 400;

        buf_printf(&text,
                   "TTLSRule r%u\n{\n%s%s%sRemotePortRange %u-%u\n"
                   "Direction %s\nPriority %u\nTTLSGroupActionRef g\n}\n",
                   i, PICK(jobs), PICK(users), PICK(addrs), port,
                   port + (rand_r(&seed) % 3 == 0 ? 0u : 5u), PICK(directions),
                   1 + (unsigned)rand_r(&seed) % 5);
    }
    assert_int_equal(buf_check(&text, NULL), ERR_OK);
    p = build(buf_view(&text));
    assert_int_equal(ttls_match_new(p, &m, NULL), ERR_OK);
    for (unsigned i = 0; i < 20000; i++) {
        static const char *const names[] = { "A", "AB", "ABC", "B", "" };
        static const char *const who[] = { "U", "UV", "W" };
        struct ttls_facts f = {
            .local = address(PICK(peers)),
            .remote = address(PICK(peers)),
            .local_port = (uint16_t)rand_r(&seed),
            .remote_port = (uint16_t)((unsigned)rand_r(&seed) % 420),
            .direction = rand_r(&seed) % 2 == 0 ? TTLS_INBOUND : TTLS_OUTBOUND,
            .job = str_of(PICK(names)),
            .user = str_of(PICK(who)),
        };

        assert_ptr_equal(ttls_match_find(m, &f), ttls_match_slowly(p, &f));
    }
    ttls_match_free(&m);
    ttls_policy_unref(&p);
    buf_fini(&text);
}

/* Rules that differ in how much of names and addresses they fix, so that most
 * have a shape of their own. */
static void
many_shapes(void **state)
{
    static const char *const peers[] = { "10.1.2.3", "10.1.2.200",
                                         "10.9.0.1", "192.0.2.1",
                                         "fe80::5",  "fe80:0:0:8::1" };
    unsigned seed = 11, n_found = 0;
    struct ttls_policy *p;
    struct ttls_match *m;
    struct buf text;

    (void)state;
    buf_init(&text, 4u << 20);
    buf_add_z(&text, HEAD);
    for (unsigned i = 0; i < 3000; i++) {
        bool is_v4 = rand_r(&seed) % 2 == 0;
        unsigned job = (unsigned)rand_r(&seed) % 9;
        unsigned user = (unsigned)rand_r(&seed) % 9;

        buf_printf(&text, "TTLSRule r%u\n{\nJobname %.*s%s\nUserid %.*s*\n", i,
                   (int)job, "ABCDEFGH",
                   job == 0 || (job < 8 && i % 3 != 0) ? "*" : "",
                   (int)user % 8, "UVWXYZ12");
        buf_printf(&text, "RemoteAddr %s/%u\nLocalAddr %s/%u\n",
                   is_v4 ? "10.1.2.3" : "fe80::5",
                   (unsigned)rand_r(&seed) % (is_v4 ? 33u : 129u),
                   is_v4 ? "10.9.0.1" : "fe80:0:0:8::1",
                   (unsigned)rand_r(&seed) % (is_v4 ? 33u : 129u));
        buf_printf(&text,
                   "RemotePortRange %u\nDirection Both\nPriority %u\n"
                   "TTLSGroupActionRef g\n}\n",
                   1 + (unsigned)rand_r(&seed) % 3,
                   1 + (unsigned)rand_r(&seed) % 100);
    }
    assert_int_equal(buf_check(&text, NULL), ERR_OK);
    p = build(buf_view(&text));
    assert_int_equal(ttls_match_new(p, &m, NULL), ERR_OK);
    for (unsigned i = 0; i < 5000; i++) {
        struct ttls_facts f = {
            .local = address(PICK(peers)),
            .remote = address(PICK(peers)),
            .local_port = 7,
            .remote_port = (uint16_t)(1 + (unsigned)rand_r(&seed) % 3),
            .direction = TTLS_INBOUND,
            .job = str_n("ABCDEFGH", (unsigned)rand_r(&seed) % 9),
            .user = str_n("UVWXYZ12", (unsigned)rand_r(&seed) % 9),
        };
        const struct ttls_rule *r = ttls_match_find(m, &f);

        assert_ptr_equal(r, ttls_match_slowly(p, &f));
        n_found += r != NULL;
    }
    assert_true(n_found > 500 && n_found < 4500);
    ttls_match_free(&m);
    ttls_policy_unref(&p);
    buf_fini(&text);
}

/* Port groups p0 to p7 of 1500 ports each. */
static void
add_port_groups(struct buf *text, unsigned *seed)
{
    for (unsigned i = 0; i < 8; i++) {
        buf_printf(text, "PortGroup p%u\n{\n", i);
        for (unsigned k = 0; k < 1500; k++)
            buf_printf(text, "PortRange\n{\nPort %u\n}\n",
                       1 + (unsigned)rand_r(seed) % 65535);
        buf_add_z(text, "}\n");
    }
}

/* Where rules' ranges in the test below begin and end. */
static const uint16_t borders[] = { 1,    2,    25,    80,    81,
                                    1023, 1024, 40000, 65534, 65535 };

/* One condition of a rule, or none. */
static void
add_ports(struct buf *text, const char *side, unsigned *seed)
{
    unsigned kind = (unsigned)rand_r(seed) % 16;
    unsigned a = borders[(unsigned)rand_r(seed) % ARRAY_LEN(borders)];
    unsigned b = borders[(unsigned)rand_r(seed) % ARRAY_LEN(borders)];

    if (kind < 6)
        buf_printf(text, "%sPortRange %u\n", side, a);
    else if (kind < 12)
        buf_printf(text, "%sPortRange %u-%u\n", side, a < b ? a : b,
                   a < b ? b : a);
    else if (kind == 12)
        buf_printf(text, "%sPortGroupRef pg\n", side);
    else if (kind == 13)
        buf_printf(text, "%sPortGroupRef p%u\n", side, a % 8);
}

/* Prefixes of one address of many lengths, ranges and groups. */
static void
add_address(struct buf *text, const char *side, unsigned *seed)
{
    unsigned kind = (unsigned)rand_r(seed) % 8;
    unsigned a = (unsigned)rand_r(seed) % 8, b = (unsigned)rand_r(seed) % 8;

    if (kind < 4)
        buf_printf(text, "%sAddr 10.0.0.4/%u\n", side,
                   (unsigned)rand_r(seed) % 33);
    else if (kind < 6)
        buf_printf(text, "%sAddr 10.0.0.%u-10.0.0.%u\n", side, a < b ? a : b,
                   a < b ? b : a);
    else if (kind == 6)
        buf_printf(text, "%sAddrGroupRef ag\n", side);
}

static uint16_t
a_port(unsigned *seed)
{
    unsigned border = borders[(unsigned)rand_r(seed) % ARRAY_LEN(borders)];

    switch (rand_r(seed) % 8) {
    case 0:
        return (uint16_t)rand_r(seed);
    case 1:
        return 0;
    case 2:
        return (uint16_t)(700 + (unsigned)rand_r(seed) % 202);
    default: /* and what is next to it */
        return (uint16_t)(border + (unsigned)rand_r(seed) % 3 - 1);
    }
}

/* Rules of many shapes in which ports, directions and ranges decide. */
static void
compare_ports(unsigned n_rules, unsigned seed)
{
    static const char *const directions[] = { "Inbound", "Outbound", "Both" };
    static const char *const peers[] = { "10.0.0.0", "10.0.0.3", "10.0.0.4",
                                         "10.0.0.9", "10.0.0.8", "fe80::5" };
    unsigned n_found = 0;
    struct ttls_policy *p;
    struct ttls_match *m;
    struct buf text;

    buf_init(&text, 4u << 20);
    buf_add_z(&text, HEAD);
    add_port_groups(&text, &seed);
    for (unsigned i = 0; i < n_rules; i++) {
        buf_printf(&text, "TTLSRule r%u\n{\nJobname %.*s*\n", i,
                   rand_r(&seed) % 8, "ABCDEFGH");
        add_address(&text, "Remote", &seed);
        add_address(&text, "Local", &seed);
        add_ports(&text, "Remote", &seed);
        add_ports(&text, "Local", &seed);
        buf_printf(&text,
                   "Direction %s\nPriority %u\nTTLSGroupActionRef g\n}\n",
                   PICK(directions), 1 + (unsigned)rand_r(&seed) % 100);
    }
    assert_int_equal(buf_check(&text, NULL), ERR_OK);
    p = build(buf_view(&text));
    assert_int_equal(ttls_match_new(p, &m, NULL), ERR_OK);
    for (unsigned i = 0; i < 20000; i++) {
        struct ttls_facts f = {
            .local = address(PICK(peers)),
            .remote = address(PICK(peers)),
            .local_port = a_port(&seed),
            .remote_port = a_port(&seed),
            .direction = rand_r(&seed) % 2 == 0 ? TTLS_INBOUND : TTLS_OUTBOUND,
            .job = str_n("ABCDEFGH", (unsigned)rand_r(&seed) % 9),
        };
        const struct ttls_rule *r = ttls_match_find(m, &f);

        assert_ptr_equal(r, ttls_match_slowly(p, &f));
        n_found += r != NULL;
    }
    assert_true(n_found > 1000 && n_found < 20000);
    ttls_match_free(&m);
    ttls_policy_unref(&p);
    buf_fini(&text);
}

/* So few that most connections fit none, so many that segments are merged. */
static void
many_ports(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 5; seed++)
        compare_ports(60, seed);
    compare_ports(300, 21);
    compare_ports(4000, 22);
}

enum failing {
    FAIL_REMOTE_PORT,
    FAIL_LOCAL_PORT,
    FAIL_PORT_LIST,
    FAIL_DIRECTION,
    FAIL_REMOTE_RANGE,
    FAIL_LOCAL_RANGE,
    FAIL_ADDRESS,
    FAIL_JOB,
    FAIL_USER,
    FAILINGS
};

/* The one condition that the connection in the test below does not meet. */
static void
add_failing(struct buf *text, enum failing failing, unsigned i)
{
    unsigned a = i / 256, b = i % 256;

    buf_printf(text, "Direction %s\n",
               failing == FAIL_DIRECTION ? "Inbound" : "Both");
    switch (failing) {
    case FAIL_REMOTE_PORT:
        buf_printf(text, "RemotePortRange %u-%u\n", 1 + i, 4 + i);
        break;
    case FAIL_LOCAL_PORT:
        buf_printf(text, "LocalPortRange %u\n", 1 + i);
        break;
    case FAIL_PORT_LIST:
        buf_add_z(text, "LocalPortGroupRef pg\n");
        break;
    case FAIL_REMOTE_RANGE:
        buf_printf(text, "RemoteAddr 10.%u.%u.1-10.%u.%u.6\n", a, b, a, b);
        break;
    case FAIL_LOCAL_RANGE:
        buf_printf(text, "LocalAddr 10.%u.%u.1-10.%u.%u.6\n", a, b, a, b);
        break;
    case FAIL_ADDRESS:
        buf_printf(text, "RemoteAddr 10.%u.%u.9\n", a, b);
        break;
    case FAIL_JOB:
        buf_printf(text, "Jobname ABCD%u\n", i);
        break;
    case FAIL_USER:
        buf_printf(text, "Userid UV%u\n", i);
        break;
    case FAIL_DIRECTION:
    case FAILINGS:
        break;
    }
}

/* A shape for each rule: all fit the connection in the test below. */
static void
add_shape(struct buf *text, enum failing failing, unsigned i)
{
    if (failing != FAIL_JOB)
        buf_printf(text, "Jobname %.*s*\n", (int)(i % 8), "ABCDEFGH");
    if (failing != FAIL_USER)
        buf_printf(text, "Userid %.*s*\n", (int)(i / 8 % 8), "UVWXYZ12");
    if (failing == FAIL_JOB || failing == FAIL_USER)
        buf_printf(text, "RemoteAddr 10.0.5.200/%u\n",
                   1 + (failing == FAIL_JOB ? i : i / 8) % 8);
    buf_printf(text, "%sAddr 10.0.5.200/%u\n",
               failing == FAIL_LOCAL_RANGE ? "Remote" : "Local", 1 + i / 64);
}

/* Shapes that are tried for a connection when each rule has its own, which
 * fits in all but one condition. */
static size_t
n_tried(enum failing failing)
{
    struct ttls_facts f = { .local = address("10.0.5.200"),
                            .remote = address("10.0.5.200"),
                            .local_port = 9000,
                            .remote_port = 9000,
                            .direction = TTLS_OUTBOUND,
                            .job = STR("ABCDEFGH"),
                            .user = STR("UVWXYZ12") };
    struct match_fit fit;
    struct ttls_policy *p;
    struct ttls_match *m;
    struct buf text;
    size_t n = 0;

    buf_init(&text, 4u << 20);
    buf_add_z(&text, HEAD);
    for (unsigned i = 0; i < 2048; i++) {
        buf_printf(&text, "TTLSRule r%u\n{\n", i);
        add_shape(&text, failing, i);
        add_failing(&text, failing, i);
        buf_add_z(&text, "TTLSGroupActionRef g\n}\n");
    }
    p = build(buf_view(&text));
    assert_int_equal(ttls_match_new(p, &m, NULL), ERR_OK);
    assert_int_equal(m->shapes.n, 2048);
    assert_null(ttls_match_find(m, &f));
    match_fit(m, &f, &fit);
    while (match_next(m, &fit) < m->shapes.n)
        n++;
    ttls_match_free(&m);
    ttls_policy_unref(&p);
    buf_fini(&text);
    return n;
}

static void
tries_few(void **state)
{
    (void)state;
    for (unsigned k = 0; k < FAILINGS; k++) {
        if (n_tried((enum failing)k) > 4)
            fail_msg("kind %u: %zu are tried", k, n_tried((enum failing)k));
    }
}

static void
on_shadow(void *arg, const struct ttls_rule *rule, const struct ttls_rule *by)
{
    char *out = arg;
    size_t n = strlen(out);

    (void)snprintf(out + n, 200 - n, "%.*s<%.*s ", STR_ARG(rule->obj.name),
                   STR_ARG(by->obj.name));
}

#define SHADOW_RULE(name, priority, conditions)                                \
    "TTLSRule " name "\n{\n" conditions "\nDirection Both\nPriority " priority \
    "\nTTLSGroupActionRef g\n}\n"

static void
shadows(void **state)
{
    static const struct {
        const char *rules;
        const char *want;
    } rows[] = {
        { SHADOW_RULE("a", "9", "RemotePortRange 1-100")
              SHADOW_RULE("b", "8", "RemotePortRange 5\nJobname X"),
          "b<a " },
        { SHADOW_RULE("a", "9", "RemotePortRange 1-100")
              SHADOW_RULE("b", "8", "RemotePortRange 5-101"),
          "" },
        { SHADOW_RULE("a", "9", "Jobname AB*") SHADOW_RULE(
              "b", "8", "Jobname ABC") SHADOW_RULE("c", "8", "Jobname A*"),
          "b<a " },
        { SHADOW_RULE("a", "8", "RemoteAddr 10.0.0.0/8")
              SHADOW_RULE("b", "8", "RemoteAddr 10.1.0.0/16")
                  SHADOW_RULE("c", "8", "RemoteAddr All\nRemotePortRange 3"),
          "b<a " },
        { SHADOW_RULE("a", "9",
                      "Userid U\nIpTimeCondition\n{\nDayOfWeekMask "
                      "1111111\n}") SHADOW_RULE("b", "8", "Userid U"),
          "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[4096], got[200] = "";
        struct ttls_policy *p;

        (void)snprintf(text, sizeof text, HEAD "%s", rows[i].rules);
        p = build(str_of(text));
        assert_int_equal(ttls_shadowed(p, on_shadow, got, NULL), ERR_OK);
        assert_string_equal(got, rows[i].want);
        ttls_policy_unref(&p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),       cmocka_unit_test(agrees),
        cmocka_unit_test(many_shapes), cmocka_unit_test(many_ports),
        cmocka_unit_test(tries_few),   cmocka_unit_test(shadows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
