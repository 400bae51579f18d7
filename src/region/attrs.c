#include "region/attrs.h"

#include <string.h>

#include "base/buf.h"

#define IGNORED ((size_t)-1) /* accepted, without effect here */

/* clang-format off */
#define A(type, field) offsetof(struct type, field)
#define NO_YES { "NO", "YES" }
static const struct attr ipconn_attrs[] = {
    { "APPLID", NAME1_8, A(ipconn, applid), NULL, 0, 0, {0}, 0 },
    { "NETWORKID", NAME1_8, A(ipconn, networkid), NULL, 0, 0, {0}, 0 },
    { "HOST", TEXT, A(ipconn, host), NULL, 0, 116, {0}, 0 },
    { "PORT", NUMBER, IGNORED, "NO", 1, 65535, { "NO" }, 0 },
    { "TCPIPSERVICE", NAME1_8, A(ipconn, tcpipservice), NULL, 0, 0, {0}, 0 },
    { "RECEIVECOUNT", NUMBER, A(ipconn, receive_count), "1", 1, 999, {0}, 0 },
    { "SENDCOUNT", NUMBER, A(ipconn, send_count), "0", 0, 999, {0}, 0 },
    { "QUEUELIMIT", NUMBER, IGNORED, "NO", 0, 9999, { "NO" }, 0 },
    { "MAXQTIME", NUMBER, IGNORED, "NO", 0, 9999, { "NO" }, 0 },
    { "MIRRORLIFE", WORD, IGNORED, "REQUEST", 0, 0,
      { "REQUEST", "TASK", "UOW" }, 0 },
    { "AUTOCONNECT", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "INSERVICE", BOOL, A(ipconn, is_in_service), "YES", 0, 0, NO_YES, 0 },
    { "HA", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "SSL", BOOL, A(ipconn, ssl), "NO", 0, 0, NO_YES, 0 },
    { "CERTIFICATE", TEXT, IGNORED, NULL, 0, 56, {0}, 0 },
    { "CIPHERS", TEXT, IGNORED, NULL, 0, 256, {0}, 0 },
    { "LINKAUTH", WORD, A(ipconn, link_auth), "SECUSER", 0, 0,
      { "SECUSER", "CERTUSER" }, 0 },
    { "SECURITYNAME", NAME1_8, A(ipconn, securityname), NULL, 0, 0, {0}, 0 },
    { "USERAUTH", WORD, A(ipconn, user_auth), "LOCAL", 0, 0,
      { "LOCAL", "DEFAULTUSER", "IDENTIFY", "VERIFY" }, 0 },
    { "IDPROP", WORD, A(ipconn, id_prop), "NOTALLOWED", 0, 0,
      { "NOTALLOWED", "OPTIONAL", "REQUIRED" }, 0 },
    { "XLNACTION", WORD, IGNORED, "KEEP", 0, 0, { "KEEP", "FORCE" }, 0 },
};
static const struct attr service_attrs[] = {
    { "PORTNUMBER", NUMBER, A(tcpipservice, port), NULL, 1, 65535, {0}, 0 },
    { "PROTOCOL", WORD, IGNORED, "IPIC", 0, 0, { "IPIC" }, 0 },
    { "TRANSACTION", NAME1_4, A(tcpipservice, transaction), "CISS", 0, 0,
      {0}, 0 },
    { "URM", NAME1_8, A(tcpipservice, urm), "NO", 0, 0, {0}, 0 },
    { "HOST", TEXT, A(tcpipservice, host), "ANY", 0, 116, {0}, 0 },
    { "IPADDRESS", TEXT, A(tcpipservice, host), NULL, 0, 116, {0}, 0 },
    { "BACKLOG", NUMBER, A(tcpipservice, backlog), "0", 0, 32767, {0}, 0 },
    { "SSL", WORD, A(tcpipservice, ssl), "NO", 0, 0,
      { "NO", "YES", "CLIENTAUTH" }, 0 },
    { "STATUS", BOOL, A(tcpipservice, is_open), "OPEN", 0, 0,
      { "CLOSED", "OPEN" }, 0 },
    { "CERTIFICATE", TEXT, A(tcpipservice, certificate), NULL, 0, 56, {0}, 0 },
    { "CIPHERS", TEXT, IGNORED, NULL, 0, 256, {0}, 0 },
    { "SOCKETCLOSE", TEXT, IGNORED, NULL, 0, 8, {0}, 0 },
    { "MAXDATALEN", NUMBER, IGNORED, "32", 3, 524288, {0}, 0 },
};
static const struct attr program_attrs[] = {
    { "LANGUAGE", WORD, IGNORED, "COBOL", 0, 0, { "COBOL", "C" }, 0 },
    { "STATUS", BOOL, A(program_def, is_enabled), "ENABLED", 0, 0,
      { "DISABLED", "ENABLED" }, 0 },
    { "DATALOCATION", WORD, IGNORED, "ANY", 0, 0, { "ANY", "BELOW" }, 0 },
    { "EXECKEY", WORD, IGNORED, "USER", 0, 0, { "USER", "CICS" }, 0 },
    { "CONCURRENCY", WORD, IGNORED, "QUASIRENT", 0, 0,
      { "QUASIRENT", "THREADSAFE", "REQUIRED" }, 0 },
    { "RELOAD", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "RESIDENT", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "USAGE", WORD, IGNORED, "NORMAL", 0, 0, { "NORMAL", "TRANSIENT" }, 0 },
};
static const struct attr transaction_attrs[] = {
    { "PROGRAM", NAME1_8, A(transaction_def, program), NULL, 0, 0, {0}, 0 },
    { "STATUS", BOOL, A(transaction_def, is_enabled), "ENABLED", 0, 0,
      { "DISABLED", "ENABLED" }, 0 },
    { "RESSEC", BOOL, A(transaction_def, ressec), "NO", 0, 0, NO_YES, 0 },
    { "CMDSEC", BOOL, IGNORED, "NO", 0, 0, NO_YES, 0 },
    { "RUNAWAY", NUMBER, A(transaction_def, runaway_ms), "SYSTEM", 0, 2700000,
      { "SYSTEM" }, UINT32_MAX },
    { "DTIMOUT", NUMBER, A(transaction_def, dtimout_s), "NO", 1, 6800,
      { "NO" }, 0 },
    { "PROFILE", NAME1_8, IGNORED, NULL, 0, 0, {0}, 0 },
    { "TASKDATALOC", WORD, IGNORED, "ANY", 0, 0, { "ANY", "BELOW" }, 0 },
    { "TASKDATAKEY", WORD, IGNORED, "USER", 0, 0, { "USER", "CICS" }, 0 },
    { "PRIORITY", NUMBER, IGNORED, "1", 0, 255, {0}, 0 },
};
static const struct attr file_attrs[] = {
    { "DSNAME", TEXT, A(file_def, dsname), NULL, 0, 44, {0}, 0 },
    { "TYPE", WORD, A(file_def, type), "KSDS", 0, 0,
      { "KSDS", "ESDS", "RRDS" }, 0 },
    { "KEYLENGTH", NUMBER, A(file_def, key_length), "0", 1, DEFS_KEY_MAX,
      {0}, 0 },
    { "KEYOFFSET", NUMBER, A(file_def, key_offset), "0", 0, DEFS_RECORD_MAX,
      {0}, 0 },
    { "RECORDSIZE", NUMBER, A(file_def, record_size), "0", 1, DEFS_RECORD_MAX,
      {0}, 0 },
    { "RECORDFORMAT", BOOL, A(file_def, is_fixed), "V", 0, 0,
      { "V", "F" }, 0 },
    { "STATUS", BOOL, A(file_def, is_enabled), "ENABLED", 0, 0,
      { "DISABLED", "ENABLED" }, 0 },
    { "ADD", BOOL, A(file_def, add), "NO", 0, 0, NO_YES, 0 },
    { "BROWSE", BOOL, A(file_def, browse), "NO", 0, 0, NO_YES, 0 },
    { "DELETE", BOOL, A(file_def, del), "NO", 0, 0, NO_YES, 0 },
    { "READ", BOOL, A(file_def, read), "YES", 0, 0, NO_YES, 0 },
    { "UPDATE", BOOL, A(file_def, update), "NO", 0, 0, NO_YES, 0 },
    { "STRINGS", NUMBER, IGNORED, "1", 1, 255, {0}, 0 },
    { "LSRPOOLNUM", NUMBER, IGNORED, "1", 1, 255, {0}, 0 },
    { "OPENTIME", WORD, IGNORED, "FIRSTREF", 0, 0,
      { "FIRSTREF", "STARTUP" }, 0 },
    { "RECOVERY", WORD, IGNORED, "ALL", 0, 0,
      { "ALL", "BACKOUTONLY", "NONE" }, 0 },
    { "FIELDS", TEXT, A(file_def, fields), NULL, 0, 4096, {0}, 0 },
};
#define KIND(type, list, word, max, attrs)                                     \
    { word, sizeof(struct type), offsetof(struct region_defs, list),           \
      offsetof(struct region_defs, n_##list), max, attrs, ARRAY_LEN(attrs) }
const struct kind region_kinds[5] = {
    [KIND_IPCONN] = KIND(ipconn, ipconns, "IPCONN", 8, ipconn_attrs),
    [KIND_SERVICE] = KIND(tcpipservice, services, "TCPIPSERVICE", 8, service_attrs),
    [KIND_PROGRAM] = KIND(program_def, programs, "PROGRAM", 8, program_attrs),
    [KIND_TRANSACTION] = KIND(transaction_def, transactions, "TRANSACTION", 4, transaction_attrs),
    [KIND_FILE] = KIND(file_def, files, "FILE", 8, file_attrs),
};
#define S(field) offsetof(struct region_sit, field)
const struct attr region_sit_attrs[] = {
    { "APPLID", NAME1_8, S(applid), NULL, 0, 0, {0}, 0 },
    { "NETWORKID", NAME1_8, S(networkid), "LOCAL", 0, 0, {0}, 0 },
    { "SYSIDNT", NAME1_4, S(sysid), "CICS", 0, 0, {0}, 0 },
    { "DFLTUSER", NAME1_8, S(dfltuser), "CICSUSER", 0, 0, {0}, 0 },
    { "GRPLIST", TEXT, IGNORED, NULL, 0, 64, {0}, 0 },
    { "DFHRPL", TEXT, S(rpl), NULL, 0, 1024, {0}, 0 },
    { "SEC", BOOL, S(sec), "YES", 0, 0, NO_YES, 0 },
    { "KEYRING", TEXT, S(keyring), NULL, 0, 237, {0}, 0 },
    { "XTRAN", NAME1_8, S(xtran), "YES", 0, 0, {0}, 0 },
    { "PGAIPGM", BOOL, S(autoinstall_programs), "INACTIVE", 0, 0,
      { "INACTIVE", "ACTIVE" }, 0 },
    { "MXT", NUMBER, S(mxt), "6", 1, 250, {0}, 0 },
    { "ICVR", NUMBER, S(icvr_ms), "5000", 0, 2700000, {0}, 0 },
    { "DTIMOUT", NUMBER, S(dtimout_s), "10", 1, 6800, {0}, 0 },
    { "MAPSIZE", NUMBER, S(map_mb), "1024", 1, 1048576, {0}, 0 },
    { "TCPIP", BOOL, IGNORED, "YES", 0, 0, NO_YES, 0 },
    { "ISC", BOOL, IGNORED, "YES", 0, 0, NO_YES, 0 },
};
/* clang-format on */
const size_t region_n_sit_attrs = ARRAY_LEN(region_sit_attrs);

/* --- values ---------------------------------------------------------------*/

bool
attr_is_name(struct str s, size_t max)
{
    if (s.n < 1 || s.n > max)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '@' ||
              c == '#' || c == '$'))
            return false;
    }
    return true;
}

