#include "gateway/key_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "gateway/placed.h"

#define PASSWORD_MIN 6u
#define WARN_DAYS 60 /* [unverified] */
#define OUTPUT_FOLDER "${server.output.dir}resources/security/"
#define STORE_P12 OUTPUT_FOLDER "key.p12"
#define STORE_JKS OUTPUT_FOLDER "key.jks"
#define PASSWORD_ENV "keystore_password"
#define OWN_MAX 64u

static bool
is_default(const struct cfg_key_store *store)
{
    return str_eq_z(store->node.id, KEY_STORE_DEFAULT);
}

bool
key_files_is_file(const struct cfg_key_store *store)
{
    enum keystore_type type;

    return !str_starts_nocase(store->location, STR("safkeyring")) &&
           (keystore_type_of(store->type, &type) || is_default(store));
}

/* ---- where it is ---- */

static bool
exists(struct str path)
{
    char text[4096];

    return str_copy_z(path, text, sizeof text) && access(text, F_OK) == 0;
}

static struct str
expand(struct arena *arena, const struct cfg_tree *tree, struct str text)
{
    struct str out = { 0 };

    if (cfg_expand(tree, arena, text, &out, NULL) != ERR_OK)
        return STR("");
    return out;
}

/* As given, then below the configuration's folder, then below the output's. */
static struct str
find_file(struct arena *arena, const struct cfg_tree *tree, struct str location)
{
    static const char *const folders[] = {
        "${server.config.dir}resources/security/",
        OUTPUT_FOLDER,
    };

    if (exists(location))
        return location;
    for (size_t i = 0; i < ARRAY_LEN(folders) && location.p[0] != '/'; i++) {
        struct str folder = expand(arena, tree, str_of(folders[i]));
        struct str at =
            str_fmt(arena, STR_FMT STR_FMT, STR_ARG(folder), STR_ARG(location));

        if (at.n > 0 && exists(at))
            return at;
    }
    return STR("");
}

static bool
ends_nocase(struct str s, const char *end)
{
    struct str tail = str_of(end);

    return s.n >= tail.n && str_eq_nocase(str_sub(s, s.n - tail.n, s.n), tail);
}

/* Where the default store is when nobody said: an old key.jks goes on. */
static struct str
default_path(struct arena *arena, const struct cfg_tree *tree,
             struct messages_log *log, const struct cfg_key_store *store,
             enum keystore_type *type)
{
    struct str p12 = expand(arena, tree, STR(STORE_P12));
    struct str jks = expand(arena, tree, STR(STORE_JKS));
    bool has_jks = exists(jks);

    if (has_jks && exists(p12))
        MESSAGES_LOG0(log, KEY_FILES_LOGGER, "CWPKI0822W");
    if (has_jks || str_eq_nocase_z(store->type, "JKS")) {
        *type = KEYSTORE_JKS;
        return jks;
    }
    return p12;
}

/* Where the default store of that location is made. */
static struct str
place_to_make(struct arena *arena, const struct cfg_tree *tree,
              struct str location)
{
    struct str folder = expand(arena, tree, STR(OUTPUT_FOLDER));

    return location.p[0] == '/' ? location
                                : str_fmt(arena, STR_FMT STR_FMT,
                                          STR_ARG(folder), STR_ARG(location));
}

static struct str
path_of(struct arena *arena, const struct cfg_tree *tree,
        struct messages_log *log, const struct cfg_key_store *store,
        enum keystore_type *type)
{
    struct str found;

    if (!keystore_type_of(store->type, type))
        *type = KEYSTORE_PKCS12;
    if (store->location.n == 0 || (is_default(store) && *type == KEYSTORE_JKS &&
                                   ends_nocase(store->location, "/key.p12")))
        return default_path(arena, tree, log, store, type);
    if (*type == KEYSTORE_PKCS12 && ends_nocase(store->location, ".jks"))
        *type = KEYSTORE_JKS;
    else if (*type == KEYSTORE_PKCS12 && ends_nocase(store->location, ".jceks"))
        *type = KEYSTORE_JCEKS;
    found = find_file(arena, tree, store->location);
    return found.n == 0 && is_default(store)
               ? place_to_make(arena, tree, store->location)
               : found;
}

/* ---- making the default one ---- */

static void
host_name(char *out, size_t cap)
{
    if (gethostname(out, cap) != 0 || out[0] == '\0')
        snprintf(out, cap, "localhost");
    out[cap - 1] = '\0';
}

static enum err
write_store(struct arena *arena, struct str path, struct str bytes,
            struct err_info *why)
{
    char *at = str_z(arena, path);
    char *folder = str_z(arena, str_sub(path, 0, str_rfind_char(path, '/')));
    enum err e;

