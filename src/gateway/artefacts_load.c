/*
 * Folders looked at again: each archive is what it was, or it is read. What is
 * told about it depends on what it was before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "artefact/archive.h"
#include "artefact/cache.h"
#include "base/clock.h"
#include "gateway/artefact_news.h"
#include "gateway/artefacts_priv.h"

struct loading {
    const struct cfg_tree *tree;
    const struct artefacts *before;
    const struct artefacts_look *look;
    struct artefacts *next;
    uint64_t now_ms;                  /* wall clock, when it began */
    struct compile_service *services; /* for APIs, by name */
    size_t n_services;
    struct arena arena; /* of paths in services */
    bool have_services_changed;
};

/* One archive on its way from `old` (NULL: it is new) to `next`. */
struct change {
    struct loading *l;
    enum artefact_place place;
    const char *path;
    const struct artefact *old;
    struct artefact *next;
    bool is_seen;    /* there is a stamp of now */
    bool is_touched; /* its owner changed it */
    bool has_bytes;  /* other bytes than before */
    struct buf bytes;
};

static enum image_kind
kind_of(enum artefact_place place)
{
    static const enum image_kind kinds[PLACES] = { IMAGE_SERVICE, IMAGE_API,
                                                   IMAGE_REQUESTER };

    return kinds[place];
}

static struct compile_options
options_of(const struct loading *l, enum artefact_place place, uint32_t ccsid)
{
    bool is_api = place == PLACE_APIS;

    return (struct compile_options){
        .ccsid = ccsid,
        .services = is_api ? l->services : NULL,
        .n_services = is_api ? l->n_services : 0,
    };
}

/* --- outcomes ------------------------------------------------------------ */

static void
take_over(struct change *c)
{
    const struct artefact *old = c->old;
    struct artefact *next = c->next;
    const struct artefacts_look *look = c->l->look;

    REQUIRE(old != NULL);
    memcpy(next->digest, old->digest, sizeof next->digest);
    next->ccsid = old->ccsid;
    next->image_ccsid = old->image_ccsid;
    next->image = old->image == NULL ? NULL : image_ref(old->image);
    next->is_kept = old->is_kept;
    next->reason = old->reason == NULL ? NULL : strdup(old->reason);
    if (next->reason != NULL && look->is_asked &&
        (look->places & PLACE_BIT(c->place)) != 0)
        news_refused(&c->l->next->news, next->file, next->reason,
                     next->image != NULL);
}

/* What a broken file held before stays; but an API does not outlive a service
 * that was uninstalled. */
static bool
may_keep(const struct change *c)
{
    struct compile_options options = options_of(c->l, c->place, 0);
    const struct image_info *info;

    if (c->old == NULL || c->old->image == NULL)
        return false;
    info = image_info(c->old->image);
    for (size_t i = 0; c->place == PLACE_APIS && i < info->n_services; i++)
        if (compile_service_find(&options, info->services[i].name) == NULL)
            return false;
    return true;
}

/* The same reason is not told each time. */
static void
refuse(struct change *c, uint32_t ccsid, const struct err_info *why)
{
    const struct artefact *old = c->old;
    struct artefact *next = c->next;
    bool is_known = old != NULL && old->reason != NULL && !c->is_touched &&
                    !c->has_bytes && strcmp(old->reason, why->text) == 0;

    next->reason = strdup(why->text);
    next->ccsid = ccsid;
    if (may_keep(c)) {
        next->image = image_ref(old->image);
        next->image_ccsid = old->image_ccsid;
        next->is_kept = true;
    } else if (old != NULL && old->image != NULL) {
        c->l->next->has_changed = true;
    }
    if (!is_known || c->l->look->is_asked)
        news_refused(&c->l->next->news, next->file, why->text,
                     next->image != NULL);
}

static void
accept(struct change *c, uint32_t ccsid, struct image *image)
{
    const struct artefact *old = c->old;
    struct artefact *next = c->next;
    const struct image_info *info = image_info(image);

    next->image = image;
    next->ccsid = next->image_ccsid = ccsid;
    c->l->next->has_changed = true;
    if (old == NULL || old->image == NULL)
        news_add(&c->l->next->news, c->place, NEWS_INSTALLED, next->file, info);
    else if (c->is_touched || c->has_bytes || old->is_kept)
        news_add(&c->l->next->news, c->place, NEWS_UPDATED, next->file, info);
}

