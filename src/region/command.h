/*
 * The EXEC CICS commands: one table that the translator checks source against
 * and the run time decodes plans with. Adding a command is adding a row here
 * (command.c) and one function in the run time's table (exec.c).
 *
 * A translated command is CALL 'zexec' USING <plan> <arguments>. The plan is a
 * literal: the command's id, ":" and its options in the order of the
 * arguments, separated by ","; "*" in front of an option that has no argument;
 * "=n" behind one that names label n; and at the end ";R" when the program
 * handles the response itself (RESP or NOHANDLE).
 *
 *     READ:FILE,INTO,RIDFLD,*UPDATE;R
 */
#ifndef SALLYPORT_REGION_COMMAND_H
#define SALLYPORT_REGION_COMMAND_H

#include "base/err.h"
#include "base/str.h"

#define PLAN_MAX 160u /* longest literal of COBOL */
#define PLAN_ARGS_MAX 24u

/* clang-format off */
#define CICS_OPTIONS(X)                                                        \
    X(ABCODE) X(ABSTIME) X(APPEND) X(APPLID) X(AS) X(BIT) X(BROWSETOKEN)       \
    X(BYTEOFFSET) X(CANCEL) X(CHANNEL) X(CHAR) X(COMMAREA) X(CONTAINER)        \
    X(CONVERTST) X(DATALENGTH) X(DATATYPE) X(DATE) X(DATESEP) X(DATESTRING)    \
    X(DDMMYYYY) X(EQUAL) X(FILE) X(FLENGTH) X(FROM) X(FROMCCSID)               \
    X(FROMCODEPAGE) X(GENERIC) X(GTEQ) X(INTO) X(INTOCCSID) X(INTOCODEPAGE)    \
    X(INVOKINGPROG) X(KEYLENGTH) X(LABEL) X(LENGTH) X(MMDDYYYY)                \
    X(NOCONVERT) X(NODATA) X(NODUMP) X(NUMREC) X(PROGRAM) X(QUEUE) X(REQID)    \
    X(RESET) X(RIDFLD) X(ROLLBACK) X(SET) X(STARTCODE) X(SYNCONRETURN)         \
    X(SYSID) X(TIME) X(TIMESEP) X(TOCHANNEL) X(TOKEN) X(TRANSID) X(UPDATE)     \
    X(USERID) X(YYDDD) X(YYMMDD) X(YYYYMMDD) X(YYYYDDD) X(DDMMYY) X(MMDDYY)    \
    X(DAYOFWEEK) X(DAYOFMONTH) X(MONTHOFYEAR) X(YEAR)
/* clang-format on */

enum cics_option {
#define X(name) OPT_##name,
    CICS_OPTIONS(X)
#undef X
        N_CICS_OPTIONS
};

enum option_kind {
    KIND_FLAG,  /* no argument */
    KIND_TEXT,  /* characters in: literal or data */
    KIND_NUM,   /* a number in: literal, expression or data */
    KIND_OUT,   /* data the command writes */
    KIND_INOUT, /* a number read and written (LENGTH) */
    KIND_AREA,  /* data in, with its own length */
    KIND_SEP,   /* optional text in: DATESEP, TIMESEP */
    KIND_LABEL, /* a paragraph or section */
};

enum cics_command {
    CMD_ABEND,
    CMD_ASKTIME,
    CMD_ASSIGN,
    CMD_DELETE_CONTAINER,
    CMD_DELETE,
    CMD_ENDBROWSE_CONTAINER,
    CMD_FORMATTIME,
    CMD_GET_CONTAINER,
    CMD_GETNEXT_CONTAINER,
    CMD_HANDLE_ABEND,
    CMD_HANDLE_CONDITION,
    CMD_IGNORE_CONDITION,
    CMD_LINK,
    CMD_MOVE_CONTAINER,
    CMD_PUT_CONTAINER,
    CMD_READ,
    CMD_RETURN,
    CMD_REWRITE,
    CMD_STARTBROWSE_CONTAINER,
    CMD_SYNCPOINT,
    CMD_UNLOCK,
    CMD_WRITE,
    CMD_WRITEQ_TD,
    CMD_XCTL,
    N_CICS_COMMANDS
};

struct option_row {
    enum cics_option option;
    enum option_kind kind;
    bool is_required;
};

struct command_row {
    enum cics_command command;
    const char *id;   /* in the plan */
    const char *verb; /* first words of the command */
    int key;          /* enum cics_option it needs to be this one, or -1 */
    uint16_t fn;      /* EIBFN */
    bool conditions;  /* options are condition names with labels */
    const struct option_row *options;
    size_t n_options;
};

const struct command_row *command_row(enum cics_command);
const struct command_row *command_by_id(struct str id);
/* The row of a command that begins with these words; has(arg, option) says
 * which options stand in it. NULL: no such command. */
const struct command_row *command_match(struct str words, const bool *has);
const struct option_row *command_option(const struct command_row *,
                                        enum cics_option);

const char *option_name(enum cics_option);
/* Synonyms (DATASET) are folded; false when there is no such option. */
bool option_find(struct str name, enum cics_option *out);

/* RESP values. Source: EXEC CICS response codes. */
struct condition_row {
    const char *name; /* "NOTFND" */
    uint32_t resp;
    const char *abcode; /* default abend */
};
const struct condition_row *condition_by_name(struct str name);
const struct condition_row *condition_by_resp(uint32_t resp);

/* A decoded plan. */
struct plan {
    const struct command_row *row;
    bool handles_response;
    bool has[N_CICS_OPTIONS];
    uint8_t param[N_CICS_OPTIONS]; /* COBOL parameter number, 0: none */
    uint16_t label[N_CICS_OPTIONS];
    struct {
        uint32_t resp;
        uint16_t label; /* 0: HANDLE without a label */
    } conditions[16];
    size_t n_conditions;
};

/* ERR_SYNTAX when the literal was not made by our translator. */
MUST_CHECK enum err plan_read(struct str text, struct plan *out,
                              struct err_info *why);

#endif
