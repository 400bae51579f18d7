/*
 * The configuration in a server's life: read at start with one second attempt
 * when a file is half written, read again when its files changed, applied only
 * when it differs (Liberty, updateTrigger).
 */
#include "worker.h"

#include <poll.h>

#include "base/clock.h"
#include "features.h"
#include "outcome.h"

#define CONFIG_LOGGER "com.ibm.ws.config.xml.internal.ConfigRefresher"
#define PARSER_LOGGER "com.ibm.ws.config.xml.internal.XMLConfigParser"
#define RETRY_MS 1000

/* ---- reading ---- */

#define HELD_END '\x1e' /* a message may have several lines */

/* Messages of a first attempt, shown only when there is no second one. */
struct held {
    struct worker *w;
    struct buf text; /* id, HELD_END, text, HELD_END */
    bool is_held;
};

static void
on_message(void *arg, const char *id, struct str text)
{
    struct held *h = arg;

    if (h->is_held) {
        buf_printf(&h->text, "%s%c", id, HELD_END);
        buf_add(&h->text, text);
        buf_add_char(&h->text, HELD_END);
        return;
    }
    messages_log_text(h->w->log, PARSER_LOGGER, id, text);
}

static void
release(struct held *h)
{
    struct str rest = buf_view(&h->text), id, text;

    h->is_held = false;
    while (rest.n > 0 && str_token(&rest, HELD_END, &id) && id.n > 0 &&
           str_token(&rest, HELD_END, &text)) {
        char name[32];

        if (str_copy_z(id, name, sizeof name))
            messages_log_text(h->w->log, PARSER_LOGGER, name, text);
    }
}

static void
on_monitored(void *arg, struct str path)
{
    struct held *h = arg;

    watched_look(&h->w->watched, path);
}

/* A malformed file may only be half written: look again after a second. */
static enum err
read_patiently(struct worker *w, struct cfg_tree **out,
               enum cfg_on_error *in_force, struct err_info *why)
{
    struct cfg_options options = settings_options(w->settings);
    struct held held = { .w = w, .is_held = true };
    enum err e;

    buf_init(&held.text, 4u * 1024u * 1024u);
    options.in_force = in_force;
    options.on_message = on_message;
    options.on_monitored = on_monitored;
    options.arg = &held;
    watched_begin(&w->watched);
    options.running = w->tree;
    if (w->tree != NULL) /* until the new files say otherwise */
        options.on_error = cfg_on_error(w->tree);
    e = cfg_load(&options, out, why);
    if (e == ERR_SYNTAX) {
        buf_clear(&held.text);
        (void)poll(NULL, 0, RETRY_MS);
        watched_begin(&w->watched);
        e = cfg_load(&options, out, why);
    }
    release(&held);
    buf_fini(&held.text);
    return e;
}

/* CWWKE0010E; why begins with the path. */
static void
say_no_server_xml(struct worker *w, const struct err_info *why)
{
    struct str text = str_of(why->text);
    size_t colon = str_find(text, STR(": "));
    struct str path = str_sub(text, 0, colon);

    if (colon == STR_NPOS || !str_starts(path, STR("/")))
        path = str_of(w->settings->server_dir);
    else
        text = str_sub(text, colon + 2, text.n);
    MESSAGES_LOG(w->log, PARSER_LOGGER, "CWWKE0010E", path, text);
}

enum err
configure_start(struct worker *w, struct err_info *why)
{
    struct cfg_options options = settings_options(w->settings);
    enum err e = read_patiently(w, &w->tree, &options.on_error, why);

    watched_end(&w->watched, e == ERR_OK);
    if (e == ERR_NOT_FOUND)
        say_no_server_xml(w, why);
    if ((e == ERR_SYNTAX || e == ERR_LIMIT) &&
        options.on_error != CFG_ON_ERROR_FAIL)
        e = cfg_load_empty(&options, &w->tree, why);
    else if (e != ERR_OK)
        w->was_said = e != ERR_MEMORY;
    if (e != ERR_OK)
        return e;
    return configure_log(w, w->tree, why);
}

/* ---- changing ---- */

static void
use(struct worker *w, struct cfg_tree *next)
{
    struct cfg_tree *old;

    (void)pthread_mutex_lock(&w->tree_lock);
    old = w->tree;
    w->tree = next;
    (void)pthread_mutex_unlock(&w->tree_lock);
    cfg_unref(&old);
    archives_schedule(w);
}

/* What can refuse the update, in this order; it is said by whoever does. */
static enum err
change(struct worker *w, struct cfg_tree *next, bool has_features,
       struct err_info *why)
{
    enum err e;

    if (has_features && !features_fit(w, next))
        return err_set(why, ERR_NOT_NOW,
                       "a feature is not right and onError of featureManager "
                       "is FAIL");
    if ((e = configure_log(w, next, why)) != ERR_OK)
        return e;
    e = gateway_apply(w->gateway, next, 0, why);
    if (e != ERR_OK) {
        struct ffdc_incident incident = { err_name(e), CONFIG_LOGGER, "apply",
                                          str_of(why->text) };

        IGNORE(configure_log(w, w->tree, NULL));
        messages_log_ffdc(w->log, &incident);
    }
    return e;
}

/* Is the new tree the one in use? */
static bool
apply(struct worker *w, struct cfg_tree *next, uint64_t since_ms)
{
    bool has_features =
        !cfg_equal_type(w->tree, next, &cfg_type_feature_manager);
    struct err_info why;
    char seconds[32];

    if (cfg_equal(w->tree, next)) {
        MESSAGES_LOG0(w->log, CONFIG_LOGGER, "CWWKG0018I");
        use(w, next);
        return true;
    }
    if (has_features)
        MESSAGES_LOG0(w->log, FEATURE_LOGGER, "CWWKF0007I");
    /* The whole update or nothing. */
    if (change(w, next, has_features, &why) != ERR_OK) {
        MESSAGES_LOG(w->log, CONFIG_LOGGER, "CWWKG0015E", str_of(why.text));
        cfg_unref(&next);
        return false;
    }
    if (has_features) {
        features_say(w, next, w->tree);
        MESSAGES_LOG(w->log, FEATURE_LOGGER, "CWWKF0008I",
                     worker_seconds(since_ms, seconds));
    }
    features_say_security(w, next, w->tree);
    use(w, next);
    MESSAGES_LOG(w->log, CONFIG_LOGGER,
                 outcome_of_update(clock_mono_ms() - since_ms),
                 worker_seconds(since_ms, seconds));
    return true;
}

void
configure_refresh(struct worker *w)
{
    const char *changed = watched_changed(&w->watched);
    uint64_t since_ms;
    bool is_taken = false;
    enum cfg_on_error in_force;
    struct cfg_tree *next;
    struct err_info why;
    enum err e;

    if (changed == NULL)
        return;
    MESSAGES_TRACE(w->log, CONFIG_LOGGER, TRACE_FINE, "hasChanged",
                   "%s has changed", changed);
    watched_settle(&w->watched);
    since_ms = clock_mono_ms();
    MESSAGES_LOG0(w->log, CONFIG_LOGGER, "CWWKG0016I");
    e = read_patiently(w, &next, &in_force, &why);
    if (e == ERR_OK)
        is_taken = apply(w, next, since_ms);
    else if (e == ERR_NOT_FOUND) /* of anything else the parser has said it */
        say_no_server_xml(w, &why);
    watched_end(&w->watched, is_taken); /* the same are not tried again */
}
