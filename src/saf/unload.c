#include "saf/unload_private.h"

#include <string.h>

#include "saf/acee.h"
#include "saf/cert.h"
#include "saf/classes.h"

/*
 * In the order of a real unload: groups, users, data sets, general resources,
 * each profile's records together; lines that were kept at the end.
 */
struct writer {
    struct saf_db *db;
    const struct unload_out *out;
    struct arena a; /* of one profile */
    struct unload_record r;
};

#define TEXT(w, column, value) unload_text(&(w)->r, column, value)
#define NUMBER(w, column, value) unload_number(&(w)->r, column, value)
#define YES(w, column, value) unload_yes(&(w)->r, column, value)
#define DAY(w, column, value) unload_day(&(w)->r, column, value)

static void
begin(struct writer *w, const char *type, struct str name)
{
    unload_begin(&w->r, type);
    TEXT(w, "NAME", name);
}

static void
emit(struct writer *w)
{
    w->out->line(w->out->arg, unload_line(&w->r));
}

static struct str
base(struct writer *w, enum saf_kind kind, int64_t id, const char *field)
{
    return saf_field_get(w->db, &w->a, kind, id, "BASE", field);
}

static bool
has_word(struct str list, const char *word)
{
    struct str one;

    while (str_token(&list, ' ', &one))
        if (str_eq_z(one, word))
            return true;
    return false;
}

static void
put_chars(struct writer *w, int64_t id)
{
    for (size_t i = 0; i < UNLOAD_CHARS; i++)
        YES(w, unload_chars[i].column,
            has_word(saf_field_get(w->db, &w->a, SAF_KIND_PROFILE, id,
                                   "CDTINFO", unload_chars[i].field),
                     unload_chars[i].word));
}

static void
put_field(struct writer *w, const struct unload_field *f, struct str value)
{
    if (f->yes == NULL)
        TEXT(w, f->column, value);
    else if (value.n > 0)
        YES(w, f->column, str_eq_z(value, f->yes));
}

/* A record whose columns are a segment's fields; class_name NULL for users and
 * groups. */
static void
put_segment(struct writer *w, const char *type, const char *segment,
            enum saf_kind kind, int64_t id, struct str name,
            const char *class_name)
{
    size_t n;
    const struct unload_field *f = unload_fields(&n);

    if (!saf_segment_exists(w->db, kind, id, segment))
        return;
    begin(w, type, name);
    if (class_name != NULL)
        TEXT(w, "CLASS_NAME", str_of(class_name));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(f[i].type, type) == 0)
            put_field(
                w, &f[i],
                saf_field_get(w->db, &w->a, kind, id, segment, f[i].field));
    }
    if (strcmp(type, "05C0") == 0)
        put_chars(w, id);
    emit(w);
}

/* --- groups
 * -------------------------------------------------------------------
 */

static void
put_group(struct writer *w, struct str name)
{
    static const char *const authorities[] = { "USE", "CREATE", "CONNECT",
                                               "JOIN" };
    struct saf_connect *members;
    struct saf_group g;
    struct saf_query q;
    size_t n;

    if (!saf_group_get(w->db, &w->a, name, &g))
        return;
    begin(w, "0100", name);
    TEXT(w, "SUPGRP_ID", g.superior);
    DAY(w, "CREATE_DATE", g.created);
    TEXT(w, "OWNER_ID", g.owner);
    TEXT(w, "UACC", STR("NONE"));
    YES(w, "NOTERMUACC", !g.is_termuacc);
    TEXT(w, "INSTALL_DATA", base(w, SAF_KIND_GROUP, g.id, "DATA"));
    TEXT(w, "MODEL", base(w, SAF_KIND_GROUP, g.id, "MODEL"));
    YES(w, "UNIVERSAL", g.is_universal);
    emit(w);
    q = saf_db_query(w->db,
                     "SELECT grp FROM groups WHERE superior=?1 ORDER BY grp",
                     "s", name);
    while (saf_query_next(&q)) {
        begin(w, "0101", name);
        TEXT(w, "SUBGRP_ID", saf_query_str(&q, &w->a, 0));
        emit(w);
    }
    n = saf_connects_of_group(w->db, &w->a, name, &members);
    for (size_t i = 0; i < n; i++) {
        begin(w, "0102", name);
        TEXT(w, "MEMBER_ID", members[i].user);
        TEXT(w, "AUTH", str_of(authorities[members[i].authority]));
        emit(w);
    }
    put_segment(w, "0120", "OMVS", SAF_KIND_GROUP, g.id, name, NULL);
}

