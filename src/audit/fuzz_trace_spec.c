/* What is printed is read again as the same specification. */
#include "audit/trace_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct trace_spec *spec = NULL, *again = NULL;
    struct err_info why;
    struct buf first, second;

    if (trace_spec_new(str_n(data, n), &spec, &why) != ERR_OK)
        return 0;
    buf_init(&first, 1u << 20);
    buf_init(&second, 1u << 20);
    trace_spec_print(spec, &first);
    /* level words of older releases are shorter than what replaces them */
    if (first.n <= TRACE_SPEC_BYTES_MAX) {
        REQUIRE(trace_spec_new(buf_view(&first), &again, &why) == ERR_OK);
        trace_spec_print(again, &second);
        REQUIRE(str_eq(buf_view(&first), buf_view(&second)));
        REQUIRE(trace_spec_finest(spec) == trace_spec_finest(again));
    }
    REQUIRE(trace_spec_level(spec, STR("com.ibm.ws")) <=
            trace_spec_finest(spec));
    trace_spec_free(&spec);
    trace_spec_free(&again);
    buf_fini(&first);
    buf_fini(&second);
    return 0;
}
