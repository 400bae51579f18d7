#include "front.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "front_audit.h"
#include "front_certs.h"
#include "saf/cert.h"
#include "saf/idmap.h"
#include "saf/password.h"

/*
 * Who somebody is. Passwords are compared by the verifier pool; everything
 * else is answered at once.
 */
#define TASK_ARENA_MAX (1u << 20)
#define TASKS_MAX 1024u
#define THROTTLE_FREE 3u /* failures in a row before waiting begins */
#define THROTTLE_FIRST_MS 100ull
#define THROTTLE_MAX_MS 5000u
#define THROTTLE_FORGET_MS 60000u

enum err
front_seal(struct front *f, const struct acee *acee, struct buf *out,
           struct err_info *why)
{
    return acee_encode(acee, f->seal_private, out, why);
}

/* Somebody proved who he is; the others were vouched for. */
static bool
is_logon(enum acee_origin origin)
{
    return origin == ACEE_PASSWORD || origin == ACEE_PASSTICKET ||
           origin == ACEE_CERTIFICATE || origin == ACEE_DISTRIBUTED;
}

enum err
front_acee(struct front *f, const struct logon_ask *ask,
           const struct saf_lines *lines, struct buf *sealed, struct saf_rc *rc,
           struct err_info *why)
{
    struct arena a;
    struct acee acee;
    enum err e;

    arena_init(&a, TASK_ARENA_MAX);
    e = logon_acee(f->engine, &a, ask, lines, &acee, rc, why);
    if (e == ERR_OK)
        e = front_seal(f, &acee, sealed, why);
    if (e == ERR_OK && is_logon(ask->origin))
        audit_logon_success(f, ((struct line_sink *)lines->arg)->peer, &acee);
    arena_fini(&a);
    return e;
}

/* From now on this connection is that user. */
static enum err
become(struct peer *p, struct str sealed, struct job *job, struct buf *result,
       struct err_info *why)
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

/* --- HELLO
 * -------------------------------------------------------------------- */

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
    return become(p, buf_view(&job->acee), job, result, why);
}

static bool
is_image_owner(const struct peer *p)
{
    return p->cred.uid == (angel_is_private ? p->front->owner : 0);
}

static enum err
user_of_uid(struct peer *p, uint32_t uid, struct arena *a, struct str *user,
            struct err_info *why)
{
    struct front *f = p->front;
    struct saf_user u;

    if (uid == (angel_is_private ? f->owner : 0)) {
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

    arena_init(&a, TASK_ARENA_MAX);
    buf_init(&sealed, ACEE_WIRE_MAX);
    if (user.n == 0)
        e = user_of_uid(p, uid, &a, &ask.user, why);
    if (e == ERR_OK)
        e = front_acee(p->front, &ask, &lines, &sealed, rc, why);
    if (e == ERR_OK)
        e = become(p, buf_view(&sealed), NULL, result, why);
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

/* --- verifier pool
 * --------------------------------------------------------------- */

static void
task_free(struct logon_task *t)
{
    struct arena a = t->arena;

    if (t->logon.secret.n > 0)
        secret_wipe((void *)(uintptr_t)t->logon.secret.p, t->logon.secret.n);
    if (t->peer != NULL)
        peer_done(t->peer);
    arena_fini(&a); /* the task itself lies in it */
}

static void
task_finish(struct front *f, struct logon_task *t, bool is_right,
            struct str new_verifier)
{
    struct line_sink sink = { f, t->peer, t->seq, t->applid };
    struct saf_lines lines = line_sink_lines(&sink);
    struct logon_ask ask = { .user = t->logon.user.user,
                             .applid = t->applid,
                             .origin = ACEE_PASSWORD,
                             .now_ms = clock_wall_ms() };
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    struct buf sealed, result;
    enum err e = t->refusal;

    if (t->is_decoy) {
        rc = t->refusal_rc;
        why = t->refusal_why;
    } else {
        e = logon_end(f->engine, &t->arena, &t->logon, is_right, new_verifier,
                      ask.now_ms, &lines, &rc, &why);
    }
    if (t->peer == NULL) {
        if (t->job != NULL && t->job->pidfd >= 0)
            close(t->job->pidfd);
        return;
    }
    if (e == ERR_OK && t->type == WIRE_REGISTER_JOB) {
        job_register(t->peer, t->seq, t->job, &t->arena);
        return;
    }
    buf_init(&sealed, ACEE_WIRE_MAX);
    buf_init(&result, ACEE_WIRE_MAX + 64u);
    if (e == ERR_OK)
        e = front_acee(f, &ask, &lines, &sealed, &rc, &why);
    if (e == ERR_OK && t->type == WIRE_LOGON)
        e = become(t->peer, buf_view(&sealed), NULL, &result, &why);
    else if (e == ERR_OK)
        buf_str(&result, buf_view(&sealed));
    if (e != ERR_OK && t->job != NULL && t->job->pidfd >= 0)
        close(t->job->pidfd);
    peer_reply(t->peer, t->seq, e, rc, &why, buf_view(&result));
    buf_fini(&sealed);
    buf_fini(&result);
}

static unsigned
bucket_of(struct str user)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < user.n && i < SAF_USER_MAX; i++) {
        unsigned char c = (unsigned char)user.p[i];

        h = (h ^ (c >= 'a' && c <= 'z' ? c - 32u : c)) * 16777619u;
    }
    return h % THROTTLE_BUCKETS;
}

