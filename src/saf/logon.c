#include "saf/logon.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/msg.h"
#include "base/secret.h"
#include "saf/secret_rules.h"

#define MS_PER_DAY 86400000ull

static void
say(const struct saf_lines *to, const char *id)
{
    struct buf line;

    buf_init(&line, 1024);
    buf_printf(&line, "%s ", id);
    msg_text(&line, id, NULL, 0);
    to->line(to->arg, buf_view(&line));
    buf_fini(&line);
}

static enum err
refuse(const struct saf_lines *lines, const struct saf_user *u,
       enum logon_failure failure, struct saf_rc code, struct saf_rc *rc,
       struct err_info *why)
{
    *rc = code;
    ich408i_logon(lines, u->user, u->dfltgrp, u->name, STR(""), failure);
    return err_set(why, ERR_DENIED, "user " STR_FMT " may not log on",
                   STR_ARG(u->user));
}

static bool
is_away_too_long(struct saf_db *db, const struct saf_user *u, uint64_t now_ms)
{
    int64_t inactive = saf_option(db, "INACTIVE");

    return inactive > 0 && u->last_access_s > 0 && !saf_user_is_protected(u) &&
           (uint64_t)u->last_access_s * 1000 + (uint64_t)inactive * MS_PER_DAY <
               now_ms;
}

static enum err
get_user(struct saf_engine *engine, struct arena *a, struct str user,
         const struct saf_lines *lines, struct saf_user *u, struct saf_rc *rc,
         struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    struct str id = str_upper(a, user);
    enum err e;

    if (id.n == 0 || id.n > SAF_USER_MAX || !saf_user_get(db, a, id, u)) {
        *rc = LOGON_RC_UNDEFINED;
        if ((e = saf_db_check(db, why)) != ERR_OK)
            return e;
        logon_tell(lines, id, STR(""), LOGON_UNDEFINED);
        say(lines, "IRR012I");
        return err_set(why, ERR_DENIED, "the user is not defined");
    }
    return ERR_OK;
}

/* Defined, not revoked, not away for too long. */
static enum err
find_user(struct saf_engine *engine, struct arena *a, struct str user,
          uint64_t now_ms, const struct saf_lines *lines, struct saf_user *u,
          struct saf_rc *rc, struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    enum err e = get_user(engine, a, user, lines, u, rc, why);

    if (e != ERR_OK)
        return e;
    if (saf_user_is_revoked(u, saf_day_of_ms(now_ms)))
        return refuse(lines, u, LOGON_REVOKED, LOGON_RC_REVOKED, rc, why);
    if (is_away_too_long(db, u, now_ms)) {
        saf_user_failed_logon(db, u->user, u->failures, true);
        return refuse(lines, u, LOGON_INACTIVE, LOGON_RC_REVOKED, rc, why);
    }
    return ERR_OK;
}

static enum err
wrong(struct saf_engine *engine, const struct saf_user *u, bool is_phrase,
      const struct saf_lines *lines, struct saf_rc *rc, struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    int64_t limit = saf_option(db, "PASSWORD.REVOKE");
    uint32_t failures = u->failures + 1;
    bool revoke = limit > 0 && failures >= (uint64_t)limit;
    enum err e;

    *rc = LOGON_RC_PASSWORD;
    if (!saf_user_is_protected(u)) {
        saf_user_failed_logon(db, u->user, failures, revoke);
        e = saf_db_check(db, why);
        if (e != ERR_OK)
            return e;
    }
    ich408i_logon(lines, u->user, u->dfltgrp, u->name, STR(""),
                  revoke && !saf_user_is_protected(u) ? LOGON_EXCESSIVE
                  : is_phrase                         ? LOGON_INVALID_PHRASE
                                                      : LOGON_INVALID_PASSWORD);
    say(lines, "IRR013I");
    return err_set(why, ERR_DENIED, "the password is not valid");
}

