#include "auth/basic.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "config/password.h"

#define BASIC_BYTES_MAX ((size_t)64 << 20)

struct entry {
    struct basic_user user;
    struct str password; /* borrowed from the configuration */
    bool is_hash;
    bool is_refused; /* its name is there twice */
    size_t cap;      /* of user.groups, while they are collected */
};

struct basic {
    struct arena arena;
    const struct cfg_basic_registry *element;
    struct table users;   /* name: struct entry */
    struct table folded;  /* in small letters; with ignoreCase... only */
    struct str slow_hash; /* what checks without a hash of their own do */
};

struct loading_basic {
    struct basic *b;
    basic_say say;
    void *arg;
    struct err_info *why;
};

#define SAY(l, id, ...)                                                        \
    (l)->say((l)->arg, (id), (const struct str[]){ __VA_ARGS__ },              \
             sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))

static enum err
no_storage(struct loading_basic *l)
{
    return err_set(l->why, ERR_MEMORY, "no storage for a user registry");
}

/* --- users --------------------------------------------------------------- */

static bool
is_hash(struct str password)
{
    struct str tag, payload;

    return password_split(password, &tag, &payload) &&
           str_eq_nocase_z(tag, "hash");
}

static enum err
add_user(struct loading_basic *l, const struct cfg_user *from)
{
    struct basic *b = l->b;
    struct str name = str_trim(from->name);
    struct str password = str_trim(secret_view(&from->password));
    struct entry *e;

    if (name.n == 0) {
        SAY(l, "CWWKS3100E", STR("A user element must define a name."));
        return ERR_OK;
    }
    if (password.n == 0) {
        SAY(l, "CWWKS3100E",
            str_fmt(&b->arena,
                    "The user element with name '" STR_FMT
                    "' must define a password.",
                    STR_ARG(name)));
        return ERR_OK;
    }
    e = table_get(&b->users, name);
    if (e != NULL) {
        if (!e->is_refused)
            SAY(l, "CWWKS3104E", name);
        e->is_refused = true;
        return ERR_OK;
    }
    e = ARENA_NEW(&b->arena, struct entry);
    if (e == NULL || !table_put(&b->users, name, e, NULL))
        return no_storage(l);
    e->user.name = name;
    e->password = password;
    e->is_hash = is_hash(password);
    if (e->is_hash && b->slow_hash.n == 0)
        b->slow_hash = password;
    return ERR_OK;
}

/* Two users who differ in case only could each be meant: both are refused. */
static enum err
fold_users(struct loading_basic *l)
{
    struct basic *b = l->b;
    struct str name;
    void *value;

    for (size_t pos = 0; table_next(&b->users, &pos, &name, &value);) {
        struct str low = str_lower(&b->arena, name);
        struct entry *e = value, *other;

        if (low.p == NULL)
            return no_storage(l);
        other = table_get(&b->folded, low);
        if (other != NULL) {
            SAY(l, "CWWKS3104E", name);
            other->is_refused = e->is_refused = true;
        } else if (!table_put(&b->folded, low, e, NULL)) {
            return no_storage(l);
        }
    }
    return ERR_OK;
}

/* --- groups -------------------------------------------------------------- */

static enum err
join(struct loading_basic *l, struct entry *e, struct str group)
{
    struct str *groups =
        arena_grown(&l->b->arena, (void *)(uintptr_t)e->user.groups,
                    e->user.n_groups, &e->cap, sizeof *groups);

    if (groups == NULL)
        return no_storage(l);
    e->user.groups = groups;
    groups[e->user.n_groups++] = group;
    return ERR_OK;
}

static enum err
add_members(struct loading_basic *l, const struct cfg_group *group,
            struct str name)
{
    struct table seen;
    enum err code = ERR_OK;

    table_init(&seen);
    for (size_t i = 0; code == ERR_OK && i < group->n_members; i++) {
        struct str member = str_trim(group->members[i].name);
        struct entry *e = table_get(&l->b->users, member);

        if (member.n == 0) {
            SAY(l, "CWWKS3102E", STR("A member element must define a name."));
        } else if (table_get(&seen, member) != NULL) {
            SAY(l, "CWWKS3106W", member, name);
        } else if (!table_put(&seen, member, l, NULL)) {
            code = no_storage(l);
        } else if (e == NULL) {
            SAY(l, "CWWKS3107W", member, name);
        } else {
            code = join(l, e, name);
        }
    }
    table_fini(&seen);
    return code;
}

/* A group that is there twice has nobody in it. */
static enum err
count_groups(struct loading_basic *l, struct table *times, unsigned *counts)
{
    const struct cfg_basic_registry *r = l->b->element;

    for (size_t i = 0; i < r->n_groups; i++) {
        struct str name = str_trim(r->groups[i].name);
        unsigned *n = table_get(times, name);

        if (n == NULL) {
            n = &counts[i];
            if (!table_put(times, name, n, NULL))
                return no_storage(l);
        } else if (*n == 1) {
            SAY(l, "CWWKS3105E", name);
        }
        (*n)++;
    }
    return ERR_OK;
}

static enum err
add_groups(struct loading_basic *l)
{
    const struct cfg_basic_registry *r = l->b->element;
    unsigned *counts = ARENA_ARRAY(&l->b->arena, unsigned, r->n_groups + 1);
    struct table times;
    enum err e;

    if (counts == NULL)
        return no_storage(l);
    table_init(&times);
    e = count_groups(l, &times, counts);
    for (size_t i = 0; e == ERR_OK && i < r->n_groups; i++) {
        struct str name = str_trim(r->groups[i].name);

        if (name.n == 0)
            SAY(l, "CWWKS3101E", STR("A group element must define a name."));
        else if (counts[i] == 1)
            e = add_members(l, &r->groups[i], name);
    }
    table_fini(&times);
    return e;
}

