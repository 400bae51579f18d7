/* What the files of the master share; private to them. */
#ifndef SALLYPORT_BATCH_MASTER_PRIV_H
#define SALLYPORT_BATCH_MASTER_PRIV_H

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/reader.h"
#include "base/uids.h"
#include "batch/job_wire.h"
#include "batch/master.h"
#include "batch/spool.h"
#include "ipc/chan.h"
#include "ipc/task.h"
#include "saf/acee.h"
#include "saf/client.h"

#define MASTER_SPACES_MAX 200u
#define MASTER_SESSIONS_MAX 100u
#define MASTER_SESSIONS_PER_UID 20u /* root mode, for other uids than 0 */
#define MASTER_SESSIONS_ROOT 10u    /* of all, kept for uid 0 */
#define MASTER_START_WAIT_MS 60000u /* S waits this long for "ready" */
#define MASTER_ATTACH_WAIT_MS 2000u /* of a program that listens at all */
#define MASTER_REPLY_WAIT_MS 60000u /* F waits this long for its reply */
#define MASTER_STOP_WAIT_MS 15000u  /* shutdown: after P, then C */
#define MASTER_SWEEP_MS 500u        /* between looks at cgroups left */
#define MASTER_KILL_WAIT_MS 5000u   /* after C, then SIGKILL */

struct master;
struct session;

/* One address space: a job or a started task. */
struct space {
    struct master *master;
    struct spool_record record;
    bool is_task;       /* started task */
    char identifier[9]; /* of a task: of S, or its job name */
    pid_t pid;
    int pidfd;
    int task_fd; /* ours of the pair; -1 when gone */
    int init_fd;
    int log_fd;    /* JESMSGLG */
    int sysmsg_fd; /* JESYSMSG */
    unsigned n_files;
    bool is_attached; /* a program in it takes commands */
    bool is_ready;
    bool has_ended; /* INIT_END was seen */
    bool is_cancelled;
    enum job_end end;
    uint32_t code;
    char end_text[256];
    char cgroup[512];
    uint64_t kill_at_ms;     /* 0: not asked to go */
    struct session *starter; /* whose S waits for it, or NULL */
    uint64_t start_until_ms;
};

/* A command that waits for the replies, or (P) the ends, of tasks. */
struct waiting {
    uint32_t id;       /* 0: none waits */
    bool is_stop;      /* no time limit: quiescing takes what it takes */
    bool is_for_many;  /* lines say whose they are */
    uint8_t status;    /* the worst so far */
    uint64_t until_ms; /* of replies */
    size_t n;
    struct space *spaces[MASTER_SPACES_MAX];
};

/* A submit or console connection. */
struct session {
    struct master *master;
    int fd; /* -1: nobody's, lines go to the system log */
    uid_t uid;
    pid_t pid;
    struct acee *acee; /* NULL before MASTER_HELLO */
    char waits_for[9]; /* job id whose end it wants to hear, or "" */
    struct waiting waiting;
    bool is_shutdown; /* asked for it; hears when it is done */
    bool is_su;       /* what it waits for ends with it */
    bool is_closed;
};

struct master {
    struct master_options options;
    int listener;
    int signal_fd;
    char ipl[2 * 16 + 1]; /* id of this IPL in hex: an angel that is started
                             again still knows the tokens of its jobs */
    pid_t angel_pid;
    int angel_pidfd;
    struct saf_client *control; /* over the descriptor the front shares */
    struct saf_client *saf;     /* as an ordinary user: keys, checks, syslog */
    struct space *spaces[MASTER_SPACES_MAX];
    size_t n_spaces;
    struct session *sessions[MASTER_SESSIONS_MAX];
    size_t n_sessions;
    uint32_t next_command;
    struct uid_range uids; /* of started users, root mode */
    bool is_stopping;
    struct autolog *autolog; /* autolog.c; NULL: nothing is listed */
    uint64_t sweep_at_ms;    /* cgroups are left; 0: none */
    uint64_t stop_at_ms;     /* cancel what is left then; later kill it */
    bool stop_cancelled;
};

/* --- angel.c-side ------------------------------------------------------- */
MUST_CHECK enum err master_angel_start(struct master *, struct err_info *why);
void master_angel_stop(struct master *);
/* The angel died: start it again and tell it who is who. */
void master_angel_restart(struct master *);

/* --- proclib.c ---------------------------------------------------------- */
bool proclib_exists(void);
/* Put the product's procedures into it; problems are logged. */
void proclib_fill(const char *program_dir);