static bool
find_word(const struct attr *a, struct str text, uint32_t *index)
{
    for (uint32_t i = 0; i < ARRAY_LEN(a->words); i++)
        if (a->words[i] != NULL && str_eq_nocase_z(text, a->words[i])) {
            *index = i;
            return true;
        }
    return false;
}

static void
describe(const struct attr *a, struct buf *out)
{
    if (a->form == NUMBER)
        buf_printf(out, "%u to %u", a->min, a->max);
    for (size_t i = 0; i < ARRAY_LEN(a->words) && a->words[i] != NULL; i++)
        buf_printf(out, "%s%s", i > 0 || a->form == NUMBER ? " or " : "",
                   a->words[i]);
    if (a->form == NAME1_4)
        buf_add_z(out, "a name of 1 to 4 characters");
    else if (a->form == NAME1_8)
        buf_add_z(out, "a name of 1 to 8 characters");
    else if (a->form == TEXT)
        buf_printf(out, "up to %u characters", a->max);
}

static enum err
value_error(const struct attr *a, struct str text, struct err_info *why)
{
    struct buf want;

    buf_init(&want, 256);
    describe(a, &want);
    err_set(why, ERR_RANGE, "%s \"" STR_FMT "\", expected %s", a->name,
            STR_ARG(str_sub(text, 0, 64)), buf_z(&want));
    buf_fini(&want);
    return ERR_RANGE;
}