static void
throttle_note(struct front *f, unsigned bucket, bool is_right)
{
    struct throttle *t = &f->throttles[bucket];
    uint64_t now = clock_mono_ms();
    unsigned over;

    if (is_right || now - t->last_ms > THROTTLE_FORGET_MS)
        t->failures = 0;
    if (is_right)
        return;
    t->failures++;
    t->last_ms = now;
    over = t->failures < THROTTLE_FREE ? 0 : t->failures - THROTTLE_FREE + 1;
    t->next_ms = over == 0   ? 0
                 : over >= 7 ? now + THROTTLE_MAX_MS
                             : now + (THROTTLE_FIRST_MS << (over - 1));
}

static bool
has_verifier(const struct front *f, const struct peer *p)
{
    for (unsigned i = 1; i < ANGEL_VERIFIERS; i++) {
        if (f->verifiers[i].task != NULL && f->verifiers[i].task->peer == p)
            return true;
    }
    return false;
}

/* The next comparison: of a user who need not wait, and rather of somebody who
 * has none running, so that a flood of one does not hold up the others. */
static struct logon_task **
pick(struct front *f)
{
    uint64_t now = clock_mono_ms();
    struct logon_task **second = NULL;

    for (struct logon_task **at = &f->tasks; *at != NULL; at = &(*at)->next) {
        if (f->throttles[(*at)->bucket].next_ms > now)
            continue;
        if (!has_verifier(f, (*at)->peer))
            return at;
        if (second == NULL)
            second = at;
    }
    return second;
}

static void
feed(struct front *f)
{
    for (unsigned i = 1; i < ANGEL_VERIFIERS && f->tasks != NULL; i++) {
        struct verifier *v = &f->verifiers[i];
        struct logon_task **at, *t;
        struct buf out;

        if (v->task != NULL || v->watch.fd < 0)
            continue;
        at = pick(f);
        if (at == NULL)
            return;
        t = *at;
        buf_init(&out, 4096);
        buf_str(&out, t->logon.user.user);
        buf_str(&out, t->logon.secret);
        buf_str(&out, t->logon.verifier);
        /* A verifier that is gone comes back through verifier_attach. */
        if (chan_send(v->watch.fd, VERIFY_CHECK, t->seq, buf_view(&out), NULL,
                      0, NULL) == ERR_OK) {
            v->task = t;
            *at = t->next;
            if (f->tasks_tail == &t->next)
                f->tasks_tail = at;
        }
        secret_wipe(out.p, out.n);
        buf_fini(&out);
    }
}

int
logon_wait_ms(const struct front *f)
{
    uint64_t now = clock_mono_ms(), first = UINT64_MAX;

    for (const struct logon_task *t = f->tasks; t != NULL; t = t->next) {
        uint64_t at = f->throttles[t->bucket].next_ms;

        /* Due ones wait for a verifier, whose answer wakes us. */
        if (at > now && at < first)
            first = at;
    }
    return first == UINT64_MAX ? -1 : (int)(first - now) + 1;
}

