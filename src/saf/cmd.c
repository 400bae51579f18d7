/* Carrying out a command: verbs, replies, authority, transaction, refresh. */
#include "saf/cmd_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/msg.h"
#include "base/printable.h"
#include "base/secret.h"
#include "saf/authorize_private.h"

#define ARENA_MAX ((size_t)1 << 30)
#define LINE_MAX 4096u

static const struct cmd_verb *const verbs[] = {
    &cmd_adduser, &cmd_altuser,  &cmd_deluser,  &cmd_listuser, &cmd_password,
    &cmd_phrase,  &cmd_addgroup, &cmd_altgroup, &cmd_delgroup, &cmd_listgrp,
    &cmd_connect, &cmd_remove,   &cmd_rdefine,  &cmd_ralter,   &cmd_rdelete,
    &cmd_rlist,   &cmd_search,   &cmd_permit,   &cmd_setropts, &cmd_racmap,
    &cmd_addsd,   &cmd_altdsd,   &cmd_delsd,    &cmd_listdsd,  &cmd_rvary,
    &cmd_explain, &cmd_help,     &cmd_complete,
};

/* Command names are not abbreviated but by their alias. */
static const struct cmd_verb *
find_in(const struct cmd_verb *const *v, size_t n, struct str word)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase_z(word, v[i]->name) ||
            (v[i]->alias[0] != '\0' && str_eq_nocase_z(word, v[i]->alias)))
            return v[i];
    return NULL;
}

const struct cmd_verb *
cmd_find_verb(struct str word, const struct saf_hooks *hooks)
{
    const struct cmd_verb *verb;

    verb = find_in(verbs, ARRAY_LEN(verbs), word);
    if (verb == NULL && hooks != NULL)
        verb = find_in(hooks->verbs, hooks->n_verbs, word);
    return verb;
}

const struct cmd_verb *
cmd_verb_at(size_t i, const struct saf_hooks *hooks)
{
    if (i < ARRAY_LEN(verbs))
        return verbs[i];
    i -= ARRAY_LEN(verbs);
    return hooks != NULL && i < hooks->n_verbs ? hooks->verbs[i] : NULL;
}

/* --- parsed operands --------------------------------------------------- */

static const struct cmd_arg *
find_arg(const struct cmd_arg *v, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].operand->name, name) == 0)
            return &v[i];
    return NULL;
}

const struct cmd_arg *
cmd_arg(const struct cmd *cmd, const char *name)
{
    return find_arg(cmd->args, cmd->n_args, name);
}

const struct cmd_arg *
cmd_sub(const struct cmd_arg *arg, const char *name)
{
    return arg == NULL ? NULL : find_arg(arg->subs, arg->n_subs, name);
}

struct str
cmd_value(const struct cmd_arg *arg)
{
    return arg == NULL || arg->n_values == 0 ? STR("") : arg->values[0];
}

struct uid_range
cmd_uids(const struct cmd *cmd)
{
    const struct saf_hooks *hooks = cmd->session->hooks;

    return hooks != NULL && hooks->uids.last != 0 ? hooks->uids
                                                  : uid_range_default();
}

bool
cmd_has(const struct cmd *cmd, const char *name)
{
    const struct cmd_arg *arg = cmd_arg(cmd, name);

    return arg != NULL && !arg->is_negated;
}

/* --- replies ----------------------------------------------------------- */

void
cmd_line(struct cmd *cmd, struct str text)
{
    struct buf shown;

    if (cmd->session->line == NULL)
        return;
    if (printable_is(text)) {
        cmd->session->line(cmd->session->arg, text);
        return;
    }
    buf_init(&shown, 4u * text.n);
    printable_add(&shown, text);
    cmd->session->line(cmd->session->arg, buf_view(&shown));
    buf_fini(&shown);
}

