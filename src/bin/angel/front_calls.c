#include "front.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "front_audit.h"
#include "saf/acee.h"

/*
 * Synchronous calls to keeper and verifier 0: their answers take micro- to
 * milliseconds, and only commands need them.
 */
#define CALL_WAIT_MS 30000
#define HELPER_WAIT_MS 5000u

static enum err
call_fd(int fd, uint16_t type, struct str request, int passed,
        struct chan_msg *reply, struct err_info *why)
{
    static uint32_t seq;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    enum err e = chan_send(fd, type, ++seq, request, &passed, passed >= 0, why);

    while (e == ERR_OK) {
        if (poll(&p, 1, CALL_WAIT_MS) != 1)
            return err_set(why, ERR_TIMEOUT, "no answer in %d ms",
                           CALL_WAIT_MS);
        e = chan_recv(fd, reply, why);
        if (e != ERR_OK || reply->seq == seq)
            break;
        chan_msg_fini(reply); /* of a call that was given up */
    }
    return e;
}

/* A helper that died is started again by the nest, which sends its new end;
 * what we asked may be asked again. */
static bool
await_helper(struct front *f, const int *slot)
{
    uint64_t deadline = clock_mono_ms() + HELPER_WAIT_MS;
    int old = *slot;
    uint64_t now;

    while (*slot == old && !f->is_ending &&
           (now = clock_mono_ms()) < deadline) {
        struct pollfd p = { .fd = f->nest.fd, .events = POLLIN };

        if (poll(&p, 1, (int)(deadline - now)) == 1)
            f->nest.ready(&f->nest, POLLIN);
    }
    return *slot != old;
}

static enum err
call(struct front *f, const int *slot, uint16_t type, struct str request,
     int passed, struct chan_msg *reply, struct err_info *why)
{
    enum err e = call_fd(*slot, type, request, passed, reply, why);

    if (e == ERR_PEER && await_helper(f, slot))
        e = call_fd(*slot, type, request, passed, reply, why);
    return e;
}

enum err
keeper_call(struct front *f, enum keep_type type, struct str request,
            struct chan_msg *reply, struct reader *out, struct err_info *why)
{
    return keeper_call_fd(f, type, request, -1, reply, out, why);
}

enum err
keeper_call_fd(struct front *f, enum keep_type type, struct str request, int fd,
               struct chan_msg *reply, struct reader *out, struct err_info *why)
{
    struct str text;
    uint8_t code;
    enum err e = call(f, &f->keeper, (uint16_t)type, request, fd, reply, why);

    if (e != ERR_OK) {
        err_prefix(why, "key keeper");
        return e;
    }
    *out = reader_of(reply->payload);
    if (!reader_u8(out, &code) || code > ERR_MEMORY ||
        !reader_str(out, 0, ERR_TEXT_MAX, &text))
        e = err_set(why, ERR_PEER, "key keeper: malformed answer");
    else if (code != ERR_OK)
        e = err_set(why, (enum err)code, STR_FMT, STR_ARG(text));
    if (e != ERR_OK)
        chan_msg_fini(reply);
    return e;
}

enum err
keeper_start(struct front *f, struct err_info *why)
{
    struct str token_public, seal_private;
    struct chan_msg reply;
    struct reader in;
    enum err e = keeper_call(f, KEEP_START, STR(""), &reply, &in, why);

    if (e != ERR_OK)
        return e;
    if (!reader_take(&in, 32, &token_public) ||
        !reader_take(&in, 32, &seal_private) || !reader_at_end(&in)) {
        e = err_set(why, ERR_PEER, "key keeper: malformed answer");
    } else {
        memcpy(f->token_public, token_public.p, 32);
        memcpy(f->seal_private, seal_private.p, 32);
        e = acee_key_public(f->seal_private, f->seal_public, why);
    }
    chan_msg_fini(&reply);
    return e;
}

/* To the recorder, which may have died and be on its way back. */
static enum err
record(struct front *f, enum record_type type, struct str payload,
       struct err_info *why)
{
    enum err e =
        chan_send(f->recorder, (uint16_t)type, 0, payload, NULL, 0, why);

    if (e == ERR_PEER && await_helper(f, &f->recorder))
        e = chan_send(f->recorder, (uint16_t)type, 0, payload, NULL, 0, why);
    return e;
}

void
record_line(struct front *f, struct str job_id, struct str line)
{
    struct err_info why = { 0 };
    struct buf out;

    buf_init(&out, 4096);
    buf_str(&out, job_id);
    buf_str(&out, str_sub(line, 0, WIRE_LINE_MAX));
    if (record(f, RECORD_LOG, buf_view(&out), &why) != ERR_OK)
        log_error("recorder: %s; line lost: " STR_FMT, why.text, STR_ARG(line));
    buf_fini(&out);
}

