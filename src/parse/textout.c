#include "parse/textout.h"

#include <stdarg.h>
#include <stdio.h>

static void
new_line(struct jsonout *j)
{
    buf_add_char(j->out, '\n');
    for (uint32_t i = 0; i < j->depth; i++)
        buf_add_z(j->out, "  ");
}

/* Comma and line break before a member; nothing after a key. */
static void
before_value(struct jsonout *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->has_members)
        buf_add_char(j->out, ',');
    if (j->depth > 0)
        new_line(j);
    j->has_members = true;
}

void
jsonout_open(struct jsonout *j, char bracket)
{
    before_value(j);
    buf_add_char(j->out, bracket);
    j->depth++;
    j->has_members = false;
}

void
jsonout_close(struct jsonout *j, char bracket)
{
    j->depth--;
    if (j->has_members)
        new_line(j);
    buf_add_char(j->out, bracket);
    j->has_members = true;
    if (j->depth == 0)
        buf_add_char(j->out, '\n');
}

static void
quoted(struct buf *out, struct str text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_add_z(out, "\\n");
        else if (c < ' ')
            buf_printf(out, "\\u%04x", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, '"');
}

void
jsonout_key(struct jsonout *j, struct str key)
{
    before_value(j);
    quoted(j->out, key);
    buf_add_z(j->out, " : ");
    j->after_key = true;
}

void
jsonout_string(struct jsonout *j, struct str text)
{
    before_value(j);
    quoted(j->out, text);
}

void
jsonout_raw(struct jsonout *j, struct str text)
{
    before_value(j);
    buf_add(j->out, text);
}

void
jsonout_printf(struct jsonout *j, const char *fmt, ...)
{
    char text[128];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    jsonout_raw(j, str_of(text));
}

void
xmlout_escape(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '&':
            buf_add_z(out, "&amp;");
            break;
        case '<':
            buf_add_z(out, "&lt;");
            break;
        case '>':
            buf_add_z(out, "&gt;");
            break;
        case '"':
            buf_add_z(out, "&quot;");
            break;
        case '\n': /* as they are they would be read back as blanks */
        case '\t':
        case '\r':
            buf_printf(out, "&#%d;", text.p[i]);
            break;
        default:
            buf_add_char(out, text.p[i]);
            break;
        }
    }
}

void
xmlout_attr(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, " %s=\"", name);
    xmlout_escape(out, value);
    buf_add_char(out, '"');
}
