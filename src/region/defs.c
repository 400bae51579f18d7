#include "region/defs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/reader.h"
#include "region/attrs.h"

#define DEFS_ARENA_MAX (8u * 1024u * 1024u)
#define DEFS_COUNT_MAX 4096u

/* --- life -----------------------------------------------------------------*/

enum err
defs_init(struct region_defs *defs, struct str applid, struct err_info *why)
{
    enum err e;

    *defs = (struct region_defs){ 0 };
    arena_init(&defs->arena, DEFS_ARENA_MAX);
    e = attr_set(&defs->arena, &region_sit_attrs[0], (char *)&defs->sit, applid,
                 why);
    if (e == ERR_OK)
        e = attr_set_defaults(&defs->arena, region_sit_attrs,
                              region_n_sit_attrs, (char *)&defs->sit, why);
    if (e != ERR_OK)
        defs_fini(defs);
    return e;
}

void
defs_fini(struct region_defs *defs)
{
    free(defs->ipconns);
    free(defs->services);
    free(defs->programs);
    free(defs->transactions);
    free(defs->files);
    arena_fini(&defs->arena);
    *defs = (struct region_defs){ 0 };
}

/* --- reading --------------------------------------------------------------*/

struct input {
    struct region_defs *defs;
    const char *name;
    struct reader in;
};

/* Put "<name>:<line>:<column>: " before the reason. */
static enum err
fail_at(struct input *input, size_t at, enum err e, struct err_info *why)
{
    uint32_t line, column;

    if (why == NULL)
        return e;
    reader_line_column(input->in.in, at, &line, &column);
    why->at = at;
    why->line = line;
    why->column = column;
    err_prefix(why, "%s:%u:%u", input->name, line, column);
    return e;
}

/* Blanks, line ends, and lines whose first byte is "*". */
static void
skip_comments(struct reader *in)
{
    for (;;) {
        bool at_start = in->pos == 0 || in->in.p[in->pos - 1] == '\n';

        if (at_start && reader_peek(in) == '*' && !reader_at_end(in)) {
            while (!reader_at_end(in) && reader_peek(in) != '\n')
                in->pos++;
        } else if (!reader_at_end(in) && strchr(" \t\r\n", reader_peek(in)) &&
                   reader_peek(in) != '\0') {
            in->pos++;
        } else {
            return;
        }
    }
}

static bool
is_word_byte(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '@' || c == '#' || c == '$';
}

/* word [ "(" text ")" ] ; text may hold balanced parentheses */
static enum err
read_word(struct input *input, struct str *word, struct str *value,
          bool *has_value, struct err_info *why)
{
    struct reader *in = &input->in;
    size_t at = in->pos, from, depth = 1;

    *word = reader_span(in, is_word_byte);
    if (word->n == 0) {
        err_set(why, ERR_SYNTAX, "expected a keyword, found \"%c\"",
                reader_peek(in) >= ' ' && reader_peek(in) <= '~'
                    ? reader_peek(in)
                    : '?');
        return fail_at(input, at, ERR_SYNTAX, why);
    }
    *has_value = reader_accept(in, '(');
    if (!*has_value)
        return ERR_OK;
    from = in->pos;
    while (!reader_at_end(in)) {
        char c = reader_peek(in);

        if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            break;
        in->pos++;
    }
    if (reader_at_end(in)) {
        err_set(why, ERR_SYNTAX, STR_FMT "( has no closing parenthesis",
                STR_ARG(str_sub(*word, 0, 32)));
        return fail_at(input, at, ERR_SYNTAX, why);
    }
    *value = str_trim(str_sub(in->in, from, in->pos));
    in->pos++;
    return ERR_OK;
}

static bool
is_command(struct str word)
{
    return str_eq_nocase_z(word, "DEFINE") || str_eq_nocase_z(word, "ADD");
}

