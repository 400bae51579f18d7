/*
 * The command language. A verb is a table of operands; parsing, abbreviation,
 * IKJ messages and, for most operands, storing are driven by the rows, so that
 * adding an operand is adding a row.
 */
#ifndef SALLYPORT_SAF_CMD_H
#define SALLYPORT_SAF_CMD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/uids.h"
#include "saf/authorize.h"

#define CMD_MAX 32768u   /* bytes of one command */
#define CMD_DEPTH_MAX 8u /* nested operand tables */
#define CMD_VALUES_MAX 4096u

/* --- the table --------------------------------------------------------- */

enum cmd_value {
    CMD_NONE,   /* keyword alone: SPECIAL, CERTAUTH */
    CMD_TEXT,   /* one value, quoted or not: NAME('...'), DFLTGRP(X) */
    CMD_LIST,   /* one or more values: ID(A B) */
    CMD_NUMBER, /* min..max */
    CMD_CHOICE, /* one of `choices`, abbreviated by uniqueness */
    CMD_SUB,    /* a table of its own: OMVS(UID(1) HOME(/)) */
    CMD_NESTED, /* its text between the parentheses, unparsed */
};

enum cmd_operand_flag {
    CMD_ASIS = 1u << 0,     /* value keeps its case; else upper folded */
    CMD_OPTIONAL = 1u << 1, /* value may be absent: REVOKE or REVOKE(date) */
    CMD_NO = 1u << 2,       /* NO<name> exists and takes no value; where the
                               verb is_new only with CMD_NO_NEW */
    CMD_SECRET = 1u << 3,   /* never echoed, logged or kept */
    CMD_NAME = 1u << 4,     /* 1-8 of A-Z 0-9 # @ $: user, group */
    CMD_STAR = 1u << 5,     /* CMD_NAME, or "*" */
    CMD_RACUID = 1u << 7,   /* CMD_NAME, or "&RACUID" */
    CMD_ADDS = 1u << 8,     /* its values join the field's, a list */
    CMD_DROPS = 1u << 9,    /* its values leave the field's */
    CMD_FREE = 1u << 10,    /* CMD_NESTED: fields that no table knows */
    CMD_PIECES = 1u << 11,  /* quoted and unquoted pieces, as written: X'0F',
                               'SYS1.HELP'/READ */
    CMD_NO_LIST = 1u << 6,  /* NO<name> takes the value, too: NOCLASSACT(c) */
    CMD_NO_NEW = 1u << 12,  /* NO<name> says something of what is new, too */
};

struct cmd_table;

struct cmd_operand {
    const char *name; /* upper case, in full */
    enum cmd_value value;
    uint32_t flags;
    int64_t min, max;            /* number's range, or text's length */
    const struct cmd_table *sub; /* CMD_SUB */
    const char *const *choices;  /* CMD_CHOICE: NULL-terminated */
    const char *segment, *field; /* where it is stored, or NULL */
    const char *prompt;          /* short name in IKJ56702I, else `name` */
    const char *missing;         /* long text of IKJ56701I */
};

struct cmd_table {
    const struct cmd_operand *v;
    size_t n;
    const struct cmd_table *next; /* rows shared with other verbs, or NULL */
};
#define CMD_TABLE(rows)                                                        \
    {                                                                          \
        (rows), ARRAY_LEN(rows), NULL                                          \
    }
#define CMD_TABLE_AND(rows, more)                                              \
    {                                                                          \
        (rows), ARRAY_LEN(rows), &(more)                                       \
    }

struct cmd;

struct cmd_verb {
    const char *name;
    const char *alias; /* "AU", or "" (RACDCERT has none) */
    /* Positional operands before the keywords, each CMD_TEXT or CMD_LIST. */
    const struct cmd_operand *positional;
    size_t n_positional;
    size_t n_required; /* of the positional ones */
    struct cmd_table operands;
    /* Runs inside the command's transaction; the return code 0, 4, 8 or 12.
     * Whatever it returns, the transaction is committed unless a statement
     * failed or cmd_abandon was called. */
    uint32_t (*run)(struct cmd *);
    bool is_outside; /* runs without the store, which may be lost */
    bool is_new;     /* makes profiles: what is not there is not taken away */
};

/* --- a parsed command -------------------------------------------------- */

struct cmd_arg {
    const struct cmd_operand *operand;
    bool is_negated; /* NO<name> */
    bool has_value;  /* parentheses were given */
    struct str *values;
    size_t n_values;
    bool is_quoted; /* of the first value */
    int64_t number; /* CMD_NUMBER; CMD_CHOICE: index */
    struct cmd_arg *subs;
    size_t n_subs;
};

struct saf_session;

/* One command being carried out. */
struct cmd {
    struct saf_engine *engine;
    struct saf_db *db;
    struct saf_session *session;
    const struct acee *acee; /* the issuer */
    struct arena *arena;     /* ends with the command */
    const struct cmd_verb *verb;
    const struct cmd_arg *positional[4]; /* NULL when absent */
    const struct cmd_arg *args;          /* keywords, each at most once */
    size_t n_args;
    int32_t today;   /* days since 1970 */
    struct buf text; /* all values; wiped at the end */
    uint32_t rc;
    bool is_abandoned;
    size_t refused_at; /* of the first word that is no keyword, or 0 */
    struct saf_refresh *refreshes; /* to do after commit, in this order */
};

/* NULL when the operand was not given. Names in full. */
const struct cmd_arg *cmd_arg(const struct cmd *, const char *name);
const struct cmd_arg *cmd_sub(const struct cmd_arg *, const char *name);
/* First value, or the empty string. arg may be NULL. */
struct str cmd_value(const struct cmd_arg *arg);
/* Given and not negated. */
bool cmd_has(const struct cmd *, const char *name);

