/* The segment blocks of all listings. */
#include "saf/cmd_private.h"

#include <string.h>

#include "saf/kept.h"

enum field_kind { FIELD_TEXT, FIELD_10, FIELD_8, FIELD_5, FIELD_3, FIELD_NAME };

struct field_row {
    const char *segment, *field;
    enum field_kind kind; /* how it is shown */
    const char *unset;    /* shown when not set; NULL: no line */
};

/* Listing layouts, in the order of their lines. */
static const struct field_row field_rows[] = {
    { "OMVS", "UID", FIELD_10, "NONE" },
    { "OMVS", "GID", FIELD_10, "NONE" },
    { "OMVS", "HOME", FIELD_TEXT, "" },
    { "OMVS", "PROGRAM", FIELD_TEXT, "" },
    { "OMVS", "CPUTIMEMAX", FIELD_10, "NONE" },
    { "OMVS", "ASSIZEMAX", FIELD_10, "NONE" },
    { "OMVS", "FILEPROCMAX", FIELD_8, "NONE" },
    { "OMVS", "PROCUSERMAX", FIELD_8, "NONE" },
    { "OMVS", "THREADSMAX", FIELD_10, "NONE" },
    { "OMVS", "MMAPAREAMAX", FIELD_10, "NONE" },
    { "OMVS", "MEMLIMIT", FIELD_TEXT, NULL },
    { "OMVS", "SHMEMMAX", FIELD_TEXT, NULL },
    { "TSO", "ACCTNUM", FIELD_TEXT, NULL },
    { "TSO", "HOLDCLASS", FIELD_TEXT, NULL },
    { "TSO", "JOBCLASS", FIELD_TEXT, NULL },
    { "TSO", "MSGCLASS", FIELD_TEXT, NULL },
    { "TSO", "PROC", FIELD_TEXT, NULL },
    { "TSO", "SIZE", FIELD_8, NULL },
    { "TSO", "MAXSIZE", FIELD_8, NULL },
    { "TSO", "SYSOUTCLASS", FIELD_TEXT, NULL },
    { "TSO", "UNIT", FIELD_TEXT, NULL },
    { "TSO", "USERDATA", FIELD_TEXT, NULL },
    { "TSO", "COMMAND", FIELD_TEXT, NULL },
    { "TSO", "DEST", FIELD_TEXT, NULL },
    { "TSO", "SECLABEL", FIELD_TEXT, NULL },
    { "DFP", "MGMTCLAS", FIELD_TEXT, "NONE SPECIFIED" },
    { "DFP", "STORCLAS", FIELD_TEXT, "NONE SPECIFIED" },
    { "DFP", "DATACLAS", FIELD_TEXT, "NONE SPECIFIED" },
    { "DFP", "DATAAPPL", FIELD_TEXT, "NONE SPECIFIED" },
    { "CICS", "OPCLASS", FIELD_TEXT, "001" },
    { "CICS", "OPIDENT", FIELD_TEXT, "" },
    { "CICS", "OPPRTY", FIELD_5, "00000" },
    { "CICS", "TIMEOUT", FIELD_TEXT, "00:00 (HH:MM)" },
    { "CICS", "XRFSOFF", FIELD_TEXT, "NOFORCE" },
    { "CICS", "RSLKEY", FIELD_TEXT, NULL },
    { "CICS", "TSLKEY", FIELD_TEXT, NULL },
    { "WORKATTR", "WANAME", FIELD_TEXT, NULL },
    { "WORKATTR", "WABLDG", FIELD_TEXT, NULL },
    { "WORKATTR", "WADEPT", FIELD_TEXT, NULL },
    { "WORKATTR", "WAROOM", FIELD_TEXT, NULL },
    { "WORKATTR", "WAADDR1", FIELD_TEXT, NULL },
    { "WORKATTR", "WAADDR2", FIELD_TEXT, NULL },
    { "WORKATTR", "WAADDR3", FIELD_TEXT, NULL },
    { "WORKATTR", "WAADDR4", FIELD_TEXT, NULL },
    { "WORKATTR", "WAACCNT", FIELD_TEXT, NULL },
    { "WORKATTR", "WAEMAIL", FIELD_TEXT, NULL },
    { "STDATA", "USER", FIELD_TEXT, "" },
    { "STDATA", "GROUP", FIELD_TEXT, "" },
    { "STDATA", "TRUSTED", FIELD_TEXT, "NO" },
    { "STDATA", "PRIVILEGED", FIELD_TEXT, "NO" },
    { "STDATA", "TRACE", FIELD_TEXT, "NO" },
    { "ICTX", "USEMAP", FIELD_TEXT, "YES" },
    { "ICTX", "DOMAP", FIELD_TEXT, "NO" },
    { "ICTX", "MAPREQUIRED", FIELD_TEXT, "NO" },
    { "ICTX", "MAPPINGTIMEOUT", FIELD_TEXT, "3600" },
    { "CDTINFO", "CASE", FIELD_TEXT, "UPPER" },
    { "CDTINFO", "DEFAULTRC", FIELD_3, "004" },
    { "CDTINFO", "DEFAULTUACC", FIELD_TEXT, "NONE" },
    { "CDTINFO", "FIRST", FIELD_TEXT, "ALPHA NATIONAL" },
    { "CDTINFO", "GENLIST", FIELD_TEXT, "DISALLOWED" },
    { "CDTINFO", "GENERIC", FIELD_TEXT, "ALLOWED" },
    { "CDTINFO", "GROUP", FIELD_NAME, "        " },
    { "CDTINFO", "KEYQUALIFIERS", FIELD_10, "0000000000" },
    { "CDTINFO", "MACPROCESSING", FIELD_TEXT, "NORMAL" },
    { "CDTINFO", "MAXLENGTH", FIELD_3, "008" },
    { "CDTINFO", "MAXLENX", FIELD_10, NULL },
    { "CDTINFO", "MEMBER", FIELD_NAME, "        " },
    { "CDTINFO", "OPERATIONS", FIELD_TEXT, "NO" },
    { "CDTINFO", "OTHER", FIELD_TEXT, "ALPHA NATIONAL" },
    { "CDTINFO", "POSIT", FIELD_10, "0000000000" },
    { "CDTINFO", "PROFILESALLOWED", FIELD_TEXT, "YES" },
    { "CDTINFO", "RACLIST", FIELD_TEXT, "DISALLOWED" },
    { "CDTINFO", "SECLABELSREQUIRED", FIELD_TEXT, "NO" },
    { "CDTINFO", "SIGNAL", FIELD_TEXT, "NO" },
    { "CFDEF", "TYPE", FIELD_TEXT, "CHAR" },
    { "CFDEF", "MAXLENGTH", FIELD_TEXT, "NONE" },
    { "CFDEF", "MAXVALUE", FIELD_TEXT, "NONE" },
    { "CFDEF", "MINVALUE", FIELD_TEXT, "NONE" },
    { "CFDEF", "FIRST", FIELD_TEXT, "ALPHA" },
    { "CFDEF", "OTHER", FIELD_TEXT, "ALPHA" },
    { "CFDEF", "MIXED", FIELD_TEXT, "NO" },
    { "CFDEF", "HELP", FIELD_TEXT, NULL },
    { "CFDEF", "LISTHEAD", FIELD_TEXT, NULL },
    { "SIGVER", "SIGREQUIRED", FIELD_TEXT, "NO" },
    { "SIGVER", "FAILLOAD", FIELD_TEXT, "NEVER" },
    { "SIGVER", "SIGAUDIT", FIELD_TEXT, "NONE" },
    { "NETVIEW", "IC", FIELD_TEXT, NULL },
    { "NETVIEW", "CONSNAME", FIELD_TEXT, NULL },
    { "NETVIEW", "CTL", FIELD_TEXT, NULL },
    { "NETVIEW", "MSGRECVR", FIELD_TEXT, NULL },
    { "NETVIEW", "OPCLASS", FIELD_TEXT, NULL },
    { "NETVIEW", "DOMAINS", FIELD_TEXT, NULL },
    { "NETVIEW", "NGMFADMN", FIELD_TEXT, NULL },
    { "NETVIEW", "NGMFVSPN", FIELD_TEXT, NULL },
    { "OPERPARM", "STORAGE", FIELD_5, NULL },
    { "OPERPARM", "AUTH", FIELD_TEXT, NULL },
    { "OPERPARM", "ROUTCODE", FIELD_TEXT, NULL },
    { "OPERPARM", "LEVEL", FIELD_TEXT, NULL },
    { "OPERPARM", "MFORM", FIELD_TEXT, NULL },
    { "OPERPARM", "MONITOR", FIELD_TEXT, NULL },
    { "OPERPARM", "LOGCMDRESP", FIELD_TEXT, NULL },
    { "OPERPARM", "MIGID", FIELD_TEXT, NULL },
    { "OPERPARM", "DOM", FIELD_TEXT, NULL },
    { "OPERPARM", "KEY", FIELD_TEXT, NULL },
    { "OPERPARM", "CMDSYS", FIELD_TEXT, NULL },
    { "OPERPARM", "UD", FIELD_TEXT, NULL },
    { "OPERPARM", "MSCOPE", FIELD_TEXT, NULL },
    { "OPERPARM", "ALTGRP", FIELD_TEXT, NULL },
    { "OPERPARM", "AUTO", FIELD_TEXT, NULL },
    { "OPERPARM", "HC", FIELD_TEXT, NULL },
    { "OPERPARM", "INTIDS", FIELD_TEXT, NULL },
    { "OPERPARM", "UNKNIDS", FIELD_TEXT, NULL },
    { "DCE", "UUID", FIELD_TEXT, NULL },
    { "DCE", "DCENAME", FIELD_TEXT, NULL },
    { "DCE", "HOMECELL", FIELD_TEXT, NULL },
    { "DCE", "HOMEUUID", FIELD_TEXT, NULL },
    { "DCE", "AUTOLOGIN", FIELD_TEXT, NULL },
    { "OVM", "UID", FIELD_10, NULL },
    { "OVM", "GID", FIELD_10, NULL },
    { "OVM", "HOME", FIELD_TEXT, NULL },
    { "OVM", "PROGRAM", FIELD_TEXT, NULL },
    { "OVM", "FSROOT", FIELD_TEXT, NULL },
    { "LNOTES", "SNAME", FIELD_TEXT, NULL },
    { "NDS", "UNAME", FIELD_TEXT, NULL },
    { "KERB", "KERBNAME", FIELD_TEXT, NULL },
    { "KERB", "MINTKTLFE", FIELD_TEXT, NULL },
    { "KERB", "MAXTKTLFE", FIELD_TEXT, NULL },
    { "KERB", "DEFTKTLFE", FIELD_TEXT, NULL },
    { "KERB", "ENCRYPT", FIELD_TEXT, NULL },
    { "KERB", "CHECKADDRS", FIELD_TEXT, NULL },
    { "KERB", "PASSWORD", FIELD_TEXT, NULL },
    { "PROXY", "LDAPHOST", FIELD_TEXT, NULL },
    { "PROXY", "BINDDN", FIELD_TEXT, NULL },
    { "PROXY", "BINDPW", FIELD_TEXT, NULL },
    { "EIM", "LDAPPROF", FIELD_TEXT, NULL },
    { "EIM", "DOMAINDN", FIELD_TEXT, NULL },
    { "EIM", "OPTIONS", FIELD_TEXT, NULL },
    { "EIM", "LOCALREGISTRY", FIELD_TEXT, NULL },
    { "EIM", "KERBREGISTRY", FIELD_TEXT, NULL },
    { "EIM", "X509REGISTRY", FIELD_TEXT, NULL },
    { "SESSION", "INTERVAL", FIELD_TEXT, NULL },
    { "SESSION", "CONVSEC", FIELD_TEXT, NULL },
    { "SESSION", "LOCK", FIELD_TEXT, NULL },
    { "SESSION", "SESSKEY", FIELD_TEXT, NULL },
    { "SVFMR", "SCRIPTNAME", FIELD_TEXT, NULL },
    { "SVFMR", "PARMNAME", FIELD_TEXT, NULL },
    { "DLFDATA", "RETAIN", FIELD_TEXT, NULL },
    { "DLFDATA", "JOBNAMES", FIELD_TEXT, NULL },
    { "TME", "PARENT", FIELD_TEXT, NULL },
    { "TME", "CHILDREN", FIELD_TEXT, NULL },
    { "TME", "RESOURCE", FIELD_TEXT, NULL },
    { "TME", "GROUPS", FIELD_TEXT, NULL },
    { "TME", "ROLES", FIELD_TEXT, NULL },
    { "ICSF", "SYMEXPORTABLE", FIELD_TEXT, NULL },
    { "ICSF", "SYMEXPORTCERTS", FIELD_TEXT, NULL },
    { "ICSF", "SYMEXPORTKEYS", FIELD_TEXT, NULL },
    { "ICSF", "ASYMUSAGE", FIELD_TEXT, NULL },
    { "ICSF", "SYMCPACFWRAP", FIELD_TEXT, NULL },
    { "ICSF", "SYMCPACFRET", FIELD_TEXT, NULL },
    { "JES", "KEYLABEL", FIELD_TEXT, NULL },
    { "MFPOLICY", "FACTORS", FIELD_TEXT, NULL },
    { "MFPOLICY", "TOKENTIMEOUT", FIELD_TEXT, NULL },
    { "MFPOLICY", "REUSE", FIELD_TEXT, NULL },
    { "IDTPARMS", "SIGTOKEN", FIELD_TEXT, NULL },
    { "IDTPARMS", "SIGSEQNUM", FIELD_TEXT, NULL },
    { "IDTPARMS", "SIGCAT", FIELD_TEXT, NULL },
    { "IDTPARMS", "SIGALG", FIELD_TEXT, NULL },
    { "IDTPARMS", "IDTTIMEOUT", FIELD_TEXT, NULL },
    { "IDTPARMS", "ANYAPPL", FIELD_TEXT, NULL },
    { "LANGUAGE", "PRIMARY", FIELD_TEXT, NULL },
    { "LANGUAGE", "SECONDARY", FIELD_TEXT, NULL },
};

