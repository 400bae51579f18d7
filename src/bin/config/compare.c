/* Two trees, setting by setting. */
#include "tree.h"

#include <stdio.h>

#include "base/table.h"
#include "config/dump.h"
#include "parse/textout.h"

#define STATUS_SAME 0
#define STATUS_DIFFERENT 1
#define STATUS_TROUBLE 16

struct side {
    const struct source *source;
    const struct cfg_setting *v;
    size_t n;
    struct table by_key;
};

struct comparing {
    struct arena arena;
    struct side left, right;
    struct jsonout json;
    struct buf text;
    bool is_json;
    unsigned n_differences;
};

static struct str
key_of(struct comparing *c, const struct cfg_setting *s)
{
    return str_fmt(&c->arena, STR_FMT "\n" STR_FMT, STR_ARG(s->element),
                   STR_ARG(s->attr));
}

static bool
side_init(struct comparing *c, struct side *side, struct source *source,
          struct err_info *why)
{
    side->source = source;
    table_init(&side->by_key);
    if (cfg_settings(source->tree, &c->arena, &side->v, &side->n, why) !=
        ERR_OK)
        return false;
    for (size_t i = 0; i < side->n; i++)
        if (!table_put(&side->by_key, key_of(c, &side->v[i]),
                       (void *)(uintptr_t)&side->v[i], NULL))
            return false;
    return true;
}

/* A dump does not tell its secrets: what it has in their place is no
 * difference. */
static bool
is_masked(const struct cfg_setting *s)
{
    return secret_eq(s->secret, s->value);
}

static bool
is_same(const struct cfg_setting *a, const struct cfg_setting *b)
{
    if (a->is_default && b->is_default)
        return true; /* folders of two servers differ by default */
    if (a->secret != NULL && b->secret != NULL)
        return secret_eq(a->secret, secret_view(b->secret)) || is_masked(a) ||
               is_masked(b);
    /* or one of them is a dump that does not tell it */
    return str_eq(a->full, b->full) || str_eq(a->value, b->full) ||
           str_eq(a->full, b->value);
}

/* ---- what is said ---- */

static void
say_line(struct comparing *c, char sign, const struct cfg_setting *s)
{
    buf_printf(&c->text, "%c" STR_FMT, sign, STR_ARG(s->element));
    if (s->attr.n > 0)
        buf_printf(&c->text, " " STR_FMT " = \"" STR_FMT "\"", STR_ARG(s->attr),
                   STR_ARG(s->value));
    buf_printf(&c->text, "   (" STR_FMT ")\n", STR_ARG(s->origin));
}

static void
json_side(struct comparing *c, const char *key, const struct cfg_setting *s)
{
    jsonout_key(&c->json, str_of(key));
    if (s == NULL) {
        jsonout_raw(&c->json, STR("null"));
        return;
    }
    jsonout_open(&c->json, '{');
    jsonout_key(&c->json, STR("value"));
    jsonout_string(&c->json, s->value);
    jsonout_key(&c->json, STR("origin"));
    jsonout_string(&c->json, s->origin);
    jsonout_close(&c->json, '}');
}

static void
say(struct comparing *c, const struct cfg_setting *left,
    const struct cfg_setting *right)
{
    const struct cfg_setting *any = left != NULL ? left : right;

    c->n_differences++;
    if (!c->is_json) {
        if (left != NULL)
            say_line(c, '-', left);
        if (right != NULL)
            say_line(c, '+', right);
        return;
    }
    jsonout_open(&c->json, '{');
    jsonout_key(&c->json, STR("element"));
    jsonout_string(&c->json, any->element);
    jsonout_key(&c->json, STR("attribute"));
    jsonout_string(&c->json, any->attr);
    json_side(c, "left", left);
    json_side(c, "right", right);
    jsonout_close(&c->json, '}');
}

/* Settings that only one side has: of an element that only it has, the
 * defaults go without saying. */
static void
walk(struct comparing *c)
{
    for (size_t i = 0; i < c->left.n; i++) {
        const struct cfg_setting *l = &c->left.v[i];
        const struct cfg_setting *r = table_get(&c->right.by_key, key_of(c, l));

        if (r != NULL && !is_same(l, r))
            say(c, l, r);
        else if (r == NULL && !l->is_default)
            say(c, l, NULL);
    }
    for (size_t i = 0; i < c->right.n; i++) {
        const struct cfg_setting *r = &c->right.v[i];

        if (!r->is_default && table_get(&c->left.by_key, key_of(c, r)) == NULL)
            say(c, NULL, r);
    }
}

int
compare(struct source *left, struct source *right, bool is_json)
{
    struct comparing c = { .is_json = is_json };
    struct err_info why = { 0 };
    int status = STATUS_TROUBLE;

    arena_init(&c.arena, 256u << 20);
    buf_init(&c.text, 64u << 20);
    c.json.out = &c.text;
    if (!side_init(&c, &c.left, left, &why) ||
        !side_init(&c, &c.right, right, &why)) {
        fprintf(stderr, "sallyport config: %s\n", why.text);
        goto out;
    }
    if (is_json)
        jsonout_open(&c.json, '[');
    walk(&c);
    if (is_json) {
        jsonout_close(&c.json, ']');
        buf_add_char(&c.text, '\n');
    } else if (c.n_differences > 0) {
        printf("--- %s\n+++ %s\n", left->name, right->name);
    }
    if (!c.text.failed &&
        (c.text.n == 0 || fwrite(c.text.p, 1, c.text.n, stdout) == c.text.n) &&
        fflush(stdout) == 0)
        status = c.n_differences == 0 ? STATUS_SAME : STATUS_DIFFERENT;
out:
    table_fini(&c.left.by_key);
    table_fini(&c.right.by_key);
    buf_fini(&c.text);
    arena_fini(&c.arena);
    return status;
}
