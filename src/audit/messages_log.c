/*
 * Entries are made and leave under one lock, each in one write, so that several
 * threads and a reader with tail -f never see half a line.
 */
#include "audit/messages_log_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define FFDC_LOGGER "com.ibm.ws.logging.internal.impl.IncidentImpl"
#define CONSOLE_BITS (LOG_MESSAGE | LOG_TRACE)

/* Whoever holds the lock may write diagnostics, which come back here. */
static _Thread_local bool is_inside;

void
messages_lock(struct messages_log *log)
{
    pthread_mutex_lock(&log->lock);
    is_inside = true;
}

void
messages_unlock(struct messages_log *log)
{
    is_inside = false;
    pthread_mutex_unlock(&log->lock);
}

/* ---- levels ---- */

/* Ids whose letter says I but which the original writes at level AUDIT. */
static const char *const audit_ids[] = {
    "CWWKE0001I", "CWWKE0036I", "CWWKE0055I", "CWWKF0011I",
    "CWWKF0012I", "CWWKF0013I", "CWWKG0016I", "CWWKG0017I",
    "CWWKG0018I", "CWWKG0102I", "CWWKT0016I", "CWWKT0017I",
};

static char
letter_of(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(audit_ids); i++)
        if (strcmp(id, audit_ids[i]) == 0)
            return 'A';
    switch (id[0] == '\0' ? 'I' : id[strlen(id) - 1]) {
    case 'A':
        return 'A';
    case 'W':
        return 'W';
    case 'E':
    case 'S':
        return 'E';
    default:
        return 'I';
    }
}

static enum messages_level
level_of(char letter)
{
    switch (letter) {
    case 'A':
    case 'O':
        return MESSAGES_AUDIT;
    case 'W':
        return MESSAGES_WARNING;
    case 'E':
    case 'F':
    case 'R':
        return MESSAGES_ERROR;
    default:
        return MESSAGES_INFO;
    }
}

static char
trace_letter(enum trace_level level)
{
    switch (level) {
    case TRACE_CONFIG:
        return 'C';
    case TRACE_DETAIL:
        return 'D';
    case TRACE_FINE:
        return '1';
    case TRACE_FINER:
        return '2';
    case TRACE_FINEST:
    case TRACE_ALL:
        return '3';
    case TRACE_OFF:
    case TRACE_FATAL:
    case TRACE_SEVERE:
    case TRACE_WARNING:
    case TRACE_AUDIT:
    case TRACE_INFO:
        break;
    }
    return 'I';
}

/* ---- writing ---- */

static bool
is_hidden(const struct messages_log *log, const char *id)
{
    for (size_t i = 0; i < log->hide.n; i++)
        if (strcmp(log->hide.v[i], id) == 0)
            return true;
    return false;
}

struct str
messages_formatted(struct messages_log *log, enum log_format format,
                   const struct log_entry *e)
{
    struct log_style style = { .is_iso = log->o.iso_date,
                               .host = log->host,
                               .user_dir = log->user_dir,
                               .server = log->server,
                               .mappings = &log->mappings };

    buf_clear(&log->line);
    log_format(&style, format, e, &log->line);
    return buf_view(&log->line);
}

static void
to_file(struct messages_log *log, const struct log_entry *e)
{
    unsigned shown =
        log->o.format == LOG_JSON ? log->o.message_sources : LOG_MESSAGE;

    if ((e->source & shown) != 0)
        log_file_write(log->file, messages_formatted(log, log->o.format, e),
                       e->wall_ms);
}

static void
to_console(struct messages_log *log, const struct log_entry *e)
{
    enum messages_level level = level_of(e->letter);
    bool is_json = log->o.console_format == LOG_JSON;
    unsigned shown = log->o.console_sources;
    int fd = level == MESSAGES_ERROR && e->source != LOG_TRACE
                 ? log->o.console_err
                 : log->o.console_out;

    if (!is_json) /* these formats know no other sources */
        shown = (shown & CONSOLE_BITS) | LOG_MESSAGE;
    if (fd < 0 || (e->source & shown) == 0 ||
        (e->source == LOG_MESSAGE && level < log->o.console) ||
        (e->source != LOG_MESSAGE && log->o.console == MESSAGES_OFF))
        return;
    IGNORE(
        log_write_all(fd, messages_formatted(log, log->o.console_format, e)));
}

