/*
 * Tokens of the PKCS#11 module by name, and certificates in them. Who may is
 * what ICSF asks class CRYPTOZ: SO.<token> UPDATE makes and unmakes a token,
 * USER.<token> READ looks at it, UPDATE changes it, CONTROL puts authorities
 * into it. SPECIAL does not count.
 */
#include <stdio.h>
#include <string.h>

#include "saf/racdcert_private.h"
#include "saf/token_certs.h"

/* False, said: no name, or not for the issuer. */
bool
racdcert_may_token(struct cmd *c, const char *who, struct str token,
                   enum saf_level level)
{
    if (!token_is_name(token))
        (void)racdcert_fail(c,
                            "\"" STR_FMT
                            "\" is no token name; expected 1 to 32 of A-Z, "
                            "0-9, @, #, $ and periods, a letter or @, #, $ "
                            "first",
                            STR_ARG(token));
    else if (!token_may(c->engine, c->arena, c->acee, who, token, level))
        (void)racdcert_fail(c,
                            "you are not authorized to token " STR_FMT
                            " (class CRYPTOZ, %s." STR_FMT ", %s)",
                            STR_ARG(token), who, STR_ARG(token),
                            saf_level_name(level));
    else
        return true;
    return false;
}

static enum err
ask(uint8_t what, struct str token, struct str request, struct buf *result,
    struct err_info *why)
{
    return racdcert_services->token(racdcert_services->arg, what, token,
                                    STR(""), STR(""), STR(""), request, result,
                                    why);
}

static uint32_t
fail_with(struct cmd *c, struct str token, const struct err_info *why)
{
    return racdcert_fail(c, "token " STR_FMT ": %s", STR_ARG(token), why->text);
}

/* --- what is in a token --------------------------------------------------- */

/* False, said. */
static bool
list_bound(struct cmd *c, struct str token, struct token_cert **out, size_t *n,
           uint32_t *others)
{
    struct err_info why = { 0 };
    enum err e = token_list(c->db, c->arena, racdcert_services, token, out, n,
                            others, &why);

    if (e != ERR_OK)
        (void)fail_with(c, token, &why);
    return e == ERR_OK;
}

static bool
find_sequence(struct cmd *c, struct str token, struct str sequence,
              struct token_cert *out)
{
    struct token_cert *all;
    uint32_t others;
    size_t n;

    if (!list_bound(c, token, &all, &n, &others))
        return false;
    while (sequence.n < 8)
        sequence = str_fmt(c->arena, "0" STR_FMT, STR_ARG(sequence));
    for (size_t i = 0; i < n; i++)
        if (str_eq_z(sequence, all[i].sequence)) {
            *out = all[i];
            return true;
        }
    (void)racdcert_fail(c, "token " STR_FMT " has no certificate " STR_FMT,
                        STR_ARG(token), STR_ARG(sequence));
    return false;
}

/* --- ADDTOKEN, DELTOKEN --------------------------------------------------- */

uint32_t
racdcert_addtoken(struct cmd *c, struct str owner)
{
    struct str token = cmd_value(cmd_arg(c, "ADDTOKEN"));
    struct err_info why = { 0 };
    struct buf ignored;
    enum err e;

    (void)owner;
    if (!racdcert_may_token(c, "SO", token, SAF_UPDATE))
        return c->rc;
    buf_init(&ignored, 64);
    e = ask(TOKEN_ASK_ADD, token, STR(""), &ignored, &why);
    buf_fini(&ignored);
    if (e == ERR_OK)
        return c->rc;
    if (e != ERR_EXISTS)
        return fail_with(c, token, &why);
    CMD_MSG(c, "IRRD170I", token);
    return cmd_rc(c, 8);
}

