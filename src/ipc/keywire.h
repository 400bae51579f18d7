/*
 * A key channel: a chan.h connection to the angel's keeper over which the
 * private keys of one ring are used and never seen. The front opens it
 * (WIRE_KEY_OPEN) for whoever R_datalib would hand the keys to; what may be
 * asked is all here. A key is named by the SHA-256 of its public half's DER
 * (SubjectPublicKeyInfo), which the certificate holds, so a request that comes
 * back on a channel opened later means the same key or none.
 *
 * Each request is answered with KEY_REPLY of the same sequence, in any order:
 * u8 enum err, str why or result. A malformed request ends the channel.
 */
#ifndef SALLYPORT_IPC_KEYWIRE_H
#define SALLYPORT_IPC_KEYWIRE_H

#define KEY_ID_BYTES 32u
#define KEY_DIGEST_MAX 64u    /* SHA-512 */
#define KEY_RESULT_MAX 1024u  /* a signature or a decrypted secret */
#define KEY_PENDING_MAX 1024u /* unanswered requests of one channel */

enum key_type {
    /* id, u8 scheme, u8 digest, u16 salt bytes, str hash -> str signature */
    KEY_SIGN = 1,
    /* id, u8 padding, u16 client's TLS version, str cipher text -> str plain */
    KEY_DECRYPT,
    /* With one of these: by a FIPS provider or not at all. What a token does is
     * the token's affair. */
    KEY_FIPS = 64,
    KEY_REPLY = 128,
};

enum key_scheme { KEY_PKCS1 = 1, KEY_PSS, KEY_ECDSA };

enum key_digest {
    KEY_SHA1 = 1,
    KEY_SHA224,
    KEY_SHA256,
    KEY_SHA384,
    KEY_SHA512,
    KEY_MD5_SHA1, /* TLS 1.0 and 1.1, PKCS#1 */
};

enum key_padding {
    KEY_PAD_PKCS1 = 1,
    KEY_PAD_OAEP,
    /* RSA key exchange of TLS 1.2: always 48 bytes, random ones when the
     * padding is wrong (RFC 5246, 7.4.7.1). */
    KEY_PAD_TLS,
};

#endif
