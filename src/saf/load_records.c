/* Records of an unload into the database. */
#include "saf/load_private.h"
#include "saf/unload_private.h"

#include <string.h>

#include "saf/acee.h"
#include "saf/classes.h"
#include "saf/password.h"

#define GET(l, column) unload_get(&(l)->r, column)
#define YES(l, column) unload_get_yes(&(l)->r, column)

static enum err
no_name(struct loader *l, const char *column, struct err_info *why)
{
    return GET(l, column).n > 0
               ? ERR_OK
               : err_set(why, ERR_SYNTAX, "column %s is blank, expected a name",
                         column);
}

static enum err
get_level(struct loader *l, const char *column, enum saf_level *out,
          struct err_info *why)
{
    struct str text = GET(l, column);

    *out = SAF_NONE;
    if (text.n == 0)
        return ERR_OK;
    for (unsigned i = SAF_NONE; i <= SAF_ALTER; i++) {
        if (str_eq_z(text, saf_level_name((enum saf_level)i))) {
            *out = (enum saf_level)i;
            return ERR_OK;
        }
    }
    return err_set(why, ERR_SYNTAX,
                   "column %s: \"" STR_FMT "\" is no access (expected NONE, "
                   "EXECUTE, READ, UPDATE, CONTROL or ALTER)",
                   column, STR_ARG(text));
}

static void
put_base(struct loader *l, enum saf_kind kind, int64_t id, const char *field,
         const char *column)
{
    struct str text = GET(l, column);

    if (text.n > 0)
        saf_field_put(l->db, kind, id, "BASE", field, text);
}

/* --- first pass: groups, users, profiles
 * --------------------------------------
 */

/* Users and groups share one space of names. */
static enum err
both_kinds(struct loader *l, struct err_info *why)
{
    return err_set(why, ERR_SYNTAX,
                   "\"" STR_FMT "\" is a user and a group, expected one of "
                   "them",
                   STR_ARG(GET(l, "NAME")));
}

static enum err
load_group(struct loader *l, struct err_info *why)
{
    struct saf_group g = { .group = GET(l, "NAME"),
                           .superior = GET(l, "SUPGRP_ID"),
                           .owner = GET(l, "OWNER_ID") };
    enum err e = no_name(l, "NAME", why);
    struct saf_user u;

    if (e == ERR_OK && saf_user_get(l->db, &l->a, g.group, &u))
        e = both_kinds(l, why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "CREATE_DATE", &g.created, why);
    if (e != ERR_OK)
        return e;
    g.is_termuacc = !YES(l, "NOTERMUACC");
    g.is_universal = YES(l, "UNIVERSAL");
    g.id = saf_principal_id(l->db, g.group);
    saf_group_put(l->db, &g);
    put_base(l, SAF_KIND_GROUP, g.id, "DATA", "INSTALL_DATA");
    put_base(l, SAF_KIND_GROUP, g.id, "MODEL", "MODEL");
    l->report->groups++;
    return ERR_OK;
}

static uint32_t
user_attrs(struct loader *l)
{
    static const struct {
        const char *column;
        uint32_t bit;
    } rows[] = {
        { "ADSP", USER_ADSP },       { "SPECIAL", ACEE_SPECIAL },
        { "OPER", ACEE_OPERATIONS }, { "REVOKE", USER_REVOKED },
        { "GRPACC", USER_GRPACC },   { "UAUDIT", ACEE_UAUDIT },
        { "AUDITOR", ACEE_AUDITOR }, { "OIDCARD", USER_OIDCARD },
        { "ROAUDIT", ACEE_ROAUDIT }, { "PWD_ASIS", USER_PASS_MIXED },
    };
    uint32_t attrs = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        attrs |= YES(l, rows[i].column) ? rows[i].bit : 0;
    if (str_eq_z(GET(l, "ATTRIBS"), "RSTD"))
        attrs |= ACEE_RESTRICTED;
    return attrs;
}

/* "hh:mm:ss" to hhmm. */
static int32_t
hhmm(struct str text)
{
    uint64_t h = 0, m = 0;

    if (text.n < 5 || !str_to_u64(str_sub(text, 0, 2), &h) ||
        !str_to_u64(str_sub(text, 3, 5), &m) || h > 24 || m > 59)
        return 0;
    return (int32_t)(h * 100 + m);
}

