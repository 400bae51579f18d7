/* Compilation in a confined child, and the work area that saves doing it. */
#include "artefact/compile.h"

#include "artefact/image_wire.h"
#include "base/confine.h"
#include "base/file.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct job {
    enum image_kind kind;
    struct str archive;
    const struct compile_options *options;
};

static enum err
run_job(void *arg, struct buf *out, struct err_info *why)
{
    const struct job *job = arg;

    switch (job->kind) {
    case IMAGE_SERVICE:
        return artefact_compile_service(job->archive, job->options, out, why);
    case IMAGE_API:
        return artefact_compile_api(job->archive, job->options, out, why);
    case IMAGE_REQUESTER:
        return artefact_compile_requester(job->archive, job->options, out, why);
    }
    return err_set(why, ERR_UNSUPPORTED, "no such kind of archive");
}

enum err
image_compile_confined(enum image_kind kind, struct str archive,
                       const struct compile_options *options, struct buf *image,
                       struct err_info *why)
{
    static const struct confine_limits limits = {
        .memory_bytes = COMPILE_MEMORY_MAX,
        .seconds = COMPILE_SECONDS_MAX,
    };
    struct job job = { kind, archive, options };

    return confine_run(run_job, &job, &limits, image, why);
}

static void
sha256(struct str bytes, uint8_t out[IMAGE_DIGEST_BYTES])
{
    unsigned n = 0;

    REQUIRE(EVP_Digest(bytes.p, bytes.n, out, &n, EVP_sha256(), NULL) == 1);
}

/* Everything an image depends on except the services of an API, which the
 * image itself lists. */
static char *
image_path(struct arena *arena, const char *workarea, const struct job *job)
{
    uint8_t digest[IMAGE_DIGEST_BYTES];
    char hex[2 * IMAGE_DIGEST_BYTES + 1];
    struct buf key;

    buf_init(&key, 256);
    sha256(job->archive, digest);
    buf_u32(&key, IMAGE_FORMAT);
    buf_u32(&key, job->kind);
    buf_add(&key, str_n(digest, sizeof digest));
    buf_u32(&key, job->options->ccsid);
    buf_u8(&key, job->options->has_abi);
    if (job->options->has_abi) {
        buf_u8(&key, (uint8_t)job->options->abi.kind);
        buf_u8(&key, (uint8_t)job->options->abi.sign);
        buf_u32(&key, job->options->abi.ccsid);
        buf_u8(&key, job->options->abi.odo_slides);
    }
    sha256(buf_view(&key), digest);
    buf_fini(&key);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return str_z(arena, str_fmt(arena, "%s/%s.img", workarea, hex));
}

/* The image was made with the services as they are now. */
static bool
is_current(const struct image *image, const struct compile_options *options)
{
    const struct image_info *info = image_info(image);

    if (info->kind != IMAGE_API)
        return true;
    for (size_t i = 0; i < info->n_services; i++) {
        const struct compile_service *now = NULL;
        uint8_t digest[IMAGE_DIGEST_BYTES];

        for (size_t k = 0; k < options->n_services && now == NULL; k++)
            if (str_eq(options->services[k].name, info->services[i].name))
                now = &options->services[k];
        if (now == NULL)
            return false;
        compile_service_digest(now->sar, now->ccsid, digest);
        if (memcmp(digest, info->services[i].digest, sizeof digest) != 0)
            return false;
    }
    return true;
}

static enum err
make(const char *path, const struct job *job, struct image **out,
     struct err_info *why)
{
    struct buf bytes;
    enum err e;

    buf_init(&bytes, IMAGE_BYTES_MAX);
    e = image_compile_confined(job->kind, job->archive, job->options, &bytes,
                               why);
    if (e == ERR_OK)
        e = file_write_atomic(path, buf_view(&bytes), 0640, why);
    buf_fini(&bytes);
    return e == ERR_OK ? image_load(path, out, why) : e;
}

enum err
image_obtain(const char *workarea, enum image_kind kind, struct str archive,
             const struct compile_options *options, struct image **out,
             struct err_info *why)
{
    static const struct compile_options none;
    struct job job = { kind, archive, options == NULL ? &none : options };
    struct image *image = NULL;
    struct arena arena;
    enum err e = ERR_MEMORY;
    char *path;

    arena_init(&arena, 65536);
    path = image_path(&arena, workarea, &job);
    if (path == NULL)
        e = err_set(why, ERR_MEMORY, "no storage");
    else if (image_load(path, &image, NULL) == ERR_OK &&
             image_info(image)->kind == kind && is_current(image, job.options))
        e = ERR_OK;
    else {
        image_free(&image);
        e = dir_make(workarea, 0750, why);
        if (e == ERR_OK)
            e = make(path, &job, &image, why);
    }
    arena_fini(&arena);
    if (e == ERR_OK)
        *out = image;
    return e;
}
