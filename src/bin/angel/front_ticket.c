/* PassTickets: keys are sealed and used by the keeper only. */
#include "front.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/secret.h"
#include "front_audit.h"
#include "saf/passticket.h"

#define ARENA_MAX (1u << 20)

/* R_ticketserv and R_GenSec; reasons [unverified]. */
#define RC_NOT_AUTHORIZED SAF_RC(8, 8, 16)
#define RC_NO_KEY SAF_RC(8, 16, 28)
#define RC_NOT_VALID SAF_RC(8, 16, 32)
#define RC_REPLAY SAF_RC(8, 16, 36)

static enum err
seal(struct front *f, enum keep_type type, struct str key, struct str profile,
     struct buf *sealed, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct buf request;
    struct str text;
    enum err e;

    buf_init(&request, 4096);
    buf_str(&request, key);
    buf_str(&request, profile);
    e = keeper_call(f, type, buf_view(&request), &reply, &in, why);
    if (request.p != NULL)
        secret_wipe(request.p, request.n);
    buf_fini(&request);
    if (e != ERR_OK)
        return e;
    if (reader_str(&in, 1, 2048, &text))
        buf_add(sealed, text);
    else
        e = err_set(why, ERR_PEER, "key keeper: malformed answer");
    chan_msg_fini(&reply);
    return e == ERR_OK ? buf_check(sealed, why) : e;
}

enum err
front_seal_ticket_key(void *arg, struct str key, struct str profile,
                      struct buf *sealed, struct err_info *why)
{
    return seal(arg, KEEP_TICKET_SEAL, key, profile, sealed, why);
}

enum err
front_seal_secret(void *arg, struct str secret, struct str what,
                  struct buf *sealed, struct err_info *why)
{
    return seal(arg, KEEP_SECRET_SEAL, secret, what, sealed, why);
}

static enum err
ask_keeper(struct front *f, struct str sealed, struct str profile,
           struct str user, struct str applid, uint32_t time, struct str ticket,
           struct chan_msg *reply, struct reader *in, struct err_info *why)
{
    struct buf request;
    enum err e;

    buf_init(&request, 4096);
    buf_str(&request, sealed);
    buf_str(&request, profile);
    buf_str(&request, user);
    buf_str(&request, applid);
    buf_u32(&request, time);
    buf_str(&request, ticket);
    e = keeper_call(f, KEEP_TICKET, buf_view(&request), reply, in, why);
    buf_fini(&request);
    return e;
}

enum err
front_ticket_times(void *arg, struct str sealed, struct str profile,
                   struct str user, struct str applid, struct str ticket,
                   uint32_t *times, size_t *n, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    uint32_t count = 0;
    enum err e = ask_keeper(arg, sealed, profile, user, applid, 0, ticket,
                            &reply, &in, why);

    *n = 0;
    if (e != ERR_OK)
        return e;
    if (!reader_u32(&in, &count) || count > PASSTICKET_TIMES_MAX)
        e = err_set(why, ERR_PEER, "key keeper: malformed answer");
    for (uint32_t i = 0; e == ERR_OK && i < count; i++) {
        if (reader_u32(&in, &times[i]))
            (*n)++;
        else
            e = err_set(why, ERR_PEER, "key keeper: malformed answer");
    }
    chan_msg_fini(&reply);
    return e;
}

static enum err
make(struct front *f, struct arena *a, struct str user, struct str appl,
     struct buf *result, struct err_info *why)
{
    struct str profile, sealed, ticket;
    struct chan_msg reply;
    struct reader in;
    bool may_replay;
    enum err e = logon_ticket_key(f->engine, a, user, appl, &profile, &sealed,
                                  &may_replay, why);

    if (e == ERR_OK)
        e = ask_keeper(f, sealed, profile, user, appl,
                       (uint32_t)(clock_wall_ms() / 1000), STR(""), &reply, &in,
                       why);
    if (e != ERR_OK)
        return e;
    if (reader_str(&in, PASSTICKET_CHARS, PASSTICKET_CHARS, &ticket))
        buf_str(result, ticket);
    else
        e = err_set(why, ERR_PEER, "key keeper: malformed answer");
    chan_msg_fini(&reply);
    return e;
}

static enum err
serve(struct peer *p, struct arena *a, struct str user, struct str appl,
      struct str ticket, struct buf *result, struct saf_rc *rc,
      struct err_info *why)
{
    const struct logon_ticket t = { .user = user,
                                    .applid = appl,
                                    .ticket = ticket,
                                    .now_ms = clock_wall_ms(),
                                    .times = front_ticket_times,
                                    .arg = p->front };
    struct str name =
        str_fmt(a, "IRRPTAUTH." STR_FMT "." STR_FMT,
                STR_ARG(str_upper(a, appl)), STR_ARG(str_upper(a, user)));
    enum err e;

    /* No profile, or the class is not active: refused. */
    if (!saf_authorized(p->front->engine, p->acee, "PTKTDATA", name,
                        ticket.n == 0 ? SAF_UPDATE : SAF_READ)) {
        *rc = RC_NOT_AUTHORIZED;
        return err_set(why, ERR_DENIED,
                       "user %s has insufficient authority to " STR_FMT
                       " in class PTKTDATA",
                       p->acee->user, STR_ARG(name));
    }
    e = ticket.n == 0 ? make(p->front, a, user, appl, result, why)
                      : logon_ticket_check(p->front->engine, a, &t, why);
    *rc = e == ERR_OK          ? SAF_RC(0, 0, 0)
          : e == ERR_NOT_FOUND ? RC_NO_KEY
          : e == ERR_EXISTS    ? RC_REPLAY
          : e == ERR_DENIED    ? RC_NOT_VALID
                               : SAF_RC(8, 8, 0);
    return e;
}

bool
on_ticket(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str user, appl, ticket;
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    struct buf result;
    struct arena a;
    enum err e;

    if (!reader_str(&in, 1, SAF_USER_MAX, &user) ||
        !reader_str(&in, 1, 8, &appl) || !reader_str(&in, 0, 8, &ticket) ||
        !reader_at_end(&in))
        return false;
    arena_init(&a, ARENA_MAX);
    buf_init(&result, 64);
    e = serve(p, &a, user, appl, ticket, &result, &rc, &why);
    audit_ticket(p, user, appl, ticket.n == 0, e == ERR_OK);
    peer_reply(p, seq, e, rc, &why, buf_view(&result));
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    buf_fini(&result);
    arena_fini(&a);
    return true;
}
