#include "batch/jcl_card.h"

#include <string.h>

#include "batch/jcl_parser.h"

#define OPERAND_LAST 71u /* operands end here; 72 marks, 73-80 number */
#define CARD_COLUMNS 80u
#define CONTINUE_FROM 4u  /* an operand goes on in columns 4 to 16 */
#define CONTINUE_UPTO 16u /* and inside apostrophes exactly here */

/* One physical line. */
struct line {
    struct str text;
    struct jcl_pos pos;
};

void
jcl_deck_init(struct jcl_deck *deck, struct str text, uint16_t source)
{
    *deck = (struct jcl_deck){ .text = text, .line = 1, .source = source };
}

static bool
deck_line(struct jcl_deck *deck, struct line *out)
{
    struct str rest = str_sub(deck->text, deck->at, deck->text.n);
    size_t end;

    if (rest.n == 0)
        return false;
    end = str_find_char(rest, '\n');
    out->text = str_sub(rest, 0, end == STR_NPOS ? rest.n : end);
    out->pos = (struct jcl_pos){ deck->line, 1, deck->source };
    deck->at += end == STR_NPOS ? rest.n : end + 1;
    deck->line++;
    if (out->text.n > 0 && out->text.p[out->text.n - 1] == '\r')
        out->text.n--;
    return true;
}

static void
deck_unread(struct jcl_deck *deck, const struct line *line)
{
    deck->at = (size_t)(line->text.p - deck->text.p);
    deck->line = line->pos.line;
}

void
jcl_deck_back(struct jcl_deck *deck, const struct jcl_card *card)
{
    deck->at = (size_t)(card->name.p - deck->text.p);
    deck->line = card->pos.line;
}

static struct jcl_pos
at_column(struct jcl_pos pos, size_t column)
{
    pos.column = (uint16_t)(column > UINT16_MAX ? UINT16_MAX : column);
    return pos;
}

bool
jcl_operand_add(struct jcl_parser *p, struct jcl_operand *op, char c,
                struct jcl_pos pos)
{
    if (op->n + 1 >= op->cap) {
        size_t cap = op->cap == 0 ? 128 : op->cap * 2;
        char *text = arena_alloc(p->arena, cap);
        struct jcl_pos *places = ARENA_ARRAY(p->arena, struct jcl_pos, cap);

        if (text == NULL || places == NULL) {
            jcl_fatal(p, ERR_MEMORY);
            return false;
        }
        if (op->n > 0) {
            memcpy(text, op->text, op->n);
            memcpy(places, op->pos, op->n * sizeof *places);
        }
        op->text = text;
        op->pos = places;
        op->cap = cap;
    }
    if (op->n >= JCL_OPERAND_MAX) {
        jcl_fail(p, pos, "IEFC642I", STR("OPERAND"),
                 "at most %u characters in one statement", JCL_OPERAND_MAX);
        return false;
    }
    op->text[op->n] = c;
    op->pos[op->n++] = pos;
    op->pos[op->n] = at_column(pos, (size_t)pos.column + 1);
    return true;
}

/* Bytes first, which a card of EBCDIC could not hold, are refused. */
static bool
check_line(struct jcl_parser *p, const struct line *line)
{
    for (size_t i = 0; i < line->text.n; i++) {
        unsigned char c = (unsigned char)line->text.p[i];

        if (c < ' ' || c > '~') {
            jcl_fail(p, at_column(line->pos, i + 1), "IEFC009I",
                     (struct str){ 0 },
                     "printable ASCII, found byte 0x%02x (a tab is not a "
                     "blank in JCL)",
                     c);
            return false;
        }
    }
    if (line->text.n > CARD_COLUMNS) {
        jcl_fail(p, at_column(line->pos, CARD_COLUMNS + 1), "IEFC642I",
                 STR("LINE"), "a card of %u columns, found %zu", CARD_COLUMNS,
                 line->text.n);
        return false;
    }
    return true;
}

/* What an operand scan has seen, across its cards. */
struct scan {
    bool in_quotes;
    bool wants_more; /* the last character taken is the comma of a cut */
};

/*
 * Take the operand text of one card, beginning at byte `at`: up to the first
 * blank outside apostrophes, or column 71.
 */