    if (at == NULL || folder == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a path");
    e = dir_make(folder, 0750, why);
    return e != ERR_OK ? e : file_write_atomic(at, bytes, 0600, why);
}

static enum err
make_store(struct arena *arena, const struct cfg_tree *tree,
           struct messages_log *log, const struct cfg_key_store *store,
           struct str password, struct str path, struct err_info *why)
{
    uint64_t began_ms = clock_mono_ms();
    char host[256], seconds[32];
    struct buf bytes;
    enum err e;

    if (password.n < PASSWORD_MIN) {
        placed_msg(log, KEY_FILES_LOGGER, PLACE(&store->node, "password"),
                   "CWPKI0808E", NULL, 0);
        return err_set(why, ERR_DENIED, "the password is too short");
    }
    MESSAGES_LOG0(log, KEY_FILES_LOGGER, "CWPKI0802I");
    host_name(host, sizeof host);
    buf_init(&bytes, KEYSTORE_BYTES_MAX);
    e = keystore_create(str_of(host),
                        expand(arena, tree, STR("${wlp.server.name}")),
                        password, &bytes, why);
    if (e == ERR_OK)
        e = write_store(arena, path, buf_view(&bytes), why);
    buf_fini(&bytes);
    if (e != ERR_OK) {
        MESSAGES_LOG(log, KEY_FILES_LOGGER, "CWPKI0804E", str_of(why->text));
        return e;
    }
    snprintf(seconds, sizeof seconds, "%.3f",
             (double)(clock_mono_ms() - began_ms) / 1000);
    MESSAGES_LOG(log, KEY_FILES_LOGGER, "CWPKI0803A", str_of(seconds), path);
    return ERR_OK;
}

bool
key_files_default(struct cfg_key_store *out)
{
    char *password = getenv(PASSWORD_ENV);

    if (password == NULL || password[0] == '\0')
        return false;
    *out = (struct cfg_key_store){
        .node = { .id = STR(KEY_STORE_DEFAULT) },
        .type = STR("PKCS12"),
        .file_based = true,
    };
    return true;
}

/* ---- reading ---- */

static struct str
password_of(struct messages_log *log, const struct cfg_key_store *store)
{
    static bool is_said; /* at the start, not at each update */
    const char *password = getenv(PASSWORD_ENV);

    if (store->has_password || !is_default(store) || password == NULL)
        return secret_view(&store->password);
    if (!is_said)
        MESSAGES_LOG0(log, KEY_FILES_LOGGER, "CWPKI0820A");
    is_said = true;
    return str_of(password);
}

static enum err
read_file(struct arena *arena, const struct cfg_key_store *store,
          struct keystore_input *from, struct str path, struct keystore *out,
          struct err_info *why)
{
    struct keystore_password own[OWN_MAX];
    const char *at = str_z(arena, path);
    struct buf file;
    enum err e;

    if (at == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a path");
    if (store->n_key_entries > OWN_MAX)
        return err_set(why, ERR_LIMIT, "more than %u keyEntry", OWN_MAX);
    for (size_t i = 0; i < store->n_key_entries; i++)
        own[i] = (struct keystore_password){
            store->key_entries[i].name,
            secret_view(&store->key_entries[i].key_password)
        };
    from->own = own;
    from->n_own = store->n_key_entries;
    buf_init(&file, KEYSTORE_BYTES_MAX);
    e = file_read(at, &file, why);
    from->bytes = buf_view(&file);
    if (e == ERR_OK)
        e = keystore_read(from, out, why);
    from->own = NULL; /* both end here */
    from->n_own = 0;
    from->bytes = STR("");
    if (file.p != NULL)
        secret_wipe(file.p, file.n);
    buf_fini(&file);
    return e;
}

/* The store is sound, but no configuration can use it. */
static enum err
say_locked(struct messages_log *log, const struct cfg_key_store *store,
           struct str path, const struct keystore_refusal *refusal,
           const struct err_info *why)
{
    if (refusal->has_own)
        MESSAGES_LOG(log, KEY_FILES_LOGGER, "CWPKI0812E", refusal->alias,
                     store->node.id, str_of(why->text));
    else
        MESSAGES_LOG(log, KEY_FILES_LOGGER, "CWPKI0813E", path,
                     str_of(why->text));
    return ERR_DENIED;
}

static enum err
say_unusable(struct messages_log *log, const struct cfg_key_store *store,
             struct str path, enum err e, const struct err_info *why)
{
    PLACED_LOG(log, KEY_FILES_LOGGER, PLACE(&store->node, "location"),
               "CWPKI0033E", path.n > 0 ? path : store->location,
               str_of(why->text));
    PLACED_LOG(log, KEY_FILES_LOGGER, PLACE(&store->node, NULL), "CWPKI0809W",
               store->node.id, store->node.id);
    return e;
}

/* A slip of the pen in a keyEntry: its password opens nothing. */
static void
say_unused(struct messages_log *log, const struct cfg_key_store *store,
           const struct keystore *read)
{
    for (size_t i = 0; i < store->n_key_entries; i++) {
        struct str name = store->key_entries[i].name;
        size_t k = 0;

        while (k < read->n && !str_eq_nocase(read->entries[k].alias, name))
            k++;
        if (k == read->n)
            PLACED_LOG(log, KEY_FILES_LOGGER,
                       PLACE(&store->key_entries[i].node, "name"), "SPT0495W",
                       name, store->node.id);
    }
}

enum err
key_files_read(struct arena *arena, const struct cfg_tree *tree,
               struct messages_log *log, bool is_check,
               const struct cfg_key_store *store, struct keystore *out,
               struct str *path, struct err_info *why)
{
    struct keystore_refusal refusal = { .is_key = false };
    struct keystore_input from = { .type = KEYSTORE_PKCS12,
                                   .refusal = &refusal };
    struct err_info own = { 0 };
    enum err e = ERR_OK;

