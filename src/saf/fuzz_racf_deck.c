/* A deck ends, its commands hold no line ends, and lines only grow. */
#include <stdlib.h>
#include <string.h>

#include "saf/cmd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct saf_deck deck = { .rest = str_n(data, n), .is_jcl = true };
    uint32_t line = 0, last = 0;
    struct buf out;

    buf_init(&out, CMD_MAX);
    while (saf_deck_next(&deck, &out, &line, NULL) == ERR_OK) {
        if (line <= last || (out.n > 0 && memchr(out.p, '\n', out.n) != NULL))
            abort();
        last = line;
    }
    buf_fini(&out);
    return 0;
}
