#include <stdio.h>
#include <time.h>

#include "base/test.h"
#include "ttls/build.h"
#include "ttls/show.h"

static const char policy_text[] =
    "TTLSRule AZF\n{\nLocalPortRange 4000\nRemoteAddr 10.1.1.2\n"
    "Jobname COLCOMPI\nUserid COLIN\nDirection Both\nPriority 255\n"
    "TTLSGroupActionRef TNGA\nTTLSEnvironmentActionRef TNEA\n"
    "TTLSConnectionActionRef TNCA\n}\n"
    "TTLSGroupAction TNGA\n{\nTTLSEnabled On\n}\n"
    "TTLSEnvironmentAction TNEA\n{\nHandshakeRole Server\nTrace 50\n"
    "TTLSKeyringParms\n{\nKeyring START1/TN3270\nKeyringPw geheim\n}\n}\n"
    "TTLSConnectionAction TNCA\n{\nTTLSConnectionAdvancedParms\n{\n"
    "TLSv1.3 On\nHandshakeTimeout 20\nCertificateLabel My Cert\n}\n"
    "TTLSCipherParms\n{\nV3CipherSuites4Char C02C1301\n}\n}\n";

static struct ttls_policy *
build_text(const char *text)
{
    struct ttls_build_options options = { 0 };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *p = NULL;
    struct ttls_ids ids = { 0 };
    struct err_info why = { 0 };

    ttls_build_file(b, STR("policy"), str_of(text));
    if (ttls_build_finish(&b, &p, &why) != ERR_OK)
        fail_msg("%s", why.text);
    ttls_policy_adopt(p, NULL, 1734929539, &ids);
    return p;
}

static struct ttls_policy *
build(void)
{
    return build_text(policy_text);
}

static struct buf
show(const struct ttls_policy *p, struct show_options o, size_t n)
{
    struct buf out;

    buf_init(&out, 1u << 20);
    o.image = "TCPIP";
    o.now_s = 1734929549;
    assert_int_equal(ttls_show(p, &o, &out), n);
    return out;
}

/* Of passwords nothing, in no form. (Whole listings: test_listing.c.) */
static void
hides_passwords(void **state)
{
    struct ttls_policy *p = build();
    struct buf out = show(p, (struct show_options){ 0 }, 4);

    (void)state;
    assert_true(str_find(buf_view(&out), STR("START1/TN3270")) != STR_NPOS);
    assert_true(str_find(buf_view(&out), STR("geheim")) == STR_NPOS);
    buf_fini(&out);
    ttls_policy_unref(&p);
}

static void
chooses(void **state)
{
    static const struct {
        struct show_options o;
        size_t n;
        const char *has, *has_not;
    } rows[] = {
        { { .rules = true }, 1, "policyRule:", "TTLS Action:" },
        { { .actions = true }, 3, "TTLS Action:", "policyRule:" },
        { { .actions = true, .scope = 'E' }, 1, "TNEA", "TNGA" },
        { { .names_only = true }, 4, "TTLS Action:", "Version" },
        { { .filter = STR("AZ*") }, 4, "AZF", "nothing" },
        { { .filter = STR("AZ") }, 0, "Instance", "policyRule" },
        { { .actions = true, .filter = STR("TNCA") }, 1, "TNCA", "TNEA" },
        { { .inactive = true }, 0, "Instance", "policyRule" },
        { { .active = true }, 4, "AZF", "nothing" },
        { { .active = true, .inactive = true }, 4, "AZF", "nothing" },
    };
    struct ttls_policy *p = build();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = show(p, rows[i].o, rows[i].n);

        if (str_find(buf_view(&out), str_of(rows[i].has)) == STR_NPOS ||
            str_find(buf_view(&out), str_of(rows[i].has_not)) != STR_NPOS)
            fail_msg("row %zu: %s", i, buf_z(&out));
        buf_fini(&out);
    }
    ttls_policy_unref(&p);
}

