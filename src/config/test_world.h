/*
 * What the tests of the configuration engine share: files in memory
 * (options.read_file), a tree out of them, and what was said.
 */
#ifndef SALLYPORT_CONFIG_TEST_WORLD_H
#define SALLYPORT_CONFIG_TEST_WORLD_H

#include "config/elements.h"
#include "config/feature.h"

#include "base/test.h"

#include <stdio.h>
#include <string.h>

struct file {
    const char *path;
    const char *text;
};

#define MAX_FILES 8

struct world {
    struct file files[MAX_FILES];
    char log[65536]; /* "CWWKG0028A ...\n" for each message */
    struct cfg_tree *tree;
    struct err_info why;
};

static inline enum err
read_memory(void *arg, const char *path, struct buf *out, struct err_info *why)
{
    const struct world *w = arg;

    for (size_t i = 0; i < MAX_FILES && w->files[i].path != NULL; i++)
        if (strcmp(path, w->files[i].path) == 0) {
            buf_add_z(out, w->files[i].text);
            return out->failed ? ERR_LIMIT : ERR_OK;
        }
    return err_set(why, ERR_NOT_FOUND, "%s: no such file", path);
}

static inline void
note(void *arg, const char *id, struct str text)
{
    struct world *w = arg;
    size_t n = strlen(w->log);

    snprintf(w->log + n, sizeof w->log - n, "%s " STR_FMT "\n", id,
             STR_ARG(text));
}

static const struct cfg_var no_env[] = { { { "PATHS", 5 }, { "/p", 2 } },
                                         { { "my_name", 7 }, { "low", 3 } },
                                         { { "MY_CAPS", 7 }, { "up", 2 } } };

static inline struct cfg_options
options_for(struct world *w)
{
    return (struct cfg_options){
        .server_name = STR("test"),
        .server_dir = STR("/u/servers/test"),
        .user_dir = STR("/u"),
        .install_dir = STR("/opt/sp"),
        .environment = { no_env, ARRAY_LEN(no_env) },
        .on_message = note,
        .arg = w,
        .read_file = read_memory,
    };
}

static inline enum err
load_with(struct world *w, const struct cfg_options *options)
{
    w->log[0] = '\0';
    w->tree = NULL;
    return cfg_load(options, &w->tree, &w->why);
}

/* server.xml with this inside; further files as they are. */
static inline enum err
load(struct world *w, const char *inside)
{
    static char text[65536];
    struct cfg_options options = options_for(w);

    snprintf(text, sizeof text, "<server>%s</server>", inside);
    for (size_t i = MAX_FILES - 1; i > 0; i--)
        w->files[i] = w->files[i - 1];
    w->files[0] = (struct file){ "/u/servers/test/server.xml", text };
    return load_with(w, &options);
}

static inline void
assert_str(struct str got, const char *want)
{
    if (!str_eq_z(got, want))
        fail_msg("got \"" STR_FMT "\", want \"%s\"", STR_ARG(got), want);
}

/* "a,b" */
static inline void
assert_list(struct cfg_list list, const char *want)
{
    char text[1024] = "";

    for (size_t i = 0; i < list.n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s" STR_FMT,
                 i > 0 ? "," : "", STR_ARG(list.v[i]));
    assert_string_equal(text, want);
}

static inline void
assert_logged(const struct world *w, const char *what)
{
    if (strstr(w->log, what) == NULL)
        fail_msg("\"%s\" is not in:\n%s", what, w->log);
}

/* A file, what includes it, and what both say something about. */
#define INC(how) "<include location='a.xml'" how "/>"
#define MAIN "<httpEndpoint id='e' host='main' httpPort='1'/>"
#define THEIRS                                                                 \
    "<server><httpEndpoint id='e' host='theirs' httpsPort='2'/></server>"

#endif
