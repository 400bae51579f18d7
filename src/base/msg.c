#include "base/msg.h"

#include <stdlib.h>
#include <string.h>

#define MSG(id, text, remedy) { (id), (text), (remedy) },
static const struct msg rows[] = {
#include "base/messages/all.def"
};
#undef MSG

static struct msg sorted_rows[ARRAY_LEN(rows)];

static int
by_id(const void *a, const void *b)
{
    return strcmp(((const struct msg *)a)->id, ((const struct msg *)b)->id);
}

__attribute__((constructor)) static void
sort_rows(void)
{
    memcpy(sorted_rows, rows, sizeof rows);
    qsort(sorted_rows, ARRAY_LEN(rows), sizeof rows[0], by_id);
}

const struct msg *
msg_all(size_t *n)
{
    *n = ARRAY_LEN(rows);
    return sorted_rows;
}

const struct msg *
msg_find(const char *id)
{
    struct msg key = { .id = id };

    return bsearch(&key, sorted_rows, ARRAY_LEN(rows), sizeof rows[0], by_id);
}

static void
add_insert(struct buf *out, struct str insert)
{
    size_t n = insert.n < MSG_INSERT_MAX ? insert.n : MSG_INSERT_MAX;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)insert.p[i];

        buf_add_char(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
    }
    if (n < insert.n)
        buf_add_z(out, "...");
}

const struct msg *
msg_of_line(struct str line)
{
    char id[16];
    size_t n = 0;

    while (n < line.n && line.p[n] != ' ' && line.p[n] != ':')
        n++;
    if (n == 0 || n == line.n ||
        !str_copy_z(str_sub(line, 0, n), id, sizeof id))
        return NULL;
    return msg_find(id);
}

struct str
msg_error_in(struct str line)
{
    for (size_t i = 0; i < line.n && line.p[0] != '{'; i++) {
        struct str rest = str_sub(line, i, line.n);
        const struct msg *msg;

        if (i > 0 && line.p[i - 1] != ' ')
            continue;
        msg = msg_of_line(rest);
        if (msg != NULL && msg->id[strlen(msg->id) - 1] == 'E')
            return rest;
    }
    return STR("");
}

const char *
msg_remedy(struct str line)
{
    const struct msg *msg = msg_of_line(line);

    return msg == NULL ? "" : msg->remedy;
}

void
msg_text(struct buf *out, const char *id, const struct str *inserts, size_t n)
{
    const struct msg *msg = msg_find(id);
    const char *p = msg == NULL ? id : msg->text;

    for (; *p != '\0'; p++) {
        if (p[0] == '{' && p[1] >= '0' && p[1] <= '9' && p[2] == '}') {
            size_t i = (size_t)(p[1] - '0');

            if (i < n)
                add_insert(out, inserts[i]);
            p += 2;
        } else {
            buf_add_char(out, *p);
        }
    }
}

void
msg_line(struct buf *out, const char *id, const struct str *inserts, size_t n)
{
    buf_add_z(out, id);
    buf_add_z(out, ": ");
    msg_text(out, id, inserts, n);
}
