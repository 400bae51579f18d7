#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "saf/idmap.h"
#include "saf/racdcert_private.h"

const struct cert_services *racdcert_services;

void
racdcert_open(const struct cert_services *services)
{
    racdcert_services = services;
}

/* --- operands
 * --------------------------------------------------------------------- */

/* clang-format off */
#define WORD(name) { name, CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }
#define TEXT(name, lo, hi, flags) { name, CMD_TEXT, (flags), lo, hi, NULL, NULL, NULL, NULL, NULL, NULL }
#define LIST(name, flags) { name, CMD_LIST, (flags), 0, 246, NULL, NULL, NULL, NULL, NULL, NULL }
#define SUB(name, table, flags) { name, CMD_SUB, (flags), 0, 0, &table, NULL, NULL, NULL, NULL, NULL }
#define CHOICE(name, words) { name, CMD_CHOICE, 0, 0, 0, NULL, words, NULL, NULL, NULL, NULL }
#define LABEL TEXT("LABEL", 1, SAF_LABEL_MAX, CMD_ASIS)

#define ISSUER_MAX 1024
static const struct cmd_operand label_ops[] = { LABEL };
static const struct cmd_table label_table = CMD_TABLE(label_ops);

/* A certificate by its label, or by its serial number and issuer. */
static const struct cmd_operand which_ops[] = {
    LABEL, TEXT("SERIALNUMBER", 1, 64, 0),
    TEXT("ISSUERSDN", 1, ISSUER_MAX, CMD_ASIS),
};
static const struct cmd_table which_table = CMD_TABLE(which_ops);

static const struct cmd_operand hardware_ops[] = {
    TEXT("PKDS", 1, 64, CMD_OPTIONAL), TEXT("TOKEN", 1, 32, 0),
};
static const struct cmd_table hardware_table = CMD_TABLE(hardware_ops);

static const char *const usages[] = { "PERSONAL", "CERTAUTH", "SITE", NULL };
static const struct cmd_operand connect_ops[] = {
    TEXT("ID", 1, 8, CMD_NAME), WORD("CERTAUTH"), WORD("SITE"), LABEL,
    TEXT("RING", 1, SAF_RING_MAX, CMD_ASIS), WORD("DEFAULT"),
    CHOICE("USAGE", usages),
};
static const struct cmd_table connect_table = CMD_TABLE(connect_ops);

#define TOKEN_NAME TEXT("TOKEN", 1, RACDCERT_TOKEN_MAX, 0)
static const struct cmd_operand bind_ops[] = {
    TEXT("ID", 1, 8, CMD_NAME), WORD("CERTAUTH"), WORD("SITE"), LABEL,
    TOKEN_NAME, WORD("DEFAULT"), CHOICE("USAGE", usages),
};
static const struct cmd_table bind_table = CMD_TABLE(bind_ops);

static const struct cmd_operand unbind_ops[] = {
    TEXT("ID", 1, 8, CMD_NAME), WORD("CERTAUTH"), WORD("SITE"), LABEL,
    TOKEN_NAME, TEXT("SEQNUM", 1, 8, 0),
};
static const struct cmd_table unbind_table = CMD_TABLE(unbind_ops);

static const struct cmd_operand import_ops[] = {
    TOKEN_NAME, TEXT("SEQNUM", 1, 8, 0),
};
static const struct cmd_table import_table = CMD_TABLE(import_ops);

static const struct cmd_operand signer_ops[] = {
    TEXT("ID", 1, 8, CMD_NAME), WORD("CERTAUTH"), WORD("SITE"), LABEL,
};
static const struct cmd_table signer_table = CMD_TABLE(signer_ops);

static const struct cmd_operand dn_ops[] = {
    TEXT("CN", 1, 64, CMD_ASIS), TEXT("T", 1, 64, CMD_ASIS),
    LIST("OU", CMD_ASIS), TEXT("O", 1, 64, CMD_ASIS),
    TEXT("L", 1, 64, CMD_ASIS), TEXT("SP", 1, 64, CMD_ASIS),
    TEXT("C", 2, 2, CMD_ASIS),
};
static const struct cmd_table dn_table = CMD_TABLE(dn_ops);

