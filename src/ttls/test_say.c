/* EZD1281I to EZD1287I: which trace bit says what, and each to the letter. */
#include <stdio.h>
#include <string.h>

#include "base/test.h"
#include "ttls/build.h"
#include "ttls/engine.h"

static struct buf said;

void
ask_line(struct engine *g, uint8_t priority, struct str line)
{
    (void)g;
    (void)priority;
    buf_add(&said, line);
    buf_add_char(&said, '\n');
}

bool
addr_is_v4(const struct capture_addr *a)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    return memcmp(a->ip, mapped, sizeof mapped) == 0;
}

static const char policy_text[] =
    "TTLSRule R~1\n{\nRemotePortRange 443\nDirection Both\n"
    "TTLSGroupActionRef gAct\nTTLSEnvironmentActionRef eAct\n"
    "TTLSConnectionActionRef cAct\n}\n"
    "TTLSGroupAction gAct\n{\nTTLSEnabled On\n}\n"
    "TTLSEnvironmentAction eAct\n{\nHandshakeRole ServerWithClientAuth\n"
    "TTLSKeyringParms\n{\nKeyring OWNER/ring\n}\n"
    "TTLSCipherParms\n{\nV3CipherSuites4Char C0301301\n}\n"
    "TTLSEnvironmentAdvancedParms\n{\nClientAuthType SAFCheck\n"
    "TLSv1.2 On\nCertificateLabel My label\n}\n}\n"
    "TTLSConnectionAction cAct\n{\nTrace 63\n}\n"
    "TTLSRule Off\n{\nRemotePortRange 80\nDirection Both\n"
    "TTLSGroupActionRef off\n}\n"
    "TTLSGroupAction off\n{\nTTLSEnabled Off\nTrace 63\n}\n"
    "TTLSRule Secret\n{\nRemotePortRange 81\nDirection Both\n"
    "TTLSGroupActionRef gAct\nTTLSEnvironmentActionRef e2\n}\n"
    "TTLSEnvironmentAction e2\n{\nHandshakeRole Client\nTrace 16\n"
    "TTLSKeyringParms\n{\nKeyring /etc/k.p12\nKeyringPw geheim\n}\n}\n";

static struct ttls_policy *policy;
static struct mapped mapped;

static struct conn
conn_of(const char *rule)
{
    struct conn c = {
        .id = 0x1E0C,
        .local = { .ip = { [10] = 0xff, 0xff, 10, 1, 1, 2 }, .port = 1024 },
        .remote = { .ip = { [10] = 0xff, 0xff, 10, 1, 1, 3 }, .port = 443 },
        .who = { .is_known = true, .job = "USER1GET", .user = "USER1" },
    };
    const struct ttls_rule *const *rules;
    size_t n = ttls_policy_rules(policy, &rules);

    for (size_t i = 0; i < n; i++) {
        if (str_eq_z(rules[i]->obj.name, rule))
            mapped.rule = rules[i];
    }
    ttls_effective_of(mapped.rule, &mapped.eff);
    mapped.eff.group_id = 0xAB;
    mapped.eff.env_id = mapped.rule->env == NULL ? 0 : 0xFFFFFFFF;
    c.mapped = &mapped;
    buf_fini(&said);
    buf_init(&said, 1u << 20);
    return c;
}

/* Everything that can be said. */
static void
say_all(struct conn *c)
{
    say_map(c);
    say_start(c, "Connection Init", NULL);
    say_event(c, 0, "Connection Init", NULL);
    flow_environment(c);
    flow_environment_init(c, 0);
    flow_handshake(c);
    flow_handshake_init(c, 0);
    flow_negotiated(c, "TLSV1.2", "C3F0F3F0");
    flow_close(c);
    say_data(c, true, false, 7);
    say_error(c, 402, "Initial Handshake");
}

