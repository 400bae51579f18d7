/* RACDCERT MAP, ALTMAP, DELMAP, LISTMAP: certificate name filters (class
 * DIGTNMAP). */
#include <string.h>

#include "saf/idmap.h"
#include "saf/racdcert_private.h"

/* --- filters ------------------------------------------------------------ */

static bool
has_prefix(struct str filter)
{
    static const char *const prefixes[] = {
        "CN=", "T=",  "OU=",     "O=",   "L=",         "SP=", "ST=",    "C=",
        "DC=", "UID", "STREET=", "MAIL", "POSTALCODE", "E=",  "EMAIL=", "SN=",
    };

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (str_starts(filter, str_of(prefixes[i])) &&
            str_find_char(filter, '=') < 16)
            return true;
    return false;
}

/* The filter of one operand: as given, or, when a certificate is at hand, its
 * name from the point that the operand gives. */
static bool
read_filter(struct cmd *c, const char *operand, const struct cert_facts *model,
            struct str name, struct str *out)
{
    struct str value = cmd_value(cmd_arg(c, operand));

    *out = STR("");
    if (cmd_arg(c, operand) == NULL)
        return true;
    if (!has_prefix(value)) {
        CMD_MSG(c, "IRRD140I");
        (void)cmd_rc(c, 8);
        return false;
    }
    if (model != NULL) {
        size_t at = str_find(name, value);

        if (at == STR_NPOS || (at > 0 && name.p[at - 1] != '.')) {
            CMD_MSG(c, "IRRD141I", str_of(operand));
            (void)cmd_rc(c, 8);
            return false;
        }
        value = str_sub(name, at, name.n);
    }
    if (value.n > CERTMAP_FILTER_MAX) {
        CMD_MSG(c, "IRRD142I", str_of(operand));
        (void)cmd_rc(c, 8);
        return false;
    }
    *out = value;
    return true;
}

struct filter {
    struct str subject, issuer;
};

static bool
read_filters(struct cmd *c, struct filter *f)
{
    struct cert_bundle bundle;
    const struct cert_facts *model = NULL;

    if (cmd_value(cmd_arg(c, "MAP")).n > 0) {
        if (!racdcert_read_bundle(c, cmd_arg(c, "MAP"), NULL, 0, &bundle))
            return false;
        model = &bundle.certs[0];
    }
    if (cmd_arg(c, "SDNFILTER") == NULL && cmd_arg(c, "IDNFILTER") == NULL) {
        (void)racdcert_missing(c, "SDNFILTER or IDNFILTER");
        return false;
    }
    if (!read_filter(c, "SDNFILTER", model,
                     model == NULL ? STR("") : model->subject, &f->subject) ||
        !read_filter(c, "IDNFILTER", model,
                     model == NULL ? STR("") : model->issuer, &f->issuer))
        return false;
    if (model != NULL && f->subject.n > 0 && f->issuer.n > 0 &&
        !str_eq(f->issuer, model->issuer)) {
        CMD_MSG(c, "IRRD146I");
        (void)cmd_rc(c, 8);
        return false;
    }
    return true;
}

/* --- MAP ---------------------------------------------------------------- */

static bool
exists(struct saf_query q)
{
    bool is_there = saf_query_next(&q);

    saf_query_close(&q);
    return is_there;
}

static bool
is_label_used(struct cmd *c, struct str owner, struct str label)
{
    return exists(saf_db_query(c->db,
                               "SELECT 1 FROM idmaps WHERE kind='N' AND"
                               " owner=?1 AND label=?2",
                               "ss", owner, label));
}

static struct str
new_label(struct cmd *c, struct str owner)
{
    struct str label = STR("LABEL00000001");

    if (cmd_arg(c, "WITHLABEL") != NULL)
        return cmd_value(cmd_arg(c, "WITHLABEL"));
    for (unsigned i = 2; is_label_used(c, owner, label); i++)
        label = str_fmt(c->arena, "LABEL%08u", i);
    return label;
}

static bool
check_criteria(struct cmd *c, struct str owner, const char *operand)
{
    bool is_multi = str_eq_z(owner, CERTMAP_OWNER_MULTI);

    if (is_multi && cmd_arg(c, "MAP") != NULL && cmd_arg(c, operand) == NULL)
        (void)racdcert_missing(c, operand);
    else if (!is_multi && cmd_arg(c, operand) != NULL)
        (void)racdcert_fail(c, "%s is for MULTIID only", operand);
    else
        return true;
    return false;
}

uint32_t
racdcert_map(struct cmd *c, struct str owner)
{
    struct filter f;
    struct str label;

    if (!racdcert_may(c, "MAP", racdcert_level(c, owner)) ||
        !check_criteria(c, owner, "CRITERIA") || !read_filters(c, &f))
        return c->rc;
    label = new_label(c, owner);
    if (is_label_used(c, owner, label))
        return racdcert_label_used(c, label);
    if (exists(saf_db_query(c->db,
                            "SELECT 1 FROM idmaps WHERE kind='N' AND"
                            " filter=?1 AND issuer=?2 AND criteria=?3",
                            "sss", f.subject, f.issuer,
                            cmd_value(cmd_arg(c, "CRITERIA")))))
        return racdcert_fail(c, "this filter is mapped already");
    saf_db_run(c->db, "INSERT INTO idmaps VALUES(NULL,'N',?1,?2,?3,?4,?5,?6)",
               "ssssss", owner, label,
               cmd_has(c, "NOTRUST") ? STR("N") : STR("T"), f.subject, f.issuer,
               cmd_value(cmd_arg(c, "CRITERIA")));
    racdcert_changed(c, "DIGTNMAP");
    return c->rc;
}

