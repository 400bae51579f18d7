/* Segments that an earlier release kept as written: texts to fields. */
#include "saf/kept.h"

#include <string.h>

#include "base/reader.h"
#include "base/secret.h"
#include "saf/cmd_private.h"
#include "saf/secrets.h"

#define TEXT_MAX (64u * 1024u)
#define SECRETS_MAX 8u

/* --- secrets in a text -------------------------------------------------- */

static const char *
secret_of(struct str segment, struct str word)
{
    const struct secret_operand *row;

    for (size_t i = 0; (row = secrets_at(i)) != NULL; i++)
        if (row->segment[0] != '\0' && str_eq_z(segment, row->segment) &&
            str_starts_nocase(str_of(row->name), word))
            return row->name;
    return NULL;
}

static bool
is_secret(struct str segment, struct str word)
{
    return secret_of(segment, word) != NULL;
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

/* was_kept: what is sealed already stays. */
static enum err
seal(struct arena *a, const struct saf_hooks *hooks, const char *segment,
     struct str text, bool was_kept, struct str *out, struct err_info *why)
{
    struct reader in = reader_of(text);
    struct str value, sealed;
    struct buf made;
    enum err e = ERR_OK;

    buf_init(&made, TEXT_MAX);
    while (e == ERR_OK && next_secret(&in, str_of(segment), &made, &value)) {
        sealed = value;
        if (value.n > 0 && !(was_kept && kept_is_sealed(value)))
            e = kept_seal(a, hooks, segment,
                          secret_of(str_of(segment), STR("")), value, &sealed,
                          why);
        buf_add(&made, sealed);
    }
    if (e == ERR_OK)
        e = buf_check(&made, why);
    if (e == ERR_OK)
        *out = str_dup(a, buf_view(&made));
    buf_fini(&made);
    return e;
}

enum err
kept_seal_text(struct arena *a, const struct saf_hooks *hooks,
               const char *segment, struct str text, struct str *out,
               struct err_info *why)
{
    return seal(a, hooks, segment, text, false, out, why);
}

/* --- to fields ---------------------------------------------------------- */

struct row {
    struct str kind, segment, text;
    int64_t id;
    struct row *next;
};

/* What is sealed is longer than its operand may be: a number stands for it
 * while the text is parsed. */
struct splitter {
    struct saf_db *db;
    struct arena *a;
    const struct saf_hooks *hooks; /* the real ones */
    struct str sealed[SECRETS_MAX];
    size_t n;
};

static int
hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : 0;
}

static enum err
seal_or_keep(void *arg, struct str value, struct str segment, struct buf *out,
             struct err_info *why)
{
    struct splitter *s = arg;
    struct str hex;
    uint64_t i;

    if (!kept_is_sealed(value) ||
        !str_to_u64(str_sub(value, 1, value.n - 1), &i) || i >= s->n)
        return s->hooks == NULL || s->hooks->seal_secret == NULL
                   ? err_set(why, ERR_UNSUPPORTED, "no key keeper")
                   : s->hooks->seal_secret(s->hooks->arg, value, segment, out,
                                           why);
    hex = s->sealed[i];
    for (size_t at = 1; at + 2 < hex.n; at += 2)
        buf_add_char(
            out, (char)(hex_digit(hex.p[at]) << 4 | hex_digit(hex.p[at + 1])));
    return ERR_OK;
}

/* The command that would have set the segment; "" when it is too long. */
static struct str
command_of(struct splitter *s, const struct row *r)
{
    struct reader in = reader_of(r->text);
    struct str value, command = STR("");
    struct buf made;

    buf_init(&made, CMD_MAX);
    buf_add_z(&made, str_eq_z(r->segment, "DFP") ? "ALTDSD 'X.Y' "
                     : str_eq_z(r->kind, "U")    ? "ALTUSER X "
                     : str_eq_z(r->kind, "G")    ? "ALTGROUP X "
                                                 : "RALTER X Y ");
    buf_add(&made, r->segment);
    buf_add_char(&made, '(');
    while (next_secret(&in, r->segment, &made, &value)) {
        if (!kept_is_sealed(value) || s->n == SECRETS_MAX) {
            buf_add(&made, value);
            continue;
        }
        buf_printf(&made, "{%zu}", s->n);
        s->sealed[s->n++] = value;
    }
    buf_add_char(&made, ')');
    if (!made.failed)
        command = str_dup(s->a, buf_view(&made));
    if (made.p != NULL)
        secret_wipe(made.p, made.n);
    buf_fini(&made);
    return command;
}

