/*
 * JSON -> records. One walk over the text: each name is first compared with
 * the member that copybook order predicts, and its value goes straight to its
 * bytes.
 */
#include "cobol/fast.h"
#include "cobol/map_blob.h"

#include "parse/json_read.h"
#include "parse/json_scan.h"

#include <string.h>

#define SEEN_WORDS (LAYOUT_FIELDS_MAX / 64 + 2 * MAP_DEPTH_MAX)

struct run {
    const char *p, *end, *start;
    const struct blob *b;
    const struct in_member *members;
    const struct in_object *objects;
    const uint32_t *slots;
    struct leaf_env env;
    struct map_record *records;
    uint64_t touched; /* segments that JSON or a parameter named */
    uint64_t *seen;   /* a bit for each member of the objects that are open */
    uint32_t n_seen;
    bool is_plain_page; /* ASCII goes as it is */
    bool is_table_page; /* ASCII goes through from_ascii */
    struct err_info *why;
};

static enum err
bad_json(struct run *r, const char *at, const char *what)
{
    size_t pos = (size_t)(at - r->start);

    return err_at(r->why, ERR_SYNTAX, pos, "not JSON at byte %zu: %s", pos,
                  what);
}

/* One value at r->p that nobody wants, or whose kind is known already. */
static enum err
skip_value(struct run *r, unsigned depth, const char *expected)
{
    const char *bad = r->p, *q;
    enum err e;

    q = json_scan_value(r->p, r->end, depth, &bad, &e);
    if (q != NULL) {
        r->p = q;
        return ERR_OK;
    }
    if (e == ERR_LIMIT)
        return err_at(r->why, ERR_LIMIT, (size_t)(bad - r->start),
                      "JSON nested deeper than %u", MAP_DEPTH_MAX);
    return bad_json(r, bad, expected);
}

static enum err
wrong_kind(struct run *r, struct str name, const char *expected)
{
    if (r->p < r->end && strcmp(json_kind(*r->p), "something else") == 0)
        return bad_json(r, r->p, "expected a value");
    if (r->p >= r->end)
        return bad_json(r, r->p, "expected a value before the end");
    return err_at(r->why, ERR_RANGE, (size_t)(r->p - r->start),
                  STR_FMT ": expected %s, found %s", STR_ARG(name), expected,
                  json_kind(*r->p));
}

static struct str
member_name(const struct run *r, const struct in_member *m)
{
    return str_n(r->env.pool + m->key, m->key_n);
}

static void
space(struct run *r)
{
    if (r->p < r->end && (unsigned char)*r->p <= ' ')
        r->p = json_space(r->p, r->end);
}

/* The error of a field gets the place of its value. */
static enum err
placed(struct run *r, enum err e, const char *at)
{
    if (e != ERR_OK && r->why != NULL)
        r->why->at = (size_t)(at - r->start);
    return e;
}

/* A string without escapes or wide characters that fits: the usual case. */
static bool
put_plain(struct run *r, const struct leaf *l, uint8_t *base)
{
    const char *q = json_plain(r->p, r->end);
    size_t n = (size_t)(q - r->p);
    uint8_t *at = base + l->offset;

    if (q == r->end || *q != '"' || n > l->size ||
        (l->flags & LF_JUSTIFIED) != 0)
        return false;
    if (r->is_plain_page) {
        copy_exact(at, r->p, n);
    } else {
        const uint8_t *table = r->env.cp->from_ascii;

        for (size_t i = 0; i < n; i++)
            at[i] = table[(unsigned char)r->p[i] & 0x7F];
    }
    fill_exact(at + n, r->env.cp->blank, l->size - n);
    if (l->length != NONE && leaf_put_count(&r->env, &r->env.leaves[l->length],
                                            base, n, NULL) != ERR_OK)
        return false;
    r->p = q + 1;
    return true;
}

static enum err
put_string(struct run *r, const struct leaf *l, uint8_t *base)
{
    const char *start = ++r->p, *bad = start, *q;
    bool has_escape;

    if (l->code == LEAF_TEXT && (r->is_plain_page || r->is_table_page) &&
        put_plain(r, l, base))
        return ERR_OK;
    q = json_scan_string(start, r->end, &has_escape, &bad);
    if (q == NULL)
        return bad_json(r, bad, "bad or unfinished string");
    r->p = q + 1;
    return placed(r,
                  leaf_put(&r->env, l, base, str_n(start, (size_t)(q - start)),
                           true, r->why),
                  start);
}

