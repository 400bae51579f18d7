/*
 * Operator commands: one row for each. Authority is class OPERCMDS; a command
 * that no profile protects is for operators, unless it only displays.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/msg.h"
#include "batch/operator_priv.h"
#include "batch/tcpip.h"
#include "ipc/task.h"

/* {0} in a resource is the job's name, or the task's procedure and identifier;
 * {T} JOB or STC. Source: z/OS MVS Planning: Operations, MVS commands. */
struct verb {
    const char *word;
    const char *letter;
    const char *resource;
    enum saf_level level;
    void (*run)(struct command *);
};

void
operator_reply(struct command *c, const char *id, struct str a, struct str b)
{
    struct str inserts[] = { a, b };
    struct buf out;

    buf_init(&out, 2048);
    buf_printf(&out, "%s ", id);
    msg_text(&out, id, inserts, ARRAY_LEN(inserts));
    session_line(c->session, buf_view(&out));
    buf_fini(&out);
}

/* --- F and P ------------------------------------------------------------ */

/*
 * The address space that "identifier" or "jobname.identifier" names. A task
 * has its job name as identifier unless S gave it another; then its job name
 * alone does not name it.
 */
static struct space *
space_named(const struct command *c)
{
    for (size_t i = 0; i < c->master->n_spaces; i++) {
        struct space *s = c->master->spaces[i];

        if (c->identifier.n > 0
                ? str_eq_z(c->name, s->record.name) &&
                      str_eq_z(c->identifier, s->identifier)
                : str_eq_z(c->name,
                           s->is_task ? s->identifier : s->record.name))
            return s;
    }
    return NULL;
}

static void
not_active(struct command *c)
{
    operator_reply(c, "IEE341I", c->name, (struct str){ 0 });
    session_done(c->session, 8);
}

static void
do_modify(struct command *c)
{
    struct space *space = space_named(c);
    uint32_t id = ++c->master->next_command;

    if (space == NULL) {
        not_active(c);
        return;
    }
    if (c->rest.n == 0) {
        session_printf(c->session, "IEE307I MODIFY DELIMITER ERROR: expected "
                                   "F jobname,text");
        session_done(c->session, 8);
        return;
    }
    if (!space_command(space, TASK_MODIFY, id, c->session->acee->user,
                       c->rest)) {
        operator_reply(c, "IEE342I", (struct str){ 0 }, (struct str){ 0 });
        session_done(c->session, 8);
        return;
    }
    c->session->waiting = (struct waiting){
        .id = id,
        .space = space,
        .until_ms = clock_mono_ms() + MASTER_REPLY_WAIT_MS,
    };
}

static void
do_stop(struct command *c)
{
    struct space *space = space_named(c);

    if (space == NULL) {
        not_active(c);
        return;
    }
    if (!space->is_task) {
        session_printf(c->session,
                       "IEE305I STOP COMMAND INVALID: %s is a job; use C %s",
                       space->record.name, space->record.name);
        session_done(c->session, 8);
        return;
    }
    space_stop(space, c->session->acee->user);
    /* The command returns when the task is gone; the name is free then. */
    memcpy(c->session->waits_for, space->record.id,
           sizeof c->session->waits_for);
}

static void
do_cancel(struct command *c)
{
    struct space *space = space_named(c);

    if (space == NULL) {
        not_active(c);
        return;
    }
    operator_reply(c, "IEE301I", c->name, STR("CANCEL"));
    space_cancel(space);
    session_done(c->session, 0);
}

/* --- D ------------------------------------------------------------------ */

static void
display_head(struct command *c, const char *id)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;

    (void)localtime_r(&now, &tm);
    session_printf(c->session, "%s %02d.%02d.%02d %d.%03d ACTIVITY", id,
                   tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900,
                   tm.tm_yday + 1);
}

static void
display_spaces(struct command *c, struct str only)
{
    unsigned n_jobs = 0, n_tasks = 0;

    for (size_t i = 0; i < c->master->n_spaces; i++)
        c->master->spaces[i]->is_task ? n_tasks++ : n_jobs++;
    display_head(c, "IEE114I");
    session_printf(c->session, "  JOBS     STCS");
    session_printf(c->session, "%06u   %06u", n_jobs, n_tasks);
    for (size_t i = 0; i < c->master->n_spaces; i++) {
        const struct space *s = c->master->spaces[i];
        bool is_other;

        if (only.n > 0 && !str_eq_z(only, s->record.name))
            continue;
        is_other = s->is_task && strcmp(s->identifier, s->record.name) != 0;
        session_printf(c->session, "  %-8s %-8s %-8s USER %-8s %s%s%s",
                       s->record.name, s->record.id,
                       s->is_task ? s->record.proc : "", s->record.user,
                       s->is_ready || !s->is_task ? "ACTIVE" : "STARTING",
                       is_other ? " ID " : "", is_other ? s->identifier : "");
    }
}

static void
do_display(struct command *c)
{
    if (str_eq_z(c->name, "TCPIP")) {
        tcpip_display(c);
        return;
    }
    if (str_eq_z(c->name, "A") || str_eq_z(c->name, "J") ||
        str_eq_z(c->name, "JOBS") || str_eq_z(c->name, "ACTIVE")) {
        struct str what = str_upper(c->arena, c->rest);
        bool is_list = what.n == 0 || str_eq_z(what, "L") ||
                       str_eq_z(what, "LIST") || str_eq_z(what, "ALL");

        if (!is_list && space_find(c->master, what) == NULL) {
            session_printf(c->session, "IEE341I %.*s NOT ACTIVE",
                           STR_ARG(what));
            session_done(c->session, 8);
            return;
        }
        display_spaces(c, is_list ? (struct str){ 0 } : what);
        session_done(c->session, 0);
        return;
    }
    session_printf(c->session,
                   "IEE309I DISPLAY UNIDENTIFIABLE OPERAND \"%.*s\"; expected "
                   "A,L or J,jobname or TCPIP",
                   STR_ARG(c->name));
    session_done(c->session, 8);
}

