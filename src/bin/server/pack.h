/*
 * Archives of files: zip (and jar), tar, tar.gz. Written under another name
 * beside the target and renamed when complete, so that nobody sees half of one.
 */
#ifndef SALLYPORT_BIN_SERVER_PACK_H
#define SALLYPORT_BIN_SERVER_PACK_H

#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"

enum pack_kind { PACK_ZIP, PACK_TAR, PACK_TAR_GZ };

struct pack;

/* By the name's end: .zip, .jar, .tar, .tar.gz; false: another one. */
bool pack_kind_of(struct str path, enum pack_kind *out);

/* head: text in front of a zip, which makes it a program; NULL: none. */
MUST_CHECK enum err pack_open(const char *path, enum pack_kind,
                              const char *head, struct pack **out,
                              struct err_info *why);
/* Names have no slash at the front. */
MUST_CHECK enum err pack_text(struct pack *, const char *name, struct str text,
                              mode_t mode, struct err_info *why);
MUST_CHECK enum err pack_file(struct pack *, const char *name, const char *path,
                              struct err_info *why);
/*
 * A folder with all ordinary files below it, but for the archive itself; links
 * are followed, so that it is complete. A missing folder is none. `wanted` gets
 * the path below the folder (NULL: all).
 */
MUST_CHECK enum err pack_tree(struct pack *, const char *name,
                              const char *folder,
                              bool (*wanted)(void *arg, const char *below),
                              void *arg, struct err_info *why);
/* Complete it. On failure nothing is left behind. */
MUST_CHECK enum err pack_finish(struct pack **, struct err_info *why);
void pack_abandon(struct pack **);

#endif
