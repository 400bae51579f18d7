#include "saf/cert.h"

#include <stdio.h>
#include <string.h>

#include "saf/classes.h"

/*
 * Commands read what is stored (certs, rings, ring_certs); applications what is
 * effective (effective.h).
 *
 * The named columns are what others search and unload; column `facts` is the
 * whole of what the confined parser said, in one piece.
 */
#define COLUMNS "id, owner, label, status, key, last_serial, facts, flags, pkds"
#define FACTS_MAX (64u * 1024u)

static bool
read_row(struct saf_query *q, struct arena *a, struct cert_row *out)
{
    struct cert_row row = { .id = saf_query_int(q, 0) };
    struct cert_bundle bundle;
    struct str status;
    struct reader in;

    row.owner = saf_query_str(q, a, 1);
    row.label = saf_query_str(q, a, 2);
    status = saf_query_str(q, a, 3);
    row.status = status.n > 0 ? status.p[0] : 'N';
    row.key = saf_query_str(q, a, 4);
    row.last_serial = (uint64_t)saf_query_int(q, 5);
    in = reader_of(saf_query_str(q, a, 6));
    row.flags = (uint32_t)saf_query_int(q, 7);
    row.pkds = saf_query_str(q, a, 8);
    if (!cert_bundle_read(&in, a, &bundle) || bundle.n != 1)
        return false;
    row.facts = bundle.certs[0];
    *out = row;
    return true;
}

static bool
read_one(struct saf_query q, struct arena *a, struct cert_row *out)
{
    bool is_there = saf_query_next(&q) && read_row(&q, a, out);

    saf_query_close(&q);
    return is_there;
}

static size_t
read_all(struct saf_query q, struct arena *a, struct cert_row **out)
{
    size_t n = 0, cap = 0;
    struct cert_row *rows = NULL, *more;

    while (saf_query_next(&q)) {
        more = arena_grown(a, rows, n, &cap, sizeof *rows);
        if (more == NULL)
            break;
        rows = more;
        if (read_row(&q, a, &rows[n]))
            n++;
    }
    saf_query_close(&q);
    *out = rows;
    return rows == NULL ? 0 : n;
}

/* --- names ---------------------------------------------------------------- */

#define CENT "\xc2\xa2" /* X'4A' of EBCDIC */
#define NAME_MAX_CHARS SAF_PROFILE_MAX

static bool
fits_in_name(char c)
{
    return (unsigned char)c > ' ' && c != 0x7f && strchr(",;()'\"", c) == NULL;
}

/* Characters, not bytes. */
static size_t
n_chars(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xc0u) != 0x80u;
    return n;
}

/* From the character `from` up to `to`. */
static struct str
chars(struct str text, size_t from, size_t to)
{
    size_t at = 0, first = text.n, last = text.n;

    for (size_t i = 0; i < text.n; i++) {
        if (((unsigned char)text.p[i] & 0xc0u) == 0x80u)
            continue;
        if (at == from)
            first = i;
        if (at == to)
            last = i;
        at++;
    }
    return str_sub(text, first, last);
}

static struct str
as_name(struct arena *a, struct str issuer)
{
    char *text = arena_alloc(a, issuer.n * 2 + 1);
    size_t n = 0;

    for (size_t i = 0; text != NULL && i < issuer.n; i++) {
        if (fits_in_name(issuer.p[i])) {
            text[n++] = issuer.p[i];
        } else {
            text[n++] = CENT[0];
            text[n++] = CENT[1];
        }
    }
    return text == NULL ? STR("") : str_n(text, n);
}

static struct str
in_hex(struct arena *a, struct str bytes)
{
    char *text = arena_alloc(a, bytes.n * 2 + 1);

    for (size_t i = 0; text != NULL && i < bytes.n; i++)
        (void)snprintf(text + 2 * i, 3, "%02X", (unsigned char)bytes.p[i]);
    return text == NULL ? STR("") : str_n(text, 2 * bytes.n);
}

