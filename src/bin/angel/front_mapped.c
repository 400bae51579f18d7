#include "front.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "front_audit.h"
#include "front_certs.h"
#include "saf/cert.h"
#include "saf/idmap.h"

/*
 * Users without a password: the owner of a certificate, whom a certificate or
 * a distributed identity is mapped to, whose job token it is, whom a server
 * vouches for.
 */

/* [ str source ], at the end of a request. */
static bool
read_source(struct reader *in, struct str *source)
{
    *source = STR("");
    return reader_at_end(in) || reader_str(in, 0, WIRE_SOURCE_MAX, source);
}

static void
came_from(struct peer *p, struct arena *a, struct str source,
          struct logon_ask *ask)
{
    if (front_is_server(p))
        front_terminal(p->front, front_terminal_of(a, source), &ask->port_class,
                       &ask->port);
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

/* For want of SAFCRED. */
static void
reply_unregistered(struct peer *p, uint32_t seq, const char *text)
{
    struct err_info why = { 0 };
    enum err e = front_is_gathering(p) && peer_grants(p)->angel == NULL
                     ? ERR_AGAIN
                     : ERR_DENIED;

    (void)err_set(&why, e, "%s", text);
    peer_reply(p, seq, e, SAF_RC(8, 8, 4), &why, STR(""));
}

#define CAS_MAX 16u

/* Of the HIGHTRUST authorities those that may have issued it. */
static size_t
issuers_of(struct saf_db *db, struct arena *a, const struct cert_facts *facts,
           struct str cas[CAS_MAX])
{
    int64_t now_s = (int64_t)(clock_wall_ms() / 1000);
    struct cert_row *rows;
    size_t n_rows = cert_list_hightrust(db, a, &rows), n = 0;

    for (size_t i = 0; i < n_rows && n < CAS_MAX; i++)
        if (str_eq(rows[i].facts.subject_der, facts->issuer_der) &&
            rows[i].facts.not_before_s <= now_s &&
            now_s <= rows[i].facts.not_after_s)
            cas[n++] = rows[i].facts.der;
    return n;
}

/* The mapping names a user who was there when the certificate was made out:
 * whoever gets a name that has become free is not meant. */
static bool
is_meant(struct saf_db *db, struct arena *a, struct str user,
         const struct cert_facts *facts)
{
    int64_t since_s = facts->not_before_s;
    struct saf_user u;

    return since_s > 0 && saf_user_get(db, a, user, &u) &&
           u.created <= saf_day_of_ms((uint64_t)since_s * 1000);
}

/* Extension hostIdMappings: the first host for which the asking server may
 * take logons (class SERVAUTH, READ to IRR.HOST.<host>). */
static enum err
host_user(struct peer *p, struct arena *a, const struct cert_facts *facts,
          struct str *user, struct err_info *why)
{
    struct saf_db *db = saf_engine_db(p->front->engine);
    const struct cert_services *services = front_cert_services(p->front);
    struct hostids *ids = ARENA_NEW(a, struct hostids);
    struct str cas[CAS_MAX];
    size_t n_cas = issuers_of(db, a, facts, cas);
    enum err e;

    if (ids == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    if (n_cas == 0)
        return err_set(why, ERR_DENIED, "no user ID for this certificate");
    e = services->host_ids(services->arg, a, facts->der, cas, n_cas, ids, why);
    if (e == ERR_NOT_FOUND || e == ERR_SYNTAX || e == ERR_LIMIT)
        return err_set(why, ERR_DENIED, "no user ID for this certificate");
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < ids->n; i++) {
        struct str id = str_upper(a, ids->v[i].user);
        struct str name =
            str_fmt(a, "IRR.HOST." STR_FMT, STR_ARG(ids->v[i].host));

        if (name.n > 0 && id.n > 0 &&
            saf_authorized(p->front->engine, p->acee, "SERVAUTH", name,
                           SAF_READ) &&
            is_meant(db, a, id, facts)) {
            *user = id;
            return ERR_OK;
        }
    }
    return err_set(why, ERR_DENIED,
                   "no host of its extension hostIdMappings is one that %s may "
                   "take logons for (class SERVAUTH)",
                   p->acee->user);
}

/* No certificate of a user: the best name filter (class DIGTNMAP) may know
 * one, and where none matches the issuer, in the certificate. Reading foreign
 * ASN.1 takes a child of its own, so only where there are filters or
 * authorities that are trusted that far. */
static enum err
mapped_user(struct peer *p, struct arena *a, struct str der, struct str applid,
            struct str *user, struct saf_rc *rc, struct err_info *why)
{
    struct front *f = p->front;
    struct saf_db *db = saf_engine_db(f->engine);
    struct certmap_ask ask = { .applid = applid, .sysid = STR(SMF_SYSTEM_ID) };
    const struct cert_services *services = front_cert_services(f);
    struct certmap found = { .user = STR("") };
    struct cert_bundle bundle;
    struct cert_row *cas;
    enum err e;