/* --- users
 * --------------------------------------------------------------------
 */

static void
put_when(struct writer *w, const struct saf_user *u)
{
    static const char *const days[] = { "ACCESS_SUN", "ACCESS_MON",
                                        "ACCESS_TUE", "ACCESS_WED",
                                        "ACCESS_THU", "ACCESS_FRI",
                                        "ACCESS_SAT" };

    for (unsigned i = 0; i < ARRAY_LEN(days); i++)
        YES(w, days[i], u->when_days == 0 || (u->when_days >> i & 1) != 0);
    if (u->when_from == 0 && u->when_to == 0)
        return;
    TEXT(
        w, "START_TIME",
        str_fmt(&w->a, "%02d:%02d:00", u->when_from / 100, u->when_from % 100));
    TEXT(w, "END_TIME",
         str_fmt(&w->a, "%02d:%02d:00", u->when_to / 100, u->when_to % 100));
}

static struct str
how_authenticated(const struct saf_user *u)
{
    return (u->attrs & USER_OIDCARD) != 0 ? STR("YES")
           : u->verifier.n > 0            ? STR("NO")
           : u->phrase_verifier.n > 0     ? STR("PHR")
                                          : STR("PRO");
}

static void
put_user_base(struct writer *w, const struct saf_user *u)
{
    static const struct {
        const char *column;
        uint32_t bit;
    } bits[] = {
        { "ADSP", USER_ADSP },       { "SPECIAL", ACEE_SPECIAL },
        { "OPER", ACEE_OPERATIONS }, { "REVOKE", USER_REVOKED },
        { "GRPACC", USER_GRPACC },   { "UAUDIT", ACEE_UAUDIT },
        { "AUDITOR", ACEE_AUDITOR }, { "OIDCARD", USER_OIDCARD },
        { "ROAUDIT", ACEE_ROAUDIT }, { "PWD_ASIS", USER_PASS_MIXED },
    };
    bool has_any = u->verifier.n > 0 || u->phrase_verifier.n > 0;

    begin(w, "0200", u->user);
    DAY(w, "CREATE_DATE", u->created);
    TEXT(w, "OWNER_ID", u->owner);
    for (size_t i = 0; i < ARRAY_LEN(bits); i++)
        YES(w, bits[i].column, (u->attrs & bits[i].bit) != 0);
    /* 255: the system's; 0: NOINTERVAL. */
    NUMBER(w, "PWD_INTERVAL",
           u->interval == 0  ? 255
           : u->interval < 0 ? 0
                             : (uint64_t)u->interval);
    DAY(w, "PWD_DATE", u->pass_day);
    TEXT(w, "PROGRAMMER", u->name);
    TEXT(w, "DEFGRP_ID", u->dfltgrp);
    unload_time(&w->r, "LASTJOB_TIME", u->last_access_s);
    if (u->last_access_s > 0)
        DAY(w, "LASTJOB_DATE",
            saf_day_of_ms((uint64_t)u->last_access_s * 1000));
    TEXT(w, "INSTALL_DATA", base(w, SAF_KIND_USER, u->id, "DATA"));
    TEXT(w, "NOPWD", how_authenticated(u));
    NUMBER(w, "REVOKE_CNT", u->failures);
    TEXT(w, "MODEL", base(w, SAF_KIND_USER, u->id, "MODEL"));
    DAY(w, "REVOKE_DATE", u->revoke_day);
    DAY(w, "RESUME_DATE", u->resume_day);
    put_when(w, u);
    TEXT(w, "SECLABEL", base(w, SAF_KIND_USER, u->id, "SECLABEL"));
    if ((u->attrs & ACEE_RESTRICTED) != 0)
        TEXT(w, "ATTRIBS", STR("RSTD"));
    DAY(w, "PHR_DATE", u->phrase_day);
    TEXT(w, "PWD_ALG", u->verifier.n > 0 ? STR("KDFAES") : STR("NOPASSWORD"));
    TEXT(w, "PHR_ALG",
         u->phrase_verifier.n > 0 ? STR("KDFAES") : STR("NOPHRASE"));
    NUMBER(w, "PWD_GEN", has_any ? 1 : 0);
    emit(w);
}

