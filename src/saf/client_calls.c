/* What a client asks of the angel: one request and its reply each. */
#include "saf/client_priv.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* --- commands and jobs ------------------------------------------------------
 */

static enum err
send_once(struct saf_client *c, struct str command, bool may_wait,
          uint32_t *seq, struct err_info *why)
{
    struct buf out;
    enum err e = client_connect(c, why);

    if (e != ERR_OK)
        return e;
    buf_init(&out, WIRE_COMMAND_MAX + 16);
    buf_str(&out, command);
    *seq = c->next_seq++;
    e = may_wait ? client_send(c, WIRE_COMMAND, *seq, buf_view(&out), -1, why)
                 : chan_send(c->fd, WIRE_COMMAND, *seq, buf_view(&out), NULL, 0,
                             why);
    if (out.p != NULL)
        secret_wipe(out.p, out.n); /* PASSWORD(...) */
    buf_fini(&out);
    return e;
}

/* ERR_PEER: it was not sent. */
static enum err
send_command(struct saf_client *c, struct str command, bool may_wait,
             uint32_t *seq, struct err_info *why)
{
    uint64_t until = clock_mono_ms() + CLIENT_COMING_BACK_MS;
    enum err e;

    if (command.n > WIRE_COMMAND_MAX)
        return err_set(why, ERR_LIMIT,
                       "the command has %zu bytes, at most %u are read",
                       command.n, WIRE_COMMAND_MAX);
    while ((e = send_once(c, command, may_wait, seq, why)) == ERR_PEER &&
           may_wait && client_is_coming_back(c) && clock_mono_ms() < until)
        (void)poll(NULL, 0, CLIENT_AGAIN_MS);
    return e;
}

static enum err
fate_unknown(enum err e, struct err_info *why)
{
    return err_set(why, e,
                   e == ERR_TIMEOUT
                       ? "the security database does not answer; whether it "
                         "carries the command out is not known"
                       : "the security database went away; whether it carried "
                         "the command out is not known");
}

static enum err
finish_command(struct saf_client *c, uint32_t seq,
               void (*line)(void *arg, struct str text), void *arg,
               uint32_t *rc, struct err_info *why)
{
    struct chan_msg reply;
    struct saf_rc ignored;
    struct reader in;
    enum err e;

    c->on_line = line;
    c->line_arg = arg;
    c->line_seq = seq;
    e = client_await(c, seq, &reply, &in, &ignored, why);
    c->on_line = NULL;
    c->line_seq = 0;
    if (e == ERR_PEER || e == ERR_TIMEOUT)
        return fate_unknown(e, why);
    if (e != ERR_OK)
        return e;
    if (!reader_u32(&in, rc) || !reader_at_end(&in))
        e = client_malformed(why);
    chan_msg_fini(&reply);
    return e;
}

enum err
saf_command(struct saf_client *c, struct str command,
            void (*line)(void *arg, struct str text), void *arg, uint32_t *rc,
            struct err_info *why)
{
    uint32_t seq;
    enum err e = send_command(c, command, true, &seq, why);

    return e == ERR_OK ? finish_command(c, seq, line, arg, rc, why) : e;
}

/* --- commands sent ahead
 * ---------------------------------------------------------- */

/* The oldest is answered, or will not be. */
static void
finish_first(struct saf_ahead *a)
{
    struct saf_ahead_one *one = &a->v[a->first];
    struct err_info why = one->why;
    enum err e = one->e;
    uint32_t rc = 12;

    a->begin(a->arg, buf_view(&one->command), one->line);
    if (e == ERR_OK && one->of_connection != a->client->n_lost)
        e = fate_unknown(ERR_PEER, &why);
    if (e == ERR_OK)
        e = finish_command(a->client, one->seq, a->text, a->arg, &rc, &why);
    a->end(a->arg, one->line, e, rc, &why);
    if (one->command.p != NULL)
        secret_wipe(one->command.p, one->command.n);
    buf_fini(&one->command);
    a->first = (a->first + 1) % SAF_AHEAD_MAX;
    a->n--;
}

