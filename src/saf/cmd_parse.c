/*
 * The parser of the command language, driven by the operand tables.
 *
 *   command  = verb { positional } { keyword }
 *   keyword  = word [ "(" values | keywords ")" ]
 *   value    = word | "'" { char | "''" } "'"
 *
 * Blanks, commas, tabs and comments separate. A missing last ")" is supplied.
 */
#include "saf/cmd_private.h"

#include <string.h>

/* As in a batch TSO session nobody can be asked to enter an operand again: an
 * operand that is not valid is then a missing one, and what follows it is still
 * looked at, so that one run tells all errors. */
#define ERRORS_MAX 32u

struct parser {
    struct cmd *cmd;
    struct reader in;
    uint32_t n_errors;
};

static bool
is_separator(char c)
{
    return c == ' ' || c == ',' || c == '\t';
}

void
cmd_skip_separators(struct reader *in)
{
    while (!reader_at_end(in)) {
        struct str rest = reader_rest(in);

        if (is_separator(rest.p[0])) {
            in->pos++;
        } else if (str_starts(rest, STR("/*"))) {
            size_t end = str_find(str_sub(rest, 2, rest.n), STR("*/"));

            in->pos = end == STR_NPOS ? in->in.n : in->pos + end + 4;
        } else {
            return;
        }
    }
}

bool
cmd_is_word_byte(unsigned char c)
{
    return !is_separator((char)c) && c != '(' && c != ')' && c != '\'' &&
           c >= ' ';
}

static const char *
shown_name(const struct cmd_operand *o)
{
    return o->prompt != NULL ? o->prompt : o->name;
}

static bool
refuse(struct parser *p, const char *id, struct str a, struct str b)
{
    CMD_MSG(p->cmd, id, a, b);
    cmd_rc(p->cmd, 8);
    if (++p->n_errors >= ERRORS_MAX)
        p->in.pos = p->in.in.n; /* enough */
    return false;
}

/* Two lines: a short name, then what it is. `missing` holds "short+long" where
 * the short name differs from that of IKJ56702I. */
void
cmd_say_missing(struct cmd *cmd, const struct cmd_operand *o)
{
    struct str name = str_of(shown_name(o)), text = name;

    if (o->missing != NULL) {
        size_t plus;

        text = str_of(o->missing);
        plus = str_find_char(text, '+');
        if (plus != STR_NPOS) {
            name = str_sub(text, 0, plus);
            text = str_sub(text, plus + 1, text.n);
        }
    }
    CMD_MSG(cmd, "IKJ56701I", name, STR("+"));
    CMD_MSG(cmd, "IKJ56701I", text, STR(""));
    cmd_rc(cmd, 8);
}

static bool
refuse_missing(struct parser *p, const struct cmd_operand *o)
{
    cmd_say_missing(p->cmd, o);
    p->n_errors++;
    return false;
}

void
cmd_say_invalid(struct cmd *cmd, const struct cmd_operand *o, struct str value)
{
    if ((o->flags & CMD_SECRET) != 0)
        value = STR("");
    CMD_MSG(cmd, "IKJ56702I", str_of(shown_name(o)), value);
    cmd_rc(cmd, 8);
    if (o->missing != NULL)
        cmd_say_missing(cmd, o);
}

static bool
refuse_value(struct parser *p, const struct cmd_operand *o, struct str value)
{
    cmd_say_invalid(p->cmd, o, value);
    if (++p->n_errors >= ERRORS_MAX)
        p->in.pos = p->in.in.n;
    return false;
}

/* --- values ------------------------------------------------------------ */

/* Copy into the wiped text store, folded as the operand says. */
static struct str
keep(struct parser *p, const struct cmd_operand *o, struct str raw,
     bool is_quoted)
{
    struct buf *text = &p->cmd->text;
    size_t from = text->n;

    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];

        if (is_quoted && c == '\'')
            i++; /* '' is one quote */
        if ((o->flags & CMD_ASIS) == 0 && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        buf_add_char(text, c);
    }
    buf_add_char(text, '\0');
    REQUIRE(!text->failed); /* reserved at the length of the command twice */
    return str_n(text->p + from, text->n - from - 1);
}

