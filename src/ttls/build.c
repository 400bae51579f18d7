/* Statements, blocks and names of policy files. */
#include "ttls/build_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void PRINTF_LIKE(3, 0)
    report(struct ttls_build *b, bool is_error, const char *fmt, va_list ap)
{
    char text[ERR_TEXT_MAX / 2];
    struct ttls_diag diag = {
        .is_error = is_error, .file = b->file, .line = b->line, .text = text
    };

    (void)vsnprintf(text, sizeof text, fmt, ap);
    for (char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    }
    if (is_error && b->n_errors++ == 0)
        err_fill(&b->first, 0, b->line, 0, STR_FMT ":%u: %s", STR_ARG(b->file),
                 b->line, text);
    if (b->options.on_diag != NULL)
        b->options.on_diag(b->options.arg, &diag);
}

void
build_error(struct ttls_build *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(b, true, fmt, ap);
    va_end(ap);
}

void
build_warn(struct ttls_build *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(b, false, fmt, ap);
    va_end(ap);
}

void *
build_alloc(struct ttls_build *b, size_t n_bytes)
{
    void *p = arena_zalloc(&b->policy->arena, n_bytes);

    if (p == NULL)
        b->is_full = true;
    return p;
}

static struct str
keep(struct ttls_build *b, struct str text)
{
    struct str copy = str_dup(&b->policy->arena, text);

    if (copy.p == NULL)
        b->is_full = true;
    return copy;
}

/* --- objects ------------------------------------------------------------ */

static bool
is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_-.$@#~", c) != NULL);
}

/* Names of objects: 1 to 32 characters; case counts [unverified]. */
static bool
is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!is_name_char(name.p[i]))
            return false;
    }
    return name.n > 0 && name.n <= TTLS_NAME_MAX;
}

/* One table for all: the statement's number, then the name. */
static struct str
key_of(enum ttls_stmt stmt, struct str name, char out[TTLS_NAME_MAX + 1])
{
    out[0] = (char)('A' + stmt);
    memcpy(out + 1, name.p, name.n);
    return str_n(out, name.n + 1);
}

static void
register_name(struct ttls_build *b, struct ttls_obj *obj)
{
    char key[TTLS_NAME_MAX + 1];
    void *old = NULL;

    if (!table_put(&b->names, key_of(obj->stmt, obj->name, key), obj, &old)) {
        b->is_full = true;
        return;
    }
    if (old == NULL)
        return;
    build_warn(b,
               "%s " STR_FMT " is defined again; the one at " STR_FMT
               ":%u is replaced",
               ttls_type_of(obj->stmt)->keyword, STR_ARG(obj->name),
               STR_ARG(((struct ttls_obj *)old)->file),
               ((struct ttls_obj *)old)->line);
    ((struct ttls_obj *)old)->line = 0; /* left out at the end */
}

/* What stands in a block without a name is called by the named one around. */
static struct str
unnamed(struct ttls_build *b, const struct ttls_obj *around)
{
    char text[TTLS_NAME_MAX + 8];

    if (around == NULL) /* a name was wrong, which was reported */
        return STR("(unnamed)");
    if (!is_name(around->name))
        return around->name;
    (void)snprintf(text, sizeof text, "(of " STR_FMT ")",
                   STR_ARG(around->name));
    return keep(b, str_of(text));
}

struct ttls_obj *
build_object(struct ttls_build *b, enum ttls_stmt stmt, const struct line *line,
             struct str name, const struct ttls_obj *around)
{
    const struct ttls_type *type = ttls_type_of(stmt);
    struct ttls_obj *obj = build_alloc(b, type->bytes);

    if (obj == NULL)
        return NULL;
    obj->stmt = stmt;
    obj->line = line->number;
    obj->file = b->file;
    obj->comment = line->comment;
    obj->name = is_name(name) ? name : unnamed(b, around);
    if (!VEC_PUSH(&b->objs, obj))
        b->is_full = true;
    if (is_name(name))
        register_name(b, obj);
    return obj;
}

