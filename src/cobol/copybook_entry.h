/* Private to copybook.c and copybook_entry.c: entries read clause by clause. */
#ifndef SALLYPORT_COBOL_COPYBOOK_ENTRY_H
#define SALLYPORT_COBOL_COPYBOOK_ENTRY_H

#include "cobol/copybook_tokens.h"
#include "cobol/pic.h"

enum usage {
    USAGE_NONE,
    USAGE_DISPLAY,
    USAGE_BINARY,
    USAGE_NATIVE, /* COMP-5 */
    USAGE_PACKED,
    USAGE_PACKED_NO_SIGN, /* COMP-6 */
    USAGE_FLOAT4,
    USAGE_FLOAT8,
    USAGE_NATIONAL,
    USAGE_DBCS,
    USAGE_UTF8,
    USAGE_INT1, /* BINARY-CHAR ... */
    USAGE_INT2,
    USAGE_INT4,
    USAGE_INT8,
    USAGE_INDEX,
    USAGE_POINTER,
    USAGE_POINTER4,
    USAGE_PROCEDURE,
};

/* What a group hands down to its items. */
struct inherit {
    enum usage usage;
    bool has_sign, sign_leads, sign_separate;
    bool is_synced;
};

struct entry {
    struct tok at;
    uint32_t level;
    struct str name; /* empty: FILLER */
    struct tok redefines, depends_on;
    bool has_redefines, has_depends_on;
    struct pic pic;
    struct str picture;
    bool has_pic;
    bool is_unsigned; /* BINARY-LONG UNSIGNED */
    struct inherit own;
    bool is_array;
    uint32_t occurs_min, occurs_max;
    bool is_justified, is_blank_when_zero;
    bool is_ignored; /* 66, 88 */
};

/* A DEPENDING ON to resolve when the record is complete. */
struct pending {
    struct field *field;
    struct tok name;
};

struct open_level {
    struct field *field;
    struct inherit inherit;
    struct tok at;
    bool has_pic;
};

struct parser {
    struct arena *arena;
    const struct copybook_options *options;
    struct toks toks;
    size_t i;
    bool is_program; /* headers seen: other entries are skipped */
    struct open_level open[LAYOUT_DEPTH_MAX];
    unsigned n_open;
    uint32_t n_filler, n_fields;
    struct {
        struct pending *v;
        size_t n, cap;
    } pending;
    struct {
        struct layout *v;
        size_t n, cap;
    } done;
};

/* The next token without taking it; NULL at the end. */
struct tok *parser_peek(const struct parser *);
/* Take the next token when it is that word, in any case. */
bool parser_accept(struct parser *, const char *word);
/* ERR_SYNTAX: "expected <what>, found ..." at the next token. */
enum err parser_expected(const struct parser *, const char *what,
                         struct err_info *why);
/* The entry that starts at the next token, of which there is one, up to and
 * with its period; *out may be half written on failure. */
MUST_CHECK enum err entry_read(struct parser *, struct entry *out,
                               struct err_info *why);

#endif
