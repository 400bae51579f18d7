/* The pre-filter names every port that a rule could mean, and no other. */
#include "base/test.h"

#include <arpa/inet.h>

#include "ttls/build.h"
#include "ttls/enforce_ports.h"

#define ACTIONS                                                                \
    "TTLSGroupAction g\n{\nTTLSEnabled On\n}\n"                                \
    "TTLSGroupAction off\n{\nTTLSEnabled Off\nTrace 0\n}\n"                    \
    "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"                       \
    "TTLSKeyringParms\n{\nKeyring R\n}\n}\n"                                   \
    "PortRange a\n{\nPort 7000-7010\n}\nPortRange b\n{\nPort 9\n}\n"           \
    "PortGroup both\n{\nPortRangeRef a\nPortRangeRef b\n}\n"

static struct ttls_policy *
build(const char *rule)
{
    struct ttls_build_options options = { 0 };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *p = NULL;
    struct err_info why;
    char text[4096];

    assert_non_null(b);
    (void)snprintf(text, sizeof text, "%s%s", ACTIONS, rule);
    ttls_build_file(b, STR("policy"), str_of(text));
    assert_int_equal(ttls_build_finish(&b, &p, &why), ERR_OK);
    return p;
}

static bool
has(const uint8_t *bits, unsigned port)
{
    return (bits[port >> 3] & (1u << (port & 7))) != 0;
}

