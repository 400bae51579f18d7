#include "saf/racdcert_list.h"

#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#include "saf/collate.h"
#include "saf/racdcert.h"

#define WRAP_COLUMNS 72u

struct str
racdcert_owner_words(struct arena *a, struct str owner)
{
    if (str_eq_z(owner, CERT_OWNER_CA))
        return STR("CERTAUTH");
    if (str_eq_z(owner, CERT_OWNER_SITE))
        return STR("SITE");
    if (str_eq_z(owner, "irrmulti"))
        return STR("MULTIID");
    return str_fmt(a, "user " STR_FMT, STR_ARG(owner));
}

/* --- rings
 * ---------------------------------------------------------------------- */

static struct str
owner_cell(struct arena *a, struct str owner)
{
    if (str_eq_z(owner, CERT_OWNER_CA))
        return STR("CERTAUTH");
    if (str_eq_z(owner, CERT_OWNER_SITE))
        return STR("SITE");
    return str_fmt(a, "ID(" STR_FMT ")", STR_ARG(owner));
}

static const char *
usage_word(char usage)
{
    return usage == 'C' ? "CERTAUTH" : usage == 'S' ? "SITE" : "PERSONAL";
}

void
racdcert_print_ring(struct cmd *c, const struct ring_row *ring)
{
    struct ring_entry *entries;
    size_t n = ring_entries(c->db, c->arena, ring->id, &entries);

    cmd_line(c, STR("  Ring:"));
    cmd_printf(c, "       >" STR_FMT "<", STR_ARG(ring->name));
    if (n == 0) {
        cmd_line(c, STR("  *** No certificates connected ***"));
        return;
    }
    cmd_line(c, STR("  Certificate Label Name             Cert Owner     "
                    "USAGE      DEFAULT"));
    cmd_line(c, STR("  --------------------------------   ------------   "
                    "--------   -------"));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            cmd_line(c, STR(""));
        cmd_printf(c, "  %-32.*s   %-12.*s   %-8s     %s",
                   STR_ARG(entries[i].cert.label),
                   STR_ARG(owner_cell(c->arena, entries[i].cert.owner)),
                   usage_word(entries[i].usage),
                   entries[i].is_default ? "YES" : "NO");
    }
}

/* --- certificates
 * ----------------------------------------------------------------- */

static size_t
put_ebcdic(unsigned char *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        out[i] = collate_ebcdic((unsigned char)text.p[i]);
    return text.n;
}

struct str
racdcert_id(struct arena *a, struct str owner, struct str label)
{
    unsigned char bytes[64], text[96];
    size_t n = 0;
    int n_text;

    owner = str_sub(owner, 0, SAF_USER_MAX);
    label = str_sub(label, 0, SAF_LABEL_MAX);
    bytes[n++] = 0xd9;
    bytes[n++] = (unsigned char)owner.n;
    n += put_ebcdic(bytes + n, owner);
    n += put_ebcdic(bytes + n, label);
    while (n % 3 != 0)
        bytes[n++] = 0x40;
    n_text = EVP_EncodeBlock(text, bytes, (int)n);
    return str_dup(a, str_n(text, (size_t)n_text));
}

void
racdcert_print_wrapped(struct cmd *c, struct str value)
{
    do {
        struct str piece = str_sub(value, 0, WRAP_COLUMNS);

        cmd_printf(c, "       >" STR_FMT "<", STR_ARG(piece));
        value = str_sub(value, piece.n, value.n);
    } while (value.n > 0);
}

static void
print_date(struct cmd *c, const char *head, int64_t at_s)
{
    time_t at = (time_t)at_s;
    struct tm tm;

    localtime_r(&at, &tm);
    cmd_printf(c, "  %-12s%04d/%02d/%02d %02d:%02d:%02d", head,
               tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
               tm.tm_min, tm.tm_sec);
}

static void
print_fingerprint(struct cmd *c, struct str bytes)
{
    cmd_line(c, STR("  Certificate Fingerprint (SHA256):"));
    for (size_t i = 0; i < bytes.n; i += 16) {
        char line[64];
        size_t n = 0;

        for (size_t k = i; k < i + 16 && k < bytes.n; k++)
            n += (size_t)snprintf(line + n, sizeof line - n, "%02X%s",
                                  (unsigned char)bytes.p[k],
                                  k + 1 < bytes.n ? ":" : "");
        cmd_printf(c, "       %s", line);
    }
}

static void
print_altnames(struct cmd *c, struct str names)
{
    struct str line;

    if (names.n == 0)
        return;
    cmd_line(c, STR("  Subject's AltNames:"));
    while (str_line(&names, &line))
        cmd_printf(c, "    " STR_FMT, STR_ARG(line));
}

static void
print_rings(struct cmd *c, const struct cert_row *row)
{
    struct ring_row *rings;
    size_t n = ring_list_of_cert(c->db, c->arena, row->id, &rings);

    cmd_line(c, STR("  Ring Associations:"));
    if (n == 0)
        cmd_line(c, STR("    *** No rings associated ***"));
    for (size_t i = 0; i < n; i++) {
        cmd_printf(c, "    Ring Owner: " STR_FMT, STR_ARG(rings[i].owner));
        cmd_line(c, STR("    Ring:"));
        cmd_printf(c, "       >" STR_FMT "<", STR_ARG(rings[i].name));
    }
}

/* As LIST has them. */
static struct str
key_type_words(struct str type)
{
    return str_eq_z(type, "NISTECC") ? STR("NIST ECC")
           : str_eq_z(type, "BPECC") ? STR("Brainpool ECC")
                                     : type;
}

void
racdcert_print_cert(struct cmd *c, const struct cert_row *row, bool rings)
{
    const struct cert_facts *f = &row->facts;

    if (row->label.n > 0) {
        cmd_printf(c, "  Label: " STR_FMT, STR_ARG(row->label));
        cmd_printf(c, "  Certificate ID: " STR_FMT,
                   STR_ARG(racdcert_id(c->arena, row->owner, row->label)));
        cmd_printf(c, "  Status: %s",
                   row->status == 'T'   ? "TRUST"
                   : row->status == 'H' ? "HIGHTRUST"
                                        : "NOTRUST");
    }
    print_date(c, "Start Date:", f->not_before_s);
    print_date(c, "End Date:", f->not_after_s);
    cmd_line(c, STR("  Serial Number:"));
    racdcert_print_wrapped(c, f->serial);
    cmd_line(c, STR("  Issuer's Name:"));
    racdcert_print_wrapped(c, f->issuer);
    cmd_line(c, STR("  Subject's Name:"));
    racdcert_print_wrapped(c, f->subject);
    print_altnames(c, f->altnames);
    cmd_printf(c, "  Signing Algorithm: " STR_FMT, STR_ARG(f->sig_alg));
    if (f->key_usage.n > 0)
        cmd_printf(c, "  Key Usage: " STR_FMT, STR_ARG(f->key_usage));
    cmd_printf(c, "  Key Type: " STR_FMT, STR_ARG(key_type_words(f->key_type)));
    cmd_printf(c, "  Key Size: %u", f->key_bits);
    if (row->label.n > 0)
        cmd_printf(c, "  Private Key: %s", row->key.n > 0 ? "YES" : "NO");
    if (row->pkds.n > 0) {
        cmd_line(c, STR("  PKDS Label:"));
        cmd_printf(c, "       " STR_FMT, STR_ARG(row->pkds));
    }
    print_fingerprint(c, f->fingerprint);
    if (rings)
        print_rings(c, row);
}