/* Once something is traced, trace.log holds the messages too. */
static void
to_trace(struct messages_log *log, const struct log_entry *e)
{
    struct err_info why;

    if (e->source == LOG_FFDC || trace_spec_finest(log->spec) <= TRACE_INFO)
        return;
    if (strcmp(log->trace_name, "stdout") == 0) {
        if (e->source == LOG_TRACE && log->o.console_out >= 0)
            IGNORE(
                log_write_all(log->o.console_out,
                              messages_formatted(log, log->o.trace_format, e)));
        return;
    }
    if (log->trace != NULL || messages_open_trace(log, &why) == ERR_OK)
        log_file_write(log->trace,
                       messages_formatted(log, log->o.trace_format, e),
                       e->wall_ms);
}

static void
put(struct messages_log *log, struct log_entry *e)
{
    e->wall_ms = clock_wall_ms();
    e->thread = (unsigned)gettid();
    e->sequence = ++log->sequence;
    if (!is_hidden(log, e->id)) {
        to_file(log, e);
        to_console(log, e);
    }
    to_trace(log, e);
}

struct log_entry
messages_entry(const char *logger, const char *id, char letter, struct str text)
{
    return (struct log_entry){ .source = LOG_MESSAGE,
                               .letter = letter,
                               .logger = logger,
                               .method = "",
                               .id = id,
                               .text = text };
}

void
messages_text(struct messages_log *log, const char *logger, const char *id,
              struct str text)
{
    struct log_entry e = messages_entry(logger, id, letter_of(id), text);

    put(log, &e);
}

void
messages_log_text(struct messages_log *log, const char *logger, const char *id,
                  struct str text)
{
    struct buf wto;

    if (log->take != NULL) {
        log->take(log->o.arg, id, text);
        return;
    }
    messages_lock(log);
    messages_text(log, logger, id, text);
    if (log->o.copy != NULL) {
        buf_init(&wto, LOG_ENTRY_BYTES_MAX);
        if (id[0] != '\0')
            buf_printf(&wto, "%s: ", id);
        buf_add(&wto, str_sub(text, 0, LOG_ENTRY_BYTES_MAX / 2));
        log->o.copy(log->o.arg, id, buf_view(&wto));
        buf_fini(&wto);
    }
    messages_unlock(log);
}

void
messages_log_msg(struct messages_log *log, const char *logger, const char *id,
                 const struct str *inserts, size_t n_inserts)
{
    struct buf text;

    buf_init(&text, LOG_ENTRY_BYTES_MAX);
    msg_text(&text, id, inserts, n_inserts);
    messages_log_text(log, logger, id, buf_view(&text));
    buf_fini(&text);
}

bool
messages_log_system(struct messages_log *log, bool is_error, struct str line)
{
    struct log_entry e = messages_entry(is_error ? "SystemErr" : "SystemOut",
                                        "", is_error ? 'R' : 'O', line);

    if (is_inside)
        return false;
    messages_lock(log);
    e.wall_ms = clock_wall_ms();
    e.thread = (unsigned)gettid();
    e.sequence = ++log->sequence;
    to_file(log, &e); /* the console has it already */
    to_trace(log, &e);
    messages_unlock(log);
    return true;
}

/* ---- requests ---- */

enum messages_access
messages_log_access_mode(const struct messages_log *log)
{
    return log == NULL ? MESSAGES_ACCESS_NONE
                       : (enum messages_access)atomic_load_explicit(
                             &log->access_mode, memory_order_relaxed);
}

void
messages_log_access(struct messages_log *log, uint64_t wall_ms,
                    const struct log_member *members, size_t n)
{
    struct log_entry e = messages_entry("", "", 'I', STR(""));

    e.source = LOG_ACCESS;
    e.members = members;
    e.n_members = n;
    e.wall_ms = wall_ms;
    messages_lock(log);
    e.sequence = ++log->sequence;
    to_file(log, &e);
    if (log->o.console_format == LOG_JSON)
        to_console(log, &e);
    messages_unlock(log);
}

/* ---- trace ---- */

bool
messages_log_traces(struct messages_log *log, const char *logger,
                    enum trace_level level)
{
    bool is_traced;

    if (log == NULL ||
        (int)level > atomic_load_explicit(&log->finest, memory_order_relaxed))
        return false;
    messages_lock(log);
    is_traced = level <= trace_spec_level(log->spec, str_of(logger));
    messages_unlock(log);
    return is_traced;
}

