#include "base/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct filter_row computing[] = {
    FILTER_CALL(read),
    FILTER_CALL(write),
    FILTER_CALL(readv),
    FILTER_CALL(writev),
    FILTER_CALL(pread64),
    FILTER_CALL(close),
    FILTER_CALL(lseek),
    FILTER_CALL(fstat),
    FILTER_CALL(newfstatat),
    FILTER_CALL(poll),
    FILTER_CALL(ppoll),
    FILTER_CALL(futex),
    FILTER_IF(mmap, 2, PROT_EXEC, 0),
    FILTER_IF(mprotect, 2, PROT_EXEC, 0),
    FILTER_CALL(munmap),
    FILTER_CALL(mremap),
    FILTER_CALL(madvise),
    FILTER_CALL(getcpu), /* an allocator's: memory near the processor */
    FILTER_CALL(mlock),
    FILTER_CALL(munlock),
    FILTER_CALL(brk),
    FILTER_CALL(exit),
    FILTER_CALL(exit_group),
    FILTER_CALL(rt_sigreturn),
    FILTER_CALL(rt_sigaction),
    FILTER_CALL(rt_sigprocmask),
    FILTER_CALL(sigaltstack),
    FILTER_CALL(restart_syscall),
    FILTER_CALL(getrandom),
    FILTER_CALL(clock_gettime),
    FILTER_CALL(clock_getres),
    FILTER_CALL(gettimeofday),
    FILTER_CALL(getpid),
    FILTER_CALL(gettid),
    FILTER_CALL(sched_yield),
    FILTER_CALL(sched_getaffinity),
    FILTER_CALL(rseq),
    FILTER_CALL(sysinfo),
    FILTER_CALL(getuid),
    FILTER_CALL(geteuid),
    FILTER_CALL(getgid),
    FILTER_CALL(getegid),
};
const struct filter_table filter_computing = FILTER_TABLE(computing);

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)

static const struct filter_row reading[] = {
    FILTER_IF(open, 1, WRITING, O_RDONLY),
    FILTER_IF(openat, 2, WRITING, O_RDONLY),
    FILTER_CALL(stat),
    FILTER_CALL(lstat),
    FILTER_CALL(statx),
    FILTER_CALL(access),
    FILTER_CALL(faccessat),
    FILTER_CALL(faccessat2),
    FILTER_CALL(readlink),
    FILTER_CALL(readlinkat),
    FILTER_CALL(getdents64),
};
const struct filter_table filter_reading = FILTER_TABLE(reading);

#define THREAD                                                                 \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

/* The arguments of clone3 lie in memory, where no filter can look: a library
 * that is told there is none takes clone. */
static const struct filter_row threads[] = {
    FILTER_IF(clone, 0, THREAD, THREAD),
    FILTER_FAIL(clone3, ENOSYS),
    FILTER_CALL(set_robust_list),
    FILTER_CALL(clock_nanosleep),
    FILTER_CALL(nanosleep),
    FILTER_IF(prctl, 0, FILTER_INT, PR_SET_NAME),
};
const struct filter_table filter_threads = FILTER_TABLE(threads);

static const struct filter_row forbidden[] = {
    FILTER_FAIL(ptrace, EPERM),
    FILTER_FAIL(process_vm_readv, EPERM),
    FILTER_FAIL(process_vm_writev, EPERM),
    FILTER_FAIL(pidfd_getfd, EPERM),
    FILTER_FAIL(kexec_load, EPERM),
    FILTER_FAIL(kexec_file_load, EPERM),
    FILTER_FAIL(init_module, EPERM),
    FILTER_FAIL(finit_module, EPERM),
    FILTER_FAIL(delete_module, EPERM),
    FILTER_FAIL(iopl, EPERM),
    FILTER_FAIL(ioperm, EPERM),
    FILTER_FAIL(perf_event_open, EPERM),
    FILTER_FAIL(userfaultfd, EPERM),
    FILTER_FAIL(keyctl, EPERM),
    FILTER_FAIL(add_key, EPERM),
    FILTER_FAIL(request_key, EPERM),
    FILTER_FAIL(mount, EPERM),
    FILTER_FAIL(umount2, EPERM),
    FILTER_FAIL(move_mount, EPERM),
    FILTER_FAIL(open_tree, EPERM),
    FILTER_FAIL(fsopen, EPERM),
    FILTER_FAIL(fsmount, EPERM),
    FILTER_FAIL(pivot_root, EPERM),
    FILTER_FAIL(chroot, EPERM),
    FILTER_FAIL(unshare, EPERM),
    FILTER_FAIL(setns, EPERM),
    FILTER_FAIL(reboot, EPERM),
    FILTER_FAIL(swapon, EPERM),
    FILTER_FAIL(swapoff, EPERM),
    FILTER_FAIL(acct, EPERM),
    FILTER_FAIL(settimeofday, EPERM),
    FILTER_FAIL(clock_settime, EPERM),
    FILTER_FAIL(mknod, EPERM),
    FILTER_FAIL(mknodat, EPERM),
};

bool
filter_is_here(void)
{
    const uint32_t action = SECCOMP_RET_ERRNO;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static int
add(scmp_filter_ctx ctx, const struct filter_table *t)
{
    int r = 0;

    for (size_t i = 0; i < t->n && r == 0; i++) {
        const struct filter_row *row = &t->v[i];
        uint32_t action = row->fails == 0
                              ? SCMP_ACT_ALLOW
                              : SCMP_ACT_ERRNO((uint32_t)row->fails);

        r = seccomp_rule_add_array(ctx, action, row->call, row->n, row->tests);
    }
    return r;
}

static enum err
load(uint32_t others, const struct filter_table *first,
     const struct filter_table *more, size_t n, struct err_info *why)
{
    scmp_filter_ctx ctx;
    int r;

    if (!filter_is_here())
        return err_set(why, ERR_UNSUPPORTED,
                       "this system has no filter of system calls (seccomp)");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_sys(why, "no new privileges");
    ctx = seccomp_init(others);
    if (ctx == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
    if (r == 0 && first != NULL)
        r = add(ctx, first);
    for (size_t i = 0; i < n && r == 0; i++)
        r = add(ctx, &more[i]);
    if (r == 0)
        r = seccomp_load(ctx);
    seccomp_release(ctx);
    return r == 0 ? ERR_OK : err_set(why, ERR_IO, "seccomp: %s", strerror(-r));
}

enum err
filter_allow(const struct filter_table *tables, size_t n, struct err_info *why)
{
    return load(SCMP_ACT_ERRNO(EPERM), NULL, tables, n, why);
}

enum err
filter_forbid(const struct filter_table *more, size_t n, struct err_info *why)
{
    static const struct filter_table base = FILTER_TABLE(forbidden);

    return load(SCMP_ACT_ALLOW, &base, more, n, why);
}
