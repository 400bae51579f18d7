/*
 * package: a stopped server as an archive that another machine runs. Programs
 * and templates come along unless --include=usr; logs and work files do not.
 *
 *     wlp/bin/sallyport, wlp/bin/server     wlp/libexec/sallyport/...
 *     wlp/share/sallyport/{etc,templates}   wlp/usr/{servers/NAME,shared}
 *
 * Source: Liberty, server package.
 */
#include "control.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "lock.h"
#include "pack.h"

enum include { INCLUDE_ALL, INCLUDE_USR, INCLUDE_MINIFY, INCLUDE_RUNNABLE };

/* Finds its own place, so it may be unpacked anywhere. A server needs the
 * security database of a system; where none is up, one is started. */
static const char launcher[] =
    "#!/bin/sh\n"
    "# server ACTION [NAME] [OPTIONS]: the server command of this folder.\n"
    "here=$(cd \"$(dirname \"$0\")/..\" && pwd) || exit 23\n"
    ": \"${WLP_USER_DIR:=$here/usr}\"\n"
    "export WLP_USER_DIR\n"
    "case ${1:-} in run | start | debug)\n"
    "    \"$here/bin/sallyport\" status >/dev/null 2>&1 ||\n"
    "        \"$here/bin/sallyport\" ipl || exit 24 ;;\n"
    "esac\n"
    "exec \"$here/bin/sallyport\" server \"$@\"\n";

/* In front of a zip: unpacks itself and runs the server in it. */
static const char runner[] =
    "#!/bin/sh\n"
    "# Runs the server packed behind these lines; needs unzip.\n"
    "self=$(cd \"$(dirname \"$0\")\" && pwd)/$(basename \"$0\")\n"
    "to=${WLP_JAR_EXTRACT_DIR:-$(mktemp -d)} || exit 23\n"
    "unzip -q -o \"$self\" -d \"$to\" 2>/dev/null\n"
    "[ $? -le 1 ] || { echo \"$self cannot be unpacked to $to\" >&2; exit 23; "
    "}\n"
    "home=$to/%s\n"
    "# A system that was brought up for this ends with it; a signal is for "
    "the\n"
    "# server, and we tidy up behind it.\n"
    "own=; \"$home/bin/sallyport\" status >/dev/null 2>&1 || own=yes\n"
    "end() {\n"
    "    [ -z \"$own\" ] || \"$home/bin/sallyport\" shutdown >/dev/null "
    "2>&1\n"
    "    [ -n \"${WLP_JAR_EXTRACT_DIR:-}\" ] || rm -rf \"$to\"\n"
    "}\n"
    "trap end EXIT\n"
    "trap : INT TERM\n"
    "\"$home/bin/server\" run %s \"$@\"\n"
    "exit $?\n";

static bool
include_of(const struct control_options *o, enum include *out)
{
    static const struct {
        const char *word;
        enum include include;
    } rows[] = {
        { "all", INCLUDE_ALL },           { "wlp", INCLUDE_ALL },
        { "usr", INCLUDE_USR },           { "minify", INCLUDE_MINIFY },
        { "runnable", INCLUDE_RUNNABLE },
    };

    *out = INCLUDE_ALL;
    for (size_t i = 0; o->include != NULL && i < ARRAY_LEN(rows); i++)
        if (strcmp(o->include, rows[i].word) == 0) {
            *out = rows[i].include;
            return true;
        }
    return o->include == NULL;
}

/* Relative names are below the server's output folder, as in the original. */
static const char *
archive_path(struct settings *s, const struct control_options *o)
{
    enum pack_kind kind;
    struct str name = o->archive == NULL ? str_fmt(&s->arena, "%s.zip", s->name)
                                         : str_of(o->archive);

    if (!pack_kind_of(name, &kind))
        name = str_fmt(&s->arena, STR_FMT ".zip", STR_ARG(name));
    if (name.p == NULL || name.p[0] == '/')
        return name.p;
    return path_join(&s->arena, str_of(s->output_dir), name);
}

/* ---- what belongs to it ---- */

/* Logs and work files stay, and what earlier commands left. */
static bool
is_of_server(void *arg, const char *below)
{
    static const char *const not_wanted[] = { "logs", "workarea", "dumps" };
    const struct settings *s = arg;
    struct str name = str_of(below);
    enum pack_kind kind;

    for (size_t i = 0; i < ARRAY_LEN(not_wanted); i++)
        if (strcmp(below, not_wanted[i]) == 0)
            return false;
    return str_find_char(name, '/') != STR_NPOS ||
           !str_starts(name, str_of(s->name)) ||
           (!pack_kind_of(name, &kind) && !str_ends(name, STR(".part")));
}

static enum err
add_user_files(struct pack *p, struct settings *s, const char *root,
               struct err_info *why)
{
    struct str server = str_fmt(&s->arena, "%s/usr/servers/%s", root, s->name);
    struct str shared = str_fmt(&s->arena, "%s/usr/shared", root);
    enum err e;

    if (server.p == NULL || shared.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an archive");
    e = pack_tree(p, server.p, s->server_dir, is_of_server, s, why);
    if (e != ERR_OK)
        return e;
    return pack_tree(p, shared.p, settings_path(s, s->user_dir, "shared"), NULL,
                     NULL, why);
}

static bool
is_program(const char *name, enum include include)
{
    static const char *const least[] = { "sallyport-angel", "sallyport-encode",
                                         "sallyport-master",
                                         "sallyport-server" };

    if (include != INCLUDE_MINIFY)
        return strncmp(name, "sallyport-", 10) == 0 &&
               strchr(name, '.') == NULL;
    for (size_t i = 0; i < ARRAY_LEN(least); i++)
        if (strcmp(name, least[i]) == 0)
            return true;
    return false;
}

static enum err
add_programs(struct pack *p, struct settings *s, const char *root,
             enum include include, struct err_info *why)
{
    struct str own = str_of(s->program);
    const char *folder =
        str_z(&s->arena, str_sub(own, 0, str_rfind_char(own, '/')));
    struct dirent **list = NULL;
    enum err e = ERR_OK;
    int n = folder == NULL ? -1 : scandir(folder, &list, NULL, alphasort);

