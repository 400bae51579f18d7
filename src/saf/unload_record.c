#include "saf/unload_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* clang-format off */
static const struct unload_column columns[] = {
#define UNLOAD_RECORD(type, prefix) { type, prefix, NULL, 0, 0, 0 },
#define UNLOAD_COLUMN(name, kind, first, last) { NULL, NULL, #name, kind, first, last },
#include "saf/unload_columns.def"
};

static const struct unload_field fields[] = {
    { "0120", "GID", "OMVS", "GID" },
    { "0220", "ACCOUNT", "TSO", "ACCTNUM" }, { "0220", "COMMAND", "TSO", "COMMAND" },
    { "0220", "DEST", "TSO", "DEST" }, { "0220", "HOLD_CLASS", "TSO", "HOLDCLASS" },
    { "0220", "JOB_CLASS", "TSO", "JOBCLASS" }, { "0220", "LOGON_PROC", "TSO", "PROC" },
    { "0220", "LOGON_SIZE", "TSO", "SIZE" }, { "0220", "MSG_CLASS", "TSO", "MSGCLASS" },
    { "0220", "LOGON_MAX", "TSO", "MAXSIZE" }, { "0220", "SYSOUT_CLASS", "TSO", "SYSOUTCLASS" },
    { "0220", "USER_DATA", "TSO", "USERDATA" }, { "0220", "UNIT_NAME", "TSO", "UNIT" },
    { "0220", "SECLABEL", "TSO", "SECLABEL" },
    { "0270", "UID", "OMVS", "UID" }, { "0270", "HOME_PATH", "OMVS", "HOME" },
    { "0270", "PROGRAM", "OMVS", "PROGRAM" }, { "0270", "CPUTIMEMAX", "OMVS", "CPUTIMEMAX" },
    { "0270", "ASSIZEMAX", "OMVS", "ASSIZEMAX" }, { "0270", "FILEPROCMAX", "OMVS", "FILEPROCMAX" },
    { "0270", "PROCUSERMAX", "OMVS", "PROCUSERMAX" }, { "0270", "THREADSMAX", "OMVS", "THREADSMAX" },
    { "0270", "MMAPAREAMAX", "OMVS", "MMAPAREAMAX" }, { "0270", "MEMLIMIT", "OMVS", "MEMLIMIT" },
    { "0270", "SHMEMAX", "OMVS", "SHMEMMAX" },
    { "02F0", "LDAPPROF", "EIM", "LDAPPROF" },
    { "0530", "PROTECTION", "SSIGNON", "PROTECTION" }, { "0530", "KEY_LABEL", "SSIGNON", "EPTKEYLABEL" },
    { "0530", "TYPE", "SSIGNON", "TYPE" }, { "0530", "TIMEOUT", "SSIGNON", "TIMEOUT" },
    { "0530", "REPLAY", "SSIGNON", "REPLAY" },
    { "0540", "USER_ID", "STDATA", "USER" }, { "0540", "GROUP_ID", "STDATA", "GROUP" },
    { "0540", "TRUSTED", "STDATA", "TRUSTED" }, { "0540", "PRIVILEGED", "STDATA", "PRIVILEGED" },
    { "0540", "TRACE", "STDATA", "TRACE" },
    { "05C0", "POSIT", "CDTINFO", "POSIT" }, { "05C0", "MAXLENGTH", "CDTINFO", "MAXLENGTH" },
    { "05C0", "MAXLENX", "CDTINFO", "MAXLENX" }, { "05C0", "DEFAULTRC", "CDTINFO", "DEFAULTRC" },
    { "05C0", "KEYQUALIFIER", "CDTINFO", "KEYQUALIFIERS" }, { "05C0", "GROUP", "CDTINFO", "GROUP" },
    { "05C0", "MEMBER", "CDTINFO", "MEMBER" }, { "05C0", "OPER", "CDTINFO", "OPERATIONS" },
    { "05C0", "DEFAULTUACC", "CDTINFO", "DEFAULTUACC" }, { "05C0", "RACLIST", "CDTINFO", "RACLIST" },
    { "05C0", "GENLIST", "CDTINFO", "GENLIST" }, { "05C0", "PROF_ALLOW", "CDTINFO", "PROFILESALLOWED" },
    { "05C0", "SECL_REQ", "CDTINFO", "SECLABELSREQUIRED" }, { "05C0", "MACPROCESS", "CDTINFO", "MACPROCESSING" },
    { "05C0", "SIGNAL", "CDTINFO", "SIGNAL" }, { "05C0", "CASE", "CDTINFO", "CASE" },
    { "05C0", "GENERIC", "CDTINFO", "GENERIC" },
    { "05D0", "USEMAP", "ICTX", "USEMAP" }, { "05D0", "DOMAP", "ICTX", "DOMAP" },
    { "05D0", "MAPREQ", "ICTX", "MAPREQUIRED" }, { "05D0", "MAP_TIMEOUT", "ICTX", "MAPPINGTIMEOUT" },
    { "05A0", "DOMAIN_DN", "EIM", "DOMAINDN" }, { "05A0", "ENABLE", "EIM", "OPTIONS", "ENABLE", "DISABLE" },
    { "05A0", "LOCAL_REG", "EIM", "LOCALREGISTRY" }, { "05A0", "KERBREG", "EIM", "KERBREGISTRY" },
    { "05A0", "X509REG", "EIM", "X509REGISTRY" },
    { "05E0", "TYPE", "CFDEF", "TYPE" }, { "05E0", "MAXLEN", "CFDEF", "MAXLENGTH" },
    { "05E0", "MAXVAL", "CFDEF", "MAXVALUE" }, { "05E0", "MINVAL", "CFDEF", "MINVALUE" },
    { "05E0", "FIRST", "CFDEF", "FIRST" }, { "05E0", "OTHER", "CFDEF", "OTHER" },
    { "05E0", "MIXED", "CFDEF", "MIXED" }, { "05E0", "HELP", "CFDEF", "HELP" },
    { "05E0", "LISTHEAD", "CFDEF", "LISTHEAD" }, { "05E0", "VALREXX", "CFDEF", "VALREXX" },
    { "05G0", "EXPORTABLE", "ICSF", "SYMEXPORTABLE" }, { "05G0", "USAGE", "ICSF", "ASYMUSAGE" },
    { "05G0", "CPACF_WRAP", "ICSF", "SYMCPACFWRAP" }, { "05G0", "CPACF_RET", "ICSF", "SYMCPACFRET" },
    { "05K0", "SIG_TOKEN_NAME", "IDTPARMS", "SIGTOKEN" }, { "05K0", "SIG_SEQ_NUM", "IDTPARMS", "SIGSEQNUM" },
    { "05K0", "SIG_CAT", "IDTPARMS", "SIGCAT" }, { "05K0", "SIG_ALG", "IDTPARMS", "SIGALG" },
    { "05K0", "TIMEOUT", "IDTPARMS", "IDTTIMEOUT" }, { "05K0", "ANYAPPL", "IDTPARMS", "ANYAPPL" },
};
/* clang-format on */