/* Where the listing has other words than the operand. */
static const char *
heading_of(const struct field_row *row)
{
    static const struct {
        const char *segment, *field, *heading;
    } words[] = {
        { "DCE", "HOMEUUID", "HOME CELL UUID" },
        { "DCE", "AUTOLOGIN", "DCE AUTOLOGIN" },
        { "KERB", "MAXTKTLFE", "MAX TICKET LIFE" },
        { "KERB", "MINTKTLFE", "MIN TICKET LIFE" },
        { "KERB", "DEFTKTLFE", "DEF TICKET LIFE" },
        { "KERB", "ENCRYPT", "KEY ENCRYPTION TYPE" },
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(row->segment, words[i].segment) == 0 &&
            strcmp(row->field, words[i].field) == 0)
            return words[i].heading;
    return row->field;
}

/* These segments have a blank before the equals sign, too. */
static const char *const spaced_segments[] = { "CDTINFO", "CFDEF", "SIGVER" };

static const char *
equals_of(const char *segment)
{
    for (size_t i = 0; i < ARRAY_LEN(spaced_segments); i++)
        if (strcmp(segment, spaced_segments[i]) == 0)
            return " = ";
    return "= ";
}

static struct str
field_text(struct cmd *cmd, const struct field_row *row, struct str value)
{
    uint64_t number;

    if (row->kind == FIELD_NAME)
        return str_fmt(cmd->arena, "%-8.*s", STR_ARG(value));
    if (row->kind == FIELD_TEXT || !str_to_u64(value, &number))
        return value;
    return str_fmt(cmd->arena,
                   row->kind == FIELD_8   ? "%08llu"
                   : row->kind == FIELD_5 ? "%05llu"
                   : row->kind == FIELD_3 ? "%03llu"
                                          : "%010llu",
                   (unsigned long long)number);
}

