#include "front.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "saf/password.h"

/*
 * Passwords, phrases and PassTickets. They are compared by the verifier pool,
 * slow on purpose; throttle.h says who waits for it.
 */
#define TASKS_MAX 1024u
#define TASKS_PER_PEER 48u /* of WIRE_PENDING_MAX: certificates go on */

/* --- verifier pool ---------------------------------------------------------
 */

static void
task_free(struct logon_task *t)
{
    struct arena a = t->arena;

    if (t->logon.secret.n > 0)
        secret_wipe((void *)(uintptr_t)t->logon.secret.p, t->logon.secret.n);
    if (t->logon.fresh.n > 0)
        secret_wipe((void *)(uintptr_t)t->logon.fresh.p, t->logon.fresh.n);
    if (t->ticket.n > 0)
        secret_wipe((void *)(uintptr_t)t->ticket.p, t->ticket.n);
    if (t->peer != NULL) {
        t->peer->n_passwords--;
        peer_done(t->peer);
    }
    arena_fini(&a); /* the task itself lies in it */
}

struct greeting {
    struct peer *peer;
    uint32_t seq;
};

static void
greeting_line(void *arg, struct str text)
{
    const struct greeting *g = arg;
    struct buf out;

    buf_init(&out, 1024);
    buf_str(&out, text);
    peer_send(g->peer, WIRE_MESSAGE, g->seq, buf_view(&out), -1);
    buf_fini(&out);
}

void
logon_tell_greeting(struct peer *p, uint32_t seq, const struct logon *logon,
                    uint64_t now_ms)
{
    struct greeting g = { p, seq };
    const struct saf_lines lines = { greeting_line, &g, NULL };

    logon_greet(p->front->engine, logon, now_ms, &lines);
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
                             .port_class = t->port_class,
                             .port = t->port,
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
        job_register(t->peer, t->seq, t->job, &t->logon, &t->arena);
        return;
    }
    buf_init(&sealed, ACEE_WIRE_MAX);
    buf_init(&result, ACEE_WIRE_MAX + 64u);
    if (e == ERR_OK)
        e = front_acee(f, &ask, &lines, &sealed, &rc, &why);
    if (e == ERR_OK && t->type == WIRE_LOGON)
        e = front_become(t->peer, buf_view(&sealed), NULL, &result, &why);
    else if (e == ERR_OK)
        buf_str(&result, buf_view(&sealed));
    if (e == ERR_OK && t->type == WIRE_LOGON)
        logon_tell_greeting(t->peer, t->seq, &t->logon, ask.now_ms);
    if (e != ERR_OK && t->job != NULL && t->job->pidfd >= 0)
        close(t->job->pidfd);
    peer_reply(t->peer, t->seq, e, rc, &why, buf_view(&result));
    buf_fini(&sealed);
    buf_fini(&result);
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

/* Nobody waits for it; it ends with the turn. */
static bool
is_gone(const struct peer *p)
{
    return p != NULL && p->is_dead;
}

/* The next comparison: of a user who need not wait, and rather of somebody who
 * has none running, so that a flood of one does not hold up the others. */
static struct logon_task **
pick(struct front *f)
{
    uint64_t now = clock_mono_ms();
    struct logon_task **second = NULL;

    for (struct logon_task **at = &f->tasks; *at != NULL; at = &(*at)->next) {
        if (throttle_due((*at)->who, now) > 0 || is_gone((*at)->peer))
            continue;
        if (!has_verifier(f, (*at)->peer))
            return at;
        if (second == NULL)
            second = at;
    }
    return second;
}

static void
unlink_task(struct front *f, struct logon_task **at)
{
    struct logon_task *t = *at;

    *at = t->next;
    if (f->tasks_tail == &t->next)
        f->tasks_tail = at;
}

static void
put_first(struct front *f, struct logon_task *t)
{
    t->next = f->tasks;
    f->tasks = t;
    if (t->next == NULL)
        f->tasks_tail = &t->next;
}