static void
set_when(struct loader *l, struct saf_user *u)
{
    static const char *const days[] = { "ACCESS_SUN", "ACCESS_MON",
                                        "ACCESS_TUE", "ACCESS_WED",
                                        "ACCESS_THU", "ACCESS_FRI",
                                        "ACCESS_SAT" };

    for (unsigned i = 0; i < ARRAY_LEN(days); i++)
        u->when_days |= YES(l, days[i]) ? 1u << i : 0;
    if (u->when_days == 0x7f)
        u->when_days = 0;
    u->when_from = hhmm(GET(l, "START_TIME"));
    u->when_to = hhmm(GET(l, "END_TIME"));
}

/* Password records are in no unload: until a companion or an administrator
 * gives one, no password fits. */
static void
set_secrets(struct loader *l, struct saf_user *u)
{
    struct str how = GET(l, "NOPWD");

    if (str_eq_z(how, "NO"))
        u->verifier = STR(PASSWORD_DECOY);
    if (str_eq_z(how, "PHR") || GET(l, "PHR_DATE").n > 0)
        u->phrase_verifier = STR(PASSWORD_DECOY);
}

static enum err
load_user(struct loader *l, struct err_info *why)
{
    struct saf_user u = { .user = GET(l, "NAME"),
                          .name = GET(l, "PROGRAMMER"),
                          .owner = GET(l, "OWNER_ID"),
                          .dfltgrp = GET(l, "DEFGRP_ID"),
                          .attrs = user_attrs(l) };
    uint64_t interval = 0, failures = 0;
    enum err e = no_name(l, "NAME", why);
    struct saf_group g;

    if (e == ERR_OK && saf_group_get(l->db, &l->a, u.user, &g))
        e = both_kinds(l, why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "CREATE_DATE", &u.created, why);
    if (e == ERR_OK)
        e = unload_get_number(&l->r, "PWD_INTERVAL", &interval, why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "PWD_DATE", &u.pass_day, why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "PHR_DATE", &u.phrase_day, why);
    if (e == ERR_OK)
        e = unload_get_number(&l->r, "REVOKE_CNT", &failures, why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "REVOKE_DATE", &u.revoke_day, why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "RESUME_DATE", &u.resume_day, why);
    if (e == ERR_OK)
        e = unload_get_seconds(&l->r, "LASTJOB_DATE", "LASTJOB_TIME",
                               &u.last_access_s, why);
    if (e != ERR_OK)
        return e;
    u.interval = interval >= 255 ? 0 : interval == 0 ? -1 : (int32_t)interval;
    u.failures = failures > 254 ? 254 : (uint32_t)failures;
    set_when(l, &u);
    set_secrets(l, &u);
    u.id = saf_principal_id(l->db, u.user);
    saf_user_put(l->db, &u);
    put_base(l, SAF_KIND_USER, u.id, "DATA", "INSTALL_DATA");
    put_base(l, SAF_KIND_USER, u.id, "MODEL", "MODEL");
    put_base(l, SAF_KIND_USER, u.id, "SECLABEL", "SECLABEL");
    l->report->users++;
    return ERR_OK;
}

static enum err
get_audit(struct loader *l, const char *ok, const char *failed,
          struct saf_audit *out, struct err_info *why)
{
    enum err e = get_level(l, ok, &out->success, why);

    return e != ERR_OK ? e : get_level(l, failed, &out->failure, why);
}

/* Kept in tables of their own. */
static bool
is_derived_class(struct str class_name)
{
    static const char *const names[] = { "DIGTCERT", "DIGTRING", "DIGTNMAP",
                                         "IDIDMAP" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_eq_z(class_name, names[i]))
            return true;
    }
    return false;
}

static void
load_ring(struct loader *l)
{
    struct str name = GET(l, "NAME");
    size_t dot = str_find_char(name, '.');

    if (str_eq_z(GET(l, "CLASS_NAME"), "DIGTRING") && dot != STR_NPOS)
        saf_db_run(l->db,
                   "INSERT OR IGNORE INTO rings(owner, name, seq)"
                   " VALUES(?1,?2,1)",
                   "ss", str_sub(name, 0, dot), str_sub(name, dot + 1, name.n));
}

/* Of classes that are known: how long their names may be. */
static enum err
check_profile_name(const struct saf_profile *p, struct err_info *why)
{
    const struct saf_class *class_ = saf_class_find(p->class_name);

    if (class_ == NULL || p->name.n <= class_->max_length)
        return ERR_OK;
    return err_set(why, ERR_SYNTAX,
                   "column NAME: \"" STR_FMT "\" has %zu characters, expected "
                   "at most %u in class %s",
                   STR_ARG(str_sub(p->name, 0, 40)), p->name.n,
                   (unsigned)class_->max_length, class_->name);
}

