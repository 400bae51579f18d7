#include "doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "parse/textout.h"

static const struct {
    const char *id;
    enum doctor_severity severity;
    const char *why;
} rules[] = {
#define RULE(name, id, severity, why) { id, severity, why },
#include "doctor/rules.def"
#undef RULE
};

static const char *const severity_words[] = { "note", "warning", "error" };

enum doctor_severity
doctor_severity_of(enum doctor_rule rule)
{
    return rules[rule].severity;
}

const char *
doctor_rule_id(enum doctor_rule rule)
{
    return rules[rule].id;
}

const char *
doctor_rule_why(enum doctor_rule rule)
{
    return rules[rule].why;
}

static const char *format(struct doctor *d, const char *fmt, va_list ap)
    PRINTF_LIKE(2, 0);

static const char *
format(struct doctor *d, const char *fmt, va_list ap)
{
    char text[2048];
    const char *copy;

    vsnprintf(text, sizeof text, fmt, ap);
    copy = str_z(d->arena, str_of(text));
    if (copy == NULL)
        d->failed = true;
    return copy == NULL ? "" : copy;
}

const char *
doctor_text(struct doctor *d, const char *fmt, ...)
{
    const char *text;
    va_list ap;

    va_start(ap, fmt);
    text = format(d, fmt, ap);
    va_end(ap);
    return text;
}

const char *
doctor_quote(struct doctor *d, const char *path)
{
    struct buf out;
    const char *word;
    bool is_plain = path[0] != '\0';

    for (const char *p = path; *p != '\0'; p++)
        is_plain = is_plain &&
                   ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                    (*p >= '0' && *p <= '9') || strchr("/._-+:@", *p) != NULL);
    if (is_plain)
        return path;
    buf_init(&out, 32768);
    buf_add_char(&out, '\'');
    for (const char *p = path; *p != '\0'; p++) {
        if (*p == '\'')
            buf_add_z(&out, "'\\'");
        buf_add_char(&out, *p);
    }
    buf_add_char(&out, '\'');
    word = str_z(d->arena, buf_view(&out));
    buf_fini(&out);
    if (word == NULL)
        d->failed = true;
    return word == NULL ? "" : word;
}

/* The hint is ours: one line without what a shell would read. */
const char *
doctor_edit(struct doctor *d, const char *file, uint32_t line, const char *hint)
{
    const char *at = line == 0 ? "" : doctor_text(d, "+%u ", line);

    return doctor_text(d, "${EDITOR:-vi} %s%s%s%s", at, doctor_quote(d, file),
                       hint[0] == '\0' ? "" : "   # ", hint);
}

const char *
doctor_racf(struct doctor *d, const char *fmt, ...)
{
    const char *command;
    va_list ap;

    va_start(ap, fmt);
    command = format(d, fmt, ap);
    va_end(ap);
    if (strpbrk(command, "\"$`\\!") == NULL)
        return doctor_text(d, "sallyport racf \"%s\"", command);
    return doctor_text(d, "sallyport racf %s", doctor_quote(d, command));
}

void
doctor_find(struct doctor *d, enum doctor_rule rule, const char *where,
            uint32_t line, const char *fix, const char *what, ...)
{
    struct doctor_finding *f;
    va_list ap;

    if (where == NULL || where[0] == '\0') {
        where = doctor_text(d, "%s/server.xml", d->server_dir);
        line = 0;
    }
    if (fix[0] == '\0')
        fix = doctor_edit(d, where, line, "");
    if (++d->n_rule[rule] > DOCTOR_EACH_MAX)
        return;
    if (d->n == d->cap) {
        size_t cap = d->cap == 0 ? 64 : d->cap * 2;
        struct doctor_finding *v = realloc(d->v, cap * sizeof *v);

        if (v == NULL) {
            d->failed = true;
            return;
        }
        d->v = v;
        d->cap = cap;
    }
    f = &d->v[d->n++];
    *f = (struct doctor_finding){ .rule = rule, .line = line };
    f->where = str_z(d->arena, str_of(where));
    f->fix = str_z(d->arena, str_of(fix));
    va_start(ap, what);
    f->what = format(d, what, ap);
    va_end(ap);
    if (f->where == NULL || f->fix == NULL) {
        d->failed = true;
        d->n--;
    }
}

