#include "front_audit.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "saf/classes.h"

/* SMF80REA, and SMF80RE2 in the high byte. */
#define MORE(bit) ((uint16_t)((bit) << 8))

static void
begin(struct buf *out, struct peer *p, const struct acee *acee, uint8_t event,
      uint8_t qualifier, uint16_t flags, uint16_t reasons)
{
    struct smf80 r = { .now_ms = clock_wall_ms(),
                       .system_id = SMF_SYSTEM_ID,
                       .event = event,
                       .qualifier = qualifier,
                       .flags = flags,
                       .reason = (uint8_t)reasons,
                       .more_reasons = (uint8_t)(reasons >> 8),
                       .authority = SMF_ATH_NORMAL };

    if (acee != NULL) {
        r.user = str_of(acee->user);
        r.group = str_of(acee->group);
        if ((acee->attrs & ACEE_TRUSTED) != 0)
            r.authority = SMF_ATH_TRUSTED;
        if ((acee->attrs & ACEE_UNDEFINED) != 0)
            r.flags |= SMF_DES_UNDEFINED;
    }
    if (p != NULL && p->job != NULL)
        r.job = str_of(p->job->job_name);
    buf_init(out, SMF_RECORD_MAX);
    smf80_begin(out, &r);
}

static void
finish(struct front *f, struct buf *out)
{
    struct err_info why = { 0 };

    if (smf80_end(out, &why) != ERR_OK)
        log_error("SMF record lost: %s", why.text);
    else
        record_smf(f, buf_view(out));
    buf_fini(out);
}

static void
add_identity(struct buf *out, const struct acee *acee)
{
    smf80_add(out, SMF_DISTRIBUTED, acee->distributed);
    smf80_add(out, SMF_REGISTRY, acee->registry);
}

/* --- commands
 * --------------------------------------------------------------- */

enum target { TARGET_NONE, TARGET_FIRST, TARGET_SECOND };

static const struct verb {
    const char *name, *alias;
    uint8_t event;
    enum target target;     /* which operand names the profile */
    const char *class_name; /* NULL: the first operand, or CLASS() */
} verbs[] = {
    { "ADDUSER", "AU", SMF_ADDUSER, TARGET_FIRST, "USER" },
    { "ALTUSER", "ALU", SMF_ALTUSER, TARGET_FIRST, "USER" },
    { "DELUSER", "DU", SMF_DELUSER, TARGET_FIRST, "USER" },
    { "ADDGROUP", "AG", SMF_ADDGROUP, TARGET_FIRST, "GROUP" },
    { "ALTGROUP", "ALG", SMF_ALTGROUP, TARGET_FIRST, "GROUP" },
    { "DELGROUP", "DG", SMF_DELGROUP, TARGET_FIRST, "GROUP" },
    { "CONNECT", "CO", SMF_CONNECT, TARGET_FIRST, "USER" },
    { "REMOVE", "RE", SMF_REMOVE, TARGET_FIRST, "USER" },
    { "PASSWORD", "PW", SMF_PASSWORD, TARGET_NONE, "USER" },
    { "PHRASE", "", SMF_PASSWORD, TARGET_NONE, "USER" },
    { "PERMIT", "PE", SMF_PERMIT, TARGET_FIRST, NULL },
    { "RDEFINE", "RDEF", SMF_RDEFINE, TARGET_SECOND, NULL },
    { "RALTER", "RALT", SMF_RALTER, TARGET_SECOND, NULL },
    { "RDELETE", "RDEL", SMF_RDELETE, TARGET_SECOND, NULL },
    { "ADDSD", "AD", SMF_ADDSD, TARGET_FIRST, "DATASET" },
    { "ALTDSD", "ALD", SMF_ALTDSD, TARGET_FIRST, "DATASET" },
    { "DELDSD", "DD", SMF_DELDSD, TARGET_FIRST, "DATASET" },
    { "SETROPTS", "SETR", SMF_SETROPTS, TARGET_NONE, NULL },
    { "RVARY", "", SMF_RVARY, TARGET_NONE, NULL },
    { "RACDCERT", "", SMF_RACDCERT, TARGET_NONE, "DIGTCERT" },
    { "RACMAP", "", SMF_RACMAP, TARGET_NONE, "IDIDMAP" },
};