void
cmd_printf(struct cmd *cmd, const char *fmt, ...)
{
    char line[LINE_MAX];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n >= 0)
        cmd_line(cmd, str_n(line, (size_t)n < sizeof line ? (size_t)n
                                                          : sizeof line - 1));
}

void
cmd_msg_v(struct cmd *cmd, const char *id, const struct str *inserts,
          size_t n_inserts)
{
    struct buf text;

    buf_init(&text, LINE_MAX * 2);
    buf_add_z(&text, id);
    buf_add_char(&text, ' ');
    msg_text(&text, id, inserts, n_inserts);
    cmd_line(cmd, buf_view(&text));
    buf_fini(&text);
}

uint32_t
cmd_rc(struct cmd *cmd, uint32_t rc)
{
    if (rc > cmd->rc)
        cmd->rc = rc;
    return cmd->rc;
}

uint32_t
cmd_abandon(struct cmd *cmd, uint32_t rc)
{
    cmd->is_abandoned = true;
    return cmd_rc(cmd, rc);
}

struct cmd_tally
cmd_tally_begin(struct cmd *cmd)
{
    struct cmd_tally t = { cmd->rc, 0 };

    cmd->rc = 0;
    return t;
}

void
cmd_tally(struct cmd *cmd, struct cmd_tally *t)
{
    t->n_done += cmd->rc == 0;
    t->worst = cmd->rc > t->worst ? cmd->rc : t->worst;
    cmd->rc = 0;
}

void
cmd_tally_notes(struct cmd *cmd, struct cmd_tally *t)
{
    t->worst = cmd->rc > t->worst ? cmd->rc : t->worst;
    cmd->rc = 0;
}

uint32_t
cmd_tally_end(struct cmd *cmd, const struct cmd_tally *t)
{
    cmd->rc = t->worst;
    if (cmd->rc == 8 && t->n_done > 0 && !cmd->is_abandoned)
        cmd->rc = 4;
    return cmd->rc;
}

uint32_t
cmd_each(struct cmd *cmd, void (*one)(struct cmd *, struct str name))
{
    struct cmd_tally tally = cmd_tally_begin(cmd);
    const struct cmd_arg *names = cmd->positional[0];
    bool is_list = names->n_values > 1;

    for (size_t i = 0; i < names->n_values && !cmd->is_abandoned; i++) {
        if (is_list)
            saf_db_part_begin(cmd->db);
        one(cmd, names->values[i]);
        if (is_list && saf_db_check(cmd->db, NULL) == ERR_OK) {
            saf_db_part_end(cmd->db, !cmd->is_abandoned);
            cmd->is_abandoned = false;
        }
        cmd_tally(cmd, &tally);
    }
    return cmd_tally_end(cmd, &tally);
}

bool
cmd_is_list_with(struct cmd *cmd, const char *segment, const char *operand)
{
    if (cmd->positional[0]->n_values < 2 ||
        cmd_sub(cmd_arg(cmd, segment), operand) == NULL)
        return false;
    CMD_MSG(cmd, "IRR52184I", str_of(operand));
    (void)cmd_rc(cmd, 8);
    return true;
}

static struct saf_refresh *
refresh_of(struct cmd *cmd, const char *class_name)
{
    struct saf_refresh **at = &cmd->refreshes;

    while (*at != NULL && strcmp((*at)->name, class_name) != 0)
        at = &(*at)->next;
    if (*at == NULL) {
        *at = ARENA_NEW(cmd->arena, struct saf_refresh);
        if (*at == NULL ||
            !str_copy_z(str_of(class_name), (*at)->name, sizeof(*at)->name)) {
            *at = NULL;
            cmd_abandon(cmd, 12); /* no storage */
        }
    }
    return *at;
}

void
cmd_refresh(struct cmd *cmd, const char *class_name, bool is_rebuilt)
{
    struct saf_refresh *r = refresh_of(cmd, class_name);

    if (r != NULL)
        r->is_rebuilt |= is_rebuilt;
}

