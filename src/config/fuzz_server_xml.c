/*
 * server.xml as an attacker would write it: whatever the bytes, loading ends
 * with a tree or a refusal, a tree compares equal to itself and loads the same
 * a second time. Included files have the same content, so cycles and chains
 * are reached too.
 */
#include <stdint.h>
#include <stdlib.h>

#include "config/dump.h"
#include "config/elements.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
    struct str text;
    unsigned n_reads;
};

static enum err
read_input(void *arg, const char *path, struct buf *out, struct err_info *why)
{
    struct input *in = arg;
    size_t half = in->text.n / 2;

    (void)path;
    if (++in->n_reads > 50)
        return err_set(why, ERR_NOT_FOUND, "no more files");
    /* an included file is the second half, when that makes sense */
    buf_add(out, in->n_reads % 2 == 1 ? in->text
                                      : str_sub(in->text, half, in->text.n));
    return out->failed ? ERR_LIMIT : ERR_OK;
}

static void
ignore_message(void *arg, const char *id, struct str text)
{
    (void)arg;
    REQUIRE(id != NULL && text.n <= 16384);
}

static enum err
load(const uint8_t *data, size_t n, struct cfg_tree **tree)
{
    static const struct cfg_var no_env = { { "X", 1 }, { "y", 1 } };
    struct input in = { str_n(data, n), 0 };
    struct cfg_options options = {
        .server_name = STR("fuzz"),
        .server_dir = STR("/s/fuzz"),
        .user_dir = STR("/s"),
        .install_dir = STR("/i"),
        .environment = { &no_env, 1 },
        .on_message = ignore_message,
        .arg = &in,
        .read_file = read_input,
        .limits = { .max_tree_bytes = 8u * 1024u * 1024u },
    };
    struct err_info why = { 0 };
    enum err e = cfg_load(&options, tree, &why);

    REQUIRE(e == ERR_OK || why.text[0] != '\0');
    return e;
}

/* What was dumped, read again, dumps the same. */
static void
dumps_the_same(const struct cfg_tree *tree, unsigned flags)
{
    struct cfg_tree *again = NULL;
    struct err_info why;
    struct buf first, second;

    buf_init(&first, 16u << 20);
    buf_init(&second, 16u << 20);
    REQUIRE(cfg_dump(tree, flags | CFG_DUMP_PLAIN, &first, &why) == ERR_OK);
    REQUIRE(load((const uint8_t *)first.p, first.n, &again) == ERR_OK);
    REQUIRE(cfg_dump(again, flags | CFG_DUMP_PLAIN, &second, &why) == ERR_OK);
    REQUIRE(str_eq(buf_view(&first), buf_view(&second)));
    cfg_unref(&again);
    buf_fini(&first);
    buf_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct cfg_tree *one = NULL, *two = NULL;

    if (load(data, n, &one) != ERR_OK) {
        REQUIRE(one == NULL);
        return 0;
    }
    REQUIRE(load(data, n, &two) == ERR_OK);
    REQUIRE(cfg_equal(one, one) && cfg_equal(one, two));
    REQUIRE(CFG_GET(one, http_options, "defaultHttpOptions") != NULL);
    dumps_the_same(one, 0);
    dumps_the_same(one, CFG_DUMP_WRITTEN);
    cfg_unref(&one);
    cfg_unref(&two);
    return 0;
}
