/*
 * Where a server says what happens: messages.log, the console, trace.log and
 * first-failure data, in Liberty's formats. Any thread.
 * Source: Liberty, logging and trace.
 */
#ifndef SALLYPORT_AUDIT_MESSAGES_LOG_H
#define SALLYPORT_AUDIT_MESSAGES_LOG_H

#include "audit/ffdc.h"
#include "audit/log_format.h"
#include "audit/trace_spec.h"
#include "base/err.h"
#include "base/msg.h"
#include "base/str.h"

struct messages_log;

enum messages_level { /* what the console shows */
                      MESSAGES_INFO,
                      MESSAGES_AUDIT,
                      MESSAGES_WARNING,
                      MESSAGES_ERROR,
                      MESSAGES_OFF,
};

struct messages_log_options {
    const char *folder;             /* made when missing */
    const char *file_name;          /* "messages.log" */
    const char *trace_name;         /* "trace.log"; "stdout" */
    enum log_format format;         /* SIMPLE, TBASIC, JSON */
    enum log_format console_format; /* DEV, SIMPLE, TBASIC, JSON */
    enum log_format trace_format;   /* ENHANCED, BASIC, TBASIC... */
    unsigned message_sources;       /* bits, for JSON */
    unsigned console_sources;       /* bits */
    struct str trace_spec;          /* "*=info" */
    struct str mappings;            /* jsonFieldMappings */
    bool access_as_formatted;       /* jsonAccessLogFields="logFormat" */
    uint64_t max_file_bytes;        /* 20 MB; 0 = never rolled */
    uint32_t max_files;             /* 2; 0 = all are kept */
    int roll_minute;                /* of the day */
    uint32_t roll_interval_minutes; /* 0: not by time */
    uint64_t max_ffdc_age_ms;       /* 0: kept */
    bool iso_date;                  /* isoDateFormat */
    bool new_logs_on_start;         /* an old file is rolled at open */
    bool hides_data;                /* suppressSensitiveTrace */
    enum messages_level console;    /* AUDIT */
    int console_out;                /* AUDIT..WARNING; -1 none */
    int console_err;                /* for ERROR */
    const char *const *header;      /* lines of the header block */
    size_t n_header;
    const char *const *hide; /* ids that go to trace.log alone */
    size_t n_hide;
    /* Behind what is said of a setting that is none: " (server.xml:2:10)". */
    struct messages_places {
        struct str folder, file_name, trace_name, trace_spec, mappings;
    } places;
    const char *host, *user_dir, *server; /* JSON */
    /* Each message also as "<id>: <text>"; NULL: nowhere. For WTOs. */
    void (*copy)(void *arg, const char *id, struct str line);
    void *arg;
};

void messages_log_defaults(struct messages_log_options *);
MUST_CHECK enum err messages_log_open(const struct messages_log_options *,
                                      struct messages_log **out,
                                      struct err_info *why);
/* What a new configuration says; files stay open unless their names differ.
 * A trace specification that is none leaves the one in use, and is told. */
MUST_CHECK enum err messages_log_update(struct messages_log *,
                                        const struct messages_log_options *,
                                        struct err_info *why);
void messages_log_close(struct messages_log **);
/*
 * What open and update would find wrong with these options; nothing is opened.
 * say: each setting that would be ignored (SPT0411W). Not ERR_OK: they would be
 * refused.
 */
MUST_CHECK enum err messages_log_check(const struct messages_log_options *,
                                       void (*say)(void *arg, struct str what),
                                       void *arg, struct err_info *why);
/* A log without files: `take` gets each message. For checks of what a start
 * would say. */
MUST_CHECK enum err messages_log_collect(void (*take)(void *arg, const char *id,
                                                      struct str text),
                                         void *arg, struct messages_log **out,
                                         struct err_info *why);
/* About once a second: files roll over when their time has come. */
void messages_log_tick(struct messages_log *);

/* A catalogue message (base/msg.h). `logger` is the component's name in the
 * 60 columns, such as "com.ibm.ws.kernel.feature.internal.FeatureManager". */
void messages_log_msg(struct messages_log *, const char *logger, const char *id,
                      const struct str *inserts, size_t n_inserts);
#define MESSAGES_LOG(log, logger, id, ...)                                     \
    messages_log_msg((log), (logger), (id), MSG_INSERTS(__VA_ARGS__),          \
                     sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str))
#define MESSAGES_LOG0(log, logger, id)                                         \
    messages_log_msg((log), (logger), (id), NULL, 0)
/* The same with the text already made (config.h's callback). The level is the
 * id's last letter. */
void messages_log_text(struct messages_log *, const char *logger,
                       const char *id, struct str text);
/* A line that the program itself wrote: SystemOut or SystemErr. False: it
 * comes from within this log and is not taken. */
bool messages_log_system(struct messages_log *, bool is_error, struct str line);

/* ---- requests (source accessLog) ---- */

/* Whether a JSON log shows requests, and with which members. */
enum messages_access {
    MESSAGES_ACCESS_NONE,
    MESSAGES_ACCESS_DEFAULT,   /* those of the original's default */
    MESSAGES_ACCESS_FORMATTED, /* those that logFormat names */
};
enum messages_access messages_log_access_mode(const struct messages_log *);
/* Waits for the disk: not on a loop. */
void messages_log_access(struct messages_log *, uint64_t wall_ms,
                         const struct log_member *, size_t n);

/* ---- trace ---- */

/* Cheap when nothing is traced. */
bool messages_log_traces(struct messages_log *, const char *logger,
                         enum trace_level);
/* A trace entry; at TRACE_FINER a text that begins with Entry or Exit is one.
 * Text never holds a secret; has_data: it holds what a peer sent, and is left
 * out under suppressSensitiveTrace. */
void messages_log_trace(struct messages_log *, const char *logger,
                        enum trace_level, const char *method, bool has_data,
                        const char *fmt, ...) PRINTF_LIKE(6, 7);
#define MESSAGES_TRACE(log, logger, level, method, ...)                        \
    do {                                                                       \
        if (messages_log_traces((log), (logger), (level)))                     \
            messages_log_trace((log), (logger), (level), (method), false,      \
                               __VA_ARGS__);                                   \
    } while (0)
#define MESSAGES_TRACE_DATA(log, logger, level, method, ...)                   \
    do {                                                                       \
        if (messages_log_traces((log), (logger), (level)))                     \
            messages_log_trace((log), (logger), (level), (method), true,       \
                               __VA_ARGS__);                                   \
    } while (0)
/* Change what is traced, until the next configuration says otherwise: p NULL
 * is what the configuration says. TRAS0018I is written. */
MUST_CHECK enum err messages_log_set_trace(struct messages_log *,
                                           struct str spec,
                                           struct err_info *why);

/* ---- first-failure data ---- */

/* The first of its kind is written and said (FFDC1015I), others are counted. */
void messages_log_ffdc(struct messages_log *, const struct ffdc_incident *);

#endif