static enum err
list_add(struct region_defs *defs, const struct kind *kind, void *def)
{
    size_t *count = (size_t *)(void *)((char *)defs + kind->count);
    void ***list = (void ***)(void *)((char *)defs + kind->list);
    void **more;

    if (*count >= DEFS_COUNT_MAX)
        return ERR_LIMIT;
    more = realloc(*list, (*count + 1) * sizeof *more);
    if (more == NULL)
        return ERR_MEMORY;
    *list = more;
    more[(*count)++] = def;
    return ERR_OK;
}

static void *
list_find(const struct region_defs *defs, const struct kind *kind,
          struct str name)
{
    size_t count =
        *(const size_t *)(const void *)((const char *)defs + kind->count);
    void **list =
        *(void ***)(void *)(uintptr_t)((const char *)defs + kind->list);

    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(((struct def_head *)list[i])->name, name))
            return list[i];
    return NULL;
}

static enum err
read_attributes(struct input *input, const struct kind *kind, char *def,
                struct err_info *why)
{
    struct arena *arena = &input->defs->arena;
    uint64_t seen = 0;

    for (;;) {
        struct str word, value = STR("");
        const struct attr *a;
        size_t at;
        bool has_value;
        enum err e;

        skip_comments(&input->in);
        at = input->in.pos;
        if (reader_at_end(&input->in))
            return ERR_OK;
        e = read_word(input, &word, &value, &has_value, why);
        if (e != ERR_OK)
            return e;
        if (!has_value && is_command(word)) {
            input->in.pos = at; /* the next command begins */
            return ERR_OK;
        }
        if (str_eq_nocase_z(word, "GROUP")) {
            ((struct def_head *)(void *)def)->group = str_upper(arena, value);
            continue;
        }
        if (str_eq_nocase_z(word, "DESCRIPTION"))
            continue;
        a = attr_find(kind->attrs, kind->n_attrs, word);
        if (a == NULL || !has_value) {
            err_set(why, ERR_SYNTAX, "%s: \"" STR_FMT "\" %s", kind->name,
                    STR_ARG(str_sub(word, 0, 32)),
                    a == NULL ? "is not an attribute" : "needs a value");
            return fail_at(input, at, ERR_SYNTAX, why);
        }
        if ((seen & (UINT64_C(1) << (a - kind->attrs))) != 0) {
            err_set(why, ERR_EXISTS, "%s: %s is given twice", kind->name,
                    a->name);
            return fail_at(input, at, ERR_EXISTS, why);
        }
        seen |= UINT64_C(1) << (a - kind->attrs);
        if ((e = attr_set(arena, a, def, value, why)) != ERR_OK)
            return fail_at(input, at, e, why);
    }
}

static enum err
read_define(struct input *input, size_t command_at, struct err_info *why)
{
    const struct kind *kind = NULL;
    struct str word, value = STR("");
    bool has_value = false;
    struct def_head *head;
    uint32_t column;
    size_t at;
    enum err e;

    skip_comments(&input->in);
    at = input->in.pos;
    if ((e = read_word(input, &word, &value, &has_value, why)) != ERR_OK)
        return e;
    for (size_t i = 0; i < ARRAY_LEN(region_kinds); i++)
        if (str_eq_nocase_z(word, region_kinds[i].name))
            kind = &region_kinds[i];
    value = str_upper(&input->defs->arena, value);
    if (kind == NULL || !has_value || !attr_is_name(value, kind->name_max)) {
        err_set(why, ERR_SYNTAX,
                "DEFINE " STR_FMT "(" STR_FMT "), expected IPCONN, "
                "TCPIPSERVICE, PROGRAM, TRANSACTION or FILE with a name",
                STR_ARG(str_sub(word, 0, 32)), STR_ARG(str_sub(value, 0, 32)));
        return fail_at(input, at, ERR_SYNTAX, why);
    }
    if (list_find(input->defs, kind, value) != NULL) {
        err_set(why, ERR_EXISTS, "%s(" STR_FMT ") is defined twice", kind->name,
                STR_ARG(value));
        return fail_at(input, at, ERR_EXISTS, why);
    }
    head = arena_zalloc(&input->defs->arena, kind->size);
    if (head == NULL) {
        err_set(why, ERR_LIMIT, "too many definitions");
        return fail_at(input, at, ERR_LIMIT, why);
    }
    head->name = value;
    head->file = input->name;
    reader_line_column(input->in.in, command_at, &head->line, &column);
    e = attr_set_defaults(&input->defs->arena, kind->attrs, kind->n_attrs,
                          (char *)head, why);
    if (e == ERR_OK)
        e = read_attributes(input, kind, (char *)head, why);
    return e == ERR_OK ? list_add(input->defs, kind, head) : e;
}

