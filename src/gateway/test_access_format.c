/* Each token, what is missing, and what a client might try to write. */
#include "base/test.h"

#include <stdlib.h>

#include "audit/log_json.h"
#include "gateway/access_log.h"
#include "gateway/access_members.h"

static const struct http_header headers[] = {
    { { "Host", 4 }, { "a:80", 4 } },
    { { "User-Agent", 10 }, { "x \"y\" \x7f\\", 8 } },
    { { "Cookie", 6 }, { "a=1; bb=two", 11 } },
    { { "Authorization", 13 }, { "Basic c2VjcmV0", 14 } },
};
static const struct http_header answer_headers[] = {
    { { "Content-Type", 12 }, { "text/plain", 10 } },
};

static struct access_facts
facts_of(void)
{
    return (struct access_facts){
        .method = STR("GET"),
        .target = STR("/a/b?x=1&password=hush&y"),
        .path = STR("/a/b"),
        .query = STR("x=1&password=hush&y"),
        .headers = headers,
        .n_headers = ARRAY_LEN(headers),
        .answer_headers = answer_headers,
        .n_answer_headers = ARRAY_LEN(answer_headers),
        .version = 11,
        .status = 200,
        .body_bytes = 12,
        .remote = STR("10.0.0.1"),
        .local = STR("10.0.0.2"),
        .user = STR("USER1"),
        .remote_port = 40000,
        .local_port = 9443,
        .start_ms = 0,
        .end_ms = 86399000,
        .elapsed_us = 1234,
    };
}

static void
line_of(const char *format, const struct access_facts *facts, char *text,
        size_t cap)
{
    struct access_format *f = NULL;
    struct arena arena;
    struct buf out;

    arena_init(&arena, 1 << 20);
    buf_init(&out, ACCESS_LINE_MAX);
    assert_int_equal(access_format_new(&arena, str_of(format), &f, NULL),
                     ERR_OK);
    access_format_line(f, facts, &out);
    assert_false(out.failed);
    snprintf(text, cap, "%s", buf_z(&out));
    buf_fini(&out);
    arena_fini(&arena);
}

static void
tokens_are_filled_in(void **state)
{
    static const struct {
        const char *format, *full, *empty;
    } rows[] = {
        { "%a %h", "10.0.0.1 10.0.0.1\n", "- -\n" },
        { "%A", "10.0.0.2\n", "-\n" },
        { "%b %B", "12 12\n", "- 0\n" },
        { "%C", "a=1; bb=two\n", "-\n" },
        { "%{bb}C%{b}C", "two-\n", "--\n" },
        { "%D %{R}W", "1234 1234\n", "0 0\n" },
        { "%m", "GET\n", "-\n" },
        { "%{host}i", "a:80\n", "-\n" },
        { "\"%{User-Agent}i\"", "\"x \\x22y\\x22 \\x7f\\x5c\"\n", "\"-\"\n" },
        { "%{authorization}i", "*****\n", "-\n" },
        { "%{Content-Type}o", "text/plain\n", "-\n" },
        { "%o", "Content-Type:text/plain\n", "-\n" },
        { "%q", "x=1&password=*****&y\n", "-\n" },
        { "%{remote}p %p", "40000 9443\n", "- -\n" },
        { "%r", "GET /a/b?x=1&password=*****&y HTTP/1.1\n", "-\n" },
        { "%s", "200\n", "-\n" },
        { "%t", "[01/Jan/1970:00:00:00 +0000]\n",
          "[01/Jan/1970:00:00:00 +0000]\n" },
        { "%{t}W", "[01/Jan/1970:23:59:59 +0000]\n",
          "[01/Jan/1970:00:00:00 +0000]\n" },
        { "%u", "USER1\n", "-\n" },
        { "%U", "/a/b\n", "-\n" },
        { "100%% of it", "100% of it\n", "100% of it\n" },
        { "", "\n", "\n" },
    };
    struct access_facts full = facts_of(), empty = { 0 };
    char text[1000];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        line_of(rows[i].format, &full, text, sizeof text);
        assert_string_equal(text, rows[i].full);
        line_of(rows[i].format, &empty, text, sizeof text);
        assert_string_equal(text, rows[i].empty);
    }
}