static enum err
load_profile(struct loader *l, bool is_dataset, struct err_info *why)
{
    struct saf_profile p = {
        .class_name = is_dataset ? STR("DATASET") : GET(l, "CLASS_NAME"),
        .name = GET(l, "NAME"),
        .owner = GET(l, "OWNER_ID"),
        .notify = GET(l, "NOTIFY_ID"),
        .is_generic = YES(l, "GENERIC"),
        .is_warning = YES(l, "WARNING"),
    };
    uint64_t level;
    enum err e = no_name(l, "NAME", why);

    if (e == ERR_OK && p.class_name.n == 0)
        e = err_set(why, ERR_SYNTAX, "column CLASS_NAME is blank");
    if (e == ERR_OK && is_derived_class(p.class_name)) {
        load_ring(l);
        return ERR_OK;
    }
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "CREATE_DATE", &p.created, why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "LASTCHG_DATE", &p.changed, why);
    if (e == ERR_OK)
        e = get_level(l, "UACC", &p.uacc, why);
    if (e == ERR_OK)
        e = get_audit(l, "AUDIT_OKQUAL", "AUDIT_FAQUAL", &p.audit, why);
    if (e == ERR_OK)
        e = get_audit(l, "GAUDIT_OKQUAL", "GAUDIT_FAQUAL", &p.global_audit,
                      why);
    if (e == ERR_OK)
        e = unload_get_number(&l->r, "LEVEL", &level, why);
    if (e != ERR_OK)
        return e;
    e = check_profile_name(&p, why);
    if (e != ERR_OK)
        return e;
    if (level > 99)
        return err_set(why, ERR_SYNTAX, "column LEVEL: %llu is not 0 to 99",
                       (unsigned long long)level);
    p.level = (uint32_t)level;
    saf_profile_put(l->db, &p);
    put_base(l, SAF_KIND_PROFILE, p.id, "DATA", "INSTALL_DATA");
    put_base(l, SAF_KIND_PROFILE, p.id, "SECLABEL", "SECLABEL");
    if (is_dataset)
        put_base(l, SAF_KIND_PROFILE, p.id, "GROUP", "GRP_ID");
    else
        put_base(l, SAF_KIND_PROFILE, p.id, "APPLDATA", "APPL_DATA");
    l->report->profiles++;
    return ERR_OK;
}

/* --- second pass: what belongs to them
 * ------------------------------------------
 */

static enum err
check_defined(struct loader *l, const char *column, const char *type,
              struct err_info *why)
{
    struct str name = unload_get(&l->r, column);

    return saf_principal_id(l->db, name) != 0
               ? ERR_OK
               : err_set(why, ERR_SYNTAX,
                         "no record %s defines \"" STR_FMT
                         "\": is the unload cut?",
                         type, STR_ARG(name));
}

static enum err
load_connect(struct loader *l, struct err_info *why)
{
    struct saf_connect c = { .user = GET(l, "NAME"),
                             .group = GET(l, "GRP_ID"),
                             .owner = GET(l, "OWNER_ID") };
    uint64_t count;
    enum err e = no_name(l, "GRP_ID", why);

    if (e == ERR_OK)
        e = check_defined(l, "NAME", "0200", why);
    if (e == ERR_OK)
        e = check_defined(l, "GRP_ID", "0100", why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "CONNECT_DATE", &c.created, why);
    if (e == ERR_OK)
        e = get_level(l, "UACC", &c.uacc, why);
    if (e == ERR_OK)
        e = unload_get_number(&l->r, "INIT_CNT", &count, why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "REVOKE_DATE", &c.revoke_day, why);
    if (e == ERR_OK)
        e = unload_get_day(&l->r, "RESUME_DATE", &c.resume_day, why);
    if (e == ERR_OK)
        e = unload_get_seconds(&l->r, "LASTCON_DATE", "LASTCON_TIME", &c.last_s,
                               why);
    if (e != ERR_OK)
        return e;
    c.count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
    c.attrs = (YES(l, "GRP_ADSP") ? USER_ADSP : 0u) |
              (YES(l, "GRP_SPECIAL") ? ACEE_SPECIAL : 0u) |
              (YES(l, "GRP_OPER") ? ACEE_OPERATIONS : 0u) |
              (YES(l, "REVOKE") ? USER_REVOKED : 0u) |
              (YES(l, "GRP_ACC") ? USER_GRPACC : 0u) |
              (YES(l, "GRP_AUDIT") ? ACEE_AUDITOR : 0u);
    saf_connect_put(l->db, &c);
    l->report->connects++;
    return ERR_OK;
}

