/*
 * The operator's messages: a stable id, a text with {0}..{9}, a remedy. All of
 * them are rows in base/messages/<prefix>.def, so that adding a message is
 * adding a row:
 *
 *     MSG("BAQR0417W", "The request payload ... Error: {0}", "Send JSON ...")
 *
 * The id's last letter is its severity (I A W E S). Inserts that came from a
 * peer are cut to MSG_INSERT_MAX bytes and control characters become blanks.
 */
#ifndef SALLYPORT_BASE_MSG_H
#define SALLYPORT_BASE_MSG_H

#include "base/buf.h"
#include "base/str.h"

#define MSG_INSERT_MAX 1024u

struct msg {
    const char *id;
    const char *text;
    const char *remedy; /* "" when none is needed */
};

/* NULL when there is no such id. */
const struct msg *msg_find(const char *id);
/* Of a line "CWWKE0010E: ..." or "CWWKB0052I ...": its message, or NULL. */
const struct msg *msg_of_line(struct str line);
/* Of a line of a log in whichever format but JSON: what it says from the id of
 * an error on; "" when it has none. */
struct str msg_error_in(struct str line);
/* What to do about such a line; "" when there is nothing. */
const char *msg_remedy(struct str line);
/* All rows, sorted by id: for the reference manual. */
const struct msg *msg_all(size_t *n);
/* Append the text with its inserts, without the id. An unknown id appends the
 * id itself; a missing insert appends nothing. */
void msg_text(struct buf *out, const char *id, const struct str *inserts,
              size_t n_inserts);
/* The same with "<id>: " in front, as Liberty and z/OS Connect print it. */
void msg_line(struct buf *out, const char *id, const struct str *inserts,
              size_t n_inserts);

/* MSG_LINE(&buf, "CWWKG0028A", path, ...): inserts are struct str. */
#define MSG_INSERTS(...) ((const struct str[]){ __VA_ARGS__ })
#define MSG_LINE(out, id, ...)                                                 \
    msg_line((out), (id), MSG_INSERTS(__VA_ARGS__),                            \
             sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str))
#define MSG_TEXT(out, id, ...)                                                 \
    msg_text((out), (id), MSG_INSERTS(__VA_ARGS__),                            \
             sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str))

#endif
