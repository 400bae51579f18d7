#include "parse/zip.h"

#include <zip.h>

#include <stdlib.h>
#include <sys/stat.h>

struct zip_reader {
    zip_t *za;
    uint32_t n;
};

/* 1980-01-01 00:00, the first moment the format knows. */
#define ZIP_DOS_DATE 0x21
#define ZIP_DOS_TIME 0

enum err
zip_reader_open(struct str bytes, uint32_t max_entries, struct zip_reader **out,
                struct err_info *why)
{
    struct zip_reader *r;
    zip_source_t *source;
    zip_int64_t n;
    zip_error_t ze;

    if (bytes.n > ZIP_BYTES_MAX)
        return err_set(why, ERR_LIMIT, "archive of %zu bytes, at most %zu",
                       bytes.n, ZIP_BYTES_MAX);
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    zip_error_init(&ze);
    source = zip_source_buffer_create(bytes.p, bytes.n, 0, &ze);
    if (source != NULL) {
        r->za = zip_open_from_source(source, ZIP_RDONLY, &ze);
        if (r->za == NULL)
            zip_source_free(source);
    }
    if (r->za == NULL) {
        err_set(why, ERR_SYNTAX, "not a zip archive: %s",
                zip_error_strerror(&ze));
        zip_error_fini(&ze);
        free(r);
        return ERR_SYNTAX;
    }
    zip_error_fini(&ze);
    n = zip_get_num_entries(r->za, 0);
    if (n < 0 || (zip_uint64_t)n > max_entries) {
        zip_reader_free(&r);
        return err_set(why, ERR_LIMIT, "%lld entries, at most %u", (long long)n,
                       max_entries);
    }
    r->n = (uint32_t)n;
    *out = r;
    return ERR_OK;
}

void
zip_reader_free(struct zip_reader **r)
{
    if (*r == NULL)
        return;
    zip_discard((*r)->za);
    free(*r);
    *r = NULL;
}

uint32_t
zip_reader_count(const struct zip_reader *r)
{
    return r->n;
}

/* Links and devices show in the Unix mode, kept in the upper half. */
static bool
is_regular(zip_t *za, uint32_t index, bool is_directory)
{
    zip_uint8_t system;
    zip_uint32_t attributes;

    if (zip_file_get_external_attributes(za, index, 0, &system, &attributes) !=
            0 ||
        system != ZIP_OPSYS_UNIX || (attributes >> 16 & S_IFMT) == 0)
        return true;
    return (attributes >> 16 & S_IFMT) == (is_directory ? S_IFDIR : S_IFREG);
}

enum err
zip_reader_entry(struct zip_reader *r, uint32_t index, struct zip_entry *out,
                 struct err_info *why)
{
    zip_stat_t st;

    if (zip_stat_index(r->za, index, ZIP_FL_ENC_RAW, &st) != 0 ||
        (st.valid & (ZIP_STAT_NAME | ZIP_STAT_SIZE)) !=
            (ZIP_STAT_NAME | ZIP_STAT_SIZE))
        return err_set(why, ERR_SYNTAX, "entry %u of the directory is damaged",
                       index + 1);
    out->name = str_of(st.name);
    out->n_bytes = st.size;
    out->is_directory =
        out->name.n > 0 && (out->name.p[out->name.n - 1] == '/' ||
                            out->name.p[out->name.n - 1] == '\\');
    out->is_encrypted = (st.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
                        st.encryption_method != ZIP_EM_NONE;
    out->is_regular = is_regular(r->za, index, out->is_directory);
    return ERR_OK;
}

static enum err
entry_failed(zip_error_t *ze, struct err_info *why)
{
    int code = zip_error_code_zip(ze);

    if (code == ZIP_ER_MEMORY)
        return err_set(why, ERR_MEMORY, "no storage");
    if (code == ZIP_ER_COMPNOTSUPP || code == ZIP_ER_ENCRNOTSUPP ||
        code == ZIP_ER_NOPASSWD)
        return err_set(why, ERR_UNSUPPORTED, "%s", zip_error_strerror(ze));
    return err_set(why, ERR_SYNTAX, "damaged: %s", zip_error_strerror(ze));
}

enum err
zip_reader_read(struct zip_reader *r, uint32_t index, size_t max_bytes,
                struct arena *arena, struct str *out, struct err_info *why)
{
    struct zip_entry entry;
    enum err e = zip_reader_entry(r, index, &entry, why);
    zip_file_t *file;
    zip_int64_t got;
    size_t n = 0;
    char *p, extra;

