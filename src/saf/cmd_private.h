/* Shared by the files of the command processor. */
#ifndef SALLYPORT_SAF_CMD_PRIVATE_H
#define SALLYPORT_SAF_CMD_PRIVATE_H

#include "base/reader.h"
#include "saf/classes.h"
#include "saf/cmd.h"
#include "saf/pattern.h"

/* By name, alias or unambiguous beginning; NULL. */
const struct cmd_verb *cmd_find_verb(struct str word,
                                     const struct saf_hooks *hooks);

/* The parser's idea of what stands between words, and of a word. */
void cmd_skip_separators(struct reader *);
bool cmd_is_word_byte(unsigned char c);
/* The verb has the operand's NO<name>. */
bool cmd_has_negation(const struct cmd_verb *, const struct cmd_operand *);
/* The beginning of exactly one keyword of the verb. */
bool cmd_is_keyword(const struct cmd_verb *, struct str word);

/* IKJ56701I in two lines; IKJ56702I, and IKJ56701I where the row says what is
 * expected: nobody can enter the operand again. RC 8. */
void cmd_say_missing(struct cmd *, const struct cmd_operand *);
void cmd_say_invalid(struct cmd *, const struct cmd_operand *,
                     struct str value);

/* Verbs, by file. */
extern const struct cmd_verb cmd_adduser, cmd_altuser, cmd_deluser,
    cmd_listuser, cmd_password, cmd_phrase;
extern const struct cmd_verb cmd_addgroup, cmd_altgroup, cmd_delgroup,
    cmd_listgrp, cmd_connect, cmd_remove;
extern const struct cmd_verb cmd_rdefine, cmd_ralter, cmd_rdelete, cmd_rlist,
    cmd_search, cmd_permit, cmd_setropts, cmd_racmap;
extern const struct cmd_verb cmd_addsd, cmd_altdsd, cmd_delsd, cmd_listdsd;
extern const struct cmd_verb cmd_rvary, cmd_explain, cmd_help, cmd_complete;

/* The acee that a logon of the user, with that group or his default one, would
 * make now; false after IKJ56702I. */
bool cmd_acee_of(struct cmd *, struct str user, struct str group,
                 struct acee *out);

/* The numbers that are this image's to give. */
struct uid_range cmd_uids(const struct cmd *);

/* The i-th verb there is, those of the hooks behind the others; NULL at the
 * end. */
const struct cmd_verb *cmd_verb_at(size_t i, const struct saf_hooks *hooks);

/* Operand tables used by several verbs. */
extern const struct cmd_table cmd_segments_user, cmd_segments_group;
extern const struct cmd_table cmd_kept_user, cmd_kept_group, cmd_kept_dataset,
    cmd_kept_resource;                      /* segments nobody here acts on */
extern const char *const cmd_levels[];      /* as enum saf_level */
extern const char *const cmd_authorities[]; /* as enum saf_authority */
extern const char *const cmd_yes_no[];      /* YES, NO */

/* SSIGNON (PTKTDATA): keys are sealed by the keeper. The table is of operands
 * of RDEFINE and RALTER; put is false after a message; list prints what is
 * below the segment's heading. */
extern const struct cmd_table cmd_ssignon_table;
bool cmd_ssignon_put(struct cmd *, int64_t profile_id, struct str profile);
void cmd_ssignon_list(struct cmd *, int64_t profile_id);

/* Take out the segment operands that the issuer may not set (class FIELD),
 * after a message; may list: false after IRR52021I. */
void cmd_drop_forbidden_fields(struct cmd *);
/* Of which class's profiles the command's segments are; "" of none. */
struct str cmd_class_of_segments(struct cmd *);
/* A value of a field of CSDATA is as its CFDEF says, and folded as it says;
 * false after IKJ56702I, the command is given up. */
bool cmd_cfdef_allows(struct cmd *, const char *field, struct str *value);
/* The operand sets fields of a segment other than the base. */
bool cmd_is_segment(const struct cmd_arg *);
bool cmd_may_list_segment(struct cmd *, const char *class_name,
                          const char *segment);