static void
bits_say_theirs(void **state)
{
    static const struct {
        unsigned bits; /* one of them is enough */
        const char *id;
    } rows[] = {
        { TTLS_TRACE_JOBLOG, "EZD1287I" },
        { TTLS_TRACE_ERROR, "EZD1286I" },
        { TTLS_TRACE_INFO, "EZD1281I" },
        { TTLS_TRACE_EVENT | TTLS_TRACE_FLOW, "EZD1282I" },
        { TTLS_TRACE_EVENT, "EZD1283I" },
        { TTLS_TRACE_FLOW, "EZD1284I" },
        { TTLS_TRACE_DATA, "EZD1285I" },
    };

    (void)state;
    for (unsigned trace = 0; trace < 256; trace++) {
        struct conn c = conn_of("R~1");

        mapped.eff.trace = trace;
        say_all(&c);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            bool is_said =
                str_find(buf_view(&said), str_of(rows[i].id)) != STR_NPOS;

            if (is_said != ((trace & rows[i].bits) != 0))
                fail_msg("trace %u: %s", trace, rows[i].id);
        }
        assert_int_equal(said.n == 0, (trace & 63) == 0);
    }
}

static void
to_the_letter(void **state)
{
    struct conn c = conn_of("R~1");

    (void)state;
    say_all(&c);
    assert_string_equal(
        buf_z(&said),
#define IDS "GRPID: 000000AB ENVID: FFFFFFFF CONNID: 00001E0C "
#define FLOW "EZD1284I TTLS Flow " IDS "RC: 0 "
        "EZD1281I TTLS Map CONNID: 00001E0C LOCAL: 10.1.1.2..1024 REMOTE: "
        "10.1.1.3..443 JOBNAME: USER1GET USERID: USER1 TYPE: OutBound STATUS: "
        "Enabled RULE: R~1 ACTIONS: gAct eAct cAct\n"
        "EZD1282I TTLS Start " IDS "Connection Init ACTIONS: gAct eAct cAct\n"
        "EZD1283I TTLS Event " IDS "RC: 0 Connection Init\n" FLOW
        "Call GSK_ENVIRONMENT_OPEN - 00000051FFFFFFFF\n" FLOW
        "Set GSK_KEYRING_FILE - OWNER/ring\n" FLOW
        "Set GSK_SESSION_TYPE - GSK_SERVER_SESSION_WITH_CL_AUTH\n" FLOW
        "Set GSK_CLIENT_AUTH_TYPE - GSK_CLIENT_AUTH_FULL_TYPE\n" FLOW
        "Set GSK_PROTOCOL_SSLV2 - OFF\n" FLOW
        "Set GSK_PROTOCOL_SSLV3 - OFF\n" FLOW
        "Set GSK_PROTOCOL_TLSV1 - ON\n" FLOW
        "Set GSK_PROTOCOL_TLSV1_1 - ON\n" FLOW
        "Set GSK_PROTOCOL_TLSV1_2 - ON\n" FLOW
        "Set GSK_PROTOCOL_TLSV1_3 - OFF\n" FLOW
        "Set GSK_V3_CIPHER_SPECS_EXPANDED - C0301301\n" FLOW
        "Call GSK_ENVIRONMENT_INIT - 00000051FFFFFFFF\n" FLOW
        "Call GSK_SECURE_SOCKET_OPEN - 0000005000001E0C\n" FLOW
        "Set GSK_FD - 00001E0C\n" FLOW
        "Set GSK_SESSION_TYPE - GSK_SERVER_SESSION_WITH_CL_AUTH\n" FLOW
        "Set GSK_CLIENT_AUTH_TYPE - GSK_CLIENT_AUTH_FULL_TYPE\n" FLOW
        "Set GSK_KEYRING_LABEL - My label\n" FLOW
        "Call GSK_SECURE_SOCKET_INIT - 0000005000001E0C\n" FLOW
        "Get GSK_CONNECT_SEC_TYPE - TLSV1.2\n" FLOW
        "Get GSK_CONNECT_CIPHER_SPEC - C3F0F3F0\n" FLOW
        "Call GSK_SECURE_SOCKET_CLOSE - 0000005000001E0C\n"
        "EZD1285I TTLS Data CONNID: 00001E0C SEND CLEAR 7 bytes\n"
        "EZD1287I TTLS Error RC: 402 Initial Handshake\n"
        "  LOCAL: 10.1.1.2..1024\n"
        "  REMOTE: 10.1.1.3..443\n"
        "  JOBNAME: USER1GET RULE: R~1\n"
        "  USERID: USER1 GRPID: 000000AB ENVID: FFFFFFFF CONNID: 00001E0C\n"
        "EZD1286I TTLS Error " IDS "LOCAL: 10.1.1.2..1024 REMOTE: "
        "10.1.1.3..443 JOBNAME: USER1GET USERID: USER1 RULE: R~1 RC: 402 "
        "Initial Handshake\n");
#undef FLOW
}

