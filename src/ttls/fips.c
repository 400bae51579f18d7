/*
 * FIPS140: its groups' environments have a library context with such algorithms
 * only (base/fips.h), so that other groups beside them go on as ever. Levels 1
 * to 3 are alike; what a key may be is the provider's decision. Without it
 * nobody of the group is served (RC 455).
 */
#include "base/fips.h"
#include "base/log.h"
#include "ttls/engine_wire.h"
#include "ttls/env.h"
#include "ttls/syslogd.h"

static void
say_group(struct engine *g, const struct ttls_group_action *group,
          const struct err_info *why)
{
    struct buf line;

    log_warn("FIPS140 of group " STR_FMT ": %s", STR_ARG(group->obj.name),
             why->text);
    buf_init(&line, ENGINE_LINE_MAX);
    buf_printf(&line,
               "EZD1288I AT-TLS GROUP " STR_FMT " REQUIRES FIPS140 SUPPORT "
               "THAT IS NOT AVAILABLE",
               STR_ARG(group->obj.name));
    ask_line(g, SYSLOGD_NONE, buf_view(&line));
    buf_fini(&line);
}

void
fips_say_groups(struct engine *g)
{
    const struct ttls_obj *const *objs;
    size_t n =
        g->policy == NULL ? 0 : ttls_policy_objects(g->policy->policy, &objs);
    uint32_t most = g->group_said;

    for (size_t i = 0; i < n && g->number == 0; i++) {
        const struct ttls_group_action *group = (const void *)objs[i];
        struct err_info why = { 0 };

        if (objs[i]->stmt != TTLS_GROUP_ACTION || group->id <= g->group_said)
            continue;
        most = group->id > most ? group->id : most;
        if (group->fips != TTLS_FIPS_OFF && group->enabled == TTLS_ON &&
            fips_library(&why) == NULL)
            say_group(g, group, &why);
    }
    g->group_said = most;
}
