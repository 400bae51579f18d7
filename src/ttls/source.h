/*
 * Files that the agent is pointed at. A data set //'HLQ.NAME(MEMBER)' is
 * datasets/HLQ.NAME/MEMBER of the image; an absolute path is looked for below
 * the image's root first (root/etc/pagent.conf for /etc/pagent.conf), then on
 * the machine.
 */
#ifndef SALLYPORT_TTLS_SOURCE_H
#define SALLYPORT_TTLS_SOURCE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Where a name leads; ERR_SYNTAX when it is neither path nor data set. */
MUST_CHECK enum err source_path(struct arena *, struct str name, char **out,
                                struct err_info *why);
/*
 * The whole text in UTF-8. What is not UTF-8 with line ends and blanks of
 * ASCII is taken to be in the code page (IBM-1047 when none is named).
 * ERR_NOT_FOUND, ERR_IO, ERR_LIMIT, ERR_SYNTAX.
 */
MUST_CHECK enum err source_read(struct str name, struct str codepage,
                                size_t max_bytes, struct buf *out,
                                struct err_info *why);
/* The same for a path as the shell gives it. */
MUST_CHECK enum err source_read_file(const char *path, struct str codepage,
                                     size_t max_bytes, struct buf *out,
                                     struct err_info *why);

#endif
