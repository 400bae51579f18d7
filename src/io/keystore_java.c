/*
 * Past one object that Java has serialized: how JCEKS keeps secret keys,
 * without saying how long they are.
 *
 *   stream = %xAC %xED 0 5 OBJECT class *item   one for each field
 *   item   = NULL | REFERENCE handle | STRING u16 text |
 *            ARRAY class u32 *byte
 *   class  = NULL | REFERENCE handle |
 *            CLASSDESC u16 name u64 flags u16 *field END class
 *   field  = ("[" | "L") u16 name item
 *
 * Only what such objects are made of: no fields of other types, no data that a
 * class writes in its own way, arrays of bytes alone.
 * Source: Java Object Serialization Specification, 6.
 */
#include "base/reader.h"
#include "io/keystore_priv.h"

#define STREAM_MAGIC 0xaced0005u
#define DEPTH_MAX 8u
#define FIELDS_MAX 32u
#define SERIALIZABLE 2u

enum {
    TC_NULL = 0x70,
    TC_REFERENCE,
    TC_CLASSDESC,
    TC_OBJECT,
    TC_STRING,
    TC_ARRAY,
    TC_END = 0x78,
};

static bool
skip_text(struct reader *in)
{
    struct str text;
    uint16_t n;

    return reader_u16(in, &n) && reader_take(in, n, &text);
}

static bool
skip_handle(struct reader *in)
{
    uint32_t handle;

    return reader_u32(in, &handle);
}

/* The name of a field's type: a string, or one that was there before. */
static bool
skip_type(struct reader *in)
{
    uint8_t code;

    return reader_u8(in, &code) && ((code == TC_STRING && skip_text(in)) ||
                                    (code == TC_REFERENCE && skip_handle(in)));
}

static bool
skip_field(struct reader *in)
{
    uint8_t type;

    return reader_u8(in, &type) && (type == '[' || type == 'L') &&
           skip_text(in) && skip_type(in);
}

/* A class and those it extends; adds their fields. */
static bool
skip_class(struct reader *in, unsigned *n_fields)
{
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        uint8_t code, flags, end;
        uint16_t n;
        uint64_t id;

        if (!reader_u8(in, &code))
            return false;
        if (code == TC_NULL)
            return true;
        if (code == TC_REFERENCE) /* of an array: it has no fields */
            return skip_handle(in);
        if (code != TC_CLASSDESC || !skip_text(in) || !reader_u64(in, &id) ||
            !reader_u8(in, &flags) || flags != SERIALIZABLE ||
            !reader_u16(in, &n) || n > FIELDS_MAX - *n_fields)
            return false;
        for (uint16_t i = 0; i < n; i++)
            if (!skip_field(in))
                return false;
        *n_fields += n;
        if (!reader_u8(in, &end) || end != TC_END)
            return false;
    }
    return false;
}

static bool
skip_array(struct reader *in)
{
    unsigned n_fields = 0;
    struct str bytes;
    uint32_t n;

    return skip_class(in, &n_fields) && n_fields == 0 && reader_u32(in, &n) &&
           reader_take(in, n, &bytes);
}

static bool
skip_simple(struct reader *in)
{
    uint8_t code;

    if (!reader_u8(in, &code))
        return false;
    return code == TC_NULL || (code == TC_REFERENCE && skip_handle(in)) ||
           (code == TC_STRING && skip_text(in)) ||
           (code == TC_ARRAY && skip_array(in));
}

bool
keystore_skip_java(struct reader *in)
{
    unsigned n_fields = 0;
    uint32_t magic;
    uint8_t code;

    if (!reader_u32(in, &magic) || magic != STREAM_MAGIC ||
        !reader_u8(in, &code) || code != TC_OBJECT ||
        !skip_class(in, &n_fields) || n_fields == 0)
        return false;
    for (unsigned i = 0; i < n_fields; i++)
        if (!skip_simple(in))
            return false;
    return true;
}
