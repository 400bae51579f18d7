/*
 * What one asks of a server when something is wrong with it: dump, javadump,
 * and pause and resume. A running server is asked with operator commands; a
 * dump of a stopped one holds what its files say.
 *
 * A dump is made to be given away: it holds the effective configuration with
 * ***** in place of secrets, not the files themselves.
 * Source: Liberty, server dump, javadump, pause, resume.
 */
#include "control.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/log_file.h"
#include "base/clock.h"
#include "base/file.h"
#include "config/dump.h"
#include "lock.h"
#include "pack.h"

#define TEXT_MAX (16u * 1024u * 1024u)

/* heap, system and thread, in any case, separated by commas. */
static bool
kinds_are_known(const struct control_options *o)
{
    struct str rest = str_of(o->include), word;

    if (o->include == NULL)
        return true;
    while (str_token(&rest, ',', &word))
        if (!str_eq_nocase_z(word, "heap") &&
            !str_eq_nocase_z(word, "system") &&
            !str_eq_nocase_z(word, "thread")) {
            control_say("CWWKE0024E", o->include, "--include", "");
            return false;
        }
    return true;
}

/* The path in the reply to DUMP or JAVADUMP; p NULL: none was made. */
static struct str
ask_for_dump(struct settings *s, const char *word,
             const struct control_options *o, int *status)
{
    struct str command, rest, line, found = { .p = NULL };
    struct buf lines;

    command = o->include == NULL
                  ? str_of(word)
                  : str_fmt(&s->arena, "%s='%s'", word, o->include);
    buf_init(&lines, TEXT_MAX);
    *status = control_ask(s, command.p, &lines);
    rest = buf_view(&lines);
    while (str_line(&rest, &line)) {
        struct str text = str_starts(line, STR("CWWKB0004I: "))
                              ? str_sub(line, 12, line.n)
                              : STR("");

        if (text.n > 0 && text.p[0] == '/')
            found = str_dup(&s->arena, text);
        else if (*status != EXIT_OK && text.n > 0)
            fprintf(stderr, STR_FMT "\n", STR_ARG(text));
    }
    buf_fini(&lines);
    return found;
}

int
control_javadump(struct settings *s, const struct control_options *o)
{
    struct str path;
    int status;

    if (!control_knows(s))
        return control_no_server(s);
    if (!kinds_are_known(o))
        return EXIT_BAD_ARGUMENT;
    if (control_is_unknown(s))
        return EXIT_UNKNOWN;
    if (!lock_is_held(s, NULL)) {
        printf("Server %s is not running.\n", s->name);
        return EXIT_INACTIVE;
    }
    printf("Dumping server %s.\n", s->name);
    fflush(stdout);
    path = ask_for_dump(s, "JAVADUMP", o, &status);
    if (status == EXIT_NO_COMMAND_PORT)
        control_say("CWWKE0091E", s->name, "", "");
    if (status == EXIT_NO_COMMAND_PORT || status == EXIT_NO_CONTACT)
        return status;
    if (path.p == NULL) {
        printf("Server %s dump failed. Check server logs for details.\n",
               s->name);
        return EXIT_DUMP;
    }
    printf("Server %s dump complete in " STR_FMT ".\n", s->name, STR_ARG(path));
    return EXIT_OK;
}

/* ---- dump ---- */

struct messages {
    struct buf *out;
};

static void
on_message(void *arg, const char *id, struct str text)
{
    buf_printf(((struct messages *)arg)->out, "%s: " STR_FMT "\n", id,
               STR_ARG(text));
}

/* What the configuration says now, without starting. */
static enum err
add_configuration(struct pack *p, struct settings *s, const char *root,
                  struct err_info *why)
{
    struct cfg_options options = settings_options(s);
    struct cfg_tree *tree = NULL;
    struct buf said, text;
    struct messages messages = { &said };
    enum err e;

