/*
 * JSON schemas to record structures of an API requester (3.11): trees of
 * fields with their count and length companions, and comment lines that
 * describe each property.
 */
#ifndef SALLYPORT_TOOLKIT_STRUCTURE_H
#define SALLYPORT_TOOLKIT_STRUCTURE_H

#include "base/buf.h"
#include "cobol/layout.h"
#include "toolkit/names.h"
#include "toolkit/swagger.h"
#include "toolkit/toolkit.h"

struct structure_rules {
    struct name_rules names;
    uint32_t default_max_length;        /* strings without maxLength: 255 */
    uint32_t default_max_items;         /* arrays without maxItems: 255 */
    uint32_t key_max_length;            /* apiKey parameters: 255 */
    bool wide_comp3;                    /* 31 digits */
    struct str header_keys, query_keys; /* comma lists of apiKey parameters */
};

struct structure {
    struct field *root; /* nameless group; NULL: nothing to send or receive */
    struct buf *notes;  /* comment text, one line each, without indicator */
};

/*
 * The request (Q) or the response (P) of one operation. ERR_UNSUPPORTED with a
 * sentence: the operation is to be ignored.
 */
MUST_CHECK enum err structure_request(struct toolkit *, const json_t *root,
                                      const struct swagger_operation *,
                                      const struct structure_rules *,
                                      struct structure *out,
                                      struct err_info *why);
MUST_CHECK enum err structure_response(struct toolkit *, const json_t *root,
                                       const struct swagger_operation *,
                                       const struct structure_rules *,
                                       struct structure *out,
                                       struct err_info *why);

#endif