enum err
logon_begin(struct saf_engine *engine, struct arena *a, struct str user,
            struct str secret, uint64_t now_ms, const struct saf_lines *lines,
            struct logon *out, struct saf_rc *rc, struct err_info *why)
{
    struct logon got = { .is_phrase = secret.n > SECRET_PASSWORD_MAX };
    enum err e = find_user(engine, a, user, now_ms, lines, &got.user, rc, why);

    if (e != ERR_OK)
        return e;
    got.verifier = got.is_phrase ? got.user.phrase_verifier : got.user.verifier;
    /* HMAC, and so scrypt, takes "X" and "X\0" for the same key. */
    if (secret.n == 0 || got.verifier.n == 0 ||
        str_find_char(secret, '\0') != STR_NPOS)
        return wrong(engine, &got.user, got.is_phrase, lines, rc, why);
    got.secret =
        !got.is_phrase && secret_folds(saf_engine_db(engine), &got.user)
            ? str_upper(a, secret)
            : str_dup(a, secret);
    if (got.secret.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    *out = got;
    return ERR_OK;
}

/* Days until the secret expires, negative when it has; INT32_MAX: never. */
static int32_t
days_left(struct saf_db *db, const struct saf_user *u, bool is_phrase,
          uint64_t now_ms)
{
    int32_t day = is_phrase ? u->phrase_day : u->pass_day;
    int64_t interval =
        u->interval != 0 ? u->interval : saf_option(db, "PASSWORD.INTERVAL");
    int64_t of_phrases = is_phrase && u->interval == 0
                             ? saf_option(db, "PASSWORD.PHRASEINT")
                             : 0;

    if (of_phrases > 0)
        interval = of_phrases;
    if (day == 0)
        return -1;
    return interval > 0 ? (int32_t)(day + interval) - saf_day_of_ms(now_ms)
                        : INT32_MAX;
}

static enum err
refuse_change(const struct logon *l, const struct saf_user *u,
              const struct saf_lines *lines, const char *id, struct saf_rc *rc,
              struct err_info *why)
{
    struct buf text;