/* ADD GROUP(g) LIST(l): checked; every group of the folder is installed. */
static enum err
read_add(struct input *input, struct err_info *why)
{
    size_t at = input->in.pos;
    struct str group = { 0 }, list = { 0 };

    for (int i = 0; i < 2; i++) {
        struct str word, value = STR("");
        bool has_value = false;
        enum err e;

        skip_comments(&input->in);
        e = read_word(input, &word, &value, &has_value, why);
        if (e != ERR_OK)
            return e;
        if (has_value && str_eq_nocase_z(word, "GROUP"))
            group = str_upper(&input->defs->arena, value);
        else if (has_value && str_eq_nocase_z(word, "LIST"))
            list = str_upper(&input->defs->arena, value);
    }
    if (!attr_is_name(group, 8) || !attr_is_name(list, 8)) {
        err_set(why, ERR_SYNTAX, "ADD, expected GROUP(name) LIST(name)");
        return fail_at(input, at, ERR_SYNTAX, why);
    }
    return ERR_OK;
}

enum err
defs_read_csd(struct region_defs *defs, const char *name, struct str text,
              struct err_info *why)
{
    struct input input = { .defs = defs };

    input.name = str_z(&defs->arena, str_of(name));
    if (input.name == NULL)
        return err_set(why, ERR_MEMORY, "no storage for definitions");
    input.in = reader_of(text);
    for (;;) {
        struct str word, value;
        bool has_value = false;
        size_t at;
        enum err e;

        skip_comments(&input.in);
        at = input.in.pos;
        if (reader_at_end(&input.in))
            return ERR_OK;
        e = read_word(&input, &word, &value, &has_value, why);
        if (e == ERR_OK && (has_value || !is_command(word))) {
            err_set(why, ERR_SYNTAX,
                    "expected DEFINE or ADD, found \"" STR_FMT "\"",
                    STR_ARG(str_sub(word, 0, 32)));
            e = fail_at(&input, at, ERR_SYNTAX, why);
        } else if (e == ERR_OK) {
            e = str_eq_nocase_z(word, "DEFINE") ? read_define(&input, at, why)
                                                : read_add(&input, why);
        }
        if (e != ERR_OK)
            return e;
    }
}

/* keyword "=" value, where a value may stand in parentheses */
static enum err
read_parameter(struct input *input, struct str item, size_t at,
               struct err_info *why)
{
    size_t equals = str_find_char(item, '=');
    struct str name = str_trim(str_sub(item, 0, equals));
    struct str value = { 0 };
    const struct attr *a;
    enum err e;

    if (equals == STR_NPOS) {
        err_set(why, ERR_SYNTAX, "\"" STR_FMT "\", expected KEYWORD=value",
                STR_ARG(str_sub(item, 0, 64)));
        return fail_at(input, at, ERR_SYNTAX, why);
    }
    value = str_trim(str_sub(item, equals + 1, item.n));
    if (value.n >= 2 && value.p[0] == '(' && value.p[value.n - 1] == ')')
        value = str_trim(str_sub(value, 1, value.n - 1));
    a = attr_find(region_sit_attrs, region_n_sit_attrs, name);
    if (a == NULL) {
        err_set(why, ERR_SYNTAX,
                "\"" STR_FMT "\" is not a system initialization parameter",
                STR_ARG(str_sub(name, 0, 32)));
        return fail_at(input, at, ERR_SYNTAX, why);
    }
    if (strcmp(a->name, "APPLID") == 0 &&
        !str_eq_nocase(value, input->defs->sit.applid)) {
        err_set(why, ERR_RANGE,
                "APPLID=" STR_FMT " in the folder of region " STR_FMT,
                STR_ARG(str_sub(value, 0, 32)),
                STR_ARG(input->defs->sit.applid));
        return fail_at(input, at, ERR_RANGE, why);
    }
    e = attr_set(&input->defs->arena, a, (char *)&input->defs->sit, value, why);
    return e == ERR_OK ? ERR_OK : fail_at(input, at, e, why);
}

