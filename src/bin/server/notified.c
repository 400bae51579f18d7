/* A client of FileNotificationMBean says that files have changed. */
#include "worker.h"

#include "base/file.h"

/* A file, or something below a folder. */
static bool
covers(struct str place, struct str path)
{
    while (place.n > 1 && place.p[place.n - 1] == '/')
        place.n--;
    return place.n > 0 && str_starts(path, place) &&
           (path.n == place.n || path.p[place.n] == '/');
}

static bool
is_configuration(const struct worker *w, struct str path)
{
    for (size_t i = 0; i < w->watched.n; i++)
        if (covers(str_of(w->watched.v[i].path), path))
            return true;
    return false;
}

static unsigned
places_of(const struct worker *w, struct str path)
{
    unsigned places = 0;

    for (unsigned i = 0; i < PLACES; i++)
        if (covers(artefact_location(w->tree, (enum artefact_place)i), path))
            places |= PLACE_BIT(i);
    return places;
}

/* Relative paths are nobody's. */
static enum err
find_out(const struct worker *w, const struct mbean_notice *notice,
         bool *must_refresh, unsigned *places, struct err_info *why)
{
    struct arena arena;
    enum err e = ERR_OK;

    arena_init(&arena, (size_t)128 << 20);
    for (size_t i = 0; i < notice->n_paths && e == ERR_OK; i++) {
        char *normal = path_normalise(&arena, notice->paths[i]);

        if (normal == NULL) {
            e = err_set(why, ERR_MEMORY, "no storage for paths");
        } else if (normal[0] == '/') {
            *must_refresh =
                *must_refresh || is_configuration(w, str_of(normal));
            *places |= places_of(w, str_of(normal));
        }
    }
    arena_fini(&arena);
    return e;
}

enum err
notified(void *arg, const struct mbean_notice *notice, struct err_info *why)
{
    struct worker *w = arg;
    bool must_refresh = notice->call == MBEAN_CONFIGURATION;
    unsigned places = notice->call == MBEAN_APPLICATIONS ? PLACE_ALL : 0;
    enum err e;

    if (w->is_stopping)
        return err_set(why, ERR_NOT_NOW, "the server is stopping");
    e = find_out(w, notice, &must_refresh, &places, why);
    if (e != ERR_OK)
        return e;
    if (must_refresh &&
        CFG_ONE(w->tree, update)->update_trigger != CFG_TRIGGER_DISABLED)
        configure_refresh(w);
    places &= archives_on_demand(w->tree);
    if (places == 0)
        return ERR_OK;
    return gateway_apply(w->gateway, w->tree, places, why);
}
