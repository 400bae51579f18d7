/* sallyport-config: a server's configuration shown, compared and checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/secret.h"
#include "config/dump.h"
#include "config/elements.h"
#include "parse/textout.h"
#include "tree.h"

/* check: the worst that was found. */
#define STATUS_WARNINGS 4
#define STATUS_ERRORS 8
#define STATUS_UNUSABLE 12
#define STATUS_TROUBLE 16

static bool is_plain, is_written, is_json;

static const struct cli_opt opts[] = {
    { "plain", 'p', CLI_FLAG, &is_plain, NULL,
      "dump: no comments on where values come from" },
    { "written", 'w', CLI_FLAG, &is_written, NULL,
      "dump: only what somebody wrote, no defaults" },
    { "json", 'j', CLI_FLAG, &is_json, NULL, "JSON instead of text" },
};

static const struct cli cli = {
    .command = "sallyport config",
    .usage = "dump|check SERVER | diff SERVER SERVER  [options] "
             "[-- --NAME=VALUE...]",
    .summary = "Show, check and compare the configuration of servers without "
               "starting them.",
    .detail =
        "dump   the configuration in effect, with file and line of each value\n"
        "check  the messages a start would give; exit status 0 none, 4 "
        "warnings,\n       8 errors, 12 it cannot be used, 16 there is none\n"
        "diff   settings that differ; exit status 0 none, 1 some, 16 trouble\n"
        "\nSERVER is a server's name, or a path: a server's folder (with a "
        "slash), or an\n.xml file in the place of its server.xml. What follows "
        "-- are variables.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = -1,
};

/* ---- messages ---- */

/* The message, and what to do about it. */
static void
print_message(FILE *out, struct str id, struct str text)
{
    const struct msg *msg = msg_find(id.p);

    fprintf(out, STR_FMT ": " STR_FMT "\n", STR_ARG(id), STR_ARG(text));
    if (msg != NULL && msg->remedy[0] != '\0')
        fprintf(out, "  %s\n", msg->remedy);
}

/* Errors, as lines of the log; warnings are for check. */
static void
print_errors(const struct source *s)
{
    for (size_t i = 0; i < s->messages.n; i++) {
        const struct message *m = &s->messages.v[i];

        if (message_severity(m) == 'E')
            print_message(stderr, m->id, m->text);
    }
}

/* False after saying why there is no tree. */
static bool
is_usable(const struct source *s)
{
    print_errors(s);
    if (s->result == ERR_OK)
        return true;
    fprintf(stderr, "sallyport config: %s: %s\n", s->name, s->why.text);
    return false;
}

/* ---- dump ---- */

static void
json_setting(struct jsonout *out, const struct cfg_setting *s)
{
    const struct {
        const char *key;
        struct str value;
    } rows[] = { { "element", s->element },
                 { "attribute", s->attr },
                 { "value", s->value },
                 { "origin", s->origin } };

    jsonout_open(out, '{');
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        jsonout_key(out, str_of(rows[i].key));
        jsonout_string(out, rows[i].value);
    }
    jsonout_close(out, '}');
}

static enum err
dump_json(const struct source *s, struct buf *text, struct err_info *why)
{
    struct jsonout out = { .out = text };
    const struct cfg_setting *v;
    struct arena arena;
    size_t n;
    enum err e;

    arena_init(&arena, 256u << 20);
    e = cfg_settings(s->tree, &arena, &v, &n, why);
    if (e == ERR_OK) {
        jsonout_open(&out, '[');
        for (size_t i = 0; i < n; i++)
            if (!is_written || !v[i].is_default)
                json_setting(&out, &v[i]);
        jsonout_close(&out, ']');
        buf_add_char(text, '\n');
        e = buf_check(text, why);
    }
    arena_fini(&arena);
    return e;
}

static int
dump(struct source *s)
{
    struct err_info why = { 0 };
    struct buf text;
    int status = 0;
    enum err e;

    if (!is_usable(s))
        return STATUS_TROUBLE;
    buf_init(&text, 64u << 20);
    e = is_json ? dump_json(s, &text, &why)
                : cfg_dump(s->tree,
                           (is_plain ? CFG_DUMP_PLAIN : 0u) |
                               (is_written ? CFG_DUMP_WRITTEN : 0u),
                           &text, &why);
    if (e != ERR_OK) {
        fprintf(stderr, "sallyport config: %s\n", why.text);
        status = STATUS_TROUBLE;
    } else if (fwrite(text.p, 1, text.n, stdout) != text.n ||
               fflush(stdout) != 0) {
        perror("sallyport config");
        status = STATUS_TROUBLE;
    }
    buf_fini(&text);
    return status;
}

