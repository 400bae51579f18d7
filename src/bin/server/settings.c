#include "settings_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/printable.h"
#include "base/vec.h"

#define START_WAIT_S 30u
#define NAME_BYTES_MAX 200u /* of which file names can be made */

char *
settings_path(struct settings *s, const char *folder, const char *name)
{
    return path_join(&s->arena, str_of(folder), str_of(name));
}

static bool
is_folder(const char *path)
{
    struct stat st;

    return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Something that is no folder where one is wanted. */
static bool
is_in_the_way(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* ---- places ---- */

static const char *
own_program(struct settings *s)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);

    if (n <= 0 || (size_t)n >= sizeof path)
        return NULL;
    return str_z(&s->arena, str_n(path, (size_t)n));
}

/*
 * The folder with templates/ and etc/: $WLP_INSTALL_DIR, or beside an
 * installed program, or the samples of the source tree it was built in.
 */
static const char *
find_install_dir(struct settings *s)
{
    static const char *const beside[] = { "../../share/sallyport",
                                          "../../../samples" };
    const char *given = getenv("WLP_INSTALL_DIR");
    struct str folder = str_of(s->program);
    size_t slash = str_rfind_char(folder, '/');

    if (given != NULL && given[0] == '/')
        return path_normalise(&s->arena, str_of(given));
    folder = str_sub(folder, 0, slash == STR_NPOS ? 0 : slash);
    for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
        char *path = path_join(&s->arena, folder, str_of(beside[i]));

        if (path != NULL)
            path = path_normalise(&s->arena, str_of(path));
        if (path != NULL && is_folder(settings_path(s, path, "templates")))
            return path;
    }
    return SALLYPORT_SAMPLES;
}

static const char *
absolute(struct settings *s, const char *path)
{
    char here[4096];

    if (path[0] == '/')
        return path_normalise(&s->arena, str_of(path));
    if (getcwd(here, sizeof here) == NULL)
        return NULL;
    return path_normalise(
        &s->arena, str_of(path_join(&s->arena, str_of(here), str_of(path))));
}

/* The user's own bits stay, others lose all, the group loses writing when the
 * umask said so. */
static void
set_umask(struct settings *s)
{
    mode_t mask = s->inherited_umask;

    if (getenv("WLP_SKIP_UMASK") == NULL)
        mask |= 007;
    umask(mask);
    s->umask = (unsigned)mask;
}

static const char *
env_or(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? otherwise : value;
}

static enum err
not_folder(struct err_info *why, const char *name, const char *path)
{
    return settings_refuse(why, ERR_NOT_FOUND, "CWWKE0025E", name, path);
}

/* Where dumps go; "/" is none, as in the original's script. */
static const char *
dump_folder(struct settings *s)
{
    const char *given = env_or("SERVER_WORKING_DIR", "/");
    char *path;

    if (strcmp(given, "/") == 0)
        return settings_path(s, s->output_dir, "dumps");
    path = given[0] == '/' ? str_z(&s->arena, str_of(given))
                           : settings_path(s, s->output_dir, given);
    return path == NULL ? NULL : path_normalise(&s->arena, str_of(path));
}

static enum err
set_places(struct settings *s, struct err_info *why)
{
    const char *pid_dir, *pid_name;

    s->user_dir = absolute(s, env_or("WLP_USER_DIR", root_dir()));
    if (s->user_dir == NULL)
        return settings_no_storage(why);
    s->servers_dir = settings_path(s, s->user_dir, "servers");
    s->output_root = absolute(s, env_or("WLP_OUTPUT_DIR", s->servers_dir));
    if (s->servers_dir == NULL || s->output_root == NULL)
        return settings_no_storage(why);
    if (is_in_the_way(s->user_dir))
        return not_folder(why, "WLP_USER_DIR", s->user_dir);
    if (is_in_the_way(s->servers_dir))
        return not_folder(why, "${wlp.user.dir}/servers", s->servers_dir);
    if (is_in_the_way(s->output_root))
        return not_folder(why, "WLP_OUTPUT_DIR", s->output_root);
    s->server_dir = settings_path(s, s->servers_dir, s->name);
    s->output_dir = settings_path(s, s->output_root, s->name);
    if (s->folder != NULL)
        s->server_dir = s->output_dir = s->folder;
    if (s->server_dir == NULL || s->output_dir == NULL)
        return settings_no_storage(why);
    s->log_dir =
        absolute(s, env_or("LOG_DIR", settings_path(s, s->output_dir, "logs")));
    s->log_file = env_or("LOG_FILE", "console.log");
    pid_dir = env_or("PID_DIR", settings_path(s, s->output_root, ".pid"));
    pid_name = str_fmt(&s->arena, "%s.pid", s->name).p;
    if (pid_dir == NULL || pid_name == NULL)
        return settings_no_storage(why);
    s->pid_file = env_or("PID_FILE", settings_path(s, pid_dir, pid_name));
    s->dump_dir = dump_folder(s);
    if (s->log_dir == NULL || s->pid_file == NULL || s->dump_dir == NULL)
        return settings_no_storage(why);
    if (getenv("LOG_DIR") != NULL && is_in_the_way(s->log_dir))
        return not_folder(why, "LOG_DIR", s->log_dir);
    if (is_in_the_way(s->dump_dir))
        return not_folder(why, "SERVER_WORKING_DIR", s->dump_dir);
    return ERR_OK;
}

