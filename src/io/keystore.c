#include "io/keystore.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "io/keystore_priv.h"

#define ARENA_BYTES_MAX ((size_t)64 << 20)
#define FIRST_ENTRIES 16u

struct keystore_entry *
keystore_add(struct keystore_reading *r, enum keystore_kind kind,
             struct str alias, struct str der)
{
    struct keystore *to = r->to;
    struct keystore_entry entry = {
        .kind = kind,
        .alias = str_dup(&to->arena, alias),
        .der = str_dup(&to->arena, der),
    };

    if (to->n == KEYSTORE_ENTRIES_MAX) {
        IGNORE(err_set(r->why, ERR_LIMIT, "more than %u certificates",
                       KEYSTORE_ENTRIES_MAX));
        return NULL;
    }
    if (to->n == r->cap) {
        size_t cap = r->cap == 0 ? FIRST_ENTRIES : r->cap * 2;
        struct keystore_entry *wider =
            ARENA_ARRAY(&to->arena, struct keystore_entry, cap);

        if (wider != NULL && to->n > 0)
            memcpy(wider, to->entries, to->n * sizeof *wider);
        if (wider != NULL) {
            to->entries = wider;
            r->cap = cap;
        }
    }
    if (to->n == r->cap || entry.alias.p == NULL || entry.der.p == NULL) {
        IGNORE(err_set(r->why, ERR_MEMORY, "no storage for certificates"));
        return NULL;
    }
    to->entries[to->n] = entry;
    return &to->entries[to->n++];
}

enum err
keystore_refuse_key(const struct keystore_reading *r, struct str alias)
{
    struct keystore_refusal *to = r->from->refusal;

    alias = str_sub(alias, 0, 100);
    if (to != NULL) {
        *to = (struct keystore_refusal){ .is_key = true };
        for (size_t i = 0; i < r->from->n_own; i++)
            if (str_eq_nocase(r->from->own[i].alias, alias))
                to->has_own = true;
        if (str_copy_z(alias, to->text, sizeof to->text))
            to->alias = str_of(to->text);
    }
    return err_set(r->why, ERR_DENIED,
                   "the password does not open the key " STR_FMT,
                   STR_ARG(alias));
}

bool
keystore_password_of(const struct keystore_input *from, struct str alias,
                     struct str *out)
{
    *out = from->password;
    for (size_t i = 0; i < from->n_own; i++)
        if (str_eq_nocase(from->own[i].alias, alias)) {
            *out = from->own[i].password;
            return true;
        }
    return from->has_password;
}

static const struct {
    const char *name;
    enum keystore_type type;
} types[] = {
    { "PKCS12", KEYSTORE_PKCS12 },
    { "JKS", KEYSTORE_JKS },
    { "JCEKS", KEYSTORE_JCEKS },
    { "PEM", KEYSTORE_PEM },
};

bool
keystore_type_of(struct str name, enum keystore_type *out)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_eq_nocase_z(name, types[i].name)) {
            *out = types[i].type;
            return true;
        }
    return false;
}

/* As Java reads them: a JKS store in a file called PKCS12, and the other way
 * round, is taken for what it is (keystore.type.compat). */
static enum keystore_type
type_inside(const struct keystore_input *from)
{
    bool is_der = str_starts(from->bytes, STR("\x30"));
    bool is_jks = str_starts(from->bytes, STR("\xfe\xed\xfe\xed"));

    if (from->type == KEYSTORE_JKS && is_der)
        return KEYSTORE_PKCS12;
    if (from->type == KEYSTORE_PKCS12 && is_jks)
        return KEYSTORE_JKS;
    return from->type;
}

enum err
keystore_read(const struct keystore_input *from, struct keystore *out,
              struct err_info *why)
{
    struct keystore store = { .n = 0 };
    struct keystore_reading r = { .from = from, .to = &store, .why = why };
    enum err e = ERR_SYNTAX;

