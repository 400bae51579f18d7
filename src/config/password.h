/*
 * Encoded passwords: "{xor}...", "{aes}..." and "{hash}..." of server.xml, read
 * and made, and secrets that stand elsewhere:
 *
 *     {file}/run/secrets/db     what the file holds
 *     {env}DB_PASSWORD          an environment variable
 *     {cred}db                  a systemd credential ($CREDENTIALS_DIRECTORY)
 *
 * What is found elsewhere may be encoded itself, but does not lead on to a
 * third place. Texts of errors never hold a value.
 * Source: Open Liberty, com.ibm.ws.crypto.passwordutil; systemd.exec(5).
 */
#ifndef SALLYPORT_CONFIG_PASSWORD_H
#define SALLYPORT_CONFIG_PASSWORD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

/* Of a secret, and of its encoding. */
#define PASSWORD_BYTES_MAX (64u * 1024u)

/* What an unset wlp.password.encryption.key leaves: the reference itself. */
#define PASSWORD_KEY_DEFAULT "${wlp.password.encryption.key}"
/* Iterations of a {hash} that are still carried out when it is checked. */
#define PASSWORD_ITERATIONS_MAX 10000000u

enum password_aes {
    PASSWORD_AES_128, /* version 0: what servers up to 24 read */
    PASSWORD_AES_256, /* version 1 */
};

/* "{ tag } payload" without the blanks; false: plain text. */
bool password_split(struct str text, struct str *tag, struct str *payload);

/*
 * The password of a value.
 *
 *   key   text of wlp.password.encryption.key; may itself be {file}, {env} or
 *         {cred}
 *   out   written only when ERR_OK is returned; the caller frees it
 *
 * ERR_SYNTAX       the payload is damaged, or was made with another key
 * ERR_UNSUPPORTED  another tag, or {hash}, which cannot be turned back
 * ERR_NOT_FOUND    no such file, variable or credential
 * ERR_DENIED       a file that this user may not read
 * ERR_LIMIT        longer than PASSWORD_BYTES_MAX
 */
MUST_CHECK enum err password_decode(struct str text, struct str key,
                                    struct secret *out, struct err_info *why);
/* The file behind {file} or {cred}, absolute; false when there is none. */
bool password_file(struct str text, char *path, size_t cap);

/* Appends "{xor}...". */
MUST_CHECK enum err password_make_xor(struct str plain, struct buf *out,
                                      struct err_info *why);
/* random: what is mixed in (seed, and for AES-256 16 bytes more), or NULL for
 * the system's random numbers. ERR_IO: there are none. */
MUST_CHECK enum err password_make_aes(enum password_aes, struct str plain,
                                      struct str key,
                                      const unsigned char *random,
                                      struct buf *out, struct err_info *why);
/* Appends "{hash}...": PBKDF2 with HMAC-SHA512, 210000 rounds, 256 bits.
 * salt empty: 128 random bytes. */
MUST_CHECK enum err password_make_hash(struct str plain, struct str salt,
                                       struct buf *out, struct err_info *why);
/*
 * Does "{hash}..." belong to this password? In constant time as to the digest.
 *
 * ERR_SYNTAX       the hash is damaged
 * ERR_UNSUPPORTED  an algorithm that is not PBKDF2WithHmacSHA1/224/256/384/512
 * ERR_LIMIT        more than PASSWORD_ITERATIONS_MAX
 */
MUST_CHECK enum err password_check_hash(struct str hash, struct str plain,
                                        bool *is_equal, struct err_info *why);

#endif
