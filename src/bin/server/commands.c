/*
 * Operator commands of a server, a row each: refreshing and caches here, the
 * others in commands_*.c.
 */
#include "commands.h"

#include <string.h>

#include "base/vec.h"
#include "config/feature.h"

#define FILE_REFRESH "File Refresh Command Handler"
#define CACHE_CLEAR "Cache Clear Command Handler"
#define ZCON "z/OS Connect Command Handler"
#define ROWS_MAX 64u

static const char refresh_help[] =
    "To process changes of the configuration, archives or key stores:\n"
    "  MODIFY <jobname.>identifier,refresh,<param>\n"
    "  where <param> is config, apps, keystore or keystore,id=keystore";
static const char cache_help[] =
    "To forget who has logged on:\n"
    "  MODIFY <jobname.>identifier,cache,clear,auth";
static const char zcon_help[] =
    "To refresh z/OS Connect or to clear its caches:\n"
    "  MODIFY <jobname.>identifier,zcon,<param>\n"
    "  where <param> is refresh, cleartokencache or clearsafcache";
static const char zcon_long_help[] =
    "MODIFY <jobname.>identifier,zcon,<param>\n"
    " REFRESH: archives of APIs, services and API requesters, whatever their\n"
    "  updateTrigger; server.xml too when that of config is mbean\n"
    " CLEARTOKENCACHE: what tokens led to is asked for anew\n"
    " CLEARSAFCACHE: the groups of SAF users are asked for anew";

bool
command_malformed(const struct modify_call *call, const char *help)
{
    return modify_refuse(call, help, "Could not parse command: \"" STR_FMT "\"",
                         STR_ARG(str_sub(call->command, 0, 200)));
}

bool
command_is_help(const struct modify_call *call)
{
    return str_eq_nocase_z(call->operands, "HELP");
}

static bool
bad_count(const struct modify_call *call)
{
    return modify_refuse(call, refresh_help,
                         "An invalid number of parameters were found.");
}

static bool
on_refresh_config(const struct modify_call *call)
{
    struct worker *w = command_worker(call);

    if (call->operands.n > 0)
        return bad_count(call);
    if (CFG_ONE(w->tree, update)->update_trigger != CFG_TRIGGER_DISABLED)
        configure_refresh(w);
    return true;
}

static bool
on_refresh_apps(const struct modify_call *call)
{
    struct worker *w = command_worker(call);
    unsigned places = archives_on_demand(w->tree);
    struct err_info why;

    if (call->operands.n > 0)
        return bad_count(call);
    if (places == 0 ||
        gateway_apply(w->gateway, w->tree, places, &why) == ERR_OK)
        return true;
    modify_say(call, "%s", why.text);
    return false;
}

static bool
has_keystore(const struct worker *w, struct str id)
{
    const struct cfg_key_store *store;

    CFG_EACH(w->tree, key_store, store)
    {
        if (str_eq(store->node.id, id))
            return true;
    }
    return false;
}