const struct unload_chars unload_chars[UNLOAD_CHARS] = {
    { "FIRST_ALPHA", "FIRST", "ALPHA" }, { "FIRST_NATL", "FIRST", "NATIONAL" },
    { "FIRST_NUM", "FIRST", "NUMERIC" }, { "FIRST_SPEC", "FIRST", "SPECIAL" },
    { "OTHER_ALPHA", "OTHER", "ALPHA" }, { "OTHER_NATL", "OTHER", "NATIONAL" },
    { "OTHER_NUM", "OTHER", "NUMERIC" }, { "OTHER_SPEC", "OTHER", "SPECIAL" },
};

const struct unload_field *
unload_fields(size_t *n)
{
    *n = ARRAY_LEN(fields);
    return fields;
}

static void
find_type(struct unload_record *r, const char *type)
{
    r->columns = NULL;
    r->n_columns = 0;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (columns[i].type == NULL || memcmp(columns[i].type, type, 4) != 0)
            continue;
        r->columns = &columns[i + 1];
        while (i + 1 + r->n_columns < ARRAY_LEN(columns) &&
               r->columns[r->n_columns].type == NULL)
            r->n_columns++;
        return;
    }
}

static const struct unload_column *
column_of(const struct unload_record *r, const char *name)
{
    for (size_t i = 0; i < r->n_columns; i++) {
        if (strcmp(r->columns[i].name, name) == 0)
            return &r->columns[i];
    }
    REQUIRE(false); /* our own misspelling */
    return NULL;
}

