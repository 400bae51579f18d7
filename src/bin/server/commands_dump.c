/*
 * Diagnostics on demand. There is no Java heap and no address space dump here:
 * all of these write what introspect.h describes, which holds no secrets.
 * Source: Liberty on z/OS, SVC dump and transaction dump handlers.
 */
#include "commands.h"

#include <string.h>

#include "base/vec.h"
#include "introspect.h"

#define LOGGER "com.ibm.ws.kernel.launch.internal.FrameworkManager"

static const char svc_help[] = "To request an SVC dump of a server:\n"
                               "  MODIFY <jobname.>identifier,svcdump[,id]";
static const char tdump_help[] = "To request a transaction dump of a server:\n"
                                 "  MODIFY <jobname.>identifier,tdump";
static const char java_help[] =
    "To request diagnostic data of a server:\n"
    "  MODIFY <jobname.>identifier,javacore\n"
    "  MODIFY <jobname.>identifier,heapdump\n"
    "  MODIFY <jobname.>identifier,javadump[='heap,system,thread']\n"
    "  MODIFY <jobname.>identifier,dump[='heap,system,thread']";

static bool
dump(const struct modify_call *call, const char *kind)
{
    struct worker *w = command_worker(call);
    bool is_java = strcmp(kind, "javadump") == 0;
    struct err_info why;
    char path[INTROSPECT_PATH_BYTES];

    if (is_java)
        MESSAGES_LOG0(w->log, LOGGER, "CWWKE0067I");
    else if (strcmp(kind, "dump") == 0)
        MESSAGES_LOG0(w->log, LOGGER, "CWWKE0057I");
    if (introspect_write(w, kind, path, &why) == ERR_OK) {
        modify_say(call, "%s", path);
        if (is_java)
            MESSAGES_LOG(w->log, LOGGER, "CWWKE0068I", str_of(path));
        return true;
    }
    modify_say(call, "SDUMPX returned return code 8");
    modify_say(call, "%s", why.text);
    return false;
}

/* "SVCDUMP" or "SVCDUMP,id": letters and digits, at most 8. */
static bool
is_plain(const struct modify_call *call, const char *word)
{
    struct str id = call->operands;

    if (call->command.n == str_of(word).n)
        return true;
    if (call->command.p[str_of(word).n] != ',' || id.n == 0 || id.n > 8)
        return false;
    for (size_t i = 0; i < id.n; i++)
        if (!((id.p[i] | 0x20) >= 'a' && (id.p[i] | 0x20) <= 'z') &&
            !(id.p[i] >= '0' && id.p[i] <= '9'))
            return false;
    return true;
}

static bool
on_svcdump(const struct modify_call *call)
{
    if (command_is_help(call)) {
        modify_say_help(call, svc_help);
        return true;
    }
    if (!is_plain(call, "SVCDUMP"))
        return command_malformed(call, svc_help);
    /* READ to BBG.AUTHMOD.BBGZSAFM.ZOSDUMP, class SERVER */
    if (!gateway_has_service(command_worker(call)->gateway, "ZOSDUMP")) {
        modify_say(call, "Internal error occurred. Error code is -1");
        return false;
    }
    return dump(call, "svcdump");
}

static bool
on_tdump(const struct modify_call *call)
{
    if (command_is_help(call)) {
        modify_say_help(call, tdump_help);
        return true;
    }
    if (!str_eq_nocase_z(call->command, "TDUMP"))
        return command_malformed(call, tdump_help);
    return dump(call, "tdump");
}

/* "" or ='a,b' with a and b of heap, system, thread */
static bool
are_kinds(struct str operands)
{
    struct str word;

    if (operands.n == 0)
        return true;
    if (operands.p[0] != '=')
        return false;
    operands = str_sub(operands, 1, operands.n);
    if (operands.n >= 2 && operands.p[0] == '\'' &&
        operands.p[operands.n - 1] == '\'')
        operands = str_sub(operands, 1, operands.n - 1);
    if (operands.n == 0)
        return false;
    while (str_token(&operands, ',', &word))
        if (!str_eq_nocase_z(word, "heap") &&
            !str_eq_nocase_z(word, "system") &&
            !str_eq_nocase_z(word, "thread"))
            return false;
    return true;
}

static bool
java(const struct modify_call *call, const char *kind)
{
    if (command_is_help(call)) {
        modify_say_help(call, java_help);
        return true;
    }
    if (!are_kinds(call->operands))
        return command_malformed(call, java_help);
    return dump(call, kind);
}

static bool
on_javacore(const struct modify_call *call)
{
    return java(call, "javacore");
}

static bool
on_heapdump(const struct modify_call *call)
{
    return java(call, "heapdump");
}

static bool
on_javadump(const struct modify_call *call)
{
    return java(call, "javadump");
}

static bool
on_dump(const struct modify_call *call)
{
    return java(call, "dump");
}

static const struct modify_row rows[] = {
    { "SVCDUMP", "SVCDUMP Command Handler", svc_help, on_svcdump, true },
    { "TDUMP", "TDUMP Command Handler", tdump_help, on_tdump, true },
    { "JAVACORE", "Dump Command Handler", java_help, on_javacore, false },
    { "HEAPDUMP", "Dump Command Handler", NULL, on_heapdump, false },
    { "JAVADUMP", "Dump Command Handler", NULL, on_javadump, false },
    { "DUMP", "Dump Command Handler", NULL, on_dump, false },
};
const struct command_rows commands_dump = { rows, ARRAY_LEN(rows) };
