/*
 * The security database: one SQLite file (WAL, synchronous FULL), one writer.
 * Every command is one transaction. After a failed statement the transaction
 * is failed: further statements do nothing, and saf_db_commit rolls back and
 * says why, so a sequence of writes needs one check at its end (as buf.h).
 *
 * Names are stored upper case (reserved ids irrcerta, irrsitec, irrmulti in
 * lower case); profile names as the class folds them. Days count from
 * 1970-01-01; 0 means "never" or "none".
 *
 * User and group names share one space of numeric ids (table principals). An
 * id is never given to another name and outlives DELUSER, so a residual entry
 * of an access list means the same name again, as in the original.
 */
#ifndef SALLYPORT_SAF_STORE_H
#define SALLYPORT_SAF_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "saf/acee.h"
#include "saf/saf.h"

struct saf_db;
struct sqlite3_stmt;

/* Open or create; a new file is initialised: group SYS1, IBMUSER (SPECIAL
 * OPERATIONS, protected until given a password), irrcerta, irrsitec.
 * ERR_NOT_NOW: written by a newer level; ERR_IO: damaged, locked or unreadable.
 * ":memory:" serves tests. */
MUST_CHECK enum err saf_db_open(const char *path, uint64_t now_ms,
                                struct saf_db **out, struct err_info *why);
/* A second connection, for another thread: reads the state that is committed
 * when its first statement runs, whatever is committed later. */
MUST_CHECK enum err saf_db_open_reader(const char *path, struct saf_db **out,
                                       struct err_info *why);
void saf_db_close(struct saf_db **);

MUST_CHECK enum err saf_db_begin(struct saf_db *, struct err_info *why);
/* ERR_* and rolled back when any statement since begin failed. */
MUST_CHECK enum err saf_db_commit(struct saf_db *, struct err_info *why);
void saf_db_rollback(struct saf_db *);

/*
 * Several commands in one transaction, so that they share the wait for the
 * disk. Between the two calls each begin ... commit is a savepoint: it sees
 * what the ones before did, and rolls back alone. Nothing of the batch may be
 * told to anybody before batch_commit gave ERR_OK; when it did not, nothing of
 * all this happened.
 */
/* One of several parts of a transaction: begun, then kept or undone. */
void saf_db_part_begin(struct saf_db *);
void saf_db_part_end(struct saf_db *, bool is_kept);
MUST_CHECK enum err saf_db_batch_begin(struct saf_db *, struct err_info *why);
MUST_CHECK enum err saf_db_batch_commit(struct saf_db *, struct err_info *why);
bool saf_db_in_batch(const struct saf_db *);
/* Grows with each rollback: what was derived from the store meanwhile may be of
 * a state that never was. */
uint64_t saf_db_rollbacks(const struct saf_db *);
/* Grows with each change of a generic profile, its list, or of what classes
 * have generic profiles. */
uint64_t saf_generics_serial(const struct saf_db *);
/* What failed since begin (or since the last call outside a transaction,
 * which also clears it). */
MUST_CHECK enum err saf_db_check(struct saf_db *, struct err_info *why);

/* --- statements (certificates and rings use these directly) ------------ */

/* Parameters by type letter: s struct str as text, b struct str as blob
 * (p NULL binds NULL), i int64_t. `sql` must be a literal: it is the key of
 * the cache of prepared statements. */
void saf_db_run(struct saf_db *, const char *sql, const char *types, ...);
/* Rows changed by the last saf_db_run. */
size_t saf_db_changes(const struct saf_db *);
/* Rows that were changed since the database was opened. */
uint64_t saf_db_all_changes(const struct saf_db *);
int64_t saf_db_last_id(const struct saf_db *); /* of the last INSERT */

struct saf_query {
    struct saf_db *db;
    struct sqlite3_stmt *stmt;
    size_t slot;
};
struct saf_query saf_db_query(struct saf_db *, const char *sql,
                              const char *types, ...);
/* False at the end or on failure; closes the query then. */
bool saf_query_next(struct saf_query *);
void saf_query_close(struct saf_query *); /* to stop early; twice is fine */
int64_t saf_query_int(struct saf_query *, int column);
/* Copied into the arena; empty for NULL. Text or blob. */
struct str saf_query_str(struct saf_query *, struct arena *, int column);
/* 'i' number, 't' text, 'b' blob, 'n' NULL. */
char saf_query_kind(struct saf_query *, int column);
/* As saf_db_run, with values whose kinds are known at run time. */
struct saf_value {
    char kind;
    int64_t number;
    struct str bytes;
};
void saf_db_run_values(struct saf_db *, const char *sql,
                       const struct saf_value *, size_t n);

/* --- people ------------------------------------------------------------ */

/* saf_user.attrs: the acee's bits (ACEE_SPECIAL...) plus these. */
enum saf_user_attr {
    USER_REVOKED = 1u << 16,
    USER_ADSP = 1u << 17,
    USER_GRPACC = 1u << 18,
    USER_OIDCARD = 1u << 19,
    USER_PASS_MIXED = 1u << 20, /* password kept in mixed case */
};