/* CSDATA: LISTHEAD of the field's profile in class CFIELD; else NAME=. */
static struct str
custom_heading(struct cmd *cmd, enum saf_kind kind, const char *segment,
               struct str field)
{
    const char *of = kind == SAF_KIND_USER    ? "USER"
                     : kind == SAF_KIND_GROUP ? "GROUP"
                                              : NULL;
    struct saf_profile p;
    struct str head = { NULL, 0 };

    if (of != NULL && strcmp(segment, "CSDATA") == 0 &&
        saf_profile_get(
            cmd->db, cmd->arena, STR("CFIELD"),
            str_fmt(cmd->arena, "%s.CSDATA." STR_FMT, of, STR_ARG(field)), &p))
        head = saf_field_get(cmd->db, cmd->arena, SAF_KIND_PROFILE, p.id,
                             "CFDEF", "LISTHEAD");
    return head.n > 0 ? head : str_fmt(cmd->arena, STR_FMT "=", STR_ARG(field));
}

static bool
has_row(const char *segment, struct str field)
{
    for (size_t i = 0; i < ARRAY_LEN(field_rows); i++)
        if (strcmp(field_rows[i].segment, segment) == 0 &&
            str_eq_z(field, field_rows[i].field))
            return true;
    return strcmp(segment, "CDTINFO") == 0 || strcmp(segment, "OMVS") == 0;
}

