/* Stored and effective state of each class. */
#include "saf/authorize.h"

#include <stdlib.h>
#include <string.h>

#include "saf/authorize_private.h"
#include "saf/classes.h"
#include "saf/effective.h"

struct state { /* of one class, by its index in the class table */
    struct buf image;
    bool is_built;
    bool is_raclisted;      /* the image is the effective state */
    uint64_t of_generation; /* of the store; for classes not RACLISTed */
};

struct saf_engine {
    struct saf_db *db;
    const struct saf_class *classes;
    size_t n_classes;
    struct state *states;
    saf_publish publish;
    void *publish_arg;
    uint64_t built; /* counts images: their generations */
};

struct saf_db *
saf_engine_db(struct saf_engine *engine)
{
    return engine->db;
}

void
saf_engine_on_publish(struct saf_engine *engine, saf_publish publish, void *arg)
{
    engine->publish = publish;
    engine->publish_arg = arg;
}

static const struct {
    uint32_t option, flag;
} flag_rows[] = {
    { CLASS_ACTIVE, SNAPSHOT_ACTIVE },
    { CLASS_RACLIST, SNAPSHOT_RACLISTED },
    { CLASS_GLOBAL, SNAPSHOT_GLOBAL },
    { CLASS_LOG_ALWAYS, SNAPSHOT_LOG_ALWAYS },
    { CLASS_LOG_NEVER, SNAPSHOT_LOG_NEVER },
    { CLASS_LOG_SUCCESSES, SNAPSHOT_LOG_SUCCESSES },
    { CLASS_LOG_FAILURES, SNAPSHOT_LOG_FAILURES },
};

static uint32_t
flags_now(struct saf_engine *engine, const struct saf_class *class_)
{
    uint32_t options = saf_class_options(engine->db, str_of(class_->name));
    uint32_t flags =
        saf_option(engine->db, "GRPLIST") != 0 ? SNAPSHOT_GRPLIST : 0;

    for (size_t i = 0; i < ARRAY_LEN(flag_rows); i++)
        if ((options & flag_rows[i].option) != 0)
            flags |= flag_rows[i].flag;
    return flags;
}

static enum err
build(struct saf_engine *engine, size_t index, uint32_t flags,
      struct err_info *why)
{
    struct state *s = &engine->states[index];
    const struct saf_class *class_ = &engine->classes[index];
    uint64_t generation =
        saf_class_generation(engine->db, str_of(class_->name));
    struct buf image;
    enum err e;

    buf_init(&image, SNAPSHOT_MAX);
    e = snapshot_build(engine->db, str_of(class_->name), flags, ++engine->built,
                       &image, why);
    if (e == ERR_OK)
        e = snapshot_check_image(image.p, image.n, why);
    if (e != ERR_OK) {
        buf_fini(&image);
        err_prefix(why, "class %s", class_->name);
        return e; /* the old image stays in effect */
    }
    buf_fini(&s->image);
    s->image = image;
    s->is_built = true;
    s->is_raclisted = (flags & SNAPSHOT_RACLISTED) != 0;
    s->of_generation = generation;
    return ERR_OK;
}

static bool
index_of(const struct saf_engine *engine, struct str class_name, size_t *index)
{
    const struct saf_class *class_ = saf_class_find(class_name);

    if (class_ == NULL)
        return false;
    *index = (size_t)(class_ - engine->classes);
    return true;
}

enum err
saf_engine_refresh(struct saf_engine *engine, const char *class_name,
                   bool is_rebuilt, struct err_info *why)
{
    struct str image = { NULL, 0 };
    struct state *s;
    uint32_t flags;
    size_t index;
    enum err e;

    if (!index_of(engine, str_of(class_name), &index))
        return ERR_OK;
    s = &engine->states[index];
    flags = flags_now(engine, &engine->classes[index]);
    if (is_rebuilt || ((flags & SNAPSHOT_RACLISTED) != 0) != s->is_raclisted) {
        e = effective_refresh(engine->db, str_of(class_name),
                              (flags & SNAPSHOT_RACLISTED) != 0, why);
        if (e != ERR_OK)
            return e;
    }
    if ((flags & SNAPSHOT_RACLISTED) == 0) {
        bool was = s->is_raclisted;

        s->is_built = s->is_raclisted = false;
        if (was && engine->publish != NULL)
            engine->publish(engine->publish_arg, str_of(class_name), image);
        return ERR_OK;
    }
    if (is_rebuilt || !s->is_raclisted) {
        if ((e = build(engine, index, flags, why)) != ERR_OK)
            return e;
    } else {
        snapshot_set_flags(s->image.p, flags);
    }
    if (engine->publish != NULL)
        engine->publish(engine->publish_arg, str_of(class_name),
                        buf_view(&s->image));
    return ERR_OK;
}