/* The item up to a comma or line end outside parentheses. */
static struct str
read_item(struct reader *in)
{
    size_t from = in->pos, depth = 0;

    for (; !reader_at_end(in); in->pos++) {
        char c = reader_peek(in);

        if (c == '(')
            depth++;
        else if (c == ')' && depth > 0)
            depth--;
        else if (c == '\n' || (c == ',' && depth == 0))
            break;
    }
    return str_trim(str_sub(in->in, from, in->pos));
}

enum err
defs_read_sit(struct region_defs *defs, const char *name, struct str text,
              struct err_info *why)
{
    struct input input = { .defs = defs, .name = name };

    input.in = reader_of(text);
    for (;;) {
        struct str item;
        size_t at;
        enum err e;

        skip_comments(&input.in);
        if (reader_accept(&input.in, ','))
            continue;
        if (reader_at_end(&input.in))
            return ERR_OK;
        at = input.in.pos;
        item = read_item(&input.in);
        if (str_eq_nocase_z(item, ".END"))
            return ERR_OK;
        if ((e = read_parameter(&input, item, at, why)) != ERR_OK)
            return e;
    }
}

/* --- rules across definitions ---------------------------------------------*/

static enum err
rule(const struct def_head *head, struct err_info *why, const char *text)
{
    return err_set(why, ERR_RANGE, "%s:%u: " STR_FMT ": %s", head->file,
                   head->line, STR_ARG(head->name), text);
}

static enum err
finish_ipconn(struct region_defs *defs, struct ipconn *conn,
              struct err_info *why)
{
    if (conn->applid.n == 0)
        conn->applid = conn->head.name;
    if (conn->networkid.n == 0)
        conn->networkid = defs->sit.networkid;
    if (conn->tcpipservice.n > 0 &&
        defs_service(defs, conn->tcpipservice) == NULL)
        return rule(&conn->head, why, "its TCPIPSERVICE is not defined");
    if (conn->link_auth == LINKAUTH_CERTUSER && conn->securityname.n > 0)
        return rule(&conn->head, why,
                    "SECURITYNAME has no meaning with LINKAUTH(CERTUSER)");
    for (size_t i = 0; i < defs->n_ipconns; i++)
        if (defs->ipconns[i] != conn &&
            str_eq(defs->ipconns[i]->applid, conn->applid) &&
            str_eq(defs->ipconns[i]->networkid, conn->networkid))
            return rule(&conn->head, why,
                        "APPLID and NETWORKID are those of another IPCONN");
    return ERR_OK;
}

static enum err
finish_service(struct region_defs *defs, struct tcpipservice *service,
               struct err_info *why)
{
    if (service->port == 0)
        return rule(&service->head, why, "needs a PORTNUMBER");
    for (size_t i = 0; i < defs->n_services; i++)
        if (defs->services[i] != service &&
            defs->services[i]->port == service->port)
            return rule(&service->head, why,
                        "its PORTNUMBER is that of another TCPIPSERVICE");
    return ERR_OK;
}

static enum err
finish_file(struct file_def *file, struct err_info *why)
{
    if (file->dsname.n == 0)
        file->dsname = file->head.name;
    if (file->record_size == 0)
        return rule(&file->head, why, "needs a RECORDSIZE");
    if (file->type != FILE_KSDS)
        return rule(&file->head, why, "only TYPE(KSDS) is available");
    if (file->key_length == 0 ||
        file->key_offset + file->key_length > file->record_size)
        return rule(&file->head, why,
                    "its key (KEYOFFSET, KEYLENGTH) is not inside RECORDSIZE");
    return ERR_OK;
}

