#include "saf/kept.h"

#include <string.h>

#include "base/reader.h"

#define SECRET_MAX 1024u
#define TEXT_MAX (64u * 1024u)

/* at_least: characters of an abbreviation that cannot mean another word. */
static const struct {
    const char *segment, *word;
    size_t at_least;
} words[] = {
    { "SESSION", "SESSKEY", 1 },
    { "PROXY", "BINDPW", 5 },
};

static bool
is_secret(struct str segment, struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq_z(segment, words[i].segment) &&
            word.n >= words[i].at_least &&
            str_starts_nocase(str_of(words[i].word), word))
            return true;
    return false;
}

static bool
is_word_byte(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* To the parenthesis that matches the one before; quotes hide them. */
static struct str
take_value(struct reader *in)
{
    size_t from = in->pos, depth = 1;
    bool in_quotes = false;

    for (; !reader_at_end(in); in->pos++) {
        char c = in->in.p[in->pos];

        in_quotes = in_quotes != (c == '\'');
        if (!in_quotes && c == '(')
            depth++;
        if (!in_quotes && c == ')' && --depth == 0)
            break;
    }
    return str_sub(in->in, from, in->pos);
}

/* Copy to out up to and with the "(" of the next secret; false: no more. */
static bool
next_secret(struct reader *in, struct str segment, struct buf *out,
            struct str *value)
{
    while (!reader_at_end(in)) {
        struct str word = reader_span(in, is_word_byte);
        size_t from = in->pos;

        buf_add(out, word);
        if (word.n == 0) {
            if (in->in.p[in->pos] == '\'') { /* quoted: no keyword in it */
                in->pos++;
                while (!reader_at_end(in) && in->in.p[in->pos] != '\'')
                    in->pos++;
            }
            if (!reader_at_end(in))
                in->pos++;
            buf_add(out, str_sub(in->in, from, in->pos));
            continue;
        }
        reader_skip_blanks(in);
        if (!reader_accept(in, '(') || !is_secret(segment, word)) {
            buf_add(out, str_sub(in->in, from, in->pos));
            continue;
        }
        buf_add_char(out, '(');
        *value = take_value(in);
        return true;
    }
    return false;
}

static enum err
put_sealed(const struct saf_hooks *hooks, struct str segment, struct str value,
           struct buf *out, struct err_info *why)
{
    struct buf sealed;
    enum err e;

    if (hooks == NULL || hooks->seal_secret == NULL)
        return err_set(why, ERR_UNSUPPORTED, "no key keeper");
    /* What is sealed already may be longer: the hook opens it first. */
    if (value.n > SECRET_MAX && value.p[0] != '{')
        return err_set(why, ERR_LIMIT, "a secret of %zu bytes, at most %u",
                       value.n, SECRET_MAX);
    buf_init(&sealed, SECRET_MAX + 256u);
    e = hooks->seal_secret(hooks->arg, value, segment, &sealed, why);
    buf_add_char(out, '{');
    for (size_t i = 0; e == ERR_OK && i < sealed.n; i++)
        buf_printf(out, "%02x", (unsigned char)sealed.p[i]);
    buf_add_char(out, '}');
    buf_fini(&sealed);
    return e;
}

/* was_kept: what is sealed already stays. */
static enum err
seal(struct arena *a, const struct saf_hooks *hooks, struct str segment,
     struct str text, bool was_kept, struct str *out, struct err_info *why)
{
    struct reader in = reader_of(text);
    struct str value;
    struct buf made;
    enum err e = ERR_OK;

    buf_init(&made, TEXT_MAX);
    while (e == ERR_OK && next_secret(&in, segment, &made, &value)) {
        if (value.n == 0 || (was_kept && value.p[0] == '{'))
            buf_add(&made, value);
        else
            e = put_sealed(hooks, segment, value, &made, why);
    }
    if (e == ERR_OK)
        e = buf_check(&made, why);
    if (e == ERR_OK)
        *out = str_dup(a, buf_view(&made));
    buf_fini(&made);
    return e;
}

enum err
kept_seal(struct arena *a, const struct saf_hooks *hooks, const char *segment,
          struct str text, struct str *out, struct err_info *why)
{
    return seal(a, hooks, str_of(segment), text, false, out, why);
}

struct str
kept_shown(struct arena *a, struct str segment, struct str text)
{
    struct reader in = reader_of(text);
    struct str value, shown;
    struct buf made;

    buf_init(&made, TEXT_MAX);
    while (next_secret(&in, segment, &made, &value))
        buf_add_z(&made, "DATA NOT DISPLAYABLE");
    shown = made.failed ? STR("") : str_dup(a, buf_view(&made));
    buf_fini(&made);
    return shown;
}

/* --- an earlier release's ----------------------------------------------- */

struct row {
    struct str kind, segment, text;
    int64_t id;
    struct row *next;
};

static enum err
seal_rows(struct saf_db *db, struct arena *a, const struct saf_hooks *hooks,
          const struct row *rows, bool *has_changed, struct err_info *why)
{
    enum err e = ERR_OK;

    for (const struct row *r = rows; r != NULL && e == ERR_OK; r = r->next) {
        struct str made;

        e = seal(a, hooks, r->segment, r->text, true, &made, why);
        if (e != ERR_OK || str_eq(made, r->text))
            continue;
        *has_changed = true;
        saf_db_run(db,
                   "UPDATE segments SET value=?4 WHERE kind=?1 AND id=?2 AND"
                   " segment=?3 AND field='TEXT'",
                   "siss", r->kind, r->id, r->segment, made);
    }
    return e;
}

static struct row *
read_rows(struct saf_db *db, struct arena *a)
{
    struct saf_query q =
        saf_db_query(db,
                     "SELECT kind, id, segment, value FROM segments WHERE"
                     " field='TEXT' AND segment IN ('SESSION', 'PROXY')",
                     "");
    struct row *rows = NULL;

    while (saf_query_next(&q)) {
        struct row *r = ARENA_NEW(a, struct row);

        if (r == NULL)
            break;
        r->kind = saf_query_str(&q, a, 0);
        r->id = saf_query_int(&q, 1);
        r->segment = saf_query_str(&q, a, 2);
        r->text = saf_query_str(&q, a, 3);
        r->next = rows;
        rows = r;
    }
    saf_query_close(&q);
    return rows;
}

enum err
kept_migrate(struct saf_db *db, const struct saf_hooks *hooks,
             struct err_info *why)
{
    bool has_changed = false;
    struct arena a;
    enum err e;

    arena_init(&a, 64u << 20);
    saf_db_run(db, "PRAGMA secure_delete=ON", "");
    e = saf_db_begin(db, why);
    if (e == ERR_OK) {
        e = seal_rows(db, &a, hooks, read_rows(db, &a), &has_changed, why);
        if (e == ERR_OK)
            e = saf_db_commit(db, why);
        else
            saf_db_rollback(db);
    }
    /* The log has the old pages, too. */
    if (e == ERR_OK && has_changed)
        saf_db_run(db, "PRAGMA wal_checkpoint(TRUNCATE)", "");
    arena_fini(&a);
    return e;
}
