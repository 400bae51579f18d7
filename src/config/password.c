/* Which encoding a password has, and secrets that stand elsewhere. */
#include "config/password_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse/base64.h"

#define XOR_BYTE 0x5F

static enum err
no_storage(struct err_info *why)
{
    return err_set(why, ERR_MEMORY, "no storage for a password");
}

bool
password_split(struct str text, struct str *tag, struct str *payload)
{
    struct str all = str_trim(text);
    size_t end = str_find_char(all, '}');

    if (all.n == 0 || all.p[0] != '{' || end == STR_NPOS)
        return false;
    *tag = str_trim(str_sub(all, 1, end));
    *payload = str_trim(str_sub(all, end + 1, all.n));
    return true;
}

enum err
password_payload(const char *tag, struct str text, struct secret *out,
                 struct err_info *why)
{
    unsigned char *bytes;
    size_t n = 0;

    if (text.n > 2 * PASSWORD_BYTES_MAX)
        return err_set(why, ERR_LIMIT, "the {%s} value is longer than %u bytes",
                       tag, 2 * PASSWORD_BYTES_MAX);
    bytes = malloc(base64_decoded_max(text.n) + 1);
    if (bytes == NULL)
        return no_storage(why);
    if (base64_decode(text, BASE64_STANDARD, (char *)bytes, &n, NULL) !=
        ERR_OK) {
        secret_wipe(bytes, base64_decoded_max(text.n));
        free(bytes);
        return err_set(why, ERR_SYNTAX, "the {%s} value is not Base64", tag);
    }
    bytes[n] = '\0';
    *out = (struct secret){ bytes, n };
    return ERR_OK;
}

void
password_put(struct buf *out, const char *tag, struct str bytes)
{
    buf_printf(out, "{%s}", tag);
    base64_encode(out, bytes, BASE64_STANDARD);
}

/* ---- {xor}, {aes} ---- */

static enum err
open_xor(struct str payload, struct secret *out, struct err_info *why)
{
    enum err e = password_payload("xor", payload, out, why);

    for (size_t i = 0; e == ERR_OK && i < out->n; i++)
        out->p[i] ^= XOR_BYTE;
    return e;
}

enum err
password_make_xor(struct str plain, struct buf *out, struct err_info *why)
{
    struct secret mixed;

    if (!secret_dup(plain, &mixed))
        return no_storage(why);
    for (size_t i = 0; i < mixed.n; i++)
        mixed.p[i] ^= XOR_BYTE;
    password_put(out, "xor", secret_view(&mixed));
    secret_free(&mixed);
    return buf_check(out, why);
}

/* ---- elsewhere ---- */

/* Directory variables end with a slash: ${server.config.dir}/x has two. */
static void
squeeze(char *path)
{
    char *to = path;

    for (const char *from = path; *from != '\0'; from++)
        if (*from != '/' || from[1] != '/')
            *to++ = *from;
    *to = '\0';
}

bool
password_file(struct str text, char *path, size_t cap)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    struct str tag, payload;
    int n;

    if (!password_split(text, &tag, &payload))
        return false;
    if (str_eq_nocase_z(tag, "file")) {
        if (payload.n == 0 || payload.p[0] != '/' ||
            !str_copy_z(payload, path, cap))
            return false;
        squeeze(path);
        return true;
    }
    if (!str_eq_nocase_z(tag, "cred") || folder == NULL || folder[0] != '/' ||
        payload.n == 0 || payload.p[0] == '.' || payload.n > 255 ||
        str_find_char(payload, '/') != STR_NPOS)
        return false;
    n = snprintf(path, cap, "%s/" STR_FMT, folder, STR_ARG(payload));
    return n > 0 && (size_t)n < cap && strlen(path) == (size_t)n;
}

/* The last line end of a file is an editor's, not the password's. */
static struct str
without_line_end(struct str text)
{
    if (str_ends(text, STR("\r\n")))
        return str_sub(text, 0, text.n - 2);
    return str_ends(text, STR("\n")) ? str_sub(text, 0, text.n - 1) : text;
}