void
saf_ahead_send(struct saf_ahead *a, struct str command, uint32_t line)
{
    struct saf_ahead_one *one;

    if (a->n == SAF_AHEAD_MAX)
        finish_first(a);
    for (;;) {
        one = &a->v[(a->first + a->n) % SAF_AHEAD_MAX];
        *one = (struct saf_ahead_one){ .line = line };
        one->e =
            send_command(a->client, command, a->n == 0, &one->seq, &one->why);
        if (one->e != ERR_AGAIN && (one->e != ERR_PEER || a->n == 0))
            break;
        finish_first(a); /* it takes no more before we read, or has gone */
    }
    one->of_connection = a->client->n_lost;
    buf_init(&one->command, WIRE_COMMAND_MAX + 16u);
    buf_add(&one->command, command);
    a->n++;
    if (one->e != ERR_OK)
        saf_ahead_drain(a);
}

void
saf_ahead_drain(struct saf_ahead *a)
{
    while (a->n > 0)
        finish_first(a);
}

static bool
read_omvs(struct reader *in, struct saf_omvs *out)
{
    struct str home, program;

    return reader_str(in, 0, SAF_OMVS_PATH_MAX, &home) &&
           reader_str(in, 0, SAF_OMVS_PATH_MAX, &program) &&
           reader_at_end(in) && str_copy_z(home, out->home, sizeof out->home) &&
           str_copy_z(program, out->program, sizeof out->program);
}

enum err
saf_register_job(struct saf_client *c, const struct saf_job *job,
                 struct buf *token, struct acee **acee, struct saf_omvs *omvs,
                 struct saf_rc *rc, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct saf_omvs unused;
    struct str text;
    struct buf out;
    enum err e;

    buf_init(&out, 64u * 1024u);
    buf_str(&out, job->job_name);
    buf_str(&out, job->job_id);
    buf_str(&out, job->user);
    buf_str(&out, job->proc);
    buf_str(&out, job->submitter);
    buf_str(&out, job->password);
    buf_str(&out, job->cgroup);
    buf_u32(&out, job->root_uid);
    buf_str(&out, job->new_password);
    buf_str(&out, job->group);
    buf_u8(&out, job->is_switch);
    e = client_call(c, WIRE_REGISTER_JOB, buf_view(&out), job->pidfd, &reply,
                    &in, rc, why);
    if (out.p != NULL)
        secret_wipe(out.p, out.n);
    buf_fini(&out);
    if (e != ERR_OK)
        return e;
    if (!reader_str(&in, 1, WIRE_TOKEN_MAX, &text)) {
        e = client_malformed(why);
    } else {
        buf_add(token, text);
        e = buf_check(token, why);
        if (e == ERR_OK)
            e = client_read_acee(c, &in, acee, why);
        if (e == ERR_OK && !read_omvs(&in, omvs == NULL ? &unused : omvs)) {
            acee_unref(acee);
            e = client_malformed(why);
        }
    }
    chan_msg_fini(&reply);
    return e;
}

static enum err
call_str(struct saf_client *c, enum wire_type type, struct str text,
         struct err_info *why)
{
    struct chan_msg reply;
    struct saf_rc rc;
    struct reader in;
    struct buf out;
    enum err e;

    buf_init(&out, 4096);
    buf_str(&out, text);
    e = client_call(c, type, buf_view(&out), -1, &reply, &in, &rc, why);
    buf_fini(&out);
    if (e == ERR_OK)
        chan_msg_fini(&reply);
    return e;
}

enum err
saf_job_ended(struct saf_client *c, struct str job_id, struct err_info *why)
{
    return call_str(c, WIRE_JOB_ENDED, job_id, why);
}

enum err
saf_open_angel(struct saf_client *c, struct str name, struct err_info *why)
{
    return call_str(c, WIRE_OPEN_ANGEL, name, why);
}

enum err
saf_list_servers(struct saf_client *c, enum saf_listing listing,
                 void (*each)(void *, const struct saf_listed *), void *arg,
                 struct err_info *why)
{
    const char what = (char)listing;
    struct chan_msg reply;
    struct saf_rc rc;
    struct reader in;
    uint32_t n = 0;
    enum err e = client_call(c, WIRE_LIST_SERVERS, (struct str){ &what, 1 }, -1,
                             &reply, &in, &rc, why);