    if (n < 0)
        return err_sys(why, "the folder of %s", s->program);
    for (int i = 0; i < n; i++) {
        const char *name = list[i]->d_name;
        struct str to =
            str_fmt(&s->arena, "%s/libexec/sallyport/%s", root, name);

        if (e == ERR_OK && is_program(name, include))
            e = to.p == NULL
                    ? err_set(why, ERR_MEMORY, "no storage for an archive")
                    : pack_file(p, to.p, settings_path(s, folder, name), why);
        free(list[i]);
    }
    free(list);
    return e;
}

/* Beside this program in a build, in bin/ of an installation. */
static const char *
front_program(struct settings *s)
{
    static const char *const places[] = { "sallyport", "../../bin/sallyport" };
    struct str own = str_of(s->program);
    const char *folder =
        str_z(&s->arena, str_sub(own, 0, str_rfind_char(own, '/')));

    for (size_t i = 0; i < ARRAY_LEN(places) && folder != NULL; i++) {
        char *path = settings_path(s, folder, places[i]);
        struct stat st;

        if (path != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return path;
    }
    return NULL;
}

static enum err
add_installation(struct pack *p, struct settings *s, const char *root,
                 enum include include, struct err_info *why)
{
    static const char *const shared[] = { "etc", "templates" };
    const char *front = front_program(s);
    enum err e;

    if (front == NULL)
        return err_set(why, ERR_NOT_FOUND,
                       "the program sallyport is not beside %s", s->program);
    e = pack_file(p, str_fmt(&s->arena, "%s/bin/sallyport", root).p, front,
                  why);
    if (e == ERR_OK)
        e = pack_text(p, str_fmt(&s->arena, "%s/bin/server", root).p,
                      str_of(launcher), 0750, why);
    if (e == ERR_OK)
        e = add_programs(p, s, root, include, why);
    for (size_t i = 0; i < ARRAY_LEN(shared) && e == ERR_OK; i++)
        e = pack_tree(
            p, str_fmt(&s->arena, "%s/share/sallyport/%s", root, shared[i]).p,
            settings_path(s, s->install_dir, shared[i]), NULL, NULL, why);
    return e;
}

/* ---- the command ---- */

static enum err
write_archive(struct settings *s, const char *path, const char *root,
              enum include include, struct err_info *why)
{
    struct str head = { .p = NULL };
    enum pack_kind kind = PACK_ZIP;
    struct pack *p;
    enum err e;

    IGNORE(pack_kind_of(str_of(path), &kind));
    if (include == INCLUDE_RUNNABLE)
        head = str_fmt(&s->arena, runner, root, s->name);
    e = pack_open(path, kind, head.p, &p, why);
    if (e != ERR_OK)
        return e;
    e = add_user_files(p, s, root, why);
    if (e == ERR_OK && include != INCLUDE_USR)
        e = add_installation(p, s, root, include, why);
    if (e == ERR_OK)
        return pack_finish(&p, why);
    pack_abandon(&p);
    return e;
}

/* --server-root=: one or more folder names. */
static bool
is_root_name(struct str name)
{
    struct str rest = name, piece;

    while (str_token(&rest, '/', &piece))
        if (piece.n == 0 || piece.p[0] == '.' || !server_name_is_valid(piece))
            return false;
    return true;
}

static const char *
mismatch(enum include include, const char *path)
{
    bool is_jar = str_ends(str_of(path), STR(".jar"));

    if (include == INCLUDE_USR && is_jar)
        return "CWWKE0951E";
    return include == INCLUDE_RUNNABLE && !is_jar ? "CWWKE0950E" : NULL;
}

int
control_package(struct settings *s, const struct control_options *o)
{
    const char *root = o->server_root == NULL ? "wlp" : o->server_root;
    struct err_info why = { 0 };
    enum include include;
    const char *path, *wrong;
    pid_t holder = 0;

    if (!settings_server_exists(s))
        return control_no_server(s);
    if (control_is_unknown(s))
        return EXIT_UNKNOWN;
    if (lock_is_held(s, &holder)) {
        printf("Server %s is running with process ID %d.\n"
               "Server %s package failed. It must be stopped before it can be "
               "packaged.\n",
               s->name, (int)holder, s->name);
        return EXIT_ACTIVE;
    }
    if (!is_root_name(str_of(root))) {
        control_say("CWWKE0024E", root, "--server-root", "");
        return EXIT_BAD_ARGUMENT;
    }
    if (!include_of(o, &include))
        control_say("CWWKE0058W", o->include, "", "");
    path = archive_path(s, o);
    if (path == NULL)
        return EXIT_PACKAGE;
    if ((wrong = mismatch(include, path)) != NULL) {
        control_say(wrong, "", "", "");
        return EXIT_PACKAGE;
    }
    printf("Packaging server %s.\n", s->name);
    fflush(stdout);
    if (write_archive(s, path, root, include, &why) != ERR_OK) {
        control_say("SPT0468E", path, why.text, "");
        printf("Server %s package failed. Check server logs for details.\n",
               s->name);
        return EXIT_PACKAGE;
    }
    printf("Server %s package complete in %s.\n", s->name, path);
    return EXIT_OK;
}
