#include "assist/health_ring.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/table.h"

#define DAY_S 86400

struct check {
    store_diag diag;
    void *arg;
    ring_look_up look_up;
    void *look_up_arg;
    struct str user;
    int64_t now_s;
    struct table seen; /* image, traffic type and level: once is enough */
    struct table told; /* rings are shared, and so is what is said of them */
    /* what is looked at */
    const struct store_type *type;
    const struct store_level *level;
    struct ring_name name;
    char path[512]; /* of the ring's key */
    char title[160];
    struct ring_facts facts;
};

static void PRINTF_LIKE(3, 4)
    warn(struct check *c, const char *path, const char *fmt, ...)
{
    char text[1024], key[1600];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)snprintf(key, sizeof key, "%s %s", path, text);
    if (table_get(&c->told, str_of(key)) != NULL)
        return;
    IGNORE(table_put(&c->told, str_of(key), c, NULL)); /* then said again */
    c->diag(c->arg, false, str_of(path), text);
}

static void
date_of(int64_t seconds, char out[16])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (gmtime_r(&t, &tm) == NULL || strftime(out, 16, "%Y-%m-%d", &tm) == 0)
        (void)snprintf(out, 16, "?");
}

static void
check_dates(struct check *c, const struct ring_cert *cert)
{
    char from[16], until[16];

    date_of(cert->from_s, from);
    date_of(cert->until_s, until);
    if (cert->from_s > c->now_s)
        warn(c, c->path,
             "certificate \"" STR_FMT "\" of %s is valid from %s on",
             STR_ARG(cert->label), c->title, from);
    if (cert->until_s < c->now_s)
        warn(c, c->path, "certificate \"" STR_FMT "\" of %s expired %s",
             STR_ARG(cert->label), c->title, until);
    else if (cert->until_s < c->now_s + (int64_t)HEALTH_EXPIRES_DAYS * DAY_S)
        warn(c, c->path,
             "certificate \"" STR_FMT "\" of %s expires %s, in %lld days",
             STR_ARG(cert->label), c->title, until,
             (long long)((cert->until_s - c->now_s) / DAY_S));
}

static bool
is_role(const struct store_type *t, const char *role)
{
    return str_eq_nocase_z(t->text[TYPE_ROLE], role);
}

/* The one that is shown: by its label, else the default one, else the first
 * that is nobody's authority. */
static const struct ring_cert *
own_cert(const struct check *c)
{
    struct str label = c->type->text[TYPE_LABEL];
    const struct ring_cert *first = NULL;

    for (size_t i = 0; i < c->facts.n; i++) {
        const struct ring_cert *cert = &c->facts.certs[i];

        if (label.n > 0 ? str_eq(cert->label, label) : cert->is_default)
            return cert;
        if (label.n == 0 && !cert->is_signer && first == NULL)
            first = cert;
    }
    return first;
}

static void
check_own(struct check *c)
{
    struct str label = c->type->text[TYPE_LABEL];
    const struct ring_cert *cert = own_cert(c);
    char path[512];

    (void)snprintf(path, sizeof path, STR_FMT ".%s", STR_ARG(c->type->obj.path),
                   label.n > 0 ? "certificateLabel" : "handshakeRole");
    if (cert == NULL && label.n > 0)
        warn(c, path, "\"" STR_FMT "\" is not in %s", STR_ARG(label), c->title);
    else if (cert == NULL && !is_role(c->type, "Client"))
        warn(c, path, "%s has no certificate that a server could show",
             c->title);
    else if (cert != NULL && c->facts.are_keys_known && !cert->has_key &&
             (label.n > 0 || !is_role(c->type, "Client")))
        warn(c, path,
             "certificate \"" STR_FMT "\" of %s has no private key that may be "
             "used",
             STR_ARG(cert->label), c->title);
}

