/*
 * What the logs look like comes from three places, the later ones count more:
 * environment, bootstrap.properties, attributes that somebody wrote in
 * <logging>. The first two are texts in one table of rows.
 */
#include "logging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"
#include "base/version.h"

#define LOGGER "com.ibm.ws.logging.internal.impl.LoggingConfig"
#define HIDDEN_MAX 256u

/* ---- the block at the top of each file ---- */

struct header {
    char product[128], install[512], config[512], output[512], os[300],
        process[300];
    const char *lines[6];
};

static void
make_header(struct header *h, const struct settings *s, const char *host)
{
    struct utsname os;

    if (uname(&os) != 0)
        memset(&os, 0, sizeof os);
    snprintf(h->product, sizeof h->product, "product = Sallyport %s",
             SALLYPORT_VERSION);
    snprintf(h->install, sizeof h->install, "wlp.install.dir = %s/",
             s->install_dir);
    snprintf(h->config, sizeof h->config, "server.config.dir = %s/",
             s->server_dir);
    snprintf(h->output, sizeof h->output, "server.output.dir = %s/",
             s->output_dir);
    snprintf(h->os, sizeof h->os, "os = %s (%s; %s)", os.sysname, os.release,
             os.machine);
    snprintf(h->process, sizeof h->process, "process = %d@%s", (int)getpid(),
             host);
    h->lines[0] = h->product;
    h->lines[1] = h->install;
    h->lines[2] = h->config;
    h->lines[3] = h->output;
    h->lines[4] = h->os;
    h->lines[5] = h->process;
}

/* ---- texts into options ---- */

/* Room for what the options point to. */
struct wanted {
    struct messages_log_options o;
    struct header header;
    char host[256], user_dir[4096], folder[4096], file_name[256],
        trace_name[256];
    bool copies_streams;
    struct cfg_list hide;
    const char *hidden[HIDDEN_MAX];
    char hidden_text[4096]; /* of bootstrap.properties */
    struct buf bad;         /* what was not understood */
};

typedef bool (*setter)(struct wanted *, struct str);

static bool
set_name(struct str text, char *to, const char **at)
{
    if (!str_copy_z(text, to, 256))
        return false;
    *at = to;
    return true;
}

static bool
set_message_name(struct wanted *w, struct str text)
{
    return set_name(text, w->file_name, &w->o.file_name);
}

static bool
set_trace_name(struct wanted *w, struct str text)
{
    return set_name(text, w->trace_name, &w->o.trace_name);
}

static bool
set_folder(struct wanted *w, struct str text)
{
    if (text.n == 0 || !str_copy_z(text, w->folder, sizeof w->folder))
        return false;
    w->o.folder = w->folder;
    return true;
}

static bool
set_format(struct str text, unsigned allowed, enum log_format *out)
{
    enum log_format format;

    if (!log_format_find(text, &format) || (allowed & (1u << format)) == 0)
        return false;
    *out = format;
    return true;
}

#define BIT(format) (1u << (format))

static bool
set_message_format(struct wanted *w, struct str text)
{
    return set_format(text, BIT(LOG_SIMPLE) | BIT(LOG_TBASIC) | BIT(LOG_JSON),
                      &w->o.format);
}

static bool
set_console_format(struct wanted *w, struct str text)
{
    return set_format(
        text, BIT(LOG_DEV) | BIT(LOG_SIMPLE) | BIT(LOG_TBASIC) | BIT(LOG_JSON),
        &w->o.console_format);
}

static bool
set_trace_format(struct wanted *w, struct str text)
{
    return set_format(text,
                      BIT(LOG_ENHANCED) | BIT(LOG_BASIC) | BIT(LOG_TBASIC) |
                          BIT(LOG_ADVANCED),
                      &w->o.trace_format);
}

static bool
set_console_level(struct wanted *w, struct str text)
{
    static const char *const words[] = { "INFO", "AUDIT", "WARNING", "ERROR",
                                         "OFF" };

    for (unsigned i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq_nocase_z(text, words[i])) {
            w->o.console = (enum messages_level)i;
            return true;
        }
    return false;
}

static bool
set_sources(struct str text, unsigned *bits)
{
    struct str names[8], piece;
    size_t n = 0;

    while (n < ARRAY_LEN(names) && str_token(&text, ',', &piece))
        names[n++] = piece;
    *bits = log_sources(names, n);
    return *bits != 0;
}

