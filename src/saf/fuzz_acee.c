/* acee_parse: whatever it accepts keeps its header's promises. */
#include <string.h>

#include "saf/acee.h"
#include "saf/jobtoken.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char key[32] = { 1 };
    struct jobtoken token;
    struct acee *a = NULL;

    if (acee_parse(str_n(data, size), NULL, &a, NULL) == ERR_OK) {
        REQUIRE(strlen(a->user) <= SAF_USER_MAX);
        REQUIRE(a->wire.n == size && memcmp(a->wire.p, data, size) == 0);
        for (uint32_t i = 1; i < a->n_groups; i++)
            REQUIRE(a->groups[i - 1].id <= a->groups[i].id);
        acee_unref(&a);
    }
    REQUIRE(a == NULL);
    if (jobtoken_parse(str_n(data, size), key, &token, NULL) == ERR_OK)
        REQUIRE(strlen(token.job_id) <= 8);
    return 0;
}
