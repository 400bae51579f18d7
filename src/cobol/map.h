/*
 * JSON <-> record, compiled: a layout and its service options become one flat
 * program for each direction, run in one pass over the bytes without a tree.
 * The program ("blob") is position independent: it is stored in compiled
 * archives and mapped read only. Untrusted blobs go through map_open, which
 * checks every index once; running is then safe for any input.
 *
 * The JSON shape of one direction:
 *
 *     { root: { container: { record-name: { fields } }, container2: ... } }
 *
 * where each of root, container and record-name (layout->root->name) is left
 * out when it is the empty string.
 */
#ifndef SALLYPORT_COBOL_MAP_H
#define SALLYPORT_COBOL_MAP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cobol/layout.h"

#define MAP_SEGMENTS_MAX 64u
#define MAP_DEPTH_MAX 64u /* JSON nesting of a request */
#define MAP_BLOB_MAX (256u << 20)
#define MAP_JSON_MAX (64u << 20) /* bytes of one JSON text */

struct map_segment {
    struct str container; /* JSON level; empty: none (COMMAREA, requester) */
    const struct layout *layout; /* all of one ABI */
    bool is_required; /* in: the request must hold it; out: the record */
};

/* service options of a .si; zeroed = all off (note: toolkit projects have
 * trim_trailing on, see map_options_default). */
struct map_options {
    bool trim_trailing; /* trimOutputTrailingWhitespace: blanks and X'00' */
    bool trim_leading;
    bool escape_control; /* \u00XX; otherwise a blank */
    bool omit_by_value;  /* omitOutputFieldsByValue */
    uint8_t omit_value;
    bool omit_empty;      /* omitOutputEmptyTags */
    bool init_fields;     /* initializeInputFields */
    bool enforce_min_in;  /* enforceMinArrayOccurrence */
    bool enforce_min_out; /* enforceMinArrayOccurrenceResponse */
    bool screening_off;   /* bad packed or zoned data reads as 0 */
};
struct map_options map_options_default(void);

enum map_where {
    MAP_BODY,
    MAP_PATH,
    MAP_QUERY,
    MAP_HEADER, /* names compare without case */
};

enum map_update_kind {
    MAP_MOVE,   /* request: parameter -> field. response: field -> header */
    MAP_ASSIGN, /* constant -> field, or response: constant -> header */
    MAP_REMOVE, /* delete a field or a subtree */
};

/*
 * One node of a .map file. Paths are JSON names joined by '/', starting at the
 * first level the shape above has ("cscvincServiceOperation/Container1/...").
 * Request:  where/name = the source parameter of a MOVE, target = field path.
 * Response: where MAP_HEADER and name = the target header, target = the field
 *           path (source) of the MOVE; REMOVE and ASSIGN to a body field have
 *           where MAP_BODY and target.
 */
struct map_update {
    enum map_update_kind kind;
    enum map_where where;
    struct str name;
    struct str target;
    struct str value; /* MAP_ASSIGN */
    bool is_required; /* MOVE: a missing source is an error */
};

struct map_spec {
    struct str root; /* first JSON level; empty: none */
    const struct map_segment *segments;
    size_t n_segments;
    struct map_options options;
    const struct map_update *updates; /* applied in order */
    size_t n_updates;
    /*
     * Requester structures (layout->root has no name): in the request
     * direction (record -> JSON, map_compile_out) ReqPathParameters,
     * ReqQueryParameters and ReqHeaders become values of struct map_value and
     * the content of ReqBody is the JSON text; in the response direction
     * (JSON -> record, map_compile_in) the JSON text is the content of
     * RespBody. No options, no updates.
     */
    bool is_requester;
};

/*
 * Compile. `blob` gets the program appended (its base must be 8-aligned when
 * opened; buf memory is). ERR_NOT_FOUND an update names no field;
 * ERR_UNSUPPORTED code page, DEPENDING table inside a table, ...; ERR_LIMIT.
 */
MUST_CHECK enum err map_compile_in(const struct map_spec *, struct buf *blob,
                                   struct err_info *why);
MUST_CHECK enum err map_compile_out(const struct map_spec *, struct buf *blob,
                                    struct err_info *why);

/* An opened program: plain value; borrows the blob. Any number of threads may
 * run one. */
struct codepage;
struct map {
    const void *base; /* 8-aligned */
    size_t n_bytes;
    const struct codepage *codepage;
    bool is_in;
};

/* Check a blob once and open it. ERR_SYNTAX: not a program of this build. */
MUST_CHECK enum err map_open(struct str blob, struct map *out,
                             struct err_info *why);

size_t map_n_segments(const struct map *);
struct str map_container(const struct map *, size_t segment);
/* Largest record of that segment; storage map_run_in needs. */
size_t map_record_bytes(const struct map *, size_t segment);

/* A parameter of the request; value already percent-decoded, UTF-8. */
struct map_param {
    enum map_where where;
    struct str name;
    struct str value;
};

struct map_record {
    uint8_t *p; /* the caller's storage */
    size_t cap; /* >= map_record_bytes() */
    size_t n;   /* out: bytes in use; 0 for an absent optional segment */
};

/*
 * JSON -> records, one for each segment. `body` NULL (p == NULL): no body, all
 * fields from parameters and defaults.
 *
 * ERR_SYNTAX  not JSON (RFC 8259, strict), or a mapped key twice in one object
 * ERR_RANGE   a value its field cannot hold; the text names the field, the
 *             value and the limit: NUMB: "1234567" is longer than 6 characters
 * ERR_LIMIT   nesting or size
 * All three are the client's fault (HTTP 400). why->at is the body offset.
 * ERR_NOT_NOW   this is an out program (a bug of the caller)
 *
 * Requester response: records[0].p holds the caller's area and fields that
 * JSON does not mention keep what is there, except counts, which become 0.
 */
MUST_CHECK enum err map_run_in(const struct map *, struct str body,
                               const struct map_param *params, size_t n_params,
                               struct map_record records[],
                               struct err_info *why);

/* A value that left the record beside the JSON: response header, or path,
 * query or header parameter of a requester call. */
struct map_value {
    enum map_where where;
    struct str name;  /* borrowed from the program */
    struct str value; /* UTF-8 text, in struct map_out's text buffer */
};

struct map_out {
    struct buf *json; /* appended; untouched on failure (n restored) */
    struct buf *text; /* storage for values; NULL when none are wanted */
    struct map_value *values;
    size_t n_values; /* in: room; out: used */
    bool has_body;   /* out: false when a requester has no (or absent) body */
};

/*
 * Records -> JSON. A record may be longer than its layout (ignored rest); one
 * of 0 bytes is an absent optional segment.
 *
 * ERR_RANGE   record too short, invalid packed or zoned data, counter out of
 *             bounds, length field out of bounds; the text names the field
 *             (HTTP 500 for a service, stub error for a requester)
 * ERR_LIMIT   json's maximum reached, or more than n_values values
 */
MUST_CHECK enum err map_run_out(const struct map *, const struct str records[],
                                struct map_out *out, struct err_info *why);

/*
 * One field (not in a table) of the records as text, numbers as in JSON, for
 * response rules: "root/Container1/RESPONSE_CONTAINER/CEIBRESP". Out programs
 * only; fields removed or hidden from the JSON can be asked for too.
 * ERR_NOT_FOUND no such field; ERR_RANGE bad data.
 */
MUST_CHECK enum err map_field_get(const struct map *,
                                  const struct str records[], struct str path,
                                  struct buf *text, struct err_info *why);
/* <0, 0, >0: as numbers when both are decimal numbers, else as bytes. */
int map_value_compare(struct str a, struct str b);

#endif