/* --- writing
 * ------------------------------------------------------------------
 */

void
unload_begin(struct unload_record *r, const char *type)
{
    find_type(r, type);
    REQUIRE(r->n_columns > 0);
    r->n = r->columns[r->n_columns - 1].last;
    memset(r->line, ' ', r->n);
    memcpy(r->line, type, 4);
}

/* The next character as a column; what ISO 8859-1 has not is "?". */
static char
next_column(struct str text, size_t *i)
{
    unsigned char c = (unsigned char)text.p[(*i)++];

    if (c < 0xc0)
        return (char)c;
    if ((c == 0xc2 || c == 0xc3) && *i < text.n)
        return (char)((c & 3) << 6 | (text.p[(*i)++] & 0x3f));
    while (*i < text.n && ((unsigned char)text.p[*i] & 0xc0) == 0x80)
        (*i)++;
    return '?';
}

static bool
is_utf8(struct str text)
{
    for (size_t i = 0; i < text.n;) {
        unsigned char c = (unsigned char)text.p[i++];
        size_t more = c < 0x80                ? 0
                      : c >= 0xc2 && c < 0xe0 ? 1
                      : c >= 0xe0 && c < 0xf0 ? 2
                      : c >= 0xf0 && c < 0xf5 ? 3
                                              : SIZE_MAX;

        if (more > text.n - i)
            return false;
        while (more-- > 0)
            if (((unsigned char)text.p[i++] & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static bool
is_control(char c)
{
    unsigned char u = (unsigned char)c;

    return u < ' ' || (u >= 0x7f && u < 0xa0);
}

static void
put(struct unload_record *r, const struct unload_column *c, struct str text)
{
    size_t width = c->last - c->first + 1u;

    for (size_t i = 0, at = 0; at < width && i < text.n; at++) {
        /* A line end in a value would be another record, and the others are
         * no characters of the original's either. */
        char ch = next_column(text, &i);

        r->line[c->first - 1u + at] = is_control(ch) ? ' ' : ch;
    }
}

void
unload_number(struct unload_record *r, const char *column, uint64_t n)
{
    const struct unload_column *c = column_of(r, column);
    char text[24];

    (void)snprintf(text, sizeof text, "%0*llu", c->last - c->first + 1,
                   (unsigned long long)n);
    put(r, c, str_of(text));
}

bool
unload_is_number(const struct unload_record *r, const char *column)
{
    const struct unload_column *c = column_of(r, column);

    return c->kind == 'I' || c->kind == 'N';
}

/* A segment's number is kept as text. */
void
unload_text(struct unload_record *r, const char *column, struct str text)
{
    uint64_t n;

    if (unload_is_number(r, column) && str_to_u64(text, &n))
        unload_number(r, column, n);
    else
        put(r, column_of(r, column), text);
}

void
unload_yes(struct unload_record *r, const char *column, bool is_set)
{
    put(r, column_of(r, column), is_set ? STR("YES") : STR("NO"));
}

/* Days since 1970 to a date of the Gregorian calendar. */
static void
civil(int64_t day, int *year, int *month, int *of_month)
{
    int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *of_month = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static int64_t
day_of(int64_t year, int64_t month, int64_t of_month)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy =
        (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + of_month - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void
unload_day(struct unload_record *r, const char *column, int32_t day)
{
    int year, month, of_month;
    char text[48];

    if (day == 0)
        return;
    civil(day, &year, &month, &of_month);
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, of_month);
    put(r, column_of(r, column), str_of(text));
}

void
unload_time(struct unload_record *r, const char *column, int64_t seconds)
{
    time_t t = (time_t)seconds;
    char text[48];
    struct tm tm;

    if (seconds == 0 || localtime_r(&t, &tm) == NULL)
        return;
    (void)snprintf(text, sizeof text, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min,
                   tm.tm_sec);
    put(r, column_of(r, column), str_of(text));
}

/* Columns to UTF-8, behind what `text` holds already; all of a record's values
 * fit there. */
static struct str
to_text(struct unload_record *r, size_t from, size_t n)
{
    char *p = r->text + r->n_text;
    size_t used = 0;

    for (size_t i = 0; i < n && r->n_text + used + 2 <= sizeof r->text; i++) {
        unsigned char c = (unsigned char)r->line[from + i];

        if (c >= 0x80) {
            p[used++] = (char)(0xc0 | c >> 6);
            c = (unsigned char)(0x80 | (c & 0x3f));
        }
        p[used++] = (char)c;
    }
    r->n_text += used;
    return str_n(p, used);
}

struct str
unload_line(struct unload_record *r)
{
    size_t n = r->n;

    while (n > 4 && r->line[n - 1] == ' ')
        n--;
    r->n_text = 0;
    return to_text(r, 0, n);
}

/* --- reading
 * ------------------------------------------------------------------
 */

static bool
is_type_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

enum err
unload_parse(struct str line, struct unload_record *out, struct err_info *why)
{
    bool is_wide = is_utf8(line);
    size_t n = 0;

    for (size_t i = 0; i < line.n && n < UNLOAD_LINE_MAX; n++)
        out->line[n] = is_wide ? next_column(line, &i) : line.p[i++];
    if (line.n > UNLOAD_LINE_MAX)
        return err_set(why, ERR_LIMIT, "the line has %zu bytes, at most %u",
                       line.n, UNLOAD_LINE_MAX);
    for (size_t i = 0; i < 4; i++) {
        if (i >= n || !is_type_char(out->line[i]))
            return err_set(why, ERR_SYNTAX,
                           "the line does not begin with a record type (found "
                           "\"" STR_FMT "\", expected four digits or letters)",
                           STR_ARG(str_sub(line, 0, 4)));
    }
    if (n > 4 && out->line[4] != ' ')
        return err_set(why, ERR_SYNTAX,
                       "record %.4s: no blank after the record type (found "
                       "\"%c\")",
                       out->line, out->line[4]);
    find_type(out, out->line);
    out->n = n;
    out->n_text = 0;
    return ERR_OK;
}

static struct str
raw(const struct unload_record *r, const struct unload_column *c)
{
    struct str text;

    if (c->first > r->n)
        return STR("");
    text = str_n(r->line + c->first - 1,
                 (c->last < r->n ? c->last : r->n) - c->first + 1u);
    while (text.n > 0 && text.p[text.n - 1] == ' ')
        text.n--;
    return text;
}

struct str
unload_get(struct unload_record *r, const char *column)
{
    struct str text = raw(r, column_of(r, column));

    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] >= 0x80) {
            /* Asked for again and again: the oldest give way. */
            if (r->n_text + 2 * text.n > sizeof r->text)
                r->n_text = 0;
            return to_text(r, (size_t)(text.p - r->line), text.n);
        }
    return text;
}

bool
unload_get_yes(struct unload_record *r, const char *column)
{
    return str_eq(unload_get(r, column), STR("YES"));
}

enum err
unload_get_number(struct unload_record *r, const char *column, uint64_t *out,
                  struct err_info *why)
{
    struct str text = str_trim(unload_get(r, column));

    *out = 0;
    if (text.n == 0 || str_to_u64(text, out))
        return ERR_OK;
    return err_set(why, ERR_SYNTAX, "column %s: \"" STR_FMT "\" is no number",
                   column, STR_ARG(str_sub(text, 0, 40)));
}

static bool
digits(struct str text, size_t from, size_t n, int64_t *out)
{
    *out = 0;
    if (text.n < from + n)
        return false;
    for (size_t i = from; i < from + n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        *out = *out * 10 + (text.p[i] - '0');
    }
    return true;
}

enum err
unload_get_day(struct unload_record *r, const char *column, int32_t *out,
               struct err_info *why)
{
    const struct unload_column *c = column_of(r, column);
    struct str text = raw(r, c);
    int64_t y, m, d;

    *out = 0;
    if (text.n == 0)
        return ERR_OK;
    if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' ||
        !digits(text, 0, 4, &y) || !digits(text, 5, 2, &m) ||
        !digits(text, 8, 2, &d) || m < 1 || m > 12 || d < 1 || d > 31)
        return err_set(why, ERR_SYNTAX,
                       "column %s (%u-%u): \"" STR_FMT "\" is no date "
                       "(yyyy-mm-dd)",
                       column, c->first, c->last,
                       STR_ARG(str_sub(text, 0, 40)));
    *out = (int32_t)day_of(y, m, d);
    return ERR_OK;
}

enum err
unload_get_seconds(struct unload_record *r, const char *date, const char *time,
                   int64_t *out, struct err_info *why)
{
    struct str text = unload_get(r, time);
    struct tm tm = { .tm_isdst = -1 };
    int64_t h = 0, m = 0, s = 0;
    int year, month;
    int32_t day;
    enum err e = unload_get_day(r, date, &day, why);

    *out = 0;
    if (e != ERR_OK || day == 0)
        return e;
    if (text.n > 0 && (text.n != 8 || text.p[2] != ':' || text.p[5] != ':' ||
                       !digits(text, 0, 2, &h) || !digits(text, 3, 2, &m) ||
                       !digits(text, 6, 2, &s) || h > 24 || m > 59 || s > 60))
        return err_set(why, ERR_SYNTAX,
                       "column %s: \"" STR_FMT "\" is no time (hh:mm:ss)", time,
                       STR_ARG(text));
    civil(day, &year, &month, &tm.tm_mday);
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_hour = (int)h;
    tm.tm_min = (int)m;
    tm.tm_sec = (int)s;
    *out = (int64_t)mktime(&tm);
    return ERR_OK;
}

/* --- checking
 * ----------------------------------------------------------------- */

/* Columns that every record of the type has, of all releases: behind them a
 * line may have been trimmed. */
static const struct {
    const char *type, *column;
} always[] = {
    { "0100", "UNIVERSAL" }, { "0101", "SUBGRP_ID" },  { "0102", "AUTH" },
    { "0200", "DEFGRP_ID" }, { "0200", "ACCESS_SAT" }, { "0202", "CLASS" },
    { "0203", "GRP_ID" },    { "0205", "GRP_AUDIT" },  { "0400", "OWNER_ID" },
    { "0400", "WARNING" },   { "0402", "ACCESS" },     { "0404", "ACCESS" },
    { "0500", "OWNER_ID" },  { "0500", "WARNING" },    { "0503", "MEMBER" },
    { "0505", "ACCESS" },    { "0507", "ACCESS" },
};

/* Columns that together are there once. */
static const struct {
    const char *type, *columns[6];
} identities[] = {
    { "0100", { "NAME" } },
    { "0101", { "NAME", "SUBGRP_ID" } },
    { "0102", { "NAME", "MEMBER_ID" } },
    { "0120", { "NAME" } },
    { "0200", { "NAME" } },
    { "0202", { "NAME", "CLASS" } },
    { "0203", { "NAME", "GRP_ID" } },
    { "0205", { "NAME", "GRP_ID" } },
    { "0220", { "NAME" } },
    { "0270", { "NAME" } },
    { "02F0", { "NAME" } },
    { "0400", { "NAME", "VOL", "GENERIC" } },
    { "0402", { "NAME", "VOL", "CATYPE", "CANAME", "AUTH_ID", "CACRITERIA" } },
    { "0404", { "NAME", "VOL", "AUTH_ID" } },
    { "0500", { "NAME", "CLASS_NAME", "GENERIC" } },
    { "0503", { "NAME", "CLASS_NAME", "MEMBER", "VOL_NAME" } },
    { "0505", { "NAME", "CLASS_NAME", "AUTH_ID" } },
    { "0507",
      { "NAME", "CLASS_NAME", "CATYPE", "CANAME", "AUTH_ID", "CACRITERIA" } },
    { "0530", { "NAME", "CLASS_NAME" } },
    { "0540", { "NAME", "CLASS_NAME" } },
    { "05A0", { "NAME", "CLASS_NAME" } },
    { "05D0", { "NAME", "CLASS_NAME" } },
    { "05E0", { "NAME", "CLASS_NAME" } },
    { "05G0", { "NAME", "CLASS_NAME" } },
    { "05G1", { "NAME", "CLASS_NAME", "LABEL" } },
    { "05K0", { "NAME", "CLASS_NAME" } },
};

static bool
is_type(const struct unload_record *r, const char *type)
{
    return memcmp(r->line, type, 4) == 0;
}

static enum err
not_expected(const struct unload_column *c, struct str found,
             const char *expected, struct err_info *why)
{
    return err_set(why, ERR_SYNTAX,
                   "column %s (%u-%u): \"" STR_FMT "\" is not %s", c->name,
                   c->first, c->last, STR_ARG(str_sub(found, 0, 40)), expected);
}

static bool
is_of_digits(struct str text)
{
    int64_t ignored;

    return text.n <= 18 && digits(text, 0, text.n, &ignored);
}

static bool
is_time(struct str text)
{
    int64_t h, m, s;

    return text.n == 8 && text.p[2] == ':' && text.p[5] == ':' &&
           digits(text, 0, 2, &h) && digits(text, 3, 2, &m) &&
           digits(text, 6, 2, &s) && h <= 24 && m <= 59 && s <= 60;
}

/* Columns that hold the name of a user, a group or a class; NAME of the types
 * 01xx and 02xx does, too. */
static const struct {
    const char *type, *column;
    const char *others; /* what may stand there instead, or NULL */
} ids[] = {
    { "0100", "SUPGRP_ID", NULL },
    { "0100", "OWNER_ID", NULL },
    { "0101", "SUBGRP_ID", NULL },
    { "0102", "MEMBER_ID", NULL },
    { "0200", "OWNER_ID", NULL },
    { "0200", "DEFGRP_ID", NULL },
    { "0202", "CLASS", NULL },
    { "0203", "GRP_ID", NULL },
    { "0205", "GRP_ID", NULL },
    { "0205", "OWNER_ID", NULL },
    { "0400", "OWNER_ID", NULL },
    { "0400", "GRP_ID", NULL },
    { "0400", "NOTIFY_ID", NULL },
    { "0402", "AUTH_ID", "* &RACUID &RACGRP" },
    { "0404", "AUTH_ID", "* &RACUID &RACGRP" },
    { "0500", "CLASS_NAME", NULL },
    { "0500", "OWNER_ID", NULL },
    { "0500", "NOTIFY_ID", NULL },
    { "0503", "CLASS_NAME", NULL },
    { "0505", "CLASS_NAME", NULL },
    { "0505", "AUTH_ID", "* &RACUID &RACGRP" },
    { "0507", "CLASS_NAME", NULL },
    { "0507", "AUTH_ID", "* &RACUID &RACGRP" },
    { "0540", "USER_ID", "=MEMBER" },
    { "0540", "GROUP_ID", "=MEMBER" },
};

/* Owners of the certificates that are nobody's, which no command can make. */
#define RESERVED_IDS "irrcerta irrsitec irrmulti"

static bool
is_word_of(struct str words, struct str text)
{
    struct str word;

    while (words.n > 0 && str_token(&words, ' ', &word)) {
        if (str_eq(word, text))
            return true;
    }
    return false;
}

static bool
is_id(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '#' &&
            c != '@' && c != '$')
            return false;
    }
    return text.n >= 1 && text.n <= 8;
}