static enum err
build_all(struct saf_engine *engine, struct err_info *why)
{
    for (size_t i = 0; i < engine->n_classes; i++) {
        uint32_t flags = flags_now(engine, &engine->classes[i]);
        enum err e;

        if ((flags & SNAPSHOT_RACLISTED) != 0 &&
            (e = build(engine, i, flags, why)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err
saf_engine_open(const char *path, uint64_t now_ms, struct saf_engine **out,
                struct err_info *why)
{
    struct saf_engine *engine = calloc(1, sizeof *engine);
    enum err e;

    if (engine == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    engine->classes = saf_class_all(&engine->n_classes);
    engine->states = calloc(engine->n_classes, sizeof *engine->states);
    engine->built = now_ms; /* grows over restarts, too */
    e = engine->states == NULL ? err_set(why, ERR_MEMORY, "no storage")
                               : saf_db_open(path, now_ms, &engine->db, why);
    if (e == ERR_OK)
        e = effective_open(engine->db, why);
    if (e == ERR_OK)
        e = build_all(engine, why);
    if (e != ERR_OK) {
        saf_engine_close(&engine);
        return e;
    }
    *out = engine;
    return ERR_OK;
}

void
saf_engine_close(struct saf_engine **engine)
{
    struct saf_engine *e = *engine;

    if (e == NULL)
        return;
    for (size_t i = 0; e->states != NULL && i < e->n_classes; i++)
        buf_fini(&e->states[i].image);
    free(e->states);
    saf_db_close(&e->db);
    free(e);
    *engine = NULL;
}

/* The image to answer from; stale ones of classes not RACLISTed are rebuilt.*/
enum err
saf_engine_image(struct saf_engine *engine, struct str class_name,
                 struct str *image, struct err_info *why)
{
    struct state *s;
    size_t index;
    enum err e;

    if (!index_of(engine, class_name, &index))
        return err_set(why, ERR_NOT_FOUND, STR_FMT ": no such class",
                       STR_ARG(class_name));
    s = &engine->states[index];
    if (!s->is_raclisted) {
        uint32_t flags = flags_now(engine, &engine->classes[index]);
        uint64_t generation = saf_class_generation(
            engine->db, str_of(engine->classes[index].name));

        if (!s->is_built || s->of_generation != generation) {
            if ((e = build(engine, index, flags, why)) != ERR_OK)
                return e;
        } else {
            snapshot_set_flags(s->image.p, flags);
        }
        if ((e = saf_db_check(engine->db, why)) != ERR_OK)
            return e;
    }
    *image = buf_view(&s->image);
    return ERR_OK;
}

struct saf_decision
saf_authorize(struct saf_engine *engine, const struct acee *acee,
              struct str class_name, struct str resource, enum saf_level level,
              const struct saf_where *where)
{
    struct saf_decision d = { .requested = level };
    struct str image;
    enum err e = saf_engine_image(engine, class_name, &image, NULL);

    if (e == ERR_OK)
        snapshot_lookup(image.p, acee, resource, level, where, &d);
    else
        d.rc = e == ERR_NOT_FOUND ? SAF_RC(4, 0, 0) : SAF_RC(8, 8, 0);
    return d;
}

bool
saf_authorized(struct saf_engine *engine, const struct acee *acee,
               const char *class_name, struct str resource,
               enum saf_level level)
{
    struct saf_decision d =
        saf_authorize(engine, acee, str_of(class_name), resource, level, NULL);

    return saf_rc_is_ok(d.rc);
}

/* --- STARTED ----------------------------------------------------------- */

/* The value of one line "FIELD=value"; empty when there is none. */
static struct str
stdata(struct str lines, const char *field)
{
    struct str line;

    while (str_line(&lines, &line)) {
        size_t equals = str_find_char(line, '=');

        if (equals != STR_NPOS && str_eq_z(str_sub(line, 0, equals), field))
            return str_sub(line, equals + 1, line.n);
    }
    return (struct str){ NULL, 0 };
}

static bool
copy_or_member(struct str value, struct str member, char *out, size_t cap)
{
    return str_copy_z(str_eq_z(value, "=MEMBER") ? member : value, out, cap);
}

static enum err
read_started(struct str lines, struct str member, struct saf_started *out,
             struct err_info *why)
{
    if (!copy_or_member(stdata(lines, "USER"), member, out->user,
                        sizeof out->user) ||
        !copy_or_member(stdata(lines, "GROUP"), member, out->group,
                        sizeof out->group))
        return err_set(why, ERR_RANGE,
                       "STARTED %s: member " STR_FMT " is no user id",
                       out->profile, STR_ARG(member));
    out->is_trusted = str_eq_z(stdata(lines, "TRUSTED"), "YES");
    out->is_privileged = str_eq_z(stdata(lines, "PRIVILEGED"), "YES");
    out->is_trace = str_eq_z(stdata(lines, "TRACE"), "YES");
    out->is_found = true;
    return ERR_OK;
}

enum err
saf_started(struct saf_engine *engine, struct str member, struct str job,
            struct saf_started *out, struct err_info *why)
{
    struct arena arena;
    struct str image, resource, profile;
    bool is_generic;
    enum err e = saf_engine_image(engine, STR("STARTED"), &image, why);

    *out = (struct saf_started){ .is_found = false };
    if (e != ERR_OK)
        return e;
    if ((snapshot_flags(image.p) & (SNAPSHOT_ACTIVE | SNAPSHOT_RACLISTED)) !=
        (SNAPSHOT_ACTIVE | SNAPSHOT_RACLISTED))
        return ERR_OK;
    arena_init(&arena, 64 * 1024);
    resource =
        str_fmt(&arena, STR_FMT "." STR_FMT, STR_ARG(member), STR_ARG(job));
    if (snapshot_find(image.p, resource, &profile, &is_generic) &&
        str_copy_z(profile, out->profile, sizeof out->profile))
        e = read_started(snapshot_data(image.p, resource),
                         str_upper(&arena, member), out, why);
    arena_fini(&arena);
    return e;
}
