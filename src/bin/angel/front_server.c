#include "front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "saf/client.h"

/*
 * Angels and the servers registered with them. A service group is granted by
 * READ to BBG.AUTHMOD.BBGZSAFM.<group> in class SERVER; no profile means no.
 */
static const char *const service_names[] = {
    "SAFCRED", "ZOSWLM", "TXRRS", "ZOSDUMP",
    "PRODMGR", "ZOSAIO", "WOLA",  "LOCALCOM",
};
#define SAFCRED_BIT 1u

/* Reason codes of CWWKB0101I and its kin. */
#define REASON_NO_ANGEL 4u
#define REASON_NOT_AUTHORIZED 8u
#define REASON_NO_MODULE 12u

static struct grants *
own_grants(struct peer *p)
{
    return p->job != NULL ? &p->job->grants : &p->grants;
}

/* A process that is no job is registered by one of its connections, for as
 * long as that one is open. */
const struct grants *
peer_grants(struct peer *p)
{
    const struct grants *own = own_grants(p);

    if (p->job != NULL || own->angel != NULL)
        return own;
    for (const struct peer *q = p->front->peers; q != NULL; q = q->next) {
        if (!q->is_dead && q->job == NULL && q->grants.angel != NULL &&
            q->acee != NULL && q->cred.pid == p->cred.pid &&
            q->cred.uid == p->cred.uid &&
            strcmp(q->acee->user, p->acee->user) == 0)
            return &q->grants;
    }
    return own;
}

static bool
is_in_list(struct str list, const char *name)
{
    struct str word;

    if (list.n == 0)
        return true;
    while (str_token(&list, ',', &word)) {
        if (str_eq_z(str_trim(word), name))
            return true;
    }
    return false;
}

bool
peer_has_safcred(struct peer *p)
{
    const struct grants *g = peer_grants(p);

    /* Linux root outside of any job acts for everybody anyway (HELLO): the
     * broker of the TLS engines. */
    if (!angel_is_private && p->cred.uid == 0 && p->job == NULL)
        return true;
    return g->angel != NULL && (g->services & SAFCRED_BIT) != 0;
}

#define GATHERING_MS 5000u

bool
front_is_gathering(const struct peer *p)
{
    const struct front *f = p->front;

    if (p->job != NULL && !p->job->had_grants)
        return false;
    return f->start->is_again && clock_mono_ms() - f->started_ms < GATHERING_MS;
}

static struct angel *
angel_find(struct front *f, struct str name)
{
    for (struct angel *a = f->angels; a != NULL; a = a->next) {
        if (str_eq_z(name, a->name))
            return a;
    }
    return NULL;
}

/* The owner went away: what it vouched for is off. */
void
angel_peer_gone(struct peer *p)
{
    struct front *f = p->front;
    struct angel **at = &f->angels;

    while (*at != NULL) {
        struct angel *a = *at;
        struct str key;
        void *value;
        size_t pos = 0;

        if (a->owner != p) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        while (table_next(&f->jobs, &pos, &key, &value)) {
            struct job *j = value;

            if (j->grants.angel == a) {
                j->grants = (struct grants){ 0 };
                j->had_grants = false;
            }
        }
        for (struct peer *q = f->peers; q != NULL; q = q->next) {
            if (q->grants.angel == a)
                q->grants = (struct grants){ 0 };
        }
        free(a);
    }
}

static bool
has_read(struct peer *p, const char *resource, const struct saf_lines *log)
{
    struct saf_decision d =
        saf_authorize(p->front->engine, p->acee, STR("SERVER"),
                      str_of(resource), SAF_READ, NULL);

    if (d.rc.saf == 8 && d.wants_log && log != NULL)
        ich408i_access(log, p->acee, STR("SERVER"), str_of(resource), &d);
    return saf_rc_is_ok(d.rc);
}

/* What its connections were refused they may ask for now. */
static void
tell_registered(struct peer *p)
{
    for (struct peer *q = p->front->peers; q != NULL; q = q->next) {
        if (q != p && q->state == PEER_KNOWN && q->job == p->job &&
            peer_grants(q) == own_grants(p))
            peer_send(q, WIRE_READY, 0, STR(""), -1);
    }
}

static enum err
register_server(struct peer *p, uint32_t seq, struct str name, struct str only,
                struct saf_rc *rc, struct buf *result, struct err_info *why)
{
    struct line_sink sink = { p->front, p, seq };
    struct saf_lines lines = line_sink_lines(&sink);
    struct angel *a = angel_find(p->front, name);
    struct grants grants = { a, 0 };
    char resource[WIRE_ANGEL_MAX + 64];
    bool is_new;

    if (a == NULL) {
        *rc = SAF_RC(8, 8, REASON_NO_ANGEL);
        return err_set(why, ERR_NOT_FOUND, "the angel is not up");
    }
    (void)snprintf(resource, sizeof resource, "BBG.ANGEL%s%.*s",
                   name.n > 0 ? "." : "", STR_ARG(name));
    if (!has_read(p, resource, &lines)) {
        *rc = SAF_RC(8, 8, REASON_NOT_AUTHORIZED);
        return err_set(why, ERR_DENIED, "no READ access to %s", resource);
    }
    if (!has_read(p, "BBG.AUTHMOD.BBGZSAFM", &lines)) {
        *rc = SAF_RC(8, 8, REASON_NO_MODULE);
        return err_set(why, ERR_DENIED,
                       "no READ access to BBG.AUTHMOD.BBGZSAFM");
    }
    buf_u32(result, ARRAY_LEN(service_names));
    for (size_t i = 0; i < ARRAY_LEN(service_names); i++) {
        bool is_available;

        (void)snprintf(resource, sizeof resource, "BBG.AUTHMOD.BBGZSAFM.%s",
                       service_names[i]);
        is_available =
            is_in_list(only, service_names[i]) && has_read(p, resource, NULL);
        if (is_available)
            grants.services |= 1u << i;
        buf_str(result, str_of(service_names[i]));
        buf_u8(result, is_available);
    }
    is_new =
        own_grants(p)->angel != a || own_grants(p)->services != grants.services;
    *own_grants(p) = grants;
    if (is_new)
        tell_registered(p);
    if (p->job != NULL && !p->job->had_grants) {
        p->job->had_grants = true;
        jobs_save(p->front);
    }
    *rc = SAF_RC(0, 0, 0);
    return ERR_OK;
}

