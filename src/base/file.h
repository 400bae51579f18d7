/*
 * Files and the system image. SALLYPORT_ROOT is one image ("the LPAR"); by
 * default /var/lib/sallyport for root, else $XDG_STATE_HOME/sallyport.
 */
#ifndef SALLYPORT_BASE_FILE_H
#define SALLYPORT_BASE_FILE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Append the whole file to `out` (its max applies: ERR_LIMIT). */
MUST_CHECK enum err file_read(const char *path, struct buf *out,
                              struct err_info *why);
/* The same for a file in a folder that is somebody else's: an ordinary file
 * only, no link (a privileged reader would be led astray), no pipe (it would
 * wait). ERR_NOT_FOUND otherwise. */
MUST_CHECK enum err file_read_plain(const char *path, struct buf *out,
                                    struct err_info *why);
/* Write beside and rename, with fsync: the old file stays on any failure. */
MUST_CHECK enum err file_write_atomic(const char *path, struct str content,
                                      mode_t mode, struct err_info *why);
/* The same without fsync, for what can be made again: after a crash of the
 * system the file may be torn. */
MUST_CHECK enum err file_replace(const char *path, struct str content,
                                 mode_t mode, struct err_info *why);
/* Make the directory and its missing parents; existing ones are left alone. */
MUST_CHECK enum err dir_make(const char *path, mode_t mode,
                             struct err_info *why);
/* Could dir_make make it, and this user then files in it? Nothing is made. */
MUST_CHECK enum err dir_check(const char *path, struct err_info *why);
/* Remove a file or a whole tree; missing is fine. Never follows links. */
MUST_CHECK enum err tree_remove(const char *path, struct err_info *why);

/* dir + "/" + name; NULL without storage. */
char *path_join(struct arena *, struct str dir, struct str name);
/* "\" to "/", "//" to "/", "." and ".." resolved as text; NULL w/o storage. */
char *path_normalise(struct arena *, struct str path);

/* The image's root, absolute, without trailing slash. Read once. */
const char *root_dir(void);
/* printf path below the root: root_path(&a, "spool/%s", job). */
char *root_path(struct arena *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Let this process hold as many descriptors as the system allows (65536 at
 * most), or again only the 1024 that programs expect. */
void file_limit_raise(void);
void file_limit_lower(void);

/* uids of our own processes in root mode, the angel's four, the TLS engine's
 * and the PKCS#11 module's: never a user's. */
#define UID_OWN_FIRST 60000u
#define UID_TTLS 60004u
#define UID_TOKEN 60005u
#define UID_OWN_LAST 60005u

/* True when this image is owned by one ordinary Linux user (private
 * mode), not by root. */
bool root_is_private(void);

#endif