void
record_smf(struct front *f, struct str bytes)
{
    struct err_info why = { 0 };

    if (record(f, RECORD_SMF, bytes, &why) != ERR_OK)
        log_error("recorder: %s; SMF record lost", why.text);
}

static void
sink_line(void *arg, struct str text)
{
    struct line_sink *sink = arg;
    struct buf out;

    record_line(sink->front,
                sink->peer != NULL && sink->peer->job != NULL
                    ? str_of(sink->peer->job->job_id)
                    : STR(""),
                text);
    if (sink->peer == NULL)
        return;
    buf_init(&out, 4096);
    buf_str(&out, str_sub(text, 0, WIRE_LINE_MAX));
    peer_send(sink->peer, WIRE_MESSAGE, sink->seq, buf_view(&out), -1);
    buf_fini(&out);
}

static void
sink_logon(void *arg, struct str user, struct str group, unsigned how)
{
    static const uint8_t qualifiers[] = {
        [LOGON_INVALID_PASSWORD] = SMF_INIT_PASSWORD,
        [LOGON_INVALID_PHRASE] = SMF_INIT_PHRASE,
        [LOGON_REVOKED] = SMF_INIT_REVOKED,
        [LOGON_EXCESSIVE] = SMF_INIT_AUTO_REVOKED,
        [LOGON_EXPIRED] = SMF_INIT_EXPIRED,
        [LOGON_INVALID_GROUP] = SMF_INIT_GROUP,
        [LOGON_GROUP_REVOKED] = SMF_INIT_GROUP_REVOKED,
        [LOGON_INACTIVE] = SMF_INIT_INACTIVE,
        [LOGON_REPLAY] = SMF_INIT_REPLAY,
        [LOGON_DAY_TIME] = SMF_INIT_TERMINAL,
        [LOGON_TERMINAL] = SMF_INIT_TERMINAL,
        [LOGON_NEW_PASSWORD] = SMF_INIT_NEW_PASSWORD,
        [LOGON_NEW_PHRASE] = SMF_INIT_NEW_PHRASE,
        [LOGON_PHRASE_EXPIRED] = SMF_INIT_PHRASE_EXPIRED,
        [LOGON_OIDCARD] = SMF_INIT_OIDCARD,
        [LOGON_SURROGATE] = SMF_INIT_SUBMITTER,
        [LOGON_UNDEFINED] = SMF_INIT_UNDEFINED,
        [LOGON_OWNER] = SMF_INIT_SUCCESS,
    };
    struct line_sink *sink = arg;

    audit_logon(sink->front, sink->peer, user, group, sink->applid,
                qualifiers[how]);
}

struct saf_lines
line_sink_lines(struct line_sink *sink)
{
    return (struct saf_lines){ sink_line, sink, sink_logon };
}

/* --- hooks of the command language
 * --------------------------------------------- */

enum err
front_make_verifier(void *arg, struct str user, struct str secret,
                    bool is_phrase, struct buf *verifier, struct err_info *why)
{
    struct front *f = arg;
    struct chan_msg reply;
    struct reader in;
    struct buf out;
    struct str record;
    uint8_t verdict;
    enum err e;

    (void)is_phrase;
    buf_init(&out, 4096);
    buf_str(&out, user);
    buf_str(&out, secret);
    e = call(f, &f->commands, VERIFY_MAKE, buf_view(&out), -1, &reply, why);
    if (out.p != NULL)
        secret_wipe(out.p, out.n);
    buf_fini(&out);
    if (e != ERR_OK)
        return e;
    in = reader_of(reply.payload);
    if (!reader_u8(&in, &verdict) || verdict != 1 ||
        !reader_str(&in, 1, 1024, &record))
        e = err_set(why, ERR_IO, "password verifier failed");
    else
        buf_add(verifier, record);
    chan_msg_fini(&reply);
    return e == ERR_OK ? buf_check(verifier, why) : e;
}

enum err
front_check_verifier(void *arg, struct str user, struct str secret,
                     struct str verifier, struct err_info *why)
{
    struct front *f = arg;
    struct chan_msg reply;
    struct buf out;
    uint8_t verdict = 2;
    struct reader in;
    enum err e;

    buf_init(&out, 4096);
    buf_str(&out, user);
    buf_str(&out, secret);
    buf_str(&out, verifier);
    e = call(f, &f->commands, VERIFY_CHECK, buf_view(&out), -1, &reply, why);
    if (out.p != NULL)
        secret_wipe(out.p, out.n);
    buf_fini(&out);
    if (e != ERR_OK)
        return e;
    in = reader_of(reply.payload);
    if (!reader_u8(&in, &verdict) || verdict > 1)
        e = err_set(why, ERR_IO, "password verifier failed");
    else if (verdict == 0)
        e = err_set(why, ERR_DENIED, "not the password");
    chan_msg_fini(&reply);
    return e;
}