static bool
set_console_source(struct wanted *w, struct str text)
{
    return set_sources(text, &w->o.console_sources);
}

static bool
set_message_source(struct wanted *w, struct str text)
{
    return set_sources(text, &w->o.message_sources);
}

static bool
set_trace_spec(struct wanted *w, struct str text)
{
    w->o.trace_spec = text;
    return true;
}

static bool
set_mappings(struct wanted *w, struct str text)
{
    w->o.mappings = text;
    return true;
}

static bool
set_access_fields(struct wanted *w, struct str text)
{
    w->o.access_as_formatted = str_eq_nocase_z(text, "logFormat");
    return w->o.access_as_formatted || str_eq_nocase_z(text, "default");
}

/* Ids separated by commas. */
static bool
set_hidden(struct wanted *w, struct str text)
{
    char *rest = w->hidden_text, *id;

    if (!str_copy_z(text, w->hidden_text, sizeof w->hidden_text))
        return false;
    w->o.n_hide = 0;
    w->o.hide = w->hidden;
    while ((id = strsep(&rest, ", \t")) != NULL && w->o.n_hide < HIDDEN_MAX)
        if (id[0] != '\0')
            w->hidden[w->o.n_hide++] = id;
    return true;
}

static bool
set_bool(struct str text, bool *out)
{
    *out = str_eq_nocase_z(text, "true");
    return *out || str_eq_nocase_z(text, "false");
}

static bool
set_iso(struct wanted *w, struct str text)
{
    return set_bool(text, &w->o.iso_date);
}

static bool
set_hides_data(struct wanted *w, struct str text)
{
    return set_bool(text, &w->o.hides_data);
}

static bool
set_copies(struct wanted *w, struct str text)
{
    return set_bool(text, &w->copies_streams);
}

static bool
set_new_logs(struct wanted *w, struct str text)
{
    return set_bool(text, &w->o.new_logs_on_start);
}

static bool
set_max_size(struct wanted *w, struct str text)
{
    uint64_t n;

    if (!str_to_u64(text, &n) || n > 2000000)
        return false;
    w->o.max_file_bytes = n * 1024 * 1024;
    return true;
}

static bool
set_max_files(struct wanted *w, struct str text)
{
    uint64_t n;

    if (!str_to_u64(text, &n) || n > 100000)
        return false;
    w->o.max_files = (uint32_t)n;
    return true;
}

/* HH:MM */
static bool
minute_of_day(struct str text, int *out)
{
    struct str rest = text, hours, minutes;
    uint64_t h, m;

    if (!str_token(&rest, ':', &hours) || !str_token(&rest, ':', &minutes) ||
        rest.p != NULL || !str_to_u64(hours, &h) || h > 23 || minutes.n != 2 ||
        !str_to_u64(minutes, &m) || m > 59)
        return false;
    *out = (int)(h * 60 + m);
    return true;
}

/* Once a day, when only the time is given. */
static bool
set_roll_start(struct wanted *w, struct str text)
{
    if (!minute_of_day(text, &w->o.roll_minute))
        return false;
    if (w->o.roll_interval_minutes == 0)
        w->o.roll_interval_minutes = 1440;
    return true;
}

static bool
set_minutes(struct str text, uint64_t *minutes)
{
    struct err_info why;
    int64_t ms;

    if (cfg_duration(text, 60000, &ms, &why) != ERR_OK || ms < 0 ||
        ms > INT64_C(60000) * 60 * 24 * 366)
        return false;
    *minutes = (uint64_t)ms / 60000;
    return true;
}

static bool
set_roll_interval(struct wanted *w, struct str text)
{
    uint64_t minutes;

    if (!set_minutes(text, &minutes) || minutes == 0)
        return false;
    w->o.roll_interval_minutes = (uint32_t)minutes;
    return true;
}

static bool
set_ffdc_age(struct wanted *w, struct str text)
{
    uint64_t minutes;

    if (!set_minutes(text, &minutes))
        return false;
    w->o.max_ffdc_age_ms = minutes * 60000;
    return true;
}

