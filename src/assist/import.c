#include "assist/import_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assist/dump.h"
#include "assist/generate.h"
#include "assist/header.h"
#include "base/printable.h"
#include "base/vec.h"
#include "ttls/differs.h"

#define ARENA_MAX ((size_t)512 << 20)

/* --- reading ------------------------------------------------------------ */

struct reading {
    const struct import_options *options;
    struct {
        struct value *v;
        size_t n, cap;
    } values;
    bool no_memory;
};

static void
on_diag(void *arg, const struct ttls_diag *d)
{
    const struct import_options *o = ((struct reading *)arg)->options;

    if (o->on_diag != NULL)
        o->on_diag(o->arg, d);
}

static void
on_value(void *arg, const struct ttls_obj *obj, const struct ttls_row *row,
         struct str text, uint32_t line)
{
    struct reading *r = arg;
    struct value v = { obj, row, text, line };

    r->no_memory |= !VEC_PUSH(&r->values, v);
}

/* By object; the sort is not stable, but lines go up. */
static int
by_object(const void *left, const void *right)
{
    const struct value *a = left, *b = right;

    if (a->obj != b->obj)
        return (uintptr_t)a->obj < (uintptr_t)b->obj ? -1 : 1;
    return a->line == b->line ? 0 : a->line < b->line ? -1 : 1;
}

static enum err
read_policy(struct reading *r, const struct import_file *files, size_t n,
            struct ttls_policy **out, struct err_info *why)
{
    struct ttls_build_options options = { .on_diag = on_diag,
                                          .on_value = on_value,
                                          .arg = r };
    struct ttls_build *b = ttls_build_new(&options);
    enum err e;

    if (b == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the policy");
    for (size_t i = 0; i < n; i++)
        ttls_build_file(b, files[i].name, files[i].text);
    e = ttls_build_finish(&b, out, why);
    if (e == ERR_OK && r->no_memory)
        return err_set(why, ERR_MEMORY, "no storage for the policy");
    if (r->values.n > 1)
        qsort(r->values.v, r->values.n, sizeof *r->values.v, by_object);
    return e;
}

/* --- for the others ----------------------------------------------------- */

const struct value *
import_values(const struct import *im, const struct ttls_obj *obj, size_t *n)
{
    size_t low = 0, high = im->n_values, end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uintptr_t)im->values[middle].obj < (uintptr_t)obj)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < im->n_values && im->values[end].obj == obj; end++)
        ;
    *n = end - low;
    return &im->values[low];
}

static void
tell(const struct import *im, bool is_error, struct str file, uint32_t line,
     const char *text)
{
    struct ttls_diag d = { is_error, file, line, text };

    if (im->options->on_diag != NULL)
        im->options->on_diag(im->options->arg, &d);
}

void
import_loss(struct import *im, const struct ttls_obj *obj, uint32_t line,
            const char *fmt, ...)
{
    struct {
        const char *file;
        size_t line;
    } where = { obj->file.p, line };
    char text[512], whole[640];
    struct str key;
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    key = str_fmt(im->arena, "%p %zu %s", (const void *)where.file, where.line,
                  text);
    if (table_get(&im->told, key) != NULL)
        return;
    im->no_memory |= !table_put(&im->told, key, im, NULL);
    im->n_losses++;
    (void)snprintf(whole, sizeof whole, "%s: no object of a store can say that",
                   text);
    tell(im, !im->options->is_lossy, obj->file, line, whole);
}

bool
import_is_generated(struct str name, const char *prefix, struct str *owner)
{
    size_t n = strlen(prefix), digits = n;

    if (!str_starts(name, str_of(prefix)))
        return false;
    while (digits < name.n && name.p[digits] >= '0' && name.p[digits] <= '9')
        digits++;
    if (digits == n || (owner == NULL) != (digits == name.n))
        return false;
    if (owner != NULL) {
        if (name.p[digits] != '~' || digits + 1 == name.n)
            return false;
        *owner = str_sub(name, digits + 1, name.n);
    }
    return true;
}

/* --- the store ---------------------------------------------------------- */

