#include "batch/tcpip_profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "batch/jcl.h"

struct tokens {
    struct str text;
    size_t pos;
    uint32_t line;
    const struct tcpip_hears *hears; /* or NULL */
    struct err_info *why;
};

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word; ';' at a word's begin ends the line. */
static bool
next(struct tokens *t, struct str *word, uint32_t *line)
{
    size_t from;

    for (;;) {
        if (t->pos >= t->text.n)
            return false;
        if (t->text.p[t->pos] == ';') {
            while (t->pos < t->text.n && t->text.p[t->pos] != '\n')
                t->pos++;
        } else if (is_space(t->text.p[t->pos])) {
            t->line += t->text.p[t->pos++] == '\n';
        } else {
            break;
        }
    }
    from = t->pos;
    while (t->pos < t->text.n && !is_space(t->text.p[t->pos]) &&
           t->text.p[t->pos] != ';')
        t->pos++;
    *word = str_sub(t->text, from, t->pos);
    *line = t->line;
    return true;
}

/* False: it is the end of all. */
static bool PRINTF_LIKE(3, 4)
    wrong(struct tokens *t, uint32_t line, const char *fmt, ...)
{
    char text[160];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (t->hears == NULL || t->hears->on_error == NULL) {
        IGNORE(err_pos(t->why, ERR_SYNTAX, line, 0, "%s", text));
        return false;
    }
    t->hears->on_error(t->hears->arg, line, text);
    return true;
}

#define CUT(word) ((word).n > 40 ? 40 : (int)(word).n), (word).p

/* Statements of the profile, TCPCONFIG among them. */
static const char *const statements[] = {
    "ARPAGE",         "ATMARPSV",
    "ATMLIS",         "ATMPVC",
    "AUTOLOG",        "BEGINROUTES",
    "BEGINVTAM",      "BSDROUTINGPARMS",
    "DEFADDRTABLE",   "DELETE",
    "DEVICE",         "DYNAMICXCF",
    "ENDAUTOLOG",     "ENDROUTES",
    "ENDVTAM",        "GATEWAY",
    "GLOBALCONFIG",   "HOME",
    "INTERFACE",      "INCLUDE",
    "IPCONFIG",       "IPCONFIG6",
    "IPSEC",          "ENDIPSEC",
    "ITRACE",         "LINK",
    "NETACCESS",      "ENDNETACCESS",
    "NETMONITOR",     "OSPF",
    "PKTTRACE",       "PORT",
    "PORTRANGE",      "PRIMARYINTERFACE",
    "RESTRICT",       "SACONFIG",
    "SMFCONFIG",      "SMFPARMS",
    "SOMAXCONN",      "SRCIP",
    "ENDSRCIP",       "START",
    "STOP",           "SYSPLEXMONITOR",
    "TCPCONFIG",      "TRANSLATE",
    "UDPCONFIG",      "VIPADYNAMIC",
    "ENDVIPADYNAMIC", "DEFAULTIPSECRULE",
};

/* Operands of TCPCONFIG and how many values each takes. */
static const struct {
    const char *word;
    unsigned n_values;
} operands[] = {
    { "CONNECTTIMEOUT", 1 },
    { "CONNECTINITINTERVAL", 1 },
    { "DELAYACKS", 0 },
    { "NODELAYACKS", 0 },
    { "EPHEMERALPORTS", 2 },
    { "FINWAIT2TIME", 1 },
    { "FRRTHRESHOLD", 1 },
    { "INTERVAL", 1 },
    { "KEEPALIVEPROBES", 1 },
    { "KEEPALIVEPROBEINTERVAL", 1 },
    { "MAXIMUMRETRANSMITTIME", 1 },
    { "NAGLE", 0 },
    { "NONAGLE", 0 },
    { "QUEUEDRTT", 1 },
    { "RESTRICTLOWPORTS", 0 },
    { "UNRESTRICTLOWPORTS", 0 },
    { "RETRANSMITATTEMPTS", 1 },
    { "SELECTIVEACK", 0 },
    { "NOSELECTIVEACK", 0 },
    { "SENDGARBAGE", 1 },
    { "TCPMAXRCVBUFRSIZE", 1 },
    { "TCPMAXSENDBFRSIZE", 1 },
    { "TCPRCVBUFRSIZE", 1 },
    { "TCPSENDBFRSIZE", 1 },
    { "TCPTIMESTAMP", 0 },
    { "NOTCPTIMESTAMP", 0 },
    { "TIMEWAITINTERVAL", 1 },
    { "TTLS", 0 },
    { "NOTTLS", 0 },
};

