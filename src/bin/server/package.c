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

/* What --include names, one or several separated by commas. */
#define INCLUDE_ALL 1u
#define INCLUDE_USR 2u
#define INCLUDE_MINIFY 4u
#define INCLUDE_WLP 8u
#define INCLUDE_RUNNABLE 16u

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

/* False: what it names is not there, or nothing to be put together; `all` is
 * meant then. The programs alone (wlp) are no server's. */
static bool
include_of(const struct control_options *o, unsigned *out)
{
    static const struct {
        const char *word;
        unsigned include;
    } rows[] = {
        { "all", INCLUDE_ALL },           { "usr", INCLUDE_USR },
        { "minify", INCLUDE_MINIFY },     { "wlp", INCLUDE_WLP },
        { "runnable", INCLUDE_RUNNABLE },
    };
    struct str rest = str_of(o->include == NULL ? "all" : o->include), word;
    unsigned named = 0;

    while (str_token(&rest, ',', &word))
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            if (str_eq_nocase_z(word, rows[i].word))
                named |= rows[i].include;
    if (named == INCLUDE_WLP && o->is_unnamed) {
        *out = INCLUDE_WLP;
        return true;
    }
    *out = named & INCLUDE_RUNNABLE;
    if ((named & INCLUDE_USR) && !(named & INCLUDE_ALL))
        *out |= INCLUDE_USR;
    else if ((named & INCLUDE_MINIFY) && !(named & INCLUDE_ALL))
        *out |= INCLUDE_MINIFY;
    else
        *out |= INCLUDE_ALL;
    return named != 0 && named != INCLUDE_WLP;
}

/* Relative names are below the server's output folder, as in the original; of
 * the programs alone beside it. */
static const char *
archive_path(struct settings *s, const struct control_options *o,
             unsigned include)
{
    const char *end = include & INCLUDE_RUNNABLE ? "jar" : "zip";
    struct str folder = str_of(s->output_dir);
    struct str name = str_of(o->archive != NULL       ? o->archive
                             : include == INCLUDE_WLP ? "wlp"
                                                      : s->name);
    enum pack_kind kind;

    if (o->archive == NULL || !pack_kind_of(name, &kind))
        name = str_fmt(&s->arena, STR_FMT ".%s", STR_ARG(name), end);
    if (name.p == NULL || name.p[0] == '/')
        return name.p;
    if (include == INCLUDE_WLP)
        folder = str_sub(folder, 0, str_rfind_char(folder, '/'));
    return path_join(&s->arena, folder, name);
}

/* ---- what belongs to it ---- */

/* Made by an earlier command: NAME.zip, NAME.jar, and dumps. */
static bool
is_made(struct str name, const char *server)
{
    static const char *const packages[] = { ".zip", ".jar", ".pax" };
    struct str rest;
    enum pack_kind kind;

    if (!str_starts(name, str_of(server)))
        return false;
    rest = str_sub(name, strlen(server), name.n);
    for (size_t i = 0; i < ARRAY_LEN(packages); i++)
        if (str_eq_z(rest, packages[i]))
            return true;
    return str_starts(rest, STR(".dump-")) && pack_kind_of(rest, &kind);
}

/* Logs and work files stay, and what earlier commands left. */
static bool
is_of_server(void *arg, const char *below)
{
    static const char *const not_wanted[] = { "logs", "workarea", "dumps" };
    const struct settings *s = arg;

    for (size_t i = 0; i < ARRAY_LEN(not_wanted); i++)
        if (strcmp(below, not_wanted[i]) == 0)
            return false;
    return !is_made(str_of(below), s->name);
}

/* Keys that servers share are not given away with one of them. */
static bool
is_of_shared(void *arg, const char *below)
{
    (void)arg;
    return strcmp(below, "resources/security/key.p12") != 0 &&
           strcmp(below, "resources/security/key.jks") != 0;
}

/* usr: the folder for the user's files in the archive, with its slash. */
static enum err
add_user_files(struct pack *p, struct settings *s, const char *usr,
               struct err_info *why)
{
    static const char *const beside[] = { "shared", "extension" };
    struct str server = str_fmt(&s->arena, "%sservers/%s", usr, s->name);
    enum err e;

    if (server.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an archive");
    e = pack_tree(p, server.p, s->server_dir, is_of_server, s, why);
    for (size_t i = 0; i < ARRAY_LEN(beside) && e == ERR_OK; i++) {
        struct str to = str_fmt(&s->arena, "%s%s", usr, beside[i]);

        e = to.p == NULL
                ? err_set(why, ERR_MEMORY, "no storage for an archive")
                : pack_tree(p, to.p, settings_path(s, s->user_dir, beside[i]),
                            is_of_shared, NULL, why);
    }
    return e;
}

static bool
is_program(const char *name, unsigned include)
{
    static const char *const least[] = { "sallyport-angel", "sallyport-encode",
                                         "sallyport-master",
                                         "sallyport-server" };

    if (!(include & INCLUDE_MINIFY))
        return strncmp(name, "sallyport-", 10) == 0 &&
               strchr(name, '.') == NULL;
    for (size_t i = 0; i < ARRAY_LEN(least); i++)
        if (strcmp(name, least[i]) == 0)
            return true;
    return false;
}

static enum err
add_programs(struct pack *p, struct settings *s, const char *root,
             unsigned include, struct err_info *why)
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
                 unsigned include, struct err_info *why)
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

