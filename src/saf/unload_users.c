/* Groups and users. */
#include "saf/unload_writer.h"

#include <string.h>

#include "saf/acee.h"
#include "saf/cert.h"

void
unload_group(struct unload_writer *w, struct str name)
{
    static const char *const authorities[] = { "USE", "CREATE", "CONNECT",
                                               "JOIN" };
    struct saf_connect *members;
    struct saf_group g;
    struct saf_query q;
    size_t n;

    if (!saf_group_get(w->db, &w->a, name, &g))
        return;
    unload_start(w, "0100", name);
    TEXT(w, "SUPGRP_ID", g.superior);
    DAY(w, "CREATE_DATE", g.created);
    TEXT(w, "OWNER_ID", g.owner);
    TEXT(w, "UACC", STR("NONE"));
    YES(w, "NOTERMUACC", !g.is_termuacc);
    TEXT(w, "INSTALL_DATA", unload_base(w, SAF_KIND_GROUP, g.id, "DATA"));
    TEXT(w, "MODEL", unload_base(w, SAF_KIND_GROUP, g.id, "MODEL"));
    YES(w, "UNIVERSAL", g.is_universal);
    unload_emit(w);
    q = saf_db_query(w->db,
                     "SELECT grp FROM groups WHERE superior=?1 ORDER BY grp",
                     "s", name);
    while (saf_query_next(&q)) {
        unload_start(w, "0101", name);
        TEXT(w, "SUBGRP_ID", saf_query_str(&q, &w->a, 0));
        unload_emit(w);
    }
    n = saf_connects_of_group(w->db, &w->a, name, &members);
    for (size_t i = 0; i < n; i++) {
        unload_start(w, "0102", name);
        TEXT(w, "MEMBER_ID", members[i].user);
        TEXT(w, "AUTH", str_of(authorities[members[i].authority]));
        unload_emit(w);
    }
    unload_segment(w, "0120", "OMVS", SAF_KIND_GROUP, g.id, name, NULL);
}

/* --- users
 * --------------------------------------------------------------------
 */

static void
put_when(struct unload_writer *w, const struct saf_user *u)
{
    static const char *const days[] = { "ACCESS_SUN", "ACCESS_MON",
                                        "ACCESS_TUE", "ACCESS_WED",
                                        "ACCESS_THU", "ACCESS_FRI",
                                        "ACCESS_SAT" };

    for (unsigned i = 0; i < ARRAY_LEN(days); i++)
        YES(w, days[i], u->when_days == 0 || (u->when_days >> i & 1) != 0);
    if (u->when_from == 0 && u->when_to == 0)
        return;
    TEXT(
        w, "START_TIME",
        str_fmt(&w->a, "%02d:%02d:00", u->when_from / 100, u->when_from % 100));
    TEXT(w, "END_TIME",
         str_fmt(&w->a, "%02d:%02d:00", u->when_to / 100, u->when_to % 100));
}

static struct str
how_authenticated(const struct saf_user *u)
{
    return (u->attrs & USER_OIDCARD) != 0 ? STR("YES")
           : u->verifier.n > 0            ? STR("NO")
           : u->phrase_verifier.n > 0     ? STR("PHR")
                                          : STR("PRO");
}

static void
put_user_base(struct unload_writer *w, const struct saf_user *u)
{
    static const struct {
        const char *column;
        uint32_t bit;
    } bits[] = {
        { "ADSP", USER_ADSP },       { "SPECIAL", ACEE_SPECIAL },
        { "OPER", ACEE_OPERATIONS }, { "REVOKE", USER_REVOKED },
        { "GRPACC", USER_GRPACC },   { "UAUDIT", ACEE_UAUDIT },
        { "AUDITOR", ACEE_AUDITOR }, { "OIDCARD", USER_OIDCARD },
        { "ROAUDIT", ACEE_ROAUDIT }, { "PWD_ASIS", USER_PASS_MIXED },
    };
    bool has_any = u->verifier.n > 0 || u->phrase_verifier.n > 0;

    unload_start(w, "0200", u->user);
    DAY(w, "CREATE_DATE", u->created);
    TEXT(w, "OWNER_ID", u->owner);
    for (size_t i = 0; i < ARRAY_LEN(bits); i++)
        YES(w, bits[i].column, (u->attrs & bits[i].bit) != 0);
    /* 255: the system's; 0: NOINTERVAL. */
    NUMBER(w, "PWD_INTERVAL",
           u->interval == 0  ? 255
           : u->interval < 0 ? 0
                             : (uint64_t)u->interval);
    DAY(w, "PWD_DATE", u->pass_day);
    TEXT(w, "PROGRAMMER", u->name);
    TEXT(w, "DEFGRP_ID", u->dfltgrp);
    unload_time(&w->r, "LASTJOB_TIME", u->last_access_s);
    if (u->last_access_s > 0)
        DAY(w, "LASTJOB_DATE",
            saf_day_of_ms((uint64_t)u->last_access_s * 1000));
    TEXT(w, "INSTALL_DATA", unload_base(w, SAF_KIND_USER, u->id, "DATA"));
    TEXT(w, "NOPWD", how_authenticated(u));
    NUMBER(w, "REVOKE_CNT", u->failures);
    TEXT(w, "MODEL", unload_base(w, SAF_KIND_USER, u->id, "MODEL"));
    DAY(w, "REVOKE_DATE", u->revoke_day);
    DAY(w, "RESUME_DATE", u->resume_day);
    put_when(w, u);
    TEXT(w, "SECLABEL", unload_base(w, SAF_KIND_USER, u->id, "SECLABEL"));
    if ((u->attrs & ACEE_RESTRICTED) != 0)
        TEXT(w, "ATTRIBS", STR("RSTD"));
    DAY(w, "PHR_DATE", u->phrase_day);
    TEXT(w, "PWD_ALG", u->verifier.n > 0 ? STR("KDFAES") : STR("NOPASSWORD"));
    TEXT(w, "PHR_ALG",
         u->phrase_verifier.n > 0 ? STR("KDFAES") : STR("NOPHRASE"));
    NUMBER(w, "PWD_GEN", has_any ? 1 : 0);
    unload_emit(w);
}

