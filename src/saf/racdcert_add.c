/* RACDCERT functions that take certificates in or look through them. */
#include <string.h>

#include "base/secret.h"
#include "saf/racdcert_private.h"

/* --- ADD
 * ----------------------------------------------------------------------------------------
 */

void
racdcert_unreadable(struct cmd *c, struct str dsn, bool is_read,
                    const struct err_info *why)
{
    CMD_MSG(c, is_read ? "IRRD104I" : "IRRD103I");
    (void)racdcert_fail(c, STR_FMT ": %s", STR_ARG(dsn), why->text);
}

bool
racdcert_read_bundle(struct cmd *c, const struct cmd_arg *dsn_arg,
                     const struct str *trusted, size_t n_trusted,
                     struct cert_bundle *out)
{
    struct err_info why = { 0 };
    struct buf file;
    struct str dsn;
    bool is_read;
    enum err e;

    if (!racdcert_dsn(c, dsn_arg, false, &dsn))
        return false;
    buf_init(&file, CERTPARSE_INPUT_MAX);
    e = racdcert_services->read(racdcert_services->arg, dsn, &file, &why);
    is_read = e == ERR_OK;
    if (e == ERR_OK)
        e = racdcert_services->parse(
            racdcert_services->arg, c->arena, buf_view(&file),
            cmd_value(cmd_arg(c, "PASSWORD")), trusted, n_trusted, out, &why);
    buf_fini(&file);
    if (e == ERR_OK && out->is_request)
        e = err_set(&why, ERR_SYNTAX, "a certificate request, no certificate");
    if (e != ERR_OK)
        racdcert_unreadable(c, dsn, is_read, &why);
    return e == ERR_OK;
}

/* The trusted certificate authorities of the database. */
size_t
racdcert_trusted(struct cmd *c, struct str **ders)
{
    struct cert_row *rows;
    size_t n = cert_list(c->db, c->arena, STR(CERT_OWNER_CA), &rows);
    size_t n_out = 0;
    struct str *out = ARENA_ARRAY(c->arena, struct str, n + 1);

    for (size_t i = 0; out != NULL && i < n; i++) {
        if (rows[i].status != 'N')
            out[n_out++] = rows[i].facts.der;
    }
    *ders = out;
    return n_out;
}

/* now: of the same certificate, which is there already; 0: it is not. */
static char
default_status(const struct cmd *c, struct str owner,
               const struct cert_facts *facts, char now)
{
    if (cmd_has(c, "TRUST"))
        return 'T';
    if (cmd_has(c, "NOTRUST"))
        return 'N';
    if (cmd_has(c, "HIGHTRUST"))
        return 'H';
    if (now != 0)
        return now;
    if (facts->signer >= 0)
        return 'T';
    return facts->is_self_signed && !facts->has_bad_signature &&
                   (str_eq_z(owner, CERT_OWNER_CA) ||
                    str_eq_z(owner, CERT_OWNER_SITE))
               ? 'T'
               : 'N';
}

/* CA certificates that came along go under CERTAUTH, for those who may. */
static void
add_chain(struct cmd *c, struct cert_bundle *bundle)
{
    bool may = cmd_is_special(c) ||
               saf_authorized(c->engine, c->acee, "FACILITY",
                              STR("IRR.DIGTCERT.ADD"), SAF_CONTROL);

    for (size_t i = 1; may && i < bundle->n; i++) {
        struct cert_facts *facts = &bundle->certs[i];
        struct cert_row same,
            row = { .owner = STR(CERT_OWNER_CA), .facts = *facts };

        if (!facts->is_ca || facts->has_bad_signature ||
            cert_find_same(c->db, c->arena, facts, &same))
            continue;
        row.status = facts->is_self_signed || facts->signer >= 0 ? 'T' : 'N';
        for (unsigned k = 1; row.label.n == 0 && k < 100000000; k++) {
            struct str label = str_fmt(c->arena, "LABEL%08u", k);

            if (!cert_get(c->db, c->arena, row.owner, label, &same))
                row.label = label;
        }
        cert_put(c->db, &row);
        CMD_MSG(c, "IRRD199I", row.label,
                racdcert_owner_words(c->arena, row.owner));
    }
}