struct str
cert_profile_name(struct arena *a, struct str serial, struct str issuer,
                  struct str fingerprint)
{
    struct str name = as_name(a, issuer);
    size_t n = n_chars(name), room;

    if (serial.n + 1 + n <= NAME_MAX_CHARS)
        return str_fmt(a, STR_FMT "." STR_FMT, STR_ARG(serial), STR_ARG(name));
    room = serial.n + 1 + 2 * fingerprint.n < NAME_MAX_CHARS
               ? NAME_MAX_CHARS - serial.n - 1 - 2 * fingerprint.n
               : 0;
    return str_fmt(a, STR_FMT "." STR_FMT STR_FMT STR_FMT, STR_ARG(serial),
                   STR_ARG(chars(name, 0, room / 2)),
                   STR_ARG(in_hex(a, fingerprint)),
                   STR_ARG(chars(name, n - (room - room / 2), n)));
}

bool
cert_get(struct saf_db *db, struct arena *a, struct str owner, struct str label,
         struct cert_row *out)
{
    return read_one(saf_db_query(db,
                                 "SELECT " COLUMNS " FROM certs WHERE "
                                 "owner=?1 AND label=?2",
                                 "ss", owner, label),
                    a, out);
}

bool
cert_get_id(struct saf_db *db, struct arena *a, int64_t id,
            struct cert_row *out)
{
    return read_one(
        saf_db_query(db, "SELECT " COLUMNS " FROM certs WHERE id=?1", "i", id),
        a, out);
}

bool
cert_find_same(struct saf_db *db, struct arena *a,
               const struct cert_facts *facts, struct cert_row *out)
{
    return read_one(saf_db_query(db,
                                 "SELECT " COLUMNS " FROM certs WHERE "
                                 "serial=?1 AND issuer=?2",
                                 "ss", facts->serial, facts->issuer),
                    a, out);
}

bool
cert_find_fingerprint(struct saf_db *db, struct arena *a,
                      struct str fingerprint, struct cert_row *out)
{
    return read_one(
        saf_db_query(db, "SELECT " COLUMNS " FROM certs WHERE fingerprint=?1",
                     "b", fingerprint),
        a, out);
}

size_t
cert_list(struct saf_db *db, struct arena *a, struct str owner,
          struct cert_row **out)
{
    return read_all(saf_db_query(db,
                                 "SELECT " COLUMNS " FROM certs WHERE "
                                 "owner=?1 ORDER BY label",
                                 "s", owner),
                    a, out);
}

bool
cert_find_key(struct saf_db *db, struct arena *a, struct str owner,
              const struct cert_facts *facts, struct cert_row *out)
{
    struct cert_row *rows;
    size_t n = cert_list(db, a, owner, &rows);

    for (size_t i = 0; i < n; i++) {
        if (str_eq(rows[i].facts.key_hash, facts->key_hash)) {
            *out = rows[i];
            return true;
        }
    }
    return false;
}

void
cert_put(struct saf_db *db, struct cert_row *row)
{
    const struct cert_facts *f = &row->facts;
    struct cert_bundle bundle = { .certs = &row->facts, .n = 1 };
    struct str status = str_n(&row->status, 1);
    struct str key = row->key.n > 0 ? row->key : (struct str){ NULL, 0 };
    struct buf facts;

    buf_init(&facts, FACTS_MAX);
    cert_bundle_put(&bundle, &facts);
    if (row->id == 0) {
        saf_db_run(db,
                   "INSERT INTO certs(owner, label, status, der, key, serial,"
                   " issuer, subject, not_before, not_after, key_type,"
                   " key_bits, last_serial, ring_seq, fingerprint, facts,"
                   " flags, pkds)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,0,?14,"
                   "?15,?16,?17)",
                   "sssbbsssiisiibbis", row->owner, row->label, status, f->der,
                   key, f->serial, f->issuer, f->subject, f->not_before_s,
                   f->not_after_s, f->key_type, (int64_t)f->key_bits,
                   (int64_t)row->last_serial, f->fingerprint, buf_view(&facts),
                   (int64_t)row->flags, row->pkds);
        row->id = saf_db_last_id(db);
    } else {
        saf_db_run(db,
                   "UPDATE certs SET label=?2, status=?3, der=?4, key=?5,"
                   " serial=?6, issuer=?7, subject=?8, not_before=?9,"
                   " not_after=?10, key_type=?11, key_bits=?12,"
                   " last_serial=?13, fingerprint=?14, facts=?15, flags=?16,"
                   " pkds=?17 WHERE id=?1",
                   "issbbsssiisiibbis", row->id, row->label, status, f->der,
                   key, f->serial, f->issuer, f->subject, f->not_before_s,
                   f->not_after_s, f->key_type, (int64_t)f->key_bits,
                   (int64_t)row->last_serial, f->fingerprint, buf_view(&facts),
                   (int64_t)row->flags, row->pkds);
        saf_db_run(db,
                   "UPDATE rings SET seq=seq+1 WHERE id IN (SELECT ring_id"
                   " FROM ring_certs WHERE cert_id=?1)",
                   "i", row->id);
    }
    buf_fini(&facts);
}