/* A group of this record is one of the unload's. */
static enum err
check_group(struct loader *l, const char *column, struct err_info *why)
{
    struct str name = GET(l, column);
    struct saf_group g;

    if (name.n == 0 || saf_group_get(l->db, &l->a, name, &g))
        return ERR_OK;
    return err_set(why, ERR_SYNTAX,
                   "column %s: no record 0100 defines group \"" STR_FMT
                   "\": is the unload cut?",
                   column, STR_ARG(name));
}

/* 0102 alone knows the authority in the group; third pass. */
static enum err
load_member_authority(struct loader *l, struct err_info *why)
{
    static const char *const words[] = { "USE", "CREATE", "CONNECT", "JOIN" };
    struct str auth = GET(l, "AUTH");

    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_eq_z(auth, words[i]))
            continue;
        saf_db_run(l->db,
                   "UPDATE connects SET authority=?3 WHERE grp=?1 AND user=?2",
                   "ssi", GET(l, "NAME"), GET(l, "MEMBER_ID"), (int64_t)i);
        return saf_db_changes(l->db) > 0
                   ? ERR_OK
                   : err_set(why, ERR_SYNTAX,
                             "no record 0205 connects member \"" STR_FMT
                             "\" to group \"" STR_FMT "\": is the unload cut?",
                             STR_ARG(GET(l, "MEMBER_ID")),
                             STR_ARG(GET(l, "NAME")));
    }
    return err_set(why, ERR_SYNTAX,
                   "column AUTH: \"" STR_FMT "\" is no authority (expected "
                   "USE, CREATE, CONNECT or JOIN)",
                   STR_ARG(auth));
}

/* 0203 names the group again that a 0205 tells all about. */
static enum err
check_connected(struct loader *l, struct err_info *why)
{
    struct saf_connect c;

    return saf_connect_get(l->db, &l->a, GET(l, "NAME"), GET(l, "GRP_ID"), &c)
               ? ERR_OK
               : err_set(why, ERR_SYNTAX,
                         "no record 0205 connects user \"" STR_FMT
                         "\" to group \"" STR_FMT "\": is the unload cut?",
                         STR_ARG(GET(l, "NAME")), STR_ARG(GET(l, "GRP_ID")));
}

static struct str
class_of(struct loader *l)
{
    return l->r.line[1] == '4' ? STR("DATASET") : GET(l, "CLASS_NAME");
}

void
load_remember(struct loader *l)
{
    buf_clear(&l->last);
    buf_add(&l->last, class_of(l));
    buf_add_char(&l->last, '\n');
    buf_add(&l->last, GET(l, "NAME"));
    l->is_last_generic = YES(l, "GENERIC");
}

bool
load_is_of_last(struct loader *l)
{
    return str_eq(buf_view(&l->last),
                  str_fmt(&l->a, STR_FMT "\n" STR_FMT, STR_ARG(class_of(l)),
                          STR_ARG(GET(l, "NAME"))));
}

bool
load_is_of_generic(struct loader *l)
{
    struct saf_profile p;

    return load_is_of_last(l)
               ? l->is_last_generic
               : !saf_profile_get_kind(l->db, &l->a, class_of(l),
                                       GET(l, "NAME"), false, &p);
}

/* Two profiles have the name and the record follows neither. */
static bool
is_of_two(struct loader *l)
{
    struct saf_profile p;

    return !load_is_of_last(l) &&
           saf_profile_get_kind(l->db, &l->a, class_of(l), GET(l, "NAME"),
                                false, &p) &&
           saf_profile_get_kind(l->db, &l->a, class_of(l), GET(l, "NAME"), true,
                                &p);
}

static bool
profile_of(struct loader *l, struct saf_profile *p)
{
    if (is_of_two(l))
        return false;
    return (load_is_of_last(l) &&
            saf_profile_get_kind(l->db, &l->a, class_of(l), GET(l, "NAME"),
                                 l->is_last_generic, p)) ||
           saf_profile_get(l->db, &l->a, class_of(l), GET(l, "NAME"), p);
}

