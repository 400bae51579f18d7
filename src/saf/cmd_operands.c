/* Operand tables that several verbs share: segments and choices. */
#include "saf/cmd_private.h"

const char *const cmd_levels[] = { "NONE",    "EXECUTE", "READ", "UPDATE",
                                   "CONTROL", "ALTER",   NULL };
const char *const cmd_authorities[] = { "USE", "CREATE", "CONNECT", "JOIN",
                                        NULL };
const char *const cmd_yes_no[] = { "YES", "NO", NULL };

/* clang-format off */
#define NUM(name, lo, hi, seg) { name, CMD_NUMBER, CMD_NO, lo, hi, NULL, NULL, seg, name, NULL, NULL }
#define TXT(name, max, flags, seg) { name, CMD_TEXT, CMD_NO | (flags), 0, max, NULL, NULL, seg, name, NULL, NULL }
#define LST(name, seg) { name, CMD_LIST, CMD_NO, 0, 246, NULL, NULL, seg, name, NULL, NULL }

static const struct cmd_operand omvs_user[] = {
    { "UID", CMD_NUMBER, CMD_NO, 0, 2147483647, NULL, NULL, "OMVS", "UID", NULL,
      "OMVS UID+OMVS USER ID (UID), 1-10 NUMERIC DIGITS" },
    { "AUTOUID", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "SHARED", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    TXT("HOME", 1023, CMD_ASIS, "OMVS"),
    TXT("PROGRAM", 1023, CMD_ASIS, "OMVS"),
    NUM("ASSIZEMAX", 10485760, 2147483647, "OMVS"),
    NUM("CPUTIMEMAX", 7, 2147483647, "OMVS"),
    NUM("FILEPROCMAX", 3, 524287, "OMVS"),
    NUM("PROCUSERMAX", 3, 32767, "OMVS"),
    NUM("THREADSMAX", 0, 100000, "OMVS"),
    NUM("MMAPAREAMAX", 1, 16777216, "OMVS"),
    TXT("MEMLIMIT", 9, 0, "OMVS"),
    TXT("SHMEMMAX", 9, 0, "OMVS"),
};
static const struct cmd_table omvs_user_table = CMD_TABLE(omvs_user);

static const struct cmd_operand omvs_group[] = {
    { "GID", CMD_NUMBER, CMD_NO, 0, 2147483647, NULL, NULL, "OMVS", "GID", NULL,
      "OMVS GID+OMVS GROUP ID (GID), 1-10 NUMERIC DIGITS" },
    { "AUTOGID", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
    { "SHARED", CMD_NONE, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
static const struct cmd_table omvs_group_table = CMD_TABLE(omvs_group);

static const struct cmd_operand tso[] = {
    TXT("ACCTNUM", 40, 0, "TSO"), TXT("HOLDCLASS", 1, 0, "TSO"),
    TXT("JOBCLASS", 1, 0, "TSO"), TXT("MSGCLASS", 1, 0, "TSO"),
    TXT("PROC", 8, 0, "TSO"), NUM("SIZE", 0, 2096128, "TSO"),
    NUM("MAXSIZE", 0, 2096128, "TSO"), TXT("SYSOUTCLASS", 1, 0, "TSO"),
    TXT("UNIT", 8, 0, "TSO"), TXT("USERDATA", 4, 0, "TSO"),
    TXT("COMMAND", 80, CMD_ASIS, "TSO"), TXT("DEST", 8, 0, "TSO"),
    TXT("SECLABEL", 8, 0, "TSO"),
};
static const struct cmd_table tso_table = CMD_TABLE(tso);

static const struct cmd_operand cics[] = {
    TXT("OPIDENT", 3, CMD_ASIS, "CICS"), LST("OPCLASS", "CICS"),
    NUM("OPPRTY", 0, 255, "CICS"), TXT("TIMEOUT", 4, 0, "CICS"),
    TXT("XRFSOFF", 7, 0, "CICS"), LST("RSLKEY", "CICS"), LST("TSLKEY", "CICS"),
};
static const struct cmd_table cics_table = CMD_TABLE(cics);

static const struct cmd_operand dfp[] = {
    TXT("DATAAPPL", 8, 0, "DFP"), TXT("DATACLAS", 8, 0, "DFP"),
    TXT("MGMTCLAS", 8, 0, "DFP"), TXT("STORCLAS", 8, 0, "DFP"),
};
static const struct cmd_table dfp_table = CMD_TABLE(dfp);

static const struct cmd_operand workattr[] = {
    TXT("WANAME", 60, CMD_ASIS, "WORKATTR"), TXT("WABLDG", 60, CMD_ASIS, "WORKATTR"),
    TXT("WADEPT", 60, CMD_ASIS, "WORKATTR"), TXT("WAROOM", 60, CMD_ASIS, "WORKATTR"),
    TXT("WAADDR1", 60, CMD_ASIS, "WORKATTR"), TXT("WAADDR2", 60, CMD_ASIS, "WORKATTR"),
    TXT("WAADDR3", 60, CMD_ASIS, "WORKATTR"), TXT("WAADDR4", 60, CMD_ASIS, "WORKATTR"),
    TXT("WAACCNT", 255, CMD_ASIS, "WORKATTR"), TXT("WAEMAIL", 246, CMD_ASIS, "WORKATTR"),
};
static const struct cmd_table workattr_table = CMD_TABLE(workattr);

static const struct cmd_operand language[] = {
    TXT("PRIMARY", 24, 0, "LANGUAGE"), TXT("SECONDARY", 24, 0, "LANGUAGE"),
};
static const struct cmd_table language_table = CMD_TABLE(language);

#define SEG(name, table) { name, CMD_SUB, CMD_NO | CMD_OPTIONAL, 0, 0, &table, NULL, name, NULL, NULL, NULL }

static const struct cmd_operand user_segments[] = {
    SEG("OMVS", omvs_user_table), SEG("TSO", tso_table), SEG("CICS", cics_table),
    SEG("DFP", dfp_table), SEG("WORKATTR", workattr_table),
    SEG("LANGUAGE", language_table),
};
const struct cmd_table cmd_segments_user = CMD_TABLE_AND(user_segments, cmd_kept_user);

static const struct cmd_operand group_segments[] = {
    SEG("OMVS", omvs_group_table), SEG("DFP", dfp_table),
};
const struct cmd_table cmd_segments_group = CMD_TABLE_AND(group_segments, cmd_kept_group);
/* clang-format on */
