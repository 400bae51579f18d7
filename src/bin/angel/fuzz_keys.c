/* What a client may say over a key channel: answered within bounds or refused,
 * whatever it is. First byte: the message's type. */
#include <openssl/ec.h>
#include <string.h>

#include "keeper_channels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct channel_key key;
    unsigned char result[KEY_RESULT_MAX];
    struct channel_later later;
    struct err_info why = { 0 };
    enum err e = ERR_OK;
    size_t n = 0;

    if (key.key == NULL) {
        key.key = EVP_EC_gen("P-256");
        /* A name that inputs can have. */
        memcpy(key.id, "0123456789abcdef0123456789abcdef", KEY_ID_BYTES);
    }
    if (size == 0 || key.key == NULL)
        return 0;
    if (channel_answer(data[0], str_n((const char *)data + 1, size - 1), &key,
                       1, result, &n, &later, &e, &why) &&
        e == ERR_OK)
        REQUIRE(n > 0 && n <= KEY_RESULT_MAX);
    return 0;
}
