/* Decks: card images to commands. */
#include "saf/cmd.h"

#include <string.h>

#define CARD_COLUMNS 80u
#define CARD_TEXT 72u

/* A card of 80 columns whose last eight are digits carries a number there. */
static struct str
drop_number(struct str line)
{
    if (line.n != CARD_COLUMNS)
        return line;
    for (size_t i = CARD_TEXT; i < CARD_COLUMNS; i++)
        if (line.p[i] < '0' || line.p[i] > '9')
            return line;
    return str_sub(line, 0, CARD_TEXT);
}

static bool
next_line(struct saf_deck *deck, struct str *line)
{
    if (deck->at_end || !str_line(&deck->rest, line)) {
        deck->at_end = true;
        return false;
    }
    deck->line++;
    *line = str_trim_right(drop_number(*line));
    if (str_eq_z(*line, "/*") || (deck->is_jcl && str_starts(*line, STR("//"))))
        deck->at_end = true;
    return !deck->at_end;
}

/* Append the line without its comments. One that is not closed runs to the end
 * of its line, as many real decks have it. */
static void
add_without_comments(struct buf *out, struct str line, bool *in_quotes)
{
    for (size_t i = 0; i < line.n; i++) {
        struct str rest = str_sub(line, i, line.n);

        if (line.p[i] == '\'')
            *in_quotes = !*in_quotes;
        if (*in_quotes || !str_starts(rest, STR("/*"))) {
            buf_add_char(out, line.p[i]);
            continue;
        }
        size_t end = str_find(str_sub(rest, 2, rest.n), STR("*/"));

        if (end == STR_NPOS)
            return;
        buf_add_char(out, ' ');
        i += end + 3;
    }
}

/* Take the trailing continuation mark off; '\0' when there is none. */
static char
take_mark(struct buf *out)
{
    struct str text = str_trim_right(buf_view(out));
    char mark = text.n == 0 ? '\0' : text.p[text.n - 1];

    if (mark != '+' && mark != '-')
        return '\0';
    out->n = text.n - 1;
    return mark;
}

static struct str
skip_blanks(struct str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_sub(s, 1, s.n);
    return s;
}

enum err
saf_deck_next(struct saf_deck *deck, struct buf *out, uint32_t *line,
              struct err_info *why)
{
    bool in_quotes = false;
    char mark = '\0';
    struct str text;

    buf_clear(out);
    while (next_line(deck, &text)) {
        if (mark != '-')
            text = skip_blanks(text);
        if (str_trim(text).n == 0) {
            if (mark != '\0')
                break; /* a blank line ends a continuation */
            continue;
        }
        if (mark == '\0')
            *line = deck->line;
        add_without_comments(out, text, &in_quotes);
        mark = take_mark(out);
        if (mark != '\0')
            continue;
        if (str_trim(buf_view(out)).n > 0)
            break;
        buf_clear(out); /* the line was a comment */
    }
    if (out->failed)
        return err_pos(why, ERR_LIMIT, *line, 1,
                       "the command is longer than %zu bytes", out->max);
    return str_trim(buf_view(out)).n == 0 ? ERR_NOT_FOUND : ERR_OK;
}
