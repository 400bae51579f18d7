#include "saf/angelconf.h"

#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "saf/masterkey.h"
#include "saf/pkcs11.h"

#define CONF_MAX (64u * 1024u)
#define PIN_MAX 255u

static enum err
read_pin(struct arena *a, struct str path, struct str *pin,
         struct err_info *why)
{
    const char *z = str_z(a, path);
    struct stat st;
    struct buf file;
    struct str text;
    enum err e;

    if (stat(z, &st) != 0)
        return err_sys(why, "%s", z);
    if ((st.st_mode & 077) != 0 || (st.st_uid != geteuid() && st.st_uid != 0))
        return err_set(why, ERR_DENIED,
                       "%s: mode %03o, uid %u; a PIN's file is its owner's "
                       "alone (chmod 600, chown to uid %u)",
                       z, (unsigned)(st.st_mode & 0777), (unsigned)st.st_uid,
                       (unsigned)geteuid());
    buf_init(&file, PIN_MAX + 2u);
    e = file_read(z, &file, why);
    text = str_trim_right(buf_view(&file));
    if (e == ERR_OK && text.n == 0)
        e = err_set(why, ERR_SYNTAX, "%s: no PIN in it", z);
    if (e == ERR_OK)
        *pin = str_dup(a, text);
    if (file.p != NULL)
        secret_wipe(file.p, file.n);
    buf_fini(&file);
    return e;
}

static enum err
find_group(struct arena *a, struct angel_conf *c, struct err_info *why)
{
    struct str value = c->group;
    const struct group *g = getgrnam(str_z(a, value));

    if (g == NULL || g->gr_gid == 0)
        return err_set(why, ERR_NOT_FOUND,
                       "token.group=" STR_FMT ": expected a group that is "
                       "there, and not root's",
                       STR_ARG(value));
    c->gid = g->gr_gid;
    return ERR_OK;
}

static enum err
keep(struct arena *a, struct str value, struct str *out, struct err_info *why)
{
    *out = str_dup(a, value);
    return out->n == value.n ? ERR_OK : err_set(why, ERR_MEMORY, "no storage");
}

/* Texts are taken as they are; files and groups are looked at later. */
static enum err
set(struct arena *a, struct str name, struct str value, struct angel_conf *c,
    struct err_info *why)
{
    struct master_source ignored;

    if (value.n == 0)
        return err_set(why, ERR_SYNTAX, STR_FMT "= has no value",
                       STR_ARG(name));
    if (str_eq_z(name, "masterkey")) {
        enum err e = master_source_parse(value, &ignored, why);

        return e == ERR_OK ? keep(a, value, &c->masterkey, why) : e;
    }
    if (str_eq_z(name, "token.module")) {
        if (value.p[0] != '/')
            return err_set(why, ERR_SYNTAX,
                           "token.module=" STR_FMT ": expected a path from /",
                           STR_ARG(value));
        c->module = str_z(a, value);
        return ERR_OK;
    }
    if (str_eq_z(name, "token.label")) {
        c->token = str_dup(a, value);
        return value.n <= P11_TOKEN_MAX
                   ? ERR_OK
                   : err_set(why, ERR_LIMIT,
                             "token.label has %zu characters, at most %u",
                             value.n, P11_TOKEN_MAX);
    }
    if (str_eq_z(name, "token.pin"))
        return keep(a, value, &c->pin_file, why);
    if (str_eq_z(name, "token.sopin"))
        return keep(a, value, &c->so_pin_file, why);
    if (str_eq_z(name, "token.group"))
        return keep(a, value, &c->group, why);
    if (str_eq_z(name, "token.env")) {
        size_t at = str_find_char(value, '=');

        if (at == STR_NPOS || at == 0 || c->n_env == ANGEL_CONF_ENVS)
            return err_set(why, ERR_SYNTAX,
                           "token.env=" STR_FMT ": expected NAME=value, at "
                           "most %u of them",
                           STR_ARG(value), ANGEL_CONF_ENVS);
        c->env[c->n_env++] = str_z(a, value);
        return ERR_OK;
    }
    return err_set(why, ERR_SYNTAX,
                   "\"" STR_FMT "\" is no setting; expected masterkey, "
                   "token.module, token.label, token.pin, token.sopin, "
                   "token.group or token.env",
                   STR_ARG(str_sub(name, 0, 40)));
}

static enum err
is_complete(const struct angel_conf *c, struct err_info *why)
{
    if (c->module == NULL && c->token.n == 0 && c->pin_file.n == 0)
        return ERR_OK;
    if (c->module != NULL && c->token.n > 0 && c->pin_file.n > 0)
        return ERR_OK;
    return err_set(why, ERR_SYNTAX,
                   "token.module, token.label and token.pin go together; %s "
                   "is missing",
                   c->module == NULL ? "token.module"
                   : c->token.n == 0 ? "token.label"
                                     : "token.pin");
}

enum err
angel_conf_parse(struct arena *a, struct str text, const char *name,
                 struct angel_conf *out, struct err_info *why)
{
    struct angel_conf c = { .module = NULL };
    struct str line;
    enum err e = ERR_OK;

    for (unsigned n = 1; e == ERR_OK && str_line(&text, &line); n++) {
        size_t at;

        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        at = str_find_char(line, '=');
        if (str_find_char(line, '\0') != STR_NPOS)
            e = err_set(why, ERR_SYNTAX, "a NUL in a line of text");
        else
            e = at == STR_NPOS
                    ? err_set(why, ERR_SYNTAX, "expected name=value")
                    : set(a, str_trim(str_sub(line, 0, at)),
                          str_trim(str_sub(line, at + 1, line.n)), &c, why);
        if (e != ERR_OK)
            err_prefix(why, "%s:%u", name, n);
    }
    if (e == ERR_OK && (e = is_complete(&c, why)) != ERR_OK)
        err_prefix(why, "%s", name);
    if (e == ERR_OK)
        *out = c;
    return e;
}

enum err
angel_conf_read(struct arena *a, const char *path, struct angel_conf *out,
                struct err_info *why)
{
    struct angel_conf c = { .module = NULL };
    struct buf file;
    enum err e;

    *out = c;
    buf_init(&file, CONF_MAX);
    e = file_read(path, &file, why);
    if (e == ERR_NOT_FOUND) {
        buf_fini(&file);
        return ERR_OK;
    }
    if (e == ERR_OK)
        e = angel_conf_parse(a, buf_view(&file), path, &c, why);
    buf_fini(&file);
    if (e == ERR_OK && c.pin_file.n > 0 &&
        (e = read_pin(a, c.pin_file, &c.pin, why)) != ERR_OK)
        err_prefix(why, "%s", path);
    if (e == ERR_OK && c.so_pin_file.n > 0 &&
        (e = read_pin(a, c.so_pin_file, &c.so_pin, why)) != ERR_OK)
        err_prefix(why, "%s", path);
    if (e == ERR_OK && c.group.n > 0 && (e = find_group(a, &c, why)) != ERR_OK)
        err_prefix(why, "%s", path);
    if (e != ERR_OK)
        angel_conf_wipe(&c);
    else
        *out = c;
    return e;
}

void
angel_conf_wipe(struct angel_conf *c)
{
    if (c->pin.n > 0)
        secret_wipe((void *)(uintptr_t)c->pin.p, c->pin.n);
    c->pin.n = 0;
    if (c->so_pin.n > 0)
        secret_wipe((void *)(uintptr_t)c->so_pin.p, c->so_pin.n);
    c->so_pin.n = 0;
}