static enum err
put_scalar(struct run *r, const struct leaf *l, uint8_t *base)
{
    const char *start = r->p, *bad = start, *q;
    bool is_number = l->code >= LEAF_ZONED && l->code <= LEAF_FLOAT8;
    char c = r->p < r->end ? *r->p : '\0';

    if (c == '"')
        return put_string(r, l, base);
    if (is_number && (c == '-' || (c >= '0' && c <= '9'))) {
        q = fast_put_number(&r->env, l, base, start, r->end);
        if (q != NULL) {
            r->p = q;
            return ERR_OK;
        }
        q = json_scan_number(start, r->end, &bad);
        if (q == NULL)
            return bad_json(r, bad, "bad number");
        r->p = q;
        return placed(r,
                      leaf_put(&r->env, l, base,
                               str_n(start, (size_t)(q - start)), false,
                               r->why),
                      start);
    }
    if (l->code == LEAF_BOOLEAN && (c == 't' || c == 'f')) {
        enum err e = skip_value(r, 0, "expected true or false");

        if (e != ERR_OK)
            return e;
        return leaf_put_bool(&r->env, l, base, c == 't', r->why);
    }
    return wrong_kind(r, leaf_name(&r->env, l),
                      is_number                 ? "a number"
                      : l->code == LEAF_BOOLEAN ? "true or false"
                                                : "a string");
}

/* ---- objects ---- */

static const struct in_member *
find_member(struct run *r, const struct in_object *o, struct str key)
{
    uint32_t hash = key_hash(key.p, key.n);

    for (uint32_t at = hash & o->mask;; at = (at + 1) & o->mask) {
        uint32_t slot = r->slots[o->slots + at];
        const struct in_member *m;

        if (slot == 0)
            return NULL;
        m = &r->members[o->first + slot - 1];
        if (m->hash == hash && str_eq(member_name(r, m), key))
            return m;
    }
}

/* The slow way to a member: any order, escapes, unknown names (NULL). */
static enum err
read_key(struct run *r, const struct in_object *o,
         const struct in_member **member)
{
    const char *bad = r->p, *start = r->p;
    bool has_escape;
    const char *q = json_scan_string(start, r->end, &has_escape, &bad);
    struct str key;
    struct buf plain;
    enum err e;

    if (q == NULL)
        return bad_json(r, bad, "bad or unfinished name");
    r->p = q + 1;
    key = str_n(start, (size_t)(q - start));
    if (!has_escape) {
        *member = find_member(r, o, key);
        return ERR_OK;
    }
    buf_init(&plain, key.n + 1);
    e = json_unescape(key, &plain, r->why);
    if (e == ERR_OK)
        *member = find_member(r, o, buf_view(&plain));
    buf_fini(&plain);
    return e;
}

/* Two definitions of one area cannot both be given. */
static enum err
check_alternative(struct run *r, const struct in_object *o,
                  const struct in_member *m, const uint64_t *seen)
{
    for (uint32_t i = 0; i < o->n; i++) {
        const struct in_member *other = &r->members[o->first + i];

        if (other != m && other->alternative == m->alternative &&
            (seen[i / 64] >> i % 64 & 1) != 0)
            return err_at(
                r->why, ERR_RANGE, (size_t)(r->p - r->start),
                STR_FMT ": " STR_FMT " redefines the same storage and is given "
                        "too",
                STR_ARG(member_name(r, m)), STR_ARG(member_name(r, other)));
    }
    return ERR_OK;
}

static enum err read_member(struct run *r, const struct in_member *m,
                            uint8_t *base, unsigned depth);

static enum err
reset_counts(struct run *r, const struct in_object *o, uint8_t *base)
{
    enum err e = ERR_OK;

    for (uint32_t i = 0; i < o->n && e == ERR_OK; i++) {
        const struct in_member *m = &r->members[o->first + i];

        if (m->is_presence && m->count != NONE)
            e = leaf_put_count(&r->env, &r->env.leaves[m->count], base, 0,
                               r->why);
    }
    return e;
}

