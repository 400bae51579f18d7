/* Names of events and qualifiers, a line for people, IRRADU00's columns. */
#include <string.h>

#include "audit/smf.h"

static const struct {
    uint8_t event;
    const char *name;
} events[] = {
    { SMF_JOBINIT, "JOBINIT" },
    { SMF_ACCESS, "ACCESS" },
    { 3, "ADDVOL" },
    { 4, "RENAMEDS" },
    { 5, "DELRES" },
    { 6, "DELVOL" },
    { 7, "DEFINE" },
    { 8, "ADDSD" },
    { SMF_ADDGROUP, "ADDGROUP" },
    { SMF_ADDUSER, "ADDUSER" },
    { 11, "ALTDSD" },
    { SMF_ALTGROUP, "ALTGROUP" },
    { SMF_ALTUSER, "ALTUSER" },
    { SMF_CONNECT, "CONNECT" },
    { 15, "DELDSD" },
    { SMF_DELGROUP, "DELGROUP" },
    { SMF_DELUSER, "DELUSER" },
    { SMF_PASSWORD, "PASSWORD" },
    { SMF_PERMIT, "PERMIT" },
    { SMF_RALTER, "RALTER" },
    { SMF_RDEFINE, "RDEFINE" },
    { SMF_RDELETE, "RDELETE" },
    { SMF_REMOVE, "REMOVE" },
    { SMF_SETROPTS, "SETROPTS" },
    { SMF_RVARY, "RVARY" },
    { 26, "APPCLU" },
    { SMF_GENERAL, "GENERAL" },
    { SMF_RACDCERT, "RACDCERT" },
    { SMF_INITACEE, "INITACEE" },
    { SMF_PTCREATE, "PTCREATE" },
    { SMF_PTEVAL, "PTEVAL" },
    { SMF_RACMAP, "RACMAP" },
};

/* event 0: of every command. */
static const struct {
    uint8_t event, qualifier;
    const char *name;
} qualifiers[] = {
    { SMF_JOBINIT, 0, "SUCCESSI" },
    { SMF_JOBINIT, SMF_INIT_PASSWORD, "INVPSWD" },
    { SMF_JOBINIT, SMF_INIT_GROUP, "INVGRP" },
    { SMF_JOBINIT, 3, "INVOID" },
    { SMF_JOBINIT, SMF_INIT_TERMINAL, "INVTERM" },
    { SMF_JOBINIT, SMF_INIT_APPL, "INVAPPL" },
    { SMF_JOBINIT, SMF_INIT_REVOKED, "REVKUSER" },
    { SMF_JOBINIT, SMF_INIT_AUTO_REVOKED, "REVKAUTO" },
    { SMF_JOBINIT, 8, "SUCCESST" },
    { SMF_JOBINIT, SMF_INIT_UNDEFINED, "UNDFUSER" },
    { SMF_JOBINIT, 10, "INSSECL" },
    { SMF_JOBINIT, 11, "NASECL" },
    { SMF_JOBINIT, SMF_INIT_SUCCESS, "RACINITI" },
    { SMF_JOBINIT, 13, "RACINITD" },
    { SMF_JOBINIT, 14, "MOREAUTH" },
    { SMF_JOBINIT, 16, "SURROGTI" },
    { SMF_JOBINIT, SMF_INIT_SUBMITTER, "SUBNATHU" },
    { SMF_JOBINIT, SMF_INIT_EXPIRED, "PWDEXPR" },
    { SMF_JOBINIT, SMF_INIT_NEW_PASSWORD, "INVNPWD" },
    { SMF_JOBINIT, 27, "EXITFAIL" },
    { SMF_JOBINIT, SMF_INIT_GROUP_REVOKED, "GRPARVKD" },
    { SMF_JOBINIT, SMF_INIT_OIDCARD, "OIDREQD" },
    { SMF_JOBINIT, SMF_INIT_TICKET, "PTSUCC" },
    { SMF_JOBINIT, SMF_INIT_REPLAY, "PTREPLAY" },
    { SMF_JOBINIT, SMF_INIT_INACTIVE, "REVKINAC" },
    { SMF_JOBINIT, SMF_INIT_PHRASE, "INVPHRS" },
    { SMF_JOBINIT, SMF_INIT_NEW_PHRASE, "INVNPHRS" },
    { SMF_JOBINIT, SMF_INIT_PHRASE_EXPIRED, "PHRSEXPR" },
    { SMF_JOBINIT, SMF_INIT_NO_IDENTITY, "NOIDMAP" },
    { SMF_ACCESS, 0, "SUCCESS" },
    { SMF_ACCESS, 1, "INSAUTH" },
    { SMF_ACCESS, 2, "PROFNFND" },
    { SMF_ACCESS, 3, "WARNING" },
    { SMF_ACCESS, 4, "FPROTALL" },
    { SMF_ACCESS, 5, "WPROTALL" },
    { 0, SMF_OK, "SUCCESS" },
    { 0, SMF_INSAUTH, "INSAUTH" },
    { 0, SMF_KEYVIOL, "KEYWVIOL" },
    { 0, 3, "SUCSLIST" },
    { 0, 4, "SYSERR" },
};

