#include "ttls/lines.h"

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct str
without_comment(struct str line, bool *has_comment)
{
    *has_comment = false;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '#' && (i == 0 || is_blank(line.p[i - 1]))) {
            *has_comment = true;
            return str_sub(line, 0, i);
        }
    }
    return line;
}

bool
lines_are_text(struct str text, uint32_t *number, uint8_t *byte)
{
    *number = 1;
    for (size_t i = 0; i < text.n; i++) {
        char next = i + 1 < text.n ? text.p[i + 1] : '\n';

        *byte = (uint8_t)text.p[i];
        if (*byte == '\n')
            *number += 1;
        else if (*byte == '\r'
                     ? next != '\r' && next != '\n'
                     : (*byte < ' ' && *byte != '\t') || *byte == 0x7f)
            return false;
    }
    return true;
}

struct lines
lines_of(struct str text)
{
    return (struct lines){ .rest = text };
}

static bool
is_brace(char c)
{
    return c == '{' || c == '}';
}

/* Where a brace begins that is not part of a word; text.n: nowhere. */
static size_t
find_brace(struct str text)
{
    for (size_t i = 1; i < text.n; i++) {
        if (is_brace(text.p[i]) && is_blank(text.p[i - 1]) &&
            (i + 1 == text.n || is_blank(text.p[i + 1]) ||
             is_brace(text.p[i + 1])))
            return i;
    }
    return text.n;
}

/* "Keyword {", "Keyword name {" and "Keyword{": the brace comes next. */
static struct line
statement(struct lines *in, struct str text, struct str comment)
{
    struct line line = { .kind = LINE_STMT,
                         .number = in->number,
                         .comment = comment };
    size_t n = 0, brace = find_brace(text);

    in->more = str_sub(text, brace, text.n);
    text = str_trim(str_sub(text, 0, brace));
    while (n < text.n && !is_blank(text.p[n]))
        n++;
    if (n == text.n && n > 1 && text.p[n - 1] == '{' && in->more.n == 0) {
        in->more = str_sub(text, n - 1, n);
        text = str_sub(text, 0, --n);
    }
    line.word = str_sub(text, 0, n);
    line.value = str_trim(str_sub(text, n, text.n));
    line.is_crowded = in->more.n > 0 && !str_eq_z(in->more, "{");
    return line;
}

/* One of what a line holds. */
static struct line
piece(struct lines *in, struct str text, struct str comment)
{
    if (!is_brace(text.p[0]))
        return statement(in, text, comment);
    in->more = str_trim(str_sub(text, 1, text.n));
    return (struct line){ .kind = text.p[0] == '{' ? LINE_OPEN : LINE_CLOSE,
                          .number = in->number,
                          .is_crowded = in->more.n > 0 };
}

struct line
lines_next(struct lines *in)
{
    struct str raw, comment = { 0 };

    if (in->more.n > 0) {
        struct line line = piece(in, in->more, comment);

        line.is_crowded = false; /* said with the line's first */
        return line;
    }
    while (in->rest.n > 0 && str_line(&in->rest, &raw)) {
        bool has_comment;
        struct str text = str_trim(without_comment(raw, &has_comment));

        in->number++;
        if (text.n > 0)
            return piece(in, text, comment);
        if (!has_comment)
            comment = (struct str){ 0 };
        else if (comment.p == NULL)
            comment = raw;
        else
            comment.n = (size_t)(raw.p + raw.n - comment.p);
    }
    return (struct line){ .kind = LINE_END, .number = in->number };
}

struct line
lines_peek(const struct lines *in)
{
    struct lines copy = *in;

    return lines_next(&copy);
}

bool
lines_skip_block(struct lines *in)
{
    for (unsigned depth = 1; depth > 0;) {
        struct line line = lines_next(in);

        if (line.kind == LINE_END)
            return false;
        if (line.kind == LINE_OPEN)
            depth++;
        else if (line.kind == LINE_CLOSE)
            depth--;
    }
    return true;
}
