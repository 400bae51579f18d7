#include "audit/log_format.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/log_json.h"

#define LOGGER_COLUMNS 60
#define SHORT_COLUMNS 13

/* [10/18/21 14:49:26:246 EDT], or ISO 8601 */
static void
add_time(struct buf *out, bool is_iso, uint64_t wall_ms)
{
    time_t now = (time_t)(wall_ms / 1000);
    unsigned ms = (unsigned)(wall_ms % 1000);
    char zone[16];
    struct tm tm;

    localtime_r(&now, &tm);
    if (is_iso) {
        buf_add_char(out, '[');
        log_iso_time(out, wall_ms);
        buf_add_char(out, ']');
        return;
    }
    strftime(zone, sizeof zone, "%Z", &tm);
    buf_printf(out, "[%d/%d/%02d %d:%02d:%02d:%03u %s]", tm.tm_mon + 1,
               tm.tm_mday, tm.tm_year % 100, tm.tm_hour, tm.tm_min, tm.tm_sec,
               ms, zone);
}

void
log_iso_time(struct buf *out, uint64_t wall_ms)
{
    time_t now = (time_t)(wall_ms / 1000);
    char date[40], zone[16];
    struct tm tm;

    localtime_r(&now, &tm);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    strftime(zone, sizeof zone, "%z", &tm);
    buf_printf(out, "%s.%03u%s", date, (unsigned)(wall_ms % 1000), zone);
}

static void
add_text(struct buf *out, const struct log_entry *e)
{
    if (e->method[0] != '\0')
        buf_printf(out, "%s ", e->method);
    if (e->id[0] != '\0')
        buf_printf(out, "%s: ", e->id);
    buf_add(out, str_sub(e->text, 0, LOG_ENTRY_BYTES_MAX / 2));
    buf_add_char(out, '\n');
}

/* "com.ibm.ws.a.Feature" -> "Feature" */
static const char *
short_name(const char *logger)
{
    const char *dot = strrchr(logger, '.');

    return dot == NULL ? logger : dot + 1;
}

static const struct {
    char letter;
    const char *dev;
} words[] = {
    { 'A', "AUDIT   " }, { 'W', "WARNING " }, { 'E', "ERROR   " },
    { 'F', "FATAL   " }, { 'I', "INFO    " }, { 'O', "" },
    { 'R', "err     " },
};

static void
add_dev(struct buf *out, const struct log_entry *e)
{
    const char *word = "TRACE   ";

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (words[i].letter == e->letter)
            word = words[i].dev;
    if (word[0] != '\0')
        buf_printf(out, "[%s] ", word);
    add_text(out, e);
}

static void
add_advanced(struct buf *out, const struct log_entry *e)
{
    buf_printf(out,
               " %c UOW= source=%s method=%s org= prod= component= "
               "thread=[%08x]\n          ",
               e->letter, e->logger, e->method, e->thread);
    if (e->id[0] != '\0')
        buf_printf(out, "%s: ", e->id);
    buf_add(out, str_sub(e->text, 0, LOG_ENTRY_BYTES_MAX / 2));
    buf_add_char(out, '\n');
}

void
log_format(const struct log_style *style, enum log_format format,
           const struct log_entry *e, struct buf *out)
{
    if (format == LOG_DEV) {
        add_dev(out, e);
        return;
    }
    if (format == LOG_JSON) {
        log_json(style, e, out);
        return;
    }
    add_time(out, style->is_iso, e->wall_ms);
    buf_printf(out, " %08x", e->thread);
    if (format == LOG_ADVANCED) {
        add_advanced(out, e);
        return;
    }
    if (format == LOG_ENHANCED)
        buf_add_z(out, " id=00000000");
    if (format == LOG_TBASIC || format == LOG_BASIC)
        buf_printf(out, " %-*.*s %c   ", SHORT_COLUMNS, SHORT_COLUMNS,
                   short_name(e->logger), e->letter);
    else
        buf_printf(out, " %-*.*s %c ", LOGGER_COLUMNS, LOGGER_COLUMNS,
                   e->logger, e->letter);
    add_text(out, e);
}

