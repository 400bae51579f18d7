#include "front.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "front_audit.h"
#include "saf/cert.h"
#include "saf/classes.h"
#include "saf/snapshot.h"

/* --- checks
 * ----------------------------------------------------------------------- */

/* The acee a request names: our own, or one sealed by us. */
static enum err
acee_of_request(struct peer *p, struct str wire, struct acee **out,
                struct err_info *why)
{
    if (wire.n > 0)
        return acee_parse(wire, p->front->seal_public, out, why);
    *out = acee_ref(p->acee);
    return ERR_OK;
}

static void
log_if_wanted(struct peer *p, uint32_t seq, const struct acee *acee,
              struct str class_name, struct str resource,
              const struct saf_decision *d)
{
    struct line_sink sink = { p->front, p, seq };
    struct saf_lines lines = line_sink_lines(&sink);

    if (d->wants_log)
        audit_access(p->front, p, acee, class_name, resource, d);
    if (d->wants_log && (d->rc.saf == 8 || d->is_warning))
        ich408i_access(&lines, acee, class_name, resource, d);
}

bool
on_check(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str wire, class_name, resource;
    struct saf_decision d = { .rc = SAF_RC(8, 8, 0) };
    struct err_info why = { 0 };
    struct acee *acee = NULL;
    struct buf result;
    uint8_t level;
    enum err e;

    if (!reader_str(&in, 0, ACEE_WIRE_MAX, &wire) ||
        !reader_str(&in, 1, SAF_CLASS_MAX, &class_name) ||
        !reader_str(&in, 1, SAF_PROFILE_MAX, &resource) ||
        !reader_u8(&in, &level) || level > SAF_ALTER || !reader_at_end(&in))
        return false;
    buf_init(&result, 4096);
    e = acee_of_request(p, wire, &acee, &why);
    if (e == ERR_OK) {
        d = saf_authorize(p->front->engine, acee, class_name, resource,
                          (enum saf_level)level, NULL);
        log_if_wanted(p, seq, acee, class_name, resource, &d);
        wire_put_decision(&result, &d);
    }
    peer_reply(p, seq, e, d.rc, &why, buf_view(&result));
    buf_fini(&result);
    acee_unref(&acee);
    return true;
}

bool
on_syslog(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str line;

    (void)seq;
    if (!reader_str(&in, 0, WIRE_LINE_MAX, &line) || !reader_at_end(&in))
        return false;
    if (front_is_logger(p))
        record_line(p->front, p->job != NULL ? str_of(p->job->job_id) : STR(""),
                    line);
    return true;
}

/* --- snapshots
 * ----------------------------------------------------------------------- */

/* Access lists are nobody's business but those who check with them. */
static bool
may_see_snapshots(struct peer *p)
{
    return (p->job != NULL && p->job->proc[0] != '\0') || peer_has_safcred(p) ||
           (p->acee->attrs & (ACEE_SPECIAL | ACEE_AUDITOR | ACEE_ROAUDIT)) != 0;
}

static bool
subscribe(struct peer *p, const char *name)
{
    for (unsigned i = 0; i < p->n_classes; i++) {
        if (strcmp(p->classes[i], name) == 0)
            return true;
    }
    if (p->n_classes == PEER_CLASSES_MAX)
        return false;
    (void)snprintf(p->classes[p->n_classes++], sizeof p->classes[0], "%s",
                   name);
    return true;
}

static enum err
give_snapshot(struct peer *p, const char *name, int *fd, uint64_t *generation,
              struct err_info *why)
{
    enum err e = saf_engine_snapshot(p->front->engine, str_of(name), generation,
                                     fd, why);

    if (e != ERR_OK || subscribe(p, name))
        return e; /* FASTAUTH answers 4/4/0 without one */
    return err_set(why, ERR_LIMIT, "at most %u classes for one client",
                   PEER_CLASSES_MAX);
}

bool
on_snapshot(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    const struct saf_class *class_;
    struct err_info why = { 0 };
    uint64_t generation = 0;
    struct str name;
    struct buf out;
    int fd = -1;
    enum err e;

    if (!reader_str(&in, 1, SAF_CLASS_MAX, &name) || !reader_at_end(&in))
        return false;
    class_ = saf_class_find(name);
    if (class_ == NULL)
        e = err_set(&why, ERR_NOT_FOUND, "there is no class " STR_FMT,
                    STR_ARG(name));
    else if (!may_see_snapshots(p))
        e = err_set(&why, ERR_DENIED,
                    "snapshots are for started tasks, servers with SAFCRED, "
                    "and auditors");
    else
        e = give_snapshot(p, class_->name, &fd, &generation, &why);
    if (e != ERR_OK) {
        peer_reply(p, seq, e, SAF_RC(8, 8, 0), &why, STR(""));
        return true;
    }
    buf_init(&out, 1024);
    buf_u8(&out, ERR_OK);
    buf_u32(&out, 0);
    buf_u32(&out, 0);
    buf_u32(&out, 0);
    buf_str(&out, STR(""));
    buf_str(&out, str_of(class_->name));
    buf_u64(&out, generation);
    peer_send(p, WIRE_REPLY, seq, buf_view(&out), fd);
    buf_fini(&out);
    return true;
}

void
front_publish(void *arg, struct str class_name, struct str image, int fd)
{
    struct front *f = arg;
    struct buf out;

    buf_init(&out, 64);
    buf_str(&out, class_name);
    buf_u64(&out, image.n > 0 ? snapshot_generation(image.p) : 0);
    for (struct peer *p = f->peers; p != NULL; p = p->next) {
        for (unsigned i = 0; i < p->n_classes; i++) {
            if (str_eq_z(class_name, p->classes[i]))
                peer_send(p, WIRE_REFRESH, 0, buf_view(&out), fd);
        }
    }
    buf_fini(&out);
}