void
cert_delete(struct saf_db *db, int64_t id)
{
    saf_db_run(db,
               "UPDATE rings SET seq=seq+1 WHERE id IN (SELECT ring_id FROM"
               " ring_certs WHERE cert_id=?1)",
               "i", id);
    saf_db_run(db, "DELETE FROM ring_certs WHERE cert_id=?1", "i", id);
    saf_db_run(db, "DELETE FROM certs WHERE id=?1", "i", id);
}

/* --- rings
 * --------------------------------------------------------------------- */

static void
read_ring(struct saf_query *q, struct arena *a, struct ring_row *out)
{
    out->id = saf_query_int(q, 0);
    out->owner = saf_query_str(q, a, 1);
    out->name = saf_query_str(q, a, 2);
    out->sequence = (uint64_t)saf_query_int(q, 3);
}

bool
ring_get(struct saf_db *db, struct arena *a, struct str owner, struct str name,
         struct ring_row *out)
{
    struct saf_query q = saf_db_query(
        db, "SELECT id, owner, name, seq FROM rings WHERE owner=?1 AND name=?2",
        "ss", owner, name);
    bool is_there = saf_query_next(&q);

    if (is_there)
        read_ring(&q, a, out);
    saf_query_close(&q);
    return is_there;
}

static size_t
read_rings(struct saf_query q, struct arena *a, struct ring_row **out)
{
    size_t n = 0, cap = 0;
    struct ring_row *rows = NULL, *more;

    while (saf_query_next(&q)) {
        more = arena_grown(a, rows, n, &cap, sizeof *rows);
        if (more == NULL)
            break;
        rows = more;
        read_ring(&q, a, &rows[n++]);
    }
    saf_query_close(&q);
    *out = rows;
    return rows == NULL ? 0 : n;
}

size_t
ring_list(struct saf_db *db, struct arena *a, struct str owner,
          struct ring_row **out)
{
    return read_rings(saf_db_query(db,
                                   "SELECT id, owner, name, seq FROM rings"
                                   " WHERE owner=?1 ORDER BY name",
                                   "s", owner),
                      a, out);
}

size_t
ring_list_of_cert(struct saf_db *db, struct arena *a, int64_t cert_id,
                  struct ring_row **out)
{
    return read_rings(
        saf_db_query(db,
                     "SELECT r.id, r.owner, r.name, r.seq FROM rings r JOIN"
                     " ring_certs c ON c.ring_id=r.id WHERE c.cert_id=?1"
                     " ORDER BY r.owner, r.name",
                     "i", cert_id),
        a, out);
}

#define ENTRY_COLUMNS                                                          \
    "c.id, c.owner, c.label, c.status, c.key, c.last_serial, c.facts,"         \
    " c.flags, c.pkds, r.usage, r.is_default"