/* Comments are nobody's: no object has them. */
static void
count_comments(const struct import *im, const struct ttls_policy *policy)
{
    const struct ttls_obj *const *objs;
    size_t n = ttls_policy_objects(policy, &objs), n_comments = 0;
    const struct ttls_obj *first = NULL;
    char text[64];

    for (size_t i = 0; i < n; i++) {
        if (objs[i]->comment.n == 0 || str_starts(objs[i]->comment, STR("##")))
            continue;
        first = first == NULL ? objs[i] : first;
        n_comments++;
    }
    (void)snprintf(text, sizeof text,
                   "comments above %zu statements are not "
                   "kept",
                   n_comments);
    if (first != NULL)
        tell(im, false, first->file, first->line, text);
}

static enum err
bad_name(struct str image, struct str stack, struct err_info *why)
{
    struct buf said;

    buf_init(&said, 512);
    buf_add_z(&said, "image \"");
    printable_add(&said, str_sub(image, 0, 32));
    buf_add_z(&said, "\" and stack \"");
    printable_add(&said, str_sub(stack, 0, 32));
    IGNORE(
        err_set(why, ERR_SYNTAX,
                "the policy's header names %s\"; expected names of 1 to 8 of "
                "A-Z, 0-9, $ @ #, there or by --stack IMAGE.STACK",
                buf_z(&said)));
    buf_fini(&said);
    return ERR_SYNTAX;
}

/* Given, else as the header says. */
static enum err
name_systems(struct import *im, const struct header *h,
             struct store_image *image, struct store_stack *stack,
             struct err_info *why)
{
    const struct import_options *o = im->options;

    image->obj.name = o->image.n > 0 ? o->image : h->image;
    stack->obj.name = o->stack.n > 0 ? o->stack : h->stack;
    if (!store_is_system(image->obj.name) || !store_is_system(stack->obj.name))
        return bad_name(image->obj.name, stack->obj.name, why);
    image->release = h->release.n > 0 ? h->release : STR(IMPORT_RELEASE);
    stack->history = h->history;
    im->store->obj.name = store_is_name(h->store) ? h->store : STR("Imported");
    return ERR_OK;
}

static enum err
make_parts(struct import *im, const struct ttls_policy *policy,
           struct err_info *why)
{
    const struct ttls_rule *const *rules;

    im->n_parts = ttls_policy_rules(policy, &rules);
    if (im->n_parts > GENERATE_RULES_MAX)
        return err_set(why, ERR_LIMIT,
                       "found %zu rules, expected at most %u of a generated "
                       "policy",
                       im->n_parts, GENERATE_RULES_MAX);
    im->parts = ARENA_ARRAY(im->arena, struct part, im->n_parts + 1);
    if (im->parts == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the rules");
    for (size_t i = 0; i < im->n_parts; i++) {
        im->parts[i].rule = rules[i];
        import_rule(im, &im->parts[i]);
    }
    return ERR_OK;
}

static enum err
make_store(struct import *im, const struct ttls_policy *policy,
           struct str header_text, struct buf *json, struct err_info *why)
{
    struct store_system *system = ARENA_NEW(im->arena, struct store_system);
    struct store_image *image = ARENA_NEW(im->arena, struct store_image);
    struct store_stack *stack = ARENA_NEW(im->arena, struct store_stack);
    struct header header;
    enum err e;

