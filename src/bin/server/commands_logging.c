/*
 * What is traced, changed while the server runs: until the configuration says
 * something else, or LOGGING='RESET'.
 * Source: Liberty on z/OS, Logging Command Handler.
 */
#include "commands.h"

#define HANDLER "Logging Command Handler"

static const char help[] =
    "To change the trace specification of a server:\n"
    "  MODIFY <jobname.>identifier,logging='component=level[:...]'\n"
    "To return to the configured one:\n"
    "  MODIFY <jobname.>identifier,logging='reset'";

/* LOGGING='spec' or LOGGING=spec; one quote alone is none. */
static bool
spec_of(const struct modify_call *call, struct str *out)
{
    struct str text = str_trim(call->operands);

    if (text.n == 0 || text.p[0] != '=')
        return false;
    text = str_trim(str_sub(text, 1, text.n));
    if (text.n >= 2 && text.p[0] == '\'' && text.p[text.n - 1] == '\'')
        text = str_trim(str_sub(text, 1, text.n - 1));
    *out = text;
    return text.n > 0 && str_find_char(text, '\'') == STR_NPOS;
}

static bool
on_logging(const struct modify_call *call)
{
    struct messages_log *log = command_worker(call)->log;
    const struct str reset = { .p = NULL };
    struct err_info why = { 0 };
    struct str spec;

    if (command_is_help(call)) {
        modify_say_help(call, help);
        return true;
    }
    if (!spec_of(call, &spec))
        return command_malformed(call, help);
    if (messages_log_set_trace(
            log, str_eq_nocase_z(spec, "RESET") ? reset : spec, &why) == ERR_OK)
        return true;
    modify_say(call, "%s, byte %zu of '" STR_FMT "'", why.text, why.at,
               STR_ARG(str_sub(spec, 0, 200)));
    return false;
}

static const struct modify_row rows[] = {
    { "LOGGING", HANDLER, help, on_logging, true },
};
const struct command_rows commands_logging = { rows, ARRAY_LEN(rows) };