/* Store each given operand whose row names a segment. */
void cmd_store(struct cmd *, enum saf_kind, int64_t id);
/* The next field of a CMD_FREE operand: NAME(value); NAME alone is YES, NONAME
 * alone is NAME with an empty value, which removes it. */
bool cmd_free_next(struct arena *, struct reader *, struct str *name,
                   struct str *value, bool *has_value);

/* One of a list is through: what it came to is counted and cmd->rc set to 0
 * for the next. At the end RC 4 when some were done and others refused. */
struct cmd_tally {
    uint32_t worst;
    size_t n_done;
};
struct cmd_tally cmd_tally_begin(struct cmd *);
void cmd_tally(struct cmd *, struct cmd_tally *);
/* What was said so far is of none of them, but counts. */
void cmd_tally_notes(struct cmd *, struct cmd_tally *);
uint32_t cmd_tally_end(struct cmd *, const struct cmd_tally *);

/* The names of the first operand, each by itself: one that is refused leaves
 * nothing behind and the next is still tried. */
uint32_t cmd_each(struct cmd *, void (*one)(struct cmd *, struct str name));
/* IRR52184I: AUTOUID and AUTOGID give one number to one name. */
bool cmd_is_list_with(struct cmd *, const char *segment, const char *operand);

/* A user or group of that name exists. */
/* An id that owns certificates of nobody; none is made of that name. */
bool cmd_is_reserved(struct str name);
bool cmd_is_principal(struct cmd *, struct str name);
bool cmd_user_exists(struct cmd *, struct str name);
bool cmd_group_exists(struct cmd *, struct str name);
/* There are profiles of data sets whose first qualifier that is. */
bool cmd_has_datasets(struct cmd *, struct str principal);
/* Authority in a group: JOIN, CONNECT by the issuer's connection, or owner. */
bool cmd_has_group_authority(struct cmd *, const struct saf_group *,
                             enum saf_authority);
/* Nobody gives more authority in a group than he has there himself. */
bool cmd_may_give(struct cmd *, struct str group, enum saf_authority);
/* CLAUTH of the issuer holds the class. */
bool cmd_has_clauth(struct cmd *, const char *class_name);
/* WHEN(DAYS(...) TIME(...)): a bit for each day from Sunday on, 0 for any;
 * hhmm, both 0 for any. False with IKJ56702I. */
bool cmd_when_days(struct cmd *, const struct cmd_arg *days, uint32_t *mask);
bool cmd_when_time(struct cmd *, const struct cmd_arg *time, int32_t *from,
                   int32_t *to);
/* REVOKE[(date)], RESUME[(date)], NOREVOKE, NORESUME onto these fields. */
struct cmd_revocation {
    uint32_t *attrs;
    int32_t *revoke_day, *resume_day;
    bool was_resumed;
    const char *not_revoked_id; /* message when RESUME finds no revocation */
    const char *is_revoked_id;  /* when REVOKE finds one; NULL: none */
};
bool cmd_revoke_resume(struct cmd *, struct cmd_revocation *, struct str user);
/* SPECIAL, NOSPECIAL ... : `rows` end with name NULL. */
struct cmd_attr {
    const char *name;
    uint32_t bit;
    bool is_system; /* only system SPECIAL may give it */
};
void cmd_attributes(struct cmd *, const struct cmd_attr *rows, uint32_t *attrs,
                    const char *not_authorized_id);
struct str cmd_month_date(struct cmd *, int32_t day); /* OCTOBER 22, 2023 */
struct str cmd_time(struct cmd *, int64_t seconds);   /* yy.ddd/hh:mm:ss, or
                                                         UNKNOWN */
/* The class of an operand; NULL after IKJ56702I. DATASET is none but for
 * cmd_any_class. */
const struct saf_class *cmd_any_class(struct cmd *, struct str name,
                                      const char *shown);
const struct saf_class *cmd_class(struct cmd *, struct str name,
                                  const char *shown);
void cmd_list_segment(struct cmd *, enum saf_kind, int64_t id,
                      const char *segment);

#endif
