/* Users, groups, connections. */
#include "saf/store.h"

uint32_t
saf_principal_id(struct saf_db *db, struct str name)
{
    struct saf_query q;
    uint32_t id;

    if (str_eq_z(name, SAF_RACUID))
        return SAF_RACUID_ID;
    q = saf_db_query(db, "SELECT id FROM principals WHERE name=?1", "s", name);
    id = saf_query_next(&q) ? (uint32_t)saf_query_int(&q, 0) : 0;
    saf_query_close(&q);
    return id;
}

static uint32_t
principal_make(struct saf_db *db, struct str name)
{
    saf_db_run(db, "INSERT OR IGNORE INTO principals(name) VALUES(?1)", "s",
               name);
    return saf_principal_id(db, name);
}

/* --- users ------------------------------------------------------------- */

bool
saf_user_is_protected(const struct saf_user *u)
{
    return u->verifier.n == 0 && u->phrase_verifier.n == 0 &&
           (u->attrs & USER_OIDCARD) == 0;
}

/* A date of revoking counts from that day on, until a later date of resuming
 * is reached. */
static bool
revoked_by_date(int32_t revoke_day, int32_t resume_day, int32_t day)
{
    if (revoke_day == 0 || revoke_day > day)
        return false;
    return resume_day <= revoke_day || resume_day > day;
}

bool
saf_user_is_revoked(const struct saf_user *u, int32_t day)
{
    if ((u->attrs & USER_REVOKED) != 0)
        return u->resume_day == 0 || u->resume_day > day;
    return revoked_by_date(u->revoke_day, u->resume_day, day);
}

static void
read_user(struct saf_query *q, struct arena *a, struct saf_user *u)
{
    *u = (struct saf_user){
        .id = (uint32_t)saf_query_int(q, 0),
        .user = saf_query_str(q, a, 1),
        .name = saf_query_str(q, a, 2),
        .owner = saf_query_str(q, a, 3),
        .dfltgrp = saf_query_str(q, a, 4),
        .attrs = (uint32_t)saf_query_int(q, 5),
        .created = (int32_t)saf_query_int(q, 6),
        .verifier = saf_query_str(q, a, 7),
        .phrase_verifier = saf_query_str(q, a, 8),
        .pass_day = (int32_t)saf_query_int(q, 9),
        .phrase_day = (int32_t)saf_query_int(q, 10),
        .interval = (int32_t)saf_query_int(q, 11),
        .failures = (uint32_t)saf_query_int(q, 12),
        .revoke_day = (int32_t)saf_query_int(q, 13),
        .resume_day = (int32_t)saf_query_int(q, 14),
        .last_access_s = saf_query_int(q, 15),
        .when_days = (uint32_t)saf_query_int(q, 16),
        .when_from = (int32_t)saf_query_int(q, 17),
        .when_to = (int32_t)saf_query_int(q, 18),
        .generation = (uint64_t)saf_query_int(q, 19),
    };
}

bool
saf_user_get(struct saf_db *db, struct arena *arena, struct str user,
             struct saf_user *out)
{
    struct saf_query q =
        saf_db_query(db, "SELECT * FROM users WHERE user=?1", "s", user);
    bool is_there = saf_query_next(&q);

    if (is_there)
        read_user(&q, arena, out);
    saf_query_close(&q);
    return is_there && saf_db_check(db, NULL) == ERR_OK;
}

bool
saf_user_by_uid(struct saf_db *db, struct arena *arena, uint32_t uid,
                struct saf_user *out)
{
    struct str text = str_fmt(arena, "%u", uid);
    struct saf_query q = saf_db_query(
        db,
        "SELECT u.* FROM users u JOIN segments s ON s.kind='U' AND s.id=u.id"
        " WHERE s.segment='OMVS' AND s.field='UID' AND s.value=?1"
        " ORDER BY u.id LIMIT 1",
        "s", text);
    bool is_there = saf_query_next(&q);

    if (is_there)
        read_user(&q, arena, out);
    saf_query_close(&q);
    return is_there;
}

bool
saf_users_special(struct saf_db *db, int32_t day)
{
    struct saf_query q = saf_db_query(
        db, "SELECT attrs,revoke_day,resume_day FROM users WHERE attrs&?1<>0",
        "i", (int64_t)ACEE_SPECIAL);
    bool is_there = false;

    while (!is_there && saf_query_next(&q)) {
        const struct saf_user u = {
            .attrs = (uint32_t)saf_query_int(&q, 0),
            .revoke_day = (int32_t)saf_query_int(&q, 1),
            .resume_day = (int32_t)saf_query_int(&q, 2),
        };

        is_there = !saf_user_is_revoked(&u, day);
    }
    saf_query_close(&q);
    return is_there || saf_db_check(db, NULL) != ERR_OK;
}

