#include "front.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/secret.h"
#include "front_audit.h"

/*
 * Address spaces. The master says which process is which job; from then on
 * the job's token stands for it, until the master reports its end or its
 * process has gone. The table is kept in angel/jobs as well, so that a front
 * that was killed still knows the jobs of this IPL (and forgets those of an
 * earlier one: their IPL id differs).
 */
#define JOBS_FILE "angel/jobs"
#define JOBS_FILE_MAX (16u * 1024u * 1024u)
#define ARENA_MAX (1u << 20)

void
jobs_save(struct front *f)
{
    struct err_info why = { 0 };
    struct buf out;
    struct arena a;
    struct str key;
    void *value;
    char *path;
    size_t pos = 0;

    buf_init(&out, JOBS_FILE_MAX);
    arena_init(&a, 8192);
    buf_add(&out, str_n(f->start->ipl, sizeof f->start->ipl));
    while (table_next(&f->jobs, &pos, &key, &value)) {
        const struct job *j = value;

        buf_str(&out, str_of(j->job_name));
        buf_str(&out, str_of(j->job_id));
        buf_str(&out, str_of(j->user));
        buf_str(&out, str_of(j->proc));
        buf_u32(&out, (uint32_t)j->uid);
        buf_u8(&out, j->had_grants);
        buf_str(&out, buf_view(&j->acee));
    }
    path = root_path(&a, JOBS_FILE);
    if (out.failed || path == NULL ||
        file_write_atomic(path, buf_view(&out), 0600, &why) != ERR_OK)
        log_error("job table not saved: %s", why.text);
    arena_fini(&a);
    buf_fini(&out);
}

static void
job_free(struct job *j)
{
    front_unwatch(j->front, &j->pidfd);
    buf_fini(&j->acee);
    free(j);
}

void
job_end(struct front *f, struct job *j)
{
    (void)table_remove(&f->jobs, str_of(j->job_id));
    /* Its connections lose the identity with it. */
    for (struct peer *p = f->peers; p != NULL; p = p->next) {
        if (p->job == j) {
            ring_peer_gone(p); /* its last decisions are the job's */
            p->job = NULL;
            peer_kill(p);
        }
    }
    job_free(j);
    jobs_save(f);
}

static void
pidfd_ready(struct watch *w, unsigned events)
{
    struct job *j = CONTAINER_OF(w, struct job, pidfd);

    (void)events;
    job_end(j->front, j);
}

static struct job *
job_new(struct front *f, struct str name, struct str id, struct str user,
        struct str proc, struct str acee)
{
    struct job *j = calloc(1, sizeof *j);
    void *old = NULL;

    if (j == NULL)
        return NULL;
    j->front = f;
    j->pidfd.fd = -1;
    buf_init(&j->acee, ACEE_WIRE_MAX);
    buf_add(&j->acee, acee);
    if (!str_copy_z(name, j->job_name, sizeof j->job_name) ||
        !str_copy_z(id, j->job_id, sizeof j->job_id) ||
        !str_copy_z(user, j->user, sizeof j->user) ||
        !str_copy_z(proc, j->proc, sizeof j->proc) || j->acee.failed ||
        !table_put(&f->jobs, id, j, &old)) {
        job_free(j);
        return NULL;
    }
    REQUIRE(old == NULL); /* callers look before */
    return j;
}

void
jobs_restore(struct front *f)
{
    struct buf file;
    struct arena a;
    struct reader in;
    struct str ipl, name, id, user, proc, acee;
    uint8_t had_grants;
    uint32_t uid;
    char *path;

    buf_init(&file, JOBS_FILE_MAX);
    arena_init(&a, 8192);
    path = root_path(&a, JOBS_FILE);
    if (path != NULL && file_read(path, &file, NULL) == ERR_OK) {
        in = reader_of(buf_view(&file));
        if (reader_take(&in, JOBTOKEN_IPL_BYTES, &ipl) &&
            memcmp(ipl.p, f->start->ipl, ipl.n) == 0) {
            while (reader_str(&in, 1, 8, &name) && reader_str(&in, 1, 8, &id) &&
                   reader_str(&in, 1, 8, &user) &&
                   reader_str(&in, 0, 8, &proc) && reader_u32(&in, &uid) &&
                   reader_u8(&in, &had_grants) &&
                   reader_str(&in, 1, ACEE_WIRE_MAX, &acee) &&
                   table_get(&f->jobs, id) == NULL) {
                struct job *j = job_new(f, name, id, user, proc, acee);

                if (j == NULL)
                    continue;
                j->uid = uid;
                j->had_grants = had_grants != 0;
            }
        }
    }
    arena_fini(&a);
    buf_fini(&file);
}

