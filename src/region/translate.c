#include "region/translate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "region/command.h"
#include "region/scan.h"

#define ARENA_MAX (64u * 1024u * 1024u)
#define LABELS_MAX 255u
#define TEMPS_MAX 64u

enum arg_form { ARG_NONE, ARG_DATA, ARG_LITERAL, ARG_LENGTH, ARG_EXPRESSION };

struct arg {
    enum cics_option option;
    uint16_t label;  /* ordinal, for KIND_LABEL and conditions */
    struct str name; /* as written: options and conditions */
    enum arg_form form;
    struct str text; /* the argument's tokens */
    size_t at;       /* token of the option */
};

struct exec {
    size_t first, last; /* tokens EXEC and END-EXEC */
    const struct command_row *row;
    struct arg args[PLAN_ARGS_MAX];
    size_t n_args;
    struct str resp, resp2;
    bool handles_response;
};

struct job {
    struct scan scan;
    struct arena *arena;
    const struct translate_options *options;
    struct {
        struct exec *v;
        size_t n, cap;
    } execs;
    struct str labels[LABELS_MAX];
    size_t n_labels;
    size_t n_temps; /* most that one statement needs */
    /* tokens that matter, STR_NPOS when absent */
    size_t data, storage, linkage, procedure, procedure_end;
    bool has_commarea, has_eib;
    struct buf *out;
    size_t line, at;    /* source copied up to here */
    size_t column;      /* of the output */
    size_t n_lines_out; /* complete output lines */
};

/* --- options --------------------------------------------------------------*/

static size_t
matching_paren(const struct scan *scan, size_t open, size_t end)
{
    size_t depth = 0;

    for (size_t i = open; i < end; i++) {
        if (scan->tokens[i].kind != TOKEN_PUNCT)
            continue;
        if (scan->tokens[i].text.p[0] == '(')
            depth++;
        else if (scan->tokens[i].text.p[0] == ')' && --depth == 0)
            return i;
    }
    return STR_NPOS;
}

static struct str
join(struct arena *arena, const struct scan *scan, size_t from, size_t to)
{
    struct buf text;
    struct str out;

    buf_init(&text, 8192);
    for (size_t i = from; i < to; i++) {
        if (i > from)
            buf_add_char(&text, ' ');
        buf_add(&text, scan->tokens[i].text);
    }
    out = text.failed ? (struct str){ 0 } : str_dup(arena, buf_view(&text));
    buf_fini(&text);
    return out;
}

