/*
 * A record layout: the tree of fields of one 01 level with names, storage and
 * offsets. Made by the copybook parser, by the reader of service interfaces
 * (.si) and by the generator of requester structures; consumed by map.h.
 * Everything lives in the arena it was made with.
 */
#ifndef SALLYPORT_COBOL_LAYOUT_H
#define SALLYPORT_COBOL_LAYOUT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cobol/abi.h"

#define LAYOUT_FIELDS_MAX 65536u
#define LAYOUT_DEPTH_MAX 50u
#define LAYOUT_SIZE_MAX 134217727u /* bytes of one record */

enum field_kind {
    FIELD_GROUP,
    FIELD_TEXT,     /* X, A, edited: one byte per position, code page */
    FIELD_NATIONAL, /* N: UTF-16BE, two bytes per position */
    FIELD_DBCS,     /* G: two bytes per position of the mixed code page */
    FIELD_ZONED,    /* DISPLAY digits */
    FIELD_PACKED,   /* COMP-3; COMP-6 when has_no_sign_nibble */
    FIELD_BINARY,   /* COMP, COMP-4, BINARY, COMP-5 (is_native) */
    FIELD_FLOAT4,   /* COMP-1 */
    FIELD_FLOAT8,   /* COMP-2 */
    FIELD_OPAQUE,   /* POINTER, INDEX ...: never in JSON, zero-filled */
};

/* What JSON shows instead of the field's own type. */
enum field_shown {
    SHOWN_PLAIN,
    SHOWN_BOOLEAN, /* true_value / false_value are the field's content */
    SHOWN_DATE,    /* ISO date in JSON, date_pattern in the field */
    SHOWN_BASE64,  /* raw bytes, no code page */
    SHOWN_TEXT,    /* a group presented as one string */
};

struct field {
    struct str name;       /* JSON property name; empty: no level of its own */
    struct str cobol_name; /* as written ("FILEA-AREA"); empty for FILLER */
    enum field_kind kind;
    enum field_shown shown;

    uint32_t offset; /* from the record's start; in a table: of element 1 */
    uint32_t size;   /* bytes of one occurrence, without table padding */
    uint32_t stride; /* bytes from one occurrence to the next (>= size) */
    uint32_t digits; /* numeric kinds: stored digit positions; BINARY with 0:
                      * size was given and storage is the range */
    int32_t scale;   /* value = digits x 10^-scale */
    bool is_signed;
    bool sign_leads;         /* SIGN LEADING */
    bool sign_separate;      /* SEPARATE: the sign byte is part of size */
    bool is_native;          /* COMP-5: storage range, ABI byte order */
    bool has_no_sign_nibble; /* COMP-6 */
    bool is_synced;
    bool is_justified;
    bool is_blank_when_zero;
    bool is_edited; /* TEXT that was numeric- or alphanumeric-edited */

    bool is_array;       /* OCCURS; also OCCURS 1 */
    uint32_t occurs_min; /* 1, 1 when not an array */
    uint32_t occurs_max;
    struct field *depends_on; /* ODO counter, or array-counter override */
    struct field *redefines;  /* the redefined sibling */

    bool is_included; /* false: hidden from JSON */
    bool has_default;
    bool default_is_hex; /* default_value is hex digits: raw bytes */
    struct str default_value;
    struct str true_value, false_value; /* SHOWN_BOOLEAN: raw field bytes */
    struct str date_pattern;            /* SHOWN_DATE: yyyyMMdd ... */

    /*
     * Companions of requester structures (never included themselves):
     *   count_field   N-num, S9(9) COMP-5: 0 absent, 1 present; in a table the
     *                 number of elements present
     *   length_field  N-length, S9999 COMP-5: bytes of a TEXT field in use
     *   is_wrapper    a group whose JSON value is that of its one included
     *                 child (optional string: N { N2-length, N2 })
     */
    struct field *count_field;
    struct field *length_field;
    bool is_wrapper;

    uint32_t level; /* 01..49, 77; free choice for generated ones */
    uint32_t line;  /* in its source; 0 unknown */
    struct str picture;
    struct str remarks;

    struct field *parent, *first, *last, *next; /* copybook order */
};

struct layout {
    struct str name;    /* 01 name as written, or the file's name */
    struct field *root; /* the 01; a nameless group when there is none */
    uint32_t size;      /* bytes with every table at its maximum */
    uint32_t size_min;  /* bytes with every DEPENDING table at its minimum */
    uint32_t n_fields;
    struct abi abi;
};

/* Append a zeroed child (is_included, occurs 1) to parent; NULL: no storage.
 * parent NULL makes a root. */
struct field *field_new(struct arena *, struct field *parent);
/* JSON name of a COBOL name: '-' becomes '_'. */
struct str field_json_name(struct arena *, struct str cobol_name);
/* Bytes of one binary item: 2, 4 or 8 by digits. */
uint32_t field_binary_size(uint32_t digits);
/* "text", "zoned" ...; never NULL. */
const char *field_kind_name(enum field_kind kind);

/*
 * Compute size, stride and offset of every field below root from kind,
 * digits, is_synced, occurs_* and redefines (elementary fields need their
 * size set for TEXT, NATIONAL, DBCS and OPAQUE only), then size totals.
 * SYNC slack follows abi->kind. Sets layout->root, size, n_fields, abi.
 *
 * ERR_LIMIT  LAYOUT_* exceeded
 * ERR_RANGE  REDEFINES larger than the redefined 01-49 item is allowed (the
 *            area grows); an ODO counter that lies inside or after its table
 */
MUST_CHECK enum err layout_place(struct layout *, struct field *root,
                                 struct abi abi, struct err_info *why);
/*
 * As above for trees whose offsets and sizes are given (.si): verifies that
 * every field lies inside its parent and sets the totals.
 */
MUST_CHECK enum err layout_adopt(struct layout *, struct field *root,
                                 struct abi abi, struct err_info *why);

/* First field in depth-first order with that COBOL name (any case) or JSON
 * name; NULL when there is none. */
struct field *layout_find(const struct layout *, struct str name);
/* By path of JSON names "A/B/C", the root's own name first (when it has one).*/
struct field *layout_find_path(const struct layout *, struct str path);
/* Next field in depth-first order, NULL after the last. */
struct field *field_next(const struct field *root, struct field *at);

/* Table of level, name, offset, size, kind, occurs: one line per field. */
void layout_print(const struct layout *, struct buf *out);

#endif