enum err
basic_new(const struct cfg_basic_registry *element, basic_say say, void *arg,
          struct basic **out, struct err_info *why)
{
    struct basic *b = calloc(1, sizeof *b);
    struct loading_basic l = { b, say, arg, why };
    enum err e = ERR_OK;

    if (b == NULL)
        return no_storage(&l);
    arena_init(&b->arena, BASIC_BYTES_MAX);
    table_init(&b->users);
    table_init(&b->folded);
    b->element = element;
    for (size_t i = 0; e == ERR_OK && i < element->n_users; i++)
        e = add_user(&l, &element->users[i]);
    if (e == ERR_OK && b->users.n == 0)
        SAY(&l, "CWWKS3103W", element->node.id);
    if (e == ERR_OK && element->ignore_case)
        e = fold_users(&l);
    if (e == ERR_OK)
        e = add_groups(&l);
    if (e == ERR_OK && str_eq_nocase_z(element->certificate_map_mode, "CUSTOM"))
        say(arg, "CWWKS3108W", NULL, 0);
    if (e == ERR_OK)
        *out = b;
    else
        basic_free(&b);
    return e;
}

void
basic_free(struct basic **at)
{
    struct basic *b = *at;

    *at = NULL;
    if (b == NULL)
        return;
    table_fini(&b->users);
    table_fini(&b->folded);
    arena_fini(&b->arena);
    free(b);
}

struct str
basic_realm(const struct basic *b)
{
    return b->element->realm;
}

bool
basic_is_slow(const struct basic *b)
{
    return b->slow_hash.n > 0;
}

/* --- checks -------------------------------------------------------------- */

/* Whatever their lengths, in the same time. */
static bool
is_same(struct str a, struct str b)
{
    unsigned char left[SHA512_DIGEST_LENGTH], right[SHA512_DIGEST_LENGTH];
    bool is_equal =
        EVP_Digest(a.p, a.n, left, NULL, EVP_sha512(), NULL) == 1 &&
        EVP_Digest(b.p, b.n, right, NULL, EVP_sha512(), NULL) == 1 &&
        CRYPTO_memcmp(left, right, sizeof left) == 0;

    OPENSSL_cleanse(left, sizeof left);
    OPENSSL_cleanse(right, sizeof right);
    return is_equal;
}

static struct entry *
find_typed(const struct basic *b, struct str name)
{
    char low[256];

    if (!b->element->ignore_case)
        return table_get(&b->users, name);
    if (name.n > sizeof low)
        return NULL;
    for (size_t i = 0; i < name.n; i++)
        low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z'
                     ? (char)(name.p[i] - 'A' + 'a')
                     : name.p[i];
    return table_get(&b->folded, str_n(low, name.n));
}

const struct basic_user *
basic_check(const struct basic *b, struct str name, struct str password)
{
    struct entry *e = find_typed(b, name);
    bool is_right = false, is_equal = false;

    if (e != NULL && e->is_refused)
        e = NULL;
    if (e != NULL && e->is_hash) {
        if (password_check_hash(e->password, password, &is_right, NULL) !=
            ERR_OK)
            is_right = false;
    } else {
        is_equal = is_same(e == NULL ? STR("") : e->password, password);
        is_right = e != NULL && is_equal;
        /* for the time it takes */
        if (b->slow_hash.n > 0)
            IGNORE(
                password_check_hash(b->slow_hash, password, &is_equal, NULL));
    }
    return is_right ? &e->user : NULL;
}

const struct basic_user *
basic_find(const struct basic *b, struct str name)
{
    const struct entry *e = table_get(&b->users, name);

    return e == NULL || e->is_refused ? NULL : &e->user;
}

/* --- certificates -------------------------------------------------------- */

static void
print_subject(const X509 *x, char subject[512])
{
    BIO *out = BIO_new(BIO_s_mem());
    int n = 0;

    if (out != NULL &&
        X509_NAME_print_ex(out, X509_get_subject_name(x), 0,
                           XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
        n = BIO_read(out, subject, 511);
    subject[n < 0 ? 0 : n] = '\0';
    BIO_free(out);
}

/* The last CN of the encoding is the first one of RFC 2253. */
static const struct basic_user *
user_of_cn(const struct basic *b, const X509 *x)
{
    const X509_NAME *name = X509_get_subject_name(x);
    const struct basic_user *user = NULL;
    unsigned char *text = NULL;
    int at = -1, last = -1, n;

    while ((at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
        last = at;
    if (last < 0)
        return NULL;
    n = ASN1_STRING_to_UTF8(
        &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
    if (n > 0)
        user = basic_find(b, str_n(text, (size_t)n));
    OPENSSL_free(text);
    return user;
}

enum basic_mapped
basic_map_certificate(const struct basic *b, struct str der,
                      const struct basic_user **out, char subject[512])
{
    struct str mode = b->element->certificate_map_mode;
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x;

    subject[0] = '\0';
    if (str_eq_nocase_z(mode, "CUSTOM"))
        return BASIC_NO_MAPPER;
    if (!str_eq_nocase_z(mode, "PRINCIPAL_CN"))
        return BASIC_IGNORED;
    x = d2i_X509(NULL, &p, (long)der.n);
    if (x == NULL)
        return BASIC_NO_NAME;
    *out = user_of_cn(b, x);
    if (*out == NULL)
        print_subject(x, subject);
    X509_free(x);
    return *out == NULL ? BASIC_NO_NAME : BASIC_MAPPED;
}
