/*
 * The EXEC CICS translator: COBOL with EXEC CICS in, COBOL for cobc out. The
 * number of lines is kept, so that the compiler's messages name the lines of
 * the source; the text may reach column 250 (cobc -ftext-column=250).
 *
 *   EXEC CICS c … END-EXEC  CALL 'zexec' USING <plan> <arguments>, then the
 *                           RESP moves (command.h says what a plan is);
 *                           behind RETURN also IF DFHEIGDI < 0 GOBACK
 *   DFHRESP(name)           its number
 *   CBL, PROCESS            a comment
 *   LINKAGE SECTION         gains COPY DFHEIBLK and, if absent, DFHCOMMAREA
 *   PROCEDURE DIVISION      USING DFHEIBLK DFHCOMMAREA
 *
 * COPY members that hold EXEC are expanded first; other COPYs are cobc's.
 * EXEC SQL is refused: run the SQL pass before this one.
 */
#ifndef SALLYPORT_REGION_TRANSLATE_H
#define SALLYPORT_REGION_TRANSLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define TRANSLATE_SOURCE_MAX (4u * 1024u * 1024u)
#define TRANSLATE_LINES_MAX 100000u
#define TRANSLATE_COLUMN 250u

struct translate_options {
    const char *name; /* of the source, for messages */
    bool is_free;     /* free format; else columns 7 to 72 */
    bool debugging;   /* lines with D in column 7 are code */
    /* Append the member's text; false when there is none. May be NULL. */
    bool (*copy)(void *arg, struct str member, struct buf *out);
    void *copy_arg;
};

/*
 * ERR_SYNTAX, ERR_UNSUPPORTED or ERR_LIMIT with "<name>:<line>:<column>: ..."
 * in `why`; `out` then holds nothing useful.
 */
MUST_CHECK enum err translate(struct str source,
                              const struct translate_options *, struct buf *out,
                              struct err_info *why);

#endif
