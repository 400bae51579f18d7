#include "saf/token_certs.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_CHARS 32u

bool
token_is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '\0' ||
            strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ@#$0123456789.", name.p[i]) ==
                NULL)
            return false;
    return name.n > 0 && name.n <= NAME_MAX_CHARS && name.p[0] != '.' &&
           (name.p[0] < '0' || name.p[0] > '9');
}

bool
token_may(struct saf_engine *engine, struct arena *a, const struct acee *acee,
          const char *who, struct str token, enum saf_level level)
{
    struct str name = str_fmt(a, "%s." STR_FMT, who, STR_ARG(token));

    return name.n > 0 && saf_authorized(engine, acee, "CRYPTOZ", name, level);
}

/* --- what is in a token --------------------------------------------------- */

static bool
read_cert(struct arena *a, struct reader *in, struct token_cert *t)
{
    unsigned char digest[32];
    unsigned n = sizeof digest;
    uint8_t has_private, has_public;

    if (!reader_str(in, 0, 64, &t->label) || !reader_str(in, 0, 64, &t->id) ||
        !reader_str(in, 1, CERT_DER_MAX, &t->der) ||
        !reader_u8(in, &t->category) || !reader_u8(in, &has_private) ||
        !reader_u8(in, &has_public) ||
        EVP_Digest(t->der.p, t->der.n, digest, &n, EVP_sha256(), NULL) != 1)
        return false;
    t->has_private = has_private != 0;
    t->has_public = has_public != 0;
    t->fingerprint = str_dup(a, str_n(digest, n));
    (void)snprintf(t->sequence, sizeof t->sequence, "%02X%02X%02X%02X",
                   digest[0], digest[1], digest[2], digest[3]);
    return true;
}

static struct str
default_of(struct saf_db *db, struct arena *a, struct str token)
{
    struct saf_query q = saf_db_query(
        db, "SELECT fingerprint FROM token_defaults WHERE token=?1", "s",
        token);
    struct str fingerprint =
        saf_query_next(&q) ? saf_query_str(&q, a, 0) : STR("");

    saf_query_close(&q);
    return fingerprint;
}

void
token_set_default(struct saf_db *db, struct str token, struct str fingerprint)
{
    saf_db_run(db, "DELETE FROM token_defaults WHERE token=?1", "s", token);
    if (fingerprint.n > 0)
        saf_db_run(db,
                   "INSERT INTO token_defaults(token, fingerprint)"
                   " VALUES(?1, ?2)",
                   "sb", token, fingerprint);
}

enum err
token_list(struct saf_db *db, struct arena *a,
           const struct cert_services *services, struct str token,
           struct token_cert **out, size_t *n, uint32_t *others,
           struct err_info *why)
{
    struct str chosen = default_of(db, a, token);
    struct token_cert *certs = NULL;
    struct buf result;
    struct reader in;
    uint32_t n_listed = 0;
    enum err e;

    buf_init(&result, TOKEN_RESULT_MAX);
    e = services->token(services->arg, TOKEN_ASK_CERTS, token, STR(""), STR(""),
                        STR(""), STR(""), &result, why);
    in = reader_of(str_dup(a, buf_view(&result)));
    buf_fini(&result);
    *n = 0;
    if (e == ERR_OK &&
        (!reader_u32(&in, others) || !reader_u32(&in, &n_listed) ||
         n_listed > TOKEN_CERTS_MAX ||
         (certs = ARENA_ARRAY(a, struct token_cert, n_listed + 1)) == NULL))
        e = err_set(why, ERR_PEER, "malformed answer");
    while (e == ERR_OK && *n < n_listed) {
        struct token_cert *t = &certs[*n];

        if (!read_cert(a, &in, t))
            return err_set(why, ERR_PEER, "malformed answer");
        t->is_default = str_eq(t->fingerprint, chosen);
        (*n)++;
    }
    *out = certs;
    return e;
}

enum err
token_key(const struct cert_services *services, struct str owner,
          struct str token, struct str id, struct buf *sealed,
          struct err_info *why)
{
    struct str part, spki;
    struct buf result;
    struct reader in;
    enum err e;