static bool
is_statement(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        if (str_eq_nocase_z(word, statements[i]))
            return true;
    }
    return false;
}

/* --- TCPCONFIG ------------------------------------------------------------ */

static bool
operand(struct tokens *t, struct str word, uint32_t line,
        struct tcpip_profile *out)
{
    for (size_t i = 0; i < ARRAY_LEN(operands); i++) {
        if (!str_eq_nocase_z(word, operands[i].word))
            continue;
        for (unsigned k = 0; k < operands[i].n_values; k++) {
            struct str value;
            uint32_t at;

            if (!next(t, &value, &at))
                return wrong(t, line, "TCPCONFIG %s: a value is missing",
                             operands[i].word);
        }
        if (str_eq_nocase_z(word, "TTLS") || str_eq_nocase_z(word, "NOTTLS")) {
            out->has_ttls = true;
            out->is_ttls = word.n == 4;
        }
        return true;
    }
    return wrong(t, line, "\"%.*s\" is not an operand of TCPCONFIG", CUT(word));
}

/* --- AUTOLOG -------------------------------------------------------------- */

static bool
take_name(struct str word, char out[9])
{
    if (word.n == 0 || word.n > 8)
        return false;
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];

        out[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    out[word.n] = '\0';
    return jcl_is_name(str_of(out));
}

/* "text" behind PARMSTRING, on one line. */
static bool
take_quoted(struct tokens *t, char out[TCPIP_PARM_MAX + 1])
{
    struct str rest = str_sub(t->text, t->pos, t->text.n);
    size_t from = 0, end;
    char quote;

    while (from < rest.n && (rest.p[from] == ' ' || rest.p[from] == '\t'))
        from++;
    quote = from < rest.n ? rest.p[from] : '\0';
    if (quote != '"' && quote != '\'')
        return false;
    for (end = ++from; end < rest.n && rest.p[end] != quote; end++) {
        if ((unsigned char)rest.p[end] < ' ')
            return false;
    }
    if (end == rest.n ||
        !str_copy_z(str_sub(rest, from, end), out, TCPIP_PARM_MAX + 1))
        return false;
    t->pos += end + 1;
    return end > from;
}

static void
skip_line(struct tokens *t)
{
    while (t->pos < t->text.n && t->text.p[t->pos] != '\n')
        t->pos++;
}

/* None is DVIPA. */
static unsigned
take_delay(struct tokens *t)
{
    unsigned delay = TCPIP_DELAY_NONE;
    struct tokens ahead = *t;
    struct str word;
    uint32_t line;

    while (next(&ahead, &word, &line)) {
        if (str_eq_nocase_z(word, "DVIPA"))
            delay |= TCPIP_DELAY_DVIPA;
        else if (str_eq_nocase_z(word, "TTLS"))
            delay |= TCPIP_DELAY_TTLS;
        else
            break;
        *t = ahead;
    }
    return delay == TCPIP_DELAY_NONE ? TCPIP_DELAY_DVIPA : delay;
}

static bool
is_keyword(struct str word)
{
    return str_eq_nocase_z(word, "JOBNAME") ||
           str_eq_nocase_z(word, "PARMSTRING") ||
           str_eq_nocase_z(word, "DELAYSTART");
}

/* What follows a procedure's name; *is_fine: the entry can be started. False:
 * that is the end of all. */
static bool
take_keyword(struct tokens *t, struct str word, uint32_t line,
             struct tcpip_autolog *entry, bool *is_fine)
{
    struct tokens ahead = *t;
    struct str value = { 0 };
    uint32_t at;

    if (str_eq_nocase_z(word, "DELAYSTART")) {
        entry->delay |= take_delay(t);
        return true;
    }
    if (str_eq_nocase_z(word, "PARMSTRING")) {
        if (take_quoted(t, entry->parm))
            return true;
        *is_fine = false;
        skip_line(t); /* its words are no procedures */
        return wrong(t, line,
                     "PARMSTRING: expected 1 to %u characters in quotes, on "
                     "one line",
                     TCPIP_PARM_MAX);
    }
    if (next(&ahead, &value, &at) && !is_statement(value)) {
        *t = ahead;
        if (take_name(value, entry->job))
            return true;
    }
    *is_fine = false;
    return wrong(t, line, "JOBNAME: found \"%.*s\", expected a job's name",
                 CUT(value));
}

static const struct tcpip_autolog *
listed(const struct tcpip_profile *p, const char *proc)
{
    for (size_t i = 0; i < p->n_autolog; i++) {
        if (strcmp(p->autolog[i].proc, proc) == 0)
            return &p->autolog[i];
    }
    return NULL;
}

