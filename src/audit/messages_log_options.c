/*
 * What the configuration says of the logs: files, formats, what is traced. A
 * value that is none is told and leaves what was in use.
 */
#include "audit/messages_log_priv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/vec.h"

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
        struct log_entry e =
            messages_entry(TRACE_LOGGER, "", 'I', buf_view(&lines));

        e.wall_ms = clock_wall_ms();
        e.thread = (unsigned)gettid();
        e.sequence = ++log->sequence;
        buf_add(out, messages_formatted(log, LOG_JSON, &e));
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

enum err
messages_open_trace(struct messages_log *log, struct err_info *why)
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

/* What is said of a setting whose text is none. */
static void
not_understood(struct buf *bad, const char *name, struct str text,
               const struct err_info *why, struct str place)
{
    buf_printf(bad, "%s \"" STR_FMT "\", byte %zu: %s" STR_FMT, name,
               STR_ARG(str_sub(text, 0, 200)), why->at, why->text,
               STR_ARG(place));
}

static enum err
read_mappings(const struct messages_log_options *o, struct log_mappings *out,
              struct buf *bad)
{
    struct err_info why;
    enum err e = log_mappings_init(out, o->mappings, &why);

    if (e != ERR_OK)
        not_understood(bad, "jsonFieldMappings", o->mappings, &why,
                       o->places.mappings);
    return e;
}

static enum err
read_spec(const struct messages_log_options *o, struct trace_spec **out,
          struct buf *bad)
{
    struct str spec = str_trim(o->trace_spec);
    struct err_info why;
    enum err e;

    if (spec.n > TRACE_SPEC_BYTES_MAX) {
        buf_printf(bad, "traceSpecification is too long" STR_FMT,
                   STR_ARG(o->places.trace_spec));
        return ERR_LIMIT;
    }
    e = trace_spec_new(spec, out, &why);
    if (e != ERR_OK)
        not_understood(bad, "traceSpecification", spec, &why,
                       o->places.trace_spec);
    return e;
}

static bool
is_file_name(const char *name)
{
    return name[0] != '\0' && strchr(name, '/') == NULL;
}

static enum err
check_names(const struct messages_log_options *o, struct err_info *why)
{
    if (!is_file_name(o->file_name))
        return err_set(why, ERR_SYNTAX,
                       "\"%s\" is not the name of a log file" STR_FMT,
                       o->file_name, STR_ARG(o->places.file_name));
    if (!is_file_name(o->trace_name))
        return err_set(why, ERR_SYNTAX,
                       "\"%s\" is not the name of a trace file" STR_FMT,
                       o->trace_name, STR_ARG(o->places.trace_name));
    return ERR_OK;
}

/* What is refused is told once, not with each update that still has it. text
 * NULL: it is right now. */
static void
tell_once(char **refused, const char *text, struct buf *bad)
{
    if (text == NULL) {
        free(*refused);
        *refused = NULL;
        return;
    }
    if (*refused != NULL && strcmp(*refused, text) == 0)
        buf_clear(bad);
    IGNORE(set_text(refused, text));
}

/* A mapping that is none is told and left out; so is a trace specification. */
static void
set_mappings(struct messages_log *log, const struct messages_log_options *o,
             struct buf *bad)
{
    struct log_mappings next;

    if (read_mappings(o, &next, bad) != ERR_OK) {
        tell_once(&log->refused_mappings, buf_z(bad), bad);
        return;
    }
    tell_once(&log->refused_mappings, NULL, bad);
    log_mappings_fini(&log->mappings);
    log->mappings = next;
}

static void
set_spec(struct messages_log *log, const struct messages_log_options *o,
         struct buf *bad)
{
    struct str spec = str_trim(o->trace_spec);
    char text[TRACE_SPEC_BYTES_MAX + 1] = "";
    struct trace_spec *next = NULL;

