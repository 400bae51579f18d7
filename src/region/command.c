#include "region/command.h"

#include <string.h>

/* clang-format off */
#define REQ(opt, kind) { OPT_##opt, KIND_##kind, true }
#define MAY(opt, kind) { OPT_##opt, KIND_##kind, false }

static const struct option_row abend[] = {
    MAY(ABCODE, TEXT), MAY(NODUMP, FLAG), MAY(CANCEL, FLAG),
};
static const struct option_row asktime[] = { MAY(ABSTIME, OUT) };
static const struct option_row assign[] = {
    MAY(USERID, OUT), MAY(CHANNEL, OUT), MAY(APPLID, OUT), MAY(SYSID, OUT),
    MAY(PROGRAM, OUT), MAY(STARTCODE, OUT), MAY(INVOKINGPROG, OUT),
    MAY(ABCODE, OUT),
};
static const struct option_row delete_container[] = {
    REQ(CONTAINER, TEXT), MAY(CHANNEL, TEXT),
};
static const struct option_row delete_record[] = {
    REQ(FILE, TEXT), MAY(RIDFLD, AREA), MAY(KEYLENGTH, NUM),
};
static const struct option_row endbrowse_container[] = {
    REQ(CONTAINER, FLAG), REQ(BROWSETOKEN, NUM),
};
static const struct option_row formattime[] = {
    REQ(ABSTIME, NUM), MAY(DATE, OUT), MAY(DATESEP, SEP), MAY(TIME, OUT),
    MAY(TIMESEP, SEP), MAY(YYYYMMDD, OUT), MAY(DDMMYYYY, OUT),
    MAY(MMDDYYYY, OUT), MAY(YYDDD, OUT), MAY(YYYYDDD, OUT), MAY(YYMMDD, OUT),
    MAY(DDMMYY, OUT), MAY(MMDDYY, OUT), MAY(DATESTRING, OUT),
    MAY(DAYOFWEEK, OUT), MAY(DAYOFMONTH, OUT), MAY(MONTHOFYEAR, OUT),
    MAY(YEAR, OUT),
};
static const struct option_row get_container[] = {
    REQ(CONTAINER, TEXT), MAY(CHANNEL, TEXT), MAY(INTO, OUT), MAY(SET, OUT),
    MAY(NODATA, FLAG), MAY(FLENGTH, INOUT), MAY(BYTEOFFSET, NUM),
    MAY(INTOCCSID, NUM), MAY(INTOCODEPAGE, TEXT), MAY(CONVERTST, NUM),
    MAY(NOCONVERT, FLAG),
};
static const struct option_row getnext_container[] = {
    REQ(CONTAINER, OUT), REQ(BROWSETOKEN, NUM),
};
static const struct option_row handle_abend[] = {
    MAY(LABEL, LABEL), MAY(PROGRAM, TEXT), MAY(CANCEL, FLAG), MAY(RESET, FLAG),
};
static const struct option_row link_program[] = {
    REQ(PROGRAM, TEXT), MAY(COMMAREA, AREA), MAY(LENGTH, NUM),
    MAY(DATALENGTH, NUM), MAY(CHANNEL, TEXT), MAY(SYNCONRETURN, FLAG),
    MAY(SYSID, TEXT), MAY(TRANSID, TEXT),
};
static const struct option_row move_container[] = {
    REQ(CONTAINER, TEXT), REQ(AS, TEXT), MAY(CHANNEL, TEXT),
    MAY(TOCHANNEL, TEXT),
};
static const struct option_row put_container[] = {
    REQ(CONTAINER, TEXT), MAY(CHANNEL, TEXT), REQ(FROM, AREA),
    MAY(FLENGTH, NUM), MAY(BIT, FLAG), MAY(CHAR, FLAG), MAY(DATATYPE, NUM),
    MAY(FROMCCSID, NUM), MAY(FROMCODEPAGE, TEXT), MAY(APPEND, FLAG),
};
static const struct option_row read_record[] = {
    REQ(FILE, TEXT), MAY(INTO, OUT), MAY(SET, OUT), MAY(LENGTH, INOUT),
    REQ(RIDFLD, AREA), MAY(KEYLENGTH, NUM), MAY(GENERIC, FLAG),
    MAY(EQUAL, FLAG), MAY(GTEQ, FLAG), MAY(UPDATE, FLAG),
};
static const struct option_row return_options[] = {
    MAY(TRANSID, TEXT), MAY(COMMAREA, AREA), MAY(LENGTH, NUM),
    MAY(CHANNEL, TEXT),
};
static const struct option_row rewrite[] = {
    REQ(FILE, TEXT), REQ(FROM, AREA), MAY(LENGTH, NUM),
};
static const struct option_row startbrowse_container[] = {
    REQ(CONTAINER, FLAG), MAY(CHANNEL, TEXT), REQ(BROWSETOKEN, OUT),
};
static const struct option_row syncpoint[] = { MAY(ROLLBACK, FLAG) };
static const struct option_row unlock[] = { REQ(FILE, TEXT) };
static const struct option_row write_record[] = {
    REQ(FILE, TEXT), REQ(FROM, AREA), MAY(LENGTH, NUM), REQ(RIDFLD, AREA),
    MAY(KEYLENGTH, NUM),
};
static const struct option_row writeq_td[] = {
    REQ(QUEUE, TEXT), REQ(FROM, AREA), MAY(LENGTH, NUM),
};
static const struct option_row xctl[] = {
    REQ(PROGRAM, TEXT), MAY(COMMAREA, AREA), MAY(LENGTH, NUM),
    MAY(CHANNEL, TEXT),
};

