/*
 * Private to map*.c: the compiled program. One header, then arrays of plain
 * structs and a pool of bytes, all found by offset from the header, so that
 * the whole can be stored and mapped anywhere 8-aligned. Integers are in host
 * order: a blob belongs to the machine that made it (magic tells).
 */
#ifndef SALLYPORT_COBOL_MAP_BLOB_H
#define SALLYPORT_COBOL_MAP_BLOB_H

#include "base/codepage.h"
#include "cobol/map.h"

#define BLOB_MAGIC 0x314D5053u /* "SPM1" on a little-endian machine */
#define BLOB_VERSION 3u
#define NONE UINT32_MAX
#define POOL_SLACK 32u /* bytes behind the pool that may be read */
#define SLOTS_MAX 256u /* captured counters of an out program */
#define LOOPS_MAX LAYOUT_DEPTH_MAX

enum leaf_code {
    LEAF_TEXT,
    LEAF_NATIONAL,
    LEAF_DBCS,
    LEAF_ZONED,
    LEAF_PACKED,
    LEAF_BINARY,
    LEAF_FLOAT4,
    LEAF_FLOAT8,
    LEAF_BOOLEAN,
    LEAF_BASE64,
    LEAF_DATE,
    LEAF_CODES, /* count */
};

enum leaf_flag {
    LF_SIGNED = 1,
    LF_SIGN_LEADS = 2,
    LF_SIGN_SEPARATE = 4,
    LF_LITTLE = 8,     /* native little-endian */
    LF_STORAGE = 16,   /* range is the storage's, not the picture's */
    LF_NO_NIBBLE = 32, /* COMP-6 */
    LF_JUSTIFIED = 64,
    LF_BLANK_ZERO = 128,
};

/* One elementary field as the programs see it. */
struct leaf {
    uint8_t code;
    uint8_t flags;
    uint8_t digits;
    uint8_t inner; /* BOOLEAN, DATE: nothing; kept for alignment */
    int32_t scale;
    uint32_t offset; /* of element 1 */
    uint32_t size;
    uint32_t name; /* pool: field name for messages */
    uint16_t name_n;
    uint16_t aux_n;  /* BOOLEAN: bytes of one value; DATE: pattern */
    uint32_t aux;    /* pool: BOOLEAN true then false bytes; DATE pattern */
    uint32_t length; /* leaf of the length field, or NONE */
};

/* ---- JSON -> record ---- */

enum member_code {
    MEMBER_LEAF,
    MEMBER_GROUP,  /* an object below */
    MEMBER_IGNORE, /* removed by the API mapping */
};

struct in_member {
    uint32_t key;   /* pool: name and closing quote */
    uint16_t key_n; /* without the quote */
    uint8_t code;
    uint8_t segment;
    uint8_t is_array;
    uint8_t level; /* 1 root, 2 container: base moves to the segment's record */
    uint8_t is_presence; /* count is a requester's -num, not an ODO counter */
    uint8_t unused;
    uint16_t alternative; /* REDEFINES set within the object; 0 none */
    uint32_t leaf;        /* MEMBER_LEAF */
    uint32_t object;      /* MEMBER_GROUP */
    uint32_t min, max, stride;
    uint32_t offset, size; /* of element 1: extent of everything below */
    uint32_t count;        /* leaf of counter or count field; NONE */
    uint32_t hash;
};

struct in_object {
    uint32_t first, n;    /* members */
    uint32_t slots, mask; /* hash slots: u32 member number + 1, 0 empty */
    uint32_t has_counts;  /* some member has a presence count to reset */
    uint32_t unused;
};

struct in_update {
    uint32_t name; /* pool; of the parameter, or the constant's text */
    uint16_t name_n;
    uint8_t where; /* enum map_where; MAP_BODY: a constant */
    uint8_t is_required;
    uint32_t leaf;
    uint32_t value;
    uint32_t value_n;
    uint8_t segment;
    uint8_t pad[3];
};

/* ---- record -> JSON ---- */

enum out_code {
    OUT_SEGMENT,     /* base of segment a; absent: jump to b */
    OUT_CHECK,       /* record reaches static offset a (less the slide) */
    OUT_OPEN,        /* key { */
    OUT_CLOSE,       /* } */
    OUT_LEAF,        /* key value of leaf */
    OUT_CAPTURE,     /* slot a = number in leaf */
    OUT_PRESENT,     /* slot a is 0: jump to b; else must be 1 */
    OUT_LOOP,        /* key [ ; operands in loops[a] */
    OUT_NEXT,        /* end of one element; loops[a] */
    OUT_VALUE,       /* leaf to a map_value; where a, name in key */
    OUT_CONST_VALUE, /* constant leaf-less map_value: where a, text b,c */
    OUT_LITERAL,     /* key as it is (constants) */
    OUT_BODY,        /* a requester's body begins: has_body */
    OUT_END,
    OUT_CODES,
};