/* com.ibm.ws.logging.<property>, an environment variable, <logging> attr */
static const struct row {
    const char *property;
    const char *env; /* or NULL */
    setter set;
} rows[] = {
    { "log.directory", NULL, set_folder },
    { "message.file.name", NULL, set_message_name },
    { "trace.file.name", NULL, set_trace_name },
    { "message.format", "WLP_LOGGING_MESSAGE_FORMAT", set_message_format },
    { "console.format", "WLP_LOGGING_CONSOLE_FORMAT", set_console_format },
    { "trace.format", NULL, set_trace_format },
    { "console.log.level", "WLP_LOGGING_CONSOLE_LOGLEVEL", set_console_level },
    { "console.source", "WLP_LOGGING_CONSOLE_SOURCE", set_console_source },
    { "message.source", "WLP_LOGGING_MESSAGE_SOURCE", set_message_source },
    { "trace.specification", NULL, set_trace_spec },
    { "json.field.mappings", "WLP_LOGGING_JSON_FIELD_MAPPINGS", set_mappings },
    { "json.access.log.fields", "WLP_LOGGING_JSON_ACCESS_LOG_FIELDS",
      set_access_fields },
    { "hideMessage", NULL, set_hidden },
    { "isoDateFormat", NULL, set_iso },
    { "suppress.sensitive.trace", NULL, set_hides_data },
    { "copy.system.streams", NULL, set_copies },
    { "newLogsOnStart", NULL, set_new_logs },
    { "max.file.size", NULL, set_max_size },
    { "max.files", NULL, set_max_files },
    { "rollover.interval", NULL, set_roll_interval },
    { "rollover.start.time", NULL, set_roll_start },
    { "max.ffdc.age", NULL, set_ffdc_age },
};

static void
not_understood(struct wanted *w, const char *name, struct str text)
{
    buf_printf(&w->bad, "%s%s has the value \"" STR_FMT "\"",
               w->bad.n > 0 ? "; " : "", name, STR_ARG(str_sub(text, 0, 100)));
}

static void
use_text(struct wanted *w, const struct row *row, const char *name,
         struct str text)
{
    text = str_trim(text);
    if (text.n > 0 && !row->set(w, text))
        not_understood(w, name, text);
}

static void
from_texts(struct wanted *w, const struct settings *s)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char property[96];

        snprintf(property, sizeof property, "com.ibm.ws.logging.%s",
                 rows[i].property);
        if (rows[i].env != NULL)
            use_text(w, &rows[i], rows[i].env, str_of(getenv(rows[i].env)));
        use_text(w, &rows[i], property, pairs_get(&s->bootstrap, property));
    }
}

/* ---- <logging> ---- */

static void
from_names(struct wanted *w, const struct cfg_logging *l)
{
    if (cfg_is_written(&l->node, "logDirectory"))
        IGNORE(set_folder(w, l->log_directory));
    if (cfg_is_written(&l->node, "messageFileName"))
        w->o.file_name = l->message_file_name.p;
    if (cfg_is_written(&l->node, "traceFileName"))
        w->o.trace_name = l->trace_file_name.p;
    if (cfg_is_written(&l->node, "messageFormat"))
        IGNORE(set_message_format(w, l->message_format));
    if (cfg_is_written(&l->node, "consoleFormat"))
        IGNORE(set_console_format(w, l->console_format));
    if (cfg_is_written(&l->node, "traceFormat"))
        IGNORE(set_trace_format(w, l->trace_format));
    if (cfg_is_written(&l->node, "traceSpecification"))
        w->o.trace_spec = l->trace_specification;
    if (cfg_is_written(&l->node, "jsonFieldMappings"))
        w->o.mappings = l->json_field_mappings;
    if (cfg_is_written(&l->node, "jsonAccessLogFields") &&
        !set_access_fields(w, l->json_access_log_fields))
        not_understood(w, "jsonAccessLogFields", l->json_access_log_fields);
    if (cfg_is_written(&l->node, "messageSource"))
        w->o.message_sources =
            log_sources(l->message_source.v, l->message_source.n);
    if (cfg_is_written(&l->node, "consoleSource"))
        w->o.console_sources =
            log_sources(l->console_source.v, l->console_source.n);
    if (cfg_is_written(&l->node, "consoleLogLevel"))
        w->o.console = (enum messages_level)l->console_log_level;
}

