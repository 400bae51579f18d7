/*
 * Folders looked at again: each archive is what it was, or it is read. What is
 * told about it depends on what it was before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "artefact/archive.h"
#include "artefact/cache.h"
#include "base/clock.h"
#include "base/vec.h"
#include "gateway/archive_index.h"
#include "gateway/artefact_news.h"
#include "gateway/artefacts_priv.h"

#define LOGGER "com.ibm.zosconnect.internal.deploy"
#define PROGRESS_MS 2000u

struct loading {
    const struct cfg_tree *tree;
    const struct artefacts *before;
    const struct artefacts_look *look;
    struct artefacts *next;
    uint64_t now_ms;                  /* wall clock, when it began */
    struct compile_service *services; /* for APIs, by name */
    size_t n_services;
    struct arena arena; /* of paths */
    bool have_services_changed;
    struct archive_index *index; /* at a start; NULL: nothing is known */
    char boot[64];
    bool is_same_boot; /* as the index is of */
    bool has_read;     /* a file, so that the index is another */
    uint64_t said_ms;  /* progress, monotonic */
};

/* One archive on its way from `old` (NULL: it is new) to `next`. */
struct change {
    struct loading *l;
    enum artefact_place place;
    const char *path;
    const struct artefact *old;
    struct artefact *next;
    uint32_t ccsid;
    bool is_seen;    /* there is a stamp of now */
    bool is_touched; /* its owner changed it */
    bool has_bytes;  /* other bytes than before */
    struct buf bytes;
    /* once compiled */
    enum err e;
    struct image *image;
    struct err_info why;
};

