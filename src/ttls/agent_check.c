/* pagent --check: a policy's errors and warnings, without installing it. */
#include <stdio.h>

#include "ttls/agent.h"
#include "ttls/build.h"
#include "ttls/shadow.h"
#include "ttls/show.h"
#include "ttls/source.h"

struct check {
    FILE *out;
    bool is_json;
    unsigned n_errors, n_warnings;
};

static void
json_text(FILE *out, struct str s)
{
    struct buf text;

    buf_init(&text, 16 * 1024);
    ttls_json_text(&text, s);
    fputs(buf_z(&text), out);
    buf_fini(&text);
}

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    struct check *c = arg;
    const char *kind = d->is_error ? "error" : "warning";

    if (d->is_error)
        c->n_errors++;
    else
        c->n_warnings++;
    if (!c->is_json) {
        fprintf(c->out, STR_FMT ":%u: %s: %s\n", STR_ARG(d->file), d->line,
                kind, d->text);
        return;
    }
    fprintf(c->out, "{\"kind\":\"%s\",\"file\":", kind);
    json_text(c->out, d->file);
    fprintf(c->out, ",\"line\":%u,\"text\":", d->line);
    json_text(c->out, str_of(d->text));
    fprintf(c->out, "}\n");
}

/* A file that cannot be read is an error of line 0. */
static void
read_one(struct check *c, struct ttls_build *build, const char *name)
{
    struct err_info why;
    struct buf text;
    enum err e;

    buf_init(&text, TTLS_FILE_MAX);
    if (name[0] == '/')
        e = source_read(str_of(name), (struct str){ 0 }, TTLS_FILE_MAX, &text,
                        &why);
    else
        e = source_read_file(name, (struct str){ 0 }, TTLS_FILE_MAX, &text,
                             &why);
    if (e == ERR_OK)
        ttls_build_file(build, str_of(name), buf_view(&text));
    else
        on_diag(c, &(struct ttls_diag){ .is_error = true,
                                        .file = str_of(name),
                                        .text = why.text });
    buf_fini(&text);
}

static void
on_shadow(void *arg, const struct ttls_rule *rule, const struct ttls_rule *by)
{
    char text[200];

    (void)snprintf(text, sizeof text,
                   "TTLSRule " STR_FMT " is never used: " STR_FMT
                   " at line %u takes all of its connections",
                   STR_ARG(rule->obj.name), STR_ARG(by->obj.name),
                   by->obj.line);
    on_diag(arg, &(struct ttls_diag){ .file = rule->obj.file,
                                      .line = rule->obj.line,
                                      .text = text });
}

static void
summary(const struct check *c, const struct ttls_policy *p)
{
    const struct ttls_rule *const *rules;
    const struct ttls_obj *const *objs;

    if (c->is_json)
        return;
    if (p != NULL)
        fprintf(c->out, "%zu rules, %zu statements, ",
                ttls_policy_rules(p, &rules), ttls_policy_objects(p, &objs));
    fprintf(c->out, "%u errors, %u warnings\n", c->n_errors, c->n_warnings);
}

unsigned
agent_check(const char *const *files, size_t n, enum ttls_collate collate,
            bool is_json, void *out_file)
{
    struct check c = { .out = out_file, .is_json = is_json };
    struct ttls_build_options options = { .collate = collate,
                                          .on_diag = on_diag,
                                          .arg = &c };
    struct ttls_build *build = ttls_build_new(&options);
    struct ttls_policy *policy = NULL;
    struct err_info why;

    if (build == NULL)
        return 1;
    for (size_t i = 0; i < n; i++)
        read_one(&c, build, files[i]);
    if (ttls_build_finish(&build, &policy, &why) != ERR_OK && c.n_errors == 0)
        on_diag(&c, &(struct ttls_diag){ .is_error = true,
                                         .file = STR("policy"),
                                         .text = why.text });
    if (policy != NULL)
        IGNORE(ttls_shadowed(policy, on_shadow, &c, &why));
    summary(&c, policy);
    ttls_policy_unref(&policy);
    return c.n_errors;
}
