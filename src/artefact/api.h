/*
 * An API archive (.aar) as plain structures: package.xml, every operation's
 * mapping.xml, its request and response maps, its response rules, and the
 * Swagger document.
 */
#ifndef SALLYPORT_ARTEFACT_API_H
#define SALLYPORT_ARTEFACT_API_H

#include "artefact/archive.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cobol/map.h"

#define API_OPERATIONS_MAX 4096u
#define API_RULES_MAX 32u
#define API_CODES_MAX 64u

enum rule_op { RULE_EQ, RULE_NE, RULE_LT, RULE_GT, RULE_LE, RULE_GE };

struct api_rule {
    struct str name;  /* "Rule1" */
    struct str field; /* path from the service root */
    enum rule_op op;
    struct str value;
};

struct api_response {
    uint32_t code; /* 100..599 */
    struct str description;
    struct api_rule *rules; /* all must hold; none: the default response */
    size_t n_rules;
    struct map_update *updates;
    size_t n_updates;
    struct str map_entry; /* "" = identity */
};

struct api_operation {
    struct str method;
    struct str path;         /* template, "/employee/{employee}", no query */
    struct str project_path; /* as above with "?q1&q2" when it has any */
    struct str operation_id, service;
    uint32_t default_code;
    struct map_update *updates; /* of the request */
    bool *omitted;              /* of each update: not in the document */
    size_t n_updates;
    struct str map_entry;           /* request map; "" = identity */
    struct api_response *responses; /* in rule order, default last */
    size_t n_responses;
};

struct api {
    struct str name; /* id */
    struct str title, version, description;
    struct str base_path;             /* "/cscvinc" */
    struct api_operation *operations; /* document order */
    size_t n_operations;
    struct str document, document_entry; /* Swagger JSON text */
};

/*
 * Everything lives in the arena. Errors as in service_read, each beginning
 * with the entry's name; ERR_EXISTS: an operation twice.
 */
MUST_CHECK enum err api_read(struct arena *, struct archive *, struct api *out,
                             struct err_info *why);

/* "=", "==" or "eq", "!=" or "ne", ... ERR_SYNTAX otherwise. */
MUST_CHECK enum err rule_op_parse(struct str text, enum rule_op *out,
                                  struct err_info *why);
const char *rule_op_name(enum rule_op op); /* "eq" */

#endif
