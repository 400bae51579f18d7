/* Stored and effective state of each class. */
#include "saf/authorize.h"

#include <stdlib.h>
#include <string.h>

#include "saf/classes.h"
#include "saf/effective.h"
#include "saf/engine.h"

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
static const struct {
    const char *class_name;
    uint32_t flag;
} condition_rows[] = {
    { "TERMINAL", SNAPSHOT_WHEN_TERMINAL },
    { "CONSOLE", SNAPSHOT_WHEN_CONSOLE },
    { "JESINPUT", SNAPSHOT_WHEN_JESINPUT },
    { "APPCPORT", SNAPSHOT_WHEN_APPCPORT },
    { "SERVAUTH", SNAPSHOT_WHEN_SERVAUTH },
};

static uint32_t
dataset_flags(struct saf_db *db)
{
    struct arena arena;
    struct str how;
    uint32_t flags = SNAPSHOT_ACTIVE; /* built in, always active */

    arena_init(&arena, 4096);
    how = saf_option_text(db, &arena, "PROTECTALL");
    if (how.n > 0)
        flags |= SNAPSHOT_PROTECTALL;
    if (str_starts(how, STR("W")))
        flags |= SNAPSHOT_PROTECTALL_WARNING;
    arena_fini(&arena);
    return flags;
}

static bool
has_program_control(struct saf_db *db)
{
    struct arena arena;
    bool has;

    arena_init(&arena, 4096);
    has = str_starts(saf_option_text(db, &arena, "WHEN"), STR("P"));
    arena_fini(&arena);
    return has;
}

static uint32_t
read_flags(struct saf_db *db, const struct saf_class *class_)
{
    uint32_t options = saf_class_options(db, str_of(class_->name));
    uint32_t flags = saf_option(db, "GRPLIST") != 0 ? SNAPSHOT_GRPLIST : 0;

    for (size_t i = 0; i < ARRAY_LEN(flag_rows); i++)
        if ((options & flag_rows[i].option) != 0)
            flags |= flag_rows[i].flag;
    for (size_t i = 0; i < ARRAY_LEN(condition_rows); i++)
        if ((saf_class_options(db, str_of(condition_rows[i].class_name)) &
             CLASS_ACTIVE) != 0)
            flags |= condition_rows[i].flag;
    if (has_program_control(db))
        flags |= SNAPSHOT_WHEN_PROGRAM;
    if (saf_option(db, "OPERAUDIT") != 0)
        flags |= SNAPSHOT_OPERAUDIT;
    if ((class_->flags & CLASS_DATASET) != 0)
        flags |= dataset_flags(db);
    return flags;
}

uint32_t
engine_flags(struct saf_engine *engine, struct state *s,
             const struct saf_class *class_)
{
    uint64_t serial = saf_options_serial(engine->db);

    if (s->flags_serial != serial) {
        s->flags = read_flags(engine->db, class_);
        s->flags_serial = serial;
    }
    return s->flags;
}

struct state *
engine_state(struct saf_engine *engine, struct str class_name,
             const struct saf_class **class_)
{
    struct state *s;

    *class_ = saf_class_find(class_name);
    if (*class_ == NULL)
        return NULL;
    for (s = engine->states; s != NULL; s = s->next)
        if (strcmp(s->name, (*class_)->name) == 0)
            return s;
    s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    if (!str_copy_z(str_of((*class_)->name), s->name, sizeof s->name)) {
        free(s);
        return NULL;
    }
    arena_init(&s->arena, (size_t)64 << 20);
    image_init(&s->image);
    s->next = engine->states;
    engine->states = s;
    return s;
}

enum err
saf_engine_open(const char *path, uint64_t now_ms, struct saf_engine **out,
                struct err_info *why)
{
    struct saf_engine *engine = calloc(1, sizeof *engine);
    enum err e;

    if (engine == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    arena_init(&engine->arena, (size_t)64 << 20);
    engine->path = strdup(path);
    engine->built = now_ms; /* grows over restarts, too */
    e = engine->path == NULL ? err_set(why, ERR_MEMORY, "no storage")
                             : saf_db_open(path, now_ms, &engine->db, why);
    if (e == ERR_OK)
        e = effective_open(engine->db, why);
    if (e == ERR_OK)
        e = class_load(engine->db, why);
    if (e == ERR_OK)
        e = engine_build_all(engine, why);
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
    while (e->states != NULL) {
        struct state *s = e->states;

        e->states = s->next;
        image_fini(&s->image);
        buf_fini(&s->generics.image);
        buf_fini(&s->discrete.image);
        arena_fini(&s->arena);
        free(s);
    }
    arena_fini(&e->arena);
    saf_db_close(&e->db);
    free(e->path);
    free(e);
    *engine = NULL;
}

/* The image to answer from; stale ones of classes not RACLISTed are rebuilt.*/
enum err
saf_engine_image(struct saf_engine *engine, struct str class_name,
                 struct str *image, struct err_info *why)
{
    const struct saf_class *class_;
    struct state *s = engine_state(engine, class_name, &class_);
    uint64_t generation;
    uint32_t flags;
    enum err e;

