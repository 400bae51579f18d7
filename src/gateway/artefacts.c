#include "gateway/artefacts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "artefact/compile.h"
#include "base/file.h"
#include "base/vec.h"

#define LOGGER "com.ibm.zosconnect.internal.deploy"
#define ARCHIVE_FILE_MAX ((size_t)64 << 20)
#define ARCHIVES_MAX 20000u

/* One archive file in memory. */
struct file {
    char *name;
    struct buf bytes;
};

struct files {
    struct file *v;
    size_t n, cap;
};

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name,
                  ((const struct file *)b)->name);
}

static void
files_free(struct files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        free(files->v[i].name);
        buf_fini(&files->v[i].bytes);
    }
    VEC_FREE(files);
}

static void
refused(struct messages_log *log, const char *name, const struct err_info *why)
{
    MESSAGES_LOG(log, LOGGER, "BAQR7090E", str_of(name), str_of(why->text));
}

/* A folder that is missing has nothing deployed. */
static enum err
read_folder(const char *folder, const char *suffix, struct messages_log *log,
            struct files *out, struct err_info *why)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    enum err e = ERR_OK;

    while (dir != NULL && e == ERR_OK && (entry = readdir(dir)) != NULL) {
        struct err_info reason = { .at = 0 };
        struct file file = { .name = NULL };
        char path[4096];

        if (entry->d_name[0] == '.' ||
            !str_ends(str_of(entry->d_name), str_of(suffix)))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        buf_init(&file.bytes, ARCHIVE_FILE_MAX);
        if (file_read(path, &file.bytes, &reason) != ERR_OK) {
            refused(log, entry->d_name, &reason);
            buf_fini(&file.bytes);
            continue;
        }
        file.name = strdup(entry->d_name);
        if (file.name == NULL || out->n == ARCHIVES_MAX ||
            !VEC_PUSH(out, file)) {
            free(file.name);
            buf_fini(&file.bytes);
            e = err_set(why, ERR_LIMIT, "%s: too many archives (over %u)",
                        folder, ARCHIVES_MAX);
        }
    }
    if (dir != NULL)
        closedir(dir);
    if (out->n > 1)
        qsort(out->v, out->n, sizeof *out->v, by_name);
    return e;
}

static uint32_t
ccsid_of(const struct cfg_tree *tree, struct str service)
{
    const struct cfg_zcon_services *all = CFG_ONE(tree, zcon_services);
    uint64_t ccsid = 0;

    for (size_t i = 0; i < all->n_services; i++) {
        const struct cfg_zcon_service *s = &all->services[i];

        for (size_t k = 0; str_eq(s->name, service) && k < s->n_properties;
             k++) {
            if (str_eq_nocase_z(s->properties[k].name, "ccsid") &&
                !str_to_u64(s->properties[k].value, &ccsid))
                ccsid = 0;
        }
    }
    return ccsid <= 65535 ? (uint32_t)ccsid : 0;
}

struct loading {
    const struct cfg_tree *tree;
    const char *workarea;
    struct messages_log *log;
    struct compile_service *services; /* for APIs */
    size_t n_services;
};

static void
announce(struct messages_log *log, enum image_kind kind, const char *file,
         const struct image_info *info)
{
    if (kind == IMAGE_API) {
        MESSAGES_LOG(log, LOGGER, "BAQR7000I", info->name);
    } else if (kind == IMAGE_SERVICE) {
        MESSAGES_LOG(log, LOGGER, "BAQR7043I", info->name);
    } else {
        MESSAGES_LOG(log, LOGGER, "BAQR7100I", str_of(file));
    }
}

static enum err
load_kind(struct loading *l, enum image_kind kind, const struct files *files,
          struct image ***out, size_t *n_out, struct err_info *why)
{
    struct compile_service *services = l->services;
    struct image **images = calloc(files->n + 1, sizeof *images);