static void
put_connects(struct writer *w, struct str user)
{
    struct saf_connect *c;
    size_t n = saf_connects_of_user(w->db, &w->a, user, &c);

    for (size_t i = 0; i < n; i++) {
        begin(w, "0203", user);
        TEXT(w, "GRP_ID", c[i].group);
        emit(w);
    }
    for (size_t i = 0; i < n; i++) {
        begin(w, "0205", user);
        TEXT(w, "GRP_ID", c[i].group);
        DAY(w, "CONNECT_DATE", c[i].created);
        TEXT(w, "OWNER_ID", c[i].owner);
        unload_time(&w->r, "LASTCON_TIME", c[i].last_s);
        if (c[i].last_s > 0)
            DAY(w, "LASTCON_DATE", saf_day_of_ms((uint64_t)c[i].last_s * 1000));
        TEXT(w, "UACC", str_of(saf_level_name(c[i].uacc)));
        NUMBER(w, "INIT_CNT", c[i].count);
        YES(w, "GRP_ADSP", (c[i].attrs & USER_ADSP) != 0);
        YES(w, "GRP_SPECIAL", (c[i].attrs & ACEE_SPECIAL) != 0);
        YES(w, "GRP_OPER", (c[i].attrs & ACEE_OPERATIONS) != 0);
        YES(w, "REVOKE", (c[i].attrs & USER_REVOKED) != 0);
        YES(w, "GRP_ACC", (c[i].attrs & USER_GRPACC) != 0);
        YES(w, "NOTERMUACC", false);
        YES(w, "GRP_AUDIT", (c[i].attrs & ACEE_AUDITOR) != 0);
        DAY(w, "REVOKE_DATE", c[i].revoke_day);
        DAY(w, "RESUME_DATE", c[i].resume_day);
        emit(w);
    }
}

/* Of a profile in class DIGTNMAP. */
static struct str
filter_name(struct writer *w, struct str issuer, struct str subject)
{
    return str_fmt(&w->a, STR_FMT UNLOAD_NOT_SIGN STR_FMT, STR_ARG(issuer),
                   STR_ARG(subject));
}

/* 0207 certificates, 0208 name filters, 0209 distributed identities. */
static void
put_mapped(struct writer *w, struct str user)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT '0207', label, serial, issuer, fingerprint FROM certs WHERE"
        " owner=?1 UNION ALL SELECT CASE kind WHEN 'N' THEN '0208' ELSE '0209'"
        " END, label, filter, issuer, '' FROM idmaps WHERE owner=?1 ORDER BY"
        " 1, 2",
        "s", user);

    while (saf_query_next(&q)) {
        struct str type = saf_query_str(&q, &w->a, 0);
        struct str label = saf_query_str(&q, &w->a, 1);
        struct str name = saf_query_str(&q, &w->a, 2);
        bool is_cert = str_eq_z(type, "0207");

        if (is_cert)
            name = cert_profile_name(&w->a, name, saf_query_str(&q, &w->a, 3),
                                     saf_query_str(&q, &w->a, 4));
        else if (str_eq_z(type, "0208"))
            name = filter_name(w, saf_query_str(&q, &w->a, 3), name);
        begin(w,
              is_cert                  ? "0207"
              : str_eq_z(type, "0208") ? "0208"
                                       : "0209",
              user);
        TEXT(w, is_cert ? "CERT_NAME" : "MAP_NAME", name);
        TEXT(w, is_cert ? "CERTLABL" : "LABEL", label);
        emit(w);
    }
}

static void
put_user(struct writer *w, struct str name)
{
    struct str classes, class_name;
    struct saf_user u;

    if (!saf_user_get(w->db, &w->a, name, &u))
        return;
    put_user_base(w, &u);
    classes = base(w, SAF_KIND_USER, u.id, "CLAUTH");
    while (str_token(&classes, ' ', &class_name)) {
        if (class_name.n == 0)
            continue;
        begin(w, "0202", name);
        TEXT(w, "CLASS", class_name);
        emit(w);
    }
    put_connects(w, name);
    put_mapped(w, name);
    put_segment(w, "0220", "TSO", SAF_KIND_USER, u.id, name, NULL);
    put_segment(w, "0270", "OMVS", SAF_KIND_USER, u.id, name, NULL);
    put_segment(w, "02F0", "EIM", SAF_KIND_USER, u.id, name, NULL);
}

