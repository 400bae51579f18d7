/* pagent --check: a policy's errors and warnings, without installing it. */
#include <stdio.h>

#include "ttls/agent.h"
#include "ttls/build.h"
#include "ttls/conf.h"
#include "ttls/lines.h"
#include "ttls/shadow.h"
#include "ttls/show.h"
#include "ttls/source.h"
#include "ttls/stmt.h"

struct check {
    FILE *out;
    bool is_json;
    enum ttls_collate collate;
    unsigned n_errors, n_warnings;
    struct str common; /* CommonTTLSConfig of the main file being checked */
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
        char line[16] = "";

        if (d->line > 0)
            (void)snprintf(line, sizeof line, ":%u", d->line);
        fprintf(c->out, STR_FMT "%s: %s: %s\n", STR_ARG(d->file), line, kind,
                d->text);
        return;
    }
    fprintf(c->out, "{\"kind\":\"%s\",\"file\":", kind);
    json_text(c->out, d->file);
    fprintf(c->out, ",\"line\":%u,\"text\":", d->line);
    json_text(c->out, str_of(d->text));
    fprintf(c->out, "}\n");
}

/* A file that cannot be read is an error of no line. */
static bool
read_text(struct check *c, struct str name, struct buf *text)
{
    struct err_info why;
    char path[1024];
    enum err e;

    buf_init(text, TTLS_FILE_MAX);
    if (name.n > 0 && name.p[0] == '/')
        e = source_read(name, (struct str){ 0 }, TTLS_FILE_MAX, text, &why);
    else if (!str_copy_z(name, path, sizeof path))
        e = err_set(&why, ERR_LIMIT, "the name is too long");
    else
        e = source_read_file(path, (struct str){ 0 }, TTLS_FILE_MAX, text,
                             &why);
    if (e != ERR_OK)
        on_diag(c, &(struct ttls_diag){
                       .is_error = true, .file = name, .text = why.text });
    return e == ERR_OK;
}

static void
read_one(struct check *c, struct ttls_build *build, struct str name)
{
    struct buf text;

    if (read_text(c, name, &text))
        ttls_build_file(build, name, buf_view(&text));
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

/* Without rules nothing is mapped; what no rule leads to has no effect. The
 * common file may hold what other stacks use. */
static void
check_used(struct check *c, const struct ttls_policy *p, struct str file)
{
    const struct ttls_rule *const *rules;
    const struct ttls_obj *const *objs;
    size_t n = ttls_policy_objects(p, &objs);
    char text[200];

    if (ttls_policy_rules(p, &rules) == 0)
        on_diag(c, &(struct ttls_diag){
                       .file = file,
                       .line = 1,
                       .text = "the policy has no TTLSRule: no connection is "
                               "mapped" });
    for (size_t i = 0; i < n; i++) {
        const struct ttls_obj *o = objs[i];

        if (o->stmt == TTLS_RULE || o->is_inline || o->is_used ||
            (c->common.n > 0 && str_eq(o->file, c->common)))
            continue;
        (void)snprintf(text, sizeof text, "%s " STR_FMT " is named nowhere",
                       ttls_type_of(o->stmt)->keyword, STR_ARG(o->name));
        on_diag(c, &(struct ttls_diag){
                       .file = o->file, .line = o->line, .text = text });
    }
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

/* One policy: the files in their order. */
static void
check_policy(struct check *c, const struct str *files, size_t n)
{
    struct ttls_build_options options = { .collate = c->collate,
                                          .on_diag = on_diag,
                                          .arg = c };
    struct ttls_build *build = ttls_build_new(&options);
    struct ttls_policy *policy = NULL;
    unsigned n_before = c->n_errors;
    struct err_info why;

    if (build == NULL) {
        c->n_errors++;
        return;
    }
    for (size_t i = 0; i < n; i++)
        read_one(c, build, files[i]);
    if (ttls_build_finish(&build, &policy, &why) != ERR_OK &&
        c->n_errors == n_before)
        on_diag(c, &(struct ttls_diag){ .is_error = true,
                                        .file = STR("policy"),
                                        .text = why.text });
    /* A part of a policy does not say what is used. */
    if (policy != NULL && c->n_errors == n_before) {
        check_used(c, policy, n > 0 ? files[n - 1] : STR("policy"));
        IGNORE(ttls_shadowed(policy, on_shadow, c, &why));
    }
    summary(c, policy);
    ttls_policy_unref(&policy);
}

/* --- a main configuration ----------------------------------------------- */

/* Its statements are none of a policy. */
static bool
is_main_file(struct str text)
{
    static const char *const words[] = { "TcpImage",   "PEPInstance",
                                         "LogLevel",   "Codepage",
                                         "TTLSConfig", "CommonTTLSConfig" };
    struct lines in = lines_of(text);
    struct line line = lines_next(&in);

    for (size_t i = 0; line.kind == LINE_STMT && i < ARRAY_LEN(words); i++) {
        if (str_eq_nocase_z(line.word, words[i]))
            return true;
    }
    return false;
}

static void
check_image(struct check *c, const struct pagent_conf *conf,
            const struct pagent_image *image)
{
    struct ttls_conf ttls =
        image->path.n > 0 ? (struct ttls_conf){ 0 } : conf->ttls;
    struct str files[2];
    struct buf text;
    size_t n = 0;

    buf_init(&text, 0);
    c->common = conf->common;
    if (image->path.n > 0 && read_text(c, image->path, &text))
        pagent_image_parse(image->path, buf_view(&text), image, on_diag, c,
                           &ttls);
    if (!c->is_json)
        fprintf(c->out, STR_FMT ": ", STR_ARG(image->name));
    if (conf->common.n > 0)
        files[n++] = conf->common;
    if (ttls.path.n > 0)
        files[n++] = ttls.path;
    if (ttls.is_coded && n > 0)
        check_policy(c, files, n);
    else if (!c->is_json)
        fprintf(c->out, "no AT-TLS policy (TTLSConfig)\n");
    buf_fini(&text);
}

static void
check_main(struct check *c, struct str name, struct str text)
{
    struct pagent_conf conf;

    pagent_conf_parse(name, text, STR("TCPIP1"), on_diag, c, &conf);
    for (size_t i = 0; i < conf.n_images; i++)
        check_image(c, &conf, &conf.images[i]);
}

unsigned
agent_check(const char *const *files, size_t n, enum ttls_collate collate,
            bool is_json, void *out_file)
{
    struct check c = { .out = out_file,
                       .is_json = is_json,
                       .collate = collate };
    struct str names[64];
    struct err_info why;
    struct buf text;

    for (size_t i = 0; i < n && i < ARRAY_LEN(names); i++)
        names[i] = str_of(files[i]);
    buf_init(&text, TTLS_FILE_MAX);
    if (n == 1 && names[0].p[0] == '/'
            ? source_read(names[0], (struct str){ 0 }, TTLS_FILE_MAX, &text,
                          &why) == ERR_OK
            : n == 1 &&
                  source_read_file(files[0], (struct str){ 0 }, TTLS_FILE_MAX,
                                   &text, &why) == ERR_OK) {
        if (is_main_file(buf_view(&text))) {
            check_main(&c, names[0], buf_view(&text));
            buf_fini(&text);
            return c.n_errors;
        }
    }
    buf_fini(&text);
    check_policy(&c, names, n < ARRAY_LEN(names) ? n : ARRAY_LEN(names));
    return c.n_errors;
}
