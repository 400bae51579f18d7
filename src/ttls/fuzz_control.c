/* What a program, or an engine's broker, may say to an engine: any bytes. */
#include <string.h>

#include "ttls/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    /* A connection without a policy that a question may be about: it is told
     * of, and nothing may be done to it. */
    static struct engine g;
    struct conn c = { .engine = &g,
                      .state = CONN_CLEAR,
                      .cookie = 0x4141414141414141,
                      .who = { .is_known = true, .uid = 0x41414141 } };
    struct buf out;
    bool is_understood;

    g.is_enabled = true;
    g.conns = &c;
    table_init(&g.waiting);
    g.unsent_end = &g.unsent;
    buf_init(&out, 65536);
    is_understood = engine_control(&g, str_n(data, n), &out);
    REQUIRE(is_understood == (out.n > 0));
    REQUIRE(c.state == CONN_CLEAR && c.env == NULL && c.ssl == NULL);
    ask_answered(&g, 7, str_n(data, n)); /* of a question nobody has asked */
    buf_fini(&out);
    table_fini(&g.waiting);
    return 0;
}
