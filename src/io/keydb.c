#include "io/keydb.h"

#define STASH_MASK 0xf5u /* of the original's stash files */

/* A stash hides its password by a mask, which sets the first bit of every
 * byte, and ends it with a zero; a plain line is taken as well. */
bool
keydb_stash(struct str stash, char out[KEYDB_PASSWORD_MAX + 1])
{
    bool is_masked = stash.n > 0 && ((unsigned char)stash.p[0] & 0x80u) != 0;
    size_t n = 0;

    for (; n < stash.n && n < KEYDB_PASSWORD_MAX; n++) {
        unsigned char c = (unsigned char)stash.p[n];

        c = is_masked ? c ^ STASH_MASK : c;
        if (c == '\0' || (!is_masked && (c == '\n' || c == '\r')))
            break;
        out[n] = (char)c;
    }
    out[n] = '\0';
    return n > 0;
}

bool
keydb_type(struct str bytes, enum keystore_type *out)
{
    static const struct {
        struct str head;
        enum keystore_type type;
    } heads[] = { { { "\xfe\xed\xfe\xed", 4 }, KEYSTORE_JKS },
                  { { "\xce\xce\xce\xce", 4 }, KEYSTORE_JCEKS },
                  { { "\x30", 1 }, KEYSTORE_PKCS12 } };

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        *out = heads[i].type;
        if (str_starts(bytes, heads[i].head))
            return true;
    }
    *out = KEYSTORE_PEM;
    return str_find(str_sub(bytes, 0, 65536), STR("-----BEGIN ")) != STR_NPOS;
}
