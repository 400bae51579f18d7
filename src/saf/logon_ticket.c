/* PassTickets at logon and for R_ticketserv (saf.md 3.4). */
#include "saf/logon.h"

#include <string.h>

#include "base/msg.h"
#include "saf/classes.h"
#include "saf/passticket.h"

#define NO_REPLAY "NO REPLAY PROTECTION"

static bool
is_effective(struct saf_db *db)
{
    const uint32_t both = CLASS_ACTIVE | CLASS_RACLIST;

    return (saf_class_options(db, STR("PTKTDATA")) & both) == both;
}

static struct str
unhex(struct arena *a, struct str hex)
{
    char *out = arena_alloc(a, hex.n / 2 + 1);

    for (size_t i = 0; out != NULL && i + 1 < hex.n; i += 2) {
        unsigned byte = 0;

        for (size_t j = i; j < i + 2; j++) {
            char c = hex.p[j];

            byte = byte << 4 | (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
        }
        out[i / 2] = (char)byte;
    }
    return out == NULL ? STR("") : str_n(out, hex.n / 2);
}

enum err
logon_ticket_key(struct saf_engine *engine, struct arena *a, struct str user,
                 struct str applid, struct str *profile, struct str *sealed,
                 bool *may_replay, struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    struct saf_user u = { .dfltgrp = STR("") };
    struct str names[4];
    enum err e;

    applid = str_upper(a, applid);
    user = str_upper(a, user);
    if (is_effective(db))
        (void)saf_user_get(db, a, user, &u);
    names[0] = str_fmt(a, STR_FMT "." STR_FMT "." STR_FMT, STR_ARG(applid),
                       STR_ARG(u.dfltgrp), STR_ARG(user));
    names[1] = str_fmt(a, STR_FMT "." STR_FMT, STR_ARG(applid), STR_ARG(user));
    names[2] =
        str_fmt(a, STR_FMT "." STR_FMT, STR_ARG(applid), STR_ARG(u.dfltgrp));
    names[3] = applid;
    for (size_t i = 0; i < ARRAY_LEN(names) && is_effective(db); i++) {
        struct saf_profile p;
        struct str hex;

        if (!saf_profile_get_kind(db, a, STR("PTKTDATA"), names[i], false, &p))
            continue;
        hex = saf_field_get(db, a, SAF_KIND_PROFILE, p.id, "SSIGNON", "KEY");
        if (hex.n == 0)
            continue;
        *profile = p.name;
        *sealed = unhex(a, hex);
        *may_replay =
            str_find(str_upper(a, saf_field_get(db, a, SAF_KIND_PROFILE, p.id,
                                                "BASE", "APPLDATA")),
                     STR(NO_REPLAY)) != STR_NPOS;
        return ERR_OK;
    }
    e = saf_db_check(db, why);
    return e != ERR_OK ? e
                       : err_set(why, ERR_NOT_FOUND,
                                 "no PassTicket key for application " STR_FMT,
                                 STR_ARG(applid));
}

/* Once for a user, application and second; durable before the answer. */
static enum err
use_once(struct saf_db *db, struct str user, struct str applid, uint32_t time,
         uint64_t now_s, struct err_info *why)
{
    bool is_new;
    enum err e = saf_db_begin(db, why);

    if (e != ERR_OK)
        return e;
    saf_db_run(db, "DELETE FROM tickets WHERE until<?1", "i", (int64_t)now_s);
    saf_db_run(db, "INSERT OR IGNORE INTO tickets VALUES(?1,?2,?3,?4)", "ssii",
               applid, user, (int64_t)time,
               (int64_t)time + (int64_t)PASSTICKET_WINDOW_S);
    is_new = saf_db_changes(db) > 0;
    e = saf_db_commit(db, why);
    if (e == ERR_OK && !is_new)
        e = err_set(why, ERR_EXISTS, "the PassTicket was used before");
    return e;
}

enum err
logon_ticket_check(struct saf_engine *engine, struct arena *a,
                   const struct logon_ticket *t, struct err_info *why)
{
    uint32_t times[PASSTICKET_TIMES_MAX];
    uint64_t now_s = t->now_ms / 1000;
    struct str profile, sealed, user = str_upper(a, t->user);
    bool may_replay = false;
    size_t n = 0;
    enum err e = logon_ticket_key(engine, a, user, t->applid, &profile, &sealed,
                                  &may_replay, why);

    if (e == ERR_OK)
        e = t->times(t->arg, sealed, profile, user, t->applid, t->ticket, times,
                     &n, why);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < n; i++) {
        uint64_t off = times[i] > now_s ? times[i] - now_s : now_s - times[i];

        if (off > PASSTICKET_WINDOW_S)
            continue;
        return may_replay
                   ? ERR_OK
                   : use_once(saf_engine_db(engine), user,
                              str_upper(a, t->applid), times[i], now_s, why);
    }
    return err_set(why, ERR_DENIED, "the PassTicket is not valid");
}
