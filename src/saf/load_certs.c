/* Records of certificates, rings and maps into the database. */
#include "saf/load_private.h"
#include "saf/unload_private.h"

#include <string.h>

#include "saf/cert.h"
#include "saf/idmap.h"

#define GET(l, column) unload_get(&(l)->r, column)
#define YES(l, column) unload_get_yes(&(l)->r, column)

/* A character of `text` as one column has it: what ISO 8859-1 lacks is "?". */
static unsigned
column_of(struct str text, size_t *i)
{
    unsigned char c = (unsigned char)text.p[(*i)++];
    unsigned code = c;

    if (c < 0xc0)
        return code;
    if ((c == 0xc2 || c == 0xc3) && *i < text.n)
        return (c & 3u) << 6 | ((unsigned char)text.p[(*i)++] & 0x3fu);
    while (*i < text.n && ((unsigned char)text.p[*i] & 0xc0u) == 0x80u)
        (*i)++;
    return '?';
}

static bool
is_same_in_columns(struct str a, struct str b)
{
    size_t i = 0, k = 0;

    while (i < a.n && k < b.n)
        if (column_of(a, &i) != column_of(b, &k))
            return false;
    return i == a.n && k == b.n;
}

/* The certificate of that profile name; 0: the companion has none. Earlier
 * unloads have names with blanks. */
static int64_t
cert_named(struct loader *l, struct str name)
{
    size_t dot = str_find_char(name, '.');
    struct saf_query q;
    int64_t id = 0;

    if (dot == STR_NPOS)
        return 0;
    q = saf_db_query(l->db,
                     "SELECT id, serial, issuer, fingerprint FROM certs WHERE"
                     " serial=?1",
                     "s", str_sub(name, 0, dot));
    while (id == 0 && saf_query_next(&q)) {
        struct str issuer = saf_query_str(&q, &l->a, 2);
        struct str full =
            cert_profile_name(&l->a, saf_query_str(&q, &l->a, 1), issuer,
                              saf_query_str(&q, &l->a, 3));

        if (is_same_in_columns(name, full) ||
            is_same_in_columns(str_sub(name, dot + 1, name.n), issuer))
            id = saf_query_int(&q, 0);
    }
    saf_query_close(&q);
    return id;
}

enum err
load_ring_entry(struct loader *l)
{
    int64_t cert = cert_named(l, str_dup(&l->a, GET(l, "CERT_NAME")));
    struct str ring = str_dup(&l->a, GET(l, "NAME"));
    struct str usage = GET(l, "CERT_USAGE");
    size_t ring_dot = str_find_char(ring, '.');

    if (ring_dot == STR_NPOS || cert == 0)
        return ERR_OK;
    saf_db_run(l->db,
               "INSERT OR IGNORE INTO ring_certs(ring_id, cert_id, usage,"
               " is_default, pos) SELECT r.id, ?3, ?4, ?5, (SELECT"
               " coalesce(max(pos),0)+1 FROM ring_certs WHERE ring_id=r.id)"
               " FROM rings r WHERE r.owner=?1 AND r.name=?2",
               "ssisi", str_sub(ring, 0, ring_dot),
               str_sub(ring, ring_dot + 1, ring.n), cert,
               str_eq_z(usage, "CERTAUTH") ? STR("C")
               : str_eq_z(usage, "SITE")   ? STR("S")
                                           : STR("P"),
               (int64_t)YES(l, "CERT_DEFAULT"));
    return ERR_OK;
}

/* Rings keep their sequence; certificates come from the companion only. */
enum err
load_cert(struct loader *l, struct err_info *why)
{
    struct str name = str_dup(&l->a, GET(l, "NAME"));
    size_t dot = str_find_char(name, '.');
    bool is_ring = str_eq_z(GET(l, "CLASS_NAME"), "DIGTRING");
    uint64_t seq = 0;
    enum err e = unload_get_number(&l->r, "RING_SEQN", &seq, why);

    if (e != ERR_OK || dot == STR_NPOS)
        return e;
    if (is_ring) {
        saf_db_run(l->db, "UPDATE rings SET seq=?3 WHERE owner=?1 AND name=?2",
                   "ssi", str_sub(name, 0, dot), str_sub(name, dot + 1, name.n),
                   (int64_t)seq);
        return ERR_OK;
    }
    if (cert_named(l, name) == 0)
        l->report->certificates++;
    return ERR_OK;
}

enum err
load_map(struct loader *l)
{
    saf_db_run(l->db,
               "INSERT OR IGNORE INTO idmaps(kind, owner, label, status,"
               " filter, issuer, criteria) VALUES('D',?1,?2,'TRUST',?3,?4,'')",
               "ssss", GET(l, "USER"), GET(l, "LABEL"), GET(l, "NAME"),
               GET(l, "DIDREG"));
    return ERR_OK;
}

/* A certificate name filter: of a user, or of MULTIID with its criteria. */
enum err
load_filter(struct loader *l)
{
    struct str name = str_dup(&l->a, GET(l, "NAME"));
    struct str user = str_dup(&l->a, GET(l, "USER"));
    size_t at = str_find(name, STR(UNLOAD_NOT_SIGN));
    struct saf_user u;
    bool is_multi = !saf_user_get(l->db, &l->a, user, &u);

    if (at == STR_NPOS || user.n == 0)
        return ERR_OK;
    saf_db_run(l->db,
               "INSERT OR IGNORE INTO idmaps(kind, owner, label, status,"
               " filter, issuer, criteria) VALUES('N',?1,?2,?3,?4,?5,?6)",
               "ssssss", is_multi ? STR(CERTMAP_OWNER_MULTI) : user,
               str_dup(&l->a, GET(l, "LABEL")),
               str_eq_z(GET(l, "STATUS"), "NOTRUST") ? STR("N") : STR("T"),
               str_sub(name, at + sizeof UNLOAD_NOT_SIGN - 1, name.n),
               str_sub(name, 0, at), is_multi ? user : STR(""));
    return ERR_OK;
}
