#include "ttls/handover.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "ipc/chan.h"

enum err
handover_make(const struct ttls_policy *p, bool with_secrets, int *fd,
              struct err_info *why)
{
    struct buf out;
    enum err e;

    buf_init(&out, TTLS_WIRE_MAX);
    ttls_policy_encode(p, with_secrets, &out);
    e = buf_check(&out, why);
    if (e == ERR_OK) {
        *fd = chan_memfd("ttls-policy", buf_view(&out), why);
        if (*fd < 0)
            e = ERR_IO;
    }
    if (out.p != NULL)
        secret_wipe(out.p, out.n);
    buf_fini(&out);
    return e;
}

enum err
handover_take(int fd, struct ttls_policy **out, struct err_info *why)
{
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;
    void *map;
    enum err e;

    if (seals < 0 || (seals & F_SEAL_WRITE) == 0 ||
        (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &st) != 0 ||
        st.st_size <= 0 || (uint64_t)st.st_size > TTLS_WIRE_MAX)
        return err_set(why, ERR_SYNTAX, "not a sealed policy");
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return err_sys(why, "policy");
    e = ttls_policy_decode(str_n(map, (size_t)st.st_size), out, why);
    (void)munmap(map, (size_t)st.st_size);
    return e;
}
