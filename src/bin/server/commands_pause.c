/*
 * PAUSE, RESUME, STATUS: inbound work of the endpoints. A paused endpoint's
 * ports are closed, requests under way finish.
 * Source: Liberty on z/OS, pause/resume command handler.
 */
#include "commands.h"

#include "base/vec.h"

#define HANDLER "Pause/Resume Command Handler"
#define LOGGER                                                                 \
    "com.ibm.ws.kernel.launch.internal.PauseableComponentControllerImpl"
#define ENDPOINTS_MAX 64u

static const char short_help[] =
    "To stop taking requests, to take them again, and to see which:\n"
    "  MODIFY <jobname.>identifier,<param>,target='id,...'\n"
    "  where <param> is pause, resume or status";
static const char long_help[] =
    "MODIFY <jobname.>identifier,<param>,target='id,...'\n"
    " PAUSE: close the ports of all endpoints; requests under way finish\n"
    " PAUSE,TARGET='id,...': of these endpoints only\n"
    " RESUME: open the ports of all paused endpoints\n"
    " RESUME,TARGET='id,...': of these endpoints only\n"
    " STATUS: is the server active or paused\n"
    " STATUS,DETAILS: is each endpoint active, paused or closed\n"
    " STATUS,TARGET='id,...': these endpoints only";

enum targets { TARGETS_ALL, TARGETS_LISTED, TARGETS_MALFORMED };

/* "TARGET=" [ "'" ] ids [ "'" ] */
static enum targets
read_targets(struct str operands, struct str *out)
{
    struct str list;

    if (!str_starts_nocase(operands, STR("TARGET=")))
        return TARGETS_MALFORMED;
    list = str_trim(str_sub(operands, 7, operands.n));
    if (str_starts(list, STR("'")))
        list = str_sub(list, 1, list.n);
    if (str_ends(list, STR("'")))
        list = str_sub(list, 0, list.n - 1);
    *out = str_trim(list);
    return out->n > 0 ? TARGETS_LISTED : TARGETS_MALFORMED;
}

/* Without operands the command is the bare word, or it only begins so. */
static enum targets
targets_of(const struct modify_call *call, const char *word, struct str *out)
{
    *out = STR("");
    if (call->operands.n == 0)
        return str_eq_nocase_z(call->command, word) ? TARGETS_ALL
                                                    : TARGETS_MALFORMED;
    return call->command.p[str_of(word).n] == ','
               ? read_targets(call->operands, out)
               : TARGETS_MALFORMED;
}

static void
tell(const struct modify_call *call, const char *id, struct str names)
{
    struct buf text, list;

    buf_init(&text, 8192);
    buf_init(&list, 4096 + 2);
    if (names.n > 0)
        buf_printf(&list, "[" STR_FMT "]", STR_ARG(names));
    MESSAGES_LOG(command_worker(call)->log, LOGGER, id, buf_view(&list));
    MSG_LINE(&text, id, buf_view(&list));
    modify_say(call, "%s", buf_z(&text));
    buf_fini(&list);
    buf_fini(&text);
}

/* What is paused and what is resumed has a message each. */
struct words {
    const char *word, *all, *some, *completed, *nothing, *unknown, *failed;
};
static const struct words pause_words = { "PAUSE",      "CWWKE0923I",
                                          "CWWKE0924I", "CWWKE0938I",
                                          "CWWKE0933W", "CWWKE0935W",
                                          "CWWKE0929E" };
static const struct words resume_words = { "RESUME",     "CWWKE0925I",
                                           "CWWKE0926I", "CWWKE0939I",
                                           "CWWKE0934W", "CWWKE0936W",
                                           "CWWKE0930E" };

