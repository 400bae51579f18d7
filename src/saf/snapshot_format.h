/*
 * Layout of a snapshot image, native byte order (it never leaves the machine).
 * Sections are 8-byte aligned arrays at offsets from the start. Nodes come
 * after their parent, so a walk always goes forward. Private to snapshot*.c.
 */
#ifndef SALLYPORT_SAF_SNAPSHOT_FORMAT_H
#define SALLYPORT_SAF_SNAPSHOT_FORMAT_H

#include "base/defs.h"
#include "saf/saf.h"

#define SNAP_MAGIC UINT64_C(0x33304e5346415053) /* "SPAFSN03" */
#define SNAP_DEPTH_MAX 255u

enum snap_section {
    SNAP_PROFILES,
    SNAP_SLOTS,
    SNAP_NODES,
    SNAP_ACCESS,
    SNAP_CONDS,
    SNAP_BYTES,
    SNAP_VARIABLES,
    /* The tail: replaced without compiling again when class RACFVARS or the
     * global access table is refreshed. */
    SNAP_VALUES,  /* one for each variable */
    SNAP_TEXTS,   /* the values themselves */
    SNAP_GLOBALS, /* in the order of trying */
    SNAP_TAIL,    /* bytes of the two */
    SNAP_SECTIONS,
};

struct snap_header {
    uint64_t magic;
    uint64_t size; /* of the image */
    uint64_t generation;
    uint64_t seed; /* of the hash; random for each image */
    char class_name[16];
    uint32_t flags;       /* enum snapshot_flag */
    uint32_t class_flags; /* enum class_flag */
    uint32_t default_rc;
    uint32_t raclist; /* enum class_raclist */
    uint32_t max_length;
    uint32_t root_children; /* ordinary ones of node 0 are first */
    struct {
        uint64_t at; /* bytes from the start */
        uint64_t n;  /* elements */
    } section[SNAP_SECTIONS];
};

enum snap_profile_flag {
    SNAP_GENERIC = 1u << 0,
    SNAP_WARNING = 1u << 1,
};

struct snap_profile {
    uint32_t name; /* offset in bytes section */
    uint16_t n_name;
    uint8_t flags;
    uint8_t uacc;
    uint8_t star; /* level of ID(*); 0xff: no such entry */
    uint8_t audit_s, audit_f, gaudit_s, gaudit_f;
    uint8_t unused[3];
    uint32_t access, n_access; /* sorted by id */
    uint32_t cond, n_cond;
    uint32_t data, n_data; /* bytes: what the class's users need besides */
};

struct snap_slot {
    uint32_t hash;
    uint32_t profile; /* index + 1; 0: empty */
};

struct snap_node {
    uint32_t label;   /* offset in bytes section; of ordinary characters.
                         PATTERN_VARIABLE: index of the variable */
    uint32_t child;   /* first child; children are neighbours, by token */
    uint32_t profile; /* index + 1 at PATTERN_END */
    uint16_t n_label;
    uint16_t n_children;
    uint16_t n_ordinary; /* of the children, those with a label */
    uint8_t token;       /* the label's first character, else what it matches */
    uint8_t depth;
};

struct snap_access {
    uint32_t id;
    uint32_t level;
};

struct snap_cond {
    uint32_t id; /* 0: "*" */
    uint32_t level;
    uint32_t kind; /* offset, zero-terminated text */
    uint32_t value;
};

struct snap_text { /* in bytes section; values and globals: in the tail's */
    uint32_t at, n;
};

struct snap_values {
    uint32_t first, n; /* of texts */
};

struct snap_global {
    uint32_t at, n; /* compiled pattern */
    uint32_t level;
};

static const uint32_t snap_element_bytes[SNAP_SECTIONS] = {
    sizeof(struct snap_profile),
    sizeof(struct snap_slot),
    sizeof(struct snap_node),
    sizeof(struct snap_access),
    sizeof(struct snap_cond),
    1,
    sizeof(struct snap_text),
    sizeof(struct snap_values),
    sizeof(struct snap_text),
    sizeof(struct snap_global),
    1,
};

static inline const void *
snap_section(const void *image, enum snap_section which)
{
    const struct snap_header *h = image;

    return (const char *)image + h->section[which].at;
}

#define SNAP(image, which, type, index)                                        \
    (&((const struct type *)snap_section((image), (which)))[(index)])

#endif