/* memcmp without the call, for names */
static inline bool
same_bytes(const char *a, const char *b, size_t n)
{
    uint64_t x, y, differ = 0;
    size_t i = 0;

    if (n < 8)
        return memcmp(a, b, n) == 0;
    for (; i + 8 < n; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        differ |= x ^ y;
    }
    memcpy(&x, a + n - 8, 8);
    memcpy(&y, b + n - 8, 8);
    return (differ | (x ^ y)) == 0;
}

/* [ "," ] name ":" value ; the name is compared with *next first */
static enum err
read_pair(struct run *r, const struct in_object *o, uint32_t *next,
          uint64_t *seen, uint8_t *base, unsigned depth)
{
    const struct in_member *m = &r->members[o->first + *next];
    uint32_t number;
    enum err e;

    if (r->p >= r->end || *r->p != '"')
        return bad_json(r, r->p, "expected a name in quotes");
    r->p++;
    if (*next < o->n && (size_t)(r->end - r->p) > m->key_n &&
        same_bytes(r->p, r->env.pool + m->key, (size_t)m->key_n + 1))
        r->p += m->key_n + 1;
    else if ((e = read_key(r, o, &m)) != ERR_OK)
        return e;
    space(r);
    if (r->p >= r->end || *r->p != ':')
        return bad_json(r, r->p, "expected a colon");
    r->p++;
    space(r);
    if (m == NULL)
        return skip_value(r, MAP_DEPTH_MAX - depth, "expected a value");
    number = (uint32_t)(m - r->members) - o->first;
    if ((seen[number / 64] >> number % 64 & 1) != 0)
        return err_at(r->why, ERR_SYNTAX, (size_t)(r->p - r->start),
                      STR_FMT ": given twice in one object",
                      STR_ARG(member_name(r, m)));
    if (m->alternative != 0 && (e = check_alternative(r, o, m, seen)) != ERR_OK)
        return e;
    seen[number / 64] |= UINT64_C(1) << number % 64;
    *next = number + 1;
    return read_member(r, m, base, depth);
}

/* p behind the brace */
static enum err
read_object(struct run *r, const struct in_object *o, uint8_t *base,
            unsigned depth)
{
    uint32_t n_words = (o->n + 63) / 64;
    uint64_t *seen = r->seen + r->n_seen;
    uint32_t next = 0;
    enum err e = ERR_OK;

    if (depth >= MAP_DEPTH_MAX || r->n_seen + n_words > SEEN_WORDS)
        return err_at(r->why, ERR_LIMIT, (size_t)(r->p - r->start),
                      "JSON nested deeper than %u", MAP_DEPTH_MAX);
    memset(seen, 0, n_words * sizeof *seen);
    r->n_seen += n_words;
    if (o->has_counts && (e = reset_counts(r, o, base)) != ERR_OK)
        return e;
    space(r);
    if (r->p < r->end && *r->p == '}') {
        r->p++;
        r->n_seen -= n_words;
        return ERR_OK;
    }
    for (;;) {
        if ((e = read_pair(r, o, &next, seen, base, depth)) != ERR_OK)
            return e;
        space(r);
        if (r->p >= r->end || (*r->p != ',' && *r->p != '}'))
            return bad_json(r, r->p, "expected a comma or }");
        if (*r->p++ == '}')
            break;
        space(r);
    }
    r->n_seen -= n_words;
    return ERR_OK;
}

static enum err
read_one(struct run *r, const struct in_member *m, uint8_t *base,
         unsigned depth)
{
    if (m->code == MEMBER_LEAF)
        return put_scalar(r, &r->env.leaves[m->leaf], base);
    if (r->p >= r->end || *r->p != '{')
        return wrong_kind(r, m->key_n > 0 ? member_name(r, m) : STR("request"),
                          "an object");
    r->p++;
    return read_object(r, &r->objects[m->object], base, depth + 1);
}

