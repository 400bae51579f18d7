/* A value of server.xml: reading it is safe whatever it holds, and what we
 * encode is read back. */
#include "base/defs.h"
#include "base/reader.h"
#include "config/password_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
round_trip(struct str plain)
{
    static const struct str key = STR("fuzz");
    unsigned char random[80] = { 7 };
    struct secret back;
    struct buf xor, aes;

    buf_init(&xor, 1u << 20);
    buf_init(&aes, 1u << 20);
    if (password_make_xor(plain, &xor, NULL) == ERR_OK) {
        REQUIRE(password_decode(buf_view(&xor), key, &back, NULL) == ERR_OK);
        REQUIRE(secret_eq(&back, plain));
        secret_free(&back);
    }
    if (password_make_aes(PASSWORD_AES_128, plain, key, random, &aes, NULL) ==
        ERR_OK) {
        REQUIRE(password_decode(buf_view(&aes), key, &back, NULL) == ERR_OK);
        REQUIRE(secret_eq(&back, plain));
        secret_free(&back);
    }
    buf_fini(&xor);
    buf_fini(&aes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_n(data, n), tag, payload;
    struct err_info why;
    struct secret out;
    bool is_elsewhere =
        password_split(text, &tag, &payload) &&
        (str_eq_nocase_z(tag, "file") || str_eq_nocase_z(tag, "env") ||
         str_eq_nocase_z(tag, "cred"));

    if (!is_elsewhere &&
        password_decode(text, STR("fuzz"), &out, &why) == ERR_OK)
        secret_free(&out);
    IGNORE(password_parse_hash(text, &why));
    if (n < 4096)
        round_trip(text);
    return 0;
}
