/* Preloaded: ioctl(fd, SIOCTTLSCTL, &t) works as it does in the original. A
 * program that removes it loses queries, not its protection. */
#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sallyport/ttls.h"

/* Python's ioctl passes a copy that stands at any address. */
static int
control(int fd, void *arg)
{
    struct TTLS_IOCTL io;
    int status;

    if (arg == NULL)
        return attls_ctl(fd, NULL);
    memcpy(&io, arg, sizeof io);
    status = attls_ctl(fd, &io);
    memcpy(arg, &io, sizeof io);
    return status;
}

int
ioctl(int fd, unsigned long request, ...)
{
    static int (*next)(int, unsigned long, void *);
    va_list ap;
    void *arg;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (request == SIOCTTLSCTL)
        return control(fd, arg);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, arg);
}