/* The inside of '...'; false when the closing quote is missing. */
static bool
read_quoted(struct reader *in, struct str *out)
{
    size_t from = in->pos + 1;

    for (size_t i = from; i < in->in.n; i++) {
        if (in->in.p[i] != '\'')
            continue;
        if (i + 1 < in->in.n && in->in.p[i + 1] == '\'') {
            i++;
            continue;
        }
        *out = str_sub(in->in, from, i);
        in->pos = i + 1;
        return true;
    }
    return false;
}

static bool
is_saf_name(struct str s)
{
    if (s.n == 0 || s.n > SAF_USER_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') ||
              (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '#' ||
              s.p[i] == '@' || s.p[i] == '$'))
            return false;
    return true;
}

static bool
check_text(struct parser *p, const struct cmd_operand *o, struct str value)
{
    bool is_other =
        ((o->flags & CMD_STAR) != 0 && str_eq_z(value, "*")) ||
        ((o->flags & CMD_RACUID) != 0 && str_eq_z(value, SAF_RACUID));

    if (((o->flags & CMD_NAME) != 0 && !is_other && !is_saf_name(value)) ||
        (o->max > 0 && value.n > (size_t)o->max) || value.n < (size_t)o->min)
        return refuse_value(p, o, value);
    return true;
}

/* The choice of which `text` is an unambiguous beginning, or -1. */
static int64_t
choice_of(const char *const *choices, struct str text)
{
    int64_t found = -1;

    for (size_t i = 0; choices[i] != NULL; i++) {
        if (str_eq_z(text, choices[i]))
            return (int64_t)i;
        if (!str_starts(str_of(choices[i]), text))
            continue;
        if (found >= 0)
            return -1;
        found = (int64_t)i;
    }
    return text.n == 0 ? -1 : found;
}

static bool
check_value(struct parser *p, struct cmd_arg *arg, struct str value)
{
    const struct cmd_operand *o = arg->operand;
    uint64_t number;

    if (o->value == CMD_NUMBER) {
        if (!str_to_u64(value, &number) || number > INT64_MAX ||
            (int64_t)number < o->min || (int64_t)number > o->max)
            return refuse_value(p, o, value);
        arg->number = (int64_t)number;
        return true;
    }
    if (o->value == CMD_CHOICE) {
        arg->number = choice_of(o->choices, value);
        return arg->number >= 0 || refuse_value(p, o, value);
    }
    return check_text(p, o, value);
}

static bool
add_value(struct parser *p, struct cmd_arg *arg, struct str value)
{
    struct str *grown;

    if (!check_value(p, arg, value))
        return false;
    if (arg->n_values >= CMD_VALUES_MAX ||
        (arg->n_values > 0 && arg->operand->value != CMD_LIST))
        return refuse_value(p, arg->operand, value);
    if ((arg->n_values & (arg->n_values - 1)) == 0) { /* 0, 1, 2, 4, ... */
        grown = ARENA_ARRAY(p->cmd->arena, struct str, arg->n_values * 2 + 1);
        if (grown == NULL)
            return refuse_value(p, arg->operand, value);
        if (arg->n_values > 0)
            memcpy(grown, arg->values, arg->n_values * sizeof *grown);
        arg->values = grown;
    }
    arg->values[arg->n_values++] = value;
    return true;
}

/* Past "( ... )", when that stands here. */
static void
skip_parenthesised(struct parser *p)
{
    size_t depth = 0;
    struct str ignored;

    cmd_skip_separators(&p->in);
    if (reader_peek(&p->in) != '(')
        return;
    while (!reader_at_end(&p->in)) {
        char c = reader_peek(&p->in);

        if (c == '\'' && !read_quoted(&p->in, &ignored)) {
            p->in.pos = p->in.in.n;
            return;
        }
        if (c == '\'')
            continue;
        p->in.pos++;
        depth = c == '(' ? depth + 1 : c == ')' ? depth - 1 : depth;
        if (depth == 0)
            return;
    }
}

/* All the rest is of the value; there is nothing behind it. */
static bool
refuse_open_quote(struct parser *p, const struct cmd_operand *o)
{
    struct str rest = reader_rest(&p->in);

    p->in.pos = p->in.in.n;
    return refuse_value(p, o, rest);
}