/* "[" [ value *( "," value ) ] "]" */
static enum err
read_array(struct run *r, const struct in_member *m, uint8_t *base,
           unsigned depth)
{
    uint8_t *element = base;
    uint32_t n = 0;
    enum err e;

    if (r->p >= r->end || *r->p != '[')
        return wrong_kind(r, member_name(r, m), "an array");
    r->p++;
    space(r);
    if (r->p < r->end && *r->p == ']') {
        r->p++;
    } else {
        for (;; space(r)) {
            if (n == m->max)
                return err_at(r->why, ERR_RANGE, (size_t)(r->p - r->start),
                              STR_FMT ": more than %u elements",
                              STR_ARG(member_name(r, m)), m->max);
            e = r->p < r->end && *r->p == 'n'
                    ? skip_value(r, 0, "expected a value")
                    : read_one(r, m, element, depth + 1);
            if (e != ERR_OK)
                return e;
            n++;
            element += m->stride;
            space(r);
            if (r->p >= r->end || (*r->p != ',' && *r->p != ']'))
                return bad_json(r, r->p, "expected a comma or ]");
            if (*r->p++ == ']')
                break;
        }
    }
    if (n < m->min &&
        (r->b->options.enforce_min || (m->count != NONE && !m->is_presence)))
        return err_at(r->why, ERR_RANGE, (size_t)(r->p - r->start),
                      STR_FMT ": fewer than %u elements",
                      STR_ARG(member_name(r, m)), m->min);
    return m->count == NONE ? ERR_OK
                            : leaf_put_count(&r->env, &r->env.leaves[m->count],
                                             base, n, r->why);
}

static enum err
read_member(struct run *r, const struct in_member *m, uint8_t *base,
            unsigned depth)
{
    enum err e;

    if (r->p < r->end && *r->p == 'n')
        return skip_value(r, 0, "expected a value"); /* as if it were missing */
    if (m->level != 0) {
        base = r->records[m->segment].p;
        if (m->level == 2)
            r->touched |= UINT64_C(1) << m->segment;
    }
    if (m->is_array)
        return read_array(r, m, base, depth);
    e = read_one(r, m, base, depth);
    if (e == ERR_OK && m->count != NONE)
        e = leaf_put_count(&r->env, &r->env.leaves[m->count], base, 1, r->why);
    return e;
}

/* ---- around the body ---- */

static const struct map_param *
find_param(const struct map_param *params, size_t n, uint8_t where,
           struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (params[i].where == where &&
            (where == MAP_HEADER ? str_eq_nocase(params[i].name, name)
                                 : str_eq(params[i].name, name)))
            return &params[i];
    return NULL;
}

