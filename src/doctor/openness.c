/*
 * What the configuration opens: resources without authentication or without
 * TLS, identities that are merely said.
 */
#include "doctor/doctor.h"

#include "config/elements.h"

/* The attribute wherever it stands in the element's tag. */
static const char *
set_to(struct doctor *d, const struct cfg_node *node, const char *attr,
       const char *value)
{
    const char *file = doctor_text(d, STR_FMT, STR_ARG(node->file));

    return doctor_text(d, "sed -i '%u,/>/s/%s=\"[^\"]*\"/%s=\"%s\"/' %s",
                       node->line, attr, attr, value, doctor_quote(d, file));
}

static void
see(struct doctor *d, const struct cfg_node *node, bool needs_auth,
    bool needs_tls)
{
    if (!needs_auth)
        doctor_find(d, RULE_NO_AUTHENTICATION, node->file.p, node->line,
                    set_to(d, node, "requireAuth", "true"),
                    STR_FMT " has requireAuth=\"false\"", STR_ARG(node->name));
    if (!needs_tls)
        doctor_find(d, RULE_CLEAR_TEXT, node->file.p, node->line,
                    set_to(d, node, "requireSecure", "true"),
                    STR_FMT " has requireSecure=\"false\"",
                    STR_ARG(node->name));
}

/* Only what an element says itself: what it inherits is said where it stands.*/
static bool
says_no(unsigned value)
{
    return value == CFG_NO;
}

void
doctor_check_openness(struct doctor *d)
{
    const struct cfg_zcon_manager *m;
    const struct cfg_zcon_apis *apis;
    const struct cfg_zcon_services *services;
    const struct cfg_zcon_requesters *requesters;

    if (d->tree == NULL)
        return;
    m = CFG_ONE(d->tree, zcon_manager);
    apis = CFG_ONE(d->tree, zcon_apis);
    services = CFG_ONE(d->tree, zcon_services);
    requesters = CFG_ONE(d->tree, zcon_requesters);
    see(d, &m->node, m->require_auth, m->require_secure);
    for (size_t i = 0; i < apis->n_apis; i++)
        see(d, &apis->apis[i].node, !says_no(apis->apis[i].require_auth),
            !says_no(apis->apis[i].require_secure));
    for (size_t i = 0; i < services->n_services; i++)
        see(d, &services->services[i].node,
            !says_no(services->services[i].require_auth),
            !says_no(services->services[i].require_secure));
    see(d, &requesters->node, !says_no(requesters->require_auth), true);
    for (size_t i = 0; i < requesters->n_requesters; i++)
        see(d, &requesters->requesters[i].node,
            !says_no(requesters->requesters[i].require_auth),
            !says_no(requesters->requesters[i].require_secure));
    if (requesters->allow_unsigned_identity)
        doctor_find(
            d, RULE_UNSIGNED_IDENTITY, requesters->node.file.p,
            requesters->node.line,
            set_to(d, &requesters->node, "allowUnsignedIdentity", "false"),
            "zosconnect_apiRequesters has "
            "allowUnsignedIdentity=\"true\"");
}