/* 'SYS1.HELP'/READ, X'0F': all that no separator ends, as written. */
static bool
read_pieces(struct parser *p, struct cmd_arg *arg)
{
    size_t from = p->in.pos;
    struct str ignored;

    for (;;) {
        size_t at = p->in.pos;

        if (reader_peek(&p->in) == '\'' && !read_quoted(&p->in, &ignored))
            return refuse_open_quote(p, arg->operand);
        (void)reader_span(&p->in, cmd_is_word_byte);
        if (p->in.pos == at)
            break;
    }
    return add_value(
        p, arg,
        keep(p, arg->operand, str_sub(p->in.in, from, p->in.pos), false));
}

/* One value; false with a message when there is none. */
static bool
read_value(struct parser *p, struct cmd_arg *arg)
{
    const struct cmd_operand *o = arg->operand;
    struct str raw;

    if ((o->flags & CMD_PIECES) != 0 && !reader_at_end(&p->in) &&
        (reader_peek(&p->in) == '\'' ||
         cmd_is_word_byte((unsigned char)reader_peek(&p->in))))
        return read_pieces(p, arg);
    if (reader_peek(&p->in) == '\'') {
        if (!read_quoted(&p->in, &raw))
            return refuse_open_quote(p, o);
        arg->is_quoted = true;
        return add_value(p, arg, keep(p, o, raw, true));
    }
    raw = reader_span(&p->in, cmd_is_word_byte);
    if (raw.n == 0) {
        raw = str_sub(reader_rest(&p->in), 0, 1);
        if (reader_peek(&p->in) == '(')
            skip_parenthesised(p); /* one ")" is missing, and said once */
        else
            p->in.pos += raw.n;
        return refuse_value(p, o, raw);
    }
    return add_value(p, arg, keep(p, o, raw, false));
}

/* The first value that is not valid ends a single value, not a list. */
static bool
read_values(struct parser *p, struct cmd_arg *arg)
{
    bool is_ok = true;

    for (;;) {
        cmd_skip_separators(&p->in);
        if (reader_at_end(&p->in) || reader_accept(&p->in, ')'))
            break;
        is_ok = read_value(p, arg) && is_ok;
        if (!is_ok && arg->operand->value != CMD_LIST)
            return false;
    }
    if (!is_ok)
        return false;
    if (arg->n_values == 0 && (arg->operand->flags & CMD_OPTIONAL) == 0)
        return refuse_missing(p, arg->operand);
    return true;
}

/* Everything up to the matching parenthesis, as one value. */
static bool
read_nested(struct parser *p, struct cmd_arg *arg)
{
    size_t from = p->in.pos, depth = 1;

    while (!reader_at_end(&p->in)) {
        char c = reader_peek(&p->in);
        struct str ignored;

        if (c == '\'') {
            if (!read_quoted(&p->in, &ignored))
                return refuse_value(p, arg->operand, reader_rest(&p->in));
            continue;
        }
        depth = c == '(' ? depth + 1 : c == ')' ? depth - 1 : depth;
        if (depth == 0)
            break;
        p->in.pos++;
    }
    arg->values = ARENA_ARRAY(p->cmd->arena, struct str, 1);
    if (arg->values == NULL)
        return refuse_missing(p, arg->operand);
    arg->n_values = 1;
    arg->values[0] = keep(p, arg->operand,
                          str_trim(str_sub(p->in.in, from, p->in.pos)), false);
    if (!reader_at_end(&p->in))
        p->in.pos++;
    if (arg->values[0].n == 0)
        return refuse_missing(p, arg->operand);
    return true;
}

/* --- keywords ---------------------------------------------------------- */

struct match {
    const struct cmd_operand *operand;
    bool is_negated;
    size_t n; /* how many a beginning fits */
};

static void
try_name(struct match *m, const struct cmd_operand *o, const char *name,
         bool is_negated, struct str word)
{
    char full[64] = "NO";
    struct str have;

    strncat(full, name, sizeof full - 3);
    have = is_negated ? str_of(full) : str_of(name);
    if (!str_starts_nocase(have, word))
        return;
    if (have.n == word.n) { /* in full: beats every abbreviation */
        *m = (struct match){ o, is_negated, 1 };
        return;
    }
    *m = (struct match){ o, is_negated, m->n + 1 };
}