/* Arrays of the arena that grow: their room is n rounded up to a power of 2. */
size_t
build_member(struct ttls_build *b, struct ttls_obj *obj,
             const struct ttls_obj *member)
{
    bool is_addr = obj->stmt == TTLS_IPADDR_GROUP;
    struct ttls_addrs *addrs = (struct ttls_addrs *)obj;
    struct ttls_ports *ports = (struct ttls_ports *)obj;
    size_t n = is_addr ? addrs->n_members : ports->n_members;
    const struct ttls_obj *const *old =
        is_addr ? addrs->members : ports->members;
    const struct ttls_obj **v = (const struct ttls_obj **)(uintptr_t)old;

    if ((n & (n - 1)) == 0) {
        v = build_alloc(b, (n == 0 ? 1 : 2 * n) * sizeof(const void *));
        if (v == NULL)
            return 0;
        if (n > 0)
            memcpy(v, old, n * sizeof(const void *));
    }
    v[n] = member;
    if (is_addr) {
        addrs->members = v;
        addrs->n_members = n + 1;
    } else {
        ports->members = v;
        ports->n_members = n + 1;
    }
    return n;
}

/* --- blocks ------------------------------------------------------------- */

static void parse_block(struct ttls_build *, struct lines *, struct ttls_obj *,
                        unsigned depth);

/* Something was said that has no meaning; its block goes with it. */
static void
skip_if_block(struct lines *in)
{
    if (lines_peek(in).kind != LINE_OPEN)
        return;
    (void)lines_next(in);
    (void)lines_skip_block(in);
}

static void
check_name(struct ttls_build *b, const char *keyword, struct str name,
           bool is_needed)
{
    if (name.n == 0 && !is_needed)
        return;
    if (!is_name(name))
        build_error(b,
                    "%s: \"%.*s\" is not a name; expected 1 to %u letters, "
                    "digits, or _ - . $ @ # ~",
                    keyword, QUOTE(name), TTLS_NAME_MAX);
}

/* Each brace on its own line. What the line says is taken all the same, so
 * that one slip is one report. */
static void
check_crowd(struct ttls_build *b, const struct line *line)
{
    if (!line->is_crowded)
        return;
    b->line = line->number;
    build_error(b, "expected { and } each on a line of its own");
}

/* "Keyword name{", and braces that were forgotten before parameters of the
 * statement, are reported and taken for what was meant. */
static bool
take_open(struct ttls_build *b, struct lines *in, const struct ttls_type *type,
          struct str *name, bool is_top)
{
    struct line next = lines_peek(in);
    bool is_ref;

    if (next.kind == LINE_OPEN) {
        (void)lines_next(in);
        check_crowd(b, &next);
        return true;
    }
    if (name->n > 1 && name->p[name->n - 1] == '{') {
        name->n--;
        build_error(b, "%s: expected a blank before {", type->keyword);
        return true;
    }
    build_error(b, "%s: expected { on the next line", type->keyword);
    return (next.kind == LINE_CLOSE && is_top) ||
           (next.kind == LINE_STMT &&
            ttls_row_find(type, next.word, &is_ref) != NULL);
}

/* The block of a statement whose line was read. */
static struct ttls_obj *
statement_block(struct ttls_build *b, struct lines *in, const struct line *line,
                enum ttls_stmt stmt, unsigned depth,
                const struct ttls_obj *around)
{
    const struct ttls_type *type = ttls_type_of(stmt);
    struct str name = line->value;
    struct ttls_obj *obj;

    if (!take_open(b, in, type, &name, depth == 0)) {
        check_name(b, type->keyword, name, depth == 0);
        return NULL;
    }
    b->line = line->number;
    check_name(b, type->keyword, name, depth == 0);
    if (depth >= TTLS_DEPTH_MAX) {
        build_error(b, "%s: blocks are nested deeper than %u", type->keyword,
                    TTLS_DEPTH_MAX);
        (void)lines_skip_block(in);
        return NULL;
    }
    obj = build_object(b, stmt, line, name, around);
    if (obj == NULL)
        return NULL;
    obj->is_inline = depth > 0;
    if (b->options.on_object != NULL && is_name(name))
        b->options.on_object(b->options.arg, type->keyword, obj->name);
    parse_block(b, in, obj, depth);
    return obj;
}

