/*
 * The server's messages.log and console lines in Liberty's formats: one write
 * a line, any thread. Rolls over by size and keeps a number of old files.
 * Source: Liberty, logging: messages.log, its format and roll-over.
 */
#ifndef SALLYPORT_AUDIT_MESSAGES_LOG_H
#define SALLYPORT_AUDIT_MESSAGES_LOG_H

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
    const char *folder;          /* made when missing */
    const char *file_name;       /* "messages.log" */
    uint64_t max_file_bytes;     /* 20 MB; 0 = never rolled */
    uint32_t max_files;          /* 2; 0 = all are kept */
    bool iso_date;               /* isoDateFormat */
    bool new_logs_on_start;      /* true: an old file is rolled at open */
    enum messages_level console; /* AUDIT */
    int console_out;             /* descriptor for AUDIT..WARNING; -1 none */
    int console_err;             /* for ERROR */
    const char *const *header;   /* lines of the header block */
    size_t n_header;
    const char *const *hide; /* ids not written to messages.log */
    size_t n_hide;
    /* Each line also as "<id>: <text>"; NULL: nowhere. For WTOs. */
    void (*copy)(void *arg, const char *id, struct str line);
    void *arg;
};

void messages_log_defaults(struct messages_log_options *);
MUST_CHECK enum err messages_log_open(const struct messages_log_options *,
                                      struct messages_log **out,
                                      struct err_info *why);
/* Sizes, console level, hidden ids and date form of a new configuration; the
 * file stays open unless folder or file_name differ. */
MUST_CHECK enum err messages_log_update(struct messages_log *,
                                        const struct messages_log_options *,
                                        struct err_info *why);
void messages_log_close(struct messages_log **);

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

#endif
