#include "prompt.h"

#include <histedit.h>
#include <stdlib.h>
#include <string.h>

struct prompt {
    EditLine *edit;
    History *history;
    bool is_more;
};

#define HISTORY_LINES 500

/* Completed at the start of a line. */
static const char *const verbs[] = {
    "ADDGROUP", "ADDUSER",  "ALTGROUP", "ALTUSER",  "CONNECT", "DELGROUP",
    "DELUSER",  "LISTGRP",  "LISTUSER", "PASSWORD", "PERMIT",  "PHRASE",
    "RACDCERT", "RALTER",   "RDEFINE",  "RDELETE",  "REMOVE",  "RLIST",
    "SEARCH",   "SETROPTS", "END",
};

static char *
prompt_text(EditLine *edit)
{
    static char ready[] = "RACF> ", more[] = "    > ";
    struct prompt *p = NULL;

    (void)el_get(edit, EL_CLIENTDATA, &p);
    return p != NULL && p->is_more ? more : ready;
}

static unsigned char
complete(EditLine *edit, int key)
{
    const LineInfo *line = el_line(edit);
    size_t n = (size_t)(line->cursor - line->buffer);
    const char *found = NULL;

    (void)key;
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (n == 0 || strncasecmp(verbs[i], line->buffer, n) != 0)
            continue;
        if (found != NULL)
            return CC_ERROR; /* ambiguous so far */
        found = verbs[i];
    }
    if (found == NULL || el_insertstr(edit, found + n) != 0 ||
        el_insertstr(edit, " ") != 0)
        return CC_ERROR;
    return CC_REFRESH;
}

struct prompt *
prompt_new(void)
{
    struct prompt *p = calloc(1, sizeof *p);
    HistEvent event;

    if (p == NULL)
        return NULL;
    p->edit = el_init("sallyport-racf", stdin, stdout, stderr);
    p->history = history_init();
    if (p->edit == NULL || p->history == NULL) {
        prompt_free(&p);
        return NULL;
    }
    (void)history(p->history, &event, H_SETSIZE, HISTORY_LINES);
    (void)el_set(p->edit, EL_CLIENTDATA, p);
    (void)el_set(p->edit, EL_PROMPT, prompt_text);
    (void)el_set(p->edit, EL_EDITOR, "emacs");
    (void)el_set(p->edit, EL_HIST, history, p->history);
    (void)el_set(p->edit, EL_ADDFN, "complete", "Complete a command", complete);
    (void)el_set(p->edit, EL_BIND, "^I", "complete", NULL);
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
    free(p);
    *prompt = NULL;
}

bool
prompt_line(struct prompt *p, bool is_more, struct buf *out)
{
    const char *line;
    int n = 0;

    p->is_more = is_more;
    line = el_gets(p->edit, &n);
    if (line == NULL || n <= 0)
        return false;
    buf_add(out, str_trim_right(str_n(line, (size_t)n)));
    return true;
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
}