static enum err
read_open_file(int fd, const char *path, struct secret *out,
               struct err_info *why)
{
    unsigned char bytes[PASSWORD_BYTES_MAX + 1];
    struct stat st;
    size_t n = 0;
    ssize_t got = 1;
    enum err e = ERR_OK;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(why, ERR_NOT_FOUND, "%s is not an ordinary file", path);
    while (n < sizeof bytes && got != 0) {
        got = read(fd, bytes + n, sizeof bytes - n);
        if (got < 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        e = err_sys(why, "%s", path);
    else if (n > PASSWORD_BYTES_MAX)
        e = err_set(why, ERR_LIMIT, "%s is longer than %u bytes", path,
                    PASSWORD_BYTES_MAX);
    else if (!secret_dup(without_line_end(str_n(bytes, n)), out))
        e = no_storage(why);
    secret_wipe(bytes, sizeof bytes);
    return e;
}

/* Links are followed, as Kubernetes mounts its secrets behind some; a pipe or
 * a device would make the server wait. */
static enum err
from_file(struct str text, const char *what, struct secret *out,
          struct err_info *why)
{
    char path[4096];
    enum err e;
    int fd;

    if (!password_file(text, path, sizeof path))
        return err_set(why, ERR_NOT_FOUND, "%s", what);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_sys(why, "%s", path);
    e = read_open_file(fd, path, out, why);
    close(fd);
    return e;
}

static enum err
from_environment(struct str name, struct secret *out, struct err_info *why)
{
    char text[256];
    const char *value = NULL;

    if (name.n > 0 && str_find_char(name, '=') == STR_NPOS &&
        str_copy_z(name, text, sizeof text))
        value = getenv(text);
    if (value == NULL)
        return err_set(why, ERR_NOT_FOUND,
                       "{env}" STR_FMT ": no such environment variable",
                       STR_ARG(str_sub(name, 0, 60)));
    if (!secret_dup(str_of(value), out))
        return no_storage(why);
    return ERR_OK;
}

enum err
password_fetch(struct str text, struct secret *out, struct err_info *why)
{
    struct str tag, payload;

    if (!password_split(text, &tag, &payload))
        return ERR_AGAIN;
    if (str_eq_nocase_z(tag, "file"))
        return from_file(text, "{file} wants an absolute path", out, why);
    if (str_eq_nocase_z(tag, "env"))
        return from_environment(payload, out, why);
    if (str_eq_nocase_z(tag, "cred"))
        return from_file(text,
                         "{cred} wants a credential's name and the variable "
                         "CREDENTIALS_DIRECTORY, which systemd sets",
                         out, why);
    return ERR_AGAIN;
}

/* ---- reading ---- */

static enum err
open_text(struct str text, struct str key, struct secret *out,
          struct err_info *why)
{
    struct str tag, payload;
    struct secret bytes;
    enum err e;

    if (!password_split(text, &tag, &payload))
        return secret_dup(text, out) ? ERR_OK : no_storage(why);
    if (tag.n == 0 || payload.n == 0)
        return secret_dup(payload, out) ? ERR_OK : no_storage(why);
    if (str_eq_nocase_z(tag, "xor"))
        return open_xor(payload, out, why);
    if (str_eq_nocase_z(tag, "hash"))
        return err_set(why, ERR_UNSUPPORTED,
                       "a {hash} value cannot be turned back into a password");
    if (str_eq_nocase_z(tag, "file") || str_eq_nocase_z(tag, "env") ||
        str_eq_nocase_z(tag, "cred"))
        return err_set(why, ERR_UNSUPPORTED,
                       "what is fetched from a file, variable or credential is "
                       "again a {" STR_FMT "} value, which is not followed "
                       "(expected {xor}, {aes} or plain text there)",
                       STR_ARG(tag));
    if (!str_eq_nocase_z(tag, "aes"))
        return err_set(why, ERR_UNSUPPORTED,
                       "passwords encoded with {" STR_FMT
                       "} cannot be decoded here (expected {xor}, {aes}, "
                       "{file}, {env}, {cred} or plain text)",
                       STR_ARG(str_sub(tag, 0, 20)));
    e = password_payload("aes", payload, &bytes, why);
    if (e == ERR_OK) {
        e = password_open_aes(secret_view(&bytes), key, out, why);
        secret_free(&bytes);
    }
    return e;
}

/* The key may stand elsewhere; nothing may lead to a third place. */
static enum err
open_with_key(struct str text, struct str key, struct secret *out,
              struct err_info *why)
{
    struct secret fetched;
    struct str tag, payload;
    enum err e;

    if (!password_split(text, &tag, &payload) || !str_eq_nocase_z(tag, "aes"))
        return open_text(text, key, out, why);
    e = password_fetch(key, &fetched, why);
    if (e == ERR_AGAIN)
        return open_text(text, key, out, why);
    if (e != ERR_OK) {
        err_prefix(why, "wlp.password.encryption.key");
        return e;
    }
    e = open_text(text, secret_view(&fetched), out, why);
    secret_free(&fetched);
    return e;
}

enum err
password_decode(struct str text, struct str key, struct secret *out,
                struct err_info *why)
{
    struct secret fetched;
    enum err e = password_fetch(text, &fetched, why);

    if (e == ERR_AGAIN)
        return open_with_key(text, key, out, why);
    if (e != ERR_OK)
        return e;
    e = open_with_key(secret_view(&fetched), key, out, why);
    secret_free(&fetched);
    return e;
}