static void
check_signers(struct check *c)
{
    bool verifies =
        is_role(c->type, "Client") ||
        (is_role(c->type, "ServerWithClientAuth") &&
         !str_eq_nocase_z(c->level->text[LEVEL_CLIENT_AUTH], "PassThru"));

    for (size_t i = 0; i < c->facts.n; i++)
        verifies &= !c->facts.certs[i].is_signer;
    if (verifies)
        warn(c, c->path,
             "%s has no certificate of an authority: no partner's can be "
             "verified",
             c->title);
}

static void
check_ring(struct check *c)
{
    c->facts = (struct ring_facts){ .state = RING_NOT_LOOKED_UP };
    c->look_up(c->look_up_arg, &c->name, &c->facts);
    switch (c->facts.state) {
    case RING_NOT_LOOKED_UP:
        warn(c, c->path, "%s was not looked up: %s", c->title, c->facts.why);
        return;
    case RING_IS_MISSING:
        warn(c, c->path, "%s is not there: %s", c->title, c->facts.why);
        return;
    case RING_IS_THERE:
        break;
    }
    for (size_t i = 0; i < c->facts.n; i++)
        check_dates(c, &c->facts.certs[i]);
    check_own(c);
    check_signers(c);
}

/* An owner in the ring's name, else the user whose traffic it is. */
static void
name_ring(struct check *c, const struct store_image *image)
{
    bool is_own = c->type->text[TYPE_RING].n > 0;
    struct str ring = is_own ? c->type->text[TYPE_RING] : image->ring;
    struct str stash = is_own ? c->type->text[TYPE_STASH] : image->stash;
    struct str user = c->type->text[TYPE_USER];
    struct str path = is_own ? c->type->obj.path : image->obj.path;
    size_t slash = str_find_char(ring, '/');
    bool is_file = ring.n > 0 && ring.p[0] == '/';

    if (user.n == 0 || user.p[user.n - 1] == '*')
        user = c->user;
    if (!is_file && slash != STR_NPOS) {
        user = str_sub(ring, 0, slash);
        ring = str_sub(ring, slash + 1, ring.n);
    }
    c->name = (struct ring_name){ user, ring, stash };
    (void)snprintf(c->path, sizeof c->path, STR_FMT ".keyring", STR_ARG(path));
    (void)snprintf(c->title, sizeof c->title, "%s " STR_FMT "%s" STR_FMT,
                   is_file ? "key database" : "ring",
                   STR_ARG(str_sub(ring, 0, 100)),
                   is_file || user.n == 0 ? "" : " of ",
                   STR_ARG(is_file ? (struct str){ 0 } : str_sub(user, 0, 32)));
}

static void
check_rule(struct check *c, const struct store_image *image,
           const struct store_rule *rule)
{
    for (size_t i = 0; i < rule->map->n_pairs; i++) {
        const struct store_pair *p = &rule->map->pairs[i];

        for (size_t k = 0; p->level != NULL && k < p->traffic->n_types; k++) {
            const void *what[] = { image, &p->traffic->types[k], p->level };
            struct str key = str_n(what, sizeof what);

            if (table_get(&c->seen, key) != NULL)
                continue;
            IGNORE(table_put(&c->seen, key, c, NULL)); /* then once more */
            c->type = &p->traffic->types[k];
            c->level = p->level;
            name_ring(c, image);
            check_ring(c);
        }
    }
}

void
health_rings(const struct store *s, struct str user, int64_t now_s,
             ring_look_up look_up, void *look_up_arg, store_diag diag,
             void *arg)
{
    struct check c = { .diag = diag,
                       .arg = arg,
                       .look_up = look_up,
                       .look_up_arg = look_up_arg,
                       .user = user,
                       .now_s = now_s };

    table_init(&c.seen);
    table_init(&c.told);
    for (size_t i = 0; i < s->n_systems; i++)
        for (size_t k = 0; k < s->systems[i].n_images; k++) {
            const struct store_image *image = &s->systems[i].images[k];

            for (size_t m = 0; m < image->n_stacks; m++)
                for (size_t r = 0; r < image->stacks[m].n_rules; r++)
                    check_rule(&c, image, &image->stacks[m].rules[r]);
        }
    table_fini(&c.seen);
    table_fini(&c.told);
}
