#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/msg.h"
#include "base/printable.h"
#include "base/secret.h"
#include "base/vec.h"
#include "config/encoding.h"

#define FILE_BYTES_MAX (1024u * 1024u)
#define INCLUDES_MAX 16u
#define START_WAIT_S 30u
#define NAME_BYTES_MAX 200u /* of which file names can be made */

char *
settings_path(struct settings *s, const char *folder, const char *name)
{
    return path_join(&s->arena, str_of(folder), str_of(name));
}

/* Whether what is only a warning has been said already. */
static bool is_quiet_process;

void
settings_be_quiet(void)
{
    is_quiet_process = true;
}

/* "SPT0462E: place: reason" in why, as the program's only words. */
static enum err
refuse(struct err_info *why, enum err e, const char *id, const char *place,
       const char *reason)
{
    struct buf line;

    buf_init(&line, 8192);
    MSG_LINE(&line, id, str_of(place), str_of(reason));
    e = err_set(why, e, "%s", buf_z(&line));
    buf_fini(&line);
    return e;
}

static void
warn(const char *id, struct str a, struct str b)
{
    struct buf line;

    buf_init(&line, 8192);
    MSG_LINE(&line, id, a, b);
    fprintf(stderr, STR_FMT "\n  %s\n", STR_ARG(buf_view(&line)),
            msg_remedy(buf_view(&line)));
    buf_fini(&line);
}

static enum err
no_storage(struct err_info *why)
{
    return err_set(why, ERR_MEMORY, "no storage for the server's settings");
}

static bool
is_folder(const char *path)
{
    struct stat st;

    return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_file(const char *path)
{
    struct stat st;

    return path != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode);
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

static enum err read_env(struct settings *, const char *path, bool is_quiet,
                         struct err_info *why);

static const char *
env_or(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? otherwise : value;
}

static enum err
not_folder(struct err_info *why, const char *name, const char *path)
{
    return refuse(why, ERR_NOT_FOUND, "CWWKE0025E", name, path);
}

static enum err
set_places(struct settings *s, struct err_info *why)
{
    const char *pid_dir, *pid_name;

    s->user_dir = absolute(s, env_or("WLP_USER_DIR", root_dir()));
    if (s->user_dir == NULL)
        return no_storage(why);
    s->servers_dir = settings_path(s, s->user_dir, "servers");
    s->output_root = absolute(s, env_or("WLP_OUTPUT_DIR", s->servers_dir));
    if (s->servers_dir == NULL || s->output_root == NULL)
        return no_storage(why);
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
        return no_storage(why);
    s->log_dir =
        absolute(s, env_or("LOG_DIR", settings_path(s, s->output_dir, "logs")));
    s->log_file = env_or("LOG_FILE", "console.log");
    pid_dir = env_or("PID_DIR", settings_path(s, s->output_root, ".pid"));
    pid_name = str_fmt(&s->arena, "%s.pid", s->name).p;
    if (pid_dir == NULL || pid_name == NULL)
        return no_storage(why);
    s->pid_file = env_or("PID_FILE", settings_path(s, pid_dir, pid_name));
    if (s->log_dir == NULL || s->pid_file == NULL)
        return no_storage(why);
    if (getenv("LOG_DIR") != NULL && is_in_the_way(s->log_dir))
        return not_folder(why, "LOG_DIR", s->log_dir);
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
        return refuse(why, ERR_SYNTAX, "SPT0530E", name, "");
    /* letters beyond ASCII are UTF-8, and nothing that moves a cursor */
    if (!server_name_is_valid(str_of(name)) || !printable_is(str_of(name)))
        return refuse(why, ERR_SYNTAX, "CWWKE0012E", name, "");
    s->name = str_z(&s->arena, str_of(name));
    s->program = own_program(s);
    if (s->name == NULL || s->program == NULL)
        return no_storage(why);
    s->install_dir = find_install_dir(s);
    e = read_env(s, settings_path(s, s->install_dir, "etc/server.env"), false,
                 why);
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
    return s->folder == NULL ? no_storage(why) : set_places(s, why);
}

bool
settings_server_exists(const struct settings *s)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/server.xml", s->server_dir);
    return is_file(path);
}

bool
settings_folder_exists(const struct settings *s)
{
    struct stat st;

    return lstat(s->server_dir, &st) == 0 || errno != ENOENT;
}

/* ---- files ---- */

/* Without the path that a message names anyway. */
static const char *
reason_of(const char *path, const struct err_info *why)
{
    size_t n = strlen(path);

    return strncmp(why->text, path, n) == 0 && why->text[n] == ':'
               ? why->text + n + 2
               : why->text;
}

/* The whole file, as UTF-8, into the arena. */
static enum err
read_whole(struct settings *s, const char *path, struct str *out,
           struct err_info *why)
{
    struct buf bytes, utf8;
    bool is_converted = false;
    enum err e;

