/* A new server from a template: the tree and modes that administrators know. */
#include "control.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"

#define TEMPLATE_BYTES_MAX (16u * 1024u * 1024u)
#define TEMPLATE_DEPTH_MAX 8u

static bool
is_extension(const char *name, const char *extension)
{
    size_t n = strlen(extension);

    return strncmp(name, extension, n) == 0 && name[n] == ':';
}

static bool
has_unknown_extension(const char *name)
{
    return name != NULL && strchr(name, ':') != NULL &&
           !is_extension(name, "zosconnect") && !is_extension(name, "usr");
}

/*
 * "zosconnect:default" and "default" are the same; "usr:mine" is one of the
 * user's, below extension/templates of the user folder.
 */
static const char *
template_folder(struct settings *s, const char *name)
{
    const char *colon = name == NULL ? NULL : strchr(name, ':');
    const char *base = settings_path(s, s->install_dir, "templates/servers");

    if (has_unknown_extension(name))
        return NULL;
    if (colon != NULL && is_extension(name, "usr"))
        base = settings_path(s, s->user_dir, "extension/templates/servers");
    name = name == NULL ? "default" : colon != NULL ? colon + 1 : name;
    if (base == NULL || !server_name_is_valid(str_of(name)))
        return NULL;
    return settings_path(s, base, name);
}

static enum err
write_new(const char *path, mode_t mode, struct str text, struct err_info *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    ssize_t n;

    if (fd < 0)
        return err_sys(why, "%s", path);
    n = write(fd, text.p, text.n);
    if (close(fd) != 0 || n != (ssize_t)text.n)
        return err_sys(why, "%s", path);
    return ERR_OK;
}

static enum err
copy_file(const char *from, const char *to, struct err_info *why)
{
    struct buf text;
    enum err e;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    e = file_read(from, &text, why);
    if (e == ERR_OK)
        e = write_new(to, 0666, buf_view(&text), why);
    buf_fini(&text);
    return e;
}

/* 24 letters and digits: about 142 random bits. */
static enum err
write_password(struct settings *s, struct err_info *why)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                  "stuvwxyz0123456789";
    char text[64] = "keystore_password=";
    size_t n = strlen(text);
    enum err e;

    for (size_t end = n + 24; n < end;) {
        unsigned char byte;

        if (getrandom(&byte, 1, 0) != 1)
            return err_sys(why, "random numbers");
        if (byte < 248) /* 4 * 62: no letter is likelier than another */
            text[n++] = letters[byte % 62];
    }
    text[n++] = '\n';
    /* who reads logs and configuration has no business with the password */
    e = write_new(settings_path(s, s->server_dir, "server.env"), 0600,
                  str_n(text, n), why);
    secret_wipe(text, sizeof text);
    return e;
}

static enum err
make_folders(struct settings *s, bool has_requesters, struct err_info *why)
{
    static const char *const below[] = {
        "apps",
        "dropins",
        "logs",
        "workarea",
        "resources/security",
        "resources/zosconnect/apis",
        "resources/zosconnect/services",
        "resources/zosconnect/rules",
        "resources/zosconnect/apiRequesters", /* the last */
    };
    static const char *const beside[] = { ".pid", ".logs", ".classCache" };
    size_t n = ARRAY_LEN(below) - (has_requesters ? 0 : 1);
    enum err e = ERR_OK;

    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        const char *folder = i == 2 || i == 3 ? s->output_dir : s->server_dir;

        e = dir_make(settings_path(s, folder, below[i]), 0777, why);
    }
    for (size_t i = 0; i < ARRAY_LEN(beside) && e == ERR_OK; i++)
        e = dir_make(settings_path(s, s->output_root, beside[i]), 0777, why);
    return e;
}

/* What a template has besides its server.xml: includes, variables... */
static enum err
copy_tree(struct settings *s, const char *from, const char *to, unsigned depth,
          struct err_info *why)
{
    struct dirent **list = NULL;
    enum err e = ERR_OK;
    int n = scandir(from, &list, NULL, alphasort);

    if (n < 0)
        return err_sys(why, "%s", from);
    for (int i = 0; i < n; i++) {
        const char *name = list[i]->d_name;
        char *source = settings_path(s, from, name);
        char *target = settings_path(s, to, name);
        struct stat st;

        if (e == ERR_OK && name[0] != '.' && source != NULL && target != NULL &&
            lstat(source, &st) == 0) {
            if (S_ISDIR(st.st_mode) && depth < TEMPLATE_DEPTH_MAX &&
                (e = dir_make(target, 0777, why)) == ERR_OK)
                e = copy_tree(s, source, target, depth + 1, why);
            else if (S_ISREG(st.st_mode) &&
                     (depth > 0 || strcmp(name, "server.xml") != 0))
                e = copy_file(source, target, why);
        }
        free(list[i]);
    }
    free(list);
    return e;
}

