#include "audit/messages_log.h"

#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/test.h"

static char folder[64];

static struct messages_log_options
options_for(int console)
{
    static const char *const header[] = { "product = test" };
    struct messages_log_options o;

    messages_log_defaults(&o);
    o.folder = folder;
    o.console_out = o.console_err = console;
    o.header = header;
    o.n_header = 1;
    return o;
}

static int
setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/messages-log-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    return tree_remove(folder, NULL) != ERR_OK;
}

static char *
read_all(const char *name)
{
    static char text[256 * 1024];
    char path[256];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void
writes_both_forms(void **state)
{
    struct messages_log_options o;
    struct messages_log *log = NULL;
    struct err_info why = { 0 };
    char path[256], stars[82];
    char *text, *line;
    int console;

    (void)state;
    snprintf(path, sizeof path, "%s/console", folder);
    console = open(path, O_RDWR | O_CREAT, 0600);
    o = options_for(console);
    assert_int_equal(messages_log_open(&o, &log, &why), ERR_OK);
    MESSAGES_LOG(log, "a.b.C", "CWWKG0028A", STR("/x.xml"));
    MESSAGES_LOG(log, "a.b.C", "CWWKE1101I", STR(""));
    messages_log_text(log, "a.b.C", "CWWKG0090E", STR("gone"));
    messages_log_close(&log);
    memset(stars, '*', 80);
    strcpy(stars + 80, "\n");
    text = read_all("messages.log");
    assert_memory_equal(text, stars, 81);
    assert_memory_equal(text + 81, "product = test\n", 15);
    assert_memory_equal(text + 96, stars, 81);
    line = text + 96 + 81;
    assert_int_equal(line[0], '[');
    line = strchr(line, ']');
    /* "] 0000abcd <60 columns> A CWWKG0028A: ..." */
    assert_int_equal(line[1], ' ');
    assert_int_equal(line[10], ' ');
    assert_memory_equal(line + 11, "a.b.C   ", 8);
    assert_memory_equal(line + 71,
                        " A CWWKG0028A: Processing included configuration "
                        "resource: /x.xml\n",
                        66);
    assert_string_equal(
        read_all("console"),
        "[AUDIT   ] CWWKG0028A: Processing included configuration resource: "
        "/x.xml\n[ERROR   ] CWWKG0090E: gone\n");
    close(console);
}

static size_t
count(const char *pattern)
{
    char path[256];
    glob_t found;
    size_t n;

    snprintf(path, sizeof path, "%s/%s", folder, pattern);
    n = glob(path, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    if (n > 0)
        globfree(&found);
    return n;
}

static void
rolls_over(void **state)
{
    struct messages_log_options o = options_for(-1);
    struct messages_log *log = NULL;
    struct err_info why = { 0 };

    (void)state;
    o.max_file_bytes = 4000;
    o.max_files = 3;
    assert_int_equal(messages_log_open(&o, &log, &why), ERR_OK);
    for (int i = 0; i < 300; i++)
        messages_log_text(log, "x", "TEST0001I", STR("some text of a line"));
    assert_int_equal(count("messages_??.??.??_??.??.??.*.log"), 2);
    assert_true(strlen(read_all("messages.log")) <= 4000);
    messages_log_close(&log);
    /* a new start rolls the old file; max_files still holds */
    assert_int_equal(messages_log_open(&o, &log, &why), ERR_OK);
    assert_int_equal(strlen(read_all("messages.log")), 81 + 15 + 81);
    assert_int_equal(count("messages_*"), 2);
    messages_log_close(&log);
}

static void *
write_many(void *arg)
{
    for (int i = 0; i < 200; i++)
        messages_log_text(arg, "thread", "TEST0002I", STR("0123456789"));
    return NULL;
}

static void
keeps_lines_whole(void **state)
{
    struct messages_log_options o = options_for(-1);
    struct messages_log *log = NULL;
    struct err_info why = { 0 };
    pthread_t threads[4];
    size_t n = 0;

    (void)state;
    o.n_header = 0;
    assert_int_equal(messages_log_open(&o, &log, &why), ERR_OK);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, write_many, log);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    messages_log_close(&log);
    for (char *line = strtok(read_all("messages.log"), "\n"); line != NULL;
         line = strtok(NULL, "\n"), n++) {
        assert_int_equal(line[0], '[');
        assert_non_null(strstr(line, " I TEST0002I: 0123456789"));
        assert_string_equal(line + strlen(line) - 12, ": 0123456789");
    }
    assert_int_equal(n, 800);
}

/* ---- formats, traces, first-failure data ---- */

static void
writes_json(void **state)
{
    struct messages_log_options o;
    struct messages_log *log = NULL;
    struct err_info why = { 0 };
    char path[256];
    char *text;
    int console;

    (void)state;
    snprintf(path, sizeof path, "%s/console", folder);
    console = open(path, O_RDWR | O_CREAT, 0600);
    o = options_for(console);
    o.format = o.console_format = LOG_JSON;
    o.console_sources = LOG_MESSAGE | LOG_FFDC;
    o.message_sources = LOG_FFDC;
    o.mappings = STR("message:log");
    o.server = "s";
    assert_int_equal(messages_log_open(&o, &log, &why), ERR_OK);
    messages_log_text(log, "a.b.C", "CWWKG0090E", STR("gone"));
    messages_log_ffdc(
        log, &(struct ffdc_incident){ "ERR_IO", "a.b.C", "x", STR("details") });
    messages_log_close(&log);
    close(console);
    text = read_all("console");
    assert_non_null(strstr(text, "\"log\":\"CWWKG0090E: gone\""));
    assert_non_null(strstr(text, "\"type\":\"liberty_ffdc\""));
    assert_null(strstr(text, "\"message\""));
    text = read_all("messages.log");
    /* the header is a message too; only ffdc was asked for behind it */
    assert_memory_equal(text, "{\"type\":\"liberty_message\"", 25);
    assert_non_null(strstr(text, "\"log\":\"product = test\\n\""));
    assert_null(strstr(text, "gone"));
    assert_non_null(strstr(text, "\"ibm_exceptionName\":\"ERR_IO\""));
}

static void
traces(void **state)
{
    static const char *const hide[] = { "CWWKF0012I" };
    struct messages_log_options o = options_for(-1);
    struct messages_log *log = NULL;
    struct err_info why = { 0 };
    char *text;

    (void)state;
    o.hide = hide;
    o.n_hide = 1;
    assert_int_equal(messages_log_open(&o, &log, &why), ERR_OK);
    MESSAGES_TRACE(log, "a.b.C", TRACE_FINE, "m", "unseen");
    messages_log_text(log, "x", "CWWKF0012I", STR("hidden for good"));
    assert_int_equal(count("trace.log"), 0);
    assert_int_equal(messages_log_set_trace(log, STR("a.b.*=finer"), &why),
                     ERR_OK);
    assert_true(messages_log_traces(log, "a.b.C", TRACE_FINER));
    assert_false(messages_log_traces(log, "a.b.C", TRACE_FINEST));
    assert_false(messages_log_traces(log, "a.c", TRACE_FINE));
    MESSAGES_TRACE(log, "a.b.C", TRACE_FINER, "m", "Entry %d", 7);
    MESSAGES_TRACE(log, "a.c", TRACE_FINE, "m", "unseen");
    MESSAGES_TRACE_DATA(log, "a.b.C", TRACE_FINE, "m", "data %d", 8);
    messages_log_text(log, "x", "CWWKF0012I", STR("here"));
    o.hides_data = true;
    assert_int_equal(messages_log_update(log, &o, &why), ERR_OK);
    MESSAGES_TRACE_DATA(log, "a.b.C", TRACE_FINE, "m", "secret data");
    text = read_all("trace.log");
    assert_non_null(strstr(text, "\ntrace.specification = "
                                 "*=info:a.b.*=finer\n"));
    assert_non_null(strstr(text, " id=00000000 a.b.C   "));
    assert_non_null(strstr(text, " > m Entry 7\n"));
    assert_non_null(strstr(text, " 1 m data 8\n"));
    assert_non_null(strstr(text, " A CWWKF0012I: here\n"));
    assert_non_null(strstr(text, "TRAS0018I: The trace state has been changed. "
                                 "The new trace state is "
                                 "*=info:a.b.*=finer.\n"));
    assert_null(strstr(text, "unseen"));
    assert_null(strstr(text, "secret data"));
    text = read_all("messages.log");
    assert_non_null(strstr(text, "TRAS0018I"));
    assert_null(strstr(text, "CWWKF0012I"));
    assert_null(strstr(text, "data 8"));
    /* a specification that is none: what is in use stays */
    assert_int_equal(messages_log_set_trace(log, STR("a=loud"), &why),
                     ERR_SYNTAX);
    assert_true(messages_log_traces(log, "a.b.C", TRACE_FINER));
    /* the configuration's again, which did not change meanwhile */
    assert_int_equal(
        messages_log_set_trace(log, (struct str){ .p = NULL }, &why), ERR_OK);
    assert_false(messages_log_traces(log, "a.b.C", TRACE_FINER));
    o.trace_spec = STR("*=nothing");
    assert_int_equal(messages_log_update(log, &o, &why), ERR_OK);
    assert_non_null(
        strstr(read_all("messages.log"),
               "SPT0411W: traceSpecification \"*=nothing\", byte 0"));
    assert_int_equal(messages_log_update(log, &o, &why), ERR_OK);
    text = read_all("messages.log");
    text = strstr(strstr(text, "SPT0411W") + 1, "SPT0411W");
    assert_null(text); /* said once */
    o.mappings = STR("a:b:c:d");
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(messages_log_update(log, &o, &why), ERR_OK);
    text = strstr(read_all("messages.log"), "SPT0411W: jsonFieldMappings");
    assert_non_null(text);
    assert_null(strstr(text + 1, "SPT0411W: jsonFieldMappings"));
    o.mappings = STR("a:b"); /* mended, and wrong again: said again */
    assert_int_equal(messages_log_update(log, &o, &why), ERR_OK);
    o.mappings = STR("a:b:c:d");
    assert_int_equal(messages_log_update(log, &o, &why), ERR_OK);
    text = strstr(read_all("messages.log"), "SPT0411W: jsonFieldMappings");
    assert_non_null(strstr(text + 1, "SPT0411W: jsonFieldMappings"));
    messages_log_close(&log);
}

static void
counts_incidents(void **state)
{
    struct messages_log_options o = options_for(-1);
    struct messages_log *log = NULL;
    struct err_info why = { 0 };
    struct ffdc_incident i = { "ERR_IO", "a.b.C", "read", STR("why") };
    char *text;

    (void)state;
    assert_int_equal(messages_log_open(&o, &log, &why), ERR_OK);
    messages_log_ffdc(log, &i);
    messages_log_ffdc(log, &i);
    assert_true(messages_log_system(log, true, STR("a diagnostic")));
    messages_log_close(&log);
    text = read_all("messages.log");
    text = strstr(text, "I FFDC1015I: An FFDC Incident has been created: "
                        "\"ERR_IO a.b.C read\" at ffdc_");
    assert_non_null(text);
    assert_null(strstr(text + 10, "FFDC1015I"));
    assert_non_null(strstr(text, "SystemErr "));
    assert_non_null(strstr(text, " R a diagnostic\n"));
    assert_int_equal(count("ffdc/ffdc_*.0.log"), 1);
    assert_int_equal(count("ffdc/exception_summary_*.log"), 1);
}

static void
refuses_bad_places(void **state)
{
    struct messages_log_options o = options_for(-1);
    struct messages_log *log = NULL;
    struct err_info why = { 0 };

    (void)state;
    o.file_name = "../escape.log";
    assert_int_equal(messages_log_open(&o, &log, &why), ERR_SYNTAX);
    assert_null(log);
    o = options_for(-1);
    o.folder = "/dev/null/x";
    assert_int_not_equal(messages_log_open(&o, &log, &why), ERR_OK);
    assert_null(log);
}

static void
take_what(void *arg, struct str what)
{
    buf_printf(arg, STR_FMT "\n", STR_ARG(what));
}

static void
checks_without_opening(void **state)
{
    static const struct {
        const char *folder, *file, *trace, *spec, *mappings;
        enum err want;
        const char *said, *why;
    } rows[] = {
        { "new", "m.log", "t.log", "*=info", "", ERR_OK, "", "" },
        { "new", "m.log", "stdout", "a=fine", "a:b", ERR_OK, "", "" },
        { "new", "a/b", "t", "*=info", "", ERR_SYNTAX, "",
          "\"a/b\" is not the name of a log file (P)" },
        { "new", "", "t", "*=info", "", ERR_SYNTAX, "",
          "\"\" is not the name of a log file (P)" },
        { "new", "m", "a/b", "*=info", "", ERR_SYNTAX, "",
          "\"a/b\" is not the name of a trace file (P)" },
        { "new", "m", "t", "*=no", "", ERR_OK, "traceSpecification \"*=no\"",
          "" },
        { "new", "m", "t", "*=info", "a:b:c:d", ERR_OK,
          "jsonFieldMappings \"a:b:c:d\", byte 0: expected "
          "[source:]old:new (P)",
          "" },
        { "/dev/null/x", "m", "t", "*=info", "", ERR_IO, "",
          "/dev/null/x: Not a directory (P)" },
        { "/dev/null", "m", "t", "*=info", "", ERR_IO, "",
          "/dev/null: Not a directory (P)" },
    };
    const struct str place = STR(" (P)");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct messages_log_options o = options_for(-1);
        struct err_info why = { 0 };
        char path[256];
        struct buf said;

        snprintf(path, sizeof path, "%s/%s", folder, rows[i].folder);
        o.folder = rows[i].folder[0] == '/' ? rows[i].folder : path;
        o.file_name = rows[i].file;
        o.trace_name = rows[i].trace;
        o.trace_spec = str_of(rows[i].spec);
        o.mappings = str_of(rows[i].mappings);
        o.places =
            (struct messages_places){ place, place, place, place, place };
        buf_init(&said, 4096);
        assert_int_equal(messages_log_check(&o, take_what, &said, &why),
                         rows[i].want);
        if (rows[i].said[0] == '\0')
            assert_int_equal(said.n, 0);
        else
            assert_non_null(strstr(buf_z(&said), rows[i].said));
        assert_string_equal(why.text, rows[i].why);
        assert_int_equal(access(path, F_OK), -1);
        buf_fini(&said);
    }
}

