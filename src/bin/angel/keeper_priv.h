/* The keeper's parts share its keys; see keeper.c. */
#ifndef SALLYPORT_ANGEL_KEEPER_PRIV_H
#define SALLYPORT_ANGEL_KEEPER_PRIV_H

#include "angel.h"
#include "base/buf.h"
#include "base/reader.h"
#include "keeper_channels.h"
#include "saf/certmake.h"
#include "saf/sealing.h"
#include "saf/token.h"

#define KEEPER_REQUEST_MAX (128u * 1024u)

extern struct keeper {
    unsigned char master[SEALING_KEY_BYTES];
    unsigned char job_key[32]; /* Ed25519 private keys */
    unsigned char acee_key[32];
    struct token *token; /* NULL: none is configured, or it is away */
    char token_label[64];
} keeper;

/* The private key, or its public half and where it is. channel_key_fini. */
MUST_CHECK enum err keeper_open_key(struct str sealed, struct str owner,
                                    struct channel_key *out,
                                    struct err_info *why);

/* Sealed for its owner: str sealed, str public half. */
MUST_CHECK enum err keeper_put_sealed(EVP_PKEY *key, struct str owner,
                                      struct buf *out, struct err_info *why);

/* --- keeper_maker.c --- */
struct pollfd;
/* Before the master key is read: they know nothing. front: the keeper's own
 * channel, which they close. */
MUST_CHECK enum err makers_start(int front, struct err_info *why);
/* ANGEL_MAKERS rows. */
void makers_poll(struct pollfd *);
/* ERR_PEER: one has ended; the keeper, which cannot start another, ends too. */
MUST_CHECK enum err makers_ready(const struct pollfd *, struct err_info *why);
/* KEEP_MAKE_KEY; takes the descriptor. */
bool keeper_on_make_key(struct reader *in, struct chan_msg *, enum err *e,
                        struct err_info *why);

/* --- keeper_aside.c --- */
/* One request, as the table of keeper.c has it. False: malformed. */
bool keeper_run_request(uint16_t type, struct reader *in, struct buf *out,
                        enum err *e, struct err_info *why);
/* Does the token have part in such requests? */
bool keeper_is_slow(uint16_t type);
/* Run it without waiting for the token; answered on `to`, which the keeper
 * closes, or (to < 0) on front. False: malformed. */
bool keeper_aside(int front, uint32_t seq, uint16_t type, struct str request,
                  int to, enum err *e, struct err_info *why);
/* KEEP_ASIDE */
bool keeper_on_aside(struct reader *in, struct chan_msg *, enum err *e,
                     struct err_info *why);
/* Those whose token has answered. False: the front is gone. */
bool keeper_asides_go_on(void);

/* --- keeper_token.c --- */
MUST_CHECK enum err keeper_has_token(struct err_info *why);
/* A key of the token: new (kind is not 0), or the one of that label. out: str
 * sealed reference, str public half. name "": the configured token. */
MUST_CHECK enum err keeper_put_token_key(uint8_t kind, uint32_t bits,
                                         struct str name, struct str label,
                                         struct str owner, struct buf *out,
                                         struct err_info *why);
/* A key made elsewhere goes into a token; here stays where it is. */
MUST_CHECK enum err keeper_put_into_token(EVP_PKEY *key, struct str pkcs8,
                                          struct str name, struct str label,
                                          struct str owner, struct buf *out,
                                          struct err_info *why);
/* As cert_signer.sign; arg: the channel_key. */
enum err keeper_sign_in_token(void *arg, int digest, struct str hash,
                              struct buf *out, struct err_info *why);

/* --- requests: false when malformed --- */
#define KEEPER_REQUEST(name)                                                   \
    bool name(struct reader *in, struct buf *out, enum err *e,                 \
              struct err_info *why)
KEEPER_REQUEST(keeper_on_new_key);
KEEPER_REQUEST(keeper_on_find_key);
KEEPER_REQUEST(keeper_on_drop_key);
KEEPER_REQUEST(keeper_on_seal);
KEEPER_REQUEST(keeper_on_unseal);
KEEPER_REQUEST(keeper_on_certify);
KEEPER_REQUEST(keeper_on_request);
KEEPER_REQUEST(keeper_on_token);
KEEPER_REQUEST(keeper_on_secret_seal);
KEEPER_REQUEST(keeper_on_ticket_seal);
KEEPER_REQUEST(keeper_on_ticket);

#endif