static void
end_task(struct front *f, struct logon_task *t)
{
    f->n_tasks--;
    throttle_leave(t->who);
    task_free(t);
}

static bool
give(struct verifier *v, struct logon_task *t)
{
    struct buf out;
    enum err e;

    buf_init(&out, 4096);
    buf_str(&out, t->logon.user.user);
    buf_str(&out, t->logon.secret);
    buf_str(&out, t->logon.verifier);
    e = chan_send(v->watch.fd, VERIFY_CHECK, t->seq, buf_view(&out), NULL, 0,
                  NULL);
    secret_wipe(out.p, out.n);
    buf_fini(&out);
    if (e == ERR_OK)
        v->task = t;
    return e == ERR_OK;
}

static bool late_ticket(struct logon_task *);

static void
feed(struct front *f)
{
    unsigned i = 1;

    while (i < ANGEL_VERIFIERS && f->tasks != NULL) {
        struct verifier *v = &f->verifiers[i];
        struct logon_task **at, *t;

        if (v->task != NULL || v->watch.fd < 0) {
            i++;
            continue;
        }
        at = pick(f);
        if (at == NULL)
            return;
        t = *at;
        unlink_task(f, at);
        if (late_ticket(t)) {
            end_task(f, t);
            continue;
        }
        /* A verifier that is gone comes back through verifier_attach. */
        if (!give(v, t))
            put_first(f, t);
        i++;
    }
}

int
logon_wait_ms(const struct front *f)
{
    uint64_t now = clock_mono_ms(), first = UINT64_MAX;

    for (const struct logon_task *t = f->tasks; t != NULL; t = t->next) {
        uint64_t at = throttle_due(t->who, now);

        /* Due ones wait for a verifier, whose answer wakes us. */
        if (at > 0 && at < first)
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
        throttle_note(t->who, verdict == 1 && !t->is_decoy, clock_mono_ms());
        task_finish(v->front, t, verdict == 1, record);
        end_task(v->front, t);
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
        put_first(f, v->task);
        v->task->ticket = STR("");
        v->task = NULL;
    }
    /* It is given something at the end of the turn: this may run below a
     * command that waits for another helper. */
}

void
logon_peer_gone(struct front *f, struct peer *p)
{
    /* Nobody learns what these would come to; the rest need not wait. */
    for (struct logon_task **at = &f->tasks; *at != NULL;) {
        struct logon_task *t = *at;

        if (t->peer != p) {
            at = &t->next;
            continue;
        }
        unlink_task(f, at);
        if (t->job != NULL && t->job->pidfd >= 0)
            close(t->job->pidfd);
        end_task(f, t);
    }
    for (unsigned i = 1; i < ANGEL_VERIFIERS; i++) {
        if (f->verifiers[i].task != NULL && f->verifiers[i].task->peer == p)
            f->verifiers[i].task->peer = NULL;
    }
}

static void
reply_ticket(struct peer *p, uint32_t seq, enum wire_type type, enum err e,
             struct saf_rc rc, const struct logon_ask *ask,
             struct err_info *why)
{
    struct line_sink sink = { p->front, p, seq, ask->applid };
    struct saf_lines lines = line_sink_lines(&sink);
    struct buf sealed, result;

    buf_init(&sealed, ACEE_WIRE_MAX);
    buf_init(&result, ACEE_WIRE_MAX + 64u);
    if (e == ERR_OK)
        e = front_acee(p->front, ask, &lines, &sealed, &rc, why);
    if (e == ERR_OK && type == WIRE_LOGON)
        e = front_become(p, buf_view(&sealed), NULL, &result, why);
    else if (e == ERR_OK)
        buf_str(&result, buf_view(&sealed));
    peer_reply(p, seq, e, rc, why, buf_view(&result));
    buf_fini(&sealed);
    buf_fini(&result);
}