static void
ports(void **state)
{
    static const struct {
        const char *rule;
        unsigned port;
        bool out, in;
    } rows[] = {
        { "Jobname A\nRemotePortRange 443\nDirection Outbound", 443, true,
          false },
        { "Jobname A\nRemotePortRange 443\nDirection Outbound", 442, false,
          false },
        { "Jobname A\nRemotePortRange 443\nDirection Outbound", 444, false,
          false },
        { "Jobname A\nLocalPortRange 1-3\nDirection Inbound", 3, false, true },
        { "Jobname A\nLocalPortRange 1-3\nDirection Inbound", 4, false, false },
        { "Jobname A\nDirection Outbound", 1, true, false },
        { "Jobname A\nDirection Outbound", 65535, true, false },
        { "Jobname A\nDirection Both", 65535, true, true },
        { "RemotePortGroupRef both\nDirection Outbound", 7010, true, false },
        { "RemotePortGroupRef both\nDirection Outbound", 9, true, false },
        { "RemotePortGroupRef both\nDirection Outbound", 7011, false, false },
        { "RemotePortRange 65535\nDirection Outbound", 65535, true, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct enforce_ports p;
        struct ttls_policy *policy;
        char rule[512];

        (void)snprintf(rule, sizeof rule,
                       "TTLSRule r\n{\n%s\nTTLSGroupActionRef g\n"
                       "TTLSEnvironmentActionRef e\n}\n",
                       rows[i].rule);
        policy = build(rule);
        enforce_ports_of(policy, &p);
        assert_int_equal(has(p.out, rows[i].port), rows[i].out);
        assert_int_equal(has(p.in, rows[i].port), rows[i].in);
        ttls_policy_unref(&policy);
    }
}

static void
nothing_without_rules(void **state)
{
    static struct enforce_ports p;
    static const struct enforce_ports none;
    struct ttls_policy *policy =
        build("TTLSRule r\n{\nJobname A\nDirection Both\n"
              "TTLSGroupActionRef off\n}\n");

    (void)state;
    enforce_ports_of(NULL, &p);
    assert_memory_equal(&p, &none, sizeof p);
    enforce_ports_of(policy, &p); /* left alone and not traced */
    assert_memory_equal(&p, &none, sizeof p);
    ttls_policy_unref(&policy);
}

static void
listeners(void **state)
{
    struct ttls_policy *policy =
        build("TTLSRule r\n{\nJobname WEB*\nUserid ANN\nLocalPortRange 80\n"
              "Direction Inbound\nTTLSGroupActionRef g\n"
              "TTLSEnvironmentActionRef e\n}\n");

    (void)state;
    assert_true(enforce_ports_may(policy, 80, "WEBSRV", "ANN"));
    assert_true(enforce_ports_may(policy, 80, "WEB", "ANN"));
    assert_false(enforce_ports_may(policy, 81, "WEBSRV", "ANN"));
    assert_false(enforce_ports_may(policy, 80, "WE", "ANN"));
    assert_false(enforce_ports_may(policy, 80, "WEBSRV", "ANNA"));
    ttls_policy_unref(&policy);
}

/* Each rule's addresses, and none beside them. */
static bool
is_in(const struct enforce_addrs *a, const char *text)
{
    uint8_t ip[16] = { [10] = 0xff, [11] = 0xff };

    if (inet_pton(AF_INET, text, ip + 12) != 1)
        assert_int_equal(inet_pton(AF_INET6, text, ip), 1);
    for (size_t i = 0; i < a->n; i++) {
        uint32_t same = 0;

        while (same < 128 && ((a->v[i].ip[same / 8] ^ ip[same / 8]) &
                              (0x80u >> same % 8)) == 0)
            same++;
        if (same >= a->v[i].bits)
            return true;
    }
    return a->is_any;
}

static void
addresses(void **state)
{
    static const struct {
        const char *rule, *addr;
        bool is_in;
    } rows[] = {
        { "RemoteAddr 10.1.2.3\nDirection Outbound", "10.1.2.3", true },
        { "RemoteAddr 10.1.2.3\nDirection Outbound", "10.1.2.2", false },
        { "RemoteAddr 10.1.2.3\nDirection Both", "10.1.2.3", true },
        { "RemoteAddr 10.1.2.3\nDirection Inbound", "10.1.2.3", false },
        { "RemoteAddr 10.1.2.0/24\nDirection Outbound", "10.1.2.255", true },
        { "RemoteAddr 10.1.2.0/24\nDirection Outbound", "10.1.3.0", false },
        { "RemoteAddr 10.0.0.5-10.0.1.4\nDirection Outbound", "10.0.0.5",
          true },
        { "RemoteAddr 10.0.0.5-10.0.1.4\nDirection Outbound", "10.0.1.4",
          true },
        { "RemoteAddr 10.0.0.5-10.0.1.4\nDirection Outbound", "10.0.0.4",
          false },
        { "RemoteAddr 10.0.0.5-10.0.1.4\nDirection Outbound", "10.0.1.5",
          false },
        { "RemoteAddr 0.0.0.0/0\nDirection Outbound", "255.255.255.255", true },
        { "RemoteAddr 0.0.0.0/0\nDirection Outbound", "2001:db8::1", false },
        { "RemoteAddr 2001:db8::/32\nDirection Outbound", "2001:db8:ffff::1",
          true },
        { "RemoteAddr 2001:db8::/32\nDirection Outbound", "2001:db9::", false },
        { "RemoteAddr All\nDirection Outbound", "2001:db9::", true },
        { "RemotePortRange 443\nDirection Outbound", "1.2.3.4", true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct enforce_addrs a;
        struct ttls_policy *policy;
        char rule[512];

        (void)snprintf(rule, sizeof rule,
                       "TTLSRule r\n{\n%s\nTTLSGroupActionRef g\n"
                       "TTLSEnvironmentActionRef e\n}\n",
                       rows[i].rule);
        policy = build(rule);
        enforce_addrs_of(policy, &a);
        if (is_in(&a, rows[i].addr) != rows[i].is_in)
            fail_msg("row %zu", i);
        ttls_policy_unref(&policy);
    }
}

static void
primaries(void **state)
{
    static const struct {
        const char *rule;
        bool has;
    } rows[] = {
        { "Jobname A\nDirection Both\nTTLSGroupActionRef g\n"
          "TTLSEnvironmentActionRef e",
          false },
        { "Jobname A\nDirection Both\nTTLSGroupActionRef g\n"
          "TTLSEnvironmentActionRef e\nTTLSConnectionActionRef on",
          true },
        { "Jobname A\nDirection Both\nTTLSGroupActionRef many\n"
          "TTLSEnvironmentActionRef e",
          true },
        { "Jobname A\nDirection Both\nTTLSGroupActionRef many\n"
          "TTLSEnvironmentActionRef e\nTTLSConnectionActionRef off",
          false },
        { "Jobname A\nDirection Both\nTTLSGroupActionRef off\n"
          "TTLSEnvironmentActionRef e\nTTLSConnectionActionRef on",
          false },
    };

    (void)state;
    assert_false(enforce_has_primaries(NULL));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ttls_policy *policy;
        char text[1024];

        (void)snprintf(
            text, sizeof text,
            "TTLSRule r\n{\n%s\n}\n"
            "TTLSGroupAction many\n{\nTTLSEnabled On\n"
            "TTLSGroupAdvancedParms\n{\nSecondaryMap On\n}\n}\n"
            "TTLSConnectionAction on\n{\nTTLSConnectionAdvancedParms\n{\n"
            "SecondaryMap On\n}\n}\n"
            "TTLSConnectionAction off\n{\nTTLSConnectionAdvancedParms\n{\n"
            "SecondaryMap Off\n}\n}\n",
            rows[i].rule);
        policy = build(text);
        if (enforce_has_primaries(policy) != rows[i].has)
            fail_msg("row %zu", i);
        ttls_policy_unref(&policy);
    }
}

static void
users(void **state)
{
    static const struct {
        const char *rules, *user;
        bool may;
    } rows[] = {
        { "Userid BOB", "BOB", true },
        { "Userid BOB", "BOBBY", false },
        { "Userid BOB", "BO", false },
        { "Userid BOB", "", false },
        { "Userid BO*", "BOBBY", true },
        { "Userid BO*", "BO", true },
        { "Userid BO*", "B", false },
        { "Userid *", "ANYBODY", true },
        { "Userid *", "", true },
        { "Userid ABCDEFGH", "ABCDEFGH", true },
        { "Userid ABCDEFG*", "ABCDEFGH", true },
        { "Userid ABCDEFG*", "ABCDEFXH", false },
        { "Jobname BOB", "ANN", true }, /* nobody is named: everybody */
        { "Userid 1001", "1001", true },
        { "Userid 1001", "100", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct enforce_users u;
        struct ttls_policy *policy;
        char rule[512];

        (void)snprintf(rule, sizeof rule,
                       "TTLSRule r\n{\n%s\nRemotePortRange 443\nDirection "
                       "Outbound\nTTLSGroupActionRef g\n"
                       "TTLSEnvironmentActionRef e\n}\n"
                       /* inbound, and one that is off, say nothing */
                       "TTLSRule in\n{\nLocalPortRange 1\nDirection Inbound\n"
                       "TTLSGroupActionRef g\nTTLSEnvironmentActionRef e\n}\n"
                       "TTLSRule off\n{\nRemotePortRange 1\nDirection "
                       "Outbound\nTTLSGroupActionRef off\n}\n",
                       rows[i].rules);
        policy = build(rule);
        enforce_users_of(policy, &u);
        assert_int_equal(enforce_users_may(&u, rows[i].user), rows[i].may);
        enforce_users_fini(&u);
        ttls_policy_unref(&policy);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports),
        cmocka_unit_test(addresses),
        cmocka_unit_test(nothing_without_rules),
        cmocka_unit_test(users),
        cmocka_unit_test(listeners),
        cmocka_unit_test(primaries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