static const struct cmd_operand date_ops[] = {
    TEXT("DATE", 1, 10, 0), TEXT("TIME", 1, 8, 0),
};
static const struct cmd_table date_table = CMD_TABLE(date_ops);

static const struct cmd_operand altname_ops[] = {
    LIST("IP", CMD_ASIS), LIST("DOMAIN", CMD_ASIS), LIST("EMAIL", CMD_ASIS),
    LIST("URI", CMD_ASIS),
};
static const struct cmd_table altname_table = CMD_TABLE(altname_ops);

static const char *const formats[] = { "CERTDER", "CERTB64", "PKCS7DER",
    "PKCS7B64", "PKCS12DER", "PKCS12B64", NULL };

static const struct cmd_operand operands[] = {
    TEXT("ID", 1, 8, CMD_NAME), WORD("CERTAUTH"), WORD("SITE"), WORD("MULTIID"),
    TEXT("ADDRING", 1, SAF_RING_MAX, CMD_ASIS),
    TEXT("DELRING", 1, SAF_RING_MAX, CMD_ASIS),
    TEXT("LISTRING", 1, SAF_RING_MAX, CMD_ASIS),
    TEXT("ADDTOKEN", 1, RACDCERT_TOKEN_MAX, 0),
    TEXT("DELTOKEN", 1, RACDCERT_TOKEN_MAX, 0),
    TEXT("LISTTOKEN", 1, RACDCERT_TOKEN_MAX, 0),
    SUB("BIND", bind_table, 0), SUB("UNBIND", unbind_table, 0),
    SUB("IMPORT", import_table, 0),
    SUB("CONNECT", connect_table, 0), SUB("REMOVE", connect_table, 0),
    TEXT("GENCERT", 1, 64, CMD_OPTIONAL), SUB("SUBJECTSDN", dn_table, 0),
    { "SIZE", CMD_NUMBER, 0, 160, 4096, NULL, NULL, NULL, NULL, NULL,
      "KEY SIZE, 160 TO 4096 BITS" },
    SUB("NOTBEFORE", date_table, 0), SUB("NOTAFTER", date_table, 0),
    TEXT("WITHLABEL", 1, SAF_LABEL_MAX, CMD_ASIS),
    SUB("SIGNWITH", signer_table, 0),
    SUB("RSA", hardware_table, CMD_OPTIONAL), WORD("DSA"),
    SUB("NISTECC", hardware_table, CMD_OPTIONAL),
    SUB("BPECC", hardware_table, CMD_OPTIONAL),
    TEXT("ICSF", 1, 64, CMD_OPTIONAL), TEXT("PKDS", 1, 64, CMD_OPTIONAL),
    TEXT("PCICC", 1, 64, CMD_OPTIONAL), TEXT("FROMICSF", 1, 64, 0),
    LIST("KEYUSAGE", 0),
    SUB("ALTNAME", altname_table, 0), WORD("TRUST"), WORD("NOTRUST"),
    WORD("HIGHTRUST"), SUB("GENREQ", label_table, 0),
    TEXT("DSN", 1, 64, 0), TEXT("ADD", 1, 64, 0),
    TEXT("PASSWORD", 1, 255, CMD_ASIS | CMD_SECRET),
    SUB("EXPORT", label_table, 0), CHOICE("FORMAT", formats),
    SUB("ALTER", which_table, 0),
    TEXT("NEWLABEL", 1, SAF_LABEL_MAX, CMD_ASIS),
    SUB("DELETE", which_table, CMD_OPTIONAL), WORD("FORCE"),
    SUB("LIST", which_table, CMD_OPTIONAL), SUB("LISTCHAIN", label_table, 0),
    TEXT("CHECKCERT", 1, 64, 0), SUB("REKEY", label_table, 0),
    SUB("ROLLOVER", label_table, 0), TEXT("MAP", 1, 64, CMD_OPTIONAL),
    SUB("ALTMAP", label_table, CMD_OPTIONAL),
    SUB("DELMAP", label_table, CMD_OPTIONAL),
    SUB("LISTMAP", label_table, CMD_OPTIONAL),
    TEXT("SDNFILTER", 1, ISSUER_MAX, CMD_ASIS),
    TEXT("IDNFILTER", 1, ISSUER_MAX, CMD_ASIS),
    TEXT("CRITERIA", 1, 255, CMD_ASIS),
    TEXT("NEWCRITERIA", 1, 255, CMD_ASIS),
};
/* clang-format on */

