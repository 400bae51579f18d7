/*
 * The server's side of its angel: registered at start, and again when the
 * angel or the security database was away, or was not there at all. Without it
 * the server runs, but nobody can be authenticated by SAF.
 * Source: Liberty on z/OS, native service tracker.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/gateway_priv.h"
#include "gateway/key_files.h"

#define LOGGER "com.ibm.ws.zos.core.internal.CoreBundleActivator"
#define ANGEL_NAME_MAX 54u
#define WAIT_MAX_S 300u
#define LOOK_EVERY_TICKS 10u /* 5 s: is the angel still there? */
#define REASON_NO_ANGEL 4u
#define REASON_NO_MODULE 12u /* no READ to BBG.AUTHMOD.BBGZSAFM */

/* Groups of authorized services, for when there is no angel to name them. */
static const char *const groups[] = {
    "SAFCRED", "ZOSWLM", "TXRRS", "ZOSDUMP",
    "PRODMGR", "ZOSAIO", "WOLA",  "LOCALCOM"
};

bool
gateway_has_service(const struct gateway *g, const char *name)
{
    for (size_t i = 0; i < g->services.n; i++) {
        if (strcmp(g->services.v[i].name, name) == 0)
            return g->services.v[i].is_available;
    }
    return false;
}

static void
say_away(struct gateway *g, enum err e, struct saf_rc rc)
{
    struct str name = g->o.angel_name;
    char reason[16];

    g->services.n = 0;
    snprintf(reason, sizeof reason, "%u",
             e == ERR_PEER || e == ERR_TIMEOUT ? REASON_NO_ANGEL : rc.reason);
    if (e == ERR_DENIED && rc.reason != REASON_NO_MODULE) {
        if (name.n == 0)
            MESSAGES_LOG0(g->o.log, LOGGER, "CWWKB0102I");
        else
            MESSAGES_LOG(g->o.log, LOGGER, "CWWKB0118W", name);
    } else if (name.n == 0) {
        MESSAGES_LOG(g->o.log, LOGGER, "CWWKB0101I", str_of(reason));
    } else {
        MESSAGES_LOG(g->o.log, LOGGER, "CWWKB0117W", name, str_of(reason));
    }
    if (e == ERR_DENIED && rc.reason == REASON_NO_MODULE)
        MESSAGES_LOG0(g->o.log, LOGGER, "CWWKB0115I");
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        MESSAGES_LOG(g->o.log, LOGGER, "CWWKB0104I", str_of(groups[i]));
}

static struct str
angel_name(const struct gateway *g)
{
    return g->o.angel_name.n > 0 ? g->o.angel_name : STR("default");
}

static void
say_services(struct gateway *g, const struct saf_services *services)
{
    g->services = *services;
    MESSAGES_LOG(g->o.log, LOGGER, "CWWKB0122I", angel_name(g));
    for (size_t i = 0; i < services->n; i++)
        MESSAGES_LOG(g->o.log, LOGGER,
                     services->v[i].is_available ? "CWWKB0103I" : "CWWKB0104I",
                     str_of(services->v[i].name));
}

static bool
is_same(const struct saf_services *a, const struct saf_services *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->v[i].name, b->v[i].name) != 0 ||
            a->v[i].is_available != b->v[i].is_available)
            return false;
    }
    return true;
}

/* 1 to 54 of A-Z, 0-9 and these signs; "" is the default angel. */
static bool
is_angel_name(struct gateway *g)
{
    static const char signs[] = "!#$+-/:<>=?@[]^_`{}|~";
    struct str name = g->o.angel_name;

    if (name.n > ANGEL_NAME_MAX) {
        MESSAGES_LOG0(g->o.log, LOGGER, "CWWKB0119E");
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i], at[24];

        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr(signs, c) != NULL))
            continue;
        snprintf(at, sizeof at, "%zu", i);
        MESSAGES_LOG(g->o.log, LOGGER, "CWWKB0120E", str_n(&c, 1), str_of(at));
        return false;
    }
    return true;
}

static uint64_t
wait_time_ms(struct gateway *g)
{
    struct str text = str_trim(g->o.angel_wait);
    uint64_t seconds;

    if (text.n == 0)
        return 0;
    if (str_to_u64(text, &seconds) && seconds <= WAIT_MAX_S)
        return seconds * 1000;
    MESSAGES_LOG0(g->o.log, LOGGER, "CWWKB0123W");
    return 0;
}

/* Only those are asked for, so that the others are not available. */
static struct str
wanted_services(const struct gateway *g)
{
    return g->o.angel_required ? g->o.angel_services : (struct str){ 0 };
}

static bool
is_group(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        if (str_eq_z(name, groups[i]))
            return true;
    }
    return false;
}

