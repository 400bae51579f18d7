/*
 * SMF records, type 80 (what the security database decided): the original's
 * layout, so that its tools read them. Records are kept one after the other,
 * each with its record descriptor word: u16 length, u16 zero; big-endian, text
 * in EBCDIC (1047).
 *
 * Source: z/OS Security Server RACF Macros and Interfaces, SMF type 80.
 */
#ifndef SALLYPORT_AUDIT_SMF_H
#define SALLYPORT_AUDIT_SMF_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define SMF_RECORD_MAX 32756u
#define SMF_HEAD_BYTES 98u
#define SMF_FOLDER "smf"
#define SMF_SECTIONS_MAX 64u

enum smf_event { /* SMF80EVT */
                 SMF_JOBINIT = 1,
                 SMF_ACCESS = 2,
                 SMF_ADDSD = 8,
                 SMF_ADDGROUP = 9,
                 SMF_ADDUSER = 10,
                 SMF_ALTDSD = 11,
                 SMF_ALTGROUP = 12,
                 SMF_ALTUSER =
                     13, /* this and the following codes: [unverified] */
                 SMF_CONNECT = 14,
                 SMF_DELDSD = 15,
                 SMF_DELGROUP = 16,
                 SMF_DELUSER = 17,
                 SMF_PASSWORD = 18,
                 SMF_PERMIT = 19,
                 SMF_RALTER = 20,
                 SMF_RDEFINE = 21,
                 SMF_RDELETE = 22,
                 SMF_REMOVE = 23,
                 SMF_SETROPTS = 24,
                 SMF_RVARY = 25,
                 SMF_GENERAL = 27,
                 SMF_RACDCERT = 66,
                 SMF_INITACEE = 67,
                 SMF_PTCREATE = 82,
                 SMF_PTEVAL = 83,
                 SMF_RACMAP = 86,
};

/* Qualifiers. Of commands: 0 success, 1 insufficient authority, 2 keyword
 * violations. Of JOBINIT and ACCESS: see smf_print.c. */
enum {
    SMF_OK = 0,
    SMF_INSAUTH = 1,
    SMF_KEYVIOL = 2,
    SMF_ACC_WARNING = 3,
    SMF_ACC_PROTECTALL = 4,
    SMF_ACC_PROTECTALL_WARNING = 5,
    SMF_INIT_PASSWORD = 1,
    SMF_INIT_GROUP = 2,
    SMF_INIT_TERMINAL = 4,
    SMF_INIT_APPL = 5,
    SMF_INIT_REVOKED = 6,
    SMF_INIT_AUTO_REVOKED = 7,
    SMF_INIT_UNDEFINED = 9,
    SMF_INIT_SUCCESS = 12,
    SMF_INIT_SUBMITTER = 17,
    SMF_INIT_EXPIRED = 25,
    SMF_INIT_NEW_PASSWORD = 26,
    SMF_INIT_GROUP_REVOKED = 28,
    SMF_INIT_OIDCARD = 29,
    SMF_INIT_TICKET = 32,
    SMF_INIT_REPLAY = 33,
    SMF_INIT_INACTIVE = 35,
    SMF_INIT_PHRASE = 36,
    SMF_INIT_NEW_PHRASE = 37,
    SMF_INIT_PHRASE_EXPIRED = 38,
    SMF_INIT_NO_IDENTITY = 39,
};

/* Relocate sections; 256 and more are extended ones. */
enum smf_section {
    SMF_RESOURCE = 1,
    SMF_REQUESTED = 3, /* one byte: smf_level_bits */
    SMF_ALLOWED = 4,
    SMF_USER_NAME = 8,
    SMF_NAME = 9, /* of PERMIT, RALTER, RDEFINE, RDELETE */
    SMF_CLASS = 17,
    SMF_APPL = 20,
    SMF_PROFILE = 33, /* flag byte X'80' generic, then the name */
    SMF_DISTRIBUTED = 386,
    SMF_REGISTRY = 387,
    SMF_COMMAND = 900, /* ours: the command, secrets blanked */
};