/* --- helpers
 * ------------------------------------------------------------------------- */

bool
racdcert_may(struct cmd *c, const char *function, enum saf_level level)
{
    char resource[64];

    (void)snprintf(resource, sizeof resource, "IRR.DIGTCERT.%s", function);
    if (cmd_is_special(c) ||
        saf_authorized(c->engine, c->acee, "FACILITY", str_of(resource), level))
        return true;
    CMD_MSG(c, "IRRD101I");
    (void)cmd_rc(c, 8);
    return false;
}

bool
racdcert_is_reserved(struct str owner)
{
    return str_eq_z(owner, CERT_OWNER_CA) || str_eq_z(owner, CERT_OWNER_SITE);
}

enum saf_level
racdcert_level(const struct cmd *c, struct str owner)
{
    return racdcert_is_reserved(owner)      ? SAF_CONTROL
           : str_eq_z(owner, c->acee->user) ? SAF_READ
                                            : SAF_UPDATE;
}

uint32_t
racdcert_fail(struct cmd *c, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    CMD_MSG(c, "SPT0310E", str_of(text));
    return cmd_rc(c, 8);
}

uint32_t
racdcert_missing(struct cmd *c, const char *keywords)
{
    CMD_MSG(c, "IRRD130I", str_of(keywords));
    return cmd_rc(c, 8);
}

uint32_t
racdcert_label_used(struct cmd *c, struct str label)
{
    CMD_MSG(c, "IRRD111I", label);
    return cmd_rc(c, 8);
}

uint32_t
racdcert_is_there(struct cmd *c, const struct cert_row *row)
{
    CMD_MSG(c, "IRRD109I",
            cert_profile_name(c->arena, row->facts.serial, row->facts.issuer,
                              row->facts.fingerprint));
    return cmd_rc(c, 8);
}

static const struct cmd_arg *
pick(const struct cmd *c, const struct cmd_arg *sub, const char *name)
{
    return sub == NULL ? cmd_arg(c, name) : cmd_sub(sub, name);
}

static bool
names_one_owner(struct cmd *c, const struct cmd_arg *sub)
{
    static const char *const owners[] = { "ID", "CERTAUTH", "SITE" };
    const char *first = NULL;

    for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
        if (pick(c, sub, owners[i]) == NULL)
            continue;
        if (first != NULL) {
            (void)racdcert_fail(c, "%s and %s cannot be given together", first,
                                owners[i]);
            return false;
        }
        first = owners[i];
    }
    return true;
}

bool
racdcert_owner_of(struct cmd *c, const struct cmd_arg *sub,
                  struct str otherwise, struct str *out)
{
    const struct cmd_arg *id = pick(c, sub, "ID");
    struct saf_user u;

    *out = otherwise;
    if (!names_one_owner(c, sub))
        return false;
    if (pick(c, sub, "CERTAUTH") != NULL) {
        *out = STR(CERT_OWNER_CA);
    } else if (pick(c, sub, "SITE") != NULL) {
        *out = STR(CERT_OWNER_SITE);
    } else if (id != NULL) {
        *out = cmd_value(id);
        if (!saf_user_get(c->db, c->arena, *out, &u)) {
            CMD_MSG(c, "IRRD106I");
            (void)cmd_rc(c, 8);
            return false;
        }
    }
    return true;
}

bool
racdcert_find(struct cmd *c, const struct cmd_arg *sub, struct str owner,
              struct cert_row *out)
{
    const struct cmd_arg *label = cmd_sub(sub, "LABEL");
    struct cert_row *all;

    if (label != NULL) {
        if (cert_get(c->db, c->arena, owner, cmd_value(label), out))
            return true;
    } else if (cert_list(c->db, c->arena, owner, &all) == 1) {
        *out = all[0]; /* the only one needs no label */
        return true;
    }
    CMD_MSG(c, "IRRD107I");
    (void)cmd_rc(c, 4);
    return false;
}

