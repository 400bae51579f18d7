/*
 * keyStore elements that are files: where they are, making the default one, and
 * the messages of the original for all that can be wrong with them.
 */
#ifndef SALLYPORT_GATEWAY_KEY_FILES_H
#define SALLYPORT_GATEWAY_KEY_FILES_H

#include "audit/messages_log.h"
#include "config/config.h"
#include "config/elements.h"
#include "io/keystore.h"

#define KEY_FILES_LOGGER "com.ibm.ws.ssl.config.WSKeyStore"
#define KEY_STORE_DEFAULT "defaultKeyStore"

/* Whether the element is a file (else a key ring). */
bool key_files_is_file(const struct cfg_key_store *);

/*
 * Read the store; the default one is made when it does not exist and there is a
 * password. path: what was read, in the arena, also when that failed ("" when
 * nothing was found). Problems are logged (CWPKI...) and returned. is_check:
 * none is made; ERR_NOT_NOW, without a word, when a start would make it.
 */
MUST_CHECK enum err key_files_read(struct arena *, const struct cfg_tree *,
                                   struct messages_log *, bool is_check,
                                   const struct cfg_key_store *,
                                   struct keystore *out, struct str *path,
                                   struct err_info *why);

/* The default store when nobody wrote a keyStore element but server.env has a
 * password for one (keystore_password), which is looked at when the store is
 * read. False: there is none. */
MUST_CHECK bool key_files_default(struct cfg_key_store *out);

/* Certificates from the environment variable cert_<id of the trust store>: PEM
 * text, or a file with PEM or DER. They join `to` (logged); false when there is
 * no such variable or it cannot be used (logged too). */
MUST_CHECK bool key_files_extra(struct messages_log *, struct str id,
                                struct keystore *to);

/* CWPKI0016W and CWPKI0017E for a certificate that ends or has ended. */
void key_files_check_date(struct messages_log *, struct str store_id,
                          struct str alias, struct str der);

#endif
