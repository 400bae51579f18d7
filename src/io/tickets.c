#include "io/tickets.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "io/tls_ssl.h"

#define KEY_BYTES (16 + 32 + 32)
#define IV_BYTES 16

/* ---- the file ---- */

static int
digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
read_key(struct str hex, struct ticket_key *out)
{
    unsigned char bytes[KEY_BYTES];

    if (hex.n != (size_t)2 * KEY_BYTES)
        return false;
    for (size_t i = 0; i < KEY_BYTES; i++) {
        int high = digit_of(hex.p[2 * i]), low = digit_of(hex.p[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    memcpy(out->name, bytes, 16);
    memcpy(out->cipher, bytes + 16, 32);
    memcpy(out->mac, bytes + 48, 32);
    secret_wipe(bytes, sizeof bytes);
    return true;
}

/* line = seconds blank key */
static bool
read_line(struct str line, struct ticket_key *out)
{
    size_t blank = str_find_char(line, ' ');

    return blank != STR_NPOS &&
           str_to_u64(str_sub(line, 0, blank), &out->made_s) &&
           read_key(str_trim(str_sub(line, blank, line.n)), out);
}

enum err
tickets_parse(struct str text, struct ticket_keys *out, struct err_info *why)
{
    struct ticket_keys keys = { .n = 0 };
    uint32_t number = 0;
    struct str line;
    enum err e = ERR_OK;

    while (e == ERR_OK && str_line(&text, &line)) {
        number++;
        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (keys.n == TICKETS_KEYS_MAX)
            e = err_pos(why, ERR_LIMIT, number, 1, "more than %u keys",
                        TICKETS_KEYS_MAX);
        else if (!read_line(line, &keys.v[keys.n]))
            e = err_pos(why, ERR_SYNTAX, number, 1,
                        "line %u is not a time and 160 hexadecimal digits",
                        number);
        else
            keys.n++;
    }
    if (e == ERR_OK)
        *out = keys;
    tickets_wipe(&keys);
    return e;
}

void
tickets_print(const struct ticket_keys *keys, struct buf *out)
{
    buf_add_z(out, "# TLS ticket keys, newest first. Whoever has them reads "
                   "sessions: keep this file to the servers.\n");
    for (unsigned i = 0; i < keys->n; i++) {
        const struct ticket_key *k = &keys->v[i];

        buf_printf(out, "%llu ", (unsigned long long)k->made_s);
        for (size_t b = 0; b < sizeof k->name; b++)
            buf_printf(out, "%02x", k->name[b]);
        for (size_t b = 0; b < sizeof k->cipher; b++)
            buf_printf(out, "%02x", k->cipher[b]);
        for (size_t b = 0; b < sizeof k->mac; b++)
            buf_printf(out, "%02x", k->mac[b]);
        buf_add_char(out, '\n');
    }
}

bool
tickets_rotate(struct ticket_keys *keys, uint64_t now_s, uint64_t every_s,
               uint64_t keep_s)
{
    struct ticket_key fresh = { .made_s = now_s };
    bool has_changed = false;

    if (keys->n == 0 || keys->v[0].made_s + every_s <= now_s) {
        if (RAND_bytes(fresh.name, sizeof fresh.name) != 1 ||
            RAND_bytes(fresh.cipher, sizeof fresh.cipher) != 1 ||
            RAND_bytes(fresh.mac, sizeof fresh.mac) != 1)
            return false;
        if (keys->n == TICKETS_KEYS_MAX)
            keys->n--;
        memmove(&keys->v[1], &keys->v[0], keys->n * sizeof fresh);
        keys->v[0] = fresh;
        keys->n++;
        has_changed = true;
    }
    secret_wipe(&fresh, sizeof fresh);
    /* A key was in use until the one before it was made. */
    while (keys->n > 1 && keys->v[keys->n - 2].made_s + keep_s < now_s) {
        secret_wipe(&keys->v[--keys->n], sizeof fresh);
        has_changed = true;
    }
    return has_changed;
}

void
tickets_wipe(struct ticket_keys *keys)
{
    secret_wipe(keys, sizeof *keys);
}

/* ---- in use ---- */

struct tickets {
    atomic_uint refs;
    pthread_mutex_t lock; /* held to copy one key */
    struct ticket_keys keys;
};

enum err
tickets_new(struct tickets **out, struct err_info *why)
{
    struct tickets *t = calloc(1, sizeof *t);

    if (t == NULL)
        return err_set(why, ERR_MEMORY, "no storage for ticket keys");
    atomic_init(&t->refs, 1);
    pthread_mutex_init(&t->lock, NULL);
    if (!tickets_rotate(&t->keys, 0, 1, UINT32_MAX)) {
        tickets_unref(&t);
        return err_set(why, ERR_IO, "no random number");
    }
    *out = t;
    return ERR_OK;
}

struct tickets *
tickets_ref(struct tickets *t)
{
    if (t != NULL)
        atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void
tickets_unref(struct tickets **at)
{
    struct tickets *t = *at;

    *at = NULL;
    if (t == NULL ||
        atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    tickets_wipe(&t->keys);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

void
tickets_set(struct tickets *t, const struct ticket_keys *keys)
{
    if (keys->n == 0)
        return;
    pthread_mutex_lock(&t->lock);
    t->keys = *keys;
    pthread_mutex_unlock(&t->lock);
}

/* name NULL: the newest. Its place, or -1. */
static int
find_key(struct tickets *t, const unsigned char *name, struct ticket_key *out)
{
    int found = -1;

    pthread_mutex_lock(&t->lock);
    for (unsigned i = 0; i < t->keys.n && found < 0; i++)
        if (name == NULL || memcmp(t->keys.v[i].name, name, 16) == 0) {
            *out = t->keys.v[i];
            found = (int)i;
        }
    pthread_mutex_unlock(&t->lock);
    return found;
}

static bool
use_key(struct ticket_key *key, const unsigned char *iv, EVP_CIPHER_CTX *cipher,
        EVP_MAC_CTX *mac, int is_new)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac,
                                          sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };

    return EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv,
                              is_new, NULL) == 1 &&
           EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb wants it: 0 unknown, 1 fine, 2 fine
 * but to be renewed, -1 failed. */
int
tickets_on_key(struct tickets *t, unsigned char *name, unsigned char *iv,
               EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new)
{
    struct ticket_key key;
    int at = find_key(t, is_new ? NULL : name, &key), result = -1;

    if (at < 0)
        return is_new ? -1 : 0;
    if (is_new && RAND_bytes(iv, IV_BYTES) != 1)
        return -1;
    if (is_new)
        memcpy(name, key.name, sizeof key.name);
    if (use_key(&key, iv, cipher, mac, is_new))
        result = !is_new && at > 0 ? 2 : 1;
    secret_wipe(&key, sizeof key);
    return result;
}