enum out_flag {
    OF_OMIT_EMPTY = 1,
    OF_SILENT_LOOP = 2, /* no brackets: repeated values */
};

struct out_op {
    uint8_t code;
    uint8_t flags;
    uint16_t key_n;
    uint32_t key; /* pool: "NAME": with quotes and colon, escaped */
    uint32_t leaf;
    uint32_t a, b, c;
};

struct out_loop {
    uint32_t start, end; /* ops: first of the body, the OUT_NEXT */
    uint32_t slot;       /* count in slot, or NONE: max */
    uint32_t min, max, stride;
    uint32_t offset; /* of element 1 */
    uint32_t slides; /* what follows moves up */
    uint32_t name, name_n;
};

struct out_field {
    uint32_t path; /* pool */
    uint32_t path_n;
    uint32_t leaf;
    uint32_t segment;
};

/* ---- both ---- */

struct blob_segment {
    uint32_t container, container_n; /* pool */
    uint32_t size;                   /* record at its largest */
    uint32_t template_at;            /* pool, or NONE: zeros (in) */
    uint32_t first_odo, n_odos;      /* in: how to close up the record */
    uint32_t is_required;
    uint32_t unused;
};

struct blob_odo {
    uint32_t offset, stride, min, max, leaf, slides;
};

struct blob_options {
    uint8_t trim_trailing, trim_leading, escape_control, omit_by_value;
    uint8_t omit_value, omit_empty, enforce_min, screening_off;
};

struct blob {
    uint32_t magic;
    uint16_t version;
    uint8_t is_in;
    uint8_t is_requester;
    uint32_t n_bytes;
    uint32_t ccsid;
    uint8_t abi_kind, abi_sign, odo_slides, unused;
    struct blob_options options;
    uint32_t segments, n_segments;
    uint32_t leaves, n_leaves;
    uint32_t odos, n_odos;
    uint32_t pool, n_pool;
    /* in */
    uint32_t objects, n_objects;
    uint32_t members, n_members;
    uint32_t slots, n_slots;
    uint32_t updates, n_updates;
    uint32_t root; /* member that the whole JSON text is; NONE: ignored */
    /* out */
    uint32_t ops, n_ops;
    uint32_t loops, n_loops;
    uint32_t fields, n_fields;
};

#define BLOB_ARRAY(blob, type, at)                                             \
    ((const type *)(const void *)((const char *)(blob) + (blob)->at))

static inline const char *
blob_pool(const struct blob *b, uint32_t at)
{
    return (const char *)b + b->pool + at;
}

/* What a leaf needs besides its bytes. */
struct leaf_env {
    const char *pool;
    const struct leaf *leaves;
    const struct codepage *cp;
    uint8_t sign; /* enum abi_sign */
    bool is_hfp;
    struct blob_options options;
};

struct leaf_env leaf_env_of(const struct map *);
static inline struct str
leaf_name(const struct leaf_env *env, const struct leaf *l)
{
    return str_n(env->pool + l->name, l->name_n);
}

/*
 * Text to bytes. `raw` is a JSON string's inside when is_json, else plain
 * UTF-8; a number's text for numeric leaves. `base`: the record, moved to the
 * element. ERR_RANGE, ERR_SYNTAX name the field.
 */
enum err leaf_put(const struct leaf_env *, const struct leaf *, uint8_t *base,
                  struct str raw, bool is_json, struct err_info *why);
enum err leaf_put_bool(const struct leaf_env *, const struct leaf *,
                       uint8_t *base, bool value, struct err_info *why);
/* Store a count. */
enum err leaf_put_count(const struct leaf_env *, const struct leaf *,
                        uint8_t *base, uint64_t count, struct err_info *why);
/* Blank or zero, in the field's own usage. */
void leaf_init(const struct leaf_env *, const struct leaf *, uint8_t *base);

/* Most bytes leaf_get writes, with quotes. */
static inline size_t
leaf_text_max(const struct leaf *l)
{
    return l->code >= LEAF_ZONED && l->code <= LEAF_FLOAT8
               ? 512
               : 6 * (size_t)l->size + 64;
}
/*
 * Bytes to JSON text at *p (leaf_text_max bytes of room and 32 of slack):
 * with quotes and escapes, or plain UTF-8 when !is_json.
 */
enum err leaf_get(const struct leaf_env *, const struct leaf *,
                  const uint8_t *base, char **p, bool is_json,
                  struct err_info *why);
/* Read a counter: an integer >= 0. */
enum err leaf_get_count(const struct leaf_env *, const struct leaf *,
                        const uint8_t *base, uint32_t *count,
                        struct err_info *why);

uint32_t key_hash(const char *p, size_t n);

#endif
