#include "ttls/env.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ttls/engine_wire.h"

struct env_maker {
    struct engine *engine;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct env *first, **last; /* to be made; under lock */
    pthread_mutex_t asking;    /* one question at a time */
    int channel, next_channel; /* to the broker: under asking, under lock */
    bool is_ending;
    struct env *all; /* the loop's own list */
};

/* --- the thread ----------------------------------------------------------- */

static void env_made(struct loop_post *);

static struct env *
take_work(struct env_maker *m)
{
    struct env *env;

    pthread_mutex_lock(&m->lock);
    while (m->first == NULL && !m->is_ending)
        pthread_cond_wait(&m->wake, &m->lock);
    env = m->is_ending ? NULL : m->first;
    if (env != NULL) {
        m->first = env->queued;
        if (m->first == NULL)
            m->last = &m->first;
    }
    pthread_mutex_unlock(&m->lock);
    return env;
}

enum err
env_maker_ask(struct env_maker *m, struct str request, struct chan_msg *reply)
{
    enum err e;

    pthread_mutex_lock(&m->asking);
    pthread_mutex_lock(&m->lock);
    if (m->next_channel >= 0) {
        if (m->channel >= 0)
            close(m->channel);
        m->channel = m->next_channel;
        m->next_channel = -1;
    }
    pthread_mutex_unlock(&m->lock);
    e = m->channel < 0
            ? ERR_PEER
            : chan_send(m->channel, BROKER_RING, 1, request, NULL, 0, NULL);
    if (e == ERR_OK)
        e = chan_recv(m->channel, reply, NULL);
    pthread_mutex_unlock(&m->asking);
    return e;
}

static void *
make_all(void *arg)
{
    struct env_maker *m = arg;
    struct env *env;

    while ((env = take_work(m)) != NULL) {
        bool is_fine = env_ring(env) && env_context(env);

        /* The loop reads `state` after the post only. */
        env->state = is_fine ? ENV_READY : ENV_FAILED;
        loop_post(m->engine->loop, &env->made);
    }
    return NULL;
}