    if (e != ERR_OK)
        return e;
    if (!reader_u32(&in, &n))
        e = client_malformed(why);
    for (uint32_t i = 0; e == ERR_OK && i < n; i++) {
        struct saf_listed one;

        if (reader_str(&in, 1, SAF_USER_MAX, &one.job_name) &&
            reader_u32(&in, &one.asid) && reader_u32(&in, &one.pid) &&
            reader_str(&in, 0, WIRE_ANGEL_MAX, &one.name))
            each(arg, &one);
        else
            e = client_malformed(why);
    }
    chan_msg_fini(&reply);
    return e;
}

enum err
saf_register_server(struct saf_client *c, struct str angel, struct str only,
                    struct saf_services *services, struct saf_rc *rc,
                    struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct buf out;
    uint32_t n;
    enum err e;

    buf_init(&out, 4096);
    buf_str(&out, angel);
    buf_str(&out, only);
    e = client_call(c, WIRE_REGISTER_SERVER, buf_view(&out), -1, &reply, &in,
                    rc, why);
    buf_fini(&out);
    if (e != ERR_OK)
        return e;
    *services = (struct saf_services){ .n = 0 };
    if (!reader_u32(&in, &n) || n > ARRAY_LEN(services->v))
        e = client_malformed(why);
    for (uint32_t i = 0; e == ERR_OK && i < n; i++) {
        struct saf_service *s = &services->v[i];
        struct str name;
        uint8_t is_available;

        if (!reader_str(&in, 1, sizeof s->name - 1, &name) ||
            !reader_u8(&in, &is_available) ||
            !str_copy_z(name, s->name, sizeof s->name)) {
            e = client_malformed(why);
            break;
        }
        s->is_available = is_available != 0;
        services->n++;
    }
    chan_msg_fini(&reply);
    return e;
}

/* --- authentication ----------------------------------------------------------
 */

static enum err
call_acee(struct saf_client *c, enum wire_type type, struct buf *request,
          struct acee **out, struct saf_rc *rc, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    enum err e =
        client_call(c, type, buf_view(request), -1, &reply, &in, rc, why);

    if (request->p != NULL)
        secret_wipe(request->p, request->n);
    buf_fini(request);
    if (e != ERR_OK)
        return e;
    e = client_read_acee(c, &in, out, why);
    chan_msg_fini(&reply);
    return e;
}

static enum err
call_async(struct saf_client *c, enum wire_type type, struct buf *request,
           saf_acee_done done, void *arg, struct err_info *why)
{
    struct pending *p = NULL;
    enum err e = buf_check(request, why);

    if (e == ERR_OK && (e = client_connect(c, why)) == ERR_PEER &&
        client_is_coming_back(c))
        e = ERR_OK; /* sent when it is there again */
    if (e == ERR_OK && (p = calloc(1, sizeof *p)) == NULL)
        e = err_set(why, ERR_MEMORY, "no storage for a request");
    if (e != ERR_OK) {
        if (request->p != NULL)
            secret_wipe(request->p, request->n);
        buf_fini(request);
        return e;
    }
    *p = (struct pending){ .seq = c->next_seq++,
                           .type = type,
                           .request = *request,
                           .deadline_ms = clock_mono_ms() + SAF_WAIT_MS,
                           .done = done,
                           .arg = arg,
                           .next = c->pending };
    c->pending = p;
    client_ask_again(c);
    client_arm_timer(c);
    return ERR_OK;
}

static void
put_verify(struct buf *out, struct str user, struct str password,
           struct str applid, struct str source)
{
    buf_init(out, 4096);
    buf_str(out, user);
    buf_str(out, password);
    buf_str(out, applid);
    buf_str(out, str_sub(source, 0, WIRE_SOURCE_MAX));
    buf_str(out, STR(""));
}

enum err
saf_verify(struct saf_client *c, struct str user, struct str password,
           struct str applid, struct acee **out, struct saf_rc *rc,
           struct err_info *why)
{
    struct buf request;

    put_verify(&request, user, password, applid, STR(""));
    return call_acee(c, WIRE_VERIFY, &request, out, rc, why);
}

