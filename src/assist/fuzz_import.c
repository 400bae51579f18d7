/* A policy's objects give a policy that means the same, rule by rule (which
 * import_policy proves before it hands them over, and which is seen to here);
 * what they cannot say is said. */
#include <string.h>

#include "assist/generate.h"
#include "assist/import.h"
#include "ttls/differs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct told {
    size_t n_errors, n_warnings;
};

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    struct told *t = arg;

    REQUIRE(d->text[0] != '\0' && d->line > 0 && d->file.n > 0);
    *(d->is_error ? &t->n_errors : &t->n_warnings) += 1;
}

static struct ttls_policy *
build(struct str text)
{
    struct ttls_build_options options = { 0 };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *p = NULL;

    REQUIRE(b != NULL);
    ttls_build_file(b, STR("policy"), text);
    REQUIRE(ttls_build_finish(&b, &p, NULL) == ERR_OK);
    return p;
}

static void
compare(struct str before, struct str after)
{
    struct ttls_policy *a = build(before), *b = build(after);
    const struct ttls_rule *const *x, *const *y;
    size_t n = ttls_policy_rules(a, &x);

    REQUIRE(ttls_policy_rules(b, &y) == n);
    for (size_t i = 0; i < n; i++)
        REQUIRE(ttls_rule_differs(x[i], y[i]) == NULL);
    ttls_policy_unref(&a);
    ttls_policy_unref(&b);
}

/* The store's policy, which comes back to itself. */
static void
generate(struct buf *json, struct buf *out)
{
    struct store *s = NULL;

    REQUIRE(store_parse(buf_view(json), NULL, NULL, &s, NULL) == ERR_OK);
    REQUIRE(generate_policy(s, &s->systems[0].images[0],
                            &s->systems[0].images[0].stacks[0], STR(""),
                            STR(""), out, NULL) == ERR_OK);
    store_free(&s);
}

static enum err
import(struct str text, bool is_lossy, struct told *told, struct buf *json)
{
    struct import_file file = { STR("policy"), text };
    struct import_options options = { .image = STR("WG31"),
                                      .stack = STR("TCPIP1"),
                                      .is_lossy = is_lossy,
                                      .on_diag = on_diag,
                                      .arg = told };

    return import_policy(&file, 1, &options, json, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_n(data, n);
    struct told told = { 0 };
    struct buf json, first, second;
    enum err e;

    if (n > 64 * 1024)
        return 0;
    buf_init(&json, STORE_FILE_MAX);
    buf_init(&first, GENERATE_FILE_MAX);
    buf_init(&second, GENERATE_FILE_MAX);
    e = import(text, false, &told, &json);
    REQUIRE(e == ERR_OK || json.n == 0);
    REQUIRE(e == ERR_LIMIT || (e == ERR_OK) == (told.n_errors == 0));
    if (e == ERR_OK) {
        generate(&json, &first);
        compare(text, buf_view(&first));
        buf_clear(&json);
        REQUIRE(import(buf_view(&first), false, &told, &json) == ERR_OK);
        generate(&json, &second);
        REQUIRE(str_eq(buf_view(&first), buf_view(&second)));
    }
    if (e == ERR_UNSUPPORTED && import(text, true, &told, &json) == ERR_OK)
        generate(&json, &first);
    buf_fini(&json);
    buf_fini(&first);
    buf_fini(&second);
    return 0;
}