    if (images == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    *out = images;
    for (size_t i = 0; i < files->n; i++) {
        struct compile_options options = {
            .services = kind == IMAGE_API ? l->services : NULL,
            .n_services = kind == IMAGE_API ? l->n_services : 0,
        };
        struct str stem = str_of(files->v[i].name);
        struct err_info reason = { .at = 0 };
        struct image *image;

        stem.n -= 4; /* ".sar" */
        if (kind == IMAGE_SERVICE)
            options.ccsid = ccsid_of(l->tree, stem);
        if (image_obtain(l->workarea, kind, buf_view(&files->v[i].bytes),
                         &options, &image, &reason) != ERR_OK) {
            refused(l->log, files->v[i].name, &reason);
            continue;
        }
        images[(*n_out)++] = image;
        if (kind == IMAGE_SERVICE)
            services[l->n_services++] =
                (struct compile_service){ image_info(image)->name,
                                          buf_view(&files->v[i].bytes),
                                          options.ccsid };
        announce(l->log, kind, files->v[i].name, image_info(image));
    }
    return ERR_OK;
}

static bool
own_location(struct str from, struct str *to)
{
    char *copy = malloc(from.n + 1);

    if (copy == NULL)
        return false;
    if (from.n > 0)
        memcpy(copy, from.p, from.n);
    copy[from.n] = '\0';
    *to = str_n(copy, from.n);
    return true;
}

enum err
artefacts_load(const struct cfg_tree *tree, const char *workarea,
               struct messages_log *log, struct artefacts **out,
               struct err_info *why)
{
    struct loading l = { .tree = tree, .workarea = workarea, .log = log };
    struct artefacts *a = calloc(1, sizeof *a);
    struct files sar = { 0 }, aar = { 0 }, ara = { 0 };
    enum err e = ERR_MEMORY;

    if (a == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    a->refs = 1;
    if (!own_location(CFG_ONE(tree, zcon_services)->location,
                      &a->locations[0]) ||
        !own_location(CFG_ONE(tree, zcon_apis)->location, &a->locations[1]) ||
        !own_location(CFG_ONE(tree, zcon_requesters)->location,
                      &a->locations[2])) {
        e = err_set(why, ERR_MEMORY, "no storage for archives");
        goto out;
    }
    if ((e = read_folder(a->locations[0].p, ".sar", log, &sar, why)) !=
            ERR_OK ||
        (e = read_folder(a->locations[1].p, ".aar", log, &aar, why)) !=
            ERR_OK ||
        (e = read_folder(a->locations[2].p, ".ara", log, &ara, why)) !=
            ERR_OK ||
        (l.services = calloc(sar.n + 1, sizeof *l.services)) == NULL ||
        (e = load_kind(&l, IMAGE_SERVICE, &sar, &a->services, &a->n_services,
                       why)) != ERR_OK ||
        (e = load_kind(&l, IMAGE_API, &aar, &a->apis, &a->n_apis, why)) !=
            ERR_OK ||
        (e = load_kind(&l, IMAGE_REQUESTER, &ara, &a->requesters,
                       &a->n_requesters, why)) != ERR_OK)
        goto out;
    *out = a;
    a = NULL;
out:
    artefacts_unref(&a);
    free(l.services);
    files_free(&sar);
    files_free(&aar);
    files_free(&ara);
    return e;
}

struct artefacts *
artefacts_ref(struct artefacts *a)
{
    __atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
    return a;
}

static void
free_images(struct image **images, size_t n)
{
    for (size_t i = 0; i < n; i++)
        image_free(&images[i]);
    free(images);
}

void
artefacts_unref(struct artefacts **a)
{
    struct artefacts *old = *a;

    *a = NULL;
    if (old == NULL || __atomic_sub_fetch(&old->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    free_images(old->services, old->n_services);
    free_images(old->apis, old->n_apis);
    free_images(old->requesters, old->n_requesters);
    for (size_t i = 0; i < ARRAY_LEN(old->locations); i++)
        free((void *)(uintptr_t)old->locations[i].p);
    free(old);
}

bool
artefacts_are_of(const struct artefacts *a, const struct cfg_tree *tree)
{
    return str_eq(a->locations[0], CFG_ONE(tree, zcon_services)->location) &&
           str_eq(a->locations[1], CFG_ONE(tree, zcon_apis)->location) &&
           str_eq(a->locations[2], CFG_ONE(tree, zcon_requesters)->location);
}
