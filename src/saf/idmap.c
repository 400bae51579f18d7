/* The order in which identity maps are tried. */
#include "saf/idmap.h"

#include "base/buf.h"
#include "saf/classes.h"
#include "saf/pattern.h"

/* Where the first part of a distinguished name ends, its comma; STR_NPOS: it is
 * the last. A comma behind a backslash or in quotes belongs to a value. */
static size_t
part_end(struct str dn)
{
    bool is_quoted = false;

    for (size_t i = 0; i < dn.n; i++) {
        if (dn.p[i] == '\\')
            i++;
        else if (dn.p[i] == '"')
            is_quoted = !is_quoted;
        else if (dn.p[i] == ',' && !is_quoted)
            return i;
    }
    return STR_NPOS;
}

/* Without blanks around it, but for one that is escaped at its end; without
 * backslashes before letters that need none (not those of hexadecimal
 * digits). */
static void
add_value(struct buf *out, struct str text)
{
    struct str value = str_trim(text);
    size_t n_backslashes = 0;

    for (size_t i = 0; i < value.n; i++) {
        char next = i + 1 < value.n ? value.p[i + 1] : '\0';

        n_backslashes = value.p[i] == '\\' ? n_backslashes + 1 : 0;
        if (n_backslashes % 2 == 1 &&
            ((next >= 'g' && next <= 'z') || (next >= 'G' && next <= 'Z')))
            continue;
        buf_add_char(out, value.p[i]);
    }
    if (n_backslashes % 2 == 1 && value.p + value.n < text.p + text.n)
        buf_add_char(out, ' ');
}

/* Each part has an attribute type. */
static bool
is_dn(struct str name)
{
    for (size_t end = 0; end != STR_NPOS;) {
        end = part_end(name);
        if (str_find_char(str_sub(name, 0, end), '=') == STR_NPOS)
            return false;
        if (end != STR_NPOS)
            name = str_sub(name, end + 1, name.n);
    }
    return true;
}

struct str
idmap_normalised(struct arena *arena, struct str name)
{
    struct str rest = name;
    struct buf out;

    if (!is_dn(name))
        return name;
    buf_init(&out, name.n + 2);
    for (size_t end = 0; end != STR_NPOS;) {
        struct str part;
        size_t equals;

        end = part_end(rest);
        part = str_sub(rest, 0, end);
        equals = str_find_char(part, '=');
        if (end != STR_NPOS)
            rest = str_sub(rest, end + 1, rest.n);
        if (out.n > 0)
            buf_add_char(&out, ',');
        buf_add(&out, str_upper(arena, str_trim(str_sub(part, 0, equals))));
        buf_add_char(&out, '=');
        add_value(&out, str_sub(part, equals + 1, part.n));
    }
    name = str_dup(arena, buf_view(&out));
    buf_fini(&out);
    return name;
}

/* --- distributed identities --------------------------------------------- */

static bool
find_exact(struct saf_db *db, struct arena *arena, enum idmap_state state,
           struct str user, struct str registry, struct str *owner)
{
    struct saf_query q =
        state == IDMAP_STORED
            ? saf_db_query(db,
                           "SELECT owner FROM idmaps WHERE kind='D' AND"
                           " filter=?1 AND issuer=?2",
                           "ss", user, registry)
            : saf_db_query(db,
                           "SELECT owner FROM eff_idids WHERE filter=?1 AND"
                           " issuer=?2",
                           "ss", user, registry);
    bool is_found = saf_query_next(&q);

    if (is_found)
        *owner = saf_query_str(&q, arena, 0);
    saf_query_close(&q);
    return is_found;
}

static bool
find_in_registry(struct saf_db *db, struct arena *arena, enum idmap_state state,
                 struct str user, struct str registry, struct str *owner)
{
    bool has_parts = is_dn(user);

    while (user.n > 0) {
        size_t comma = part_end(user);

        if (find_exact(db, arena, state, user, registry, owner))
            return true;
        if (!has_parts || comma == STR_NPOS)
            break;
        user = str_sub(user, comma + 1, user.n);
    }
    return find_exact(db, arena, state, STR("*"), registry, owner);
}

bool
idmap_user(struct saf_db *db, struct arena *arena, enum idmap_state state,
           struct str name, struct str registry, struct str *user)
{
    const uint32_t both = CLASS_ACTIVE | CLASS_RACLIST;

    if (state == IDMAP_EFFECTIVE &&
        (saf_class_options(db, STR("IDIDMAP")) & both) != both)
        return false;
    name = idmap_normalised(arena, name);
    return find_in_registry(db, arena, state, name, registry, user) ||
           find_in_registry(db, arena, state, name, STR("*"), user);
}

/* --- certificate name filters ------------------------------------------- */

struct filter_row {
    struct str owner, label, status, criteria;
};

