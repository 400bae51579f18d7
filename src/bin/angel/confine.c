#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "angel.h"
#include "base/file.h"
#include "base/filter.h"
#include "base/secret.h"

/*
 * In root mode each kind of process has a uid of its own, just above the
 * range that etc/image.conf gives to SAF users (50000-59999).
 */
#define UID_FRONT UID_OWN_FIRST
#define UID_KEEPER (UID_OWN_FIRST + 1)
#define UID_RECORDER (UID_OWN_FIRST + 2)
#define UID_VERIFIER (UID_OWN_FIRST + 3)

uid_t
confine_uid(enum child child)
{
    switch (child) {
    case CHILD_FRONT:
        return UID_FRONT;
    case CHILD_KEEPER:
        return UID_KEEPER;
    case CHILD_RECORDER:
        return UID_RECORDER;
    case CHILD_VERIFIER:
    case CHILDREN:
        break;
    }
    return UID_VERIFIER;
}

/* Messages over descriptors that are already open. */
static const struct filter_row messages[] = {
    FILTER_CALL(recvmsg),
    FILTER_CALL(sendmsg),
    FILTER_CALL(fcntl),
    FILTER_CALL(memfd_create),
    FILTER_CALL(tgkill),
    /* To close what hostile clients have sent (chan_close). */
    FILTER_CALL(shutdown),
    FILTER_IF_2(setsockopt, 1, SOL_SOCKET, 2, SO_LINGER),
    FILTER_IF_2(setsockopt, 1, SOL_SOCKET, 2, SO_PASSCRED),
};

/* And files: those that its uid may open. */
static const struct filter_row files[] = {
    FILTER_CALL(open),      FILTER_CALL(openat),     FILTER_CALL(stat),
    FILTER_CALL(lstat),     FILTER_CALL(statx),      FILTER_CALL(access),
    FILTER_CALL(faccessat), FILTER_CALL(faccessat2), FILTER_CALL(readlink),
    FILTER_CALL(fsync),     FILTER_CALL(fdatasync),  FILTER_CALL(ftruncate),
    FILTER_CALL(fallocate), FILTER_CALL(umask),      FILTER_CALL(getcwd),
};

#define NAMESPACES                                                             \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |               \
     CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* And the database, clients, helpers that are started again, and the child
 * that reads a certificate, which takes most of this away from itself. */
static const struct filter_row serving[] = {
    FILTER_CALL(pread64),
    FILTER_CALL(pwrite64),
    FILTER_CALL(unlink),
    FILTER_CALL(unlinkat),
    FILTER_CALL(rename),
    FILTER_CALL(renameat),
    FILTER_CALL(renameat2),
    FILTER_CALL(link),
    FILTER_CALL(linkat),
    FILTER_CALL(mkdir),
    FILTER_CALL(mkdirat),
    FILTER_CALL(chmod),
    FILTER_CALL(fchmod),
    FILTER_CALL(fchmodat),
    FILTER_CALL(chown),
    FILTER_CALL(fchown),
    FILTER_CALL(flock),
    FILTER_CALL(getdents64),
    FILTER_CALL(readlinkat),
    FILTER_CALL(sendfile),
    FILTER_CALL(nanosleep),
    FILTER_CALL(clock_nanosleep),
    FILTER_CALL(epoll_create1),
    FILTER_CALL(epoll_ctl),
    FILTER_CALL(epoll_wait),
    FILTER_CALL(epoll_pwait),
    FILTER_CALL(signalfd4),
    FILTER_CALL(accept4),
    FILTER_CALL(connect),
    FILTER_CALL(bind),
    FILTER_CALL(listen),
    FILTER_CALL(getsockopt),
    FILTER_CALL(setsockopt),
    FILTER_CALL(getsockname),
    FILTER_CALL(dup2),
    FILTER_CALL(dup3),
    FILTER_CALL(close_range),
    FILTER_CALL(wait4),
    FILTER_CALL(kill),
    FILTER_CALL(prlimit64),
    FILTER_CALL(prctl),
    FILTER_CALL(seccomp),
    FILTER_CALL(getppid),
    FILTER_CALL(set_robust_list),
    FILTER_CALL(uname),
    /* Sockets of this machine alone; children, but no namespaces. A library
     * that knows clone3 tries clone when it is told that there is none. */
    FILTER_IF(socket, 0, FILTER_INT, AF_UNIX),
    FILTER_IF(socketpair, 0, FILTER_INT, AF_UNIX),
    FILTER_IF(clone, 0, NAMESPACES, 0),
    FILTER_FAIL(clone3, ENOSYS),
    /* Its store may be a library (PostgreSQL's). */
    FILTER_CALL(mmap),
    FILTER_CALL(mprotect),
};

static enum err
filter_calls(enum confine_as as, struct err_info *why)
{
    const struct filter_table tables[] = {
        filter_computing,
        FILTER_TABLE(messages),
        FILTER_TABLE(files),
        FILTER_TABLE(serving),
    };
    static const size_t n[] = {
        [CONFINE_COMPUTE] = 2,
        [CONFINE_RECORDER] = 3,
        [CONFINE_FRONT] = 4,
    };

    return filter_allow(tables, n[as], why);
}

static enum err
change_uid(uid_t uid, struct err_info *why)
{
    if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
        setresuid(uid, uid, uid) != 0)
        return err_sys(why, "change to uid %u", (unsigned)uid);
    return ERR_OK;
}

/* No core file, nobody's ptrace, no more rights than now. */
static enum err
close_off(struct err_info *why)
{
    const struct rlimit no_core = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &no_core) != 0)
        return err_sys(why, "RLIMIT_CORE");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_sys(why, "prctl");
    return ERR_OK;
}

enum err
confine(enum confine_as as, enum child child, struct err_info *why)
{
    enum err e = ERR_OK;

    if (as != CONFINE_RECORDER) /* it holds no secrets */
        secret_lock_process();
    if (!angel_is_private)
        e = change_uid(confine_uid(child), why);
    if (e != ERR_OK)
        return e;
    /* A change of uid forgets this one, so it comes after. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return err_sys(why, "prctl");
    e = close_off(why);
    return e == ERR_OK ? filter_calls(as, why) : e;
}

enum err
confine_nest(struct err_info *why)
{
    return close_off(why);
}

enum err
confine_parser(struct err_info *why)
{
    return filter_calls(CONFINE_COMPUTE, why);
}