/* The key that came along, here or in a token. */
static bool
seal(struct cmd *c, struct str owner, struct str pkcs8,
     struct racdcert_key *key)
{
    struct err_info why = { 0 };
    struct str label;
    enum err e;

    if (pkcs8.n == 0 && racdcert_wants_token(c)) {
        (void)racdcert_fail(c, "there is no private key to keep in a token");
        return false;
    }
    if (pkcs8.n == 0)
        return true;
    if (!racdcert_key_place(c, owner, &label, &key->token))
        return false;
    key->pkds = key->token.n > 0 ? STR("") : label;
    e = racdcert_services->seal_key(racdcert_services->arg, pkcs8, key->token,
                                    label, owner, &key->sealed, &key->spki,
                                    &why);
    if (e != ERR_OK)
        (void)racdcert_fail(c, "%s", why.text);
    return e == ERR_OK;
}

/* The row this certificate takes: its own again, that of its request, or a
 * new one. False: refused, said. */
static bool
place(struct cmd *c, struct str owner, const struct cert_facts *facts,
      struct cert_row *row)
{
    const struct cmd_arg *label = cmd_arg(c, "WITHLABEL");
    struct cert_row other;

    *row = (struct cert_row){ .owner = owner };
    if (cert_find_same(c->db, c->arena, facts, row)) {
        if (!str_eq(row->owner, owner) ||
            !str_eq(row->facts.fingerprint, facts->fingerprint)) {
            (void)racdcert_is_there(c, row);
            return false;
        }
    } else if (!cert_find_key(c->db, c->arena, owner, facts, row)) {
        *row = (struct cert_row){ .owner = owner };
    }
    if (row->id == 0)
        row->label = racdcert_new_label(c, owner);
    else if (label != NULL)
        row->label = cmd_value(label);
    if (cert_get(c->db, c->arena, owner, row->label, &other) &&
        other.id != row->id) {
        (void)racdcert_label_used(c, row->label);
        return false;
    }
    return true;
}

/* IRRD113I: why a status that nobody named is what it is. */
static void
tell_status(struct cmd *c, const struct cert_row *row)
{
    bool is_self_signed = row->facts.is_self_signed;

    if (cmd_has(c, "TRUST") || cmd_has(c, "NOTRUST") ||
        cmd_has(c, "HIGHTRUST") || (!is_self_signed && row->status != 'N'))
        return;
    CMD_MSG(c, "IRRD113I", STR("adding"),
            is_self_signed ? STR("is self-signed")
                           : STR("has no trusted issuer"),
            row->status == 'N' ? STR("NOTRUST") : STR("TRUST"));
    if (row->status == 'N')
        (void)cmd_rc(c, 4);
}

bool
racdcert_keep(struct cmd *c, struct str owner, const struct cert_facts *facts,
              const struct racdcert_key *key)
{
    struct cert_row row;
    bool is_same;

    if (!place(c, owner, facts, &row))
        return false;
    is_same = row.id != 0 && str_eq(row.facts.fingerprint, facts->fingerprint);
    row.status = default_status(c, owner, facts, is_same ? row.status : 0);
    row.facts = *facts;
    if (key->sealed.n > 0) {
        row.key = buf_view(&key->sealed);
        row.pkds = key->pkds;
        row.flags &= ~(uint32_t)CERT_IN_TOKEN;
        if (key->token.n > 0)
            row.flags |= CERT_IN_TOKEN;
    }
    if (!is_same)
        row.flags &= ~(uint32_t)CERT_REQUESTED; /* answered */
    cert_put(c->db, &row);
    if (!is_same)
        tell_status(c, &row);
    CMD_MSG(c, "IRRD199I", row.label, racdcert_owner_words(c->arena, owner));
    racdcert_changed(c, "DIGTCERT");
    return true;
}

/* An issuer that only came along proves nothing unless it was taken. */
static void
check_signer(struct cmd *c, const struct cert_bundle *bundle)
{
    struct cert_facts *facts = &bundle->certs[0];
    struct cert_row ca;

    if (facts->signer > 0 && (size_t)facts->signer < bundle->n &&
        (!cert_find_same(c->db, c->arena, &bundle->certs[facts->signer], &ca) ||
         ca.status == 'N' || !str_eq_z(ca.owner, CERT_OWNER_CA)))
        facts->signer = -1;
}

