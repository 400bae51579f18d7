#include "config/feature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"

/* Accepted means: a configuration that lists it works as far as we go; the
 * reference manual says what each one does here. */
static const struct {
    const char *name;
    const char *also; /* features it pulls in, separated by blanks */
    bool has_effect;  /* something here does what it is for */
} known[] = {
    { "adminCenter-1.0", "", false },
    { "apiDiscovery-1.0", "", false },
    { "appClientSupport-1.0", "", false },
    { "appSecurity-1.0", "", true },
    { "appSecurity-2.0", "distributedMap-1.0 jndi-1.0 ssl-1.0", true },
    { "appSecurity-3.0", "cdi-2.0 el-3.0 servlet-4.0", true },
    { "audit-1.0", "", false },
    { "batch-1.0", "", false },
    { "batchSMFLogging-1.0", "", false },
    { "beanValidation-1.1", "", false },
    { "beanValidation-2.0", "", false },
    { "cdi-1.2", "", false },
    { "cdi-2.0", "", false },
    { "clusterMember-1.0", "", false },
    { "collectiveController-1.0", "", false },
    { "collectiveMember-1.0", "", false },
    { "concurrent-1.0", "", false },
    { "constrainedDelegation-1.0", "", false },
    { "distributedMap-1.0", "", false },
    { "ejb-3.2", "", false },
    { "ejbLite-3.2", "", false },
    { "el-3.0", "", false },
    { "eventLogging-1.0", "", false },
    { "federatedRegistry-1.0", "", false },
    { "imsmobile:imsmobile-2.0", "zosconnect:zosConnect-2.0", false },
    { "j2eeManagement-1.1", "", false },
    { "jacc-1.5", "", false },
    { "jaspic-1.1", "", false },
    { "javaee-7.0",
      "appClientSupport-1.0 batch-1.0 concurrent-1.0 ejb-3.2 "
      "j2eeManagement-1.1 jacc-1.5 jaspic-1.1 javaMail-1.5 jaxws-2.2 jca-1.7 "
      "jcaInboundSecurity-1.0 jdbc-4.1 jms-2.0 servlet-3.1 wasJmsClient-2.0 "
      "wasJmsSecurity-1.0 wasJmsServer-1.0 webProfile-7.0",
      false },
    { "javaee-8.0",
      "appClientSupport-1.0 batch-1.0 concurrent-1.0 ejb-3.2 "
      "j2eeManagement-1.1 jacc-1.5 javaMail-1.6 jaxws-2.2 jca-1.7 "
      "jcaInboundSecurity-1.0 jdbc-4.2 jms-2.0 servlet-4.0 wasJmsClient-2.0 "
      "wasJmsSecurity-1.0 wasJmsServer-1.0 webProfile-8.0",
      false },
    { "javaMail-1.5", "", false },
    { "javaMail-1.6", "", false },
    { "jaxb-2.2", "", false },
    { "jaxrs-2.0", "jaxrsClient-2.0 servlet-3.1", false },
    { "jaxrs-2.1", "", false },
    { "jaxrsClient-2.0", "", false },
    { "jaxws-2.2", "servlet-3.1", false },
    { "jca-1.7", "", false },
    { "jcaInboundSecurity-1.0", "", false },
    { "jdbc-4.0", "", false },
    { "jdbc-4.1", "", false },
    { "jdbc-4.2", "", false },
    { "jdbc-4.3", "", false },
    { "jms-2.0", "", false },
    { "jndi-1.0", "", false },
    { "jpa-2.1", "", false },
    { "jpa-2.2", "", false },
    { "jsf-2.2", "", false },
    { "jsf-2.3", "", false },
    { "json-1.0", "", false },
    { "jsonb-1.0", "", false },
    { "jsonp-1.0", "", false },
    { "jsonp-1.1", "", false },
    { "jsp-2.3", "servlet-3.1", false },
    { "jwt-1.0", "", false },
    { "ldapRegistry-3.0", "federatedRegistry-1.0", false },
    { "localConnector-1.0", "", false },
    { "logstashCollector-1.0", "", false },
    { "managedBeans-1.0", "", false },
    { "mdb-3.2", "", false },
    { "monitor-1.0", "", false },
    { "mpJwt-1.1", "appSecurity-2.0 json-1.0 servlet-3.1", false },
    { "oauth-2.0", "appSecurity-2.0 servlet-3.1", false },
    { "openidConnectClient-1.0", "appSecurity-2.0 json-1.0 servlet-3.1",
      false },
    { "openidConnectServer-1.0", "oauth-2.0", false },
    { "passwordUtilities-1.0", "", false },
    { "requestTiming-1.0", "", true },
    { "restConnector-1.0", "", false },
    { "restConnector-2.0", "jaxrs-2.0 json-1.0 ssl-1.0", true },
    { "samlWeb-2.0", "appSecurity-2.0 servlet-3.1", false },
    { "scim-1.0", "", false },
    { "servlet-3.0", "", true },
    { "servlet-3.1", "", true },
    { "servlet-4.0", "", true },
    { "sessionCache-1.0", "servlet-3.1", false },
    { "sessionDatabase-1.0", "jdbc-4.1 servlet-3.1", false },
    { "spnego-1.0", "", false },
    { "ssl-1.0", "", true },
    { "timedOperations-1.0", "", false },
    { "transportSecurity-1.0", "ssl-1.0", true },
    { "wasJmsClient-2.0", "jms-2.0", false },
    { "wasJmsSecurity-1.0", "", false },
    { "wasJmsServer-1.0", "", false },
    { "webCache-1.0", "", false },
    { "webProfile-7.0",
      "appSecurity-2.0 beanValidation-1.1 cdi-1.2 ejbLite-3.2 el-3.0 jaxrs-2.0 "
      "jdbc-4.1 jndi-1.0 jpa-2.1 jsf-2.2 jsonp-1.0 jsp-2.3 managedBeans-1.0 "
      "servlet-3.1 websocket-1.1",
      false },
    { "webProfile-8.0",
      "appSecurity-3.0 beanValidation-2.0 cdi-2.0 ejbLite-3.2 el-3.0 "
      "jaspic-1.1 jaxrs-2.1 jdbc-4.2 jndi-1.0 jpa-2.2 jsf-2.3 jsonb-1.0 "
      "jsonp-1.1 jsp-2.3 managedBeans-1.0 servlet-4.0 websocket-1.1",
      false },
    { "websocket-1.1", "", false },
    { "wmqJmsClient-2.0", "jms-2.0", false },
    { "zosconnect:apiRequester-1.0", "zosconnect:zosConnect-2.0", true },
    { "zosconnect:cicsService-1.0", "zosconnect:zosConnect-2.0", true },
    { "zosconnect:dbService-1.0", "zosconnect:zosConnect-2.0", false },
    { "zosconnect:monitoring-1.0", "zosconnect:zosConnect-2.0", false },
    { "zosconnect:mqService-1.0", "zosconnect:zosConnect-2.0", false },
    { "zosconnect:zosConnect-1.0", "zosconnect:zosConnect-2.0", true },
    { "zosconnect:zosConnect-2.0",
      "appSecurity-2.0 distributedMap-1.0 jaxrsClient-2.0 jndi-1.0 json-1.0 "
      "servlet-3.1 ssl-1.0",
      true },
    { "zosconnect:zosConnectCommands-1.0", "", true },
    { "zosLocalAdapters-1.0", "", false },
    { "zosLogging-1.0", "", true },
    { "zosRequestLogging-1.0", "", false },
    { "zosSecurity-1.0", "appSecurity-2.0", true },
    { "zosTransaction-1.0", "", false },
    { "zosWlm-1.0", "", false },
};