/* --- spaces ------------------------------------------------------------- */
/* What su runs; all borrowed. */
struct su_order {
    uint8_t terminals;    /* bit n: stream n is the terminal */
    struct winsize size;  /* of it */
    int terminal;         /* its program's side; -1 none */
    int folder;           /* where it starts */
    int streams[3];       /* -1 where the terminal is */
    struct str term;      /* TERM */
    struct str arguments; /* u32 n, n x str */
};
struct space_order {
    struct jcl_job *job;
    struct str jcl; /* for JESJCL; passwords are masked there */
    const struct jcl_data_lines *data; /* of jcl, left out there */
    bool is_task;
    struct str identifier; /* of a task */
    bool is_root;          /* keeps Linux root, if its user has OMVS UID 0 */
    struct str proc;
    const struct acee *submitter;
    struct session *session;   /* hears why the job is refused; or NULL */
    const struct su_order *su; /* no job: somebody's shell; or NULL */
};
/* ERR_DENIED: the angel refused. *out runs from now on. */
MUST_CHECK enum err space_start(struct master *, const struct space_order *,
                                struct space **out, struct err_info *why);
/* OMVS UID 0, and IBMUSER before it has one. */
bool space_is_superuser(const struct acee *);
struct space *space_find(struct master *, struct str job_name);
struct space *space_find_id(struct master *, const char *id);
struct space *space_new(struct master *); /* NULL without storage */
void space_on_task(struct space *);
void space_on_initiator(struct space *);
void space_on_exit(struct space *);
void space_log(struct space *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void space_log_id(struct space *, const char *id, const struct str *inserts,
                  size_t n);
/* A command for the program in it; false when none listens. */
bool space_command(struct space *, enum task_verb, uint32_t id,
                   const char *user, struct str text);
/* id: of the command, whose replies are wanted. */
void space_stop(struct space *, uint32_t id, const char *user);
void space_cancel(struct space *);
void space_kill(struct space *);
void space_free(struct space **);
/* Its cgroup, with what is left in it; what does not go at once goes later. */
void space_end_cgroup(struct space *);
/* After a start: what the last master left running is ended. */
void master_clean_spool(struct master *);
const char *job_end_word(enum job_end);
/* Shared by space.c and space_start.c. */
void space_write(int fd, struct str text);
void space_log_line(struct space *, struct str text);
struct str space_clock(char out[16]); /* "02.14.20" */
void space_record_end(struct space *);

/* --- su.c --------------------------------------------------------------- */
bool session_on_su(struct session *, struct reader *, struct chan_msg *);
bool session_on_signal(struct session *, struct reader *, struct chan_msg *);
/* The session is over: so is what it started. */
void su_hang_up(struct session *);
/* Once registered: its terminal is the user's (uid), and it may begin. */
MUST_CHECK enum err su_begin(struct space *, const struct su_order *,
                             uint32_t uid, const struct saf_omvs *,
                             struct err_info *why);

/* --- sessions ----------------------------------------------------------- */
void session_accept(struct master *);
void session_on_message(struct session *);
void session_line(struct session *, struct str line);
void session_printf(struct session *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void session_done(struct session *, uint8_t status);
/* fd: NULL none. */
void session_accepted(struct session *, const struct space *, const int *fd);
void session_ended(struct session *, enum job_end, uint32_t code,
                   const char *text);
void session_free(struct session **);
/* The errors of a task that ended before it was ready (early_end.c). */
void session_early_end(struct session *, const struct space *);
/* Tell who waits that a space became ready or ended. */
void sessions_on_ready(struct master *, struct space *);
void sessions_on_end(struct master *, struct space *);
void sessions_on_reply(struct master *, struct space *, uint32_t id,
                       struct str line);
void sessions_on_reply_end(struct master *, struct space *, uint32_t id,
                           bool is_done);
/* A line about one of the address spaces a command is for. */
void session_line_of(struct session *, const struct space *, struct str line);
void sessions_check_time(struct master *, uint64_t now_ms);

/* --- operator ----------------------------------------------------------- */
void operator_command(struct session *, struct str text);
/* S operand, of nobody's session: what is said goes to the system log. */
void operator_autolog(struct master *, struct str operand);
/* A procedure of SYS1.PROCLIB or another library below datasets/; arg is the
 * uid_t of who reads it, NULL for the master itself. */
MUST_CHECK enum err master_read_member(void *arg, struct arena *,
                                       struct str library, struct str member,
                                       struct str *text, struct err_info *);
void master_shutdown(struct master *);
void master_syslog(struct master *, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
