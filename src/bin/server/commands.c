/* Operator commands of a server, a row each. */
#include "worker.h"

#include <string.h>

#include "base/vec.h"
#include "config/feature.h"

#define FILE_REFRESH "File Refresh Command Handler"
#define CACHE_CLEAR "Cache Clear Command Handler"
#define STATUS "Pause/Resume Command Handler"

static const char refresh_help[] = "REFRESH,CONFIG\n"
                                   "REFRESH,APPS\n"
                                   "REFRESH,KEYSTORE";
static const char cache_help[] = "CACHE,CLEAR,AUTH";
static const char status_help[] = "STATUS";

static struct worker *
worker_of(const struct modify_call *call)
{
    return call->context;
}

static bool
bad_count(const struct modify_call *call)
{
    modify_say(call, "An invalid number of parameters were found.");
    modify_say_help(call, refresh_help);
    return false;
}

static bool
on_refresh_config(const struct modify_call *call)
{
    struct worker *w = worker_of(call);

    if (call->operands.n > 0)
        return bad_count(call);
    if (CFG_ONE(w->tree, update)->update_trigger != CFG_TRIGGER_DISABLED)
        configure_refresh(w);
    return true;
}

static bool
on_refresh_apps(const struct modify_call *call)
{
    struct worker *w = worker_of(call);
    struct err_info why;

    if (call->operands.n > 0)
        return bad_count(call);
    if (CFG_ONE(w->tree, application_monitor)->update_trigger ==
        CFG_TRIGGER_DISABLED)
        return true;
    if (gateway_apply(w->gateway, w->tree, true, &why) == ERR_OK)
        return true;
    modify_say(call, "%s", why.text);
    return false;
}

/* REFRESH,KEYSTORE and REFRESH,KEYSTORE,ID=store: all are read again. */
static bool
on_refresh_keystore(const struct modify_call *call)
{
    struct worker *w = worker_of(call);
    struct err_info why;

    if (call->operands.n > 0 && !str_starts_nocase(call->operands, STR("ID=")))
        return bad_count(call);
    if (!features_have(w->tree, "ssl-1.0")) {
        modify_say(call, "Unable to refresh keystores. Validate that the");
        modify_say(call, "ssl-1.0 feature is configured.");
        return false;
    }
    if (gateway_reload_keys(w->gateway, &why) == ERR_OK)
        return true;
    modify_say(call, "%s", why.text);
    return false;
}

static bool
on_refresh_help(const struct modify_call *call)
{
    modify_say_help(call, refresh_help);
    return true;
}

static bool
on_refresh_other(const struct modify_call *call)
{
    struct str rest = call->operands, word = STR("");

    if (rest.n == 0 || !str_token(&rest, ',', &word))
        return bad_count(call);
    modify_say(call, "An invalid parameter of " STR_FMT " was found.",
               STR_ARG(str_sub(word, 0, 60)));
    modify_say_help(call, refresh_help);
    return false;
}

static bool
on_cache_clear(const struct modify_call *call)
{
    struct worker *w = worker_of(call);

    if (!features_have(w->tree, "appSecurity-2.0")) {
        modify_say(call, "Server security service is not active.");
        modify_say(call, "Could not complete CACHE,CLEAR,AUTH command.");
        return false;
    }
    gateway_clear_auth_cache(w->gateway);
    return true;
}

static bool
on_cache_other(const struct modify_call *call)
{
    modify_say(call, "Could not parse command: '" STR_FMT "'",
               STR_ARG(str_sub(call->command, 0, 200)));
    modify_say_help(call, cache_help);
    return false;
}

static bool
on_zcon_refresh(const struct modify_call *call)
{
    struct worker *w = worker_of(call);
    struct err_info why;

    if (CFG_ONE(w->tree, update)->update_trigger == CFG_TRIGGER_MBEAN)
        configure_refresh(w);
    if (gateway_apply(w->gateway, w->tree, true, &why) == ERR_OK)
        return true;
    modify_say(call, "%s", why.text);
    return false;
}

/* Group memberships are part of the identities in the cache. */
static bool
on_zcon_clear_saf(const struct modify_call *call)
{
    gateway_clear_auth_cache(worker_of(call)->gateway);
    return true;
}

static bool
on_status(const struct modify_call *call)
{
    modify_say(call, "server %s is active.", worker_of(call)->settings->name);
    return true;
}

static const struct modify_row refresh_rows[] = {
    { "REFRESH", FILE_REFRESH, refresh_help, on_refresh_other },
    { "REFRESH,CONFIG", FILE_REFRESH, NULL, on_refresh_config },
    { "REFRESH,APPS", FILE_REFRESH, NULL, on_refresh_apps },
    { "REFRESH,KEYSTORE", FILE_REFRESH, NULL, on_refresh_keystore },
    { "REFRESH,HELP", FILE_REFRESH, NULL, on_refresh_help },
    { "CACHE,CLEAR,AUTH", CACHE_CLEAR, cache_help, on_cache_clear },
    { "CACHE", CACHE_CLEAR, NULL, on_cache_other },
    { "STATUS", STATUS, status_help, on_status },
};

/* zosconnect:zosConnectCommands-1.0 */
static const struct modify_row zcon_rows[] = {
    { "ZCON,REFRESH", "z/OS Connect Command Handler", "ZCON,REFRESH",
      on_zcon_refresh },
    { "ZCON,CLEARSAFCACHE", "z/OS Connect Command Handler",
      "ZCON,CLEARSAFCACHE", on_zcon_clear_saf },
};

struct reply_to {
    struct worker *w;
    uint32_t id;
};

static void
put_line(void *arg, struct str line)
{
    const struct reply_to *to = arg;

    parent_reply(to->w->parent, to->id, line);
}

void
commands_run(struct worker *w, const struct parent_command *command)
{
    const struct modify_row
        *rows[ARRAY_LEN(refresh_rows) + ARRAY_LEN(zcon_rows)];
    struct modify_table table = { .rows = rows, .context = w };
    struct reply_to to = { w, command->id };
    struct modify_out out = { put_line, &to };

    for (size_t i = 0; i < ARRAY_LEN(refresh_rows); i++)
        rows[table.n_rows++] = &refresh_rows[i];
    if (features_have(w->tree, "zosconnect:zosConnectCommands-1.0"))
        for (size_t i = 0; i < ARRAY_LEN(zcon_rows); i++)
            rows[table.n_rows++] = &zcon_rows[i];
    (void)modify_run(&table, command->text, &out);
    parent_reply_end(w->parent, command->id);
}
