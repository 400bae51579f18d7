/* Data sets and general resources. */
#include "saf/unload_writer.h"

#include "saf/acee.h"
#include "saf/classes.h"

static struct str
audit_level(const struct saf_audit *a)
{
    return a->success != SAF_NONE && a->failure != SAF_NONE ? STR("ALL")
           : a->success != SAF_NONE                         ? STR("SUCCESS")
           : a->failure != SAF_NONE                         ? STR("FAIL")
                                                            : STR("NONE");
}

static void
put_audit(struct unload_writer *w, const struct saf_profile *p)
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
put_profile_base(struct unload_writer *w, const struct saf_profile *p,
                 bool is_dataset)
{
    unload_start(w, is_dataset ? "0400" : "0500", p->name);
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
    TEXT(w, "INSTALL_DATA", unload_base(w, SAF_KIND_PROFILE, p->id, "DATA"));
    TEXT(w, "SECLABEL", unload_base(w, SAF_KIND_PROFILE, p->id, "SECLABEL"));
    if (is_dataset) {
        TEXT(w, "GRP_ID", unload_base(w, SAF_KIND_PROFILE, p->id, "GROUP"));
        NUMBER(w, "RETENTION", 0);
        TEXT(w, "RETENTION", unload_base(w, SAF_KIND_PROFILE, p->id, "RETPD"));
    } else {
        TEXT(w, "APPL_DATA",
             unload_base(w, SAF_KIND_PROFILE, p->id, "APPLDATA"));
    }
    unload_emit(w);
}

static void
put_list(struct unload_writer *w, const struct saf_profile *p, bool is_dataset)
{
    struct saf_access *list;
    size_t n = saf_access_of(w->db, &w->a, p->id, &list);

    for (size_t i = 0; i < n; i++) {
        const struct saf_access *e = &list[i];
        bool has_when = e->when_kind.n > 0;
        size_t paren = str_find_char(e->when_value, '(');

        unload_start(w,
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
        unload_emit(w);
    }
}

/* SYMEXPORTKEYS: a record each. */
static void
put_key_labels(struct unload_writer *w, const struct saf_profile *p)
{
    struct str list = saf_field_get(w->db, &w->a, SAF_KIND_PROFILE, p->id,
                                    "ICSF", "SYMEXPORTKEYS");
    struct str label;

    while (str_token(&list, ' ', &label)) {
        if (label.n == 0)
            continue;
        unload_start(w, "05G1", p->name);
        TEXT(w, "CLASS_NAME", p->class_name);
        TEXT(w, "LABEL", label);
        unload_emit(w);
    }
}

/* What a member's text is, by class: NAME/VOLUME/PADCHK, NAME/LEVEL, itself. */
static void
put_member(struct unload_writer *w, struct str class_name, struct str member)
{
    struct str part = STR(""), volume = STR("");
    bool is_program = str_eq_z(class_name, "PROGRAM");
    uint64_t level = 0;

    if (!is_program && !str_eq_z(class_name, "SECDATA")) {
        TEXT(w, "MEMBER", member);
        return;
    }
    (void)str_token(&member, '/', &part);
    TEXT(w, "MEMBER", part);
    if (is_program) {
        (void)str_token(&member, '/', &volume);
        TEXT(w, "VOL_NAME", volume);
        TEXT(w, "PADS_DATA", member);
    } else if (str_to_u64(member, &level)) {
        NUMBER(w, "SECLEVEL", level);
    }
}

static void
put_members(struct unload_writer *w, const struct saf_profile *p)
{
    struct saf_member *members;
    size_t n = saf_members_of(w->db, &w->a, p->id, &members);

    for (size_t i = 0; i < n; i++) {
        unload_start(w, "0503", p->name);
        TEXT(w, "CLASS_NAME", p->class_name);
        put_member(w, p->class_name, members[i].name);
        if (str_eq_z(p->class_name, "GLOBAL"))
            TEXT(w, "GLOBAL_ACC", str_of(saf_level_name(members[i].level)));
        unload_emit(w);
    }
}

void
unload_profile(struct unload_writer *w, struct str class_name, struct str name,
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
    struct saf_profile p;
    char class_z[SAF_CLASS_MAX + 1];

    if (!saf_profile_get_kind(w->db, &w->a, class_name, name, is_generic, &p) ||
        !str_copy_z(class_name, class_z, sizeof class_z))
        return;
    put_profile_base(w, &p, is_dataset);
    if (!is_dataset)
        put_members(w, &p);
    put_list(w, &p, is_dataset);
    if (is_dataset)
        return;
    for (size_t i = 0; i < ARRAY_LEN(segments); i++)
        unload_segment(w, segments[i].type, segments[i].name, SAF_KIND_PROFILE,
                       p.id, p.name, class_z);
    put_key_labels(w, &p);
}
