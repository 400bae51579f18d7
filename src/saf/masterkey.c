#include "saf/masterkey.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/secret.h"

#define MAGIC "SPTMK1\n"
#define FILE_MAX 4096u

/* --- sources ------------------------------------------------------------ */

static const struct {
    const char *prefix;
    enum master_kind kind;
} kinds[] = {
    { "keyring:user:", MASTER_USER },
    { "keyring:session:", MASTER_SESSION },
    { "pkcs11:", MASTER_PKCS11 },
};

static bool
is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] > '~')
            return false;
    return name.n > 0 && name.n <= MASTER_NAME_MAX;
}

enum err
master_source_parse(struct str text, struct master_source *out,
                    struct err_info *why)
{
    if (str_eq_z(text, "file")) {
        *out = (struct master_source){ .kind = MASTER_FILE, .text = text };
        return ERR_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct str name = str_sub(text, strlen(kinds[i].prefix), text.n);

        if (str_starts(text, str_of(kinds[i].prefix)) && is_name(name)) {
            *out = (struct master_source){ kinds[i].kind, name, text };
            return ERR_OK;
        }
    }
    return err_set(why, ERR_SYNTAX,
                   "\"" STR_FMT "\" is no place of the master key; expected "
                   "file, keyring:user:NAME, keyring:session:NAME or "
                   "pkcs11:LABEL (1 to %u characters without blanks)",
                   STR_ARG(str_sub(text, 0, 80)), MASTER_NAME_MAX);
}

/* --- keyring ------------------------------------------------------------ */

static long
keyctl(int what, unsigned long a, unsigned long b, unsigned long c)
{
    return syscall(SYS_keyctl, what, a, b, c, 0ul);
}

static enum err
keyring_refused(const struct master_source *s, struct err_info *why)
{
    const char *ring = s->kind == MASTER_USER ? "user" : "session";

    if (errno == ENOKEY || errno == EKEYEXPIRED || errno == EKEYREVOKED)
        return err_set(why, ERR_NOT_FOUND,
                       "the %s keyring has no key %s" STR_FMT
                       "; load it: keyctl padd user " STR_FMT " %s < file",
                       ring,
                       errno == EKEYEXPIRED   ? "in force "
                       : errno == EKEYREVOKED ? "that is not revoked "
                                              : "",
                       STR_ARG(s->name), STR_ARG(s->name),
                       s->kind == MASTER_USER ? "@u" : "@s");
    if (errno == EACCES || errno == EPERM)
        return err_set(why, ERR_DENIED,
                       "key " STR_FMT " of the %s keyring may not be read",
                       STR_ARG(s->name), ring);
    return err_sys(why, "the %s keyring", ring);
}

static int
hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool
read_hex(struct str text, unsigned char key[SEALING_KEY_BYTES])
{
    for (size_t i = 0; i < text.n; i++) {
        int digit = hex_digit(text.p[i]);

        if (digit < 0)
            return false;
        key[i / 2] = (unsigned char)(key[i / 2] << 4 | digit);
    }
    return true;
}

/* A key of the user keyring is read by who possesses it, so the keyring is
 * linked into this process's own first. */
static enum err
keyring_key(const struct master_source *s, unsigned char key[SEALING_KEY_BYTES],
            struct err_info *why)
{
    int32_t ring = s->kind == MASTER_USER ? KEY_SPEC_USER_KEYRING
                                          : KEY_SPEC_SESSION_KEYRING;
    char name[MASTER_NAME_MAX + 1], value[2 * SEALING_KEY_BYTES + 1];
    struct str text;
    enum err e = ERR_OK;
    long id, n;