void
logon_go_on(struct front *f)
{
    if (f->tasks != NULL)
        feed(f);
}

static void
verifier_ready(struct watch *w, unsigned events)
{
    struct verifier *v = CONTAINER_OF(w, struct verifier, watch);
    struct logon_task *t = v->task;
    struct chan_msg msg;
    struct str record = STR("");
    struct reader in;
    uint8_t verdict = 2;
    enum err e = chan_recv(w->fd, &msg, NULL);

    (void)events;
    if (e == ERR_AGAIN)
        return;
    if (e != ERR_OK) {
        front_unwatch(v->front, w); /* its task waits for the next one */
        return;
    }
    in = reader_of(msg.payload);
    if (t != NULL && reader_u8(&in, &verdict) &&
        reader_str(&in, 0, 1024, &record) && reader_at_end(&in)) {
        v->task = NULL;
        v->front->n_tasks--;
        throttle_note(v->front, t->bucket, verdict == 1 && !t->is_decoy);
        task_finish(v->front, t, verdict == 1, record);
        task_free(t);
    }
    chan_msg_fini(&msg);
    feed(v->front);
}

void
verifier_attach(struct verifier *v, int fd)
{
    struct front *f = v->front;
    struct err_info why = { 0 };

    front_unwatch(f, &v->watch);
    if (front_watch(f, &v->watch, fd, verifier_ready, &why) != ERR_OK)
        log_error("password verifier: %s", why.text);
    if (v->task != NULL) { /* asked again, first */
        v->task->next = f->tasks;
        f->tasks = v->task;
        if (v->task->next == NULL)
            f->tasks_tail = &v->task->next;
        v->task = NULL;
    }
    feed(f);
}

void
logon_peer_gone(struct front *f, struct peer *p)
{
    for (struct logon_task *t = f->tasks; t != NULL; t = t->next) {
        if (t->peer == p)
            t->peer = NULL;
    }
    for (unsigned i = 1; i < ANGEL_VERIFIERS; i++) {
        if (f->verifiers[i].task != NULL && f->verifiers[i].task->peer == p)
            f->verifiers[i].task->peer = NULL;
    }
}

/* A PassTicket is answered at once, without a verifier; true: it was one. */
static bool
try_ticket(struct peer *p, uint32_t seq, enum wire_type type, struct str user,
           struct str ticket, struct str applid, struct arena *a)
{
    struct front *f = p->front;
    struct line_sink sink = { f, p, seq, applid };
    struct saf_lines lines = line_sink_lines(&sink);
    struct logon_ask ask = { .user = user,
                             .applid = applid,
                             .origin = ACEE_PASSTICKET,
                             .now_ms = clock_wall_ms() };
    const struct logon_ticket t = { .user = user,
                                    .applid = applid,
                                    .ticket = ticket,
                                    .now_ms = ask.now_ms,
                                    .times = front_ticket_times,
                                    .arg = f };
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    struct buf sealed, result;
    bool is_ticket;
    enum err e = logon_ticket(f->engine, a, &t, &lines, &is_ticket, &rc, &why);

    if (e == ERR_OK && !is_ticket)
        return false;
    buf_init(&sealed, ACEE_WIRE_MAX);
    buf_init(&result, ACEE_WIRE_MAX + 64u);
    if (e == ERR_OK)
        e = front_acee(f, &ask, &lines, &sealed, &rc, &why);
    if (e == ERR_OK && type == WIRE_LOGON)
        e = become(p, buf_view(&sealed), NULL, &result, &why);
    else if (e == ERR_OK)
        buf_str(&result, buf_view(&sealed));
    peer_reply(p, seq, e, rc, &why, buf_view(&result));
    buf_fini(&sealed);
    buf_fini(&result);
    return true;
}

void
logon_start(struct peer *p, uint32_t seq, enum wire_type type, struct str user,
            struct str password, struct str applid, struct saf_job_ask *job,
            struct arena *a)
{
    struct front *f = p->front;
    struct line_sink sink = { f, p, seq, applid };
    struct saf_lines lines = line_sink_lines(&sink);
    struct logon_task *t;
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    enum err e;

