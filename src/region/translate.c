#include "region/translate_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

#define ARENA_MAX (64u * 1024u * 1024u)
#define TEMPS_MAX 64u

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
        e = translate_write(job, why);
    scan_fini(&job->scan);
    VEC_FREE(&job->execs);
    arena_fini(&arena);
    free(job);
    return e;
}
