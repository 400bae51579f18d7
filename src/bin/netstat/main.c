/* sallyport netstat: connections of a stack and the AT-TLS policy they have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cli.h"
#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "ipc/chan.h"
#include "ipc/stack.h"
#include "netstat.h"

#define STATUS_NONE 1
#define STATUS_USAGE 2
#define STATUS_FAILED 16
#define WAIT_MS 15000u

static const char *stack = "TCPIP1";
static bool ttls, conn, all, json;

static const struct cli_opt opts[] = {
    { "stack", 'p', CLI_STRING, &stack, "NAME", "of this stack (TCPIP1)" },
    { "ttls", 'x', CLI_FLAG, &ttls, NULL, "the report TTLS" },
    { "conn", 'c', CLI_FLAG, &conn, NULL, "the report CONN" },
    { "all", 'A', CLI_FLAG, &all, NULL, "the report ALL" },
    { "json", 0, CLI_FLAG, &json, NULL, "the stack's answer, for programs" },
};

static const struct cli cli = {
    .command = "sallyport netstat",
    .usage = "[-p STACK] [--json] [REPORT [OPTION...]]",
    .summary = "Show connections and what AT-TLS does for them.",
    .detail =
        "  TTLS [GROUP [DETAIL]]          groups and how many connections\n"
        "  TTLS COnn [ID [DETAIL]]        connections with a policy\n"
        "  CONN [CONNType TTLSPolicy|NOTTLSPolicy]\n"
        "  ALL  [CONNType TTLSPolicy|NOTTLSPolicy]\n"
        "  CONFIG                         TCPCONFIG's TTLS\n"
        "  [TCp STACK] may follow. Without a report: TTLS.\n"
        "  Ends with 1 when what was asked for is not there.\n",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .max_args = -1,
};

struct wish {
    enum { REPORT_TTLS, REPORT_CONN, REPORT_ALL, REPORT_CONFIG } report;
    bool by_group, by_connection, detail, with_policy, without_policy;
    char id[12]; /* as the rows have it; "": of all */
};

/* A word, or as much of it as its capitals say. */
static bool
is_word(const char *arg, const char *word, size_t shortest)
{
    struct str s = str_of(arg);

    return s.n >= shortest && str_starts_nocase(str_of(word), s);
}

static int
bad(const char *found, const char *expected)
{
    fprintf(stderr, "netstat: \"%s\": expected %s\n", found, expected);
    return STATUS_USAGE;
}

/* A connection's id: 1 to 8 digits, "1a" is 0000001A. */
static bool
read_id(const char *s, char out[12])
{
    unsigned long id;

    if (*s == '\0' || strlen(s) > 8 ||
        strspn(s, "0123456789abcdefABCDEF") != strlen(s))
        return false;
    id = strtoul(s, NULL, 16);
    (void)snprintf(out, 12, "%08lX", id);
    return true;
}

static int
read_report(const char *word, struct wish *w)
{
    if (is_word(word, "TTLS", 2))
        w->report = REPORT_TTLS;
    else if (is_word(word, "ALL", 2))
        w->report = REPORT_ALL;
    else if (is_word(word, "CONFIG", 4))
        w->report = REPORT_CONFIG;
    else if (is_word(word, "CONN", 2))
        w->report = REPORT_CONN;
    else
        return bad(word, "TTLS, CONN, ALL or CONFIG");
    return 0;
}

static int
read_type(const char *word, struct wish *w)
{
    if (word != NULL && is_word(word, "TTLSPOLICY", 5))
        w->without_policy = false;
    else if (word != NULL && is_word(word, "NOTTLSPOLICY", 7))
        w->with_policy = false;
    else
        return bad(word == NULL ? "" : word, "TTLSPolicy or NOTTLSPolicy");
    return 0;
}

/* GRoup and COnn exclude each other. */
static int
read_kind(const char *word, bool by_connection, struct wish *w)
{
    if (w->by_group || w->by_connection)
        return bad(word, "GRoup or COnn once");
    w->by_group = !by_connection;
    w->by_connection = by_connection;
    return 0;
}

