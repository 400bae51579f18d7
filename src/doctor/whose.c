/*
 * Which SAF user a server runs as: what its server.env leads to, the procedure
 * that starts it unless told otherwise, or who owns its folder.
 */
#include "doctor/whose.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "doctor/racf.h"

#define MEMBER_MAX (64u * 1024u)
#define STANDARD_PROC "BAQSTRT"

static const struct whose nobody = { "", "", "" };

static const char *
text_z(struct arena *arena, struct str text)
{
    const char *z = str_z(arena, text);

    return z == NULL ? "" : z;
}

/* Of class STARTED for proc.job. */
static struct whose
of_started(struct saf_client *saf, struct arena *arena, const char *proc,
           const char *job)
{
    struct racf_started found;
    struct whose w;

    if (!racf_started_get(saf, arena, proc, job, &found))
        return nobody;
    w.user = text_z(arena, str_of(found.user));
    w.group = text_z(arena, str_of(found.group));
    w.from = str_fmt(arena, "class STARTED for %s.%s", proc, job).p;
    return w.from == NULL ? nobody : w;
}

/* The STARTED profile, where server.env names the procedure. */
static struct whose
of_server_env(struct saf_client *saf, struct arena *arena,
              const struct whose_server *s)
{
    struct str proc = s->procedure, job = s->job_name, word;
    struct str operands = STR("");
    size_t comma = str_find_char(proc, ',');

    if (proc.n == 0)
        return nobody;
    if (comma != STR_NPOS)
        operands = str_sub(proc, comma + 1, proc.n);
    proc = str_sub(proc, 0, comma);
    while (operands.n > 0 && str_token(&operands, ',', &word)) {
        if (str_starts_nocase(word, STR("JOBNAME=")))
            job = str_sub(word, 8, word.n);
    }
    return of_started(saf, arena, text_z(arena, proc),
                      text_z(arena, job.n > 0 ? job : proc));
}

const char *
whose_owner(struct saf_client *saf, struct arena *arena, const char *folder)
{
    struct stat st;

    if (stat(folder, &st) != 0 || st.st_uid == 0)
        return "";
    return racf_name_of_id(saf, arena, "USER", "UID", st.st_uid);
}

/* Does the procedure start this server when nothing else is said? */
static bool
names_server(struct arena *arena, const char *server, struct str text)
{
    struct str key = str_fmt(arena, "PARMS='%s", server);
    size_t at = key.p == NULL ? STR_NPOS : str_find(text, key);

    while (at != STR_NPOS) {
        struct str rest = str_sub(text, at + key.n, text.n);

        if (rest.n > 0 && (rest.p[0] == '\'' || rest.p[0] == ' '))
            return true;
        text = rest;
        at = str_find(text, key);
    }
    return false;
}

static bool
member_names(struct arena *arena, const char *folder, const char *member,
             const char *server)
{
    struct str path = str_fmt(arena, "%s/%s", folder, member);
    struct buf text;
    bool names;

    buf_init(&text, MEMBER_MAX);
    names = path.p != NULL && file_read(path.p, &text, NULL) == ERR_OK &&
            names_server(arena, server, buf_view(&text));
    buf_fini(&text);
    return names;
}

/* Of the procedure that names the server as its default; of several the first
 * by name, whatever order the folder has. */
static struct whose
of_procedure(struct saf_client *saf, struct arena *arena, const char *server)
{
    char *folder = root_path(arena, "datasets/SYS1.PROCLIB");
    DIR *dir = folder == NULL ? NULL : opendir(folder);
    char first[9] = "";
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;

        if (name[0] == '.' || strlen(name) > 8 ||
            (first[0] != '\0' && strcmp(name, first) > 0) ||
            !member_names(arena, folder, name, server))
            continue;
        memcpy(first, name, strlen(name) + 1);
    }
    if (dir != NULL)
        closedir(dir);
    return first[0] == '\0' ? nobody : of_started(saf, arena, first, first);
}

struct whose
whose_runs(struct saf_client *saf, struct arena *arena,
           const struct whose_server *s)
{
    struct whose w = of_server_env(saf, arena, s);

    if (w.user[0] == '\0')
        w = of_procedure(saf, arena, s->name);
    if (w.user[0] == '\0') {
        w = nobody;
        w.user = whose_owner(saf, arena, s->folder);
        w.from = "the owner of the server's folder";
    }
    if (w.user[0] == '\0')
        w = of_started(saf, arena, STANDARD_PROC, STANDARD_PROC);
    return w;
}

bool
whose_ids_get(struct saf_client *saf, struct arena *arena,
              const struct whose *w, struct whose_ids *out,
              struct err_info *why)
{
    const char *group = w->group;
    struct racf_user *user = ARENA_NEW(arena, struct racf_user);
    struct racf_reply reply;

    if (user == NULL)
        return err_set(why, ERR_MEMORY, "no storage") == ERR_OK;
    if (racf_user_get(saf, arena, w->user, user, &reply) != RACF_FOUND)
        return err_set(why, ERR_NOT_FOUND, "user %s: %s", w->user,
                       reply.first[0] != '\0' ? reply.first : "not found") ==
               ERR_OK;
    if (!racf_id_get(saf, arena, "LISTUSER", w->user, "UID=", &out->uid) ||
        out->uid == 0)
        return err_set(why, ERR_NOT_FOUND, "user %s has no OMVS UID of its own",
                       w->user) == ERR_OK;
    if (group[0] == '\0')
        group = user->default_group;
    /* As START does it: a group without a GID leaves the user's own number. */
    if (!racf_id_get(saf, arena, "LISTGRP", group, "GID=", &out->gid) ||
        out->gid == 0)
        out->gid = out->uid;
    return true;
}