    if (job == NULL && try_ticket(p, seq, type, user, password, applid, a)) {
        arena_fini(a);
        return;
    }
    t = ARENA_NEW(a, struct logon_task);
    if (t == NULL)
        e = err_set(&why, ERR_MEMORY, "no storage");
    else if (f->n_tasks >= TASKS_MAX)
        e = err_set(&why, ERR_AGAIN, "too many passwords wait to be verified");
    else
        e = logon_begin(f->engine, a, user, password, clock_wall_ms(), &lines,
                        &t->logon, &rc, &why);
    if (e == ERR_DENIED) {
        t->is_decoy = true;
        t->refusal = e;
        t->refusal_rc = rc;
        t->refusal_why = why;
        t->logon = (struct logon){ .user.user = STR("?"),
                                   .secret = str_dup(
                                       a, password.n > 0 ? password : STR("?")),
                                   .verifier = STR(PASSWORD_DECOY) };
        e = ERR_OK;
    }
    if (e != ERR_OK) {
        if (job != NULL && job->pidfd >= 0)
            close(job->pidfd);
        peer_reply(p, seq, e, rc, &why, STR(""));
        arena_fini(a);
        return;
    }
    t->bucket = bucket_of(user);
    t->peer = p;
    t->seq = seq;
    t->type = type;
    t->applid = str_dup(a, applid);
    t->job = job;
    t->next = NULL;
    t->arena = *a;
    *f->tasks_tail = t;
    f->tasks_tail = &t->next;
    f->n_tasks++;
    p->n_pending++;
    feed(f);
}

bool
on_logon(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str user, password;
    struct arena a;

    if (!reader_str(&in, 1, SAF_USER_MAX, &user) ||
        !reader_str(&in, 0, WIRE_PASSWORD_MAX, &password) ||
        !reader_at_end(&in))
        return false;
    arena_init(&a, TASK_ARENA_MAX);
    logon_start(p, seq, WIRE_LOGON, user, password, STR(""), NULL, &a);
    return true;
}

/* --- VERIFY and its kin
 * ------------------------------------------------------------- */

/* A registered server acts for a security domain only where class SERVER lets
 * it (BBG.SECPFX.<applid>). */
static bool
may_act_for(struct peer *p, struct str applid)
{
    char name[WIRE_APPLID_MAX + 16];
    struct saf_decision d;
    int n = snprintf(name, sizeof name, "BBG.SECPFX.%.*s", STR_ARG(applid));

    if (applid.n == 0 || peer_grants(p)->angel == NULL)
        return true;
    d = saf_authorize(p->front->engine, p->acee, STR("SERVER"),
                      str_n(name, (size_t)n), SAF_READ, NULL);
    return saf_rc_is_ok(d.rc);
}

static bool
refuse_domain(struct peer *p, uint32_t seq, struct str applid)
{
    struct err_info why = { 0 };

    if (may_act_for(p, applid))
        return false;
    (void)err_set(&why, ERR_DENIED,
                  "the server has no READ access to BBG.SECPFX." STR_FMT
                  " in class SERVER",
                  STR_ARG(applid));
    peer_reply(p, seq, ERR_DENIED, LOGON_RC_APPL, &why, STR(""));
    return true;
}

bool
on_verify(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str user, password, applid;
    struct arena a;

    if (!reader_str(&in, 0, 64, &user) ||
        !reader_str(&in, 0, WIRE_PASSWORD_MAX, &password) ||
        !reader_str(&in, 0, WIRE_APPLID_MAX, &applid) || !reader_at_end(&in))
        return false;
    if (refuse_domain(p, seq, applid))
        return true;
    arena_init(&a, TASK_ARENA_MAX);
    logon_start(p, seq, WIRE_VERIFY, user, password, applid, NULL, &a);
    return true;
}

static void
reply_acee(struct peer *p, uint32_t seq, const struct logon_ask *ask,
           struct str more)
{
    struct line_sink sink = { p->front, p, seq };
    struct saf_lines lines = line_sink_lines(&sink);
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    struct buf sealed, result;
    enum err e;