#define ROW(command, id, verb, key, fn, options)                               \
    { command, id, verb, key, fn, false, options, ARRAY_LEN(options) }
static const struct command_row rows[] = {
    ROW(CMD_ABEND, "ABEND", "ABEND", -1, 0x0e0c, abend),
    ROW(CMD_ASKTIME, "ASKTIME", "ASKTIME", -1, 0x4a02, asktime),
    ROW(CMD_ASSIGN, "ASSIGN", "ASSIGN", -1, 0x0208, assign),
    ROW(CMD_DELETE_CONTAINER, "DELCON", "DELETE", OPT_CONTAINER, 0x3414,
        delete_container),
    ROW(CMD_DELETE, "DELETE", "DELETE", OPT_FILE, 0x0608, delete_record),
    ROW(CMD_ENDBROWSE_CONTAINER, "ENDBRCON", "ENDBROWSE", OPT_CONTAINER,
        0x9622, endbrowse_container),
    ROW(CMD_FORMATTIME, "FMTTIME", "FORMATTIME", -1, 0x4a04, formattime),
    ROW(CMD_GET_CONTAINER, "GETCON", "GET", OPT_CONTAINER, 0x3418,
        get_container),
    ROW(CMD_GETNEXT_CONTAINER, "NEXTCON", "GETNEXT", OPT_CONTAINER, 0x9624,
        getnext_container),
    ROW(CMD_HANDLE_ABEND, "HABEND", "HANDLE ABEND", -1, 0x0e0e, handle_abend),
    { CMD_HANDLE_CONDITION, "HCOND", "HANDLE CONDITION", -1, 0x0204, true,
      NULL, 0 },
    { CMD_IGNORE_CONDITION, "ICOND", "IGNORE CONDITION", -1, 0x020a, true,
      NULL, 0 },
    ROW(CMD_LINK, "LINK", "LINK", OPT_PROGRAM, 0x0e02, link_program),
    ROW(CMD_MOVE_CONTAINER, "MOVECON", "MOVE", OPT_CONTAINER, 0x3440,
        move_container),
    ROW(CMD_PUT_CONTAINER, "PUTCON", "PUT", OPT_CONTAINER, 0x3416,
        put_container),
    ROW(CMD_READ, "READ", "READ", OPT_FILE, 0x0602, read_record),
    ROW(CMD_RETURN, "RETURN", "RETURN", -1, 0x0e08, return_options),
    ROW(CMD_REWRITE, "REWRITE", "REWRITE", OPT_FILE, 0x0606, rewrite),
    ROW(CMD_STARTBROWSE_CONTAINER, "BRCON", "STARTBROWSE", OPT_CONTAINER,
        0x9620, startbrowse_container),
    ROW(CMD_SYNCPOINT, "SYNC", "SYNCPOINT", -1, 0x1602, syncpoint),
    ROW(CMD_UNLOCK, "UNLOCK", "UNLOCK", OPT_FILE, 0x060a, unlock),
    ROW(CMD_WRITE, "WRITE", "WRITE", OPT_FILE, 0x0604, write_record),
    ROW(CMD_WRITEQ_TD, "WRITETD", "WRITEQ TD", -1, 0x0802, writeq_td),
    ROW(CMD_XCTL, "XCTL", "XCTL", OPT_PROGRAM, 0x0e04, xctl),
};

