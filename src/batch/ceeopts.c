#include "batch/ceeopts.h"

#include <ctype.h>
#include <string.h>

#include "base/reader.h"

struct parse {
    struct arena *arena;
    struct reader in;
    struct ceeopts *out;
    struct err_info *why;
};

static enum err
fail(struct parse *p, enum err code, const char *expected)
{
    uint32_t line, column;
    struct str rest = reader_rest(&p->in);
    char found[24] = "the end";

    reader_line_column(p->in.in, p->in.pos, &line, &column);
    if (rest.n > 0) {
        rest = str_sub(rest, 0, 12);
        if (str_find_char(rest, '\n') != STR_NPOS)
            rest = str_sub(rest, 0, str_find_char(rest, '\n'));
        found[0] = '"';
        memcpy(found + 1, rest.p, rest.n);
        found[rest.n + 1] = '"';
        found[rest.n + 2] = '\0';
    }
    return err_pos(p->why, code, line, column,
                   "CEEOPTS line %u, column %u: expected %s, found %s", line,
                   column, expected, found);
}

static bool
is_word(unsigned char c)
{
    return isalnum(c) != 0;
}

/* '"' text '"' */
static enum err
read_string(struct parse *p, struct str *out)
{
    char *copy;
    size_t n = 0;

    if (!reader_accept(&p->in, '"'))
        return fail(p, ERR_SYNTAX, "a string in double quotes");
    copy = arena_alloc(p->arena, CEEOPTS_ENVAR_MAX + 1);
    if (copy == NULL)
        return err_set(p->why, ERR_MEMORY, "no storage for CEEOPTS");
    for (;;) {
        char c = reader_peek(&p->in);

        if (reader_at_end(&p->in) || c == '\n')
            return fail(p, ERR_SYNTAX, "a closing quote on the same line");
        if (c == '\0')
            return fail(p, ERR_SYNTAX, "no NUL byte in a string");
        p->in.pos++;
        if (c == '"') {
            if (!reader_accept(&p->in, '"'))
                break;
        }
        if (n >= CEEOPTS_ENVAR_MAX)
            return fail(p, ERR_LIMIT, "at most 250 characters in a string");
        copy[n++] = c;
    }
    copy[n] = '\0';
    *out = str_n(copy, n);
    return ERR_OK;
}

static enum err
add_variable(struct parse *p, struct str text, size_t at)
{
    size_t eq = str_find_char(text, '=');
    struct str name = str_sub(text, 0, eq);

    if (eq == STR_NPOS || eq == 0) {
        p->in.pos = at;
        return fail(p, ERR_SYNTAX, "\"NAME=value\"");
    }
    if (p->out->n_variables >= CEEOPTS_VARIABLES_MAX)
        return fail(p, ERR_LIMIT, "at most 100 variables");
    p->out->variables[p->out->n_variables].name = str_dup(p->arena, name);
    p->out->variables[p->out->n_variables].value =
        str_sub(text, eq + 1, text.n);
    if (p->out->variables[p->out->n_variables].name.p == NULL)
        return err_set(p->why, ERR_MEMORY, "no storage for CEEOPTS");
    p->out->n_variables++;
    return ERR_OK;
}

/* ENVAR("A=b","C=d") */
static enum err
read_envar(struct parse *p)
{
    do {
        struct str text;
        enum err e;
        size_t at;

        reader_skip_space(&p->in);
        at = p->in.pos;
        if ((e = read_string(p, &text)) != ERR_OK ||
            (e = add_variable(p, text, at)) != ERR_OK)
            return e;
        reader_skip_space(&p->in);
    } while (reader_accept(&p->in, ','));
    if (!reader_accept(&p->in, ')'))
        return fail(p, ERR_SYNTAX, "a comma or the closing parenthesis");
    return ERR_OK;
}

static enum err
read_posix(struct parse *p)
{
    struct str word;

    reader_skip_space(&p->in);
    word = reader_span(&p->in, is_word);
    reader_skip_space(&p->in);
    if (!str_eq_nocase_z(word, "ON") && !str_eq_nocase_z(word, "OFF")) {
        p->in.pos -= word.n;
        return fail(p, ERR_SYNTAX, "POSIX(ON) or POSIX(OFF)");
    }
    if (!reader_accept(&p->in, ')'))
        return fail(p, ERR_SYNTAX, "the closing parenthesis");
    p->out->is_posix = str_eq_nocase_z(word, "ON");
    return ERR_OK;
}