/* A PassTicket needs no verifier; true: it was one, and was answered. */
static bool
try_ticket(struct peer *p, uint32_t seq, const struct logon_request *r,
           struct arena *a)
{
    struct front *f = p->front;
    struct line_sink sink = { f, p, seq, r->applid };
    struct saf_lines lines = line_sink_lines(&sink);
    struct logon_ask ask = { .user = r->user,
                             .applid = r->applid,
                             .origin = ACEE_PASSTICKET,
                             .port_class = r->port_class,
                             .port = r->port,
                             .now_ms = clock_wall_ms() };
    const struct logon_ticket t = { .user = r->user,
                                    .applid = r->applid,
                                    .ticket = r->secret,
                                    .now_ms = ask.now_ms,
                                    .times = front_ticket_times,
                                    .arg = f };
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    bool is_ticket;
    enum err e;

    if (r->job != NULL || r->fresh.n > 0)
        return false;
    e = logon_ticket(f->engine, a, &t, &lines, &is_ticket, &rc, &why);
    if (e == ERR_OK && !is_ticket)
        return false;
    reply_ticket(p, seq, r->type, e, rc, &ask, &why);
    return true;
}

/* The user had to wait, so the ticket has as well. */
static bool
late_ticket(struct logon_task *t)
{
    const struct logon_request r = { .type = t->type,
                                     .user = t->logon.user.user,
                                     .secret = t->ticket,
                                     .applid = t->applid,
                                     .port_class = t->port_class,
                                     .port = t->port };

    if (t->ticket.n == 0)
        return false;
    return try_ticket(t->peer, t->seq, &r, &t->arena);
}

static void
refuse_request(struct peer *p, uint32_t seq, const struct logon_request *r,
               enum err e, struct saf_rc rc, const struct err_info *why)
{
    if (r->job != NULL && r->job->pidfd >= 0)
        close(r->job->pidfd);
    peer_reply(p, seq, e, rc, why, STR(""));
}

static enum err
begin_task(struct peer *p, uint32_t seq, const struct logon_request *r,
           struct arena *a, struct logon_task **out, struct saf_rc *rc,
           struct err_info *why)
{
    struct front *f = p->front;
    struct line_sink sink = { f, p, seq, r->applid };
    struct saf_lines lines = line_sink_lines(&sink);
    struct logon_task *t = ARENA_NEW(a, struct logon_task);
    enum err e;

    if (t == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    e = logon_begin(f->engine, a, r->user, r->secret, clock_wall_ms(), &lines,
                    &t->logon, rc, why);
    if (e == ERR_DENIED) {
        t->is_decoy = true;
        t->refusal = e;
        t->refusal_rc = *rc;
        t->refusal_why = *why;
        t->logon = (struct logon){
            .user.user = STR("?"),
            .secret = str_dup(a, r->secret.n > 0 ? r->secret : STR("?")),
            .verifier = STR(PASSWORD_DECOY)
        };
        e = ERR_OK;
    }
    t->logon.fresh = str_dup(a, r->fresh);
    t->logon.hooks = &f->hooks;
    t->applid = str_dup(a, r->applid);
    t->port_class = str_dup(a, r->port_class);
    t->port = str_dup(a, r->port);
    t->peer = p;
    t->seq = seq;
    t->type = r->type;
    t->job = r->job;
    *out = t;
    return e;
}

void
logon_start(struct peer *p, uint32_t seq, const struct logon_request *r,
            struct arena *a)
{
    struct front *f = p->front;
    uint64_t now = clock_mono_ms();
    struct throttle_who who = throttle_who(&f->throttles, r->user, r->source);
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    bool is_late = throttle_due(who, now) > 0;
    struct logon_task *t = NULL;
    enum err e;

