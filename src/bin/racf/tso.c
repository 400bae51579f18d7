#include "tso.h"

#include <string.h>
#include <time.h>

/* --- TIME --------------------------------------------------------------- */

static void
add_span(struct buf *out, const char *name, int64_t seconds)
{
    buf_printf(out, " %s-%02lld:%02lld:%02lld", name,
               (long long)(seconds / 3600), (long long)(seconds / 60 % 60),
               (long long)(seconds % 60));
}

void
tso_add_time(struct buf *out, int64_t now_s, int64_t cpu_s, int64_t session_s)
{
    static const char *const months[] = {
        "JANUARY", "FEBRUARY", "MARCH",     "APRIL",   "MAY",      "JUNE",
        "JULY",    "AUGUST",   "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER",
    };
    time_t now = (time_t)now_s;
    struct tm tm = { .tm_mday = 1 };

    (void)localtime_r(&now, &tm);
    buf_printf(out, "IKJ56650I TIME-%02d:%02d:%02d %s.",
               (tm.tm_hour + 11) % 12 + 1, tm.tm_min, tm.tm_sec,
               tm.tm_hour < 12 ? "AM" : "PM");
    add_span(out, "CPU", cpu_s);
    buf_add_z(out, " SERVICE-0");
    add_span(out, "SESSION", session_s);
    buf_printf(out, " %s %d,%d", months[tm.tm_mon], tm.tm_mday,
               tm.tm_year + 1900);
}

/* --- EXEC --------------------------------------------------------------- */

static bool
is_name_byte(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("#@$-.", c) != NULL;
}

/* Nothing that leads out of the folder of data sets. */
static bool
is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!is_name_byte((unsigned char)name.p[i]))
            return false;
    return name.n > 0 && name.n <= 44 && name.p[0] != '.' &&
           str_find(name, STR("..")) == STR_NPOS;
}

enum err
tso_exec_name(struct str command, struct buf *name)
{
    size_t end = 0;
    struct str verb, text;

    command = str_trim(command);
    while (end < command.n && command.p[end] != ' ' && command.p[end] != '\'')
        end++;
    verb = str_sub(command, 0, end);
    text = str_trim(str_sub(command, end, command.n));
    if (!str_eq_nocase_z(verb, "EXEC") && !str_eq_nocase_z(verb, "EX"))
        return ERR_NOT_FOUND;
    if (text.n < 3 || text.p[0] != '\'' || text.p[text.n - 1] != '\'')
        return ERR_SYNTAX;
    text = str_sub(text, 1, text.n - 1);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        buf_add_char(name, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    return is_name(buf_view(name)) ? ERR_OK : ERR_SYNTAX;
}

/* --- IKJ56703A ---------------------------------------------------------- */

struct str
tso_invalid_value(struct str line)
{
    size_t comma = str_find(line, STR(", "));

    return str_starts(line, STR("IKJ56702I INVALID ")) && comma != STR_NPOS
               ? str_sub(line, comma + 2, line.n)
               : STR("");
}

static bool
is_word_byte(char c)
{
    return strchr(" ,()'\t\n", c) == NULL;
}

/* Where the last word begins that is `value`, or STR_NPOS. */
static size_t
find_word(struct str text, struct str value)
{
    for (size_t at = text.n; value.n > 0 && at-- > 0;) {
        struct str rest = str_sub(text, at, text.n);

        if (str_starts_nocase(rest, value) &&
            (at == 0 || !is_word_byte(text.p[at - 1])) &&
            (rest.n == value.n || !is_word_byte(rest.p[value.n])))
            return at;
    }
    return STR_NPOS;
}

bool
tso_has_word(struct str command, struct str value)
{
    return find_word(command, value) != STR_NPOS;
}

bool
tso_replace(struct buf *command, struct str value, struct str fresh)
{
    struct str text = buf_view(command);
    size_t at = find_word(text, value);
    struct buf changed;
    bool ok;

    if (at == STR_NPOS)
        return false;
    buf_init(&changed, command->max);
    buf_add(&changed, str_sub(text, 0, at));
    buf_add(&changed, fresh);
    buf_add(&changed, str_sub(text, at + value.n, text.n));
    ok = !changed.failed;
    if (ok) {
        buf_clear(command);
        buf_add(command, buf_view(&changed));
    }
    buf_fini(&changed);
    return ok;
}
