#include <openssl/crypto.h>

#include "angel.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/secret.h"
#include "saf/password.h"
#include "saf/wire.h"

/* A verifier compares one password at a time and knows nothing else: no
 * database, no file, no network. */

static bool
on_check(struct reader *in, struct buf *out)
{
    struct str user, secret, record;
    struct err_info why = { 0 };
    bool is_old = false;
    struct buf fresh;
    enum err e;

    if (!reader_str(in, 1, SAF_USER_MAX, &user) ||
        !reader_str(in, 1, WIRE_PASSWORD_MAX, &secret) ||
        !reader_str(in, 1, 1024, &record) || !reader_at_end(in))
        return false;
    buf_init(&fresh, 1024);
    e = password_check(user, secret, record, &is_old, &why);
    if (e == ERR_OK && is_old &&
        password_make(user, secret, &password_params_now, &fresh, NULL) !=
            ERR_OK)
        buf_clear(&fresh);
    if (e != ERR_OK && e != ERR_DENIED)
        log_error("record of user " STR_FMT ": %s", STR_ARG(user), why.text);
    buf_u8(out, e == ERR_OK ? 1 : e == ERR_DENIED ? 0 : 2);
    buf_str(out, buf_view(&fresh));
    buf_fini(&fresh);
    return true;
}

static bool
on_make(struct reader *in, struct buf *out)
{
    struct str user, secret;
    struct buf record;
    enum err e;

    if (!reader_str(in, 1, SAF_USER_MAX, &user) ||
        !reader_str(in, 1, WIRE_PASSWORD_MAX, &secret) || !reader_at_end(in))
        return false;
    buf_init(&record, 1024);
    e = password_make(user, secret, &password_params_now, &record, NULL);
    buf_u8(out, e == ERR_OK ? 1 : 2);
    buf_str(out, buf_view(&record));
    buf_fini(&record);
    return true;
}

int
verifier_run(int fd)
{
    struct err_info why = { 0 };
    struct chan_msg msg;

    log_init("sallyport-angel verifier");
    (void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    /* Fetches what OpenSSL loads lazily, while files may still be opened. */
    {
        const struct password_params quick = { 2, 1, 1 };
        struct buf record;

        buf_init(&record, 1024);
        if (password_make(STR("A"), STR("A"), &quick, &record, &why) !=
            ERR_OK) {
            log_error("%s", why.text);
            return 1;
        }
        buf_fini(&record);
    }
    if (confine(CONFINE_COMPUTE, CHILD_VERIFIER, &why) != ERR_OK) {
        log_error("%s", why.text);
        return 1;
    }
    while (chan_recv(fd, &msg, NULL) == ERR_OK) {
        struct reader in = reader_of(msg.payload);
        struct buf out;
        bool is_good;

        buf_init(&out, 4096);
        is_good = msg.type == VERIFY_CHECK  ? on_check(&in, &out)
                  : msg.type == VERIFY_MAKE ? on_make(&in, &out)
                                            : false;
        is_good = is_good && chan_send(fd, msg.type, msg.seq, buf_view(&out),
                                       NULL, 0, NULL) == ERR_OK;
        buf_fini(&out);
        chan_msg_fini(&msg);
        if (!is_good)
            return 1;
    }
    return 0;
}