    if (from->bytes.n > KEYSTORE_BYTES_MAX)
        return err_set(why, ERR_LIMIT, "larger than %zu bytes",
                       KEYSTORE_BYTES_MAX);
    arena_init(&store.arena, ARENA_BYTES_MAX);
    switch (type_inside(from)) {
    case KEYSTORE_PKCS12:
        e = keystore_read_pkcs12(&r);
        break;
    case KEYSTORE_JKS:
    case KEYSTORE_JCEKS:
        e = keystore_read_jks(&r);
        break;
    case KEYSTORE_PEM:
        e = keystore_read_pem(&r);
        break;
    }
    ERR_clear_error();
    if (e == ERR_OK)
        *out = store;
    else
        keystore_fini(&store);
    return e;
}

void
keystore_fini(struct keystore *store)
{
    for (size_t i = 0; i < store->n; i++)
        secret_free(&store->entries[i].key);
    store->entries = NULL;
    store->n = 0;
    arena_fini(&store->arena);
}

/* ---- PEM ---- */

static enum err
add_x509(struct keystore_reading *r, enum keystore_kind kind, X509 *x509,
         struct keystore_entry **entry)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x509, &der);

    *entry =
        n <= 0 ? NULL : keystore_add(r, kind, STR(""), str_n(der, (size_t)n));
    OPENSSL_free(der);
    return *entry == NULL ? ERR_MEMORY : ERR_OK;
}

static enum err
set_key(struct keystore_reading *r, struct keystore_entry *entry, EVP_PKEY *key)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    unsigned char *der = NULL;
    int n = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    bool is_ok = n > 0 && secret_dup(str_n(der, (size_t)n), &entry->key);

    if (n > 0)
        OPENSSL_clear_free(der, (size_t)n);
    PKCS8_PRIV_KEY_INFO_free(info);
    return is_ok ? ERR_OK : err_set(r->why, ERR_MEMORY, "no storage for a key");
}

static int
give_password(char *to, int cap, int is_writing, void *arg)
{
    const struct str *password = arg;

    (void)is_writing;
    if (password->n > (size_t)cap)
        return -1;
    memcpy(to, password->p, password->n);
    return (int)password->n;
}

/* The key belongs to the first certificate that fits and has none yet;
 * certificates after that one are chains, unless a key is found for them; those
 * before the first key's are trusted. */
static enum err
pair_up(struct keystore_reading *r, EVP_PKEY *key, unsigned number)
{
    for (size_t i = 0; i < r->to->n; i++) {
        struct keystore_entry *entry = &r->to->entries[i];
        const unsigned char *p = (const unsigned char *)entry->der.p;
        X509 *x509 = d2i_X509(NULL, &p, (long)entry->der.n);
        bool fits = x509 != NULL && entry->kind != KEYSTORE_KEY &&
                    X509_check_private_key(x509, key) == 1;

        X509_free(x509);
        if (!fits)
            continue;
        entry->kind = KEYSTORE_KEY;
        entry->alias = number == 1 ? STR("default")
                                   : str_fmt(&r->to->arena, "key%u", number);
        for (size_t k = i + 1; k < r->to->n; k++)
            if (r->to->entries[k].kind == KEYSTORE_TRUSTED)
                r->to->entries[k].kind = KEYSTORE_CHAIN;
        return set_key(r, entry, key);
    }
    return err_set(r->why, ERR_SYNTAX,
                   "no certificate belongs to private key %u", number);
}

/* Each has a line before and one behind it. */
static unsigned
count_keys(struct str text)
{
    const struct str mark = STR("PRIVATE KEY-----");
    unsigned n = 0;
    size_t at;

    while ((at = str_find(text, mark)) != STR_NPOS) {
        text = str_sub(text, at + mark.n, text.n);
        n++;
    }
    return (n + 1) / 2;
}

