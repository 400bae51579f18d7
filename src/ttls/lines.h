/*
 * The lines of agent and policy files.
 *
 *     file    := { line }
 *     line    := [ stmt | "{" | "}" ] [ comment ] EOL
 *     comment := "#" ... EOL       at the line's begin or after a blank
 *     stmt    := WORD [ value ]    value: to the comment or EOL, trimmed
 *
 * "{" may also end the line of the statement it belongs to. Other braces that
 * share a line are read as if each stood on its own, and marked: whoever
 * reports them once has the file's structure all the same.
 */
#ifndef SALLYPORT_TTLS_LINES_H
#define SALLYPORT_TTLS_LINES_H

#include "base/str.h"

enum line_kind {
    LINE_END, /* of the file */
    LINE_STMT,
    LINE_OPEN,
    LINE_CLOSE,
};

struct line {
    enum line_kind kind;
    uint32_t number; /* 1-based */
    struct str word;
    struct str value;   /* empty when there is none */
    struct str comment; /* comment lines right above it, as they are */
    bool is_crowded;    /* the first of a line with more than it may hold */
};

struct lines {
    struct str rest;
    uint32_t number;
    struct str more; /* what is still to be read of the line `number` */
};

/*
 * No control characters but tabs and line ends (LF, CRLF)? Otherwise where the
 * first one is: a file of another encoding is one report, not one a line.
 */
bool lines_are_text(struct str text, uint32_t *number, uint8_t *byte);
struct lines lines_of(struct str text);
/* Views into the text; blank and comment lines are passed over. */
struct line lines_next(struct lines *);
/* What comes next, without taking it. */
struct line lines_peek(const struct lines *);
/* After the "{" of a block was taken: up to and with its "}". False when the
 * file ends before. */
bool lines_skip_block(struct lines *);

#endif