/* --- profiles
 * -----------------------------------------------------------------
 */

static struct str
audit_level(const struct saf_audit *a)
{
    return a->success != SAF_NONE && a->failure != SAF_NONE ? STR("ALL")
           : a->success != SAF_NONE                         ? STR("SUCCESS")
           : a->failure != SAF_NONE                         ? STR("FAIL")
                                                            : STR("NONE");
}

static void
put_audit(struct writer *w, const struct saf_profile *p)
{
    TEXT(w, "AUDIT_LEVEL", audit_level(&p->audit));
    TEXT(w, "GAUDIT_LEVEL", audit_level(&p->global_audit));
    if (p->audit.success != SAF_NONE)
        TEXT(w, "AUDIT_OKQUAL", str_of(saf_level_name(p->audit.success)));
    if (p->audit.failure != SAF_NONE)
        TEXT(w, "AUDIT_FAQUAL", str_of(saf_level_name(p->audit.failure)));
    if (p->global_audit.success != SAF_NONE)
        TEXT(w, "GAUDIT_OKQUAL",
             str_of(saf_level_name(p->global_audit.success)));
    if (p->global_audit.failure != SAF_NONE)
        TEXT(w, "GAUDIT_FAQUAL",
             str_of(saf_level_name(p->global_audit.failure)));
}

static void
put_profile_base(struct writer *w, const struct saf_profile *p, bool is_dataset)
{
    begin(w, is_dataset ? "0400" : "0500", p->name);
    if (!is_dataset) {
        TEXT(w, "CLASS_NAME", p->class_name);
        NUMBER(w, "CLASS", 0);
    }
    YES(w, "GENERIC", p->is_generic);
    DAY(w, "CREATE_DATE", p->created);
    TEXT(w, "OWNER_ID", p->owner);
    DAY(w, "LASTCHG_DATE", p->changed);
    TEXT(w, "UACC", str_of(saf_level_name(p->uacc)));
    put_audit(w, p);
    NUMBER(w, "LEVEL", p->level);
    YES(w, "WARNING", p->is_warning);
    TEXT(w, "NOTIFY_ID", p->notify);
    TEXT(w, "INSTALL_DATA", base(w, SAF_KIND_PROFILE, p->id, "DATA"));
    TEXT(w, "SECLABEL", base(w, SAF_KIND_PROFILE, p->id, "SECLABEL"));
    if (is_dataset) {
        TEXT(w, "GRP_ID", base(w, SAF_KIND_PROFILE, p->id, "GROUP"));
        NUMBER(w, "RETENTION", 0);
        TEXT(w, "RETENTION", base(w, SAF_KIND_PROFILE, p->id, "RETPD"));
    } else {
        TEXT(w, "APPL_DATA", base(w, SAF_KIND_PROFILE, p->id, "APPLDATA"));
    }
    emit(w);
}

static void
put_list(struct writer *w, const struct saf_profile *p, bool is_dataset)
{
    struct saf_access *list;
    size_t n = saf_access_of(w->db, &w->a, p->id, &list);

    for (size_t i = 0; i < n; i++) {
        const struct saf_access *e = &list[i];
        bool has_when = e->when_kind.n > 0;
        size_t paren = str_find_char(e->when_value, '(');

        begin(w,
              is_dataset ? (has_when ? "0402" : "0404")
              : has_when ? "0507"
                         : "0505",
              p->name);
        if (!is_dataset)
            TEXT(w, "CLASS_NAME", p->class_name);
        TEXT(w, "AUTH_ID", e->who);
        TEXT(w, "ACCESS", str_of(saf_level_name(e->level)));
        NUMBER(w, "ACCESS_CNT", e->count);
        if (has_when) {
            bool is_criteria = str_eq_z(e->when_kind, "CRITERIA");

            TEXT(w, "CATYPE", e->when_kind);
            TEXT(w, "CANAME",
                 is_criteria
                     ? str_sub(e->when_value, 0,
                               paren == STR_NPOS ? e->when_value.n : paren)
                     : e->when_value);
            if (is_criteria)
                TEXT(w, "CACRITERIA", e->when_value);
        }
        emit(w);
    }
}