static void
put_connects(struct unload_writer *w, struct str user)
{
    struct saf_connect *c;
    size_t n = saf_connects_of_user(w->db, &w->a, user, &c);

    for (size_t i = 0; i < n; i++) {
        unload_start(w, "0203", user);
        TEXT(w, "GRP_ID", c[i].group);
        unload_emit(w);
    }
    for (size_t i = 0; i < n; i++) {
        unload_start(w, "0205", user);
        TEXT(w, "GRP_ID", c[i].group);
        DAY(w, "CONNECT_DATE", c[i].created);
        TEXT(w, "OWNER_ID", c[i].owner);
        unload_time(&w->r, "LASTCON_TIME", c[i].last_s);
        if (c[i].last_s > 0)
            DAY(w, "LASTCON_DATE", saf_day_of_ms((uint64_t)c[i].last_s * 1000));
        TEXT(w, "UACC", str_of(saf_level_name(c[i].uacc)));
        NUMBER(w, "INIT_CNT", c[i].count);
        YES(w, "GRP_ADSP", (c[i].attrs & USER_ADSP) != 0);
        YES(w, "GRP_SPECIAL", (c[i].attrs & ACEE_SPECIAL) != 0);
        YES(w, "GRP_OPER", (c[i].attrs & ACEE_OPERATIONS) != 0);
        YES(w, "REVOKE", (c[i].attrs & USER_REVOKED) != 0);
        YES(w, "GRP_ACC", (c[i].attrs & USER_GRPACC) != 0);
        YES(w, "NOTERMUACC", false);
        YES(w, "GRP_AUDIT", (c[i].attrs & ACEE_AUDITOR) != 0);
        DAY(w, "REVOKE_DATE", c[i].revoke_day);
        DAY(w, "RESUME_DATE", c[i].resume_day);
        unload_emit(w);
    }
}

/* 0207 certificates, 0208 name filters, 0209 distributed identities. */
static void
put_mapped(struct unload_writer *w, struct str user)
{
    struct saf_query q = saf_db_query(
        w->db,
        "SELECT '0207', label, serial, issuer, fingerprint FROM certs WHERE"
        " owner=?1 UNION ALL SELECT CASE kind WHEN 'N' THEN '0208' ELSE '0209'"
        " END, label, filter, issuer, '' FROM idmaps WHERE owner=?1 ORDER BY"
        " 1, 2",
        "s", user);

    while (saf_query_next(&q)) {
        struct str type = saf_query_str(&q, &w->a, 0);
        struct str label = saf_query_str(&q, &w->a, 1);
        struct str name = saf_query_str(&q, &w->a, 2);
        bool is_cert = str_eq_z(type, "0207");

        if (is_cert)
            name = cert_profile_name(&w->a, name, saf_query_str(&q, &w->a, 3),
                                     saf_query_str(&q, &w->a, 4));
        else if (str_eq_z(type, "0208"))
            name = unload_filter_name(w, saf_query_str(&q, &w->a, 3), name);
        unload_start(w,
                     is_cert                  ? "0207"
                     : str_eq_z(type, "0208") ? "0208"
                                              : "0209",
                     user);
        TEXT(w, is_cert ? "CERT_NAME" : "MAP_NAME", name);
        TEXT(w, is_cert ? "CERTLABL" : "LABEL", label);
        unload_emit(w);
    }
}

void
unload_user(struct unload_writer *w, struct str name)
{
    struct str classes, class_name;
    struct saf_user u;

    if (!saf_user_get(w->db, &w->a, name, &u))
        return;
    put_user_base(w, &u);
    classes = unload_base(w, SAF_KIND_USER, u.id, "CLAUTH");
    while (str_token(&classes, ' ', &class_name)) {
        if (class_name.n == 0)
            continue;
        unload_start(w, "0202", name);
        TEXT(w, "CLASS", class_name);
        unload_emit(w);
    }
    put_connects(w, name);
    put_mapped(w, name);
    unload_segment(w, "0220", "TSO", SAF_KIND_USER, u.id, name, NULL);
    unload_segment(w, "0270", "OMVS", SAF_KIND_USER, u.id, name, NULL);
    unload_segment(w, "02F0", "EIM", SAF_KIND_USER, u.id, name, NULL);
}
