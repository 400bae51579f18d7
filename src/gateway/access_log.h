/*
 * Access logs that never make a loop wait: lines go into a buffer in memory,
 * one thread for each file writes them, and what the JSON logs show of requests
 * (source accessLog). A disk that cannot keep up costs lines, which are counted
 * and said, never time of a request.
 */
#ifndef SALLYPORT_GATEWAY_ACCESS_LOG_H
#define SALLYPORT_GATEWAY_ACCESS_LOG_H

#include "audit/log_file.h"
#include "audit/messages_log.h"
#include "config/elements.h"
#include "gateway/access_format.h"

struct access_log;

/* The same file with the same settings is opened once and shared. messages
 * outlives it. */
MUST_CHECK enum err access_log_open(const struct cfg_access_logging *,
                                    struct messages_log *messages,
                                    struct access_log **out,
                                    struct err_info *why);
/* Whether it could be opened; nothing is. *attr: what is wrong. */
MUST_CHECK enum err access_log_check(const struct cfg_access_logging *,
                                     const char **attr, struct err_info *why);
/* Its file, texts in the arena: rolled at the interval counted from the start
 * time, once a day with that alone. A start time that is none is none. */
MUST_CHECK enum err access_log_file_options(struct arena *,
                                            const struct cfg_access_logging *,
                                            struct log_file_options *out,
                                            struct err_info *why);
struct access_log *access_log_ref(struct access_log *);
/* The last one writes what is left, waits for that and closes. Not on a loop.
 */
void access_log_unref(struct access_log **);

/* Whether this request is to be written (samplePercent). Any thread. */
bool access_log_wants(struct access_log *, unsigned status);
bool access_log_wants_local(const struct access_log *);
void access_log_write(struct access_log *, const struct access_facts *);

#endif
