/*
 * New images for classes. What takes long (compiling a class of a million
 * profiles) may run in a thread of its own, with a reading connection of its
 * own; only taking the result into use needs the engine's thread. One rebuild
 * at a time: it reads variables, global access tables and the class table,
 * which nothing else than a rebuild changes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipc/chan.h"
#include "saf/classes.h"
#include "saf/effective.h"
#include "saf/engine.h"

/* --- images --------------------------------------------------------------- */

void
image_init(struct image *i)
{
    *i = (struct image)IMAGE_NONE;
    buf_init(&i->heap, SNAPSHOT_MAX);
}

void
image_fini(struct image *i)
{
    buf_fini(&i->heap);
    if (i->map != NULL)
        (void)munmap((void *)(uintptr_t)i->map, i->map_bytes);
    if (i->fd >= 0)
        close(i->fd);
    i->map = NULL;
    i->fd = -1;
}

struct str
image_view(const struct image *i)
{
    return i->map != NULL ? str_n(i->map, i->map_bytes) : buf_view(&i->heap);
}

/* From now on it cannot be changed, and may be given to others. */
static enum err
image_seal(struct image *i, const char *name, struct err_info *why)
{
    size_t n = i->heap.n;
    void *map;
    int fd = chan_memfd(name, buf_view(&i->heap), why);

    if (fd < 0)
        return ERR_IO;
    map = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        enum err e = err_sys(why, "map the image of class %s", name);

        close(fd);
        return e;
    }
    buf_fini(&i->heap);
    i->map = map;
    i->map_bytes = n;
    i->fd = fd;
    return ERR_OK;
}

static enum err
attach(const struct saf_engine *engine, const struct state *s,
       struct buf *image, struct err_info *why)
{
    const struct snapshot_tail tail = { engine->variables, engine->n_variables,
                                        s->globals, s->n_globals };
    enum err e = snapshot_attach(image, &tail, why);

    return e != ERR_OK ? e : snapshot_check_image(image->p, image->n, why);
}

enum err
engine_compile(struct saf_engine *engine, const struct state *s,
               struct saf_db *db, uint32_t flags, uint64_t generation,
               struct buf *out, struct err_info *why)
{
    enum err e =
        snapshot_build(db, str_of(s->name), flags, generation, out, why);

    if (e == ERR_OK)
        e = attach(engine, s, out, why);
    if (e != ERR_OK)
        err_prefix(why, "class %s", s->name);
    return e;
}

enum err
engine_compile_part(struct saf_engine *engine, const struct state *s,
                    struct str name, uint32_t flags, struct buf *out,
                    struct err_info *why)
{
    enum err e = snapshot_build_part(engine->db, str_of(s->name), name, flags,
                                     ++engine->built, out, why);

    if (e == ERR_OK)
        e = attach(engine, s, out, why);
    if (e != ERR_OK)
        err_prefix(why, "class %s", s->name);
    return e;
}

/* The same image with other options, variables and globals. */
static enum err
copy_image(struct saf_engine *engine, const struct state *s, uint32_t flags,
           struct buf *out, struct err_info *why)
{
    enum err e;

    buf_add(out, image_view(&s->image));
    e = buf_check(out, why);
    if (e != ERR_OK)
        return e;
    snapshot_set_flags(out->p, flags);
    return attach(engine, s, out, why);
}

/* Compiled again when it is asked for. */
static void
forget(struct state *s)
{
    s->is_built = s->generics.is_built = s->discrete.is_built = false;
    buf_fini(&s->generics.image);
    buf_fini(&s->discrete.image);
}

static void
take_image(struct state *s, struct image *image, uint32_t flags)
{
    forget(s);
    image_fini(&s->image);
    s->image = *image;
    image_init(image);
    s->is_built = true;
    s->is_raclisted = (flags & SNAPSHOT_RACLISTED) != 0;
}

enum err
engine_build(struct saf_engine *engine, struct state *s, uint32_t flags,
             struct err_info *why)
{
    uint64_t generation = saf_class_generation(engine->db, str_of(s->name));
    struct image image;
    enum err e;

    image_init(&image);
    e = engine_compile(engine, s, engine->db, flags, ++engine->built,
                       &image.heap, why);
    if (e == ERR_OK && (flags & SNAPSHOT_RACLISTED) != 0)
        e = image_seal(&image, s->name, why);
    if (e != ERR_OK) {
        image_fini(&image);
        return e; /* the old image stays in effect */
    }
    take_image(s, &image, flags);
    s->of_generation = generation;
    s->of_rollbacks = saf_db_rollbacks(engine->db);
    return ERR_OK;
}

/* --- variables and the global access table -------------------------------- */