static enum err
no_profile(struct loader *l, struct err_info *why)
{
    return err_set(why, ERR_SYNTAX,
                   is_of_two(l)
                       ? "there is a generic and a discrete profile \"" STR_FMT
                         "\", and the record follows neither"
                       : "there is no profile \"" STR_FMT
                         "\": is the unload cut?",
                   STR_ARG(GET(l, "NAME")));
}

static enum err
load_access(struct loader *l, bool has_when, struct err_info *why)
{
    struct saf_access entry = { .who = GET(l, "AUTH_ID") };
    struct saf_profile p;
    uint64_t count;
    enum err e = no_name(l, "AUTH_ID", why);

    if (e == ERR_OK && !profile_of(l, &p))
        e = no_profile(l, why);
    if (e == ERR_OK)
        e = get_level(l, "ACCESS", &entry.level, why);
    if (e == ERR_OK)
        e = unload_get_number(&l->r, "ACCESS_CNT", &count, why);
    if (e != ERR_OK)
        return e;
    entry.profile_id = p.id;
    if (has_when) {
        entry.when_kind = GET(l, "CATYPE");
        entry.when_value = str_eq_z(entry.when_kind, "CRITERIA")
                               ? GET(l, "CACRITERIA")
                               : GET(l, "CANAME");
    }
    saf_access_put(l->db, &entry);
    if (count > 0)
        saf_db_run(l->db,
                   "UPDATE access SET count=?5 WHERE profile=?1 AND who=?2 AND"
                   " when_kind=?3 AND when_value=?4",
                   "isssi", p.id, entry.who, entry.when_kind, entry.when_value,
                   (int64_t)count);
    l->report->permits++;
    return ERR_OK;
}

static enum err
load_member(struct loader *l, struct err_info *why)
{
    struct saf_member m = { .name = GET(l, "MEMBER") };
    struct saf_profile p;
    uint64_t level = 0;
    enum err e = no_name(l, "MEMBER", why);

    if (e == ERR_OK && !profile_of(l, &p))
        e = no_profile(l, why);
    if (e == ERR_OK && str_eq_z(p.class_name, "GLOBAL"))
        e = get_level(l, "GLOBAL_ACC", &m.level, why);
    if (e == ERR_OK && str_eq_z(p.class_name, "PROGRAM"))
        m.name = str_fmt(&l->a, STR_FMT "/" STR_FMT "/%s", STR_ARG(m.name),
                         STR_ARG(GET(l, "VOL_NAME")),
                         str_eq_z(GET(l, "PADS_DATA"), "NOPADCHK") ? "NOPADCHK"
                                                                   : "PADCHK");
    if (e == ERR_OK && str_eq_z(p.class_name, "SECDATA"))
        e = unload_get_number(&l->r, "SECLEVEL", &level, why);
    if (level > 0)
        m.name = str_fmt(&l->a, STR_FMT "/%llu", STR_ARG(m.name),
                         (unsigned long long)level);
    if (e == ERR_OK)
        saf_member_put(l->db, p.id, m);
    return e;
}

static enum err
load_clauth(struct loader *l)
{
    int64_t id = saf_principal_id(l->db, GET(l, "NAME"));
    struct str old =
        saf_field_get(l->db, &l->a, SAF_KIND_USER, id, "BASE", "CLAUTH");

    saf_field_put(l->db, SAF_KIND_USER, id, "BASE", "CLAUTH",
                  old.n == 0 ? GET(l, "CLASS")
                             : str_fmt(&l->a, STR_FMT " " STR_FMT, STR_ARG(old),
                                       STR_ARG(GET(l, "CLASS"))));
    return ERR_OK;
}

/* Numbers of segments are kept without zeros in front. */
static struct str
unpadded(struct str text)
{
    uint64_t n;

    if (!str_to_u64(text, &n))
        return text;
    while (text.n > 1 && text.p[0] == '0')
        text = str_sub(text, 1, text.n);
    return text;
}

static void
load_chars(struct loader *l, int64_t id)
{
    for (size_t i = 0; i < UNLOAD_CHARS; i++) {
        const char *field = unload_chars[i].field;
        struct str have =
            saf_field_get(l->db, &l->a, SAF_KIND_PROFILE, id, "CDTINFO", field);

        if (YES(l, unload_chars[i].column))
            saf_field_put(l->db, SAF_KIND_PROFILE, id, "CDTINFO", field,
                          str_fmt(&l->a, STR_FMT "%s%s", STR_ARG(have),
                                  have.n > 0 ? " " : "", unload_chars[i].word));
    }
}

