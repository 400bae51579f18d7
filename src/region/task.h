/*
 * A task in a worker: who it runs for, its unit of work, channels, the stack
 * of programs linked to, and how it ended. One at a time in a process.
 */
#ifndef SALLYPORT_REGION_TASK_H
#define SALLYPORT_REGION_TASK_H

#include <setjmp.h>

#include "base/buf.h"
#include "base/err.h"
#include "region/channel.h"
#include "region/command.h"
#include "region/defs.h"
#include "region/unit.h"

#define EIB_BYTES 85u
#define LINK_DEPTH_MAX 32u

struct handle { /* HANDLE CONDITION, IGNORE CONDITION */
    uint32_t resp;
    uint16_t label; /* 0: default action */
    bool ignore;
};

/* A program on the task's link stack. */
struct frame {
    struct frame *up;
    jmp_buf leave; /* RETURN, XCTL and ABEND come here */
    char program[9];
    char invoker[9];
    struct channel *channel; /* current channel, or NULL */
    void *module;            /* COBOL's current module of the caller */
    unsigned char *commarea;
    size_t n_commarea;
    uint16_t abend_label; /* HANDLE ABEND LABEL; 0: none */
    struct handle handles[24];
    size_t n_handles;
};

struct browse_state;

struct cics_task {
    const struct region_defs *defs;
    uint32_t number;
    char transid[5]; /* EIBTRNID */
    char user[9];
    bool is_dpl_syncpoint; /* SYNCPOINT is allowed */
    uint32_t dtimout_ms;
    unsigned char eib[EIB_BYTES];
    struct channels channels;
    struct unit unit;
    struct frame *top;
    unsigned depth;
    char abcode[5]; /* "" while alive; the abend once it is decided */
    char detail[ERR_TEXT_MAX];
    bool is_abended;
    char xctl[9]; /* program to transfer control to, or "" */
    struct {      /* READ UPDATE under way, one for each file */
        const struct file_def *file;
        char key[DEFS_KEY_MAX];
    } updates[16];
    size_t n_updates;
    /* programs that ran, to be cancelled */
    char ran[64][9];
    size_t n_ran;
    int td_log;              /* folder of TD queues' files, or -1 */
    void (*wait_over)(void); /* called when the task had to wait */
};

/* The one running, or NULL. */
struct cics_task *task_current(void);

/*
 * Run a program to its end: RETURN, GOBACK or an abend (then is_abended, its
 * code in abcode). ERR_NOT_FOUND: not defined or not loadable (`why`).
 * resp2 of PGMIDERR may be NULL.
 */
MUST_CHECK enum err task_run(struct cics_task *, struct str program,
                             struct channel *, unsigned char *commarea,
                             size_t n_commarea, uint32_t *resp2,
                             struct err_info *why);
/* Decide that the task ends abnormally and leave the program. */
NORETURN void task_abend(struct cics_task *, const char *abcode,
                         const char *detail);
/* Cancel what ran, free what is left. The unit must be committed or backed
 * out before. */
void task_end(struct cics_task *);

/* How a command ended. */
struct response {
    uint32_t resp;
    uint32_t resp2;
};
#define RESPONSE(r, r2) ((struct response){ (r), (r2) })
#define NORMAL RESPONSE(0, 0)

enum { /* the RESP values that the run time itself gives */
       RESP_FILENOTFOUND = 12,
       RESP_NOTFND = 13,
       RESP_DUPREC = 14,
       RESP_INVREQ = 16,
       RESP_IOERR = 17,
       RESP_NOSPACE = 18,
       RESP_LENGERR = 22,
       RESP_PGMIDERR = 27,
       RESP_NOSTG = 42,
       RESP_QIDERR = 44,
       RESP_SYSIDERR = 53,
       RESP_END = 83,
       RESP_ROLLEDBACK = 82,
       RESP_DISABLED = 84,
       RESP_CONTAINERERR = 110,
       RESP_TOKENERR = 112,
       RESP_CHANNELERR = 122,
       RESP_CCSIDERR = 123,
};

typedef struct response (*command_fn)(struct cics_task *, const struct plan *);
/* One function for each command; NULL for what exec.c does itself. */
extern const command_fn command_table[N_CICS_COMMANDS];

/* --- arguments of the command under way ---------------------------------- */

/* The argument's bytes, and how many; trailing blanks cut for text. */
struct str arg_text(const struct plan *, enum cics_option);
unsigned char *arg_data(const struct plan *, enum cics_option, size_t *n);
int64_t arg_number(const struct plan *, enum cics_option, int64_t otherwise);
/* Nothing happens when the option is absent or its argument a constant. */
void arg_put_number(const struct plan *, enum cics_option, int64_t value);
/* Blank padded, cut to the receiver. */
void arg_put_text(const struct plan *, enum cics_option, struct str);
/* The FROM or COMMAREA of a command with its LENGTH or FLENGTH; false when the
 * length is negative. */
bool arg_area(const struct plan *, enum cics_option area,
              enum cics_option length, struct str *out);

/* --- EIB ------------------------------------------------------------------*/

void eib_init(struct cics_task *);
void eib_number(struct cics_task *, size_t at, size_t bytes, int64_t value);
void eib_text(struct cics_task *, size_t at, size_t n, struct str);
enum {
    EIB_TIME = 0,
    EIB_DATE = 4,
    EIB_TRNID = 8,
    EIB_TASKN = 12,
    EIB_TRMID = 16,
    EIB_GDI = 20,
    EIB_CALEN = 24,
    EIB_FN = 27,
    EIB_RCODE = 29,
    EIB_DS = 35,
    EIB_RSRCE = 51,
    EIB_RESP = 76,
    EIB_RESP2 = 80
};

/* Commands, by subject. */
#define COMMAND(name)                                                          \
    struct response name(struct cics_task *, const struct plan *)
COMMAND(do_get_container);
COMMAND(do_put_container);
COMMAND(do_delete_container);
COMMAND(do_move_container);
COMMAND(do_startbrowse_container);
COMMAND(do_getnext_container);
COMMAND(do_endbrowse_container);
COMMAND(do_read);
COMMAND(do_write);
COMMAND(do_rewrite);
COMMAND(do_delete);
COMMAND(do_unlock);
COMMAND(do_link);
COMMAND(do_xctl);
COMMAND(do_return);
COMMAND(do_abend);
COMMAND(do_assign);
COMMAND(do_asktime);
COMMAND(do_formattime);
COMMAND(do_writeq_td);
COMMAND(do_syncpoint);
COMMAND(do_handle_abend);
COMMAND(do_handle_condition);
COMMAND(do_ignore_condition);

#endif