static enum err
read_pem_keys(struct keystore_reading *r, BIO *bio)
{
    struct str password = r->from->password;
    unsigned n = count_keys(r->from->bytes);
    enum err e = ERR_OK;

    for (unsigned number = 1; e == ERR_OK && number <= n; number++) {
        EVP_PKEY *key =
            PEM_read_bio_PrivateKey(bio, NULL, give_password, &password);

        e = key == NULL ? err_set(r->why, ERR_DENIED,
                                  "private key %u cannot be read: it is "
                                  "damaged or has another password",
                                  number)
                        : pair_up(r, key, number);
        EVP_PKEY_free(key);
    }
    return e;
}

static enum err
read_pem_parts(struct keystore_reading *r, BIO *bio)
{
    struct keystore_entry *entry;
    enum err e = ERR_OK;
    X509 *x509;

    while (e == ERR_OK &&
           (x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        e = add_x509(r, KEYSTORE_TRUSTED, x509, &entry);
        X509_free(x509);
    }
    if (e == ERR_OK && r->to->n == 0)
        return err_set(r->why, ERR_SYNTAX, "no PEM certificate is in it");
    if (e != ERR_OK)
        return e;
    (void)BIO_reset(bio);
    return read_pem_keys(r, bio);
}

enum err
keystore_read_pem(struct keystore_reading *r)
{
    BIO *bio = BIO_new_mem_buf(r->from->bytes.p, (int)r->from->bytes.n);
    enum err e;

    if (bio == NULL)
        return err_set(r->why, ERR_MEMORY, "no storage for a key store");
    e = read_pem_parts(r, bio);
    BIO_free(bio);
    return e;
}

enum err
keystore_read_certificates(struct str bytes, struct keystore *out,
                           struct err_info *why)
{
    struct keystore_input from = { .type = KEYSTORE_PEM, .bytes = bytes };
    struct keystore store = { .n = 0 };
    struct keystore_reading r = { .from = &from, .to = &store, .why = why };
    const unsigned char *p = (const unsigned char *)bytes.p;
    struct keystore_entry *entry;
    X509 *x509;
    enum err e;

    if (bytes.n > KEYSTORE_BYTES_MAX)
        return err_set(why, ERR_LIMIT, "larger than %zu bytes",
                       KEYSTORE_BYTES_MAX);
    x509 = bytes.n == 0 || bytes.p[0] == '-'
               ? NULL
               : d2i_X509(NULL, &p, (long)bytes.n);
    if (x509 == NULL)
        return keystore_read(&from, out, why);
    arena_init(&store.arena, ARENA_BYTES_MAX);
    e = add_x509(&r, KEYSTORE_TRUSTED, x509, &entry);
    X509_free(x509);
    if (e == ERR_OK)
        *out = store;
    else
        keystore_fini(&store);
    return e;
}

bool
keystore_days_left(struct str der, int64_t now_s, int64_t *days)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x509 = d2i_X509(NULL, &p, (long)der.n);
    ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)now_s);
    int day = 0, second = 0;
    bool is_ok =
        x509 != NULL && now != NULL &&
        ASN1_TIME_diff(&day, &second, now, X509_get0_notAfter(x509)) == 1;

    *days = day - (is_ok && second < 0 ? 1 : 0);
    ASN1_TIME_free(now);
    X509_free(x509);
    ERR_clear_error();
    return is_ok;
}

bool
keystore_subject(struct str der, char *out, size_t cap)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x509 = d2i_X509(NULL, &p, (long)der.n);
    BIO *text = x509 == NULL ? NULL : BIO_new(BIO_s_mem());
    int n = -1;

    if (text != NULL && X509_NAME_print_ex(text, X509_get_subject_name(x509), 0,
                                           XN_FLAG_RFC2253) >= 0)
        n = BIO_read(text, out, (int)cap - 1);
    out[n > 0 ? n : 0] = '\0';
    BIO_free(text);
    X509_free(x509);
    ERR_clear_error();
    return n > 0;
}
