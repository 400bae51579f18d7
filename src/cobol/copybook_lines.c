/*
 * Source lines to code: columns, indicators, comments, continuations and
 * directives. Marks remember where each piece came from.
 */
#include "cobol/copybook_tokens.h"

#include "base/vec.h"

#include <ctype.h>
#include <string.h>

#define LINE_MAX_COLUMNS 4096u
#define FIXED_END 72u

struct cleaner {
    struct clean_text *out;
    struct str file;
    bool is_free;
    char open_quote; /* a literal is open at the end of the last code line */
    uint32_t line;
    char columns[LINE_MAX_COLUMNS];
    size_t n;
};

void
clean_fini(struct clean_text *c)
{
    buf_fini(&c->text);
    VEC_FREE(&c->marks);
}

/* Tabs become blanks up to the next multiple of 8; false: line too long. */
static bool
expand_tabs(struct cleaner *c, struct str line)
{
    c->n = 0;
    for (size_t i = 0; i < line.n; i++) {
        size_t until = line.p[i] == '\t' ? (c->n / 8 + 1) * 8 : c->n + 1;

        if (until > sizeof c->columns)
            return false;
        memset(c->columns + c->n, ' ', until - c->n);
        if (line.p[i] != '\t')
            c->columns[c->n] =
                line.p[i] == '\0' || line.p[i] == '\r' ? ' ' : line.p[i];
        c->n = until;
    }
    return true;
}

static bool
is_indicator(char c)
{
    return c != '\0' && strchr(" *-/Dd$", c) != NULL;
}

/* Columns 1-6 hold a level number and a blank: the text is not fixed form. */
static bool
has_early_level(const char *p, size_t n)
{
    size_t i = 0, digits = 0;
    unsigned level = 0;

    while (i < n && p[i] == ' ')
        i++;
    while (i < n && isdigit((unsigned char)p[i]) && digits < 3) {
        level = level * 10 + (unsigned)(p[i] - '0');
        digits++;
        i++;
    }
    return digits >= 1 && digits <= 2 && i <= 5 && i < n && p[i] == ' ' &&
           ((level >= 1 && level <= 49) || level == 66 || level == 77 ||
            level == 88);
}

/* Free when one line shows it: code in column 7, or an early level number. */
static bool
looks_free(struct cleaner *c, struct str text)
{
    struct str line;

    while (str_line(&text, &line)) {
        if (!expand_tabs(c, line) || c->n == 0 || c->columns[0] == '*')
            continue;
        if (has_early_level(c->columns, c->n))
            return true;
        if (c->n >= 7 && !is_indicator(c->columns[6]))
            return true;
    }
    return false;
}

static bool
is_directive(const char *p, size_t n)
{
    static const char *const words[] = { "EJECT", "SKIP1", "SKIP2",  "SKIP3",
                                         "TITLE", "CBL",   "PROCESS" };
    struct str rest = str_n(p, n);
    struct str word;

    if (n == 0)
        return false;
    if (p[0] == '$' || (n >= 2 && p[0] == '>' && p[1] == '>'))
        return true;
    if (!str_token(&rest, ' ', &word))
        return false;
    word = str_trim(word);
    if (str_ends(word, STR(".")))
        word.n--;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq_nocase_z(word, words[i]))
            return true;
    return false;
}

/* Where code ends: at "*>" outside literals. Tracks open literals. */
static size_t
code_end(struct cleaner *c, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        char ch = c->columns[i];

        if (c->open_quote != 0) {
            if (ch == c->open_quote)
                c->open_quote = 0;
        } else if (ch == '\'' || ch == '"') {
            c->open_quote = ch;
        } else if (ch == '*' && i + 1 < to && c->columns[i + 1] == '>') {
            return i;
        }
    }
    return to;
}