uint32_t
racdcert_deltoken(struct cmd *c, struct str owner)
{
    struct str token = cmd_value(cmd_arg(c, "DELTOKEN"));
    struct err_info why = { 0 };
    struct token_cert *bound;
    struct buf ignored;
    uint32_t others;
    size_t n;
    enum err e;

    (void)owner;
    if (!racdcert_may_token(c, "SO", token, SAF_UPDATE) ||
        !list_bound(c, token, &bound, &n, &others))
        return c->rc;
    if (others > 0 && !cmd_has(c, "FORCE")) {
        CMD_MSG(c, "IRRD174I", token);
        return cmd_rc(c, 8);
    }
    buf_init(&ignored, 64);
    e = ask(TOKEN_ASK_DELETE, token, STR(""), &ignored, &why);
    buf_fini(&ignored);
    if (e != ERR_OK)
        return fail_with(c, token, &why);
    token_set_default(c->db, token, STR(""));
    return c->rc;
}

/* --- LISTTOKEN ------------------------------------------------------------ */

static struct str
owner_cell(struct cmd *c, struct str owner)
{
    return racdcert_is_reserved(owner)
               ? racdcert_owner_words(c->arena, owner)
               : str_fmt(c->arena, "ID(" STR_FMT ")", STR_ARG(owner));
}

/* What the database knows of it, for those who may list that. */
static void
print_bound(struct cmd *c, const struct token_cert *b)
{
    struct cert_row row;
    bool is_known =
        cert_find_fingerprint(c->db, c->arena, b->fingerprint, &row) &&
        (cmd_is_special(c) || saf_authorized(c->engine, c->acee, "FACILITY",
                                             STR("IRR.DIGTCERT.LIST"),
                                             racdcert_level(c, row.owner)));

    cmd_printf(c, "  %-8s  %-15s  PKCS11: " STR_FMT, b->sequence,
               b->is_default ? "Default: YES" : "Default: NO",
               STR_ARG(b->label));
    cmd_printf(c, "  %-8s  Priv Key: %-5s  RACF:   " STR_FMT, "",
               b->has_private ? "YES" : "NO",
               STR_ARG(is_known ? row.label : STR("")));
    cmd_printf(c, "  %-8s  Pub Key: %s", "", b->has_public ? "YES" : "NO");
    cmd_printf(c, "  %-8s  Usage: %s", "",
               b->category == TOKEN_AUTHORITY ? "CERTAUTH"
               : b->category == TOKEN_OTHER   ? "SITE"
                                              : "PERSONAL");
    if (is_known)
        cmd_printf(c, "  %-8s  Owner: " STR_FMT, "",
                   STR_ARG(owner_cell(c, row.owner)));
}

static void
print_token(struct cmd *c, struct str token)
{
    struct token_cert *bound;
    uint32_t others;
    size_t n;

    if (!list_bound(c, token, &bound, &n, &others))
        return;
    cmd_printf(c, "Token: " STR_FMT, STR_ARG(token));
    cmd_line(c, STR(""));
    if (n == 0) {
        cmd_line(c, STR("  *** No certificates bound ***"));
    } else {
        cmd_line(c, STR("  Seq Num   Attributes       Labels"));
        cmd_line(c, STR("  --------  ---------------  "
                        "----------------------------------------"));
    }
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            cmd_line(c, STR(""));
        print_bound(c, &bound[i]);
    }
    cmd_line(c, STR(""));
}

static uint32_t
list_all(struct cmd *c)
{
    struct err_info why = { 0 };
    struct buf names;
    struct reader in;
    struct str name;
    size_t n = 0;
    enum err e;

    buf_init(&names, TOKEN_RESULT_MAX);
    e = ask(TOKEN_ASK_NAMES, STR(""), STR(""), &names, &why);
    in = reader_of(str_dup(c->arena, buf_view(&names)));
    buf_fini(&names);
    if (e != ERR_OK)
        return racdcert_fail(c, "%s", why.text);
    while (reader_str(&in, 0, RACDCERT_TOKEN_MAX, &name))
        if (token_is_name(name) &&
            token_may(c->engine, c->arena, c->acee, "USER", name, SAF_READ)) {
            print_token(c, name);
            n++;
        }
    return n > 0 ? c->rc
                 : racdcert_fail(c, "there is no token that you may list");
}

