/*
 * S: a procedure becomes a started task. Class STARTED decides its user, from
 * procedure and job name; the identifier is what F and P name it by.
 * Source: z/OS MVS System Commands, START.
 */
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "batch/operator_priv.h"

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
    bool has_job_name;
};

/* Where the task runs in the original's machine, and keywords of JOB and EXEC
 * that JCL reads and ignores. */
static const char *const ignored[] = { "SUB",    "REUSASID", "JOBACCT",
                                       "REGION", "REGIONX",  "DYNAMNBR",
                                       "ACCT",   "MEMLIMIT" };

/* Operands by position, before the keywords. The first two are for the
 * procedure's IEFRDER DD statement; there are no devices. What stands third is
 * for the program, which learns it from its START command buffer: none of ours
 * looks there. */
static const char *const positions[] = { "device", "volume serial number",
                                         NULL };

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

/* Does each apostrophe have its closing one, and nothing stand behind a value
 * in apostrophes? */
static bool
is_closed(struct str value)
{
    bool is_whole = value.n > 0 && value.p[0] == '\'', in_quotes = false;

    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '\'')
            in_quotes = !in_quotes;
        else if (is_whole && !in_quotes)
            return false;
    }
    return !in_quotes;
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
is_ignored(struct str key)
{
    for (size_t i = 0; i < ARRAY_LEN(ignored); i++) {
        if (str_eq_z(key, ignored[i]))
            return true;
    }
    return false;
}

/* A comma inside apostrophes does not end one; neither has '=' a keyword. */
static bool
is_keyword(struct str piece)
{
    return piece.n > 0 && piece.p[0] != '\'' &&
           str_find_char(piece, '=') != STR_NPOS;
}

static bool
invalid(struct command *c, struct str piece, const char *expected)
{
    session_printf(c->session,
                   "IEE535I START INVALID PARAMETER: \"%.*s\"; expected %s",
                   STR_ARG(piece), expected);
    return false;
}

static bool
positional(struct command *c, size_t at, struct str piece)
{
    if (piece.n == 0)
        return true;
    if (at >= ARRAY_LEN(positions))
        return invalid(c, piece, "KEYWORD=value");
    if (positions[at] != NULL)
        session_printf(c->session,
                       "IEE535I START INVALID PARAMETER: \"%.*s\" stands "
                       "where a %s does; there are none here: leave the "
                       "position empty, or write KEYWORD=value",
                       STR_ARG(piece), positions[at]);
    return positions[at] == NULL;
}

static bool
start_operands(struct command *c, struct start *start)
{
    struct str rest = c->rest, piece;
    size_t at = 0;

    while (next_operand(&rest, &piece)) {
        size_t eq = is_keyword(piece) ? str_find_char(piece, '=') : STR_NPOS;
        struct str key = str_upper(c->arena, str_sub(piece, 0, eq));
        struct str value = piece;

        if (eq != STR_NPOS)
            value = str_sub(piece, eq + 1, piece.n);
        if (!is_closed(value))
            return invalid(c, piece, "a closing apostrophe at its end");
        if (at <= ARRAY_LEN(positions) && eq == STR_NPOS) {
            if (!positional(c, at++, piece))
                return false;
            continue;
        }
        at = ARRAY_LEN(positions) + 1;
        if (eq == STR_NPOS || !jcl_is_name(key) ||
            start->n >= START_OPERANDS_MAX)
            return invalid(c, piece, "KEYWORD=value");
        value = start_value(c->arena, value);
        if (str_eq_z(key, "JOBNAME") && !jcl_is_name(value))
            return invalid(c, piece, "JOBNAME=name with 1 to 8 characters");
        if (str_eq_z(key, "JOBNAME")) {
            start->job_name = value;
            start->has_job_name = true;
        } else if (!is_ignored(key)) {
            start->symbols[start->n++] =
                (struct jcl_symbol){ .name = key, .value = value };
        }
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
    operator_reply(c, "IEE122I", (struct str){ 0 }, (struct str){ 0 });
    session_done(c->session, 8);
}

/* A job name may run several times under different identifiers. */
static bool
is_active(const struct master *m, struct str job_name, struct str identifier)
{
    for (size_t i = 0; i < m->n_spaces; i++) {
        const struct space *s = m->spaces[i];

        if (s->is_task && str_eq_z(job_name, s->record.name) &&
            str_eq_z(identifier, s->identifier))
            return true;
    }
    return false;
}

/*
 * The policy agent needs Linux root for what it exists for. Nothing else gets
 * it, and the agent only as the one step of a procedure that root alone can
 * write; its user must have OMVS UID 0, as in the original (space_start.c).
 */
static bool
is_root_task(const struct jcl_job *job)
{
    return !root_is_private() && job->steps != NULL &&
           job->steps->next == NULL && strcmp(job->steps->pgm, "PAGENT") == 0;
}

/* Written by root and nobody else. */
static bool
is_roots_own(struct arena *arena, const char *member)
{
    char *path = root_path(arena, "datasets/SYS1.PROCLIB%s", member);
    struct stat st;

    return path != NULL && lstat(path, &st) == 0 && st.st_uid == 0 &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
may_be_root(struct command *c)
{
    struct str member = str_fmt(c->arena, "/" STR_FMT, STR_ARG(c->name));

    return member.p != NULL && is_roots_own(c->arena, "") &&
           is_roots_own(c->arena, member.p);
}

void
operator_start(struct command *c)
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
    if (c->identifier.n > 0 && start.has_job_name) {
        session_printf(c->session,
                       "IEE535I START INVALID PARAMETER: \"JOBNAME=%.*s\"; an "
                       "identifier (%.*s) and JOBNAME exclude each other",
                       STR_ARG(start.job_name), STR_ARG(c->identifier));
        session_done(c->session, 8);
        return;
    }
    if (c->identifier.n == 0)
        c->identifier = start.job_name;
    if (is_active(c->master, start.job_name, c->identifier)) {
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
    if (is_root_task(&job) && !may_be_root(c)) {
        session_printf(c->session,
                       "procedure %.*s may be written by others than root; "
                       "PAGENT is not started from it",
                       STR_ARG(c->name));
        session_done(c->session, 8);
        return;
    }
    e = space_start(c->master,
                    &(struct space_order){ .job = &job,
                                           .jcl = text,
                                           .data = data,
                                           .is_task = true,
                                           .is_root = is_root_task(&job),
                                           .identifier = c->identifier,
                                           .proc = c->name,
                                           .submitter = c->session->acee,
                                           .session = c->session },
                    &space, &why);
    if (e != ERR_OK) {
        session_printf(c->session, "%s", why.text);
        operator_reply(c, "IEE132I", (struct str){ 0 }, (struct str){ 0 });
        session_done(c->session, 8);
        return;
    }
    session_printf(c->session,
                   "IEF695I START %s WITH JOBNAME %s IS ASSIGNED "
                   "TO USER %s",
                   space->record.proc, space->record.name, space->record.user);
    session_printf(c->session, "IEF403I %s - STARTED", space->record.name);
    if (c->session->fd < 0)
        return; /* nobody waits */
    space->starter = c->session;
    space->start_until_ms = clock_mono_ms() + MASTER_ATTACH_WAIT_MS;
}
