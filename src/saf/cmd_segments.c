/*
 * Segments that the engine keeps and lists and nobody here acts on: their
 * operands, each a field of its own.
 *
 * Source: z/OS Security Server RACF Command Language Reference, ADDUSER,
 * ADDGROUP, ADDSD, RDEFINE.
 */
#include "saf/cmd_private.h"

/* clang-format off */
#define NUM(name, lo, hi, seg) { name, CMD_NUMBER, CMD_NO, lo, hi, NULL, NULL, seg, name, NULL, NULL }
#define TXT(name, max, flags, seg) { name, CMD_TEXT, CMD_NO | (flags), 0, max, NULL, NULL, seg, name, NULL, NULL }
#define KEY(name, max, flags, seg) { name, CMD_TEXT, CMD_NO | CMD_ASIS | CMD_SECRET | (flags), 1, max, NULL, NULL, seg, name, NULL, NULL }
#define LST(name, seg) { name, CMD_LIST, CMD_NO, 1, 255, NULL, NULL, seg, name, NULL, NULL }
#define YESNO(name, seg) { name, CMD_CHOICE, CMD_NO, 0, 0, NULL, cmd_yes_no, seg, name, NULL, "YES OR NO" }
#define ONEOF(name, words, seg) { name, CMD_CHOICE, CMD_NO, 0, 0, NULL, words, seg, name, NULL, NULL }
/* ADDname and DELname change the list in place. */
#define ADD_DEL(name, seg) \
    { "ADD" name, CMD_LIST, CMD_ADDS, 1, 255, NULL, NULL, seg, name, NULL, NULL }, \
    { "DEL" name, CMD_LIST, CMD_DROPS, 1, 255, NULL, NULL, seg, name, NULL, NULL }
#define SEG(name, table) { name, CMD_SUB, CMD_NO | CMD_OPTIONAL, 0, 0, &table, NULL, name, NULL, NULL, NULL }
/* The installation names the fields. */
#define FREE(name) { name, CMD_NESTED, CMD_NO | CMD_ASIS | CMD_FREE, 0, 0, NULL, NULL, name, NULL, NULL, NULL }

static const char *const netview_ctl[] = { "GENERAL", "GLOBAL", "SPECIFIC", NULL };
static const struct cmd_operand netview[] = {
    TXT("CONSNAME", 8, 0, "NETVIEW"), ONEOF("CTL", netview_ctl, "NETVIEW"),
    LST("DOMAINS", "NETVIEW"), ADD_DEL("DOMAINS", "NETVIEW"),
    TXT("IC", 255, CMD_ASIS, "NETVIEW"), YESNO("MSGRECVR", "NETVIEW"),
    YESNO("NGMFADMN", "NETVIEW"), TXT("NGMFVSPN", 8, 0, "NETVIEW"),
    LST("OPCLASS", "NETVIEW"), ADD_DEL("OPCLASS", "NETVIEW"),
};
static const struct cmd_table netview_table = CMD_TABLE(netview);

static const char *const dom_words[] = { "NORMAL", "ALL", "NONE", NULL };
static const char *const logcmd_words[] = { "SYSTEM", "NO", NULL };
static const struct cmd_operand operparm[] = {
    TXT("ALTGRP", 8, 0, "OPERPARM"), LST("AUTH", "OPERPARM"), YESNO("AUTO", "OPERPARM"),
    TXT("CMDSYS", 8, 0, "OPERPARM"), ONEOF("DOM", dom_words, "OPERPARM"),
    YESNO("HC", "OPERPARM"), YESNO("INTIDS", "OPERPARM"), TXT("KEY", 8, 0, "OPERPARM"),
    LST("LEVEL", "OPERPARM"), ONEOF("LOGCMDRESP", logcmd_words, "OPERPARM"),
    LST("MFORM", "OPERPARM"), YESNO("MIGID", "OPERPARM"), LST("MONITOR", "OPERPARM"),
    LST("MSCOPE", "OPERPARM"), ADD_DEL("MSCOPE", "OPERPARM"), LST("ROUTCODE", "OPERPARM"),
    NUM("STORAGE", 1, 2000, "OPERPARM"), YESNO("UD", "OPERPARM"), YESNO("UNKNIDS", "OPERPARM"),
};
static const struct cmd_table operparm_table = CMD_TABLE(operparm);

static const struct cmd_operand dce[] = {
    YESNO("AUTOLOGIN", "DCE"), TXT("DCENAME", 1023, CMD_ASIS, "DCE"),
    TXT("HOMECELL", 1023, CMD_ASIS, "DCE"), TXT("HOMEUUID", 36, CMD_ASIS, "DCE"),
    TXT("UUID", 36, CMD_ASIS, "DCE"),
};
static const struct cmd_table dce_table = CMD_TABLE(dce);