static void
load_variables(struct saf_engine *engine)
{
    const uint32_t both = CLASS_ACTIVE | CLASS_RACLIST;
    struct saf_profile *v;
    size_t n;

    arena_fini(&engine->arena);
    arena_init(&engine->arena, (size_t)64 << 20);
    engine->variables = NULL;
    engine->n_variables = 0;
    if ((saf_class_options(engine->db, STR("RACFVARS")) & both) != both)
        return;
    n = saf_profiles_of(engine->db, &engine->arena, STR("RACFVARS"), &v);
    engine->variables =
        ARENA_ARRAY(&engine->arena, struct snapshot_variable, n + 1);
    for (size_t i = 0; engine->variables != NULL && i < n; i++) {
        struct saf_member *members;
        struct str *values;
        size_t n_members =
            saf_members_of(engine->db, &engine->arena, v[i].id, &members);

        values = ARENA_ARRAY(&engine->arena, struct str, n_members + 1);
        if (values == NULL || !str_starts(v[i].name, STR("&")))
            continue;
        for (size_t j = 0; j < n_members; j++)
            values[j] = members[j].name;
        engine->variables[engine->n_variables++] =
            (struct snapshot_variable){ str_sub(v[i].name, 1, v[i].name.n),
                                        values, n_members };
    }
}

static void
load_globals(struct saf_engine *engine, struct state *s)
{
    struct saf_member *members;
    struct saf_profile p;
    size_t n;

    arena_fini(&s->arena);
    arena_init(&s->arena, (size_t)64 << 20);
    s->globals = NULL;
    s->n_globals = 0;
    if ((saf_class_options(engine->db, str_of(s->name)) & CLASS_GLOBAL) == 0 ||
        !saf_profile_get(engine->db, &s->arena, STR("GLOBAL"), str_of(s->name),
                         &p))
        return;
    n = saf_members_of(engine->db, &s->arena, p.id, &members);
    s->globals = ARENA_ARRAY(&s->arena, struct snapshot_global, n + 1);
    for (size_t i = 0; s->globals != NULL && i < n; i++)
        s->globals[s->n_globals++] =
            (struct snapshot_global){ members[i].name, members[i].level };
}

