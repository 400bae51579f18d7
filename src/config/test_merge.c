/*
 * The merge against a second one, written down from its rules step by step:
 * random trees of files that include each other, one element said in all of
 * them. The engine works on linked lists in place; the model copies.
 */
#include "config/elements.h"

#include "base/test.h"

#include <stdio.h>
#include <string.h>

#define FILES_MAX 7
#define DEPTH_MAX 4
#define TEXT_MAX 4096
#define ELEMENTS_MAX 64
#define LIST_MAX 128

static uint64_t seed;

static unsigned
pick(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((seed >> 33) % n);
}

enum behaviour { MERGE, REPLACE, IGNORE };
static const char *const words[] = { "MERGE", "REPLACE", "ignore" };

/* ---- the model ---- */

struct element {
    unsigned stack[DEPTH_MAX]; /* files, the root first */
    enum behaviour with[DEPTH_MAX];
    unsigned depth; /* the last of the stack */
    enum behaviour behaviour;
    int host; /* -1: not said */
    int port;
    int list[LIST_MAX];
    unsigned n_list;
    bool has_list;
};

static unsigned
file_of(const struct element *e)
{
    return e->stack[e->depth];
}

static void
absorb(struct element *t, const struct element *x)
{
    bool is_foreign = file_of(x) != file_of(t);

    if (is_foreign && x->behaviour == IGNORE)
        return;
    if (x->host >= 0)
        t->host = x->host;
    if (x->port >= 0)
        t->port = x->port;
    if (!x->has_list)
        return;
    if (is_foreign && x->behaviour == REPLACE)
        t->n_list = 0;
    for (unsigned i = 0; i < x->n_list; i++) {
        assert_true(t->n_list < LIST_MAX);
        t->list[t->n_list++] = x->list[i];
    }
    t->has_list = true;
}

/* Where that file stands on p's stack, above p's own; -1: nowhere. */
static int
above(const struct element *p, unsigned file)
{
    for (int i = (int)p->depth - 1; i >= 0; i--)
        if (p->stack[i] == file)
            return i;
    return -1;
}

static struct element
merge(const struct element *group, unsigned n)
{
    static struct element acc[ELEMENTS_MAX];
    struct element t = { .host = -1, .port = -1 };
    unsigned n_acc = 0;

    acc[n_acc++] = group[n - 1];
    for (unsigned i = n - 1; i-- > 0;) {
        struct element e = group[i];
        struct element *p = &acc[n_acc - 1];
        int at = above(p, file_of(&e));

        if (file_of(&e) != file_of(p) && at < 0) {
            acc[n_acc++] = e;
            continue;
        }
        if (file_of(&e) != file_of(p) && at < (int)p->depth - 1)
            p->behaviour = p->with[at + 1];
        absorb(&e, p);
        *p = e;
    }
    memcpy(t.stack, group[0].stack, sizeof t.stack);
    t.depth = group[0].depth;
    while (n_acc > 0)
        absorb(&t, &acc[--n_acc]);
    return t;
}

/* ---- random files ---- */

struct world {
    char text[FILES_MAX][TEXT_MAX];
    unsigned n_files;
    struct element all[ELEMENTS_MAX]; /* in the order of reading */
    unsigned n_all;
};

static void
add(struct world *w, unsigned file, const char *more)
{
    size_t n = strlen(w->text[file]);

    assert_true(n + strlen(more) < TEXT_MAX);
    memcpy(w->text[file] + n, more, strlen(more) + 1);
}

static void
say(struct world *w, struct element *at, unsigned file)
{
    struct element e = *at;
    char text[512];

    if (w->n_all == ELEMENTS_MAX)
        return;
    e.host = pick(2) == 0 ? (int)pick(100) : -1;
    e.port = pick(2) == 0 ? (int)(1 + pick(100)) : -1;
    e.has_list = pick(2) == 0;
    add(w, file, "<webAppSecurity");
    if (e.host >= 0) {
        snprintf(text, sizeof text, " ssoCookieName='h%d'", e.host);
        add(w, file, text);
    }
    if (e.port >= 0) {
        snprintf(text, sizeof text, " ssoDomainNames='%d'", e.port);
        add(w, file, text);
    }
    add(w, file, "/>");
    /* the list in an element of its own kind, with the same fate */
    add(w, file, "<logging>");
    for (unsigned i = e.has_list ? 1 + pick(2) : 0; i > 0; i--) {
        e.list[e.n_list] = (int)pick(1000);
        snprintf(text, sizeof text, "<hideMessage>%d</hideMessage>",
                 e.list[e.n_list++]);
        add(w, file, text);
    }
    add(w, file, "</logging>");
    w->all[w->n_all++] = e;
}