int
doctor_status(const struct doctor *d)
{
    enum doctor_severity worst = DOCTOR_NOTE;

    for (size_t i = 0; i < d->n; i++) {
        if (rules[d->v[i].rule].severity > worst)
            worst = rules[d->v[i].rule].severity;
    }
    return worst == DOCTOR_ERROR ? 8 : worst == DOCTOR_WARNING ? 4 : 0;
}

static unsigned
count(const struct doctor *d, enum doctor_severity severity)
{
    unsigned n = 0;

    for (size_t i = 0; i < DOCTOR_RULES; i++)
        n += rules[i].severity == severity ? d->n_rule[i] : 0;
    return n;
}

static void
print_one(const struct doctor_finding *f, struct buf *out)
{
    buf_printf(out, "%-7s  %s  ", severity_words[rules[f->rule].severity],
               rules[f->rule].id);
    printable_add(out, str_of(f->where));
    if (f->line > 0)
        buf_printf(out, ":%u", f->line);
    buf_add_z(out, "\n         ");
    printable_add(out, str_of(f->what));
    buf_printf(out, "\n         Why: %s\n         Fix: ", rules[f->rule].why);
    printable_add(out, str_of(f->fix));
    buf_add_z(out, "\n\n");
}

/* Errors first; in the order found within a severity. */
void
doctor_print(const struct doctor *d, struct buf *out)
{
    for (int severity = DOCTOR_ERROR; severity >= DOCTOR_NOTE; severity--) {
        for (size_t i = 0; i < d->n; i++) {
            if ((int)rules[d->v[i].rule].severity == severity)
                print_one(&d->v[i], out);
        }
    }
    for (size_t i = 0; i < DOCTOR_RULES; i++) {
        if (d->n_rule[i] > DOCTOR_EACH_MAX)
            buf_printf(out, "and %u more of %s\n",
                       d->n_rule[i] - DOCTOR_EACH_MAX, rules[i].id);
    }
    buf_printf(out, "Server %s: %u errors, %u warnings, %u notes.\n",
               d->server_name, count(d, DOCTOR_ERROR), count(d, DOCTOR_WARNING),
               count(d, DOCTOR_NOTE));
}

static void
member(struct jsonout *json, const char *key, const char *value)
{
    jsonout_key(json, str_of(key));
    jsonout_string(json, str_of(value));
}

static void
number(struct jsonout *json, const char *key, unsigned value)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%u", value);

    jsonout_key(json, str_of(key));
    jsonout_raw(json, str_n(text, (size_t)n));
}

static void
json_one(const struct doctor_finding *f, struct jsonout *json)
{
    jsonout_open(json, '{');
    member(json, "check", rules[f->rule].id);
    member(json, "severity", severity_words[rules[f->rule].severity]);
    member(json, f->where[0] == '/' ? "file" : "profile", f->where);
    if (f->line > 0)
        number(json, "line", f->line);
    member(json, "what", f->what);
    member(json, "why", rules[f->rule].why);
    member(json, "fix", f->fix);
    jsonout_close(json, '}');
}

void
doctor_print_json(const struct doctor *d, struct buf *out)
{
    struct jsonout json = { .out = out };

    jsonout_open(&json, '{');
    member(&json, "server", d->server_name);
    number(&json, "status", (unsigned)doctor_status(d));
    number(&json, "errors", count(d, DOCTOR_ERROR));
    number(&json, "warnings", count(d, DOCTOR_WARNING));
    number(&json, "notes", count(d, DOCTOR_NOTE));
    jsonout_key(&json, STR("findings"));
    jsonout_open(&json, '[');
    for (size_t i = 0; i < d->n; i++)
        json_one(&d->v[i], &json);
    jsonout_close(&json, ']');
    jsonout_close(&json, '}');
    buf_add_z(out, "\n");
}