    (void)refuse(lines, u, l->is_phrase ? LOGON_NEW_PHRASE : LOGON_NEW_PASSWORD,
                 LOGON_RC_NEW_PASSWORD, rc, why);
    say(lines, "IRR015I");
    buf_init(&text, 512);
    msg_text(&text, id, &u->user, 1);
    (void)err_set(why, ERR_DENIED, "%s %s", id, buf_z(&text));
    buf_fini(&text);
    return ERR_DENIED;
}

/* The old secret was right: put the new one in its place. */
static enum err
change(struct saf_engine *engine, struct arena *a, const struct logon *l,
       struct saf_user *u, uint64_t now_ms, const struct saf_lines *lines,
       struct saf_rc *rc, struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    const struct secret_change c = { db,           a,
                                     l->hooks,     u,
                                     l->is_phrase, saf_day_of_ms(now_ms) };
    struct str *verifier = l->is_phrase ? &u->phrase_verifier : &u->verifier;
    const char *id;
    struct buf made;
    enum err e;

    /* Its length says what it is, and one cannot replace the other. */
    if (l->is_phrase != (l->fresh.n > SECRET_PASSWORD_MAX))
        return refuse_change(l, u, lines,
                             l->is_phrase ? "ICH08020I" : "ICH08014I", rc, why);
    if (!l->is_phrase && !secret_is_mixed(db))
        secret_fold(l->fresh);
    id = secret_why_not(&c, l->secret, l->fresh);
    if (id != NULL)
        return refuse_change(l, u, lines, id, rc, why);
    buf_init(&made, 4096);
    e = l->hooks->make_verifier(l->hooks->arg, u->user, l->fresh, l->is_phrase,
                                &made, why);
    if (e != ERR_OK) {
        buf_fini(&made);
        return e;
    }
    secret_remember(&c);
    *verifier = str_dup(a, buf_view(&made));
    secret_wipe(made.p, made.n);
    buf_fini(&made);
    if (l->is_phrase) {
        u->phrase_day = c.today;
        return ERR_OK;
    }
    u->pass_day = c.today;
    secret_note_case(u, l->fresh);
    return ERR_OK;
}

void
logon_greet(struct saf_engine *engine, const struct logon *l, uint64_t now_ms,
            const struct saf_lines *lines)
{
    struct saf_db *db = saf_engine_db(engine);
    int64_t warning = saf_option(db, "PASSWORD.WARNING");
    int32_t left = l->fresh.n > 0
                       ? INT32_MAX
                       : days_left(db, &l->user, l->is_phrase, now_ms);
    time_t last = (time_t)l->user.last_access_s;
    char when[64], days[16];
    struct buf line;
    struct tm tm;

    buf_init(&line, 512);
    if (last > 0 && localtime_r(&last, &tm) != NULL &&
        strftime(when, sizeof when, "%H:%M:%S ON %A, %B %d, %Y", &tm) > 0) {
        for (char *p = when; *p != '\0'; p++)
            *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
        buf_add_z(&line, "ICH70001I ");
        MSG_TEXT(&line, "ICH70001I", l->user.user, str_of(when));
        lines->line(lines->arg, buf_view(&line));
        buf_clear(&line);
    }
    if (warning > 0 && left >= 0 && left <= warning) {
        (void)snprintf(days, sizeof days, "%d", (int)left);
        buf_add_z(&line, l->is_phrase ? "ICH70008I " : "ICH70002I ");
        MSG_TEXT(&line, l->is_phrase ? "ICH70008I" : "ICH70002I", str_of(days));
        lines->line(lines->arg, buf_view(&line));
    }
    buf_fini(&line);
}

/* LAST-ACCESS, which need not be finer than a minute, as long as INITSTATS
 * keeps it. */
static bool
is_access_due(struct saf_db *db, const struct saf_user *u, uint64_t now_ms)
{
    return saf_option(db, "INITSTATS") != 0 &&
           (uint64_t)u->last_access_s + 60 <= now_ms / 1000;
}

static void
note_access(struct saf_db *db, struct saf_user *u, uint64_t now_ms)
{
    if (saf_option(db, "INITSTATS") != 0)
        u->last_access_s = (int64_t)(now_ms / 1000);
}

/* The user's row and the history, in one transaction. */
static enum err
end_with_change(struct saf_engine *engine, struct arena *a,
                const struct logon *l, struct saf_user *u, uint64_t now_ms,
                const struct saf_lines *lines, struct saf_rc *rc,
                struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    enum err e = saf_db_begin(db, why);

    if (e != ERR_OK)
        return e;
    e = change(engine, a, l, u, now_ms, lines, rc, why);
    if (e != ERR_OK) {
        saf_db_rollback(db);
        return e;
    }
    u->failures = 0;
    note_access(db, u, now_ms);
    saf_user_put(db, u);
    return saf_db_commit(db, why);
}

enum err
logon_end(struct saf_engine *engine, struct arena *a, const struct logon *l,
          bool is_right, struct str new_verifier, uint64_t now_ms,
          const struct saf_lines *lines, struct saf_rc *rc,
          struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    struct saf_user u;
    enum err e;

    /* Read again: a command or another logon may have come in between. */
    e = find_user(engine, a, l->user.user, now_ms, lines, &u, rc, why);
    if (e != ERR_OK)
        return e;
    if (!is_right)
        return wrong(engine, &u, l->is_phrase, lines, rc, why);
    if ((u.attrs & USER_OIDCARD) != 0) {
        e = refuse(lines, &u, LOGON_OIDCARD, LOGON_RC_OIDCARD, rc, why);
        say(lines, "IRR018I");
        return e;
    }
    if (l->fresh.n == 0 && days_left(db, &u, l->is_phrase, now_ms) < 0) {
        e = refuse(lines, &u,
                   l->is_phrase ? LOGON_PHRASE_EXPIRED : LOGON_EXPIRED,
                   LOGON_RC_EXPIRED, rc, why);
        say(lines, "IRR014I");
        return e;
    }
    if (l->fresh.n > 0)
        return end_with_change(engine, a, l, &u, now_ms, lines, rc, why);
    /* Same verifier still: else the password was changed meanwhile, and the
     * new record would put the old one back. */
    if (new_verifier.n > 0 &&
        str_eq(l->is_phrase ? u.phrase_verifier : u.verifier, l->verifier)) {
        if (l->is_phrase)
            u.phrase_verifier = new_verifier;
        else
            u.verifier = new_verifier;
    }
    if (new_verifier.n == 0 && u.failures == 0 &&
        !is_access_due(db, &u, now_ms))
        return ERR_OK;
    u.failures = 0;
    note_access(db, &u, now_ms);
    if ((e = saf_db_begin(db, why)) != ERR_OK)
        return e;
    saf_user_put(db, &u);
    return saf_db_commit(db, why);
}

enum err
logon_ticket(struct saf_engine *engine, struct arena *a,
             const struct logon_ticket *t, const struct saf_lines *lines,
             bool *is_ticket, struct saf_rc *rc, struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    struct saf_user u;
    enum err e, result;

    *is_ticket = false;
    if (t->ticket.n != 8 || t->applid.n == 0 || t->applid.n > 8)
        return ERR_OK;
    if (!saf_user_get(db, a, str_upper(a, t->user), &u) ||
        saf_user_is_protected(&u))
        return saf_db_check(db, why);
    result = logon_ticket_check(engine, a, t, why);
    if (result == ERR_DENIED || result == ERR_NOT_FOUND || result == ERR_SYNTAX)
        return saf_db_check(db, why); /* a password, maybe */
    if (result != ERR_OK && result != ERR_EXISTS)
        return result;
    *is_ticket = true;
    if ((e = find_user(engine, a, t->user, t->now_ms, lines, &u, rc, why)) !=
        ERR_OK)
        return e;
    if (result == ERR_EXISTS) {
        int64_t limit = saf_option(db, "PASSWORD.REVOKE");

        saf_user_failed_logon(db, u.user, u.failures + 1,
                              limit > 0 && u.failures + 1 >= (uint64_t)limit);
        e = saf_db_check(db, why);
        return e != ERR_OK ? e
                           : refuse(lines, &u, LOGON_REPLAY, LOGON_RC_PASSWORD,
                                    rc, why);
    }
    if (u.failures == 0 && !is_access_due(db, &u, t->now_ms))
        return ERR_OK;
    u.failures = 0;
    note_access(db, &u, t->now_ms);
    if ((e = saf_db_begin(db, why)) != ERR_OK)
        return e;
    saf_user_put(db, &u);
    return saf_db_commit(db, why);
}

static enum err
list_groups(struct saf_db *db, struct arena *a, const struct saf_user *u,
            struct str group, int32_t today, struct acee *acee,
            bool *is_revoked)
{
    struct saf_connect *connects;
    size_t n = saf_connects_of_user(db, a, u->user, &connects);
    struct acee_group *groups = ARENA_ARRAY(a, struct acee_group, n + 1);
    bool is_connected = false;

    if (groups == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct acee_group *g = &groups[acee->n_groups];
        bool is_current = str_eq(connects[i].group, group);

        if (saf_connect_is_revoked(&connects[i], today)) {
            *is_revoked = *is_revoked || is_current;
            continue;
        }
        if (!str_copy_z(connects[i].group, g->name, sizeof g->name))
            return ERR_LIMIT;
        g->id = connects[i].group_id;
        acee->n_groups++;
        is_connected = is_connected || is_current;
    }
    acee->groups = groups;
    return is_connected ? ERR_OK : ERR_NOT_FOUND;
}

static uint32_t
omvs_number(struct saf_db *db, struct arena *a, enum saf_kind kind, int64_t id,
            const char *field)
{
    struct str text = saf_field_get(db, a, kind, id, "OMVS", field);
    uint64_t n;

    return text.n > 0 && str_to_u64(text, &n) && n < UINT32_MAX ? (uint32_t)n
                                                                : UINT32_MAX;
}

static enum err
check_appl(struct saf_engine *engine, const struct logon_ask *ask,
           const struct saf_lines *lines, const struct acee *acee,
           struct saf_rc *rc, struct err_info *why)
{
    struct saf_decision d;

