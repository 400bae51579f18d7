#include "assist/header.h"

#include <string.h>

#include "base/version.h"

#define CREATED "Created by the Sallyport configuration assistant"

/* "2020-06-12 14:18:57 : ..." */
bool
header_is_history(struct str line)
{
    static const char form[] = "dddd-dd-dd dd:dd:dd : ";

    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (i >= line.n || (form[i] == 'd' ? line.p[i] < '0' || line.p[i] > '9'
                                           : line.p[i] != form[i]))
            return false;
    }
    for (size_t i = 0; i < line.n; i++)
        if ((unsigned char)line.p[i] < ' ' || (unsigned char)line.p[i] > '~')
            return false;
    return line.n > sizeof form - 1 && line.n < 256 &&
           line.p[line.n - 1] != ' ';
}

static struct str
behind(struct str line, const char *what)
{
    return str_starts(line, str_of(what)) ? str_sub(line, strlen(what), line.n)
                                          : (struct str){ 0 };
}

/* "Version 2 Release 3" */
static struct str
release_of(struct arena *arena, struct str line)
{
    struct str rest = behind(line, "Version ");
    bool is_one = rest.n == sizeof "2 Release 3" - 1 && rest.p[0] >= '1' &&
                  rest.p[0] <= '9' &&
                  str_eq_z(str_sub(rest, 1, 10), " Release ") &&
                  rest.p[10] >= '1' && rest.p[10] <= '9';

    return is_one ? str_fmt(arena, "V%cR%c", rest.p[0], rest.p[10])
                  : (struct str){ 0 };
}

static void
take(struct str *field, struct str value)
{
    if (field->n == 0 && value.n > 0)
        *field = str_trim(value);
}

bool
header_read(struct arena *arena, struct str policy, struct header *h)
{
    struct str *history = ARENA_ARRAY(arena, struct str, HEADER_HISTORY_MAX);
    struct str line;
    size_t n = 0;

    *h = (struct header){ 0 };
    while (policy.n > 0 && str_line(&policy, &line) &&
           str_starts(line, STR("##"))) {
        struct str text = str_trim(str_sub(line, 2, line.n));

        take(&h->image, behind(text, "Image:"));
        take(&h->stack, behind(text, "Stack:"));
        take(&h->store, behind(text, "Backing Store ="));
        take(&h->release, release_of(arena, text));
        h->is_ours |= str_eq_z(text, CREATED);
        if (history != NULL && n < HEADER_HISTORY_MAX &&
            str_starts(line, STR("## ")) &&
            header_is_history(str_sub(line, 3, line.n)))
            history[n++] = str_sub(line, 3, line.n);
    }
    h->history = (struct store_texts){ history, n };
    return history != NULL;
}

void
header_write(struct buf *out, const struct store *s,
             const struct store_image *image, const struct store_stack *stack,
             struct store_texts history, struct str when)
{
    size_t n = when.n > 0;

    buf_printf(out,
               "##\n## AT-TLS Policy Agent Configuration file for:\n"
               "##    Image: " STR_FMT "\n##    Stack: " STR_FMT "\n##\n"
               "## " CREATED "\n## Version " SALLYPORT_VERSION "\n"
               "## Backing Store = " STR_FMT "\n## Install History:\n",
               STR_ARG(image->obj.name), STR_ARG(stack->obj.name),
               STR_ARG(s->obj.name));
    if (when.n > 0)
        buf_printf(out, "## " STR_FMT " : Save To Disk\n", STR_ARG(when));
    for (size_t i = 0; i < history.n && n < HEADER_HISTORY_MAX; i++, n++)
        buf_printf(out, "## " STR_FMT "\n", STR_ARG(history.v[i]));
    buf_add_z(out, "## End of Network Configuration Assistant "
                   "information\n");
}