/* SYMEXPORTKEYS: a record each. */
static void
put_key_labels(struct writer *w, const struct saf_profile *p)
{
    struct str list = saf_field_get(w->db, &w->a, SAF_KIND_PROFILE, p->id,
                                    "ICSF", "SYMEXPORTKEYS");
    struct str label;

    while (str_token(&list, ' ', &label)) {
        if (label.n == 0)
            continue;
        begin(w, "05G1", p->name);
        TEXT(w, "CLASS_NAME", p->class_name);
        TEXT(w, "LABEL", label);
        emit(w);
    }
}

static void
put_profile(struct writer *w, struct str class_name, struct str name,
            bool is_generic)
{
    static const struct {
        const char *type, *name;
    } segments[] = {
        { "0530", "SSIGNON" }, { "0540", "STDATA" },   { "05A0", "EIM" },
        { "05C0", "CDTINFO" }, { "05D0", "ICTX" },     { "05E0", "CFDEF" },
        { "05G0", "ICSF" },    { "05K0", "IDTPARMS" },
    };
    bool is_dataset = str_eq_z(class_name, "DATASET");
    struct saf_member *members;
    struct saf_profile p;
    char class_z[SAF_CLASS_MAX + 1];
    size_t n;

    if (!saf_profile_get_kind(w->db, &w->a, class_name, name, is_generic, &p) ||
        !str_copy_z(class_name, class_z, sizeof class_z))
        return;
    put_profile_base(w, &p, is_dataset);
    n = is_dataset ? 0 : saf_members_of(w->db, &w->a, p.id, &members);
    for (size_t i = 0; i < n; i++) {
        begin(w, "0503", p.name);
        TEXT(w, "CLASS_NAME", p.class_name);
        if (str_eq_z(class_name, "PROGRAM")) { /* NAME/VOLUME/PADCHK */
            struct str rest = members[i].name, part = STR("");

            (void)str_token(&rest, '/', &part);
            TEXT(w, "MEMBER", part);
            part = STR("");
            (void)str_token(&rest, '/', &part);
            TEXT(w, "VOL_NAME", part);
            TEXT(w, "PADS_DATA", rest);
        } else if (str_eq_z(class_name, "SECDATA")) {
            struct str rest = members[i].name, part = STR("");
            uint64_t level = 0;

            (void)str_token(&rest, '/', &part);
            TEXT(w, "MEMBER", part);
            if (str_to_u64(rest, &level))
                NUMBER(w, "SECLEVEL", level);
        } else {
            TEXT(w, "MEMBER", members[i].name);
        }
        if (str_eq_z(class_name, "GLOBAL"))
            TEXT(w, "GLOBAL_ACC", str_of(saf_level_name(members[i].level)));
        emit(w);
    }
    put_list(w, &p, is_dataset);
    if (is_dataset)
        return;
    for (size_t i = 0; i < ARRAY_LEN(segments); i++)
        put_segment(w, segments[i].type, segments[i].name, SAF_KIND_PROFILE,
                    p.id, p.name, class_z);
    put_key_labels(w, &p);
}

/* --- certificates, rings, maps -----------------------------------------------
 */

static void
put_derived(struct writer *w, const char *class_name, struct str name,
            struct str owner, struct str uacc, struct str appl_data)
{
    begin(w, "0500", name);
    TEXT(w, "CLASS_NAME", str_of(class_name));
    NUMBER(w, "CLASS", 0);
    YES(w, "GENERIC", false);
    TEXT(w, "OWNER_ID", owner);
    TEXT(w, "UACC", uacc);
    TEXT(w, "AUDIT_LEVEL", STR("NONE"));
    TEXT(w, "GAUDIT_LEVEL", STR("NONE"));
    NUMBER(w, "LEVEL", 0);
    YES(w, "WARNING", false);
    TEXT(w, "APPL_DATA", appl_data);
    emit(w);
}

