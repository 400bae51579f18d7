#include "batch/tcpip_profile.h"

#include "base/reader.h"

struct tokens {
    struct str text;
    size_t pos;
    uint32_t line;
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

static enum err
operand(struct tokens *t, struct str word, uint32_t line,
        struct tcpip_profile *out, struct err_info *why)
{
    int cut = word.n > 40 ? 40 : (int)word.n;

    for (size_t i = 0; i < ARRAY_LEN(operands); i++) {
        if (!str_eq_nocase_z(word, operands[i].word))
            continue;
        for (unsigned k = 0; k < operands[i].n_values; k++) {
            struct str value;
            uint32_t at;

            if (!next(t, &value, &at))
                return err_pos(why, ERR_SYNTAX, line, 0,
                               "TCPCONFIG %s: a value is missing",
                               operands[i].word);
        }
        if (str_eq_nocase_z(word, "TTLS") || str_eq_nocase_z(word, "NOTTLS")) {
            out->has_ttls = true;
            out->is_ttls = word.n == 4;
        }
        return ERR_OK;
    }
    return err_pos(why, ERR_SYNTAX, line, 0,
                   "\"%.*s\" is not an operand of TCPCONFIG", cut, word.p);
}

enum err
tcpip_profile_parse(struct str text, tcpip_unused on_unused, void *arg,
                    struct tcpip_profile *out, struct err_info *why)
{
    struct tokens t = { .text = text, .line = 1 };
    struct tcpip_profile profile = { 0 };
    bool in_tcpconfig = false, is_first = true;
    struct str word;
    uint32_t line;
    enum err e;

    while (next(&t, &word, &line)) {
        if (is_statement(word)) {
            in_tcpconfig = str_eq_nocase_z(word, "TCPCONFIG");
            is_first = false;
            if (!in_tcpconfig && on_unused != NULL)
                on_unused(arg, word, line);
        } else if (is_first) {
            return err_pos(why, ERR_SYNTAX, line, 0,
                           "\"%.*s\" is not a statement; expected TCPCONFIG",
                           word.n > 40 ? 40 : (int)word.n, word.p);
        } else if (in_tcpconfig &&
                   (e = operand(&t, word, line, &profile, why)) != ERR_OK) {
            return e;
        }
    }
    *out = profile;
    return ERR_OK;
}