enum err
defs_finish(struct region_defs *defs, struct err_info *why)
{
    enum err e = ERR_OK;

    if (str_eq_z(defs->sit.xtran, "YES"))
        defs->sit.xtran = STR("TCICSTRN");
    else if (str_eq_z(defs->sit.xtran, "NO"))
        defs->sit.xtran = STR("");
    if (defs->sit.rpl.n == 0)
        defs->sit.rpl = str_fmt(&defs->arena, STR_FMT ".LOADLIB",
                                STR_ARG(defs->sit.applid));
    for (size_t i = 0; e == ERR_OK && i < defs->n_ipconns; i++)
        e = finish_ipconn(defs, defs->ipconns[i], why);
    for (size_t i = 0; e == ERR_OK && i < defs->n_services; i++)
        e = finish_service(defs, defs->services[i], why);
    for (size_t i = 0; e == ERR_OK && i < defs->n_files; i++)
        e = finish_file(defs->files[i], why);
    return e;
}

/* --- from the image -------------------------------------------------------*/

static int
is_csd(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           str_ends(str_of(entry->d_name), STR(".csd"));
}

static enum err
read_one(struct region_defs *defs, const char *dir, const char *name,
         struct buf *text, struct err_info *why)
{
    char *path = path_join(&defs->arena, str_of(dir), str_of(name));
    enum err e;

    if (path == NULL)
        return err_set(why, ERR_MEMORY, "no storage for definitions");
    buf_clear(text);
    e = file_read(path, text, why);
    if (e != ERR_OK)
        return e;
    return strcmp(name, "sit") == 0
               ? defs_read_sit(defs, name, buf_view(text), why)
               : defs_read_csd(defs, name, buf_view(text), why);
}

enum err
defs_load(struct region_defs *defs, struct str applid, struct err_info *why)
{
    enum err e = defs_init(defs, applid, why);
    struct dirent **entries = NULL;
    struct buf text;
    char *dir;
    int n;

    if (e != ERR_OK)
        return e;
    dir =
        root_path(&defs->arena, "regions/" STR_FMT, STR_ARG(defs->sit.applid));
    buf_init(&text, DEFS_TEXT_MAX);
    n = dir == NULL ? -1 : scandir(dir, &entries, is_csd, alphasort);
    if (n < 0) {
        e = err_sys(why, "definitions of region " STR_FMT " in %s",
                    STR_ARG(defs->sit.applid), dir == NULL ? "?" : dir);
        goto out;
    }
    e = read_one(defs, dir, "sit", &text, why);
    if (e == ERR_NOT_FOUND)
        e = ERR_OK; /* all defaults */
    for (int i = 0; e == ERR_OK && i < n; i++)
        e = read_one(defs, dir, entries[i]->d_name, &text, why);
    if (e == ERR_OK)
        e = defs_finish(defs, why);
out:
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    buf_fini(&text);
    if (e != ERR_OK)
        defs_fini(defs);
    return e;
}

const struct ipconn *
defs_ipconn(const struct region_defs *defs, struct str applid,
            struct str networkid)
{
    for (size_t i = 0; i < defs->n_ipconns; i++)
        if (str_eq_nocase(defs->ipconns[i]->applid, applid) &&
            str_eq_nocase(defs->ipconns[i]->networkid, networkid))
            return defs->ipconns[i];
    return NULL;
}

const struct tcpipservice *
defs_service(const struct region_defs *defs, struct str name)
{
    return list_find(defs, &region_kinds[KIND_SERVICE], name);
}

const struct program_def *
defs_program(const struct region_defs *defs, struct str name)
{
    return list_find(defs, &region_kinds[KIND_PROGRAM], name);
}

const struct transaction_def *
defs_transaction(const struct region_defs *defs, struct str name)
{
    return list_find(defs, &region_kinds[KIND_TRANSACTION], name);
}

const struct file_def *
defs_file(const struct region_defs *defs, struct str name)
{
    return list_find(defs, &region_kinds[KIND_FILE], name);
}
