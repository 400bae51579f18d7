/*
 * A log file that rolls over by size and by time and keeps a number of old
 * files: messages.log becomes messages_yy.MM.dd_HH.mm.ss.N.log. Not locked;
 * its owner is.
 * Source: Liberty, logging: maxFileSize, maxFiles, rolloverStartTime,
 * rolloverInterval.
 */
#ifndef SALLYPORT_AUDIT_LOG_FILE_H
#define SALLYPORT_AUDIT_LOG_FILE_H

#include "base/err.h"
#include "base/str.h"

struct log_file;

struct log_file_options {
    const char *folder; /* made when missing */
    const char *name;   /* without a slash */
    uint64_t max_bytes; /* 0: never rolled by size */
    uint32_t max_files; /* the current one included; 0: all are kept */
    int roll_minute;    /* of the day, local time, 0..1439 */
    uint32_t roll_interval_minutes; /* 0: never rolled by time */
    const char *header;             /* at the top of each file */
};

/* roll_old: what an earlier run left is rolled, not continued. */
MUST_CHECK enum err log_file_new(const struct log_file_options *, bool roll_old,
                                 uint64_t now_ms, struct log_file **out,
                                 struct err_info *why);
/* New rules; the file stays open unless folder or name differ. On failure the
 * old file and rules stay. */
MUST_CHECK enum err log_file_set(struct log_file *,
                                 const struct log_file_options *,
                                 uint64_t now_ms, struct err_info *why);
/* One write for a line; a failing disk is reported once on standard error. */
void log_file_write(struct log_file *, struct str line, uint64_t now_ms);
/* Rolls when its time has come, also without a line. Here and with each line it
 * is looked, once a second, whether the file is still the one that is open: one
 * that was removed or moved is made again. */
void log_file_tick(struct log_file *, uint64_t now_ms);
void log_file_free(struct log_file **);

/* HH:MM (rolloverStartTime) to the minute of the day. */
bool log_file_roll_minute(struct str text, int *out);
/* The next time to roll after now_ms; 0: never. */
uint64_t log_file_next_roll(int roll_minute, uint32_t interval_minutes,
                            uint64_t now_ms);
/* "21.10.18_14.50.58", local time: in names of rolled and ffdc files. */
void log_stamp(uint64_t ms, char out[24]);
/* One write; a partial one is completed, a failing one is given up. */
bool log_write_all(int fd, struct str line);

#endif