static size_t
read_entries(struct saf_query q, struct arena *a, struct ring_entry **out)
{
    size_t n = 0, cap = 0;
    struct ring_entry *rows = NULL, *more;

    while (saf_query_next(&q)) {
        struct str usage;

        more = arena_grown(a, rows, n, &cap, sizeof *rows);
        if (more == NULL)
            break;
        rows = more;
        usage = saf_query_str(&q, a, 9);
        rows[n].usage = usage.n > 0 ? usage.p[0] : 'P';
        rows[n].is_default = saf_query_int(&q, 10) != 0;
        if (read_row(&q, a, &rows[n].cert))
            n++;
    }
    saf_query_close(&q);
    *out = rows;
    return rows == NULL ? 0 : n;
}

size_t
ring_entries(struct saf_db *db, struct arena *a, int64_t ring_id,
             struct ring_entry **out)
{
    return read_entries(saf_db_query(db,
                                     "SELECT " ENTRY_COLUMNS
                                     " FROM ring_certs r JOIN certs c ON"
                                     " c.id=r.cert_id WHERE r.ring_id=?1"
                                     " ORDER BY r.pos",
                                     "i", ring_id),
                        a, out);
}

void
ring_add(struct saf_db *db, struct str owner, struct str name)
{
    saf_db_run(db, "INSERT INTO rings(owner, name, seq) VALUES(?1,?2,1)", "ss",
               owner, name);
}

void
ring_delete(struct saf_db *db, int64_t id)
{
    saf_db_run(db, "DELETE FROM ring_certs WHERE ring_id=?1", "i", id);
    saf_db_run(db, "DELETE FROM rings WHERE id=?1", "i", id);
}

static void
ring_changed(struct saf_db *db, int64_t id)
{
    saf_db_run(db, "UPDATE rings SET seq=seq+1 WHERE id=?1", "i", id);
}

void
ring_connect(struct saf_db *db, int64_t ring_id, int64_t cert_id, char usage,
             bool is_default)
{
    if (is_default)
        saf_db_run(db, "UPDATE ring_certs SET is_default=0 WHERE ring_id=?1",
                   "i", ring_id);
    saf_db_run(db,
               "UPDATE ring_certs SET usage=?3, is_default=?4 WHERE"
               " ring_id=?1 AND cert_id=?2",
               "iisi", ring_id, cert_id, str_n(&usage, 1), (int64_t)is_default);
    if (saf_db_changes(db) == 0)
        saf_db_run(db,
                   "INSERT INTO ring_certs(ring_id, cert_id, usage,"
                   " is_default, pos) VALUES(?1,?2,?3,?4,(SELECT"
                   " coalesce(max(pos),0)+1 FROM ring_certs WHERE"
                   " ring_id=?1))",
                   "iisi", ring_id, cert_id, str_n(&usage, 1),
                   (int64_t)is_default);
    ring_changed(db, ring_id);
}

bool
ring_remove(struct saf_db *db, int64_t ring_id, int64_t cert_id)
{
    saf_db_run(db, "DELETE FROM ring_certs WHERE ring_id=?1 AND cert_id=?2",
               "ii", ring_id, cert_id);
    if (saf_db_changes(db) == 0)
        return false;
    ring_changed(db, ring_id);
    return true;
}

/* --- a certificate's user
 * ---------------------------------------------------------- */

static bool
is_ordinary(struct str owner)
{
    return !str_eq_z(owner, CERT_OWNER_CA) &&
           !str_eq_z(owner, CERT_OWNER_SITE) && !str_eq_z(owner, "irrmulti");
}

enum err
cert_user(struct saf_db *db, struct arena *a, struct str fingerprint,
          struct str *user, struct saf_rc *rc, struct err_info *why)
{
    struct cert_row row;
    enum err e;

    if (!read_one(saf_db_query(db,
                               "SELECT " COLUMNS " FROM eff_certs WHERE"
                               " fingerprint=?1",
                               "b", fingerprint),
                  a, &row) ||
        !is_ordinary(row.owner)) {
        *rc = SAF_RC(8, 8, 40);
        e = saf_db_check(db, why);
        return e != ERR_OK ? e
                           : err_set(why, ERR_DENIED,
                                     "no user ID for this certificate");
    }
    if (row.status == 'N') {
        *rc = SAF_RC(8, 8, 36);
        return err_set(why, ERR_DENIED,
                       "the certificate of user " STR_FMT " is not trusted",
                       STR_ARG(row.owner));
    }
    *rc = SAF_RC(0, 0, 0);
    *user = row.owner;
    return ERR_OK;
}