/* One entry, from its procedure's name. */
static bool
take_entry(struct tokens *t, struct str word, uint32_t line,
           struct tcpip_profile *out)
{
    struct tcpip_autolog entry = { .line = line };
    const struct tcpip_autolog *former;
    bool is_fine = true, goes_on = true;
    struct tokens ahead;

    if (is_keyword(word) || !take_name(word, entry.proc)) {
        is_fine = false;
        goes_on = wrong(t, line,
                        "AUTOLOG: found \"%.*s\", expected the name of a "
                        "procedure or ENDAUTOLOG",
                        CUT(word));
    }
    for (ahead = *t; goes_on && next(&ahead, &word, &line) && is_keyword(word);
         ahead = *t) {
        *t = ahead;
        goes_on = take_keyword(t, word, line, &entry, &is_fine);
    }
    if (!goes_on || !is_fine)
        return goes_on;
    former = listed(out, entry.proc);
    if (former != NULL)
        return wrong(t, entry.line, "AUTOLOG: %s is listed on line %u already",
                     entry.proc, former->line);
    if (out->n_autolog == TCPIP_AUTOLOG_MAX)
        return wrong(t, entry.line, "AUTOLOG: more than %u procedures",
                     TCPIP_AUTOLOG_MAX);
    out->autolog[out->n_autolog++] = entry;
    return true;
}

/* Digits alone are the minutes. */
static bool
take_wait(struct tokens *t, struct tcpip_profile *out)
{
    struct tokens ahead = *t;
    struct str word;
    uint32_t line;
    uint64_t minutes;

    out->wait_minutes = TCPIP_WAIT_MINUTES;
    if (!next(&ahead, &word, &line) || word.p[0] < '0' || word.p[0] > '9')
        return true;
    *t = ahead;
    if (str_to_u64(word, &minutes) && minutes <= TCPIP_WAIT_MAX) {
        out->wait_minutes = (uint32_t)minutes;
        return true;
    }
    return wrong(t, line, "AUTOLOG: found \"%.*s\", expected 0 to %u minutes",
                 CUT(word), TCPIP_WAIT_MAX);
}

static bool
take_autolog(struct tokens *t, uint32_t at, struct tcpip_profile *out)
{
    size_t n_before = out->n_autolog;
    struct tokens ahead;
    struct str word;
    uint32_t line;

    out->autolog_line = at;
    if (!take_wait(t, out))
        return false;
    for (ahead = *t; next(&ahead, &word, &line); ahead = *t) {
        if (str_eq_nocase_z(word, "ENDAUTOLOG")) {
            *t = ahead;
            return true;
        }
        if (is_statement(word))
            break;
        *t = ahead;
        if (!take_entry(t, word, line, out))
            return false;
    }
    out->n_autolog = n_before; /* it is not known where it ends */
    return wrong(t, at, "AUTOLOG: ENDAUTOLOG is missing");
}

/* --- all ------------------------------------------------------------------ */

/* False: that is the end of all. */
static bool
take_statement(struct tokens *t, struct str word, uint32_t line,
               struct tcpip_profile *out)
{
    struct tokens ahead;

    if (str_eq_nocase_z(word, "AUTOLOG"))
        return take_autolog(t, line, out);
    if (!str_eq_nocase_z(word, "TCPCONFIG")) {
        if (t->hears != NULL && t->hears->on_unused != NULL)
            t->hears->on_unused(t->hears->arg, word, line);
        for (ahead = *t; next(&ahead, &word, &line) && !is_statement(word);)
            *t = ahead;
        return true;
    }
    for (ahead = *t; next(&ahead, &word, &line) && !is_statement(word);
         ahead = *t) {
        *t = ahead;
        if (!operand(t, word, line, out))
            return false;
    }
    return true;
}

enum err
tcpip_profile_parse(struct str text, const struct tcpip_hears *hears,
                    struct tcpip_profile *out, struct err_info *why)
{
    struct tokens t = { .text = text, .line = 1, .hears = hears, .why = why };
    struct tcpip_profile profile = { 0 };
    struct str word;
    uint32_t line;

    while (next(&t, &word, &line)) {
        if (!(is_statement(word)
                  ? take_statement(&t, word, line, &profile)
                  : wrong(&t, line,
                          "\"%.*s\" is not a statement; expected TCPCONFIG or "
                          "AUTOLOG",
                          CUT(word))))
            return ERR_SYNTAX;
    }
    *out = profile;
    return ERR_OK;
}
