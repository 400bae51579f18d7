/*
 * Operator commands: one row for each. Authority is class OPERCMDS; a command
 * that no profile protects is for operators, unless it only displays.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "batch/master_priv.h"
#include "ipc/task.h"

struct command {
    struct session *session;
    struct master *master;
    struct str text;    /* as typed */
    struct str operand; /* after the verb */
    struct str name;    /* upper case, up to the first comma */
    struct str rest;    /* after that comma */
    struct arena *arena;
};

/* {0} in a resource is the job's name, {T} JOB or STC. */
struct verb {
    const char *word;
    const char *letter;
    const char *resource;
    enum saf_level level;
    void (*run)(struct command *);
};

static void
reply_id(struct command *c, const char *id, struct str a, struct str b)
{
    struct str inserts[] = { a, b };
    struct buf out;

    buf_init(&out, 2048);
    buf_printf(&out, "%s ", id);
    msg_text(&out, id, inserts, ARRAY_LEN(inserts));
    session_line(c->session, buf_view(&out));
    buf_fini(&out);
}

/* --- S ------------------------------------------------------------------ */

/* In root mode a library is read with its reader's rights, not with ours. */
static void
file_access_as(uid_t uid)
{
    if (root_is_private())
        return;
    (void)setfsgid(uid);
    (void)setfsuid(uid);
}

enum err
master_read_member(void *arg, struct arena *arena, struct str library,
                   struct str member, struct str *text, struct err_info *why)
{
    const uid_t *reader = arg; /* NULL: the operator's own procedures */
    struct buf file;
    char *path;
    enum err e;

    if (!jcl_is_name(member) || (library.n > 0 && !jcl_is_dsn(library)))
        return err_set(why, ERR_NOT_FOUND, "no such member");
    path = library.n == 0
               ? root_path(arena, "datasets/SYS1.PROCLIB/%.*s", STR_ARG(member))
               : root_path(arena, "datasets/%.*s/%.*s", STR_ARG(library),
                           STR_ARG(member));
    if (path == NULL)
        return ERR_MEMORY;
    buf_init(&file, 256 * 1024);
    if (reader != NULL)
        file_access_as(*reader);
    e = file_read_plain(path, &file, why);
    if (reader != NULL)
        file_access_as(geteuid());
    if (e == ERR_OK) {
        *text = str_dup(arena, buf_view(&file));
        if (text->p == NULL)
            e = ERR_MEMORY;
    }
    buf_fini(&file);
    return e;
}

#define START_OPERANDS_MAX 32u

struct start {
    struct jcl_symbol symbols[START_OPERANDS_MAX];
    size_t n;
    struct str job_name;
};

/* 'a''b' to a'b; a value without apostrophes folds to upper case. */
static struct str
start_value(struct arena *arena, struct str value)
{
    struct buf out;
    struct str copy;

    if (value.n < 2 || value.p[0] != '\'')
        return str_upper(arena, value);
    buf_init(&out, value.n + 1);
    for (size_t i = 1; i + 1 < value.n; i++) {
        if (value.p[i] == '\'' && i + 2 < value.n && value.p[i + 1] == '\'')
            i++;
        buf_add_char(&out, value.p[i]);
    }
    copy = str_dup(arena, buf_view(&out));
    buf_fini(&out);
    return copy;
}

/* The next operand: up to a comma outside apostrophes. */
static bool
next_operand(struct str *rest, struct str *out)
{
    bool in_quotes = false;
    size_t i;

    if (rest->n == 0)
        return false;
    for (i = 0; i < rest->n && (in_quotes || rest->p[i] != ','); i++) {
        if (rest->p[i] == '\'')
            in_quotes = !in_quotes;
    }
    *out = str_sub(*rest, 0, i);
    *rest = str_sub(*rest, i + 1, rest->n);
    return true;
}

static bool
start_operands(struct command *c, struct start *start)
{
    struct str rest = c->rest, piece;

    while (next_operand(&rest, &piece)) {
        size_t eq = str_find_char(piece, '=');
        struct str key = str_upper(c->arena, str_sub(piece, 0, eq));
        struct str value;

        if (eq == STR_NPOS || !jcl_is_name(key) ||
            start->n >= START_OPERANDS_MAX) {
            session_printf(c->session,
                           "IEE535I START INVALID PARAMETER: \"%.*s\"; "
                           "expected KEYWORD=value",
                           STR_ARG(piece));
            return false;
        }
        value = start_value(c->arena, str_sub(piece, eq + 1, piece.n));
        if (str_eq_z(key, "JOBNAME"))
            start->job_name = value;
        else
            start->symbols[start->n++] =
                (struct jcl_symbol){ .name = key, .value = value };
    }
    return true;
}

static void
start_errors(struct command *c, const struct jcl_errors *errors)
{
    for (size_t i = 0; i < errors->n; i++)
        session_printf(c->session, "%s line %u, column %u: %s",
                       errors->v[i].source, errors->v[i].pos.line,
                       errors->v[i].pos.column, errors->v[i].text);
    reply_id(c, "IEE122I", (struct str){ 0 }, (struct str){ 0 });
    session_done(c->session, 8);
}

