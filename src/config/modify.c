/* Reply sequence and matching of MODIFY commands. */
#include "config/modify.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/msg.h"

static void
put(const struct modify_out *out, const char *id, const struct str *inserts,
    size_t n)
{
    struct buf line;

    buf_init(&line, 8192);
    msg_line(&line, id, inserts, n);
    out->line(out->arg, buf_view(&line));
    buf_fini(&line);
}

#define PUT(out, id, ...)                                                      \
    put((out), (id), MSG_INSERTS(__VA_ARGS__),                                 \
        sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str))

static PRINTF_LIKE(3, 0) void put_text(const struct modify_out *out,
                                       const char *id, const char *fmt,
                                       va_list ap)
{
    char text[1024];

    vsnprintf(text, sizeof text, fmt, ap);
    PUT(out, id, str_of(text));
}

void
modify_say(const struct modify_call *call, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_text(call->out, "CWWKB0004I", fmt, ap);
    va_end(ap);
}

static void
put_help(const struct modify_out *out, const char *help)
{
    struct str rest = str_of(help), line;

    while (str_token(&rest, '\n', &line))
        PUT(out, "CWWKB0012I", line);
}

void
modify_say_help(const struct modify_call *call, const char *help)
{
    put_help(call->out, help);
}

bool
modify_refuse(const struct modify_call *call, const char *help, const char *fmt,
              ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_text(call->out, "CWWKB0012I", fmt, ap);
    va_end(ap);
    put_help(call->out, help);
    return false;
}

/* Each handler once, with the help of its first row that has one. */
static void
help_of_all(const struct modify_table *table, const struct modify_out *out)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        const struct modify_row *row = table->rows[i];

        if (row->help == NULL)
            continue;
        PUT(out, "CWWKB0011I", str_of(row->handler));
        put_help(out, row->help);
        PUT(out, "CWWKB0013I", str_of(row->handler));
    }
}

/* 'text' or "text" around the whole command. */
static struct str
without_quotes(struct str text)
{
    text = str_trim(text);
    if (text.n >= 2 && (text.p[0] == '\'' || text.p[0] == '"') &&
        text.p[text.n - 1] == text.p[0])
        return str_sub(text, 1, text.n - 1);
    return text;
}

/* Whole words: "REFRESH" matches "refresh,config" and not "REFRESHED". */
static bool
matches(const struct modify_row *row, struct str command, struct str *operands)
{
    struct str words = str_of(row->words);
    char next;

    if (!str_starts_nocase(command, words))
        return false;
    if (command.n == words.n) {
        *operands = STR("");
        return true;
    }
    next = command.p[words.n];
    if (next != ',' && next != '=')
        return false;
    *operands =
        str_sub(command, next == ',' ? words.n + 1 : words.n, command.n);
    return true;
}

/* The longest row of whole words; else one whose handler takes all that
 * begins so, and then says what is wrong. */
static const struct modify_row *
find_row(const struct modify_table *table, struct str command,
         struct str *operands)
{
    const struct modify_row *found = NULL;
    struct str rest;

    for (size_t i = 0; i < table->n_rows; i++)
        if (matches(table->rows[i], command, &rest) &&
            (found == NULL ||
             str_of(table->rows[i]->words).n > str_of(found->words).n)) {
            found = table->rows[i];
            *operands = rest;
        }
    for (size_t i = 0; i < table->n_rows && found == NULL; i++) {
        const struct modify_row *row = table->rows[i];

        if (row->otherwise && str_starts_nocase(command, str_of(row->words))) {
            found = row;
            *operands = str_sub(command, str_of(row->words).n, command.n);
        }
    }
    return found;
}

bool
modify_run(const struct modify_table *table, struct str typed,
           const struct modify_out *out)
{
    struct modify_call call = { .command = without_quotes(typed),
                                .out = out,
                                .context = table->context };
    const struct modify_row *found =
        find_row(table, call.command, &call.operands);
    bool is_ok = false;

    if (found != NULL) {
        is_ok = found->run(&call);
        PUT(out, "CWWKB0005I",
            is_ok ? STR("SUCCESSFULLY") : STR("UNSUCCESSFULLY"),
            str_of(found->handler));
    } else {
        is_ok = str_eq_nocase_z(call.command, "HELP");
        if (!is_ok)
            PUT(out, "CWWKB0006W", typed);
        help_of_all(table, out);
    }
    PUT(out, "CWWKB0002I", typed,
        is_ok ? STR("SUCCESSFULLY") : STR("UNSUCCESSFULLY"));
    return is_ok;
}
