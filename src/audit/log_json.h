/* JSON lines of the logs: used by log_format.c. */
#ifndef SALLYPORT_AUDIT_LOG_JSON_H
#define SALLYPORT_AUDIT_LOG_JSON_H

#include "audit/log_format.h"

void log_json(const struct log_style *, const struct log_entry *,
              struct buf *out);
/* 2021-10-18T14:50:58.159-0400 */
void log_iso_time(struct buf *out, uint64_t wall_ms);

#endif
