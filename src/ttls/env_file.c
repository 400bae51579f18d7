/*
 * A key database file in the place of a ring: PKCS12 or PEM (and the Java key
 * stores), its password from the policy or a stash file. Its keys are in the
 * engine's memory, unlike those of rings. Runs in the maker's thread.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/keydb.h"
#include "ttls/engine_wire.h"
#include "ttls/env.h"

static bool
fail(struct env *env, unsigned rc)
{
    env->rc = rc;
    env->event = "Environment Init";
    ERR_clear_error();
    return false;
}

static bool
may_read(const struct env *env, const struct engine_file *f)
{
    return env->uid == 0 || (f->mode & 0004) != 0 ||
           (f->uid == env->uid && (f->mode & 0400) != 0);
}

/* The first one is the default; a name that is too long names nothing. */
static bool
add_key(struct env *env, const struct keystore_entry *e)
{
    const unsigned char *p = e->key.p;
    EVP_PKEY *key = d2i_AutoPrivateKey_ex(
        NULL, &p, (long)e->key.n, env->is_fips ? env->library : NULL, NULL);
    struct str label = e->alias.n <= ENV_LABEL_MAX ? e->alias : STR("");

    return key != NULL &&
           env_add_identity(env, label, env->n_identities == 0, e->der, &key);
}

static bool
take_entries(struct env *env, const struct keystore *store)
{
    for (size_t i = 0; i < store->n; i++) {
        const struct keystore_entry *e = &store->entries[i];

        if (!(e->kind == KEYSTORE_KEY ? add_key(env, e)
                                      : env_add_signer(env, e->der)))
            return false;
    }
    return true;
}

static bool
open_store(struct env *env, const struct engine_file *f, struct str password)
{
    struct keystore_input in = { .bytes = f->bytes,
                                 .password = password,
                                 .has_password = password.n > 0 };
    struct keystore store = { 0 };
    struct err_info why = { 0 };
    bool is_fine;
    enum err e;

    if (!keydb_type(f->bytes, &in.type)) {
        log_warn("key database " STR_FMT ": expected PKCS12, PEM or a Java key "
                 "store; a CMS database (.kdb) is to be exported as PKCS12",
                 STR_ARG(env->mapped->eff.ring));
        return fail(env, 102);
    }
    e = keystore_read(&in, &store, &why);
    if (e != ERR_OK) {
        log_warn("key database " STR_FMT ": %s", STR_ARG(env->mapped->eff.ring),
                 why.text);
        keystore_fini(&store);
        return fail(env, e == ERR_DENIED ? 106 : 102);
    }
    is_fine = take_entries(env, &store);
    keystore_fini(&store);
    return is_fine || fail(env, 102);
}

bool
env_file(struct env *env)
{
    const struct ttls_effective *eff = &env->mapped->eff;
    const struct engine_policy *p = env->mapped->policy;
    struct engine_file f, stash;
    char secret[129] = "";
    bool is_fine;

    if (!engine_policy_file(p, eff->ring, &f) || !may_read(env, &f))
        return fail(env, 202);
    if (eff->ring_password.n > 0)
        return open_store(env, &f, eff->ring_password);
    if (eff->ring_stash_file.n > 0 &&
        (!engine_policy_file(p, eff->ring_stash_file, &stash) ||
         !may_read(env, &stash) || !keydb_stash(stash.bytes, secret)))
        return fail(env, 106);
    is_fine = open_store(env, &f, str_of(secret));
    OPENSSL_cleanse(secret, sizeof secret);
    return is_fine;
}