enum err
saf_verify_async(struct saf_client *c, struct str user, struct str password,
                 struct str applid, struct str source, saf_acee_done done,
                 void *arg, struct err_info *why)
{
    struct buf request;

    put_verify(&request, user, password, applid, source);
    return call_async(c, WIRE_VERIFY, &request, done, arg, why);
}

static void
put_certificate(struct buf *out, struct str der, struct str applid,
                struct str source)
{
    buf_init(out, WIRE_DER_MAX + 4096u);
    buf_str(out, der);
    buf_str(out, applid);
    buf_str(out, str_sub(source, 0, WIRE_SOURCE_MAX));
}

enum err
saf_verify_certificate(struct saf_client *c, struct str der, struct str applid,
                       struct acee **out, struct saf_rc *rc,
                       struct err_info *why)
{
    struct buf request;

    put_certificate(&request, der, applid, STR(""));
    return call_acee(c, WIRE_VERIFY_CERT, &request, out, rc, why);
}

enum err
saf_verify_certificate_async(struct saf_client *c, struct str der,
                             struct str applid, struct str source,
                             saf_acee_done done, void *arg,
                             struct err_info *why)
{
    struct buf request;

    put_certificate(&request, der, applid, source);
    return call_async(c, WIRE_VERIFY_CERT, &request, done, arg, why);
}

enum err
saf_verify_identity_async(struct saf_client *c, struct str name,
                          struct str registry, struct str applid,
                          saf_acee_done done, void *arg, struct err_info *why)
{
    struct buf request;

    buf_init(&request, 4096);
    buf_str(&request, name);
    buf_str(&request, registry);
    buf_str(&request, applid);
    return call_async(c, WIRE_VERIFY_IDENTITY, &request, done, arg, why);
}

enum err
saf_verify_token_async(struct saf_client *c, struct str token,
                       saf_acee_done done, void *arg, struct err_info *why)
{
    struct buf request;

    buf_init(&request, WIRE_TOKEN_MAX + 64u);
    buf_str(&request, token);
    return call_async(c, WIRE_VERIFY_TOKEN, &request, done, arg, why);
}

static void
put_acee_of(struct buf *out, struct str user, struct str applid,
            enum acee_origin origin)
{
    buf_init(out, 4096);
    buf_str(out, user);
    buf_str(out, applid);
    buf_u8(out, (uint8_t)origin);
}

enum err
saf_acee_of(struct saf_client *c, struct str user, struct str applid,
            enum acee_origin origin, struct acee **out, struct saf_rc *rc,
            struct err_info *why)
{
    struct buf request;

    put_acee_of(&request, user, applid, origin);
    return call_acee(c, WIRE_ACEE_OF, &request, out, rc, why);
}

enum err
saf_acee_of_async(struct saf_client *c, struct str user, struct str applid,
                  enum acee_origin origin, saf_acee_done done, void *arg,
                  struct err_info *why)
{
    struct buf request;

    put_acee_of(&request, user, applid, origin);
    return call_async(c, WIRE_ACEE_OF, &request, done, arg, why);
}

/* --- key rings
 * ------------------------------------------------------------------ */

static bool
read_ring_cert(struct reader *in, struct saf_ring *ring,
               struct saf_ring_cert *cert)
{
    struct str label, owner, der, key;
    uint8_t has_key, is_default, usage;

    if (!reader_str(in, 0, SAF_LABEL_MAX, &label) ||
        !reader_str(in, 0, 64, &owner) ||
        !reader_str(in, 1, WIRE_DER_MAX, &der) ||
        !reader_str(in, 0, WIRE_DER_MAX, &key) || !reader_u8(in, &has_key) ||
        has_key > 1 || !reader_u8(in, &is_default) || !reader_u8(in, &usage) ||
        usage > RING_SITE)
        return false;
    cert->label = str_dup(&ring->arena, label);
    cert->owner = str_dup(&ring->arena, owner);
    cert->der = str_dup(&ring->arena, der);
    cert->has_key = has_key != 0;
    cert->is_default = is_default != 0;
    cert->usage = usage;
    return key.n == 0 || secret_dup(key, &cert->key);
}

