/*
 * What a command says on the terminal: messages of the catalogue, each with its
 * remedy on a line of its own. The logs have the messages alone, as the
 * original's do; of a start that failed their errors are repeated here.
 */
#include "control.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/msg.h"

#define CONSOLE_MAX (4u * 1024u * 1024u)
#define ERRORS_MAX 20u

void
control_say_line(struct str line)
{
    const char *remedy = msg_remedy(line);

    fprintf(stderr, STR_FMT "\n", STR_ARG(line));
    if (remedy[0] != '\0')
        fprintf(stderr, "  %s\n", remedy);
}

void
control_say(const char *id, const char *a, const char *b, const char *c)
{
    struct buf line;

    buf_init(&line, 16384);
    MSG_LINE(&line, id, str_of(a), str_of(b), str_of(c));
    control_say_line(buf_view(&line));
    buf_fini(&line);
}

void
control_say_errors(struct settings *s)
{
    const char *path = settings_path(s, s->log_dir, s->log_file);
    struct str rest, line;
    struct buf text;
    unsigned n = 0;

    buf_init(&text, CONSOLE_MAX);
    if (path != NULL && file_read(path, &text, NULL) == ERR_OK) {
        rest = buf_view(&text);
        while (n < ERRORS_MAX && str_line(&rest, &line)) {
            line = msg_error_in(line);
            if (line.n > 0) {
                control_say_line(line);
                n++;
            }
        }
    }
    buf_fini(&text);
}
