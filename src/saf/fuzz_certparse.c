/* Foreign certificates, in all forms: the first byte is the length of a
 * password, which follows. What is read is in order, and one of the end. */
#include <string.h>

#include "base/test.h"
#include "saf/certparse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(const struct cert_bundle *b)
{
    struct cert_bundle again;
    struct arena a;
    struct buf out;
    struct reader in;

    REQUIRE(b->n <= CERTPARSE_CERTS_MAX);
    REQUIRE(b->is_request || b->n > 0);
    for (size_t i = 0; i < b->n; i++) {
        REQUIRE(b->certs[i].der.n > 0 && b->certs[i].der.n <= CERT_DER_MAX);
        REQUIRE(b->certs[i].signer >= -1 && b->certs[i].signer < (int32_t)b->n);
        REQUIRE(b->certs[i].signer != (int32_t)i);
    }
    /* What goes through the channel is read as it was written. */
    arena_init(&a, 4u << 20);
    buf_init(&out, 4u << 20);
    cert_bundle_put(b, &out);
    in = reader_of(buf_view(&out));
    REQUIRE(!out.failed && cert_bundle_read(&in, &a, &again));
    REQUIRE(again.n == b->n && str_eq(again.pkcs8, b->pkcs8));
    buf_fini(&out);
    arena_fini(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n_password = size == 0 ? 0 : data[0];
    struct cert_bundle bundle;
    struct err_info why = { 0 };
    struct arena a;

    if (size == 0 || n_password >= size)
        return 0;
    arena_init(&a, 16u << 20);
    if (certparse(&a, str_n(data + 1 + n_password, size - 1 - n_password),
                  str_n(data + 1, n_password), NULL, 0, &bundle,
                  &why) == ERR_OK)
        look(&bundle);
    else
        REQUIRE(why.text[0] != '\0');
    arena_fini(&a);
    return 0;
}
