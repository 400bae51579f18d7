/*
 * Offsets. A tree is placed depth first; SYNC moves an item up to its boundary,
 * counted from the record's start (01 levels start on a doubleword). Slack
 * before the first item of a group goes before the group; a table's element is
 * padded to the largest boundary inside, so that every occurrence is aligned.
 */
#include "cobol/layout.h"

#include <string.h>

struct abi
abi_default(enum abi_kind kind)
{
    if (kind == ABI_ZOS)
        return (struct abi){ ABI_ZOS, ABI_SIGN_EBCDIC, 37, true };
    return (struct abi){ ABI_GNUCOBOL, ABI_SIGN_OVERPUNCH, 1208, false };
}

enum err
abi_parse(struct str name, enum abi_kind *out, struct err_info *why)
{
    if (str_eq_z(name, "zos"))
        *out = ABI_ZOS;
    else if (str_eq_z(name, "gnucobol"))
        *out = ABI_GNUCOBOL;
    else
        return err_set(why, ERR_SYNTAX,
                       "\"" STR_FMT "\" is not a profile (expected zos or "
                       "gnucobol)",
                       STR_ARG(str_sub(name, 0, 40)));
    return ERR_OK;
}

struct field *
field_new(struct arena *arena, struct field *parent)
{
    struct field *f = ARENA_NEW(arena, struct field);

    if (f == NULL)
        return NULL;
    f->is_included = true;
    f->occurs_min = f->occurs_max = 1;
    f->parent = parent;
    if (parent != NULL) {
        if (parent->last == NULL)
            parent->first = f;
        else
            parent->last->next = f;
        parent->last = f;
    }
    return f;
}

struct str
field_json_name(struct arena *arena, struct str cobol_name)
{
    struct str name = str_dup(arena, cobol_name);
    char *p = (char *)(uintptr_t)name.p; /* ours: just made */

    for (size_t i = 0; i < name.n; i++)
        if (p[i] == '-')
            p[i] = '_';
    return name;
}

uint32_t
field_binary_size(uint32_t digits)
{
    return digits <= 4 ? 2 : digits <= 9 ? 4 : 8;
}

const char *
field_kind_name(enum field_kind kind)
{
    static const char *const names[] = {
        "group",  "text",   "national", "dbcs",   "zoned",
        "packed", "binary", "float4",   "float8", "opaque",
    };

    return (size_t)kind < ARRAY_LEN(names) ? names[kind] : "?";
}

struct field *
field_next(const struct field *root, struct field *at)
{
    if (at->first != NULL)
        return at->first;
    while (at != root && at->next == NULL)
        at = at->parent;
    return at == root ? NULL : at->next;
}

/* Boundary an elementary item wants; 1 without SYNC. */
static uint32_t
alignment(const struct field *f, enum abi_kind abi)
{
    if (!f->is_synced)
        return 1;
    switch (f->kind) {
    case FIELD_BINARY:
        if (f->size >= 8)
            return abi == ABI_ZOS ? 4 : 8;
        return f->size == 0 ? 1 : f->size;
    case FIELD_FLOAT4:
        return 4;
    case FIELD_FLOAT8:
        return 8;
    case FIELD_OPAQUE:
        return f->size == 8 ? 8 : 4;
    case FIELD_GROUP:
    case FIELD_TEXT:
    case FIELD_NATIONAL:
    case FIELD_DBCS:
    case FIELD_ZONED:
    case FIELD_PACKED:
        break;
    }
    return 1;
}

/* The boundary of what stands first in f: slack for it goes before f. */
static uint32_t
first_alignment(const struct field *f, enum abi_kind abi)
{
    while (f->kind == FIELD_GROUP && f->first != NULL)
        f = f->first;
    return alignment(f, abi);
}

static uint32_t
largest_alignment(const struct field *f, enum abi_kind abi)
{
    uint32_t max = alignment(f, abi);

    for (const struct field *c = f->first; c != NULL; c = c->next) {
        uint32_t a = largest_alignment(c, abi);

        max = a > max ? a : max;
    }
    return max;
}