static enum err
run_updates(struct run *r, const struct map_param *params, size_t n_params)
{
    const struct in_update *updates =
        BLOB_ARRAY(r->b, struct in_update, updates);

    for (uint32_t i = 0; i < r->b->n_updates; i++) {
        const struct in_update *u = &updates[i];
        struct str name = str_n(r->env.pool + u->name, u->name_n);
        struct str value = str_n(r->env.pool + u->value, u->value_n);
        const struct map_param *param = NULL;
        enum err e;

        if (u->where != MAP_BODY) {
            param = find_param(params, n_params, u->where, name);
            if (param == NULL && u->is_required)
                return err_set(r->why, ERR_RANGE,
                               "the %s parameter " STR_FMT " is missing",
                               u->where == MAP_PATH    ? "path"
                               : u->where == MAP_QUERY ? "query"
                                                       : "header",
                               STR_ARG(name));
            if (param == NULL)
                continue;
            value = param->value;
        }
        r->touched |= UINT64_C(1) << u->segment;
        e = leaf_put(&r->env, &r->env.leaves[u->leaf], r->records[u->segment].p,
                     value, false, r->why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* Close up behind DEPENDING tables; the record's length. */
static enum err
close_up(struct run *r, const struct blob_segment *s, struct map_record *rec)
{
    const struct blob_odo *odo =
        BLOB_ARRAY(r->b, struct blob_odo, odos) + s->first_odo;
    uint64_t to = 0, from = 0;

    for (uint32_t i = 0; i < s->n_odos; i++, odo++) {
        const struct leaf *l = &r->env.leaves[odo->leaf];
        uint32_t count;
        uint64_t upto;

        /* Counters stand before their tables; those behind an earlier table
         * have not moved yet. */
        if (leaf_get_count(&r->env, l, rec->p, &count, r->why) != ERR_OK)
            return ERR_RANGE;
        if (count < odo->min || count > odo->max)
            return err_set(r->why, ERR_RANGE, STR_FMT ": %u is not in %u..%u",
                           STR_ARG(leaf_name(&r->env, l)), count, odo->min,
                           odo->max);
        if (!odo->slides)
            continue;
        upto = odo->offset + (uint64_t)count * odo->stride;
        if (to != from)
            memmove(rec->p + to, rec->p + from, upto - from);
        to += upto - from;
        from = odo->offset + (uint64_t)odo->max * odo->stride;
    }
    if (s->size > from) {
        if (to != from)
            memmove(rec->p + to, rec->p + from, s->size - from);
        to += s->size - from;
    }
    rec->n = (size_t)to;
    return ERR_OK;
}

static enum err
start_records(struct run *r)
{
    const struct blob_segment *segments =
        BLOB_ARRAY(r->b, struct blob_segment, segments);

    for (uint32_t i = 0; i < r->b->n_segments; i++) {
        struct map_record *rec = &r->records[i];

        if (rec->p == NULL || rec->cap < segments[i].size)
            return err_set(r->why, ERR_LIMIT,
                           "the record area has %zu bytes, %u are needed",
                           rec->cap, segments[i].size);
        if (r->b->is_requester)
            continue;
        if (segments[i].template_at == NONE)
            memset(rec->p, 0, segments[i].size);
        else
            memcpy(rec->p, r->env.pool + segments[i].template_at,
                   segments[i].size);
    }
    return ERR_OK;
}

static enum err
finish_records(struct run *r, bool has_body)
{
    const struct blob_segment *segments =
        BLOB_ARRAY(r->b, struct blob_segment, segments);

    for (uint32_t i = 0; i < r->b->n_segments; i++) {
        const struct blob_segment *s = &segments[i];
        bool is_touched = (r->touched >> i & 1) != 0 || s->container_n == 0;
        enum err e;

        if (!is_touched && s->is_required && has_body)
            return err_set(r->why, ERR_RANGE, STR_FMT " is missing",
                           (int)s->container_n, r->env.pool + s->container);
        if (!is_touched && !s->is_required) {
            r->records[i].n = 0;
            continue;
        }
        if ((e = close_up(r, s, &r->records[i])) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* The whole text is one value and nothing behind it. */
static enum err
read_body(struct run *r)
{
    enum err e;

    space(r);
    if (r->b->root == NONE)
        e = skip_value(r, MAP_DEPTH_MAX, "expected a value");
    else
        e = read_member(r, &r->members[r->b->root], r->records[0].p, 0);
    if (e != ERR_OK)
        return e;
    space(r);
    return r->p == r->end ? ERR_OK
                          : bad_json(r, r->p, "something behind the value");
}

static enum err
read_nothing(struct run *r)
{
    const struct in_member *root;

    if (r->b->root == NONE)
        return ERR_OK;
    root = &r->members[r->b->root];
    if (root->code != MEMBER_GROUP || !r->objects[root->object].has_counts)
        return ERR_OK;
    return reset_counts(r, &r->objects[root->object], r->records[0].p);
}

enum err
map_run_in(const struct map *map, struct str body,
           const struct map_param *params, size_t n_params,
           struct map_record records[], struct err_info *why)
{
    uint64_t seen[SEEN_WORDS];
    const struct blob *b = map->base;
    struct run r = {
        .p = body.p,
        .end = body.p + body.n,
        .start = body.p,
        .b = b,
        .members = BLOB_ARRAY(b, struct in_member, members),
        .objects = BLOB_ARRAY(b, struct in_object, objects),
        .slots = BLOB_ARRAY(b, uint32_t, slots),
        .env = leaf_env_of(map),
        .records = records,
        .seen = seen,
        .why = why,
    };
    enum err e;

    if (!map->is_in)
        return err_set(why, ERR_NOT_NOW, "not a JSON to record program");
    if (body.n > MAP_JSON_MAX)
        return err_set(why, ERR_LIMIT, "JSON above %u bytes", MAP_JSON_MAX);
    r.is_plain_page = map->codepage->kind == CODEPAGE_UTF8;
    r.is_table_page =
        map->codepage->kind == CODEPAGE_SINGLE && map->codepage->has_all_ascii;
    if ((e = start_records(&r)) != ERR_OK)
        return e;
    e = body.p == NULL || body.n == 0 ? read_nothing(&r) : read_body(&r);
    if (e == ERR_OK)
        e = run_updates(&r, params, n_params);
    if (e == ERR_OK)
        e = finish_records(&r, body.n > 0);
    return e;
}
