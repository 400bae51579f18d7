#include "front.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/msg.h"
#include "front_audit.h"
#include "ipc/ring.h"

/*
 * Decisions that servers made in process and that are to be recorded. They
 * come through a ring of shared memory, which costs a server no system call
 * and is read to its end when the server has been killed. As long as records
 * come it is read every few milliseconds; then it sleeps, and the next record
 * rings the bell.
 */
#define TURN_MAX 512u /* records of one ring before others have their turn */
#define PAUSE_MS 10
#define AWAKE_MS 200u /* after the last record */
#define KNOWN_MAX 8u
#define GONE_MAX (RING_BYTES / 16u)

struct logged {
    struct ring ring;
    bool is_awake;
    uint64_t last_ms;
    /* Checking an acee's seal costs more than all the rest, and the next
     * record often has the same. */
    struct acee *known[KNOWN_MAX];
    unsigned next_known;
};

/* A started task decided in process; anything else could fill the log. */
bool
front_is_logger(const struct peer *p)
{
    return p->state == PEER_CONTROL ||
           (p->job != NULL && p->job->proc[0] != '\0') ||
           (p->acee->attrs & ACEE_SPECIAL) != 0;
}

/* The acee that was sealed as `wire`; NULL: not by us. Borrowed. */
static struct acee *
known_acee(struct peer *p, struct logged *l, struct str wire)
{
    struct acee **slot = &l->known[l->next_known % KNOWN_MAX];
    struct acee *acee = NULL;

    if (wire.n == 0)
        return p->acee;
    for (unsigned i = 0; i < KNOWN_MAX; i++)
        if (l->known[i] != NULL && str_eq(l->known[i]->wire, wire))
            return l->known[i];
    if (acee_parse(wire, p->front->seal_public, &acee, NULL) != ERR_OK)
        return NULL;
    acee_unref(slot);
    *slot = acee;
    l->next_known++;
    return acee;
}

/* False: malformed. */
static bool
log_decision(struct peer *p, struct logged *l, uint32_t seq, struct str record)
{
    struct reader in = reader_of(record);
    struct line_sink sink = { p->front, p, seq };
    struct saf_lines lines = line_sink_lines(&sink);
    struct str wire, class_name, resource;
    struct saf_decision d;
    struct acee *acee;

    if (!reader_str(&in, 0, ACEE_WIRE_MAX, &wire) ||
        !reader_str(&in, 1, SAF_CLASS_MAX, &class_name) ||
        !reader_str(&in, 1, SAF_PROFILE_MAX, &resource) ||
        !wire_read_decision(&in, &d) || !reader_at_end(&in))
        return false;
    acee = front_is_logger(p) ? known_acee(p, l, wire) : NULL;
    if (acee == NULL)
        return true;
    audit_access(p->front, p, acee, class_name, resource, &d);
    if (d.rc.saf == 8 || d.is_warning)
        ich408i_access(&lines, acee, class_name, resource, &d);
    return true;
}

static struct logged *
logged_of(struct peer *p)
{
    if (p->logged == NULL) {
        p->logged = calloc(1, sizeof *p->logged);
        if (p->logged != NULL)
            p->logged->ring.fd = -1;
    }
    return p->logged;
}

bool
on_log_denial(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct logged *l = logged_of(p);

    return l != NULL && log_decision(p, l, seq, msg->payload);
}

/* --- the ring --------------------------------------------------------------
 */

static void
set_awake(struct front *f, struct logged *l, bool is_awake)
{
    if (l->is_awake != is_awake)
        f->n_awake += is_awake ? 1u : -1u;
    l->is_awake = is_awake;
}

static void
tell_lost(struct peer *p, struct logged *l)
{
    uint64_t n = ring_lost(&l->ring);
    char number[24];
    struct buf line;

    if (n == 0)
        return;
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)n);
    buf_init(&line, 1024);
    buf_add_z(&line, "SPT0300W ");
    MSG_TEXT(&line, "SPT0300W", str_of(number),
             p->job == NULL ? STR("-") : str_of(p->job->job_name),
             str_of(p->acee->user));
    record_line(p->front, p->job == NULL ? STR("") : str_of(p->job->job_id),
                buf_view(&line));
    buf_fini(&line);
}

/* Up to `max` records. ERR_NOT_FOUND: that is all; ERR_SYNTAX: nonsense, the
 * writer is no server of ours. */
static enum err
read_ring(struct peer *p, struct logged *l, unsigned max, struct err_info *why)
{
    struct buf record;
    enum err e = ERR_OK;

    buf_init(&record, RING_RECORD_MAX);
    for (unsigned i = 0; i < max && e == ERR_OK; i++) {
        e = ring_take(&l->ring, &record, why);
        if (e == ERR_OK) {
            l->last_ms = clock_mono_ms();
            if (!log_decision(p, l, 0, buf_view(&record)))
                e = err_set(why, ERR_SYNTAX, "a record that is none");
        }
    }
    buf_fini(&record);
    tell_lost(p, l);
    return e;
}

bool
on_audit_ring(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct logged *l = logged_of(p);
    int fd = chan_take_fd(msg, 0);
    bool is_good = l != NULL && msg->payload.n == 0;

    (void)seq;
    /* As with single records: of who may not log, nothing is taken. */
    if (is_good && !front_is_logger(p)) {
        if (fd >= 0)
            close(fd);
        return true;
    }
    if (is_good && fd >= 0)
        is_good = l->ring.memory == NULL && /* one a connection */
                  ring_attach(fd, &l->ring, NULL) == ERR_OK;
    if (fd >= 0)
        close(fd);
    if (!is_good || l->ring.memory == NULL)
        return false;
    l->last_ms = clock_mono_ms();
    set_awake(p->front, l, true);
    return true;
}

void
rings_go_on(struct front *f)
{
    if (f->n_awake == 0)
        return;
    for (struct peer *p = f->peers; p != NULL; p = p->next) {
        struct logged *l = p->logged;
        struct err_info why;
        enum err e;

        if (p->is_dead || l == NULL || !l->is_awake)
            continue;
        e = read_ring(p, l, TURN_MAX, &why);
        if (e != ERR_OK && e != ERR_NOT_FOUND) {
            if (front_may_complain(f))
                log_warn(
                    "uid %u, pid %d: a damaged ring (%s), connection ended",
                    (unsigned)p->cred.uid, (int)p->cred.pid, why.text);
            peer_kill(p);
        } else if (e == ERR_NOT_FOUND &&
                   clock_mono_ms() - l->last_ms >= AWAKE_MS &&
                   ring_sleep(&l->ring)) {
            set_awake(f, l, false);
        }
    }
}

int
rings_wait_ms(const struct front *f)
{
    return f->n_awake > 0 ? PAUSE_MS : -1;
}

void
ring_peer_gone(struct peer *p)
{
    struct logged *l = p->logged;

    if (l == NULL)
        return;
    p->logged = NULL;
    set_awake(p->front, l, false);
    if (l->ring.memory != NULL && p->acee != NULL)
        IGNORE(read_ring(p, l, GONE_MAX, NULL));
    ring_fini(&l->ring);
    for (unsigned i = 0; i < KNOWN_MAX; i++)
        acee_unref(&l->known[i]);
    free(l);
}