static void
do_shutdown(struct command *c)
{
    session_printf(c->session, "%zu address spaces are asked to end",
                   c->master->n_spaces);
    c->session->is_shutdown = true;
    master_shutdown(c->master);
}

static const struct verb verbs[] = {
    { "START", "S", "MVS.START.STC.{0}", SAF_UPDATE, operator_start },
    { "STOP", "P", "MVS.STOP.{T}.{0}", SAF_UPDATE, do_stop },
    { "MODIFY", "F", "MVS.MODIFY.{T}.{0}", SAF_UPDATE, do_modify },
    { "CANCEL", "C", "MVS.CANCEL.{T}.{0}", SAF_UPDATE, do_cancel },
    { "DISPLAY", "D", "MVS.DISPLAY.JOB", SAF_READ, do_display },
    { "VARY", "V", "MVS.VARY.TCPIP.OBEYFILE", SAF_CONTROL, tcpip_vary },
    { "SHUTDOWN", "SHUTDOWN", "MVS.HALT.EOD", SAF_UPDATE, do_shutdown },
};

/* What {0} stands for: as it runs, or as the command names it. */
static void
add_target(struct buf *out, const struct command *c, const struct space *space)
{
    if (space != NULL && space->is_task)
        buf_printf(out, "%s.%s", space->record.proc, space->identifier);
    else if (space != NULL)
        buf_add_z(out, space->record.name);
    else
        buf_printf(out, "%.*s%s%.*s", STR_ARG(c->name),
                   c->identifier.n > 0 ? "." : "", STR_ARG(c->identifier));
}

static struct str
resource_of(struct command *c, const struct verb *verb)
{
    const struct space *space =
        verb->run == operator_start ? NULL : space_named(c);
    struct buf out;
    struct str name;

    buf_init(&out, SAF_PROFILE_MAX);
    for (const char *p = verb->resource; *p != '\0'; p++) {
        if (strncmp(p, "{0}", 3) == 0) {
            add_target(&out, c, space);
            p += 2;
        } else if (strncmp(p, "{T}", 3) == 0) {
            buf_add_z(&out, space != NULL && !space->is_task ? "JOB" : "STC");
            p += 2;
        } else {
            buf_add_char(&out, *p);
        }
    }
    name = str_dup(c->arena, buf_view(&out));
    buf_fini(&out);
    return name;
}

/* 0 allowed. 4, not protected: the console's own authority decides, which is
 * to look, and for operators (SPECIAL, OPERATIONS) all of it: anybody's job
 * can reach the master. 8, and an angel that does not answer: refused. */
static bool
is_allowed(struct command *c, const struct verb *verb)
{
    struct saf_decision decision;
    struct err_info why;
    enum err e =
        saf_check_remote(c->master->saf, c->session->acee, STR("OPERCMDS"),
                         resource_of(c, verb), verb->level, &decision, &why);

    if (e == ERR_OK &&
        (decision.rc.saf == 0 ||
         (decision.rc.saf == 4 &&
          (verb->level == SAF_READ ||
           (c->session->acee->attrs & (ACEE_SPECIAL | ACEE_OPERATIONS)) != 0))))
        return true;
    if (e != ERR_OK)
        log_warn("OPERCMDS: %s", why.text);
    else
        log_info("OPERCMDS: %u/%u/%u", decision.rc.saf, decision.rc.racf,
                 decision.rc.reason);
    session_printf(c->session,
                   "IEE345I %s AUTHORITY INVALID, FAILED BY SECURITY PRODUCT",
                   verb->word);
    session_done(c->session, 8);
    return false;
}

static void
run_command(struct command *c)
{
    size_t blank = str_find_char(c->text, ' '), comma, dot;
    struct str word = str_upper(c->arena, str_sub(c->text, 0, blank));

    c->operand = blank == STR_NPOS
                     ? (struct str){ 0 }
                     : str_trim(str_sub(c->text, blank, c->text.n));
    comma = str_find_char(c->operand, ',');
    c->name = str_trim(str_upper(c->arena, str_sub(c->operand, 0, comma)));
    dot = str_find_char(c->name, '.');
    if (dot != STR_NPOS)
        c->identifier = str_sub(c->name, dot + 1, c->name.n);
    c->name = str_sub(c->name, 0, dot);
    c->rest = comma == STR_NPOS ? (struct str){ 0 }
                                : str_sub(c->operand, comma + 1, c->operand.n);
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (!str_eq_z(word, verbs[i].word) && !str_eq_z(word, verbs[i].letter))
            continue;
        if (verbs[i].run != do_shutdown &&
            (!jcl_is_name(c->name) ||
             (dot != STR_NPOS && !jcl_is_name(c->identifier)))) {
            session_printf(c->session,
                           "IEE307I %s DELIMITER ERROR; expected a name of 1 "
                           "to 8 characters, or name.identifier, after %s",
                           verbs[i].word, verbs[i].letter);
            session_done(c->session, 8);
            return;
        }
        if (is_allowed(c, &verbs[i]))
            verbs[i].run(c);
        return;
    }
    operator_reply(c, "IEE305I", word, (struct str){ 0 });
    session_done(c->session, 8);
}

void
operator_command(struct session *session, struct str text)
{
    struct arena arena;
    struct command c = { .session = session,
                         .master = session->master,
                         .arena = &arena };

    arena_init(&arena, 4 * 1024 * 1024);
    c.text = str_trim(text);
    run_command(&c);
    arena_fini(&arena);
}
