#include "region/defs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/reader.h"

#define DEFS_ARENA_MAX (8u * 1024u * 1024u)
#define DEFS_COUNT_MAX 4096u

/* How an attribute's text becomes its field. */
enum form {
    NAME1_4, /* names: letters, digits, @ # $ */
    NAME1_8,
    TEXT,   /* anything, up to `max` bytes */
    NUMBER, /* min..max */
    BOOL,   /* words[0] = false, words[1] = true */
    WORD,   /* index in words */
};

struct attr {
    const char *name;
    enum form form;
    size_t offset;
    const char *def; /* default text; NULL: the field stays empty */
    uint32_t min, max;
    const char *words[5];
    uint32_t special; /* value of words[0] for NUMBER ("NO", "SYSTEM") */
};

/* A kind of definition. */
struct kind {
    const char *name;
    size_t size;
    size_t list, count; /* in struct region_defs */
    uint32_t name_max;
    const struct attr *attrs;
    size_t n_attrs;
};

#define IGNORED ((size_t)-1) /* accepted, without effect here */

/* clang-format off */
#define A(type, field) offsetof(struct type, field)
#define NO_YES { "NO", "YES" }
static const struct attr ipconn_attrs[] = {
    { "APPLID", NAME1_8, A(ipconn, applid), NULL, 0, 0, {0}, 0 },
    { "NETWORKID", NAME1_8, A(ipconn, networkid), NULL, 0, 0, {0}, 0 },
    { "HOST", TEXT, A(ipconn, host), NULL, 0, 116, {0}, 0 },
    { "PORT", NUMBER, IGNORED, "NO", 1, 65535, { "NO" }, 0 },
    { "TCPIPSERVICE", NAME1_8, A(ipconn, tcpipservice), NULL, 0, 0, {0}, 0 },
    { "RECEIVECOUNT", NUMBER, A(ipconn, receive_count), "1", 1, 999, {0}, 0 },
    { "SENDCOUNT", NUMBER, A(ipconn, send_count), "0", 0, 999, {0}, 0 },
    { "QUEUELIMIT", NUMBER, IGNORED, "NO", 0, 9999, { "NO" }, 0 },
    { "MAXQTIME", NUMBER, IGNORED, "NO", 0, 9999, { "NO" }, 0 },
    { "MIRRORLIFE", WORD, IGNORED, "REQUEST", 0, 0,
      { "REQUEST", "TASK", "UOW" }, 0 },
    { "AUTOCONNECT", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "INSERVICE", BOOL, A(ipconn, is_in_service), "YES", 0, 0, NO_YES, 0 },
    { "HA", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "SSL", BOOL, A(ipconn, ssl), "NO", 0, 0, NO_YES, 0 },
    { "CERTIFICATE", TEXT, IGNORED, NULL, 0, 56, {0}, 0 },
    { "CIPHERS", TEXT, IGNORED, NULL, 0, 256, {0}, 0 },
    { "LINKAUTH", WORD, A(ipconn, link_auth), "SECUSER", 0, 0,
      { "SECUSER", "CERTUSER" }, 0 },
    { "SECURITYNAME", NAME1_8, A(ipconn, securityname), NULL, 0, 0, {0}, 0 },
    { "USERAUTH", WORD, A(ipconn, user_auth), "LOCAL", 0, 0,
      { "LOCAL", "DEFAULTUSER", "IDENTIFY", "VERIFY" }, 0 },
    { "IDPROP", WORD, A(ipconn, id_prop), "NOTALLOWED", 0, 0,
      { "NOTALLOWED", "OPTIONAL", "REQUIRED" }, 0 },
    { "XLNACTION", WORD, IGNORED, "KEEP", 0, 0, { "KEEP", "FORCE" }, 0 },
};
static const struct attr service_attrs[] = {
    { "PORTNUMBER", NUMBER, A(tcpipservice, port), NULL, 1, 65535, {0}, 0 },
    { "PROTOCOL", WORD, IGNORED, "IPIC", 0, 0, { "IPIC" }, 0 },
    { "TRANSACTION", NAME1_4, A(tcpipservice, transaction), "CISS", 0, 0,
      {0}, 0 },
    { "URM", NAME1_8, A(tcpipservice, urm), "NO", 0, 0, {0}, 0 },
    { "HOST", TEXT, A(tcpipservice, host), "ANY", 0, 116, {0}, 0 },
    { "IPADDRESS", TEXT, A(tcpipservice, host), NULL, 0, 116, {0}, 0 },
    { "BACKLOG", NUMBER, A(tcpipservice, backlog), "0", 0, 32767, {0}, 0 },
    { "SSL", WORD, A(tcpipservice, ssl), "NO", 0, 0,
      { "NO", "YES", "CLIENTAUTH" }, 0 },
    { "STATUS", BOOL, A(tcpipservice, is_open), "OPEN", 0, 0,
      { "CLOSED", "OPEN" }, 0 },
    { "CERTIFICATE", TEXT, A(tcpipservice, certificate), NULL, 0, 56, {0}, 0 },
    { "CIPHERS", TEXT, IGNORED, NULL, 0, 256, {0}, 0 },
    { "SOCKETCLOSE", TEXT, IGNORED, NULL, 0, 8, {0}, 0 },
    { "MAXDATALEN", NUMBER, IGNORED, "32", 3, 524288, {0}, 0 },
};
static const struct attr program_attrs[] = {
    { "LANGUAGE", WORD, IGNORED, "COBOL", 0, 0, { "COBOL", "C" }, 0 },
    { "STATUS", BOOL, A(program_def, is_enabled), "ENABLED", 0, 0,
      { "DISABLED", "ENABLED" }, 0 },
    { "DATALOCATION", WORD, IGNORED, "ANY", 0, 0, { "ANY", "BELOW" }, 0 },
    { "EXECKEY", WORD, IGNORED, "USER", 0, 0, { "USER", "CICS" }, 0 },
    { "CONCURRENCY", WORD, IGNORED, "QUASIRENT", 0, 0,
      { "QUASIRENT", "THREADSAFE", "REQUIRED" }, 0 },
    { "RELOAD", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "RESIDENT", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "USAGE", WORD, IGNORED, "NORMAL", 0, 0, { "NORMAL", "TRANSIENT" }, 0 },
};
static const struct attr transaction_attrs[] = {
    { "PROGRAM", NAME1_8, A(transaction_def, program), NULL, 0, 0, {0}, 0 },
    { "STATUS", BOOL, A(transaction_def, is_enabled), "ENABLED", 0, 0,
      { "DISABLED", "ENABLED" }, 0 },
    { "RESSEC", BOOL, A(transaction_def, ressec), "NO", 0, 0, NO_YES, 0 },
    { "CMDSEC", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "RUNAWAY", NUMBER, A(transaction_def, runaway_ms), "SYSTEM", 0, 2700000,
      { "SYSTEM" }, UINT32_MAX },
    { "DTIMOUT", NUMBER, A(transaction_def, dtimout_s), "NO", 1, 6800,
      { "NO" }, 0 },
    { "PROFILE", NAME1_8, IGNORED, NULL, 0, 0, {0}, 0 },
    { "TASKDATALOC", WORD, IGNORED, "ANY", 0, 0, { "ANY", "BELOW" }, 0 },
    { "TASKDATAKEY", WORD, IGNORED, "USER", 0, 0, { "USER", "CICS" }, 0 },
    { "PRIORITY", NUMBER, IGNORED, "1", 0, 255, {0}, 0 },
};
static const struct attr file_attrs[] = {
    { "DSNAME", TEXT, A(file_def, dsname), NULL, 0, 44, {0}, 0 },
    { "TYPE", WORD, A(file_def, type), "KSDS", 0, 0,
      { "KSDS", "ESDS", "RRDS" }, 0 },
    { "KEYLENGTH", NUMBER, A(file_def, key_length), "0", 1, DEFS_KEY_MAX,
      {0}, 0 },
    { "KEYOFFSET", NUMBER, A(file_def, key_offset), "0", 0, DEFS_RECORD_MAX,
      {0}, 0 },
    { "RECORDSIZE", NUMBER, A(file_def, record_size), "0", 1, DEFS_RECORD_MAX,
      {0}, 0 },
    { "RECORDFORMAT", BOOL, A(file_def, is_fixed), "V", 0, 0,
      { "V", "F" }, 0 },
    { "STATUS", BOOL, A(file_def, is_enabled), "ENABLED", 0, 0,
      { "DISABLED", "ENABLED" }, 0 },
    { "ADD", BOOL, A(file_def, add), "NO", 0, 0, NO_YES, 0 },
    { "BROWSE", BOOL, A(file_def, browse), "NO", 0, 0, NO_YES, 0 },
    { "DELETE", BOOL, A(file_def, del), "NO", 0, 0, NO_YES, 0 },
    { "READ", BOOL, A(file_def, read), "YES", 0, 0, NO_YES, 0 },
    { "UPDATE", BOOL, A(file_def, update), "NO", 0, 0, NO_YES, 0 },
    { "STRINGS", NUMBER, IGNORED, "1", 1, 255, {0}, 0 },
    { "LSRPOOLNUM", NUMBER, IGNORED, "1", 1, 255, {0}, 0 },
    { "OPENTIME", WORD, IGNORED, "FIRSTREF", 0, 0,
      { "FIRSTREF", "STARTUP" }, 0 },
    { "RECOVERY", WORD, IGNORED, "ALL", 0, 0,
      { "ALL", "BACKOUTONLY", "NONE" }, 0 },
    { "FIELDS", TEXT, A(file_def, fields), NULL, 0, 4096, {0}, 0 },
};
#define KIND(type, list, word, max, attrs)                                     \
    { word, sizeof(struct type), offsetof(struct region_defs, list),           \
      offsetof(struct region_defs, n_##list), max, attrs, ARRAY_LEN(attrs) }
static const struct kind kinds[] = {
    KIND(ipconn, ipconns, "IPCONN", 8, ipconn_attrs),
    KIND(tcpipservice, services, "TCPIPSERVICE", 8, service_attrs),
    KIND(program_def, programs, "PROGRAM", 8, program_attrs),
    KIND(transaction_def, transactions, "TRANSACTION", 4, transaction_attrs),
    KIND(file_def, files, "FILE", 8, file_attrs),
};
#define S(field) offsetof(struct region_sit, field)
static const struct attr sit_attrs[] = {
    { "APPLID", NAME1_8, S(applid), NULL, 0, 0, {0}, 0 },
    { "NETWORKID", NAME1_8, S(networkid), "LOCAL", 0, 0, {0}, 0 },
    { "SYSIDNT", NAME1_4, S(sysid), "CICS", 0, 0, {0}, 0 },
    { "DFLTUSER", NAME1_8, S(dfltuser), "CICSUSER", 0, 0, {0}, 0 },
    { "GRPLIST", TEXT, IGNORED, NULL, 0, 64, {0}, 0 },
    { "DFHRPL", TEXT, S(rpl), NULL, 0, 1024, {0}, 0 },
    { "SEC", BOOL, S(sec), "YES", 0, 0, NO_YES, 0 },
    { "KEYRING", TEXT, S(keyring), NULL, 0, 237, {0}, 0 },
    { "XTRAN", NAME1_8, S(xtran), "YES", 0, 0, {0}, 0 },
    { "PGAIPGM", BOOL, S(autoinstall_programs), "INACTIVE", 0, 0,
      { "INACTIVE", "ACTIVE" }, 0 },
    { "MXT", NUMBER, S(mxt), "6", 1, 250, {0}, 0 },
    { "ICVR", NUMBER, S(icvr_ms), "5000", 0, 2700000, {0}, 0 },
    { "DTIMOUT", NUMBER, S(dtimout_s), "10", 1, 6800, {0}, 0 },
    { "MAPSIZE", NUMBER, S(map_mb), "1024", 1, 1048576, {0}, 0 },
    { "TCPIP", BOOL, IGNORED, "YES", 0, 0, NO_YES, 0 },
    { "ISC", BOOL, IGNORED, "YES", 0, 0, NO_YES, 0 },
};
/* clang-format on */

/* --- values ---------------------------------------------------------------*/

static bool
is_name(struct str s, size_t max)
{
    if (s.n < 1 || s.n > max)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '@' ||
              c == '#' || c == '$'))
            return false;
    }
    return true;
}

