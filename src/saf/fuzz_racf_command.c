/* Whatever the text: a reply, a return code, no crash; and the text with its
 * secrets blanked is no longer than a command may be. */
#include "saf/test_cmd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* No keeper and no data sets here: every service says no. */
static enum err
no_key(void *arg, enum cert_key_kind kind, uint32_t bits, struct str token,
       struct str label, struct str owner, struct buf *sealed, struct buf *spki,
       struct err_info *why)
{
    (void)token;
    (void)arg;
    (void)kind;
    (void)bits;
    (void)label;
    (void)owner;
    (void)sealed;
    (void)spki;
    return err_set(why, ERR_UNSUPPORTED, "no keys here");
}

static enum err
no_find(void *arg, struct str label, struct str owner, struct buf *sealed,
        struct buf *spki, struct err_info *why)
{
    (void)arg;
    (void)label;
    (void)owner;
    (void)sealed;
    (void)spki;
    return err_set(why, ERR_NOT_FOUND, "no keys here");
}

static enum err
no_drop(void *arg, struct str sealed, struct str owner, struct err_info *why)
{
    (void)arg;
    (void)sealed;
    (void)owner;
    return err_set(why, ERR_NOT_FOUND, "no keys here");
}

static enum err
no_token(void *arg, uint8_t what, struct str token, struct str id,
         struct str sealed, struct str owner, struct str request,
         struct buf *result, struct err_info *why)
{
    (void)arg;
    (void)what;
    (void)token;
    (void)id;
    (void)sealed;
    (void)owner;
    (void)request;
    (void)result;
    return err_set(why, ERR_UNSUPPORTED, "no tokens here");
}

static enum err
no_read(void *arg, struct str dsn, struct buf *out, struct err_info *why)
{
    (void)arg;
    (void)dsn;
    (void)out;
    return err_set(why, ERR_NOT_FOUND, "no data sets here");
}

static enum err
no_write(void *arg, struct str dsn, struct str content, struct err_info *why)
{
    (void)arg;
    (void)dsn;
    (void)content;
    return err_set(why, ERR_NOT_FOUND, "no data sets here");
}

static bool
no_wait(void *arg)
{
    (void)arg;
    return false;
}

/* A certificate for LIST, ALTER, CONNECT, ROLLOVER and DELETE to find. */
static void
add_certificate(struct desk *d)
{
    static char bytes[32] = "fingerprint";
    struct cert_row row = { .owner = STR("IBMUSER"),
                            .label = STR("a"),
                            .status = 'T',
                            .facts = { .der = STR("der"),
                                       .serial = STR("01"),
                                       .issuer = STR("CN=X"),
                                       .subject = STR("CN=Y"),
                                       .issuer_der = STR("i"),
                                       .subject_der = STR("s"),
                                       .key_type = STR("RSA"),
                                       .signer = -1 } };

    row.facts.fingerprint = row.facts.key_hash = str_n(bytes, sizeof bytes);
    cert_put(saf_engine_db(d->engine), &row);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct desk d;
    struct arena arena;
    char *text;

    if (n > CMD_MAX + 16)
        return 0;
    if (d.engine == NULL) {
        static const struct cert_services services = { .new_key = no_key,
                                                       .find_key = no_find,
                                                       .drop_key = no_drop,
                                                       .token = no_token,
                                                       .read = no_read,
                                                       .write = no_write,
                                                       .waits = no_wait };

        desk_init(&d);
        racdcert_open(&services);
        add_certificate(&d);
    }
    text = calloc(1, n + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, n);
    (void)desk_run(&d, text);
    if (d.rc > 12)
        abort();
    arena_init(&arena, 1 << 20);
    if (cmd_blank_secrets(&arena, str_of(text), NULL).n > CMD_MAX + 16u)
        abort();
    arena_fini(&arena);
    free(text);
    return 0;
}
