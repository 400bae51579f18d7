/* A head that is accepted lies inside the input and keeps its limits. */
#include "base/defs.h"
#include "stub/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct stub_head head;
    struct err_info why;

    if (stub_head_parse(str_n(data, n), &head, &why) == ERR_OK) {
        REQUIRE(head.head_bytes <= n && head.head_bytes <= STUB_HEAD_MAX);
        REQUIRE(head.status >= 100 && head.status <= 599);
        REQUIRE(head.body_bytes <= STUB_BODY_MAX);
    }
    return 0;
}