bool
log_format_find(struct str name, enum log_format *out)
{
    static const struct {
        const char *name;
        enum log_format format;
    } rows[] = {
        { "DEV", LOG_DEV },           { "SIMPLE", LOG_SIMPLE },
        { "BASIC", LOG_BASIC },       { "TBASIC", LOG_TBASIC },
        { "JSON", LOG_JSON },         { "ENHANCED", LOG_ENHANCED },
        { "ADVANCED", LOG_ADVANCED },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq_nocase_z(str_trim(name), rows[i].name)) {
            *out = rows[i].format;
            return true;
        }
    return false;
}

static const struct {
    const char *name;
    enum log_source source;
} sources[] = {
    { "message", LOG_MESSAGE },  { "trace", LOG_TRACE },
    { "accessLog", LOG_ACCESS }, { "ffdc", LOG_FFDC },
    { "audit", LOG_AUDIT },
};

static unsigned
source_of(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        if (str_eq_nocase_z(str_trim(name), sources[i].name))
            return sources[i].source;
    return 0;
}

unsigned
log_sources(const struct str *names, size_t n)
{
    unsigned bits = 0;

    for (size_t i = 0; i < n; i++)
        bits |= source_of(names[i]);
    return bits;
}

/* ---- jsonFieldMappings ---- */

static bool
is_member_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < ' ')
            return false;
    return true;
}

/* mapping = [ source ":" ] old ":" [ new ] */
static enum err
read_mapping(struct str text, size_t at, struct log_mapping *out,
             struct err_info *why)
{
    struct str rest = text, parts[3];
    size_t n = 0;

    while (n < 3 && str_token(&rest, ':', &parts[n]))
        n++;
    if (n < 2 || (n == 3 && rest.p != NULL))
        return err_at(why, ERR_SYNTAX, at, "expected [source:]old:new");
    out->sources =
        n == 3 ? source_of(parts[0])
               : LOG_MESSAGE | LOG_TRACE | LOG_ACCESS | LOG_FFDC | LOG_AUDIT;
    out->from = str_trim(parts[n - 2]);
    out->to = str_trim(parts[n - 1]);
    if (out->sources == 0)
        return err_at(why, ERR_SYNTAX, at,
                      "expected message, trace, accessLog, ffdc or audit");
    if (out->from.n == 0)
        return err_at(why, ERR_SYNTAX, at, "the member has no name");
    if (!is_member_name(out->to))
        return err_at(why, ERR_SYNTAX, at, "not the name of a member");
    return ERR_OK;
}

enum err
log_mappings_init(struct log_mappings *m, struct str text, struct err_info *why)
{
    struct str rest, piece;
    enum err e = ERR_OK;

    *m = (struct log_mappings){ .text = malloc(text.n + 1) };
    if (m->text == NULL)
        return err_set(why, ERR_MEMORY, "no storage for field mappings");
    if (text.n > 0)
        memcpy(m->text, text.p, text.n);
    rest = str_n(m->text, text.n);
    while (e == ERR_OK && str_token(&rest, ',', &piece)) {
        size_t at = (size_t)(piece.p - m->text);

        if (str_trim(piece).n == 0)
            continue;
        if (m->n == LOG_MAPPINGS_MAX)
            e = err_at(why, ERR_LIMIT, at, "more than %u mappings",
                       LOG_MAPPINGS_MAX);
        else
            e = read_mapping(piece, at, &m->v[m->n++], why);
    }
    if (e != ERR_OK)
        log_mappings_fini(m);
    return e;
}

void
log_mappings_fini(struct log_mappings *m)
{
    free(m->text);
    *m = (struct log_mappings){ .text = NULL };
}
