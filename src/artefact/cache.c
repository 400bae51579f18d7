#include "artefact/cache.h"

#include "artefact/image_wire.h"
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/table.h"

void
archive_digest(struct str archive, uint8_t out[IMAGE_DIGEST_BYTES])
{
    unsigned n = 0;

    REQUIRE(EVP_Digest(archive.p, archive.n, out, &n, EVP_sha256(), NULL) ==
                1 &&
            n == IMAGE_DIGEST_BYTES);
}

#define HEX_BYTES (2u * IMAGE_DIGEST_BYTES)
#define SUFFIX ".img"

/* Everything an image depends on except the services of an API, which the
 * image itself lists. */
static void
image_key(const struct image_source *source, char hex[HEX_BYTES + 1])
{
    const struct compile_options *o = source->options;
    uint8_t digest[IMAGE_DIGEST_BYTES];
    struct buf key;

    buf_init(&key, 256);
    buf_u32(&key, IMAGE_FORMAT);
    buf_u32(&key, source->kind);
    buf_add(&key, str_n(source->digest, sizeof source->digest));
    buf_u32(&key, o->ccsid);
    buf_u8(&key, o->has_abi);
    if (o->has_abi) {
        buf_u8(&key, (uint8_t)o->abi.kind);
        buf_u8(&key, (uint8_t)o->abi.sign);
        buf_u32(&key, o->abi.ccsid);
        buf_u8(&key, o->abi.odo_slides);
    }
    archive_digest(buf_view(&key), digest);
    buf_fini(&key);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static enum err
image_path(const char *workarea, const struct image_source *source,
           char out[4096], struct err_info *why)
{
    char hex[HEX_BYTES + 1];

    image_key(source, hex);
    if (snprintf(out, 4096, "%s/%s" SUFFIX, workarea, hex) >= 4096)
        return err_set(why, ERR_LIMIT, "%s: path too long", workarea);
    return ERR_OK;
}

bool
image_is_joined(const struct image *image,
                const struct compile_options *options)
{
    const struct image_info *info = image_info(image);

    if (info->kind != IMAGE_API)
        return true;
    for (size_t i = 0; i < info->n_services; i++) {
        const struct compile_service *now =
            compile_service_find(options, info->services[i].name);

        if (now == NULL || memcmp(now->digest, info->services[i].digest,
                                  sizeof now->digest) != 0)
            return false;
    }
    return true;
}

enum err
image_find(const char *workarea, const struct image_source *source,
           bool must_sum, struct image **out, struct err_info *why)
{
    struct image *image = NULL;
    char path[4096];
    enum err e = image_path(workarea, source, path, why);

    if (e != ERR_OK)
        return e;
    if (image_load(path, must_sum, &image, NULL) == ERR_OK &&
        image_info(image)->kind == source->kind &&
        memcmp(image_info(image)->digest, source->digest,
               sizeof source->digest) == 0 &&
        image_is_joined(image, source->options)) {
        *out = image;
        return ERR_OK;
    }
    image_free(&image);
    return err_set(why, ERR_NOT_FOUND, "%s: there is no such image", path);
}

enum err
image_store(const char *workarea, const struct image_source *source,
            struct str bytes, struct err_info *why)
{
    char path[4096];
    enum err e = image_path(workarea, source, path, why);

    return e == ERR_OK ? file_replace(path, bytes, 0640, why) : e;
}

enum err
image_stored(const char *workarea, const struct image_source *source,
             struct image **out, struct err_info *why)
{
    char path[4096];
    enum err e = image_path(workarea, source, path, why);

    return e == ERR_OK ? image_load(path, false, out, why) : e;
}

enum err
image_make(const char *workarea, const struct image_source *source,
           struct str archive, struct image **out, struct err_info *why)
{
    struct buf bytes;
    enum err e;

    buf_init(&bytes, IMAGE_BYTES_MAX);
    e = image_compile_confined(source->kind, archive, source->options, &bytes,
                               why);
    if (e == ERR_OK)
        e = image_store(workarea, source, buf_view(&bytes), why);
    buf_fini(&bytes);
    return e == ERR_OK ? image_stored(workarea, source, out, why) : e;
}

/* ---- what nobody needs any more ---- */

/* key SUFFIX, or key SUFFIX "." process ".new" (file_replace) */
static bool
is_ours(struct str name, bool *is_whole)
{
    struct str rest = str_sub(name, HEX_BYTES, name.n);

    for (size_t i = 0; i < HEX_BYTES && i < name.n; i++)
        if (!(name.p[i] >= '0' && name.p[i] <= '9') &&
            !(name.p[i] >= 'a' && name.p[i] <= 'f'))
            return false;
    *is_whole = str_eq_z(rest, SUFFIX);
    return *is_whole ||
           (str_starts(rest, STR(SUFFIX ".")) && str_ends(rest, STR(".new")));
}

static bool
is_young(int folder, const char *name, uint64_t now_ms)
{
    struct stat st;
    uint64_t changed_ms;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return true;
    changed_ms = (uint64_t)st.st_mtim.tv_sec * 1000 +
                 (uint64_t)st.st_mtim.tv_nsec / 1000000;
    return now_ms < changed_ms || now_ms - changed_ms < IMAGE_YOUNG_MS;
}

static size_t
sweep(DIR *folder, const struct table *used, uint64_t now_ms)
{
    struct dirent *entry;
    size_t n = 0;

    while ((entry = readdir(folder)) != NULL) {
        struct str name = str_of(entry->d_name);
        bool is_whole;

        if (!is_ours(name, &is_whole) ||
            (is_whole &&
             table_get(used, str_sub(name, 0, HEX_BYTES)) != NULL) ||
            is_young(dirfd(folder), entry->d_name, now_ms))
            continue;
        n += unlinkat(dirfd(folder), entry->d_name, 0) == 0;
    }
    return n;
}

size_t
image_sweep(const char *workarea, const struct image_source *used,
            size_t n_used, uint64_t now_ms)
{
    DIR *folder = opendir(workarea);
    bool is_known = folder != NULL;
    struct table keys;
    size_t n = 0;

    table_init(&keys);
    for (size_t i = 0; is_known && i < n_used; i++) {
        char hex[HEX_BYTES + 1];

        image_key(&used[i], hex);
        is_known = table_put(&keys, str_of(hex), &keys, NULL);
    }
    if (is_known)
        n = sweep(folder, &keys, now_ms);
    if (folder != NULL)
        closedir(folder);
    table_fini(&keys);
    return n;
}