/* --- one of an owner's filters ------------------------------------------ */

struct map_row {
    int64_t id;
    struct str label, status, subject, issuer, criteria;
};

static bool
next_map(struct saf_query *q, struct arena *a, struct map_row *out)
{
    if (!saf_query_next(q))
        return false;
    out->id = saf_query_int(q, 0);
    out->label = saf_query_str(q, a, 1);
    out->status = saf_query_str(q, a, 2);
    out->subject = saf_query_str(q, a, 3);
    out->issuer = saf_query_str(q, a, 4);
    out->criteria = saf_query_str(q, a, 5);
    return true;
}

static struct saf_query
maps_of(struct cmd *c, struct str owner, struct str label)
{
    return saf_db_query(c->db,
                        "SELECT id, label, status, filter, issuer, criteria"
                        " FROM idmaps WHERE kind='N' AND owner=?1 AND"
                        " (?2='' OR label=?2) ORDER BY id",
                        "ss", owner, label);
}

/* By LABEL, or the owner's only one. */
static bool
find_map(struct cmd *c, const struct cmd_arg *sub, struct str owner,
         struct map_row *out)
{
    struct saf_query q = maps_of(c, owner, cmd_value(cmd_sub(sub, "LABEL")));
    struct map_row other;
    bool is_there = next_map(&q, c->arena, out);
    bool is_one = is_there && !next_map(&q, c->arena, &other);

    saf_query_close(&q);
    if (is_one)
        return true;
    CMD_MSG(c, is_there ? "SPT0571E" : "IRRD117I",
            racdcert_owner_words(c->arena, owner));
    (void)cmd_rc(c, 4);
    return false;
}

uint32_t
racdcert_altmap(struct cmd *c, struct str owner)
{
    const struct cmd_arg *label = cmd_arg(c, "NEWLABEL");
    const struct cmd_arg *criteria = cmd_arg(c, "NEWCRITERIA");
    struct map_row m;

    if (!racdcert_may(c, "ALTMAP", racdcert_level(c, owner)) ||
        !check_criteria(c, owner, "NEWCRITERIA") ||
        !find_map(c, cmd_arg(c, "ALTMAP"), owner, &m))
        return c->rc;
    if (label != NULL && !str_eq(cmd_value(label), m.label) &&
        is_label_used(c, owner, cmd_value(label)))
        return racdcert_label_used(c, cmd_value(label));
    saf_db_run(c->db,
               "UPDATE idmaps SET label=?2, status=?3, criteria=?4 WHERE"
               " id=?1",
               "isss", m.id, label == NULL ? m.label : cmd_value(label),
               cmd_has(c, "TRUST")     ? STR("T")
               : cmd_has(c, "NOTRUST") ? STR("N")
                                       : m.status,
               criteria == NULL ? m.criteria : cmd_value(criteria));
    racdcert_changed(c, "DIGTNMAP");
    return c->rc;
}

uint32_t
racdcert_delmap(struct cmd *c, struct str owner)
{
    struct map_row m;

    if (!racdcert_may(c, "DELMAP", racdcert_level(c, owner)) ||
        !find_map(c, cmd_arg(c, "DELMAP"), owner, &m))
        return c->rc;
    saf_db_run(c->db, "DELETE FROM idmaps WHERE id=?1", "i", m.id);
    racdcert_changed(c, "DIGTNMAP");
    return c->rc;
}

/* --- LISTMAP ------------------------------------------------------------ */

static void
print_filter(struct cmd *c, const char *title, struct str value)
{
    cmd_line(c, str_of(title));
    racdcert_print_wrapped(c, value);
}

uint32_t
racdcert_listmap(struct cmd *c, struct str owner)
{
    struct str label = cmd_value(cmd_sub(cmd_arg(c, "LISTMAP"), "LABEL"));
    struct saf_query q;
    struct map_row m;
    size_t n = 0;

    if (!racdcert_may(c, "LISTMAP", racdcert_level(c, owner)))
        return c->rc;
    q = maps_of(c, owner, label);
    while (next_map(&q, c->arena, &m)) {
        if (n++ == 0)
            cmd_printf(c, "Mapping information for " STR_FMT ":",
                       STR_ARG(racdcert_owner_words(c->arena, owner)));
        cmd_line(c, STR(""));
        cmd_printf(c, "  Label: " STR_FMT, STR_ARG(m.label));
        cmd_printf(c, "  Status: %s",
                   str_eq_z(m.status, "N") ? "NOTRUST" : "TRUST");
        print_filter(c, "  Issuer's Name Filter:", m.issuer);
        print_filter(c, "  Subject's Name Filter:", m.subject);
        if (m.criteria.n > 0)
            print_filter(c, "  Criteria:", m.criteria);
    }
    saf_query_close(&q);
    if (n > 0)
        return c->rc;
    if (label.n > 0)
        CMD_MSG(c, "IRRD117I");
    else
        CMD_MSG(c, "IRRD110I", racdcert_owner_words(c->arena, owner));
    return cmd_rc(c, 4);
}