static void
note_coded(struct ttls_build *b, struct ttls_obj *obj,
           const struct ttls_type *type, const struct ttls_row *row)
{
    bool adds = row->kind == TTLS_K_TEXTS || row->kind == TTLS_K_MEMBER ||
                (row->kind == TTLS_K_PAIRS && (row->flags & TTLS_F_ONE) == 0) ||
                row->kind == TTLS_K_CIPHER1 || row->kind == TTLS_K_CIPHER2 ||
                row->kind == TTLS_K_CIPHER4 || row->kind == TTLS_K_OF_DAY;
    uint64_t bit = ttls_row_bit(type, row);

    if ((obj->coded & bit) != 0 && !adds)
        build_warn(b, "%s is coded again; the last one counts", row->name);
    obj->coded |= bit;
    if ((row->flags & TTLS_F_IGNORED) != 0)
        build_warn(b, "%s has no effect: SSL version 2 is never used",
                   row->name);
}

static void
add_reference(struct ttls_build *b, struct ttls_obj *obj,
              const struct ttls_row *row, struct str name)
{
    struct pending ref = {
        .obj = obj, .row = row, .name = name, .file = b->file, .line = b->line
    };

    if (!is_name(name)) {
        build_error(b,
                    "%s: \"%.*s\" is not the name of a %s; expected 1 to %u "
                    "letters, digits, or _ - . $ @ # ~",
                    row->name, QUOTE(name), ttls_type_of(row->target)->keyword,
                    TTLS_NAME_MAX);
        return;
    }
    if (row->kind == TTLS_K_MEMBER)
        ref.index = build_member(b, obj, NULL);
    else /* takes the place of a block before it */
        *(void **)(uintptr_t)ttls_field(obj, row) = NULL;
    if (!VEC_PUSH(&b->refs, ref))
        b->is_full = true;
}

static void
inline_object(struct ttls_build *b, struct lines *in, const struct line *line,
              struct ttls_obj *obj, const struct ttls_row *row, unsigned depth)
{
    struct ttls_obj *member =
        statement_block(b, in, line, row->target, depth + 1, obj);

    if (member == NULL)
        return;
    b->line = line->number;
    if (is_name(member->name)) /* there, too, a later one replaces it */
        add_reference(b, obj, row, member->name);
    else if (row->kind == TTLS_K_MEMBER)
        (void)build_member(b, obj, member);
    else
        *(const void **)(uintptr_t)ttls_field(obj, row) = member;
}

static void
parameter(struct ttls_build *b, struct lines *in, const struct line *line,
          struct ttls_obj *obj, unsigned depth)
{
    const struct ttls_type *type = ttls_type_of(obj->stmt);
    bool is_ref;
    const struct ttls_row *row = ttls_row_find(type, line->word, &is_ref);

    b->line = line->number;
    if (row == NULL) {
        build_error(b, "%s " STR_FMT " has no parameter \"%.*s\"",
                    type->keyword, STR_ARG(obj->name), QUOTE(line->word));
        skip_if_block(in);
        return;
    }
    note_coded(b, obj, type, row);
    if (is_ref) {
        add_reference(b, obj, row, line->value);
    } else if (row->kind == TTLS_K_OBJECT || row->kind == TTLS_K_MEMBER) {
        inline_object(b, in, line, obj, row, depth);
        return;
    } else {
        build_value(b, obj, type, row, line->value);
        if (b->options.on_value != NULL)
            b->options.on_value(b->options.arg, obj, row, line->value,
                                line->number);
    }
    skip_if_block(in);
}

/* A statement of its own in a block that has no such parameter: the block was
 * not closed. */
static bool
begins_statement(const struct ttls_obj *obj, const struct line *line)
{
    enum ttls_stmt stmt;
    bool is_ref;

    return ttls_row_find(ttls_type_of(obj->stmt), line->word, &is_ref) ==
               NULL &&
           ttls_type_find(line->word, &stmt) != NULL;
}

