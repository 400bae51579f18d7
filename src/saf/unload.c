#include "saf/unload_writer.h"

#include <string.h>

void
unload_start(struct unload_writer *w, const char *type, struct str name)
{
    unload_begin(&w->r, type);
    TEXT(w, "NAME", name);
}

void
unload_emit(struct unload_writer *w)
{
    w->out->line(w->out->arg, unload_line(&w->r));
}

struct str
unload_base(struct unload_writer *w, enum saf_kind kind, int64_t id,
            const char *field)
{
    return saf_field_get(w->db, &w->a, kind, id, "BASE", field);
}

static bool
has_word(struct str list, const char *word)
{
    struct str one;

    while (str_token(&list, ' ', &one))
        if (str_eq_z(one, word))
            return true;
    return false;
}

static void
put_chars(struct unload_writer *w, int64_t id)
{
    for (size_t i = 0; i < UNLOAD_CHARS; i++)
        YES(w, unload_chars[i].column,
            has_word(saf_field_get(w->db, &w->a, SAF_KIND_PROFILE, id,
                                   "CDTINFO", unload_chars[i].field),
                     unload_chars[i].word));
}

static void
put_field(struct unload_writer *w, const struct unload_field *f,
          struct str value)
{
    if (f->yes == NULL)
        TEXT(w, f->column, value);
    else if (value.n > 0)
        YES(w, f->column, str_eq_z(value, f->yes));
}

void
unload_segment(struct unload_writer *w, const char *type, const char *segment,
               enum saf_kind kind, int64_t id, struct str name,
               const char *class_name)
{
    size_t n;
    const struct unload_field *f = unload_fields(&n);

    if (!saf_segment_exists(w->db, kind, id, segment))
        return;
    unload_start(w, type, name);
    if (class_name != NULL)
        TEXT(w, "CLASS_NAME", str_of(class_name));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(f[i].type, type) == 0)
            put_field(
                w, &f[i],
                saf_field_get(w->db, &w->a, kind, id, segment, f[i].field));
    }
    if (strcmp(type, "05C0") == 0)
        put_chars(w, id);
    unload_emit(w);
}

struct str
unload_filter_name(struct unload_writer *w, struct str issuer,
                   struct str subject)
{
    return str_fmt(&w->a, STR_FMT UNLOAD_NOT_SIGN STR_FMT, STR_ARG(issuer),
                   STR_ARG(subject));
}

static void
each_name(struct unload_writer *w, const char *sql,
          void (*put_one)(struct unload_writer *, struct str))
{
    struct saf_query q = saf_db_query(w->db, sql, "");

    while (saf_query_next(&q)) {
        put_one(w, saf_query_str(&q, &w->a, 0));
        arena_reset(&w->a);
    }
}

static void
each_profile(struct unload_writer *w, const char *sql)
{
    struct saf_query q = saf_db_query(w->db, sql, "");

    while (saf_query_next(&q)) {
        unload_profile(w, saf_query_str(&q, &w->a, 0),
                       saf_query_str(&q, &w->a, 1), saf_query_int(&q, 2) != 0);
        arena_reset(&w->a);
    }
}

static void
put_kept(struct unload_writer *w, struct str line)
{
    w->out->line(w->out->arg, line);
}

/*
 * In the order of a real unload: groups, users, data sets, general resources,
 * each profile's records together; lines that were kept at the end.
 */
enum err
unload_write(struct saf_db *db, const struct unload_out *out,
             struct err_info *why)
{
    struct unload_writer w = { .db = db, .out = out };

    arena_init(&w.a, 256u << 20);
    each_name(&w, "SELECT grp FROM groups ORDER BY grp", unload_group);
    each_name(&w, "SELECT user FROM users ORDER BY user", unload_user);
    each_profile(&w, "SELECT class, name, is_generic FROM profiles WHERE"
                     " class='DATASET' ORDER BY name, is_generic");
    each_profile(&w, "SELECT class, name, is_generic FROM profiles WHERE"
                     " class<>'DATASET' ORDER BY class, name, is_generic");
    unload_certs(&w);
    each_name(&w, "SELECT line FROM unload_kept ORDER BY seq", put_kept);
    arena_fini(&w.a);
    return saf_db_check(db, why);
}