static bool
scan_operand(struct jcl_parser *p, const struct line *line, size_t at,
             struct scan *scan, struct jcl_operand *out)
{
    size_t last = line->text.n < OPERAND_LAST ? line->text.n : OPERAND_LAST;

    scan->wants_more = false;
    for (size_t i = at; i < last; i++) {
        char c = line->text.p[i];

        if (c == ' ' && !scan->in_quotes) {
            scan->wants_more = out->n > 0 && out->text[out->n - 1] == ',';
            return true;
        }
        if (c == '\'')
            scan->in_quotes = !scan->in_quotes;
        if (!jcl_operand_add(p, out, c, at_column(line->pos, i + 1)))
            return false;
    }
    if (scan->in_quotes) {
        /* The text goes on in the next card only from column 71. */
        scan->wants_more = line->text.n >= OPERAND_LAST;
        if (!scan->wants_more) {
            jcl_fail(p, at_column(line->pos, line->text.n + 1), "IEFC627I",
                     STR("OPERAND"),
                     "a closing apostrophe, or text up to column 71 to be "
                     "continued");
            return false;
        }
        return true;
    }
    scan->wants_more = out->n > 0 && out->text[out->n - 1] == ',';
    if (!scan->wants_more && line->text.n > OPERAND_LAST &&
        line->text.p[OPERAND_LAST] != ' ' && last == OPERAND_LAST &&
        line->text.p[OPERAND_LAST - 1] != ' ') {
        jcl_fail(p, at_column(line->pos, OPERAND_LAST + 1), "IEFC621I",
                 (struct str){ 0 },
                 "the operand to end by column 71, after a comma when it is "
                 "continued");
        return false;
    }
    return true;
}

static bool
is_comment(struct str line)
{
    return str_starts(line, STR("//*"));
}

static size_t
skip_blanks(struct str line, size_t at)
{
    while (at < line.n && line.p[at] == ' ')
        at++;
    return at;
}

/* The continuation cards of a statement whose operand is not finished. */
static bool
scan_continued(struct jcl_parser *p, struct jcl_deck *deck, struct scan *scan,
               struct jcl_operand *out, struct jcl_pos from)
{
    while (scan->wants_more) {
        struct line line;
        size_t at;

        do {
            if (!deck_line(deck, &line)) {
                jcl_fail(p, from, "IEFC621I", (struct str){ 0 },
                         "a continuation after the comma, found the end of "
                         "the job");
                return false;
            }
        } while (is_comment(line.text) && !scan->in_quotes);
        at = line.text.n < 2 ? 0 : skip_blanks(line.text, 2);
        if (!str_starts(line.text, STR("// ")) || at >= line.text.n) {
            jcl_fail(p, at_column(line.pos, 3), "IEFC621I", (struct str){ 0 },
                     "a continuation: // and a blank, then the rest of the "
                     "operand");
            deck_unread(deck, &line);
            return false;
        }
        if (!check_line(p, &line))
            return false;
        if (scan->in_quotes)
            at = CONTINUE_UPTO - 1;
        else if (at + 1 < CONTINUE_FROM || at + 1 > CONTINUE_UPTO) {
            jcl_fail(p, at_column(line.pos, at + 1), "IEFC624I",
                     (struct str){ 0 },
                     "the continued operand to begin in columns 4 to 16");
            return false;
        }
        if (!scan_operand(p, &line, at, scan, out))
            return false;
    }
    return true;
}

static struct str
field_at(struct str line, size_t at)
{
    size_t end = at;
    size_t last = line.n < OPERAND_LAST ? line.n : OPERAND_LAST;

    while (end < last && line.p[end] != ' ')
        end++;
    return str_sub(line, at, end);
}