static const struct verb *
verb_of(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (str_eq_nocase_z(word, verbs[i].name) ||
            (verbs[i].alias[0] != '\0' &&
             str_eq_nocase_z(word, verbs[i].alias)))
            return &verbs[i];
    }
    return NULL;
}

static bool
is_word(unsigned char c)
{
    return c > ' ' && c != '(' && c != ')' && c != ',' && c != '\'';
}

static bool
is_between(unsigned char c)
{
    return !is_word(c);
}

static struct str
next_word(struct reader *in)
{
    (void)reader_span(in, is_between);
    return reader_span(in, is_word);
}

/* The word after CLASS( or an abbreviation of it. */
static struct str
class_operand(struct reader in)
{
    struct str word;

    while ((word = next_word(&in)).n > 0) {
        if (word.n >= 2 && str_starts_nocase(STR("CLASS"), word) &&
            reader_peek(&in) == '(')
            return next_word(&in);
    }
    return STR("");
}

/* Why a command is recorded; 0: it is not. */
static uint8_t
command_reason(struct peer *p, const struct verb *v, struct str class_name,
               bool is_violation)
{
    struct saf_db *db = saf_engine_db(p->front->engine);
    uint8_t reason = 0;

    if (v->event == SMF_SETROPTS || v->event == SMF_RVARY)
        reason |= SMF_REA_ALWAYS;
    if (is_violation && saf_option(db, "CMDVIOL") != 0)
        reason |= SMF_REA_CMDVIOL;
    if ((p->acee->attrs & ACEE_SPECIAL) != 0 && saf_option(db, "SAUDIT") != 0)
        reason |= SMF_REA_SPECIAL;
    if ((p->acee->attrs & ACEE_UAUDIT) != 0)
        reason |= SMF_REA_USER;
    if (class_name.n > 0 &&
        (saf_class_options(db, class_name) & CLASS_AUDIT) != 0)
        reason |= SMF_REA_CLASS;
    return reason;
}

void
audit_command(struct peer *p, struct str blanked, enum audit_outcome outcome)
{
    static const struct verb other = { "", "", SMF_GENERAL, TARGET_NONE, "" };
    struct reader in = reader_of(blanked);
    const struct verb *v = verb_of(next_word(&in));
    struct str class_name, name = STR("");
    char folded[SAF_CLASS_MAX + 1];
    bool is_violation = outcome == AUDIT_VIOLATION;
    uint8_t reason, qualifier;
    struct buf out;

    /* Listings are recorded only when they were refused. */
    if (v == NULL && !is_violation)
        return;
    if (v == NULL)
        v = &other;
    class_name = v->class_name != NULL        ? str_of(v->class_name)
                 : v->target == TARGET_SECOND ? next_word(&in)
                                              : class_operand(in);
    if (v->target != TARGET_NONE)
        name = next_word(&in);
    if (str_copy_z(class_name, folded, sizeof folded)) {
        for (char *c = folded; *c != '\0'; c++)
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        class_name = str_of(folded);
    }
    reason = command_reason(p, v, class_name, is_violation);
    if (reason == 0)
        return;
    qualifier = is_violation                ? SMF_INSAUTH
                : outcome == AUDIT_NOT_DONE ? SMF_KEYVIOL
                                            : SMF_OK;
    begin(&out, p, p->acee, v->event, qualifier,
          is_violation ? SMF_DES_VIOLATION : 0, reason);
    if ((p->acee->attrs & ACEE_SPECIAL) != 0)
        out.p[42] = (char)SMF_ATH_SPECIAL;
    smf80_add(&out, SMF_NAME, name);
    smf80_add(&out, SMF_CLASS, class_name);
    smf80_add(&out, SMF_COMMAND, blanked);
    finish(p->front, &out);
}

/* --- access and logon
 * ------------------------------------------------------------ */

static uint16_t
access_reasons(const struct saf_decision *d)
{
    static const struct {
        unsigned log;
        uint16_t reasons;
    } rows[] = {
        { SAF_LOG_USER, SMF_REA_USER },
        { SAF_LOG_PROFILE, SMF_REA_ACCESS },
        { SAF_LOG_GLOBAL, SMF_REA_GLOBAL },
        { SAF_LOG_OPTIONS, MORE(SMF_RE2_LOGOPTIONS) },
        { SAF_LOG_OPERATIONS, SMF_REA_SPECIAL },
    };
    unsigned reasons = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if ((d->log & rows[i].log) != 0)
            reasons |= rows[i].reasons;
    return (uint16_t)reasons;
}