static void
other_tokens_are_refused(void **state)
{
    static const struct {
        const char *format;
        size_t at;
    } rows[] = {
        { "%", 0 },     { "%z", 0 },        { "a %{x}h", 2 },
        { "%{R}p", 0 }, { "%{remoteW", 0 }, { "%{}W", 0 },
        { "%W", 0 },    { "%r %{t}t", 3 },  { "%{", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = exact_copy(rows[i].format);
        struct access_format *f = NULL;
        struct err_info why = { 0 };
        struct arena arena;

        arena_init(&arena, 1 << 20);
        assert_int_equal(access_format_new(&arena, text, &f, &why), ERR_SYNTAX);
        assert_int_equal(why.at, rows[i].at);
        assert_null(f);
        arena_fini(&arena);
        exact_free(text);
    }
}

/* What the writer makes of what the loop kept. */
static void
json_of(const char *format, const struct access_facts *facts, char *text,
        size_t cap)
{
    struct log_style style = { .host = "h", .user_dir = "/u/", .server = "s" };
    struct log_member members[ACCESS_MEMBERS_MAX];
    struct log_entry e = { .source = LOG_ACCESS,
                           .logger = "",
                           .method = "",
                           .id = "",
                           .members = members };
    struct access_format *f = NULL;
    struct arena arena;
    struct reader in;
    struct buf bytes, out;

    arena_init(&arena, 1 << 20);
    buf_init(&bytes, 1 << 20);
    buf_init(&out, 1 << 20);
    if (format != NULL)
        assert_int_equal(access_format_new(&arena, str_of(format), &f, NULL),
                         ERR_OK);
    access_members_put(f, facts, &bytes);
    assert_false(bytes.failed);
    in = reader_of(buf_view(&bytes));
    assert_true(access_members_take(&in, &e.wall_ms, members, &e.n_members));
    assert_true(reader_at_end(&in));
    assert_int_equal(e.wall_ms, facts->end_ms);
    log_json(&style, &e, &out);
    snprintf(text, cap, "%s", buf_z(&out));
    for (size_t i = 0; i < bytes.n; i++) { /* cut anywhere: refused */
        struct str part = exact_copy_n(bytes.p, i);

        in = reader_of(part);
        assert_false(
            access_members_take(&in, &e.wall_ms, members, &e.n_members));
        exact_free(part);
    }
    buf_fini(&bytes);
    buf_fini(&out);
    arena_fini(&arena);
}

static void
members_of_json(void **state)
{
    static const struct {
        const char *format, *want;
    } rows[] = {
        { NULL, "\"ibm_remoteHost\":\"10.0.0.1\",\"ibm_requestProtocol\":"
                "\"HTTP\\/1.1\",\"ibm_requestHost\":\"10.0.0.2\","
                "\"ibm_bytesReceived\":12,\"ibm_requestMethod\":\"GET\","
                "\"ibm_requestPort\":\"9443\",\"ibm_queryString\":"
                "\"x=1&password=*****&y\",\"ibm_elapsedTime\":1234,"
                "\"ibm_responseCode\":200,\"ibm_uriPath\":\"\\/a\\/b\","
                "\"ibm_userAgent\":\"x \\\"y\\\" " },
        { "%a %A %b %B", "\"ibm_remoteIP\":\"10.0.0.1\",\"ibm_requestHost\":"
                         "\"10.0.0.2\",\"ibm_bytesSent\":12,"
                         "\"ibm_bytesReceived\":12," },
        { "%{bb}C|%C", "\"ibm_cookie_bb\":\"two\",\"ibm_cookie_a\":\"1\"," },
        { "%D %{R}W %s %m %m",
          "\"ibm_elapsedTime\":1234,\"ibm_requestElapsedTime\":1234,"
          "\"ibm_responseCode\":200,\"ibm_requestMethod\":\"GET\","
          "\"ibm_datetime\"" },
        { "%{Authorization}i %{Content-Type}o %{none}i",
          "\"ibm_requestHeader_Authorization\":\"*****\","
          "\"ibm_responseHeader_Content-Type\":\"text\\/plain\","
          "\"ibm_datetime\"" },
        { "%p %{remote}p %u %U", "\"ibm_requestPort\":\"9443\","
                                 "\"ibm_remotePort\":\"40000\","
                                 "\"ibm_remoteUserID\":\"USER1\","
                                 "\"ibm_uriPath\":\"\\/a\\/b\"," },
        { "%r", "\"ibm_requestFirstLine\":\"GET "
                "\\/a\\/b?x=1&password=*****&y HTTP\\/1.1\"," },
        { "%t %{t}W", "\"ibm_requestStartTime\":\"19" },
    };
    struct access_facts facts = facts_of();
    char text[4096];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_of(rows[i].format, &facts, text, sizeof text);
        assert_true(str_starts(
            str_of(text),
            STR("{\"type\":\"liberty_accesslog\",\"host\":\"h\","
                "\"ibm_userDir\":\"\\/u\\/\",\"ibm_serverName\":\"s\",")));
        if (strstr(text, rows[i].want) == NULL)
            fail_msg("%s in %s", rows[i].want, text);
        assert_null(strstr(text, "hush"));
        assert_null(strstr(text, "c2VjcmV0"));
    }
}