/* statement = "//" [ name ] 1*" " operation [ 1*" " operand ] */
static bool
read_statement(struct jcl_parser *p, struct jcl_deck *deck,
               const struct line *line, struct jcl_card *out)
{
    struct scan scan = { 0 };
    size_t at;

    if (!check_line(p, line))
        return false;
    out->kind = JCL_CARD_STATEMENT;
    out->pos = line->pos;
    out->name = field_at(line->text, 2);
    out->name_pos = at_column(line->pos, 3);
    at = skip_blanks(line->text, 2 + out->name.n);
    out->operation = field_at(line->text, at);
    out->op_pos = at_column(line->pos, at + 1);
    if (out->operation.n == 0) {
        jcl_fail(p, out->op_pos, "IEFC605I", (struct str){ 0 },
                 "an operation such as JOB, EXEC, DD or SET after the name");
        return false;
    }
    at = skip_blanks(line->text, at + out->operation.n);
    if (at < OPERAND_LAST && at < line->text.n) {
        if (!scan_operand(p, line, at, &scan, &out->operand) ||
            !scan_continued(p, deck, &scan, &out->operand, line->pos))
            return false;
    }
    if (scan.in_quotes) {
        jcl_fail(p, out->operand.pos[out->operand.n], "IEFC627I",
                 STR("OPERAND"), "a closing apostrophe");
        return false;
    }
    return true;
}

/* JES2's own control statements: accepted, without effect here. */
static bool
is_jes_control(struct str line)
{
    static const char *const words[] = {
        "/*JOBPARM", "/*ROUTE",   "/*PRIORITY", "/*NOTIFY",
        "/*OUTPUT",  "/*MESSAGE", "/*SETUP",    "/*XEQ",
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_starts(line, str_of(words[i])))
            return true;
    }
    return false;
}

bool
jcl_card_next(struct jcl_parser *p, struct jcl_deck *deck, struct jcl_card *out)
{
    struct line line;

    *out = (struct jcl_card){ .kind = JCL_CARD_END };
    for (;;) {
        if (!deck_line(deck, &line)) {
            out->pos = (struct jcl_pos){ deck->line, 1, deck->source };
            return true;
        }
        if (is_comment(line.text) || is_jes_control(line.text))
            continue;
        /* A delimiter with nothing to delimit. */
        if (str_eq_z(str_trim_right(line.text), "/*"))
            continue;
        break;
    }
    if (!str_starts(line.text, STR("//"))) {
        out->kind = JCL_CARD_DATA;
        out->pos = line.pos;
        out->name = line.text;
        return true;
    }
    if (skip_blanks(line.text, 2) >=
        (line.text.n < OPERAND_LAST ? line.text.n : OPERAND_LAST)) {
        out->kind = JCL_CARD_NULL;
        out->pos = line.pos;
        return true;
    }
    return read_statement(p, deck, &line, out);
}

static bool
ends_data(struct str line, const char *delimiter, bool is_data)
{
    if (delimiter != NULL)
        return str_starts(line, str_of(delimiter));
    return str_starts(line, STR("/*")) ||
           (!is_data && str_starts(line, STR("//")));
}

static void
note_data(struct jcl_parser *p, const struct jcl_deck *deck, uint32_t first)
{
    struct jcl_data_lines *lines = p->env->data_lines;

    if (lines == NULL || deck->source != p->listed || deck->line == first)
        return;
    if (lines->n < ARRAY_LEN(lines->v)) {
        lines->v[lines->n].first = first;
        lines->v[lines->n++].last = deck->line - 1;
    } else { /* a procedure called that often: better hide too much */
        lines->v[0].first = 1;
        lines->v[0].last = UINT32_MAX;
    }
}

bool
jcl_deck_data(struct jcl_parser *p, struct jcl_deck *deck,
              const char *delimiter, bool is_data, struct str *out)
{
    size_t from = deck->at, to, n = 0;
    uint32_t first = deck->line;
    struct line line;
    char *copy;

    for (to = from; deck_line(deck, &line); to = deck->at) {
        if (!ends_data(line.text, delimiter, is_data))
            continue;
        if (delimiter == NULL && str_starts(line.text, STR("//")))
            deck_unread(deck, &line);
        break;
    }
    note_data(p, deck, first);
    copy = arena_alloc(p->arena, to - from + 1);
    if (copy == NULL) {
        jcl_fatal(p, ERR_MEMORY);
        return false;
    }
    for (size_t i = from; i < to; i++) {
        char c = deck->text.p[i];

        if (c == '\r' && i + 1 < to && deck->text.p[i + 1] == '\n')
            continue;
        copy[n++] = c;
    }
    if (n > 0 && copy[n - 1] != '\n')
        copy[n++] = '\n';
    *out = str_n(copy, n);
    return true;
}
