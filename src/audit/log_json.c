/*
 * Members in the order of the original, each perhaps under another name. A
 * writer of its own: the angel links this folder, and never JSON.
 */
#include "audit/log_json.h"

#include <stdio.h>
#include <string.h>

struct object {
    const struct log_style *style;
    unsigned source;
    struct buf *out;
    bool has_any;
};

/* Text of peers may be no UTF-8; JSON must be. */
static size_t
sequence_at(struct str s, size_t at)
{
    unsigned char c = (unsigned char)s.p[at];
    size_t n = c < 0x80   ? 1
               : c < 0xC2 ? 0
               : c < 0xE0 ? 2
               : c < 0xF0 ? 3
               : c < 0xF5 ? 4
                          : 0;

    if (n == 0 || at + n > s.n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)s.p[at + i] & 0xC0) != 0x80)
            return 0;
    if ((c == 0xE0 && (unsigned char)s.p[at + 1] < 0xA0) ||
        (c == 0xED && (unsigned char)s.p[at + 1] > 0x9F) ||
        (c == 0xF0 && (unsigned char)s.p[at + 1] < 0x90) ||
        (c == 0xF4 && (unsigned char)s.p[at + 1] > 0x8F))
        return 0;
    return n;
}

static void
add_string(struct buf *out, struct str s)
{
    static const char plain[] = "\"\\/\b\f\n\r\t", escaped[] = "\"\\/bfnrt";

    buf_add_char(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t n = sequence_at(s, i);
        const char *special =
            s.p[i] == '\0' ? NULL : strchr(plain, (unsigned char)s.p[i]);

        if (n == 0) {
            buf_add_z(out, "\\ufffd");
            n = 1;
        } else if (special != NULL) {
            buf_add_char(out, '\\');
            buf_add_char(out, escaped[special - plain]);
        } else if ((unsigned char)s.p[i] < ' ') {
            buf_printf(out, "\\u%04x", (unsigned)s.p[i]);
        } else {
            buf_add(out, str_n(s.p + i, n));
        }
        i += n;
    }
    buf_add_char(out, '"');
}

static void
put_member(struct object *o, const struct log_member *member)
{
    const struct log_mappings *m = o->style->mappings;
    struct str as = member->name;

    for (size_t i = 0; m != NULL && i < m->n; i++)
        if ((m->v[i].sources & o->source) != 0 &&
            str_eq(m->v[i].from, member->name))
            as = m->v[i].to;
    if (as.n == 0)
        return;
    buf_add_char(o->out, o->has_any ? ',' : '{');
    o->has_any = true;
    add_string(o->out, as);
    buf_add_char(o->out, ':');
    if (member->is_number)
        buf_add(o->out, member->value);
    else
        add_string(o->out, member->value);
}

static void
put(struct object *o, const char *name, struct str value)
{
    put_member(o, &(struct log_member){ .name = str_of(name), .value = value });
}

static void
put_if(struct object *o, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        put(o, name, str_of(value));
}

static const char *
level_word(char letter)
{
    static const struct {
        char letter;
        const char *word;
    } rows[] = {
        { 'A', "AUDIT" },  { 'W', "WARNING" },   { 'E', "ERROR" },
        { 'F', "FATAL" },  { 'O', "SystemOut" }, { 'R', "SystemErr" },
        { 'C', "CONFIG" }, { 'D', "DETAIL" },    { '1', "FINE" },
        { '2', "FINER" },  { '3', "FINEST" },    { '>', "ENTRY" },
        { '<', "EXIT" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].letter == letter)
            return rows[i].word;
    return "INFO";
}

static const char *
type_of(enum log_source source)
{
    switch (source) {
    case LOG_TRACE:
        return "liberty_trace";
    case LOG_ACCESS:
        return "liberty_accesslog";
    case LOG_FFDC:
        return "liberty_ffdc";
    case LOG_AUDIT:
        return "liberty_audit";
    case LOG_MESSAGE:
        break;
    }
    return "liberty_message";
}

static void
put_message(struct object *o, const struct log_entry *e)
{
    struct buf text;

    buf_init(&text, LOG_ENTRY_BYTES_MAX);
    if (e->id[0] != '\0')
        buf_printf(&text, "%s: ", e->id);
    buf_add(&text, str_sub(e->text, 0, LOG_ENTRY_BYTES_MAX / 2));
    put(o, "message", buf_view(&text));
    buf_fini(&text);
}

void
log_json(const struct log_style *style, const struct log_entry *e,
         struct buf *out)
{
    struct object o = { style, e->source, out, false };
    char sequence[48], thread[16];
    struct buf time;

    buf_init(&time, 64);
    log_iso_time(&time, e->wall_ms);
    snprintf(thread, sizeof thread, "%08x", e->thread);
    snprintf(sequence, sizeof sequence, "%llu_%013llX",
             (unsigned long long)e->wall_ms, (unsigned long long)e->sequence);
    put(&o, "type", str_of(type_of(e->source)));
    put(&o, "host", str_of(style->host));
    put(&o, "ibm_userDir", str_of(style->user_dir));
    put(&o, "ibm_serverName", str_of(style->server));
    if (e->source != LOG_ACCESS) {
        put_message(&o, e);
        put(&o, "ibm_threadId", str_of(thread));
    }
    for (size_t i = 0; i < e->n_members; i++)
        put_member(&o, &e->members[i]);
    put(&o, "ibm_datetime", buf_view(&time));
    put_if(&o, "ibm_messageId", e->id);
    if (e->source == LOG_ACCESS) {
        /* nothing more of it */
    } else if (e->source == LOG_FFDC) {
        put_if(&o, "ibm_className", e->logger);
        put_if(&o, "ibm_exceptionName", e->exception);
        put_if(&o, "ibm_probeID", e->probe);
        put_if(&o, "ibm_objectDetails", e->details);
    } else {
        put_if(&o, "ibm_methodName", e->method);
        put(&o, "module", str_of(e->logger));
        put(&o, "loglevel", str_of(level_word(e->letter)));
    }
    put(&o, "ibm_sequence", str_of(sequence));
    if (e->source == LOG_MESSAGE || e->source == LOG_TRACE) {
        snprintf(sequence, sizeof sequence, "Default Executor-thread-%u",
                 e->thread);
        put(&o, "ext_thread", str_of(sequence));
    }
    buf_add_z(out, o.has_any ? "}\n" : "{}\n");
    buf_fini(&time);
}