    if (!certmap_is_used(db) && cert_list_hightrust(db, a, &cas) == 0)
        return err_set(why, ERR_DENIED, "no user ID for this certificate");
    e = services->parse(services->arg, a, der, STR(""), NULL, 0, &bundle, why);
    if (e != ERR_OK || bundle.n == 0) {
        *rc = LOGON_RC_NOTRUST;
        return err_set(why, ERR_DENIED, "the certificate is not readable");
    }
    ask.subject = bundle.certs[0].subject;
    ask.issuer = bundle.certs[0].issuer;
    if (!certmap_user(f->engine, a, IDMAP_EFFECTIVE, &ask, &found)) {
        e = host_user(p, a, &bundle.certs[0], &found.user, why);
        if (e != ERR_OK)
            return e;
    }
    if (found.user.n == 0)
        return err_set(why, ERR_DENIED, "no user ID for this certificate");
    *user = found.user;
    *rc = SAF_RC(0, 0, 0);
    return ERR_OK;
}

/* Where FACILITY protects BPX.SERVER, only who has UPDATE takes on the identity
 * of its clients by BPX.SRV.<user>. With READ the server's own authority would
 * have to be checked beside the client's at each access, which the acee's
 * holder does not do: refused. */
static bool
may_serve(struct peer *p, uint32_t seq)
{
    struct line_sink sink = { p->front, p, seq };
    struct saf_lines lines = line_sink_lines(&sink);
    const struct str class_name = STR("FACILITY"), name = STR("BPX.SERVER");
    struct saf_decision d = saf_authorize(p->front->engine, p->acee, class_name,
                                          name, SAF_UPDATE, NULL);

    if (d.wants_log)
        audit_access(p->front, p, p->acee, class_name, name, &d);
    if (d.wants_log && (d.rc.saf == 8 || d.is_warning))
        ich408i_access(&lines, p->acee, class_name, name, &d);
    return d.rc.saf != 8; /* no profile: BPX.SRV alone decides */
}

/* Without authenticator: servers with SAFCRED, oneself, or where class
 * SURROGAT lets us act for that user. */
static bool
may_be(struct peer *p, uint32_t seq, struct str user)
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
                           str_n(name, (size_t)n), SAF_READ) &&
            (i > 0 || may_serve(p, seq)))
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
    struct str der, source;
    struct arena a;
    enum err e;

    if (!reader_str(&in, 1, WIRE_DER_MAX, &der) ||
        !reader_str(&in, 0, WIRE_APPLID_MAX, &ask.applid) ||
        !read_source(&in, &source) || !reader_at_end(&in))
        return false;
    if (front_refuse_domain(p, seq, ask.applid))
        return true;
    if (EVP_Digest(der.p, der.n, digest, &n, EVP_sha256(), NULL) != 1)
        return false;
    arena_init(&a, LOGON_ARENA_MAX);
    came_from(p, &a, source, &ask);
    e = cert_user(saf_engine_db(p->front->engine), &a, str_n(digest, n),
                  &ask.user, &rc, &why);
    ask.certificate = str_n(digest, n);
    if (e == ERR_DENIED && rc.reason == LOGON_RC_NO_USER.reason)
        e = mapped_user(p, &a, der, ask.applid, &ask.user, &rc, &why);
    /* A certificate is no secret: that it was proved we have only the asker's
     * word for, as with a bare name. */
    if (!peer_has_safcred(p) && (e != ERR_OK || !may_be(p, seq, ask.user)))
        reply_unregistered(
            p, seq,
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
    struct str source;
    struct arena a;

    if (!reader_str(&in, 1, IDMAP_USER_MAX, &ask.distributed) ||
        !reader_str(&in, 0, IDMAP_REGISTRY_MAX, &ask.registry) ||
        !reader_str(&in, 0, WIRE_APPLID_MAX, &ask.applid) ||
        !read_source(&in, &source) || !reader_at_end(&in))
        return false;
    arena_init(&a, LOGON_ARENA_MAX);
    came_from(p, &a, source, &ask);
    if (!peer_has_safcred(p))
        reply_unregistered(p, seq, "service group SAFCRED is not available");
    else if (front_refuse_domain(p, seq, ask.applid))
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
    if (!may_be(p, seq, ask.user))
        reply_unregistered(p, seq, "service group SAFCRED is not available");
    else if (!front_refuse_domain(p, seq, ask.applid))
        reply_acee(p, seq, &ask, (struct str){ NULL, 0 });
    return true;
}