    if (!str_copy_z(s->name, name, sizeof name))
        return err_set(why, ERR_LIMIT, "the key's name is too long");
    if (s->kind == MASTER_USER)
        (void)keyctl(KEYCTL_LINK, (unsigned long)ring,
                     (unsigned long)(long)KEY_SPEC_PROCESS_KEYRING, 0);
    id = keyctl(KEYCTL_SEARCH, (unsigned long)ring,
                (unsigned long)(uintptr_t) "user",
                (unsigned long)(uintptr_t)name);
    if (id < 0)
        return keyring_refused(s, why);
    n = keyctl(KEYCTL_READ, (unsigned long)id, (unsigned long)(uintptr_t)value,
               sizeof value);
    if (n < 0)
        return keyring_refused(s, why);
    text = str_n(value, (size_t)n < sizeof value ? (size_t)n : 0);
    if (text.n == 2 * SEALING_KEY_BYTES + 1 && text.p[text.n - 1] == '\n')
        text.n--;
    if (n == (long)SEALING_KEY_BYTES)
        memcpy(key, value, SEALING_KEY_BYTES);
    else if (text.n != 2 * SEALING_KEY_BYTES || !read_hex(text, key))
        e = err_set(why, ERR_SYNTAX,
                    "key " STR_FMT " of the keyring has %ld bytes; expected "
                    "32, or 64 hexadecimal digits",
                    STR_ARG(s->name), n);
    secret_wipe(value, sizeof value);
    return e;
}

/* --- wrapping ----------------------------------------------------------- */

static enum err
no_token(struct err_info *why)
{
    return err_set(why, ERR_UNSUPPORTED,
                   "no token is configured: token.module, token.label and "
                   "token.pin in etc/angel.conf");
}

/* To (closes) or from what stands in the file behind its first line. */
static enum err
pass(const struct master_source *s, struct token *token, bool closes,
     struct str in, struct buf *out, struct err_info *why)
{
    unsigned char other[SEALING_KEY_BYTES] = { 0 };
    char owner[sizeof "master:" + 2 * MASTER_NAME_MAX];
    struct str ad;
    enum err e;

    if (s->kind == MASTER_FILE) {
        buf_add(out, in);
        return buf_check(out, why);
    }
    if (s->kind == MASTER_PKCS11 && token == NULL)
        return no_token(why);
    if (s->kind == MASTER_PKCS11)
        return closes ? token_wrap(token, s->name, in, out, why)
                      : token_unwrap(token, s->name, in, out, why);
    ad = str_n(owner, (size_t)snprintf(owner, sizeof owner, "master:" STR_FMT,
                                       STR_ARG(s->text)));
    e = keyring_key(s, other, why);
    if (e == ERR_OK)
        e = closes ? sealing_close(other, in, ad, out, why)
                   : sealing_open(other, in, ad, out, why);
    if (e == ERR_DENIED && !closes)
        err_prefix(why, "key " STR_FMT " of the keyring is not the one",
                   STR_ARG(s->name));
    secret_wipe(other, sizeof other);
    return e;
}

static enum err
wrap(const struct master_source *s, struct token *token, struct str key,
     struct buf *out, struct err_info *why)
{
    if (s->kind != MASTER_FILE) {
        buf_add_z(out, MAGIC);
        buf_add(out, s->text);
        buf_add_char(out, '\n');
    }
    return pass(s, token, true, key, out, why);
}

/* --- the file ----------------------------------------------------------- */

enum err
master_file_parse(struct str file, struct master_source *s, struct str *wrapped,
                  struct err_info *why)
{
    struct reader in = reader_of(file);
    struct str rest, line;

    if (file.n == SEALING_KEY_BYTES) {
        *wrapped = file;
        return master_source_parse(STR("file"), s, why);
    }
    if (!reader_accept_str(&in, STR(MAGIC)))
        return err_set(why, ERR_SYNTAX,
                       "%zu bytes, expected %u or a wrapped key", file.n,
                       SEALING_KEY_BYTES);
    rest = reader_rest(&in);
    line = str_sub(rest, 0, str_find_char(rest, '\n'));
    *wrapped = str_sub(rest, line.n + 1, rest.n);
    return master_source_parse(line, s, why);
}