static void
varies(void **state)
{
    struct conn c = conn_of("Off");

    (void)state;
    c.is_inbound = true;
    say_map(&c);
    assert_non_null(strstr(buf_z(&said),
                           "TYPE: InBound STATUS: Not Enabled RULE: Off "
                           "ACTIONS: off **N/A** **N/A**\n"));
    c = conn_of("R~1");
    mapped.eff.is_application_controlled = true;
    say_map(&c);
    assert_non_null(strstr(buf_z(&said), "STATUS: Appl Control RULE: R~1 "));
    /* IPv4 on an IPv6 socket: of a client, of a listener. */
    for (int is_inbound = 0; is_inbound < 2; is_inbound++) {
        c = conn_of("R~1");
        c.is_inbound = is_inbound != 0;
        c.who.is_v6 = c.is_inbound;
        c.record.flags = c.is_inbound ? 0 : CAPTURE_MAPPED4;
        say_error(&c, 5003, "Initial Handshake");
        assert_non_null(strstr(buf_z(&said),
                               "  LOCAL: ::FFFF:10.1.1.2..1024\n"
                               "  REMOTE: ::FFFF:10.1.1.3..443\n"));
        assert_non_null(
            strstr(buf_z(&said), "LOCAL: ::FFFF:10.1.1.2..1024 REMOTE: "));
    }
    c = conn_of("R~1");
    memset(&c.local, 0, sizeof c.local);
    c.local.ip[0] = 0xfd;
    c.local.ip[15] = 1;
    c.local.port = 1;
    c.record.flags = CAPTURE_MAPPED4; /* but it is no IPv4 address */
    say_map(&c);
    assert_non_null(strstr(buf_z(&said), "LOCAL: fd00::1..1 REMOTE: ::FFFF:"));
    say_event(&c, 0, "Initial Handshake", "DATA");
    assert_non_null(strstr(buf_z(&said), " RC: 0 Initial Handshake DATA\n"));
    say_start(&c, "Initial Handshake", "HS-Server");
    assert_non_null(strstr(
        buf_z(&said), "Initial Handshake ACTIONS: gAct eAct cAct HS-Server\n"));
    /* No password, whatever is traced. */
    c = conn_of("Secret");
    mapped.eff.trace = 255;
    say_all(&c);
    assert_non_null(
        strstr(buf_z(&said), "Set GSK_KEYRING_FILE - /etc/k.p12\n"));
    assert_non_null(strstr(buf_z(&said), "Set GSK_KEYRING_PW - ********\n"));
    assert_null(strstr(buf_z(&said), "geheim"));
    /* Without a rule nothing is known to be said. */
    c = conn_of("Secret");
    c.mapped = NULL;
    say_start(&c, "x", NULL);
    say_event(&c, 1, "x", NULL);
    say_error(&c, 1, "x");
    flow_environment_init(&c, 1);
    assert_int_equal(said.n, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_say_theirs),
        cmocka_unit_test(to_the_letter),
        cmocka_unit_test(varies),
    };
    struct ttls_build_options options = { 0 };
    struct ttls_build *b = ttls_build_new(&options);
    struct err_info why = { 0 };
    int failed;

    ttls_build_file(b, STR("policy"), str_of(policy_text));
    if (ttls_build_finish(&b, &policy, &why) != ERR_OK) {
        fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_fini(&said);
    ttls_policy_unref(&policy);
    return failed;
}
