/* A server's configuration as the server would read it, and what was said. */
#ifndef SALLYPORT_BIN_CONFIG_TREE_H
#define SALLYPORT_BIN_CONFIG_TREE_H

#include "../server/settings.h"
#include "config/config.h"

struct message {
    struct str id;
    struct str text;
    struct cfg_place place; /* what it is about */
};

struct source {
    const char *name; /* as it was given */
    struct settings settings;
    struct cfg_tree *tree; /* NULL: cannot be used */
    struct err_info why;   /* then */
    enum err result;
    bool is_located; /* what was given names a place */
    struct arena arena;
    struct cfg_place place; /* of the message that is being said */
    struct {
        struct message *v;
        size_t n, cap;
    } messages;
};

/*
 * `name` is a server's name, a folder with a server.xml, or an .xml file that
 * takes the place of server.xml in its folder (the last two contain "/").
 * `variables`: "--name=value" of the command line. The environment is as it
 * was afterwards. is_check: a start's messages are noted too. Problems with
 * messages are not failures; see result.
 */
void source_read(struct source *, const char *name, char **variables,
                 int n_variables, bool is_check);
void source_fini(struct source *);
void source_note(void *source, const char *id, struct str text);
/* check.c: notes what a start would say of a tree that was read. */
void source_check(struct source *);

/* 'E', 'W', 'I'... */
char message_severity(const struct message *);

int compare(struct source *left, struct source *right, bool is_json);

#endif
