/* Where links and maps of the kernel are pinned, so that they outlive a
 * process. */
#ifndef SALLYPORT_TTLS_BPFFS_H
#define SALLYPORT_TTLS_BPFFS_H

#include <stdbool.h>

#define BPF_FOLDER "/sys/fs/bpf"

/* Mounted by us where it is not. False, with errno: it cannot be. */
bool bpffs_is_here(void);

#endif