    buf_init(&said, TEXT_MAX);
    buf_init(&text, TEXT_MAX);
    options.on_message = on_message;
    options.arg = &messages;
    if (cfg_load(&options, &tree, why) == ERR_OK)
        e = cfg_dump(tree, 0, &text, why);
    else
        e = ERR_OK; /* what is wrong with it is in the messages */
    cfg_unref(&tree);
    if (e == ERR_OK)
        e = pack_text(p, str_fmt(&s->arena, "%s/effective-server.xml", root).p,
                      buf_view(&text), 0640, why);
    if (e == ERR_OK)
        e = pack_text(
            p, str_fmt(&s->arena, "%s/configuration-messages.txt", root).p,
            buf_view(&said), 0640, why);
    buf_fini(&said);
    buf_fini(&text);
    return e;
}

/* "mode owner size time path", a line each. */
static void
list_files(struct buf *out, const char *folder, unsigned depth)
{
    struct dirent **list = NULL;
    int n = depth > 16 ? 0 : scandir(folder, &list, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        char path[4096];
        struct stat st;

        if (strcmp(list[i]->d_name, ".") != 0 &&
            strcmp(list[i]->d_name, "..") != 0 &&
            (size_t)snprintf(path, sizeof path, "%s/%s", folder,
                             list[i]->d_name) < sizeof path &&
            lstat(path, &st) == 0) {
            buf_printf(out, "%06o %u:%u %10lld %lld %s\n", (unsigned)st.st_mode,
                       (unsigned)st.st_uid, (unsigned)st.st_gid,
                       (long long)st.st_size, (long long)st.st_mtime, path);
            if (S_ISDIR(st.st_mode))
                list_files(out, path, depth + 1);
        }
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}

static enum err
add_listing(struct pack *p, struct settings *s, const char *root,
            struct err_info *why)
{
    struct buf text;
    enum err e;

    buf_init(&text, TEXT_MAX);
    list_files(&text, s->server_dir, 0);
    if (strcmp(s->server_dir, s->output_dir) != 0)
        list_files(&text, s->output_dir, 0);
    e = pack_text(p, str_fmt(&s->arena, "%s/files.txt", root).p,
                  buf_view(&text), 0640, why);
    buf_fini(&text);
    return e;
}

/* Of the work files only what is text about the server; images of archives
 * are large and can be made again. */
static bool
is_of_dump(void *arg, const char *below)
{
    (void)arg;
    return strcmp(below, "images") != 0;
}

static enum err
write_dump(struct settings *s, const char *path, struct str introspection,
           struct err_info *why)
{
    struct str root = str_of(s->name);
    struct pack *p;
    enum pack_kind kind = PACK_ZIP;
    enum err e;

    IGNORE(pack_kind_of(str_of(path), &kind));
    if ((e = pack_open(path, kind, NULL, &p, why)) != ERR_OK)
        return e;
    e = add_configuration(p, s, root.p, why);
    if (e == ERR_OK)
        e = add_listing(p, s, root.p, why);
    if (e == ERR_OK)
        e = pack_tree(p, str_fmt(&s->arena, "%s/logs", root.p).p, s->log_dir,
                      NULL, NULL, why);
    if (e == ERR_OK)
        e = pack_tree(p, str_fmt(&s->arena, "%s/workarea", root.p).p,
                      settings_path(s, s->output_dir, "workarea"), is_of_dump,
                      NULL, why);
    if (e == ERR_OK && introspection.p != NULL)
        e = pack_file(p, str_fmt(&s->arena, "%s/introspection.txt", root.p).p,
                      introspection.p, why);
    if (e == ERR_OK)
        return pack_finish(&p, why);
    pack_abandon(&p);
    return e;
}

static const char *
dump_path(struct settings *s, const struct control_options *o)
{
    enum pack_kind kind;
    struct str name;
    char at[24];

    log_stamp(clock_wall_ms(), at);
    name = o->archive == NULL
               ? str_fmt(&s->arena, "%s.dump-%s.zip", s->name, at)
               : str_of(o->archive);
    if (!pack_kind_of(name, &kind))
        name = str_fmt(&s->arena, STR_FMT ".zip", STR_ARG(name));
    if (name.p == NULL || name.p[0] == '/')
        return name.p;
    return path_join(&s->arena, str_of(s->output_dir), name);
}

int
control_dump(struct settings *s, const struct control_options *o)
{
    struct str introspection = { .p = NULL };
    struct err_info why = { 0 };
    bool is_running;
    const char *path;
    int status = EXIT_OK;

    if (!settings_server_exists(s))
        return control_no_server(s);
    if (!kinds_are_known(o))
        return EXIT_BAD_ARGUMENT;
    if (settings_load(s, &status, &why) != ERR_OK) {
        fprintf(stderr, "%s\n", why.text);
        return status;
    }
    printf("Dumping server %s.\n", s->name);
    fflush(stdout);
    /* a running one that cannot be asked is dumped like a stopped one */
    status = EXIT_OK;
    is_running = lock_is_held(s, NULL);
    if (is_running)
        introspection = ask_for_dump(s, "DUMP", o, &status);
    path = dump_path(s, o);
    if (path == NULL || write_dump(s, path, introspection, &why) != ERR_OK) {
        control_say("SPT0468E", path == NULL ? "" : path, why.text, "");
        printf("Server %s dump failed. Check server logs for details.\n",
               s->name);
        return EXIT_DUMP;
    }
    if (!is_running)
        printf("Server %s is not running.\n", s->name);
    if (status == EXIT_NO_COMMAND_PORT)
        control_say("CWWKE0090W", s->name, path, "");
    else
        printf("Server %s dump complete in %s.\n", s->name, path);
    return EXIT_OK;
}

/* ---- pause, resume ---- */

static int
change(struct settings *s, const struct control_options *o, bool is_pause)
{
    const char *word = is_pause ? "PAUSE" : "RESUME";
    const char *doing = is_pause ? "Pausing" : "Resuming";
    const char *what =
        o->target == NULL ? "" : "specified target components of the ";
    struct str command = str_of(word), rest, line;
    struct buf lines;
    int status;

    if (!control_knows(s))
        return control_no_server(s);
    if (o->target != NULL && o->target[0] == '\0') {
        control_say(is_pause ? "CWWKE0931W" : "CWWKE0932W", "", "", "");
        return is_pause ? EXIT_PAUSE : EXIT_RESUME;
    }
    if (control_is_unknown(s))
        return EXIT_UNKNOWN;
    if (!lock_is_held(s, NULL)) {
        printf("Server %s is not running.\n", s->name);
        return EXIT_INACTIVE;
    }
    printf("%s the %s%s server.\n", doing, what, s->name);
    fflush(stdout);
    if (o->target != NULL)
        command = str_fmt(&s->arena, "%s,TARGET='%s'", word, o->target);
    buf_init(&lines, TEXT_MAX);
    status = control_ask(s, command.p, &lines);
    if (status == EXIT_NO_COMMAND_PORT)
        control_say(is_pause ? "CWWKE0944E" : "CWWKE0945E", s->name, "", "");
    rest = buf_view(&lines);
    while (status != EXIT_OK && str_line(&rest, &line))
        if (str_starts(line, STR("CWWKB0004I: ")))
            fprintf(stderr, STR_FMT "\n", STR_ARG(str_sub(line, 12, line.n)));
    buf_fini(&lines);
    if (status == EXIT_NO_COMMAND_PORT || status == EXIT_NO_CONTACT)
        return status;
    printf("%s the %s%s server %s\n", doing, what, s->name,
           status == EXIT_OK ? "completed."
                             : "failed. Check the server logs for details.");
    if (status == EXIT_OK)
        return EXIT_OK;
    return is_pause ? EXIT_PAUSE : EXIT_RESUME;
}

int
control_pause(struct settings *s, const struct control_options *o)
{
    return change(s, o, true);
}

int
control_resume(struct settings *s, const struct control_options *o)
{
    return change(s, o, false);
}