void
messages_log_trace(struct messages_log *log, const char *logger,
                   enum trace_level level, const char *method, bool has_data,
                   const char *fmt, ...)
{
    char text[4096];
    struct log_entry e =
        messages_entry(logger, "", trace_letter(level), STR(""));
    va_list args;

    if (level == TRACE_FINER && str_starts(str_of(fmt), STR("Entry")))
        e.letter = '>';
    else if (level == TRACE_FINER && str_starts(str_of(fmt), STR("Exit")))
        e.letter = '<';
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    messages_lock(log);
    e.source = LOG_TRACE;
    e.method = method;
    e.text = has_data && log->o.hides_data
                 ? STR("(suppressed: suppressSensitiveTrace)")
                 : str_of(text);
    put(log, &e);
    messages_unlock(log);
}

static void
say_trace_state(struct messages_log *log)
{
    struct buf state, text;

    buf_init(&state, TRACE_SPEC_BYTES_MAX * 2);
    buf_init(&text, TRACE_SPEC_BYTES_MAX * 2 + 256);
    trace_spec_print(log->spec, &state);
    msg_text(&text, "TRAS0018I", MSG_INSERTS(buf_view(&state)), 1);
    messages_text(log, TRACE_LOGGER, "TRAS0018I", buf_view(&text));
    buf_fini(&state);
    buf_fini(&text);
}

static bool
is_same_spec(const struct trace_spec *a, const struct trace_spec *b)
{
    struct buf left, right;
    bool is_same;

    buf_init(&left, TRACE_SPEC_BYTES_MAX * 2);
    buf_init(&right, TRACE_SPEC_BYTES_MAX * 2);
    trace_spec_print(a, &left);
    trace_spec_print(b, &right);
    is_same = str_eq(buf_view(&left), buf_view(&right));
    buf_fini(&left);
    buf_fini(&right);
    return is_same;
}

enum err
messages_use_spec(struct messages_log *log, struct str text,
                  struct err_info *why)
{
    struct trace_spec *spec;
    enum err e = trace_spec_new(text, &spec, why);
    bool is_same;

    if (e != ERR_OK)
        return e;
    is_same = log->spec != NULL ? is_same_spec(log->spec, spec)
                                : trace_spec_finest(spec) == TRACE_INFO;
    trace_spec_free(&log->spec);
    log->spec = spec;
    atomic_store(&log->finest, (int)trace_spec_finest(spec));
    if (!is_same && log->file != NULL)
        say_trace_state(log);
    return ERR_OK;
}

enum err
messages_log_set_trace(struct messages_log *log, struct str spec,
                       struct err_info *why)
{
    enum err e;

    messages_lock(log);
    e = messages_use_spec(
        log, spec.p == NULL ? str_of(log->configured_spec) : spec, why);
    if (e == ERR_OK)
        log->is_overridden = spec.p != NULL;
    messages_unlock(log);
    return e;
}

/* ---- first-failure data ---- */

void
messages_log_ffdc(struct messages_log *log, const struct ffdc_incident *i)
{
    struct log_entry e = messages_entry(i->source, "", 'I', i->details);
    char what[256], name[FFDC_NAME_BYTES];
    struct buf text;

    if (log->take != NULL)
        return;
    messages_lock(log);
    if (ffdc_note(log->ffdc, i, clock_wall_ms(), name)) {
        snprintf(what, sizeof what, "%s %s %s", i->exception, i->source,
                 i->probe);
        buf_init(&text, 2048);
        msg_text(&text, "FFDC1015I", MSG_INSERTS(str_of(what), str_of(name)),
                 2);
        messages_text(log, FFDC_LOGGER, "FFDC1015I", buf_view(&text));
        buf_fini(&text);
        e.source = LOG_FFDC;
        e.exception = i->exception;
        e.probe = i->probe;
        e.details = name;
        put(log, &e);
    }
    messages_unlock(log);
}

void
messages_log_tick(struct messages_log *log)
{
    uint64_t now_ms = clock_wall_ms();

    messages_lock(log);
    log_file_tick(log->file, now_ms);
    if (log->trace != NULL)
        log_file_tick(log->trace, now_ms);
    if (now_ms - log->ffdc_tick_ms > 60000) {
        log->ffdc_tick_ms = now_ms;
        ffdc_tick(log->ffdc, log->o.max_ffdc_age_ms, now_ms);
    }
    messages_unlock(log);
}
