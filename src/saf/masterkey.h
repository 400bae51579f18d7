/*
 * The master key, under which the database's secrets are sealed, and where it
 * is kept: never in the database.
 *
 * saf/master.key holds it in clear (source "file": 32 bytes), or wrapped under
 * a key that is elsewhere, so that another source means this one file written
 * anew and no sealed value touched:
 *
 *   "SPTMK1\n" source "\n" wrapped
 *
 *   keyring:user:NAME     a key of type "user" in the kernel's user keyring,
 *   keyring:session:NAME  or the session's: 32 bytes, or 64 hexadecimal
 *                         digits; wrapped as in sealing.h, for the owner
 *                         "master:" source
 *   pkcs11:LABEL          an AES key in the token (pkcs11.h)
 */
#ifndef SALLYPORT_SAF_MASTERKEY_H
#define SALLYPORT_SAF_MASTERKEY_H

#include "base/err.h"
#include "base/str.h"
#include "saf/sealing.h"
#include "saf/token.h"

#define MASTER_NAME_MAX 64u

enum master_kind { MASTER_FILE, MASTER_USER, MASTER_SESSION, MASTER_PKCS11 };

struct master_source {
    enum master_kind kind;
    struct str name; /* of the key; borrowed */
    struct str text; /* all of it; borrowed */
};

/* ERR_SYNTAX with what was expected. */
MUST_CHECK enum err master_source_parse(struct str text,
                                        struct master_source *out,
                                        struct err_info *why);

/* What a file of it says; all borrowed. ERR_SYNTAX. */
MUST_CHECK enum err master_file_parse(struct str file, struct master_source *,
                                      struct str *wrapped,
                                      struct err_info *why);
/* Where the key of `path` is kept: the source's text in `out`. */
MUST_CHECK enum err master_source_of(const char *path, struct buf *out,
                                     struct err_info *why);

/*
 * Read the key; when there is no file: make one, kept by `source`. `source` may
 * be empty ("file" for a new one), else it must be the file's. `token` may be
 * NULL unless the source is pkcs11.
 *
 * ERR_NOT_FOUND no such key in keyring or token; ERR_DENIED wrapped under
 * another key, or the keyring refuses; ERR_NOT_NOW kept by another source.
 */
MUST_CHECK enum err master_key_open(const char *path, struct str source,
                                    struct token *token,
                                    unsigned char key[SEALING_KEY_BYTES],
                                    struct err_info *why);

/* Beside the file: the next key, as long as the change to it is under way
 * (sallyport db rekey). */
#define MASTER_NEXT ".next"

/* Keep it by another source from now on; the old file stays when that fails.
 * Read back before it takes the old one's place. */
MUST_CHECK enum err master_key_move(const char *path, struct str source,
                                    struct token *token, struct err_info *why);

#endif