static enum err
read_key(struct str file, struct token *token, struct str want,
         unsigned char key[SEALING_KEY_BYTES], struct err_info *why)
{
    struct master_source s;
    struct str wrapped;
    struct buf plain;
    enum err e = master_file_parse(file, &s, &wrapped, why);

    if (e != ERR_OK)
        return e;
    if (want.n > 0 && !str_eq(want, s.text))
        return err_set(why, ERR_NOT_NOW,
                       "the master key is kept by " STR_FMT
                       ", etc/angel.conf says masterkey=" STR_FMT
                       "; sallyport db masterkey moves it",
                       STR_ARG(s.text), STR_ARG(want));
    buf_init(&plain, 256);
    e = pass(&s, token, false, wrapped, &plain, why);
    if (e == ERR_OK && plain.n != SEALING_KEY_BYTES)
        e = err_set(why, ERR_SYNTAX, "a master key of %zu bytes", plain.n);
    if (e == ERR_OK)
        memcpy(key, plain.p, SEALING_KEY_BYTES);
    if (plain.p != NULL)
        secret_wipe(plain.p, plain.n);
    buf_fini(&plain);
    return e;
}

/* Wrap, write and read back what was written, beside the old file. */
static enum err
write_key(const char *path, struct str source, struct token *token,
          const unsigned char key[SEALING_KEY_BYTES], struct err_info *why)
{
    unsigned char again[SEALING_KEY_BYTES];
    struct master_source s;
    struct buf file;
    enum err e = master_source_parse(source, &s, why);

    buf_init(&file, FILE_MAX);
    if (e == ERR_OK)
        e = wrap(&s, token, str_n(key, SEALING_KEY_BYTES), &file, why);
    if (e == ERR_OK)
        e = read_key(buf_view(&file), token, source, again, why);
    if (e == ERR_OK && memcmp(again, key, SEALING_KEY_BYTES) != 0)
        e = err_set(why, ERR_IO, STR_FMT ": what comes back is another key",
                    STR_ARG(source));
    if (e == ERR_OK)
        e = file_write_atomic(path, buf_view(&file), 0600, why);
    secret_wipe(again, sizeof again);
    if (file.p != NULL)
        secret_wipe(file.p, file.n);
    buf_fini(&file);
    return e;
}

static enum err
load(const char *path, struct buf *file, struct err_info *why)
{
    buf_init(file, FILE_MAX);
    return file_read(path, file, why);
}

static void
unload(struct buf *file)
{
    if (file->p != NULL)
        secret_wipe(file->p, file->n);
    buf_fini(file);
}

enum err
master_source_of(const char *path, struct buf *out, struct err_info *why)
{
    struct master_source s;
    struct str wrapped;
    struct buf file;
    enum err e = load(path, &file, why);

    if (e == ERR_OK &&
        (e = master_file_parse(buf_view(&file), &s, &wrapped, why)) != ERR_OK)
        err_prefix(why, "%s", path);
    if (e == ERR_OK)
        buf_add(out, s.text);
    unload(&file);
    return e;
}

enum err
master_key_open(const char *path, struct str source, struct token *token,
                unsigned char key[SEALING_KEY_BYTES], struct err_info *why)
{
    struct buf file;
    enum err e = load(path, &file, why);

    if (e == ERR_NOT_FOUND) {
        e = RAND_priv_bytes(key, (int)SEALING_KEY_BYTES) == 1
                ? write_key(path, source.n > 0 ? source : STR("file"), token,
                            key, why)
                : err_set(why, ERR_IO, "no random numbers");
    } else if (e == ERR_OK) {
        e = read_key(buf_view(&file), token, source, key, why);
    }
    if (e != ERR_OK)
        err_prefix(why, "%s", path);
    unload(&file);
    return e;
}

enum err
master_key_move(const char *path, struct str source, struct token *token,
                struct err_info *why)
{
    unsigned char key[SEALING_KEY_BYTES];
    struct buf file;
    enum err e = load(path, &file, why);

    if (e == ERR_OK)
        e = read_key(buf_view(&file), token, STR(""), key, why);
    if (e == ERR_OK)
        e = write_key(path, source, token, key, why);
    if (e != ERR_OK)
        err_prefix(why, "%s", path);
    secret_wipe(key, sizeof key);
    unload(&file);
    return e;
}