/* is_flat: the user's files have no folder usr of their own. */
static enum err
write_archive(struct settings *s, const char *path, const char *root,
              bool is_flat, unsigned include, struct err_info *why)
{
    const char *usr = str_fmt(&s->arena, is_flat ? "%s/" : "%s/usr/", root).p;
    struct str head = { .p = NULL };
    enum pack_kind kind = PACK_ZIP;
    struct pack *p;
    enum err e;

    IGNORE(pack_kind_of(str_of(path), &kind));
    if (include & INCLUDE_RUNNABLE)
        head = str_fmt(&s->arena, runner, root, s->name);
    if (usr == NULL)
        return err_set(why, ERR_MEMORY, "no storage for an archive");
    e = pack_open(path, kind, head.p, &p, why);
    if (e != ERR_OK)
        return e;
    if (include != INCLUDE_WLP)
        e = add_user_files(p, s, usr, why);
    if (e == ERR_OK && !(include & INCLUDE_USR))
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
mismatch(unsigned include, const char *path)
{
    bool is_jar = str_ends(str_of(path), STR(".jar"));

    if ((include & INCLUDE_USR) && is_jar)
        return "CWWKE0951E";
    return (include & INCLUDE_RUNNABLE) && !is_jar ? "CWWKE0950E" : NULL;
}

/* Nothing of it may change while it is read. */
static bool
is_running(const struct settings *s)
{
    if (!lock_is_held(s, NULL))
        return false;
    printf("Server %s is running.\n"
           "Server %s package failed. It must be stopped before it can be "
           "packaged.\n",
           s->name, s->name);
    return true;
}

static int
failed(const struct settings *s, unsigned include)
{
    if (include == INCLUDE_WLP)
        printf("Runtime package failed. Check server logs for details.\n");
    else
        printf("Server %s package failed. Check server logs for details.\n",
               s->name);
    return EXIT_PACKAGE;
}

/* The folder in the archive; a runnable one has its own, and the product is an
 * extension, beside which the root folder cannot be left out. */
static const char *
root_of(const struct control_options *o, unsigned include)
{
    if (o->server_root == NULL)
        return "wlp";
    if (include & INCLUDE_RUNNABLE) {
        control_say("CWWKE0948W", "", "", "");
        return "wlp";
    }
    if (o->server_root[0] == '\0') {
        control_say("CWWKE0947W", "", "", "");
        return "wlp";
    }
    return o->server_root;
}

static int
make(struct settings *s, const struct control_options *o, unsigned include)
{
    const char *root = root_of(o, include);
    const char *path = archive_path(s, o, include), *wrong;
    bool is_flat = (include & INCLUDE_USR) && strcmp(root, "wlp") != 0;
    struct err_info why = { 0 };

    if (path == NULL)
        return EXIT_PACKAGE;
    if ((wrong = mismatch(include, path)) != NULL) {
        control_say(wrong, "", "", "");
        return EXIT_PACKAGE;
    }
    if (include & INCLUDE_MINIFY)
        printf("Querying server %s for content.\n"
               "Building archive for server %s.\n",
               s->name, s->name);
    fflush(stdout);
    if (write_archive(s, path, root, is_flat, include, &why) != ERR_OK) {
        control_say("SPT0468E", path, why.text, "");
        return failed(s, include);
    }
    if (include == INCLUDE_WLP)
        printf("Runtime package complete in %s.\n", path);
    else
        printf("Server %s package complete in %s.\n", s->name, path);
    return EXIT_OK;
}

int
control_package(struct settings *s, const struct control_options *o)
{
    unsigned include;
    bool is_known = include_of(o, &include);

    if (include != INCLUDE_WLP) {
        if (!settings_server_exists(s))
            return control_no_server(s);
        if (control_is_unknown(s))
            return EXIT_UNKNOWN;
    }
    if (o->server_root != NULL && o->server_root[0] != '\0' &&
        !is_root_name(str_of(o->server_root))) {
        control_say("CWWKE0024E", o->server_root, "--server-root", "");
        return EXIT_BAD_ARGUMENT;
    }
    if (include == INCLUDE_WLP)
        printf("Packaging liberty runtime.\n");
    else
        printf("Packaging server %s.\n", s->name);
    fflush(stdout);
    if (include != INCLUDE_WLP && is_running(s))
        return EXIT_ACTIVE;
    if (o->os != NULL && !(include & INCLUDE_MINIFY)) {
        control_say("CWWKE0083E", "", "", "");
        return failed(s, include);
    }
    if (!is_known)
        control_say("CWWKE0058W", o->include, "", "");
    return make(s, o, include);
}
