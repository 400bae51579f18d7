/*
 * Inside of src/assist: the statements of a generated policy. A piece is a
 * kind, whose object it is and a body; with the same three it is the same
 * piece, so that sharing needs no rules of its own. A name is given when a
 * piece is first wanted.
 */
#ifndef SALLYPORT_ASSIST_PIECES_H
#define SALLYPORT_ASSIST_PIECES_H

#include "assist/model.h"
#include "base/buf.h"
#include "base/table.h"

/* Those that stand at the end of a policy: in the order of the file. */
enum piece_kind {
    PIECE_GROUP,
    PIECE_GROUP_ADV,
    PIECE_ENV,
    PIECE_ENV_ADV,
    PIECE_GSK,
    PIECE_CONN,
    PIECE_CONN_ADV,
    PIECE_TAIL,
    PIECE_IMAGE_RING = PIECE_TAIL,
    PIECE_RING,
    PIECE_CIPHER,
    PIECE_SIGNATURE,
    PIECE_LDAP,
    PIECE_CDP,
    PIECE_OCSP,
    PIECE_ADDR, /* these three are counted as one */
    PIECE_ADDR_SET,
    PIECE_ADDR_GROUP,
    PIECE_PORT,
    PIECE_PORT_GROUP,
    PIECE_TIME,
    PIECE_KINDS
};

struct piece {
    enum piece_kind kind;
    struct str name, body;
    bool is_written;
    struct piece *next; /* in the order of first use */
};

struct pieces {
    struct arena *arena;
    struct str image;    /* the name that its ring bears */
    struct table same;   /* kind, owner and body: the piece */
    struct table owners; /* what is left of a name: whose it is */
    struct piece *first, **last;
    size_t n_of[PIECE_KINDS];
    bool no_memory;
    bool is_clash; /* why is written */
    struct err_info why;
};

void pieces_init(struct pieces *, struct arena *, struct str image);
void pieces_fini(struct pieces *);
/*
 * The piece of that body; NULL without storage or for an empty body, and when
 * the names of two owners would not be told apart in the policy (is_clash).
 * The body is empty afterwards.
 */
struct piece *pieces_get(struct pieces *, enum piece_kind,
                         const struct store_obj *owner, struct buf *body);
/* Write it, once. */
void piece_write(struct piece *, struct buf *out);
void pieces_write_tail(const struct pieces *, struct buf *out);

/* "{prefix}{k}" and, with an owner, "~{owner}". */
const char *piece_prefix(enum piece_kind);
enum ttls_stmt piece_stmt(enum piece_kind);
/* "{rule}~{i}": the rule is cut, so that its number stays. */
struct str piece_rule_name(struct arena *, struct str rule, size_t i);

/* "  keyword  value", and nothing for an empty value. */
void piece_param(struct buf *body, const char *keyword, struct str value);
void piece_param_z(struct buf *body, const char *keyword, const char *value);
void piece_param_ref(struct buf *body, const char *keyword,
                     const struct piece *);

#endif
