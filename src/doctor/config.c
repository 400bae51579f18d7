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

/* Without "<path>:<line>:<column>: " at its start, which stands before it. */
static struct str
without_place(struct str text, const struct cfg_place *place)
{
    size_t n = 0;

    if (place->file.n == 0 || !str_starts(text, place->file))
        return text;
    for (struct str rest = str_sub(text, place->file.n, text.n);
         n < rest.n &&
         (rest.p[n] == ':' || (rest.p[n] >= '0' && rest.p[n] <= '9'));
         n++)
        ;
    return str_trim(str_sub(text, place->file.n + n, text.n));
}

static void
on_message(void *arg, const char *id, struct str text)
{
    struct doctor *d = arg;
    struct cfg_place *place = &d->place;
    enum doctor_rule rule;
    const char *file;

    if (!is_finding(id, &rule))
        return;
    /* "built-in" is no file */
    if (place->file.n == 0 || place->file.p[0] != '/')
        *place = (struct cfg_place){ .line = 0 };
    file = place->file.n > 0 ? doctor_text(d, STR_FMT, STR_ARG(place->file))
                             : doctor_text(d, "%s/server.xml", d->server_dir);
    text = without_place(text, place);
    doctor_find(d, rule, file, place->line,
                doctor_edit(d, file, place->line,
                            doctor_text(d, "sallyport help %s", id)),
                "%s: %.*s", id, STR_ARG(str_sub(text, 0, 1000)));
}

void
doctor_check_config(struct doctor *d)
{
    struct err_info why = { 0 };
    enum err e;

    d->options.on_message = on_message;
    d->options.place = &d->place;
    d->options.arg = d;
    e = cfg_load(&d->options, &d->tree, &why);
    if (e == ERR_OK)
        return;
    d->tree = NULL;
    if (d->n_rule[RULE_CONFIG_ERROR] == 0)
        doctor_find(d, RULE_CONFIG_ERROR, "", 0, "",
                    "the configuration cannot be read: %s", why.text);
    doctor_find(d, RULE_NOT_CHECKED, "", 0,
                doctor_text(d, "sallyport config check %s", d->server_name),
                "what the configuration means could not be checked: correct "
                "it first");
}