/* One file and what it includes; its elements are noted in order. */
static void
fill(struct world *w, struct element *at, unsigned file)
{
    add(w, file, "<server>");
    for (unsigned i = pick(5); i > 0; i--) {
        struct element inner = *at;
        char text[128];
        unsigned next = w->n_files;
        bool is_given = pick(3) > 0;

        if (pick(2) == 0 || at->depth + 1 == DEPTH_MAX || next == FILES_MAX) {
            say(w, at, file);
            continue;
        }
        w->n_files++;
        inner.depth++;
        inner.stack[inner.depth] = next;
        inner.behaviour = is_given ? (enum behaviour)pick(3) : at->behaviour;
        inner.with[inner.depth] = inner.behaviour;
        snprintf(text, sizeof text, "<include location='%u.xml'%s%s%s/>", next,
                 is_given ? " onConflict='" : "",
                 is_given ? words[inner.behaviour] : "", is_given ? "'" : "");
        add(w, file, text);
        fill(w, &inner, next);
    }
    add(w, file, "</server>");
}

static enum err
read_memory(void *arg, const char *path, struct buf *out, struct err_info *why)
{
    const struct world *w = arg;
    char name[32];

    for (unsigned i = 0; i < w->n_files; i++) {
        snprintf(name, sizeof name, i == 0 ? "/s/server.xml" : "/s/%u.xml", i);
        if (strcmp(path, name) == 0) {
            buf_add_z(out, w->text[i]);
            return ERR_OK;
        }
    }
    return err_set(why, ERR_NOT_FOUND, "%s: no such file", path);
}

static void
compare(const struct world *w)
{
    static const struct cfg_var no_env = { { "X", 1 }, { "y", 1 } };
    struct cfg_options options = { .server_name = STR("t"),
                                   .server_dir = STR("/s"),
                                   .user_dir = STR("/u"),
                                   .install_dir = STR("/i"),
                                   .environment = { &no_env, 1 },
                                   .arg = (void *)(uintptr_t)w,
                                   .read_file = read_memory };
    struct element want = merge(w->all, w->n_all);
    const struct cfg_web_app_security *web;
    const struct cfg_list *list;
    struct cfg_tree *tree;
    struct err_info why;
    char host[16] = "LtpaToken2", port[16] = "";
    bool is_right;

    assert_int_equal(cfg_load(&options, &tree, &why), ERR_OK);
    web = CFG_ONE(tree, web_app_security);
    list = &CFG_ONE(tree, logging)->hide_message;
    if (want.host >= 0)
        snprintf(host, sizeof host, "h%d", want.host);
    if (want.port >= 0)
        snprintf(port, sizeof port, "%d", want.port);
    is_right = str_eq_z(web->sso_cookie_name, host) &&
               str_eq_z(web->sso_domain_names, port) && list->n == want.n_list;
    for (unsigned i = 0; is_right && i < want.n_list; i++) {
        char item[16];

        snprintf(item, sizeof item, "%d", want.list[i]);
        is_right = str_eq_z(list->v[i], item);
    }
    if (!is_right) {
        for (unsigned i = 0; i < w->n_files; i++)
            print_error("%u: %s\n", i, w->text[i]);
        fail_msg("got " STR_FMT " " STR_FMT " and %zu, want %s %s and %u",
                 STR_ARG(web->sso_cookie_name), STR_ARG(web->sso_domain_names),
                 list->n, host, port, want.n_list);
    }
    cfg_unref(&tree);
}

static void
merges_as_the_rules_say(void **state)
{
    static struct world w;
    unsigned n_compared = 0;

    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        struct element root = { .host = -1, .port = -1 };

        seed = i;
        memset(&w, 0, sizeof w);
        w.n_files = 1;
        fill(&w, &root, 0);
        if (w.n_all == 0)
            continue;
        compare(&w);
        n_compared += w.n_files > 2 && w.n_all > 3;
    }
    assert_true(n_compared > 500); /* they were not all trivial */
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_as_the_rules_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