/* Fields that no row describes come as they are stored. */
static void
list_other_fields(struct cmd *cmd, enum saf_kind kind, int64_t id,
                  const char *segment)
{
    char k = (char)kind;
    struct saf_query q = saf_db_query(
        cmd->db,
        "SELECT field, value FROM segments WHERE kind=?1 AND id=?2 AND"
        " segment=?3 AND field<>'' ORDER BY field",
        "sis", str_n(&k, 1), id, str_of(segment));

    while (saf_query_next(&q)) {
        struct str field = saf_query_str(&q, cmd->arena, 0);

        if (!has_row(segment, field))
            cmd_printf(cmd, STR_FMT " " STR_FMT,
                       STR_ARG(custom_heading(cmd, kind, segment, field)),
                       STR_ARG(kept_shown(cmd->arena, str_of(segment), field,
                                          saf_query_str(&q, cmd->arena, 1))));
    }
    saf_query_close(&q);
}

void
cmd_list_segment(struct cmd *cmd, enum saf_kind kind, int64_t id,
                 const char *segment)
{
    static const char dashes[] = "--------------------------------";

    cmd_line(cmd, STR(""));
    if (!saf_segment_exists(cmd->db, kind, id, segment)) {
        cmd_printf(cmd, "NO %s INFORMATION", segment);
        return;
    }
    cmd_printf(cmd, "%s INFORMATION", segment);
    cmd_printf(cmd, "%.*s", (int)strlen(segment) + 12, dashes);
    if (strcmp(segment, "SSIGNON") == 0) {
        cmd_ssignon_list(cmd, id);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(field_rows); i++) {
        const struct field_row *row = &field_rows[i];
        struct str value;

        /* Of OMVS groups have a GID only, users all but it. */
        if (strcmp(row->segment, segment) != 0 ||
            (strcmp(segment, "OMVS") == 0 &&
             (kind == SAF_KIND_GROUP) != (strcmp(row->field, "GID") == 0)))
            continue;
        value =
            saf_field_get(cmd->db, cmd->arena, kind, id, segment, row->field);
        if (value.p == NULL && strcmp(row->field, "MAXLENX") == 0)
            value = saf_field_get(cmd->db, cmd->arena, kind, id, segment,
                                  "MAXLENGTH");
        if (value.p == NULL && row->unset == NULL)
            continue;
        value = value.p == NULL ? str_of(row->unset)
                                : kept_shown(cmd->arena, str_of(segment),
                                             str_of(row->field),
                                             field_text(cmd, row, value));
        cmd_printf(cmd, "%s%s" STR_FMT, heading_of(row), equals_of(segment),
                   STR_ARG(value));
    }
    list_other_fields(cmd, kind, id, segment);
}