    buf_init(&result, 4u * CERT_DER_MAX);
    e = services->token(services->arg, TOKEN_ASK_KEY, token, id, STR(""), owner,
                        STR(""), &result, why);
    in = reader_of(buf_view(&result));
    if (e == ERR_OK &&
        (!reader_str(&in, 1, CERT_DER_MAX, &part) ||
         !reader_str(&in, 1, CERT_DER_MAX, &spki) || !reader_at_end(&in)))
        e = err_set(why, ERR_PEER, "malformed answer");
    if (e == ERR_OK) {
        buf_add(sealed, part);
        e = buf_check(sealed, why);
    }
    buf_fini(&result);
    return e;
}

/* --- as a key ring -------------------------------------------------------- */

/* The database knows whose it is, where it is there as well. */
static enum err
put_entry(struct saf_db *db, struct arena *a,
          const struct cert_services *services, struct str token,
          const struct token_cert *t, bool want_key, struct ring_view *view,
          struct err_info *why)
{
    struct ring_entry *entry = &view->entries[view->n];
    struct cert_row known;
    struct buf sealed;
    enum err e = ERR_OK;

    *entry = (struct ring_entry){ .cert = { .owner = STR(TOKEN_RING_OWNER),
                                            .label = t->label,
                                            .pkds = token },
                                  .usage = t->category == TOKEN_AUTHORITY ? 'C'
                                           : t->category == TOKEN_OTHER   ? 'S'
                                                                          : 'P',
                                  .is_default = t->is_default };
    entry->cert.facts.der = t->der;
    if (cert_find_fingerprint(db, a, t->fingerprint, &known))
        entry->cert.owner = known.owner;
    view->has_key[view->n] = false;
    if (want_key && t->has_private && t->id.n > 0 && entry->usage == 'P') {
        buf_init(&sealed, CERT_DER_MAX);
        e = token_key(services, entry->cert.owner, token, t->id, &sealed, why);
        entry->cert.key = str_dup(a, buf_view(&sealed));
        view->has_key[view->n] = e == ERR_OK;
        buf_fini(&sealed);
    }
    view->n++;
    return e;
}

/* Another one when anything of it is. */
static uint64_t
sequence_of(const struct token_cert *certs, size_t n)
{
    uint64_t sum = n;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < certs[i].fingerprint.n; k++)
            sum = (sum ^ (unsigned char)certs[i].fingerprint.p[k] ^
                   (certs[i].is_default ? 0x100u : 0)) *
                  1099511628211u; /* FNV-1a */
    return sum;
}

enum err
token_ring(struct saf_engine *engine, struct arena *a,
           const struct cert_services *services, const struct acee *acee,
           struct str token, bool want_keys, struct ring_view *out,
           struct saf_rc *rc, struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    struct ring_view view = { .n = 0 };
    struct token_cert *certs;
    uint32_t others;
    size_t n;
    enum err e;

    *rc = SAF_RC(8, 8, 8);
    if (!token_is_name(token) ||
        !token_may(engine, a, acee, "USER", token, SAF_READ))
        return err_set(why, ERR_DENIED,
                       "user %s may not read token " STR_FMT
                       " (class CRYPTOZ, USER." STR_FMT ")",
                       acee->user, STR_ARG(token), STR_ARG(token));
    e = token_list(db, a, services, token, &certs, &n, &others, why);
    if (e != ERR_OK) {
        *rc = SAF_RC(8, 8, 84);
        err_prefix(why, "token");
        return e;
    }
    view.ring = (struct ring_row){ .owner = STR(TOKEN_RING_OWNER),
                                   .name = token,
                                   .sequence = sequence_of(certs, n) };
    view.entries = ARENA_ARRAY(a, struct ring_entry, n + 1);
    view.has_key = ARENA_ARRAY(a, bool, n + 1);
    if (view.entries == NULL || view.has_key == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a ring");
    for (size_t i = 0; i < n && e == ERR_OK; i++)
        e = put_entry(db, a, services, token, &certs[i], want_keys, &view, why);
    if (e == ERR_OK)
        e = saf_db_check(db, why);
    if (e != ERR_OK)
        return e;
    *rc = SAF_RC(0, 0, 0);
    *out = view;
    return ERR_OK;
}
