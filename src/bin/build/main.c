/* sallyport-build: archives from projects, copybooks and Swagger documents. */
#include <string.h>

#include "base/log.h"
#include "layout.h"
#include "toolkit/toolkit.h"

int
main(int argc, char **argv)
{
    log_init("sallyport-build");
    if (argc > 1 && strcmp(argv[1], "layout") == 0)
        return layout_main(argc - 1, argv + 1);
    return build_main(argc, argv);
}
