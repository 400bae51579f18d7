/*
 * A command's text without its secrets, for SMF records. What the tables can
 * parse loses the values of the operands that they mark. What they cannot was
 * not carried out: there everything goes that may be a secret.
 */
#include "saf/cmd_private.h"

#include <string.h>

#include "base/secret.h"
#include "saf/secrets.h"

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

static void
blank(struct reader *in, size_t n)
{
    if (n > 0)
        memset((char *)(uintptr_t)in->in.p + in->pos, ' ', n);
    in->pos += n;
}

/* The value that stands here: "( ... )", or a word that is no keyword (then it
 * was taken for one of a list). */
static void
blank_value(struct reader *in, const struct cmd_verb *verb, struct str word)
{
    bool in_quotes = false;
    size_t depth = 0;

    if (reader_peek(in) != '(') {
        struct reader ahead = *in;
        struct str next = reader_span(&ahead, cmd_is_word_byte);

        if (word.n >= 4 && !cmd_is_keyword(verb, next))
            blank(in, next.n);
        return;
    }
    while (!reader_at_end(in)) {
        char c = reader_peek(in);

        in_quotes = in_quotes != (c == '\'');
        if (!in_quotes && c == '(' && depth++ == 0)
            in->pos++;
        else if (!in_quotes && c == ')' && --depth == 0)
            return;
        else
            blank(in, 1);
    }
}

static void
blank_values(struct reader *in, const struct cmd_verb *verb)
{
    while (!reader_at_end(in)) {
        struct str word = reader_span(in, cmd_is_word_byte);

        if (word.n == 0) {
            in->pos++;
        } else if (is_secret_word(&verb->operands, word)) {
            cmd_skip_separators(in);
            blank_value(in, verb, word);
        }
    }
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
    struct str copy = str_dup(arena, command);
    struct reader in = reader_of(copy);
    const struct cmd_verb *verb;
    size_t from, refused_at;

    cmd_skip_separators(&in);
    from = in.pos;
    verb = cmd_find_verb(reader_span(&in, cmd_is_word_byte), hooks);
    if (verb == NULL) {
        in.pos = from;
    } else if (!is_secret_text(verb)) {
        if (parses(arena, command, hooks, &refused_at)) {
            blank_values(&in, verb);
            return copy;
        }
        from = secrets_find(copy, in.pos);
        if (refused_at != 0 && refused_at < from)
            from = refused_at;
        in.pos = from < copy.n ? from : copy.n;
    }
    blank(&in, copy.n - in.pos);
    return copy;
}
