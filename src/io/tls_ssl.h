/* What stream.c needs of a tls_config; private to this folder. */
#ifndef SALLYPORT_IO_TLS_SSL_H
#define SALLYPORT_IO_TLS_SSL_H

#include <openssl/ssl.h>

#include "io/stream.h"
#include "io/tickets.h"

/* A session object for one connection; a server ignores `sni`. */
MUST_CHECK enum err tls_session_new(struct tls_config *, struct str sni,
                                    SSL **out, struct err_info *why);

/* The keys of its identities that the keeper holds; NULL: none. Borrowed. */
struct remote_keys *tls_remote_keys(const struct tls_config *);

/* How its peers are checked for revocation; NULL: not. Borrowed. */
struct revocation *tls_revocation(const struct tls_config *);
/* tls_revocation.c: after the handshake of a stream. ERR_OK; ERR_AGAIN:
 * on_ready will run, and s->refusal says whether it went badly; else why. */
MUST_CHECK enum err tls_begin_check(struct stream *, struct revocation *,
                                    struct err_info *why);
/* And for servers: which tickets may be resumed. */
SSL_TICKET_RETURN tls_on_ticket(SSL *, SSL_SESSION *, const unsigned char *name,
                                size_t name_bytes, SSL_TICKET_STATUS,
                                void *arg);

/* Say in JSSE's words why a handshake failed: from OpenSSL's error queue, which
 * is left empty. number: errno of the last system call, 0 when it was fine. */
void tls_failure(struct stream *, int ssl_error, int number,
                 struct err_info *why);
/* A verify callback that keeps who was refused for tls_refusal. */
int tls_note_refused(int is_ok, X509_STORE_CTX *);

enum {
    TLS_1_0 = 1u << 0,
    TLS_1_1 = 1u << 1,
    TLS_1_2 = 1u << 2,
    TLS_1_3 = 1u << 3,
};
/* A comma list of JSSE names to a set of the above. ERR_SYNTAX. */
MUST_CHECK enum err tls_protocols(struct str names, unsigned *out,
                                  struct str *bad, struct err_info *why);
/* tickets.c: the callback for one ticket. */
int tickets_on_key(struct tickets *, unsigned char *name, unsigned char *iv,
                   EVP_CIPHER_CTX *, EVP_MAC_CTX *, int is_new);
/* The cipher table: JSSE (IANA or IBM) name to OpenSSL's; NULL when unknown. */
const char *tls_cipher_name(struct str jsse, bool *is_tls13);

#endif
