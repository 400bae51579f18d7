/*
 * Requests in which the token has part. It may take a minute, and the keeper
 * signs meanwhile: such a request is run until it asks the token, put aside,
 * and run again from its beginning when the answer is there (token.h).
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "keeper_priv.h"

static struct aside {
    bool is_used;
    struct token_aside token;
    int front, to;
    uint32_t seq;
    uint16_t type;
    struct buf request;
} asides[KEEP_ASIDE_MAX];

static const uint16_t slow[] = {
    KEEP_NEW_KEY, KEEP_SEAL,     KEEP_CERTIFY,  KEEP_REQUEST,
    KEEP_TOKEN,   KEEP_FIND_KEY, KEEP_DROP_KEY,
};

bool
keeper_is_slow(uint16_t type)
{
    for (size_t i = 0; keeper.token != NULL && i < ARRAY_LEN(slow); i++) {
        if (slow[i] == type)
            return true;
    }
    return false;
}

static void
aside_free(struct aside *a)
{
    if (keeper.token != NULL)
        token_aside_fini(keeper.token, &a->token);
    if (a->request.p != NULL)
        secret_wipe(a->request.p, a->request.n);
    buf_fini(&a->request);
    if (a->to >= 0)
        close(a->to);
    a->is_used = false;
}

/* False: malformed, or the front is gone. */
static bool
go_on(struct aside *a)
{
    struct reader in = reader_of(buf_view(&a->request));
    struct err_info why = { 0 };
    enum err e = ERR_OK;
    struct buf result;
    bool is_good, is_sent;

    buf_init(&result, KEEPER_REQUEST_MAX);
    if (keeper.token != NULL)
        token_use_aside(keeper.token, &a->token);
    is_good = keeper_run_request(a->type, &in, &result, &e, &why);
    if (keeper.token != NULL)
        token_use_aside(keeper.token, NULL);
    if (is_good && e == ERR_AGAIN && a->token.p.is_asked &&
        !a->token.has_answer) {
        buf_fini(&result);
        return true;
    }
    if (e == ERR_OK)
        e = buf_check(&result, &why);
    is_sent = is_good &&
              chan_answer_send(a->to >= 0 ? a->to : a->front, a->type, a->seq,
                               e, &why, buf_view(&result)) == ERR_OK;
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    buf_fini(&result);
    is_good = is_good && (is_sent || a->to >= 0); /* who waits may be gone */
    aside_free(a);
    return is_good;
}

bool
keeper_aside(int front, uint32_t seq, uint16_t type, struct str request, int to,
             enum err *e, struct err_info *why)
{
    struct aside *a = NULL;

    for (size_t i = 0; i < KEEP_ASIDE_MAX && a == NULL; i++) {
        if (!asides[i].is_used)
            a = &asides[i];
    }
    if (a == NULL) {
        *e = err_set(why, ERR_NOT_NOW, "the token has %u requests to answer",
                     KEEP_ASIDE_MAX);
        if (to >= 0)
            close(to);
        return true;
    }
    *a = (struct aside){
        .is_used = true, .front = front, .to = to, .seq = seq, .type = type
    };
    buf_init(&a->request, 2u * KEEPER_REQUEST_MAX);
    buf_add(&a->request, request);
    *e = buf_check(&a->request, why);
    if (*e == ERR_OK)
        return go_on(a);
    aside_free(a);
    return true;
}

bool
keeper_on_aside(struct reader *in, struct chan_msg *msg, enum err *e,
                struct err_info *why)
{
    int to = chan_take_fd(msg, 0);
    uint16_t type;
    bool is_slow = false;

    if (to < 0)
        return false;
    if (reader_u16(in, &type)) {
        for (size_t i = 0; i < ARRAY_LEN(slow); i++)
            is_slow = is_slow || slow[i] == type;
    }
    if (is_slow)
        return keeper_aside(-1, 0, type, reader_rest(in), to, e, why);
    close(to);
    return false;
}

bool
keeper_asides_go_on(void)
{
    bool is_good = true;

    for (size_t i = 0; i < KEEP_ASIDE_MAX && is_good; i++) {
        if (asides[i].is_used && asides[i].token.has_answer)
            is_good = go_on(&asides[i]);
    }
    return is_good;
}
