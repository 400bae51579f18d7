/* What the files of the agent share. */
#ifndef SALLYPORT_TTLS_AGENT_PRIV_H
#define SALLYPORT_TTLS_AGENT_PRIV_H

#include "base/buf.h"
#include "base/msg.h"
#include "ipc/stack.h"
#include "ipc/task.h"
#include "saf/client.h"
#include "ttls/agent.h"
#include "ttls/conf.h"

/* LogLevel: a sum of these. */
enum agent_level {
    LEVEL_SYSERR = 1,
    LEVEL_OBJERR = 2,
    LEVEL_PROTERR = 4,
    LEVEL_WARNING = 8,
    LEVEL_EVENT = 16,
    LEVEL_ACTION = 32,
    LEVEL_INFO = 64,
    LEVEL_ACNTING = 128,
    LEVEL_TRACE = 256,
};

struct agent_log {
    struct saf_client *saf; /* SYSLOGD; NULL: a file */
    const char *program;    /* whose lines these are */
    int fd;
    char path[1024];
    uint32_t level;
    uint64_t size, max_bytes;
    uint32_t max_files;
};

/* A stack the agent has to do with. */
struct image {
    char name[STACK_NAME_MAX + 1];
    bool is_configured; /* in the main file as it is now */
    bool flush, purge;
    uint32_t interval_s;
    struct str path;            /* image file; of the pass's arena */
    struct ttls_policy *policy; /* as installed; NULL none */
    char ttls_file[1024];       /* for QUERY and following; "" none */
    char image_file[1024];
    bool has_errors; /* the last pass kept the policy before */
    int alive_fd;    /* ends with the stack's process; -1 */
};

struct agent {
    const struct agent_options *options;
    struct agent_log log;
    struct task *task; /* NULL: started by hand */
    char conf_file[1024];
    char common_file[1024];
    uint32_t debug, trace;
    struct image images[PAGENT_IMAGES_MAX];
    size_t n_images;
    char codepage[32];
    uint64_t refresh_at_ms; /* UINT64_MAX: never */
    int display_fd;         /* pagent.sock */
    int watch_fd;           /* inotify; -1 */
    bool is_ending;
};

/* --- log ---------------------------------------------------------------- */
/* file: a path or SYSLOGD. control: "kilobytes,files" or NULL. */
MUST_CHECK enum err agent_log_open(struct agent_log *, const char *file,
                                   const char *control, struct task *,
                                   struct err_info *why);
void agent_log_close(struct agent_log *);
void agent_logf(struct agent *, enum agent_level, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* A catalogue message: to the operator, and with `who` ("main") to the log. */
void agent_say(struct agent *, const char *who, const char *id,
               const struct str *inserts, size_t n);
#define AGENT_SAY(a, who, id, ...)                                             \
    agent_say((a), (who), (id), MSG_INSERTS(__VA_ARGS__),                      \
              sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str))
#define AGENT_SAY0(a, who, id) agent_say((a), (who), (id), NULL, 0)

/* --- a pass over the configuration -------------------------------------- */
enum pass { PASS_START, PASS_REFRESH, PASS_UPDATE };
/* ERR_*: the main file cannot be read; everything is as before. */
MUST_CHECK enum err agent_pass(struct agent *, enum pass, struct err_info *);
/* Can it? Asked before a pass is promised. */
MUST_CHECK enum err agent_readable(struct agent *, struct err_info *);
/* P: what PURGE says. */
void agent_purge(struct agent *);
/* One image's policy out of its stack, with EZZ8773I. */
void agent_purge_image(struct agent *, struct image *);
/* Files of the last pass in turn; NULL after the last. */
const char *agent_file(const struct agent *, size_t i);

/* --- operator, displays ------------------------------------------------- */
void agent_command(struct agent *, const struct task_command *);
MUST_CHECK enum err agent_display_open(struct agent *, struct err_info *why);
void agent_display_run(struct agent *); /* one caller */
void agent_display_close(struct agent *);

/* A connection that only tells when the stack's process ends. */
void agent_watch_stack(struct image *);
/* Start the stack's process when there is none. */
MUST_CHECK enum err agent_stack_start(struct agent *, const char *stack,
                                      struct err_info *why);

#endif
