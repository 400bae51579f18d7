/* PassTickets, and secrets in segments. */
#include "keeper_priv.h"

#include "base/secret.h"
#include "saf/passticket.h"
#include "saf/saf.h"

bool
keeper_on_secret_seal(struct reader *in, struct buf *out, enum err *e,
                      struct err_info *why)
{
    struct str secret, what;
    struct buf sealed;

    if (!reader_str(in, 1, 1024, &secret) ||
        !reader_str(in, 1, SAF_PROFILE_MAX, &what) || !reader_at_end(in))
        return false;
    buf_init(&sealed, 2048);
    *e = sealing_close(keeper.master, secret, what, &sealed, why);
    if (*e == ERR_OK)
        buf_str(out, buf_view(&sealed));
    buf_fini(&sealed);
    return true;
}

bool
keeper_on_ticket_seal(struct reader *in, struct buf *out, enum err *e,
                      struct err_info *why)
{
    struct str key, profile;
    struct buf sealed;

    if (!reader_str(in, PASSTICKET_KEY_BYTES, PASSTICKET_KEY_BYTES, &key) ||
        !reader_str(in, 1, SAF_PROFILE_MAX, &profile) || !reader_at_end(in))
        return false;
    buf_init(&sealed, 256);
    *e = sealing_close(keeper.master, key, profile, &sealed, why);
    if (*e == ERR_OK)
        buf_str(out, buf_view(&sealed));
    buf_fini(&sealed);
    return true;
}

static enum err
use_ticket_key(const unsigned char *key, struct str user, struct str appl,
               uint32_t time, struct str ticket, struct buf *out,
               struct err_info *why)
{
    uint32_t times[PASSTICKET_TIMES_MAX];
    char made[PASSTICKET_CHARS];
    size_t n = 0;
    enum err e;

    if (ticket.n == 0) {
        e = passticket_make(key, user, appl, time, made, why);
        if (e == ERR_OK)
            buf_str(out, str_n(made, sizeof made));
        return e;
    }
    e = passticket_times(key, user, appl, ticket, times, &n, why);
    if (e != ERR_OK)
        return e;
    buf_u32(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        buf_u32(out, times[i]);
    return ERR_OK;
}

bool
keeper_on_ticket(struct reader *in, struct buf *out, enum err *e,
                 struct err_info *why)
{
    struct str sealed, profile, user, appl, ticket;
    struct buf plain;
    uint32_t time;

    if (!reader_str(in, 1, 256, &sealed) ||
        !reader_str(in, 1, SAF_PROFILE_MAX, &profile) ||
        !reader_str(in, 1, 8, &user) || !reader_str(in, 1, 8, &appl) ||
        !reader_u32(in, &time) || !reader_str(in, 0, 8, &ticket) ||
        !reader_at_end(in))
        return false;
    buf_init(&plain, 256);
    *e = sealing_open(keeper.master, sealed, profile, &plain, why);
    if (*e == ERR_OK && plain.n != PASSTICKET_KEY_BYTES)
        *e = err_set(why, ERR_SYNTAX, "the PassTicket key is damaged");
    if (*e == ERR_OK)
        *e = use_ticket_key((const unsigned char *)plain.p, user, appl, time,
                            ticket, out, why);
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&plain);
    return true;
}