static bool
find_word(const struct attr *a, struct str text, uint32_t *index)
{
    for (uint32_t i = 0; i < ARRAY_LEN(a->words); i++)
        if (a->words[i] != NULL && str_eq_nocase_z(text, a->words[i])) {
            *index = i;
            return true;
        }
    return false;
}

static void
describe(const struct attr *a, struct buf *out)
{
    if (a->form == NUMBER)
        buf_printf(out, "%u to %u", a->min, a->max);
    for (size_t i = 0; i < ARRAY_LEN(a->words) && a->words[i] != NULL; i++)
        buf_printf(out, "%s%s", i > 0 || a->form == NUMBER ? " or " : "",
                   a->words[i]);
    if (a->form == NAME1_4)
        buf_add_z(out, "a name of 1 to 4 characters");
    else if (a->form == NAME1_8)
        buf_add_z(out, "a name of 1 to 8 characters");
    else if (a->form == TEXT)
        buf_printf(out, "up to %u characters", a->max);
}

static enum err
value_error(const struct attr *a, struct str text, struct err_info *why)
{
    struct buf want;

    buf_init(&want, 256);
    describe(a, &want);
    err_set(why, ERR_RANGE, "%s \"" STR_FMT "\", expected %s", a->name,
            STR_ARG(str_sub(text, 0, 64)), buf_z(&want));
    buf_fini(&want);
    return ERR_RANGE;
}

