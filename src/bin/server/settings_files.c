/*
 * The small files beside server.xml: server.env, jvm.options and
 * bootstrap.properties, of the installation, of all servers and of this one.
 */
#include "settings_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/msg.h"
#include "base/secret.h"
#include "base/vec.h"
#include "config/encoding.h"

#define FILE_BYTES_MAX (1024u * 1024u)
#define INCLUDES_MAX 16u

/* Whether what is only a warning has been said already. */
static bool is_quiet_process;

void
settings_be_quiet(void)
{
    is_quiet_process = true;
}

enum err
settings_refuse(struct err_info *why, enum err e, const char *id,
                const char *place, const char *reason)
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

enum err
settings_no_storage(struct err_info *why)
{
    return err_set(why, ERR_MEMORY, "no storage for the server's settings");
}

bool
settings_is_file(const char *path)
{
    struct stat st;

    return path != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

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
            e = settings_no_storage(why);
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
    if (!settings_is_file(path))
        return ERR_OK;
    e = read_whole(s, path, out, &own);
    return e == ERR_OK ? e
                       : settings_refuse(why, e, "SPT0462E", path,
                                         reason_of(path, &own));
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

enum err
settings_read_env(struct settings *s, const char *path, bool is_quiet,
                  struct err_info *why)
{
    struct pairs pairs = { 0 };
    struct err_info own = { 0 };
    struct str text;
    enum err e = path == NULL ? settings_no_storage(why)
                              : read_text(s, path, &text, why);

    if (e == ERR_OK)
        e = env_parse(&s->arena, text, &pairs,
                      is_quiet || is_quiet_process ? NULL : refuse_env,
                      (void *)(uintptr_t)path, why);
    for (size_t i = 0; i < pairs.n && e == ERR_OK; i++) {
        struct str value = pairs.v[i].value;

        if (env_expands(text) && (e = env_expand(&s->arena, value, value_of,
                                                 &value, &own)) != ERR_OK)
            e = settings_refuse(
                why, e, "SPT0462E",
                str_fmt(&s->arena, "%s:%u", path,
                        line_of(text, pairs.v[i].name, pairs.v[i].value))
                    .p,
                str_fmt(&s->arena, STR_FMT ": %s", STR_ARG(pairs.v[i].name),
                        own.text)
                    .p);
        else if (setenv(pairs.v[i].name.p, value.p, 1) != 0)
            e = settings_no_storage(why);
    }
    pairs_fini(&pairs);
    return e;
}

enum err
settings_read_all_env(struct settings *s, bool is_quiet, struct err_info *why)
{
    const char *files[] = {
        settings_path(s, s->user_dir, "shared/server.env"),
        settings_path(s, s->server_dir, "server.env"),
    };
    const char *user_dir = getenv("WLP_USER_DIR");
    char *kept = user_dir == NULL ? NULL : str_z(&s->arena, str_of(user_dir));
    enum err e = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(files) && e == ERR_OK; i++)
        e = settings_read_env(s, files[i], is_quiet, why);
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
        e = settings_refuse(why, e, "SPT0462E", path, own.text);
    return e;
}

enum err
settings_read_jvm_options(struct settings *s, struct err_info *why)
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
        if (!settings_is_file(files[i]))
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
        return settings_no_storage(why);
    snprintf(reason, sizeof reason, "nested deeper than %u", INCLUDES_MAX);
    if (depth == INCLUDES_MAX)
        return settings_refuse(why, ERR_LIMIT, "CWWKE0014E", file, reason);
    if (!settings_is_file(file))
        return settings_refuse(
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
    enum err e = path == NULL ? settings_no_storage(why) : ERR_OK;

    if (e == ERR_OK && settings_is_file(path))
        e = read_whole(s, path, &text, &reason);
    if (e == ERR_OK)
        e = properties_parse(&s->arena, text, &own, &reason);
    if (e != ERR_OK && reason.text[0] != '\0')
        e = settings_refuse(why, e, "CWWKE0014E", path,
                            reason_of(path, &reason));
    include = str_trim(pairs_get(&own, "bootstrap.include"));
    if (e == ERR_OK && include.n > 0)
        e = read_included(s, path, include, depth, why);
    for (size_t i = 0; i < own.n && e == ERR_OK; i++)
        if (!VEC_PUSH(&s->bootstrap, own.v[i]))
            e = settings_no_storage(why);
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

    return settings_refuse(why, ERR_SYNTAX, "SPT0462E", place_of(s, name),
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
settings_read_bootstrap(struct settings *s, struct err_info *why)
{
    enum err e = read_bootstrap(
        s, settings_path(s, s->server_dir, "bootstrap.properties"), 0, why);

    return e == ERR_OK ? use_bootstrap(s, why) : e;
}
