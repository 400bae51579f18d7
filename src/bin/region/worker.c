/* sallyport-region-worker: the one program that links libcob. It exports its
 * symbols, because translated COBOL calls zexec in it. */
#include "region/exec.h"
#include "region/worker.h"

/* Keeps zexec in the program although only COBOL calls it. */
extern int (*const region_entry)(void *, ...);
int (*const region_entry)(void *, ...) = zexec;

int
main(void)
{
    return worker_main();
}