/* SERIALNUMBER in hexadecimal, leading zeros as one likes; ISSUERSDN when the
 * number alone tells not enough. */
static bool
is_named_by_serial(const struct cmd_arg *sub, const struct cert_row *row)
{
    struct str have = row->facts.serial;
    struct str want = cmd_value(cmd_sub(sub, "SERIALNUMBER"));
    const struct cmd_arg *issuer = cmd_sub(sub, "ISSUERSDN");

    while (have.n > 1 && have.p[0] == '0')
        have = str_sub(have, 1, have.n);
    while (want.n > 1 && want.p[0] == '0')
        want = str_sub(want, 1, want.n);
    return str_eq_nocase(have, want) &&
           (issuer == NULL || str_eq(cmd_value(issuer), row->facts.issuer));
}

/* As racdcert_find, of a sub-table that may name a serial number. */
static bool
find_which(struct cmd *c, const struct cmd_arg *sub, struct str owner,
           struct cert_row *out)
{
    struct cert_row *all;
    size_t n, n_found = 0;

    if (cmd_sub(sub, "SERIALNUMBER") == NULL)
        return racdcert_find(c, sub, owner, out);
    n = cert_list(c->db, c->arena, owner, &all);
    for (size_t i = 0; i < n; i++)
        if (is_named_by_serial(sub, &all[i])) {
            *out = all[i];
            n_found++;
        }
    if (n_found == 1)
        return true;
    if (n_found > 1) {
        (void)racdcert_fail(c, "several certificates have this serial number; "
                               "add ISSUERSDN");
        return false;
    }
    CMD_MSG(c, "IRRD107I");
    (void)cmd_rc(c, 4);
    return false;
}

void
racdcert_changed(struct cmd *c, const char *class_name)
{
    if ((saf_class_options(c->db, str_of(class_name)) & CLASS_RACLIST) != 0)
        CMD_MSG(c, "IRRD175I", str_of(class_name));
}

static bool
is_dsn(struct str dsn)
{
    struct str rest = dsn, qualifier;

    while (str_token(&rest, '.', &qualifier)) {
        if (qualifier.n == 0 || qualifier.n > 8)
            return false;
    }
    for (size_t i = 0; i < dsn.n; i++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@#$-.", dsn.p[i]) ==
            NULL)
            return false;
    }
    return dsn.n > 0 && dsn.n <= 44;
}

bool
racdcert_dsn(struct cmd *c, const struct cmd_arg *arg, bool is_write,
             struct str *out)
{
    struct str name = str_upper(c->arena, cmd_value(arg)), base, member;
    struct str owner = str_of(c->acee->user);
    struct saf_decision d;
    size_t paren;

    if (arg == NULL) {
        (void)racdcert_missing(c, "DSN");
        return false;
    }
    if (!arg->is_quoted)
        name = str_fmt(c->arena, "%s." STR_FMT, c->acee->user, STR_ARG(name));
    paren = str_find_char(name, '(');
    base = str_sub(name, 0, paren);
    member =
        paren == STR_NPOS ? STR("A") : str_sub(name, paren + 1, name.n - 1);
    if (!is_dsn(base) || member.n > 8 || !is_dsn(member) ||
        str_find_char(member, '.') != STR_NPOS ||
        (paren != STR_NPOS && !str_ends(name, STR(")")))) {
        CMD_MSG(c, "IKJ56702I", STR("DATASET NAME"),
                str_fmt(c->arena, "'" STR_FMT "'", STR_ARG(name)));
        (void)cmd_rc(c, 8);
        return false;
    }
    *out = name;
    /* One's own data sets; others as class DATASET says, where "not
     * protected" lets one read. */
    if (cmd_is_special(c) ||
        (base.n > owner.n && str_starts(base, owner) && base.p[owner.n] == '.'))
        return true;
    d = saf_authorize(c->engine, c->acee, STR("DATASET"), base,
                      is_write ? SAF_UPDATE : SAF_READ, NULL);
    if (d.rc.saf == 0 || (d.rc.saf == 4 && !is_write))
        return true;
    (void)racdcert_fail(c, "you may not %s data set '" STR_FMT "'",
                        is_write ? "write" : "read", STR_ARG(name));
    return false;
}

