/*
 * Keys that the PKDS holds: here the token that etc/angel.conf names. Operands
 * RSA(PKDS(label)), NISTECC(PKDS(label)), BPECC(PKDS(label)), and the older
 * PKDS(label), ICSF(label), PCICC(label); a label left out is made up, * is
 * that of WITHLABEL.
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

static bool
names_other_token(const struct cmd *c)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (cmd_arg(c, kinds[i]) != NULL &&
            cmd_sub(cmd_arg(c, kinds[i]), "TOKEN") != NULL)
            return true;
    return false;
}

bool
racdcert_wants_token(const struct cmd *c)
{
    return place_of(c) != NULL || names_other_token(c);
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

bool
racdcert_pkds_label(struct cmd *c, struct str owner, struct str *out)
{
    const struct cmd_arg *place = place_of(c);
    struct str label = place == NULL ? STR("") : cmd_value(place);

    *out = STR("");
    if (names_other_token(c)) {
        (void)racdcert_fail(c, "keys are kept in the PKDS, not in a token of "
                               "another name");
        return false;
    }
    if (place == NULL)
        return true;
    if (str_eq_z(label, "*"))
        label = cmd_value(cmd_arg(c, "WITHLABEL"));
    else if (label.n == 0)
        label = str_fmt(c->arena, "IRR.DIGTCERT." STR_FMT ".%016llX",
                        STR_ARG(str_upper(c->arena, owner)),
                        (unsigned long long)c->session->now_ms);
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
