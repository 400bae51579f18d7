#include "tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/vec.h"

extern char **environ;

char
message_severity(const struct message *m)
{
    return m->id.n == 0 ? 'I' : m->id.p[m->id.n - 1];
}

void
source_note(void *arg, const char *id, struct str text)
{
    struct source *s = arg;
    struct message m = {
        str_dup(&s->arena, str_of(id)),
        str_dup(&s->arena, text),
        { str_dup(&s->arena, s->place.file), s->place.line },
    };

    if (m.id.p == NULL || m.text.p == NULL || !VEC_PUSH(&s->messages, m))
        s->result = err_set(&s->why, ERR_MEMORY, "no storage for messages");
}

/* ---- the environment, which a server.env changes ---- */

static char **
environment_keep(struct arena *arena)
{
    size_t n = 0;
    char **copy;

    while (environ[n] != NULL)
        n++;
    copy = ARENA_ARRAY(arena, char *, n + 1);
    for (size_t i = 0; copy != NULL && i < n; i++) {
        copy[i] = str_z(arena, str_of(environ[i]));
        if (copy[i] == NULL)
            return NULL;
    }
    return copy;
}

static void
environment_restore(char **kept)
{
    if (kept == NULL || clearenv() != 0)
        return;
    for (; *kept != NULL; kept++) {
        char *equals = strchr(*kept, '=');

        if (equals == NULL)
            continue;
        *equals = '\0';
        (void)setenv(*kept, equals + 1, 1);
    }
}

/* ---- where it is ---- */

static bool
is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A name alone is a server's, unless it is an .xml file that lies here. */
static bool
is_path(const char *name)
{
    return strchr(name, '/') != NULL ||
           (str_ends(str_of(name), STR(".xml")) && is_file(name));
}

/* The folder of a path; "." for a name alone. */
static const char *
folder_of(struct arena *arena, const char *path)
{
    size_t slash = str_rfind_char(str_of(path), '/');

    return slash == STR_NPOS
               ? "."
               : str_z(arena, str_sub(str_of(path), 0, slash > 0 ? slash : 1));
}

static enum err
locate(struct source *s, const char **file)
{
    *file = NULL;
    if (!is_path(s->name))
        return settings_locate(&s->settings, s->name, &s->why);
    if (is_file(s->name)) {
        *file = realpath(s->name, NULL);
        return settings_locate_at(&s->settings, folder_of(&s->arena, s->name),
                                  &s->why);
    }
    return settings_locate_at(&s->settings, s->name, &s->why);
}

void
source_read(struct source *s, const char *name, char **variables,
            int n_variables, bool is_check)
{
    char **kept;
    const char *file;
    int status;

    *s = (struct source){ .name = name, .result = ERR_OK };
    arena_init(&s->arena, 64u << 20);
    kept = environment_keep(&s->arena);
    s->result = locate(s, &file);
    for (int i = 0; i < n_variables && s->result == ERR_OK; i++)
        if (!settings_add_variable(&s->settings, variables[i]))
            s->result = err_set(&s->why, ERR_SYNTAX,
                                "\"%.100s\" is not --name=value", variables[i]);
    s->is_located = s->result == ERR_OK;
    if (s->result == ERR_OK)
        s->result = settings_load(&s->settings, &status, &s->why);
    if (s->result == ERR_OK) {
        struct cfg_options options = settings_options(&s->settings);
        enum err e;

        if (file != NULL)
            options.server_file = str_of(file);
        options.tells_all = true;
        options.on_message = source_note;
        options.place = &s->place;
        options.arg = s;
        e = cfg_load(&options, &s->tree, &s->why);
        if (s->result == ERR_OK)
            s->result = e;
    }
    if (s->result == ERR_OK && is_check)
        source_check(s);
    free((char *)(uintptr_t)file);
    environment_restore(kept);
}

void
source_fini(struct source *s)
{
    cfg_unref(&s->tree);
    VEC_FREE(&s->messages);
    settings_fini(&s->settings);
    arena_fini(&s->arena);
}