static void
put_cert_rings(struct writer *w, int64_t id, struct str name)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT r.owner || '.' || r.name FROM rings r JOIN ring_certs c ON"
        " c.ring_id=r.id WHERE c.cert_id=?1 ORDER BY 1",
        "i", id);

    while (saf_query_next(&q)) {
        begin(w, "0561", name);
        TEXT(w, "CLASS_NAME", STR("DIGTCERT"));
        TEXT(w, "RING_NAME", saf_query_str(&q, &w->a, 0));
        emit(w);
    }
}

static struct str
signing_algorithm(struct writer *w, int64_t id)
{
    struct cert_row row;

    return cert_get_id(w->db, &w->a, id, &row) ? row.facts.sig_alg : STR("");
}

static void
put_certs(struct writer *w)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT id, owner, status, serial, not_before,"
        " not_after, key_type, key_bits, last_serial, issuer, subject,"
        " hex(fingerprint), label, fingerprint, flags FROM certs ORDER BY "
        "owner,"
        " label",
        "");

    while (saf_query_next(&q)) {
        struct str name = cert_profile_name(&w->a, saf_query_str(&q, &w->a, 3),
                                            saf_query_str(&q, &w->a, 9),
                                            saf_query_str(&q, &w->a, 13));
        struct str status = saf_query_str(&q, &w->a, 2);
        int64_t from = saf_query_int(&q, 4), to = saf_query_int(&q, 5);

        put_derived(w, "DIGTCERT", name, saf_query_str(&q, &w->a, 1),
                    str_eq_z(status, "N")   ? STR("NOTRUST")
                    : str_eq_z(status, "H") ? STR("HIGHTRUS")
                                            : STR("TRUST"),
                    saf_query_str(&q, &w->a, 1));
        begin(w, "0560", name);
        TEXT(w, "CLASS_NAME", STR("DIGTCERT"));
        DAY(w, "START_DATE", saf_day_of_ms((uint64_t)from * 1000));
        unload_time(&w->r, "START_TIME", from);
        DAY(w, "END_DATE", saf_day_of_ms((uint64_t)to * 1000));
        unload_time(&w->r, "END_TIME", to);
        TEXT(w, "KEY_TYPE", saf_query_str(&q, &w->a, 6));
        NUMBER(w, "KEY_SIZE", (uint64_t)saf_query_int(&q, 7));
        TEXT(w, "LAST_SERIAL",
             str_fmt(&w->a, "%016llx",
                     (unsigned long long)saf_query_int(&q, 8)));
        YES(w, "GEN_REQ", (saf_query_int(&q, 14) & CERT_REQUESTED) != 0);
        emit(w);
        put_cert_rings(w, saf_query_int(&q, 0), name);
        begin(w, "1560", name);
        TEXT(w, "CLASS_NAME", STR("DIGTCERT"));
        TEXT(w, "ISSUER_DN", saf_query_str(&q, &w->a, 9));
        TEXT(w, "SUBJECT_DN", saf_query_str(&q, &w->a, 10));
        TEXT(w, "SIG_ALG", signing_algorithm(w, saf_query_int(&q, 0)));
        TEXT(w, "CERT_FGRPRNT", saf_query_str(&q, &w->a, 11));
        emit(w);
        arena_reset(&w->a);
    }
}

static void
put_ring_entries(struct writer *w, int64_t id, struct str name)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT c.serial, r.usage, r.is_default, c.label, c.issuer,"
        " c.fingerprint FROM ring_certs r JOIN certs c ON c.id=r.cert_id WHERE "
        "r.ring_id=?1"
        " ORDER BY r.pos",
        "i", id);

    while (saf_query_next(&q)) {
        struct str usage = saf_query_str(&q, &w->a, 1);

        begin(w, "0562", name);
        TEXT(w, "CLASS_NAME", STR("DIGTRING"));
        TEXT(w, "CERT_NAME",
             cert_profile_name(&w->a, saf_query_str(&q, &w->a, 0),
                               saf_query_str(&q, &w->a, 4),
                               saf_query_str(&q, &w->a, 5)));
        TEXT(w, "CERT_USAGE",
             str_eq_z(usage, "C")   ? STR("CERTAUTH")
             : str_eq_z(usage, "S") ? STR("SITE")
                                    : STR("PERSONAL"));
        YES(w, "CERT_DEFAULT", saf_query_int(&q, 2) != 0);
        TEXT(w, "CERT_LABEL", saf_query_str(&q, &w->a, 3));
        emit(w);
    }
}