uint32_t
racdcert_listtoken(struct cmd *c, struct str owner)
{
    struct str token = cmd_value(cmd_arg(c, "LISTTOKEN"));

    (void)owner;
    if (str_eq_z(token, "*"))
        return list_all(c);
    if (racdcert_may_token(c, "USER", token, SAF_READ))
        print_token(c, token);
    return c->rc;
}

/* --- BIND, UNBIND, IMPORT ------------------------------------------------- */

/* A serial number as DER has it; its digits are even in number. */
static void
put_serial(struct buf *out, struct str hex)
{
    unsigned char bytes[132];
    size_t n = 2;

    if (hex.n > 0 && (hex.p[0] >= '8'))
        bytes[n++] = 0;
    for (size_t i = 0; i + 1 < hex.n && n < 130; i += 2) {
        char pair[3] = { hex.p[i], hex.p[i + 1], '\0' };
        unsigned value = 0;

        (void)sscanf(pair, "%2x", &value);
        bytes[n++] = (unsigned char)value;
    }
    bytes[0] = 0x02;
    bytes[1] = (unsigned char)(n - 2);
    buf_str(out, str_n(bytes, n));
}

uint32_t
racdcert_bind(struct cmd *c, struct str owner)
{
    const struct cmd_arg *sub = cmd_arg(c, "BIND");
    const struct cmd_arg *usage = cmd_sub(sub, "USAGE");
    struct str token = cmd_value(cmd_sub(sub, "TOKEN")), cert_owner;
    struct err_info why = { 0 };
    struct buf request, ignored;
    struct cert_row row;
    uint8_t own, category;
    enum err e;

    if (cmd_sub(sub, "LABEL") == NULL || token.n == 0) {
        CMD_MSG(c, "IRRD179I");
        return cmd_rc(c, 8);
    }
    if (!racdcert_owner_of(c, sub, owner, &cert_owner))
        return c->rc;
    own = str_eq_z(cert_owner, CERT_OWNER_CA)     ? TOKEN_AUTHORITY
          : str_eq_z(cert_owner, CERT_OWNER_SITE) ? TOKEN_OTHER
                                                  : TOKEN_USER;
    category = usage == NULL ? own : (uint8_t)(usage->number + 1);
    if (!racdcert_may(c, "BIND", racdcert_level(c, cert_owner)) ||
        !racdcert_may_token(c, "USER", token,
                            category == TOKEN_AUTHORITY ? SAF_CONTROL
                                                        : SAF_UPDATE) ||
        !racdcert_find(c, sub, cert_owner, &row))
        return c->rc;
    buf_init(&request, 8u * CERT_DER_MAX);
    buf_init(&ignored, 64);
    buf_str(&request, row.label);
    buf_str(&request, row.facts.der);
    buf_str(&request, row.facts.subject_der);
    buf_str(&request, row.facts.issuer_der);
    put_serial(&request, row.facts.serial);
    buf_u8(&request, category);
    e = racdcert_services->token(racdcert_services->arg, TOKEN_ASK_BIND, token,
                                 str_sub(row.facts.key_hash, 0, 20),
                                 category == TOKEN_USER ? row.key : STR(""),
                                 row.owner, buf_view(&request), &ignored, &why);
    buf_fini(&request);
    buf_fini(&ignored);
    /* One that is bound already may be made the default. */
    if (e != ERR_OK && (e != ERR_EXISTS || cmd_sub(sub, "DEFAULT") == NULL))
        return fail_with(c, token, &why);
    if (cmd_sub(sub, "DEFAULT") != NULL)
        token_set_default(c->db, token, row.facts.fingerprint);
    return c->rc;
}

/* The bound one that UNBIND names; false, said. */
static bool
find_bound(struct cmd *c, const struct cmd_arg *sub, struct str owner,
           struct str token, struct token_cert *out)
{
    struct token_cert *all;
    struct cert_row row;
    struct str cert_owner;
    uint32_t others;
    size_t n;

