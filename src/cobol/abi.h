/*
 * How the program that owns a record stores things. Two profiles: `zos` and
 * `gnucobol` (x86-64 Linux); every conversion takes one.
 */
#ifndef SALLYPORT_COBOL_ABI_H
#define SALLYPORT_COBOL_ABI_H

#include "base/err.h"
#include "base/str.h"

enum abi_kind {
    ABI_ZOS,      /* COMP-5, POINTER big-endian; floats IBM hexadecimal */
    ABI_GNUCOBOL, /* COMP-5, POINTER little-endian; floats IEEE 754 */
};

/* What a negative zoned number looks like; reading accepts what is unambiguous
 * beside it (see number.h). */
enum abi_sign {
    ABI_SIGN_EBCDIC,    /* zone nibble C, D, F on EBCDIC bytes */
    ABI_SIGN_ASCII,     /* GnuCOBOL default: 0x30-39 and 0x70-79 */
    ABI_SIGN_OVERPUNCH, /* GnuCOBOL -fsign=EBCDIC: {A-I and }J-R, plain 0-9 */
};

struct abi {
    enum abi_kind kind;
    enum abi_sign sign;
    uint32_t ccsid;  /* of character data: 37, 1047, 1208 (UTF-8), ... */
    bool odo_slides; /* data after an OCCURS DEPENDING table moves up */
};

/* kind's usual setting: zos = {EBCDIC, 37, slides}; gnucobol = {OVERPUNCH,
 * 1208, stays}: regions and jobs compile with -fsign=EBCDIC. */
struct abi abi_default(enum abi_kind kind);
/* "zos" | "gnucobol". ERR_SYNTAX otherwise. */
MUST_CHECK enum err abi_parse(struct str name, enum abi_kind *out,
                              struct err_info *why);

#endif