static const struct cmd_operand ovm_user[] = {
    NUM("UID", 0, 2147483647, "OVM"), TXT("HOME", 1023, CMD_ASIS, "OVM"),
    TXT("PROGRAM", 1023, CMD_ASIS, "OVM"), TXT("FSROOT", 1023, CMD_ASIS, "OVM"),
};
static const struct cmd_table ovm_user_table = CMD_TABLE(ovm_user);
static const struct cmd_operand ovm_group[] = { NUM("GID", 0, 2147483647, "OVM") };
static const struct cmd_table ovm_group_table = CMD_TABLE(ovm_group);

static const struct cmd_operand lnotes[] = { TXT("SNAME", 64, CMD_ASIS, "LNOTES") };
static const struct cmd_table lnotes_table = CMD_TABLE(lnotes);
static const struct cmd_operand nds[] = { TXT("UNAME", 246, CMD_ASIS, "NDS") };
static const struct cmd_table nds_table = CMD_TABLE(nds);

static const struct cmd_operand kerb_user[] = {
    LST("ENCRYPT", "KERB"), TXT("KERBNAME", 240, CMD_ASIS, "KERB"),
    NUM("MAXTKTLFE", 1, 2147483647, "KERB"),
};
static const struct cmd_table kerb_user_table = CMD_TABLE(kerb_user);
static const struct cmd_operand kerb_realm[] = {
    YESNO("CHECKADDRS", "KERB"), NUM("DEFTKTLFE", 1, 2147483647, "KERB"), LST("ENCRYPT", "KERB"),
    TXT("KERBNAME", 117, CMD_ASIS, "KERB"), NUM("MAXTKTLFE", 1, 2147483647, "KERB"),
    NUM("MINTKTLFE", 1, 2147483647, "KERB"), KEY("PASSWORD", 128, 0, "KERB"),
};
static const struct cmd_table kerb_realm_table = CMD_TABLE(kerb_realm);

static const struct cmd_operand proxy[] = {
    TXT("BINDDN", 1023, CMD_ASIS, "PROXY"), KEY("BINDPW", 128, 0, "PROXY"),
    TXT("LDAPHOST", 1023, CMD_ASIS, "PROXY"),
};
static const struct cmd_table proxy_table = CMD_TABLE(proxy);

static const struct cmd_operand eim_user[] = { TXT("LDAPPROF", 246, CMD_ASIS, "EIM") };
static const struct cmd_table eim_user_table = CMD_TABLE(eim_user);
static const char *const eim_options[] = { "ENABLE", "DISABLE", NULL };
static const struct cmd_operand eim_resource[] = {
    TXT("DOMAINDN", 1023, CMD_ASIS, "EIM"), ONEOF("OPTIONS", eim_options, "EIM"),
    TXT("KERBREGISTRY", 255, CMD_ASIS, "EIM"), TXT("LOCALREGISTRY", 255, CMD_ASIS, "EIM"),
    TXT("X509REGISTRY", 255, CMD_ASIS, "EIM"),
};
static const struct cmd_table eim_resource_table = CMD_TABLE(eim_resource);

static const char *const convsecs[] = { "NONE", "CONV", "ALREADYV", "PERSISTV", "AVPV", NULL };
static const struct cmd_operand session[] = {
    ONEOF("CONVSEC", convsecs, "SESSION"), NUM("INTERVAL", 1, 32767, "SESSION"),
    { "LOCK", CMD_NONE, CMD_NO, 0, 0, NULL, NULL, "SESSION", "LOCK", NULL, NULL },
    KEY("SESSKEY", 19, CMD_PIECES, "SESSION"),
};
static const struct cmd_table session_table = CMD_TABLE(session);

static const struct cmd_operand svfmr[] = {
    TXT("PARMNAME", 8, 0, "SVFMR"), TXT("SCRIPTNAME", 8, 0, "SVFMR"),
};
static const struct cmd_table svfmr_table = CMD_TABLE(svfmr);

static const struct cmd_operand dlfdata[] = {
    LST("JOBNAMES", "DLFDATA"), ADD_DEL("JOBNAMES", "DLFDATA"), YESNO("RETAIN", "DLFDATA"),
};
static const struct cmd_table dlfdata_table = CMD_TABLE(dlfdata);

