#include "gateway/ring_keys.h"

#include <stdlib.h>

#include "base/secret.h"
#include "ipc/task.h"
#include "saf/client.h"

struct ring_name {
    char owner[SAF_USER_MAX + 1];
    char ring[SAF_RING_MAX + 1];
};

/* Any thread may have to open a channel, so each time over a connection of its
 * own, as who this address space is. */
static enum err
open_ring(void *arg, int *fd, struct err_info *why)
{
    const struct ring_name *r = arg;
    struct saf_client *saf = NULL;
    struct saf_rc rc;
    struct buf token;
    enum err e;

    buf_init(&token, 4096);
    e = task_token_read(&token, why);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = saf_connect(buf_view(&token), &saf, why);
    if (e == ERR_OK)
        e = saf_key_open(saf, str_of(r->owner), str_of(r->ring), fd, &rc, why);
    saf_disconnect(&saf);
    if (token.p != NULL)
        secret_wipe(token.p, token.n);
    buf_fini(&token);
    return e;
}

enum err
ring_keys_new(struct str owner, struct str ring, struct remote_keys **out,
              struct err_info *why)
{
    struct ring_name *r = calloc(1, sizeof *r);
    enum err e;

    if (r == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    if (!str_copy_z(owner, r->owner, sizeof r->owner) ||
        !str_copy_z(ring, r->ring, sizeof r->ring))
        e = err_set(why, ERR_LIMIT, "the name of the key ring is too long");
    else
        e = remote_keys_new(&(struct remote_source){ open_ring, free, r }, out,
                            why);
    if (e != ERR_OK)
        free(r);
    return e;
}