    if (ask->applid.n == 0)
        return ERR_OK;
    d = saf_authorize(engine, acee, STR("APPL"), ask->applid, SAF_READ, NULL);
    if (d.rc.saf < 8)
        return ERR_OK; /* no profile, or class inactive: open to all */
    *rc = LOGON_RC_APPL;
    if (!ask->is_silent && d.wants_log)
        ich408i_access(lines, acee, STR("APPL"), ask->applid, &d);
    return err_set(
        why, ERR_DENIED,
        "user %s has insufficient authority to access APPL-ID " STR_FMT,
        acee->user, STR_ARG(ask->applid));
}

/* TERMINAL(NONE): a terminal that no profile names is closed; elsewhere what
 * is not protected is open. */
static bool
is_closed_terminal(struct saf_engine *engine, struct arena *a,
                   const struct logon_ask *ask)
{
    return str_eq_z(ask->port_class, "TERMINAL") &&
           (saf_class_options(saf_engine_db(engine), ask->port_class) &
            CLASS_ACTIVE) != 0 &&
           str_starts_nocase(
               saf_option_text(saf_engine_db(engine), a, "TERMINAL"), STR("N"));
}

/* NOTERMUACC: who logs on with this group needs a line in the terminal's
 * access list. */
static bool
is_uacc_only(const struct saf_decision *d, const struct logon_ask *ask,
             const struct saf_group *g)
{
    return str_eq_z(ask->port_class, "TERMINAL") && g != NULL &&
           !g->is_termuacc && strcmp(d->entry, "UACC") == 0;
}

static enum err
check_port(struct saf_engine *engine, struct arena *a,
           const struct logon_ask *ask, const struct saf_lines *lines,
           const struct saf_user *u, const struct saf_group *g,
           const struct acee *acee, struct saf_rc *rc, struct err_info *why)
{
    struct saf_decision d;
    enum err e;

    if (ask->port.n == 0)
        return ERR_OK;
    d = saf_authorize(engine, acee, ask->port_class, ask->port, SAF_READ, NULL);
    if (d.rc.saf == 0 && !is_uacc_only(&d, ask, g))
        return ERR_OK;
    if (d.rc.saf == 4 && !is_closed_terminal(engine, a, ask))
        return ERR_OK;
    e = refuse(lines, u, LOGON_TERMINAL, LOGON_RC_PORT, rc, why);
    return err_set(why, e,
                   "user %s is not authorized to port of entry " STR_FMT
                   " (class " STR_FMT ")",
                   acee->user, STR_ARG(ask->port), STR_ARG(ask->port_class));
}

static bool
is_allowed_now(const struct saf_user *u, uint64_t now_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    struct tm tm;
    int hhmm;

    if (u->when_days == 0 && u->when_from == 0 && u->when_to == 0)
        return true;
    if (localtime_r(&now, &tm) == NULL)
        return false;
    if (u->when_days != 0 && (u->when_days >> tm.tm_wday & 1u) == 0)
        return false;
    hhmm = tm.tm_hour * 100 + tm.tm_min;
    if (u->when_from == 0 && u->when_to == 0)
        return true;
    return u->when_from <= u->when_to /* else over midnight */
               ? hhmm >= u->when_from && hhmm <= u->when_to
               : hhmm >= u->when_from || hhmm <= u->when_to;
}

/* WHEN(DAYS TIME) holds for who proves who he is; jobs and started tasks run
 * at any time, as in the original. */
static enum err
check_time(const struct logon_ask *ask, const struct saf_lines *lines,
           const struct saf_user *u, struct saf_rc *rc, struct err_info *why)
{
    enum err e;

    if (!logon_is_proved(ask->origin) || is_allowed_now(u, ask->now_ms))
        return ERR_OK;
    e = refuse(lines, u, LOGON_DAY_TIME, LOGON_RC_TIME, rc, why);
    return err_set(why, e, "user " STR_FMT " may not log on at this time",
                   STR_ARG(u->user));
}

bool
logon_is_proved(enum acee_origin origin)
{
    return origin == ACEE_PASSWORD || origin == ACEE_PASSTICKET ||
           origin == ACEE_CERTIFICATE || origin == ACEE_DISTRIBUTED;
}

/* Whoever owns the image can change every byte of the database: to refuse him
 * would protect nothing, and leave no way back. */
static void
help_owner(struct saf_db *db, const struct logon_ask *ask,
           const struct saf_lines *lines, const struct saf_user *u,
           struct acee *acee)
{
    int32_t today = saf_day_of_ms(ask->now_ms);
    bool is_out =
        saf_user_is_revoked(u, today) || is_away_too_long(db, u, ask->now_ms);
    bool is_alone =
        (acee->attrs & ACEE_SPECIAL) == 0 && !saf_users_special(db, today);