static const struct condition_row conditions[] = {
    { "NORMAL", 0, "" },          { "ERROR", 1, "AEIA" },
    { "EOF", 4, "AEID" },         { "FILENOTFOUND", 12, "AEIL" },
    { "NOTFND", 13, "AEIM" },     { "DUPREC", 14, "AEIN" },
    { "DUPKEY", 15, "AEIO" },     { "INVREQ", 16, "AEIP" },
    { "IOERR", 17, "AEIQ" },      { "NOSPACE", 18, "AEIR" },
    { "NOTOPEN", 19, "AEIS" },    { "ENDFILE", 20, "AEIT" },
    { "ILLOGIC", 21, "AEIU" },    { "LENGERR", 22, "AEIV" },
    { "QZERO", 23, "AEIW" },      { "ITEMERR", 26, "AEIZ" },
    { "PGMIDERR", 27, "AEI0" },   { "TRANSIDERR", 28, "AEI1" },
    { "NOSTG", 42, "AEYL" },      { "QIDERR", 44, "AEYH" },
    { "SYSIDERR", 53, "AEYQ" },   { "ISCINVREQ", 54, "AEYR" },
    { "ENQBUSY", 55, "AEYT" },    { "USERIDERR", 69, "AEYX" },
    { "NOTAUTH", 70, "AEY7" },    { "SUPPRESSED", 72, "AEXL" },
    { "ROLLEDBACK", 82, "AEXJ" }, { "END", 83, "AEXK" },
    { "DISABLED", 84, "AEXL" },   { "LOADING", 94, "AEZA" },
    { "LOCKED", 100, "AEZG" },    { "RECORDBUSY", 101, "AEZH" },
    { "CONTAINERERR", 110, "AEZQ" }, { "TOKENERR", 112, "AEZS" },
    { "CHANNELERR", 122, "AEZ2" }, { "CCSIDERR", 123, "AEZ3" },
    { "TIMEDOUT", 124, "AEZ4" },  { "CODEPAGEERR", 125, "AEZ5" },
};
/* clang-format on */

static const char *const names[N_CICS_OPTIONS] = {
#define X(name) #name,
    CICS_OPTIONS(X)
#undef X
};

static const struct {
    const char *synonym;
    enum cics_option option;
} synonyms[] = {
    { "DATASET", OPT_FILE },
    { "DATESTR", OPT_DATESTRING },
};

const struct command_row *
command_row(enum cics_command command)
{
    return &rows[command];
}

const struct command_row *
command_by_id(struct str id)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq_z(id, rows[i].id))
            return &rows[i];
    return NULL;
}

const struct command_row *
command_match(struct str words, const bool *has)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_eq_nocase_z(words, rows[i].verb) &&
            (rows[i].key < 0 || has[rows[i].key]))
            return &rows[i];
    return NULL;
}

