#include "saf/rekey.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "saf/kept.h"

#define ID_OPTION "MASTER.ID"
#define VALUE_MAX (64u * 1024u)

struct rekey {
    struct saf_db *db;
    struct arena arena;
    const unsigned char *old, *fresh;
    size_t n;
};

/* A one-way name of the key. */
static void
id_of(const unsigned char key[SEALING_KEY_BYTES], char id[33])
{
    unsigned char bytes[sizeof "Sallyport master key" + SEALING_KEY_BYTES];
    unsigned char digest[32] = { 0 };

    memcpy(bytes, "Sallyport master key", sizeof "Sallyport master key");
    memcpy(bytes + sizeof "Sallyport master key", key, SEALING_KEY_BYTES);
    (void)EVP_Digest(bytes, sizeof bytes, digest, NULL, EVP_sha256(), NULL);
    for (size_t i = 0; i < 16; i++)
        (void)snprintf(id + 2 * i, 3, "%02x", digest[i]);
    secret_wipe(bytes, sizeof bytes);
}

bool
rekey_is_under(struct saf_db *db, const unsigned char key[SEALING_KEY_BYTES])
{
    struct arena a;
    char id[33];
    bool is_it;

    id_of(key, id);
    arena_init(&a, 4096);
    is_it = str_eq_z(saf_option_text(db, &a, ID_OPTION), id);
    arena_fini(&a);
    return is_it;
}

enum err
rekey_check_copy(const char *path, const struct store_facts *facts,
                 const unsigned char key[SEALING_KEY_BYTES],
                 struct err_info *why)
{
    struct buf sealed, owner, plain;
    char id[33];
    enum err e;

    buf_init(&sealed, VALUE_MAX);
    buf_init(&owner, 1024);
    buf_init(&plain, VALUE_MAX);
    id_of(key, id);
    e = store_sealed(path, &sealed, &owner, why);
    if (e == ERR_NOT_FOUND) {
        e = ERR_OK;
    } else if (e == ERR_OK &&
               ((facts->master_id[0] != '\0' &&
                 strcmp(facts->master_id, id) != 0) ||
                sealing_open(key, buf_view(&sealed), buf_view(&owner), &plain,
                             NULL) != ERR_OK)) {
        e = err_set(why, ERR_DENIED,
                    "%s: its private keys and other secrets are sealed under "
                    "another master key than saf/master.key, it was made "
                    "before a rekey or elsewhere",
                    path);
    }
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&sealed);
    buf_fini(&owner);
    buf_fini(&plain);
    return e;
}

static enum err
reseal(struct rekey *r, struct str sealed, struct str owner, struct buf *out,
       struct err_info *why)
{
    struct buf plain;
    enum err e;

    buf_init(&plain, VALUE_MAX);
    e = sealing_open(r->old, sealed, owner, &plain, why);
    if (e == ERR_OK)
        e = sealing_close(r->fresh, buf_view(&plain), owner, out, why);
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&plain);
    r->n += e == ERR_OK;
    return e;
}

struct place {
    int64_t id;
    struct str kind, owner, name, value;
};

static size_t
read_places(struct rekey *r, const char *sql, struct place **out)
{
    size_t n = 0, cap = 0;
    struct place *v = ARENA_NEW(&r->arena, struct place);
    struct saf_query q = saf_db_query(r->db, sql, "");

    while (v != NULL && saf_query_next(&q)) {
        v = arena_grown(&r->arena, v, n, &cap, sizeof *v);
        if (v == NULL)
            break;
        v[n++] = (struct place){ saf_query_int(&q, 0),
                                 saf_query_str(&q, &r->arena, 1),
                                 saf_query_str(&q, &r->arena, 2),
                                 saf_query_str(&q, &r->arena, 3),
                                 saf_query_str(&q, &r->arena, 4) };
    }
    saf_query_close(&q);
    *out = v;
    return v == NULL ? 0 : n;
}

static enum err
named(enum err e, const struct place *p, const char *what, struct err_info *why)
{
    if (e != ERR_OK)
        err_prefix(why, "%s " STR_FMT " " STR_FMT, what, STR_ARG(p->owner),
                   STR_ARG(p->name));
    return e;
}

static enum err
private_keys(struct rekey *r, struct err_info *why)
{
    struct place *v;
    size_t n = read_places(r,
                           "SELECT id, '', owner, label, key FROM certs WHERE"
                           " length(key)>0",
                           &v);
    enum err e = v == NULL ? err_set(why, ERR_MEMORY, "no storage") : ERR_OK;

    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        struct buf sealed;

        buf_init(&sealed, VALUE_MAX);
        e = named(reseal(r, v[i].value, v[i].owner, &sealed, why), &v[i],
                  "private key of", why);
        if (e == ERR_OK)
            saf_db_run(r->db, "UPDATE certs SET key=?2 WHERE id=?1", "ib",
                       v[i].id, buf_view(&sealed));
        buf_fini(&sealed);
    }
    return e;
}

