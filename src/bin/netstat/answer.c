#include "netstat.h"

#include <string.h>

#include "base/buf.h"
#include "base/vec.h"
#include "parse/json_read.h"

#define TEXT_MAX (256u * 1024u)

/* The value of the string or number just read; true and false as such. */
static struct str
value_of(struct arena *a, struct json_reader *in, enum json_event event)
{
    struct str text = { 0 };
    struct buf out;

    if (event != JSON_STRING || !in->has_escape)
        return event == JSON_TRUE ? STR("true") : str_dup(a, in->text);
    buf_init(&out, TEXT_MAX);
    if (json_unescape(in->text, &out, NULL) == ERR_OK)
        text = str_dup(a, buf_view(&out));
    buf_fini(&out);
    return text;
}

struct field {
    const char *name;
    size_t text; /* offset of a struct str, or */
    size_t flag; /* of a bool; SIZE_MAX: none */
};

#define TEXT_FIELD(type, name, member)                                         \
    {                                                                          \
        name, offsetof(struct type, member), SIZE_MAX                          \
    }
#define FLAG_FIELD(type, name, member)                                         \
    {                                                                          \
        name, SIZE_MAX, offsetof(struct type, member)                          \
    }

static const struct field row_fields[] = {
    TEXT_FIELD(row, "connId", id),
    TEXT_FIELD(row, "job", job),
    TEXT_FIELD(row, "user", user),
    TEXT_FIELD(row, "local", local),
    TEXT_FIELD(row, "remote", remote),
    TEXT_FIELD(row, "level", level),
    TEXT_FIELD(row, "cipher", cipher),
    TEXT_FIELD(row, "cipherName", cipher_name),
    TEXT_FIELD(row, "keyShare", key_share),
    TEXT_FIELD(row, "certUser", cert_user),
    TEXT_FIELD(row, "rule", rule),
    TEXT_FIELD(row, "group", group),
    TEXT_FIELD(row, "env", env),
    TEXT_FIELD(row, "conn", conn),
    TEXT_FIELD(row, "groupId", group_id),
    TEXT_FIELD(row, "envId", env_id),
    TEXT_FIELD(row, "bytesIn", bytes_in),
    TEXT_FIELD(row, "bytesOut", bytes_out),
    TEXT_FIELD(row, "ruleText", rule_text),
    TEXT_FIELD(row, "groupText", group_text),
    TEXT_FIELD(row, "envText", env_text),
    TEXT_FIELD(row, "connText", conn_text),
    FLAG_FIELD(row, "inbound", is_inbound),
    FLAG_FIELD(row, "policy", has_policy),
    FLAG_FIELD(row, "secondary", is_secondary),
    FLAG_FIELD(row, "fips", is_fips),
};

static const struct field group_fields[] = {
    TEXT_FIELD(group, "name", name),
    TEXT_FIELD(group, "id", id),
    TEXT_FIELD(group, "text", text),
};

static const struct field answer_fields[] = {
    TEXT_FIELD(answer, "stack", stack),
    TEXT_FIELD(answer, "how", how),
    FLAG_FIELD(answer, "ttls", is_ttls),
};

static enum err
take_value(struct arena *a, struct json_reader *in, const struct field *fields,
           size_t n, struct str key, void *out, struct err_info *why)
{
    enum json_event event;
    enum err e;

    for (size_t i = 0; i < n; i++) {
        if (!str_eq_z(key, fields[i].name))
            continue;
        e = json_next(in, &event, why);
        if (e != ERR_OK)
            return e;
        if (event == JSON_OBJECT || event == JSON_ARRAY)
            return err_set(why, ERR_SYNTAX, "\"%s\" is no plain value",
                           fields[i].name);
        if (fields[i].flag != SIZE_MAX)
            *(bool *)((char *)out + fields[i].flag) = event == JSON_TRUE;
        else
            *(struct str *)(void *)((char *)out + fields[i].text) =
                value_of(a, in, event);
        return ERR_OK;
    }
    return json_skip(in, why);
}

/* The members of an object whose start has been read. */
static enum err
read_object(struct arena *a, struct json_reader *in, const struct field *fields,
            size_t n, void *out, struct err_info *why)
{
    enum json_event event;
    enum err e;

    while ((e = json_next(in, &event, why)) == ERR_OK && event == JSON_KEY) {
        e = take_value(a, in, fields, n, in->text, out, why);
        if (e != ERR_OK)
            return e;
    }
    return e;
}

enum list { ROWS, GROUPS, NO_LIST };

static enum err
read_item(struct arena *a, struct json_reader *in, enum list list,
          struct answer *out, struct err_info *why)
{
    struct row row = { 0 };
    struct group group = { 0 };
    bool is_kept = true;
    enum err e = ERR_OK;

    switch (list) {
    case ROWS:
        e = read_object(a, in, row_fields, ARRAY_LEN(row_fields), &row, why);
        is_kept = VEC_PUSH(&out->rows, row);
        break;
    case GROUPS:
        e = read_object(a, in, group_fields, ARRAY_LEN(group_fields), &group,
                        why);
        is_kept = VEC_PUSH(&out->groups, group);
        break;
    case NO_LIST:
        break;
    }
    return e == ERR_OK && !is_kept ? ERR_MEMORY : e;
}

static enum err
read_list(struct arena *a, struct json_reader *in, enum list list,
          struct answer *out, struct err_info *why)
{
    enum json_event event;
    enum err e = json_next(in, &event, why);

    if (e == ERR_OK && event != JSON_ARRAY)
        return err_set(why, ERR_SYNTAX, "a list was expected");
    while (e == ERR_OK && (e = json_next(in, &event, why)) == ERR_OK &&
           event == JSON_OBJECT)
        e = read_item(a, in, list, out, why);
    return e;
}

static enum list
list_of(struct str key)
{
    return str_eq_z(key, "connections") ? ROWS
           : str_eq_z(key, "groups")    ? GROUPS
                                        : NO_LIST;
}

/* A group stays listed while it is current or in use. */
static enum err
count_groups(struct answer *out)
{
    for (size_t i = 0; i < out->rows.n; i++) {
        const struct row *r = &out->rows.v[i];
        size_t at = 0;

        if (!r->has_policy)
            continue;
        while (at < out->groups.n && !str_eq(out->groups.v[at].id, r->group_id))
            at++;
        if (at == out->groups.n &&
            !VEC_PUSH(&out->groups,
                      ((struct group){ .name = r->group, .id = r->group_id })))
            return ERR_MEMORY;
        out->groups.v[at].n_conns++;
    }
    return ERR_OK;
}

enum err
answer_parse(struct arena *a, struct str json, struct answer *out,
             struct err_info *why)
{
    struct json_reader in;
    enum json_event event;
    enum err e;

    memset(out, 0, sizeof *out);
    json_reader_init(&in, json);
    e = json_next(&in, &event, why);
    if (e == ERR_OK && event != JSON_OBJECT)
        e = err_set(why, ERR_SYNTAX, "an object was expected");
    while (e == ERR_OK && (e = json_next(&in, &event, why)) == ERR_OK &&
           event == JSON_KEY) {
        enum list list = list_of(in.text);

        e = list != NO_LIST
                ? read_list(a, &in, list, out, why)
                : take_value(a, &in, answer_fields, ARRAY_LEN(answer_fields),
                             in.text, out, why);
    }
    if (e == ERR_OK)
        e = count_groups(out);
    if (e != ERR_OK)
        answer_fini(out);
    return e;
}

void
answer_fini(struct answer *out)
{
    VEC_FREE(&out->rows);
    VEC_FREE(&out->groups);
}
