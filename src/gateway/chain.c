#include "gateway/chain.h"

#include <stdio.h>
#include <string.h>

#include "gateway/authorization.h"
#include "gateway/library.h"
#include "gateway/placed.h"

#define LOGGER "com.ibm.zosconnect.interceptors.InterceptorManager"
#define ATTRIBUTES_MAX 256u

struct chain_set {
    struct messages_log *log;
    bool is_update;
    struct library libraries[CHAIN_MAX * 2]; /* of links of the same index */
    const struct cfg_node *nodes[CHAIN_MAX * 2]; /* whose links they are */
    struct chain_link links[CHAIN_MAX * 2];
    unsigned n;
};

/* Elements that are interceptors; adding one is adding a row. */
static const struct {
    const struct cfg_type *type;
    const struct sallyport_interceptor *code;
} kinds[] = {
    { &cfg_type_zcon_authorization, &authorization_interceptor },
};

static int64_t
sequence_of(const struct cfg_node *node)
{
    if (node->type == &cfg_type_zcon_authorization)
        return ((const struct cfg_zcon_authorization *)(const void *)node)
            ->sequence;
    if (node->type == &cfg_type_user_interceptor)
        return ((const struct cfg_user_interceptor *)(const void *)node)
            ->sequence;
    return INT64_MAX; /* without a number: after those that have one */
}

/* ---- an interceptor that is not there: it refuses ---- */

static enum sallyport_verdict
refuse_all(void *self, const struct sallyport_request *request,
           struct sallyport_refusal *refusal)
{
    (void)self;
    (void)request;
    refusal->status = 403;
    snprintf(refusal->message, sizeof refusal->message,
             "The request cannot be authorized.");
    return SALLYPORT_REFUSE;
}

static void
close_nothing(void *self)
{
    (void)self;
}

static const struct sallyport_interceptor refusing = {
    .abi = SALLYPORT_INTERCEPTOR_ABI,
    .name = "refusing",
    .pre = refuse_all,
    .close = close_nothing,
};

/* ---- links ---- */

static const struct sallyport_host host = { SALLYPORT_INTERCEPTOR_ABI,
                                            authorization_in_group };

static enum err
open_library(const struct cfg_user_interceptor *u, struct library *lib,
             void **self, struct err_info *why)
{
    struct sallyport_attribute v[ATTRIBUTES_MAX];
    char reason[256] = "";
    enum err e = library_open(u->library.p, lib, why);
    size_t n = 0;

    if (e != ERR_OK)
        return e;
    for (; n < u->settings.n && n < ARRAY_LEN(v); n++)
        v[n] = (struct sallyport_attribute){ u->settings.v[n].name.p,
                                             u->settings.v[n].value.p };
    *self = lib->code->open(&host, v, n, reason, sizeof reason);
    if (*self != NULL)
        return ERR_OK;
    reason[sizeof reason - 1] = '\0';
    e = err_set(why, ERR_NOT_NOW, "%s: %s", u->library.p,
                reason[0] != '\0' ? reason : "it did not say why");
    library_close(lib);
    return e;
}

void
chain_say_unusable(struct messages_log *log,
                   const struct cfg_user_interceptor *u,
                   const struct err_info *why)
{
    PLACED_LOG(log, LOGGER, PLACE(&u->node, "library"), "BAQR0496E",
               u->node.name, str_of(why->text));
}

/*
 * A library in use stays: an update that breaks it is refused. At start what
 * it guards is closed, the rest of the server is not.
 */
static enum err
use_library(struct chain_set *set, struct chain_link *link,
            const struct cfg_user_interceptor *u, struct err_info *why)
{
    struct library *lib = &set->libraries[set->n];
    enum err e = open_library(u, lib, &link->self, why);

    if (e == ERR_OK) {
        link->code = lib->code;
        return ERR_OK;
    }
    if (set->is_update) {
        err_prefix(why, "interceptor " STR_FMT, STR_ARG(u->node.name));
        return e;
    }
    chain_say_unusable(set->log, u, why);
    link->code = &refusing;
    return ERR_OK;
}

static enum err
use_built_in(struct chain_link *link, struct err_info *why)
{
    link->self =
        link->code->open(&host, NULL, 0, why == NULL ? NULL : why->text,
                         why == NULL ? 0 : sizeof why->text);
    return link->self == NULL ? ERR_NOT_NOW : ERR_OK;
}

