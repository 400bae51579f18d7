/*
 * The database as text, in the layout of the original's unload utility
 * IRRDBU00, and back: how profiles come from a z/OS system and how auditors'
 * tools read ours. One record a line, fixed columns, trailing blanks cut.
 *
 * What that layout does not have (password records, certificates and sealed
 * keys, SETROPTS options, segments nobody else knows) stands in a companion
 * file. It holds secrets: keys stay sealed, password records do not.
 */
#ifndef SALLYPORT_SAF_UNLOAD_H
#define SALLYPORT_SAF_UNLOAD_H

#include "saf/store.h"

#define UNLOAD_LINE_MAX 4400u

/* --- records ---------------------------------------------------------------
 */

struct unload_column {
    const char *type;   /* of the record; NULL for its further columns */
    const char *prefix; /* "USBD" */
    const char *name;   /* "OWNER_ID" */
    char kind;          /* as unload_columns.def has them */
    uint16_t first, last;
};

struct unload_record {
    const struct unload_column *columns; /* NULL: a type nobody knows */
    size_t n_columns;
    size_t n; /* columns of the line */
    /* A byte a column, in ISO 8859-1: that is how columns are counted. */
    char line[UNLOAD_LINE_MAX];
    char text[2 * UNLOAD_LINE_MAX]; /* of unload_line and unload_get, UTF-8 */
    size_t n_text;
};

/* A blank record of a known type. */
void unload_begin(struct unload_record *, const char *type);
/* Values are cut to their columns. */
void unload_text(struct unload_record *, const char *column, struct str);
void unload_number(struct unload_record *, const char *column, uint64_t);
void unload_yes(struct unload_record *, const char *column, bool);
void unload_day(struct unload_record *, const char *column, int32_t day);
/* hh:mm:ss of that column's own day, local time; 0: left blank. */
void unload_time(struct unload_record *, const char *column, int64_t seconds);
/* Without trailing blanks, in UTF-8. Borrowed. */
struct str unload_line(struct unload_record *);

/* `line`, in UTF-8 or else ISO 8859-1, may be shorter than the record.
 * ERR_SYNTAX: no four characters of a type; ERR_LIMIT: too long. */
MUST_CHECK enum err unload_parse(struct str line, struct unload_record *out,
                                 struct err_info *why);
/* Each column that is there is of its kind, none ends in the middle, what every
 * record of the type has is there, between columns are blanks. ERR_SYNTAX names
 * column, what was found and what was expected. */
MUST_CHECK enum err unload_check(struct unload_record *, struct err_info *why);
/* What makes the record the only one of its type; "" when several may be alike.
 * In storage of the arena. */
struct str unload_identity(struct unload_record *, struct arena *);
/* Trimmed, UTF-8; "" beyond the line's end. Valid while the record is. */
struct str unload_get(struct unload_record *, const char *column);
bool unload_get_yes(struct unload_record *, const char *column);
/* ERR_SYNTAX names the column. Blank: 0. */
MUST_CHECK enum err unload_get_number(struct unload_record *,
                                      const char *column, uint64_t *out,
                                      struct err_info *why);
MUST_CHECK enum err unload_get_day(struct unload_record *, const char *column,
                                   int32_t *out, struct err_info *why);
/* Seconds since 1970 of a date and a time column; 0 when the date is blank. */
MUST_CHECK enum err unload_get_seconds(struct unload_record *, const char *date,
                                       const char *time, int64_t *out,
                                       struct err_info *why);

/* A column of digits, with zeros in front. */
bool unload_is_number(const struct unload_record *, const char *column);

/* Columns that are fields of a segment: both directions. */
struct unload_field {
    const char *type, *column, *segment, *field;
    const char *yes, *no; /* what YES and NO of the column mean, or NULL */
};
const struct unload_field *unload_fields(size_t *n);

/* --- the whole ---------------------------------------------------------------
 */

struct unload_out {
    void (*line)(void *arg, struct str text); /* without line end */
    void *arg;
};
/* All records, from one consistent state. */
MUST_CHECK enum err unload_write(struct saf_db *, const struct unload_out *,
                                 struct err_info *why);
MUST_CHECK enum err unload_write_more(struct saf_db *,
                                      const struct unload_out *,
                                      struct err_info *why);

struct load_report {
    uint64_t lines, groups, users, connects, profiles, permits;
    uint64_t kept;         /* lines of types nobody here knows */
    uint64_t certificates; /* named, but not in the companion */
    bool is_companion;     /* a mistake in it, when `mistake` is called */
    /* The first mistakes; the load fails when there is one. */
    void (*mistake)(void *arg, uint64_t line, struct str text);
    void *arg;
    uint64_t mistakes;
};
#define LOAD_MISTAKES_MAX 20u
/*
 * Into a database that was just created, in one transaction: all or nothing.
 * unload: text in UTF-8, ISO 8859-1 or EBCDIC (1047), lines in any order; more:
 * the companion's text, or "". What was cut off is missed: the last line's end,
 * the connections of members, the companion's last line.
 *
 * ERR_SYNTAX  mistakes were reported
 */
MUST_CHECK enum err load_all(struct saf_db *, struct str unload,
                             struct str more, struct load_report *,
                             struct err_info *why);

#endif
