/*
 * Makers: children of the keeper that make RSA and DSA keys. Looking for primes
 * takes seconds, and the keeper signs meanwhile. A maker is forked before the
 * master key is read, is confined as the keeper is, and knows no more than the
 * key it makes, which goes to the keeper and is forgotten.
 */
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "keeper_priv.h"

struct maker {
    int fd; /* of its process */
    int to; /* who waits for the key, or -1 */
    char owner[9];
};
static struct maker makers[ANGEL_MAKERS];

#define MAKE 1u
#define NICE 5 /* logons and signatures first */

/* --- the maker ---------------------------------------------------------- */

static bool
make(int fd, const struct chan_msg *msg)
{
    struct reader in = reader_of(msg->payload);
    struct err_info why = { 0 };
    struct buf pkcs8;
    EVP_PKEY *key;
    uint32_t bits;
    uint8_t kind;
    enum err e;
    bool ok;

    if (!reader_u8(&in, &kind) || !reader_u32(&in, &bits) ||
        !reader_at_end(&in))
        return false;
    buf_init(&pkcs8, CERT_DER_MAX);
    e = cert_new_key((enum cert_key_kind)kind, bits, &key, &why);
    if (e == ERR_OK) {
        e = cert_pkcs8(key, &pkcs8, &why);
        EVP_PKEY_free(key);
    }
    ok = chan_answer_send(fd, MAKE, msg->seq, e, &why, buf_view(&pkcs8)) ==
         ERR_OK;
    if (pkcs8.p != NULL)
        secret_wipe(pkcs8.p, pkcs8.n);
    buf_fini(&pkcs8);
    return ok;
}

static NORETURN void
maker_run(int fd)
{
    struct err_info why = { 0 };
    struct chan_msg msg;
    bool ok = true;

    (void)prctl(PR_SET_NAME, "angel-maker", 0, 0, 0);
    log_init("sallyport-angel maker");
    (void)!nice(NICE);
    if (confine(CONFINE_COMPUTE, CHILD_KEEPER, &why) != ERR_OK) {
        log_error("%s", why.text);
        _exit(1);
    }
    while (ok) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        if (poll(&p, 1, -1) < 0)
            continue;
        if (chan_recv(fd, &msg, NULL) != ERR_OK)
            _exit(0);
        ok = make(fd, &msg);
        chan_msg_fini(&msg);
    }
    _exit(1);
}

/* --- the keeper --------------------------------------------------------- */

enum err
makers_start(int front, struct err_info *why)
{
    for (unsigned i = 0; i < ANGEL_MAKERS; i++) {
        int pair[2];
        enum err e = chan_pair(pair, why);
        pid_t pid;

        if (e != ERR_OK)
            return e;
        pid = fork();
        if (pid < 0)
            return err_sys(why, "fork");
        if (pid == 0) {
            close(front);
            close(pair[0]);
            for (unsigned k = 0; k < i; k++)
                close(makers[k].fd);
            maker_run(pair[1]);
        }
        close(pair[1]);
        makers[i] = (struct maker){ .fd = pair[0], .to = -1 };
    }
    return ERR_OK;
}

void
makers_poll(struct pollfd *p)
{
    for (unsigned i = 0; i < ANGEL_MAKERS; i++)
        p[i] = (struct pollfd){ .fd = makers[i].fd, .events = POLLIN };
}

/* The key, sealed, to whoever waits. */
static void
hand_over(struct maker *m, const struct chan_msg *msg)
{
    struct err_info why = { 0 };
    struct buf result;
    struct str pkcs8;
    EVP_PKEY *key;
    enum err e = chan_answer_read(msg, "key maker", &pkcs8, &why);

    buf_init(&result, KEEPER_REQUEST_MAX);
    if (e == ERR_OK)
        e = cert_key_read(pkcs8, &key, &why);
    if (e == ERR_OK) {
        e = keeper_put_sealed(key, str_of(m->owner), &result, &why);
        EVP_PKEY_free(key);
    }
    if (e == ERR_OK)
        e = buf_check(&result, &why);
    (void)!chan_answer_send(m->to, KEEP_MAKE_KEY, 0, e, &why,
                            buf_view(&result));
    buf_fini(&result);
}

enum err
makers_ready(const struct pollfd *p, struct err_info *why)
{
    for (unsigned i = 0; i < ANGEL_MAKERS; i++) {
        struct maker *m = &makers[i];
        struct chan_msg msg;
        enum err e;

        if (p[i].revents == 0)
            continue;
        e = chan_recv(m->fd, &msg, why);
        if (e == ERR_AGAIN)
            continue;
        if (e != ERR_OK) {
            err_prefix(why, "key maker");
            return e;
        }
        if (m->to >= 0) {
            hand_over(m, &msg);
            close(m->to);
            m->to = -1;
        }
        chan_msg_fini(&msg);
    }
    return ERR_OK;
}

bool
keeper_on_make_key(struct reader *in, struct chan_msg *msg, enum err *e,
                   struct err_info *why)
{
    int to = chan_take_fd(msg, 0);
    struct maker *m = NULL;
    struct buf request;
    struct str owner;
    uint32_t bits;
    uint8_t kind;

    if (to < 0)
        return false;
    if (!reader_u8(in, &kind) || kind < CERT_RSA || kind > CERT_DSA ||
        !reader_u32(in, &bits) || !reader_str(in, 1, 8, &owner) ||
        !reader_at_end(in)) {
        close(to);
        return false;
    }
    for (unsigned i = 0; i < ANGEL_MAKERS && m == NULL; i++) {
        if (makers[i].to < 0)
            m = &makers[i];
    }
    if (m == NULL || !str_copy_z(owner, m->owner, sizeof m->owner)) {
        close(to);
        *e = err_set(why, ERR_NOT_NOW, "%u keys are being made", ANGEL_MAKERS);
        return true;
    }
    buf_init(&request, 16);
    buf_u8(&request, kind);
    buf_u32(&request, bits);
    *e = chan_send(m->fd, MAKE, 0, buf_view(&request), NULL, 0, why);
    buf_fini(&request);
    if (*e == ERR_OK)
        m->to = to;
    else
        close(to);
    return true;
}