static struct str
unhex(struct arena *a, struct str hex)
{
    char *p = arena_alloc(a, hex.n / 2 + 1);

    for (size_t i = 0; p != NULL && i + 1 < hex.n; i += 2) {
        char pair[3] = { hex.p[i], hex.p[i + 1], '\0' };
        unsigned value = 0;

        (void)sscanf(pair, "%2x", &value);
        p[i / 2] = (char)value;
    }
    return str_n(p, p == NULL ? 0 : hex.n / 2);
}

/* As the store has it: in hexadecimal. */
static enum err
reseal_hex(struct rekey *r, struct str hex, struct str owner, struct buf *out,
           struct err_info *why)
{
    struct buf sealed;
    enum err e;

    buf_init(&sealed, VALUE_MAX);
    e = reseal(r, unhex(&r->arena, hex), owner, &sealed, why);
    for (size_t i = 0; e == ERR_OK && i < sealed.n; i++)
        buf_printf(out, "%02x", (unsigned char)sealed.p[i]);
    buf_fini(&sealed);
    return e == ERR_OK ? buf_check(out, why) : e;
}

static enum err
ticket_keys(struct rekey *r, struct err_info *why)
{
    struct place *v;
    size_t n = read_places(
        r,
        "SELECT s.id, s.kind, p.name, p.class, s.value FROM segments s JOIN"
        " profiles p ON p.id=s.id WHERE s.segment='SSIGNON' AND s.field='KEY'"
        " AND s.kind='R' AND length(s.value)>0",
        &v);
    enum err e = v == NULL ? err_set(why, ERR_MEMORY, "no storage") : ERR_OK;

    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        struct buf hex;

        buf_init(&hex, VALUE_MAX);
        e = named(reseal_hex(r, v[i].value, v[i].owner, &hex, why), &v[i],
                  "PassTicket key of", why);
        if (e == ERR_OK)
            saf_db_run(r->db,
                       "UPDATE segments SET value=?2 WHERE id=?1 AND kind='R'"
                       " AND segment='SSIGNON' AND field='KEY'",
                       "is", v[i].id, buf_view(&hex));
        buf_fini(&hex);
    }
    return e;
}

/* As saf_hooks.seal_secret, of what is there already: "{hexadecimal}". */
static enum err
reseal_secret(void *arg, struct str value, struct str segment, struct buf *out,
              struct err_info *why)
{
    struct rekey *r = arg;

    if (value.n < 2 || value.p[0] != '{' || value.p[value.n - 1] != '}')
        return err_set(why, ERR_SYNTAX, "a secret that is not sealed");
    return reseal(r, unhex(&r->arena, str_sub(value, 1, value.n - 1)), segment,
                  out, why);
}

static enum err
kept_secrets(struct rekey *r, struct err_info *why)
{
    const struct saf_hooks hooks = { .arg = r, .seal_secret = reseal_secret };
    struct place *v;
    size_t n =
        read_places(r,
                    "SELECT id, kind, segment, field, value FROM segments"
                    " WHERE segment IN ('SESSION', 'PROXY', 'KERB') AND"
                    " field IN ('TEXT', 'SESSKEY', 'BINDPW',"
                    " 'PASSWORD')",
                    &v);
    enum err e = v == NULL ? err_set(why, ERR_MEMORY, "no storage") : ERR_OK;

    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        const char *segment = str_z(&r->arena, v[i].owner);
        const char *field = str_z(&r->arena, v[i].name);
        struct str made;

        if (segment == NULL || field == NULL)
            return err_set(why, ERR_MEMORY, "no storage");
        e = named(strcmp(field, "TEXT") == 0
                      ? kept_seal_text(&r->arena, &hooks, segment, v[i].value,
                                       &made, why)
                      : kept_seal(&r->arena, &hooks, segment, field, v[i].value,
                                  &made, why),
                  &v[i], "secret in segment", why);
        if (e == ERR_OK)
            saf_db_run(r->db,
                       "UPDATE segments SET value=?5 WHERE kind=?1 AND id=?2"
                       " AND segment=?3 AND field=?4",
                       "sisss", v[i].kind, v[i].id, v[i].owner, v[i].name,
                       made);
    }
    return e;
}

enum err
rekey_database(struct saf_db *db, const unsigned char old[SEALING_KEY_BYTES],
               const unsigned char fresh[SEALING_KEY_BYTES], size_t *n,
               struct err_info *why)
{
    struct rekey r = { .db = db, .old = old, .fresh = fresh };
    char id[33];
    enum err e;

    id_of(fresh, id);
    arena_init(&r.arena, 256u << 20);
    saf_db_run(db, "PRAGMA secure_delete=ON", "");
    e = saf_db_begin(db, why);
    if (e == ERR_OK) {
        if ((e = private_keys(&r, why)) == ERR_OK &&
            (e = ticket_keys(&r, why)) == ERR_OK)
            e = kept_secrets(&r, why);
        if (e == ERR_OK) {
            saf_option_text_put(db, ID_OPTION, str_of(id));
            e = saf_db_commit(db, why);
        } else {
            saf_db_rollback(db);
        }
    }
    /* The log has the old pages, too. */
    if (e == ERR_OK)
        saf_db_run(db, "PRAGMA wal_checkpoint(TRUNCATE)", "");
    arena_wipe(&r.arena);
    arena_fini(&r.arena);
    *n = r.n;
    return e;
}
