#include "batch/deck.h"

#include <ctype.h>
#include <string.h>

#define CARD_COLUMNS 80u
#define NUMBER_AT 72u /* columns 73-80 */

void
deck_init(struct deck *deck, struct str text)
{
    *deck = (struct deck){ .rest = text, .next_line = 1 };
}

/* A record of exactly 80 columns may carry a sequence number. */
static struct str
without_number(struct str line)
{
    if (line.n != CARD_COLUMNS)
        return line;
    for (size_t i = NUMBER_AT; i < CARD_COLUMNS; i++) {
        if (!isdigit((unsigned char)line.p[i]))
            return line;
    }
    return str_sub(line, 0, NUMBER_AT);
}

/*
 * Append a line without its comments. Quotes protect what looks like one; a
 * comment that is not closed runs to the end of the line, as in many decks.
 */
static void
add_line(struct buf *out, struct str line)
{
    bool in_quotes = false;

    for (size_t i = 0; i < line.n; i++) {
        if (!in_quotes && i + 1 < line.n && line.p[i] == '/' &&
            line.p[i + 1] == '*') {
            size_t end = str_find(str_sub(line, i + 2, line.n), STR("*/"));

            buf_add_char(out, ' ');
            if (end == STR_NPOS)
                return;
            i += end + 3;
            continue;
        }
        if (line.p[i] == '\'')
            in_quotes = !in_quotes;
        buf_add_char(out, line.p[i] == '\t' ? ' ' : line.p[i]);
    }
}

static void
trim_from(struct buf *b, size_t start)
{
    while (b->n > start && b->p[b->n - 1] == ' ')
        b->n--;
}

bool
deck_next(struct deck *deck, struct buf *command)
{
    struct str line;
    bool continues = false;

    buf_clear(command);
    while (str_line(&deck->rest, &line)) {
        size_t start = command->n;
        uint32_t number = deck->next_line++;

        line = without_number(line);
        /* "+" joins without the next line's leading blanks. */
        if (continues)
            while (line.n > 0 && line.p[0] == ' ')
                line = str_sub(line, 1, line.n);
        add_line(command, line);
        trim_from(command, start);
        if (start == 0)
            deck->line = number;
        if (command->n == start) {
            if (start > 0)
                return true; /* a blank line ends a continued command */
            continue;
        }
        continues = command->p[command->n - 1] == '+' ||
                    command->p[command->n - 1] == '-';
        if (!continues)
            return true;
        command->n--;
        /* The pieces stay apart unless the text touches the sign. */
        if (command->n > start && command->p[command->n - 1] == ' ') {
            trim_from(command, start);
            buf_add_char(command, ' ');
        }
    }
    trim_from(command, 0);
    return command->n > 0;
}
