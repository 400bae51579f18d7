#include "region/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

#define INDICATOR 6u /* byte of column 7 */
#define TEXT_END 72u
#define COPY_MAX (1024u * 1024u)

enum err
scan_fail(const struct scan *scan, size_t i, enum err code,
          struct err_info *why, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX / 2];
    const struct source_line *line;
    const struct token *token;
    va_list args;

    if (why == NULL)
        return code;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (scan->n_tokens == 0)
        return err_set(why, code, "%s: %s", scan->options->name, text);
    if (i >= scan->n_tokens)
        i = scan->n_tokens - 1;
    token = &scan->tokens[i];
    line = &scan->lines[token->line];
    if (line->member.n > 0)
        return err_pos(why, code, line->number, token->from + 1,
                       "%s: COPY " STR_FMT ":%u:%u: %s", scan->options->name,
                       STR_ARG(line->member), line->number, token->from + 1,
                       text);
    return err_pos(why, code, line->number, token->from + 1, "%s:%u:%u: %s",
                   scan->options->name, line->number, token->from + 1, text);
}

bool
scan_is(const struct scan *scan, size_t i, const char *word)
{
    return i < scan->n_tokens && scan->tokens[i].kind == TOKEN_WORD &&
           str_eq_nocase_z(scan->tokens[i].text, word);
}

/* --- lines ----------------------------------------------------------------*/

static bool
is_comment(const struct scan *scan, struct str text)
{
    struct str code = str_trim(text);
    char mark = text.n > INDICATOR ? text.p[INDICATOR] : ' ';

    if (code.n == 0 || str_starts(code, STR("*>")))
        return true;
    if (scan->options->is_free)
        return code.p[0] == '>' && str_starts(code, STR(">>"));
    return mark == '*' || mark == '/' || mark == '$' ||
           ((mark == 'D' || mark == 'd') && !scan->options->debugging);
}

/* First byte of the code area. */
static size_t
code_start(const struct scan *scan)
{
    return scan->options->is_free ? 0 : INDICATOR + 1;
}

/* "CBL …" or "PROCESS …", which may begin in any column. */
static bool
is_process(struct str text)
{
    struct str code = str_trim(text);

    return str_starts_nocase(code, STR("CBL ")) ||
           str_starts_nocase(code, STR("PROCESS "));
}

static enum err
add_line(struct scan *scan, struct str text, struct str member, uint32_t number,
         struct err_info *why)
{
    struct source_line line = { text, member, number };

    if (scan->n_lines >= TRANSLATE_LINES_MAX)
        return err_set(why, ERR_LIMIT, "%s: more than %u lines",
                       scan->options->name, TRANSLATE_LINES_MAX);
    if (scan->n_lines == scan->cap_lines &&
        !vec_grow((void **)&scan->lines, &scan->cap_lines, scan->n_lines,
                  sizeof *scan->lines))
        return err_set(why, ERR_MEMORY, "no storage for the source");
    scan->lines[scan->n_lines++] = line;
    return ERR_OK;
}

/* "COPY member ." alone on its line. */
static bool
is_copy(const struct scan *scan, struct str text, struct str *member)
{
    struct str code, name;
    size_t end;

    if (is_comment(scan, text))
        return false;
    code = str_trim(str_sub(text, code_start(scan), text.n));
    if (!str_starts_nocase(code, STR("COPY ")) || !str_ends(code, STR(".")))
        return false;
    name = str_trim(str_sub(code, 5, code.n - 1));
    for (end = 0; end < name.n; end++)
        if (name.p[end] == ' ')
            return false; /* REPLACING and the like */
    if (name.n > 2 && (name.p[0] == '\'' || name.p[0] == '"'))
        name = str_sub(name, 1, name.n - 1);
    *member = name;
    return name.n > 0;
}

static bool
holds_exec(struct str text)
{
    for (size_t i = 0; i + 5 <= text.n; i++)
        if (str_eq_nocase_z(str_sub(text, i, i + 5), "EXEC "))
            return true;
    return false;
}

static enum err add_lines(struct scan *scan, struct str source,
                          struct str member, struct err_info *why);

/* The member's lines when it holds EXEC; *done tells. */
static enum err
expand_copy(struct scan *scan, struct str line, struct str outer, bool *done,
            struct err_info *why)
{
    struct str member, text;
    struct buf buf;
    enum err e = ERR_OK;

    *done = false;
    if (scan->options->copy == NULL || outer.n > 0 ||
        !is_copy(scan, line, &member))
        return ERR_OK;
    buf_init(&buf, COPY_MAX);
    if (scan->options->copy(scan->options->copy_arg, member, &buf) &&
        holds_exec(buf_view(&buf))) {
        text = str_dup(scan->arena, buf_view(&buf));
        member = str_dup(scan->arena, member);
        *done = true;
        e = text.p == NULL
                ? err_set(why, ERR_LIMIT, "no storage for COPY members")
                : add_lines(scan, text, member, why);
    }
    buf_fini(&buf);
    return e;
}

static enum err
add_lines(struct scan *scan, struct str source, struct str member,
          struct err_info *why)
{
    struct str rest = source, line;
    uint32_t number = 0;