    buf_init(&bytes, FILE_BYTES_MAX);
    buf_init(&utf8, FILE_BYTES_MAX);
    e = file_read(path, &bytes, why);
    if (e == ERR_OK)
        e = encoding_of_text(buf_view(&bytes), &utf8, &is_converted, why);
    if (e == ERR_OK) {
        *out = str_dup(&s->arena, buf_view(is_converted ? &utf8 : &bytes));
        if (out->p == NULL)
            e = no_storage(why);
    }
    secret_wipe(bytes.p, bytes.n);
    secret_wipe(utf8.p, utf8.n);
    buf_fini(&bytes);
    buf_fini(&utf8);
    return e;
}

/* A missing one is empty. */
static enum err
read_text(struct settings *s, const char *path, struct str *out,
          struct err_info *why)
{
    struct err_info own = { 0 };
    enum err e;

    *out = STR("");
    if (!is_file(path))
        return ERR_OK;
    e = read_whole(s, path, out, &own);
    return e == ERR_OK
               ? e
               : refuse(why, e, "SPT0462E", path, reason_of(path, &own));
}

static void
refuse_env(void *arg, uint32_t line, struct str name)
{
    char number[16];
    int n = snprintf(number, sizeof number, "%u", line);

    if (name.p != NULL)
        warn("CWWKE0941W", str_sub(name, 0, 60), STR(""));
    else
        warn("SPT0463W", str_of(arg), str_n(number, (size_t)n));
}

static const char *
value_of(const char *name)
{
    return getenv(name);
}

/* The line that sets the name to that value; 0 when none does. */
static uint32_t
line_of(struct str text, struct str name, struct str value)
{
    struct str line;

    for (uint32_t n = 1; str_line(&text, &line); n++)
        if (line.n == name.n + 1 + value.n && str_starts(line, name) &&
            str_ends(line, value))
            return n;
    return 0;
}

static enum err
read_env(struct settings *s, const char *path, bool is_quiet,
         struct err_info *why)
{
    struct pairs pairs = { 0 };
    struct err_info own = { 0 };
    struct str text;
    enum err e =
        path == NULL ? no_storage(why) : read_text(s, path, &text, why);

    if (e == ERR_OK)
        e = env_parse(&s->arena, text, &pairs,
                      is_quiet || is_quiet_process ? NULL : refuse_env,
                      (void *)(uintptr_t)path, why);
    for (size_t i = 0; i < pairs.n && e == ERR_OK; i++) {
        struct str value = pairs.v[i].value;

        if (env_expands(text) && (e = env_expand(&s->arena, value, value_of,
                                                 &value, &own)) != ERR_OK)
            e = refuse(why, e, "SPT0462E",
                       str_fmt(&s->arena, "%s:%u", path,
                               line_of(text, pairs.v[i].name, pairs.v[i].value))
                           .p,
                       str_fmt(&s->arena, STR_FMT ": %s",
                               STR_ARG(pairs.v[i].name), own.text)
                           .p);
        else if (setenv(pairs.v[i].name.p, value.p, 1) != 0)
            e = no_storage(why);
    }
    pairs_fini(&pairs);
    return e;
}

static enum err
read_all_env(struct settings *s, bool is_quiet, struct err_info *why)
{
    const char *files[] = {
        settings_path(s, s->user_dir, "shared/server.env"),
        settings_path(s, s->server_dir, "server.env"),
    };
    const char *user_dir = getenv("WLP_USER_DIR");
    char *kept = user_dir == NULL ? NULL : str_z(&s->arena, str_of(user_dir));
    enum err e = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(files) && e == ERR_OK; i++)
        e = read_env(s, files[i], is_quiet, why);
    /* the place is settled before these are read: they cannot move it */
    if (kept != NULL)
        setenv("WLP_USER_DIR", kept, 1);
    else
        unsetenv("WLP_USER_DIR");
    return e;
}

static enum err
read_options(struct settings *s, const char *path, struct err_info *why)
{
    struct err_info own = { 0 };
    struct str text;
    enum err e = read_text(s, path, &text, why);

    if (e == ERR_OK && (e = jvm_options_parse(&s->arena, text, &s->properties,
                                              &own)) != ERR_OK)
        e = refuse(why, e, "SPT0462E", path, own.text);
    return e;
}

static enum err
read_jvm_options(struct settings *s, struct err_info *why)
{
    const char *files[] = {
        settings_path(s, s->user_dir, "shared/jvm.options"),
        settings_path(s, s->server_dir, "configDropins/defaults/jvm.options"),
        settings_path(s, s->server_dir, "jvm.options"),
        settings_path(s, s->server_dir, "configDropins/overrides/jvm.options"),
    };
    bool has_any = false;
    enum err e = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(files) && e == ERR_OK; i++) {
        if (!is_file(files[i]))
            continue;
        has_any = true;
        e = read_options(s, files[i], why);
    }
    if (has_any || e != ERR_OK)
        return e;
    return read_options(s, settings_path(s, s->install_dir, "etc/jvm.options"),
                        why);
}

static enum err read_bootstrap(struct settings *, const char *path,
                               unsigned depth, struct err_info *why);