static bool
is_exact(const struct match *m, struct str word)
{
    return m->n == 1 && m->operand != NULL &&
           strlen(m->operand->name) + (m->is_negated ? 2 : 0) == word.n;
}

bool
cmd_has_negation(const struct cmd_verb *verb, const struct cmd_operand *o)
{
    return (o->flags & CMD_NO) != 0 &&
           (!verb->is_new || (o->flags & CMD_NO_NEW) != 0);
}

static struct match
find_keyword(const struct cmd_verb *verb, const struct cmd_table *table,
             struct str word)
{
    struct match m = { NULL, false, 0 };

    for (; table != NULL && !is_exact(&m, word); table = table->next)
        for (size_t i = 0; i < table->n && !is_exact(&m, word); i++) {
            const struct cmd_operand *o = &table->v[i];

            try_name(&m, o, o->name, false, word);
            if (cmd_has_negation(verb, o) && !is_exact(&m, word))
                try_name(&m, o, o->name, true, word);
        }
    return m;
}

static bool parse_keywords(struct parser *p, const struct cmd_table *table,
                           struct cmd_arg **args, size_t *n_args,
                           uint32_t depth);

static bool
read_operand(struct parser *p, struct cmd_arg *arg, uint32_t depth)
{
    const struct cmd_operand *o = arg->operand;
    size_t mark;

    cmd_skip_separators(&p->in);
    mark = p->in.pos;
    if (o->value == CMD_NONE ||
        (arg->is_negated && (o->flags & CMD_NO_LIST) == 0)) {
        /* NOPASSWORD() is none either. */
        return reader_peek(&p->in) != '(' ||
               refuse(p, "IKJ56702I", str_of(shown_name(o)),
                      str_sub(reader_rest(&p->in), 0, 1));
    }
    if (!reader_accept(&p->in, '(')) {
        p->in.pos = mark;
        return (o->flags & CMD_OPTIONAL) != 0 || refuse_missing(p, o);
    }
    arg->has_value = true;
    if (o->value == CMD_NESTED)
        return read_nested(p, arg);
    if (o->value != CMD_SUB)
        return read_values(p, arg);
    if (depth + 1 >= CMD_DEPTH_MAX)
        return refuse_value(p, o, STR("("));
    mark = p->n_errors;
    if (!parse_keywords(p, o->sub, &arg->subs, &arg->n_subs, depth + 1))
        return false;
    /* PASSWORD() says nothing; what was wrong inside has been said. */
    return arg->n_subs > 0 || p->n_errors > mark ||
           (o->flags & CMD_OPTIONAL) != 0 || refuse_missing(p, o);
}

/* The place of the operand's argument; a second use replaces the first. */
static struct cmd_arg *
place_for(struct cmd_arg *args, size_t *n, const struct cmd_operand *o)
{
    size_t i;

    for (i = 0; i < *n; i++)
        if (args[i].operand == o)
            break;
    if (i == *n)
        (*n)++;
    args[i] = (struct cmd_arg){ .operand = o };
    return &args[i];
}

/* What stands here fits no keyword. */
static void
skip_unknown(struct parser *p, struct match m, struct str word)
{
    struct str ignored;

    if (p->cmd->refused_at == 0)
        p->cmd->refused_at = (size_t)(word.p - p->in.in.p);
    if (m.n > 1)
        (void)refuse(p, "IKJ56709I", word, STR(""));
    else
        (void)refuse(p, "IKJ56712I", str_upper(p->cmd->arena, word), STR(""));
    if (word.n == 1 && word.p[0] != '\'' &&
        !cmd_is_word_byte((unsigned char)word.p[0])) {
        p->in.pos++; /* a parenthesis, a control character */
    } else if (reader_peek(&p->in) == '\'') {
        if (!read_quoted(&p->in, &ignored))
            p->in.pos = p->in.in.n;
    } else {
        skip_parenthesised(p);
    }
}

static void
parse_keyword(struct parser *p, const struct cmd_table *table,
              struct cmd_arg *args, size_t *n_args, uint32_t depth)
{
    struct str word = reader_span(&p->in, cmd_is_word_byte);
    struct match m;
    struct cmd_arg *arg;
    size_t mark;

