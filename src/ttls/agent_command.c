/* F PAGENT,... */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ttls/agent_priv.h"

struct reply {
    struct agent *agent;
    uint32_t id;
    bool has_failed;
};

static void
answer(struct reply *r, const char *id, struct str insert)
{
    struct buf line;

    buf_init(&line, 2048);
    buf_printf(&line, "%s ", id);
    msg_text(&line, id, &insert, 1);
    task_reply(r->agent->task, r->id, buf_view(&line));
    buf_fini(&line);
}

static void PRINTF_LIKE(2, 3) answerf(struct reply *r, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    answer(r, "EZZ8445I", str_of(text));
}

static void
accepted(struct reply *r)
{
    answer(r, "EZZ8443I", (struct str){ 0 });
}

static void rejected(struct reply *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
rejected(struct reply *r, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    answer(r, "EZZ8444I", str_of(text));
    r->has_failed = true;
}

static void
run_pass(struct reply *r, enum pass kind)
{
    struct err_info why;

    if (agent_readable(r->agent, &why) != ERR_OK) {
        agent_logf(r->agent, LEVEL_SYSERR, "main: %s", why.text);
        rejected(r, "%s", why.text);
        return;
    }
    accepted(r);
    if (agent_pass(r->agent, kind, &why) != ERR_OK)
        rejected(r, "%s", why.text);
}

static void
do_refresh(struct reply *r, struct str rest)
{
    if (rest.n > 0)
        rejected(r, "found \"" STR_FMT "\" after REFRESH", STR_ARG(rest));
    else
        run_pass(r, PASS_REFRESH);
}

static void
do_update(struct reply *r, struct str rest)
{
    if (rest.n > 0)
        rejected(r, "found \"" STR_FMT "\" after UPDATE", STR_ARG(rest));
    else
        run_pass(r, PASS_UPDATE);
}

/* The reply's layout is ours [unverified]. */
static void
do_query(struct reply *r, struct str rest)
{
    struct agent *a = r->agent;

    if (rest.n > 0) {
        rejected(r, "found \"" STR_FMT "\" after QUERY", STR_ARG(rest));
        return;
    }
    accepted(r);
    answerf(r, "LOGLEVEL=%u TRACE=%u DEBUG=%u", a->log.level, a->trace,
            a->debug);
    answerf(r, "CONFIGURATION FILE='%s'", a->conf_file);
    answerf(r, "LOG FILE='%s'", a->log.saf != NULL ? "SYSLOGD" : a->log.path);
    for (size_t i = 0; i < a->n_images; i++) {
        const struct image *image = &a->images[i];
        const struct ttls_rule *const *rules;

        answerf(r, "IMAGE=%s CONFIGURATION FILE='%s' TTLS FILE='%s'",
                image->name,
                image->image_file[0] == '\0' ? a->conf_file : image->image_file,
                image->ttls_file);
        if (image->policy == NULL)
            answerf(r, "IMAGE=%s NO TTLS POLICY", image->name);
        else
            answerf(r, "IMAGE=%s TTLS RULES=%zu INSTANCE=%llu%s", image->name,
                    ttls_policy_rules(image->policy, &rules),
                    (unsigned long long)ttls_policy_instance(image->policy),
                    image->has_errors ? " (NEW DEFINITIONS CONTAIN ERRORS)"
                                      : "");
    }
}

/* [LEVEL=[n]]; without n the level stays. */
static void
set_level(struct reply *r, struct str rest, uint32_t max, uint32_t *level)
{
    uint64_t n;

    if (rest.n == 0 || str_eq_nocase_z(rest, "LEVEL=")) {
        accepted(r);
    } else if (!str_starts_nocase(rest, STR("LEVEL=")) ||
               !str_to_u64(str_sub(rest, 6, rest.n), &n) || n > max) {
        rejected(r, "found \"" STR_FMT "\", expected LEVEL=0 to %u",
                 STR_ARG(rest), max);
    } else {
        *level = (uint32_t)n;
        accepted(r);
    }
}

static void
do_loglevel(struct reply *r, struct str rest)
{
    set_level(r, rest, 511, &r->agent->log.level);
}

static void
do_trace(struct reply *r, struct str rest)
{
    set_level(r, rest, 255, &r->agent->trace);
}

static void
do_debug(struct reply *r, struct str rest)
{
    set_level(r, rest, 255, &r->agent->debug);
}

/* The original's memory request buffer: what we can say of ours. */
static void
do_memtrc(struct reply *r, struct str rest)
{
    FILE *file;
    char line[256];

    if (rest.n > 0) {
        rejected(r, "found \"" STR_FMT "\" after MEMTRC", STR_ARG(rest));
        return;
    }
    file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "Vm", 2) == 0)
            agent_logf(r->agent, LEVEL_SYSERR, "memtrc: %s", line);
    }
    if (file != NULL)
        (void)fclose(file);
    accepted(r);
}

