/*
 * ZIP in memory, over libzip: what an archive holds, one entry's bytes, and
 * writing one. Names come out as stored; what a name means (slashes, "..",
 * duplicates) is for the caller (artefact/archive.h).
 */
#ifndef SALLYPORT_PARSE_ZIP_H
#define SALLYPORT_PARSE_ZIP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define ZIP_BYTES_MAX ((size_t)64 << 20) /* of the file itself */

struct zip_reader;

/*
 * Open; `bytes` is borrowed until zip_reader_free.
 *
 * ERR_SYNTAX  not a zip, truncated, or inconsistent directory
 * ERR_LIMIT   more than ZIP_BYTES_MAX bytes, or more than max_entries entries
 */
MUST_CHECK enum err zip_reader_open(struct str bytes, uint32_t max_entries,
                                    struct zip_reader **out,
                                    struct err_info *why);
void zip_reader_free(struct zip_reader **);

uint32_t zip_reader_count(const struct zip_reader *);

struct zip_entry {
    struct str name;  /* as stored; borrowed from the reader */
    uint64_t n_bytes; /* inflated, as the directory claims */
    bool is_directory;
    bool is_encrypted;
    bool is_regular; /* neither a link nor a device, as far as it says */
};

MUST_CHECK enum err zip_reader_entry(struct zip_reader *, uint32_t index,
                                     struct zip_entry *out,
                                     struct err_info *why);
/*
 * Inflate one entry into the arena. Never more than max_bytes are produced,
 * whatever the directory claims.
 *
 * ERR_SYNTAX       damaged data, wrong checksum, size unlike the directory's
 * ERR_UNSUPPORTED  compression method or encryption
 * ERR_LIMIT        more than max_bytes
 */
MUST_CHECK enum err zip_reader_read(struct zip_reader *, uint32_t index,
                                    size_t max_bytes, struct arena *,
                                    struct str *out, struct err_info *why);

struct zip_item {
    struct str name;
    struct str content;
};

/* Append an archive of these items, in their order, deflated, with a fixed
 * time stamp: equal items give equal bytes. */
MUST_CHECK enum err zip_write(const struct zip_item *, size_t n,
                              struct buf *out, struct err_info *why);

#endif
