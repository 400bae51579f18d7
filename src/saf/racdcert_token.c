/*
 * Keys that the PKDS holds: here the token that etc/angel.conf names. Operands
 * RSA(PKDS(label)), NISTECC(PKDS(label)), BPECC(PKDS(label)), and the older
 * PKDS(label), ICSF(label), PCICC(label); a label left out is made up, * is
 * that of WITHLABEL. RSA(TOKEN(name)) and the like are in a token by name.
 */
#include <string.h>

#include "saf/racdcert_private.h"

static const char *const words[] = { "ICSF", "PKDS", "PCICC" };
static const char *const kinds[] = { "RSA", "NISTECC", "BPECC" };

static const struct cmd_arg *
place_of(const struct cmd *c)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (cmd_arg(c, words[i]) != NULL)
            return cmd_arg(c, words[i]);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const struct cmd_arg *kind = cmd_arg(c, kinds[i]);

        if (kind != NULL && cmd_sub(kind, "PKDS") != NULL)
            return cmd_sub(kind, "PKDS");
    }
    return NULL;
}

/* RSA(TOKEN(name)) and the like. */
static const struct cmd_arg *
other_token(const struct cmd *c)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (cmd_arg(c, kinds[i]) != NULL &&
            cmd_sub(cmd_arg(c, kinds[i]), "TOKEN") != NULL)
            return cmd_sub(cmd_arg(c, kinds[i]), "TOKEN");
    return NULL;
}

bool
racdcert_wants_token(const struct cmd *c)
{
    return place_of(c) != NULL || other_token(c) != NULL;
}

/* As ICSF has them: 64 characters, the first no digit and no period. */
static bool
is_label(struct str label)
{
    for (size_t i = 0; i < label.n; i++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ@#$0123456789.", label.p[i]) ==
            NULL)
            return false;
    return label.n > 0 && label.n <= 64 && label.p[0] != '.' &&
           (label.p[0] < '0' || label.p[0] > '9');
}

bool
racdcert_may_use_label(struct cmd *c, struct str label)
{
    if (saf_authorize(c->engine, c->acee, STR("CSFKEYS"), label, SAF_READ, NULL)
            .rc.saf != 8)
        return true;
    CMD_MSG(c, "IRRD191I");
    (void)cmd_rc(c, 8);
    return false;
}

static struct str
made_up_label(struct cmd *c, struct str owner)
{
    return str_fmt(c->arena, "IRR.DIGTCERT." STR_FMT ".%016llX",
                   STR_ARG(str_upper(c->arena, owner)),
                   (unsigned long long)c->session->now_ms);
}

bool
racdcert_key_place(struct cmd *c, struct str owner, struct str *out,
                   struct str *token)
{
    const struct cmd_arg *place = place_of(c), *other = other_token(c);
    struct str label = place == NULL ? STR("") : cmd_value(place);
    bool is_with_label = str_eq_z(label, "*");

    *out = STR("");
    *token = other == NULL ? STR("") : cmd_value(other);
    if (place != NULL && other != NULL) {
        (void)racdcert_fail(c, "a key is kept in the PKDS or in a token of "
                               "another name");
        return false;
    }
    if (other != NULL) {
        *out = made_up_label(c, owner);
        return racdcert_may_token(c, "USER", *token, SAF_UPDATE);
    }
    if (place == NULL)
        return true;
    if (is_with_label)
        label = cmd_value(cmd_arg(c, "WITHLABEL"));
    else if (label.n == 0)
        label = made_up_label(c, owner);
    if (is_with_label && !is_label(label)) {
        CMD_MSG(c, "IRRD160I");
        (void)cmd_rc(c, 8);
        return false;
    }
    if (!is_label(label)) {
        (void)racdcert_fail(c,
                            "\"" STR_FMT
                            "\" is no PKDS label; expected 1 to 64 "
                            "of A-Z, 0-9, @, #, $ and periods, no digit first",
                            STR_ARG(label));
        return false;
    }
    if (!racdcert_may_use_label(c, label))
        return false;
    *out = label;
    return true;
}