static void
from_numbers(struct wanted *w, const struct cfg_logging *l)
{
    if (cfg_is_written(&l->node, "maxFileSize"))
        w->o.max_file_bytes = (uint64_t)l->max_file_mb * 1024 * 1024;
    if (cfg_is_written(&l->node, "maxFiles"))
        w->o.max_files = (uint32_t)l->max_files;
    if (cfg_is_written(&l->node, "rolloverInterval"))
        w->o.roll_interval_minutes =
            l->rollover_interval_ms <= 0
                ? 0
                : (uint32_t)(l->rollover_interval_ms / 60000);
    if (cfg_is_written(&l->node, "rolloverStartTime") &&
        !set_roll_start(w, str_trim(l->rollover_start_time)))
        not_understood(w, "rolloverStartTime", l->rollover_start_time);
    if (cfg_is_written(&l->node, "maxFfdcAge"))
        w->o.max_ffdc_age_ms =
            l->max_ffdc_age_ms <= 0 ? 0 : (uint64_t)l->max_ffdc_age_ms;
    if (cfg_is_written(&l->node, "isoDateFormat"))
        w->o.iso_date = l->iso_date_format;
    if (cfg_is_written(&l->node, "suppressSensitiveTrace"))
        w->o.hides_data = l->suppress_sensitive_trace;
    if (cfg_is_written(&l->node, "copySystemStreams"))
        w->copies_streams = l->copy_system_streams;
    if (cfg_is_written(&l->node, "newLogsOnStart"))
        w->o.new_logs_on_start = l->new_logs_on_start;
}

static void
from_tree(struct wanted *w, const struct cfg_tree *tree)
{
    const struct cfg_logging *l = CFG_ONE(tree, logging);

    from_names(w, l);
    from_numbers(w, l);
    if (cfg_is_written(&l->node, "hideMessage"))
        w->o.n_hide = 0;
    for (size_t i = 0; i < l->hide_message.n && i < HIDDEN_MAX; i++)
        w->hidden[w->o.n_hide++] = l->hide_message.v[i].p;
    w->o.hide = w->hidden;
}

/* ---- diagnostics of our own ---- */

static struct {
    struct messages_log *log;
    bool copies;
} streams = { .copies = true };

static bool
take_line(const char *line, size_t n)
{
    return !messages_log_system(streams.log, true, str_n(line, n)) ||
           streams.copies;
}

void
logging_take_streams(struct messages_log *log)
{
    streams.log = log;
    log_tap(take_line);
}

void
logging_leave_streams(void)
{
    log_tap(NULL);
}

/* ---- lines for the operator ---- */

/* Start, stop and what zosLogging names. */
static void
copy_to_operator(void *arg, const char *id, struct str line)
{
    static const char *const always[] = { "CWWKF0011I", "CWWKE0036I",
                                          "CWWKE0029E" };
    struct worker *w = arg;
    const struct cfg_zos_logging *z;
    bool is_wanted = false;

    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        is_wanted = is_wanted || strcmp(id, always[i]) == 0;
    /* Any loop may be writing a message while the tree is exchanged. */
    (void)pthread_mutex_lock(&w->tree_lock);
    z = w->tree == NULL ? NULL : CFG_ONE(w->tree, zos_logging);
    for (size_t i = 0; z != NULL && i < z->wto_message.n; i++)
        is_wanted = is_wanted || str_eq_z(z->wto_message.v[i], id);
    (void)pthread_mutex_unlock(&w->tree_lock);
    if (is_wanted)
        parent_wto(w->parent, line);
}

enum err
configure_log(struct worker *worker, const struct cfg_tree *tree,
              struct err_info *why)
{
    const struct settings *s = worker->settings;
    struct wanted *w = calloc(1, sizeof *w);
    enum err e;

    if (w == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the logs");
    buf_init(&w->bad, 8192);
    messages_log_defaults(&w->o);
    w->copies_streams = true;
    w->o.folder = s->log_dir;
    if (gethostname(w->host, sizeof w->host - 1) != 0)
        snprintf(w->host, sizeof w->host, "localhost");
    snprintf(w->user_dir, sizeof w->user_dir, "%s/", s->user_dir);
    from_texts(w, s);
    if (tree != NULL)
        from_tree(w, tree);
    make_header(&w->header, s, w->host);
    w->o.header = w->header.lines;
    w->o.n_header = ARRAY_LEN(w->header.lines);
    w->o.host = w->host;
    w->o.user_dir = w->user_dir;
    w->o.server = s->name;
    w->o.copy = copy_to_operator;
    w->o.arg = worker;
    e = worker->log == NULL ? messages_log_open(&w->o, &worker->log, why)
                            : messages_log_update(worker->log, &w->o, why);
    streams.copies = w->copies_streams;
    if (e == ERR_OK && w->bad.n > 0 && tree != NULL)
        MESSAGES_LOG(worker->log, LOGGER, "SPT0411W", buf_view(&w->bad));
    buf_fini(&w->bad);
    free(w);
    return e;
}
