#include "gateway/authorization.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/msg.h"

/* Which of the four lists give which authority. */
static const struct {
    bool admin, operations, invoke, reader;
} grants[] = {
    [SALLYPORT_READ_AUTHORITY] = { true, true, false, true },
    [SALLYPORT_OPERATE_AUTHORITY] = { true, true, false, false },
    [SALLYPORT_INVOKE_AUTHORITY] = { true, false, true, false },
};

static const struct cfg_list *
effective(const struct cfg_list *own, const struct cfg_list *global)
{
    return own != NULL && own->is_set ? own : global;
}

/* Groups of another registry, for somebody whom SAF does not know: by their
 * names exactly. */
static bool
in_registry_list(const struct acee *acee, const struct cfg_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        struct str name = str_trim(list->v[i]);

        for (uint32_t k = 0; name.n > 0 && k < acee->n_registry_groups; k++)
            if (str_eq(acee->registry_groups[k], name))
                return true;
    }
    return false;
}

static bool
in_list(const struct acee *acee, const struct cfg_list *list)
{
    if (!acee_is_mapped(acee))
        return in_registry_list(acee, list);
    for (size_t i = 0; i < list->n; i++) {
        char upper[SAF_GROUP_MAX + 1];
        struct str name = str_trim(list->v[i]);
        size_t n = 0;

        if (name.n == 0 || name.n > SAF_GROUP_MAX)
            continue;
        for (; n < name.n; n++)
            upper[n] = name.p[n] >= 'a' && name.p[n] <= 'z'
                           ? (char)(name.p[n] - 'a' + 'A')
                           : name.p[n];
        if (acee_in_group(acee, str_n(upper, n)))
            return true;
    }
    return false;
}

int
authorization_in_group(const struct sallyport_request *request,
                       const char *group)
{
    const struct authorization_subject *s = request->host;
    struct str name = str_of(group);
    struct cfg_list one = { &name, 1, true };

    return s->acee != NULL && in_list(s->acee, &one);
}

static struct str
text(struct sallyport_text t)
{
    return str_n(t.p, t.n);
}

static void
say(char out[1024], const char *id, const struct str *inserts, size_t n)
{
    struct buf line;

    buf_init(&line, 1023);
    msg_line(&line, id, inserts, n);
    snprintf(out, 1024, "%s", buf_z(&line));
    buf_fini(&line);
}

static enum sallyport_verdict
refuse(const struct sallyport_request *request,
       const struct authorization_subject *s, struct sallyport_refusal *r)
{
    struct str user = s->acee == NULL ? (struct str){ 0 } : acee_name(s->acee);

    r->status = 403;
    r->details[0] = '\0';
    if (request->type == SALLYPORT_REQUESTER && s->is_asserted) {
        struct str inserts[] = { user, text(request->url) };

        say(r->message, "BAQR7115E", inserts, ARRAY_LEN(inserts));
    } else {
        struct str inserts[] = { text(request->type == SALLYPORT_REQUESTER
                                          ? request->requester_name
                                          : request->service_name),
                                 text(request->url) };

        say(r->message, "BAQR0406W", inserts, ARRAY_LEN(inserts));
        if (s->acee == NULL)
            say(r->details, "BAQR0407W", inserts, ARRAY_LEN(inserts));
        else
            say(r->details, "BAQR0409W", &user, 1);
    }
    decision_add(s->decision, DECISION_GROUP, DECISION_REFUSED, user,
                 text(request->url), SAF_RC(0, 0, 0));
    return SALLYPORT_REFUSE;
}

static enum sallyport_verdict
pre(void *self, const struct sallyport_request *request,
    struct sallyport_refusal *refusal)
{
    const struct authorization_subject *s = request->host;
    const struct cfg_zcon_groups *own = s->own, *global = s->global;

    (void)self;
    if (s->acee != NULL) {
        const struct cfg_list *lists[4] = {
            effective(own == NULL ? NULL : &own->admin, &global->admin),
            effective(own == NULL ? NULL : &own->operations,
                      &global->operations),
            effective(own == NULL ? NULL : &own->invoke, &global->invoke),
            effective(own == NULL ? NULL : &own->reader, &global->reader),
        };
        const bool wanted[4] = { grants[request->authority].admin,
                                 grants[request->authority].operations,
                                 grants[request->authority].invoke,
                                 grants[request->authority].reader };

        for (unsigned i = 0; i < 4; i++) {
            if (!wanted[i] || !in_list(s->acee, lists[i]))
                continue;
            decision_add(s->decision, DECISION_GROUP, DECISION_ALLOWED,
                         acee_name(s->acee), lists[i]->v[0], SAF_RC(0, 0, 0));
            return SALLYPORT_GO_ON;
        }
    }
    return refuse(request, s, refusal);
}

static void *
open_it(const struct sallyport_host *host,
        const struct sallyport_attribute *attributes, size_t n, char *why,
        size_t why_bytes)
{
    (void)attributes;
    (void)n;
    (void)why;
    (void)why_bytes;
    return (void *)(uintptr_t)host; /* it has no state of its own */
}

static void
close_it(void *self)
{
    (void)self;
}

const struct sallyport_interceptor authorization_interceptor = {
    .abi = SALLYPORT_INTERCEPTOR_ABI,
    .name = "zosConnectAuthorization",
    .open = open_it,
    .pre = pre,
    .close = close_it,
};
