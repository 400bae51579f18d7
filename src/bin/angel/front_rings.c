#include "front.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "front_certs.h"
#include "ipc/keywire.h"
#include "keeper_channels.h"
#include "saf/cert.h"
#include "saf/client.h"
#include "saf/token_certs.h"

/* --- key rings
 * ----------------------------------------------------------------------------
 */

static enum err
open_private_key(struct front *f, const struct cert_row *cert,
                 struct buf *result, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct buf request;
    struct str pkcs8;
    enum err e;

    buf_init(&request, 2u * CERT_DER_MAX);
    buf_str(&request, cert->key);
    buf_str(&request, cert->owner);
    e = keeper_call(f, KEEP_UNSEAL, buf_view(&request), &reply, &in, why);
    buf_fini(&request);
    if (e != ERR_OK)
        return e;
    if (reader_str(&in, 1, CERT_DER_MAX, &pkcs8))
        buf_str(result, pkcs8);
    else
        e = err_set(why, ERR_PEER, "key keeper: malformed answer");
    chan_msg_fini(&reply);
    return e;
}

static struct str
owner_shown(struct str owner)
{
    return str_eq_z(owner, CERT_OWNER_CA)     ? STR("CERTAUTH")
           : str_eq_z(owner, CERT_OWNER_SITE) ? STR("SITE")
                                              : owner;
}

static enum err
put_ring(struct front *f, const struct ring_view *view, enum saf_ring_keys keys,
         struct buf *result, struct err_info *why)
{
    buf_u64(result, view->ring.sequence);
    buf_u32(result, (uint32_t)view->n);
    for (size_t i = 0; i < view->n; i++) {
        const struct ring_entry *entry = &view->entries[i];
        enum err e;

        buf_str(result, entry->cert.label);
        buf_str(result, owner_shown(entry->cert.owner));
        buf_str(result, entry->cert.facts.der);
        /* A key in the token is used, whatever was wanted. */
        if (!view->has_key[i] || keys == SAF_KEYS_USE || entry->cert.pkds.n > 0)
            buf_str(result, STR(""));
        else if ((e = open_private_key(f, &entry->cert, result, why)) != ERR_OK)
            return e;
        buf_u8(result, view->has_key[i]);
        buf_u8(result, entry->is_default);
        buf_u8(result, entry->usage == 'P' ? 0 : entry->usage == 'C' ? 1 : 2);
    }
    return buf_check(result, why);
}

/* A token's, by its name, or one of the database; owner "" is our own. */
static enum err
read_any(struct peer *p, struct arena *a, struct str owner, struct str ring,
         bool want_keys, struct ring_view *view, struct saf_rc *rc,
         struct err_info *why)
{
    struct front *f = p->front;

    if (str_eq_nocase_z(owner, TOKEN_RING_OWNER))
        return token_ring(f->engine, a, front_cert_services(f), p->acee,
                          str_upper(a, ring), want_keys, view, rc, why);
    return ring_read(f->engine, a, p->acee,
                     owner.n > 0 ? owner : str_of(p->acee->user), ring,
                     want_keys, view, rc, why);
}

bool
on_ring_read(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct saf_rc rc = SAF_RC(8, 8, 8);
    struct err_info why = { 0 };
    struct ring_view view;
    struct str owner, ring;
    struct buf result;
    struct arena a;
    uint8_t want_keys;
    enum err e;

    if (!reader_str(&in, 0, SAF_USER_MAX, &owner) ||
        !reader_str(&in, 1, SAF_RING_MAX, &ring) ||
        !reader_u8(&in, &want_keys) || want_keys > SAF_KEYS_USE ||
        !reader_at_end(&in))
        return false;
    arena_init(&a, 64u << 20);
    buf_init(&result, CHAN_BYTES_MAX / 2);
    e = read_any(p, &a, owner, ring, want_keys != 0, &view, &rc, &why);
    if (e == ERR_OK)
        e = put_ring(p->front, &view, (enum saf_ring_keys)want_keys, &result,
                     &why);
    peer_reply(p, seq, e, rc, &why, buf_view(&result));
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    buf_fini(&result);
    arena_fini(&a);
    return true;
}

/* --- key channels
 * -----------------------------------------------------------------------
 */

static enum err
open_channel(struct front *f, uid_t uid, const struct ring_view *view,
             struct buf *result, int *fd, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct buf request;
    uint32_t n = 0;
    int pair[2];
    enum err e = chan_pair(pair, why);

    if (e != ERR_OK)
        return e;
    buf_init(&request, CHAN_BYTES_MAX / 2);
    for (size_t i = 0; i < view->n; i++)
        n += view->has_key[i];
    buf_u32(&request, (uint32_t)uid);
    buf_u32(&request, n);
    for (size_t i = 0; i < view->n; i++) {
        if (!view->has_key[i])
            continue;
        buf_str(&request, view->entries[i].cert.key);
        buf_str(&request, view->entries[i].cert.owner);
    }
    /* Ours to set, not the client's: its end is a description of its own. */
    if (fcntl(pair[1], F_SETFL, O_NONBLOCK) != 0)
        e = err_sys(why, "a key channel");
    else if (n > KEY_CHANNEL_KEYS_MAX)
        e = err_set(why, ERR_LIMIT, "the ring has %u private keys, at most %u",
                    n, KEY_CHANNEL_KEYS_MAX);
    else
        e = keeper_call_fd(f, KEEP_OPEN, buf_view(&request), pair[1], &reply,
                           &in, why);
    if (e == ERR_OK) {
        chan_msg_fini(&reply);
        buf_u32(result, n);
        *fd = pair[0];
    } else {
        close(pair[0]);
    }
    close(pair[1]);
    buf_fini(&request);
    return e;
}

bool
on_key_open(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct saf_rc rc = SAF_RC(8, 8, 8);
    struct err_info why = { 0 };
    struct ring_view view;
    struct str owner, ring;
    struct buf result;
    struct arena a;
    int fd = -1;
    enum err e;

    if (!reader_str(&in, 0, SAF_USER_MAX, &owner) ||
        !reader_str(&in, 1, SAF_RING_MAX, &ring) || !reader_at_end(&in))
        return false;
    arena_init(&a, 64u << 20);
    buf_init(&result, 64);
    e = read_any(p, &a, owner, ring, true, &view, &rc, &why);
    if (e == ERR_OK)
        e = open_channel(p->front, p->cred.uid, &view, &result, &fd, &why);
    peer_reply_fd(p, seq, e, rc, &why, buf_view(&result), fd);
    if (fd >= 0)
        close(fd);
    buf_fini(&result);
    arena_fini(&a);
    return true;
}