static enum err
set_value(struct arena *arena, const struct attr *a, char *target,
          struct str text, struct err_info *why)
{
    struct str value = text;
    uint32_t number = 0;
    uint64_t big;

    switch (a->form) {
    case NAME1_4:
    case NAME1_8:
        value = str_upper(arena, text);
        if (!is_name(value, a->form == NAME1_4 ? 4 : 8))
            return value_error(a, text, why);
        break;
    case TEXT:
        value = str_dup(arena, text);
        if (text.n > a->max)
            return value_error(a, text, why);
        break;
    case NUMBER:
        if (find_word(a, text, &number))
            number = a->special;
        else if (text.n == 1 && text.p[0] == '0' && a->def != NULL &&
                 strcmp(a->def, "0") == 0)
            number = 0; /* the default's own spelling of "not given" */
        else if (!str_to_u64(text, &big) || big < a->min || big > a->max)
            return value_error(a, text, why);
        else
            number = (uint32_t)big;
        break;
    case BOOL:
    case WORD:
        if (!find_word(a, text, &number))
            return value_error(a, text, why);
        break;
    }
    if (a->offset == IGNORED)
        return ERR_OK;
    if (a->form == BOOL)
        *(bool *)(void *)(target + a->offset) = number != 0;
    else if (a->form == NUMBER || a->form == WORD)
        memcpy(target + a->offset, &number, sizeof number);
    else if (value.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for definitions");
    else
        memcpy(target + a->offset, &value, sizeof value);
    return ERR_OK;
}

static enum err
set_defaults(struct arena *arena, const struct attr *attrs, size_t n,
             char *target, struct err_info *why)
{
    for (size_t i = 0; i < n; i++) {
        enum err e;

        if (attrs[i].def == NULL)
            continue;
        e = set_value(arena, &attrs[i], target, str_of(attrs[i].def), why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static const struct attr *
find_attr(const struct attr *attrs, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase_z(name, attrs[i].name))
            return &attrs[i];
    return NULL;
}

/* --- life -----------------------------------------------------------------*/

enum err
defs_init(struct region_defs *defs, struct str applid, struct err_info *why)
{
    enum err e;

    *defs = (struct region_defs){ 0 };
    arena_init(&defs->arena, DEFS_ARENA_MAX);
    e = set_value(&defs->arena, &sit_attrs[0], (char *)&defs->sit, applid, why);
    if (e == ERR_OK)
        e = set_defaults(&defs->arena, sit_attrs, ARRAY_LEN(sit_attrs),
                         (char *)&defs->sit, why);
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
        a = find_attr(kind->attrs, kind->n_attrs, word);
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
        if ((e = set_value(arena, a, def, value, why)) != ERR_OK)
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
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eq_nocase_z(word, kinds[i].name))
            kind = &kinds[i];
    value = str_upper(&input->defs->arena, value);
    if (kind == NULL || !has_value || !is_name(value, kind->name_max)) {
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
    e = set_defaults(&input->defs->arena, kind->attrs, kind->n_attrs,
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
    if (!is_name(group, 8) || !is_name(list, 8)) {
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
    a = find_attr(sit_attrs, ARRAY_LEN(sit_attrs), name);
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
    e = set_value(&input->defs->arena, a, (char *)&input->defs->sit, value,
                  why);
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
    return list_find(defs, &kinds[1], name);
}

const struct program_def *
defs_program(const struct region_defs *defs, struct str name)
{
    return list_find(defs, &kinds[2], name);
}

const struct transaction_def *
defs_transaction(const struct region_defs *defs, struct str name)
{
    return list_find(defs, &kinds[3], name);
}

const struct file_def *
defs_file(const struct region_defs *defs, struct str name)
{
    return list_find(defs, &kinds[4], name);
}