    if (s == NULL)
        return err_set(why, ERR_NOT_FOUND, STR_FMT ": no such class",
                       STR_ARG(class_name));
    if (!s->is_raclisted) {
        flags = engine_flags(engine, s, class_);
        generation = saf_class_generation(engine->db, str_of(s->name));
        if (!s->is_built || s->of_generation != generation ||
            s->of_rollbacks != saf_db_rollbacks(engine->db)) {
            if ((e = engine_build(engine, s, flags, why)) != ERR_OK)
                return e;
        } else {
            snapshot_set_flags(s->image.heap.p, flags);
        }
        if ((e = saf_db_check(engine->db, why)) != ERR_OK)
            return e;
    }
    *image = image_view(&s->image);
    return ERR_OK;
}

/* --- large classes that are not RACLISTed ----------------------------------
 */

static bool
is_large(struct saf_db *db, const char *class_name)
{
    struct saf_query q = saf_db_query(
        db,
        "SELECT count(*)>?2 FROM (SELECT 1 FROM profiles WHERE class=?1"
        " LIMIT ?2+1)",
        "si", str_of(class_name), (int64_t)SAF_WHOLE_IMAGE_MAX);
    bool is = saf_query_next(&q) && saf_query_int(&q, 0) != 0;

    saf_query_close(&q);
    return is;
}

static enum err
build_part(struct saf_engine *engine, const struct state *s, struct part *part,
           struct str name, uint32_t flags, struct err_info *why)
{
    enum err e;

    buf_fini(&part->image);
    buf_init(&part->image, SNAPSHOT_MAX);
    part->is_built = false;
    part->of_generation = saf_class_generation(engine->db, str_of(s->name));
    part->of_rollbacks = saf_db_rollbacks(engine->db);
    part->of_generics = saf_generics_serial(engine->db);
    e = engine_compile_part(engine, s, name, flags, &part->image, why);
    part->is_built =
        e == ERR_OK && str_copy_z(name, part->name, sizeof part->name);
    return e;
}

/* What is there of that name; unbuilt generics, or some that changed since. */
static enum err
part_for(struct saf_engine *engine, struct state *s,
         const struct saf_class *class_, struct str resource, struct str *image,
         struct err_info *why)
{
    uint64_t rollbacks = saf_db_rollbacks(engine->db);
    uint32_t flags = engine_flags(engine, s, class_);
    struct part *part = &s->discrete;
    char text[SAF_PROFILE_MAX + 1];
    struct str name = STR("");
    enum err e = ERR_OK;

    if (saf_class_fold(class_, resource, text, &name) &&
        (!part->is_built || !str_eq_z(name, part->name) ||
         part->of_rollbacks != rollbacks ||
         part->of_generation !=
             saf_class_generation(engine->db, str_of(s->name))))
        e = build_part(engine, s, part, name, flags, why);
    if (e == ERR_OK && (name.n == 0 || !part->is_built ||
                        snapshot_n_profiles(part->image.p) == 0)) {
        part = &s->generics;
        if (!part->is_built || part->of_rollbacks != rollbacks ||
            part->of_generics != saf_generics_serial(engine->db))
            e = build_part(engine, s, part, STR(""), flags, why);
    }
    if (e == ERR_OK)
        e = saf_db_check(engine->db, why);
    if (e != ERR_OK)
        return e;
    snapshot_set_flags(part->image.p, flags);
    *image = buf_view(&part->image);
    return ERR_OK;
}

enum err
saf_engine_image_for(struct saf_engine *engine, struct str class_name,
                     struct str resource, struct str *image,
                     struct err_info *why)
{
    const struct saf_class *class_;
    struct state *s = engine_state(engine, class_name, &class_);

    if (s != NULL && !s->is_raclisted && is_large(engine->db, s->name))
        return part_for(engine, s, class_, resource, image, why);
    return saf_engine_image(engine, class_name, image, why);
}

enum err
saf_engine_snapshot(struct saf_engine *engine, struct str class_name,
                    uint64_t *generation, int *fd, struct err_info *why)
{
    const struct saf_class *class_;
    const struct state *s = engine_state(engine, class_name, &class_);

    if (s == NULL)
        return err_set(why, ERR_NOT_FOUND, STR_FMT ": no such class",
                       STR_ARG(class_name));
    *generation = s->is_raclisted ? snapshot_generation(s->image.map) : 0;
    *fd = s->is_raclisted ? s->image.fd : -1;
    return ERR_OK;
}

enum err
saf_engine_stored_image(struct saf_engine *engine, struct str class_name,
                        struct buf *image, struct err_info *why)
{
    const struct saf_class *class_;
    struct state *s = engine_state(engine, class_name, &class_);

