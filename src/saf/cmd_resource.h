/* Shared by the verbs on general resources. Private. */
#ifndef SALLYPORT_SAF_CMD_RESOURCE_H
#define SALLYPORT_SAF_CMD_RESOURCE_H

#include "saf/classes.h"
#include "saf/cmd.h"

/* The name as the class keeps it; false after IRR16001I. */
bool cmd_profile_name(struct cmd *, const struct saf_class *, struct str given,
                      struct str *name);
/* At least two qualifiers; generic characters may stand in them. */
bool cmd_is_dataset_name(struct str name);
/* ADDMEM and DELMEM; false, said. */
bool cmd_set_members(struct cmd *, const struct saf_class *,
                     const struct saf_profile *);
/* The profile that a command means by this name. With GENERIC the generic one.
 * Else: by a name with generic characters the generic one while SETROPTS
 * GENERIC or GENCMD is on for the class, if there is one; by others the
 * discrete one before a generic one. */
bool cmd_get_profile(struct cmd *, const struct saf_class *, struct str name,
                     bool says_generic, struct saf_profile *out);
/* Owner, or ALTER in a discrete profile's list. */
bool cmd_may_alter_profile(struct cmd *, const struct saf_profile *);
const struct saf_class *cmd_dataset_class(void);
/* As cmd_may_alter_profile, and one's own data sets. */
bool cmd_may_alter_dataset(struct cmd *, const struct saf_profile *);
void cmd_list_history(struct cmd *, const struct saf_profile *);
void cmd_list_statistics(struct cmd *, const struct saf_profile *);
/* A data set name as the issuer wrote it: without quotes it gets the user id
 * as its first qualifier. */
struct str cmd_dataset_text(struct cmd *, struct str given, bool is_quoted);
/* AUDIT() or GLOBALAUDIT() onto a setting; NULL: as it was. */
void cmd_set_audit(const struct cmd_arg *, struct saf_audit *);
/* UACC, WARNING, LEVEL, AUDIT, OWNER, NOTIFY; false, said. */
bool cmd_set_fields(struct cmd *, struct saf_profile *);
/* FROM(profile) FCLASS(class): fields of the model onto p; model->id 0 when
 * there is none. False, said. */
bool cmd_copy_model(struct cmd *, const struct saf_class *,
                    struct saf_profile *p, struct saf_profile *model);
void cmd_copy_list(struct cmd *, int64_t from, int64_t to);
void cmd_add_creator(struct cmd *, const struct saf_profile *);
enum saf_level cmd_connect_uacc(struct cmd *); /* of the issuer's connection */
/* "SUCCESS(READ),FAILURES(UPDATE)" or "NONE". */
struct str cmd_audit_text(struct cmd *, const struct saf_audit *);
/* What the issuer has by this profile, whatever the request. */
enum saf_level cmd_own_access(struct cmd *, const struct saf_profile *);
enum saf_level cmd_access_of(struct cmd *, const struct acee *,
                             const struct saf_profile *);
/* The discrete profile of a name, else the generic that controls it. */
bool cmd_find_best(struct cmd *, const struct saf_class *, struct str name,
                   struct saf_profile *);
/* The generic profile that controls it. */
bool cmd_find_generic(struct cmd *, const struct saf_class *, struct str name,
                      struct saf_profile *);
/* Operands that are of no use to profiles of the class are left out, after a
 * message. */
void cmd_drop_inapplicable(struct cmd *, const struct saf_class *);
/* Of RDELETE: a profile of class CDT goes when its class is empty; true after a
 * message. */
bool cmd_is_class_in_use(struct cmd *, const struct saf_profile *);
/* Of RDEFINE and RALTER, each false after a message: the issuer may define the
 * name, the name is one of class GLOBAL, the operands' values are valid. */
bool cmd_owns_generic(struct cmd *, const struct saf_class *, struct str name);
bool cmd_is_table_name(struct cmd *, const struct saf_class *, struct str name);
bool cmd_check_terminal(struct cmd *);
bool cmd_check_cdtinfo(struct cmd *, const struct saf_profile *);
bool cmd_has_posit(struct cmd *, const struct saf_profile *);
/* STDATA as it is stored now: say when the user is not in the group. */
void cmd_check_stdata(struct cmd *, const struct saf_profile *);
/* Say that the change waits for a REFRESH, when the class is RACLISTed. */
void cmd_warn_raclisted(struct cmd *, const struct saf_class *, const char *id);

#endif