struct saf_user {
    uint32_t id; /* 0: new, given by put */
    struct str user;
    struct str name; /* NAME; empty: none */
    struct str owner;
    struct str dfltgrp;
    uint32_t attrs;
    int32_t created;
    struct str verifier;        /* password; opaque; empty: none */
    struct str phrase_verifier; /* phrase; opaque; empty: none */
    int32_t pass_day;           /* last change; 0: expired */
    int32_t phrase_day;
    int32_t interval; /* days; 0 the system's, -1 NOINTERVAL */
    uint32_t failures;
    int32_t revoke_day, resume_day;
    int64_t last_access_s;      /* seconds since 1970; 0 unknown */
    uint32_t when_days;         /* bit 0 Sunday .. 6 Saturday; 0 any day */
    int32_t when_from, when_to; /* hhmm; both 0: any time */
    uint64_t generation;        /* grows with each put */
};

/* No password, phrase or OIDCARD: never revoked by failures. */
bool saf_user_is_protected(const struct saf_user *);
/* Revoked on `day`, by attribute or by date. */
bool saf_user_is_revoked(const struct saf_user *, int32_t day);
/* False: not there (or the database failed, see saf_db_check). */
bool saf_user_get(struct saf_db *, struct arena *, struct str user,
                  struct saf_user *out);
void saf_user_put(struct saf_db *, struct saf_user *);
/* With connects, segments, certificates, rings, maps; access lists keep the
 * residual name. */
void saf_user_delete(struct saf_db *, struct str user);
bool saf_user_by_uid(struct saf_db *, struct arena *, uint32_t uid,
                     struct saf_user *out);
/* Is there one with SPECIAL who is not revoked? True when it cannot be told. */
bool saf_users_special(struct saf_db *, int32_t day);
/* Durable before it returns (its own transaction when none is open). */
void saf_user_failed_logon(struct saf_db *, struct str user, uint32_t failures,
                           bool revoke);

struct saf_group {
    uint32_t id;
    struct str group;
    struct str superior; /* empty for SYS1 */
    struct str owner;
    int32_t created;
    bool is_termuacc, is_universal;
};
bool saf_group_get(struct saf_db *, struct arena *, struct str group,
                   struct saf_group *out);
void saf_group_put(struct saf_db *, struct saf_group *);
void saf_group_delete(struct saf_db *, struct str group);

enum saf_authority { AUTH_USE, AUTH_CREATE, AUTH_CONNECT, AUTH_JOIN };

struct saf_connect {
    struct str user, group;
    uint32_t group_id, user_id; /* filled by get and the lists */
    enum saf_authority authority;
    struct str owner;
    enum saf_level uacc;
    uint32_t attrs; /* ACEE_SPECIAL, ACEE_OPERATIONS, ACEE_AUDITOR,
                       USER_REVOKED, USER_ADSP, USER_GRPACC: in this group */
    int32_t created;
    uint32_t count; /* logons */
    int64_t last_s;
    int32_t revoke_day, resume_day;
};
bool saf_connect_is_revoked(const struct saf_connect *, int32_t day);
bool saf_connect_get(struct saf_db *, struct arena *, struct str user,
                     struct str group, struct saf_connect *out);
void saf_connect_put(struct saf_db *, const struct saf_connect *);
void saf_connect_delete(struct saf_db *, struct str user, struct str group);
/* In order of group id (acee order). */
size_t saf_connects_of_user(struct saf_db *, struct arena *, struct str user,
                            struct saf_connect **out);
/* In order of user name. */
size_t saf_connects_of_group(struct saf_db *, struct arena *, struct str group,
                             struct saf_connect **out);
/* Numeric id of a user's or group's name; 0 when it never had one. */
/* In an access list of class FIELD: whoever's own profile the field is in. */
#define SAF_RACUID "&RACUID"
#define SAF_RACUID_ID 4294967294u
uint32_t saf_principal_id(struct saf_db *, struct str name);

/* --- profiles ---------------------------------------------------------- */

struct saf_audit { /* SAF_NONE: not audited */
    enum saf_level success, failure;
};

struct saf_profile {
    int64_t id; /* 0: new */
    struct str class_name, name;
    bool is_generic;
    struct str owner;
    enum saf_level uacc;
    uint32_t level;
    bool is_warning;
    struct str notify;
    struct saf_audit audit, global_audit;
    int32_t created, changed;
};
/* Of that name: the discrete one, else the generic one. */
bool saf_profile_get(struct saf_db *, struct arena *, struct str class_name,
                     struct str name, struct saf_profile *out);
bool saf_profile_get_kind(struct saf_db *, struct arena *,
                          struct str class_name, struct str name,
                          bool is_generic, struct saf_profile *out);
void saf_profile_put(struct saf_db *, struct saf_profile *);
void saf_profile_delete(struct saf_db *, int64_t id);
/* All of a class, in listing order (discrete names, then generics by
 * specificity). */
size_t saf_profiles_of(struct saf_db *, struct arena *, struct str class_name,
                       struct saf_profile **out);
/* Counts the writes to a class's profiles and lists: what was built from an
 * older count is stale. */