static enum err
add_code(struct cleaner *c, size_t from, size_t to, struct err_info *why)
{
    struct line_mark mark = { c->out->text.n, c->line, (uint32_t)from + 1 };

    if (!VEC_PUSH(&c->out->marks, mark))
        return err_set(why, ERR_MEMORY, "no storage");
    buf_add(&c->out->text, str_n(c->columns + from, to - from));
    return buf_check(&c->out->text, why);
}

/* A "-" line: glue a word, or resume a literal behind its new quote. */
static enum err
add_continuation(struct cleaner *c, size_t end, struct err_info *why)
{
    struct buf *text = &c->out->text;
    size_t from = 7;

    while (from < end && c->columns[from] == ' ')
        from++;
    if (c->open_quote != 0) {
        if (from >= end || c->columns[from] != c->open_quote)
            return err_pos(why, ERR_SYNTAX, c->line, (uint32_t)from + 1,
                           STR_FMT "%sexpected %c to continue the literal",
                           STR_ARG(c->file), c->file.n > 0 ? ": " : "",
                           c->open_quote);
        from++;
        if (text->n > 0 && text->p[text->n - 1] == '\n')
            text->n--;
    } else {
        while (text->n > 0 &&
               (text->p[text->n - 1] == '\n' || text->p[text->n - 1] == ' '))
            text->n--;
    }
    return add_code(c, from, code_end(c, from, end), why);
}

static enum err
add_line(struct cleaner *c, struct err_info *why)
{
    size_t from = c->is_free ? 0 : 7;
    size_t end = c->is_free || c->n < FIXED_END ? c->n : FIXED_END;
    char indicator = !c->is_free && c->n > 6 ? c->columns[6] : ' ';
    bool continues = indicator == '-';
    size_t first;
    enum err e;

    if (indicator != ' ' && indicator != '-')
        return ERR_OK; /* * / D $ */
    if (end < from)
        end = from;
    for (first = from; first < end && c->columns[first] == ' '; first++)
        ;
    if (first == end)
        return ERR_OK;
    if (c->is_free && (c->columns[first] == '*' || c->columns[first] == '/'))
        return ERR_OK;
    if (continues && c->out->text.n > 0) {
        e = add_continuation(c, end, why);
    } else {
        if (c->open_quote != 0)
            return err_pos(why, ERR_SYNTAX, c->line, 1,
                           STR_FMT "%sthe literal before is not closed",
                           STR_ARG(c->file), c->file.n > 0 ? ": " : "");
        if (is_directive(c->columns + first, end - first))
            return ERR_OK;
        e = add_code(c, from, code_end(c, from, end), why);
    }
    if (e != ERR_OK)
        return e;
    /* An open literal owns the blanks up to column 72. */
    if (c->open_quote != 0 && !c->is_free)
        for (size_t i = c->n; i < FIXED_END; i++)
            buf_add_char(&c->out->text, ' ');
    buf_add_char(&c->out->text, '\n');
    return buf_check(&c->out->text, why);
}

enum err
clean_lines(struct str text, enum copybook_form form, struct str file,
            struct clean_text *out, struct err_info *why)
{
    struct cleaner c = { .out = out, .file = file };
    struct str line;
    enum err e;

    memset(out, 0, sizeof *out);
    buf_init(&out->text, 2u * COPYBOOK_TEXT_MAX);
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_sub(text, 3, text.n);
    c.is_free = form == COPYBOOK_FREE ||
                (form == COPYBOOK_AUTO && looks_free(&c, text));
    while (str_line(&text, &line)) {
        c.line++;
        if (!expand_tabs(&c, line))
            return err_pos(why, ERR_LIMIT, c.line, LINE_MAX_COLUMNS,
                           "line longer than %u columns", LINE_MAX_COLUMNS);
        if ((e = add_line(&c, why)) != ERR_OK)
            return e;
    }
    if (c.open_quote != 0)
        return err_pos(why, ERR_SYNTAX, c.line, 1,
                       STR_FMT "%sa literal is not closed at the end",
                       STR_ARG(file), file.n > 0 ? ": " : "");
    return ERR_OK;
}