/* Reply lines. cmd_msg prints "<id> <text>" from the message catalogue with
 * its inserts; cmd_rc raises the return code. */
void cmd_line(struct cmd *, struct str text);
void cmd_printf(struct cmd *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void cmd_msg_v(struct cmd *, const char *id, const struct str *inserts,
               size_t n_inserts);
#define CMD_MSG(cmd, id, ...)                                                  \
    cmd_msg_v((cmd), (id), (const struct str[]){ STR(""), ##__VA_ARGS__ } + 1, \
              sizeof((const struct str[]){ STR(""), ##__VA_ARGS__ }) /         \
                      sizeof(struct str) -                                     \
                  1)
uint32_t cmd_rc(struct cmd *, uint32_t rc); /* the higher one; returns it */
/* Roll the whole command back; it ends with rc. */
uint32_t cmd_abandon(struct cmd *, uint32_t rc);
/* After commit: publish the class's image, rebuilt from the store or only
 * with the options of now. */
void cmd_refresh(struct cmd *, const char *class_name, bool is_rebuilt);

/* After commit: take the class's global access table as it is stored. */
void cmd_refresh_global(struct cmd *, const char *class_name);

/* Issuer's authority. */
bool cmd_is_special(const struct cmd *);
bool cmd_is_auditor(const struct cmd *); /* AUDITOR or ROAUDIT */
/* Nobody whom the database knows. */
bool cmd_is_undefined(const struct cmd *);
/* SPECIAL, the owner, or group-SPECIAL in whose scope the owner is. */
bool cmd_owns(struct cmd *, struct str owner);
/* Class FACILITY gives the issuer that authority over the user: resource `all`,
 * or PREFIX.OWNER.owner, PREFIX.TREE.group without PREFIX.EXCLUDE.user. Never
 * over an administrator or auditor. */
bool cmd_is_delegated(struct cmd *, const struct saf_user *, const char *all,
                      const char *prefix, enum saf_level);

/* --- running ----------------------------------------------------------- */

enum saf_rvary {
    SAF_RVARY_LIST,
    SAF_RVARY_SWITCH,
    SAF_RVARY_ACTIVE,
    SAF_RVARY_INACTIVE,
};
struct saf_databases {
    struct str primary, standby; /* standby: empty when there is none */
    bool is_following;           /* the standby has all that is committed */
};

/* Hooks of the process that has crypto and other processes at hand. */
struct saf_hooks {
    /* Make the verifier that is stored for a password or phrase. */
    enum err (*make_verifier)(void *arg, struct str user, struct str secret,
                              bool is_phrase, struct buf *verifier,
                              struct err_info *why);
    /* ERR_OK: it is the one; ERR_DENIED: it is not. */
    enum err (*check_verifier)(void *arg, struct str user, struct str secret,
                               struct str verifier, struct err_info *why);
    /* Seal the key of a PassTicket profile; bound to the profile's name. */
    enum err (*seal_ticket_key)(void *arg, struct str key, struct str profile,
                                struct buf *sealed, struct err_info *why);
    /* Seal a secret that is kept but not used; bound to `what`. */
    enum err (*seal_secret)(void *arg, struct str secret, struct str what,
                            struct buf *sealed, struct err_info *why);
    /* RVARY: do it (an exchange comes after the command, a standby follows once
     * it is copied) and tell how things are. */
    enum err (*rvary)(void *arg, struct arena *, enum saf_rvary what,
                      struct saf_databases *out, struct err_info *why);
    void *arg;
    /* What AUTOUID and AUTOGID give when BPX.NEXT.USER says nothing; all 0: the
     * default. */
    struct uid_range uids;
    /* Further verbs: RACDCERT. */
    const struct cmd_verb *const *verbs;
    size_t n_verbs;
};

struct saf_session {
    const struct acee *acee; /* the issuer */
    uint64_t now_ms;         /* wall clock */
    void (*line)(void *arg, struct str text);
    /* NULL: the command itself replaces effective states after its commit.
     * Else the caller does (saf_refresh_run), after the batch's commit. */
    void (*refresh)(void *arg, const struct saf_refresh *);
    void *arg;
    const struct saf_hooks *hooks;
};

/*
 * Carry out one command. *rc: 0 done, 4 partly or named object missing, 8
 * parse error or refused, 12 the database failed (nothing changed; the reply
 * says why). Errors only when there is no storage for the reply itself.
 */
MUST_CHECK enum err saf_execute(struct saf_engine *, struct saf_session *,
                                struct str command, uint32_t *rc,
                                struct err_info *why);

/* Parse without carrying out: for tests and fuzzing. false: a message was
 * printed. */
bool cmd_parse(struct cmd *, struct str command);

/* The command's text without its secrets, for audit and the log: eight blanks,
 * however long it is, for the value of a secret operand; what could not be
 * parsed ends where a secret may begin. Lives as long as arena and command. */
struct str cmd_blank_secrets(struct arena *, struct str command,
                             const struct saf_hooks *hooks);

/* --- decks ------------------------------------------------------------- */

/*
 * A stream of commands (SYSTSIN, a file): continuation by + and -, comments,
 * sequence numbers in columns 73-80, end of stream. Initialise with { in }.
 */
struct saf_deck {
    struct str rest;
    bool is_jcl;   /* a line starting with // ends the stream */
    uint32_t line; /* number of the last line read */
    bool at_end;
};
/* The next command, joined, into `out` (cleared first; its max bounds the
 * command: ERR_LIMIT). ERR_NOT_FOUND at the end. *line: where it began. */
MUST_CHECK enum err saf_deck_next(struct saf_deck *, struct buf *out,
                                  uint32_t *line, struct err_info *why);

#endif
