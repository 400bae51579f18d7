#include "gateway/archive_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/reader.h"
#include "base/table.h"

#define MAGIC "SPINDEX\n"
#define FORMAT 1u
#define SUM_AT (sizeof MAGIC - 1 + 4)
#define SUM_END (SUM_AT + 8)
#define INDEX_BYTES_MAX ((size_t)64 << 20)
#define PATH_BYTES_MAX 4096u
#define BOOT_BYTES_MAX 63u

struct archive_index {
    struct arena arena;
    struct str boot;
    struct table by_path; /* struct archive_entry */
};

static bool
read_entry(struct archive_index *index, struct reader *in)
{
    struct archive_entry *entry =
        ARENA_NEW(&index->arena, struct archive_entry);
    uint64_t changed, status;
    struct str path, digest;

    if (entry == NULL || !reader_str(in, 1, PATH_BYTES_MAX, &path) ||
        !reader_u64(in, &entry->stamp.device) ||
        !reader_u64(in, &entry->stamp.node) ||
        !reader_u64(in, &entry->stamp.bytes) || !reader_u64(in, &changed) ||
        !reader_u64(in, &status) || !reader_u32(in, &entry->ccsid) ||
        !reader_take(in, IMAGE_DIGEST_BYTES, &digest))
        return false;
    entry->stamp.changed_ns = (int64_t)changed;
    entry->stamp.status_ns = (int64_t)status;
    memcpy(entry->digest, digest.p, IMAGE_DIGEST_BYTES);
    return table_put(&index->by_path, path, entry, NULL);
}

static bool
read_all(struct archive_index *index, struct str bytes)
{
    struct reader in = reader_of(bytes);
    uint32_t format, count;
    struct str magic, boot;
    uint64_t sum;

    if (!reader_take(&in, strlen(MAGIC), &magic) || !str_eq_z(magic, MAGIC) ||
        !reader_u32(&in, &format) || format != FORMAT ||
        !reader_u64(&in, &sum) ||
        sum != str_hash(str_sub(bytes, SUM_END, bytes.n), 0) ||
        !reader_str(&in, 0, BOOT_BYTES_MAX, &boot) || !reader_u32(&in, &count))
        return false;
    index->boot = str_dup(&index->arena, boot);
    while (count-- > 0)
        if (!read_entry(index, &in))
            return false;
    return reader_at_end(&in);
}

struct archive_index *
archive_index_parse(struct str bytes)
{
    struct archive_index *index = calloc(1, sizeof *index);

    if (index == NULL)
        return NULL;
    arena_init(&index->arena, INDEX_BYTES_MAX * 2);
    table_init(&index->by_path);
    if (!read_all(index, bytes))
        archive_index_free(&index); /* all of it or nothing */
    return index;
}

struct archive_index *
archive_index_read(const char *path)
{
    struct archive_index *index = NULL;
    struct buf bytes;

    buf_init(&bytes, INDEX_BYTES_MAX);
    if (file_read(path, &bytes, NULL) == ERR_OK)
        index = archive_index_parse(buf_view(&bytes));
    buf_fini(&bytes);
    return index;
}

void
archive_index_free(struct archive_index **index)
{
    struct archive_index *old = *index;

    *index = NULL;
    if (old == NULL)
        return;
    table_fini(&old->by_path);
    arena_fini(&old->arena);
    free(old);
}

const struct archive_entry *
archive_index_get(const struct archive_index *index, const char *path,
                  const struct file_stamp *stamp)
{
    const struct archive_entry *entry =
        index == NULL ? NULL : table_get(&index->by_path, str_of(path));

    return entry != NULL && file_stamp_is_same(&entry->stamp, stamp) ? entry
                                                                     : NULL;
}

bool
archive_index_is_of(const struct archive_index *index, struct str boot)
{
    return index != NULL && boot.n > 0 && str_eq(index->boot, boot);
}

static void
put_number(struct buf *out, size_t at, uint64_t value, unsigned n_bytes)
{
    for (unsigned i = n_bytes; i-- > 0; value >>= 8)
        out->p[at + i] = (char)value;
}

void
archive_index_begin(struct archive_index_writer *w, struct str boot)
{
    w->count = 0;
    buf_init(&w->out, INDEX_BYTES_MAX);
    buf_add_z(&w->out, MAGIC);
    buf_u32(&w->out, FORMAT);
    buf_u64(&w->out, 0); /* sum */
    buf_str(&w->out, str_sub(boot, 0, BOOT_BYTES_MAX));
    w->count_at = w->out.n;
    buf_u32(&w->out, 0); /* count */
}

void
archive_index_add(struct archive_index_writer *w, const char *path,
                  const struct archive_entry *entry)
{
    buf_str(&w->out, str_of(path));
    buf_u64(&w->out, entry->stamp.device);
    buf_u64(&w->out, entry->stamp.node);
    buf_u64(&w->out, entry->stamp.bytes);
    buf_u64(&w->out, (uint64_t)entry->stamp.changed_ns);
    buf_u64(&w->out, (uint64_t)entry->stamp.status_ns);
    buf_u32(&w->out, entry->ccsid);
    buf_add(&w->out, str_n(entry->digest, IMAGE_DIGEST_BYTES));
    w->count++;
}

struct str
archive_index_end(struct archive_index_writer *w)
{
    struct str after;

    if (w->out.failed)
        return STR("");
    put_number(&w->out, w->count_at, w->count, 4);
    after = str_sub(buf_view(&w->out), SUM_END, w->out.n);
    put_number(&w->out, SUM_AT, str_hash(after, 0), 8);
    return buf_view(&w->out);
}

void
archive_index_fini(struct archive_index_writer *w)
{
    buf_fini(&w->out);
}

struct str
archive_index_boot(char out[64])
{
    struct buf text;

    buf_init(&text, BOOT_BYTES_MAX);
    out[0] = '\0';
    if (file_read("/proc/sys/kernel/random/boot_id", &text, NULL) == ERR_OK)
        (void)!str_copy_z(str_trim(buf_view(&text)), out, 64);
    buf_fini(&text);
    return str_of(out);
}
