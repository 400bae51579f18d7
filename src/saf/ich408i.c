#include "saf/ich408i.h"

#include <stdio.h>
#include <string.h>

#include "base/printable.h"

/* The longest line before CL moves to a line of its own (captures: 65 columns
 * do not stay together, 41 do). */
#define LINE_COLUMNS 64u

static void
put(const struct saf_lines *to, const char *text)
{
    struct buf shown;

    buf_init(&shown, 4u * (SAF_PROFILE_MAX + 128u));
    printable_add(&shown, str_of(text));
    to->line(to->arg, buf_view(&shown));
    buf_fini(&shown);
}

static void
put_who(const struct saf_lines *to, struct str user, struct str group,
        struct str name)
{
    char line[128];

    (void)snprintf(line, sizeof line,
                   "ICH408I USER(%-8.*s) GROUP(%-8.*s) NAME(%-20.*s)",
                   STR_ARG(user), STR_ARG(group),
                   STR_ARG(name.n == 0 ? STR("####################") : name));
    put(to, line);
}

void
logon_tell(const struct saf_lines *to, struct str user, struct str group,
           enum logon_failure failure)
{
    if (to->logon != NULL)
        to->logon(to->arg, user, group, failure);
}

void
ich408i_logon(const struct saf_lines *to, struct str user, struct str group,
              struct str name, struct str submitter, enum logon_failure failure)
{
    static const char *const texts[] = {
        [LOGON_INVALID_PASSWORD] = "INVALID PASSWORD",
        [LOGON_INVALID_PHRASE] = "INVALID PASSWORD PHRASE",
        [LOGON_REVOKED] = "REVOKED USER ACCESS ATTEMPT",
        [LOGON_EXCESSIVE] = "EXCESSIVE PASSWORDS",
        [LOGON_EXPIRED] = "EXPIRED PASSWORD",
        [LOGON_INVALID_GROUP] = "INVALID GROUP",
        [LOGON_GROUP_REVOKED] = "GROUP ACCESS HAS BEEN REVOKED",
        [LOGON_INACTIVE] = "INACTIVE USER HAS BEEN REVOKED",
        [LOGON_REPLAY] = "REPLAY OF PASSTICKET",
        [LOGON_DAY_TIME] = "NOT AUTHORIZED TO LOGON AT THIS TIME",
        [LOGON_SURROGATE] = "SUBMITTER IS NOT AUTHORIZED BY USER",
        [LOGON_TERMINAL] = "NOT AUTHORIZED TO TERMINAL",
        [LOGON_NEW_PASSWORD] = "INVALID NEW PASSWORD",
        [LOGON_NEW_PHRASE] = "INVALID NEW PASSWORD PHRASE",
        [LOGON_PHRASE_EXPIRED] = "EXPIRED PASSWORD PHRASE",
        [LOGON_OIDCARD] = "OIDCARD REQUIRED",
    };
    char line[128];

    logon_tell(to, user, group, failure);
    put_who(to, user, group, name);
    if (submitter.n > 0) {
        (void)snprintf(line, sizeof line, "  SUBMITTER(%-8.*s)",
                       STR_ARG(submitter));
        put(to, line);
    }
    (void)snprintf(line, sizeof line, "  LOGON/JOB INITIATION - %s",
                   texts[failure]);
    put(to, line);
}

void
ich408i_access(const struct saf_lines *to, const struct acee *acee,
               struct str class_name, struct str resource,
               const struct saf_decision *d)
{
    char line[SAF_PROFILE_MAX + 64], class_part[32];

    if ((acee->attrs & ACEE_UNDEFINED) != 0)
        put_who(to, str_of(acee->user), STR(""), STR("???"));
    else
        put_who(to, str_of(acee->user), str_of(acee->group),
                str_of(acee->name));
    (void)snprintf(class_part, sizeof class_part, "CL(%-8.*s)",
                   STR_ARG(class_name));
    resource = str_sub(resource, 0, SAF_PROFILE_MAX);
    if (2 + resource.n + 1 + strlen(class_part) <= LINE_COLUMNS) {
        (void)snprintf(line, sizeof line, "  %.*s %s", STR_ARG(resource),
                       class_part);
        put(to, line);
    } else {
        (void)snprintf(line, sizeof line, "  %.*s", STR_ARG(resource));
        put(to, line);
        (void)snprintf(line, sizeof line, "  %s", class_part);
        put(to, line);
    }
    put(to, d->is_warning ? "  WARNING: INSUFFICIENT ACCESS AUTHORITY"
                          : "  INSUFFICIENT ACCESS AUTHORITY");
    if (d->is_generic) {
        (void)snprintf(line, sizeof line, "  FROM %s (G)", d->profile);
        put(to, line);
    }
    (void)snprintf(line, sizeof line,
                   "  ACCESS INTENT(%-7s)  ACCESS ALLOWED(%-7s)",
                   saf_level_name(d->requested),
                   saf_level_name(d->is_warning ? SAF_NONE : d->allowed));
    put(to, line);
}