static void
uninstall(struct loading *l, enum artefact_place place,
          const struct artefact *old)
{
    if (old->image == NULL)
        return;
    l->next->has_changed = true;
    news_add(&l->next->news, place, NEWS_UNINSTALLED, old->file,
             image_info(old->image));
}

/* --- one archive --------------------------------------------------------- */

static enum err
obtain(struct change *c, uint32_t ccsid, struct image **image,
       struct err_info *why)
{
    struct compile_options options = options_of(c->l, c->place, ccsid);
    struct image_source source = { .kind = kind_of(c->place),
                                   .options = &options };
    const char *workarea = c->l->look->workarea;
    enum err e;

    memcpy(source.digest, c->next->digest, sizeof source.digest);
    e = image_find(workarea, &source, image, why);
    if (e == ERR_NOT_FOUND)
        e = image_make(workarea, &source, buf_view(&c->bytes), image, why);
    return e;
}

static void
deploy(struct change *c, uint32_t ccsid)
{
    struct image *image = NULL;
    struct err_info why = { 0 };
    enum err e = obtain(c, ccsid, &image, &why);

    if (e == ERR_OK && c->place == PLACE_SERVICES) {
        uint32_t own = artefact_ccsid(c->l->tree, image_info(image)->name);

        if (own != ccsid) { /* it is not called what its file is called */
            image_free(&image);
            ccsid = own;
            e = obtain(c, ccsid, &image, &why);
        }
    }
    if (e == ERR_OK)
        accept(c, ccsid, image);
    else
        refuse(c, ccsid, &why);
}

/* Read it; false: it could not be, and that has been said. */
static bool
take_bytes(struct change *c, uint32_t ccsid)
{
    const struct artefact *old = c->old;
    struct artefact *next = c->next;
    struct err_info why = { 0 };

    if (archive_file_read(c->path, &c->bytes, &next->stamp, &why) != ERR_OK) {
        c->is_touched = old != NULL && c->is_seen &&
                        file_stamp_is_touched(&next->stamp, &old->stamp);
        refuse(c, ccsid, &why);
        return false;
    }
    next->is_fresh = file_stamp_is_fresh(&next->stamp, c->l->now_ms);
    archive_digest(buf_view(&c->bytes), next->digest);
    c->is_touched =
        old != NULL && file_stamp_is_touched(&next->stamp, &old->stamp);
    c->has_bytes = old == NULL ||
                   memcmp(old->digest, next->digest, sizeof next->digest) != 0;
    return true;
}

/* Nothing that its image depends on has changed, as far as one sees. */
static bool
is_as_before(const struct change *c, uint32_t ccsid)
{
    const struct artefact *old = c->old;
    struct compile_options options = options_of(c->l, c->place, 0);

    if (old == NULL || old->ccsid != ccsid)
        return false;
    if (c->is_seen &&
        (old->is_fresh || !file_stamp_is_same(&old->stamp, &c->next->stamp)))
        return false;
    if (c->place != PLACE_APIS || !c->l->have_services_changed)
        return true;
    return old->image != NULL && !old->is_kept &&
           image_is_joined(old->image, &options);
}

/* False: it is left out until it has settled. */
static bool
load_one(struct change *c)
{
    const struct loading *l = c->l;
    const struct artefact *old = c->old;
    uint32_t ccsid = 0;

    if (c->place == PLACE_SERVICES)
        ccsid = artefact_ccsid(
            l->tree, artefact_service_name(old == NULL ? NULL : old->image,
                                           c->next->file));
    if (is_as_before(c, ccsid)) {
        take_over(c);
        return true;
    }
    if (l->look->is_patient && c->is_seen &&
        file_stamp_is_fresh(&c->next->stamp, l->now_ms)) {
        l->next->is_waiting = true;
        if (old == NULL)
            return false;
        c->next->stamp = old->stamp;
        c->next->is_fresh = old->is_fresh;
        take_over(c);
        return true;
    }
    if (!take_bytes(c, ccsid))
        return true;
    if (old != NULL && old->image != NULL && !old->is_kept && !c->is_touched &&
        !c->has_bytes && old->ccsid == ccsid) {
        struct compile_options options = options_of(l, c->place, 0);

        if (image_is_joined(old->image, &options)) {
            take_over(c); /* only its stamp is another */
            return true;
        }
    }
    deploy(c, ccsid);
    return true;
}