const struct option_row *
command_option(const struct command_row *row, enum cics_option option)
{
    for (size_t i = 0; i < row->n_options; i++)
        if (row->options[i].option == option)
            return &row->options[i];
    return NULL;
}

const char *
option_name(enum cics_option option)
{
    return names[option];
}

bool
option_find(struct str name, enum cics_option *out)
{
    for (unsigned i = 0; i < N_CICS_OPTIONS; i++)
        if (str_eq_nocase_z(name, names[i])) {
            *out = (enum cics_option)i;
            return true;
        }
    for (size_t i = 0; i < ARRAY_LEN(synonyms); i++)
        if (str_eq_nocase_z(name, synonyms[i].synonym)) {
            *out = synonyms[i].option;
            return true;
        }
    return false;
}

const struct condition_row *
condition_by_name(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
        if (str_eq_nocase_z(name, conditions[i].name))
            return &conditions[i];
    return NULL;
}

const struct condition_row *
condition_by_resp(uint32_t resp)
{
    for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
        if (conditions[i].resp == resp)
            return &conditions[i];
    return NULL;
}

/* --- plans ----------------------------------------------------------------*/

static enum err
read_plan_condition(struct str name, uint16_t label, struct plan *plan,
                    struct err_info *why)
{
    const struct condition_row *c = condition_by_name(name);

    if (c == NULL || plan->n_conditions == ARRAY_LEN(plan->conditions))
        return err_set(why, ERR_SYNTAX, "plan: condition \"" STR_FMT "\"",
                       STR_ARG(name));
    plan->conditions[plan->n_conditions].resp = c->resp;
    plan->conditions[plan->n_conditions++].label = label;
    return ERR_OK;
}

/* [ "*" ] NAME [ "=" label ] */
static enum err
read_plan_item(struct str item, uint8_t *next, struct plan *plan,
               struct err_info *why)
{
    bool has_argument = !(item.n > 0 && item.p[0] == '*');
    size_t equals = str_find_char(item, '=');
    enum cics_option option;
    uint64_t label = 0;
    struct str name = str_sub(item, has_argument ? 0 : 1, equals);

    if (equals != STR_NPOS &&
        (!str_to_u64(str_sub(item, equals + 1, item.n), &label) ||
         label > UINT16_MAX))
        return err_set(why, ERR_SYNTAX, "plan: label in \"" STR_FMT "\"",
                       STR_ARG(item));
    if (plan->row->conditions)
        return read_plan_condition(name, (uint16_t)label, plan, why);
    if (!option_find(name, &option) ||
        command_option(plan->row, option) == NULL || plan->has[option])
        return err_set(why, ERR_SYNTAX, "plan: option \"" STR_FMT "\"",
                       STR_ARG(item));
    plan->has[option] = true;
    plan->label[option] = (uint16_t)label;
    if (has_argument && equals == STR_NPOS)
        plan->param[option] = (*next)++;
    return ERR_OK;
}

enum err
plan_read(struct str text, struct plan *out, struct err_info *why)
{
    size_t colon = str_find_char(text, ':');
    struct str rest, item;
    uint8_t next = 2; /* parameter 1 is the plan itself */

    *out = (struct plan){ 0 };
    out->handles_response = str_ends(text, STR(";R"));
    rest = str_sub(text, colon == STR_NPOS ? text.n : colon + 1,
                   str_rfind_char(text, ';'));
    out->row = command_by_id(str_sub(text, 0, colon));
    if (out->row == NULL || colon == STR_NPOS || text.n > PLAN_MAX)
        return err_set(why, ERR_SYNTAX, "\"" STR_FMT "\" is not a plan",
                       STR_ARG(str_sub(text, 0, 32)));
    if (rest.n == 0)
        return ERR_OK;
    while (str_token(&rest, ',', &item)) {
        enum err e;

        if (next > PLAN_ARGS_MAX)
            return err_set(why, ERR_SYNTAX, "plan: too many arguments");
        if ((e = read_plan_item(item, &next, out, why)) != ERR_OK)
            return e;
    }
    return ERR_OK;
}