static enum err
fill_server(struct settings *s, const struct control_options *o,
            const char *template, struct str text, struct err_info *why)
{
    bool has_requesters = str_find(text, STR("apiRequester")) != STR_NPOS;
    enum err e = make_folders(s, has_requesters, why);

    if (e == ERR_OK)
        e = copy_tree(s, template, s->server_dir, 0, why);
    if (e == ERR_OK && !o->no_password &&
        access(settings_path(s, s->server_dir, "server.env"), F_OK) != 0)
        e = write_password(s, why);
    if (e == ERR_OK) /* last: it makes the server exist */
        e = write_new(settings_path(s, s->server_dir, "server.xml"), 0666, text,
                      why);
    return e;
}

static enum err
make_server_folder(struct settings *s, struct err_info *why)
{
    enum err e = dir_make(s->servers_dir, 0777, why);

    if (e == ERR_OK && mkdir(s->server_dir, 0777) != 0)
        e = errno == EEXIST ? err_set(why, ERR_EXISTS, "it exists")
                            : err_sys(why, "%s", s->server_dir);
    return e;
}

/* With those there are. */
static int
say_no_template(struct settings *s, const char *name)
{
    bool is_users = name != NULL && is_extension(name, "usr");
    const char *base = settings_path(s, is_users ? s->user_dir : s->install_dir,
                                     is_users ? "extension/templates/servers"
                                              : "templates/servers");
    struct dirent **list = NULL;
    int n = base == NULL ? -1 : scandir(base, &list, NULL, alphasort);
    struct buf reason;

    buf_init(&reason, 8192);
    if (has_unknown_extension(name))
        buf_printf(&reason,
                   "there is no extension %.*s, only zosconnect and "
                   "usr; zosconnect has its templates below %s",
                   (int)strcspn(name, ":"), name, base == NULL ? "" : base);
    else
        buf_printf(&reason, "there is no template %s below %s",
                   name == NULL ? "default" : name, base == NULL ? "" : base);
    for (int i = 0, n_said = 0; i < n; i++) {
        if (list[i]->d_name[0] != '.')
            buf_printf(&reason, "%s %s", n_said++ == 0 ? "; there are:" : ",",
                       list[i]->d_name);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    control_say("CWWKE0030E", s->name, s->server_dir, buf_z(&reason));
    buf_fini(&reason);
    return EXIT_BAD_ARGUMENT;
}

int
control_create(struct settings *s, const struct control_options *o)
{
    const char *from = template_folder(s, o->template_name);
    struct err_info why;
    struct buf text;
    enum err e;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    if (from == NULL || file_read(settings_path(s, from, "server.xml"), &text,
                                  &why) != ERR_OK) {
        buf_fini(&text);
        return say_no_template(s, o->template_name);
    }
    e = make_server_folder(s, &why);
    if (e == ERR_OK &&
        (e = fill_server(s, o, from, buf_view(&text), &why)) != ERR_OK) {
        IGNORE(tree_remove(s->server_dir, NULL));
        control_say("CWWKE0030E", s->name, s->server_dir, why.text);
    } else if (e == ERR_EXISTS) {
        control_say("CWWKE0045E", s->name, s->server_dir, "");
    } else if (e != ERR_OK) {
        control_say("CWWKE0066E", s->name, why.text, "");
    }
    buf_fini(&text);
    if (e != ERR_OK)
        return e == ERR_EXISTS ? EXIT_BAD_ARGUMENT : EXIT_LOCATION;
    printf("Server %s created.\n", s->name);
    fflush(stdout);
    return EXIT_OK;
}

/* ---- list ---- */

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int
control_list(struct settings *s, const struct control_options *o)
{
    char *names[1024];
    struct dirent *entry;
    DIR *dir = opendir(s->servers_dir);
    size_t n = 0;

    (void)o;
    if (dir == NULL && errno != ENOENT) {
        control_say("SPT0470E", s->servers_dir, strerror(errno), "");
        return EXIT_LOCATION;
    }
    while (dir != NULL && n < ARRAY_LEN(names) &&
           (entry = readdir(dir)) != NULL) {
        char path[4096];
        struct stat st;

        if (entry->d_name[0] == '.' ||
            (size_t)snprintf(path, sizeof path, "%s/%s/server.xml",
                             s->servers_dir, entry->d_name) >= sizeof path ||
            stat(path, &st) != 0)
            continue;
        names[n] = str_z(&s->arena, str_of(entry->d_name));
        if (names[n] != NULL)
            n++;
    }
    if (dir != NULL)
        closedir(dir);
    qsort(names, n, sizeof *names, by_name);
    if (n == 0)
        printf("There are no servers defined in the user directory %s.\n",
               s->user_dir);
    else
        printf("The following servers are defined relative to the user "
               "directory %s.\n",
               s->user_dir);
    for (size_t i = 0; i < n; i++)
        printf("%s\n", names[i]);
    return EXIT_OK;
}