static bool
is_number(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* What stands between an option's parentheses. */
static enum arg_form
form_of(const struct scan *scan, size_t from, size_t to)
{
    const struct token *first = &scan->tokens[from];
    size_t depth = 0;

    for (size_t i = from; i < to; i++) {
        const struct token *t = &scan->tokens[i];

        if (t->kind != TOKEN_PUNCT)
            continue;
        if (t->text.p[0] == '(')
            depth++;
        else if (t->text.p[0] == ')')
            depth--;
        else if (depth == 0 && strchr("+-*/", t->text.p[0]) != NULL)
            return to - from == 2 ? ARG_LITERAL : ARG_EXPRESSION;
    }
    if (first->kind == TOKEN_LITERAL || is_number(first->text))
        return ARG_LITERAL;
    return scan_is(scan, from, "LENGTH") ? ARG_LENGTH : ARG_DATA;
}

static uint16_t
label_of(struct job *job, struct str name)
{
    for (size_t i = 0; i < job->n_labels; i++)
        if (str_eq_nocase(job->labels[i], name))
            return (uint16_t)(i + 1);
    if (job->n_labels == LABELS_MAX)
        return 0;
    job->labels[job->n_labels++] = name;
    return (uint16_t)job->n_labels;
}

static bool
is_first_of_two(const struct scan *scan, size_t i)
{
    static const char *const verbs[] = { "HANDLE", "IGNORE", "WRITEQ" };

    for (size_t k = 0; k < ARRAY_LEN(verbs); k++)
        if (scan_is(scan, i, verbs[k]))
            return true;
    return false;
}

/* Options whose meaning is the translator's. */
static bool
take_response(struct job *job, struct exec *exec, const struct arg *arg)
{
    (void)job;
    if (str_eq_nocase_z(arg->name, "NOHANDLE") && arg->form == ARG_NONE) {
        exec->handles_response = true;
    } else if (str_eq_nocase_z(arg->name, "RESP") && arg->form == ARG_DATA) {
        exec->handles_response = true;
        exec->resp = arg->text;
    } else if (str_eq_nocase_z(arg->name, "RESP2") && arg->form == ARG_DATA) {
        exec->resp2 = arg->text;
    } else {
        return false;
    }
    return true;
}

/* NAME [ "(" tokens ")" ] */
static enum err
read_option(struct job *job, struct exec *exec, size_t *i, struct err_info *why)
{
    struct scan *scan = &job->scan;
    struct arg arg = { .at = *i, .name = scan->tokens[*i].text };

    if (scan->tokens[*i].kind != TOKEN_WORD)
        return scan_fail(scan, *i, ERR_SYNTAX, why,
                         "expected an option, found \"" STR_FMT "\"",
                         STR_ARG(str_sub(arg.name, 0, 32)));
    ++*i;
    if (*i < exec->last && scan->tokens[*i].kind == TOKEN_PUNCT &&
        scan->tokens[*i].text.p[0] == '(') {
        size_t close = matching_paren(scan, *i, exec->last);

        if (close == STR_NPOS)
            return scan_fail(scan, *i, ERR_SYNTAX, why,
                             STR_FMT "( has no closing parenthesis",
                             STR_ARG(arg.name));
        if (close == *i + 1)
            return scan_fail(scan, *i, ERR_SYNTAX, why, STR_FMT "() is empty",
                             STR_ARG(arg.name));
        arg.form = form_of(scan, *i + 1, close);
        arg.text = join(job->arena, scan, *i + 1, close);
        *i = close + 1;
        if (arg.text.p == NULL)
            return scan_fail(scan, arg.at, ERR_LIMIT, why,
                             "argument of " STR_FMT " is too long",
                             STR_ARG(arg.name));
    }
    if (take_response(job, exec, &arg))
        return ERR_OK;
    if (exec->n_args == PLAN_ARGS_MAX - 2)
        return scan_fail(scan, arg.at, ERR_LIMIT, why, "more than %u options",
                         PLAN_ARGS_MAX - 2);
    exec->args[exec->n_args++] = arg;
    return ERR_OK;
}

/* --- checks against the table ---------------------------------------------*/

static enum err
check_condition(struct job *job, struct exec *exec, struct arg *arg,
                struct err_info *why)
{
    if (condition_by_name(arg->name) == NULL)
        return scan_fail(&job->scan, arg->at, ERR_SYNTAX, why,
                         "%s: \"" STR_FMT "\" is not a condition",
                         exec->row->verb, STR_ARG(arg->name));
    if (arg->form == ARG_NONE)
        return ERR_OK;
    if (arg->form != ARG_DATA || exec->row->command == CMD_IGNORE_CONDITION)
        return scan_fail(&job->scan, arg->at, ERR_SYNTAX, why,
                         "%s: " STR_FMT " may not have this argument",
                         exec->row->verb, STR_ARG(arg->name));
    arg->label = label_of(job, arg->text);
    return arg->label != 0 ? ERR_OK
                           : scan_fail(&job->scan, arg->at, ERR_LIMIT, why,
                                       "more than %u labels", LABELS_MAX);
}

/* Which arguments an option of that kind may have. */
static bool
form_fits(enum option_kind kind, enum arg_form form)
{
    static const unsigned allowed[] = {
        [KIND_FLAG] = 1u << ARG_NONE,
        [KIND_TEXT] = 1u << ARG_DATA | 1u << ARG_LITERAL,
        [KIND_NUM] = 1u << ARG_DATA | 1u << ARG_LITERAL | 1u << ARG_LENGTH |
                     1u << ARG_EXPRESSION,
        [KIND_OUT] = 1u << ARG_DATA,
        [KIND_INOUT] = 1u << ARG_DATA | 1u << ARG_LITERAL | 1u << ARG_LENGTH |
                       1u << ARG_EXPRESSION,
        [KIND_AREA] = 1u << ARG_DATA | 1u << ARG_LITERAL,
        [KIND_SEP] = 1u << ARG_NONE | 1u << ARG_DATA | 1u << ARG_LITERAL,
        [KIND_LABEL] = 1u << ARG_DATA,
    };

    return (allowed[kind] & (1u << form)) != 0;
}

static enum err
check_option(struct job *job, struct exec *exec, struct arg *arg,
             struct err_info *why)
{
    const struct option_row *row = NULL;

    if (option_find(arg->name, &arg->option))
        row = command_option(exec->row, arg->option);
    if (row == NULL)
        return scan_fail(&job->scan, arg->at, ERR_SYNTAX, why,
                         "%s: \"" STR_FMT "\" is not an option of it",
                         exec->row->verb, STR_ARG(str_sub(arg->name, 0, 32)));
    for (struct arg *a = exec->args; a < arg; a++)
        if (a->option == arg->option)
            return scan_fail(&job->scan, arg->at, ERR_SYNTAX, why,
                             "%s: " STR_FMT " is given twice", exec->row->verb,
                             STR_ARG(arg->name));
    if (!form_fits(row->kind, arg->form))
        return scan_fail(&job->scan, arg->at, ERR_SYNTAX, why, "%s: %s %s",
                         exec->row->verb, option_name(arg->option),
                         arg->form == ARG_NONE    ? "needs an argument"
                         : row->kind == KIND_FLAG ? "takes no argument"
                         : row->kind == KIND_OUT  ? "needs a data area"
                                                  : "has a wrong argument");
    if (row->kind == KIND_LABEL && (arg->label = label_of(job, arg->text)) == 0)
        return scan_fail(&job->scan, arg->at, ERR_LIMIT, why,
                         "more than %u labels", LABELS_MAX);
    return ERR_OK;
}

static enum err
check_exec(struct job *job, struct exec *exec, struct str words,
           struct err_info *why)
{
    bool has[N_CICS_OPTIONS] = { false };
    size_t n_temps = 0;
    enum err e;

    for (size_t i = 0; i < exec->n_args; i++)
        if (option_find(exec->args[i].name, &exec->args[i].option))
            has[exec->args[i].option] = true;
    exec->row = command_match(words, has);
    if (exec->row == NULL)
        return scan_fail(&job->scan, exec->first + 2, ERR_UNSUPPORTED, why,
                         "EXEC CICS " STR_FMT
                         " is not a command of this region",
                         STR_ARG(str_sub(words, 0, 32)));
    for (size_t i = 0; i < exec->n_args; i++) {
        struct arg *arg = &exec->args[i];

        e = exec->row->conditions ? check_condition(job, exec, arg, why)
                                  : check_option(job, exec, arg, why);
        if (e != ERR_OK)
            return e;
        if (arg->form == ARG_EXPRESSION && ++n_temps > TEMPS_MAX)
            return scan_fail(&job->scan, arg->at, ERR_LIMIT, why,
                             "more than %u expressions", TEMPS_MAX);
    }
    for (size_t i = 0; i < exec->row->n_options; i++)
        if (exec->row->options[i].is_required &&
            !has[exec->row->options[i].option])
            return scan_fail(&job->scan, exec->first, ERR_SYNTAX, why,
                             "%s needs %s", exec->row->verb,
                             option_name(exec->row->options[i].option));
    if (n_temps > job->n_temps)
        job->n_temps = n_temps;
    return ERR_OK;
}

/* EXEC CICS verb [ verb ] *( option ) END-EXEC */
static enum err
read_exec(struct job *job, size_t *i, struct err_info *why)
{
    struct scan *scan = &job->scan;
    struct exec exec = { .first = *i };
    struct str words;
    size_t at = *i + 2;
    enum err e;

    if (!scan_is(scan, *i + 1, "CICS"))
        return scan_fail(
            scan, *i, ERR_UNSUPPORTED, why,
            "only EXEC CICS is translated here%s",
            scan_is(scan, *i + 1, "SQL") ? "; run the SQL pass first" : "");
    for (exec.last = at; exec.last < scan->n_tokens; exec.last++)
        if (scan_is(scan, exec.last, "END-EXEC") ||
            scan_is(scan, exec.last, "EXEC"))
            break;
    if (!scan_is(scan, exec.last, "END-EXEC"))
        return scan_fail(scan, *i, ERR_SYNTAX, why,
                         "EXEC CICS has no END-EXEC");
    if (at == exec.last || scan->tokens[at].kind != TOKEN_WORD)
        return scan_fail(scan, *i, ERR_SYNTAX, why,
                         "EXEC CICS without a command");
    words = scan->tokens[at].text;
    if (is_first_of_two(scan, at) && at + 1 < exec.last) {
        words = join(job->arena, scan, at, at + 2);
        at++;
    }
    at++;
    while (at < exec.last)
        if ((e = read_option(job, &exec, &at, why)) != ERR_OK)
            return e;
    if ((e = check_exec(job, &exec, words, why)) != ERR_OK)
        return e;
    if (!VEC_PUSH(&job->execs, exec))
        return err_set(why, ERR_MEMORY, "no storage for the source");
    *i = exec.last;
    return ERR_OK;
}

/* --- first pass: what stands where ----------------------------------------*/

static void
note_division(struct job *job, size_t i)
{
    struct scan *scan = &job->scan;

    if (scan_is(scan, i, "DATA") && scan_is(scan, i + 1, "DIVISION"))
        job->data = i;
    else if (scan_is(scan, i, "WORKING-STORAGE") &&
             scan_is(scan, i + 1, "SECTION"))
        job->storage = i;
    else if (scan_is(scan, i, "LINKAGE") && scan_is(scan, i + 1, "SECTION"))
        job->linkage = i;
    else if (scan_is(scan, i, "DFHCOMMAREA") && job->procedure == STR_NPOS)
        job->has_commarea = true;
    else if (scan_is(scan, i, "DFHEIBLK") && job->procedure == STR_NPOS)
        job->has_eib = true;
    else if (scan_is(scan, i, "PROCEDURE") && scan_is(scan, i + 1, "DIVISION"))
        job->procedure = i;
}

static enum err
first_pass(struct job *job, struct err_info *why)
{
    struct scan *scan = &job->scan;
    size_t n_programs = 0;

    for (size_t i = 0; i < scan->n_tokens; i++) {
        enum err e;

        if (scan_is(scan, i, "PROGRAM-ID") && n_programs++ > 0)
            return scan_fail(scan, i, ERR_UNSUPPORTED, why,
                             "a second program in one source");
        if (scan_is(scan, i, "EXEC") || scan_is(scan, i, "EXECUTE")) {
            if ((e = read_exec(job, &i, why)) != ERR_OK)
                return e;
            continue;
        }
        note_division(job, i);
    }
    if (job->procedure == STR_NPOS)
        return scan_fail(scan, scan->n_tokens, ERR_SYNTAX, why,
                         "there is no PROCEDURE DIVISION");
    for (job->procedure_end = job->procedure;
         job->procedure_end < scan->n_tokens; job->procedure_end++)
        if (scan->tokens[job->procedure_end].kind == TOKEN_PERIOD)
            return ERR_OK;
    return scan_fail(scan, job->procedure, ERR_SYNTAX, why,
                     "PROCEDURE DIVISION has no period");
}

/* --- output ---------------------------------------------------------------*/

static void
put(struct job *job, struct str s)
{
    buf_add(job->out, s);
    job->column += s.n;
}

static void
put_newline(struct job *job)
{
    buf_add_char(job->out, '\n');
    job->column = 0;
    job->n_lines_out++;
}

static void
put_indent(struct job *job, size_t column)
{
    while (job->column < column && !job->out->failed)
        put(job, STR(" "));
}

/* One word of generated code, on a new line when this one is full. */
static void
put_word(struct job *job, struct str word)
{
    size_t margin = job->options->is_free ? 0 : 11;

    if (job->column + word.n + 1 > TRANSLATE_COLUMN)
        put_newline(job);
    put_indent(job, margin);
    put(job, word);
    put(job, STR(" "));
}

static void
put_words(struct job *job, const char *words)
{
    struct str rest = str_of(words), word;

    while (str_token(&rest, ' ', &word))
        if (word.n > 0)
            put_word(job, word);
}

/* Generated text from a data name or expression, word by word: only literals
 * hold blanks that matter, and those never wrap. */
static void
put_argument(struct job *job, const struct arg *arg)
{
    struct str rest = arg->text, word;

    if (arg->form == ARG_LITERAL || arg->text.n < 64) {
        put_word(job, arg->text);
        return;
    }
    while (str_token(&rest, ' ', &word))
        put_word(job, word);
}

/* Source up to that place. */
static void
copy_until(struct job *job, size_t line, size_t at)
{
    for (;;) {
        struct str text = job->line < job->scan.n_lines
                              ? job->scan.lines[job->line].text
                              : STR("");
        size_t end = job->line == line ? at : text.n;

        if (job->at < end)
            put(job, str_sub(text, job->at, end));
        job->at = end;
        if (job->line == line)
            return;
        put_newline(job);
        job->line++;
        job->at = 0;
    }
}

/* What was generated replaces the source up to there; blank lines keep the
 * count, and the column of what follows stays in the code area. */
static void
skip_until(struct job *job, size_t line, size_t at)
{
    job->line = line;
    job->at = at;
    while (job->n_lines_out < line && !job->out->failed)
        put_newline(job);
    if (job->column == 0)
        put_indent(job, job->options->is_free ? 0 : 11);
}

static void
put_plan(struct job *job, const struct exec *exec)
{
    struct buf plan;

    buf_init(&plan, 1024);
    buf_printf(&plan, "'%s:", exec->row->id);
    for (size_t i = 0; i < exec->n_args; i++) {
        const struct arg *arg = &exec->args[i];

        if (i > 0)
            buf_add_char(&plan, ',');
        if (arg->form == ARG_NONE)
            buf_add_char(&plan, '*');
        if (exec->row->conditions)
            buf_add(&plan, str_upper(job->arena, arg->name));
        else
            buf_add_z(&plan, option_name(arg->option));
        if (arg->label > 0)
            buf_printf(&plan, "=%u", arg->label);
    }
    buf_add_z(&plan, exec->handles_response ? ";R'" : ";'");
    if (plan.n > PLAN_MAX + 2)
        plan.failed = job->out->failed = true;
    put_words(job, "CALL 'zexec' USING BY CONTENT");
    put_word(job, buf_view(&plan));
    buf_fini(&plan);
}

static void
put_computes(struct job *job, const struct exec *exec)
{
    unsigned n = 0;

    for (size_t i = 0; i < exec->n_args; i++) {
        char target[32];

        if (exec->args[i].form != ARG_EXPRESSION)
            continue;
        (void)snprintf(target, sizeof target, "ZEX-TMP (%u)", ++n);
        put_words(job, "COMPUTE");
        put_words(job, target);
        put_words(job, "=");
        put_argument(job, &exec->args[i]);
    }
}

static void
put_arguments(struct job *job, const struct exec *exec)
{
    unsigned n_temps = 0;

    for (size_t i = 0; i < exec->n_args; i++) {
        const struct arg *arg = &exec->args[i];
        char temp[32];

        if (arg->form == ARG_NONE || arg->label > 0)
            continue;
        put_words(job, arg->form == ARG_LITERAL || arg->form == ARG_LENGTH
                           ? "BY CONTENT"
                           : "BY REFERENCE");
        if (arg->form != ARG_EXPRESSION) {
            put_argument(job, arg);
            continue;
        }
        (void)snprintf(temp, sizeof temp, "ZEX-TMP (%u)", ++n_temps);
        put_word(job, str_of(temp));
    }
}

static void
put_exec(struct job *job, const struct exec *exec)
{
    const struct token *first = &job->scan.tokens[exec->first];
    const struct token *last = &job->scan.tokens[exec->last];

    copy_until(job, first->line, first->from);
    put_computes(job, exec);
    put_plan(job, exec);
    put_arguments(job, exec);
    put_words(job, "END-CALL");
    if (exec->resp.n > 0) {
        put_words(job, "MOVE EIBRESP TO");
        put_word(job, exec->resp);
    }
    if (exec->resp2.n > 0) {
        put_words(job, "MOVE EIBRESP2 TO");
        put_word(job, exec->resp2);
    }
    if (job->n_labels > 0) {
        put_words(job, "GO TO");
        for (size_t i = 0; i < job->n_labels; i++)
            put_word(job, job->labels[i]);
        put_words(job, "DEPENDING ON DFHEIGDI");
    }
    /* A program that leaves through its own exit frees what it holds. */
    if (exec->row->command == CMD_RETURN)
        put_words(job, "IF DFHEIGDI < 0 GOBACK END-IF");
    skip_until(job, last->last_line, last->to);
}

static void
put_temps(struct job *job)
{
    char text[96];

    (void)snprintf(text, sizeof text,
                   "01 ZEX-TMPS. 02 ZEX-TMP PIC S9(9) COMP-5 OCCURS %zu.",
                   job->n_temps);
    if (job->n_temps > 0)
        put_words(job, text);
}

/* In front of the first of LINKAGE SECTION and PROCEDURE DIVISION. */
static void
put_missing_storage(struct job *job)
{
    if (job->storage != STR_NPOS)
        return;
    if (job->data == STR_NPOS)
        put_words(job, "DATA DIVISION.");
    if (job->n_temps > 0) {
        put_words(job, "WORKING-STORAGE SECTION.");
        put_temps(job);
    }
}

static void
put_linkage(struct job *job)
{
    if (!job->has_eib)
        put_words(job, "COPY DFHEIBLK.");
    if (!job->has_commarea)
        put_words(job, "01 DFHCOMMAREA PIC X.");
}

static void
put_procedure(struct job *job)
{
    struct scan *scan = &job->scan;
    const struct token *last = &scan->tokens[job->procedure_end];
    size_t i = job->procedure + 2;

    copy_until(job, scan->tokens[job->procedure].line,
               scan->tokens[job->procedure].from);
    if (job->linkage == STR_NPOS) {
        put_missing_storage(job);
        put_words(job, "LINKAGE SECTION.");
        put_linkage(job);
    }
    put_words(job, "PROCEDURE DIVISION USING DFHEIBLK DFHCOMMAREA");
    for (; i < job->procedure_end; i++)
        if (!scan_is(scan, i, "USING") && !scan_is(scan, i, "DFHEIBLK") &&
            !scan_is(scan, i, "DFHCOMMAREA"))
            put_word(job, scan->tokens[i].text);
    put(job, STR("."));
    skip_until(job, last->last_line, last->to);
}

/* Behind "<name> SECTION." */
static void
put_behind(struct job *job, size_t section, void (*what)(struct job *))
{
    size_t i = section + 2;

    if (i >= job->scan.n_tokens || job->scan.tokens[i].kind != TOKEN_PERIOD)
        return;
    copy_until(job, job->scan.tokens[i].line, job->scan.tokens[i].to);
    put(job, STR(" "));
    what(job);
}

/* DFHRESP "(" name ")" */
static enum err
put_dfhresp(struct job *job, size_t *i, struct err_info *why)
{
    struct scan *scan = &job->scan;
    const struct condition_row *c = NULL;
    const struct token *t = &scan->tokens[*i];
    char number[16];

    if (*i + 3 < scan->n_tokens && scan->tokens[*i + 1].text.p[0] == '(' &&
        scan->tokens[*i + 3].text.p[0] == ')')
        c = condition_by_name(scan->tokens[*i + 2].text);
    if (c == NULL || scan_is(scan, *i, "DFHVALUE"))
        return scan_fail(scan, *i, ERR_SYNTAX, why,
                         STR_FMT ": no such name in parentheses",
                         STR_ARG(t->text));
    copy_until(job, t->line, t->from);
    (void)snprintf(number, sizeof number, "%u", c->resp);
    put(job, str_of(number));
    *i += 3;
    skip_until(job, scan->tokens[*i].line, scan->tokens[*i].to);
    return ERR_OK;
}

static enum err
second_pass(struct job *job, struct err_info *why)
{
    struct scan *scan = &job->scan;
    size_t next = 0;
    enum err e;

    for (size_t i = 0; i < scan->n_tokens; i++) {
        if (next < job->execs.n && i == job->execs.v[next].first) {
            put_exec(job, &job->execs.v[next]);
            i = job->execs.v[next++].last;
        } else if (i == job->storage) {
            put_behind(job, i, put_temps);
        } else if (i == job->linkage) {
            copy_until(job, scan->tokens[i].line, scan->tokens[i].from);
            put_missing_storage(job);
            put_behind(job, i, put_linkage);
        } else if (i == job->procedure) {
            put_procedure(job);
            i = job->procedure_end;
        } else if (scan_is(scan, i, "DFHRESP") ||
                   scan_is(scan, i, "DFHVALUE")) {
            if ((e = put_dfhresp(job, &i, why)) != ERR_OK)
                return e;
        }
    }
    if (scan->n_lines > 0)
        copy_until(job, scan->n_lines - 1,
                   scan->lines[scan->n_lines - 1].text.n);
    put_newline(job);
    return buf_check(job->out, why);
}

enum err
translate(struct str source, const struct translate_options *options,
          struct buf *out, struct err_info *why)
{
    struct job *job = calloc(1, sizeof *job);
    struct arena arena;
    enum err e;

    if (job == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the source");
    arena_init(&arena, ARENA_MAX);
    job->arena = &arena;
    job->options = options;
    job->out = out;
    job->data = job->storage = job->linkage = STR_NPOS;
    job->procedure = job->procedure_end = STR_NPOS;
    e = scan_source(&job->scan, &arena, options, source, why);
    if (e == ERR_OK)
        e = first_pass(job, why);
    if (e == ERR_OK)
        e = second_pass(job, why);
    scan_fini(&job->scan);
    VEC_FREE(&job->execs);
    arena_fini(&arena);
    free(job);
    return e;
}
