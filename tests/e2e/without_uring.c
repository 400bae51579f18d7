/* without_uring COMMAND...: as in a container that does not allow io_uring. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (argc < 2 || filter == NULL ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
                         SCMP_SYS(io_uring_setup), 0) != 0 ||
        seccomp_load(filter) != 0)
        return 125;
    seccomp_release(filter);
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 126;
}