enum err
env_maker_new(struct engine *g, struct env_maker **out, struct err_info *why)
{
    struct env_maker *m = calloc(1, sizeof *m);

    if (m == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    m->engine = g;
    m->last = &m->first;
    m->channel = m->next_channel = -1;
    pthread_mutex_init(&m->lock, NULL);
    pthread_mutex_init(&m->asking, NULL);
    pthread_cond_init(&m->wake, NULL);
    if (pthread_create(&m->thread, NULL, make_all, m) != 0) {
        free(m);
        return err_sys(why, "a thread");
    }
    *out = m;
    return ERR_OK;
}

void
env_maker_free(struct env_maker **which)
{
    struct env_maker *m = *which;

    if (m == NULL)
        return;
    pthread_mutex_lock(&m->lock);
    m->is_ending = true;
    pthread_cond_signal(&m->wake);
    pthread_mutex_unlock(&m->lock);
    pthread_join(m->thread, NULL);
    pthread_mutex_destroy(&m->lock);
    pthread_mutex_destroy(&m->asking);
    pthread_cond_destroy(&m->wake);
    if (m->channel >= 0)
        close(m->channel);
    if (m->next_channel >= 0)
        close(m->next_channel);
    free(m);
    *which = NULL;
}

void
env_maker_channel(struct env_maker *m, int fd)
{
    pthread_mutex_lock(&m->lock);
    if (m->next_channel >= 0)
        close(m->next_channel);
    m->next_channel = fd;
    pthread_mutex_unlock(&m->lock);
}

/* --- the loop's side --------------------------------------------------------
 */

static void
put_texts(struct buf *out, const struct ttls_texts *t)
{
    buf_u32(out, (uint32_t)t->n);
    for (size_t i = 0; i < t->n; i++)
        buf_str(out, t->v[i]);
}

static void
put_codes(struct buf *out, const struct ttls_codes *c)
{
    buf_u32(out, (uint32_t)c->n);
    for (size_t i = 0; i < c->n; i++)
        buf_u16(out, c->v[i]);
}

/* Environment action (its id stands for all it says), user, and everything a
 * connection action may change. */
static void
put_key(struct buf *out, const struct ttls_effective *e, const char *user,
        uint32_t uid)
{
    buf_u32(out, e->env_id);
    buf_u32(out, e->group_id);
    buf_str(out, str_of(user));
    buf_u32(out, uid);
    buf_u8(out, (uint8_t)e->role);
    buf_u8(out, (uint8_t)(e->sslv3 | e->tlsv1 << 1 | e->tlsv11 << 2 |
                          e->tlsv12 << 3 | e->tlsv13 << 4 | e->has_label << 5));
    buf_str(out, e->label);
    put_texts(out, &e->server_labels);
    buf_u8(out, (uint8_t)(e->client_sni | e->server_sni << 2 |
                          e->client_sni_match << 4 | e->server_sni_match << 6));
    buf_u32(out, e->client_fragment_bytes);
    buf_u8(out, (uint8_t)(e->client_fragment | e->server_fragment << 2 |
                          e->truncated_hmac << 4));
    put_texts(out, &e->client_sni_list);
    put_texts(out, &e->server_sni_list);
    put_codes(out, &e->ciphers);
    put_codes(out, &e->client_curves);
    put_codes(out, &e->client_key_shares);
    put_codes(out, &e->server_key_shares);
    put_codes(out, &e->server_curves);
    put_codes(out, &e->signature_pairs);
    put_codes(out, &e->signature_pairs_cert);
}

static struct env *
env_new(struct conn *c, struct str key)
{
    struct env *env = calloc(1, sizeof *env);
    char *copy = malloc(key.n + 1);

    if (env == NULL || copy == NULL) {
        free(env);
        free(copy);
        return NULL;
    }
    memcpy(copy, key.p, key.n);
    env->key = str_n(copy, key.n);
    env->engine = c->engine;
    env->env_id = c->mapped->eff.env_id;
    env->mapped = c->mapped;
    (void)engine_policy_ref(c->mapped->policy);
    memcpy(env->user, c->who.user, sizeof env->user);
    env->uid = c->who.uid;
    if (!c->who.is_job)
        env->user[0] = '\0'; /* the security database knows it by its uid */
    table_init(&env->sessions);
    env->made.run = env_made;
    env->first_channel = -1;
    return env;
}

static void
env_free(struct env *env)
{
    struct engine_policy *policy = env->mapped->policy;
    struct str key;
    size_t pos = 0;
    void *value;

    while (table_next(&env->sessions, &pos, &key, &value))
        SSL_SESSION_free(value);
    table_fini(&env->sessions);
    for (size_t i = 0; i < env->n_identities; i++) {
        X509_free(env->identities[i].cert);
        EVP_PKEY_free(env->identities[i].key);
        staple_unref(&env->identities[i].staple);
    }
    free(env->identities);
    SSL_CTX_free(env->ctx);
    revocation_unref(&env->revocation);
    remote_keys_unref(&env->keys);
    if (env->first_channel >= 0)
        close(env->first_channel);
    engine_policy_unref(&policy);
    free((void *)(uintptr_t)env->key.p);
    OPENSSL_cleanse(env->ticket_keys, sizeof env->ticket_keys);
    free(env);
}

static void
unlist(struct env *env)
{
    struct env **at = &env->engine->maker->all;

    while (*at != env)
        at = &(*at)->next;
    *at = env->next;
    env->is_listed = false;
}

/* The list itself keeps ready ones; nobody keeps one that is neither listed
 * nor used. */
void
env_unref(struct env **which)
{
    struct env *env = *which;

    *which = NULL;
    if (env != NULL && --env->n_refs == 0 && !env->is_listed)
        env_free(env);
}

static void
queue(struct env_maker *m, struct env *env)
{
    env->n_refs++; /* the thread's, until env_made */
    pthread_mutex_lock(&m->lock);
    *m->last = env;
    m->last = &env->queued;
    pthread_cond_signal(&m->wake);
    pthread_mutex_unlock(&m->lock);
}

struct env *
env_get(struct conn *c)
{
    struct env_maker *m = c->engine->maker;
    struct env *env;
    struct buf key;

    buf_init(&key, 1u << 20);
    put_key(&key, &c->mapped->eff, c->who.user, c->who.uid);
    for (env = m->all; env != NULL; env = env->next) {
        if (str_eq(env->key, buf_view(&key)))
            break;
    }
    if (env == NULL && !key.failed &&
        (env = env_new(c, buf_view(&key))) != NULL) {
        env->is_listed = true;
        env->next = m->all;
        m->all = env;
        queue(m, env);
        say_start(c, "Environment Create", NULL);
        say_event(c, 0, "Environment Create", NULL);
        say_start(c, "Environment Init", NULL);
        flow_environment(c);
    }
    buf_fini(&key);
    if (env != NULL)
        env->n_refs++;
    return env;
}

static void
env_made(struct loop_post *post)
{
    struct env *env = CONTAINER_OF(post, struct env, made);
    struct conn *next;

    /* A failure is for those who wait; the next connection tries again. */
    if (env->state == ENV_FAILED && env->is_listed)
        unlist(env);
    for (struct conn *c = env->engine->conns; c != NULL; c = next) {
        next = c->next;
        if (c->env == env && c->state == CONN_KEYS) {
            flow_environment_init(c, env->rc);
            say_event(c, env->rc,
                      env->rc == 0 ? "Environment Init" : env->event, NULL);
            conn_go(c);
        }
    }
    env_unref(&env);
}

static bool
knows(const struct engine_policy *p, uint32_t env_id)
{
    const struct ttls_rule *const *rules;
    size_t n = p == NULL ? 0 : ttls_policy_rules(p->policy, &rules);

    for (size_t i = 0; i < n; i++) {
        if (rules[i]->env != NULL && rules[i]->env->id == env_id)
            return true;
    }
    return false;
}

void
env_policy(struct engine *g, const struct engine_policy *p)
{
    struct env *next;

    for (struct env *env = g->maker->all; env != NULL; env = next) {
        next = env->next;
        if (knows(p, env->env_id))
            continue;
        unlist(env);
        if (env->n_refs == 0)
            env_free(env);
    }
}

/* --- client sessions
 * ---------------------------------------------------------- */

static struct str
session_key(const struct conn *c)
{
    return str_n(&c->remote, sizeof c->remote);
}

void
env_session_put(struct conn *c, SSL_SESSION *session)
{
    struct table *t = &c->env->sessions;
    const struct ttls_effective *eff = &c->mapped->eff;
    struct str key;
    size_t pos = 0;
    void *old = NULL;
    size_t most = eff->session_cache;

    if (SSL_SESSION_has_ticket(session) && eff->client_ticket_max_cached > 0 &&
        eff->client_ticket_max_cached < most)
        most = eff->client_ticket_max_cached;
    if (t->n >= most && table_get(t, session_key(c)) == NULL &&
        table_next(t, &pos, &key, &old))
        SSL_SESSION_free(table_remove(t, key));
    old = NULL;
    if (!table_put(t, session_key(c), session, &old))
        SSL_SESSION_free(session);
    SSL_SESSION_free(old);
}

SSL_SESSION *
env_session_get(struct conn *c)
{
    return table_get(&c->env->sessions, session_key(c));
}

void
env_session_forget(struct conn *c)
{
    SSL_SESSION_free(table_remove(&c->env->sessions, session_key(c)));
}
