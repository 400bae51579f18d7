/*
 * Entries are made and leave under one lock, each in one write, so that several
 * threads and a reader with tail -f never see half a line.
 */
#include "audit/messages_log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/log_file.h"
#include "base/clock.h"
#include "base/vec.h"

#define LINE_BYTES_MAX (1024u * 1024u)
#define TRACE_LOGGER "com.ibm.ws.logging.internal.TraceSpecification"
#define FFDC_LOGGER "com.ibm.ws.logging.internal.impl.IncidentImpl"
#define CONSOLE_BITS (LOG_MESSAGE | LOG_TRACE)

struct hidden {
    char **v;
    size_t n, cap;
};

struct messages_log {
    pthread_mutex_t lock;          /* of everything below */
    struct messages_log_options o; /* scalars of it; texts stand below */
    char *trace_name, *lines, *host, *user_dir, *server, *folder;
    struct log_file *file;
    struct log_file *trace; /* NULL: nothing was traced yet, or stdout */
    struct ffdc *ffdc;
    uint64_t ffdc_tick_ms;
    struct hidden hide;
    struct log_mappings mappings;
    struct trace_spec *spec;
    char *configured_spec;
    bool is_overridden; /* spec is an operator's */
    atomic_int finest;  /* of spec, to be asked without the lock */
    uint64_t sequence;
    struct buf line; /* reused */
};

/* Whoever holds the lock may write diagnostics, which come back here. */
static _Thread_local bool is_inside;

static void
lock(struct messages_log *log)
{
    pthread_mutex_lock(&log->lock);
    is_inside = true;
}

static void
unlock(struct messages_log *log)
{
    is_inside = false;
    pthread_mutex_unlock(&log->lock);
}

void
messages_log_defaults(struct messages_log_options *o)
{
    *o = (struct messages_log_options){
        .file_name = "messages.log",
        .trace_name = "trace.log",
        .format = LOG_SIMPLE,
        .console_format = LOG_DEV,
        .trace_format = LOG_ENHANCED,
        .message_sources = LOG_MESSAGE,
        .console_sources = LOG_MESSAGE,
        .trace_spec = STR("*=info"),
        .max_file_bytes = 20u * 1024u * 1024u,
        .max_files = 2,
        .new_logs_on_start = true,
        .console = MESSAGES_AUDIT,
        .console_out = STDOUT_FILENO,
        .console_err = STDERR_FILENO,
        .host = "",
        .user_dir = "",
        .server = "",
    };
}

