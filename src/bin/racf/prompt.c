#include "prompt.h"

#include <histedit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct prompt {
    EditLine *edit;
    History *history;
    char *path; /* of the history's file, or NULL */
    prompt_ask ask;
    void *arg;
    struct buf *command; /* its earlier lines, while one is typed */
    bool is_answer;      /* no command is typed */
};

#define HISTORY_LINES 500
#define SHOWN_COLUMNS 78u

static char *
prompt_text(EditLine *edit)
{
    static char ready[] = "RACF> ", more[] = "    > ";
    struct prompt *p = NULL;

    (void)el_get(edit, EL_CLIENTDATA, &p);
    return p != NULL && p->command != NULL &&
                   (p->command->n > 0 || p->is_answer)
               ? more
               : ready;
}

/* --- completion ------------------------------------------------------------
 */

/* The candidates, each ended by a newline, and what they begin with alike. */
struct candidates {
    struct buf all;
    struct buf common;
    size_t n;
};

static void
add_candidate(void *arg, struct str candidate)
{
    struct candidates *c = arg;
    size_t same = 0;

    buf_add(&c->all, candidate);
    buf_add_char(&c->all, '\n');
    if (c->n++ == 0) {
        buf_add(&c->common, candidate);
        return;
    }
    while (same < c->common.n && same < candidate.n &&
           c->common.p[same] == candidate.p[same])
        same++;
    c->common.n = same;
}

static void
show_all(struct str all)
{
    struct str candidate;
    size_t column = 0, width = 0;

    for (struct str rest = all; str_line(&rest, &candidate);)
        width = candidate.n + 2 > width ? candidate.n + 2 : width;
    putchar('\n');
    while (str_line(&all, &candidate)) {
        if (column > 0 && column + width > SHOWN_COLUMNS) {
            putchar('\n');
            column = 0;
        }
        printf("%-*.*s", (int)width, STR_ARG(candidate));
        column += width;
    }
    putchar('\n');
}

/* Characters of the unfinished word, without an opening quote. */
static size_t
word_length(const char *text, size_t n)
{
    size_t from = n;

    while (from > 0 && strchr(" ,()\t", text[from - 1]) == NULL)
        from--;
    if (from < n && text[from] == '\'')
        from++;
    return n - from;
}

static unsigned char
insert(EditLine *edit, const struct candidates *c, size_t n_typed)
{
    char rest[512];
    struct str more = str_sub(buf_view(&c->common), n_typed, c->common.n);
    bool is_whole = c->n == 1 && !str_ends(buf_view(&c->common), STR("("));

    if (more.n + 2 > sizeof rest)
        return CC_ERROR;
    memcpy(rest, more.p, more.n);
    if (is_whole)
        rest[more.n++] = ' ';
    rest[more.n] = '\0';
    return more.n > 0 && el_insertstr(edit, rest) == 0 ? CC_REFRESH : CC_ERROR;
}

static unsigned char
complete(EditLine *edit, int key)
{
    const LineInfo *line = el_line(edit);
    size_t n = (size_t)(line->cursor - line->buffer);
    size_t n_typed = word_length(line->buffer, n);
    struct candidates c = { .n = 0 };
    unsigned char result = CC_ERROR;
    struct prompt *p = NULL;
    struct buf text;

    (void)key;
    (void)el_get(edit, EL_CLIENTDATA, &p);
    if (p == NULL)
        return CC_ERROR;
    buf_init(&text, 64u * 1024u);
    buf_init(&c.all, 64u * 1024u);
    buf_init(&c.common, 1024);
    buf_add(&text, buf_view(p->command));
    buf_add_char(&text, ' ');
    buf_add(&text, str_n(line->buffer, n));
    p->ask(p->arg, buf_view(&text), add_candidate, &c);
    if (c.n > 0 && c.common.n > n_typed)
        result = insert(edit, &c, n_typed);
    else if (c.n > 1 && !c.all.failed) {
        show_all(buf_view(&c.all));
        result = CC_REDISPLAY;
    }
    buf_fini(&text);
    buf_fini(&c.all);
    buf_fini(&c.common);
    return result;
}

/* Control-C drops what was typed, with the command's earlier lines. The line
 * is begun anew without leaving the editor: what is typed meanwhile would meet
 * a terminal of another mode. */
static unsigned char
cancel(EditLine *edit, int key)
{
    struct prompt *p = NULL;

    (void)key;
    (void)el_get(edit, EL_CLIENTDATA, &p);
    if (p == NULL)
        return CC_ERROR;
    fputs("^C\n", stdout);
    buf_clear(p->command);
    return CC_FATAL; /* the editor's word for "begin anew" */
}

