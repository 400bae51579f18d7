#include "doctor/racf.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX (4u * 1024u * 1024u)

static void
take_line(void *arg, struct str line)
{
    struct buf *out = arg;

    buf_add(out, line);
    buf_add_char(out, '\n');
}

bool
racf_ask(struct saf_client *saf, struct arena *arena, const char *command,
         struct racf_reply *out)
{
    struct err_info why = { 0 };
    struct str rest, line;
    struct buf text;
    enum err e;

    *out = (struct racf_reply){ .rc = 12 };
    if (saf == NULL)
        return false;
    buf_init(&text, TEXT_MAX);
    e = saf_command(saf, str_of(command), take_line, &text, &out->rc, &why);
    if (e == ERR_OK)
        out->text = str_dup(arena, buf_view(&text));
    buf_fini(&text);
    rest = out->text;
    if (str_line(&rest, &line))
        snprintf(out->first, sizeof out->first, STR_FMT,
                 STR_ARG(str_sub(line, 0, sizeof out->first - 1)));
    return e == ERR_OK && out->text.p != NULL;
}

/* Names come from the configuration: what is none is not found. */
static bool
is_name(const char *name)
{
    struct str text = str_of(name);

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i], low = (char)(c | 0x20);

        if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') &&
            c != '@' && c != '#' && c != '$')
            return false;
    }
    return text.n > 0 && text.n <= 8;
}

/* The next word of a line. */
static bool
next_word(struct str *rest, struct str *word)
{
    *rest = str_trim(*rest);
    if (rest->n == 0)
        return false;
    *word = str_sub(*rest, 0, str_find_char(*rest, ' '));
    *rest = str_sub(*rest, word->n, rest->n);
    return true;
}

static bool
level_of(struct str word, enum saf_level *out)
{
    static const struct {
        const char *name;
        enum saf_level level;
    } levels[] = { { "NONE", SAF_NONE },       { "EXECUTE", SAF_NONE },
                   { "READ", SAF_READ },       { "UPDATE", SAF_UPDATE },
                   { "CONTROL", SAF_CONTROL }, { "ALTER", SAF_ALTER } };

    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        if (str_eq_z(word, levels[i].name)) {
            *out = levels[i].level;
            return true;
        }
    }
    return false;
}

/* The line after "LEVEL  OWNER ..." and its dashes: " 00  OWNER  UACC ...". */
static bool
read_level(struct str *rest, struct racf_profile *out)
{
    struct str line, level, owner, uacc;

    return str_line(rest, &line) && str_line(rest, &line) &&
           next_word(&line, &level) && next_word(&line, &owner) &&
           next_word(&line, &uacc) &&
           str_copy_z(owner, out->owner, sizeof out->owner) &&
           level_of(uacc, &out->uacc);
}

/* Lines "ID  ACCESS ..." after the dashes, up to one of another form. */
static void
read_access(struct str *rest, struct racf_profile *out)
{
    struct str line, id, access;

    (void)str_line(rest, &line);
    while (out->n < RACF_LIST_MAX && str_line(rest, &line)) {
        enum saf_level level;

        if (!next_word(&line, &id) || !next_word(&line, &access) ||
            !level_of(access, &level) ||
            !str_copy_z(id, out->v[out->n].id, sizeof out->v[0].id))
            return;
        out->v[out->n++].level = level;
    }
}

bool
racf_read_profile(struct str rest, struct racf_profile *out)
{
    bool has_level = false, has_access = false;
    struct str line;

    out->n = 0;
    while (str_line(&rest, &line)) {
        struct str words = line, first, second;

        if (!next_word(&words, &first) || !next_word(&words, &second))
            continue;
        if (!has_level && str_eq_z(first, "LEVEL") && str_eq_z(second, "OWNER"))
            has_level = read_level(&rest, out);
        else if (!has_access && str_eq_z(first, "USER") &&
                 str_eq_z(second, "ACCESS")) {
            has_access = true;
            read_access(&rest, out);
        }
    }
    return has_level;
}

static bool
after(struct str line, const char *key, char out[9])
{
    size_t at = str_find(line, str_of(key));
    struct str rest, word;

    if (at == STR_NPOS)
        return false;
    rest = str_sub(line, at + str_of(key).n, line.n);
    return next_word(&rest, &word) && str_copy_z(word, out, 9);
}

bool
racf_read_user(struct str rest, struct racf_user *out)
{
    struct str line;
    bool has_name = false, has_group = false;

    out->n_groups = 0;
    while (str_line(&rest, &line)) {
        if (!has_name && str_starts(line, STR("USER=")))
            has_name = after(line, "USER=", out->name);
        else if (!has_group &&
                 str_find(line, STR("DEFAULT-GROUP=")) != STR_NPOS)
            has_group = after(line, "DEFAULT-GROUP=", out->default_group);
        else if (str_starts(line, STR("  GROUP=")) &&
                 out->n_groups < ARRAY_LEN(out->groups) &&
                 after(line, "  GROUP=", out->groups[out->n_groups]))
            out->n_groups++;
    }
    return has_name && has_group;
}

/* Members stand at column 7 below "USER(S)=", what is said of them further
 * right. */
bool
racf_read_group(struct str rest, struct racf_group *out)
{
    bool is_group = false, in_users = false;
    struct str line;

    out->n_members = 0;
    while (str_line(&rest, &line)) {
        struct str words = line, word;

        if (str_starts(line, STR("INFORMATION FOR GROUP ")))
            is_group = true;
        if (str_find(line, STR("USER(S)=")) != STR_NPOS) {
            in_users = true;
            continue;
        }
        if (line.n == 0 || line.p[0] != ' ')
            in_users = false;
        if (in_users && str_starts(line, STR("      ")) && line.n > 6 &&
            line.p[6] != ' ' && out->n_members < RACF_LIST_MAX &&
            next_word(&words, &word) &&
            str_copy_z(word, out->members[out->n_members], 9))
            out->n_members++;
    }
    return is_group;
}

