/* What the two files of messages_log share; private to them. Everything is
 * done with the log's lock held. */
#ifndef SALLYPORT_AUDIT_MESSAGES_LOG_PRIV_H
#define SALLYPORT_AUDIT_MESSAGES_LOG_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "audit/log_file.h"
#include "audit/messages_log.h"

#define LINE_BYTES_MAX (1024u * 1024u)
#define TRACE_LOGGER "com.ibm.ws.logging.internal.TraceSpecification"

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
    char *refused_spec;     /* the last one that is none; NULL */
    char *refused_mappings; /* the same */
    bool is_overridden;     /* spec is an operator's */
    atomic_int access_mode; /* enum messages_access */
    atomic_int finest;      /* of spec, to be asked without the lock */
    uint64_t sequence;
    struct buf line; /* reused */
    /* messages_log_collect: instead of all files; or NULL */
    void (*take)(void *arg, const char *id, struct str text);
};

void messages_lock(struct messages_log *);
void messages_unlock(struct messages_log *);
/* Borrowed until the next call. */
struct str messages_formatted(struct messages_log *, enum log_format,
                              const struct log_entry *);
struct log_entry messages_entry(const char *logger, const char *id, char letter,
                                struct str text);
/* A message of the log's own. */
void messages_text(struct messages_log *, const char *logger, const char *id,
                   struct str text);
/* The trace file, which is opened when something is traced. */
MUST_CHECK enum err messages_open_trace(struct messages_log *,
                                        struct err_info *why);
/* Nothing is said when it is what was in use. */
MUST_CHECK enum err messages_use_spec(struct messages_log *, struct str text,
                                      struct err_info *why);

#endif