static const struct cmd_operand tme[] = {
    LST("CHILDREN", "TME"), ADD_DEL("CHILDREN", "TME"), LST("GROUPS", "TME"), ADD_DEL("GROUPS", "TME"),
    TXT("PARENT", 246, CMD_ASIS, "TME"), LST("RESOURCE", "TME"), ADD_DEL("RESOURCE", "TME"),
    LST("ROLES", "TME"), ADD_DEL("ROLES", "TME"),
};
static const struct cmd_table tme_table = CMD_TABLE(tme);

static const char *const exportables[] = { "BYANY", "BYLIST", "BYNONE", NULL };
static const struct cmd_operand icsf[] = {
    LST("ASYMUSAGE", "ICSF"), ONEOF("SYMEXPORTABLE", exportables, "ICSF"),
    { "SYMEXPORTCERTS", CMD_LIST, CMD_NO | CMD_ASIS, 1, 255, NULL, NULL, "ICSF", "SYMEXPORTCERTS", NULL, NULL },
    LST("SYMEXPORTKEYS", "ICSF"), ADD_DEL("SYMEXPORTKEYS", "ICSF"),
    YESNO("SYMCPACFRET", "ICSF"), YESNO("SYMCPACFWRAP", "ICSF"),
};
static const struct cmd_table icsf_table = CMD_TABLE(icsf);

static const struct cmd_operand jes[] = { TXT("KEYLABEL", 64, 0, "JES") };
static const struct cmd_table jes_table = CMD_TABLE(jes);

static const struct cmd_operand mfpolicy[] = {
    LST("FACTORS", "MFPOLICY"), ADD_DEL("FACTORS", "MFPOLICY"), YESNO("REUSE", "MFPOLICY"),
    NUM("TOKENTIMEOUT", 1, 86400, "MFPOLICY"),
};
static const struct cmd_table mfpolicy_table = CMD_TABLE(mfpolicy);

static const char *const sigalgs[] = { "HS256", "HS384", "HS512", NULL };
static const struct cmd_operand idtparms[] = {
    YESNO("ANYAPPL", "IDTPARMS"), NUM("IDTTIMEOUT", 1, 1440, "IDTPARMS"), ONEOF("SIGALG", sigalgs, "IDTPARMS"),
    TXT("SIGCAT", 4, 0, "IDTPARMS"), TXT("SIGSEQNUM", 8, 0, "IDTPARMS"), TXT("SIGTOKEN", 32, 0, "IDTPARMS"),
};
static const struct cmd_table idtparms_table = CMD_TABLE(idtparms);

static const struct cmd_operand dfp_dataset[] = {
    TXT("RESOWNER", 8, 0, "DFP"), TXT("DATAKEY", 64, 0, "DFP"),
};
static const struct cmd_table dfp_dataset_table = CMD_TABLE(dfp_dataset);

/* WHEN(DAYS(...) TIME(...)) of terminals: kept, too. */
static const struct cmd_operand when[] = {
    LST("DAYS", "WHEN"), TXT("TIME", 9, 0, "WHEN"),
};
static const struct cmd_table when_table = CMD_TABLE(when);

static const struct cmd_operand user_rows[] = {
    SEG("EIM", eim_user_table), SEG("OPERPARM", operparm_table), SEG("NETVIEW", netview_table),
    SEG("DCE", dce_table), SEG("OVM", ovm_user_table), SEG("LNOTES", lnotes_table),
    SEG("NDS", nds_table), SEG("KERB", kerb_user_table), SEG("PROXY", proxy_table),
    FREE("CSDATA"), FREE("MFA"),
};
const struct cmd_table cmd_kept_user = CMD_TABLE(user_rows);

static const struct cmd_operand group_rows[] = {
    SEG("OVM", ovm_group_table), SEG("TME", tme_table), FREE("CSDATA"),
};
const struct cmd_table cmd_kept_group = CMD_TABLE(group_rows);

static const struct cmd_operand dataset_rows[] = {
    SEG("DFP", dfp_dataset_table), SEG("TME", tme_table), FREE("CSDATA"),
};
const struct cmd_table cmd_kept_dataset = CMD_TABLE(dataset_rows);

static const struct cmd_operand resource_rows[] = {
    SEG("WHEN", when_table), SEG("EIM", eim_resource_table), SEG("PROXY", proxy_table),
    SEG("KERB", kerb_realm_table), SEG("SESSION", session_table), SEG("SVFMR", svfmr_table),
    SEG("DLFDATA", dlfdata_table), SEG("TME", tme_table), SEG("ICSF", icsf_table),
    FREE("MFA"), SEG("MFPOLICY", mfpolicy_table), SEG("IDTPARMS", idtparms_table),
    SEG("JES", jes_table), FREE("CSDATA"),
};
const struct cmd_table cmd_kept_resource = CMD_TABLE(resource_rows);
/* clang-format on */