/* --- a folder ------------------------------------------------------------ */

static int
file_before(const void *name, const void *artefact)
{
    return strcmp(name, ((const struct artefact *)artefact)->file);
}

static const struct artefact *
find_old(const struct artefact_folder *old, const char *file)
{
    if (old == NULL || old->n == 0)
        return NULL;
    return bsearch(file, old->v, old->n, sizeof *old->v, file_before);
}

static int
file_of_name(const void *name, const void *file)
{
    return strcmp(name, ((const struct folder_file *)file)->name);
}

static void
uninstall_missing(struct loading *l, enum artefact_place place,
                  const struct folder_files *files)
{
    const struct artefact_folder *before =
        l->before == NULL ? NULL : &l->before->folders[place];
    bool is_here =
        before != NULL &&
        strcmp(before->location, l->next->folders[place].location) == 0;

    for (size_t i = 0; before != NULL && i < before->n; i++)
        if (!is_here || files->n == 0 ||
            bsearch(before->v[i].file, files->v, files->n, sizeof *files->v,
                    file_of_name) == NULL)
            uninstall(l, place, &before->v[i]);
}

static enum err
load_files(struct loading *l, enum artefact_place place,
           const struct artefact_folder *old, struct folder_files *files,
           bool are_seen, struct err_info *why)
{
    struct artefact_folder *folder = &l->next->folders[place];
    char path[4096];

    folder->v = calloc(files->n + 1, sizeof *folder->v);
    if (folder->v == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    for (size_t i = 0; i < files->n; i++) {
        struct artefact *next = &folder->v[folder->n];
        struct change c = { .l = l,
                            .place = place,
                            .path = path,
                            .old = find_old(old, files->v[i].name),
                            .next = next,
                            .is_seen = are_seen };
        bool is_there;

        *next = (struct artefact){ .file = files->v[i].name,
                                   .stamp = files->v[i].stamp };
        files->v[i].name = NULL;
        if (!are_seen && c.old != NULL)
            next->is_fresh = c.old->is_fresh;
        (void)snprintf(path, sizeof path, "%s/%s", folder->location,
                       next->file);
        buf_init(&c.bytes, ARCHIVE_FILE_MAX);
        is_there = load_one(&c);
        buf_fini(&c.bytes);
        if (is_there)
            folder->n++;
        else
            artefact_fini(next);
    }
    return ERR_OK;
}

/* The files it had, without looking. */
static enum err
same_files(const struct artefact_folder *old, struct folder_files *out,
           struct err_info *why)
{
    out->v = calloc(old->n + 1, sizeof *out->v);
    for (size_t i = 0; out->v != NULL && i < old->n; i++) {
        out->v[i] =
            (struct folder_file){ strdup(old->v[i].file), old->v[i].stamp };
        if (out->v[i].name == NULL)
            break;
        out->n++;
    }
    return out->n == old->n && out->v != NULL
               ? ERR_OK
               : err_set(why, ERR_MEMORY, "no storage for archives");
}

/* *are_seen: they were looked at. A folder that cannot be read is left as it
 * was. */
static enum err
files_of(struct loading *l, enum artefact_place place,
         const struct artefact_folder *old, struct folder_files *out,
         bool *are_seen, struct err_info *why)
{
    static const char *const suffixes[PLACES] = { ".sar", ".aar", ".ara" };
    struct artefact_folder *folder = &l->next->folders[place];
    struct err_info reason;

    *are_seen = old == NULL || (l->look->places & PLACE_BIT(place)) != 0;
    if (*are_seen && folder_scan(folder->location, suffixes[place], out,
                                 &reason) != ERR_OK) {
        *are_seen = false;
        folder_files_free(out);
        folder->reason = strdup(reason.text);
        if (l->look->is_asked || old == NULL || old->reason == NULL ||
            strcmp(old->reason, reason.text) != 0)
            news_unreadable(&l->next->news, folder->location, reason.text);
    }
    return *are_seen || old == NULL ? ERR_OK : same_files(old, out, why);
}

static enum err
gather_images(struct artefact_folder *folder, struct err_info *why)
{
    folder->images = calloc(folder->n + 1, sizeof *folder->images);
    if (folder->images == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    for (size_t i = 0; i < folder->n; i++)
        if (folder->v[i].image != NULL)
            folder->images[folder->n_images++] = folder->v[i].image;
    return ERR_OK;
}

static enum err
load_folder(struct loading *l, enum artefact_place place, struct err_info *why)
{
    struct artefact_folder *folder = &l->next->folders[place];
    struct str location = artefact_location(l->tree, place);
    const struct artefact_folder *old =
        l->before == NULL ? NULL : &l->before->folders[place];
    struct folder_files files = { 0 };
    bool are_seen;
    enum err e;

    folder->location = strndup(location.n > 0 ? location.p : "", location.n);
    if (folder->location == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    if (old != NULL && strcmp(old->location, folder->location) != 0)
        old = NULL;
    if ((e = files_of(l, place, old, &files, &are_seen, why)) == ERR_OK) {
        uninstall_missing(l, place, &files);
        e = load_files(l, place, old, &files, are_seen, why);
    }
    folder_files_free(&files);
    return e == ERR_OK ? gather_images(folder, why) : e;
}

/* --- all ----------------------------------------------------------------- */

static int
by_service_name(const void *a, const void *b)
{
    const struct compile_service *x = a, *y = b;
    int order = str_cmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->path, y->path);
}

/* What APIs may refer to. */
static enum err
list_services(struct loading *l, struct err_info *why)
{
    const struct artefact_folder *folder = &l->next->folders[PLACE_SERVICES];

    l->have_services_changed = l->next->has_changed;
    l->services = calloc(folder->n + 1, sizeof *l->services);
    for (size_t i = 0; l->services != NULL && i < folder->n; i++) {
        const struct artefact *a = &folder->v[i];
        struct compile_service *s = &l->services[l->n_services];
        struct str path;

        if (a->image == NULL)
            continue;
        path = str_fmt(&l->arena, "%s/%s", folder->location, a->file);
        if (path.p == NULL)
            return err_set(why, ERR_MEMORY, "no storage for archives");
        *s = (struct compile_service){ .name = image_info(a->image)->name,
                                       .path = path.p,
                                       .ccsid = a->image_ccsid };
        memcpy(s->digest, image_info(a->image)->services[0].digest,
               sizeof s->digest);
        l->n_services++;
    }
    if (l->services == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    if (l->n_services > 1)
        qsort(l->services, l->n_services, sizeof *l->services, by_service_name);
    return ERR_OK;
}

enum err
artefacts_load(const struct cfg_tree *tree, const struct artefacts *before,
               const struct artefacts_look *look, struct artefacts **out,
               struct err_info *why)
{
    struct loading l = { .tree = tree,
                         .before = before,
                         .look = look,
                         .next = calloc(1, sizeof *l.next),
                         .now_ms = clock_wall_ms() };
    enum err e;

    if (l.next == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    l.next->refs = 1;
    l.next->has_changed = before == NULL;
    arena_init(&l.arena, (size_t)256 << 20);
    if ((e = load_folder(&l, PLACE_SERVICES, why)) == ERR_OK &&
        (e = list_services(&l, why)) == ERR_OK &&
        (e = load_folder(&l, PLACE_APIS, why)) == ERR_OK)
        e = load_folder(&l, PLACE_REQUESTERS, why);
    arena_fini(&l.arena);
    free(l.services);
    if (e != ERR_OK)
        artefacts_unref(&l.next);
    else
        *out = l.next;
    return e;
}