size_t
cert_list_hightrust(struct saf_db *db, struct arena *a, struct cert_row **out)
{
    return read_all(saf_db_query(db,
                                 "SELECT " COLUMNS " FROM eff_certs WHERE"
                                 " owner='" CERT_OWNER_CA "' AND status='H'"
                                 " ORDER BY label",
                                 ""),
                    a, out);
}

/* --- R_datalib
 * ----------------------------------------------------------------------- */

/* What the caller may do with a ring: the highest level, or none. */
struct ring_access {
    enum saf_level level;
    bool is_by_ring; /* an RDATALIB profile decided */
};

static enum saf_level
level_of(struct saf_engine *engine, const struct acee *acee,
         const char *class_name, struct str resource, bool *is_found)
{
    static const enum saf_level levels[] = { SAF_CONTROL, SAF_UPDATE,
                                             SAF_READ };

    *is_found = false;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        struct saf_decision d = saf_authorize(engine, acee, str_of(class_name),
                                              resource, levels[i], NULL);

        if (d.rc.saf == 4)
            return SAF_NONE;
        *is_found = true;
        if (d.rc.saf == 0)
            return levels[i];
    }
    return SAF_NONE;
}

/* RDATALIB <owner>.<ring>.LST, once it exists, is final even for the owner;
 * else FACILITY IRR.DIGTCERT.LISTRING: READ own, UPDATE another's. */
static bool
may_list(struct saf_engine *engine, const struct acee *acee, struct str owner,
         struct str ring, bool is_virtual, struct ring_access *access)
{
    char resource[SAF_USER_MAX + SAF_RING_MAX + 32];
    bool is_own = str_eq_z(owner, acee->user);
    struct str name = is_virtual ? STR("IRR_VIRTUAL_KEYRING") : ring;
    int n = snprintf(resource, sizeof resource, "%.*s.%.*s.LST", STR_ARG(owner),
                     STR_ARG(name));
    bool is_found;

    /* Longer than a profile name may be: no profile can match. */
    access->is_by_ring = false;
    if (n <= (int)SAF_PROFILE_MAX) {
        access->level = level_of(engine, acee, "RDATALIB",
                                 str_n(resource, (size_t)n), &is_found);
        access->is_by_ring = is_found;
        if (is_found)
            return access->level >= SAF_READ;
    }
    access->level =
        level_of(engine, acee, "FACILITY",
                 is_virtual && !is_ordinary(owner) ? STR("IRR.DIGTCERT.LIST")
                                                   : STR("IRR.DIGTCERT."
                                                         "LISTRING"),
                 &is_found);
    return access->level >= (is_own ? SAF_READ : SAF_UPDATE);
}

static bool
gives_key(struct saf_engine *engine, const struct acee *acee,
          const struct ring_entry *entry, const struct ring_access *access)
{
    bool is_own = str_eq_z(entry->cert.owner, acee->user);
    bool is_found;

    if (entry->cert.key.n == 0 || entry->usage != 'P')
        return false;
    /* A key in the token is used by who has READ to its label. */
    if (entry->cert.pkds.n > 0 &&
        saf_authorize(engine, acee, STR("CSFKEYS"), entry->cert.pkds, SAF_READ,
                      NULL)
                .rc.saf == 8)
        return false;
    if (!is_ordinary(entry->cert.owner))
        return access->is_by_ring ? access->level >= SAF_CONTROL
                                  : level_of(engine, acee, "FACILITY",
                                             STR("IRR.DIGTCERT.GENCERT"),
                                             &is_found) >= SAF_CONTROL;
    if (access->is_by_ring)
        return access->level >= (is_own ? SAF_READ : SAF_UPDATE);
    return is_own;
}

