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
    enum {
        NAMES_NOTHING,
        NAMES_ONE,
        NAMES_TASKS,
        NAMES_TASK_LIST, /* name,name... */
        NAMES_WITH_ASTERISK,
    } names;
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

/* --- F, P and C ---------------------------------------------------------- */

static bool
is_found(const struct command *c, const struct space *space)
{
    for (size_t i = 0; i < c->n_spaces; i++)
        if (c->spaces[i] == space)
            return true;
    return false;
}

/* Adds those that the target names, each once. False: it names none. */
static bool
find_spaces(struct command *c)
{
    const struct master *m = c->master;
    bool has_any = false;

    if (c->spaces == NULL)
        c->spaces = ARENA_ARRAY(c->arena, struct space *, m->n_spaces + 1);
    for (size_t i = 0; c->spaces != NULL && i < m->n_spaces; i++) {
        struct space *s = m->spaces[i];

        if (!target_is(&c->target, s->record.name,
                       s->is_task ? s->identifier : s->record.name))
            continue;
        has_any = true;
        if (!is_found(c, s))
            c->spaces[c->n_spaces++] = s;
    }
    return has_any;
}

/* What was asked of each; it is over at once when nothing is waited for. */
static void
wait_or_end(struct command *c)
{
    struct waiting *w = &c->session->waiting;

    if (w->n > 0)
        return;
    w->id = 0;
    session_done(c->session, w->status);
}

static void
do_modify(struct command *c)
{
    struct waiting *w = &c->session->waiting;

    if (c->rest.n == 0) {
        w->id = 0;
        session_printf(c->session, "IEE307I MODIFY DELIMITER ERROR: expected "
                                   "F jobname,text");
        session_done(c->session, 8);
        return;
    }
    w->until_ms = clock_mono_ms() + MASTER_REPLY_WAIT_MS;
    for (size_t i = 0; i < c->n_spaces; i++) {
        struct space *space = c->spaces[i];

        if (space_command(space, TASK_MODIFY, w->id, c->session->acee->user,
                          c->rest)) {
            w->spaces[w->n++] = space;
            continue;
        }
        session_line_of(c->session, space,
                        STR("IEE342I MODIFY REJECTED-TASK BUSY"));
        w->status = 8;
    }
    wait_or_end(c);
}

static void
do_stop(struct command *c)
{
    struct waiting *w = &c->session->waiting;

    w->is_stop = true;
    for (size_t i = 0; i < c->n_spaces; i++) {
        struct space *space = c->spaces[i];
        struct str line;

        if (space->is_task) {
            space_stop(space, w->id, c->session->acee->user);
            w->spaces[w->n++] = space;
            continue;
        }
        line = str_fmt(c->arena,
                       "IEE305I STOP COMMAND INVALID: %s is a job; use C %s",
                       space->record.name, space->record.name);
        session_line_of(c->session, space, line);
        w->status = 8;
    }
    wait_or_end(c);
}