    if (system == NULL || image == NULL || stack == NULL ||
        !header_read(im->arena, header_text, &header))
        return err_set(why, ERR_MEMORY, "no storage for the store");
    if ((e = make_parts(im, policy, why)) != ERR_OK)
        return e;
    if (!im->no_memory && (im->n_losses == 0 || im->options->is_lossy))
        import_objects(im, stack);
    if (im->no_memory)
        return err_set(why, ERR_MEMORY, "no storage for the store");
    if (im->n_losses > 0 && !im->options->is_lossy)
        return err_set(why, ERR_UNSUPPORTED,
                       "the policy has %zu parameters that no object can say",
                       im->n_losses);
    if ((e = name_systems(im, &header, image, stack, why)) != ERR_OK)
        return e;
    image->ring = im->ring;
    image->stash = im->stash;
    import_share(image, stack);
    *system = (struct store_system){ .obj.name = STR("Default"),
                                     .images = image,
                                     .n_images = 1 };
    image->stacks = stack;
    image->n_stacks = 1;
    im->store->systems = system;
    im->store->n_systems = 1;
    store_dump(im->store, json);
    return buf_check(json, why);
}

/* --- the proof ---------------------------------------------------------- */

struct proof {
    const struct import *im;
    const struct import_file *file;
};

static void
on_store(void *arg, bool is_error, struct str path, const char *text)
{
    const struct proof *p = arg;
    char whole[1024];

    (void)snprintf(whole, sizeof whole, "as objects: " STR_FMT ": %s",
                   STR_ARG(path), text);
    if (is_error)
        tell(p->im, true, p->file->name, 1, whole);
}

static enum err
compare(const struct proof *p, const struct ttls_policy *before,
        const struct ttls_policy *after, struct err_info *why)
{
    const struct ttls_rule *const *a, *const *b;
    size_t n = ttls_policy_rules(before, &a), n_after, n_errors = 0;

    n_after = ttls_policy_rules(after, &b);
    if (n != n_after)
        return err_set(why, ERR_UNSUPPORTED,
                       "the objects give %zu rules for %zu", n_after, n);
    for (size_t i = 0; i < n; i++) {
        const char *name = ttls_rule_differs(a[i], b[i]);
        char text[256];

        if (name == NULL)
            continue;
        n_errors += p->im->n_losses == 0; /* else it is one of these */
        (void)snprintf(text, sizeof text,
                       "TTLSRule " STR_FMT
                       ": its objects would say something else about %s",
                       STR_ARG(a[i]->obj.name), name);
        tell(p->im, p->im->n_losses == 0, a[i]->obj.file, a[i]->obj.line, text);
    }
    return n_errors == 0 ? ERR_OK
                         : err_set(why, ERR_UNSUPPORTED,
                                   "the policy has %zu rules that objects "
                                   "would not say",
                                   n_errors);
}

/* What the objects are made into is what they were made of. */
static enum err
prove(const struct proof *p, const struct ttls_policy *policy, struct str json,
      struct err_info *why)
{
    struct ttls_build_options options = { 0 };
    struct ttls_policy *again = NULL;
    struct store *store = NULL;
    struct ttls_build *b;
    struct buf text;
    enum err e;

    buf_init(&text, GENERATE_FILE_MAX);
    e = store_parse(json, on_store, (void *)(uintptr_t)p, &store, why);
    if (e == ERR_OK)
        e = generate_policy(store, &store->systems[0].images[0],
                            &store->systems[0].images[0].stacks[0], STR(""),
                            STR(""), &text, why);
    if (e == ERR_OK) {
        b = ttls_build_new(&options);
        if (b == NULL) {
            e = err_set(why, ERR_MEMORY, "no storage to compare");
        } else {
            ttls_build_file(b, p->file->name, buf_view(&text));
            e = ttls_build_finish(&b, &again, why);
        }
    }
    if (e == ERR_OK)
        e = compare(p, policy, again, why);
    ttls_policy_unref(&again);
    store_free(&store);
    buf_fini(&text);
    return e;
}

enum err
import_policy(const struct import_file *files, size_t n,
              const struct import_options *options, struct buf *json,
              struct err_info *why)
{
    struct reading reading = { .options = options };
    struct import im = { .options = options };
    struct store store = { 0 };
    struct ttls_policy *policy = NULL;
    struct proof proof = { &im, &files[n - 1] };
    enum err e = read_policy(&reading, files, n, &policy, why);

    arena_init(&store.arena, ARENA_MAX);
    table_init(&im.told);
    table_init(&im.lists);
    im.store = &store;
    im.arena = &store.arena;
    im.values = reading.values.v;
    im.n_values = reading.values.n;
    if (e == ERR_OK) {
        count_comments(&im, policy);
        e = make_store(&im, policy, files[n - 1].text, json, why);
    }
    if (e == ERR_OK)
        e = prove(&proof, policy, buf_view(json), why);
    if (e != ERR_OK)
        buf_clear(json);
    table_fini(&im.told);
    table_fini(&im.lists);
    VEC_FREE(&reading.values);
    arena_fini(&store.arena);
    ttls_policy_unref(&policy);
    return e;
}
