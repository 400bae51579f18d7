/*
 * A service archive (.sar): manifest.yml and the service interfaces (.si) as
 * plain structures. Only what a program needs to be called is kept; names and
 * values are those of the archive, `\` turned to `/` in entry names.
 */
#ifndef SALLYPORT_ARTEFACT_SERVICE_H
#define SALLYPORT_ARTEFACT_SERVICE_H

#include "artefact/archive.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cobol/layout.h"
#include "cobol/map.h"

/* One container of a channel, or the COMMAREA. */
struct service_segment {
    struct str container; /* "Container1"; "" for a COMMAREA */
    bool is_char;         /* containerType="CHAR" */
    bool is_required;
    struct layout *layout; /* its root is the 01 */
};

struct service_message {
    struct str root;    /* first JSON level: "cscvincServiceOperation"; "" for a
                         * COMMAREA (the 01's name is the root there) */
    struct str channel; /* "" for a COMMAREA */
    struct service_segment *segments;
    size_t n_segments;
    struct str schema; /* JSON schema text; "" when the archive has none */
    struct str entry;  /* the .si file, for messages */
};

struct service {
    struct str name, version, description;
    struct str provider;    /* "CICS-1.0" */
    struct str factory_pid; /* "cics" */
    struct str program, connection_ref;
    struct str transid;  /* "" = the connection's */
    bool eib_and_mirror; /* transidUsage */
    bool is_channel;     /* else COMMAREA */
    struct abi abi;      /* by ccsid: EBCDIC zos, ASCII and UTF-8 gnucobol */
    struct map_options options;
    struct service_message request, response;
};

/*
 * Read a .sar. Everything in *out lives in the arena; the archive may be freed.
 *   ccsid  0, or the code page that replaces the archive's (service property)
 *
 * ERR_SYNTAX, ERR_NOT_FOUND, ERR_RANGE, ERR_LIMIT: the text begins with the
 *   entry's name. ERR_UNSUPPORTED: a foreign bind file, an unknown provider
 *   property type, an unknown code page.
 */
MUST_CHECK enum err service_read(struct arena *, struct archive *,
                                 uint32_t ccsid, struct service *out,
                                 struct err_info *why);

/* The shape of one direction as map.h wants it. `spec->segments` is made in
 * the arena. */
MUST_CHECK enum err service_map_spec(struct arena *, const struct service *,
                                     bool is_request, struct map_spec *spec,
                                     struct err_info *why);

/*
 * A service interface alone: XML to segments and back. `file` is used in
 * messages. Reading fills channel and segments (root stays empty).
 */
MUST_CHECK enum err interface_read(struct arena *, struct str xml,
                                   struct str file, struct abi abi,
                                   bool *is_channel,
                                   struct service_message *out,
                                   struct err_info *why);
void interface_write(struct buf *out, const struct service_message *,
                     struct str message_name, bool is_channel);

#endif