static unsigned char
suspend(EditLine *edit, int key)
{
    (void)key;
    (void)el_set(edit, EL_PREP_TERM, 0);
    (void)raise(SIGTSTP);
    (void)el_set(edit, EL_PREP_TERM, 1);
    return CC_REDISPLAY;
}

/* --- the history's file ----------------------------------------------------
 */

static char *
history_path(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char path[4096];
    int n = -1;

    if (state != NULL && state[0] == '/')
        n = snprintf(path, sizeof path, "%s/sallyport", state);
    else if (home != NULL && home[0] == '/')
        n = snprintf(path, sizeof path, "%s/.local/state/sallyport", home);
    if (n < 0 || (size_t)n + sizeof "/racf-history" > sizeof path ||
        dir_make(path, 0700, NULL) != ERR_OK)
        return NULL;
    memcpy(path + n, "/racf-history", sizeof "/racf-history");
    return strdup(path);
}

static void
save_history(struct prompt *p)
{
    char fresh[4096];
    HistEvent event;
    mode_t mask;

    if (p->path == NULL || p->history == NULL ||
        (size_t)snprintf(fresh, sizeof fresh, "%s.%d", p->path, getpid()) >=
            sizeof fresh)
        return;
    mask = umask(077); /* what was asked is its owner's business */
    if (history(p->history, &event, H_SAVE, fresh) < 0 ||
        rename(fresh, p->path) != 0)
        (void)unlink(fresh);
    (void)umask(mask);
}

struct prompt *
prompt_new(prompt_ask ask, void *arg)
{
    struct prompt *p = calloc(1, sizeof *p);
    HistEvent event;

    if (p == NULL)
        return NULL;
    p->ask = ask;
    p->arg = arg;
    p->edit = el_init("sallyport-racf", stdin, stdout, stderr);
    p->history = history_init();
    if (p->edit == NULL || p->history == NULL) {
        prompt_free(&p);
        return NULL;
    }
    (void)history(p->history, &event, H_SETSIZE, HISTORY_LINES);
    (void)history(p->history, &event, H_SETUNIQUE, 1);
    p->path = history_path();
    if (p->path != NULL)
        (void)history(p->history, &event, H_LOAD, p->path);
    (void)el_set(p->edit, EL_CLIENTDATA, p);
    (void)el_set(p->edit, EL_PROMPT, prompt_text);
    (void)el_set(p->edit, EL_EDITOR, "emacs");
    (void)el_set(p->edit, EL_HIST, history, p->history);
    (void)el_set(p->edit, EL_ADDFN, "complete", "Complete a command", complete);
    (void)el_set(p->edit, EL_BIND, "^I", "complete", NULL);
    /* At the prompt no signal, while a command runs one. */
    (void)el_set(p->edit, EL_ADDFN, "cancel", "Drop the command", cancel);
    (void)el_set(p->edit, EL_BIND, "^C", "cancel", NULL);
    (void)el_set(p->edit, EL_ADDFN, "suspend", "Stop the program", suspend);
    (void)el_set(p->edit, EL_BIND, "^Z", "suspend", NULL);
    (void)el_set(p->edit, EL_SETTY, "-d", "-isig", NULL);
    (void)el_source(p->edit, NULL);
    return p;
}

void
prompt_free(struct prompt **prompt)
{
    struct prompt *p = *prompt;

    if (p == NULL)
        return;
    if (p->edit != NULL)
        el_end(p->edit);
    if (p->history != NULL)
        history_end(p->history);
    free(p->path);
    free(p);
    *prompt = NULL;
}

bool
prompt_line(struct prompt *p, struct buf *out)
{
    const char *line;
    int n = 0;

    p->command = out;
    /* The editor would show the prompt first: a Control-C between the two would
     * end the program. */
    (void)el_set(p->edit, EL_PREP_TERM, 1);
    line = el_gets(p->edit, &n);
    p->command = NULL;
    if (line == NULL || n <= 0)
        return false;
    buf_add(out, str_trim_right(str_n(line, (size_t)n)));
    return true;
}

bool
prompt_answer(struct prompt *p, struct buf *out)
{
    bool is_there;

    p->is_answer = true;
    is_there = prompt_line(p, out);
    p->is_answer = false;
    return is_there;
}

void
prompt_remember(struct prompt *p, struct str command)
{
    struct buf line;
    HistEvent event;

    buf_init(&line, 64u * 1024u);
    buf_add(&line, command);
    if (!line.failed)
        (void)history(p->history, &event, H_ENTER, buf_z(&line));
    buf_fini(&line);
    save_history(p); /* whatever ends the program */
}