struct str
racdcert_new_label(struct cmd *c, struct str owner)
{
    const struct cmd_arg *given = cmd_arg(c, "WITHLABEL");
    struct cert_row ignored;

    if (given != NULL)
        return cmd_value(given);
    for (unsigned i = 1; i < 100000000; i++) {
        struct str label = str_fmt(c->arena, "LABEL%08u", i);

        if (label.n == 0 || !cert_get(c->db, c->arena, owner, label, &ignored))
            return label;
    }
    return STR("");
}

/* --- certificates
 * -----------------------------------------------------------------------------
 */

static uint32_t
list(struct cmd *c, struct str owner)
{
    const struct cmd_arg *sub = cmd_arg(c, "LIST");
    struct cert_row one, *rows = &one;
    size_t n = 1;

    if (!racdcert_may(c, "LIST", racdcert_level(c, owner)))
        return c->rc;
    if (cmd_sub(sub, "LABEL") != NULL || cmd_sub(sub, "SERIALNUMBER") != NULL) {
        if (!find_which(c, sub, owner, &one))
            return c->rc;
    } else {
        n = cert_list(c->db, c->arena, owner, &rows);
    }
    if (n == 0) {
        CMD_MSG(c, "IRRD105I", owner);
        return cmd_rc(c, 4);
    }
    cmd_printf(c, "Digital certificate information for " STR_FMT ":",
               STR_ARG(racdcert_owner_words(c->arena, owner)));
    cmd_line(c, STR(""));
    for (size_t i = 0; i < n; i++) {
        racdcert_print_cert(c, &rows[i], true);
        cmd_line(c, STR(""));
    }
    return c->rc;
}

static uint32_t
alter(struct cmd *c, struct str owner)
{
    const struct cmd_arg *label = cmd_arg(c, "NEWLABEL");
    struct cert_row cert, other;

    if (!racdcert_may(c, "ALTER", racdcert_level(c, owner)) ||
        !find_which(c, cmd_arg(c, "ALTER"), owner, &cert))
        return c->rc;
    if (label != NULL && !str_eq(cmd_value(label), cert.label)) {
        if (cert_get(c->db, c->arena, owner, cmd_value(label), &other))
            return racdcert_label_used(c, cmd_value(label));
        cert.label = cmd_value(label);
    }
    cert.status = cmd_has(c, "TRUST")       ? 'T'
                  : cmd_has(c, "NOTRUST")   ? 'N'
                  : cmd_has(c, "HIGHTRUST") ? 'H'
                                            : cert.status;
    cert_put(c->db, &cert);
    racdcert_changed(c, "DIGTCERT");
    return c->rc;
}

static uint32_t
delete_cert(struct cmd *c, struct str owner)
{
    struct cert_row cert;

    if (!racdcert_may(c, "DELETE", racdcert_level(c, owner)) ||
        !find_which(c, cmd_arg(c, "DELETE"), owner, &cert))
        return c->rc;
    /* The answer to its request would find no key any more. */
    if ((cert.flags & CERT_REQUESTED) != 0 && !cmd_has(c, "FORCE"))
        return racdcert_fail(c, "a request was generated from this "
                                "certificate; add FORCE to delete it all the "
                                "same");
    cert_delete(c->db, cert.id);
    racdcert_changed(c, "DIGTCERT");
    return c->rc;
}