static enum err
load_segment(struct loader *l, const char *type, struct err_info *why)
{
    enum saf_kind kind = type[1] == '1'   ? SAF_KIND_GROUP
                         : type[1] == '2' ? SAF_KIND_USER
                                          : SAF_KIND_PROFILE;
    size_t n;
    const struct unload_field *f = unload_fields(&n);
    struct saf_profile p;
    int64_t id;

    if (kind == SAF_KIND_PROFILE) {
        if (!profile_of(l, &p))
            return no_profile(l, why);
        id = p.id;
    } else {
        id = saf_principal_id(l->db, GET(l, "NAME"));
        if (id == 0)
            return err_set(why, ERR_SYNTAX,
                           "there is no user or group \"" STR_FMT
                           "\": is the unload cut?",
                           STR_ARG(GET(l, "NAME")));
    }
    for (size_t i = 0; i < n; i++) {
        struct str value;
        uint64_t number;

        if (strcmp(f[i].type, type) != 0)
            continue;
        saf_segment_add(l->db, kind, id, f[i].segment);
        value = GET(l, f[i].column);
        if (unload_is_number(&l->r, f[i].column))
            value = unpadded(value);
        if (f[i].yes != NULL && value.n > 0)
            value = str_of(str_eq_z(value, "YES") ? f[i].yes : f[i].no);
        if ((strcmp(f[i].field, "UID") == 0 ||
             strcmp(f[i].field, "GID") == 0) &&
            str_to_u64(value, &number) && number > INT32_MAX)
            return err_set(why, ERR_SYNTAX,
                           "column %s: %llu is not 0 to 2147483647",
                           f[i].column, (unsigned long long)number);
        if (value.n > 0 && !str_eq_z(value, "NONE"))
            saf_field_put(l->db, kind, id, f[i].segment, f[i].field, value);
    }
    if (strcmp(type, "05C0") == 0)
        load_chars(l, id);
    return ERR_OK;
}

/* One of SYMEXPORTKEYS. */
static enum err
load_key_label(struct loader *l, struct err_info *why)
{
    struct saf_profile p;
    struct str have;

    if (!profile_of(l, &p))
        return no_profile(l, why);
    have = saf_field_get(l->db, &l->a, SAF_KIND_PROFILE, p.id, "ICSF",
                         "SYMEXPORTKEYS");
    saf_segment_add(l->db, SAF_KIND_PROFILE, p.id, "ICSF");
    saf_field_put(l->db, SAF_KIND_PROFILE, p.id, "ICSF", "SYMEXPORTKEYS",
                  str_fmt(&l->a, STR_FMT "%s" STR_FMT, STR_ARG(have),
                          have.n > 0 ? " " : "", STR_ARG(GET(l, "LABEL"))));
    return no_name(l, "LABEL", why);
}

/* The columns tell what a record is about; its four characters, which. */
#define IS(text) (memcmp(type, text, 4) == 0)

enum err
load_record(struct loader *l, enum pass pass, const char *type,
            struct err_info *why)
{
    static const char *const segments[] = {
        "0120", "0220", "0270", "02F0", "0530", "0540",
        "05A0", "05C0", "05D0", "05E0", "05G0", "05K0",
    };

    if (pass == PASS_PROFILES)
        return IS("0100")                 ? load_group(l, why)
               : IS("0200")               ? load_user(l, why)
               : IS("0400") || IS("0500") ? load_profile(l, IS("0400"), why)
                                          : ERR_OK;
    if (pass == PASS_AUTHORITY)
        return IS("0100")   ? check_group(l, "SUPGRP_ID", why)
               : IS("0200") ? check_group(l, "DEFGRP_ID", why)
               : IS("0102") ? load_member_authority(l, why)
               : IS("0203") ? check_connected(l, why)
                            : ERR_OK;
    for (size_t i = 0; i < ARRAY_LEN(segments); i++)
        if (IS(segments[i]))
            return load_segment(l, segments[i], why);
    return IS("0205")                 ? load_connect(l, why)
           : IS("0202")               ? load_clauth(l)
           : IS("0404") || IS("0505") ? load_access(l, false, why)
           : IS("0402") || IS("0507") ? load_access(l, true, why)
           : IS("0503")               ? load_member(l, why)
           : IS("0560")               ? load_cert(l, why)
           : IS("0562")               ? load_ring_entry(l)
           : IS("05G1")               ? load_key_label(l, why)
           : IS("0508")               ? load_filter(l)
           : IS("0509")               ? load_map(l)
                                      : ERR_OK;
}