struct str
smf_event_name(struct arena *a, uint8_t event)
{
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        if (events[i].event == event)
            return str_of(events[i].name);
    }
    return str_fmt(a, "EVENT%u", event);
}

bool
smf_is_event(struct str name)
{
    uint64_t n;

    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        if (str_eq_nocase_z(name, events[i].name))
            return true;
    return name.n > 5 && str_starts_nocase(name, STR("EVENT")) &&
           str_to_u64(str_sub(name, 5, name.n), &n) && n <= UINT8_MAX;
}

struct str
smf_qualifier_name(struct arena *a, uint8_t event, uint8_t qualifier)
{
    uint8_t group = event == SMF_JOBINIT || event == SMF_ACCESS ? event : 0;

    for (size_t i = 0; i < ARRAY_LEN(qualifiers); i++) {
        if (qualifiers[i].event == group &&
            qualifiers[i].qualifier == qualifier)
            return str_of(qualifiers[i].name);
    }
    return str_fmt(a, "QUAL%u", qualifier);
}

const char *
smf_level_name(uint8_t bits)
{
    return (bits & 0x80) != 0   ? "ALTER"
           : (bits & 0x40) != 0 ? "CONTROL"
           : (bits & 0x20) != 0 ? "UPDATE"
           : (bits & 0x10) != 0 ? "READ"
           : (bits & 0x08) != 0 ? "EXECUTE"
                                : "NONE";
}

static bool
is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static void
date_of(const struct smf80_view *v, unsigned *month, unsigned *day)
{
    static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30,
                                       31, 31, 30, 31, 30, 31 };
    unsigned left = v->day, m = 0, length = lengths[0];

    while (m < 11 && left > length) {
        left -= length;
        m++;
        length = lengths[m] + (m == 1 && is_leap(v->year) ? 1u : 0u);
    }
    *month = m + 1;
    *day = left;
}

static uint8_t
level_of(const struct smf80_view *v, enum smf_section type)
{
    struct str bytes = smf80_bytes(v, type);

    return bytes.n > 0 ? (uint8_t)bytes.p[0] : 0;
}

static bool
is_generic(const struct smf80_view *v)
{
    struct str bytes = smf80_bytes(v, SMF_PROFILE);

    return bytes.n > 0 && ((unsigned char)bytes.p[0] & 0x80) != 0;
}

static void
add_named(struct buf *out, const char *name, struct str value)
{
    if (value.n > 0)
        buf_printf(out, " %s=" STR_FMT, name, STR_ARG(value));
}