/* Suboptions of an option that means nothing here. */
static enum err
skip_suboptions(struct parse *p)
{
    unsigned depth = 1;

    while (depth > 0) {
        char c = reader_peek(&p->in);
        struct str ignored;
        enum err e;

        if (reader_at_end(&p->in))
            return fail(p, ERR_SYNTAX, "the closing parenthesis");
        if (c == '"') {
            if ((e = read_string(p, &ignored)) != ERR_OK)
                return e;
            continue;
        }
        p->in.pos++;
        depth += c == '(';
        depth -= c == ')';
    }
    return ERR_OK;
}

static const struct {
    const char *name;
    enum err (*run)(struct parse *); /* NULL: accepted, no effect here */
} options[] = {
    { "ENVAR", read_envar },   { "POSIX", read_posix },   { "ABPERC", NULL },
    { "ABTERMENC", NULL },     { "ALL31", NULL },         { "ANYHEAP", NULL },
    { "BELOWHEAP", NULL },     { "CBLOPTS", NULL },       { "CBLPSHPOP", NULL },
    { "CHECK", NULL },         { "COUNTRY", NULL },       { "DEBUG", NULL },
    { "DEPTHCONDLMT", NULL },  { "DYNDUMP", NULL },       { "ERRCOUNT", NULL },
    { "FILETAG", NULL },       { "HEAP", NULL },          { "HEAPCHK", NULL },
    { "HEAPPOOLS", NULL },     { "INFOMSGFILTER", NULL }, { "LIBSTACK", NULL },
    { "MSGFILE", NULL },       { "MSGQ", NULL },          { "NATLANG", NULL },
    { "PAGEFRAMESIZE", NULL }, { "PROFILE", NULL },       { "RPTOPTS", NULL },
    { "RPTSTG", NULL },        { "RTEREUS", NULL },       { "STACK", NULL },
    { "STORAGE", NULL },       { "TERMTHDACT", NULL },    { "TEST", NULL },
    { "THREADHEAP", NULL },    { "THREADSTACK", NULL },   { "TRACE", NULL },
    { "TRAP", NULL },          { "USRHDLR", NULL },       { "XPLINK", NULL },
    { "XUFLOW", NULL },
};

static enum err
read_option(struct parse *p)
{
    size_t at = p->in.pos;
    struct str name = reader_span(&p->in, is_word);

    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (!str_eq_nocase_z(name, options[i].name))
            continue;
        reader_skip_space(&p->in);
        if (!reader_accept(&p->in, '('))
            return options[i].run == NULL
                       ? ERR_OK
                       : fail(p, ERR_SYNTAX, "an opening parenthesis");
        return options[i].run == NULL ? skip_suboptions(p) : options[i].run(p);
    }
    p->in.pos = at;
    return fail(p, ERR_SYNTAX, "a run-time option such as POSIX or ENVAR");
}

enum err
ceeopts_parse(struct arena *arena, struct str text, struct ceeopts *out,
              struct err_info *why)
{
    struct parse p = {
        .arena = arena, .in = reader_of(text), .out = out, .why = why
    };
    enum err e;

    *out = (struct ceeopts){ 0 };
    if (text.n > CEEOPTS_TEXT_MAX)
        return err_set(why, ERR_LIMIT, "CEEOPTS has more than %u bytes",
                       CEEOPTS_TEXT_MAX);
    reader_skip_space(&p.in);
    if (reader_at_end(&p.in))
        return ERR_OK;
    for (;;) {
        reader_skip_space(&p.in);
        if ((e = read_option(&p)) != ERR_OK)
            return e;
        reader_skip_space(&p.in);
        if (reader_at_end(&p.in))
            return ERR_OK;
        if (!reader_accept(&p.in, ','))
            return fail(&p, ERR_SYNTAX, "a comma between options");
    }
}
