#include "audit/log_format.h"

#include <stdlib.h>
#include <time.h>

#include "base/test.h"

#define LONG_LOGGER "com.ibm.ws.kernel.feature.internal.FeatureManager"

static struct log_entry
sample(void)
{
    return (struct log_entry){ .source = LOG_MESSAGE,
                               .letter = 'A',
                               .wall_ms = 1634583058246u,
                               .sequence = 0x1A,
                               .thread = 0x3e,
                               .logger = LONG_LOGGER,
                               .method = "",
                               .id = "CWWKF0011I",
                               .text = STR("The s server is ready.") };
}

static struct log_style
style(void)
{
    return (struct log_style){ .host = "h",
                               .user_dir = "/opt/usr/",
                               .server = "s" };
}

static const char *
format(enum log_format f, const struct log_style *s, const struct log_entry *e)
{
    static struct buf out;

    buf_fini(&out);
    buf_init(&out, 1u << 20);
    log_format(s, f, e, &out);
    return buf_z(&out);
}

/* Samples are those that the original's logs show. */
static void
writes_each_format(void **state)
{
    struct log_entry e = sample();
    struct log_style s = style();

    (void)state;
    assert_string_equal(format(LOG_SIMPLE, &s, &e),
                        "[10/18/21 14:50:58:246 EDT] 0000003e " LONG_LOGGER
                        "            A CWWKF0011I: The s server is ready.\n");
    assert_string_equal(
        format(LOG_TBASIC, &s, &e),
        "[10/18/21 14:50:58:246 EDT] 0000003e FeatureManage A   CWWKF0011I: "
        "The s server is ready.\n");
    assert_string_equal(format(LOG_DEV, &s, &e),
                        "[AUDIT   ] CWWKF0011I: The s server is ready.\n");
    assert_string_equal(
        format(LOG_JSON, &s, &e),
        "{\"type\":\"liberty_message\",\"host\":\"h\",\"ibm_userDir\":\"\\/opt"
        "\\/usr\\/\",\"ibm_serverName\":\"s\",\"message\":\"CWWKF0011I: The s "
        "server is ready.\",\"ibm_threadId\":\"0000003e\",\"ibm_datetime\":"
        "\"2021-10-18T14:50:58.246-0400\",\"ibm_messageId\":\"CWWKF0011I\","
        "\"module\":\"" LONG_LOGGER "\",\"loglevel\":\"AUDIT\","
        "\"ibm_sequence\":\"1634583058246_000000000001A\","
        "\"ext_thread\":\"Default Executor-thread-62\"}\n");
    assert_string_equal(
        format(LOG_ENHANCED, &s, &e),
        "[10/18/21 14:50:58:246 EDT] 0000003e id=00000000 " LONG_LOGGER
        "            A CWWKF0011I: The s server is ready.\n");
    assert_string_equal(
        format(LOG_ADVANCED, &s, &e),
        "[10/18/21 14:50:58:246 EDT] 0000003e A UOW= source=" LONG_LOGGER
        " method= org= prod= component= thread=[0000003e]\n          "
        "CWWKF0011I: The s server is ready.\n");
    s.is_iso = true;
    assert_string_equal(format(LOG_SIMPLE, &s, &e),
                        "[2021-10-18T14:50:58.246-0400] 0000003e " LONG_LOGGER
                        "            A CWWKF0011I: The s server is ready.\n");
}

static void
writes_traces_and_streams(void **state)
{
    struct log_entry e = sample();
    struct log_style s = style();

    (void)state;
    e.source = LOG_TRACE;
    e.letter = '>';
    e.id = "";
    e.method = "handle";
    e.logger = "a.b.C";
    e.text = STR("Entry");
    e.wall_ms = 1612137600000u; /* a day and an hour of one digit */
    assert_string_equal(
        format(LOG_BASIC, &s, &e),
        "[1/31/21 19:00:00:000 EST] 0000003e C             >   handle Entry\n");
    assert_string_equal(format(LOG_DEV, &s, &e), "[TRACE   ] handle Entry\n");
    assert_non_null(
        strstr(format(LOG_JSON, &s, &e), "\"type\":\"liberty_trace\""));
    assert_non_null(strstr(format(LOG_JSON, &s, &e),
                           "\"ibm_methodName\":\"handle\",\"module\":\"a.b.C\","
                           "\"loglevel\":\"ENTRY\""));
    assert_null(strstr(format(LOG_JSON, &s, &e), "ibm_messageId"));
    e.source = LOG_MESSAGE;
    e.method = "";
    e.letter = 'R';
    e.logger = "SystemErr";
    e.text = STR("oops");
    assert_string_equal(format(LOG_DEV, &s, &e), "[err     ] oops\n");
    e.letter = 'O';
    assert_string_equal(format(LOG_DEV, &s, &e), "oops\n");
}