    if (s == NULL)
        return err_set(why, ERR_NOT_FOUND, STR_FMT ": no such class",
                       STR_ARG(class_name));
    return engine_compile(engine, s, engine->db,
                          engine_flags(engine, s, class_), 0, image, why);
}

/* --- group-OPERATIONS ---------------------------------------------------- */

/* The scope of a group reaches what it owns, what groups it owns own, and so
 * on; a data set belongs to the user or group of its first qualifier. */
bool
saf_scope_any(struct saf_db *db, struct arena *arena, struct str owner,
              bool (*is_it)(void *arg, struct str group), void *arg)
{
    struct saf_group g;
    struct saf_user u;

    if (saf_user_get(db, arena, owner, &u))
        owner = u.owner;
    for (int hops = 0; hops < 64; hops++) {
        if (!saf_group_get(db, arena, owner, &g))
            return false;
        if (is_it(arg, owner))
            return true;
        if (str_eq(g.owner, owner))
            return false;
        owner = g.owner;
    }
    return false;
}

struct holding {
    struct saf_db *db;
    struct arena *arena;
    struct str user;
    uint32_t attribute;
    bool (*counts)(const void *arg, const struct saf_connect *);
    const void *arg;
};

static bool
is_held(void *arg, struct str group)
{
    const struct holding *h = arg;
    struct saf_connect c;

    return saf_connect_get(h->db, h->arena, h->user, group, &c) &&
           (c.attrs & h->attribute) != 0 && h->counts(h->arg, &c);
}

bool
saf_is_in_scope(struct saf_db *db, struct arena *arena, struct str owner,
                struct str user, uint32_t attribute,
                bool (*counts)(const void *arg, const struct saf_connect *),
                const void *arg)
{
    struct holding h = { db, arena, user, attribute, counts, arg };

    return saf_scope_any(db, arena, owner, is_held, &h);
}

static bool
is_in_acee(const void *arg, const struct saf_connect *c)
{
    return acee_in_group(arg, c->group);
}

/* Step 13 for group-OPERATIONS, whose scope only the store knows. */
static void
decide_group_operations(struct saf_engine *engine, const void *image,
                        const struct acee *acee, struct str class_name,
                        struct str resource, struct saf_decision *d)
{
    const struct saf_class *class_ = saf_class_find(class_name);
    struct saf_profile p;
    struct arena arena;
    struct str owner = { NULL, 0 };

    if (class_ == NULL || (class_->flags & CLASS_OPERATIONS) == 0 ||
        d->is_listed || d->profile[0] == '\0' || acee == NULL ||
        (acee->attrs & ACEE_UNDEFINED) != 0)
        return;
    arena_init(&arena, 1 << 20);
    if ((class_->flags & CLASS_DATASET) != 0)
        owner = str_upper(&arena,
                          str_sub(resource, 0, str_find_char(resource, '.')));
    else if (saf_profile_get_kind(engine->db, &arena, str_of(class_->name),
                                  str_of(d->profile), d->is_generic, &p))
        owner = p.owner;
    if (owner.n > 0 &&
        saf_is_in_scope(engine->db, &arena, owner, str_of(acee->user),
                        ACEE_OPERATIONS, is_in_acee, acee)) {
        d->rc = SAF_RC(0, 0, 0);
        d->allowed = SAF_ALTER;
        d->is_warning = false;
        memcpy(d->entry, "OPERATIONS", sizeof "OPERATIONS");
        snapshot_log_again(image, acee, resource, d);
    }
    arena_fini(&arena);
}

void
saf_engine_decide(struct saf_engine *engine, const void *image,
                  const struct acee *acee, struct str class_name,
                  struct str resource, enum saf_level level,
                  const struct saf_where *where, struct saf_decision *d)
{
    snapshot_lookup(image, acee, resource, level, where, d);
    if (d->rc.saf == 8 || d->is_warning)
        decide_group_operations(engine, image, acee, class_name, resource, d);
}

struct saf_decision
saf_authorize(struct saf_engine *engine, const struct acee *acee,
              struct str class_name, struct str resource, enum saf_level level,
              const struct saf_where *where)
{
    struct saf_decision d = { .requested = level };
    struct str image;
    enum err e =
        saf_engine_image_for(engine, class_name, resource, &image, NULL);

    if (e == ERR_OK)
        saf_engine_decide(engine, image.p, acee, class_name, resource, level,
                          where, &d);
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

/* USER(=MEMBER) of a generic profile makes each procedure's name a user id; a
 * group that is named keeps it from being one of an ordinary user. */
static bool
is_anybody(struct str lines)
{
    struct str group = stdata(lines, "GROUP");

    return str_eq_z(stdata(lines, "USER"), "=MEMBER") &&
           (group.n == 0 || str_eq_z(group, "=MEMBER"));
}

static enum err
read_started(struct str lines, bool is_generic, struct str member,
             struct saf_started *out, struct err_info *why)
{
    if (is_generic && is_anybody(lines))
        return err_set(why, ERR_DENIED,
                       "STARTED %s: USER(=MEMBER) of a generic profile needs "
                       "GROUP(name); RALTER STARTED %s STDATA(GROUP(name))",
                       out->profile, out->profile);
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
        e = read_started(snapshot_data(image.p, resource), is_generic,
                         str_upper(&arena, member), out, why);
    arena_fini(&arena);
    return e;
}