#define N_KNOWN ARRAY_LEN(known)

/* N_KNOWN when it is none of ours. */
static size_t
find(struct str name)
{
    size_t i = 0;

    name = str_trim(name);
    while (i < N_KNOWN && !str_eq_nocase_z(name, known[i].name))
        i++;
    return i;
}

bool
feature_is_known(struct str name)
{
    return find(name) < N_KNOWN;
}

const char *
feature_name(size_t i)
{
    return i < N_KNOWN ? known[i].name : NULL;
}

bool
feature_has_effect(size_t i)
{
    return i < N_KNOWN && known[i].has_effect;
}

/* It and everything it pulls in. */
static void
mark(bool is_in[N_KNOWN], size_t i)
{
    struct str rest, name;

    if (is_in[i])
        return;
    is_in[i] = true;
    rest = str_of(known[i].also);
    while (rest.n > 0 && str_token(&rest, ' ', &name))
        if (find(name) < N_KNOWN)
            mark(is_in, find(name));
}

static void
mark_all(const struct cfg_tree *tree, bool is_in[N_KNOWN])
{
    const struct cfg_feature_manager *m = CFG_ONE(tree, feature_manager);

    memset(is_in, 0, N_KNOWN * sizeof *is_in);
    for (size_t i = 0; i < m->features.n; i++)
        if (feature_is_known(m->features.v[i]))
            mark(is_in, find(m->features.v[i]));
}

/* ---- two versions of one feature ---- */

/* "servlet" of "servlet-3.1" */
static struct str
base_of(size_t i)
{
    struct str name = str_of(known[i].name);

    return str_sub(name, 0, str_rfind_char(name, '-'));
}

/* Another version of the same, later one; N_KNOWN when there is none. The
 * table lists versions in their order. */
static size_t
later_of(const bool is_in[N_KNOWN], size_t i)
{
    size_t last = N_KNOWN;

    for (size_t j = i + 1; j < N_KNOWN; j++)
        if (is_in[j] && str_eq(base_of(j), base_of(i)))
            last = j;
    return last;
}

/* Versions that replace the ones before instead of excluding them. */
static bool
is_replaced(size_t i)
{
    return str_eq_z(base_of(i), "appSecurity") ||
           str_eq_z(base_of(i), "zosconnect:zosConnect");
}

