/* Preloaded: ioctl(fd, SIOCTTLSCTL, &t) works as it does in the original. A
 * program that removes it loses queries, not its protection. */
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "sallyport/ttls.h"

int
ioctl(int fd, unsigned long request, ...)
{
    static int (*next)(int, unsigned long, void *);
    va_list ap;
    void *arg;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    /* A kernel looks at 32 bits; COBOL and others have extended a sign. */
    if ((uint32_t)request == SIOCTTLSCTL)
        return attls_ctl(fd, arg);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, arg);
}
