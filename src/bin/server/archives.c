/*
 * Archive folders whose element says updateTrigger="polled", each looked at at
 * its own rate.
 */
#include "worker.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define DEPLOY_LOGGER "com.ibm.zosconnect.internal.deploy"
#define RATE_MIN_MS 1000u /* pollingRate="0", or less than a second */

static unsigned
trigger_of(const struct cfg_tree *tree, enum artefact_place place,
           int64_t *rate_ms)
{
    const struct cfg_zcon_services *services = CFG_ONE(tree, zcon_services);
    const struct cfg_zcon_apis *apis = CFG_ONE(tree, zcon_apis);
    const struct cfg_zcon_requesters *requesters =
        CFG_ONE(tree, zcon_requesters);

    switch (place) {
    case PLACE_SERVICES:
        *rate_ms = services->polling_rate_ms;
        return services->update_trigger;
    case PLACE_APIS:
        *rate_ms = apis->polling_rate_ms;
        return apis->update_trigger;
    case PLACE_REQUESTERS:
        *rate_ms = requesters->polling_rate_ms;
        return requesters->update_trigger;
    case PLACES:
        break;
    }
    return CFG_TRIGGER_DISABLED;
}

unsigned
archives_on_demand(const struct cfg_tree *tree)
{
    unsigned places = 0;
    int64_t rate_ms;

    for (unsigned i = 0; i < PLACES; i++)
        if (trigger_of(tree, (enum artefact_place)i, &rate_ms) !=
            CFG_TRIGGER_DISABLED)
            places |= PLACE_BIT(i);
    return places;
}

/* A failure that lasts is said once. */
static void
said(struct worker *w, enum err e, const char *text)
{
    if (e == ERR_OK)
        text = "";
    else if (strcmp(w->archives_problem, text) != 0)
        MESSAGES_LOG(w->log, DEPLOY_LOGGER, "CWWKG0015E", str_of(text));
    (void)snprintf(w->archives_problem, sizeof w->archives_problem, "%s", text);
}

static void
on_archives(struct loop_timer *timer)
{
    struct worker *w = CONTAINER_OF(timer, struct worker, archives_timer);
    uint64_t now_ms = clock_mono_ms();
    struct err_info why = { 0 };
    unsigned places = 0;
    bool must_return;
    enum err e;

    for (unsigned i = 0; i < PLACES; i++)
        if (w->archives_at_ms[i] != 0 && w->archives_at_ms[i] <= now_ms) {
            places |= PLACE_BIT(i);
            w->archives_at_ms[i] = 0;
        }
    e = gateway_look(w->gateway, places, &must_return, &why);
    said(w, e, why.text);
    now_ms = clock_mono_ms();
    for (unsigned i = 0; must_return && i < PLACES; i++)
        if ((places & PLACE_BIT(i)) != 0)
            w->archives_at_ms[i] = now_ms + FILE_SETTLE_MS;
    archives_schedule(w);
}

void
archives_schedule(struct worker *w)
{
    uint64_t now_ms = clock_mono_ms(), next_ms = UINT64_MAX;

    for (unsigned i = 0; i < PLACES; i++) {
        uint64_t *at_ms = &w->archives_at_ms[i];
        int64_t rate_ms = 0;

        if (trigger_of(w->tree, (enum artefact_place)i, &rate_ms) !=
            CFG_TRIGGER_POLLED) {
            *at_ms = 0;
            continue;
        }
        if (rate_ms < (int64_t)RATE_MIN_MS)
            rate_ms = RATE_MIN_MS;
        /* a configuration that comes now may ask for more, or for less */
        if (*at_ms == 0 || *at_ms > now_ms + (uint64_t)rate_ms)
            *at_ms = now_ms + (uint64_t)rate_ms;
        if (*at_ms < next_ms)
            next_ms = *at_ms;
    }
    if (next_ms == UINT64_MAX) {
        loop_timer_clear(w->loop, &w->archives_timer);
        return;
    }
    w->archives_timer.fire = on_archives;
    loop_timer_set(w->loop, &w->archives_timer,
                   next_ms > now_ms ? next_ms - now_ms : 0);
}