    buf_init(&sealed, ACEE_WIRE_MAX);
    buf_init(&result, ACEE_WIRE_MAX + 256u);
    e = front_acee(p->front, ask, &lines, &sealed, &rc, &why);
    if (e == ERR_OK) {
        buf_str(&result, buf_view(&sealed));
        if (more.p != NULL)
            buf_str(&result, more);
    }
    peer_reply(p, seq, e, rc, &why, buf_view(&result));
    buf_fini(&sealed);
    buf_fini(&result);
}

static void
reply_denied(struct peer *p, uint32_t seq, struct saf_rc rc, const char *text)
{
    struct err_info why = { 0 };

    (void)err_set(&why, ERR_DENIED, "%s", text);
    peer_reply(p, seq, ERR_DENIED, rc, &why, STR(""));
}

/* No certificate of a user: the best name filter (class DIGTNMAP) may know
 * one. Reading foreign ASN.1 takes a child of its own, so only where there are
 * filters at all. */
static enum err
filter_user(struct front *f, struct arena *a, struct str der, struct str applid,
            struct str *user, struct saf_rc *rc, struct err_info *why)
{
    struct certmap_ask ask = { .applid = applid, .sysid = STR(SMF_SYSTEM_ID) };
    const struct cert_services *services = front_cert_services(f);
    struct certmap found = { .user = STR("") };
    struct cert_bundle bundle;
    enum err e;

    if (!certmap_is_used(saf_engine_db(f->engine)))
        return err_set(why, ERR_DENIED, "no user ID for this certificate");
    e = services->parse(services->arg, a, der, STR(""), NULL, 0, &bundle, why);
    if (e != ERR_OK || bundle.n == 0) {
        *rc = LOGON_RC_NOTRUST;
        return err_set(why, ERR_DENIED, "the certificate is not readable");
    }
    ask.subject = bundle.certs[0].subject;
    ask.issuer = bundle.certs[0].issuer;
    if (!certmap_user(f->engine, a, IDMAP_EFFECTIVE, &ask, &found) ||
        found.user.n == 0)
        return err_set(why, ERR_DENIED, "no user ID for this certificate");
    *user = found.user;
    *rc = SAF_RC(0, 0, 0);
    return ERR_OK;
}

/* Without authenticator: servers with SAFCRED, oneself, or where class
 * SURROGAT lets us act for that user. */
static bool
may_be(struct peer *p, struct str user)
{
    if (peer_has_safcred(p) || str_eq_nocase_z(user, p->acee->user))
        return true;
    for (unsigned i = 0; i < 2; i++) {
        char name[32];
        int n =
            i == 0
                ? snprintf(name, sizeof name, "BPX.SRV.%.*s", STR_ARG(user))
                : snprintf(name, sizeof name, "%.*s.DFHINSTL", STR_ARG(user));

        if (saf_authorized(p->front->engine, p->acee, "SURROGAT",
                           str_n(name, (size_t)n), SAF_READ))
            return true;
    }
    return false;
}

bool
on_verify_cert(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct logon_ask ask = { .origin = ACEE_CERTIFICATE,
                             .now_ms = clock_wall_ms() };
    struct reader in = reader_of(msg->payload);
    unsigned char digest[32];
    unsigned n = sizeof digest;
    struct err_info why = { 0 };
    struct saf_rc rc = LOGON_RC_NO_USER;
    struct str der;
    struct arena a;
    enum err e;

    if (!reader_str(&in, 1, WIRE_DER_MAX, &der) ||
        !reader_str(&in, 0, WIRE_APPLID_MAX, &ask.applid) ||
        !reader_at_end(&in))
        return false;
    if (refuse_domain(p, seq, ask.applid))
        return true;
    if (EVP_Digest(der.p, der.n, digest, &n, EVP_sha256(), NULL) != 1)
        return false;
    arena_init(&a, TASK_ARENA_MAX);
    e = cert_user(saf_engine_db(p->front->engine), &a, str_n(digest, n),
                  &ask.user, &rc, &why);
    ask.certificate = str_n(digest, n);
    if (e == ERR_DENIED && rc.reason == LOGON_RC_NO_USER.reason)
        e = filter_user(p->front, &a, der, ask.applid, &ask.user, &rc, &why);
    /* A certificate is no secret: that it was proved we have only the asker's
     * word for, as with a bare name. */
    if (!peer_has_safcred(p) && (e != ERR_OK || !may_be(p, ask.user)))
        reply_denied(p, seq, SAF_RC(8, 8, 4),
                     "service group SAFCRED is not available, nor access to "
                     "the user's DFHINSTL profile in class SURROGAT");
    else if (e == ERR_OK)
        reply_acee(p, seq, &ask, (struct str){ NULL, 0 });
    else
        peer_reply(p, seq, e, rc, &why, STR(""));
    arena_fini(&a);
    return true;
}

