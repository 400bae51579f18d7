/*
 * A compiled image: one archive made ready to run. Flat and position
 * independent, written once per archive, mapped read only. It holds names,
 * routes, response rules, connection data and the mapping programs
 * (cobol/map.h); opening it checks every length and offset, after that reading
 * is plain pointer access.
 */
#ifndef SALLYPORT_ARTEFACT_IMAGE_H
#define SALLYPORT_ARTEFACT_IMAGE_H

#include "artefact/api.h"
#include "base/err.h"
#include "base/str.h"
#include "cobol/map.h"

#define IMAGE_BYTES_MAX ((size_t)256 << 20)
#define IMAGE_DIGEST_BYTES 32u /* SHA-256 */

enum image_kind {
    IMAGE_SERVICE = 1,
    IMAGE_API = 2,
    IMAGE_REQUESTER = 3,
};

struct image_response {
    uint32_t code;
    struct str description;
    const struct api_rule *rules; /* none: the default response */
    size_t n_rules;
    struct map map; /* out program (record to JSON) */
};

struct image_param {
    enum map_where where; /* MAP_PATH, MAP_QUERY, MAP_HEADER */
    struct str name;
    bool is_required;
};

/* One container, or the one area of a COMMAREA. */
struct image_area {
    struct str container;
    bool is_char;
    bool is_required;
    uint32_t max_bytes;
};

/*
 * API:       one for each path and method, document order.
 * Service:   exactly one (method POST, path ""): direct invocation.
 * Requester: one for each operation; path is base path and template, `request`
 *            is an out program (record to JSON), `response` an in program.
 */
struct image_op {
    struct str method;
    struct str path; /* relative template: "/employee/{employee}" */
    struct str operation_id;
    struct str service;               /* API and service */
    uint32_t default_code;            /* 200 unless changed */
    const struct image_param *params; /* what the request map reads */
    size_t n_params;
    bool has_request; /* requester: false = nothing to send */
    struct map request;
    bool has_response;   /* requester: false = the body is not mapped */
    struct map response; /* requester only */
    const struct image_response *responses; /* rule order, default last */
    size_t n_responses;
    /* How the program is reached (API and service). */
    const struct image_area *in_areas, *out_areas; /* segment order of maps */
    size_t n_in_areas, n_out_areas;
};

/* What calling a service's program needs. In an API image the values of each
 * service it refers to; server.xml properties may replace them. */
struct image_service {
    struct str name, version, description;
    struct str provider;    /* "CICS-1.0" */
    struct str factory_pid; /* "cics": provider_find() */
    struct str program, connection_ref, transid;
    bool eib_and_mirror;
    bool is_channel;
    struct str channel;
    uint32_t ccsid;
    struct str request_schema, response_schema; /* JSON text */
    uint8_t digest[IMAGE_DIGEST_BYTES];         /* see compile_service_digest */
};

struct image_info {
    enum image_kind kind;
    struct str name; /* service name, API id, requester id */
    struct str title, version, description;
    struct str base_path;      /* API, requester: "/cscvinc"; "" when none */
    struct str connection_ref; /* requester: its endpointConnection */
    struct str document;       /* Swagger text; API and requester */
    struct str document_entry; /* its name in the archive */
    uint8_t digest[IMAGE_DIGEST_BYTES]; /* SHA-256 of the archive */
    const struct image_op *ops;
    size_t n_ops;
    const struct image_service *services; /* service: itself; API: those used */
    size_t n_services;
};

struct image;

/* Map the file read only and check it. ERR_SYNTAX: damaged, or made by another
 * build (compile again). must_sum: it may be torn, so all of it is read. */
MUST_CHECK enum err image_load(const char *path, bool must_sum,
                               struct image **out, struct err_info *why);
/* The same from memory; the bytes are copied. */
MUST_CHECK enum err image_open(struct str bytes, struct image **out,
                               struct err_info *why);
/* One more owner, who calls image_free, too. Any thread. */
struct image *image_ref(struct image *);
void image_free(struct image **);
/* Its pages leave the process until somebody reads them again: of a thousand
 * APIs few are called. */
void image_rest(const struct image *);
/* Valid until image_free; any number of threads may read. */
const struct image_info *image_info(const struct image *);

/* The service of that name in the image; NULL when there is none. */
const struct image_service *image_service(const struct image *,
                                          struct str name);

/*
 * Choose the response of an operation: the first whose rules all hold
 * for these records (segment order), else the default one. Never NULL in *out
 * on success. ERR_RANGE: bad data in a field a rule asks for.
 */
MUST_CHECK enum err image_choose(const struct image_op *,
                                 const struct str records[],
                                 const struct image_response **out,
                                 struct err_info *why);

#endif