static void
parse_block(struct ttls_build *b, struct lines *in, struct ttls_obj *obj,
            unsigned depth)
{
    const char *keyword = ttls_type_of(obj->stmt)->keyword;

    for (;;) {
        struct line line = lines_peek(in);

        if (line.kind == LINE_END ||
            (line.kind == LINE_STMT && begins_statement(obj, &line))) {
            b->line = line.number;
            build_error(b, "expected } for the { of %s " STR_FMT " at line %u",
                        keyword, STR_ARG(obj->name), obj->line);
            return;
        }
        (void)lines_next(in);
        check_crowd(b, &line);
        if (line.kind == LINE_CLOSE)
            return;
        if (line.kind == LINE_OPEN) {
            b->line = line.number;
            build_error(b, "found { without a statement before it");
            (void)lines_skip_block(in);
            continue;
        }
        parameter(b, in, &line, obj, depth);
        if (b->is_full)
            return;
    }
}

static void
top_level(struct ttls_build *b, struct lines *in, const struct line *line)
{
    enum ttls_stmt stmt;

    b->line = line->number;
    check_crowd(b, line);
    if (line->kind == LINE_CLOSE) {
        build_error(b, "found } without a { before it");
        return;
    }
    if (line->kind == LINE_OPEN) {
        build_error(b, "found { without a statement before it");
        (void)lines_skip_block(in);
        return;
    }
    if (ttls_type_find(line->word, &stmt) == NULL) {
        build_error(b, "\"%.*s\" is not a statement of an AT-TLS policy",
                    QUOTE(line->word));
        skip_if_block(in);
        return;
    }
    (void)statement_block(b, in, line, stmt, 0, NULL);
}

/* --- the build ---------------------------------------------------------- */

struct ttls_build *
ttls_build_new(const struct ttls_build_options *options)
{
    struct ttls_build *b = calloc(1, sizeof *b);

    if (b == NULL)
        return NULL;
    b->options = *options;
    table_init(&b->names);
    b->policy = ttls_policy_new();
    if (b->policy == NULL) {
        free(b);
        return NULL;
    }
    return b;
}

void
ttls_build_file(struct ttls_build *b, struct str name, struct str text)
{
    struct lines in;
    struct line line;
    uint8_t byte;

    b->file = keep(b, name);
    b->line = 1;
    if (text.n > TTLS_FILE_MAX) {
        build_error(b, "the file is longer than %u bytes", TTLS_FILE_MAX);
        return;
    }
    if (!lines_are_text(text, &b->line, &byte)) {
        build_error(b,
                    "found the byte 0x%02X, expected lines of text in UTF-8 or "
                    "in the code page of the Codepage statement",
                    byte);
        return;
    }
    b->line = 1;
    text = keep(b, text);
    if (b->is_full)
        return;
    in = lines_of(text);
    while ((line = lines_next(&in)).kind != LINE_END && !b->is_full)
        top_level(b, &in, &line);
}

static enum err
outcome(const struct ttls_build *b, struct err_info *why)
{
    if (b->is_full)
        return err_set(why, ERR_MEMORY, "no storage for the policy");
    if (b->n_errors > 1)
        return err_pos(why, ERR_SYNTAX, b->first.line, 0,
                       "%.400s; and %zu errors more", b->first.text,
                       b->n_errors - 1);
    if (b->n_errors == 1)
        return err_pos(why, ERR_SYNTAX, b->first.line, 0, "%s", b->first.text);
    return ERR_OK;
}

enum err
ttls_build_finish(struct ttls_build **build, struct ttls_policy **out,
                  struct err_info *why)
{
    struct ttls_build *b = *build;
    enum err e;

    if (!b->is_full)
        build_resolve(b);
    if (!b->is_full)
        build_check(b);
    e = outcome(b, why);
    if (e == ERR_OK)
        *out = b->policy;
    else
        ttls_policy_unref(&b->policy);
    table_fini(&b->names);
    VEC_FREE(&b->objs);
    VEC_FREE(&b->refs);
    free(b);
    *build = NULL;
    return e;
}
