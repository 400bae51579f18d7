/* Compiled images as hostile bytes. */
#include "artefact/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct image *image = NULL;
    struct err_info why;

    if (image_open(str_n(data, n), &image, &why) == ERR_OK)
        image_free(&image);
    return 0;
}
