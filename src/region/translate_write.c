/* The translated program: the source copied, each command as its calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "region/translate_private.h"

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

enum err
translate_write(struct job *job, struct err_info *why)
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