static enum err
check_id(struct unload_record *r, const char *column, const char *others,
         struct err_info *why)
{
    const struct unload_column *c = column_of(r, column);
    struct str text = raw(r, c);

    if (text.n == 0 || is_id(text) || is_word_of(STR(RESERVED_IDS), text) ||
        (others != NULL && is_word_of(str_of(others), text)))
        return ERR_OK;
    return not_expected(c, text,
                        strncmp(column, "CLASS", 5) == 0
                            ? "the name of a class (1-8 of A-Z 0-9 # @ $)"
                            : "a user or group ID (1-8 of A-Z 0-9 # @ $)",
                        why);
}

static enum err
check_ids(struct unload_record *r, struct err_info *why)
{
    enum err e = ERR_OK;

    if (r->line[1] == '1' || r->line[1] == '2')
        e = check_id(r, "NAME", NULL, why);
    for (size_t i = 0; i < ARRAY_LEN(ids) && e == ERR_OK; i++) {
        if (is_type(r, ids[i].type))
            e = check_id(r, ids[i].column, ids[i].others, why);
    }
    return e;
}

/* Numbers, dates and the like fill their columns or are blank. */
static enum err
check_column(struct unload_record *r, const struct unload_column *c,
             struct err_info *why)
{
    struct str text = raw(r, c);
    int32_t day;