/* "USER= X" and "GROUP= Y"; =MEMBER is the procedure's name. */
bool
racf_read_started(struct str rest, const char *proc, struct racf_started *out)
{
    struct str line;

    *out = (struct racf_started){ .user = "" };
    while (str_line(&rest, &line)) {
        bool is_user = str_starts(line, STR("USER="));
        struct str value;

        if (!is_user && !str_starts(line, STR("GROUP=")))
            continue;
        value = str_trim(str_sub(line, str_find_char(line, '=') + 1, line.n));
        if (str_eq_z(value, "=MEMBER"))
            value = str_of(proc);
        if (!str_copy_z(value, is_user ? out->user : out->group, 9))
            return false;
    }
    return is_name(out->user) && (out->group[0] == '\0' || is_name(out->group));
}

/* "UID= 0000050001". */
bool
racf_read_id(struct str rest, const char *key, uint32_t *out)
{
    struct str line;
    uint64_t n;

    while (str_line(&rest, &line)) {
        if (!str_starts(line, str_of(key)))
            continue;
        line = str_trim(str_sub(line, strlen(key), line.n));
        if (!str_to_u64(line, &n) || n >= UINT32_MAX)
            return false;
        *out = (uint32_t)n;
        return true;
    }
    return false;
}

/* ---- asking ---- */

static enum racf_answer
ask_for(struct saf_client *saf, struct arena *arena, const char *command,
        struct racf_reply *reply)
{
    if (!racf_ask(saf, arena, command, reply))
        return RACF_REFUSED;
    if (reply->rc == 0)
        return RACF_FOUND;
    return str_find(reply->text, STR("NOT FOUND")) != STR_NPOS ||
                   str_find(reply->text, STR("UNABLE TO LOCATE")) != STR_NPOS
               ? RACF_NOT_FOUND
               : RACF_REFUSED;
}

enum racf_answer
racf_profile_get(struct saf_client *saf, struct arena *arena,
                 const char *class_name, const char *resource,
                 struct racf_profile *out, struct racf_reply *reply)
{
    char command[512];
    enum racf_answer answer;

    snprintf(command, sizeof command, "RLIST %s %s AUTHUSER", class_name,
             resource);
    answer = ask_for(saf, arena, command, reply);
    return answer == RACF_FOUND && !racf_read_profile(reply->text, out)
               ? RACF_REFUSED
               : answer;
}

enum racf_answer
racf_user_get(struct saf_client *saf, struct arena *arena, const char *name,
              struct racf_user *out, struct racf_reply *reply)
{
    char command[64];
    enum racf_answer answer;

    *reply = (struct racf_reply){ 0 };
    if (!is_name(name))
        return RACF_NOT_FOUND;
    snprintf(command, sizeof command, "LISTUSER %s", name);
    answer = ask_for(saf, arena, command, reply);
    return answer == RACF_FOUND && !racf_read_user(reply->text, out)
               ? RACF_REFUSED
               : answer;
}

enum racf_answer
racf_group_get(struct saf_client *saf, struct arena *arena, const char *name,
               struct racf_group *out, struct racf_reply *reply)
{
    char command[64];
    enum racf_answer answer;

    *reply = (struct racf_reply){ 0 };
    if (!is_name(name))
        return RACF_NOT_FOUND;
    snprintf(command, sizeof command, "LISTGRP %s", name);
    answer = ask_for(saf, arena, command, reply);
    return answer == RACF_FOUND && !racf_read_group(reply->text, out)
               ? RACF_REFUSED
               : answer;
}

static const char *
copy_name(struct arena *arena, struct str text)
{
    char name[9];
    const char *copy = "";

    text = str_trim(text);
    if (str_copy_z(text, name, sizeof name) && is_name(name))
        copy = str_z(arena, text);
    return copy == NULL ? "" : copy;
}

const char *
racf_name_of_id(struct saf_client *saf, struct arena *arena,
                const char *class_name, const char *keyword, uint32_t id)
{
    struct racf_reply reply;
    char command[96];
    struct str rest, line;

    snprintf(command, sizeof command, "SEARCH CLASS(%s) %s(%u)", class_name,
             keyword, id);
    if (!racf_ask(saf, arena, command, &reply) || reply.rc != 0)
        return "";
    rest = reply.text;
    if (!str_line(&rest, &line) || str_trim(rest).n > 0)
        return "";
    return copy_name(arena, line);
}

bool
racf_started_get(struct saf_client *saf, struct arena *arena, const char *proc,
                 const char *job, struct racf_started *out)
{
    struct racf_reply reply;
    char command[96];

    if (!is_name(proc) || !is_name(job))
        return false;
    snprintf(command, sizeof command, "RLIST STARTED %s.%s STDATA NORACF", proc,
             job);
    return racf_ask(saf, arena, command, &reply) && reply.rc == 0 &&
           racf_read_started(reply.text, proc, out);
}

bool
racf_id_get(struct saf_client *saf, struct arena *arena, const char *command,
            const char *name, const char *key, uint32_t *out)
{
    struct racf_reply reply;
    char text[96];

    if (!is_name(name))
        return false;
    snprintf(text, sizeof text, "%s %s OMVS NORACF", command, name);
    return racf_ask(saf, arena, text, &reply) && reply.rc == 0 &&
           racf_read_id(reply.text, key, out);
}