/* Before anything is asked: a name that is none can never be available. */
static bool
are_groups(const struct gateway *g)
{
    struct str rest = g->o.angel_services, word;
    bool is_ok = true;

    if (rest.n > 0 && !g->o.angel_required) {
        MESSAGES_LOG0(g->o.log, LOGGER, "SPT0306W");
        return true;
    }
    while (rest.n > 0 && str_token(&rest, ',', &word)) {
        word = str_trim(word);
        if (is_group(word))
            continue;
        MESSAGES_LOG(g->o.log, LOGGER, "SPT0307E", str_sub(word, 0, 60));
        is_ok = false;
    }
    return is_ok;
}

static bool
has_required(struct gateway *g)
{
    struct str rest = wanted_services(g), word;
    bool is_ok = true;

    while (rest.n > 0 && str_token(&rest, ',', &word)) {
        char name[16];

        if (str_copy_z(str_trim(word), name, sizeof name) &&
            gateway_has_service(g, name))
            continue;
        MESSAGES_LOG(g->o.log, LOGGER, "SPT0308E", str_trim(word));
        is_ok = false;
    }
    return is_ok;
}

/* A required angel may still be starting. */
static enum err
ask(struct gateway *g, struct saf_services *services, struct saf_rc *rc,
    struct err_info *why)
{
    uint64_t wait_ms = g->o.angel_required ? wait_time_ms(g) : 0;
    uint64_t end = clock_mono_ms() + wait_ms;
    char seconds[24];
    enum err e;

    snprintf(seconds, sizeof seconds, "%u", (unsigned)(wait_ms / 1000));
    if (g->o.angel_required)
        MESSAGES_LOG(g->o.log, LOGGER, "CWWKB0124I", str_of(seconds),
                     angel_name(g));

    for (;;) {
        *rc = (struct saf_rc){ 0 };
        e = saf_register_server(g->saf, g->o.angel_name, wanted_services(g),
                                services, rc, why);
        if (e == ERR_OK || e == ERR_DENIED || clock_mono_ms() >= end)
            return e;
        (void)poll(NULL, 0, 200);
    }
}

enum err
angel_register(struct gateway *g, struct err_info *why)
{
    struct saf_services services = { .n = 0 };
    struct saf_rc rc = { 0 };
    enum err e;

    if (!are_groups(g)) {
        e = err_set(why, ERR_RANGE, "angelRequiredServices is not valid");
    } else if (is_angel_name(g)) {
        e = ask(g, &services, &rc, why);
        if (e == ERR_OK) {
            say_services(g, &services);
            return has_required(g)
                       ? ERR_OK
                       : err_set(why, ERR_DENIED,
                                 "a required authorized service group is not "
                                 "available");
        }
        say_away(g, e, rc);
        /* One that is not up may come; one that refused has decided. */
        g->is_unregistered = e != ERR_DENIED;
        g->is_angel_away = true;
        g->is_without_database = e == ERR_PEER || e == ERR_TIMEOUT;
        g->has_missed_rings = g->is_without_database;
    } else {
        e = err_set(why, ERR_RANGE, "the angel's name is not valid");
    }
    if (!g->o.angel_required)
        return ERR_OK;
    MESSAGES_LOG0(g->o.log, LOGGER, "CWWKB0116I");
    return e;
}

/* The database is there for the first time; what it lacks yet may have been
 * added when the angel comes. */
static void
read_rings(struct gateway *g)
{
    struct err_info why = { 0 };

    g->is_without_database = false;
    if (!g->has_missed_rings)
        return;
    g->has_missed_rings = gateway_reload_keys(g, &why) != ERR_OK;
    if (g->has_missed_rings)
        MESSAGES_LOG(g->o.log, KEY_FILES_LOGGER, "SPT0313W", str_of(why.text));
}

/*
 * Lost means: a loop was told so, the database's connection broke, or the
 * angel's task has ended. A refusal changes nothing of what is granted: that
 * is decided when registering.
 */
static void
look(struct gateway *g)
{
    struct saf_services services = { .n = 0 };
    struct err_info why = { 0 };
    struct saf_rc rc = { 0 };
    enum err e = saf_register_server(g->saf, g->o.angel_name,
                                     wanted_services(g), &services, &rc, &why);

    if (g->is_without_database && e != ERR_PEER && e != ERR_TIMEOUT)
        read_rings(g);
    if (e == ERR_OK) {
        if (g->is_angel_away)
            read_rings(g);
        if (g->is_angel_away || g->is_unregistered ||
            !is_same(&services, &g->services))
            say_services(g, &services);
        g->is_angel_away = false;
        g->is_unregistered = false;
        return;
    }
    if (e == ERR_DENIED && !g->is_unregistered)
        return;
    if (!g->is_angel_away)
        say_away(g, e, rc);
    g->is_angel_away = true;
    g->is_unregistered = e != ERR_DENIED;
}

void
angel_look(struct gateway *g)
{
    struct pollfd pfd = { .fd = saf_fd(g->saf), .events = POLLIN };
    struct err_info why = { 0 };

    if (poll(&pfd, 1, 0) > 0 && saf_process(g->saf, &why) != ERR_OK)
        g->is_unregistered = true;
    if (g->is_unregistered ||
        (g->services.n > 0 && ++g->n_ticks % LOOK_EVERY_TICKS == 0))
        look(g);
}