    if (text.n == 0)
        return ERR_OK;
    if (c->kind != 'C' && c->kind != 'Y' && c->last > r->n)
        return err_set(why, ERR_SYNTAX,
                       "column %s (%u-%u): \"" STR_FMT "\" ends with the line "
                       "at %zu, the record is cut",
                       c->name, c->first, c->last, STR_ARG(text), r->n);
    switch (c->kind) {
    case 'I':
        return is_of_digits(str_trim(text))
                   ? ERR_OK
                   : not_expected(c, text, "a number", why);
    case 'N':
        return is_of_digits(str_trim(text)) || str_eq_z(text, "NONE")
                   ? ERR_OK
                   : not_expected(c, text, "a number or NONE", why);
    case 'D':
        return unload_get_day(r, c->name, &day, why);
    case 'T':
        return is_time(text) ? ERR_OK
                             : not_expected(c, text, "a time (hh:mm:ss)", why);
    case 'Y':
        return str_eq_z(text, "YES") || str_eq_z(text, "NO")
                   ? ERR_OK
                   : not_expected(c, text, "YES or NO", why);
    default:
        return ERR_OK;
    }
}

static enum err
check_gap(const struct unload_record *r, size_t i, struct err_info *why)
{
    const struct unload_column *c = &r->columns[i];
    size_t end = i + 1 < r->n_columns ? r->columns[i + 1].first - 1u : c->last;

    for (size_t at = c->last; at < end && at < r->n; at++)
        if (r->line[at] != ' ')
            return err_set(why, ERR_SYNTAX,
                           "byte %zu, behind column %s: \"%c\" is not a blank, "
                           "the columns are shifted",
                           at + 1, c->name, r->line[at]);
    return ERR_OK;
}

