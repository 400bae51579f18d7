/* Policies from text, for tests: what was said of them, and a rule with its
 * actions. */
#ifndef SALLYPORT_TTLS_TEST_BUILD_H
#define SALLYPORT_TTLS_TEST_BUILD_H

#include "base/test.h"
#include "ttls/build.h"

struct seen {
    size_t n_errors, n_warnings, n_objects;
    uint32_t line; /* of the first error, else of the first warning */
    char error[512], warning[512], objects[512];
};

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    struct seen *s = arg;

    if (d->is_error && s->n_errors++ == 0) {
        s->line = d->line;
        (void)snprintf(s->error, sizeof s->error, "%s", d->text);
    }
    if (!d->is_error && s->n_warnings++ == 0) {
        (void)snprintf(s->warning, sizeof s->warning, "%s", d->text);
        if (s->n_errors == 0)
            s->line = d->line;
    }
}

static void
on_object(void *arg, const char *keyword, struct str name)
{
    struct seen *s = arg;
    size_t n = strlen(s->objects);

    s->n_objects++;
    (void)snprintf(s->objects + n, sizeof s->objects - n, "%s %.*s;", keyword,
                   STR_ARG(name));
}

static struct ttls_policy *
build(const char *common, const char *text, enum ttls_collate collate,
      struct seen *seen)
{
    struct ttls_build_options options = { .collate = collate,
                                          .on_diag = on_diag,
                                          .on_object = on_object,
                                          .arg = seen };
    struct ttls_build *b = ttls_build_new(&options);
    struct ttls_policy *p = NULL;
    struct str copy = exact_copy(text);
    struct err_info why = { 0 };
    enum err e;

    memset(seen, 0, sizeof *seen);
    assert_non_null(b);
    if (common != NULL)
        ttls_build_file(b, STR("common"), str_of(common));
    ttls_build_file(b, STR("policy"), copy);
    exact_free(copy); /* the policy keeps its own */
    e = ttls_build_finish(&b, &p, &why);
    assert_null(b);
    assert_int_equal(e != ERR_OK, seen->n_errors > 0);
    assert_int_equal(e == ERR_OK, p != NULL);
    return p;
}

/* A rule and its actions around what a test is about. */
#define ACTIONS                                                                \
    "TTLSGroupAction g\n{\nTTLSEnabled On\n}\n"                                \
    "TTLSEnvironmentAction e\n{\nHandshakeRole Client\n"                       \
    "TTLSKeyringParmsRef k\n}\n"                                               \
    "TTLSKeyringParms k\n{\nKeyring Ring.A\n}\n"
#define RULE(conditions)                                                       \
    ACTIONS "TTLSRule r\n{\n" conditions                                       \
            "\nDirection Both\nTTLSGroupActionRef g\n"                         \
            "TTLSEnvironmentActionRef e\n}\n"

#endif
