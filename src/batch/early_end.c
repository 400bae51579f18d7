/*
 * Why a started task ended before it was ready: the errors that its programs
 * wrote, each with what to do about it, as the server command shows them on the
 * terminal. What is in the spool is the job's: it is cut and made printable.
 */
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/printable.h"
#include "batch/master_priv.h"
#include "batch/master_wire.h"

#define TAIL_MAX (64u * 1024u)
#define ERRORS_MAX 20u

struct telling {
    struct session *session;
    bool is_plain; /* errors of our programs that are no messages */
    unsigned n;
};

/* "sallyport-region: error: ..." */
static struct str
plain_error_in(struct str line)
{
    return str_starts(line, STR("sallyport-")) &&
                   str_find(line, STR(": error: ")) != STR_NPOS
               ? line
               : STR("");
}

static void
tell(struct telling *t, struct str line)
{
    struct buf text;

    line = t->is_plain ? plain_error_in(line) : msg_error_in(line);
    if (line.n == 0 || t->n == ERRORS_MAX)
        return;
    t->n++;
    buf_init(&text, TAIL_MAX);
    printable_add(&text, str_sub(line, 0, MASTER_LINE_MAX));
    session_line(t->session, buf_view(&text));
    buf_fini(&text);
    if (msg_remedy(line)[0] != '\0')
        session_printf(t->session, "  %s", msg_remedy(line));
}

/* The end of the job log, or of a file of a step; JCL and allocation (002, 003)
 * have nothing that the operator was not told. */
static void
each_file(void *arg, const char *name, int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)TAIL_MAX ? size - (off_t)TAIL_MAX : 0;
    struct str rest, line;
    struct buf text;
    char *bytes;
    ssize_t n;

    if (strncmp(name, "002", 3) == 0 || strncmp(name, "003", 3) == 0 ||
        size <= 0)
        return;
    buf_init(&text, TAIL_MAX);
    bytes = buf_grow(&text, TAIL_MAX);
    if (bytes != NULL && (n = pread(fd, bytes, TAIL_MAX, from)) > 0) {
        rest = str_n(bytes, (size_t)n);
        while (str_line(&rest, &line))
            tell(arg, line);
    }
    buf_fini(&text);
}

void
session_early_end(struct session *s, const struct space *space)
{
    struct telling t = { .session = s };

    IGNORE(spool_each_file(space->record.id, each_file, &t, NULL));
    t.is_plain = true;
    if (t.n == 0)
        IGNORE(spool_each_file(space->record.id, each_file, &t, NULL));
}
