/*
 * A command's text without its secrets, for SMF records. What the tables can
 * parse loses the values of the operands that they mark. What they cannot was
 * not carried out: there everything goes that may be a secret.
 */
#include "saf/cmd_private.h"

#include <string.h>

#include "base/secret.h"
#include "saf/secrets.h"

#define BLANKS "        "

/* In the table or those below it. */
static bool
is_secret_word(const struct cmd_table *table, struct str word)
{
    for (const struct cmd_table *t = table; t != NULL; t = t->next)
        for (size_t i = 0; i < t->n; i++) {
            const struct cmd_operand *o = &t->v[i];

            if ((o->flags & CMD_SECRET) != 0 &&
                str_starts_nocase(str_of(o->name), word))
                return true;
            if (o->sub != NULL && is_secret_word(o->sub, word))
                return true;
        }
    return false;
}

/* The text so far is in `out`, from `shown` on it is still to come. */
struct blanker {
    struct reader in;
    struct buf out;
    size_t shown;
};

/* Instead of the value from `from` to where the reader stands: as many blanks
 * for a long one as for a short one, or none. */
static void
blank(struct blanker *b, size_t from)
{
    buf_add(&b->out, str_sub(b->in.in, b->shown, from));
    buf_add_z(&b->out, BLANKS);
    b->shown = b->in.pos;
}

/* The value that stands here: "( ... )", or a word that is no keyword (then it
 * was taken for one of a list). */
static void
blank_value(struct blanker *b, const struct cmd_verb *verb, struct str word)
{
    struct reader *in = &b->in;
    size_t from = in->pos;
    bool in_quotes = false;
    size_t depth = 0;

    if (reader_peek(in) != '(') {
        struct reader ahead = *in;
        struct str next = reader_span(&ahead, cmd_is_word_byte);

        if (word.n >= 4 && next.n > 0 && !cmd_is_keyword(verb, next)) {
            *in = ahead;
            blank(b, from);
        }
        return;
    }
    for (; !reader_at_end(in); in->pos++) {
        char c = reader_peek(in);

        in_quotes = in_quotes != (c == '\'');
        depth = in_quotes  ? depth
                : c == '(' ? depth + 1
                : c == ')' ? depth - 1
                           : depth;
        if (depth == 0)
            break;
    }
    blank(b, from + 1);
}

static void
blank_values(struct blanker *b, const struct cmd_verb *verb)
{
    while (!reader_at_end(&b->in)) {
        struct str word = reader_span(&b->in, cmd_is_word_byte);

        if (word.n == 0) {
            b->in.pos++;
        } else if (is_secret_word(&verb->operands, word)) {
            cmd_skip_separators(&b->in);
            blank_value(b, verb, word);
        }
    }
    buf_add(&b->out, str_sub(b->in.in, b->shown, b->in.in.n));
}

/* As it is carried out; *refused_at: of the first word that is no keyword. */
static bool
parses(struct arena *arena, struct str command, const struct saf_hooks *hooks,
       size_t *refused_at)
{
    struct saf_session session = { .hooks = hooks };
    struct cmd cmd = { .session = &session, .arena = arena };
    bool ok = cmd_parse(&cmd, command);

    *refused_at = cmd.refused_at;
    if (cmd.text.p != NULL)
        secret_wipe(cmd.text.p, cmd.text.cap);
    buf_fini(&cmd.text);
    return ok;
}

static bool
is_secret_text(const struct cmd_verb *verb)
{
    return verb->n_positional > 0 &&
           (verb->positional[0].flags & CMD_SECRET) != 0;
}

struct str
cmd_blank_secrets(struct arena *arena, struct str command,
                  const struct saf_hooks *hooks)
{
    struct blanker b = { .in = reader_of(command) };
    const struct cmd_verb *verb;
    size_t from, refused_at;
    struct str text;

    cmd_skip_separators(&b.in);
    from = b.in.pos;
    verb = cmd_find_verb(reader_span(&b.in, cmd_is_word_byte), hooks);
    if (verb == NULL)
        return str_sub(command, 0, from);
    if (is_secret_text(verb))
        return str_dup(arena, str_sub(command, 0, b.in.pos));
    if (!parses(arena, command, hooks, &refused_at)) {
        from = secrets_find(command, b.in.pos);
        if (refused_at != 0 && refused_at < from)
            from = refused_at;
        return str_dup(arena, str_sub(command, 0, from));
    }
    buf_init(&b.out, command.n * sizeof BLANKS + sizeof BLANKS);
    blank_values(&b, verb);
    text = str_dup(arena, str_sub(buf_view(&b.out), 0, CMD_MAX));
    buf_fini(&b.out);
    return text;
}
