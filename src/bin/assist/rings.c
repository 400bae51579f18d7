/*
 * Key rings as the angel shows them to whoever runs this, and key databases
 * that may be read: what cannot be looked up is said with the way to do so.
 */
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "bin/assist/assist.h"
#include "io/keydb.h"
#include "saf/client.h"

static void PRINTF_LIKE(2, 3)
    because(struct ring_facts *f, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(f->why, sizeof f->why, fmt, args);
    va_end(args);
}

/* --- certificates ------------------------------------------------------- */

static bool
time_of(const ASN1_TIME *t, int64_t *out)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}

/* What cannot be read is told as one that was never valid. */
static void
set_dates(struct ring_cert *c, struct str der)
{
    const unsigned char *p = (const unsigned char *)(const void *)der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);

    if (x != NULL && (!time_of(X509_get0_notBefore(x), &c->from_s) ||
                      !time_of(X509_get0_notAfter(x), &c->until_s)))
        c->from_s = c->until_s = 0;
    X509_free(x);
}

static struct ring_cert *
room(struct rings *r, size_t n, struct ring_facts *f)
{
    struct ring_cert *certs = ARENA_ARRAY(&r->arena, struct ring_cert, n + 1);

    if (certs == NULL) {
        because(f, "no storage for its certificates");
        return NULL;
    }
    f->state = RING_IS_THERE;
    f->certs = certs;
    f->n = n;
    return certs;
}

/* --- rings -------------------------------------------------------------- */

static void
take_ring(struct rings *r, const struct saf_ring *ring, struct ring_facts *f)
{
    struct ring_cert *certs = room(r, ring->n, f);

    for (size_t i = 0; certs != NULL && i < ring->n; i++) {
        const struct saf_ring_cert *c = &ring->certs[i];

        certs[i] = (struct ring_cert){
            .label = str_dup(&r->arena, c->label),
            .is_signer = c->usage != RING_PERSONAL,
            .is_default = c->is_default,
            .has_key = c->has_key,
        };
        set_dates(&certs[i], c->der);
    }
}

static void
look_up_ring(struct rings *r, const struct ring_name *name,
             struct ring_facts *f)
{
    struct str owner = name->user;
    struct err_info why = { 0 };
    struct saf_ring found = { 0 };
    struct saf_rc rc;
    enum err e;

    if (owner.n == 0) {
        because(f, "it is that of whoever runs the job; name a user: userid in "
                   "the traffic type, an owner in the ring's name, or --user");
        return;
    }
    if (r->saf == NULL &&
        saf_connect((struct str){ 0 }, &r->saf, &why) != ERR_OK) {
        because(f,
                "%s; it is looked up while the image (SALLYPORT_ROOT) runs, by "
                "one of its users",
                why.text);
        return;
    }
    e = saf_ring_read(r->saf, owner, name->ring, SAF_KEYS_USE, &found, &rc,
                      &why);
    if (e == ERR_OK) {
        f->are_keys_known = str_eq_z(owner, saf_self(r->saf)->user);
        take_ring(r, &found, f);
    } else if (e == ERR_NOT_FOUND) {
        f->state = RING_IS_MISSING;
        because(f, "RACDCERT ID(" STR_FMT ") ADDRING(" STR_FMT ") makes it",
                STR_ARG(owner), STR_ARG(name->ring));
    } else {
        because(f,
                "%s; READ to IRR.DIGTCERT.LISTRING in class FACILITY is needed "
                "for an own ring, UPDATE for another's",
                why.text);
    }
    saf_ring_fini(&found);
}

/* --- key databases ------------------------------------------------------ */

/* Below the image's root, as the stack reads them. */
static enum err
read_file(struct rings *r, struct str name, struct buf *out,
          struct err_info *why)
{
    char *path =
        root_path(&r->arena, STR_FMT,
                  STR_ARG(str_sub(name, str_starts(name, STR("/")), name.n)));

    return path == NULL ? err_set(why, ERR_MEMORY, "no storage for a path")
                        : file_read(path, out, why);
}

static void
take_entries(struct rings *r, const struct keystore *store,
             struct ring_facts *f)
{
    struct ring_cert *certs = room(r, store->n, f);
    bool has_default = false;

    f->are_keys_known = true;
    for (size_t i = 0; certs != NULL && i < store->n; i++) {
        const struct keystore_entry *e = &store->entries[i];
        bool is_key = e->kind == KEYSTORE_KEY;

        certs[i] = (struct ring_cert){
            .label = str_dup(&r->arena, e->alias),
            .is_signer = !is_key,
            .has_key = is_key,
            .is_default = is_key && !has_default,
        };
        has_default |= is_key;
        set_dates(&certs[i], e->der);
    }
}

static void
open_database(struct rings *r, struct str bytes, struct str stash,
              struct ring_facts *f)
{
    char password[KEYDB_PASSWORD_MAX + 1] = "";
    struct keystore_input in = { .bytes = bytes };
    struct keystore store = { 0 };
    struct err_info why = { 0 };

    if (!keydb_stash(stash, password)) {
        because(f, "its stash file holds no password");
    } else if (!keydb_type(bytes, &in.type)) {
        because(f, "it is no PKCS12, PEM or Java key store; a CMS database "
                   "(.kdb) is to be exported as PKCS12");
    } else {
        in.password = str_of(password);
        in.has_password = true;
        if (keystore_read(&in, &store, &why) == ERR_OK)
            take_entries(r, &store, f);
        else
            because(f, "%s", why.text);
    }
    keystore_fini(&store);
    OPENSSL_cleanse(password, sizeof password);
}

static void
look_up_file(struct rings *r, const struct ring_name *name,
             struct ring_facts *f)
{
    struct err_info why = { 0 };
    struct buf bytes, stash;
    enum err e;

    buf_init(&bytes, KEYSTORE_BYTES_MAX);
    buf_init(&stash, 4096);
    e = read_file(r, name->ring, &bytes, &why);
    if (e == ERR_NOT_FOUND) {
        f->state = RING_IS_MISSING;
        because(f, "%s", why.text);
    } else if (e != ERR_OK ||
               read_file(r, name->stash, &stash, &why) != ERR_OK) {
        because(f, "%s", why.text);
    } else {
        open_database(r, buf_view(&bytes), buf_view(&stash), f);
    }
    if (bytes.p != NULL)
        OPENSSL_cleanse(bytes.p, bytes.n);
    if (stash.p != NULL)
        OPENSSL_cleanse(stash.p, stash.n);
    buf_fini(&bytes);
    buf_fini(&stash);
}

/* --- both --------------------------------------------------------------- */

void
rings_init(struct rings *r)
{
    *r = (struct rings){ 0 };
    arena_init(&r->arena, 64u << 20);
}

void
rings_fini(struct rings *r)
{
    saf_disconnect(&r->saf);
    arena_fini(&r->arena);
}

void
rings_look_up(void *arg, const struct ring_name *name, struct ring_facts *f)
{
    if (name->ring.n > 0 && name->ring.p[0] == '/')
        look_up_file(arg, name, f);
    else
        look_up_ring(arg, name, f);
}