/* As SETROPTS and the profile commands call it. */
struct str
smf80_reasons(struct arena *a, const struct smf80_view *v)
{
    static const struct {
        uint8_t bit, more;
        const char *name;
    } rows[] = {
        { SMF_REA_CLASS, 0, "CLASS" },
        { SMF_REA_USER, 0, "UAUDIT" },
        { SMF_REA_SPECIAL, 0, "SPECIAL" },
        { SMF_REA_ACCESS, 0, "AUDIT" },
        { SMF_REA_RACINIT, 0, "VERIFY" },
        { SMF_REA_ALWAYS, 0, "ALWAYS" },
        { SMF_REA_CMDVIOL, 0, "CMDVIOL" },
        { SMF_REA_GLOBAL, 0, "GLOBALAUDIT" },
        { 0, SMF_RE2_LOGOPTIONS, "LOGOPTIONS" },
        { 0, SMF_RE2_APPLAUDIT, "APPLAUDIT" },
    };
    bool is_operations = (v->authority & SMF_ATH_OPERATIONS) != 0;
    struct str text = STR("");

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (((v->reason & rows[i].bit) | (v->more_reasons & rows[i].more)) != 0)
            text = str_fmt(
                a, STR_FMT "%s%s", STR_ARG(text), text.n > 0 ? "," : "",
                is_operations && rows[i].bit == SMF_REA_SPECIAL ? "OPERAUDIT"
                                                                : rows[i].name);
    return text;
}

void
smf80_line(struct arena *a, const struct smf80_view *v, struct buf *out)
{
    uint32_t s = v->centiseconds / 100;
    unsigned month, day;

    date_of(v, &month, &day);
    buf_printf(out,
               "%04u-%02u-%02u %02u:%02u:%02u.%02u %-4.*s %-8.*s %-8.*s "
               "%-8.*s",
               v->year, month, day, s / 3600, s / 60 % 60, s % 60,
               v->centiseconds % 100, STR_ARG(v->system_id),
               STR_ARG(smf_event_name(a, v->event)),
               STR_ARG(smf_qualifier_name(a, v->event, v->qualifier)),
               STR_ARG(v->user));
    add_named(out, "group", v->group);
    add_named(out, "job", v->job);
    add_named(out, "reason", smf80_reasons(a, v));
    add_named(out, "class", smf80_text(a, v, SMF_CLASS));
    add_named(out, "resource", smf80_text(a, v, SMF_RESOURCE));
    add_named(out, "name", smf80_text(a, v, SMF_NAME));
    if (v->event == SMF_ACCESS)
        buf_printf(out, " intent=%s allowed=%s",
                   smf_level_name(level_of(v, SMF_REQUESTED)),
                   smf_level_name(level_of(v, SMF_ALLOWED)));
    add_named(out, "profile", smf80_text(a, v, SMF_PROFILE));
    if (is_generic(v))
        buf_add_z(out, " (G)");
    add_named(out, "appl", smf80_text(a, v, SMF_APPL));
    add_named(out, "distributed", smf80_text(a, v, SMF_DISTRIBUTED));
    add_named(out, "registry", smf80_text(a, v, SMF_REGISTRY));
    add_named(out, "command", smf80_text(a, v, SMF_COMMAND));
}

/* --- IRRADU00
 * --------------------------------------------------------------------- */

#define LINE_COLUMNS 1100u

/* Columns are counted from 1, as in the original's tables. */
static void
put(char *line, unsigned from, unsigned to, struct str text)
{
    size_t width = to - from + 1;

    if (text.n > 0)
        memcpy(line + from - 1, text.p, text.n < width ? text.n : width);
}

static void
put_flag(char *line, unsigned from, bool is_set)
{
    put(line, from, from + 3, is_set ? STR("YES") : STR("NO"));
}

