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
#include "base/msg.h"
#include "base/secret.h"

#define TEMPLATE_BYTES_MAX (1024u * 1024u)

static void
say(const char *id, struct str a, struct str b)
{
    struct buf line;

    buf_init(&line, 8192);
    MSG_LINE(&line, id, a, b);
    fprintf(stderr, STR_FMT "\n", STR_ARG(buf_view(&line)));
    buf_fini(&line);
}

/* "zosconnect:default" and "default" are the same to us. */
static const char *
template_file(struct settings *s, const char *name)
{
    const char *colon = name == NULL ? NULL : strchr(name, ':');

    if (name == NULL)
        name = "default";
    if (colon != NULL)
        name = colon + 1;
    if (!server_name_is_valid(str_of(name)))
        return NULL;
    return str_fmt(&s->arena, "%s/templates/servers/%s/server.xml",
                   s->install_dir, name)
        .p;
}

static enum err
write_new(const char *path, struct str text, struct err_info *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    ssize_t n;

    if (fd < 0)
        return err_sys(why, "%s", path);
    n = write(fd, text.p, text.n);
    if (close(fd) != 0 || n != (ssize_t)text.n)
        return err_sys(why, "%s", path);
    return ERR_OK;
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
    e = write_new(settings_path(s, s->server_dir, "server.env"), str_n(text, n),
                  why);
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

static enum err
fill_server(struct settings *s, const struct control_options *o,
            struct str text, struct err_info *why)
{
    bool has_requesters = str_find(text, STR("apiRequester")) != STR_NPOS;
    enum err e = make_folders(s, has_requesters, why);

    if (e == ERR_OK && !o->no_password)
        e = write_password(s, why);
    if (e == ERR_OK) /* last: it makes the server exist */
        e = write_new(settings_path(s, s->server_dir, "server.xml"), text, why);
    return e;
}

int
control_create(struct settings *s, const struct control_options *o)
{
    const char *from = template_file(s, o->template_name);
    struct err_info why;
    struct buf text;
    enum err e;

    buf_init(&text, TEMPLATE_BYTES_MAX);
    if (from == NULL || file_read(from, &text, &why) != ERR_OK) {
        buf_fini(&text);
        fprintf(stderr,
                "CWWKE0005E: The template %s does not exist below "
                "%s/templates/servers.\n",
                o->template_name == NULL ? "default" : o->template_name,
                s->install_dir);
        return EXIT_BAD_ARGUMENT;
    }
    e = dir_make(s->servers_dir, 0777, &why);
    if (e == ERR_OK && mkdir(s->server_dir, 0777) != 0) {
        buf_fini(&text);
        if (errno == EEXIST) {
            say("CWWKE0045E", str_of(s->name), str_of(s->server_dir));
            return EXIT_BAD_ARGUMENT;
        }
        fprintf(stderr, "%s: %s\n", s->server_dir, strerror(errno));
        return EXIT_LOCATION;
    }
    if (e == ERR_OK && (e = fill_server(s, o, buf_view(&text), &why)) != ERR_OK)
        (void)!tree_remove(s->server_dir, &(struct err_info){ 0 });
    buf_fini(&text);
    if (e != ERR_OK) {
        fprintf(stderr, "Server %s cannot be created: %s\n", s->name, why.text);
        return EXIT_LOCATION;
    }
    printf("Server %s created.\n", s->name);
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
        printf("There are no servers defined in %s.\n", s->servers_dir);
    else
        printf("The following servers are defined in %s.\n", s->servers_dir);
    for (size_t i = 0; i < n; i++)
        printf("%s\n", names[i]);
    return EXIT_OK;
}
