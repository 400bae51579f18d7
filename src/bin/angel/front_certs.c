#include "front_certs.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "front_parked.h"
#include "front_parser.h"

/*
 * Services of RACDCERT. Keys are the keeper's; what a token has part in, and
 * what is read in a confined child (front_parser.c), a command may have to wait
 * for (front_parked.c).
 */

/* --- the keeper
 * ---------------------------------------------------------------- */

/* What the token has part in waits parked. */
static enum err
ask_keeper(struct front *f, bool is_slow, enum keep_type type,
           const struct buf *request, struct buf *result, struct err_info *why)
{
    struct buf slow;
    enum err e;

    buf_init(&slow, 2u + 8u * CERT_DER_MAX);
    buf_u16(&slow, (uint16_t)type);
    buf_add(&slow, buf_view(request));
    e = buf_check(request, why);
    if (e == ERR_OK)
        e = buf_check(&slow, why);
    if (e == ERR_OK)
        e = front_slow(f, is_slow ? SLOW_TOKEN : SLOW_NEVER, buf_view(&slow),
                       result, why);
    if (slow.p != NULL)
        secret_wipe(slow.p, slow.n);
    buf_fini(&slow);
    return e;
}

static enum err
read_two(struct str result, struct buf *first, struct buf *second,
         struct err_info *why)
{
    struct reader in = reader_of(result);
    struct str a, b;
    enum err e;

    if (!reader_str(&in, 1, CERT_DER_MAX, &a) ||
        (second != NULL && !reader_str(&in, 1, CERT_DER_MAX, &b)) ||
        !reader_at_end(&in))
        return err_set(why, ERR_PEER, "key keeper: malformed answer");
    buf_add(first, a);
    e = buf_check(first, why);
    if (second == NULL || e != ERR_OK)
        return e;
    buf_add(second, b);
    return buf_check(second, why);
}

static enum err
two_results(struct front *f, bool is_slow, enum keep_type type,
            struct buf *request, struct buf *first, struct buf *second,
            struct err_info *why)
{
    struct buf result;
    enum err e;

    buf_init(&result, 4u * CERT_DER_MAX);
    e = ask_keeper(f, is_slow, type, request, &result, why);
    if (e == ERR_OK)
        e = read_two(buf_view(&result), first, second, why);
    if (request->p != NULL)
        secret_wipe(request->p, request->n);
    buf_fini(request);
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    buf_fini(&result);
    return e;
}

static enum err
make_key(struct front *f, enum cert_key_kind kind, uint32_t bits,
         struct str owner, struct buf *sealed, struct buf *spki,
         struct err_info *why)
{
    struct buf request, result;
    enum err e;

    buf_init(&request, 64);
    buf_init(&result, 4u * CERT_DER_MAX);
    buf_u8(&request, (uint8_t)kind);
    buf_u32(&request, bits);
    buf_str(&request, owner);
    e = buf_check(&request, why);
    if (e == ERR_OK)
        e = front_slow(f, SLOW_KEY, buf_view(&request), &result, why);
    if (e == ERR_OK)
        e = read_two(buf_view(&result), sealed, spki, why);
    buf_fini(&request);
    buf_fini(&result);
    return e;
}

static enum err
new_key(void *arg, enum cert_key_kind kind, uint32_t bits, struct str name,
        struct str label, struct str owner, struct buf *sealed,
        struct buf *spki, struct err_info *why)
{
    struct buf request;

    if (label.n == 0 && (kind == CERT_RSA || kind == CERT_DSA))
        return make_key(arg, kind, bits, owner, sealed, spki, why);
    buf_init(&request, 1024);
    buf_u8(&request, (uint8_t)kind);
    buf_u32(&request, bits);
    buf_str(&request, owner);
    buf_str(&request, label);
    buf_str(&request, name);
    return two_results(arg, label.n > 0, KEEP_NEW_KEY, &request, sealed, spki,
                       why);
}

static enum err
find_key(void *arg, struct str label, struct str owner, struct buf *sealed,
         struct buf *spki, struct err_info *why)
{
    struct buf request;

    buf_init(&request, 1024);
    buf_str(&request, owner);
    buf_str(&request, label);
    return two_results(arg, true, KEEP_FIND_KEY, &request, sealed, spki, why);
}

