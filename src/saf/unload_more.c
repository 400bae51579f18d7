/*
 * The companion of an unload. A line is the name of a statement below and one
 * value for each of its columns, separated by tabs: "i" and a number, "t" or
 * "b" and hexadecimal digits (text, bytes), "n" (NULL). Only what stands in
 * the table can be written by a companion file.
 */
#include "saf/unload_private.h"

#include <string.h>

#include "base/reader.h"

#define HEADER "# Sallyport: companion of an unload, level 2. Holds secrets."
/* Of level 1, which had no last line that counts. */
#define HEADER_1 "# Sallyport: companion of an unload, level 1. Holds secrets."
#define END "# end: "

/* A generic profile beside a discrete one of its name. */
#define IS_TWIN                                                                \
    "(p.is_generic=1 AND EXISTS(SELECT 1 FROM profiles t WHERE"                \
    " t.class=p.class AND t.name=p.name AND t.is_generic=0))"

static const struct row {
    const char *name, *select, *insert;
    unsigned columns;
} rows[] = {
    { "option",
      "SELECT name, number, text FROM options WHERE name<>'DATABASE.ID' ORDER "
      "BY"
      " name",
      "INSERT OR REPLACE INTO options VALUES(?1,?2,?3)", 3 },
    { "class", "SELECT name, options FROM classes ORDER BY name",
      "INSERT INTO classes(name, options, generation) VALUES(?1,?2,1)"
      " ON CONFLICT(name) DO UPDATE SET options=?2",
      2 },
    { "user",
      "SELECT user, verifier, phrase_verifier, pass_day, phrase_day FROM users"
      " WHERE verifier IS NOT NULL OR phrase_verifier IS NOT NULL ORDER BY"
      " user",
      "UPDATE users SET verifier=?2, phrase_verifier=?3, pass_day=?4,"
      " phrase_day=?5 WHERE user=?1",
      5 },
    { "history",
      "SELECT user, is_phrase, seq, verifier FROM history ORDER BY 1, 2, 3",
      "INSERT OR REPLACE INTO history VALUES(?1,?2,?3,?4)", 4 },
    { "certificate",
      "SELECT owner, label, status, der, key, serial, issuer, subject,"
      " not_before, not_after, key_type, key_bits, last_serial, ring_seq,"
      " fingerprint, facts, flags FROM certs ORDER BY owner, label",
      "INSERT OR REPLACE INTO certs(owner, label, status, der, key, serial,"
      " issuer, subject, not_before, not_after, key_type, key_bits,"
      " last_serial, ring_seq, fingerprint, facts, flags) VALUES(?1,?2,?3,?4,"
      "?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
      17 },
    { "pkds",
      "SELECT owner, label, pkds FROM certs WHERE pkds<>'' ORDER BY owner,"
      " label",
      "UPDATE certs SET pkds=?3 WHERE owner=?1 AND label=?2", 3 },
    { "map",
      "SELECT kind, owner, label, status, filter, issuer, criteria FROM"
      " idmaps ORDER BY kind, owner, label",
      "INSERT OR REPLACE INTO idmaps(kind, owner, label, status, filter,"
      " issuer, criteria) VALUES(?1,?2,?3,?4,?5,?6,?7)",
      7 },
    { "user-field",
      "SELECT u.user, s.segment, s.field, s.value FROM segments s JOIN users u"
      " ON u.id=s.id WHERE s.kind='U' ORDER BY 1, 2, 3",
      "INSERT OR REPLACE INTO segments SELECT 'U', id, ?2, ?3, ?4 FROM users"
      " WHERE user=?1",
      4 },
    { "group-field",
      "SELECT g.grp, s.segment, s.field, s.value FROM segments s JOIN groups g"
      " ON g.id=s.id WHERE s.kind='G' ORDER BY 1, 2, 3",
      "INSERT OR REPLACE INTO segments SELECT 'G', id, ?2, ?3, ?4 FROM groups"
      " WHERE grp=?1",
      4 },
    { "profile-field",
      "SELECT p.class, p.name, s.segment, s.field, s.value FROM segments s"
      " JOIN profiles p ON p.id=s.id WHERE s.kind='R' AND NOT " IS_TWIN
      " ORDER BY 1, 2, 3, 4",
      "INSERT OR REPLACE INTO segments SELECT 'R', id, ?3, ?4, ?5 FROM"
      " profiles WHERE class=?1 AND name=?2 ORDER BY is_generic LIMIT 1",
      5 },
    { "generic-field",
      "SELECT p.class, p.name, s.segment, s.field, s.value FROM segments s"
      " JOIN profiles p ON p.id=s.id WHERE s.kind='R' AND " IS_TWIN
      " ORDER BY 1, 2, 3, 4",
      "INSERT OR REPLACE INTO segments SELECT 'R', id, ?3, ?4, ?5 FROM"
      " profiles WHERE class=?1 AND name=?2 AND is_generic=1",
      5 },
};

/* --- writing
 * ------------------------------------------------------------------
 */

static void
put_hex(struct buf *out, char kind, struct str value)
{
    static const char digits[] = "0123456789abcdef";

    buf_add_char(out, kind);
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];

        buf_add_char(out, digits[c >> 4]);
        buf_add_char(out, digits[c & 15]);
    }
}

