/* An image that passes the check can be asked anything. */
#include <stdlib.h>
#include <string.h>

#include "saf/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const names[] = {
    "A.B", "A.X.C", "BBG.ANGEL", "%", "A..B", "LONG.NAME.OF.MANY.PARTS"
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct acee_group group = { .name = "G", .id = 7 };
    struct acee acee = {
        .user = "U", .group = "G", .user_id = 5, .groups = &group, .n_groups = 1
    };
    struct saf_where where = { .terminal = STR("T1") };
    void *image = malloc(n == 0 ? 1 : n);

    if (image == NULL)
        return 0;
    memcpy(image, data, n);
    if (snapshot_check_image(image, n, NULL) == ERR_OK)
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            struct saf_decision d;

            snapshot_lookup(image, &acee, str_of(names[i]), SAF_READ, &where,
                            &d);
        }
    free(image);
    return 0;
}
