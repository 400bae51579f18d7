#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "angel.h"
#include "base/file.h"
#include "base/log.h"

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
static const int allowed[] = {
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

static enum err
filter_calls(struct err_info *why)
{
    /* Anything else fails with EPERM: a library's harmless probe must not
     * kill the keeper, and nothing else can be opened either way. */
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int r = ctx == NULL ? -ENOMEM : 0;

    for (size_t i = 0; i < ARRAY_LEN(allowed) && r == 0; i++)
        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
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

enum err
confine(enum confine_as as, enum child child, struct err_info *why)
{
    const struct rlimit no_core = { 0, 0 };
    enum err e = ERR_OK;

    if (setrlimit(RLIMIT_CORE, &no_core) != 0)
        return err_sys(why, "RLIMIT_CORE");
    if (!angel_is_private)
        e = change_uid(confine_uid(child), why);
    if (e != ERR_OK)
        return e;
    /* A change of uid forgets this one, so it comes after. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return err_sys(why, "prctl");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_sys(why, "prctl");
#ifndef __SANITIZE_ADDRESS__
    /* Keys and passwords stay out of swap where the limit allows it. */
    if (as == CONFINE_COMPUTE && mlockall(MCL_CURRENT) != 0)
        log_info("memory is not locked: %s", strerror(errno));
#endif
    return as == CONFINE_COMPUTE ? filter_calls(why) : ERR_OK;
}

enum err
confine_parser(struct err_info *why)
{
    return filter_calls(why);
}