static const struct cfg_user_interceptor *
user_interceptor(const struct cfg_node *node)
{
    const struct cfg_user_interceptor *u =
        node->type == &cfg_type_user_interceptor
            ? (const struct cfg_user_interceptor *)(const void *)node
            : NULL;

    return u != NULL && u->library.n > 0 ? u : NULL;
}

static enum err
make_link(struct chain_set *set, const struct cfg_node *node,
          const struct chain_link **out, struct err_info *why)
{
    const struct cfg_user_interceptor *user = user_interceptor(node);
    struct chain_link *link;
    size_t kind = 0;
    enum err e;

    for (unsigned i = 0; i < set->n; i++) {
        if (set->nodes[i] == node) {
            *out = &set->links[i];
            return ERR_OK;
        }
    }
    while (kind < ARRAY_LEN(kinds) && kinds[kind].type != node->type)
        kind++;
    if (kind == ARRAY_LEN(kinds) && user == NULL) {
        *out = NULL; /* read, not effective: the configuration said so */
        return ERR_OK;
    }
    if (set->n == ARRAY_LEN(set->links))
        return err_set(why, ERR_LIMIT, "more than %zu interceptors",
                       ARRAY_LEN(set->links));
    link = &set->links[set->n];
    *link = (struct chain_link){ NULL, NULL, sequence_of(node), node->id };
    if (user == NULL)
        link->code = kinds[kind].code;
    e = user != NULL ? use_library(set, link, user, why)
                     : use_built_in(link, why);
    if (e != ERR_OK)
        return e;
    set->nodes[set->n++] = node;
    *out = link;
    return ERR_OK;
}

enum err
chain_set_new(struct arena *arena, struct messages_log *log, bool is_update,
              struct chain_set **out, struct err_info *why)
{
    struct chain_set *set = ARENA_NEW(arena, struct chain_set);

    if (set == NULL)
        return err_set(why, ERR_MEMORY, "no storage for interceptors");
    set->log = log;
    set->is_update = is_update;
    *out = set;
    return ERR_OK;
}

void
chain_set_close(struct chain_set *set)
{
    for (unsigned i = 0; set != NULL && i < set->n; i++) {
        set->links[i].code->close(set->links[i].self);
        library_close(&set->libraries[i]);
    }
}

static enum err
insert(struct chain *chain, const struct chain_link *link, struct err_info *why)
{
    unsigned at = chain->n;

    if (chain->n == CHAIN_MAX)
        return err_set(why, ERR_LIMIT,
                       "more than %u interceptors around one "
                       "resource",
                       CHAIN_MAX);
    for (; at > 0 && chain->links[at - 1]->sequence > link->sequence; at--)
        chain->links[at] = chain->links[at - 1];
    chain->links[at] = link;
    chain->n++;
    return ERR_OK;
}

static enum err
add_list(struct chain_set *set, const struct cfg_zcon_interceptors *list,
         struct chain *chain, struct err_info *why)
{
    for (size_t i = 0; list != NULL && i < list->interceptors.n; i++) {
        const struct chain_link *link;
        enum err e = make_link(set, list->interceptors.v[i].node, &link, why);

        if (e == ERR_OK && link != NULL)
            e = insert(chain, link, why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err
chain_build(struct chain_set *set, const struct cfg_zcon_interceptors *global,
            bool run_global, const struct cfg_zcon_interceptors *own,
            struct chain *out, struct err_info *why)
{
    enum err e = ERR_OK;

    *out = (struct chain){ .n = 0 };
    if (run_global)
        e = add_list(set, global, out, why);
    return e == ERR_OK ? add_list(set, own, out, why) : e;
}

enum sallyport_verdict
chain_pre(const struct chain *chain, const struct sallyport_request *request,
          struct sallyport_refusal *refusal, unsigned *n_run, struct str *who)
{
    for (*n_run = 0; *n_run < chain->n;) {
        const struct chain_link *link = chain->links[(*n_run)++];

        if (link->code->pre != NULL &&
            link->code->pre(link->self, request, refusal) != SALLYPORT_GO_ON) {
            *who = link->id;
            return SALLYPORT_REFUSE;
        }
    }
    return SALLYPORT_GO_ON;
}

void
chain_post(const struct chain *chain, const struct sallyport_request *request,
           unsigned n_run)
{
    while (n_run > 0) {
        const struct chain_link *link = chain->links[--n_run];

        if (link->code->post != NULL)
            link->code->post(link->self, request);
    }
}