enum err
unload_check(struct unload_record *r, struct err_info *why)
{
    enum err e = ERR_OK;

    for (size_t i = 0; i < r->n; i++)
        if (is_control(r->line[i]))
            return err_set(why, ERR_SYNTAX,
                           "byte %zu: X'%02x' is no character of a record",
                           i + 1, (unsigned char)r->line[i]);

    for (size_t i = 0; i < r->n_columns && e == ERR_OK; i++) {
        e = check_column(r, &r->columns[i], why);
        if (e == ERR_OK)
            e = check_gap(r, i, why);
    }
    for (size_t i = 0; i < ARRAY_LEN(always) && e == ERR_OK; i++) {
        const struct unload_column *c;

        if (!is_type(r, always[i].type))
            continue;
        c = column_of(r, always[i].column);
        if (raw(r, c).n == 0)
            e = err_set(why, ERR_SYNTAX,
                        "column %s (%u-%u) is blank, which it never is: the "
                        "record is cut at %zu",
                        c->name, c->first, c->last, r->n);
    }
    return e == ERR_OK ? check_ids(r, why) : e;
}

struct str
unload_identity(struct unload_record *r, struct arena *a)
{
    struct str all = STR("");

    for (size_t i = 0; i < ARRAY_LEN(identities); i++) {
        if (!is_type(r, identities[i].type))
            continue;
        all = str_of(identities[i].type);
        for (size_t c = 0; c < ARRAY_LEN(identities[i].columns) &&
                           identities[i].columns[c] != NULL;
             c++)
            all = str_fmt(
                a, STR_FMT "\n" STR_FMT, STR_ARG(all),
                STR_ARG(raw(r, column_of(r, identities[i].columns[c]))));
    }
    return all;
}