/* Nobody waits for it: the token does one thing after the other. */
void
front_drop_key(struct front *f, struct str sealed, struct str owner)
{
    struct err_info why = { 0 };
    struct chan_msg reply;
    struct reader in;
    struct buf request;
    int pair[2];
    enum err e = chan_pair(pair, &why);

    buf_init(&request, 2u * CERT_DER_MAX);
    buf_u16(&request, KEEP_DROP_KEY);
    buf_str(&request, sealed);
    buf_str(&request, owner);
    if (e == ERR_OK) {
        e = keeper_call_fd(f, KEEP_ASIDE, buf_view(&request), pair[1], &reply,
                           &in, &why);
        close(pair[0]);
        close(pair[1]);
    }
    if (e == ERR_OK)
        chan_msg_fini(&reply);
    else
        log_warn("a key that nobody uses stays in the token: %s", why.text);
    buf_fini(&request);
}

static enum err
drop_key(void *arg, struct str sealed, struct str owner, struct err_info *why)
{
    (void)why;
    if (!front_is_parking(arg)) /* else it is wanted again */
        front_drop_key(arg, sealed, owner);
    return ERR_OK;
}

static bool
waits(void *arg)
{
    return front_is_parking(arg);
}

static enum err
token(void *arg, uint8_t what, struct str name, struct str id,
      struct str sealed, struct str owner, struct str body, struct buf *out,
      struct err_info *why)
{
    struct buf request;
    enum err e;

    buf_init(&request, 8u * CERT_DER_MAX);
    buf_u8(&request, what);
    buf_str(&request, name);
    buf_str(&request, id);
    buf_str(&request, sealed);
    buf_str(&request, owner);
    buf_str(&request, body);
    e = ask_keeper(arg, true, KEEP_TOKEN, &request, out, why);
    buf_fini(&request);
    return e;
}

static enum err
seal_key(void *arg, struct str pkcs8, struct str name, struct str label,
         struct str owner, struct buf *sealed, struct buf *spki,
         struct err_info *why)
{
    struct buf request;

    buf_init(&request, 2u * CERT_DER_MAX);
    buf_str(&request, pkcs8);
    buf_str(&request, owner);
    buf_str(&request, label);
    buf_str(&request, name);
    return two_results(arg, label.n > 0, KEEP_SEAL, &request, sealed, spki,
                       why);
}

static enum err
open_key(void *arg, struct str sealed, struct str owner, struct buf *pkcs8,
         struct err_info *why)
{
    struct buf request;

    buf_init(&request, 2u * CERT_DER_MAX);
    buf_str(&request, sealed);
    buf_str(&request, owner);
    return two_results(arg, false, KEEP_UNSEAL, &request, pkcs8, NULL, why);
}

static enum err
make(void *arg, bool is_request, bool is_in_token, struct str signer_sealed,
     struct str signer_owner, const struct cert_order *order, struct buf *der,
     struct err_info *why)
{
    struct buf request;

    buf_init(&request, 4u * CERT_DER_MAX);
    buf_str(&request, signer_sealed);
    buf_str(&request, signer_owner);
    cert_order_put(order, &request);
    return two_results(arg, is_in_token,
                       is_request ? KEEP_REQUEST : KEEP_CERTIFY, &request, der,
                       NULL, why);
}

/* --- the confined child
 * -------------------------------------------------------------- */

static enum err
run_child(struct front *f, const struct parser_work *w, struct buf *out,
          struct err_info *why)
{
    struct buf request;
    enum err e;

    buf_init(&request, PARSER_REQUEST_MAX);
    parser_put(w, &request);
    e = buf_check(&request, why);
    if (e == ERR_OK)
        e = front_slow(f, SLOW_PARSER, buf_view(&request), out, why);
    if (request.p != NULL)
        secret_wipe(request.p, request.n);
    buf_fini(&request);
    return e;
}

/* What it read, in the arena. */
static enum err
ask_child(struct front *f, const struct parser_work *w, struct arena *a,
          struct reader *out, struct err_info *why)
{
    struct buf result;
    enum err e;

    buf_init(&result, PARSER_RESULT_MAX);
    e = run_child(f, w, &result, why);
    if (e == ERR_OK)
        *out = reader_of(str_dup(a, buf_view(&result)));
    if (result.p != NULL)
        secret_wipe(result.p, result.n);
    buf_fini(&result);
    return e;
}