uint32_t
racdcert_add(struct cmd *c, struct str owner)
{
    struct racdcert_key key = { .pkds = STR("") };
    struct cert_bundle bundle;
    struct str *trusted;
    size_t n_trusted;
    bool stored = false;

    if (!racdcert_may(c, "ADD", racdcert_level(c, owner)))
        return c->rc;
    n_trusted = racdcert_trusted(c, &trusted);
    if (!racdcert_read_bundle(c, cmd_arg(c, "ADD"), trusted, n_trusted,
                              &bundle))
        return c->rc;
    add_chain(c, &bundle);
    check_signer(c, &bundle);
    buf_init(&key.sealed, CERT_DER_MAX);
    buf_init(&key.spki, CERT_DER_MAX);
    if (bundle.certs[0].has_bad_signature)
        (void)racdcert_fail(c, "the certificate's signature is not valid");
    else if (seal(c, owner, bundle.pkcs8, &key))
        stored = racdcert_keep(c, owner, &bundle.certs[0], &key);
    if (bundle.pkcs8.n > 0)
        secret_wipe((void *)(uintptr_t)bundle.pkcs8.p, bundle.pkcs8.n);
    racdcert_key_fini(c, owner, &key, stored);
    return c->rc;
}

/* --- chains
 * ------------------------------------------------------------------------------------
 */

/* Of whom that name is among the certificates of an owner. */
static bool
find_issuer(struct cmd *c, struct str owner, struct str name,
            struct cert_row *out)
{
    struct cert_row *rows;
    size_t n = cert_list(c->db, c->arena, owner, &rows);

    for (size_t i = 0; i < n; i++)
        if (str_eq(rows[i].facts.subject_der, name)) {
            *out = rows[i];
            return true;
        }
    return false;
}

/* An issuer is looked for with the certificate's owner, then with CERTAUTH;
 * from there on CERTAUTH only. */
size_t
racdcert_chain(struct cmd *c, const struct cert_row *from,
               struct cert_row chain[RACDCERT_CHAIN_MAX], bool *is_complete)
{
    size_t n = 1;

    chain[0] = *from;
    while (!chain[n - 1].facts.is_self_signed && n < RACDCERT_CHAIN_MAX) {
        struct str name = chain[n - 1].facts.issuer_der;

        if (!find_issuer(c, chain[n - 1].owner, name, &chain[n]) &&
            !find_issuer(c, STR(CERT_OWNER_CA), name, &chain[n]))
            break;
        n++;
    }
    *is_complete = chain[n - 1].facts.is_self_signed;
    return n;
}

struct chain_facts {
    size_t n;
    bool is_complete, is_expired, is_untrusted;
};

static void
print_chain(struct cmd *c, const struct chain_facts *f)
{
    cmd_line(c, STR("Chain information:"));
    cmd_printf(c, "  Chain contains %zu certificate(s), chain is %s", f->n,
               f->is_complete ? "complete" : "incomplete");
    if (f->is_expired)
        cmd_line(c, STR("  Chain contains expired certificate(s)"));
    if (f->is_untrusted)
        cmd_line(c, STR("  Chain contains NOTRUST certificate(s)"));
}

static bool
is_expired(const struct cmd *c, const struct cert_facts *f)
{
    return f->not_after_s < (int64_t)(c->session->now_ms / 1000);
}

static bool
is_in_ring(struct cmd *c, const struct ring_row *ring, int64_t cert_id)
{
    struct ring_entry *entries;
    size_t n = ring_entries(c->db, c->arena, ring->id, &entries);

    for (size_t i = 0; i < n; i++)
        if (entries[i].cert.id == cert_id)
            return true;
    return false;
}

/* Rings that hold the whole chain. */
static void
print_common_rings(struct cmd *c, const struct cert_row *chain, size_t n)
{
    struct ring_row *rings;
    size_t n_rings = ring_list_of_cert(c->db, c->arena, chain[0].id, &rings);

    for (size_t i = 0; i < n_rings; i++) {
        size_t k = 1;

        while (k < n && is_in_ring(c, &rings[i], chain[k].id))
            k++;
        if (k == n)
            cmd_printf(c,
                       "  Chain contains ring in common: " STR_FMT "/" STR_FMT,
                       STR_ARG(rings[i].owner), STR_ARG(rings[i].name));
    }
}

