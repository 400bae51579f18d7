/* The user's key ring, as the broker hands it over. Runs in the maker's
 * thread, which may wait. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fips.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/tls_library.h"
#include "ttls/engine_wire.h"
#include "ttls/env.h"

enum { USAGE_PERSONAL, USAGE_CERTAUTH, USAGE_SITE };

static bool
fail(struct env *env, unsigned rc, const char *event)
{
    env->rc = rc;
    env->event = event;
    return false;
}

struct entry {
    struct str label, owner, der;
    uint8_t has_key, is_default, usage;
};

static bool
read_entry(struct reader *in, struct entry *e)
{
    return reader_str(in, 0, 64, &e->label) &&
           reader_str(in, 0, 64, &e->owner) &&
           reader_str(in, 1, ENGINE_DER_MAX, &e->der) &&
           reader_u8(in, &e->has_key) && reader_u8(in, &e->is_default) &&
           reader_u8(in, &e->usage);
}

/* Signers are trusted; a personal certificate is only shown. */
static bool
add(struct env *env, const struct entry *e)
{
    EVP_PKEY *key = NULL;

    if (e->usage != USAGE_PERSONAL)
        return env_add_signer(env, e->der);
    return (!e->has_key ||
            remote_key_of(env->keys, e->der, &key, NULL) == ERR_OK) &&
           env_add_identity(env, e->label, e->is_default != 0, e->der, &key);
}

static void
put_question(struct buf *out, const struct env *env)
{
    const struct ttls_effective *eff = &env->mapped->eff;
    bool is_all = eff->ring_kind == TTLS_RING_AUTH;

    buf_str(out, str_of(env->user));
    buf_u32(out, env->uid);
    buf_str(out, is_all                              ? STR("*AUTH*")
                 : eff->ring_kind == TTLS_RING_TOKEN ? STR("*TOKEN*")
                                                     : eff->ring_owner);
    buf_str(out, is_all ? STR("*") : eff->ring);
}

/* --- keys: they stay with the angel --------------------------------------- */

struct key_source {
    struct env_maker *maker;
    int first; /* the channel that came with the ring */
    struct buf question;
};

/* A channel: the one that is there, or, when it has ended, another one. */
static enum err
open_channel(void *arg, int *fd, struct err_info *why)
{
    struct key_source *s = arg;
    struct chan_msg reply;
    enum err e;

    *fd = s->first;
    s->first = -1;
    if (*fd >= 0)
        return ERR_OK;
    e = env_maker_ask(s->maker, buf_view(&s->question), &reply);
    if (e != ERR_OK)
        return err_set(why, e, "the broker is away");
    *fd = chan_take_fd(&reply, 0);
    chan_msg_fini(&reply);
    return *fd >= 0 ? ERR_OK
                    : err_set(why, ERR_DENIED, "the ring gives no keys");
}

static void
source_free(void *arg)
{
    struct key_source *s = arg;

    if (s->first >= 0)
        close(s->first);
    buf_fini(&s->question);
    free(s);
}

static bool
open_keys(struct env *env)
{
    struct key_source *s = calloc(1, sizeof *s);
    enum err e = ERR_MEMORY;

    if (s == NULL)
        return false;
    s->maker = env->engine->maker;
    s->first = env->first_channel;
    env->first_channel = -1;
    buf_init(&s->question, 4096);
    put_question(&s->question, env);
    if (!s->question.failed)
        e = remote_keys_new(&(struct remote_source){ open_channel, source_free,
                                                     s, env->library },
                            &env->keys, NULL);
    if (e != ERR_OK)
        source_free(s);
    return e == ERR_OK;
}

static bool
take(struct env *env, struct str payload)
{
    struct reader in = reader_of(payload);
    struct str why;
    uint8_t failed;
    uint32_t n;

    if (!reader_u8(&in, &failed) || !reader_str(&in, 0, ERR_TEXT_MAX, &why))
        return fail(env, 102, "Environment Init");
    if (failed != ERR_OK) {
        log_info("ring of %s: " STR_FMT, env->user, STR_ARG(why));
        return fail(env, failed == ERR_DENIED ? 416 : 202, "Environment Init");
    }
    if (!reader_u32(&in, &n) || !open_keys(env))
        return fail(env, 102, "Environment Init");
    for (uint32_t i = 0; i < n; i++) {
        struct entry e;

        if (!read_entry(&in, &e) || !add(env, &e))
            return fail(env, 102, "Environment Init");
    }
    return true;
}

bool
env_ring(struct env *env)
{
    const struct ttls_effective *eff = &env->mapped->eff;
    struct chan_msg reply;
    struct buf request;
    bool is_fine;
    enum err e;

    env->is_fips = eff->fips != TTLS_FIPS_OFF;
    env->library = env->is_fips ? fips_library(NULL) : tls_library();
    if (env->is_fips && env->library == NULL)
        return fail(env, 455, "Environment Init");
    env->ctx = SSL_CTX_new_ex(env->library, NULL, TLS_method());
    if (env->ctx == NULL)
        return fail(env, 5002, "Environment Create");
    if (eff->ring_kind == TTLS_RING_FILE)
        return env_file(env);
    buf_init(&request, 4096);
    put_question(&request, env);
    e = env_maker_ask(env->engine->maker, buf_view(&request), &reply);
    buf_fini(&request);
    if (e != ERR_OK)
        return fail(env, 5001, "Environment Init");
    env->first_channel = chan_take_fd(&reply, 0);
    is_fine = reply.type == BROKER_RING_IS ? take(env, reply.payload)
                                           : fail(env, 102, "Environment Init");
    chan_msg_fini(&reply);
    return is_fine;
}