    if (cmd_sub(sub, "SEQNUM") != NULL)
        return find_sequence(c, token, cmd_value(cmd_sub(sub, "SEQNUM")), out);
    if (!racdcert_owner_of(c, sub, owner, &cert_owner) ||
        !racdcert_find(c, sub, cert_owner, &row) ||
        !list_bound(c, token, &all, &n, &others))
        return false;
    for (size_t i = 0; i < n; i++)
        if (str_eq(all[i].fingerprint, row.facts.fingerprint)) {
            *out = all[i];
            return true;
        }
    (void)racdcert_fail(c, "the certificate is not bound to token " STR_FMT,
                        STR_ARG(token));
    return false;
}

/* The database has the key nowhere else: it stays when the certificate goes. */
static bool
is_only_key(struct cmd *c, const struct token_cert *b)
{
    struct cert_row row;

    return cert_find_fingerprint(c->db, c->arena, b->fingerprint, &row) &&
           racdcert_is_in_token(&row);
}

uint32_t
racdcert_unbind(struct cmd *c, struct str owner)
{
    const struct cmd_arg *sub = cmd_arg(c, "UNBIND");
    struct str token = cmd_value(cmd_sub(sub, "TOKEN"));
    struct err_info why = { 0 };
    struct buf request, ignored;
    struct token_cert b;
    enum err e;

    if (token.n == 0 ||
        (cmd_sub(sub, "LABEL") == NULL && cmd_sub(sub, "SEQNUM") == NULL)) {
        CMD_MSG(c, "IRRD169I");
        return cmd_rc(c, 8);
    }
    if (!racdcert_may_token(c, "USER", token, SAF_UPDATE) ||
        !find_bound(c, sub, owner, token, &b))
        return c->rc;
    if (b.category == TOKEN_AUTHORITY &&
        !racdcert_may_token(c, "USER", token, SAF_CONTROL))
        return c->rc;
    buf_init(&request, 2u * CERT_DER_MAX);
    buf_init(&ignored, 64);
    buf_str(&request, b.id);
    buf_str(&request, b.der);
    buf_u8(&request, !is_only_key(c, &b));
    e = ask(TOKEN_ASK_UNBIND, token, buf_view(&request), &ignored, &why);
    buf_fini(&request);
    buf_fini(&ignored);
    if (e != ERR_OK)
        return fail_with(c, token, &why);
    if (b.is_default)
        token_set_default(c->db, token, STR(""));
    return c->rc;
}

uint32_t
racdcert_import(struct cmd *c, struct str owner)
{
    const struct cmd_arg *sub = cmd_arg(c, "IMPORT");
    struct str token = cmd_value(cmd_sub(sub, "TOKEN")), *trusted;
    struct err_info why = { 0 };
    struct racdcert_key key = { .token = token };
    struct cert_bundle bundle;
    struct token_cert b;
    size_t n_trusted;
    enum err e;

    if (token.n == 0 || cmd_sub(sub, "SEQNUM") == NULL) {
        CMD_MSG(c, "IRRD169I");
        return cmd_rc(c, 8);
    }
    if (!racdcert_may(c, "IMPORT", racdcert_level(c, owner)) ||
        !racdcert_may(c, "ADD", racdcert_level(c, owner)) ||
        !racdcert_may_token(c, "USER", token, SAF_READ) ||
        !find_sequence(c, token, cmd_value(cmd_sub(sub, "SEQNUM")), &b))
        return c->rc;
    n_trusted = racdcert_trusted(c, &trusted);
    e = racdcert_services->parse(racdcert_services->arg, c->arena, b.der,
                                 STR(""), trusted, n_trusted, &bundle, &why);
    if (e != ERR_OK || bundle.n != 1 || bundle.is_request ||
        bundle.certs[0].has_bad_signature)
        return racdcert_fail(c, "token " STR_FMT ": %s is no certificate",
                             STR_ARG(token), b.sequence);
    buf_init(&key.sealed, CERT_DER_MAX);
    e = b.has_private ? token_key(racdcert_services, owner, token, b.id,
                                  &key.sealed, &why)
                      : ERR_OK;
    if (e == ERR_OK)
        (void)racdcert_keep(c, owner, &bundle.certs[0], &key);
    else
        (void)fail_with(c, token, &why);
    buf_fini(&key.sealed);
    return c->rc;
}
