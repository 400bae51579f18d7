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

struct lines
lines_of(struct str text)
{
    return (struct lines){ .rest = text };
}

/* "Keyword name {": the brace is a line of its own. */
static void
split_open(struct lines *in, struct line *line)
{
    struct str v = line->value;

    if (v.n == 0 || v.p[v.n - 1] != '{' || (v.n > 1 && !is_blank(v.p[v.n - 2])))
        return;
    line->value = str_trim(str_sub(v, 0, v.n - 1));
    in->pending_open = line->number;
}

static struct line
statement(struct lines *in, struct str text, struct str comment)
{
    struct line line = { .kind = LINE_STMT,
                         .number = in->number,
                         .comment = comment };
    size_t n = 0;

    while (n < text.n && !is_blank(text.p[n]))
        n++;
    line.word = str_sub(text, 0, n);
    line.value = str_trim(str_sub(text, n, text.n));
    split_open(in, &line);
    return line;
}

struct line
lines_next(struct lines *in)
{
    struct str raw, comment = { 0 };

    if (in->pending_open != 0) {
        struct line open = { .kind = LINE_OPEN, .number = in->pending_open };

        in->pending_open = 0;
        return open;
    }
    while (in->rest.n > 0 && str_line(&in->rest, &raw)) {
        bool has_comment;
        struct str text = str_trim(without_comment(raw, &has_comment));

        in->number++;
        if (text.n == 0) {
            if (!has_comment)
                comment = (struct str){ 0 };
            else if (comment.p == NULL)
                comment = raw;
            else
                comment.n = (size_t)(raw.p + raw.n - comment.p);
            continue;
        }
        if (str_eq_z(text, "{"))
            return (struct line){ .kind = LINE_OPEN, .number = in->number };
        if (str_eq_z(text, "}"))
            return (struct line){ .kind = LINE_CLOSE, .number = in->number };
        return statement(in, text, comment);
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