enum err
engine_build_all(struct saf_engine *engine, struct err_info *why)
{
    size_t n;
    const struct saf_class *v = saf_class_all(&n);

    load_variables(engine);
    for (size_t i = 0; i < n; i++) {
        const struct saf_class *class_;
        struct state *s = engine_state(engine, str_of(v[i].name), &class_);
        uint32_t flags;
        enum err e;

        if (s == NULL)
            return err_set(why, ERR_MEMORY, "no storage");
        flags = engine_flags(engine, s, class_);
        load_globals(engine, s);
        if ((flags & SNAPSHOT_RACLISTED) != 0 &&
            (e = engine_build(engine, s, flags, why)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* --- one rebuild -----------------------------------------------------------
 */

struct item {
    struct state *s;
    enum item_what { ITEM_DROP, ITEM_COMPILE, ITEM_COPY } what;
    uint32_t flags;
    uint64_t generation;
    struct image image;
    struct item *next;
};

struct saf_rebuild {
    struct saf_engine *engine;
    struct item *items, **tail;
    bool loads_classes; /* class CDT */
    enum err e;
    struct err_info why;
};

static bool
add_item(struct saf_rebuild *r, struct state *s, enum item_what what,
         uint32_t flags)
{
    struct item *i = calloc(1, sizeof *i);

    if (i == NULL)
        return false;
    i->s = s;
    i->what = what;
    i->flags = flags;
    image_init(&i->image);
    if (what == ITEM_COMPILE)
        i->generation = ++r->engine->built;
    *r->tail = i;
    r->tail = &i->next;
    return true;
}

static void
drop_items(struct saf_rebuild *r)
{
    while (r->items != NULL) {
        struct item *i = r->items;

        r->items = i->next;
        image_fini(&i->image);
        free(i);
    }
}

/* What else follows from the class's new effective state: variables stand in
 * all images. */
static bool
add_followers(struct saf_rebuild *r, const struct state *of)
{
    struct saf_engine *engine = r->engine;

    r->loads_classes = strcmp(of->name, "CDT") == 0;
    if (strcmp(of->name, "RACFVARS") != 0)
        return true;
    load_variables(engine);
    for (struct state *s = engine->states; s != NULL; s = s->next) {
        if (s == of)
            continue;
        if (!s->is_raclisted)
            forget(s);
        else if (!add_item(r, s, ITEM_COPY, snapshot_flags(s->image.map)))
            return false;
    }
    return true;
}

static enum err
plan(struct saf_rebuild *r, const struct saf_refresh *ask, struct state *s,
     const struct saf_class *class_, struct err_info *why)
{
    struct saf_engine *engine = r->engine;
    bool was_listed = s->is_raclisted, is_listed, ok = true;
    uint32_t flags;
    enum err e;

    if (ask->is_global)
        load_globals(engine, s);
    flags = engine_flags(engine, s, class_);
    is_listed = (flags & SNAPSHOT_RACLISTED) != 0;
    if (ask->is_rebuilt || is_listed != was_listed) {
        e = effective_refresh(engine->db, str_of(s->name), is_listed, why);
        if (e != ERR_OK)
            return e;
    }
    if (is_listed)
        ok = add_item(r, s,
                      ask->is_rebuilt || !was_listed ? ITEM_COMPILE : ITEM_COPY,
                      flags);
    else if (was_listed)
        ok = add_item(r, s, ITEM_DROP, flags);
    else
        forget(s);
    if (ok && (is_listed || was_listed))
        ok = add_followers(r, s);
    return ok ? saf_db_check(engine->db, why)
              : err_set(why, ERR_MEMORY, "no storage");
}

void
saf_rebuild_drop(struct saf_rebuild **rebuild)
{
    if (*rebuild == NULL)
        return;
    drop_items(*rebuild);
    free(*rebuild);
    *rebuild = NULL;
}

enum err
saf_rebuild_new(struct saf_engine *engine, const struct saf_refresh *ask,
                struct saf_rebuild **out, struct err_info *why)
{
    struct saf_rebuild *r = calloc(1, sizeof *r);
    const struct saf_class *class_;
    struct state *s = engine_state(engine, str_of(ask->name), &class_);
    enum err e = ERR_OK;

    if (r == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    r->engine = engine;
    r->tail = &r->items;
    if (s != NULL)
        e = plan(r, ask, s, class_, why);
    if (e == ERR_OK)
        *out = r;
    else
        saf_rebuild_drop(&r);
    return e;
}

static enum err
make(struct saf_rebuild *r, struct item *i, struct saf_db *db)
{
    enum err e = ERR_OK;

    if (i->what == ITEM_DROP)
        return ERR_OK;
    e = i->what == ITEM_COMPILE
            ? engine_compile(r->engine, i->s, db, i->flags, i->generation,
                             &i->image.heap, &r->why)
            : copy_image(r->engine, i->s, i->flags, &i->image.heap, &r->why);
    return e == ERR_OK ? image_seal(&i->image, i->s->name, &r->why) : e;
}

static void
run_with(struct saf_rebuild *r, struct saf_db *db)
{
    for (struct item *i = r->items; i != NULL && r->e == ERR_OK; i = i->next)
        r->e = make(r, i, db);
}

void
saf_rebuild_run(struct saf_rebuild *r)
{
    struct saf_db *db = NULL;
    bool needs_db = false;

    for (const struct item *i = r->items; i != NULL; i = i->next)
        needs_db = needs_db || i->what == ITEM_COMPILE;
    if (needs_db)
        r->e = saf_db_open_reader(r->engine->path, &db, &r->why);
    run_with(r, db);
    saf_db_close(&db);
}

static void
put_in_use(struct saf_rebuild *r, struct item *i)
{
    struct saf_engine *engine = r->engine;
    struct str none = { NULL, 0 };

    if (i->what == ITEM_DROP) {
        forget(i->s);
        i->s->is_raclisted = false;
        image_fini(&i->s->image);
        image_init(&i->s->image);
    } else {
        take_image(i->s, &i->image, i->flags);
    }
    if (engine->publish != NULL)
        engine->publish(engine->publish_arg, str_of(i->s->name),
                        i->what == ITEM_DROP ? none : image_view(&i->s->image),
                        i->s->image.fd);
}

enum err
saf_rebuild_finish(struct saf_rebuild **rebuild, struct err_info *why)
{
    struct saf_rebuild *r = *rebuild;
    enum err e = r->e;

    if (e != ERR_OK)
        (void)err_set(why, e, "%s", r->why.text);
    for (struct item *i = r->items; i != NULL && e == ERR_OK; i = i->next)
        put_in_use(r, i);
    if (e == ERR_OK && r->loads_classes)
        e = class_load(r->engine->db, why);
    saf_rebuild_drop(rebuild);
    return e;
}

enum err
saf_refresh_run(struct saf_engine *engine, const struct saf_refresh *ask,
                struct err_info *why)
{
    struct saf_rebuild *r;
    enum err e = saf_rebuild_new(engine, ask, &r, why);

    if (e != ERR_OK)
        return e;
    run_with(r, engine->db);
    return saf_rebuild_finish(&r, why);
}
