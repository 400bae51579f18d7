#include "io/sigalg.h"

#include <openssl/asn1t.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "base/defs.h"

static const struct {
    int nid;
    unsigned code;
} hashes[] = { { NID_md5, 1 },    { NID_sha1, 2 },   { NID_sha224, 3 },
               { NID_sha256, 4 }, { NID_sha384, 5 }, { NID_sha512, 6 } },
  keys[] = { { NID_rsaEncryption, 1 },
             { NID_dsa, 2 },
             { NID_X9_62_id_ecPublicKey, 3 } };

/* The hash of RSASSA-PSS stands in its parameters; SHA-1 when it does not. */
static int
pss_hash(const X509_ALGOR *algorithm)
{
    const void *parameters = NULL;
    int type = 0, nid = NID_sha1;
    RSA_PSS_PARAMS *pss;

    X509_ALGOR_get0(NULL, &type, &parameters, algorithm);
    pss = type != V_ASN1_SEQUENCE
              ? NULL
              : ASN1_item_unpack(parameters, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
    if (pss != NULL && pss->hashAlgorithm != NULL)
        nid = OBJ_obj2nid(pss->hashAlgorithm->algorithm);
    RSA_PSS_PARAMS_free(pss);
    return nid;
}

unsigned
sigalg_pair(const X509_ALGOR *algorithm)
{
    int nid = OBJ_obj2nid(algorithm->algorithm), hash = 0, key = 0;
    unsigned pair = 0;

    if (nid == NID_rsassaPss) {
        hash = pss_hash(algorithm);
        return hash == NID_sha256   ? 0x0804
               : hash == NID_sha384 ? 0x0805
               : hash == NID_sha512 ? 0x0806
                                    : 0;
    }
    if (OBJ_find_sigid_algs(nid, &hash, &key) != 1)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        pair |= hashes[i].nid == hash ? hashes[i].code << 8 : 0;
    for (size_t i = 0; pair != 0 && i < ARRAY_LEN(keys); i++) {
        if (keys[i].nid == key)
            return pair | keys[i].code;
    }
    return 0;
}

bool
sigalg_is_allowed(struct str pairs, const X509_ALGOR *algorithm)
{
    unsigned pair = pairs.n == 0 ? 0 : sigalg_pair(algorithm);

    for (size_t i = 0; i + 1 < pairs.n; i += 2) {
        if (pair == ((unsigned)(unsigned char)pairs.p[i] << 8 |
                     (unsigned char)pairs.p[i + 1]))
            return true;
    }
    return pairs.n == 0;
}