/* A token that leaked must not become an identity for whoever found it: only
 * what the operator started, or is registered, asks about others' tokens. */
static bool
may_see_tokens(struct peer *p, const struct job *job)
{
    return p->job == job || (p->job != NULL && p->job->proc[0] != '\0') ||
           peer_grants(p)->angel != NULL ||
           (p->acee->attrs & ACEE_SPECIAL) != 0;
}

bool
on_verify_token(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct saf_rc rc = SAF_RC(8, 8, 20);
    struct err_info why = { 0 };
    struct buf result;
    struct str token;
    struct job *job;
    char who[32];
    enum err e;

    if (!reader_str(&in, 0, WIRE_TOKEN_MAX, &token) || !reader_at_end(&in))
        return false;
    e = job_of_token(p->front, token, &job, &why);
    if (e == ERR_OK && !may_see_tokens(p, job))
        e = err_set(&why, ERR_DENIED,
                    "job tokens are verified for servers only");
    buf_init(&result, ACEE_WIRE_MAX + 256u);
    if (e == ERR_OK) {
        rc = SAF_RC(0, 0, 0);
        buf_str(&result, buf_view(&job->acee));
        (void)snprintf(who, sizeof who, "%s/%s", job->job_name, job->job_id);
        buf_str(&result, str_of(who));
    }
    peer_reply(p, seq, e, rc, &why, buf_view(&result));
    buf_fini(&result);
    return true;
}

/* Whoever has SAFCRED has authenticated that identity himself (a token's
 * subject and realm); class IDIDMAP says which user it is here. */
bool
on_verify_identity(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct logon_ask ask = { .origin = ACEE_DISTRIBUTED,
                             .now_ms = clock_wall_ms() };
    struct saf_db *db = saf_engine_db(p->front->engine);
    struct reader in = reader_of(msg->payload);
    struct arena a;

    if (!reader_str(&in, 1, IDMAP_USER_MAX, &ask.distributed) ||
        !reader_str(&in, 0, IDMAP_REGISTRY_MAX, &ask.registry) ||
        !reader_str(&in, 0, WIRE_APPLID_MAX, &ask.applid) ||
        !reader_at_end(&in))
        return false;
    arena_init(&a, TASK_ARENA_MAX);
    if (!peer_has_safcred(p))
        reply_denied(p, seq, SAF_RC(8, 8, 4),
                     "service group SAFCRED is not available");
    else if (refuse_domain(p, seq, ask.applid))
        (void)0;
    else if (!idmap_user(db, &a, IDMAP_EFFECTIVE, ask.distributed, ask.registry,
                         &ask.user))
        reply_denied(p, seq, LOGON_RC_NO_USER,
                     "no user ID for this distributed identity");
    else
        reply_acee(p, seq, &ask, (struct str){ NULL, 0 });
    arena_fini(&a);
    return true;
}

bool
on_acee_of(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct logon_ask ask = { .now_ms = clock_wall_ms() };
    struct reader in = reader_of(msg->payload);
    uint8_t origin;

    if (!reader_str(&in, 1, SAF_USER_MAX, &ask.user) ||
        !reader_str(&in, 0, WIRE_APPLID_MAX, &ask.applid) ||
        !reader_u8(&in, &origin) || origin > ACEE_UNAUTHENTICATED ||
        !reader_at_end(&in))
        return false;
    ask.origin = (enum acee_origin)origin;
    if (!may_be(p, ask.user))
        reply_denied(p, seq, SAF_RC(8, 8, 4),
                     "service group SAFCRED is not available");
    else if (!refuse_domain(p, seq, ask.applid))
        reply_acee(p, seq, &ask, (struct str){ NULL, 0 });
    return true;
}