static void
do_start(struct command *c)
{
    struct start start = { .job_name = c->name };
    struct jcl_errors *errors = ARENA_NEW(c->arena, struct jcl_errors);
    struct jcl_data_lines *data = ARENA_NEW(c->arena, struct jcl_data_lines);
    struct jcl_env env = { .sysuid = STR("STARTING"),
                           .proc = master_read_member,
                           .data_lines = data };
    struct jcl_job job;
    struct space *space;
    struct err_info why = { 0 };
    struct str text;
    enum err e;

    if (!start_operands(c, &start) || errors == NULL || data == NULL) {
        session_done(c->session, 8);
        return;
    }
    if (c->master->is_stopping) {
        session_printf(c->session, "the system is being shut down");
        session_done(c->session, 8);
        return;
    }
    if (space_find(c->master, start.job_name) != NULL) {
        session_printf(c->session, "IEE348I %.*s IS ALREADY ACTIVE",
                       STR_ARG(start.job_name));
        session_done(c->session, 8);
        return;
    }
    if (master_read_member(NULL, c->arena, (struct str){ 0 }, c->name, &text,
                           NULL) != ERR_OK) {
        session_printf(c->session,
                       "IEF612I PROCEDURE NOT FOUND: %.*s is not "
                       "a member of SYS1.PROCLIB",
                       STR_ARG(c->name));
        start_errors(c, errors);
        return;
    }
    env.start = start.symbols;
    env.n_start = start.n;
    e = jcl_start(c->arena, c->name, start.job_name, &env, &job, errors, &why);
    if (e != ERR_OK) {
        if (errors->n_all == 0)
            session_printf(c->session, "%s", why.text);
        start_errors(c, errors);
        return;
    }
    e = space_start(c->master,
                    &(struct space_order){ .job = &job,
                                           .jcl = text,
                                           .data = data,
                                           .is_task = true,
                                           .proc = c->name,
                                           .submitter = c->session->acee,
                                           .session = c->session },
                    &space, &why);
    if (e != ERR_OK) {
        session_printf(c->session, "%s", why.text);
        reply_id(c, "IEE132I", (struct str){ 0 }, (struct str){ 0 });
        session_done(c->session, 8);
        return;
    }
    session_printf(c->session,
                   "IEF695I START %s WITH JOBNAME %s IS ASSIGNED "
                   "TO USER %s",
                   space->record.proc, space->record.name, space->record.user);
    session_printf(c->session, "IEF403I %s - STARTED", space->record.name);
    space->starter = c->session;
    space->start_until_ms = clock_mono_ms() + MASTER_ATTACH_WAIT_MS;
}

/* --- F and P ------------------------------------------------------------ */

static void
not_active(struct command *c)
{
    reply_id(c, "IEE341I", c->name, (struct str){ 0 });
    session_done(c->session, 8);
}

static void
do_modify(struct command *c)
{
    struct space *space = space_find(c->master, c->name);
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
        reply_id(c, "IEE342I", (struct str){ 0 }, (struct str){ 0 });
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
    struct space *space = space_find(c->master, c->name);

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
    struct space *space = space_find(c->master, c->name);

    if (space == NULL) {
        not_active(c);
        return;
    }
    reply_id(c, "IEE301I", c->name, STR("CANCEL"));
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

        if (only.n > 0 && !str_eq_z(only, s->record.name))
            continue;
        session_printf(c->session, "  %-8s %-8s %-8s USER %-8s %s",
                       s->record.name, s->record.id,
                       s->is_task ? s->record.proc : "", s->record.user,
                       s->is_ready || !s->is_task ? "ACTIVE" : "STARTING");
    }
}

static void
do_display(struct command *c)
{
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
                   "A,L or J,jobname",
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
    { "START", "S", "MVS.START.STC.{0}", SAF_UPDATE, do_start },
    { "STOP", "P", "MVS.STOP.{T}.{0}", SAF_UPDATE, do_stop },
    { "MODIFY", "F", "MVS.MODIFY.{T}.{0}", SAF_UPDATE, do_modify },
    { "CANCEL", "C", "MVS.CANCEL.{T}.{0}", SAF_UPDATE, do_cancel },
    { "DISPLAY", "D", "MVS.DISPLAY.JOB", SAF_READ, do_display },
    { "SHUTDOWN", "SHUTDOWN", "MVS.HALT.EOD", SAF_UPDATE, do_shutdown },
};

static struct str
resource_of(struct command *c, const struct verb *verb)
{
    struct space *space = space_find(c->master, c->name);
    struct buf out;
    struct str name;

    buf_init(&out, SAF_PROFILE_MAX);
    for (const char *p = verb->resource; *p != '\0'; p++) {
        if (strncmp(p, "{0}", 3) == 0) {
            buf_add(&out, c->name);
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
    size_t blank = str_find_char(c->text, ' '), comma;
    struct str word = str_upper(c->arena, str_sub(c->text, 0, blank));

    c->operand = blank == STR_NPOS
                     ? (struct str){ 0 }
                     : str_trim(str_sub(c->text, blank, c->text.n));
    comma = str_find_char(c->operand, ',');
    c->name = str_trim(str_upper(c->arena, str_sub(c->operand, 0, comma)));
    c->rest = comma == STR_NPOS ? (struct str){ 0 }
                                : str_sub(c->operand, comma + 1, c->operand.n);
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (!str_eq_z(word, verbs[i].word) && !str_eq_z(word, verbs[i].letter))
            continue;
        if (verbs[i].run != do_shutdown && !jcl_is_name(c->name)) {
            session_printf(c->session,
                           "IEE307I %s DELIMITER ERROR; expected a name of 1 "
                           "to 8 characters after %s",
                           verbs[i].word, verbs[i].letter);
            session_done(c->session, 8);
            return;
        }
        if (is_allowed(c, &verbs[i]))
            verbs[i].run(c);
        return;
    }
    reply_id(c, "IEE305I", word, (struct str){ 0 });
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