bool
on_register_server(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    struct str name, only;
    struct buf result;
    enum err e;

    if (!reader_str(&in, 0, WIRE_ANGEL_MAX, &name) ||
        !reader_str(&in, 0, WIRE_SERVICES_MAX, &only) || !reader_at_end(&in))
        return false;
    buf_init(&result, 4096);
    e = register_server(p, seq, name, only, &rc, &result, &why);
    peer_reply(p, seq, e, rc, &why, buf_view(&result));
    buf_fini(&result);
    return true;
}

/* An angel is a started task, or what an administrator runs. */
static enum err
open_angel(struct peer *p, struct str name, struct err_info *why)
{
    struct angel *a;

    if ((p->job == NULL || p->job->proc[0] == '\0') &&
        (p->acee->attrs & ACEE_SPECIAL) == 0)
        return err_set(why, ERR_DENIED,
                       "an angel is a started task: S BBGZANGL");
    if (angel_find(p->front, name) != NULL)
        return err_set(why, ERR_EXISTS, "an angel of this name is up");
    a = calloc(1, sizeof *a);
    if (a == NULL || !str_copy_z(name, a->name, sizeof a->name)) {
        free(a);
        return err_set(why, ERR_MEMORY, "no storage");
    }
    a->owner = p;
    a->next = p->front->angels;
    p->front->angels = a;
    return ERR_OK;
}

bool
on_open_angel(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct err_info why = { 0 };
    struct str name;
    enum err e;

    if (!reader_str(&in, 0, WIRE_ANGEL_MAX, &name) || !reader_at_end(&in))
        return false;
    e = open_angel(p, name, &why);
    peer_reply(p, seq, e, e == ERR_OK ? SAF_RC(0, 0, 0) : SAF_RC(8, 8, 0), &why,
               STR(""));
    return true;
}

/* An address space's number is that of its job: STC00012 is 12. */
static uint32_t
asid_of(const struct job *j)
{
    return j == NULL ? 0 : (uint32_t)strtoul(j->job_id + 3, NULL, 10);
}

static void
list_one(struct buf *out, const struct peer *p, const char *name)
{
    const struct job *j = p->job;

    buf_str(out, str_of(j != NULL ? j->job_name : p->acee->user));
    buf_u32(out, asid_of(j));
    buf_u32(out, (uint32_t)p->cred.pid);
    buf_str(out, str_of(name));
}

/* A job is registered as a whole; its first process stands for it. A process
 * that is no job has the registration at one connection. */
static bool
stands_for_server(const struct peer *p, const struct angel *angel)
{
    const struct peer *first = p;

    if (p->job == NULL)
        return p->grants.angel == angel;
    if (p->job->grants.angel != angel)
        return false;
    for (const struct peer *q = p->front->peers; q != NULL; q = q->next)
        if (q->job == p->job && q->acee != NULL &&
            q->cred.pid < first->cred.pid)
            first = q;
    for (const struct peer *q = p->front->peers; q != NULL && q != p;
         q = q->next)
        if (q->job == p->job && q->acee != NULL &&
            q->cred.pid == first->cred.pid)
            return false;
    return p->cred.pid == first->cred.pid;
}

static uint32_t
list_servers(struct peer *p, struct buf *out)
{
    uint32_t n = 0;

    for (const struct angel *a = p->front->angels; a != NULL; a = a->next)
        for (const struct peer *q = p->front->peers; q != NULL; q = q->next)
            if (a->owner == p && q->acee != NULL && stands_for_server(q, a)) {
                list_one(out, q, q->acee->user);
                n++;
            }
    return n;
}

/* For an angel: anybody else sees none. */
static uint32_t
list_angels(struct peer *p, struct buf *out)
{
    const struct angel *own = p->front->angels;
    uint32_t n = 0;

    while (own != NULL && own->owner != p)
        own = own->next;
    for (const struct angel *a = p->front->angels; own != NULL && a != NULL;
         a = a->next) {
        list_one(out, a->owner, a->name);
        n++;
    }
    return n;
}

bool
on_list_servers(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct buf lines, result;
    uint8_t what;

    if (!reader_u8(&in, &what) || what > SAF_LIST_ANGELS || !reader_at_end(&in))
        return false;
    buf_init(&lines, 1u << 20);
    buf_init(&result, (1u << 20) + 16u);
    buf_u32(&result, what == SAF_LIST_SERVERS ? list_servers(p, &lines)
                                              : list_angels(p, &lines));
    buf_add(&result, buf_view(&lines));
    peer_reply(p, seq, ERR_OK, SAF_RC(0, 0, 0), NULL, buf_view(&result));
    buf_fini(&lines);
    buf_fini(&result);
    return true;
}
