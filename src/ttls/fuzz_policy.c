/* A policy that is accepted survives its compiled form, and its index agrees
 * with the definition; one that is refused has at least one error. */
#include <string.h>

#include "ttls/build.h"
#include "ttls/effective.h"
#include "ttls/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
count(void *arg, const struct ttls_diag *d)
{
    REQUIRE(d->text[0] != '\0' && d->file.n > 0 && d->line > 0);
    *(size_t *)arg += d->is_error;
}

static void
round_trip(const struct ttls_policy *p)
{
    struct ttls_policy *q = NULL;
    struct buf first, second;

    buf_init(&first, 64u << 20);
    buf_init(&second, 64u << 20);
    ttls_policy_encode(p, true, &first);
    REQUIRE(buf_check(&first, NULL) == ERR_OK);
    REQUIRE(ttls_policy_decode(buf_view(&first), &q, NULL) == ERR_OK);
    ttls_policy_encode(q, true, &second);
    REQUIRE(str_eq(buf_view(&first), buf_view(&second)));
    ttls_policy_unref(&q);
    buf_fini(&first);
    buf_fini(&second);
}

/* A connection that a rule of the policy describes. */
static void
look_up(struct ttls_policy *p)
{
    const struct ttls_rule *const *rules;
    size_t n = ttls_policy_rules(p, &rules);
    struct ttls_match *m;

    REQUIRE(ttls_match_new(p, &m, NULL) == ERR_OK);
    for (size_t i = 0; i < n; i++) {
        const struct ttls_rule *r = rules[i];
        struct ttls_facts f = {
            .direction =
                r->direction == TTLS_INBOUND ? TTLS_INBOUND : TTLS_OUTBOUND,
            .job = r->job,
            .user = r->user,
        };
        struct ttls_effective e;

        if (r->remote_addr != NULL)
            memcpy(&f.remote, r->remote_addr->v[0].from, 16);
        if (r->local_addr != NULL)
            memcpy(&f.local, r->local_addr->v[0].to, 16);
        if (r->remote_port != NULL)
            f.remote_port = r->remote_port->v[0].from;
        if (r->local_port != NULL)
            f.local_port = r->local_port->v[0].to;
        REQUIRE(ttls_match_find(m, &f) == ttls_match_slowly(p, &f));
        ttls_effective_of(r, &e);
    }
    ttls_match_free(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    size_t n_errors = 0;
    struct ttls_build_options options = { .on_diag = count, .arg = &n_errors };
    struct ttls_policy *p = NULL;
    struct ttls_build *b;
    enum err e;

    if (n > 64 * 1024 || (b = ttls_build_new(&options)) == NULL)
        return 0;
    ttls_build_file(b, STR("policy"), str_n(data, n));
    e = ttls_build_finish(&b, &p, NULL);
    REQUIRE((e == ERR_SYNTAX) == (n_errors > 0));
    if (e == ERR_OK) {
        round_trip(p);
        look_up(p);
        ttls_policy_unref(&p);
    }
    return 0;
}
