/* JKS, JCEKS and PEM, with and without a password. PKCS12 is the library's. */
#include "io/keystore.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum keystore_type types[] = { KEYSTORE_JKS, KEYSTORE_PEM };

    for (size_t i = 0; i < ARRAY_LEN(types) * 2; i++) {
        struct keystore_input from = { .type = types[i / 2],
                                       .bytes = str_n(data, n),
                                       .password = STR("changeit"),
                                       .has_password = i % 2 == 0 };
        struct keystore store = { .n = 0 };

        if (keystore_read(&from, &store, NULL) != ERR_OK) {
            if (store.n != 0)
                abort(); /* nothing is written on failure */
            continue;
        }
        for (size_t k = 0; k < store.n; k++) {
            const struct keystore_entry *entry = &store.entries[k];

            if (entry->der.n == 0 ||
                (entry->kind == KEYSTORE_KEY) != (entry->key.n > 0))
                abort();
        }
        keystore_fini(&store);
    }
    return 0;
}