    if (e != ERR_OK)
        return e;
    if (entry.n_bytes > max_bytes)
        return err_set(why, ERR_LIMIT, "%llu bytes, at most %zu",
                       (unsigned long long)entry.n_bytes, max_bytes);
    p = arena_alloc(arena, (size_t)entry.n_bytes + 1);
    if (p == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    file = zip_fopen_index(r->za, index, 0);
    if (file == NULL)
        return entry_failed(zip_get_error(r->za), why);
    while (n < entry.n_bytes &&
           (got = zip_fread(file, p + n, entry.n_bytes - n)) > 0)
        n += (size_t)got;
    /* One more read: the checksum is compared at the end only. */
    got = zip_fread(file, &extra, 1);
    if (got < 0)
        e = entry_failed(zip_file_get_error(file), why);
    else if (got > 0 || n < entry.n_bytes)
        e = err_set(why, ERR_SYNTAX,
                    "damaged: size differs from the %llu bytes of the "
                    "directory",
                    (unsigned long long)entry.n_bytes);
    zip_fclose(file);
    if (e == ERR_OK) {
        p[n] = '\0';
        *out = str_n(p, n);
    }
    return e;
}

static bool
add_item(zip_t *za, const struct zip_item *item)
{
    char name[2048];
    zip_source_t *source;
    zip_int64_t index;

    if (!str_copy_z(item->name, name, sizeof name))
        return false;
    source = zip_source_buffer(za, item->content.p, item->content.n, 0);
    if (source == NULL)
        return false;
    index = zip_file_add(za, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return false;
    }
    return zip_set_file_compression(za, (zip_uint64_t)index, ZIP_CM_DEFLATE,
                                    6) == 0 &&
           zip_file_set_dostime(za, (zip_uint64_t)index, ZIP_DOS_TIME,
                                ZIP_DOS_DATE, 0) == 0;
}

static enum err
copy_source(zip_source_t *source, struct buf *out, struct err_info *why)
{
    char piece[16384];
    zip_int64_t got;

    if (zip_source_open(source) != 0)
        return err_set(why, ERR_IO, "%s",
                       zip_error_strerror(zip_source_error(source)));
    while ((got = zip_source_read(source, piece, sizeof piece)) > 0)
        buf_add(out, str_n(piece, (size_t)got));
    zip_source_close(source);
    if (got < 0)
        return err_set(why, ERR_IO, "%s",
                       zip_error_strerror(zip_source_error(source)));
    return buf_check(out, why);
}

enum err
zip_write(const struct zip_item *items, size_t n, struct buf *out,
          struct err_info *why)
{
    zip_source_t *source;
    enum err e = ERR_OK;
    zip_error_t ze;
    zip_t *za;

    zip_error_init(&ze);
    source = zip_source_buffer_create(NULL, 0, 0, &ze);
    if (source == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    za = zip_open_from_source(source, ZIP_TRUNCATE, &ze);
    if (za == NULL) {
        zip_source_free(source);
        return err_set(why, ERR_IO, "%s", zip_error_strerror(&ze));
    }
    zip_source_keep(source);
    for (size_t i = 0; i < n && e == ERR_OK; i++)
        if (!add_item(za, &items[i]))
            e = err_set(why, ERR_IO, STR_FMT ": %s", STR_ARG(items[i].name),
                        zip_strerror(za));
    if (e == ERR_OK && zip_close(za) != 0)
        e = err_set(why, ERR_IO, "%s", zip_strerror(za));
    if (e != ERR_OK)
        zip_discard(za);
    else
        e = copy_source(source, out, why);
    zip_source_free(source);
    return e;
}