static size_t
virtual_entries(struct saf_db *db, struct arena *a, struct str owner,
                struct ring_entry **out)
{
    struct cert_row *rows;
    size_t n = read_all(saf_db_query(db,
                                     "SELECT " COLUMNS " FROM eff_certs WHERE "
                                     "owner=?1 ORDER BY label",
                                     "s", owner),
                        a, &rows);
    struct ring_entry *entries = ARENA_ARRAY(a, struct ring_entry, n + 1);

    if (entries == NULL)
        return 0;
    for (size_t i = 0; i < n; i++)
        entries[i] = (struct ring_entry){
            .cert = rows[i],
            .usage = str_eq_z(owner, CERT_OWNER_CA)     ? 'C'
                     : str_eq_z(owner, CERT_OWNER_SITE) ? 'S'
                                                        : 'P',
        };
    *out = entries;
    return n;
}

static bool
effective_ring(struct saf_db *db, struct arena *a, struct str owner,
               struct str name, struct ring_row *out)
{
    struct saf_query q = saf_db_query(db,
                                      "SELECT id, owner, name, seq FROM"
                                      " eff_rings WHERE owner=?1 AND name=?2",
                                      "ss", owner, name);
    bool is_there = saf_query_next(&q);

    if (is_there)
        read_ring(&q, a, out);
    saf_query_close(&q);
    return is_there;
}

static size_t
effective_entries(struct saf_db *db, struct arena *a, int64_t ring_id,
                  struct ring_entry **out)
{
    return read_entries(saf_db_query(db,
                                     "SELECT " ENTRY_COLUMNS
                                     " FROM eff_ring_certs r JOIN eff_certs c"
                                     " ON c.id=r.cert_id WHERE r.ring_id=?1"
                                     " ORDER BY r.pos",
                                     "i", ring_id),
                        a, out);
}

enum err
ring_read(struct saf_engine *engine, struct arena *a, const struct acee *acee,
          struct str owner, struct str ring, bool want_keys,
          struct ring_view *out, struct saf_rc *rc, struct err_info *why)
{
    struct saf_db *db = saf_engine_db(engine);
    struct ring_view view = { .n = 0 };
    bool is_virtual = str_eq_z(ring, "*");
    struct ring_access access;
    struct ring_entry *all = NULL;
    size_t n;
    enum err e;

    owner = str_eq_z(owner, "*AUTH*")   ? STR(CERT_OWNER_CA)
            : str_eq_z(owner, "*SITE*") ? STR(CERT_OWNER_SITE)
                                        : str_upper(a, owner);
    if (!may_list(engine, acee, owner, ring, is_virtual, &access)) {
        *rc = SAF_RC(8, 8, 8);
        return err_set(why, ERR_DENIED,
                       "user %s may not read ring " STR_FMT "/" STR_FMT,
                       acee->user, STR_ARG(owner), STR_ARG(ring));
    }
    if (!is_virtual && !effective_ring(db, a, owner, ring, &view.ring)) {
        *rc = SAF_RC(8, 8, 84);
        e = saf_db_check(db, why);
        return e != ERR_OK ? e
                           : err_set(why, ERR_NOT_FOUND,
                                     "there is no ring " STR_FMT "/" STR_FMT,
                                     STR_ARG(owner), STR_ARG(ring));
    }
    n = is_virtual ? virtual_entries(db, a, owner, &all)
                   : effective_entries(db, a, view.ring.id, &all);
    view.entries = all;
    view.has_key = ARENA_ARRAY(a, bool, n + 1);
    if (view.has_key == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a ring");
    for (size_t i = 0; i < n; i++) {
        if (all[i].cert.status == 'N')
            continue;
        view.entries[view.n] = all[i];
        view.has_key[view.n] =
            want_keys && gives_key(engine, acee, &all[i], &access);
        view.n++;
    }
    e = saf_db_check(db, why);
    if (e != ERR_OK)
        return e;
    *rc = SAF_RC(0, 0, 0);
    *out = view;
    return ERR_OK;
}