static bool
change(const struct modify_call *call, const struct words *words)
{
    struct worker *w = command_worker(call);
    struct buf unknown, failed;
    struct str targets;
    enum err e;

    if (command_is_help(call)) {
        modify_say_help(call, long_help);
        return true;
    }
    if (targets_of(call, words->word, &targets) == TARGETS_MALFORMED)
        return command_malformed(call, long_help);
    MESSAGES_LOG(w->log, LOGGER, targets.n > 0 ? words->some : words->all,
                 targets);
    buf_init(&unknown, 4096);
    buf_init(&failed, 4096);
    e = gateway_pause(w->gateway, words == &pause_words, targets, &unknown,
                      &failed);
    if (e == ERR_NOT_NOW)
        tell(call, words->nothing, STR(""));
    if (unknown.n > 0)
        tell(call, words->unknown, buf_view(&unknown));
    if (failed.n > 0)
        tell(call, words->failed, buf_view(&failed));
    else if (e != ERR_NOT_NOW)
        MESSAGES_LOG0(w->log, LOGGER, words->completed);
    buf_fini(&unknown);
    buf_fini(&failed);
    return e == ERR_OK;
}

static bool
on_pause(const struct modify_call *call)
{
    return change(call, &pause_words);
}

static bool
on_resume(const struct modify_call *call)
{
    return change(call, &resume_words);
}

/* ---- STATUS ---- */

/* Words of the original, which calls even an unknown one a success. */
static bool
status_of(const struct modify_call *call, struct str targets,
          const struct gateway_endpoint *v, size_t n)
{
    struct str target;

    while (str_token(&targets, ',', &target)) {
        size_t i = 0;

        target = str_trim(target);
        while (i < n && !str_eq(v[i].id, target))
            i++;
        if (i < n)
            modify_say(call, "TARGET " STR_FMT " is %s.", STR_ARG(v[i].id),
                       gateway_endpoint_state(&v[i]));
        else
            modify_say(call, "TARGET " STR_FMT " was not found.",
                       STR_ARG(str_sub(target, 0, 100)));
    }
    return true;
}

static void
say_details(const struct modify_call *call, const struct gateway_endpoint *v,
            size_t n)
{
    const struct cfg_tree *tree = command_worker(call)->tree;

    for (size_t i = 0; i < n; i++) {
        const struct cfg_http_endpoint *e =
            cfg_find(tree, &cfg_type_http_endpoint, v[i].id);

        if (e != NULL)
            modify_say(call,
                       STR_FMT "(%s): host:" STR_FMT
                               ", httpPort:%lld, httpsPort:%lld",
                       STR_ARG(v[i].id), gateway_endpoint_state(&v[i]),
                       STR_ARG(e->host), (long long)e->http_port,
                       (long long)e->https_port);
    }
    if (n == 0)
        modify_say(call, "No results returned from pauseable components");
}

static bool
on_status(const struct modify_call *call)
{
    struct worker *w = command_worker(call);
    struct gateway_endpoint v[ENDPOINTS_MAX];
    size_t n = gateway_endpoints(w->gateway, v, ARRAY_LEN(v)), n_open = 0;
    struct str targets;

    if (command_is_help(call)) {
        modify_say_help(call, long_help);
        return true;
    }
    for (size_t i = 0; i < n; i++)
        n_open += v[i].n_open;
    if (str_starts_nocase(call->command, STR("STATUS,DETAILS"))) {
        say_details(call, v, n);
        return true;
    }
    switch (targets_of(call, "STATUS", &targets)) {
    case TARGETS_ALL:
        /* as there, a port that failed counts like one that was closed */
        modify_say(call, "server %s is %s.", w->settings->name,
                   n > 0 && n_open == 0 ? "paused" : "active");
        return true;
    case TARGETS_LISTED:
        return status_of(call, targets, v, n);
    case TARGETS_MALFORMED:
        break;
    }
    return command_malformed(call, long_help);
}

static const struct modify_row rows[] = {
    { "PAUSE", HANDLER, short_help, on_pause, true },
    { "RESUME", HANDLER, NULL, on_resume, true },
    { "STATUS", HANDLER, NULL, on_status, true },
};
const struct command_rows commands_pause = { rows, ARRAY_LEN(rows) };