/* REFRESH,KEYSTORE and REFRESH,KEYSTORE,ID=store: all are read again. */
static bool
on_refresh_keystore(const struct modify_call *call)
{
    struct worker *w = command_worker(call);
    struct err_info why;

    struct str id = call->operands;

    if (id.n > 0 && (!str_starts_nocase(id, STR("ID=")) || id.n == 3 ||
                     str_find_char(id, ',') != STR_NPOS))
        return bad_count(call);
    if (!features_have(w->tree, "ssl-1.0")) {
        modify_say(call, "Unable to refresh keystores. Validate that the");
        modify_say(call, "ssl-1.0 feature is configured.");
        return false;
    }
    id = str_sub(id, id.n > 0 ? 3 : 0, id.n);
    if (id.n > 0 && !has_keystore(w, id)) {
        modify_say(call, "The keystore " STR_FMT " was not found.",
                   STR_ARG(str_sub(id, 0, 100)));
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
    struct str rest = call->operands, word = STR(""), more;

    /* "REFRESH", "REFRESHED", "REFRESH,A,B,C" */
    if (rest.n == 0 || call->command.n == 7 || call->command.p[7] != ',' ||
        !str_token(&rest, ',', &word) || str_token(&rest, ',', &more))
        return bad_count(call);
    return modify_refuse(call, refresh_help,
                         "An invalid parameter of " STR_FMT " was found.",
                         STR_ARG(str_sub(word, 0, 60)));
}

static bool
on_cache_other(const struct modify_call *call)
{
    return modify_refuse(call, cache_help,
                         "Could not parse command: '" STR_FMT "'",
                         STR_ARG(str_sub(call->command, 0, 200)));
}

static bool
on_cache_clear(const struct modify_call *call)
{
    struct worker *w = command_worker(call);

    if (call->operands.n > 0)
        return on_cache_other(call);
    if (!features_have(w->tree, "appSecurity-2.0")) {
        modify_say(call, "Server security service is not active.");
        modify_say(call, "Could not complete CACHE,CLEAR,AUTH command.");
        return false;
    }
    gateway_clear_auth_cache(w->gateway);
    return true;
}

static bool
on_cache_help(const struct modify_call *call)
{
    modify_say_help(call, cache_help);
    return true;
}

static bool
on_zcon_refresh(const struct modify_call *call)
{
    struct worker *w = command_worker(call);
    struct err_info why;

    if (call->operands.n > 0)
        return command_malformed(call, zcon_long_help);
    if (CFG_ONE(w->tree, update)->update_trigger == CFG_TRIGGER_MBEAN)
        configure_refresh(w);
    if (gateway_apply(w->gateway, w->tree, PLACE_ALL, &why) == ERR_OK)
        return true;
    modify_say(call, "%s", why.text);
    return false;
}

/* What a token or a login became: the identity, with its groups, is one entry
 * of one cache. */
static bool
on_zcon_clear(const struct modify_call *call)
{
    if (call->operands.n > 0)
        return command_malformed(call, zcon_long_help);
    gateway_clear_auth_cache(command_worker(call)->gateway);
    return true;
}

static bool
on_zcon_other(const struct modify_call *call)
{
    if (!command_is_help(call))
        return command_malformed(call, zcon_long_help);
    modify_say_help(call, zcon_long_help);
    return true;
}

static const struct modify_row rows[] = {
    { "REFRESH", FILE_REFRESH, refresh_help, on_refresh_other, true },
    { "REFRESH,CONFIG", FILE_REFRESH, NULL, on_refresh_config, false },
    { "REFRESH,APPS", FILE_REFRESH, NULL, on_refresh_apps, false },
    { "REFRESH,KEYSTORE", FILE_REFRESH, NULL, on_refresh_keystore, false },
    { "REFRESH,HELP", FILE_REFRESH, NULL, on_refresh_help, false },
    { "CACHE,CLEAR,AUTH", CACHE_CLEAR, cache_help, on_cache_clear, false },
    { "CACHE,CLEAR,HELP", CACHE_CLEAR, NULL, on_cache_help, false },
    { "CACHE,CLEAR", CACHE_CLEAR, NULL, on_cache_other, true },
};
static const struct command_rows commands_own = { rows, ARRAY_LEN(rows) };

/* zosconnect:zosConnectCommands-1.0. No document shows its replies: they are
 * those of Liberty's own refresh, which says nothing on success. */
static const struct modify_row zcon_rows[] = {
    { "ZCON", ZCON, zcon_help, on_zcon_other, true },
    { "ZCON,REFRESH", ZCON, NULL, on_zcon_refresh, false },
    { "ZCON,CLEARTOKENCACHE", ZCON, NULL, on_zcon_clear, false },
    { "ZCON,CLEARSAFCACHE", ZCON, NULL, on_zcon_clear, false },
};
static const struct command_rows commands_zcon = { zcon_rows,
                                                   ARRAY_LEN(zcon_rows) };

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

static void
add_rows(struct modify_table *table, const struct modify_row **list,
         const struct command_rows *rows_of)
{
    for (size_t i = 0; i < rows_of->n && table->n_rows < ROWS_MAX; i++)
        list[table->n_rows++] = &rows_of->v[i];
}

void
commands_run(struct worker *w, const struct parent_command *command)
{
    const struct modify_row *list[ROWS_MAX];
    struct modify_table table = { .rows = list, .context = w };
    struct reply_to to = { w, command->id };
    struct modify_out out = { put_line, &to };

    add_rows(&table, list, &commands_own);
    add_rows(&table, list, &commands_pause);
    add_rows(&table, list, &commands_display);
    add_rows(&table, list, &commands_dump);
    add_rows(&table, list, &commands_logging);
    if (features_have(w->tree, "zosconnect:zosConnectCommands-1.0"))
        add_rows(&table, list, &commands_zcon);
    parent_reply_end(w->parent, command->id,
                     modify_run(&table, command->text, &out));
}