/* Size of an elementary item; what TEXT and the like came with stays. */
static void
size_elementary(struct field *f)
{
    switch (f->kind) {
    case FIELD_ZONED:
        f->size = f->digits + (f->sign_separate ? 1 : 0);
        break;
    case FIELD_PACKED:
        f->size =
            f->has_no_sign_nibble ? (f->digits + 1) / 2 : f->digits / 2 + 1;
        break;
    case FIELD_BINARY:
        if (f->digits > 0)
            f->size = field_binary_size(f->digits);
        break;
    case FIELD_FLOAT4:
        f->size = 4;
        break;
    case FIELD_FLOAT8:
        f->size = 8;
        break;
    case FIELD_GROUP:
    case FIELD_TEXT:
    case FIELD_NATIONAL:
    case FIELD_DBCS:
    case FIELD_OPAQUE:
        break;
    }
}

static uint64_t
align_up(uint64_t at, uint32_t boundary)
{
    return (at + boundary - 1) / boundary * boundary;
}

static enum err place(struct field *f, uint64_t *at, enum abi_kind abi,
                      unsigned depth, struct err_info *why);

static enum err
place_children(struct field *f, uint64_t *at, enum abi_kind abi, unsigned depth,
               struct err_info *why)
{
    uint64_t end = *at;

    for (struct field *c = f->first; c != NULL; c = c->next) {
        /* A redefinition starts where its subject does. */
        uint64_t here = c->redefines != NULL ? c->redefines->offset : end;
        enum err e = place(c, &here, abi, depth + 1, why);

        if (e != ERR_OK)
            return e;
        if (here > end)
            end = here;
    }
    *at = end;
    return ERR_OK;
}

/*
 * GnuCOBOL's own rule for tables (measured with 3.1.2): no padding for OCCURS
 * 1; a group among the items forgets the boundaries of those before it; and
 * the padding stands before the last item, not behind it: S9(4) SYNC and
 * X(255) lie at 0 and 3 of 258 bytes.
 */
static uint32_t
gnucobol_alignment(const struct field *f)
{
    uint32_t max = 1;

    for (const struct field *c = f->first; c != NULL; c = c->next) {
        uint32_t a = c->kind == FIELD_GROUP ? gnucobol_alignment(c)
                                            : alignment(c, ABI_GNUCOBOL);

        max = c->kind == FIELD_GROUP || a > max ? a : max;
    }
    return max;
}

static void
pad_element(struct field *f, enum abi_kind abi)
{
    struct field *last = f;
    uint32_t boundary = 1;

    if (abi == ABI_ZOS)
        boundary = largest_alignment(f, abi);
    else if (f->occurs_max > 1)
        boundary =
            f->kind == FIELD_GROUP ? gnucobol_alignment(f) : alignment(f, abi);
    f->stride = (uint32_t)align_up(f->size, boundary);
    if (abi == ABI_ZOS || f->stride == f->size)
        return;
    while (last->last != NULL)
        last = last->last;
    if (last != f)
        last->offset += f->stride - f->size;
    f->size = f->stride;
}

/* Place f at *at or the next boundary, move *at behind its last occurrence. */
static enum err
place(struct field *f, uint64_t *at, enum abi_kind abi, unsigned depth,
      struct err_info *why)
{
    uint64_t end, size;
    enum err e;

    if (depth > LAYOUT_DEPTH_MAX)
        return err_set(why, ERR_LIMIT, "more than %u levels", LAYOUT_DEPTH_MAX);
    size_elementary(f);
    *at = align_up(*at, first_alignment(f, abi));
    if (*at > LAYOUT_SIZE_MAX)
        return err_set(why, ERR_LIMIT, STR_FMT ": record above %u bytes",
                       STR_ARG(f->cobol_name), LAYOUT_SIZE_MAX);
    f->offset = (uint32_t)*at;
    end = *at;
    if (f->kind == FIELD_GROUP) {
        e = place_children(f, &end, abi, depth, why);
        if (e != ERR_OK)
            return e;
    } else {
        end += f->size;
    }
    size = end - *at;
    f->size = (uint32_t)size;
    f->stride = f->size;
    if (f->is_array)
        pad_element(f, abi);
    end = *at + (uint64_t)f->stride * f->occurs_max;
    if (size > LAYOUT_SIZE_MAX || end > LAYOUT_SIZE_MAX)
        return err_set(why, ERR_LIMIT, STR_FMT ": record above %u bytes",
                       STR_ARG(f->cobol_name), LAYOUT_SIZE_MAX);
    *at = end;
    return ERR_OK;
}

