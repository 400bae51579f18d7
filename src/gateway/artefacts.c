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
    struct err_info reason; /* of why there are no bytes */
    bool is_unreadable;
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
refused(struct messages_log *log, const char *name, const struct err_info *why,
        bool is_kept)
{
    char text[sizeof why->text + 64];

    (void)snprintf(text, sizeof text, "%s%s", why->text,
                   is_kept ? "; what it held before stays in use" : "");
    MESSAGES_LOG(log, LOGGER, "BAQR7090E", str_of(name), str_of(text));
}

/* A folder that is missing has nothing deployed. */
static enum err
read_folder(const char *folder, const char *suffix, struct files *out,
            struct err_info *why)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    enum err e = ERR_OK;

    while (dir != NULL && e == ERR_OK && (entry = readdir(dir)) != NULL) {
        struct file file = { .name = NULL };
        char path[4096];

        if (entry->d_name[0] == '.' ||
            !str_ends(str_of(entry->d_name), str_of(suffix)))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        buf_init(&file.bytes, ARCHIVE_FILE_MAX);
        file.is_unreadable =
            file_read(path, &file.bytes, &file.reason) != ERR_OK;
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
    const struct artefacts *before;
    struct compile_service *services; /* for APIs */
    size_t n_services;
};

/* What this file held before it could not be used; NULL: it is new. */
static struct image *
kept_image(const struct loading *l, size_t place, const char *file)
{
    const struct artefacts *a = l->before;
    struct image **const images[] = { a == NULL ? NULL : a->services,
                                      a == NULL ? NULL : a->apis,
                                      a == NULL ? NULL : a->requesters };
    const size_t n[] = { a == NULL ? 0 : a->n_services,
                         a == NULL ? 0 : a->n_apis,
                         a == NULL ? 0 : a->n_requesters };

    for (size_t i = 0; i < n[place]; i++)
        if (strcmp(a->files[place][i], file) == 0)
            return image_ref(images[place][i]);
    return NULL;
}

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

/* place: the kind's in locations and files of struct artefacts. */
static enum err
load_kind(struct loading *l, enum image_kind kind, size_t place,
          struct files *files, struct image ***out, size_t *n_out,
          char ***names, struct err_info *why)
{
    struct compile_service *services = l->services;
    struct image **images = calloc(files->n + 1, sizeof *images);

    *out = images;
    *names = calloc(files->n + 1, sizeof **names);
    if (images == NULL || *names == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    for (size_t i = 0; i < files->n; i++) {
        struct compile_options options = {
            .services = kind == IMAGE_API ? l->services : NULL,
            .n_services = kind == IMAGE_API ? l->n_services : 0,
        };
        struct file *file = &files->v[i];
        struct str stem = str_of(file->name);
        struct image *image = NULL;

        stem.n -= 4; /* ".sar" */
        if (kind == IMAGE_SERVICE)
            options.ccsid = ccsid_of(l->tree, stem);
        if (file->is_unreadable ||
            image_obtain(l->workarea, kind, buf_view(&file->bytes), &options,
                         &image, &file->reason) != ERR_OK) {
            image = kept_image(l, place, file->name);
            refused(l->log, file->name, &file->reason, image != NULL);
            if (image == NULL)
                continue;
        } else {
            if (kind == IMAGE_SERVICE)
                services[l->n_services++] =
                    (struct compile_service){ image_info(image)->name,
                                              buf_view(&file->bytes),
                                              options.ccsid };
            announce(l->log, kind, file->name, image_info(image));
        }
        images[*n_out] = image;
        (*names)[(*n_out)++] = file->name;
        file->name = NULL;
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
artefacts_load(const struct cfg_tree *tree, const struct artefacts *before,
               const char *workarea, struct messages_log *log,
               struct artefacts **out, struct err_info *why)
{
    struct loading l = {
        .tree = tree,
        .workarea = workarea,
        .log = log,
        .before =
            before != NULL && artefacts_are_of(before, tree) ? before : NULL,
    };
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
    if ((e = read_folder(a->locations[0].p, ".sar", &sar, why)) != ERR_OK ||
        (e = read_folder(a->locations[1].p, ".aar", &aar, why)) != ERR_OK ||
        (e = read_folder(a->locations[2].p, ".ara", &ara, why)) != ERR_OK ||
        (l.services = calloc(sar.n + 1, sizeof *l.services)) == NULL ||
        (e = load_kind(&l, IMAGE_SERVICE, 0, &sar, &a->services, &a->n_services,
                       &a->files[0], why)) != ERR_OK ||
        (e = load_kind(&l, IMAGE_API, 1, &aar, &a->apis, &a->n_apis,
                       &a->files[1], why)) != ERR_OK ||
        (e = load_kind(&l, IMAGE_REQUESTER, 2, &ara, &a->requesters,
                       &a->n_requesters, &a->files[2], why)) != ERR_OK)
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
free_images(struct image **images, char **names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        image_free(&images[i]);
        free(names[i]);
    }
    free(images);
    free(names);
}

void
artefacts_unref(struct artefacts **a)
{
    struct artefacts *old = *a;

    *a = NULL;
    if (old == NULL || __atomic_sub_fetch(&old->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    free_images(old->services, old->files[0], old->n_services);
    free_images(old->apis, old->files[1], old->n_apis);
    free_images(old->requesters, old->files[2], old->n_requesters);
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