enum err
job_of_token(struct front *f, struct str token, struct job **out,
             struct err_info *why)
{
    struct jobtoken t;
    struct job *j;
    enum err e = jobtoken_parse(token, f->token_public, &t, why);

    if (e != ERR_OK)
        return ERR_DENIED;
    j = table_get(&f->jobs, str_of(t.job_id));
    if (memcmp(t.ipl, f->start->ipl, sizeof t.ipl) != 0 || j == NULL ||
        strcmp(j->job_name, t.job_name) != 0 || strcmp(j->user, t.user) != 0)
        return err_set(why, ERR_DENIED, "job %s (%s) has ended", t.job_name,
                       t.job_id);
    *out = j;
    return ERR_OK;
}

/* --- REGISTER_JOB
 * ---------------------------------------------------------------- */

static enum err
make_token(struct front *f, const struct job *j, struct buf *token,
           struct err_info *why)
{
    struct jobtoken t = { .made_ms = clock_wall_ms() };
    struct chan_msg reply;
    struct reader in;
    struct str signature;
    struct buf body, request;
    enum err e;

    memcpy(t.ipl, f->start->ipl, sizeof t.ipl);
    memcpy(t.job_name, j->job_name, sizeof t.job_name);
    memcpy(t.job_id, j->job_id, sizeof t.job_id);
    memcpy(t.user, j->user, sizeof t.user);
    buf_init(&body, WIRE_TOKEN_MAX);
    buf_init(&request, WIRE_TOKEN_MAX + 16u);
    jobtoken_body(&t, &body);
    buf_str(&request, buf_view(&body));
    e = keeper_call(f, KEEP_SIGN, buf_view(&request), &reply, &in, why);
    if (e == ERR_OK) {
        if (reader_take(&in, JOBTOKEN_SIGNATURE_BYTES, &signature)) {
            buf_add(token, buf_view(&body));
            buf_add(token, signature);
            e = buf_check(token, why);
        } else {
            e = err_set(why, ERR_PEER, "key keeper: malformed answer");
        }
        chan_msg_fini(&reply);
    }
    buf_fini(&body);
    buf_fini(&request);
    return e;
}

/* The same job once more, after the angel ended: its identity stays what it
 * was, only its process must be watched anew. */
static struct job *
job_again(struct front *f, const struct saf_job_ask *job)
{
    struct job *j = table_get(&f->jobs, job->job_id);

    return j != NULL && str_eq_z(job->job_name, j->job_name) &&
                   str_eq_z(job->user, j->user) && j->pidfd.fd < 0
               ? j
               : NULL;
}

static enum err
watch_process(struct front *f, struct job *j, struct saf_job_ask *job,
              struct err_info *why)
{
    enum err e;

    if (job->pidfd < 0)
        return ERR_OK;
    e = front_watch(f, &j->pidfd, job->pidfd, pidfd_ready, why);
    if (e == ERR_OK)
        job->pidfd = -1;
    return e;
}

static void
put_omvs(struct front *f, struct arena *a, uint32_t user_id, struct buf *out)
{
    static const char *const fields[] = { "HOME", "PROGRAM" };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        buf_str(out, str_sub(saf_field_get(saf_engine_db(f->engine), a,
                                           SAF_KIND_USER, user_id, "OMVS",
                                           fields[i]),
                             0, SAF_OMVS_PATH_MAX));
}

