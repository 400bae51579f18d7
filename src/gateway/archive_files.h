/* The files of an archive folder: what is there, when it changed, its bytes. */
#ifndef SALLYPORT_GATEWAY_ARCHIVE_FILES_H
#define SALLYPORT_GATEWAY_ARCHIVE_FILES_H

#include "base/buf.h"
#include "base/err.h"

/* A file as it was when it was looked at. */
struct file_stamp {
    uint64_t device, node, bytes;
    int64_t changed_ns; /* of its content, as its owner may set it */
    int64_t status_ns;  /* of anything, as the system keeps it */
};

bool file_stamp_is_same(const struct file_stamp *, const struct file_stamp *);
/* "Newer time or size", which operators see as an update. */
bool file_stamp_is_touched(const struct file_stamp *,
                           const struct file_stamp *);
/* Changed so shortly before that somebody may still be writing, or may write
 * again with the same time. */
#define FILE_SETTLE_MS 1000u
bool file_stamp_is_fresh(const struct file_stamp *, uint64_t wall_ms);

struct folder_file {
    char *name; /* owned */
    struct file_stamp stamp;
};
struct folder_files {
    struct folder_file *v;
    size_t n, cap;
};
void folder_files_free(struct folder_files *);

/*
 * The ordinary files of that suffix (".aar"), by name; hidden ones are left
 * out. A folder that is missing has none. `out` is to be freed in any case.
 *
 * ERR_LIMIT   more than FOLDER_FILES_MAX
 * others      the folder cannot be read
 */
#define FOLDER_FILES_MAX 20000u
MUST_CHECK enum err folder_scan(const char *folder, const char *suffix,
                                struct folder_files *out, struct err_info *why);

/* The whole file and the stamp it had then; never waits for a pipe. */
MUST_CHECK enum err archive_file_read(const char *path, struct buf *bytes,
                                      struct file_stamp *stamp,
                                      struct err_info *why);

#endif
