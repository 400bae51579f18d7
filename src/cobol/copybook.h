/*
 * COBOL data descriptions to layouts. Accepts fixed, loose (column 1) and free
 * form, COPY with REPLACING, REPLACE, and whole programs (the DATA DIVISION is
 * taken, the rest skipped).
 */
#ifndef SALLYPORT_COBOL_COPYBOOK_H
#define SALLYPORT_COBOL_COPYBOOK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cobol/layout.h"

#define COPYBOOK_TEXT_MAX (16u << 20) /* bytes after COPY */
#define COPYBOOK_NESTING_MAX 16u

enum copybook_form {
    COPYBOOK_AUTO, /* fixed unless columns 1-7 of a line show otherwise */
    COPYBOOK_FIXED,
    COPYBOOK_FREE,
};

struct copybook_options {
    struct abi abi;
    enum copybook_form form;
    struct str file_name; /* for messages and for a layout without 01 */
    /*
     * COPY name [OF library]: give the text (borrowed until the parse ends).
     * NULL, or ERR_NOT_FOUND from it: the COPY is an error.
     */
    enum err (*find)(void *ctx, struct str name, struct str library,
                     struct str *text);
    void *ctx;
    bool keep_filler; /* default false: FILLER is FILL_n, not included */
};

struct copybook {
    struct layout *layouts; /* one for each 01 and 77, in order */
    size_t n;
};

/*
 * ERR_SYNTAX      with line and column and what was expected; the text says
 *                 which file when it is a COPY member
 * ERR_NOT_FOUND   COPY member, REDEFINES or DEPENDING ON name
 * ERR_LIMIT       documented limits
 * ERR_UNSUPPORTED understood, but no layout can be given
 */
MUST_CHECK enum err copybook_parse(struct arena *, struct str text,
                                   const struct copybook_options *,
                                   struct copybook *out, struct err_info *why);
/*
 * A `find` that looks for name, name.cpy, .cbl, .cob, .CPY (and the name in
 * lower case) in the folders of struct copybook_path.
 */
struct copybook_path {
    struct arena *arena;
    const char *const *folders;
    size_t n;
};
enum err copybook_find_file(void *copybook_path, struct str name,
                            struct str library, struct str *text);

#endif