static void
put_head(struct arena *a, const struct smf80_view *v, char *line)
{
    static const struct {
        unsigned column;
        uint8_t bit;
    } authorities[] = { { 77, 0x80 },  { 82, 0x40 }, { 87, 0x20 },
                        { 92, 0x10 },  { 97, 0x08 }, { 102, 0x04 },
                        { 107, 0x02 }, { 112, 0x01 } },
      reasons[] = { { 117, SMF_REA_CLASS },   { 122, SMF_REA_USER },
                    { 127, SMF_REA_SPECIAL }, { 132, SMF_REA_ACCESS },
                    { 137, SMF_REA_RACINIT }, { 142, SMF_REA_ALWAYS },
                    { 147, SMF_REA_CMDVIOL }, { 152, SMF_REA_GLOBAL } };
    static const unsigned unset[] = { 161, 166, 218, 223, 233,
                                      238, 248, 253, 258, 263 };
    uint32_t s = v->centiseconds / 100;
    unsigned month, day;

    date_of(v, &month, &day);
    put(line, 1, 8, smf_event_name(a, v->event));
    put(line, 10, 17, smf_qualifier_name(a, v->event, v->qualifier));
    put(line, 19, 26,
        str_fmt(a, "%02u:%02u:%02u", s / 3600, s / 60 % 60, s % 60));
    put(line, 28, 37, str_fmt(a, "%04u-%02u-%02u", v->year, month, day));
    put(line, 39, 42, v->system_id);
    put_flag(line, 44, (v->flags & SMF_DES_VIOLATION) != 0);
    put_flag(line, 49, (v->flags & SMF_DES_UNDEFINED) != 0);
    put_flag(line, 54, (v->flags & SMF_DES_WARNING) != 0);
    put(line, 59, 66, v->user);
    put(line, 68, 75, v->group);
    for (size_t i = 0; i < ARRAY_LEN(authorities); i++)
        put_flag(line, authorities[i].column,
                 (v->authority & authorities[i].bit) != 0);
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        put_flag(line, reasons[i].column, (v->reason & reasons[i].bit) != 0);
    put_flag(line, 228, (v->more_reasons & SMF_RE2_LOGOPTIONS) != 0);
    put_flag(line, 243, (v->more_reasons & SMF_RE2_APPLAUDIT) != 0);
    for (size_t i = 0; i < ARRAY_LEN(unset); i++)
        put_flag(line, unset[i], false);
    put(line, 157, 159, STR("000"));
    put(line, 171, 178, v->terminal);
    put(line, 180, 187, v->job);
    put(line, 277, 280, STR("77E0"));
}

void
smf80_irradu00(struct arena *a, const struct smf80_view *v, struct buf *out)
{
    char line[LINE_COLUMNS];
    size_t n = sizeof line;

    memset(line, ' ', sizeof line);
    put_head(a, v, line);
    if (v->event == SMF_ACCESS) {
        put(line, 282, 537, smf80_text(a, v, SMF_RESOURCE));
        put(line, 539, 546, str_of(smf_level_name(level_of(v, SMF_REQUESTED))));
        put(line, 548, 555, str_of(smf_level_name(level_of(v, SMF_ALLOWED))));
        put(line, 557, 559, STR("000"));
        put(line, 575, 582, smf80_text(a, v, SMF_CLASS));
        put(line, 584, 591, smf80_text(a, v, SMF_APPL));
        put(line, 593, 600, is_generic(v) ? STR("GENERIC") : STR("DISCRETE"));
        put(line, 602, 847, smf80_text(a, v, SMF_PROFILE));
    } else if (v->event == SMF_JOBINIT) {
        put(line, 282, 289, smf80_text(a, v, SMF_APPL));
        put(line, 547, 554, v->job);
    } else {
        put(line, 282, 537, smf80_text(a, v, SMF_NAME));
        put(line, 539, 546, smf80_text(a, v, SMF_CLASS));
        put(line, 548, 1071, smf80_text(a, v, SMF_COMMAND));
    }
    while (n > 0 && line[n - 1] == ' ')
        n--;
    buf_add(out, str_n(line, n));
}