static void
do_cancel(struct command *c)
{
    c->session->waiting.id = 0;
    if (c->n_spaces > 1) {
        operator_reply(c, "IEE422I", STR("CANCEL"), (struct str){ 0 });
        session_done(c->session, 8);
        return;
    }
    operator_reply(c, "IEE301I", c->operand_name, STR("CANCEL"));
    space_cancel(c->spaces[0]);
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
    { "START", "S", "MVS.START.STC.{0}", SAF_UPDATE, operator_start,
      NAMES_ONE },
    { "STOP", "P", "MVS.STOP.{T}.{0}", SAF_UPDATE, do_stop, NAMES_TASK_LIST },
    { "MODIFY", "F", "MVS.MODIFY.{T}.{0}", SAF_UPDATE, do_modify,
      NAMES_WITH_ASTERISK },
    { "CANCEL", "C", "MVS.CANCEL.{T}.{0}", SAF_UPDATE, do_cancel, NAMES_TASKS },
    { "DISPLAY", "D", "MVS.DISPLAY.{D}", SAF_READ, do_display, NAMES_ONE },
    { "VARY", "V", "MVS.VARY.TCPIP.OBEYFILE", SAF_CONTROL, tcpip_vary,
      NAMES_ONE },
    { "SHUTDOWN", "SHUTDOWN", "MVS.HALT.EOD", SAF_UPDATE, do_shutdown,
      NAMES_NOTHING },
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
resource_of(struct command *c, const struct verb *verb,
            const struct space *space)
{
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
        } else if (strncmp(p, "{D}", 3) == 0) {
            buf_add_z(&out, str_eq_z(c->name, "TCPIP") ? "TCPIP" : "JOB");
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
is_allowed(struct command *c, const struct verb *verb,
           const struct space *space)
{
    struct saf_decision decision;
    struct err_info why;
    enum err e = saf_check_remote(c->master->saf, c->session->acee,
                                  STR("OPERCMDS"), resource_of(c, verb, space),
                                  verb->level, &decision, &why);
    struct str line;

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
    line = str_fmt(c->arena,
                   "IEE345I %s AUTHORITY INVALID, FAILED BY SECURITY PRODUCT",
                   verb->word);
    if (space != NULL)
        session_line_of(c->session, space, line);
    else
        session_line(c->session, line);
    return false;
}

static void
take_name(struct command *c, struct str name)
{
    size_t dot = str_find_char(name, '.');

    c->operand_name = name;
    c->name = str_sub(name, 0, dot);
    c->identifier =
        dot == STR_NPOS ? (struct str){ 0 } : str_sub(name, dot + 1, name.n);
}

/* False: one of the names fits nothing, which is said. */
static bool
find_all(struct command *c, const struct verb *verb)
{
    struct str rest = verb->names == NAMES_TASK_LIST
                          ? str_upper(c->arena, c->operand)
                          : c->operand_name;
    struct err_info why;
    struct str name;
    bool are_all = true;

    while (rest.p != NULL && str_token(&rest, ',', &name)) {
        take_name(c, str_trim(name));
        if (target_parse(c->operand_name, &c->target, &why) == ERR_OK &&
            find_spaces(c))
            continue;
        are_all = false;
        if (is_allowed(c, verb, NULL))
            operator_reply(c, "IEE341I", c->operand_name, (struct str){ 0 });
    }
    return are_all;
}

/* Each address space that is named is allowed or refused for itself. */
static void
run_on_tasks(struct command *c, const struct verb *verb)
{
    struct waiting *w = &c->session->waiting;
    bool are_all = find_all(c, verb);
    size_t n_allowed = 0;

    if (c->n_spaces == 0) {
        session_done(c->session, 8);
        return;
    }
    *w = (struct waiting){ .id = ++c->master->next_command,
                           .is_for_many = c->n_spaces > 1,
                           .status = are_all ? 0 : 8 };
    for (size_t i = 0; i < c->n_spaces; i++) {
        if (is_allowed(c, verb, c->spaces[i]))
            c->spaces[n_allowed++] = c->spaces[i];
        else
            w->status = 8;
    }
    c->n_spaces = n_allowed;
    if (n_allowed > 0)
        verb->run(c);
    else
        wait_or_end(c);
}

static void
delimiter_error(struct command *c, const struct verb *verb, const char *why)
{
    session_printf(c->session, "IEE307I %s DELIMITER ERROR: \"%.*s\"; %s",
                   verb->word, STR_ARG(str_sub(c->operand_name, 0, 40)), why);
    session_done(c->session, 8);
}

static void
keyword_error(struct command *c, const struct verb *verb, struct str word)
{
    session_printf(c->session,
                   "IEE309I %s UNIDENTIFIABLE KEYWORD \"%.*s\"; nothing is "
                   "expected after the name%s",
                   verb->word, STR_ARG(str_sub(word, 0, 40)),
                   verb->names == NAMES_TASK_LIST ? "s" : "");
    session_done(c->session, 8);
}

/* Whole or not at all: a list with an error in it stops nothing. */
static bool
are_names(struct command *c, const struct verb *verb)
{
    struct str rest = verb->names == NAMES_TASK_LIST
                          ? str_upper(c->arena, c->operand)
                          : c->operand_name;
    bool is_list = verb->names != NAMES_WITH_ASTERISK;
    struct err_info why = { 0 };
    struct str name;

    do {
        if (!str_token(&rest, ',', &name))
            name = STR("");
        name = str_trim(name);
        if (verb->names == NAMES_TASK_LIST &&
            str_find_char(name, '=') != STR_NPOS) {
            keyword_error(c, verb, name);
            return false;
        }
        if (target_parse(name, &c->target, &why) != ERR_OK ||
            (c->target.has_asterisk && is_list)) {
            c->operand_name = name;
            delimiter_error(c, verb,
                            why.text[0] != '\0' ? why.text
                                                : "asterisks are for MODIFY");
            return false;
        }
    } while (rest.p != NULL);
    if (verb->names == NAMES_TASKS && c->rest.n > 0) {
        keyword_error(c, verb, c->rest);
        return false;
    }
    return true;
}

static void
run_verb(struct command *c, const struct verb *verb)
{
    if (verb->names >= NAMES_TASKS) {
        if (are_names(c, verb))
            run_on_tasks(c, verb);
        return;
    }
    if (verb->names == NAMES_ONE &&
        (!jcl_is_name(c->name) ||
         (c->operand_name.n > c->name.n && !jcl_is_name(c->identifier)))) {
        delimiter_error(c, verb,
                        "expected a name of 1 to 8 characters, or "
                        "name.identifier");
        return;
    }
    if (is_allowed(c, verb, NULL))
        verb->run(c);
    else
        session_done(c->session, 8);
}

static void
take_operand(struct command *c, struct str operand)
{
    size_t comma = str_find_char(operand, ','), dot;

    c->operand = operand;
    c->operand_name =
        str_trim(str_upper(c->arena, str_sub(c->operand, 0, comma)));
    dot = str_find_char(c->operand_name, '.');
    c->name = str_sub(c->operand_name, 0, dot);
    if (dot != STR_NPOS)
        c->identifier = str_sub(c->operand_name, dot + 1, c->operand_name.n);
    c->rest = comma == STR_NPOS ? (struct str){ 0 }
                                : str_sub(c->operand, comma + 1, c->operand.n);
}

static void
run_command(struct command *c)
{
    size_t blank = str_find_char(c->text, ' ');
    struct str word = str_upper(c->arena, str_sub(c->text, 0, blank));

    take_operand(c, blank == STR_NPOS
                        ? (struct str){ 0 }
                        : str_trim(str_sub(c->text, blank, c->text.n)));
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (str_eq_z(word, verbs[i].word) || str_eq_z(word, verbs[i].letter)) {
            run_verb(c, &verbs[i]);
            return;
        }
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

void
operator_autolog(struct master *m, struct str operand)
{
    struct acee nobody = { .uid = UINT32_MAX, .gid = UINT32_MAX };
    struct session session = { .master = m, .fd = -1, .acee = &nobody };
    struct arena arena;
    struct command c = { .session = &session, .master = m, .arena = &arena };

    arena_init(&arena, 4 * 1024 * 1024);
    take_operand(&c, operand);
    operator_start(&c);
    arena_fini(&arena);
}