    if (!is_late && try_ticket(p, seq, r, a)) {
        arena_fini(a);
        return;
    }
    if (f->n_tasks >= TASKS_MAX || p->n_passwords >= TASKS_PER_PEER ||
        !throttle_enter(who, now)) {
        (void)err_set(&why, ERR_AGAIN,
                      "too many passwords wait to be verified");
        refuse_request(p, seq, r, ERR_AGAIN, rc, &why);
        arena_fini(a);
        return;
    }
    e = begin_task(p, seq, r, a, &t, &rc, &why);
    if (e != ERR_OK) {
        throttle_leave(who);
        refuse_request(p, seq, r, e, rc, &why);
        arena_fini(a);
        return;
    }
    t->who = who;
    if (is_late && !t->is_decoy && r->job == NULL && r->fresh.n == 0 &&
        r->secret.n == 8)
        t->ticket = str_dup(a, r->secret);
    t->arena = *a;
    *f->tasks_tail = t;
    f->tasks_tail = &t->next;
    f->n_tasks++;
    p->n_pending++;
    p->n_passwords++;
    feed(f);
}

/* --- LOGON, VERIFY ----------------------------------------------------------
 */

/* A port of entry counts as long as its class is active; an acee then is
 * good for that port alone. */
void
front_terminal(struct front *f, struct str name, struct str *port_class,
               struct str *port)
{
    if (name.n > 0 &&
        (saf_class_options(saf_engine_db(f->engine), STR("TERMINAL")) &
         CLASS_ACTIVE) != 0) {
        *port_class = STR("TERMINAL");
        *port = name;
    }
}

/* The terminal of who comes over IPv4: its address in hexadecimal. */
struct str
front_terminal_of(struct arena *a, struct str source)
{
    struct in_addr address;
    char text[INET_ADDRSTRLEN];

    if (str_starts(source, STR("::ffff:")))
        source = str_sub(source, 7, source.n);
    if (!str_copy_z(source, text, sizeof text) ||
        inet_pton(AF_INET, text, &address) != 1)
        return STR("");
    return str_fmt(a, "%08X", (unsigned)ntohl(address.s_addr));
}

/* Where a request came from: servers know it of their clients; of anybody else
 * the kernel says who it is. */
bool
front_is_server(struct peer *p)
{
    return (p->job != NULL && p->job->proc[0] != '\0') ||
           peer_grants(p)->angel != NULL;
}

bool
on_logon(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct logon_request r = { .type = WIRE_LOGON };
    struct reader in = reader_of(msg->payload);
    struct str terminal = STR("");
    struct arena a;

    if (!reader_str(&in, 1, SAF_USER_MAX, &r.user) ||
        !reader_str(&in, 0, WIRE_PASSWORD_MAX, &r.secret) ||
        (!reader_at_end(&in) &&
         (!reader_str(&in, 0, WIRE_PASSWORD_MAX, &r.fresh) ||
          !reader_str(&in, 0, WIRE_TERMINAL_MAX, &terminal) ||
          !reader_at_end(&in))))
        return false;
    arena_init(&a, LOGON_ARENA_MAX);
    front_terminal(p->front, terminal, &r.port_class, &r.port);
    r.source = str_fmt(&a, "uid %u", (unsigned)p->cred.uid);
    logon_start(p, seq, &r, &a);
    return true;
}

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

bool
front_refuse_domain(struct peer *p, uint32_t seq, struct str applid)
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
    struct logon_request r = { .type = WIRE_VERIFY };
    struct reader in = reader_of(msg->payload);
    struct str source = STR("");
    struct arena a;

    if (!reader_str(&in, 0, 64, &r.user) ||
        !reader_str(&in, 0, WIRE_PASSWORD_MAX, &r.secret) ||
        !reader_str(&in, 0, WIRE_APPLID_MAX, &r.applid) ||
        (!reader_at_end(&in) &&
         (!reader_str(&in, 0, WIRE_SOURCE_MAX, &source) ||
          !reader_str(&in, 0, WIRE_PASSWORD_MAX, &r.fresh) ||
          !reader_at_end(&in))))
        return false;
    if (front_refuse_domain(p, seq, r.applid))
        return true;
    arena_init(&a, LOGON_ARENA_MAX);
    if (!front_is_server(p)) {
        r.source = str_fmt(&a, "uid %u", (unsigned)p->cred.uid);
    } else {
        r.source = source;
        front_terminal(p->front, front_terminal_of(&a, source), &r.port_class,
                       &r.port);
    }
    logon_start(p, seq, &r, &a);
    return true;
}