/* It may have said that the angel is required, so it must be there. */
static enum err
read_included(struct settings *s, const char *path, struct str include,
              unsigned depth, struct err_info *why)
{
    struct str folder =
        str_sub(str_of(path), 0, str_rfind_char(str_of(path), '/'));
    const char *file = include.p[0] == '/'
                           ? str_z(&s->arena, include)
                           : path_join(&s->arena, folder, include);
    struct str at = str_fmt(&s->arena, "bootstrap.include of %s", path);
    char reason[128];

    if (file == NULL || at.p == NULL)
        return no_storage(why);
    snprintf(reason, sizeof reason, "nested deeper than %u", INCLUDES_MAX);
    if (depth == INCLUDES_MAX)
        return refuse(why, ERR_LIMIT, "CWWKE0014E", file, reason);
    if (!is_file(file))
        return refuse(
            why, ERR_NOT_FOUND, "CWWKE0014E", file,
            str_fmt(&s->arena, "%s, named by " STR_FMT,
                    access(file, F_OK) == 0 ? "it is no file" : strerror(errno),
                    STR_ARG(at))
                .p);
    return read_bootstrap(s, file, depth + 1, why);
}

/* bootstrap.properties and what bootstrap.include names, the included first:
 * what a file says itself counts more. */
static enum err
read_bootstrap(struct settings *s, const char *path, unsigned depth,
               struct err_info *why)
{
    struct pairs own = { 0 };
    struct err_info reason = { 0 };
    struct str text = STR(""), include;
    enum err e = path == NULL ? no_storage(why) : ERR_OK;

    if (e == ERR_OK && is_file(path))
        e = read_whole(s, path, &text, &reason);
    if (e == ERR_OK)
        e = properties_parse(&s->arena, text, &own, &reason);
    if (e != ERR_OK && reason.text[0] != '\0')
        e = refuse(why, e, "CWWKE0014E", path, reason_of(path, &reason));
    include = str_trim(pairs_get(&own, "bootstrap.include"));
    if (e == ERR_OK && include.n > 0)
        e = read_included(s, path, include, depth, why);
    for (size_t i = 0; i < own.n && e == ERR_OK; i++)
        if (!VEC_PUSH(&s->bootstrap, own.v[i]))
            e = no_storage(why);
    pairs_fini(&own);
    return e;
}

/* bootstrap.properties of the server, with the line where that name stands. */
static const char *
place_of(struct settings *s, const char *name)
{
    const char *path = settings_path(s, s->server_dir, "bootstrap.properties");
    struct str rest, line;
    uint32_t n = 0, found = 0;
    struct err_info ignored;

    if (path == NULL || read_text(s, path, &rest, &ignored) != ERR_OK)
        return "bootstrap.properties";
    while (str_line(&rest, &line)) {
        n++;
        if (str_starts(str_trim(line), str_of(name)))
            found = n;
    }
    return found == 0 ? path : str_fmt(&s->arena, "%s:%u", path, found).p;
}

static enum err
not_valid(struct settings *s, const char *name, struct str value,
          const char *what, struct err_info *why)
{
    struct str reason = str_fmt(&s->arena, "%s \"" STR_FMT "\" %s", name,
                                STR_ARG(str_sub(value, 0, 40)), what);

    return refuse(why, ERR_SYNTAX, "SPT0462E", place_of(s, name),
                  reason.p == NULL ? name : reason.p);
}

static enum err
use_bootstrap(struct settings *s, struct err_info *why)
{
    struct str wait = pairs_get(&s->bootstrap, "server.start.wait.time");
    struct str port = pairs_get(&s->bootstrap, "command.port");
    int64_t n;

    if (wait.p != NULL) {
        if (!str_to_i64(str_trim(wait), &n) || n < 0 || n > 86400)
            return not_valid(s, "server.start.wait.time", wait,
                             "is not a number of seconds (0..86400)", why);
        s->start_wait_s = (unsigned)n;
    }
    if (port.p != NULL) {
        if (!str_to_i64(str_trim(port), &n) || n < -1 || n > 65535)
            return not_valid(s, "command.port", port,
                             "is not a port (0..65535 or -1)", why);
        s->has_command_port = n != -1;
    } else {
        /* a started task is stopped by its console */
        s->has_command_port = getenv("SALLYPORT_TASK_FD") == NULL;
    }
    return ERR_OK;
}

enum err
settings_load(struct settings *s, int *exit_status, struct err_info *why)
{
    enum err e;

    *exit_status = EXIT_LAUNCH;
    e = read_all_env(s, false, why);
    if (e == ERR_OK && (e = read_jvm_options(s, why)) == ERR_SYNTAX)
        *exit_status = EXIT_JVM_OPTIONS;
    if (e == ERR_OK)
        e = read_bootstrap(
            s, settings_path(s, s->server_dir, "bootstrap.properties"), 0, why);
    if (e == ERR_OK)
        e = use_bootstrap(s, why);
    if (e == ERR_OK)
        e = set_places(s, why); /* LOG_DIR and its like may be new */
    set_umask(s);               /* and WLP_SKIP_UMASK */
    return e;
}

void
settings_find_places(struct settings *s)
{
    struct err_info why;

    if (read_all_env(s, true, &why) == ERR_OK)
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