enum err
settings_locate(struct settings *s, const char *name, struct err_info *why)
{
    enum err e;

    *s = (struct settings){ .start_wait_s = START_WAIT_S,
                            .has_command_port = true };
    arena_init(&s->arena, 16u * 1024u * 1024u);
    if (strlen(name) > NAME_BYTES_MAX)
        return settings_refuse(why, ERR_SYNTAX, "SPT0530E", name, "");
    /* letters beyond ASCII are UTF-8, and nothing that moves a cursor */
    if (!server_name_is_valid(str_of(name)) || !printable_is(str_of(name)))
        return settings_refuse(why, ERR_SYNTAX, "CWWKE0012E", name, "");
    s->name = str_z(&s->arena, str_of(name));
    s->program = own_program(s);
    if (s->name == NULL || s->program == NULL)
        return settings_no_storage(why);
    s->install_dir = find_install_dir(s);
    e = settings_read_env(s, settings_path(s, s->install_dir, "etc/server.env"),
                          false, why);
    if (e != ERR_OK)
        return e;
    s->inherited_umask = umask(0);
    set_umask(s);
    return set_places(s, why);
}

enum err
settings_locate_at(struct settings *s, const char *folder, struct err_info *why)
{
    struct str path = str_of(folder), name;
    char copy[256];
    size_t slash;
    enum err e;

    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    slash = str_rfind_char(path, '/');
    name = str_sub(path, slash == STR_NPOS ? 0 : slash + 1, path.n);
    if (!server_name_is_valid(name) || !str_copy_z(name, copy, sizeof copy))
        memcpy(copy, "server", sizeof "server");
    e = settings_locate(s, copy, why);
    if (e != ERR_OK)
        return e;
    s->folder = absolute(s, folder);
    return s->folder == NULL ? settings_no_storage(why) : set_places(s, why);
}

bool
settings_server_exists(const struct settings *s)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/server.xml", s->server_dir);
    return settings_is_file(path);
}

bool
settings_folder_exists(const struct settings *s)
{
    struct stat st;

    return lstat(s->server_dir, &st) == 0 || errno != ENOENT;
}

enum err
settings_load(struct settings *s, int *exit_status, struct err_info *why)
{
    enum err e;

    *exit_status = EXIT_LAUNCH;
    e = settings_read_all_env(s, false, why);
    if (e == ERR_OK && (e = settings_read_jvm_options(s, why)) == ERR_SYNTAX)
        *exit_status = EXIT_JVM_OPTIONS;
    if (e == ERR_OK)
        e = settings_read_bootstrap(s, why);
    /* LOG_DIR and its like may be new */
    if (e == ERR_OK && (e = set_places(s, why)) != ERR_OK)
        *exit_status = EXIT_LOCATION;
    set_umask(s); /* and WLP_SKIP_UMASK */
    return e;
}

void
settings_find_places(struct settings *s)
{
    struct err_info why;

    if (settings_read_all_env(s, true, &why) == ERR_OK)
        IGNORE(set_places(s, &why)); /* then those without it */
}

bool
settings_add_variable(struct settings *s, const char *arg)
{
    struct str text = str_of(arg);
    size_t eq = str_find_char(text, '=');
    struct cfg_var pair;

    if (!str_starts(text, STR("--")) || eq == STR_NPOS || eq < 3)
        return false;
    pair.name = str_sub(text, 2, eq);
    pair.value = str_sub(text, eq + 1, text.n);
    return VEC_PUSH(&s->command_line, pair);
}

void
settings_fini(struct settings *s)
{
    pairs_fini(&s->command_line);
    pairs_fini(&s->properties);
    pairs_fini(&s->bootstrap);
    arena_fini(&s->arena);
}

static enum cfg_on_error
bootstrap_on_error(const struct settings *s)
{
    struct str word = str_trim(pairs_get(&s->bootstrap, "onError"));

    return str_eq_nocase_z(word, "FAIL")     ? CFG_ON_ERROR_FAIL
           : str_eq_nocase_z(word, "IGNORE") ? CFG_ON_ERROR_IGNORE
                                             : CFG_ON_ERROR_WARN;
}

struct cfg_options
settings_options(const struct settings *s)
{
    return (struct cfg_options){
        .server_name = str_of(s->name),
        .server_dir = str_of(s->server_dir),
        .output_dir = str_of(s->output_dir),
        .user_dir = str_of(s->user_dir),
        .install_dir = str_of(s->install_dir),
        .command_line = pairs_view(&s->command_line),
        .properties = pairs_view(&s->properties),
        .bootstrap = pairs_view(&s->bootstrap),
        .on_error = bootstrap_on_error(s),
    };
}