/* Options after the report; argv[i] is NULL behind the last one. */
static int
read_options(char **argv, int n, int i, struct wish *w)
{
    bool is_ttls = w->report == REPORT_TTLS;
    bool has_type = w->report == REPORT_CONN || w->report == REPORT_ALL;
    int status = 0;

    for (; status == 0 && i <= n; i++) {
        const char *word = argv[i];

        if (is_ttls && is_word(word, "GROUP", 2)) {
            status = read_kind(word, false, w);
        } else if (is_ttls && is_word(word, "CONN", 2)) {
            status = read_kind(word, true, w);
            if (status == 0 && i < n && read_id(argv[i + 1], w->id))
                i++;
        } else if (is_ttls && is_word(word, "DETAIL", 3)) {
            w->detail = true;
        } else if (has_type && is_word(word, "CONNTYPE", 5)) {
            i++;
            status = read_type(i <= n ? argv[i] : NULL, w);
        } else if (is_word(word, "TCP", 2) && i < n) {
            stack = argv[++i];
        } else {
            status = bad(word, "an option of the report; see --help");
        }
    }
    if (status == 0 && w->detail && w->by_connection && w->id[0] == '\0')
        status = bad("DETAIL", "the id of one connection before it");
    return status;
}

static int
read_wish(char **argv, int n, struct wish *w)
{
    int status;

    w->with_policy = w->without_policy = true;
    if (ttls + conn + all > 1)
        return bad("-x, -c, -A", "one of them");
    if (n == 0 || ttls || conn || all) {
        w->report = all ? REPORT_ALL : conn ? REPORT_CONN : REPORT_TTLS;
        return read_options(argv, n, 1, w);
    }
    status = read_report(argv[1], w);
    return status != 0 ? status : read_options(argv, n, 2, w);
}

static enum err
ask(struct buf *out, const struct wish *w, struct err_info *why)
{
    struct stack_answer answer = { .fd = -1 };
    struct buf request;
    struct reader in;
    struct str rows;
    char socket[64];
    enum err e;

    if (!stack_socket(str_of(stack), socket))
        return err_set(why, ERR_NOT_FOUND, "\"%s\" is no name of a stack",
                       stack);
    buf_init(&request, 64);
    buf_str(&request, !w->detail         ? STR("")
                      : w->by_connection ? str_of(w->id)
                                         : STR(STACK_QUERY_GROUPS));
    e = stack_ask(socket, STACK_QUERY, buf_view(&request), -1, WAIT_MS, &answer,
                  why);
    buf_fini(&request);
    if (e == ERR_NOT_FOUND)
        e = err_set(why, e, "no process holds that stack; S PAGENT starts it");
    if (e == ERR_OK && answer.type != STACK_ROWS) {
        e = stack_done(&answer, why);
        if (e == ERR_OK)
            e = err_set(why, ERR_PEER, "the stack's answer is not understood");
    } else if (e == ERR_OK) {
        in = reader_of(buf_view(&answer.payload));
        if (reader_str(&in, 0, CHAN_BYTES_MAX, &rows))
            buf_add(out, rows);
        else
            e = err_set(why, ERR_PEER, "the stack's answer is cut");
    }
    stack_answer_fini(&answer);
    return e;
}

static void
print(const struct answer *a, const struct wish *w)
{
    switch (w->report) {
    case REPORT_TTLS:
        if (w->by_connection)
            print_ttls_connections(a, str_of(w->id));
        else
            print_groups(a, w->detail);
        break;
    case REPORT_CONN:
        print_connections(a, w->with_policy, w->without_policy, false);
        break;
    case REPORT_ALL:
        print_connections(a, w->with_policy, w->without_policy, true);
        break;
    case REPORT_CONFIG:
        print_config(a);
        break;
    }
}

/* The connection that was asked for may not be there. */
static int
show(const struct answer *a, const struct wish *w, struct str text)
{
    bool is_there = w->id[0] == '\0' || has_ttls_connection(a, str_of(w->id));

    if (json) {
        printf(STR_FMT "\n", STR_ARG(text));
    } else {
        print(a, w);
        if (!is_there)
            printf("EZZ2383I CONNECTION %s NOT FOUND\n", w->id);
    }
    return is_there ? 0 : STATUS_NONE;
}

int
main(int argc, char **argv)
{
    int n = cli_parse(&cli, argc, argv, STATUS_USAGE);
    struct wish w = { 0 };
    struct err_info why = { 0 };
    struct answer answer;
    struct arena arena;
    struct buf text;
    int status = read_wish(argv, n, &w);
    enum err e;

    if (status != 0)
        return status;
    log_init("sallyport-netstat");
    buf_init(&text, CHAN_BYTES_MAX);
    arena_init(&arena, (size_t)256 << 20);
    e = ask(&text, &w, &why);
    if (e == ERR_OK)
        e = answer_parse(&arena, buf_view(&text), &answer, &why);
    if (e == ERR_OK) {
        status = show(&answer, &w, buf_view(&text));
        answer_fini(&answer);
    }
    arena_fini(&arena);
    buf_fini(&text);
    if (e != ERR_OK) {
        fprintf(stderr, "netstat: %s: %s\n", stack, why.text);
        return e == ERR_NOT_FOUND ? STATUS_NONE : STATUS_FAILED;
    }
    return status;
}
