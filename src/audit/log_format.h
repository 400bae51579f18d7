/*
 * What an entry of a log looks like, byte for byte, in each of the original's
 * formats. Engine: no clock, no file.
 *
 *   SIMPLE    [time] tid <60 columns logger> L text
 *   TBASIC    [time] tid <13 columns short logger> L   text
 *   DEV       [LEVEL   ] text
 *   JSON      {"type":"liberty_message",...}
 *   ENHANCED  [time] tid id=00000000 <60 columns logger> L method text
 *   BASIC     [time] tid <13 columns short logger> L   method text
 *   ADVANCED  [time] tid L UOW= source=logger method=m org= prod= component=
 *             thread=[tid], and the text on the next line, indented by 10
 *
 * Source: Liberty, logging and trace; message and trace formats. The details
 * of BASIC and ADVANCED are unverified.
 */
#ifndef SALLYPORT_AUDIT_LOG_FORMAT_H
#define SALLYPORT_AUDIT_LOG_FORMAT_H

#include "base/buf.h"
#include "base/err.h"

#define LOG_ENTRY_BYTES_MAX (64u * 1024u)
#define LOG_MAPPINGS_MAX 64u

enum log_format {
    LOG_DEV,
    LOG_SIMPLE,
    LOG_TBASIC,
    LOG_JSON,
    LOG_ENHANCED, /* the rest: of traces */
    LOG_BASIC,
    LOG_ADVANCED,
};

enum log_source { /* bits: what an output shows */
                  LOG_MESSAGE = 1u << 0,
                  LOG_TRACE = 1u << 1,
                  LOG_ACCESS = 1u << 2,
                  LOG_FFDC = 1u << 3,
                  LOG_AUDIT = 1u << 4,
};

/* One of a request's: "ibm_uriPath". */
struct log_member {
    struct str name, value;
    bool is_number; /* value is digits */
};

struct log_entry {
    enum log_source source;
    char letter; /* A I W E F O R C D 1 2 3 > < */
    uint64_t wall_ms;
    uint64_t sequence; /* counts the entries of this millisecond's process */
    unsigned thread;
    const char *logger; /* "com.ibm.ws.kernel.feature.internal.X" */
    const char *method; /* of a trace; "" */
    const char *id;     /* "CWWKF0011I"; "" */
    struct str text;    /* without the id */
    const struct log_member *members; /* of a request */
    size_t n_members;
    /* of an ffdc entry, "" otherwise */
    const char *exception, *probe, *details;
};

/* One "[source:]old:new" of jsonFieldMappings. */
struct log_mapping {
    unsigned sources; /* enum log_source bits */
    struct str from, to;
};
struct log_mappings {
    char *text; /* what the rows borrow from */
    struct log_mapping v[LOG_MAPPINGS_MAX];
    size_t n;
};

/* The same in every entry of a server. */
struct log_style {
    bool is_iso;
    bool single_entry; /* nothing to do here: an entry is one */
    const char *host, *user_dir, *server; /* JSON */
    const struct log_mappings *mappings;  /* JSON; may be NULL */
};

/* With the line end. */
void log_format(const struct log_style *, enum log_format,
                const struct log_entry *, struct buf *out);
/* "DEV", "SIMPLE"... in any case; false: no such format. */
bool log_format_find(struct str name, enum log_format *out);
/* Names of sources into bits; unknown ones are left out. */
unsigned log_sources(const struct str *names, size_t n);

/*
 * ERR_SYNTAX  no mapping; why->at is the byte of text
 * ERR_LIMIT   more than LOG_MAPPINGS_MAX
 */
MUST_CHECK enum err log_mappings_init(struct log_mappings *, struct str text,
                                      struct err_info *why);
void log_mappings_fini(struct log_mappings *);

#endif
