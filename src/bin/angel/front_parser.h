/* Foreign certificates are read in a child made for that one input; see
 * front_parser.c. */
#ifndef SALLYPORT_ANGEL_FRONT_PARSER_H
#define SALLYPORT_ANGEL_FRONT_PARSER_H

#include "front.h"

enum parser_kind { PARSE_INPUT = 1, PARSE_PKCS12, PARSE_PKCS7, PARSE_HOST_IDS };

struct parser_work {
    enum parser_kind kind;
    struct str input, password; /* INPUT; PKCS12: the certificate */
    struct str pkcs8, label;
    const struct str *list; /* trusted ones, authorities, or the chain */
    size_t n_list;
};
#define PARSER_REQUEST_MAX (64u * 1024u * 1024u)
#define PARSER_RESULT_MAX (4u << 20)

/* As one string, for front_slow. Holds secrets. */
void parser_put(const struct parser_work *, struct buf *out);

struct parser {
    int fd; /* readable when it has ended; -1 none */
    pid_t pid;
};
/* Its request is parser_put's. */
MUST_CHECK enum err parser_start(struct str request, struct parser *out,
                                 struct err_info *why);
/* Is it through within so many ms? */
bool parser_is_done(const struct parser *, int wait_ms);
/* Wait for it and take the result. *was_killed: by somebody else, so nothing is
 * known of the input. */
MUST_CHECK enum err parser_take(struct parser *, struct buf *result,
                                bool *was_killed, struct err_info *why);
void parser_kill(struct parser *);

#endif
