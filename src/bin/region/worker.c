/* sallyport-region-worker: the one program that links libcob. It exports its
 * symbols, because translated COBOL calls zexec in it. */
#include "base/cli.h"
#include "region/exec.h"
#include "region/worker.h"

/* Keeps zexec in the program although only COBOL calls it. */
extern int (*const region_entry)(void *, ...);
int (*const region_entry)(void *, ...) = zexec;

int
main(int argc, char **argv)
{
    const struct cli cli = {
        .command = "sallyport-region-worker",
        .usage = "",
        .summary = "Runs a region's COBOL tasks; started by sallyport-region "
                   "only.",
    };

    (void)cli_parse(&cli, argc, argv, 12);
    return worker_main();
}
