/* RACDCERT REKEY and ROLLOVER: a certificate's successor, and its taking over
 * (source: RACDCERT REKEY, ROLLOVER of the command reference). */
#include <openssl/x509v3.h>
#include <string.h>

#include "saf/racdcert_private.h"

/* --- what an order takes over ------------------------------------------- */

static uint32_t
usage_of_text(struct str text)
{
    static const struct {
        const char *word;
        uint32_t usage;
    } rows[] = {
        { "HANDSHAKE", CERT_HANDSHAKE }, { "DATAENCRYPT", CERT_DATAENCRYPT },
        { "DOCSIGN", CERT_DOCSIGN },     { "CERTSIGN", CERT_CERTSIGN },
        { "KEYAGREE", CERT_KEYAGREE },
    };
    uint32_t usage = 0;
    struct str word;

    while (str_token(&text, ',', &word))
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            if (str_eq_z(str_trim(word), rows[i].word))
                usage |= rows[i].usage;
    return usage;
}

bool
racdcert_order_like(struct cmd *c, const struct cert_facts *facts,
                    struct cert_order *o)
{
    static const struct {
        const char *word;
        uint8_t kind;
    } rows[] = { { "IP: ", GEN_IPADD },
                 { "Domain: ", GEN_DNS },
                 { "EMail: ", GEN_EMAIL },
                 { "URI: ", GEN_URI } };
    struct str rest = facts->altnames, line;

    o->subject = facts->subject_der;
    o->usage = usage_of_text(facts->key_usage);
    o->is_ca = facts->is_ca;
    while (str_line(&rest, &line))
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            if (str_starts(line, str_of(rows[i].word)) &&
                !racdcert_put_altname(
                    c, o, rows[i].kind,
                    str_sub(line, strlen(rows[i].word), line.n)))
                return false;
    return true;
}

/* --- REKEY -------------------------------------------------------------- */

/* The old serial number and one more, until it is nobody's. */
static uint64_t
next_serial(struct cmd *c, const struct cert_row *old)
{
    uint64_t serial = old->last_serial;
    struct cert_facts facts = { .issuer = old->facts.subject };
    struct cert_row other;

    do {
        serial++;
        facts.serial = str_fmt(c->arena, "%llX", (unsigned long long)serial);
        if (facts.serial.n % 2 != 0)
            facts.serial =
                str_fmt(c->arena, "0%llX", (unsigned long long)serial);
    } while (cert_find_same(c->db, c->arena, &facts, &other));
    return serial;
}

static void
store_successor(struct cmd *c, struct cert_row *old, struct str label,
                const struct racdcert_key *key, uint64_t serial,
                const struct cert_facts *facts)
{
    struct cert_row row = { .owner = old->owner,
                            .label = label,
                            .status = old->status,
                            .key = buf_view(&key->sealed),
                            .pkds = key->pkds,
                            .flags = key->token.n > 0 ? CERT_IN_TOKEN : 0,
                            .last_serial = serial,
                            .facts = *facts };

    old->flags |= CERT_REKEYED;
    cert_put(c->db, old);
    cert_put(c->db, &row);
    racdcert_changed(c, "DIGTCERT");
}

uint32_t
racdcert_rekey(struct cmd *c, struct str owner)
{
    struct racdcert_key key = { .sealed.n = 0 };
    struct racdcert_signer signer;
    struct cert_order order = { .serial = 0 };
    struct cert_facts facts;
    struct cert_row old;
    struct str label;
    bool stored;

    if (!racdcert_may(c, "REKEY", racdcert_level(c, owner)) ||
        !racdcert_find(c, cmd_arg(c, "REKEY"), owner, &old))
        return c->rc;
    if (old.key.n == 0) {
        CMD_MSG(c, "IRRD128I", STR("REKEY"));
        return cmd_rc(c, 8);
    }
    order.serial = next_serial(c, &old);
    stored = racdcert_order_like(c, &old.facts, &order) &&
             racdcert_validity(c, &order) &&
             racdcert_free_label(c, owner, &label) &&
             racdcert_new_key(c, owner, &old, &key, &order);
    signer = racdcert_signer_new(&key, owner);
    stored = stored && racdcert_make(c, &signer, &order, &facts);
    if (stored)
        store_successor(c, &old, label, &key, order.serial, &facts);
    racdcert_key_fini(c, owner, &key, stored);
    return c->rc;
}

/* --- ROLLOVER ----------------------------------------------------------- */

/* In every ring the new one stands where the old one did. */
static void
take_over_rings(struct cmd *c, const struct cert_row *old,
                const struct cert_row *successor)
{
    saf_db_run(c->db,
               "DELETE FROM ring_certs WHERE cert_id=?2 AND ring_id IN"
               " (SELECT ring_id FROM ring_certs WHERE cert_id=?1)",
               "ii", old->id, successor->id);
    saf_db_run(c->db,
               "UPDATE rings SET seq=seq+1 WHERE id IN (SELECT ring_id FROM"
               " ring_certs WHERE cert_id=?1)",
               "i", old->id);
    saf_db_run(c->db, "UPDATE ring_certs SET cert_id=?2 WHERE cert_id=?1", "ii",
               old->id, successor->id);
}

uint32_t
racdcert_rollover(struct cmd *c, struct str owner)
{
    struct str label = cmd_value(cmd_arg(c, "NEWLABEL"));
    struct cert_row old, successor;

    if (!racdcert_may(c, "ROLLOVER", racdcert_level(c, owner)) ||
        !racdcert_find(c, cmd_arg(c, "ROLLOVER"), owner, &old))
        return c->rc;
    if (label.n == 0)
        return racdcert_missing(c, "NEWLABEL");
    if (!cert_get(c->db, c->arena, owner, label, &successor)) {
        CMD_MSG(c, "IRRD107I");
        return cmd_rc(c, 4);
    }
    if (successor.id == old.id)
        return racdcert_fail(c, "both labels name the same certificate");
    if (old.key.n == 0 || successor.key.n == 0) {
        CMD_MSG(c, "IRRD128I", STR("ROLLOVER"));
        return cmd_rc(c, 8);
    }
    if (((old.flags & CERT_REKEYED) == 0 ||
         !str_eq(old.facts.subject_der, successor.facts.subject_der)) &&
        !cmd_has(c, "FORCE"))
        return racdcert_fail(c,
                             "label " STR_FMT " is no successor made by "
                             "REKEY; add FORCE to use it all the same",
                             STR_ARG(label));
    take_over_rings(c, &old, &successor);
    if (old.last_serial > successor.last_serial)
        successor.last_serial = old.last_serial;
    old.key = (struct str){ NULL, 0 }; /* never signs again */
    old.pkds = STR("");
    old.flags |= CERT_RETIRED;
    cert_put(c->db, &old);
    cert_put(c->db, &successor);
    racdcert_changed(c, "DIGTCERT");
    return c->rc;
}
