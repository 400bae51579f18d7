/*
 * Which SAF user the server runs as: what its server.env leads to, the
 * procedure that starts it unless told otherwise, or who owns its folder.
 */
#include "doctor/doctor.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/file.h"
#include "doctor/racf.h"

#define MEMBER_MAX (64u * 1024u)

/* The user of the STARTED profile, where server.env names the procedure. */
static const char *
started_user(struct doctor *d)
{
    struct str proc = d->procedure, job = d->job_name, word;
    struct str operands = STR("");
    size_t comma = str_find_char(proc, ',');

    if (proc.n == 0)
        return "";
    if (comma != STR_NPOS)
        operands = str_sub(proc, comma + 1, proc.n);
    proc = str_sub(proc, 0, comma);
    while (operands.n > 0 && str_token(&operands, ',', &word)) {
        if (str_starts_nocase(word, STR("JOBNAME=")))
            job = str_sub(word, 8, word.n);
    }
    return racf_started_user(
        d->saf, d->arena, doctor_text(d, STR_FMT, STR_ARG(proc)),
        doctor_text(d, STR_FMT, STR_ARG(job.n > 0 ? job : proc)));
}

const char *
doctor_owner(struct doctor *d)
{
    struct stat st;

    if (stat(d->server_dir, &st) != 0)
        return "";
    return racf_name_of_id(d->saf, d->arena, "USER", "UID", st.st_uid);
}

/* Does the procedure start this server when nothing else is said? */
static bool
names_server(struct doctor *d, struct str text)
{
    struct str key = str_of(doctor_text(d, "PARMS='%s", d->server_name));
    size_t at = str_find(text, key);

    while (at != STR_NPOS) {
        struct str rest = str_sub(text, at + key.n, text.n);

        if (rest.n > 0 && (rest.p[0] == '\'' || rest.p[0] == ' '))
            return true;
        text = rest;
        at = str_find(text, key);
    }
    return false;
}

/* The user of the first procedure that names the server as its default. */
static const char *
procedure_user(struct doctor *d)
{
    char *folder = root_path(d->arena, "datasets/SYS1.PROCLIB");
    DIR *dir = folder == NULL ? NULL : opendir(folder);
    const char *user = "";
    struct dirent *entry;

    while (dir != NULL && user[0] == '\0' && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        struct buf text;

        if (name[0] == '.')
            continue;
        buf_init(&text, MEMBER_MAX);
        if (file_read(doctor_text(d, "%s/%s", folder, name), &text, NULL) ==
                ERR_OK &&
            names_server(d, buf_view(&text)))
            user = racf_started_user(d->saf, d->arena, name, name);
        buf_fini(&text);
    }
    if (dir != NULL)
        closedir(dir);
    return user;
}

void
doctor_find_user(struct doctor *d)
{
    if (d->saf == NULL || d->user[0] != '\0')
        return;
    d->user = started_user(d);
    if (d->user[0] == '\0')
        d->user = procedure_user(d);
    if (d->user[0] == '\0')
        d->user = doctor_owner(d);
    if (d->user[0] == '\0' && root_is_private() && saf_self(d->saf) != NULL)
        d->user = doctor_text(d, "%s", saf_self(d->saf)->user);
}