void
cmd_refresh_global(struct cmd *cmd, const char *class_name)
{
    struct saf_refresh *r = refresh_of(cmd, class_name);

    if (r != NULL)
        r->is_global = true;
}

/* --- authority --------------------------------------------------------- */

bool
cmd_is_special(const struct cmd *cmd)
{
    return (cmd->acee->attrs & ACEE_SPECIAL) != 0;
}

bool
cmd_is_auditor(const struct cmd *cmd)
{
    return (cmd->acee->attrs & (ACEE_AUDITOR | ACEE_ROAUDIT)) != 0;
}

bool
cmd_is_undefined(const struct cmd *cmd)
{
    return (cmd->acee->attrs & ACEE_UNDEFINED) != 0;
}

static struct str
self(const struct cmd *cmd)
{
    return str_of(cmd->acee->user);
}

bool
cmd_user_exists(struct cmd *cmd, struct str name)
{
    struct saf_user u;

    return saf_user_get(cmd->db, cmd->arena, name, &u);
}

bool
cmd_group_exists(struct cmd *cmd, struct str name)
{
    struct saf_group g;

    return saf_group_get(cmd->db, cmd->arena, name, &g);
}

bool
cmd_is_reserved(struct str name)
{
    static const char *const names[] = { "IRRCERTA", "IRRSITEC", "IRRMULTI" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq_nocase_z(name, names[i]))
            return true;
    return false;
}

bool
cmd_is_principal(struct cmd *cmd, struct str name)
{
    return cmd_user_exists(cmd, name) || cmd_group_exists(cmd, name);
}

static bool
is_group_special(struct cmd *cmd, struct str group)
{
    struct saf_connect c;

    return saf_connect_get(cmd->db, cmd->arena, self(cmd), group, &c) &&
           (c.attrs & ACEE_SPECIAL) != 0 &&
           !saf_connect_is_revoked(&c, cmd->today);
}

static bool
is_not_revoked(const void *arg, const struct saf_connect *c)
{
    return !saf_connect_is_revoked(c, *(const int32_t *)arg);
}

static bool
is_in_scope(struct cmd *cmd, struct str owner)
{
    return saf_is_in_scope(cmd->db, cmd->arena, owner, self(cmd), ACEE_SPECIAL,
                           is_not_revoked, &cmd->today);
}

bool
cmd_owns(struct cmd *cmd, struct str owner)
{
    return cmd_is_special(cmd) || str_eq(owner, self(cmd)) ||
           is_in_scope(cmd, owner);
}

bool
cmd_has_group_authority(struct cmd *cmd, const struct saf_group *g,
                        enum saf_authority level)
{
    struct saf_connect c;

    if (cmd_owns(cmd, g->owner) || is_group_special(cmd, g->group))
        return true;
    return saf_connect_get(cmd->db, cmd->arena, self(cmd), g->group, &c) &&
           c.authority >= level && !saf_connect_is_revoked(&c, cmd->today);
}

bool
cmd_may_give(struct cmd *cmd, struct str group, enum saf_authority level)
{
    struct saf_group g;

    return saf_group_get(cmd->db, cmd->arena, group, &g) &&
           cmd_has_group_authority(cmd, &g,
                                   level > AUTH_CONNECT ? level : AUTH_CONNECT);
}

bool
cmd_has_clauth(struct cmd *cmd, const char *class_name)
{
    const struct saf_class *class_ = saf_class_find(str_of(class_name));
    struct saf_user u;
    struct str list, word;

    if (!saf_user_get(cmd->db, cmd->arena, self(cmd), &u))
        return false;
    list = saf_field_get(cmd->db, cmd->arena, SAF_KIND_USER, u.id, "BASE",
                         "CLAUTH");
    while (list.p != NULL && str_token(&list, ' ', &word)) {
        const struct saf_class *have = saf_class_find(word);

        /* Classes of one POSIT number share it, as they share options. */
        if (str_eq_z(word, class_name) ||
            (have != NULL && class_ != NULL && have->posit == class_->posit &&
             have->posit != CLASS_POSIT_NONE))
            return true;
    }
    return false;
}

