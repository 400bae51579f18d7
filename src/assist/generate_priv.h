/* Inside of src/assist: a policy that is being made. */
#ifndef SALLYPORT_ASSIST_GENERATE_PRIV_H
#define SALLYPORT_ASSIST_GENERATE_PRIV_H

#include "assist/generate.h"
#include "assist/pieces.h"

struct gen {
    const struct store_image *image;
    struct arena arena;
    struct pieces pieces;
    struct table names; /* of rules */
    struct table lists; /* of addresses or ports: the piece that each is */
    struct buf body;    /* of the statement that is being made */
    struct buf *out;
    uint32_t priority; /* of the next rule */
};

/* No storage, or names that clash. */
bool gen_is_done(const struct gen *);
/* The piece of g->body. */
struct piece *gen_made(struct gen *, enum piece_kind,
                       const struct store_obj *owner);

/* An address or a port, or a group that names each; NULL for none. */
struct piece *gen_list(struct gen *, struct store_texts, bool is_address);
struct piece *gen_time(struct gen *, const struct store_rule *);
/* "LocalAddrSetRef  addr1": side is Local or Remote. */
void gen_address_param(struct buf *rule, const char *side,
                       const struct piece *);
void gen_port_param(struct buf *rule, const char *side, const struct piece *);

#endif
