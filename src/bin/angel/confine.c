#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "angel.h"
#include "base/file.h"
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

/* Computing, and messages over descriptors that are already open. */
static const int computing[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(close),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(futex),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(mprotect),
    SCMP_SYS(brk),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(lseek),
    SCMP_SYS(fcntl),
    SCMP_SYS(memfd_create),
    SCMP_SYS(sched_yield),
    SCMP_SYS(tgkill),
    SCMP_SYS(rseq),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(sched_getaffinity),
};

/* And files: those that its uid may open. */
static const int files[] = {
    SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(stat),
    SCMP_SYS(lstat),     SCMP_SYS(statx),      SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
    SCMP_SYS(fsync),     SCMP_SYS(fdatasync),  SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate), SCMP_SYS(umask),      SCMP_SYS(getcwd),
};

/* And the database, clients, helpers that are started again, and the child
 * that reads a certificate, which takes most of this away from itself. */
static const int serving[] = {
    SCMP_SYS(pread64),       SCMP_SYS(pwrite64),
    SCMP_SYS(unlink),        SCMP_SYS(unlinkat),
    SCMP_SYS(rename),        SCMP_SYS(renameat),
    SCMP_SYS(renameat2),     SCMP_SYS(link),
    SCMP_SYS(linkat),        SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),       SCMP_SYS(chmod),
    SCMP_SYS(fchmod),        SCMP_SYS(fchmodat),
    SCMP_SYS(chown),         SCMP_SYS(fchown),
    SCMP_SYS(flock),         SCMP_SYS(getdents64),
    SCMP_SYS(readlinkat),    SCMP_SYS(sendfile),
    SCMP_SYS(nanosleep),     SCMP_SYS(clock_nanosleep),
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),    SCMP_SYS(epoll_pwait),
    SCMP_SYS(signalfd4),     SCMP_SYS(accept4),
    SCMP_SYS(connect),       SCMP_SYS(bind),
    SCMP_SYS(listen),        SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),    SCMP_SYS(getsockname),
    SCMP_SYS(dup2),          SCMP_SYS(dup3),
    SCMP_SYS(close_range),   SCMP_SYS(wait4),
    SCMP_SYS(kill),          SCMP_SYS(prlimit64),
    SCMP_SYS(prctl),         SCMP_SYS(seccomp),
    SCMP_SYS(getppid),       SCMP_SYS(set_robust_list),
    SCMP_SYS(uname),
};

struct calls {
    const int *v;
    size_t n;
};
#define CALLS(table)                                                           \
    {                                                                          \
        (table), ARRAY_LEN(table)                                              \
    }

#define NAMESPACES                                                             \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |               \
     CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* Sockets of this machine alone; children, but no namespaces. A library that
 * knows clone3 tries clone when it is told that there is none. */
static int
allow_clients(scmp_filter_ctx ctx)
{
    int r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                             SCMP_A0(SCMP_CMP_EQ, AF_UNIX));

    if (r == 0)
        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
                             SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    if (r == 0)
        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, NAMESPACES, 0));
    if (r == 0)
        r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    return r;
}

static enum err
filter_calls(enum confine_as as, struct err_info *why)
{
    static const struct calls tables[] = {
        [CONFINE_COMPUTE] = CALLS(computing),
        [CONFINE_RECORDER] = CALLS(files),
        [CONFINE_FRONT] = CALLS(serving),
    };
    /* Anything else fails with EPERM: a library's harmless probe must not
     * kill the keeper, and nothing else can be opened either way. */
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int r = ctx == NULL ? -ENOMEM : 0;

    for (unsigned t = CONFINE_COMPUTE; t <= (unsigned)as; t++)
        for (size_t i = 0; i < tables[t].n && r == 0; i++)
            r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, tables[t].v[i], 0);
    if (r == 0 && as == CONFINE_FRONT)
        r = allow_clients(ctx);
    if (r == 0)
        r = seccomp_load(ctx);
    if (ctx != NULL)
        seccomp_release(ctx);
    return r == 0 ? ERR_OK : err_set(why, ERR_IO, "seccomp: %s", strerror(-r));
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