/* --- dates ------------------------------------------------------------- */

/* mm/dd/yy, of the future; yy above 70 is of the last century. False with
 * IKJ56702I. */
static bool
future_date(struct cmd *cmd, const struct cmd_arg *arg, int32_t *day)
{
    struct reader in = reader_of(cmd_value(arg));
    uint32_t m, d, y;
    struct tm tm = { 0 };
    time_t seconds;

    if (reader_decimal(&in, &m) && reader_accept(&in, '/') &&
        reader_decimal(&in, &d) && reader_accept(&in, '/') &&
        reader_decimal(&in, &y) && reader_at_end(&in) && m >= 1 && m <= 12 &&
        d >= 1 && d <= 31 && y <= 99) {
        tm.tm_mon = (int)m - 1;
        tm.tm_mday = (int)d;
        tm.tm_year = (int)(y > 70 ? y : y + 100);
        seconds = timegm(&tm);
        *day = (int32_t)(seconds / 86400);
        if (tm.tm_mday == (int)d && *day > cmd->today) /* no 30th of February */
            return true;
    }
    CMD_MSG(cmd, "IKJ56702I", str_of(arg->operand->name), cmd_value(arg));
    cmd_abandon(cmd, 8);
    return false;
}

bool
cmd_revoke_resume(struct cmd *cmd, struct cmd_revocation *r, struct str user)
{
    const struct cmd_arg *revoke = cmd_arg(cmd, "REVOKE");
    const struct cmd_arg *resume = cmd_arg(cmd, "RESUME");

    if (revoke != NULL && revoke->is_negated) {
        *r->revoke_day = 0;
    } else if (revoke != NULL && revoke->n_values > 0) {
        if (!future_date(cmd, revoke, r->revoke_day))
            return false;
    } else if (revoke != NULL) {
        if ((*r->attrs & USER_REVOKED) != 0 && r->is_revoked_id != NULL)
            CMD_MSG(cmd, r->is_revoked_id, user);
        *r->attrs |= USER_REVOKED;
        *r->revoke_day = *r->resume_day = 0;
    }
    if (resume != NULL && resume->is_negated) {
        *r->resume_day = 0;
    } else if (resume != NULL && resume->n_values > 0) {
        if (!future_date(cmd, resume, r->resume_day))
            return false;
    } else if (resume != NULL) {
        if ((*r->attrs & USER_REVOKED) == 0 && *r->revoke_day == 0) {
            CMD_MSG(cmd, r->not_revoked_id, user);
        }
        *r->attrs &= ~(uint32_t)USER_REVOKED;
        *r->revoke_day = *r->resume_day = 0;
        r->was_resumed = true;
    }
    return true;
}

void
cmd_attributes(struct cmd *cmd, const struct cmd_attr *rows, uint32_t *attrs,
               const char *not_authorized_id)
{
    for (; rows->name != NULL; rows++) {
        const struct cmd_arg *arg = cmd_arg(cmd, rows->name);

        if (arg == NULL)
            continue;
        if (rows->is_system && !cmd_is_special(cmd)) {
            CMD_MSG(cmd, not_authorized_id, str_of(rows->name));
            cmd_rc(cmd, 4);
        } else if (arg->is_negated) {
            *attrs &= ~rows->bit;
        } else {
            *attrs |= rows->bit;
        }
    }
}

struct str
cmd_month_date(struct cmd *cmd, int32_t day)
{
    static const char *const months[] = {
        "JANUARY", "FEBRUARY", "MARCH",     "APRIL",   "MAY",      "JUNE",
        "JULY",    "AUGUST",   "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER",
    };
    time_t seconds = (time_t)day * 86400;
    struct tm tm;

    if (day == 0 || gmtime_r(&seconds, &tm) == NULL)
        return STR("NONE");
    return str_fmt(cmd->arena, "%s %d, %d", months[tm.tm_mon], tm.tm_mday,
                   tm.tm_year + 1900);
}