/* False: the text is no list of operands; it stays. */
static bool
split(struct splitter *s, const struct row *r, enum err *e,
      struct err_info *why)
{
    const struct saf_hooks hooks = { .seal_secret = seal_or_keep, .arg = s };
    struct saf_session session = { .hooks = &hooks };
    struct cmd cmd = { .db = s->db, .session = &session, .arena = s->a };
    enum saf_kind kind = (enum saf_kind)r->kind.p[0];
    const char *segment = str_z(s->a, r->segment);
    bool is_split = segment != NULL && cmd_parse(&cmd, command_of(s, r));

    if (is_split) {
        saf_field_put(s->db, kind, r->id, segment, "TEXT",
                      (struct str){ NULL, 0 });
        cmd_store(&cmd, kind, r->id);
        if (cmd.is_abandoned)
            *e = err_set(why, ERR_UNSUPPORTED,
                         "a secret of segment %s cannot be sealed", segment);
    }
    if (cmd.text.p != NULL)
        secret_wipe(cmd.text.p, cmd.text.cap);
    buf_fini(&cmd.text);
    return is_split;
}

static enum err
migrate_rows(struct saf_db *db, struct arena *a, const struct saf_hooks *hooks,
             const struct row *rows, bool *has_changed, struct err_info *why)
{
    enum err e = ERR_OK;

    for (const struct row *r = rows; r != NULL && e == ERR_OK; r = r->next) {
        struct splitter s = { .db = db, .a = a, .hooks = hooks };
        const char *segment = str_z(a, r->segment);
        struct str made;

        if (segment == NULL)
            return err_set(why, ERR_MEMORY, "no storage");
        if (split(&s, r, &e, why)) {
            *has_changed = true;
            continue;
        }
        e = seal(a, hooks, segment, r->text, true, &made, why);
        if (e != ERR_OK || str_eq(made, r->text))
            continue;
        *has_changed = true;
        saf_field_put(db, (enum saf_kind)r->kind.p[0], r->id, segment, "TEXT",
                      made);
    }
    return e;
}

static struct row *
read_rows(struct saf_db *db, struct arena *a)
{
    struct saf_query q = saf_db_query(
        db,
        "SELECT kind, id, segment, value FROM segments WHERE field='TEXT'"
        " AND kind IN ('U', 'G', 'R')",
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

/* SETROPTS options that were texts, among them the passwords of RVARY. */
static void
migrate_options(struct saf_db *db, bool *has_changed)
{
    static const struct {
        const char *name, *word, *part;
    } rows[] = {
        { "JES", "BATCHALLRACF", "JES.BATCHALLRACF" },
        { "JES", "XBMALLRACF", "JES.XBMALLRACF" },
        { "JES", "EARLYVERIFY", "JES.EARLYVERIFY" },
        { "MODEL", "GDG", "MODEL.GDG" },
        { "MODEL", "USER", "MODEL.USER" },
        { "MODEL", "GROUP", "MODEL.GROUP" },
        { "RVARYPW", "SW", "RVARYPW.SWITCH" },
        { "RVARYPW", "ST", "RVARYPW.STATUS" },
        { "ERASE", "", "ERASE" },
    };
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = str_upper(&a, saf_option_text(db, &a, rows[i].name));

        if (text.n > 0 && str_find(text, str_of(rows[i].word)) != STR_NPOS)
            saf_option_put(db, rows[i].part, 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (saf_option_text(db, &a, rows[i].name).n > 0) {
            *has_changed = true;
            saf_option_text_put(db, rows[i].name, STR(""));
        }
    arena_fini(&a);
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
        migrate_options(db, &has_changed);
        e = migrate_rows(db, &a, hooks, read_rows(db, &a), &has_changed, why);
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
