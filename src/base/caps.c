#include "base/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The system call itself: 64 bits as two words, low one first. */
static int
call(int number, struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };

    return (int)syscall(number, &head, data);
}

enum err
caps_keep(uint64_t kept, struct err_info *why)
{
    struct __user_cap_data_struct data[2] = { { 0 } };
    int known;

    if (call(SYS_capget, data) != 0)
        return err_sys(why, "capabilities");
    if ((data[0].permitted | data[1].permitted) == 0)
        return ERR_OK;
    /* What is executed gets no more either; numbers end where the kernel's
     * do. Without CAP_SETPCAP its own set has to do. */
    for (int i = 0; (known = prctl(PR_CAPBSET_READ, i)) >= 0; i++) {
        if (known == 1 && (kept & CAPS_BIT(i)) == 0 &&
            prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0 && errno != EPERM)
            return err_sys(why, "capability %d", i);
    }
    for (unsigned i = 0; i < 2; i++) {
        data[i].permitted &= (uint32_t)(kept >> (32 * i));
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    if (call(SYS_capset, data) != 0)
        return err_sys(why, "capabilities");
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return ERR_OK;
}