static bool
is_listed(const struct cfg_tree *tree, size_t wanted)
{
    const struct cfg_feature_manager *m = CFG_ONE(tree, feature_manager);

    for (size_t i = 0; i < m->features.n; i++)
        if (find(m->features.v[i]) == wanted)
            return true;
    return false;
}

/* The feature of the list that is it, or pulls it in. */
static struct str
asked_by(const struct cfg_tree *tree, size_t wanted)
{
    const struct cfg_feature_manager *m = CFG_ONE(tree, feature_manager);

    for (size_t i = 0; i < m->features.n; i++) {
        bool is_in[N_KNOWN] = { false };
        size_t one = find(m->features.v[i]);

        if (one == N_KNOWN)
            continue;
        mark(is_in, one);
        if (is_in[wanted])
            return str_of(known[one].name);
    }
    return str_of(known[wanted].name);
}

struct saying {
    void (*say)(void *arg, const char *id, struct str text);
    void *arg;
    unsigned n_errors;
};

static void
say(struct saying *s, const char *id, const struct str *inserts, size_t n)
{
    struct buf text;

    buf_init(&text, 8192);
    msg_text(&text, id, inserts, n);
    s->n_errors += id[strlen(id) - 1] == 'E';
    s->say(s->arg, id, buf_view(&text));
    buf_fini(&text);
}

/* Nobody must believe that what it is for is done. */
static void
say_without_effect(struct saying *s, const struct cfg_node *node, size_t i)
{
    char where[CFG_WHERE_MAX], what[80];
    struct str place = cfg_where(node, "feature", str_of(known[i].name), where);

    /* " (server.xml:12:34)" */
    if (place.n > 3)
        place = str_sub(place, 2, place.n - 1);
    snprintf(what, sizeof what, "feature %s", known[i].name);
    say(s, "SPT0401W", (const struct str[]){ place, str_of(what) }, 2);
}

unsigned
features_check(const struct cfg_tree *tree,
               void (*callback)(void *arg, const char *id, struct str text),
               void *arg)
{
    const struct cfg_feature_manager *m = CFG_ONE(tree, feature_manager);
    struct saying s = { callback, arg, 0 };
    bool is_in[N_KNOWN], is_said[N_KNOWN] = { false }, has_any = false;
    char where[CFG_WHERE_MAX];

    for (size_t i = 0; i < m->features.n; i++) {
        struct str name = m->features.v[i];

        if (!feature_is_known(name))
            say(&s, "CWWKF0001E",
                (const struct str[]){
                    name, cfg_where(&m->node, "feature", name, where) },
                2);
        else if (!known[find(name)].has_effect && !is_said[find(name)]) {
            is_said[find(name)] = true;
            say_without_effect(&s, &m->node, find(name));
        }
    }
    mark_all(tree, is_in);
    for (size_t i = 0; i < N_KNOWN; i++) {
        size_t later = is_in[i] ? later_of(is_in, i) : N_KNOWN;
        struct str inserts[5];

        has_any = has_any || is_in[i];
        /* who pulls one in takes a later version as well */
        if (later == N_KNOWN || !is_listed(tree, i))
            continue;
        inserts[0] = str_of(known[i].name);
        inserts[1] = str_of(known[later].name);
        inserts[2] = asked_by(tree, i);
        inserts[3] = asked_by(tree, later);
        inserts[4] = cfg_where(&m->node, "feature", inserts[2], where);
        say(&s, is_replaced(i) ? "CWWKF0031I" : "CWWKF0033E", inserts, 5);
    }
    if (!has_any)
        say(&s, "CWWKF0009W", NULL, 0);
    return s.n_errors;
}

static int
by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

enum err
features_of(const struct cfg_tree *tree, struct arena *arena,
            struct cfg_list *out, struct cfg_list *unknown,
            struct err_info *why)
{
    const struct cfg_feature_manager *m = CFG_ONE(tree, feature_manager);
    struct str *names = ARENA_ARRAY(arena, struct str, N_KNOWN);
    struct str *others = ARENA_ARRAY(arena, struct str, m->features.n);
    size_t n = 0, n_others = 0;
    bool is_in[N_KNOWN];

    if (names == NULL || others == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the features");
    mark_all(tree, is_in);
    for (size_t i = 0; i < N_KNOWN; i++)
        if (is_in[i] && later_of(is_in, i) == N_KNOWN)
            names[n++] = str_of(known[i].name);
    for (size_t i = 0; i < m->features.n; i++)
        if (!feature_is_known(m->features.v[i]))
            others[n_others++] = m->features.v[i];
    qsort(names, n, sizeof *names, by_text);
    *out = (struct cfg_list){ names, n, true };
    if (unknown != NULL)
        *unknown = (struct cfg_list){ others, n_others, true };
    return ERR_OK;
}

bool
features_have(const struct cfg_tree *tree, const char *name)
{
    bool is_in[N_KNOWN];
    size_t i = find(str_of(name));

    mark_all(tree, is_in);
    return i < N_KNOWN && (is_in[i] || later_of(is_in, i) < N_KNOWN);
}
