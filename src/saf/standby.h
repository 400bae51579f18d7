/*
 * A database file that follows another. It begins as a copy; then each commit's
 * frames of the write-ahead log go to a log beside it before the commit is told
 * to anybody. SQLite reads copy and log as one database; a log that ends in the
 * middle of a commit ends with the commit before, so the standby is whole
 * whenever everything stops. When the log of the database begins anew, the one
 * of the standby is first brought into its file.
 *
 * A standby that cannot follow (its disk is full, it was removed) is off from
 * then on, and says why; the database in use is not affected.
 */
#ifndef SALLYPORT_SAF_STANDBY_H
#define SALLYPORT_SAF_STANDBY_H

#include "base/err.h"
#include "saf/store.h"

struct standby;

/* Off at first. The paths are copied. */
MUST_CHECK enum err standby_new(const char *primary, const char *path,
                                struct standby **out, struct err_info *why);
void standby_free(struct standby **); /* stops it */

/* Three steps, of which the second takes long and may run in a thread, while
 * the database is written: pin and follow by the thread that uses `db`, outside
 * of a transaction. */
MUST_CHECK enum err standby_pin(struct standby *, struct saf_db *db,
                                struct err_info *why);
void standby_copy(struct standby *);
/* From the other thread: the copy ends soon, the file is what it was, and
 * follow answers ERR_NOT_NOW. */
void standby_cancel(struct standby *);
MUST_CHECK enum err standby_follow(struct standby *, struct err_info *why);

/* No longer; what was committed so far is there. */
void standby_stop(struct standby *);
bool standby_is_following(const struct standby *);
/* Why it went off by itself; told once: NULL the next time. */
const char *standby_failure(struct standby *);

#endif
