/*
 * What the logs look like comes from three places, the later ones count more:
 * environment, bootstrap.properties, attributes that somebody wrote in
 * <logging>. The first two are texts in one table of rows.
 */
#include "log_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "audit/log_file.h"
#include "base/version.h"

/* ---- the block at the top of each file ---- */

static void
make_header(struct log_header *h, const struct settings *s, const char *host)
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

typedef bool (*setter)(struct log_wanted *, struct str);

static bool
set_name(struct log_wanted *w, struct str text, char *to, const char **at,
         struct str *place)
{
    if (!str_copy_z(text, to, 256))
        return false;
    *at = to;
    *place = w->place;
    return true;
}

static bool
set_message_name(struct log_wanted *w, struct str text)
{
    return set_name(w, text, w->file_name, &w->o.file_name,
                    &w->o.places.file_name);
}

static bool
set_trace_name(struct log_wanted *w, struct str text)
{
    return set_name(w, text, w->trace_name, &w->o.trace_name,
                    &w->o.places.trace_name);
}

static bool
set_folder(struct log_wanted *w, struct str text)
{
    if (text.n == 0 || !str_copy_z(text, w->folder, sizeof w->folder))
        return false;
    w->o.folder = w->folder;
    w->o.places.folder = w->place;
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
set_message_format(struct log_wanted *w, struct str text)
{
    return set_format(text, BIT(LOG_SIMPLE) | BIT(LOG_TBASIC) | BIT(LOG_JSON),
                      &w->o.format);
}

static bool
set_console_format(struct log_wanted *w, struct str text)
{
    return set_format(
        text, BIT(LOG_DEV) | BIT(LOG_SIMPLE) | BIT(LOG_TBASIC) | BIT(LOG_JSON),
        &w->o.console_format);
}

static bool
set_trace_format(struct log_wanted *w, struct str text)
{
    return set_format(text,
                      BIT(LOG_ENHANCED) | BIT(LOG_BASIC) | BIT(LOG_TBASIC) |
                          BIT(LOG_ADVANCED),
                      &w->o.trace_format);
}

static bool
set_console_level(struct log_wanted *w, struct str text)
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
set_console_source(struct log_wanted *w, struct str text)
{
    return set_sources(text, &w->o.console_sources);
}

static bool
set_message_source(struct log_wanted *w, struct str text)
{
    return set_sources(text, &w->o.message_sources);
}

static bool
set_trace_spec(struct log_wanted *w, struct str text)
{
    w->o.trace_spec = text;
    w->o.places.trace_spec = w->place;
    return true;
}

static bool
set_mappings(struct log_wanted *w, struct str text)
{
    w->o.mappings = text;
    w->o.places.mappings = w->place;
    return true;
}

static bool
set_access_fields(struct log_wanted *w, struct str text)
{
    w->o.access_as_formatted = str_eq_nocase_z(text, "logFormat");
    return w->o.access_as_formatted || str_eq_nocase_z(text, "default");
}

/* Ids separated by commas. */
static bool
set_hidden(struct log_wanted *w, struct str text)
{
    char *rest = w->hidden_text, *id;

    if (!str_copy_z(text, w->hidden_text, sizeof w->hidden_text))
        return false;
    w->o.n_hide = 0;
    w->o.hide = w->hidden;
    while ((id = strsep(&rest, ", \t")) != NULL && w->o.n_hide < LOG_HIDDEN_MAX)
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
set_iso(struct log_wanted *w, struct str text)
{
    return set_bool(text, &w->o.iso_date);
}

static bool
set_hides_data(struct log_wanted *w, struct str text)
{
    return set_bool(text, &w->o.hides_data);
}

static bool
set_copies(struct log_wanted *w, struct str text)
{
    return set_bool(text, &w->copies_streams);
}

static bool
set_new_logs(struct log_wanted *w, struct str text)
{
    return set_bool(text, &w->o.new_logs_on_start);
}

static bool
set_max_size(struct log_wanted *w, struct str text)
{
    uint64_t n;

    if (!str_to_u64(text, &n) || n > 2000000)
        return false;
    w->o.max_file_bytes = n * 1024 * 1024;
    return true;
}

static bool
set_max_files(struct log_wanted *w, struct str text)
{
    uint64_t n;

    if (!str_to_u64(text, &n) || n > 100000)
        return false;
    w->o.max_files = (uint32_t)n;
    return true;
}

/* Once a day, when only the time is given. */
static bool
set_roll_start(struct log_wanted *w, struct str text)
{
    if (!log_file_roll_minute(text, &w->o.roll_minute))
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
set_roll_interval(struct log_wanted *w, struct str text)
{
    uint64_t minutes;

    if (!set_minutes(text, &minutes) || minutes == 0)
        return false;
    w->o.roll_interval_minutes = (uint32_t)minutes;
    return true;
}

static bool
set_ffdc_age(struct log_wanted *w, struct str text)
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
not_understood(struct log_wanted *w, const char *name, struct str text)
{
    buf_printf(&w->bad, "%s%s has the value \"" STR_FMT "\"" STR_FMT,
               w->bad.n > 0 ? "; " : "", name, STR_ARG(str_sub(text, 0, 100)),
               STR_ARG(w->place));
}

static void
use_text(struct log_wanted *w, const struct row *row, const char *name,
         struct str text)
{
    text = str_trim(text);
    if (text.n > 0 && !row->set(w, text))
        not_understood(w, name, text);
}

static void
from_texts(struct log_wanted *w, const struct settings *s)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char property[96];

        snprintf(property, sizeof property, "com.ibm.ws.logging.%s",
                 rows[i].property);
        w->place = STR(" (environment)");
        if (rows[i].env != NULL)
            use_text(w, &rows[i], rows[i].env, str_of(getenv(rows[i].env)));
        w->place = STR(" (bootstrap.properties)");
        use_text(w, &rows[i], property, pairs_get(&s->bootstrap, property));
    }
}

/* ---- <logging> ---- */

/* Was it written? Its place is then the one of what is said of it. */
static bool
is_given(struct log_wanted *w, const struct cfg_logging *l, const char *name,
         enum log_place place)
{
    if (!cfg_is_written(&l->node, name))
        return false;
    w->place = cfg_where(&l->node, name, STR(""), w->places[place]);
    return true;
}

static void
from_names(struct log_wanted *w, const struct cfg_logging *l)
{
    if (is_given(w, l, "logDirectory", PLACE_FOLDER) &&
        !set_folder(w, l->log_directory))
        not_understood(w, "logDirectory", l->log_directory);
    if (is_given(w, l, "messageFileName", PLACE_FILE) &&
        !set_message_name(w, l->message_file_name))
        not_understood(w, "messageFileName", l->message_file_name);
    if (is_given(w, l, "traceFileName", PLACE_TRACE) &&
        !set_trace_name(w, l->trace_file_name))
        not_understood(w, "traceFileName", l->trace_file_name);
    if (is_given(w, l, "traceSpecification", PLACE_SPEC))
        IGNORE(set_trace_spec(w, l->trace_specification));
    if (is_given(w, l, "jsonFieldMappings", PLACE_MAPPINGS))
        IGNORE(set_mappings(w, l->json_field_mappings));
    if (is_given(w, l, "messageFormat", PLACE_OTHER))
        IGNORE(set_message_format(w, l->message_format));
    if (is_given(w, l, "consoleFormat", PLACE_OTHER))
        IGNORE(set_console_format(w, l->console_format));
    if (is_given(w, l, "traceFormat", PLACE_OTHER))
        IGNORE(set_trace_format(w, l->trace_format));
    if (is_given(w, l, "jsonAccessLogFields", PLACE_OTHER) &&
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
from_numbers(struct log_wanted *w, const struct cfg_logging *l)
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
    if (is_given(w, l, "rolloverStartTime", PLACE_OTHER) &&
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
from_tree(struct log_wanted *w, const struct cfg_tree *tree)
{
    const struct cfg_logging *l = CFG_ONE(tree, logging);

    from_names(w, l);
    from_numbers(w, l);
    if (cfg_is_written(&l->node, "hideMessage"))
        w->o.n_hide = 0;
    for (size_t i = 0; i < l->hide_message.n && i < LOG_HIDDEN_MAX; i++)
        w->hidden[w->o.n_hide++] = l->hide_message.v[i].p;
    w->o.hide = w->hidden;
}

enum err
log_wanted_new(const struct settings *s, const struct cfg_tree *tree,
               struct log_wanted **out, struct err_info *why)
{
    struct log_wanted *w = calloc(1, sizeof *w);

    if (w == NULL)
        return err_set(why, ERR_MEMORY, "no storage for the logs");
    buf_init(&w->bad, 16384);
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
    *out = w;
    return ERR_OK;
}

void
log_wanted_free(struct log_wanted **at)
{
    if (*at != NULL)
        buf_fini(&(*at)->bad);
    free(*at);
    *at = NULL;
}
