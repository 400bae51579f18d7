/*
 * Names in the order in which the original lists them: that of EBCDIC (code
 * page 1047), letters before digits.
 */
#ifndef SALLYPORT_SAF_COLLATE_H
#define SALLYPORT_SAF_COLLATE_H

#include "base/str.h"

struct sqlite3;

/* EBCDIC of a printable ASCII character; X'6F', "?", of any other byte. */
unsigned char collate_ebcdic(unsigned char c);
/* < 0: a comes first. Bytes that are no printable ASCII count as they are. */
int collate_names(struct str a, struct str b);
int collate_bytes(unsigned char a, unsigned char b);

/* "ORDER BY name COLLATE EBCDIC" on this connection. The result of SQLite. */
int collate_register(struct sqlite3 *);

#endif
