/*
 * What archives held when they were last read, so that a start need not read
 * those that have not changed since: `<workarea>/archives.idx`, a cache.
 *
 *   8 magic, u32 format, u64 sum (str_hash of all after it),
 *   str boot (what the kernel calls this boot), u32 count, each:
 *   str path, u64 device, node, bytes, changed, status, u32 ccsid, 32 digest
 *
 * In the boot that wrote it no crash of the system can have torn the images it
 * was written with.
 */
#ifndef SALLYPORT_GATEWAY_ARCHIVE_INDEX_H
#define SALLYPORT_GATEWAY_ARCHIVE_INDEX_H

#include "artefact/image.h"
#include "gateway/archive_files.h"

#define ARCHIVE_INDEX_FILE "archives.idx"

struct archive_index;

/* Never fails: what is missing or damaged is empty. NULL without storage,
 * which is empty too. */
struct archive_index *archive_index_read(const char *path);
/* The same from memory, for tests. */
struct archive_index *archive_index_parse(struct str bytes);
void archive_index_free(struct archive_index **);

/* An archive as it was read, and what its image was made with. */
struct archive_entry {
    struct file_stamp stamp;
    uint32_t ccsid;
    uint8_t digest[IMAGE_DIGEST_BYTES];
};
/* NULL: the file is not known, or not with this stamp. */
const struct archive_entry *archive_index_get(const struct archive_index *,
                                              const char *path,
                                              const struct file_stamp *);
/* Was it written in this boot? NULL: no. */
bool archive_index_is_of(const struct archive_index *, struct str boot);

/* Making one: begin, add (in any number), end; then out is the file. */
struct archive_index_writer {
    struct buf out;
    size_t count_at;
    uint32_t count;
};
void archive_index_begin(struct archive_index_writer *, struct str boot);
void archive_index_add(struct archive_index_writer *, const char *path,
                       const struct archive_entry *);
/* The file, until archive_index_fini; "" without storage. */
struct str archive_index_end(struct archive_index_writer *);
void archive_index_fini(struct archive_index_writer *);

/* What the kernel calls this boot; "" when it does not say. */
struct str archive_index_boot(char out[64]);

#endif
