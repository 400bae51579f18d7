/*
 * Encodings of server.xml and what it includes. The parser reads what extends
 * ASCII; documents in EBCDIC and UTF-16 become UTF-8 first.
 */
#ifndef SALLYPORT_CONFIG_ENCODING_H
#define SALLYPORT_CONFIG_ENCODING_H

#include "base/buf.h"
#include "base/err.h"

/*
 * The encoding is told by the first bytes and, in EBCDIC, by the declaration:
 * <?xml version="1.0" encoding="IBM-1047"?>. New-line characters of EBCDIC
 * (X'15', X'25') become line feeds; what the declaration says of the encoding
 * becomes blanks, so that lines and columns stay.
 *
 *   out            appended to, when *is_converted; else left alone: the bytes
 *                  are UTF-8, or another encoding in which ASCII is ASCII
 *
 * ERR_SYNTAX  the bytes are not what the document says they are, UTF-32, or a
 *             code page nobody knows; why has line and column
 * ERR_LIMIT   the text does not fit into out
 * Source: XML 1.0, appendix F.
 */
MUST_CHECK enum err encoding_to_utf8(struct str bytes, struct buf *out,
                                     bool *is_converted, struct err_info *why);

/*
 * The small files beside it, which a shell of z/OS reads, may be in IBM-1047:
 * bytes that are not UTF-8, but are nothing than printable characters, blanks
 * and line ends there. A name and its "=" in ASCII never are. ERR_LIMIT as
 * above.
 */
MUST_CHECK enum err encoding_of_text(struct str bytes, struct buf *out,
                                     bool *is_converted, struct err_info *why);

#endif