/* ---- check ---- */

struct counts {
    unsigned errors, warnings;
};

static void
check_line(struct jsonout *out, struct counts *n, struct str id,
           struct str text, struct cfg_place place)
{
    char severity = id.p[id.n - 1];
    bool is_error = severity == 'E', is_warning = severity == 'W';
    const struct msg *msg = msg_find(id.p);

    n->errors += is_error;
    n->warnings += is_warning;
    if (!is_json) {
        if (is_error || is_warning || str_eq_z(id, "CWWKG0102I"))
            print_message(stdout, id, text);
        return;
    }
    jsonout_open(out, '{');
    jsonout_key(out, STR("id"));
    jsonout_string(out, id);
    jsonout_key(out, STR("severity"));
    jsonout_string(out, is_error     ? STR("error")
                        : is_warning ? STR("warning")
                                     : STR("information"));
    jsonout_key(out, STR("text"));
    jsonout_string(out, text);
    if (msg != NULL && msg->remedy[0] != '\0') {
        jsonout_key(out, STR("remedy"));
        jsonout_string(out, str_of(msg->remedy));
    }
    if (str_starts(place.file, STR("/"))) {
        char line[16];
        int len = snprintf(line, sizeof line, "%u", place.line);

        jsonout_key(out, STR("file"));
        jsonout_string(out, place.file);
        jsonout_key(out, STR("line"));
        jsonout_raw(out, str_n(line, (size_t)len));
    }
    jsonout_close(out, '}');
}

static int
check(struct source *s)
{
    struct counts n = { 0, 0 };
    struct buf text;
    struct jsonout out = { .out = &text };
    bool is_there = s->result != ERR_NOT_FOUND && s->is_located;

    buf_init(&text, 16u << 20);
    if (is_json)
        jsonout_open(&out, '[');
    for (size_t i = 0; i < s->messages.n; i++)
        check_line(&out, &n, s->messages.v[i].id, s->messages.v[i].text,
                   s->messages.v[i].place);
    if (is_json) {
        jsonout_close(&out, ']');
        printf(STR_FMT "\n", STR_ARG(buf_view(&text)));
    }
    buf_fini(&text);
    if (s->result != ERR_OK)
        fprintf(stderr, "sallyport config: %s: %s\n", s->name, s->why.text);
    else if (!is_json)
        printf("%s: %u error%s, %u warning%s\n", s->name, n.errors,
               n.errors == 1 ? "" : "s", n.warnings,
               n.warnings == 1 ? "" : "s");
    return !is_there             ? STATUS_TROUBLE
           : s->result != ERR_OK ? STATUS_UNUSABLE
           : n.errors > 0        ? STATUS_ERRORS
           : n.warnings > 0      ? STATUS_WARNINGS
                                 : 0;
}

/* ---- the command line ---- */

static int
complain(const char *what, const char *found)
{
    fprintf(stderr,
            "sallyport config: %s%s%s\nTry 'sallyport config --help'.\n", what,
            found == NULL ? "" : " ", found == NULL ? "" : found);
    return STATUS_TROUBLE;
}

static int
run(const char *word, char **names, int n_names, char **variables,
    int n_variables)
{
    bool is_diff = strcmp(word, "diff") == 0;
    struct source left, right;
    int status;

    if (n_names != 1 + is_diff)
        return complain(is_diff ? "diff wants two servers"
                                : "one server is "
                                  "wanted",
                        NULL);
    if ((is_plain || is_written) && strcmp(word, "dump") != 0)
        return complain("--plain and --written belong to dump, not to", word);
    source_read(&left, names[0], variables, n_variables,
                strcmp(word, "check") == 0);
    if (!is_diff) {
        status = strcmp(word, "dump") == 0 ? dump(&left) : check(&left);
        source_fini(&left);
        return status;
    }
    source_read(&right, names[1], variables, n_variables, false);
    status = is_usable(&left) && is_usable(&right)
                 ? compare(&left, &right, is_json)
                 : STATUS_TROUBLE;
    source_fini(&left);
    source_fini(&right);
    return status;
}

int
main(int argc, char **argv)
{
    static const char *const words[] = { "dump", "diff", "check" };
    int n = cli_parse(&cli, argc, argv, STATUS_TROUBLE), n_names = 0;

    log_init("sallyport-config");
    secret_process();
    while (n_names + 2 <= n && strncmp(argv[n_names + 2], "--", 2) != 0)
        n_names++;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(argv[1], words[i]) == 0)
            return run(argv[1], argv + 2, n_names, argv + 2 + n_names,
                       n - 1 - n_names);
    return complain("expected dump, diff or check, found", argv[1]);
}