/* Certificates of others stand in a chain, so there is but one level. */
uint32_t
racdcert_listchain(struct cmd *c, struct str owner)
{
    struct cert_row cert, chain[RACDCERT_CHAIN_MAX];
    struct chain_facts facts = { .n = 0 };

    if (!racdcert_may(c, "LIST", SAF_CONTROL) ||
        !racdcert_find(c, cmd_arg(c, "LISTCHAIN"), owner, &cert))
        return c->rc;
    facts.n = racdcert_chain(c, &cert, chain, &facts.is_complete);
    for (size_t i = 0; i < facts.n; i++) {
        cmd_printf(c, "Certificate %zu:", i + 1);
        cmd_printf(c, "Digital certificate information for " STR_FMT ":",
                   STR_ARG(racdcert_owner_words(c->arena, chain[i].owner)));
        racdcert_print_cert(c, &chain[i], true);
        facts.is_expired = facts.is_expired || is_expired(c, &chain[i].facts);
        facts.is_untrusted = facts.is_untrusted || chain[i].status == 'N';
    }
    print_chain(c, &facts);
    print_common_rings(c, chain, facts.n);
    return c->rc;
}

/* From the end entity, which is the first, up to one that signed itself. */
static bool
has_root(const struct cert_bundle *bundle)
{
    size_t at = 0;

    for (size_t i = 0; i < bundle->n; i++) {
        int32_t by = bundle->certs[at].signer;

        if (bundle->certs[at].is_self_signed)
            return true;
        if (by < 0 || (size_t)by >= bundle->n)
            return false;
        at = (size_t)by;
    }
    return false;
}

/* One that claims to be signed by itself or by another of the bundle, and is
 * not. */
static bool
is_forged(const struct cert_bundle *bundle, size_t at)
{
    const struct cert_facts *f = &bundle->certs[at];

    if (f->is_self_signed || f->has_bad_signature)
        return f->has_bad_signature;
    for (size_t i = 0; f->signer < 0 && i < bundle->n; i++)
        if (i != at && str_eq(bundle->certs[i].subject_der, f->issuer_der))
            return true;
    return false;
}

uint32_t
racdcert_checkcert(struct cmd *c, struct str owner)
{
    struct cert_bundle bundle;
    bool may = cmd_is_special(c) ||
               saf_authorized(c->engine, c->acee, "FACILITY",
                              STR("IRR.DIGTCERT.LIST"), SAF_CONTROL);
    struct chain_facts facts = { .n = 0 };

    (void)owner;
    if (!racdcert_may(c, "LIST", SAF_READ) ||
        !racdcert_read_bundle(c, cmd_arg(c, "CHECKCERT"), NULL, 0, &bundle))
        return c->rc;
    if (bundle.pkcs8.n > 0)
        secret_wipe((void *)(uintptr_t)bundle.pkcs8.p, bundle.pkcs8.n);
    for (size_t i = 0; i < bundle.n; i++) {
        struct cert_row known, row = { .facts = bundle.certs[i] };

        cmd_printf(c, "Certificate %zu:", i + 1);
        /* Owner, label and status are the database's own knowledge. */
        if (may && cert_find_same(c->db, c->arena, &row.facts, &known)) {
            cmd_printf(c, "Digital certificate information for " STR_FMT ":",
                       STR_ARG(racdcert_owner_words(c->arena, known.owner)));
            row = known;
        }
        racdcert_print_cert(c, &row, false);
        facts.is_expired = facts.is_expired || is_expired(c, &row.facts);
        if (is_forged(&bundle, i)) {
            CMD_MSG(c, "IRRD302I");
            return racdcert_fail(
                c, "certificate %zu is not signed by " STR_FMT ", its issuer",
                i + 1, STR_ARG(row.facts.issuer));
        }
    }
    facts.n = bundle.n;
    facts.is_complete = has_root(&bundle);
    print_chain(c, &facts);
    return c->rc;
}
