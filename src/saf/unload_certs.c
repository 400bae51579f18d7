/* Certificates, key rings, maps of names: general resources of their own. */
#include "saf/unload_writer.h"

#include "saf/acee.h"
#include "saf/cert.h"

static void
put_derived(struct unload_writer *w, const char *class_name, struct str name,
            struct str owner, struct str uacc, struct str appl_data)
{
    unload_start(w, "0500", name);
    TEXT(w, "CLASS_NAME", str_of(class_name));
    NUMBER(w, "CLASS", 0);
    YES(w, "GENERIC", false);
    TEXT(w, "OWNER_ID", owner);
    TEXT(w, "UACC", uacc);
    TEXT(w, "AUDIT_LEVEL", STR("NONE"));
    TEXT(w, "GAUDIT_LEVEL", STR("NONE"));
    NUMBER(w, "LEVEL", 0);
    YES(w, "WARNING", false);
    TEXT(w, "APPL_DATA", appl_data);
    unload_emit(w);
}

static void
put_cert_rings(struct unload_writer *w, int64_t id, struct str name)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT r.owner || '.' || r.name FROM rings r JOIN ring_certs c ON"
        " c.ring_id=r.id WHERE c.cert_id=?1 ORDER BY 1",
        "i", id);

    while (saf_query_next(&q)) {
        unload_start(w, "0561", name);
        TEXT(w, "CLASS_NAME", STR("DIGTCERT"));
        TEXT(w, "RING_NAME", saf_query_str(&q, &w->a, 0));
        unload_emit(w);
    }
}

static struct str
signing_algorithm(struct unload_writer *w, int64_t id)
{
    struct cert_row row;

    return cert_get_id(w->db, &w->a, id, &row) ? row.facts.sig_alg : STR("");
}

static void
put_certs(struct unload_writer *w)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT id, owner, status, serial, not_before,"
        " not_after, key_type, key_bits, last_serial, issuer, subject,"
        " hex(fingerprint), label, fingerprint, flags FROM certs ORDER BY "
        "owner,"
        " label",
        "");

    while (saf_query_next(&q)) {
        struct str name = cert_profile_name(&w->a, saf_query_str(&q, &w->a, 3),
                                            saf_query_str(&q, &w->a, 9),
                                            saf_query_str(&q, &w->a, 13));
        struct str status = saf_query_str(&q, &w->a, 2);
        int64_t from = saf_query_int(&q, 4), to = saf_query_int(&q, 5);

        put_derived(w, "DIGTCERT", name, saf_query_str(&q, &w->a, 1),
                    str_eq_z(status, "N")   ? STR("NOTRUST")
                    : str_eq_z(status, "H") ? STR("HIGHTRUS")
                                            : STR("TRUST"),
                    saf_query_str(&q, &w->a, 1));
        unload_start(w, "0560", name);
        TEXT(w, "CLASS_NAME", STR("DIGTCERT"));
        DAY(w, "START_DATE", saf_day_of_ms((uint64_t)from * 1000));
        unload_time(&w->r, "START_TIME", from);
        DAY(w, "END_DATE", saf_day_of_ms((uint64_t)to * 1000));
        unload_time(&w->r, "END_TIME", to);
        TEXT(w, "KEY_TYPE", saf_query_str(&q, &w->a, 6));
        NUMBER(w, "KEY_SIZE", (uint64_t)saf_query_int(&q, 7));
        TEXT(w, "LAST_SERIAL",
             str_fmt(&w->a, "%016llx",
                     (unsigned long long)saf_query_int(&q, 8)));
        YES(w, "GEN_REQ", (saf_query_int(&q, 14) & CERT_REQUESTED) != 0);
        unload_emit(w);
        put_cert_rings(w, saf_query_int(&q, 0), name);
        unload_start(w, "1560", name);
        TEXT(w, "CLASS_NAME", STR("DIGTCERT"));
        TEXT(w, "ISSUER_DN", saf_query_str(&q, &w->a, 9));
        TEXT(w, "SUBJECT_DN", saf_query_str(&q, &w->a, 10));
        TEXT(w, "SIG_ALG", signing_algorithm(w, saf_query_int(&q, 0)));
        TEXT(w, "CERT_FGRPRNT", saf_query_str(&q, &w->a, 11));
        unload_emit(w);
        arena_reset(&w->a);
    }
}