    if (why == NULL)
        why = &own;
    from.password = password_of(log, store);
    from.has_password = store->has_password || from.password.n > 0;
    *path = path_of(arena, tree, log, store, &from.type);
    if (is_default(store) && !from.has_password) {
        MESSAGES_LOG0(log, KEY_FILES_LOGGER, "CWPKI0819I");
        return err_set(why, ERR_NOT_FOUND,
                       "the default keystore has no password");
    }
    if (path->n > 0 && is_default(store) && !exists(*path) &&
        from.type != KEYSTORE_JCEKS && !store->read_only)
        e = is_check && from.password.n >= PASSWORD_MIN
                ? ERR_NOT_NOW
                : make_store(arena, tree, log, store, from.password, *path,
                             why);
    if (e == ERR_NOT_NOW)
        return err_set(why, e, "the default keystore is made at start");
    if (e != ERR_OK)
        return say_unusable(log, store, *path, e, why);
    if (path->n == 0) {
        PLACED_LOG(log, KEY_FILES_LOGGER, PLACE(&store->node, "location"),
                   "CWPKI0807W", store->location, store->node.id);
        e = err_set(why, ERR_NOT_FOUND, "there is no such file");
    } else {
        e = read_file(arena, store, &from, *path, out, why);
    }
    if (refusal.is_key)
        return say_locked(log, store, *path, &refusal, why);
    if (e == ERR_OK)
        say_unused(log, store, out);
    return e == ERR_OK ? e : say_unusable(log, store, *path, e, why);
}

/* ---- certificates from the environment ---- */

bool
key_files_extra(struct messages_log *log, struct str id, struct keystore *to)
{
    struct keystore_input from = { .type = KEYSTORE_PEM };
    char name[200];
    struct err_info why = { 0 };
    const char *value;
    struct buf file;
    enum err e = ERR_OK;

    if (snprintf(name, sizeof name, "cert_" STR_FMT, STR_ARG(id)) >=
            (int)sizeof name ||
        (value = getenv(name)) == NULL || value[0] == '\0')
        return false;
    buf_init(&file, KEYSTORE_BYTES_MAX);
    from.bytes = str_of(value);
    if (!str_starts(from.bytes, STR("-----BEGIN CERTIFICATE-----"))) {
        e = file_read(value, &file, &why);
        from.bytes = buf_view(&file);
    }
    if (e == ERR_OK)
        e = keystore_read_certificates(from.bytes, to, &why);
    buf_fini(&file);
    if (e != ERR_OK)
        MESSAGES_LOG(log, KEY_FILES_LOGGER, "CWPKI0826W", str_of(name), id,
                     str_of(why.text));
    for (size_t i = 0; e == ERR_OK && i < to->n; i++) {
        char subject[256];

        if (keystore_subject(to->entries[i].der, subject, sizeof subject))
            MESSAGES_LOG(log, KEY_FILES_LOGGER, "CWPKI0830I", str_of(subject),
                         str_of(name), id);
    }
    return e == ERR_OK;
}

/* ---- dates ---- */

void
key_files_check_date(struct messages_log *log, struct str store_id,
                     struct str alias, struct str der)
{
    int64_t days;
    char text[24];

    if (!keystore_days_left(der, (int64_t)(clock_wall_ms() / 1000), &days))
        return;
    if (days < 0) {
        MESSAGES_LOG(log, KEY_FILES_LOGGER, "CWPKI0017E", STR(""), alias,
                     store_id);
    } else if (days <= WARN_DAYS) {
        snprintf(text, sizeof text, "%lld", (long long)days);
        MESSAGES_LOG(log, KEY_FILES_LOGGER, "CWPKI0016W", alias, store_id,
                     str_of(text));
    }
}
