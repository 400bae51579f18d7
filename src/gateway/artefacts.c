#include "gateway/artefacts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "artefact/cache.h"
#include "base/clock.h"
#include "base/file.h"
#include "gateway/archive_index.h"
#include "gateway/artefact_news.h"
#include "gateway/artefacts_priv.h"

struct str
artefact_location(const struct cfg_tree *tree, enum artefact_place place)
{
    switch (place) {
    case PLACE_SERVICES:
        return CFG_ONE(tree, zcon_services)->location;
    case PLACE_APIS:
        return CFG_ONE(tree, zcon_apis)->location;
    case PLACE_REQUESTERS:
        return CFG_ONE(tree, zcon_requesters)->location;
    case PLACES:
        break;
    }
    return STR("");
}

uint32_t
artefact_ccsid(const struct cfg_tree *tree, struct str service)
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

/* A service is known by the name in its archive, at first by its file's. */
struct str
artefact_service_name(const struct image *image, const char *file)
{
    struct str stem = str_of(file);

    if (image != NULL)
        return image_info(image)->name;
    return str_sub(stem, 0, str_rfind_char(stem, '.'));
}

bool
artefacts_are_of(const struct artefacts *a, const struct cfg_tree *tree)
{
    const struct artefact_folder *services = &a->folders[PLACE_SERVICES];

    for (unsigned i = 0; i < PLACES; i++)
        if (!str_eq_z(artefact_location(tree, (enum artefact_place)i),
                      a->folders[i].location))
            return false;
    for (size_t i = 0; i < services->n; i++) {
        const struct artefact *s = &services->v[i];

        if (artefact_ccsid(tree, artefact_service_name(s->image, s->file)) !=
            s->ccsid)
            return false;
    }
    return true;
}

struct artefacts *
artefacts_ref(struct artefacts *a)
{
    __atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
    return a;
}

void
artefact_fini(struct artefact *a)
{
    free(a->file);
    free(a->reason);
    image_free(&a->image);
}

static void
folder_fini(struct artefact_folder *folder)
{
    for (size_t i = 0; i < folder->n; i++)
        artefact_fini(&folder->v[i]);
    free(folder->v);
    free((void *)folder->images);
    free(folder->location);
    free(folder->reason);
}

void
artefacts_unref(struct artefacts **a)
{
    struct artefacts *old = *a;

    *a = NULL;
    if (old == NULL || __atomic_sub_fetch(&old->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (unsigned i = 0; i < PLACES; i++)
        folder_fini(&old->folders[i]);
    news_free(&old->news);
    free(old);
}

void
artefacts_tell(struct artefacts *a, struct messages_log *log)
{
    news_tell(&a->news, log);
}

void
artefacts_rest(const struct artefacts *a)
{
    for (unsigned i = 0; i < PLACES; i++)
        for (size_t k = 0; k < a->folders[i].n_images; k++)
            image_rest(a->folders[i].images[k]);
}

void
artefacts_sweep(const struct artefacts *a, const char *workarea)
{
    struct compile_options *options;
    struct image_source *used;
    size_t n = 0, at = 0;

    for (unsigned i = 0; i < PLACES; i++) {
        n += a->folders[i].n;
        if (a->folders[i].reason != NULL)
            return;
    }
    options = calloc(n + 1, sizeof *options);
    used = calloc(n + 1, sizeof *used);
    for (unsigned i = 0; options != NULL && used != NULL && i < PLACES; i++) {
        for (size_t k = 0; k < a->folders[i].n; k++) {
            const struct artefact *one = &a->folders[i].v[k];
            const struct image_info *info =
                one->image == NULL ? NULL : image_info(one->image);

            if (info == NULL)
                continue;
            options[at].ccsid = one->image_ccsid;
            used[at].kind = info->kind;
            used[at].options = &options[at];
            memcpy(used[at].digest, info->digest, sizeof used[at].digest);
            at++;
        }
    }
    if (options != NULL && used != NULL)
        (void)image_sweep(workarea, used, at, clock_wall_ms());
    free(options);
    free(used);
}

/* It is a cache: that it cannot be written costs time at the next start. */
void
artefacts_index(const struct artefacts *a, struct str boot, const char *path)
{
    struct archive_index_writer w;
    struct str bytes;

    archive_index_begin(&w, boot);
    for (unsigned i = 0; i < PLACES; i++) {
        const struct artefact_folder *folder = &a->folders[i];

        for (size_t k = 0; k < folder->n; k++) {
            const struct artefact *one = &folder->v[k];
            struct archive_entry entry = { one->stamp,
                                           one->image_ccsid,
                                           { 0 } };
            char file[4096];

            if (one->is_fresh || one->image == NULL || one->is_kept)
                continue;
            memcpy(entry.digest, one->digest, sizeof entry.digest);
            (void)snprintf(file, sizeof file, "%s/%s", folder->location,
                           one->file);
            archive_index_add(&w, file, &entry);
        }
    }
    bytes = archive_index_end(&w);
    if (bytes.n > 0)
        IGNORE(file_replace(path, bytes, 0640, NULL));
    archive_index_fini(&w);
}