    if (str_copy_z(spec, text, sizeof text) && log->configured_spec != NULL &&
        strcmp(log->configured_spec, text) == 0 &&
        (log->is_overridden || log->spec != NULL))
        return; /* an operator's stays until the configuration differs */
    if (read_spec(o, &next, bad) != ERR_OK) {
        tell_once(&log->refused_spec, text, bad);
        return;
    }
    tell_once(&log->refused_spec, NULL, bad);
    trace_spec_free(&next);
    if (messages_use_spec(log, spec, NULL) != ERR_OK)
        return;
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
    messages_text(log, TRACE_LOGGER, "SPT0411W", buf_view(&text));
    buf_fini(&text);
}

/* JSON alone knows requests. */
static enum messages_access
access_mode(const struct messages_log_options *o)
{
    bool is_shown =
        (o->format == LOG_JSON && (o->message_sources & LOG_ACCESS) != 0) ||
        (o->console_format == LOG_JSON &&
         (o->console_sources & LOG_ACCESS) != 0 && o->console != MESSAGES_OFF);

    return !is_shown                ? MESSAGES_ACCESS_NONE
           : o->access_as_formatted ? MESSAGES_ACCESS_FORMATTED
                                    : MESSAGES_ACCESS_DEFAULT;
}

static enum err
set_options(struct messages_log *log, const struct messages_log_options *o,
            bool is_start, struct err_info *why)
{
    struct buf bad_mapping, bad_spec;
    enum err e;

    if ((e = check_names(o, why)) != ERR_OK)
        return e;
    buf_init(&bad_mapping, 4096);
    buf_init(&bad_spec, 4096);
    if (!set_text(&log->host, o->host) ||
        !set_text(&log->user_dir, o->user_dir) ||
        !set_text(&log->server, o->server) || !set_lines(log, o))
        return no_storage(why);
    set_mappings(log, o, &bad_mapping);
    if ((e = set_files(log, o, is_start, why)) != ERR_OK ||
        (e = set_ffdc(log, o, why)) != ERR_OK) {
        if (e != ERR_MEMORY)
            err_suffix(why, STR_FMT, STR_ARG(o->places.folder));
        goto out;
    }
    log->o = *o;
    atomic_store(&log->access_mode, (int)access_mode(o));
    if (!set_text(&log->trace_name, o->trace_name) ||
        !set_text(&log->folder, o->folder) || !set_hidden(log, o)) {
        e = no_storage(why);
        goto out;
    }
    set_spec(log, o, &bad_spec);
    if (log->spec == NULL) /* a bad one from the start */
        e = messages_use_spec(log, STR("*=info"), why);
    say_ignored(log, &bad_mapping);
    say_ignored(log, &bad_spec);
out:
    buf_fini(&bad_mapping);
    buf_fini(&bad_spec);
    return e;
}

enum err
messages_log_check(const struct messages_log_options *o,
                   void (*say)(void *arg, struct str what), void *arg,
                   struct err_info *why)
{
    struct log_mappings mappings = { .text = NULL };
    struct trace_spec *spec = NULL;
    struct buf bad[2];
    enum err e = check_names(o, why);

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        buf_init(&bad[i], 4096);
    (void)!read_mappings(o, &mappings, &bad[0]);
    (void)!read_spec(o, &spec, &bad[1]);
    log_mappings_fini(&mappings);
    trace_spec_free(&spec);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (bad[i].n > 0)
            say(arg, buf_view(&bad[i]));
        buf_fini(&bad[i]);
    }
    if (e == ERR_OK && (e = dir_check(o->folder, why)) != ERR_OK)
        err_suffix(why, STR_FMT, STR_ARG(o->places.folder));
    return e;
}

enum err
messages_log_collect(void (*take)(void *arg, const char *id, struct str text),
                     void *arg, struct messages_log **out, struct err_info *why)
{
    struct messages_log *log = calloc(1, sizeof *log);

    if (log == NULL)
        return no_storage(why);
    pthread_mutex_init(&log->lock, NULL);
    log->o.arg = arg;
    log->take = take;
    *out = log;
    return ERR_OK;
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

    messages_lock(log);
    e = set_options(log, o, false, why);
    messages_unlock(log);
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
    free(l->refused_spec);
    free(l->refused_mappings);
    free(l->trace_name);
    free(l->lines);
    free(l->host);
    free(l->user_dir);
    free(l->server);
    free(l->folder);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