void
job_register(struct peer *p, uint32_t seq, struct saf_job_ask *job,
             const struct logon *logon, struct arena *a)
{
    struct front *f = p->front;
    struct line_sink sink = { f, p, seq };
    struct saf_lines lines = line_sink_lines(&sink);
    struct logon_ask ask = { .user = job->user,
                             .group = job->group,
                             .origin = ACEE_JOB,
                             .more_attrs = job->more_attrs,
                             .now_ms = clock_wall_ms() };
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    struct buf sealed, token, result;
    struct job *j = NULL;
    struct acee acee;
    enum err e;

    if (!job->is_switch) { /* su reads no job */
        ask.port_class = STR("JESINPUT");
        ask.port = job->proc.n > 0 ? STR("STCINRDR") : STR("INTRDR");
    }
    buf_init(&sealed, ACEE_WIRE_MAX);
    buf_init(&token, WIRE_TOKEN_MAX);
    buf_init(&result,
             ACEE_WIRE_MAX + WIRE_TOKEN_MAX + 2u * SAF_OMVS_PATH_MAX + 64u);
    e = logon_acee(f->engine, a, &ask, &lines, &acee, &rc, &why);
    if (e == ERR_OK)
        e = front_seal(f, &acee, &sealed, &why);
    if (e == ERR_OK && (j = job_again(f, job)) == NULL &&
        (j = table_get(&f->jobs, job->job_id)) != NULL) {
        job_end(f, j); /* the master uses an id once it is free again */
        j = NULL;
    }
    if (e == ERR_OK && j == NULL &&
        (j = job_new(f, job->job_name, job->job_id, str_of(acee.user),
                     job->proc, buf_view(&sealed))) == NULL)
        e = err_set(&why, ERR_MEMORY, "no storage for a job");
    if (e == ERR_OK) {
        /* A superuser of the image has no Linux root (master, space.c). */
        j->uid = job->root_uid != 0 ? job->root_uid : acee.uid;
        if (acee.uid != 0 && acee.uid != UINT32_MAX)
            j->uid = acee.uid;
        e = make_token(f, j, &token, &why);
        if (e == ERR_OK)
            e = watch_process(f, j, job, &why);
        if (e != ERR_OK)
            job_end(f, j);
    }
    if (e == ERR_OK) {
        jobs_save(f);
        buf_str(&result, buf_view(&token));
        buf_str(&result, buf_view(&sealed));
        put_omvs(f, a, acee.user_id, &result);
        if (logon != NULL)
            logon_tell_greeting(p, seq, logon, ask.now_ms);
    }
    if (job->pidfd >= 0)
        close(job->pidfd);
    peer_reply(p, seq, e, rc, &why, buf_view(&result));
    if (token.p != NULL)
        secret_wipe(token.p, token.n);
    buf_fini(&sealed);
    buf_fini(&token);
    buf_fini(&result);
}

/* Class STARTED decides who runs a started task. */
static enum err
decide_started(struct peer *p, uint32_t seq, struct arena *a,
               struct saf_job_ask *job, struct err_info *why)
{
    struct line_sink sink = { p->front, p, seq };
    struct saf_lines lines = line_sink_lines(&sink);
    struct saf_started s;
    struct buf line;
    enum err e =
        saf_started(p->front->engine, job->proc, job->job_name, &s, why);

    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    buf_init(&line, 1024);
    if (e == ERR_NOT_FOUND || !s.is_found || s.user[0] == '\0') {
        buf_add_z(&line, "IRR813I ");
        MSG_TEXT(&line, "IRR813I", job->proc, job->job_name);
        e = err_set(why, ERR_DENIED,
                    "class STARTED names no user for " STR_FMT "." STR_FMT,
                    STR_ARG(job->proc), STR_ARG(job->job_name));
    } else if (s.is_trace) {
        buf_add_z(&line, "IRR812I ");
        MSG_TEXT(&line, "IRR812I", str_of(s.profile), job->proc, job->job_name);
    }
    if (line.n > 0)
        lines.line(lines.arg, buf_view(&line));
    buf_fini(&line);
    if (e != ERR_OK)
        return e;
    job->user = str_dup(a, str_of(s.user));
    job->group = str_dup(a, str_of(s.group));
    if (s.is_trusted)
        job->more_attrs |= ACEE_TRUSTED;
    if (s.is_privileged)
        job->more_attrs |= ACEE_PRIVILEGED;
    return ERR_OK;
}

/* su: who may not is told of as of any access. */
static bool
may_switch(struct peer *p, const struct saf_lines *lines,
           const struct acee *submitter, struct str name)
{
    const struct str class_name = STR("SURROGAT");
    struct saf_decision d = saf_authorize(p->front->engine, submitter,
                                          class_name, name, SAF_READ, NULL);

    if (d.wants_log)
        audit_access(p->front, p, submitter, class_name, name, &d);
    if (d.wants_log && (d.rc.saf == 8 || d.is_warning))
        ich408i_access(lines, submitter, class_name, name, &d);
    return saf_rc_is_ok(d.rc);
}

/* SURROGAT <user>.SUBMIT, or BPX.SRV.<user> for su: READ by the submitter. No
 * profile means no. */
static enum err
check_surrogate(struct peer *p, uint32_t seq, struct arena *a,
                const struct saf_job_ask *job, struct saf_rc *rc,
                struct err_info *why)
{
    struct front *f = p->front;
    struct line_sink sink = { f, p, seq };
    struct saf_lines lines = line_sink_lines(&sink);
    struct logon_ask ask = { .user = job->submitter,
                             .origin = ACEE_ASSERTED,
                             .now_ms = clock_wall_ms() };
    struct saf_user u;
    struct acee submitter;
    char name[32];
    int n =
        job->is_switch
            ? snprintf(name, sizeof name, "BPX.SRV.%.*s", STR_ARG(job->user))
            : snprintf(name, sizeof name, "%.*s.SUBMIT", STR_ARG(job->user));
    enum err e = logon_acee(f->engine, a, &ask, &lines, &submitter, rc, why);

