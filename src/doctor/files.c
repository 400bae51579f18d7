/*
 * Owner, group and mode of every file of the server: folders 750, files 640,
 * all of one owner and one group, as `server create` makes them.
 */
#include "doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "doctor/whose.h"

#define DEPTH_MAX 32u
#define ENV_BYTES_MAX (1024u * 1024u)
#define SKIP_UMASK "WLP_SKIP_UMASK"
#define TOO_MUCH 0027u /* the group writes; others do anything */

struct walk {
    struct doctor *d;
    uid_t uid;
    gid_t gid;
};

static void
check_mode(struct doctor *d, const char *path, const struct stat *st)
{
    unsigned mode = st->st_mode & 07777u;
    const char *want = S_ISDIR(st->st_mode) ? "750" : "640";
    const char *fix =
        doctor_text(d, "chmod g-w,o-rwx %s", doctor_quote(d, path));

    if (S_ISDIR(st->st_mode) && (mode & S_ISVTX) != 0 && (mode & TOO_MUCH) == 0)
        return;
    if ((mode & 0022u) != 0)
        doctor_find(d, RULE_FILE_WRITABLE, path, 0, fix,
                    "mode is %04o, so %s may write; expected at most %s", mode,
                    (mode & 0002u) != 0 ? "everybody" : "the group", want);
    else if ((mode & TOO_MUCH) != 0)
        doctor_find(d, RULE_FILE_MODE, path, 0, fix,
                    "mode is %04o; expected at most %s", mode, want);
}

static void
check_owner(const struct walk *w, const char *path, const struct stat *st)
{
    if (st->st_uid == w->uid && st->st_gid == w->gid)
        return;
    doctor_find(w->d, RULE_FILE_OWNER, path, 0,
                doctor_text(w->d, "chown %u:%u %s", (unsigned)w->uid,
                            (unsigned)w->gid, doctor_quote(w->d, path)),
                "owner and group are %u:%u; the server's folder has %u:%u",
                (unsigned)st->st_uid, (unsigned)st->st_gid, (unsigned)w->uid,
                (unsigned)w->gid);
}

static void
not_looked_at(struct doctor *d, const char *path)
{
    const char *reason = strerror(errno);

    doctor_find(d, RULE_NOT_CHECKED, path, 0,
                doctor_text(d, "sudo sallyport doctor %s", d->server_name),
                "cannot be looked at: %s", reason);
}

static void walk_folder(const struct walk *, const char *path, unsigned depth);

static void
look_at(const struct walk *w, const char *path, unsigned depth)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        if (errno != ENOENT) /* gone meanwhile: the server runs */
            not_looked_at(w->d, path);
        return;
    }
    if (S_ISLNK(st.st_mode))
        return; /* has no mode; its target counts where it is */
    check_mode(w->d, path, &st);
    check_owner(w, path, &st);
    if (S_ISDIR(st.st_mode))
        walk_folder(w, path, depth + 1);
}

static void
walk_folder(const struct walk *w, const char *path, unsigned depth)
{
    struct dirent *entry;
    DIR *dir;

    if (depth > DEPTH_MAX)
        return;
    dir = opendir(path);
    if (dir == NULL) {
        not_looked_at(w->d, path);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            look_at(w, doctor_text(w->d, "%s/%s", path, entry->d_name), depth);
    }
    closedir(dir);
}

/* The line of the file that sets that variable; 0 when none does. */
static uint32_t
line_that_sets(const char *path, const char *name)
{
    struct str rest, line;
    uint32_t found = 0, n = 0;
    struct buf text;

    buf_init(&text, ENV_BYTES_MAX);
    if (file_read(path, &text, NULL) == ERR_OK) {
        rest = buf_view(&text);
        while (str_line(&rest, &line)) {
            n++;
            if (str_eq_z(str_trim(str_sub(line, 0, str_find_char(line, '='))),
                         name))
                found = n;
        }
    }
    buf_fini(&text);
    return found;
}

static void
check_umask(struct doctor *d)
{
    const char *files[] = {
        doctor_text(d, "%s/server.env", d->server_dir),
        doctor_text(d, STR_FMT "/shared/server.env",
                    STR_ARG(d->options.user_dir)),
        doctor_text(d, STR_FMT "/etc/server.env",
                    STR_ARG(d->options.install_dir)),
    };
    const char *where = files[0], *fix;
    uint32_t line = 0;

    if ((d->umask & 0027u) == 0027u || (d->umask & 0007u) == 0007u)
        return;
    for (size_t i = 0; i < ARRAY_LEN(files) && line == 0; i++) {
        line = line_that_sets(files[i], SKIP_UMASK);
        where = line > 0 ? files[i] : where;
    }
    if (line > 0)
        fix = doctor_text(d, "sed -i '/^ *" SKIP_UMASK "/d' %s",
                          doctor_quote(d, where));
    else
        fix = "unset " SKIP_UMASK "; umask 027   # of who starts it, and "
              "in STDENV of its procedure";
    doctor_find(d, RULE_UMASK, where, line, fix,
                "the server would run with umask %04o; expected 0027%s",
                d->umask & 0777u, line > 0 ? ": " SKIP_UMASK " is set" : "");
}

/* Who runs the server must own what it writes; with one Linux user for all
 * users of the system there is nothing to compare. */
static void
check_runner(struct doctor *d, const struct stat *st)
{
    const struct whose runner = { d->user, "", "" };
    struct whose_ids ids;
    struct err_info why;

    if (d->saf == NULL || d->user[0] == '\0' || root_is_private() ||
        !whose_ids_get(d->saf, d->arena, &runner, &ids, &why) ||
        ids.uid == st->st_uid)
        return;
    doctor_find(d, RULE_FILE_OWNER, d->server_dir, 0,
                doctor_text(d, "chown -R %u:%u %s", (unsigned)ids.uid,
                            (unsigned)st->st_gid,
                            doctor_quote(d, d->server_dir)),
                "the owner is UID %u; the server runs as %s, UID %u",
                (unsigned)st->st_uid, d->user, (unsigned)ids.uid);
}

void
doctor_check_files(struct doctor *d)
{
    struct walk w = { .d = d };
    struct stat st;
    size_t n = strlen(d->server_dir);

    check_umask(d);
    if (stat(d->server_dir, &st) != 0) {
        not_looked_at(d, d->server_dir);
        return;
    }
    w.uid = st.st_uid;
    w.gid = st.st_gid;
    check_runner(d, &st);
    look_at(&w, d->server_dir, 0);
    if (strncmp(d->output_dir, d->server_dir, n) != 0 ||
        (d->output_dir[n] != '/' && d->output_dir[n] != '\0'))
        look_at(&w, d->output_dir, 0);
}