enum err
saf_ring_read(struct saf_client *c, struct str owner, struct str ring_name,
              enum saf_ring_keys keys, struct saf_ring *out, struct saf_rc *rc,
              struct err_info *why)
{
    struct saf_ring ring = { .n = 0 };
    struct chan_msg reply;
    struct reader in;
    struct buf request;
    uint32_t n;
    enum err e;

    buf_init(&request, 4096);
    buf_str(&request, owner);
    buf_str(&request, ring_name);
    buf_u8(&request, (uint8_t)keys);
    e = client_call(c, WIRE_RING_READ, buf_view(&request), -1, &reply, &in, rc,
                    why);
    buf_fini(&request);
    if (e != ERR_OK)
        return e;
    arena_init(&ring.arena, CHAN_BYTES_MAX);
    if (!reader_u64(&in, &ring.sequence) || !reader_u32(&in, &n) ||
        n > reader_left(&in) ||
        (ring.certs = ARENA_ARRAY(&ring.arena, struct saf_ring_cert, n)) ==
            NULL)
        e = client_malformed(why);
    while (e == ERR_OK && ring.n < n) {
        if (!read_ring_cert(&in, &ring, &ring.certs[ring.n]))
            e = client_malformed(why);
        ring.n++;
    }
    chan_msg_fini(&reply);
    if (e == ERR_OK)
        *out = ring;
    else
        saf_ring_fini(&ring);
    return e;
}

void
saf_ring_fini(struct saf_ring *ring)
{
    for (size_t i = 0; i < ring->n; i++)
        secret_free(&ring->certs[i].key);
    arena_fini(&ring->arena);
    ring->certs = NULL;
    ring->n = 0;
}

enum err
saf_key_open(struct saf_client *c, struct str owner, struct str ring, int *fd,
             struct saf_rc *rc, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct buf request;
    uint32_t n;
    enum err e;

    buf_init(&request, 4096);
    buf_str(&request, owner);
    buf_str(&request, ring);
    e = client_call(c, WIRE_KEY_OPEN, buf_view(&request), -1, &reply, &in, rc,
                    why);
    buf_fini(&request);
    if (e != ERR_OK)
        return e;
    if (!reader_u32(&in, &n) || !reader_at_end(&in) || reply.n_fds != 1)
        e = client_malformed(why);
    else
        *fd = chan_take_fd(&reply, 0);
    chan_msg_fini(&reply);
    return e;
}

/* --- PassTickets
 * ------------------------------------------------------------------ */

static enum err
ticket_call(struct saf_client *c, struct str user, struct str appl,
            struct str ticket, struct chan_msg *reply, struct reader *in,
            struct saf_rc *rc, struct err_info *why)
{
    struct buf request;
    enum err e;

    buf_init(&request, 256);
    buf_str(&request, user);
    buf_str(&request, appl);
    buf_str(&request, ticket);
    e = client_call(c, WIRE_TICKET, buf_view(&request), -1, reply, in, rc, why);
    if (request.p != NULL)
        secret_wipe(request.p, request.n);
    buf_fini(&request);
    return e;
}

enum err
saf_ticket_make(struct saf_client *c, struct str user, struct str appl,
                char ticket[SAF_TICKET_CHARS + 1], struct saf_rc *rc,
                struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    struct str text;
    enum err e = ticket_call(c, user, appl, STR(""), &reply, &in, rc, why);

    if (e != ERR_OK)
        return e;
    if (!reader_str(&in, SAF_TICKET_CHARS, SAF_TICKET_CHARS, &text) ||
        !str_copy_z(text, ticket, SAF_TICKET_CHARS + 1))
        e = client_malformed(why);
    chan_msg_fini(&reply);
    return e;
}

enum err
saf_ticket_check(struct saf_client *c, struct str user, struct str appl,
                 struct str ticket, struct saf_rc *rc, struct err_info *why)
{
    struct chan_msg reply;
    struct reader in;
    enum err e;

    if (ticket.n == 0) {
        *rc = SAF_RC(8, 16, 32);
        return err_set(why, ERR_DENIED, "the PassTicket is empty");
    }
    e = ticket_call(c, user, appl, ticket, &reply, &in, rc, why);
    if (e == ERR_OK)
        chan_msg_fini(&reply);
    return e;
}