    if (e != ERR_OK)
        return e;
    if (job->is_switch &&
        may_switch(p, &lines, &submitter, str_n(name, (size_t)n)))
        return ERR_OK;
    if (job->is_switch) {
        *rc = SAF_RC(8, 8, 0);
        return err_set(why, ERR_DENIED,
                       STR_FMT " may not become " STR_FMT
                               ": READ to %s in class SURROGAT is missing",
                       STR_ARG(job->submitter), STR_ARG(job->user), name);
    }
    if (saf_authorized(f->engine, &submitter, "SURROGAT",
                       str_n(name, (size_t)n), SAF_READ))
        return ERR_OK;
    if (saf_user_get(saf_engine_db(f->engine), a, job->user, &u))
        ich408i_logon(&lines, u.user, u.dfltgrp, u.name, job->submitter,
                      LOGON_SURROGATE);
    *rc = SAF_RC(8, 8, 0);
    return err_set(why, ERR_DENIED,
                   STR_FMT " may not submit jobs for " STR_FMT
                           " (class SURROGAT, %s)",
                   STR_ARG(job->submitter), STR_ARG(job->user), name);
}

static bool
read_ask(struct chan_msg *msg, struct arena *a, struct saf_job_ask *job)
{
    struct reader in = reader_of(msg->payload);
    uint8_t is_switch = 0;

    if (!reader_str(&in, 1, 8, &job->job_name) ||
        !reader_str(&in, 1, 8, &job->job_id) ||
        !reader_str(&in, 0, 8, &job->user) ||
        !reader_str(&in, 0, 8, &job->proc) ||
        !reader_str(&in, 0, 8, &job->submitter) ||
        !reader_str(&in, 0, WIRE_PASSWORD_MAX, &job->password) ||
        !reader_str(&in, 0, WIRE_CGROUP_MAX, &job->cgroup) ||
        !reader_u32(&in, &job->root_uid) ||
        (!reader_at_end(&in) &&
         (!reader_str(&in, 0, WIRE_PASSWORD_MAX, &job->new_password) ||
          !reader_str(&in, 0, SAF_GROUP_MAX, &job->group) ||
          !reader_u8(&in, &is_switch) || !reader_at_end(&in))))
        return false;
    if (is_switch > 1 ||
        (is_switch == 1 && (job->user.n == 0 || job->password.n > 0)))
        return false;
    job->is_switch = is_switch == 1;
    job->new_password = str_dup(a, job->new_password);
    job->group = str_upper(a, job->group);
    job->job_name = str_upper(a, job->job_name);
    job->job_id = str_upper(a, job->job_id);
    job->user = str_upper(a, job->user);
    job->proc = str_upper(a, job->proc);
    job->submitter = str_upper(a, job->submitter);
    job->password = str_dup(a, job->password);
    return true;
}

bool
on_register_job(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct saf_rc rc = SAF_RC(8, 8, 0);
    struct err_info why = { 0 };
    struct saf_job_ask *job;
    struct arena a;
    enum err e = ERR_OK;

    arena_init(&a, ARENA_MAX);
    job = ARENA_NEW(&a, struct saf_job_ask);
    if (job == NULL || !read_ask(msg, &a, job)) {
        arena_fini(&a);
        return false;
    }
    job->pidfd = chan_take_fd(msg, 0);
    if (job->password.n > 0 && job->user.n > 0) {
        const struct logon_request r = { .type = WIRE_REGISTER_JOB,
                                         .user = job->user,
                                         .secret = job->password,
                                         .fresh = job->new_password,
                                         .source = job->submitter,
                                         .job = job };

        logon_start(p, seq, &r, &a);
        return true;
    }
    if (job->user.n == 0 && job->proc.n > 0)
        e = decide_started(p, seq, &a, job, &why);
    else if (job->user.n == 0)
        job->user = job->submitter;
    else if (!str_eq(job->user, job->submitter))
        e = check_surrogate(p, seq, &a, job, &rc, &why);
    if (e == ERR_OK) {
        job_register(p, seq, job, NULL, &a);
    } else {
        if (job->pidfd >= 0)
            close(job->pidfd);
        peer_reply(p, seq, e, rc, &why, STR(""));
    }
    arena_fini(&a);
    return true;
}

bool
on_job_ended(struct peer *p, uint32_t seq, struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct str id;
    struct job *j;

    if (!reader_str(&in, 1, 8, &id) || !reader_at_end(&in))
        return false;
    j = table_get(&p->front->jobs, id);
    if (j != NULL)
        job_end(p->front, j);
    peer_reply(p, seq, ERR_OK, SAF_RC(0, 0, 0), NULL, STR(""));
    return true;
}
