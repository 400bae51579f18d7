/*
 * Which resource a URL names. Compiled once for a configuration, then answered
 * without allocation: reserved space /zosConnect first, else the longest
 * basePath, then the path template, literal segments beating parameters.
 *
 * Source: z/OS Connect API mapping, request processing.
 */
#ifndef SALLYPORT_GATEWAY_ROUTE_H
#define SALLYPORT_GATEWAY_ROUTE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define ROUTE_PARAMS_MAX 16u
#define ROUTE_SEGMENTS_MAX 64u

struct route_table;

/* One operation to publish. Strings are copied into the table's arena. */
struct route_entry {
    struct str base_path; /* "/cscvinc" */
    struct str template;  /* "/employee/{employee}" */
    struct str method;    /* "GET" */
    void *target;         /* the caller's */
    void *api;            /* same for all operations of one API */
};

struct route_param {
    struct str name;  /* "employee" */
    struct str value; /* percent-decoded */
};

enum route_result {
    ROUTE_FOUND,
    ROUTE_NO_PATH,   /* 404 */
    ROUTE_NO_METHOD, /* 405: the path exists */
    ROUTE_BAD_PATH,  /* 400: percent-encoding, NUL, too many segments */
};

struct route_match {
    void *target;     /* ROUTE_FOUND */
    void *api;        /* ROUTE_FOUND, ROUTE_NO_METHOD; ROUTE_NO_PATH below a
                         basePath; else NULL */
    struct str rest;  /* below the API's basePath, undecoded */
    struct str allow; /* ROUTE_NO_METHOD: "GET, PUT" */
    struct route_param params[ROUTE_PARAMS_MAX];
    size_t n_params;
};

/*
 * ERR_EXISTS  two entries with the same method and template (names of
 *             parameters do not tell them apart)
 * ERR_SYNTAX  a malformed template; ERR_LIMIT too many parameters
 */
MUST_CHECK enum err route_table_new(struct arena *, const struct route_entry *,
                                    size_t n, struct route_table **out,
                                    struct err_info *why);
/* path: raw, as received, starting with "/". Decoded values live in arena. */
enum route_result route_find(const struct route_table *, struct arena *,
                             struct str method, struct str path,
                             struct route_match *out);

#endif
