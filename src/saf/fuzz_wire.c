/* What processes of the angel say to each other and to clients: a decision
 * and a bundle of certificates read, written and read again are the same. */
#include <string.h>

#include "saf/certparse.h"
#include "saf/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader in = reader_of(str_n(data, size));
    struct saf_decision d;
    struct cert_bundle bundle;
    struct buf out;
    struct arena a;

    buf_init(&out, 4u << 20);
    if (wire_read_decision(&in, &d)) {
        wire_put_decision(&out, &d);
        REQUIRE(str_eq(buf_view(&out), str_n(data, in.pos)));
    }
    buf_clear(&out);
    arena_init(&a, 4u << 20);
    in = reader_of(str_n(data, size));
    if (cert_bundle_read(&in, &a, &bundle)) {
        cert_bundle_put(&bundle, &out);
        REQUIRE(str_eq(buf_view(&out), str_n(data, size)));
    }
    arena_fini(&a);
    buf_fini(&out);
    return 0;
}
