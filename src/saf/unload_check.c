/* Is a record of an unload sound: each column filled as its kind is, nothing
 * between them, names that are names, and nothing there twice. */
#include "saf/unload_private.h"

#include <string.h>

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

    return text.n <= 18 && unload_digits(text, 0, text.n, &ignored);
}

static bool
is_time(struct str text)
{
    int64_t h, m, s;

    return text.n == 8 && text.p[2] == ':' && text.p[5] == ':' &&
           unload_digits(text, 0, 2, &h) && unload_digits(text, 3, 2, &m) &&
           unload_digits(text, 6, 2, &s) && h <= 24 && m <= 59 && s <= 60;
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
    const struct unload_column *c = unload_column_of(r, column);
    struct str text = unload_raw(r, c);

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
    struct str text = unload_raw(r, c);
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
        if (unload_is_control(r->line[i]))
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
        c = unload_column_of(r, always[i].column);
        if (unload_raw(r, c).n == 0)
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
            all =
                str_fmt(a, STR_FMT "\n" STR_FMT, STR_ARG(all),
                        STR_ARG(unload_raw(
                            r, unload_column_of(r, identities[i].columns[c]))));
    }
    return all;
}