static bool
find_filter(struct saf_db *db, struct arena *arena, enum idmap_state state,
            struct str subject, struct str issuer, struct filter_row *out)
{
    struct saf_query q =
        state == IDMAP_STORED
            ? saf_db_query(db,
                           "SELECT owner, label, status, criteria FROM idmaps"
                           " WHERE kind='N' AND filter=?1 AND issuer=?2"
                           " ORDER BY id LIMIT 1",
                           "ss", subject, issuer)
            : saf_db_query(db,
                           "SELECT owner, label, status, criteria FROM"
                           " eff_filters WHERE filter=?1 AND issuer=?2"
                           " ORDER BY id LIMIT 1",
                           "ss", subject, issuer);
    bool is_found = saf_query_next(&q);

    if (is_found) {
        out->owner = saf_query_str(&q, arena, 0);
        out->label = saf_query_str(&q, arena, 1);
        out->status = saf_query_str(&q, arena, 2);
        out->criteria = saf_query_str(&q, arena, 3);
    }
    saf_query_close(&q);
    return is_found;
}

/* The name less its most specific attribute; empty after the last. A "." may
 * stand in a value, so the next attribute is the next ".WORD=". */
static struct str
shorter(struct str name)
{
    for (size_t i = 1; i < name.n; i++) {
        size_t end = i + 1;

        if (name.p[i] != '.')
            continue;
        while (end < name.n && ((name.p[end] >= 'A' && name.p[end] <= 'Z') ||
                                (name.p[end] >= '0' && name.p[end] <= '9')))
            end++;
        if (end > i + 1 && end < name.n && name.p[end] == '=')
            return str_sub(name, i + 1, name.n);
    }
    return (struct str){ NULL, 0 };
}

static bool
best_filter(struct saf_db *db, struct arena *arena, enum idmap_state state,
            const struct certmap_ask *ask, struct filter_row *out)
{
    struct str name;

    for (name = ask->subject; name.n > 0; name = shorter(name))
        if (find_filter(db, arena, state, name, ask->issuer, out))
            return true;
    for (name = ask->subject; name.n > 0; name = shorter(name))
        if (find_filter(db, arena, state, name, STR(""), out))
            return true;
    for (name = ask->issuer; name.n > 0; name = shorter(name))
        if (find_filter(db, arena, state, STR(""), name, out))
            return true;
    return false;
}

static void
add_substituted(struct buf *out, struct str criteria,
                const struct certmap_ask *ask)
{
    const struct {
        struct str variable, value;
    } rows[] = { { STR("&APPLID"), ask->applid },
                 { STR("&SYSID"), ask->sysid } };

    while (criteria.n > 0) {
        size_t i = 0;

        while (i < ARRAY_LEN(rows) && !str_starts(criteria, rows[i].variable))
            i++;
        if (i < ARRAY_LEN(rows)) {
            buf_add(out, rows[i].value);
            criteria = str_sub(criteria, rows[i].variable.n, criteria.n);
        } else {
            buf_add_char(out, criteria.p[0]);
            criteria = str_sub(criteria, 1, criteria.n);
        }
    }
}

/* Class DIGTCRIT, as effective as it is: its image names the profile, whose
 * APPLDATA is the user. */
static struct str
user_of_criteria(struct saf_engine *engine, struct arena *arena,
                 struct str criteria, const struct certmap_ask *ask)
{
    struct str image, profile, user = { NULL, 0 };
    struct saf_profile p;
    bool is_generic;
    struct buf name;

    buf_init(&name, 512);
    add_substituted(&name, criteria, ask);
    if (saf_engine_image_for(engine, STR("DIGTCRIT"), buf_view(&name), &image,
                             NULL) == ERR_OK &&
        snapshot_find(image.p, buf_view(&name), &profile, &is_generic) &&
        saf_profile_get_kind(saf_engine_db(engine), arena, STR("DIGTCRIT"),
                             profile, is_generic, &p))
        user = str_upper(arena, saf_field_get(saf_engine_db(engine), arena,
                                              SAF_KIND_PROFILE, p.id, "BASE",
                                              "APPLDATA"));
    buf_fini(&name);
    return user;
}

bool
certmap_user(struct saf_engine *engine, struct arena *arena,
             enum idmap_state state, const struct certmap_ask *ask,
             struct certmap *out)
{
    struct filter_row row;

    if (!best_filter(saf_engine_db(engine), arena, state, ask, &row))
        return false;
    *out = (struct certmap){ .label = row.label, .owner = row.owner };
    if (str_eq_z(row.status, "N"))
        return true;
    out->user = str_eq_z(row.owner, CERTMAP_OWNER_MULTI)
                    ? user_of_criteria(engine, arena, row.criteria, ask)
                    : row.owner;
    return true;
}

bool
certmap_is_used(struct saf_db *db)
{
    struct saf_query q =
        saf_db_query(db, "SELECT 1 FROM eff_filters LIMIT 1", "");
    bool is_used = saf_query_next(&q);

    saf_query_close(&q);
    return is_used;
}
