#include "front.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "front_audit.h"

/*
 * Who a connection is: HELLO. Passwords are front_verify.c's, whoever is
 * mapped or vouched for is front_mapped.c's.
 */

enum err
front_seal(struct front *f, const struct acee *acee, struct buf *out,
           struct err_info *why)
{
    return acee_encode(acee, f->seal_private, out, why);
}

enum err
front_acee(struct front *f, const struct logon_ask *ask,
           const struct saf_lines *lines, struct buf *sealed, struct saf_rc *rc,
           struct err_info *why)
{
    struct arena a;
    struct acee acee;
    enum err e;

    arena_init(&a, LOGON_ARENA_MAX);
    e = logon_acee(f->engine, &a, ask, lines, &acee, rc, why);
    if (e == ERR_OK)
        e = front_seal(f, &acee, sealed, why);
    if (e == ERR_OK && logon_is_proved(ask->origin))
        audit_logon_success(f, ((struct line_sink *)lines->arg)->peer, &acee);
    arena_fini(&a);
    return e;
}

enum err
front_become(struct peer *p, struct str sealed, struct job *job,
             struct buf *result, struct err_info *why)
{
    struct acee *acee;
    enum err e = acee_parse(sealed, NULL, &acee, why);

    if (e != ERR_OK)
        return e;
    acee_unref(&p->acee);
    p->acee = acee;
    p->job = job;
    p->state = PEER_KNOWN;
    buf_str(result, sealed);
    buf_add(result, str_n(p->front->seal_public, ACEE_KEY_BYTES));
    return ERR_OK;
}

/* --- HELLO ---------------------------------------------------------------- */

static enum err
hello_token(struct peer *p, struct str token, struct buf *result,
            struct err_info *why)
{
    struct job *job;
    enum err e = job_of_token(p->front, token, &job, why);

    if (e != ERR_OK)
        return e;
    /* A token that leaked is worth nothing to another user. */
    if (!angel_is_private && p->cred.uid != 0 && p->cred.uid != job->uid)
        return err_set(why, ERR_DENIED, "uid %u is not that of job %s, user %s",
                       (unsigned)p->cred.uid, job->job_id, job->user);
    return front_become(p, buf_view(&job->acee), job, result, why);
}

static uid_t
owner_uid(const struct peer *p)
{
    return angel_is_private ? p->front->owner : 0;
}

static bool
is_image_owner(const struct peer *p)
{
    return p->cred.uid == owner_uid(p);
}

static enum err
user_of_uid(struct peer *p, uint32_t uid, struct arena *a, struct str *user,
            struct err_info *why)
{
    struct front *f = p->front;
    struct saf_user u;

    if (uid == owner_uid(p)) {
        *user = STR("IBMUSER");
        return ERR_OK;
    }
    if (angel_is_private ||
        !saf_user_by_uid(saf_engine_db(f->engine), a, uid, &u))
        return err_set(why, ERR_DENIED,
                       "no user of the security database has OMVS UID %u; "
                       "log on with a user ID and password",
                       (unsigned)uid);
    *user = u.user;
    return ERR_OK;
}

/* user: "" for the one whose OMVS UID uid is. */
static enum err
hello_uid(struct peer *p, struct str user, uint32_t uid, struct saf_rc *rc,
          struct buf *result, struct err_info *why)
{
    struct line_sink sink = { p->front, p, 0 };
    struct saf_lines lines = line_sink_lines(&sink);
    struct logon_ask ask = { .origin = ACEE_ASSERTED,
                             .user = user,
                             .now_ms = clock_wall_ms() };
    struct buf sealed;
    struct arena a;
    enum err e = ERR_OK;

    arena_init(&a, LOGON_ARENA_MAX);
    buf_init(&sealed, ACEE_WIRE_MAX);
    ask.is_image_owner =
        user.n == 0 && uid == owner_uid(p) && is_image_owner(p);
    if (user.n == 0)
        e = user_of_uid(p, uid, &a, &ask.user, why);
    if (e == ERR_OK)
        e = front_acee(p->front, &ask, &lines, &sealed, rc, why);
    if (e == ERR_OK)
        e = front_become(p, buf_view(&sealed), NULL, result, why);
    buf_fini(&sealed);
    arena_fini(&a);
    return e;
}

bool
on_hello(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    struct buf result;
    struct str token, user = STR("");
    uint32_t version, uid = (uint32_t)p->cred.uid;
    enum err e;

    if (!reader_u32(&in, &version) ||
        !reader_str(&in, 0, WIRE_TOKEN_MAX, &token))
        return false;
    if (!reader_at_end(&in) && (!is_image_owner(p) || token.n > 0 ||
                                !reader_str(&in, 0, SAF_USER_MAX, &user) ||
                                !reader_u32(&in, &uid) || !reader_at_end(&in)))
        return false;
    buf_init(&result, ACEE_WIRE_MAX + 64u);
    if (version != WIRE_VERSION)
        e = err_set(&why, ERR_UNSUPPORTED,
                    "the security database speaks version %u, not %u",
                    WIRE_VERSION, version);
    else if (token.n > 0)
        e = hello_token(p, token, &result, &why);
    else
        e = hello_uid(p, user, uid, &rc, &result, &why);
    if (e == ERR_OK)
        rc = SAF_RC(0, 0, 0);
    peer_reply(p, seq, e, rc, &why, buf_view(&result));
    buf_fini(&result);
    return true;
}
