/* Bytes that pass as a compiled policy can be used like one. */
#include "ttls/effective.h"
#include "ttls/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct ttls_rule *const *rules;
    struct ttls_policy *p = NULL;
    struct ttls_match *m;
    struct ttls_facts f = { .direction = TTLS_OUTBOUND, .job = STR("JOB") };
    size_t n_rules;

    if (ttls_policy_decode(str_n(data, n), &p, NULL) != ERR_OK)
        return 0;
    n_rules = ttls_policy_rules(p, &rules);
    for (size_t i = 0; i < n_rules; i++) {
        struct ttls_effective e;

        ttls_effective_of(rules[i], &e);
    }
    if (ttls_match_new(p, &m, NULL) == ERR_OK) {
        REQUIRE(ttls_match_find(m, &f) == ttls_match_slowly(p, &f));
        ttls_match_free(&m);
    }
    ttls_policy_unref(&p);
    return 0;
}