/* As the rule names them, also when a policy has been sent. */
static void
keeps_order(void **state)
{
    static const struct {
        const char *named, *want;
    } rows[] = {
        { "TTLSGroupActionRef TNGA\nTTLSEnvironmentActionRef TNEA\n"
          "TTLSConnectionActionRef TNCA\n",
          "TNGA TNEA TNCA " },
        { "TTLSEnvironmentActionRef TNEA\nTTLSGroupActionRef TNGA\n"
          "TTLSConnectionActionRef TNCA\n",
          "TNEA TNGA TNCA " },
        { "TTLSConnectionActionRef TNCA\nTTLSEnvironmentActionRef TNEA\n"
          "TTLSGroupActionRef TNGA\nTTLSConnectionActionRef TNCA\n",
          "TNCA TNEA TNGA " },
        { "TTLSEnvironmentActionRef TNEA\nTTLSGroupActionRef TNGA\n",
          "TNEA TNGA " },
    };
    const char *actions = strstr(policy_text, "TTLSGroupAction TNGA\n{");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ttls_policy *p, *sent = NULL;
        struct str rest, line;
        char text[2048], got[64] = "";
        struct buf bytes, out;

        (void)snprintf(
            text, sizeof text,
            "TTLSRule R\n{\nDirection Both\nLocalPortRange 1\n%s}\n%s",
            rows[i].named, actions);
        p = build_text(text);
        buf_init(&bytes, 1u << 20);
        ttls_policy_encode(p, true, &bytes);
        assert_int_equal(ttls_policy_decode(buf_view(&bytes), &sent, NULL),
                         ERR_OK);
        out = show(sent, (struct show_options){ .names_only = true },
                   1 + strlen(rows[i].want) / 5);
        rest = buf_view(&out);
        while (rest.n > 0 && str_line(&rest, &line)) {
            if (str_starts(line, STR("  TTLS Action:")))
                (void)snprintf(got + strlen(got), sizeof got - strlen(got),
                               STR_FMT " ", STR_ARG(str_sub(line, 32, line.n)));
        }
        assert_string_equal(got, rows[i].want);
        buf_fini(&out);
        buf_fini(&bytes);
        ttls_policy_unref(&sent);
        ttls_policy_unref(&p);
    }
}

/* A rule with a period; parsed again by the test of the command. */
static void
has_periods(void **state)
{
    static const char text[] =
        "TTLSRule R\n{\nDirection Both\nLocalPortRange 1\n"
        "TTLSGroupActionRef G\nIpTimeCondition\n{\n"
        "ConditionTimeRange 20200102030405:20210102030405\n"
        "DayOfWeekMask 0111110\nTimeOfDayRange 08:00-17:30\nTimeZone UTC\n"
        "}\n}\nTTLSGroupAction G\n{\nTTLSEnabled Off\n}\n";
    static const char want[] =
        "\"time\":{\"from\":\"20200102030405\",\"to\":\"20210102030405\","
        "\"months\":\"111111111111\","
        "\"days\":\"1111111111111111111111111111111\","
        "\"daysFromEnd\":\"1111111111111111111111111111111\","
        "\"weekdays\":\"0111110\","
        "\"timesOfDay\":[{\"from\":\"08:00\",\"to\":\"17:30\"}],"
        "\"zone\":\"UTC\"}";
    struct show_options o = { .image = "I", .inactive = true, .now_s = 1 };
    struct ttls_policy *p = build_text(text);
    struct buf out;

    (void)state;
    buf_init(&out, 1u << 20);
    assert_int_equal(ttls_show_json(p, &o, &out), 2);
    if (strstr(buf_z(&out), want) == NULL)
        fail_msg("%s", buf_z(&out));
    buf_fini(&out);
    ttls_policy_unref(&p);
}

static void
as_json(void **state)
{
    struct show_options o = { .image = "TCPIP", .now_s = 1 };
    struct ttls_policy *p = build();
    struct buf out;

    (void)state;
    buf_init(&out, 1u << 20);
    assert_int_equal(ttls_show_json(p, &o, &out), 4);
    assert_non_null(strstr(buf_z(&out), "{\"image\":\"TCPIP\",\"instance\":"
                                        "1734929539,\"rules\":[{\"name\":"
                                        "\"AZF\",\"file\":\"policy\",\"line\""
                                        ":1,\"status\":\"Active\""));
    assert_non_null(strstr(buf_z(&out), "\"parameters\":{\"HandshakeRole\":"
                                        "\"Server\",\"Trace\":50,"
                                        "\"TTLSKeyringParms\":{\"Keyring\":"
                                        "\"START1/TN3270\"}}"));
    assert_null(strstr(buf_z(&out), "geheim"));
    assert_non_null(
        strstr(buf_z(&out), "\"time\":null,\"created\":1734929539"));
    /* What is not coded is there, too; of a connection action nothing is. */
    assert_non_null(strstr(buf_z(&out), "\"defaults\":{\"CtraceClearText\":"
                                        "\"Off\",\"Trace\":2,"));
    assert_non_null(strstr(buf_z(&out), "\"HandshakeTimeout\":10,"));
    assert_non_null(strstr(buf_z(&out), "\"ClientKeyShareGroups\":[\"0023\"]"));
    assert_non_null(strstr(buf_z(&out), "\"C02C\",\"1301\"]}},"
                                        "\"defaults\":{}}"));
    buf_fini(&out);
    ttls_policy_unref(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_passwords), cmocka_unit_test(chooses),
        cmocka_unit_test(keeps_order),     cmocka_unit_test(has_periods),
        cmocka_unit_test(as_json),
    };

    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