/* A counter stands before its table and outside any table. */
static enum err
check_counter(const struct field *f, const struct field *counter,
              bool may_share_table, struct err_info *why)
{
    const struct field *c, *p;

    if (counter->kind == FIELD_GROUP || counter->is_array)
        return err_set(why, ERR_RANGE,
                       STR_FMT ": the counter " STR_FMT
                               " is not an elementary item",
                       STR_ARG(f->cobol_name), STR_ARG(counter->cobol_name));
    for (c = counter->parent; c != NULL; c = c->parent) {
        if (!c->is_array)
            continue;
        for (p = f->parent; p != NULL && p != c; p = p->parent)
            ;
        if (p == NULL || !may_share_table)
            return err_set(
                why, ERR_RANGE,
                STR_FMT ": the counter " STR_FMT " lies inside a table",
                STR_ARG(f->cobol_name), STR_ARG(counter->cobol_name));
    }
    if (counter->offset >= f->offset)
        return err_set(why, ERR_RANGE,
                       STR_FMT ": the counter " STR_FMT
                               " does not stand before it",
                       STR_ARG(f->cobol_name), STR_ARG(counter->cobol_name));
    return ERR_OK;
}

/* Totals and rules across fields. */
static enum err
finish(struct layout *l, struct field *root, struct abi abi,
       struct err_info *why)
{
    uint64_t variable = 0;
    uint32_t n = 0;
    enum err e;

    for (struct field *f = root; f != NULL; f = field_next(root, f)) {
        if (++n > LAYOUT_FIELDS_MAX)
            return err_set(why, ERR_LIMIT, "more than %u fields",
                           LAYOUT_FIELDS_MAX);
        if (f->occurs_min > f->occurs_max || f->occurs_max == 0)
            return err_set(why, ERR_RANGE, STR_FMT ": OCCURS %u TO %u",
                           STR_ARG(f->cobol_name), f->occurs_min,
                           f->occurs_max);
        if (f->depends_on != NULL) {
            if ((e = check_counter(f, f->depends_on, false, why)) != ERR_OK)
                return e;
            variable += (uint64_t)(f->occurs_max - f->occurs_min) * f->stride;
        }
        if (f->count_field != NULL &&
            (e = check_counter(f, f->count_field, true, why)) != ERR_OK)
            return e;
        if (f->length_field != NULL &&
            (e = check_counter(f, f->length_field, true, why)) != ERR_OK)
            return e;
    }
    l->root = root;
    l->size = root->offset + root->stride * root->occurs_max;
    l->size_min = variable > l->size ? 0 : l->size - (uint32_t)variable;
    l->n_fields = n;
    l->abi = abi;
    if (l->name.n == 0)
        l->name = root->cobol_name;
    return ERR_OK;
}

enum err
layout_place(struct layout *layout, struct field *root, struct abi abi,
             struct err_info *why)
{
    uint64_t at = 0;
    enum err e = place(root, &at, abi.kind, 0, why);

    return e != ERR_OK ? e : finish(layout, root, abi, why);
}

enum err
layout_adopt(struct layout *layout, struct field *root, struct abi abi,
             struct err_info *why)
{
    REQUIRE(root != NULL);
    for (struct field *f = root; f != NULL; f = field_next(root, f)) {
        uint64_t end;

        if (f->stride < f->size)
            f->stride = f->size;
        end = f->offset + (uint64_t)f->stride * f->occurs_max;
        if (end > LAYOUT_SIZE_MAX ||
            (f->parent != NULL &&
             (f->offset < f->parent->offset ||
              end - (f->stride - f->size) >
                  (uint64_t)f->parent->offset + f->parent->stride)))
            return err_set(why, ERR_RANGE,
                           STR_FMT ": offset %u, %u bytes, is outside its "
                                   "group",
                           STR_ARG(f->cobol_name), f->offset, f->size);
    }
    return finish(layout, root, abi, why);
}

struct field *
layout_find(const struct layout *layout, struct str name)
{
    struct field *root = layout->root;

    for (struct field *f = root; f != NULL; f = field_next(root, f))
        if (name.n > 0 &&
            (str_eq_nocase(f->cobol_name, name) || str_eq(f->name, name)))
            return f;
    return NULL;
}

struct field *
layout_find_path(const struct layout *layout, struct str path)
{
    struct field *at = layout->root;
    struct str rest = path, name;

    if (at == NULL || path.n == 0)
        return NULL;
    if (at->name.n > 0 &&
        (!str_token(&rest, '/', &name) || !str_eq(name, at->name)))
        return NULL;
    while (str_token(&rest, '/', &name)) {
        struct field *c = at->first;

        while (c != NULL && !str_eq(c->name, name))
            c = c->next;
        if (c == NULL)
            return NULL;
        at = c;
    }
    return at;
}