/* Nothing but the fact that somebody was refused. */
static void
members_that_are_missing(void **state)
{
    struct access_facts facts = { .status = 400, .end_ms = 1 };
    char text[4096];

    (void)state;
    json_of("%a %r %u %{x}i %s", &facts, text, sizeof text);
    assert_non_null(strstr(text, "\"s\",\"ibm_responseCode\":400,\"ibm_dat"));
}

/* rolloverStartTime and rolloverInterval to the rules of the file. */
static void
when_files_roll(void **state)
{
    static const struct {
        const char *path, *start;
        int64_t interval_ms;
        const char *folder, *name;
        int minute;
        unsigned minutes;
    } rows[] = {
        { "/a/b.log", "", -1, "/a", "b.log", 0, 0 },
        { "/a/b.log", "", 90 * 60000, "/a", "b.log", 0, 90 },
        { "b.log", "23:59", -1, ".", "b.log", 1439, 1440 },
        { "/a/b/c", " 6:05 ", 120 * 60000, "/a/b", "c", 365, 120 },
        { "/a/b", "24:00", -1, "/a", "b", 0, 0 },
        { "/a/b", "12:60", 60000, "/a", "b", 0, 1 },
        { "/a/b", "12", -1, "/a", "b", 0, 0 },
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cfg_access_logging from = {
            .file_path = str_of(rows[i].path),
            .rollover_start_time = str_of(rows[i].start),
            .rollover_interval_ms = rows[i].interval_ms,
            .max_file_mb = 3,
            .max_files = 4,
        };
        struct log_file_options o;

        assert_int_equal(access_log_file_options(&arena, &from, &o, NULL),
                         ERR_OK);
        assert_string_equal(o.folder, rows[i].folder);
        assert_string_equal(o.name, rows[i].name);
        assert_int_equal(o.max_bytes, 3 << 20);
        assert_int_equal(o.max_files, 4);
        assert_int_equal(o.roll_minute, rows[i].minute);
        assert_int_equal(o.roll_interval_minutes, rows[i].minutes);
    }
    arena_fini(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_filled_in),
        cmocka_unit_test(other_tokens_are_refused),
        cmocka_unit_test(members_of_json),
        cmocka_unit_test(members_that_are_missing),
        cmocka_unit_test(when_files_roll),
    };

    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
