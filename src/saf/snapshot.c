/*
 * Access checks against an image. The image was verified by
 * snapshot_check_image, so offsets are followed without further tests.
 */
#include "saf/snapshot.h"

#include <string.h>

#include "saf/classes.h"
#include "saf/pattern.h"
#include "saf/snapshot_format.h"
#include "saf/snapshot_private.h"

const char *
snapshot_class(const void *image)
{
    return ((const struct snap_header *)image)->class_name;
}

uint64_t
snapshot_generation(const void *image)
{
    return ((const struct snap_header *)image)->generation;
}

uint32_t
snapshot_flags(const void *image)
{
    return ((const struct snap_header *)image)->flags;
}

uint32_t
snapshot_n_profiles(const void *image)
{
    return (uint32_t)((const struct snap_header *)image)
        ->section[SNAP_PROFILES]
        .n;
}

bool
snap_list_level(const void *image, const struct snap_profile *p, uint32_t id,
                enum saf_level *level)
{
    const struct snap_access *v =
        SNAP(image, SNAP_ACCESS, snap_access, p->access);
    size_t low = 0, high = p->n_access;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (v[middle].id == id) {
            *level = (enum saf_level)v[middle].level;
            return true;
        }
        if (v[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void
set_allowed(struct saf_decision *d, enum saf_level level, const char *entry)
{
    size_t n = 0;

    d->allowed = level;
    for (; n + 1 < sizeof d->entry && entry[n] != '\0'; n++)
        d->entry[n] = entry[n];
    d->entry[n] = '\0';
}

/* The acee's group of that id, by its order; NULL. */
static const struct acee_group *
group_of(const struct acee *acee, uint32_t id)
{
    size_t low = 0, high = acee->n_groups;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (acee->groups[middle].id == id)
            return &acee->groups[middle];
        if (acee->groups[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool
counts(const struct acee *acee, const struct acee_group *g, bool is_all)
{
    return is_all || strcmp(g->name, acee->group) == 0;
}

static void
raise_level(struct saf_decision *d, enum saf_level level, const char *name,
            bool *is_found)
{
    if (!*is_found || level > d->allowed)
        set_allowed(d, level, name);
    *is_found = true;
}

/* Step 10: the highest level any of the groups that count has. The shorter of
 * list and groups is walked, the other one searched. */
static bool
group_level(const void *image, const struct snap_profile *p,
            const struct acee *acee, struct saf_decision *d)
{
    bool is_all = (snapshot_flags(image) & SNAPSHOT_GRPLIST) != 0;
    bool is_found = false;

    if (p->n_access < acee->n_groups) {
        const struct snap_access *v =
            SNAP(image, SNAP_ACCESS, snap_access, p->access);

        for (uint32_t i = 0; i < p->n_access; i++) {
            const struct acee_group *g = group_of(acee, v[i].id);

            if (g != NULL && counts(acee, g, is_all))
                raise_level(d, (enum saf_level)v[i].level, g->name, &is_found);
        }
        return is_found;
    }
    for (uint32_t i = 0; i < acee->n_groups; i++) {
        const struct acee_group *g = &acee->groups[i];
        enum saf_level level;

        if (counts(acee, g, is_all) && snap_list_level(image, p, g->id, &level))
            raise_level(d, level, g->name, &is_found);
    }
    return is_found;
}

static bool
is_defined(const struct acee *acee)
{
    return acee != NULL && (acee->attrs & ACEE_UNDEFINED) == 0;
}

/* Steps 9 to 11. False: neither id nor a group stands in the list. */
static bool
standard_level(const void *image, const struct snap_profile *p,
               const struct acee *acee, struct saf_decision *d)
{
    enum saf_level level;

    if (is_defined(acee)) {
        if (snap_list_level(image, p, acee->user_id, &level)) {
            set_allowed(d, level, acee->user);
            return true;
        }
        if (group_level(image, p, acee, d))
            return true;
        if ((acee->attrs & ACEE_RESTRICTED) != 0)
            return false;
    }
    set_allowed(d, (enum saf_level)p->uacc, "UACC");
    if (is_defined(acee) && p->star != 0xff && p->star >= p->uacc)
        set_allowed(d, (enum saf_level)p->star, "*");
    return false;
}

/* Where the request comes from, when that counts: a port of entry as long as
 * its class is active, a program under program control. What the caller does
 * not say is where the requester came in. */
static struct str
port_of(const void *image, const struct acee *acee, const struct saf_where *w,
        const char *kind)
{
    static const struct saf_where nowhere;
    const struct saf_where *from = w != NULL ? w : &nowhere;
    const struct {
        const char *kind;
        struct str value;
        uint32_t flag;
    } rows[] = {
        { "TERMINAL", from->terminal, SNAPSHOT_WHEN_TERMINAL },
        { "CONSOLE", from->console, SNAPSHOT_WHEN_CONSOLE },
        { "JESINPUT", from->jesinput, SNAPSHOT_WHEN_JESINPUT },
        { "APPCPORT", from->appcport, SNAPSHOT_WHEN_APPCPORT },
        { "SERVAUTH", from->servauth, SNAPSHOT_WHEN_SERVAUTH },
        { "SYSID", from->sysid, SNAPSHOT_WHEN_PROGRAM },
        { "PROGRAM", from->program, SNAPSHOT_WHEN_PROGRAM },
        { "SERVICE", from->service, 0 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(kind, rows[i].kind) != 0 ||
            (snapshot_flags(image) & rows[i].flag) != rows[i].flag)
            continue;
        return rows[i].value.n == 0 && acee != NULL &&
                       str_eq_z(acee->port_class, kind)
                   ? acee->port
                   : rows[i].value;
    }
    return (struct str){ NULL, 0 };
}

/* "SQLROLE(ADMIN)" against a name and a value given by the caller. */
static bool
criteria_hold(const char *value, const struct saf_where *w)
{
    struct str text = str_of(value);
    size_t open = str_find_char(text, '(');

    return open != STR_NPOS && str_ends(text, STR(")")) &&
           str_eq_nocase(str_sub(text, 0, open), w->criteria_name) &&
           str_eq(str_sub(text, open + 1, text.n - 1), w->criteria_value);
}

bool
snap_cond_holds(const void *image, const struct snap_cond *c,
                const struct acee *acee, const struct saf_where *w)
{
    const char *bytes = snap_section(image, SNAP_BYTES);
    const char *kind = bytes + c->kind, *value = bytes + c->value;
    struct str port;

    if (strcmp(kind, "CRITERIA") == 0)
        return w != NULL && criteria_hold(value, w);
    port = port_of(image, acee, w, kind);
    return port.n > 0 && (str_eq_z(port, value) || strcmp(value, "*") == 0);
}

bool
snap_cond_is_for(const struct snap_cond *c, const struct acee *acee,
                 bool all_groups)
{
    if (c->id == 0)
        return (acee->attrs & ACEE_RESTRICTED) == 0;
    if (c->id == acee->user_id)
        return true;
    for (uint32_t i = 0; i < acee->n_groups; i++)
        if (acee->groups[i].id == c->id &&
            (all_groups || strcmp(acee->groups[i].name, acee->group) == 0))
            return true;
    return false;
}

/* Step 14: it only adds. */
static void
conditional_level(const void *image, const struct snap_profile *p,
                  const struct acee *acee, const struct saf_where *where,
                  struct saf_decision *d)
{
    bool all = (snapshot_flags(image) & SNAPSHOT_GRPLIST) != 0;

    if (!is_defined(acee))
        return;
    for (uint32_t i = 0; i < p->n_cond; i++) {
        const struct snap_cond *c =
            SNAP(image, SNAP_CONDS, snap_cond, p->cond + i);

        if ((enum saf_level)c->level > d->allowed &&
            snap_cond_is_for(c, acee, all) &&
            snap_cond_holds(image, c, acee, where))
            set_allowed(d, (enum saf_level)c->level, "WHEN");
    }
}

/* Whose user id is the first qualifier of a data set has ALTER to it. */
static bool
is_own_dataset(const void *image, const struct acee *acee, struct str name)
{
    const struct snap_header *h = image;

    return (h->class_flags & CLASS_DATASET) != 0 && is_defined(acee) &&
           str_eq_z(str_sub(name, 0, str_find_char(name, '.')), acee->user);
}

/* Steps 8 to 16 once the profile is known. */
static void
decide(const void *image, const struct snap_profile *p, const struct acee *acee,
       struct str resource, const struct saf_where *where,
       struct saf_decision *d)
{
    const struct snap_header *h = image;
    d->rc = SAF_RC(0, 0, 0);
    if (is_own_dataset(image, acee, resource)) {
        set_allowed(d, SAF_ALTER, "OWN");
        return;
    }
    d->is_listed = standard_level(image, p, acee, d);
    if (d->allowed >= d->requested)
        return;
    if (!d->is_listed && (h->class_flags & CLASS_OPERATIONS) != 0 &&
        is_defined(acee) && (acee->attrs & ACEE_OPERATIONS) != 0) {
        set_allowed(d, SAF_ALTER, "OPERATIONS");
        return;
    }
    conditional_level(image, p, acee, where, d);
    if (d->allowed >= d->requested)
        return;
    d->is_warning = (p->flags & SNAP_WARNING) != 0;
    if (!d->is_warning)
        d->rc = SAF_RC(8, 8, 0);
}

/* AUDIT and GLOBALAUDIT of the profile, UAUDIT of the user, LOGOPTIONS of the
 * class and OPERAUDIT decide what is logged; NEVER silences them all. */
static void
set_log(const void *image, const struct snap_profile *p,
        const struct acee *acee, struct saf_decision *d)
{
    uint32_t flags = snapshot_flags(image);
    bool is_success = saf_rc_is_ok(d->rc) && !d->is_warning;
    uint32_t options =
        SNAPSHOT_LOG_ALWAYS |
        (is_success ? SNAPSHOT_LOG_SUCCESSES : SNAPSHOT_LOG_FAILURES);
    enum saf_level own = SAF_NONE, global = SAF_NONE;
    unsigned log = 0;

    if (p != NULL) {
        own = (enum saf_level)(is_success ? p->audit_s : p->audit_f);
        global = (enum saf_level)(is_success ? p->gaudit_s : p->gaudit_f);
    }
    if (acee != NULL && (acee->attrs & ACEE_UAUDIT) != 0)
        log |= SAF_LOG_USER;
    if (d->is_warning || (own != SAF_NONE && d->requested >= own))
        log |= SAF_LOG_PROFILE;
    if (global != SAF_NONE && d->requested >= global)
        log |= SAF_LOG_GLOBAL;
    if ((flags & options) != 0)
        log |= SAF_LOG_OPTIONS;
    if (is_success && (flags & SNAPSHOT_OPERAUDIT) != 0 &&
        strcmp(d->entry, "OPERATIONS") == 0)
        log |= SAF_LOG_OPERATIONS;
    d->log = (flags & SNAPSHOT_LOG_NEVER) != 0 ? 0 : (uint8_t)log;
    d->wants_log = d->log != 0;
}

/* Steps 2 to 5: answers that need no profile. */
static bool
decide_early(const void *image, const struct acee *acee, struct saf_decision *d)
{
    const struct snap_header *h = image;

    if ((h->flags & SNAPSHOT_ACTIVE) == 0 ||
        (h->raclist == RACLIST_REQUIRED &&
         (h->flags & SNAPSHOT_RACLISTED) == 0)) {
        d->rc = SAF_RC(4, 4, 0);
        return true;
    }
    if (acee == NULL || (acee->attrs & (ACEE_PRIVILEGED | ACEE_TRUSTED)) == 0)
        return false;
    d->rc = SAF_RC(0, 0, 0);
    if ((acee->attrs & ACEE_PRIVILEGED) != 0) {
        set_allowed(d, SAF_ALTER, "PRIV");
        return true;
    }
    set_allowed(d, SAF_ALTER, "TRUSTED");
    set_log(image, NULL, acee, d);
    return true;
}

static bool
own_value(const void *arg, struct str variable, size_t i, struct str *out)
{
    const struct acee *acee = arg;

    if (i > 0 || acee == NULL)
        return false;
    *out = str_of(str_eq_z(variable, "RACUID")    ? acee->user
                  : str_eq_z(variable, "RACGPID") ? acee->group
                                                  : "");
    return out->n > 0;
}

/* Step 6: the first entry that matches; it only grants. */
static bool
is_global(const void *image, const struct acee *acee, struct str name,
          struct saf_decision *d)
{
    const struct snap_header *h = image;
    const struct pattern_values values = { own_value, acee };
    const unsigned char *tail = snap_section(image, SNAP_TAIL);

    if ((h->flags & SNAPSHOT_GLOBAL) == 0 ||
        (acee != NULL && (acee->attrs & ACEE_RESTRICTED) != 0))
        return false;
    for (uint64_t i = 0; i < h->section[SNAP_GLOBALS].n; i++) {
        const struct snap_global *g = SNAP(image, SNAP_GLOBALS, snap_global, i);

        if (!pattern_matches_tokens(tail + g->at, g->n, name, &values))
            continue;
        if ((enum saf_level)g->level < d->requested)
            return false;
        set_allowed(d, (enum saf_level)g->level, "GLOBAL");
        d->rc = SAF_RC(0, 0, 0);
        return true;
    }
    return false;
}

/* Step 7 without a profile. */
static void
decide_unprotected(const void *image, const struct acee *acee,
                   struct saf_decision *d)
{
    const struct snap_header *h = image;
    bool is_all = (h->flags & SNAPSHOT_PROTECTALL) != 0;

    if (is_all && (h->flags & SNAPSHOT_PROTECTALL_WARNING) != 0) {
        d->rc = SAF_RC(0, 0, 0);
        d->is_warning = true;
    } else if (is_all || h->default_rc == 8) {
        d->rc = SAF_RC(8, 8, 0);
    } else {
        d->rc = SAF_RC(4, 4, 0); /* nothing was decided, nothing is logged */
        return;
    }
    set_log(image, NULL, acee, d);
    if (is_all && (h->flags & SNAPSHOT_LOG_NEVER) == 0) {
        d->log |= SAF_LOG_PROFILE;
        d->wants_log = true;
    }
}

void
snapshot_lookup(const void *image, const struct acee *acee, struct str resource,
                enum saf_level level, const struct saf_where *where,
                struct saf_decision *out)
{
    const struct snap_profile *p = NULL;
    char text[SAF_PROFILE_MAX + 1];
    struct str name, controlling;

    *out = (struct saf_decision){ .requested = level };
    if (decide_early(image, acee, out))
        return;
    if (snap_fold(image, resource, text, &name)) {
        if (is_global(image, acee, name, out))
            return;
        p = snap_find_profile(image, name);
    }
    if (p == NULL) {
        decide_unprotected(image, acee, out);
        return;
    }
    controlling = snap_name(image, p);
    memcpy(out->profile, controlling.p, controlling.n);
    out->is_generic = (p->flags & SNAP_GENERIC) != 0;
    decide(image, p, acee, name, where, out);
    set_log(image, p, acee, out);
}

void
snapshot_log_again(const void *image, const struct acee *acee,
                   struct str resource, struct saf_decision *d)
{
    char text[SAF_PROFILE_MAX + 1];
    struct str name;

    set_log(image,
            snap_fold(image, resource, text, &name)
                ? snap_find_profile(image, name)
                : NULL,
            acee, d);
}