static void
take_message(void *arg, const char *id, struct str text)
{
    buf_printf(arg, "%s " STR_FMT "\n", id, STR_ARG(text));
}

static void
collects(void **state)
{
    struct ffdc_incident incident = { "e", "s", "p", STR("d") };
    struct messages_log *log = NULL;
    struct err_info why;
    struct buf said;

    (void)state;
    buf_init(&said, 4096);
    assert_int_equal(messages_log_collect(take_message, &said, &log, &why),
                     ERR_OK);
    MESSAGES_LOG(log, "a.b.C", "CWWKG0028A", STR("/x.xml"));
    messages_log_text(log, "a.b.C", "X1W", STR("text"));
    messages_log_ffdc(log, &incident);
    assert_false(messages_log_traces(log, "a.b.C", TRACE_FINE));
    assert_string_equal(
        buf_z(&said),
        "CWWKG0028A Processing included configuration resource: /x.xml\n"
        "X1W text\n");
    messages_log_close(&log);
    buf_fini(&said);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_both_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(rolls_over, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_lines_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_json, setup, teardown),
        cmocka_unit_test_setup_teardown(traces, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_incidents, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_places, setup, teardown),
        cmocka_unit_test_setup_teardown(checks_without_opening, setup,
                                        teardown),
        cmocka_unit_test(collects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