void
saf_user_put(struct saf_db *db, struct saf_user *u)
{
    if (u->id == 0)
        u->id = principal_make(db, u->user);
    u->generation++;
    saf_db_run(
        db,
        "INSERT OR REPLACE INTO users VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,"
        "?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)",
        "issssiibbiiiiiiiiiii", (int64_t)u->id, u->user, u->name, u->owner,
        u->dfltgrp, (int64_t)u->attrs, (int64_t)u->created, u->verifier,
        u->phrase_verifier, (int64_t)u->pass_day, (int64_t)u->phrase_day,
        (int64_t)u->interval, (int64_t)u->failures, (int64_t)u->revoke_day,
        (int64_t)u->resume_day, u->last_access_s, (int64_t)u->when_days,
        (int64_t)u->when_from, (int64_t)u->when_to, (int64_t)u->generation);
}

/* Records of an unload about that name which nobody here understands: types
 * 01xx are groups', 02xx and 12xx users'. */
static void
forget_kept(struct saf_db *db, struct str kind, struct str name)
{
    saf_db_run(db,
               "DELETE FROM unload_kept WHERE substr(line,1,2)=?1 AND"
               " substr(line,6,8) IN (?2, substr(?2||'        ',1,8))",
               "ss", kind, name);
}

void
saf_user_delete(struct saf_db *db, struct str user)
{
    uint32_t id = saf_principal_id(db, user);

    saf_db_run(db, "DELETE FROM connects WHERE user=?1", "s", user);
    saf_db_run(db, "DELETE FROM history WHERE user=?1", "s", user);
    saf_db_run(db, "DELETE FROM certs WHERE owner=?1", "s", user);
    saf_db_run(db, "DELETE FROM rings WHERE owner=?1", "s", user);
    saf_db_run(db, "DELETE FROM idmaps WHERE owner=?1", "s", user);
    saf_db_run(db, "DELETE FROM segments WHERE kind='U' AND id=?1", "i",
               (int64_t)id);
    saf_db_run(db, "DELETE FROM users WHERE user=?1", "s", user);
    forget_kept(db, STR("02"), user);
    forget_kept(db, STR("12"), user);
}

void
saf_user_failed_logon(struct saf_db *db, struct str user, uint32_t failures,
                      bool revoke)
{
    saf_db_run(db, "UPDATE users SET failures=?2, attrs=attrs|?3 WHERE user=?1",
               "sii", user, (int64_t)failures,
               revoke ? (int64_t)USER_REVOKED : (int64_t)0);
}

/* --- groups ------------------------------------------------------------ */

bool
saf_group_get(struct saf_db *db, struct arena *arena, struct str group,
              struct saf_group *out)
{
    struct saf_query q =
        saf_db_query(db, "SELECT * FROM groups WHERE grp=?1", "s", group);
    bool is_there = saf_query_next(&q);

    if (is_there)
        *out = (struct saf_group){
            .id = (uint32_t)saf_query_int(&q, 0),
            .group = saf_query_str(&q, arena, 1),
            .superior = saf_query_str(&q, arena, 2),
            .owner = saf_query_str(&q, arena, 3),
            .created = (int32_t)saf_query_int(&q, 4),
            .is_termuacc = saf_query_int(&q, 5) != 0,
            .is_universal = saf_query_int(&q, 6) != 0,
        };
    saf_query_close(&q);
    return is_there && saf_db_check(db, NULL) == ERR_OK;
}

void
saf_group_put(struct saf_db *db, struct saf_group *g)
{
    if (g->id == 0)
        g->id = principal_make(db, g->group);
    saf_db_run(db, "INSERT OR REPLACE INTO groups VALUES(?1,?2,?3,?4,?5,?6,?7)",
               "isssiii", (int64_t)g->id, g->group, g->superior, g->owner,
               (int64_t)g->created, (int64_t)g->is_termuacc,
               (int64_t)g->is_universal);
}

void
saf_group_delete(struct saf_db *db, struct str group)
{
    saf_db_run(db, "DELETE FROM connects WHERE grp=?1", "s", group);
    saf_db_run(db, "DELETE FROM segments WHERE kind='G' AND id=?1", "i",
               (int64_t)saf_principal_id(db, group));
    saf_db_run(db, "DELETE FROM groups WHERE grp=?1", "s", group);
    forget_kept(db, STR("01"), group);
}