enum err
unload_write_more(struct saf_db *db, const struct unload_out *out,
                  struct err_info *why)
{
    struct arena a;
    struct buf line;

    uint64_t n = 1;

    out->line(out->arg, STR(HEADER));
    arena_init(&a, 16u << 20);
    buf_init(&line, 1u << 20);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct saf_query q = saf_db_query(db, rows[i].select, "");

        while (saf_query_next(&q)) {
            buf_clear(&line);
            buf_add_z(&line, rows[i].name);
            for (unsigned c = 0; c < rows[i].columns; c++) {
                char kind = saf_query_kind(&q, (int)c);

                buf_add_char(&line, '\t');
                if (kind == 'i')
                    buf_printf(&line, "i%lld",
                               (long long)saf_query_int(&q, (int)c));
                else if (kind == 'n')
                    buf_add_char(&line, 'n');
                else
                    put_hex(&line, kind, saf_query_str(&q, &a, (int)c));
            }
            out->line(out->arg, buf_view(&line));
            n++;
            arena_reset(&a);
        }
    }
    buf_clear(&line);
    buf_printf(&line, END "%llu lines", (unsigned long long)n + 1);
    out->line(out->arg, buf_view(&line));
    buf_fini(&line);
    arena_fini(&a);
    return saf_db_check(db, why);
}

/* --- reading
 * ------------------------------------------------------------------
 */

static int
digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static bool
read_value(struct arena *a, struct str text, struct saf_value *out)
{
    char *bytes;

    if (text.n == 0)
        return false;
    out->kind = text.p[0];
    text = str_sub(text, 1, text.n);
    if (out->kind == 'n')
        return text.n == 0;
    if (out->kind == 'i')
        return str_to_i64(text, &out->number);
    if ((out->kind != 't' && out->kind != 'b') || text.n % 2 != 0)
        return false;
    bytes = arena_alloc(a, text.n / 2 + 1);
    for (size_t i = 0; bytes != NULL && i < text.n; i += 2) {
        int high = digit(text.p[i]), low = digit(text.p[i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (char)(high << 4 | low);
    }
    out->bytes = bytes == NULL ? STR("") : str_n(bytes, text.n / 2);
    return bytes != NULL;
}

static const struct row *
row_of(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (str_eq_z(name, rows[i].name))
            return &rows[i];
    }
    return NULL;
}

enum err
load_more_check(struct str text, uint64_t *line, struct err_info *why)
{
    struct str first = STR(""), last = STR(""), one;
    uint64_t n = 0, said = 0;

    for (struct str rest = text; str_line(&rest, &one); n++) {
        first = n == 0 ? one : first;
        last = one;
    }
    *line = 1;
    if (str_eq_z(first, HEADER_1))
        return ERR_OK;
    if (!str_eq_z(first, HEADER))
        return err_set(why, ERR_SYNTAX,
                       "found \"" STR_FMT "\", expected \"%s\"",
                       STR_ARG(str_sub(first, 0, 60)), HEADER);
    *line = n;
    if (!str_starts(last, STR(END)) || !str_ends(last, STR(" lines")) ||
        !str_to_u64(str_sub(last, sizeof END - 1, last.n - 6), &said) ||
        said != n || !str_ends(text, STR("\n")))
        return err_set(why, ERR_SYNTAX,
                       "found \"" STR_FMT "\", expected \"" END
                       "%llu lines\": the companion is cut",
                       STR_ARG(str_sub(last, 0, 20)), (unsigned long long)n);
    return ERR_OK;
}

enum err
load_more_line(struct saf_db *db, struct arena *a, struct str line,
               const char *only, struct err_info *why)
{
    struct saf_value values[20] = { { 0 } };
    struct str word;
    const struct row *row;
    unsigned n = 0;

    if (line.n == 0 || line.p[0] == '#')
        return ERR_OK;
    if (!str_token(&line, '\t', &word) || (row = row_of(word)) == NULL)
        return err_set(why, ERR_SYNTAX,
                       "\"" STR_FMT "\" is no row of a companion file",
                       STR_ARG(str_sub(word, 0, 40)));
    if ((strcmp(row->name, "certificate") == 0) != (only != NULL))
        return ERR_OK; /* certificates come before the rings */
    while (n < row->columns && str_token(&line, '\t', &word)) {
        if (!read_value(a, word, &values[n]))
            return err_set(why, ERR_SYNTAX,
                           "%s, value %u: \"" STR_FMT "\" is not i and a "
                           "number, t or b and pairs of hexadecimal digits, or "
                           "n",
                           row->name, n + 1, STR_ARG(str_sub(word, 0, 20)));
        n++;
    }
    if (n < row->columns || str_token(&line, '\t', &word))
        return err_set(why, ERR_SYNTAX, "%s: found %u values%s, expected %u",
                       row->name, n, n < row->columns ? "" : " and more",
                       row->columns);
    saf_db_run_values(db, row->insert, values, n);
    if (saf_db_check(db, why) != ERR_OK)
        return err_set(why, ERR_SYNTAX, "%s: its values do not fit", row->name);
    if (saf_db_changes(db) == 0)
        return err_set(why, ERR_SYNTAX,
                       "%s: \"" STR_FMT "\" is not in the unload", row->name,
                       STR_ARG(str_sub(values[0].bytes, 0, 40)));
    return ERR_OK;
}
