/*
 * An archive (.sar, .aar, .ara): a zip whose names are safe. Opening checks
 * every entry once; nothing is ever written to disk under an entry's name.
 */
#ifndef SALLYPORT_ARTEFACT_ARCHIVE_H
#define SALLYPORT_ARTEFACT_ARCHIVE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define ARCHIVE_FILE_MAX ((size_t)64 << 20) /* the archive itself */
#define ARCHIVE_ENTRIES_MAX 4096u
#define ARCHIVE_INFLATED_MAX ((size_t)64 << 20) /* all entries together */
#define ARCHIVE_NAME_MAX 1024u

struct archive;

/*
 * `bytes` is borrowed until archive_free. Names are normalised: "\" becomes
 * "/", "./" is dropped.
 *
 * ERR_SYNTAX       not a zip; the entry's name and the reason
 * ERR_DENIED       "..", absolute path, drive letter, control character,
 *                  link: the entry's name and the reason
 * ERR_EXISTS       two entries with one normalised name
 * ERR_LIMIT        one of the limits above
 * ERR_UNSUPPORTED  encrypted
 */
MUST_CHECK enum err archive_open(struct str bytes, struct archive **out,
                                 struct err_info *why);
void archive_free(struct archive **);

size_t archive_count(const struct archive *);
/* Normalised name of the i-th file (directories are not counted). */
struct str archive_name(const struct archive *, size_t i);
bool archive_has(const struct archive *, struct str name);
/*
 * One file's bytes; `name` is normalised the same way, and a leading
 * "file:///" is dropped. The result lives as long as the archive.
 * ERR_NOT_FOUND names the entry; ERR_SYNTAX damaged data; ERR_LIMIT.
 */
MUST_CHECK enum err archive_read(struct archive *, struct str name,
                                 struct str *out, struct err_info *why);

#endif