static void
put_ring_entries(struct unload_writer *w, int64_t id, struct str name)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT c.serial, r.usage, r.is_default, c.label, c.issuer,"
        " c.fingerprint FROM ring_certs r JOIN certs c ON c.id=r.cert_id WHERE "
        "r.ring_id=?1"
        " ORDER BY r.pos",
        "i", id);

    while (saf_query_next(&q)) {
        struct str usage = saf_query_str(&q, &w->a, 1);

        unload_start(w, "0562", name);
        TEXT(w, "CLASS_NAME", STR("DIGTRING"));
        TEXT(w, "CERT_NAME",
             cert_profile_name(&w->a, saf_query_str(&q, &w->a, 0),
                               saf_query_str(&q, &w->a, 4),
                               saf_query_str(&q, &w->a, 5)));
        TEXT(w, "CERT_USAGE",
             str_eq_z(usage, "C")   ? STR("CERTAUTH")
             : str_eq_z(usage, "S") ? STR("SITE")
                                    : STR("PERSONAL"));
        YES(w, "CERT_DEFAULT", saf_query_int(&q, 2) != 0);
        TEXT(w, "CERT_LABEL", saf_query_str(&q, &w->a, 3));
        unload_emit(w);
    }
}

static void
put_rings(struct unload_writer *w)
{
    struct saf_query q = saf_db_query(w->db,
                                      "SELECT id, owner, name, seq FROM rings"
                                      " ORDER BY owner, name",
                                      "");

    while (saf_query_next(&q)) {
        struct str owner = saf_query_str(&q, &w->a, 1);
        struct str name = str_fmt(&w->a, STR_FMT "." STR_FMT, STR_ARG(owner),
                                  STR_ARG(saf_query_str(&q, &w->a, 2)));

        put_derived(w, "DIGTRING", name, owner, STR("NONE"), STR(""));
        unload_start(w, "0560", name);
        TEXT(w, "CLASS_NAME", STR("DIGTRING"));
        NUMBER(w, "RING_SEQN", (uint64_t)saf_query_int(&q, 3));
        unload_emit(w);
        put_ring_entries(w, saf_query_int(&q, 0), name);
        arena_reset(&w->a);
    }
}

static void
put_maps(struct unload_writer *w)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT kind, owner, label, status, filter, issuer, criteria FROM"
        " idmaps ORDER BY kind, filter, issuer, id",
        "");

    while (saf_query_next(&q)) {
        bool is_filter = str_eq_z(saf_query_str(&q, &w->a, 0), "N");
        struct str owner = saf_query_str(&q, &w->a, 1);
        struct str filter = saf_query_str(&q, &w->a, 4);
        struct str issuer = saf_query_str(&q, &w->a, 5);
        struct str name =
            is_filter ? unload_filter_name(w, issuer, filter) : filter;
        struct str criteria = saf_query_str(&q, &w->a, 6);

        put_derived(w, is_filter ? "DIGTNMAP" : "IDIDMAP", name, owner,
                    STR("NONE"), STR(""));
        unload_start(w, is_filter ? "0508" : "0509", name);
        TEXT(w, "CLASS_NAME", is_filter ? STR("DIGTNMAP") : STR("IDIDMAP"));
        TEXT(w, "LABEL", saf_query_str(&q, &w->a, 2));
        if (is_filter)
            TEXT(w, "STATUS",
                 str_eq_z(saf_query_str(&q, &w->a, 3), "N") ? STR("NOTRUST")
                                                            : STR("TRUST"));
        else
            TEXT(w, "DIDREG", issuer);
        TEXT(w, "USER", criteria.n > 0 ? criteria : owner);
        unload_emit(w);
        arena_reset(&w->a);
    }
}

void
unload_certs(struct unload_writer *w)
{
    put_certs(w);
    put_rings(w);
    put_maps(w);
}
