#include "artefact/cache.h"

#include "artefact/image_wire.h"
#include "base/file.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

void
archive_digest(struct str archive, uint8_t out[IMAGE_DIGEST_BYTES])
{
    unsigned n = 0;

    REQUIRE(EVP_Digest(archive.p, archive.n, out, &n, EVP_sha256(), NULL) ==
                1 &&
            n == IMAGE_DIGEST_BYTES);
}

/* Everything an image depends on except the services of an API, which the
 * image itself lists. */
static enum err
image_path(const char *workarea, const struct image_source *source,
           char out[4096], struct err_info *why)
{
    const struct compile_options *o = source->options;
    uint8_t digest[IMAGE_DIGEST_BYTES];
    char hex[2 * IMAGE_DIGEST_BYTES + 1];
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
    if (snprintf(out, 4096, "%s/%s.img", workarea, hex) >= 4096)
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