    if (word.n == 0)
        word = str_sub(reader_rest(&p->in), 0, 1);
    m = find_keyword(p->cmd->verb, table, word);
    if (m.n != 1) {
        skip_unknown(p, m, word);
        return;
    }
    arg = place_for(args, n_args, m.operand);
    arg->is_negated = m.is_negated;
    mark = p->in.pos;
    if (read_operand(p, arg, depth) || p->n_errors >= ERRORS_MAX)
        return;
    p->in.pos = mark;
    skip_parenthesised(p);
}

static bool
parse_keywords(struct parser *p, const struct cmd_table *table,
               struct cmd_arg **args, size_t *n_args, uint32_t depth)
{
    size_t max = 1;

    for (const struct cmd_table *t = table; t != NULL; t = t->next)
        max += t->n;
    *args = ARENA_ARRAY(p->cmd->arena, struct cmd_arg, max);
    *n_args = 0;
    if (*args == NULL)
        return refuse(p, "IKJ56702I", STR("COMMAND"), STR("TOO LONG"));
    for (;;) {
        cmd_skip_separators(&p->in);
        if (reader_at_end(&p->in) || (depth > 0 && reader_accept(&p->in, ')')))
            return true;
        parse_keyword(p, table, *args, n_args, depth);
    }
}

/* --- positional operands ----------------------------------------------- */

bool
cmd_is_keyword(const struct cmd_verb *verb, struct str word)
{
    return word.n > 0 && find_keyword(verb, &verb->operands, word).n == 1;
}

/* An operand that may be left out is not taken from a keyword in full. */
static bool
is_keyword_next(struct parser *p)
{
    struct reader ahead = p->in;
    struct str word = reader_span(&ahead, cmd_is_word_byte);
    struct match m = find_keyword(p->cmd->verb, &p->cmd->verb->operands, word);

    return word.n > 0 && is_exact(&m, word);
}

/* False: there is nothing to take; said when it had to be there. */
static bool
parse_positional(struct parser *p, size_t index)
{
    const struct cmd_verb *verb = p->cmd->verb;
    const struct cmd_operand *o = &verb->positional[index];
    bool is_required = index < verb->n_required;
    struct cmd_arg *arg = ARENA_NEW(p->cmd->arena, struct cmd_arg);
    size_t mark;

    cmd_skip_separators(&p->in);
    if (reader_at_end(&p->in) || (!is_required && is_keyword_next(p)))
        return !is_required || refuse_missing(p, o);
    if (arg == NULL)
        return refuse_missing(p, o);
    arg->operand = o;
    mark = p->in.pos;
    if (reader_accept(&p->in, '(')) {
        arg->has_value = true;
        if (!read_values(p, arg)) {
            if (p->n_errors < ERRORS_MAX) {
                p->in.pos = mark;
                skip_parenthesised(p);
            }
            return false;
        }
    } else if (!read_value(p, arg)) {
        return false;
    }
    p->cmd->positional[index] = arg;
    return true;
}

/* --- the command ------------------------------------------------------- */

bool
cmd_parse(struct cmd *cmd, struct str command)
{
    struct parser p = { cmd, reader_of(command), 0 };
    struct cmd_arg *args;
    struct str word;
    size_t n;

    cmd_skip_separators(&p.in);
    word = reader_span(&p.in, cmd_is_word_byte);
    if (command.n > CMD_MAX)
        return refuse(&p, "IKJ56702I", STR("COMMAND"), STR("TOO LONG"));
    cmd->verb = cmd_find_verb(word, cmd->session->hooks);
    if (cmd->verb == NULL)
        return refuse(&p, "IKJ56500I", str_upper(cmd->arena, word), STR(""));
    /* Each byte is kept at most once, each value with a NUL. */
    buf_fini(&cmd->text);
    buf_init(&cmd->text, command.n * 3 + 64);
    if (buf_grow(&cmd->text, command.n * 3 + 64) == NULL)
        return refuse(&p, "IKJ56702I", STR("COMMAND"), STR("TOO LONG"));
    buf_clear(&cmd->text);
    for (size_t i = 0; i < cmd->verb->n_positional; i++)
        if (!parse_positional(&p, i) && p.n_errors == ERRORS_MAX)
            return false;
    if (!parse_keywords(&p, &cmd->verb->operands, &args, &n, 0))
        return false;
    cmd->args = args;
    cmd->n_args = n;
    return p.n_errors == 0;
}