static void
put_rings(struct writer *w)
{
    struct saf_query q = saf_db_query(w->db,
                                      "SELECT id, owner, name, seq FROM rings"
                                      " ORDER BY owner, name",
                                      "");

    while (saf_query_next(&q)) {
        struct str owner = saf_query_str(&q, &w->a, 1);
        struct str name = str_fmt(&w->a, STR_FMT "." STR_FMT, STR_ARG(owner),
                                  STR_ARG(saf_query_str(&q, &w->a, 2)));

        put_derived(w, "DIGTRING", name, owner, STR("NONE"), STR(""));
        begin(w, "0560", name);
        TEXT(w, "CLASS_NAME", STR("DIGTRING"));
        NUMBER(w, "RING_SEQN", (uint64_t)saf_query_int(&q, 3));
        emit(w);
        put_ring_entries(w, saf_query_int(&q, 0), name);
        arena_reset(&w->a);
    }
}

static void
put_maps(struct writer *w)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT kind, owner, label, status, filter, issuer, criteria FROM"
        " idmaps ORDER BY kind, filter, issuer, id",
        "");

    while (saf_query_next(&q)) {
        bool is_filter = str_eq_z(saf_query_str(&q, &w->a, 0), "N");
        struct str owner = saf_query_str(&q, &w->a, 1);
        struct str filter = saf_query_str(&q, &w->a, 4);
        struct str issuer = saf_query_str(&q, &w->a, 5);
        struct str name = is_filter ? filter_name(w, issuer, filter) : filter;
        struct str criteria = saf_query_str(&q, &w->a, 6);

        put_derived(w, is_filter ? "DIGTNMAP" : "IDIDMAP", name, owner,
                    STR("NONE"), STR(""));
        begin(w, is_filter ? "0508" : "0509", name);
        TEXT(w, "CLASS_NAME", is_filter ? STR("DIGTNMAP") : STR("IDIDMAP"));
        TEXT(w, "LABEL", saf_query_str(&q, &w->a, 2));
        if (is_filter)
            TEXT(w, "STATUS",
                 str_eq_z(saf_query_str(&q, &w->a, 3), "N") ? STR("NOTRUST")
                                                            : STR("TRUST"));
        else
            TEXT(w, "DIDREG", issuer);
        TEXT(w, "USER", criteria.n > 0 ? criteria : owner);
        emit(w);
        arena_reset(&w->a);
    }
}

/* --- all
 * ------------------------------------------------------------------------
 */

static void
each_name(struct writer *w, const char *sql,
          void (*put_one)(struct writer *, struct str))
{
    struct saf_query q = saf_db_query(w->db, sql, "");

    while (saf_query_next(&q)) {
        put_one(w, saf_query_str(&q, &w->a, 0));
        arena_reset(&w->a);
    }
}

static void
each_profile(struct writer *w, const char *sql)
{
    struct saf_query q = saf_db_query(w->db, sql, "");

    while (saf_query_next(&q)) {
        put_profile(w, saf_query_str(&q, &w->a, 0), saf_query_str(&q, &w->a, 1),
                    saf_query_int(&q, 2) != 0);
        arena_reset(&w->a);
    }
}

static void
put_kept(struct writer *w, struct str line)
{
    w->out->line(w->out->arg, line);
}

enum err
unload_write(struct saf_db *db, const struct unload_out *out,
             struct err_info *why)
{
    struct writer w = { .db = db, .out = out };

    arena_init(&w.a, 256u << 20);
    each_name(&w, "SELECT grp FROM groups ORDER BY grp", put_group);
    each_name(&w, "SELECT user FROM users ORDER BY user", put_user);
    each_profile(&w, "SELECT class, name, is_generic FROM profiles WHERE"
                     " class='DATASET' ORDER BY name, is_generic");
    each_profile(&w, "SELECT class, name, is_generic FROM profiles WHERE"
                     " class<>'DATASET' ORDER BY class, name, is_generic");
    put_certs(&w);
    put_rings(&w);
    put_maps(&w);
    each_name(&w, "SELECT line FROM unload_kept ORDER BY seq", put_kept);
    arena_fini(&w.a);
    return saf_db_check(db, why);
}
