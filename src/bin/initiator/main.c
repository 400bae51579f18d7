/* sallyport-initiator: one address space that runs a job's steps. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/log.h"
#include "batch/run.h"

int
main(int argc, char **argv)
{
    const struct cli cli = {
        .command = "sallyport-initiator",
        .usage = "",
        .summary = "An address space that runs a job's steps; started by "
                   "sallyport-master only.",
    };
    char dir[4096];
    ssize_t n = readlink("/proc/self/exe", dir, sizeof dir - 1);

    (void)cli_parse(&cli, argc, argv, 16);
    log_init("sallyport-initiator");
    if (n <= 0) {
        fprintf(stderr, "sallyport-initiator: cannot find its own folder\n");
        return 16;
    }
    dir[n] = '\0';
    *strrchr(dir, '/') = '\0';
    return initiator_main(dir);
}
