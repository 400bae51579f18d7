/*
 * A Swagger 2.0 document as the requester generator needs it: operations with
 * their parameters and bodies, references resolved, in document order.
 */
#ifndef SALLYPORT_TOOLKIT_SWAGGER_H
#define SALLYPORT_TOOLKIT_SWAGGER_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define SWAGGER_OPERATIONS_MAX 1000u
#define SWAGGER_REFS_MAX 32u /* references in one chain */

struct swagger_parameter {
    struct str name;
    enum swagger_in { SWAGGER_PATH, SWAGGER_QUERY, SWAGGER_HEADER } in;
    bool is_required;
    const json_t *schema; /* the parameter object: type, maxLength ... */
};

struct swagger_operation {
    struct str method; /* "GET" */
    struct str path;   /* template */
    struct str id;     /* operationId, or the synthesised one */
    struct swagger_parameter *parameters;
    size_t n_parameters;
    const json_t *body; /* schema; NULL */
    bool body_is_required;
    uint32_t response_code; /* the lowest 2xx */
    const json_t *response; /* its schema; NULL */
    const char *refusal;    /* NULL, or why it cannot be used */
};

struct swagger {
    json_t *root; /* owned */
    struct str title, version, description, base_path;
    struct swagger_operation *operations;
    size_t n_operations;
};

/* Text is JSON, or YAML when the file's name ends in .yaml or .yml. Everything
 * lives in the arena and in root. ERR_SYNTAX (line, column), ERR_UNSUPPORTED
 * (not 2.0), ERR_LIMIT. */
MUST_CHECK enum err swagger_read(struct arena *, struct str text,
                                 struct str file, bool ignores_mime,
                                 struct swagger *out, struct err_info *why);
void swagger_fini(struct swagger *);

/* Follow "$ref" to the schema itself; NULL when it leads nowhere, out of the
 * document, or in a circle. */
const json_t *swagger_resolve(const json_t *root, const json_t *schema);

#endif
