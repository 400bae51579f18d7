#include "saf/kept.h"

#include <string.h>

#include "saf/secrets.h"

#define SECRET_MAX 1024u

bool
kept_is_sealed(struct str value)
{
    return value.n > 2 && value.p[0] == '{' && value.p[value.n - 1] == '}';
}

enum err
kept_seal(struct arena *a, const struct saf_hooks *hooks, const char *segment,
          const char *field, struct str value, struct str *out,
          struct err_info *why)
{
    struct buf sealed, made;
    enum err e;

    *out = value;
    if (!secrets_is_field(str_of(segment), str_of(field)))
        return ERR_OK;
    if (hooks == NULL || hooks->seal_secret == NULL)
        return err_set(why, ERR_UNSUPPORTED, "no key keeper");
    /* What is sealed already may be longer: the hook opens it first. */
    if (value.n > SECRET_MAX && !kept_is_sealed(value))
        return err_set(why, ERR_LIMIT, "a secret of %zu bytes, at most %u",
                       value.n, SECRET_MAX);
    buf_init(&sealed, SECRET_MAX + 256u);
    buf_init(&made, 2u * (SECRET_MAX + 256u) + 2u);
    e = hooks->seal_secret(hooks->arg, value, str_of(segment), &sealed, why);
    buf_add_char(&made, '{');
    for (size_t i = 0; e == ERR_OK && i < sealed.n; i++)
        buf_printf(&made, "%02x", (unsigned char)sealed.p[i]);
    buf_add_char(&made, '}');
    if (e == ERR_OK)
        e = buf_check(&made, why);
    if (e == ERR_OK)
        *out = str_dup(a, buf_view(&made));
    buf_fini(&sealed);
    buf_fini(&made);
    return e;
}

struct str
kept_shown(struct arena *a, struct str segment, struct str field,
           struct str value)
{
    struct str shown;
    struct buf made;

    if (secrets_is_field(segment, field))
        return value.n == 0                 ? STR("")
               : str_eq_z(segment, "PROXY") ? STR("YES")
                                            : STR("DATA NOT DISPLAYABLE");
    if (!str_eq_z(field, "TEXT"))
        return value;
    buf_init(&made, 3u * value.n + 64u);
    secrets_add_shown(&made, value);
    shown = made.failed ? STR("") : str_dup(a, buf_view(&made));
    buf_fini(&made);
    return shown;
}
