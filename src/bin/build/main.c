/* sallyport-build: archives from projects, copybooks and Swagger documents. */
#include "base/log.h"
#include "toolkit/toolkit.h"

int
main(int argc, char **argv)
{
    log_init("sallyport-build");
    return build_main(argc, argv);
}
