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

const struct unload_column *
unload_column_of(const struct unload_record *r, const char *name)
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

bool
unload_is_control(char c)
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

        r->line[c->first - 1u + at] = unload_is_control(ch) ? ' ' : ch;
    }
}

void
unload_number(struct unload_record *r, const char *column, uint64_t n)
{
    const struct unload_column *c = unload_column_of(r, column);
    char text[24];

    (void)snprintf(text, sizeof text, "%0*llu", c->last - c->first + 1,
                   (unsigned long long)n);
    put(r, c, str_of(text));
}

bool
unload_is_number(const struct unload_record *r, const char *column)
{
    const struct unload_column *c = unload_column_of(r, column);

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
        put(r, unload_column_of(r, column), text);
}

void
unload_yes(struct unload_record *r, const char *column, bool is_set)
{
    put(r, unload_column_of(r, column), is_set ? STR("YES") : STR("NO"));
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
    put(r, unload_column_of(r, column), str_of(text));
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
    put(r, unload_column_of(r, column), str_of(text));
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

struct str
unload_raw(const struct unload_record *r, const struct unload_column *c)
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
    struct str text = unload_raw(r, unload_column_of(r, column));

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

bool
unload_digits(struct str text, size_t from, size_t n, int64_t *out)
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
    const struct unload_column *c = unload_column_of(r, column);
    struct str text = unload_raw(r, c);
    int64_t y, m, d;

    *out = 0;
    if (text.n == 0)
        return ERR_OK;
    if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' ||
        !unload_digits(text, 0, 4, &y) || !unload_digits(text, 5, 2, &m) ||
        !unload_digits(text, 8, 2, &d) || m < 1 || m > 12 || d < 1 || d > 31)
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
    if (text.n > 0 &&
        (text.n != 8 || text.p[2] != ':' || text.p[5] != ':' ||
         !unload_digits(text, 0, 2, &h) || !unload_digits(text, 3, 2, &m) ||
         !unload_digits(text, 6, 2, &s) || h > 24 || m > 59 || s > 60))
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
