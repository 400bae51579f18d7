/*
 * What the configuration engine itself says, as findings: malformed files,
 * values that do not fit, elements without effect. Its messages name the place
 * in their text where they can.
 */
#include "doctor/doctor.h"

#include <string.h>

/* Severity letters of messages that are findings. */
static bool
is_finding(const char *id, enum doctor_rule *rule)
{
    size_t n = strlen(id);

    if (strcmp(id, "SPT0401W") == 0)
        *rule = RULE_NOT_EFFECTIVE;
    else if (n > 0 && id[n - 1] == 'E')
        *rule = RULE_CONFIG_ERROR;
    else if (n > 0 && id[n - 1] == 'W')
        *rule = RULE_CONFIG_WARNING;
    else
        return false;
    return true;
}

/* "<path>:<line>: rest", where the path is absolute. */
static struct str
split_place(struct doctor *d, struct str text, const char **file,
            uint32_t *line)
{
    size_t colon = str_find_char(text, ':');
    struct str rest, number;
    uint64_t value;
    size_t end;

    *file = "";
    *line = 0;
    if (text.n == 0 || text.p[0] != '/' || colon == STR_NPOS)
        return text;
    rest = str_sub(text, colon + 1, text.n);
    end = str_find_char(rest, ':');
    number = str_sub(rest, 0, end);
    if (end == STR_NPOS || !str_to_u64(number, &value) || value > UINT32_MAX)
        return text;
    *file = doctor_text(d, "%.*s", STR_ARG(str_sub(text, 0, colon)));
    *line = (uint32_t)value;
    return str_trim(str_sub(rest, end + 1, rest.n));
}

static void
on_message(void *arg, const char *id, struct str text)
{
    struct doctor *d = arg;
    enum doctor_rule rule;
    const char *file;
    uint32_t line;

    if (!is_finding(id, &rule))
        return;
    text = split_place(d, text, &file, &line);
    doctor_find(d, rule, file, line, doctor_text(d, "sallyport help %s", id),
                "%s: %.*s", id, STR_ARG(str_sub(text, 0, 1000)));
}

void
doctor_check_config(struct doctor *d)
{
    struct err_info why = { 0 };
    enum err e;

    d->options.on_message = on_message;
    d->options.arg = d;
    e = cfg_load(&d->options, &d->tree, &why);
    if (e == ERR_OK)
        return;
    d->tree = NULL;
    if (d->n_rule[RULE_CONFIG_ERROR] == 0)
        doctor_find(d, RULE_CONFIG_ERROR,
                    doctor_text(d, "%s/server.xml", d->server_dir), 0, "",
                    "the configuration cannot be read: %s", why.text);
    doctor_find(d, RULE_NOT_CHECKED, "", 0, "correct the configuration first",
                "what the configuration means could not be checked");
}