enum err
attr_set(struct arena *arena, const struct attr *a, char *target,
         struct str text, struct err_info *why)
{
    struct str value = text;
    uint32_t number = 0;
    uint64_t big;

    switch (a->form) {
    case NAME1_4:
    case NAME1_8:
        value = str_upper(arena, text);
        if (!attr_is_name(value, a->form == NAME1_4 ? 4 : 8))
            return value_error(a, text, why);
        break;
    case TEXT:
        value = str_dup(arena, text);
        if (text.n > a->max)
            return value_error(a, text, why);
        break;
    case NUMBER:
        if (find_word(a, text, &number))
            number = a->special;
        else if (text.n == 1 && text.p[0] == '0' && a->def != NULL &&
                 strcmp(a->def, "0") == 0)
            number = 0; /* the default's own spelling of "not given" */
        else if (!str_to_u64(text, &big) || big < a->min || big > a->max)
            return value_error(a, text, why);
        else
            number = (uint32_t)big;
        break;
    case BOOL:
    case WORD:
        if (!find_word(a, text, &number))
            return value_error(a, text, why);
        break;
    }
    if (a->offset == IGNORED)
        return ERR_OK;
    if (a->form == BOOL)
        *(bool *)(void *)(target + a->offset) = number != 0;
    else if (a->form == NUMBER || a->form == WORD)
        memcpy(target + a->offset, &number, sizeof number);
    else if (value.p == NULL)
        return err_set(why, ERR_MEMORY, "no storage for definitions");
    else
        memcpy(target + a->offset, &value, sizeof value);
    return ERR_OK;
}

enum err
attr_set_defaults(struct arena *arena, const struct attr *attrs, size_t n,
                  char *target, struct err_info *why)
{
    for (size_t i = 0; i < n; i++) {
        enum err e;

        if (attrs[i].def == NULL)
            continue;
        e = attr_set(arena, &attrs[i], target, str_of(attrs[i].def), why);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

const struct attr *
attr_find(const struct attr *attrs, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase_z(name, attrs[i].name))
            return &attrs[i];
    return NULL;
}