uint64_t saf_class_generation(struct saf_db *, struct str class_name);

struct saf_access {
    int64_t profile_id;
    struct str who;  /* user, group or "*" */
    uint32_t who_id; /* 0 for "*" and names that never had an id */
    enum saf_level level;
    uint32_t count;
    struct str when_kind;  /* "" standard list, else "TERMINAL", "CRITERIA" */
    struct str when_value; /* "T1", "SQLROLE(ADMIN)" */
};
size_t saf_access_of(struct saf_db *, struct arena *, int64_t profile_id,
                     struct saf_access **out);
/* Add or replace; `count` starts at 0. */
void saf_access_put(struct saf_db *, const struct saf_access *);
/* False: no such entry. */
bool saf_access_delete(struct saf_db *, const struct saf_access *);

struct saf_member {
    struct str name;
    enum saf_level level; /* class GLOBAL only */
};
size_t saf_members_of(struct saf_db *, struct arena *, int64_t profile_id,
                      struct saf_member **out);
void saf_member_put(struct saf_db *, int64_t profile_id, struct saf_member);
bool saf_member_delete(struct saf_db *, int64_t profile_id, struct str member);

/* --- segments ---------------------------------------------------------- */

enum saf_kind {
    SAF_KIND_USER = 'U',
    SAF_KIND_GROUP = 'G',
    SAF_KIND_PROFILE = 'R'
};

/* One field of a segment ("OMVS", "UID"): its text, or empty with p NULL when
 * unset. Segment "BASE" holds DATA, APPLDATA, MODEL and what is only stored. */
struct str saf_field_get(struct saf_db *, struct arena *, enum saf_kind,
                         int64_t id, const char *segment, const char *field);
/* value.p NULL removes the field. */
void saf_field_put(struct saf_db *, enum saf_kind, int64_t id,
                   const char *segment, const char *field, struct str value);
/* Does the segment exist (maybe without a field set)? */
bool saf_segment_exists(struct saf_db *, enum saf_kind, int64_t id,
                        const char *segment);
void saf_segment_add(struct saf_db *, enum saf_kind, int64_t id,
                     const char *segment);
void saf_segment_delete(struct saf_db *, enum saf_kind, int64_t id,
                        const char *segment);

/* --- options ----------------------------------------------------------- */

enum saf_class_option {
    CLASS_ACTIVE = 1u << 0,
    CLASS_GENERIC = 1u << 1,
    CLASS_GENCMD = 1u << 2,
    CLASS_RACLIST = 1u << 3,
    CLASS_GLOBAL = 1u << 4,
    CLASS_GENLIST = 1u << 5,
    CLASS_AUDIT = 1u << 6,
    CLASS_STATISTICS = 1u << 7,
    CLASS_LOG_ALWAYS = 1u << 8,
    CLASS_LOG_NEVER = 1u << 9,
    CLASS_LOG_SUCCESSES = 1u << 10,
    CLASS_LOG_FAILURES = 1u << 11,
};
#define CLASS_LOG_MASK                                                         \
    (CLASS_LOG_ALWAYS | CLASS_LOG_NEVER | CLASS_LOG_SUCCESSES |                \
     CLASS_LOG_FAILURES)
uint32_t saf_class_options(struct saf_db *, struct str class_name);
void saf_class_options_put(struct saf_db *, struct str class_name,
                           uint32_t options);
/* SETROPTS options by name ("GRPLIST", "PASSWORD.INTERVAL"). */
int64_t saf_option(struct saf_db *, const char *name);
void saf_option_put(struct saf_db *, const char *name, int64_t value);
struct str saf_option_text(struct saf_db *, struct arena *, const char *name);
void saf_option_text_put(struct saf_db *, const char *name, struct str value);

/* Grows with each change of a class's options or an option, and each
 * rollback. */
uint64_t saf_options_serial(const struct saf_db *);
void saf_options_changed(struct saf_db *); /* by the setters above */

/* --- days -------------------------------------------------------------- */

int32_t saf_day_of_ms(uint64_t wall_ms);               /* local time zone */
struct str saf_day_yyddd(struct arena *, int32_t day); /* "24.007" */

/*
 * Tables of the certificate code, which writes its own statements:
 *   certs(id, owner, label, status, der, key, serial, issuer, subject,
 *         not_before, not_after, key_type, key_bits, last_serial, ring_seq,
 *         fingerprint)      status 'T' trust, 'H' hightrust, 'N' notrust;
 *                           key: sealed blob or NULL; serial: hexadecimal;
 *                           unique (owner,label) and (serial,issuer)
 *   rings(id, owner, name, seq)                       unique (owner,name)
 *   ring_certs(ring_id, cert_id, usage, is_default, pos)
 *                           usage 'P' personal, 'C' certauth, 'S' site
 *   idmaps(id, kind, owner, label, status, filter, issuer, criteria)
 *                           kind 'N' certificate name filter (filter = subject)
 *                           or 'D' distributed identity (issuer = registry)
 *   history(user, is_phrase, seq, verifier)           previous passwords
 */

#endif