struct str
cmd_time(struct cmd *cmd, int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (seconds == 0 || localtime_r(&t, &tm) == NULL)
        return STR("UNKNOWN");
    return str_fmt(cmd->arena, "%02d.%03d/%02d:%02d:%02d", tm.tm_year % 100,
                   tm.tm_yday + 1, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

const struct saf_class *
cmd_class(struct cmd *cmd, struct str name, const char *shown)
{
    const struct saf_class *class_ = saf_class_find(name);

    if (class_ == NULL || (class_->flags & CLASS_DATASET) == 0)
        return cmd_any_class(cmd, name, shown);
    CMD_MSG(cmd, "IKJ56702I", str_of(shown), name); /* ADDSD and its kin */
    cmd_rc(cmd, 8);
    return NULL;
}

const struct saf_class *
cmd_any_class(struct cmd *cmd, struct str name, const char *shown)
{
    const struct saf_class *class_ = saf_class_find(name);

    if (class_ == NULL) {
        CMD_MSG(cmd, "IKJ56702I", str_of(shown), name);
        cmd_rc(cmd, 8);
    }
    return class_;
}

/* --- running ----------------------------------------------------------- */

static void
publish(struct cmd *cmd)
{
    for (const struct saf_refresh *r = cmd->refreshes; r != NULL; r = r->next) {
        struct err_info why = { 0 };

        if (cmd->session->refresh != NULL) {
            cmd->session->refresh(cmd->session->arg, r);
            continue;
        }
        if (saf_refresh_run(cmd->engine, r, &why) == ERR_OK)
            continue;
        CMD_MSG(cmd, "SPT1001E", str_of(why.text));
        cmd_rc(cmd, 12);
    }
}

static void
run_in_transaction(struct cmd *cmd)
{
    struct err_info why = { 0 };
    enum err e;

    if (cmd->verb->is_outside) {
        cmd_rc(cmd, cmd->verb->run(cmd));
        return;
    }
    e = saf_db_begin(cmd->db, &why);
    if (e == ERR_OK) {
        cmd_drop_forbidden_fields(cmd);
        cmd_rc(cmd, cmd->verb->run(cmd));
        if (cmd->is_abandoned && saf_db_check(cmd->db, NULL) == ERR_OK) {
            saf_db_rollback(cmd->db);
            return;
        }
        e = saf_db_commit(cmd->db, &why);
    }
    if (e != ERR_OK) {
        CMD_MSG(cmd, "SPT1000E", str_of(cmd->verb->name), str_of(why.text));
        cmd_rc(cmd, 12);
        return;
    }
    publish(cmd);
}

enum err
saf_execute(struct saf_engine *engine, struct saf_session *session,
            struct str command, uint32_t *rc, struct err_info *why)
{
    struct arena arena;
    struct cmd *cmd;

    arena_init(&arena, ARENA_MAX);
    cmd = ARENA_NEW(&arena, struct cmd);
    if (cmd == NULL) {
        arena_fini(&arena);
        return err_set(why, ERR_MEMORY, "no storage for a command");
    }
    cmd->engine = engine;
    cmd->db = engine == NULL ? NULL : saf_engine_db(engine);
    cmd->session = session;
    cmd->acee = session->acee;
    cmd->arena = &arena;
    cmd->today = saf_day_of_ms(session->now_ms);
    if (cmd_parse(cmd, command) && engine != NULL)
        run_in_transaction(cmd);
    *rc = cmd->rc;
    if (cmd->text.p != NULL)
        secret_wipe(cmd->text.p, cmd->text.cap);
    buf_fini(&cmd->text);
    arena_fini(&arena);
    return ERR_OK;
}