enum { /* SMF80DES */
       SMF_DES_VIOLATION = 0x8000,
       SMF_DES_UNDEFINED = 0x4000,
       SMF_DES_WARNING = 0x1000,
       SMF_DES_HAS_VRM = 0x0800,
};
enum { /* SMF80ATH */
       SMF_ATH_NORMAL = 0x80,
       SMF_ATH_SPECIAL = 0x40,
       SMF_ATH_OPERATIONS = 0x20,
       SMF_ATH_AUDITOR = 0x10,
       SMF_ATH_TRUSTED = 0x01,
};
enum { /* SMF80REA; order of bits [unverified] */
       SMF_REA_CLASS = 0x80,
       SMF_REA_USER = 0x40,
       SMF_REA_SPECIAL = 0x20, /* SAUDIT; OPERAUDIT, too [unverified] */
       SMF_REA_ACCESS = 0x10,
       SMF_REA_RACINIT = 0x08,
       SMF_REA_ALWAYS = 0x04,
       SMF_REA_CMDVIOL = 0x02,
       SMF_REA_GLOBAL = 0x01,
};

enum { /* SMF80RE2 */
       SMF_RE2_LOGOPTIONS = 0x40,
       SMF_RE2_APPLAUDIT = 0x08,
};

/* What every record says. Strings are UTF-8 and cut to their fields. */
struct smf80 {
    uint64_t now_ms;
    const char *system_id;
    uint8_t event, qualifier, authority, reason, more_reasons;
    uint16_t flags; /* SMF_DES_... */
    struct str user, group, job, terminal;
};

/* Begin a record in `out` (emptied), add sections, end it. Anything that does
 * not fit any more is left out; the record stays well formed. */
void smf80_begin(struct buf *out, const struct smf80 *);
void smf80_add(struct buf *out, enum smf_section, struct str utf8);
void smf80_add_byte(struct buf *out, enum smf_section, uint8_t);
void smf80_add_profile(struct buf *out, struct str name, bool is_generic);
/* ERR_MEMORY. */
MUST_CHECK enum err smf80_end(struct buf *out, struct err_info *why);
/* NONE, EXECUTE, READ, UPDATE, CONTROL, ALTER as section 3 and 4 have it. */
uint8_t smf_level_bits(unsigned level);

/* --- reading -------------------------------------------------------------- */

/* The next record of a stream; `at` is moved on. ERR_NOT_FOUND at the end;
 * ERR_SYNTAX: no record begins there (why->at). */
MUST_CHECK enum err smf_next(struct str stream, size_t *at, struct str *record,
                             struct err_info *why);

struct smf80_section {
    uint16_t type;
    struct str bytes; /* borrowed */
};
struct smf80_view {
    uint8_t type; /* 80; the rest is only set for it */
    uint8_t event, qualifier, authority, reason, more_reasons;
    uint16_t flags;
    uint32_t centiseconds; /* since local midnight */
    uint16_t year, day;    /* day of the year, from 1 */
    struct str system_id, user, group, job, terminal; /* UTF-8, trimmed */
    struct smf80_section sections[SMF_SECTIONS_MAX];
    size_t n_sections;
};
/* Text lies in the arena. ERR_SYNTAX: cut or inconsistent. */
MUST_CHECK enum err smf80_read(struct arena *, struct str record,
                               struct smf80_view *out, struct err_info *why);
/* Text of the first such section, in UTF-8; "" when there is none. */
struct str smf80_text(struct arena *, const struct smf80_view *,
                      enum smf_section);
/* Its bytes. */
struct str smf80_bytes(const struct smf80_view *, enum smf_section);

/* --- printing ----------------------------------------------------------------
 */

/* "ACCESS", "INSAUTH"; numbers that nobody knows are printed as such. */
struct str smf_event_name(struct arena *, uint8_t event);
/* The name of an event, or EVENTn; in any case of letters. */
bool smf_is_event(struct str name);
struct str smf_qualifier_name(struct arena *, uint8_t event, uint8_t qualifier);
/* "READ" of a level byte. */
const char *smf_level_name(uint8_t bits);
/* Why it was recorded: "AUDIT,LOGOPTIONS". */
struct str smf80_reasons(struct arena *, const struct smf80_view *);
/* One line for people. */
void smf80_line(struct arena *, const struct smf80_view *, struct buf *out);
/* IRRADU00: fixed columns, one line. */
void smf80_irradu00(struct arena *, const struct smf80_view *, struct buf *out);

#endif
