/*
 * An API requester archive (.ara) as plain structures. The record structures
 * come from our own bind files (>ZCBIND<, doc/internals/artefacts.md).
 */
#ifndef SALLYPORT_ARTEFACT_REQUESTER_H
#define SALLYPORT_ARTEFACT_REQUESTER_H

#include "artefact/archive.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cobol/layout.h"

struct requester_operation {
    struct str operation_id, method;
    struct str
        path; /* base path and template: "/cscvinc/employee/{employee}" */
    struct layout *request, *response; /* NULL: nothing to send or receive */
    uint32_t response_code;            /* the mapped 2xx */
    struct str bind_entry;
};

struct requester {
    struct str name; /* "cscvincapi_1.0.0" */
    struct str title, version, description, base_path, connection_ref;
    struct requester_operation *operations;
    size_t n_operations;
    struct str document, document_entry;
};

/* abi: of the programs that will call it. Errors as in service_read. */
MUST_CHECK enum err requester_read(struct arena *, struct archive *,
                                   struct abi abi, struct requester *out,
                                   struct err_info *why);

/* One bind file: the structures without offsets, so that one archive serves
 * every ABI. */
MUST_CHECK enum err bind_read(struct arena *, struct str bytes, struct abi abi,
                              struct requester_operation *out,
                              struct err_info *why);
MUST_CHECK enum err bind_write(struct buf *out,
                               const struct requester_operation *,
                               struct err_info *why);

#endif