/* --- connections ------------------------------------------------------- */

bool
saf_connect_is_revoked(const struct saf_connect *c, int32_t day)
{
    if ((c->attrs & USER_REVOKED) != 0)
        return c->resume_day == 0 || c->resume_day > day;
    return revoked_by_date(c->revoke_day, c->resume_day, day);
}

#define CONNECT_COLUMNS                                                        \
    "SELECT c.*, (SELECT id FROM principals WHERE name=c.grp),"                \
    " (SELECT id FROM principals WHERE name=c.user) FROM connects c "

static struct saf_connect
read_connect(struct saf_query *q, struct arena *a)
{
    return (struct saf_connect){
        .user = saf_query_str(q, a, 0),
        .group = saf_query_str(q, a, 1),
        .authority = (enum saf_authority)saf_query_int(q, 2),
        .owner = saf_query_str(q, a, 3),
        .uacc = (enum saf_level)saf_query_int(q, 4),
        .attrs = (uint32_t)saf_query_int(q, 5),
        .created = (int32_t)saf_query_int(q, 6),
        .count = (uint32_t)saf_query_int(q, 7),
        .last_s = saf_query_int(q, 8),
        .revoke_day = (int32_t)saf_query_int(q, 9),
        .resume_day = (int32_t)saf_query_int(q, 10),
        .group_id = (uint32_t)saf_query_int(q, 11),
        .user_id = (uint32_t)saf_query_int(q, 12),
    };
}

bool
saf_connect_get(struct saf_db *db, struct arena *arena, struct str user,
                struct str group, struct saf_connect *out)
{
    struct saf_query q = saf_db_query(
        db, CONNECT_COLUMNS "WHERE c.user=?1 AND c.grp=?2", "ss", user, group);
    bool is_there = saf_query_next(&q);

    if (is_there)
        *out = read_connect(&q, arena);
    saf_query_close(&q);
    return is_there && saf_db_check(db, NULL) == ERR_OK;
}

void
saf_connect_put(struct saf_db *db, const struct saf_connect *c)
{
    saf_db_run(db,
               "INSERT OR REPLACE INTO connects VALUES(?1,?2,?3,?4,?5,?6,?7,"
               "?8,?9,?10,?11)",
               "ssisiiiiiii", c->user, c->group, (int64_t)c->authority,
               c->owner, (int64_t)c->uacc, (int64_t)c->attrs,
               (int64_t)c->created, (int64_t)c->count, c->last_s,
               (int64_t)c->revoke_day, (int64_t)c->resume_day);
}

void
saf_connect_delete(struct saf_db *db, struct str user, struct str group)
{
    saf_db_run(db, "DELETE FROM connects WHERE user=?1 AND grp=?2", "ss", user,
               group);
}

static size_t
count_of(struct saf_db *db, const char *sql, struct str key)
{
    struct saf_query q = saf_db_query(db, sql, "s", key);
    size_t n = saf_query_next(&q) ? (size_t)saf_query_int(&q, 0) : 0;

    saf_query_close(&q);
    return n;
}

static size_t
collect(struct saf_query q, struct arena *arena, size_t max,
        struct saf_connect **out)
{
    size_t n = 0;

    *out = ARENA_ARRAY(arena, struct saf_connect, max + 1);
    while (*out != NULL && n < max && saf_query_next(&q))
        (*out)[n++] = read_connect(&q, arena);
    saf_query_close(&q);
    return n;
}

size_t
saf_connects_of_user(struct saf_db *db, struct arena *arena, struct str user,
                     struct saf_connect **out)
{
    size_t n =
        count_of(db, "SELECT count(*) FROM connects WHERE user=?1", user);

    return collect(saf_db_query(db,
                                CONNECT_COLUMNS "WHERE c.user=?1 ORDER BY 12",
                                "s", user),
                   arena, n, out);
}

size_t
saf_connects_of_group(struct saf_db *db, struct arena *arena, struct str group,
                      struct saf_connect **out)
{
    size_t n =
        count_of(db, "SELECT count(*) FROM connects WHERE grp=?1", group);

    return collect(saf_db_query(db,
                                CONNECT_COLUMNS "WHERE c.grp=?1 ORDER BY"
                                                " c.user COLLATE EBCDIC",
                                "s", group),
                   arena, n, out);
}