static enum err
no_storage(struct err_info *why)
{
    return err_set(why, ERR_MEMORY, "no storage for the messages log");
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

static struct str
formatted(struct messages_log *log, enum log_format format,
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
        log_file_write(log->file, formatted(log, log->o.format, e), e->wall_ms);
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
    IGNORE(log_write_all(fd, formatted(log, log->o.console_format, e)));
}

static enum err open_trace(struct messages_log *log, struct err_info *why);

/* Once something is traced, trace.log holds the messages too. */
static void
to_trace(struct messages_log *log, const struct log_entry *e)
{
    struct err_info why;

    if (e->source == LOG_FFDC || trace_spec_finest(log->spec) <= TRACE_INFO)
        return;
    if (strcmp(log->trace_name, "stdout") == 0) {
        if (e->source == LOG_TRACE && log->o.console_out >= 0)
            IGNORE(log_write_all(log->o.console_out,
                                 formatted(log, log->o.trace_format, e)));
        return;
    }
    if (log->trace != NULL || open_trace(log, &why) == ERR_OK)
        log_file_write(log->trace, formatted(log, log->o.trace_format, e),
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

static struct log_entry
message(const char *logger, const char *id, char letter, struct str text)
{
    return (struct log_entry){ .source = LOG_MESSAGE,
                               .letter = letter,
                               .logger = logger,
                               .method = "",
                               .id = id,
                               .text = text };
}

static void
text_locked(struct messages_log *log, const char *logger, const char *id,
            struct str text)
{
    struct log_entry e = message(logger, id, letter_of(id), text);

    put(log, &e);
}

void
messages_log_text(struct messages_log *log, const char *logger, const char *id,
                  struct str text)
{
    struct buf wto;

    lock(log);
    text_locked(log, logger, id, text);
    if (log->o.copy != NULL) {
        buf_init(&wto, LOG_ENTRY_BYTES_MAX);
        if (id[0] != '\0')
            buf_printf(&wto, "%s: ", id);
        buf_add(&wto, str_sub(text, 0, LOG_ENTRY_BYTES_MAX / 2));
        log->o.copy(log->o.arg, id, buf_view(&wto));
        buf_fini(&wto);
    }
    unlock(log);
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
    struct log_entry e = message(is_error ? "SystemErr" : "SystemOut", "",
                                 is_error ? 'R' : 'O', line);

    if (is_inside)
        return false;
    lock(log);
    e.wall_ms = clock_wall_ms();
    e.thread = (unsigned)gettid();
    e.sequence = ++log->sequence;
    to_file(log, &e); /* the console has it already */
    to_trace(log, &e);
    unlock(log);
    return true;
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
    lock(log);
    is_traced = level <= trace_spec_level(log->spec, str_of(logger));
    unlock(log);
    return is_traced;
}

void
messages_log_trace(struct messages_log *log, const char *logger,
                   enum trace_level level, const char *method, bool has_data,
                   const char *fmt, ...)
{
    char text[4096];
    struct log_entry e = message(logger, "", trace_letter(level), STR(""));
    va_list args;

    if (level == TRACE_FINER && str_starts(str_of(fmt), STR("Entry")))
        e.letter = '>';
    else if (level == TRACE_FINER && str_starts(str_of(fmt), STR("Exit")))
        e.letter = '<';
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    lock(log);
    e.source = LOG_TRACE;
    e.method = method;
    e.text = has_data && log->o.hides_data
                 ? STR("(suppressed: suppressSensitiveTrace)")
                 : str_of(text);
    put(log, &e);
    unlock(log);
}

static void
say_trace_state(struct messages_log *log)
{
    struct buf state, text;

    buf_init(&state, TRACE_SPEC_BYTES_MAX * 2);
    buf_init(&text, TRACE_SPEC_BYTES_MAX * 2 + 256);
    trace_spec_print(log->spec, &state);
    msg_text(&text, "TRAS0018I", MSG_INSERTS(buf_view(&state)), 1);
    text_locked(log, TRACE_LOGGER, "TRAS0018I", buf_view(&text));
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

/* Nothing is said when it is what was in use. */
static enum err
use_spec(struct messages_log *log, struct str text, struct err_info *why)
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

    lock(log);
    e = use_spec(log, spec.p == NULL ? str_of(log->configured_spec) : spec,
                 why);
    if (e == ERR_OK)
        log->is_overridden = spec.p != NULL;
    unlock(log);
    return e;
}

/* ---- first-failure data ---- */

void
messages_log_ffdc(struct messages_log *log, const struct ffdc_incident *i)
{
    struct log_entry e = message(i->source, "", 'I', i->details);
    char what[256], name[FFDC_NAME_BYTES];
    struct buf text;

    lock(log);
    if (ffdc_note(log->ffdc, i, clock_wall_ms(), name)) {
        snprintf(what, sizeof what, "%s %s %s", i->exception, i->source,
                 i->probe);
        buf_init(&text, 2048);
        msg_text(&text, "FFDC1015I", MSG_INSERTS(str_of(what), str_of(name)),
                 2);
        text_locked(log, FFDC_LOGGER, "FFDC1015I", buf_view(&text));
        buf_fini(&text);
        e.source = LOG_FFDC;
        e.exception = i->exception;
        e.probe = i->probe;
        e.details = name;
        put(log, &e);
    }
    unlock(log);
}

void
messages_log_tick(struct messages_log *log)
{
    uint64_t now_ms = clock_wall_ms();

    lock(log);
    log_file_tick(log->file, now_ms);
    if (log->trace != NULL)
        log_file_tick(log->trace, now_ms);
    if (now_ms - log->ffdc_tick_ms > 60000) {
        log->ffdc_tick_ms = now_ms;
        ffdc_tick(log->ffdc, log->o.max_ffdc_age_ms, now_ms);
    }
    unlock(log);
}

/* ---- options ---- */

static bool
set_text(char **to, const char *from)
{
    char *copy = strdup(from == NULL ? "" : from);

    if (copy == NULL)
        return false;
    free(*to);
    *to = copy;
    return true;
}

/* The block at the top of each file; in JSON one message. */
static void
make_header(struct messages_log *log, enum log_format format, const char *more,
            struct buf *out)
{
    char stars[82];
    struct buf lines;

    buf_init(&lines, LOG_ENTRY_BYTES_MAX);
    buf_printf(&lines, "%s%s", log->lines, more);
    memset(stars, '*', 80);
    stars[80] = '\n';
    stars[81] = '\0';
    if (log->lines[0] != '\0' && format == LOG_JSON) {
        struct log_entry e = message(TRACE_LOGGER, "", 'I', buf_view(&lines));

        e.wall_ms = clock_wall_ms();
        e.thread = (unsigned)gettid();
        e.sequence = ++log->sequence;
        buf_add(out, formatted(log, LOG_JSON, &e));
    } else if (log->lines[0] != '\0') {
        buf_add_z(out, stars);
        buf_add(out, buf_view(&lines));
        buf_add_z(out, stars);
    }
    buf_fini(&lines);
}

static void
make_trace_header(struct messages_log *log, struct buf *out)
{
    struct buf more;

    buf_init(&more, TRACE_SPEC_BYTES_MAX * 2);
    if (log->spec != NULL) {
        buf_add_z(&more, "trace.specification = ");
        trace_spec_print(log->spec, &more);
        buf_add_char(&more, '\n');
    }
    make_header(log, LOG_SIMPLE, buf_z(&more), out);
    buf_fini(&more);
}

static bool
set_lines(struct messages_log *log, const struct messages_log_options *o)
{
    struct buf lines;
    bool is_ok;

    buf_init(&lines, LOG_ENTRY_BYTES_MAX);
    for (size_t i = 0; i < o->n_header; i++)
        buf_printf(&lines, "%s\n", o->header[i]);
    is_ok = set_text(&log->lines, buf_z(&lines));
    buf_fini(&lines);
    return is_ok;
}

static struct log_file_options
file_options(const struct messages_log_options *o, const char *folder,
             const char *name, const char *header)
{
    return (struct log_file_options){
        .folder = folder,
        .name = name,
        .max_bytes = o->max_file_bytes,
        .max_files = o->max_files,
        .roll_minute = o->roll_minute,
        .roll_interval_minutes = o->roll_interval_minutes,
        .header = header,
    };
}

static enum err
open_trace(struct messages_log *log, struct err_info *why)
{
    struct log_file_options f;
    struct buf header;
    enum err e;

    buf_init(&header, LINE_BYTES_MAX);
    make_trace_header(log, &header);
    f = file_options(&log->o, log->folder, log->trace_name, buf_z(&header));
    e = log_file_new(&f, log->o.new_logs_on_start, clock_wall_ms(), &log->trace,
                     why);
    buf_fini(&header);
    return e;
}

static void
free_hidden(struct hidden *hide)
{
    for (size_t i = 0; i < hide->n; i++)
        free(hide->v[i]);
    VEC_FREE(hide);
}

static bool
set_hidden(struct messages_log *log, const struct messages_log_options *o)
{
    free_hidden(&log->hide);
    for (size_t i = 0; i < o->n_hide; i++) {
        char *id = strdup(o->hide[i]);

        if (id == NULL || !VEC_PUSH(&log->hide, id)) {
            free(id);
            return false;
        }
    }
    return true;
}

/* A mapping that is none is told and left out; so is a trace specification. */
static void
set_mappings(struct messages_log *log, const struct messages_log_options *o,
             struct buf *bad)
{
    struct log_mappings next;
    struct err_info why;

    if (log_mappings_init(&next, o->mappings, &why) != ERR_OK) {
        buf_printf(bad, "jsonFieldMappings \"" STR_FMT "\", byte %zu: %s",
                   STR_ARG(str_sub(o->mappings, 0, 200)), why.at, why.text);
        return;
    }
    log_mappings_fini(&log->mappings);
    log->mappings = next;
}

static void
set_spec(struct messages_log *log, const struct messages_log_options *o,
         struct buf *bad)
{
    struct err_info why;
    struct str spec = str_trim(o->trace_spec);
    char text[TRACE_SPEC_BYTES_MAX + 1];
    bool is_new;

    if (!str_copy_z(spec, text, sizeof text)) {
        buf_add_z(bad, "traceSpecification is too long");
        return;
    }
    is_new =
        log->configured_spec == NULL || strcmp(log->configured_spec, text) != 0;
    if (!is_new && (log->is_overridden || log->spec != NULL))
        return; /* an operator's stays until the configuration differs */
    if (use_spec(log, spec, &why) != ERR_OK) {
        buf_printf(bad, "traceSpecification \"" STR_FMT "\", byte %zu: %s",
                   STR_ARG(str_sub(spec, 0, 200)), why.at, why.text);
        return;
    }
    log->is_overridden = false;
    IGNORE(set_text(&log->configured_spec, text));
}

static enum err
set_trace_file(struct messages_log *log, const struct messages_log_options *o,
               struct err_info *why)
{
    struct log_file_options f;
    struct buf header;
    enum err e;

    if (log->trace == NULL)
        return ERR_OK;
    if (strcmp(o->trace_name, "stdout") == 0) {
        log_file_free(&log->trace);
        return ERR_OK;
    }
    buf_init(&header, LINE_BYTES_MAX);
    make_trace_header(log, &header);
    f = file_options(o, o->folder, o->trace_name, buf_z(&header));
    e = log_file_set(log->trace, &f, clock_wall_ms(), why);
    buf_fini(&header);
    return e;
}

static enum err
set_files(struct messages_log *log, const struct messages_log_options *o,
          bool is_start, struct err_info *why)
{
    struct log_file_options f;
    struct buf header;
    enum err e;

    buf_init(&header, LINE_BYTES_MAX);
    make_header(log, o->format, "", &header);
    f = file_options(o, o->folder, o->file_name, buf_z(&header));
    e = log->file == NULL ? log_file_new(&f, is_start && o->new_logs_on_start,
                                         clock_wall_ms(), &log->file, why)
                          : log_file_set(log->file, &f, clock_wall_ms(), why);
    buf_fini(&header);
    return e == ERR_OK ? set_trace_file(log, o, why) : e;
}

static enum err
set_ffdc(struct messages_log *log, const struct messages_log_options *o,
         struct err_info *why)
{
    if (log->ffdc != NULL && strcmp(log->folder, o->folder) == 0)
        return ERR_OK;
    ffdc_free(&log->ffdc);
    return ffdc_new(o->folder, &log->ffdc, why);
}

static void
say_ignored(struct messages_log *log, const struct buf *what)
{
    struct buf text;

    if (what->n == 0)
        return;
    buf_init(&text, 8192);
    msg_text(&text, "SPT0411W", MSG_INSERTS(buf_view(what)), 1);
    text_locked(log, TRACE_LOGGER, "SPT0411W", buf_view(&text));
    buf_fini(&text);
}

static enum err
set_options(struct messages_log *log, const struct messages_log_options *o,
            bool is_start, struct err_info *why)
{
    struct buf bad_mapping, bad_spec;
    enum err e;

    if (strchr(o->trace_name, '/') != NULL || o->trace_name[0] == '\0')
        return err_set(why, ERR_SYNTAX,
                       "\"%s\" is not the name of a trace file", o->trace_name);
    buf_init(&bad_mapping, 4096);
    buf_init(&bad_spec, 4096);
    if (!set_text(&log->host, o->host) ||
        !set_text(&log->user_dir, o->user_dir) ||
        !set_text(&log->server, o->server) || !set_lines(log, o))
        return no_storage(why);
    set_mappings(log, o, &bad_mapping);
    if ((e = set_files(log, o, is_start, why)) != ERR_OK ||
        (e = set_ffdc(log, o, why)) != ERR_OK)
        goto out;
    log->o = *o;
    if (!set_text(&log->trace_name, o->trace_name) ||
        !set_text(&log->folder, o->folder) || !set_hidden(log, o)) {
        e = no_storage(why);
        goto out;
    }
    set_spec(log, o, &bad_spec);
    if (log->spec == NULL) /* a bad one from the start */
        e = use_spec(log, STR("*=info"), why);
    say_ignored(log, &bad_mapping);
    say_ignored(log, &bad_spec);
out:
    buf_fini(&bad_mapping);
    buf_fini(&bad_spec);
    return e;
}

enum err
messages_log_open(const struct messages_log_options *o,
                  struct messages_log **out, struct err_info *why)
{
    struct messages_log *log = calloc(1, sizeof *log);
    enum err e;

    if (log == NULL)
        return no_storage(why);
    pthread_mutex_init(&log->lock, NULL);
    buf_init(&log->line, LINE_BYTES_MAX);
    e = set_options(log, o, true, why);
    if (e == ERR_OK)
        *out = log;
    else
        messages_log_close(&log);
    return e;
}

enum err
messages_log_update(struct messages_log *log,
                    const struct messages_log_options *o, struct err_info *why)
{
    enum err e;

    lock(log);
    e = set_options(log, o, false, why);
    unlock(log);
    return e;
}

void
messages_log_close(struct messages_log **log)
{
    struct messages_log *l = *log;

    *log = NULL;
    if (l == NULL)
        return;
    log_file_free(&l->file);
    log_file_free(&l->trace);
    ffdc_free(&l->ffdc);
    free_hidden(&l->hide);
    log_mappings_fini(&l->mappings);
    trace_spec_free(&l->spec);
    buf_fini(&l->line);
    free(l->configured_spec);
    free(l->trace_name);
    free(l->lines);
    free(l->host);
    free(l->user_dir);
    free(l->server);
    free(l->folder);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