static void
escapes_json(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *want;
    } rows[] = {
        { "a\"b\\c/", 6, "\"a\\\"b\\\\c\\/\"" },
        { "\b\f\n\r\t\x01\x1f", 7, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\"" },
        { "\0x", 2, "\"\\u0000x\"" },
        { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
          "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
        /* no UTF-8: cut, overlong, surrogate, beyond Unicode */
        { "\xc3", 1, "\"\\ufffd\"" },
        { "\xc0\x80", 2, "\"\\ufffd\\ufffd\"" },
        { "\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"" },
        { "\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
        { "\xff", 1, "\"\\ufffd\"" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct log_entry e = sample();
        struct log_style s = style();
        char want[128];

        e.id = "";
        e.text = exact_copy_n(rows[i].text, rows[i].n);
        snprintf(want, sizeof want, "\"message\":%s,", rows[i].want);
        assert_non_null(strstr(format(LOG_JSON, &s, &e), want));
        exact_free(e.text);
    }
}

static void
maps_members(void **state)
{
    struct log_mappings m;
    struct log_entry e = sample();
    struct log_style s = style();
    const char *line;

    (void)state;
    assert_int_equal(
        log_mappings_init(&m,
                          STR("message:log , loglevel:level,host:,"
                              "trace:module:component,ffdc:type:kind"),
                          NULL),
        ERR_OK);
    s.mappings = &m;
    line = format(LOG_JSON, &s, &e);
    assert_non_null(strstr(line, "\"log\":\"CWWKF0011I"));
    assert_non_null(strstr(line, "\"level\":\"AUDIT\""));
    assert_non_null(strstr(line, "\"module\":"));
    assert_non_null(strstr(line, "\"type\":"));
    assert_null(strstr(line, "\"host\""));
    e.source = LOG_TRACE;
    assert_non_null(strstr(format(LOG_JSON, &s, &e), "\"component\":"));
    log_mappings_fini(&m);
    log_mappings_fini(&m);
}

static void
refuses_mappings(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        { "message", 0 },      { "a:b,message", 4 }, { ":x", 0 },
        { "nosource:a:b", 0 }, { "a:b:c:d", 0 },     { "message::b", 0 },
        { "a:b\tc", 0 },
    };
    struct log_mappings m;
    struct err_info why;
    char many[1024] = "";

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(log_mappings_init(&m, str_of(rows[i].text), &why),
                         ERR_SYNTAX);
        assert_int_equal(why.at, rows[i].at);
    }
    for (unsigned i = 0; i <= LOG_MAPPINGS_MAX; i++)
        strcat(many, "a:b,");
    assert_int_equal(log_mappings_init(&m, str_of(many), &why), ERR_LIMIT);
}

static void
knows_names(void **state)
{
    struct str names[] = { STR(" Trace "), STR("accesslog"), STR("nothing") };
    enum log_format f = LOG_DEV;

    (void)state;
    assert_true(log_format_find(STR("json"), &f));
    assert_int_equal(f, LOG_JSON);
    assert_false(log_format_find(STR("xml"), &f));
    assert_int_equal(f, LOG_JSON);
    assert_int_equal(log_sources(names, ARRAY_LEN(names)),
                     LOG_TRACE | LOG_ACCESS);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_each_format),
        cmocka_unit_test(writes_traces_and_streams),
        cmocka_unit_test(escapes_json),
        cmocka_unit_test(maps_members),
        cmocka_unit_test(refuses_mappings),
        cmocka_unit_test(knows_names),
    };

    /* not a name: the machine may have no time zone data */
    setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
