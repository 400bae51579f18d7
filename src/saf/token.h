/*
 * The process that holds the PKCS#11 module: a vendor's code sees neither the
 * master key's other uses nor anybody's memory. It runs as its own uid (root
 * mode), without core, ptrace, new privileges or new programs (seccomp); files
 * and sockets stay, since modules keep objects in files and speak to hardware
 * over sockets. It ends with the descriptor.
 *
 * One request at a time is answered in the order of asking. Refusals as in
 * pkcs11.h; ERR_PEER: the process has ended; ERR_TIMEOUT.
 */
#ifndef SALLYPORT_SAF_TOKEN_H
#define SALLYPORT_SAF_TOKEN_H

#include "ipc/chan.h"
#include "saf/angelconf.h"
#include "saf/certmake.h"

struct token;

/* Where a private key is that a token holds; sealed in the store like PKCS#8,
 * from which its first byte tells it: u8 'T', str token, str id, str spki. */
struct token_ref {
    struct str token, id, spki;
};
void token_ref_put(const struct token_ref *, struct buf *out);
MUST_CHECK bool token_ref_read(struct str, struct token_ref *out);

/* conf has a module. The label in conf is the token of calls without one. */
MUST_CHECK enum err token_start(const struct angel_conf *, struct token **out,
                                struct err_info *why);
void token_stop(struct token **);
/* To wait for; readable with nothing asked: it has ended. */
int token_fd(const struct token *);

MUST_CHECK enum err token_wrap(struct token *, struct str label,
                               struct str plain, struct buf *out,
                               struct err_info *why);
MUST_CHECK enum err token_unwrap(struct token *, struct str label,
                                 struct str wrapped, struct buf *plain,
                                 struct err_info *why);
/* token: "" is the configured one. `ref` is token_ref_put's. */
MUST_CHECK enum err token_new_key(struct token *, struct str token,
                                  struct str label, enum cert_key_kind,
                                  uint32_t bits, struct buf *ref,
                                  struct buf *spki, struct err_info *why);
MUST_CHECK enum err token_find_key(struct token *, struct str token,
                                   struct str label, struct buf *ref,
                                   struct buf *spki, struct err_info *why);
MUST_CHECK enum err token_delete_key(struct token *, const struct token_ref *,
                                     struct err_info *why);
MUST_CHECK enum err token_sign(struct token *, const struct token_ref *,
                               uint8_t scheme, uint8_t digest, uint16_t salt,
                               struct str hash, struct buf *out,
                               struct err_info *why);

/* Certificates in tokens, and tokens: what pkcs11.h says of each. */
enum token_what {
    TOKEN_NAMES = 1, /* -> p11_list_tokens */
    TOKEN_ADD,       /* -> */
    TOKEN_DELETE,    /* -> */
    TOKEN_CERTS,     /* -> p11_list_certs */
    /* str label, der, subject, issuer, serial, u8 category, str id, pkcs8
     * -> */
    TOKEN_BIND,
    TOKEN_UNBIND,  /* str id, der, u8 with keys -> */
    TOKEN_KEY,     /* str id -> str spki */
    TOKEN_PUT_KEY, /* str label, id, pkcs8 -> */
};
MUST_CHECK enum err token_manage(struct token *, enum token_what,
                                 struct str token, struct str request,
                                 struct buf *result, struct err_info *why);

/*
 * What a caller that may not wait runs twice. While one is in use the first
 * time that it asks, the request leaves and ERR_AGAIN comes back; once
 * has_answer is true it is run again from its beginning, asks the same and gets
 * the answer. It asks once. Initialise with zeros.
 */
struct token_aside {
    bool has_answer;
    struct token_private_aside {
        bool is_asked;
        uint32_t seq;
        uint64_t until_ms; /* the token does not answer */
        struct chan_msg msg;
        struct token_aside *next;
    } p;
};
/* NULL: whoever asks waits. */
void token_use_aside(struct token *, struct token_aside *);
/* Its answer is dropped. May be called twice. */
void token_aside_fini(struct token *, struct token_aside *);
/* Those that are overdue have ERR_TIMEOUT for their answer. Milliseconds until
 * the next one is; -1: none waits. */
int token_asides_wait_ms(struct token *, uint64_t now_ms);

/* Asked now, answered later: `done` runs from token_ready, or from a call that
 * found the answer on its way. */
typedef void token_done(void *arg, enum err e, struct str result,
                        const struct err_info *why);
MUST_CHECK enum err token_sign_later(struct token *, const struct token_ref *,
                                     uint8_t scheme, uint8_t digest,
                                     uint16_t salt, struct str hash,
                                     token_done *done, void *arg,
                                     struct err_info *why);
/* Whoever asked is gone: its answer is dropped. */
void token_forget(struct token *, const void *arg);
/* The descriptor is readable. ERR_PEER: it has ended. */
MUST_CHECK enum err token_ready(struct token *, struct err_info *why);

#endif
