/*
 * A client of the master, for submit, console and the front: one connection,
 * blocking, used by one thread.
 */
#ifndef SALLYPORT_BATCH_CLIENT_H
#define SALLYPORT_BATCH_CLIENT_H

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "batch/job_wire.h"

struct batch_client;

struct batch_result {
    enum job_end end;
    uint32_t code;  /* highest completion code */
    char text[256]; /* "ABEND=S0C4", or "" */
    char name[9];   /* empty when the job was not accepted */
    char id[9];
};

/*
 * Connect and show who we are: the SAF user of this Linux user, or `user` with
 * its password ("" for neither).
 * ERR_PEER: the system is not up; ERR_DENIED.
 */
MUST_CHECK enum err batch_connect(struct str user, struct str password,
                                  struct batch_client **out,
                                  struct err_info *why);
void batch_disconnect(struct batch_client **);

/* Submit; `line` is told of refusals (JCL errors). With `wait` until the end,
 * else until it is accepted (then result->end says nothing). */
MUST_CHECK enum err batch_submit(struct batch_client *, struct str jcl,
                                 bool wait,
                                 void (*line)(void *arg, struct str text),
                                 void *arg, struct batch_result *result,
                                 struct err_info *why);
/* Each spool file of a job; the descriptor is closed afterwards. */
MUST_CHECK enum err batch_output(struct batch_client *, struct str id,
                                 void (*file)(void *arg, struct str name,
                                              int fd),
                                 void (*line)(void *arg, struct str text),
                                 void *arg, struct err_info *why);
/* An operator command; *status 0 done, 4 no answer in time, 8 refused or
 * failed. */
MUST_CHECK enum err batch_command(struct batch_client *, struct str text,
                                  void (*line)(void *arg, struct str text),
                                  void *arg, uint8_t *status,
                                  struct err_info *why);

/*
 * su: `arguments`, or the user's shell without any, under another user.
 * Streams that are terminals get one of the master's in their place, whose
 * other side is *terminal (-1: none is); the others are handed over.
 * ERR_DENIED: refused, `line` says why.
 */
struct batch_su {
    struct str user;
    char *const *arguments; /* n of them */
    size_t n;
    const char *term; /* TERM, or NULL */
};
MUST_CHECK enum err batch_su(struct batch_client *, const struct batch_su *,
                             void (*line)(void *arg, struct str text),
                             void *arg, int *terminal, struct err_info *why);
/* Readable when it has ended, or the master is gone. */
int batch_fd(const struct batch_client *);
void batch_su_signal(struct batch_client *, int number);
/* Wait for its end; end and code of *result, its text. */
MUST_CHECK enum err batch_su_end(struct batch_client *,
                                 struct batch_result *result,
                                 struct err_info *why);

#endif
