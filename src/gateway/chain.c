#include "gateway/chain.h"

#include "gateway/authorization.h"

struct chain_set {
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
    return INT64_MAX; /* without a number: after those that have one */
}

static enum err
make_link(struct chain_set *set, const struct cfg_node *node,
          const struct chain_link **out, struct err_info *why)
{
    static const struct sallyport_host host = { SALLYPORT_INTERCEPTOR_ABI,
                                                authorization_in_group };
    struct chain_link *link;
    size_t kind = 0;

    for (unsigned i = 0; i < set->n; i++) {
        if (str_eq(set->links[i].id, node->id)) {
            *out = &set->links[i];
            return ERR_OK;
        }
    }
    while (kind < ARRAY_LEN(kinds) && kinds[kind].type != node->type)
        kind++;
    if (kind == ARRAY_LEN(kinds)) {
        *out = NULL; /* read, not effective: the configuration said so */
        return ERR_OK;
    }
    if (set->n == ARRAY_LEN(set->links))
        return err_set(why, ERR_LIMIT, "more than %zu interceptors",
                       ARRAY_LEN(set->links));
    link = &set->links[set->n];
    *link = (struct chain_link){ kinds[kind].code, NULL, sequence_of(node),
                                 node->id };
    link->self =
        link->code->open(&host, NULL, 0, why == NULL ? NULL : why->text,
                         why == NULL ? 0 : sizeof why->text);
    if (link->self == NULL)
        return ERR_NOT_NOW;
    set->n++;
    *out = link;
    return ERR_OK;
}

enum err
chain_set_new(struct arena *arena, const struct cfg_tree *tree,
              struct chain_set **out, struct err_info *why)
{
    struct chain_set *set = ARENA_NEW(arena, struct chain_set);

    (void)tree;
    if (set == NULL)
        return err_set(why, ERR_MEMORY, "no storage for interceptors");
    *out = set;
    return ERR_OK;
}

void
chain_set_close(struct chain_set *set)
{
    for (unsigned i = 0; set != NULL && i < set->n; i++)
        set->links[i].code->close(set->links[i].self);
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