struct changes {
    struct change *v;
    size_t n, cap;
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
refuse(struct change *c, const struct err_info *why)
{
    const struct artefact *old = c->old;
    struct artefact *next = c->next;
    bool is_known = old != NULL && old->reason != NULL && !c->is_touched &&
                    !c->has_bytes && strcmp(old->reason, why->text) == 0;

    next->reason = strdup(why->text);
    next->ccsid = c->ccsid;
    if (old != NULL && may_keep(c)) {
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
accept(struct change *c, struct image *image)
{
    const struct artefact *old = c->old;
    struct artefact *next = c->next;
    const struct image_info *info = image_info(image);

    next->image = image;
    next->ccsid = next->image_ccsid = c->ccsid;
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

static struct image_source
source_of(const struct change *c, const struct compile_options *options)
{
    struct image_source source = { .kind = kind_of(c->place),
                                   .options = options };

    memcpy(source.digest, c->next->digest, sizeof source.digest);
    return source;
}

/* A service has the code page of its own name, not of its file's. */
static bool
has_its_ccsid(const struct change *c, const struct image *image)
{
    return c->place != PLACE_SERVICES ||
           artefact_ccsid(c->l->tree, image_info(image)->name) == c->ccsid;
}

/* The image is in the work area already. */
static bool
is_there(struct change *c, bool must_sum)
{
    struct compile_options options = options_of(c->l, c->place, c->ccsid);
    struct image_source source = source_of(c, &options);
    struct image *image = NULL;

    if (image_find(c->l->look->workarea, &source, must_sum, &image, NULL) !=
        ERR_OK)
        return false;
    if (!has_its_ccsid(c, image)) {
        image_free(&image);
        return false;
    }
    accept(c, image);
    return true;
}

/* Read it; false: it could not be, and that has been said. */
static bool
take_bytes(struct change *c)
{
    const struct artefact *old = c->old;
    struct artefact *next = c->next;
    struct err_info why = { 0 };

    buf_clear(&c->bytes);
    if (archive_file_read(c->path, &c->bytes, &next->stamp, &why) != ERR_OK) {
        c->is_touched = old != NULL && c->is_seen &&
                        file_stamp_is_touched(&next->stamp, &old->stamp);
        refuse(c, &why);
        return false;
    }
    c->l->has_read = true;
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

enum step {
    STEP_DONE,
    STEP_LEFT_OUT, /* until it has settled */
    STEP_COMPILE,
};

/* What it held is known without reading, and so is the image. */
static bool
is_known(struct change *c)
{
    const struct archive_entry *entry;
    uint32_t wanted = c->ccsid;

    if (c->old != NULL || !c->is_seen ||
        file_stamp_is_fresh(&c->next->stamp, c->l->now_ms))
        return false;
    entry = archive_index_get(c->l->index, c->path, &c->next->stamp);
    if (entry == NULL)
        return false;
    memcpy(c->next->digest, entry->digest, sizeof c->next->digest);
    if (c->place == PLACE_SERVICES)
        c->ccsid = entry->ccsid; /* of its own name, see has_its_ccsid */
    if (is_there(c, !c->l->is_same_boot || c->ccsid != entry->ccsid))
        return true;
    c->ccsid = wanted;
    return false;
}

static enum step
load_one(struct change *c)
{
    const struct loading *l = c->l;
    const struct artefact *old = c->old;
    struct compile_options options = options_of(l, c->place, 0);

    if (c->place == PLACE_SERVICES)
        c->ccsid = artefact_ccsid(
            l->tree, artefact_service_name(old == NULL ? NULL : old->image,
                                           c->next->file));
    if (is_as_before(c, c->ccsid)) {
        take_over(c);
        return STEP_DONE;
    }
    if (l->look->is_patient && c->is_seen &&
        file_stamp_is_fresh(&c->next->stamp, l->now_ms)) {
        l->next->is_waiting = true;
        if (old == NULL)
            return STEP_LEFT_OUT;
        c->next->stamp = old->stamp;
        c->next->is_fresh = old->is_fresh;
        take_over(c);
        return STEP_DONE;
    }
    if (is_known(c) || !take_bytes(c))
        return STEP_DONE;
    if (old != NULL && old->image != NULL && !old->is_kept && !c->is_touched &&
        !c->has_bytes && old->ccsid == c->ccsid &&
        image_is_joined(old->image, &options)) {
        take_over(c); /* only its stamp is another */
        return STEP_DONE;
    }
    return is_there(c, true) ? STEP_DONE : STEP_COMPILE;
}

/* --- compiling ----------------------------------------------------------- */

/* In a confined child. */
static enum err
compile(void *arg, struct buf *out, struct err_info *why)
{
    const struct change *c = arg;
    struct compile_options options = options_of(c->l, c->place, c->ccsid);

    return artefact_compile(kind_of(c->place), buf_view(&c->bytes), &options,
                            out, why);
}

static void
compiled(void *arg, enum err e, struct str bytes, const struct err_info *why)
{
    struct change *c = arg;
    struct compile_options options = options_of(c->l, c->place, c->ccsid);
    struct image_source source = source_of(c, &options);

    c->e = e;
    if (e == ERR_OK)
        c->e = image_store(c->l->look->workarea, &source, bytes, &c->why);
    else
        c->why = *why;
}

/* It is not called what its file is called, and has another code page. */
static void
compile_again(struct change *c)
{
    struct compile_options options;
    struct image_source source;

    c->ccsid = artefact_ccsid(c->l->tree, image_info(c->image)->name);
    options = options_of(c->l, c->place, c->ccsid);
    image_free(&c->image);
    if (is_there(c, true) || !take_bytes(c))
        return;
    source = source_of(c, &options);
    c->e = image_make(c->l->look->workarea, &source, buf_view(&c->bytes),
                      &c->image, &c->why);
    buf_fini(&c->bytes);
    if (c->e == ERR_OK)
        accept(c, c->image);
    else
        refuse(c, &c->why);
}

/* Mapped only now: a child is quicker to fork off a small process. */
static void
settle(struct change *c)
{
    struct compile_options options = options_of(c->l, c->place, c->ccsid);
    struct image_source source = source_of(c, &options);

    if (c->e == ERR_OK)
        c->e = image_stored(c->l->look->workarea, &source, &c->image, &c->why);
    if (c->e != ERR_OK)
        refuse(c, &c->why);
    else if (has_its_ccsid(c, c->image))
        accept(c, c->image);
    else
        compile_again(c);
}

/* Every two seconds, when it takes that long. */
static void
say_progress(struct loading *l, enum artefact_place place, size_t n, size_t of)
{
    static const char *const what[PLACES] = { "services", "APIs",
                                              "API requesters" };
    uint64_t now_ms = clock_mono_ms();
    char done[24], all[24];

    if (l->look->log == NULL || now_ms - l->said_ms < PROGRESS_MS)
        return;
    l->said_ms = now_ms;
    (void)snprintf(done, sizeof done, "%zu", n);
    (void)snprintf(all, sizeof all, "%zu", of);
    MESSAGES_LOG(l->look->log, LOGGER, "SPT0430I", str_of(done), str_of(all),
                 str_of(what[place]));
}

static enum err
compile_one(struct confine_pool *pool, struct change *c)
{
    struct err_info why = { 0 };
    enum err e = ERR_OK;

    c->e = ERR_PEER; /* until it has come back */
    buf_init(&c->bytes, ARCHIVE_FILE_MAX);
    if (archive_file_read(c->path, &c->bytes, &c->next->stamp, &why) !=
        ERR_OK) {
        c->e = ERR_IO;
    } else {
        c->next->is_fresh = file_stamp_is_fresh(&c->next->stamp, c->l->now_ms);
        archive_digest(buf_view(&c->bytes), c->next->digest);
        e = confine_pool_add(pool, compile, c, IMAGE_BYTES_MAX, compiled, &why);
    }
    if (c->e == ERR_IO || e != ERR_OK) {
        c->e = ERR_IO;
        c->why = why;
    }
    buf_fini(&c->bytes); /* the child has its copy */
    return e;
}

/* On all processors at once, each archive in a process of its own. */
static enum err
compile_all(struct loading *l, enum artefact_place place, struct changes *all,
            struct err_info *why)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct confine_pool *pool;
    enum err e = confine_pool_new(cores > 0 ? (unsigned)cores : 1,
                                  &compile_limits, &pool, why);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < all->n; i++) {
        IGNORE(compile_one(pool, &all->v[i])); /* it says so itself */
        say_progress(l, place, i, all->n);
    }
    confine_pool_finish(&pool);
    for (size_t i = 0; i < all->n; i++)
        settle(&all->v[i]);
    return ERR_OK;
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
    struct changes pending = { 0 };
    enum err e = ERR_OK;

    folder->v = calloc(files->n + 1, sizeof *folder->v);
    if (folder->v == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    for (size_t i = 0; i < files->n && e == ERR_OK; i++) {
        struct artefact *next = &folder->v[folder->n];
        struct change c = { .l = l,
                            .place = place,
                            .old = find_old(old, files->v[i].name),
                            .next = next,
                            .is_seen = are_seen };
        enum step step;

        *next = (struct artefact){ .file = files->v[i].name,
                                   .stamp = files->v[i].stamp };
        files->v[i].name = NULL;
        if (!are_seen && c.old != NULL)
            next->is_fresh = c.old->is_fresh;
        c.path = str_fmt(&l->arena, "%s/%s", folder->location, next->file).p;
        buf_init(&c.bytes, ARCHIVE_FILE_MAX);
        step = c.path == NULL ? STEP_LEFT_OUT : load_one(&c);
        if (c.path == NULL)
            e = err_set(why, ERR_MEMORY, "no storage for archives");
        buf_fini(&c.bytes);
        if (step == STEP_LEFT_OUT)
            artefact_fini(next);
        else
            folder->n++;
        if (step == STEP_COMPILE && !VEC_PUSH(&pending, c))
            e = err_set(why, ERR_MEMORY, "no storage for archives");
    }
    if (e == ERR_OK && pending.n > 0)
        e = compile_all(l, place, &pending, why);
    VEC_FREE(&pending);
    return e;
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
                         .now_ms = clock_wall_ms(),
                         .said_ms = clock_mono_ms() };
    char index[4096];
    enum err e;

    if (l.next == NULL)
        return err_set(why, ERR_MEMORY, "no storage for archives");
    l.next->refs = 1;
    l.next->has_changed = before == NULL;
    arena_init(&l.arena, (size_t)256 << 20);
    (void)snprintf(index, sizeof index, "%s/%s", look->workarea,
                   ARCHIVE_INDEX_FILE);
    (void)archive_index_boot(l.boot);
    if (before == NULL) {
        l.index = archive_index_read(index);
        l.is_same_boot = archive_index_is_of(l.index, str_of(l.boot));
    }
    if ((e = load_folder(&l, PLACE_SERVICES, why)) == ERR_OK &&
        (e = list_services(&l, why)) == ERR_OK &&
        (e = load_folder(&l, PLACE_APIS, why)) == ERR_OK)
        e = load_folder(&l, PLACE_REQUESTERS, why);
    if (e == ERR_OK && (l.has_read || (before == NULL && !l.is_same_boot)))
        artefacts_index(l.next, str_of(l.boot), index);
    archive_index_free(&l.index);
    arena_fini(&l.arena);
    free(l.services);
    if (e != ERR_OK)
        artefacts_unref(&l.next);
    else
        *out = l.next;
    return e;
}