/* --- the verb
 * ---------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    uint32_t (*run)(struct cmd *, struct str owner);
} functions[] = {
    { "ADDRING", racdcert_addring },     { "DELRING", racdcert_delring },
    { "LISTRING", racdcert_listring },   { "CONNECT", racdcert_connect },
    { "REMOVE", racdcert_remove },       { "GENCERT", racdcert_gencert },
    { "GENREQ", racdcert_genreq },       { "ADD", racdcert_add },
    { "EXPORT", racdcert_export },       { "ALTER", alter },
    { "DELETE", delete_cert },           { "LIST", list },
    { "LISTCHAIN", racdcert_listchain }, { "CHECKCERT", racdcert_checkcert },
    { "ADDTOKEN", racdcert_addtoken },   { "DELTOKEN", racdcert_deltoken },
    { "LISTTOKEN", racdcert_listtoken }, { "BIND", racdcert_bind },
    { "UNBIND", racdcert_unbind },       { "IMPORT", racdcert_import },
    { "REKEY", racdcert_rekey },         { "ROLLOVER", racdcert_rollover },
};

/* These take MULTIID, too. */
static const struct {
    const char *name;
    uint32_t (*run)(struct cmd *, struct str owner);
} map_functions[] = {
    { "MAP", racdcert_map },
    { "ALTMAP", racdcert_altmap },
    { "DELMAP", racdcert_delmap },
    { "LISTMAP", racdcert_listmap },
};

/* Functions that may keep a key in the token. */
static bool
takes_token(const char *name)
{
    return strcmp(name, "GENCERT") == 0 || strcmp(name, "REKEY") == 0 ||
           strcmp(name, "ADD") == 0;
}

/* The one function of the command; false when there are two. */
static bool
find_function(struct cmd *c, const char **name,
              uint32_t (**run)(struct cmd *, struct str), bool *is_map)
{
    size_t n = ARRAY_LEN(functions) + ARRAY_LEN(map_functions);

    *name = "LIST"; /* no function: LIST of one's own */
    *run = NULL;
    *is_map = false;
    for (size_t i = 0; i < n; i++) {
        size_t k = i - ARRAY_LEN(functions);
        bool maps = i >= ARRAY_LEN(functions);
        const char *word = maps ? map_functions[k].name : functions[i].name;

        if (cmd_arg(c, word) == NULL)
            continue;
        if (*run != NULL) {
            (void)racdcert_fail(c, "%s and %s cannot be given together", *name,
                                word);
            return false;
        }
        *name = word;
        *run = maps ? map_functions[k].run : functions[i].run;
        *is_map = maps;
    }
    if (*run == NULL)
        *run = list;
    return true;
}

static uint32_t
run_function(struct cmd *c)
{
    uint32_t (*function)(struct cmd *, struct str);
    const char *name;
    struct str owner;
    bool is_map;

    if (!find_function(c, &name, &function, &is_map))
        return c->rc;
    if (cmd_has(c, "MULTIID") && !is_map)
        return racdcert_fail(c, "MULTIID is for certificate name filters only");
    if (!takes_token(name) &&
        (racdcert_wants_token(c) || cmd_arg(c, "FROMICSF") != NULL))
        return racdcert_fail(c,
                             "%s: only GENCERT, REKEY and ADD keep a key in a "
                             "token",
                             name);
    if (cmd_has(c, "MULTIID") && (cmd_arg(c, "ID") != NULL ||
                                  cmd_has(c, "CERTAUTH") || cmd_has(c, "SITE")))
        return racdcert_fail(c,
                             "MULTIID and an owner cannot be given together");
    if (cmd_has(c, "MULTIID"))
        owner = STR(CERTMAP_OWNER_MULTI);
    else if (!racdcert_owner_of(c, NULL, str_of(c->acee->user), &owner))
        return c->rc;
    if (is_map && racdcert_is_reserved(owner))
        return racdcert_fail(c, "%s is for ID(userid) and MULTIID", name);
    if (cmd_has(c, "HIGHTRUST") && !str_eq_z(owner, CERT_OWNER_CA))
        return racdcert_fail(c, "HIGHTRUST is for CERTAUTH certificates");
    return function(c, owner);
}

static uint32_t
run(struct cmd *c)
{
    uint32_t rc = run_function(c);

    if (racdcert_services != NULL &&
        racdcert_services->waits(racdcert_services->arg))
        (void)cmd_abandon(c, rc);
    return rc;
}

static const struct cmd_verb racdcert = {
    .name = "RACDCERT",
    .alias = "",
    .operands = CMD_TABLE(operands),
    .run = run,
};

const struct cmd_verb *const racdcert_verbs[RACDCERT_VERBS] = { &racdcert };