static enum err
malformed(struct err_info *why)
{
    return err_set(why, ERR_PEER, "certificate parser: malformed answer");
}

static enum err
parse(void *arg, struct arena *a, struct str input, struct str password,
      const struct str *trusted, size_t n_trusted, struct cert_bundle *out,
      struct err_info *why)
{
    const struct parser_work w = { .kind = PARSE_INPUT,
                                   .input = input,
                                   .password = password,
                                   .list = trusted,
                                   .n_list = n_trusted };
    struct reader in;
    enum err e = ask_child(arg, &w, a, &in, why);

    return e != ERR_OK || cert_bundle_read(&in, a, out) ? e : malformed(why);
}

static enum err
host_ids(void *arg, struct arena *a, struct str der, const struct str *cas,
         size_t n_cas, struct hostids *out, struct err_info *why)
{
    const struct parser_work w = {
        .kind = PARSE_HOST_IDS, .input = der, .list = cas, .n_list = n_cas
    };
    struct reader in;
    enum err e = ask_child(arg, &w, a, &in, why);

    if (e != ERR_OK)
        return e;
    return hostids_read(&in, out) && out->signer < n_cas ? ERR_OK
                                                         : malformed(why);
}

static enum err
pkcs12(void *arg, struct str der, struct str pkcs8, const struct str *chain,
       size_t n_chain, struct str label, struct str password, struct buf *out,
       struct err_info *why)
{
    const struct parser_work w = { .kind = PARSE_PKCS12,
                                   .input = der,
                                   .password = password,
                                   .pkcs8 = pkcs8,
                                   .label = label,
                                   .list = chain,
                                   .n_list = n_chain };

    return run_child(arg, &w, out, why);
}

static enum err
pkcs7(void *arg, const struct str *ders, size_t n, struct buf *out,
      struct err_info *why)
{
    const struct parser_work w = { .kind = PARSE_PKCS7,
                                   .list = ders,
                                   .n_list = n };

    return run_child(arg, &w, out, why);
}

/* --- data sets
 * ---------------------------------------------------------------------------
 */

/* DSN or DSN(MEMBER), checked by racdcert_dsn: no slash, no "..". */
static char *
path_of(struct arena *a, struct str dsn)
{
    size_t paren = str_find_char(dsn, '(');
    struct str base = str_sub(dsn, 0, paren);

    if (paren == STR_NPOS)
        return root_path(a, "datasets/" STR_FMT, STR_ARG(base));
    return root_path(a, "datasets/" STR_FMT "/" STR_FMT, STR_ARG(base),
                     STR_ARG(str_sub(dsn, paren + 1, dsn.n - 1)));
}

static enum err
read_dataset(void *arg, struct str dsn, struct buf *out, struct err_info *why)
{
    struct arena a;
    struct stat st;
    char *path;
    enum err e;

    (void)arg;
    arena_init(&a, 16384);
    path = path_of(&a, dsn);
    if (path == NULL)
        e = err_set(why, ERR_MEMORY, "no storage");
    else if (lstat(path, &st) != 0)
        e = err_set(why, ERR_NOT_FOUND, "there is no such data set");
    else if (!S_ISREG(st.st_mode))
        e = err_set(why, ERR_SYNTAX, "not a sequential data set or a member");
    else /* it may be another one by now */
        e = file_read_plain(path, out, why);
    arena_fini(&a);
    return e;
}

static enum err
write_dataset(void *arg, struct str dsn, struct str content,
              struct err_info *why)
{
    struct arena a;
    char *path;
    enum err e;

    (void)arg;
    arena_init(&a, 16384);
    path = path_of(&a, dsn);
    e = path == NULL ? err_set(why, ERR_MEMORY, "no storage")
                     : file_write_atomic(path, content, 0640, why);
    arena_fini(&a);
    return e;
}

const struct cert_services *
front_cert_services(struct front *f)
{
    static struct cert_services services = {
        .new_key = new_key,
        .find_key = find_key,
        .drop_key = drop_key,
        .waits = waits,
        .token = token,
        .seal_key = seal_key,
        .open_key = open_key,
        .make = make,
        .parse = parse,
        .host_ids = host_ids,
        .pkcs12 = pkcs12,
        .pkcs7 = pkcs7,
        .read = read_dataset,
        .write = write_dataset,
    };

    services.arg = f;
    return &services;
}
