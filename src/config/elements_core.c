/* featureManager, config, logging and their like. */
#include "config/registry.h"

#include <limits.h>

static const char *const console_level_words[] = { "INFO",  "AUDIT", "WARNING",
                                                   "ERROR", "OFF",   NULL };
static const char *const console_format_words[] = { "DEV", "SIMPLE", "JSON",
                                                    "TBASIC", NULL };
static const char *const message_format_words[] = { "SIMPLE", "JSON", "TBASIC",
                                                    NULL };
static const char *const trace_format_words[] = { "ENHANCED", "BASIC", "TBASIC",
                                                  "ADVANCED", NULL };

static const char *const source_words[] = { "message", "trace", "accessLog",
                                            "ffdc",    "audit", NULL };

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_feature_manager, __VA_ARGS__)
static const struct cfg_attr feature_manager_attrs[] = {
    ATTR(LIST, features, "feature", "", "A feature to install."),
    ATTR(ENUM, on_error, "onError", "WARN", cfg_on_error_words,
         "What an unknown feature does: WARN, FAIL or IGNORE."),
};
#undef ATTR
CFG_TYPE(feature_manager, "featureManager", CFG_SINGLETON,
         .help = "The features the server runs.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_update, __VA_ARGS__)
static const struct cfg_attr update_attrs[] = {
    ATTR(DURATION, monitor_interval_ms, "monitorInterval", "500ms", CFG_MS,
         "How often the files are looked at when updateTrigger is polled; 0 is "
         "never. Less than 10 ms counts as 10."),
    ATTR(ENUM, update_trigger, "updateTrigger", "polled", cfg_trigger_words,
         "What makes the server read its configuration again: polled, mbean "
         "(MODIFY ...,REFRESH,CONFIG) or disabled."),
    ATTR(ENUM, on_error, "onError", "WARN", cfg_on_error_words,
         "What a configuration error does: WARN, FAIL or IGNORE."),
};
#undef ATTR
CFG_TYPE(update, "config", CFG_SINGLETON,
         .help = "How configuration changes are noticed and errors handled.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_logging, __VA_ARGS__)
static const struct cfg_attr logging_attrs[] = {
    ATTR(WORD, console_format, "consoleFormat", "DEV", console_format_words,
         "Form of console lines: DEV, SIMPLE, JSON or TBASIC."),
    ATTR(ENUM, console_log_level, "consoleLogLevel", "AUDIT",
         console_level_words, "The least level the console shows."),
    ATTR(LIST_OF, console_source, "consoleSource", "message", source_words,
         "What JSON on the console shows."),
    ATTR(STRING, message_file_name, "messageFileName", "messages.log",
         "Name of the messages file."),
    ATTR(WORD, message_format, "messageFormat", "SIMPLE", message_format_words,
         "Form of its lines: SIMPLE, JSON or TBASIC."),
    ATTR(LIST_OF, message_source, "messageSource", "message", source_words,
         "What JSON in the messages file shows."),
    ATTR(STRING, json_field_mappings, "jsonFieldMappings", "",
         "[source:]old:new,... renames members of JSON lines; an empty new "
         "name leaves the member out."),
    ATTR(STRING, json_access_log_fields, "jsonAccessLogFields", "default",
         "Members of JSON access lines: default or logFormat."),
    ATTR(BOOL, apps_write_json, "appsWriteJson", "false",
         "JSON that programs write goes out as it is."),
    ATTR(BOOL, stack_trace_single_entry, "stackTraceSingleEntry", "false",
         "A stack trace is one entry."),
    ATTR(STRING, rollover_start_time, "rolloverStartTime", "",
         "HH:MM at which logs roll over first."),
    ATTR(DURATION_FROM, rollover_interval_ms, "rolloverInterval", "-1", CFG_M,
         -1, "Time between rolling logs over; -1 is by size alone."),
    ATTR(DURATION_FROM, max_ffdc_age_ms, "maxFfdcAge", "-1", CFG_M, -1,
         "Age at which first-failure files are deleted; -1 keeps them."),
    ATTR(STRING, trace_file_name, "traceFileName", "trace.log",
         "Name of the trace file; stdout is special."),
    ATTR(WORD, trace_format, "traceFormat", "ENHANCED", trace_format_words,
         "Form of trace lines."),
    ATTR(STRING, trace_specification, "traceSpecification", "*=info",
         "Which components trace at which level."),
    ATTR(INT, max_file_mb, "maxFileSize", "20", 0, 2000000,
         "Size in MB at which a log rolls over; 0 never."),
    ATTR(INT, max_files, "maxFiles", "2", 0, 100000,
         "Log files kept, the current one included; 0 keeps all."),
    ATTR(PATH, log_directory, "logDirectory", "${server.output.dir}/logs",
         "Folder of the logs."),
    ATTR(LIST, hide_message, "hideMessage", "",
         "Message ids that are not written to messages.log."),
    ATTR(BOOL, iso_date_format, "isoDateFormat", "false",
         "ISO 8601 dates in the logs."),
    ATTR(BOOL, suppress_sensitive_trace, "suppressSensitiveTrace", "false",
         "Leave untyped data out of traces."),
    ATTR(BOOL, copy_system_streams, "copySystemStreams", "true",
         "Write standard output and error to the console too."),
    ATTR(BOOL, new_logs_on_start, "newLogsOnStart", "true",
         "Roll old logs when the server starts."),
};
#undef ATTR
CFG_TYPE(logging, "logging", CFG_SINGLETON,
         .help = "Where messages go and in which form.");

#define ATTR(kind, ...)                                                        \
    CFG_ATTR_##kind(struct cfg_application_monitor, __VA_ARGS__)
static const struct cfg_attr application_monitor_attrs[] = {
    ATTR(ENUM, update_trigger, "updateTrigger", "polled", cfg_trigger_words,
         "What makes the server look for changed applications."),
    ATTR(BOOL, dropins_enabled, "dropinsEnabled", "true",
         "Watch the dropins folder."),
    ATTR(STRING, dropins, "dropins", "dropins", "Its name."),
    ATTR(DURATION, polling_rate_ms, "pollingRate", "500ms", CFG_MS,
         "How often, when polled."),
};
#undef ATTR
CFG_TYPE(application_monitor, "applicationMonitor", CFG_SINGLETON,
         .help = "Accepted for compatibility: there are no applications.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_zos_logging, __VA_ARGS__)
static const struct cfg_attr zos_logging_attrs[] = {
    ATTR(LIST, wto_message, "wtoMessage", "",
         "Message ids copied to the operator's log and the job's."),
    ATTR(LIST, hard_copy_message, "hardCopyMessage", "",
         "Message ids copied to the operator's log only."),
};
#undef ATTR
CFG_TYPE(zos_logging, "zosLogging", CFG_SINGLETON,
         .help = "Messages that operators see.");

/* Thresholds for single servlets and SQL statements: none of these are here. */
#define OWN_TIMING                                                             \
    ATTR(DURATION_FROM, slow_ms, "slowRequestThreshold", "", CFG_MS,           \
         INT64_MIN, "From when on one is slow; else as for all."),             \
        ATTR(DURATION_FROM, hung_ms, "hungRequestThreshold", "", CFG_MS,       \
             INT64_MIN, "From when on one is hung; else as for all."),         \
        ATTR(BOOL, enable_thread_dumps, "enableThreadDumps", "true",           \
             "Diagnostic files when one is hung."),                            \
        ATTR(BOOL, interrupt_hung_requests, "interruptHungRequests", "false",  \
             "Give up one that is hung.")

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_servlet_timing, __VA_ARGS__)
static const struct cfg_attr servlet_timing_attrs[] = {
    ATTR(STRING, app_name, "appName", "", "Its application; else all."),
    ATTR(STRING, servlet_name, "servletName", "", "Its name; else all."),
    OWN_TIMING,
};
#undef ATTR
CFG_TYPE(servlet_timing, "servletTiming", CFG_NESTED,
         .help = "Thresholds of one servlet.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_jdbc_timing, __VA_ARGS__)
static const struct cfg_attr jdbc_timing_attrs[] = {
    ATTR(STRING, data_source_name, "dataSourceName", "",
         "The database; else all."),
    ATTR(STRING, query, "query", "", "The statement; else all."),
    OWN_TIMING,
};
#undef ATTR
CFG_TYPE(jdbc_timing, "jdbcTiming", CFG_NESTED,
         .help = "Thresholds of database calls.");

#define ATTR(kind, ...) CFG_ATTR_##kind(struct cfg_request_timing, __VA_ARGS__)
static const struct cfg_attr request_timing_attrs[] = {
    ATTR(DURATION_FROM, slow_ms, "slowRequestThreshold", "10s", CFG_MS,
         INT64_MIN,
         "From when on a request is slow: TRAS0112W; 0 or less is never."),
    ATTR(DURATION_FROM, hung_ms, "hungRequestThreshold", "10m", CFG_MS,
         INT64_MIN,
         "From when on a request is hung: TRAS0114W, TRAS0115W at its end; 0 "
         "or less is never."),
    ATTR(INT, sample_rate, "sampleRate", "1", 1, INT_MAX,
         "Of how many requests one is watched for being slow."),
    ATTR(BOOL, include_context_info, "includeContextInfo", "true",
         "Method and path, and what a request waits for, in the messages."),
    ATTR(BOOL, enable_thread_dumps, "enableThreadDumps", "true",
         "Three diagnostic files, a minute apart, when a request is hung."),
    ATTR(BOOL, interrupt_hung_requests, "interruptHungRequests", "false",
         "Give up what a hung request waits for and answer 503."),
    ATTR(CHILDREN, servlets, n_servlets, servlet_timing, "servletTiming",
         "Thresholds of single servlets."),
    ATTR(CHILDREN, jdbc, n_jdbc, jdbc_timing, "jdbcTiming",
         "Thresholds of database calls."),
};
#undef ATTR
CFG_TYPE(request_timing, "requestTiming", CFG_SINGLETON,
         .help = "Slow and hung requests, with feature requestTiming-1.0.");