void
audit_access(struct front *f, struct peer *p, const struct acee *acee,
             struct str class_name, struct str resource,
             const struct saf_decision *d)
{
    bool is_denied = d->rc.saf == 8;
    bool is_all = d->profile[0] == '\0' && str_eq_z(class_name, "DATASET");
    struct buf out;

    begin(&out, p, acee, SMF_ACCESS,
          is_denied ? (is_all ? SMF_ACC_PROTECTALL : SMF_INSAUTH)
          : d->is_warning
              ? (is_all ? SMF_ACC_PROTECTALL_WARNING : SMF_ACC_WARNING)
              : SMF_OK,
          is_denied       ? SMF_DES_VIOLATION
          : d->is_warning ? SMF_DES_WARNING
                          : 0,
          access_reasons(d));
    if (strcmp(d->entry, "OPERATIONS") == 0)
        out.p[42] = (char)SMF_ATH_OPERATIONS; /* SMF80ATH */
    smf80_add(&out, SMF_RESOURCE, resource);
    smf80_add_byte(&out, SMF_REQUESTED, smf_level_bits(d->requested));
    smf80_add_byte(&out, SMF_ALLOWED, smf_level_bits(d->allowed));
    smf80_add(&out, SMF_USER_NAME, str_of(acee->name));
    smf80_add(&out, SMF_CLASS, class_name);
    smf80_add(&out, SMF_APPL, acee->applid);
    smf80_add_profile(&out, str_of(d->profile), d->is_generic);
    add_identity(&out, acee);
    finish(f, &out);
}

void
audit_logon(struct front *f, struct peer *p, struct str user, struct str group,
            struct str appl, uint8_t qualifier)
{
    struct acee who = { .refs = 1 };
    struct buf out;

    (void)!str_copy_z(str_sub(user, 0, SAF_USER_MAX), who.user,
                      sizeof who.user);
    (void)!str_copy_z(str_sub(group, 0, SAF_GROUP_MAX), who.group,
                      sizeof who.group);
    begin(&out, p, &who, SMF_JOBINIT, qualifier,
          qualifier == SMF_INIT_UNDEFINED
              ? SMF_DES_VIOLATION | SMF_DES_UNDEFINED
          : qualifier == SMF_INIT_SUCCESS ? SMF_DES_WARNING
                                          : SMF_DES_VIOLATION,
          qualifier == SMF_INIT_SUCCESS ? SMF_REA_ALWAYS : SMF_REA_RACINIT);
    smf80_add(&out, SMF_APPL, appl);
    finish(f, &out);
}

void
audit_logon_success(struct front *f, struct peer *p, const struct acee *acee)
{
    unsigned reasons = (acee->attrs & ACEE_UAUDIT) != 0 ? SMF_REA_USER : 0;
    struct buf out;

    if (acee->applid.n > 0 &&
        saf_option(saf_engine_db(f->engine), "APPLAUDIT") != 0)
        reasons |= MORE(SMF_RE2_APPLAUDIT);
    if (reasons == 0)
        return;
    begin(&out, p, acee, SMF_JOBINIT,
          acee->origin == ACEE_PASSTICKET ? SMF_INIT_TICKET : SMF_INIT_SUCCESS,
          0, (uint16_t)reasons);
    smf80_add(&out, SMF_USER_NAME, str_of(acee->name));
    smf80_add(&out, SMF_APPL, acee->applid);
    add_identity(&out, acee);
    finish(f, &out);
}

void
audit_ticket(struct peer *p, struct str user, struct str appl, bool is_made,
             bool is_ok)
{
    struct buf out;

    begin(&out, p, p->acee, is_made ? SMF_PTCREATE : SMF_PTEVAL,
          is_ok ? SMF_OK : SMF_INSAUTH, is_ok ? 0 : SMF_DES_VIOLATION,
          SMF_REA_ALWAYS);
    smf80_add(&out, SMF_NAME, user);
    smf80_add(&out, SMF_CLASS, STR("PTKTDATA"));
    smf80_add(&out, SMF_APPL, appl);
    finish(p->front, &out);
}