    if (is_out)
        say(lines, "SPT0391W");
    if (is_alone) {
        acee->attrs |= ACEE_SPECIAL;
        say(lines, "SPT0392W");
    }
    if (is_out || is_alone)
        logon_tell(lines, u->user, str_of(acee->group), LOGON_OWNER);
}

enum err
logon_acee(struct saf_engine *engine, struct arena *a,
           const struct logon_ask *ask, const struct saf_lines *lines,
           struct acee *out, struct saf_rc *rc, struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    struct acee acee = { .refs = 1, .origin = ask->origin };
    struct saf_group g;
    struct saf_user u;
    struct str group;
    bool has_group, is_revoked = false;
    enum err e;

    *rc = SAF_RC(8, 8, 8);
    e = ask->is_image_owner
            ? get_user(engine, a, ask->user, lines, &u, rc, why)
            : find_user(engine, a, ask->user, ask->now_ms, lines, &u, rc, why);
    if (e != ERR_OK)
        return e;
    group = ask->group.n > 0 ? ask->group : u.dfltgrp;
    if (!str_copy_z(u.user, acee.user, sizeof acee.user) ||
        !str_copy_z(group, acee.group, sizeof acee.group) ||
        !str_copy_z(u.name, acee.name, sizeof acee.name))
        return err_set(why, ERR_LIMIT, "the user's profile is damaged");
    e = list_groups(db, a, &u, group, saf_day_of_ms(ask->now_ms), &acee,
                    &is_revoked);
    if (e == ERR_NOT_FOUND && !ask->is_image_owner) {
        e = refuse(lines, &u,
                   is_revoked ? LOGON_GROUP_REVOKED : LOGON_INVALID_GROUP,
                   LOGON_RC_REVOKED, rc, why);
        say(lines, "IRR017I");
        return e;
    }
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return err_set(why, e, "the user's group list is damaged");
    acee.user_id = u.id;
    acee.attrs = (u.attrs & 0xffffu) | ask->more_attrs;
    if (ask->is_image_owner)
        help_owner(db, ask, lines, &u, &acee);
    acee.generation = u.generation;
    acee.made_ms = ask->now_ms;
    acee.uid = omvs_number(db, a, SAF_KIND_USER, u.id, "UID");
    acee.gid = UINT32_MAX;
    has_group = saf_group_get(db, a, group, &g);
    if (has_group)
        acee.gid = omvs_number(db, a, SAF_KIND_GROUP, g.id, "GID");
    acee.applid = str_dup(a, ask->applid);
    acee.certificate = ask->certificate;
    acee.distributed = ask->distributed;
    acee.registry = ask->registry;
    acee.port_class = ask->port_class;
    acee.port = ask->port;
    if ((e = saf_db_check(db, why)) != ERR_OK ||
        (e = check_appl(engine, ask, lines, &acee, rc, why)) != ERR_OK ||
        (e = check_port(engine, a, ask, lines, &u, has_group ? &g : NULL, &acee,
                        rc, why)) != ERR_OK ||
        (e = check_time(ask, lines, &u, rc, why)) != ERR_OK)
        return e;
    *rc = SAF_RC(0, 0, 0);
    *out = acee;
    return ERR_OK;
}