    while (str_line(&rest, &line)) {
        bool is_expanded;
        enum err e;

        number++;
        if (rest.p == NULL && line.n == 0)
            break; /* behind the last line end */
        if (!scan->options->is_free)
            line = str_sub(line, 0, TEXT_END);
        e = expand_copy(scan, line, member, &is_expanded, why);
        if (e == ERR_OK && !is_expanded)
            e = add_line(scan, line, member, number, why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* --- tokens ---------------------------------------------------------------*/

static bool
is_word_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '@' ||
           c == '#' || c == '$';
}

static enum err
add_token(struct scan *scan, struct token token, struct err_info *why)
{
    if (scan->n_tokens == scan->cap_tokens &&
        !vec_grow((void **)&scan->tokens, &scan->cap_tokens, scan->n_tokens,
                  sizeof *scan->tokens))
        return err_set(why, ERR_MEMORY, "no storage for the source");
    scan->tokens[scan->n_tokens++] = token;
    return ERR_OK;
}

/* Where a continued literal goes on: behind the quote of the next line with
 * "-" in column 7. */
static bool
next_continuation(const struct scan *scan, uint32_t *line, uint32_t *at,
                  char quote)
{
    if (scan->options->is_free)
        return false;
    for (uint32_t i = *line + 1; i < scan->n_lines; i++) {
        struct str text = scan->lines[i].text;

        if (is_comment(scan, text))
            continue;
        if (text.n <= INDICATOR || text.p[INDICATOR] != '-')
            return false;
        for (uint32_t c = INDICATOR + 1; c < text.n; c++) {
            if (text.p[c] == ' ')
                continue;
            if (text.p[c] != quote)
                return false;
            *line = i;
            *at = c + 1;
            return true;
        }
        return false;
    }
    return false;
}

/* A literal from its quote on; one without end stops at its line's end, which
 * is the compiler's to complain about (comment entries hold apostrophes). */
static enum err
scan_literal(struct scan *scan, uint32_t *line, uint32_t *at,
             struct err_info *why)
{
    struct token token = { .kind = TOKEN_LITERAL, .line = *line, .from = *at };
    char quote = scan->lines[*line].text.p[*at];
    struct buf text;
    enum err e;

    buf_init(&text, 4096);
    buf_add_char(&text, quote);
    ++*at;
    for (;;) {
        struct str s = scan->lines[*line].text;

        if (*at >= s.n) {
            uint32_t next = *line, from = 0;

            if (!next_continuation(scan, &next, &from, quote))
                break;
            for (size_t i = s.n; i < TEXT_END; i++)
                buf_add_char(&text, ' '); /* the line reaches column 72 */
            *line = next;
            *at = from;
            continue;
        }
        buf_add_char(&text, s.p[*at]);
        if (s.p[(*at)++] != quote)
            continue;
        if (*at >= s.n || s.p[*at] != quote)
            break;
        buf_add_char(&text, quote); /* a doubled quote */
        ++*at;
    }
    token.last_line = *line;
    token.to = *at;
    token.text = str_dup(scan->arena, buf_view(&text));
    e = text.failed || token.text.p == NULL
            ? err_set(why, ERR_LIMIT, "%s:%u: literal is too long",
                      scan->options->name, scan->lines[token.line].number)
            : add_token(scan, token, why);
    buf_fini(&text);
    return e;
}

static enum err
scan_line(struct scan *scan, uint32_t *line, struct err_info *why)
{
    uint32_t at = (uint32_t)code_start(scan);
    enum err e;

    while (at < scan->lines[*line].text.n) {
        struct str s = scan->lines[*line].text;
        struct token token = { .line = *line, .last_line = *line, .from = at };
        char c = s.p[at];

        if (c == ' ' || c == '\t' || c == ',' || c == ';') {
            at++;
            continue;
        }
        if (c == '*' && at + 1 < s.n && s.p[at + 1] == '>')
            return ERR_OK;
        if (c == '\'' || c == '"') {
            if ((e = scan_literal(scan, line, &at, why)) != ERR_OK)
                return e;
            continue;
        }
        token.to = at + 1;
        if (is_word_byte(c) && c != '-') {
            while (token.to < s.n && is_word_byte(s.p[token.to]))
                token.to++;
            token.kind = TOKEN_WORD;
        } else if (c == '.' && (token.to >= s.n || s.p[token.to] == ' ')) {
            token.kind = TOKEN_PERIOD;
        } else {
            token.kind = TOKEN_PUNCT;
        }
        token.text = str_sub(s, token.from, token.to);
        at = token.to;
        if ((e = add_token(scan, token, why)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err
scan_source(struct scan *scan, struct arena *arena,
            const struct translate_options *options, struct str source,
            struct err_info *why)
{
    enum err e;

    *scan = (struct scan){ .arena = arena, .options = options };
    if (source.n > TRANSLATE_SOURCE_MAX)
        return err_set(why, ERR_LIMIT, "%s: larger than %u bytes",
                       options->name, TRANSLATE_SOURCE_MAX);
    e = add_lines(scan, source, STR(""), why);
    for (uint32_t i = 0; e == ERR_OK && i < scan->n_lines; i++) {
        struct source_line *line = &scan->lines[i];

        if (is_process(line->text) && scan->n_tokens == 0) {
            line->text = str_fmt(arena, "%s" STR_FMT,
                                 options->is_free ? "*> " : "      *",
                                 STR_ARG(str_trim(line->text)));
            continue;
        }
        if (!is_comment(scan, line->text))
            e = scan_line(scan, &i, why);
    }
    if (e != ERR_OK)
        scan_fini(scan);
    return e;
}

void
scan_fini(struct scan *scan)
{
    free(scan->lines);
    free(scan->tokens);
    scan->lines = NULL;
    scan->tokens = NULL;
    scan->n_lines = scan->n_tokens = 0;
    scan->cap_lines = scan->cap_tokens = 0;
}
