#include "ttls/bpffs.h"

#include <sys/mount.h>
#include <sys/vfs.h>

#define BPF_FS_MAGIC 0xcafe4a11

bool
bpffs_is_here(void)
{
    struct statfs fs;

    return (statfs(BPF_FOLDER, &fs) == 0 &&
            (unsigned long)fs.f_type == BPF_FS_MAGIC) ||
           mount("bpf", BPF_FOLDER, "bpf", 0, "mode=0700") == 0;
}