static void
do_srvlstn(struct reply *r, struct str rest)
{
    if (rest.n > 0) {
        rejected(r, "found \"" STR_FMT "\" after SRVLSTN", STR_ARG(rest));
        return;
    }
    accepted(r);
    answer(r, "SPT0651I", (struct str){ 0 });
}

static bool
is_one_of(struct str word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase_z(word, words[i]))
            return true;
    }
    return false;
}

/*
 * MON,DISPLAY[,application]  MON,START|RESTART|STOP,application
 * application = ALL, DMD, IKED, NSSD, SYSLOGD or TRMD[,P=image]
 */
static bool
read_mon(struct str rest, struct str *name)
{
    static const char *const verbs[] = { "DISPLAY", "START", "RESTART",
                                         "STOP" };
    static const char *const names[] = { "ALL",  "DMD",     "IKED",
                                         "NSSD", "SYSLOGD", "TRMD" };
    struct str verb = { 0 }, image = { 0 };

    *name = STR("ALL");
    (void)str_token(&rest, ',', &verb);
    verb = str_trim(verb);
    if (!is_one_of(verb, verbs, ARRAY_LEN(verbs)))
        return false;
    if (rest.p == NULL)
        return str_eq_nocase_z(verb, "DISPLAY");
    (void)str_token(&rest, ',', name);
    *name = str_trim(*name);
    if (!is_one_of(*name, names, ARRAY_LEN(names)))
        return false;
    if (rest.p == NULL)
        return true;
    image = str_trim(rest);
    return str_eq_nocase_z(*name, "TRMD") &&
           str_starts_nocase(image, STR("P=")) &&
           stack_name_ok(str_sub(image, 2, image.n));
}

static void
do_mon(struct reply *r, struct str rest)
{
    struct str name;

    if (!read_mon(rest, &name)) {
        rejected(r, "expected MON,DISPLAY or MON,START|RESTART|STOP,ALL|DMD|"
                    "IKED|NSSD|SYSLOGD|TRMD[,P=image]");
        return;
    }
    accepted(r);
    answer(r, "SPT0650I", name);
}

static const struct {
    const char *word;
    void (*run)(struct reply *, struct str rest);
} commands[] = {
    { "REFRESH", do_refresh }, { "UPDATE", do_update },
    { "QUERY", do_query },     { "LOGLEVEL", do_loglevel },
    { "TRACE", do_trace },     { "DEBUG", do_debug },
    { "MEMTRC", do_memtrc },   { "SRVLSTN", do_srvlstn },
    { "MON", do_mon },
};

void
agent_command(struct agent *a, const struct task_command *command)
{
    struct reply r = { .agent = a, .id = command->id };
    struct str rest = str_trim(command->text), word = { 0 };

    (void)str_token(&rest, ',', &word);
    word = str_trim(word);
    rest = rest.p == NULL ? (struct str){ 0 } : str_trim(rest);
    agent_logf(a, LEVEL_EVENT, "main: MODIFY from %s: " STR_FMT, command->user,
               STR_ARG(command->text));
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (str_eq_nocase_z(word, commands[i].word)) {
            commands[i].run(&r, rest);
            task_reply_end(a->task, command->id, !r.has_failed);
            return;
        }
    }
    rejected(&r, "\"" STR_FMT "\" is not a command of the agent",
             STR_ARG(word));
    task_reply_end(a->task, command->id, false);
}
