/* Files found by their folder: drop-ins, and variables named by files. */
#include "config/raw.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/msg.h"
#include "base/secret.h"
#include "base/vec.h"
#include "config/properties.h"

/* Variables that are files or lines of such. */
#define VARIABLES_MAX 10000u

/* ---- drop-ins ---- */

static int
by_lower_name(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    int order = strcasecmp(left, right);

    return order != 0 ? order : strcmp(left, right);
}

void
raw_names_free(char **v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(v[i]);
    free(v);
}

enum err
raw_list_folder(struct loading *l, const char *path, char ***v, size_t *n,
                struct err_info *why)
{
    struct {
        char **v;
        size_t n, cap;
    } names = { 0 };
    DIR *dir = l->options->read_file != NULL ? NULL : opendir(path);
    struct dirent *entry;
    enum err e = ERR_OK;

    /* what may not be read must not pass for what is not there */
    if (dir == NULL && l->options->read_file == NULL && errno != ENOENT &&
        errno != ENOTDIR)
        SAY(l, "CWWKG0090E", str_of(path));
    while (dir != NULL && e == ERR_OK && (entry = readdir(dir)) != NULL) {
        char *name;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        name = strdup(entry->d_name);
        if (name == NULL || names.n >= l->limits.max_includes ||
            !VEC_PUSH(&names, name)) {
            e = err_set(why, ERR_LIMIT, "%s: more than %u files", path,
                        l->limits.max_includes);
            free(name);
        }
    }
    if (dir != NULL)
        closedir(dir);
    if (names.n > 1)
        qsort(names.v, names.n, sizeof *names.v, by_lower_name);
    *v = names.v;
    *n = names.n;
    return e;
}

bool
raw_is_regular(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

enum err
raw_read_dropins(struct loading *l, const char *which, struct err_info *why)
{
    struct str folder = loading_fmt(l, STR_FMT "/configDropins/%s",
                                    STR_ARG(l->options->server_dir), which);
    char **names = NULL;
    size_t n = 0;
    enum err e;

    if (folder.n == 0 || !raw_monitor(l, folder))
        return raw_no_storage(why);
    e = raw_list_folder(l, folder.p, &names, &n, why);
    for (size_t i = 0; i < n && e == ERR_OK && !l->is_stopped; i++) {
        struct raw_doc *doc = ARENA_NEW(l->arena, struct raw_doc);
        struct str path =
            loading_fmt(l, STR_FMT "/%s", STR_ARG(folder), names[i]);

        if (doc == NULL || path.n == 0) {
            e = raw_no_storage(why);
            break;
        }
        doc->path = path;
        if (!str_ends(str_lower(l->arena, path), STR(".xml")) ||
            !raw_is_regular(path.p))
            continue;
        if (!raw_monitor(l, path)) {
            e = raw_no_storage(why);
            break;
        }
        SAY(l, "CWWKG0093A", path);
        e = raw_read_document(l, doc, true, why);
    }
    raw_names_free(names, n);
    return e;
}

/* ---- the variables directory ---- */

static enum err
put(struct loading *l, struct str name, struct str text, struct str path,
    struct err_info *why)
{
    struct raw_file_variable *v = ARENA_NEW(l->arena, struct raw_file_variable);

    if (l->folder.n >= VARIABLES_MAX)
        return err_set(why, ERR_LIMIT, STR_FMT ": more than %u variables",
                       STR_ARG(path), VARIABLES_MAX);
    if (v == NULL)
        return raw_no_storage(why);
    v->path = path;
    v->value = str_dup(l->arena, text);
    if (v->value.p == NULL || !table_put(&l->folder, name, v, NULL))
        return raw_no_storage(why);
    return ERR_OK;
}

/* One file of several variables. */
static enum err
put_properties(struct loading *l, struct str text, struct str path,
               struct err_info *why)
{
    struct pairs pairs = { 0 };
    struct err_info own;
    enum err e = properties_parse(l->arena, text, &pairs, &own);

    if (e == ERR_SYNTAX) {
        SAY(l, "CWWKG0011W",
            loading_fmt(l, STR_FMT ": %s", STR_ARG(path), own.text));
        e = ERR_OK;
    }
    for (size_t i = 0; i < pairs.n && e == ERR_OK; i++)
        e = put(l, pairs.v[i].name, pairs.v[i].value, path, why);
    pairs_fini(&pairs);
    return e;
}

/* What cannot be read is said and no variable; what is too long ends the load.
 */
static enum err
add_file(struct loading *l, struct str path, struct str name,
         struct err_info *why)
{
    struct str rest, line = STR("");
    struct buf text;
    enum err e;

    if (!raw_monitor(l, path))
        return raw_no_storage(why);
    buf_init(&text, l->limits.max_value_bytes);
    e = file_read(path.p, &text, why);
    rest = buf_view(&text);
    if (e == ERR_LIMIT) {
        e = err_set(why, ERR_LIMIT,
                    STR_FMT ": a variable of more than %zu bytes",
                    STR_ARG(path), l->limits.max_value_bytes);
    } else if (e == ERR_OK &&
               str_ends(str_lower(l->arena, path), STR(".properties"))) {
        e = put_properties(l, rest, path, why);
    } else if (e == ERR_OK) {
        /* its first line */
        if (rest.n > 0)
            (void)str_line(&rest, &line);
        e = put(l, name, line, path, why);
    }
    secret_wipe(text.p, text.n); /* a password, perhaps */
    buf_fini(&text);
    if (e == ERR_OK || e == ERR_MEMORY || e == ERR_LIMIT)
        return e;
    SAY(l, "CWWKG0090E", path);
    return ERR_OK;
}

static enum err
read_below(struct loading *l, struct str folder, const char *prefix,
           unsigned depth, struct err_info *why)
{
    char **names = NULL;
    size_t n = 0;
    enum err e;

    if (!raw_monitor(l, folder))
        return raw_no_storage(why);
    e = raw_list_folder(l, folder.p, &names, &n, why);
    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        struct str path =
            loading_fmt(l, STR_FMT "/%s", STR_ARG(folder), names[i]);
        struct str name = loading_fmt(l, "%s%s", prefix, names[i]);
        struct stat st;

        /* mounted secrets keep their versions in ..data */
        if (names[i][0] == '.' || path.n == 0 || name.n == 0 ||
            stat(path.p, &st) != 0)
            continue;
        if (S_ISREG(st.st_mode))
            e = add_file(l, path, name, why);
        else if (S_ISDIR(st.st_mode) && depth == 0)
            e = read_below(
                l, path, loading_fmt(l, STR_FMT "/", STR_ARG(name)).p, 1, why);
    }
    raw_names_free(names, n);
    return e;
}

enum err
raw_read_variables(struct loading *l, struct err_info *why)
{
    struct str rest, folder;
    enum err e = ERR_OK;

    if (!vars_env(l, STR("VARIABLE_SOURCE_DIRS"), &rest) &&
        !vars_env(l, STR("SERVICE_BINDING_ROOT"), &rest))
        rest = loading_fmt(l, STR_FMT "/variables",
                           STR_ARG(l->options->server_dir));
    while (e == ERR_OK && rest.n > 0 && str_token(&rest, ':', &folder))
        if (str_trim(folder).n > 0)
            e = read_below(l,
                           str_of(path_normalise(l->arena, str_trim(folder))),
                           "", 0, why);
    return e;
}
