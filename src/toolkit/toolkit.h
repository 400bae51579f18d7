/*
 * The build toolkit: projects and properties files to archives. Each builder
 * appends the archive's bytes to a buffer and writes nothing but what its
 * description says; the command line (build.c) stores the archive.
 */
#ifndef SALLYPORT_TOOLKIT_TOOLKIT_H
#define SALLYPORT_TOOLKIT_TOOLKIT_H

#include <stdio.h>

#include "artefact/api.h"
#include "artefact/compile.h"
#include "artefact/service.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "parse/zip.h"
#include "toolkit/properties.h"

#define TOOLKIT_FILE_MAX ((size_t)16 << 20)

struct toolkit {
    struct arena arena;
    FILE *out; /* messages */
    bool is_verbose;
    unsigned n_warnings; /* single items left out or changed */
    unsigned n_errors;
    /* Where the services of an API are, beside the project's own services/:
     * a folder of .sar files; NULL. */
    const char *services_folder;
    /* File that gets a copy of the generated Swagger document; NULL. */
    const char *document_copy;
};

void toolkit_init(struct toolkit *, FILE *out);
void toolkit_fini(struct toolkit *);

/* Print a message of the catalogue; W and E ids are counted. */
void toolkit_say(struct toolkit *, const char *id, const struct str *inserts,
                 size_t n);
#define TOOLKIT_SAY(tk, id, ...)                                               \
    toolkit_say((tk), (id), MSG_INSERTS(__VA_ARGS__),                          \
                sizeof(MSG_INSERTS(__VA_ARGS__)) / sizeof(struct str))

/* A file into the arena; at most TOOLKIT_FILE_MAX. */
MUST_CHECK enum err toolkit_read(struct toolkit *, const char *path,
                                 struct str *out, struct err_info *why);
char *toolkit_path(struct toolkit *, const char *dir, const char *name);

/* Entries of an archive under construction. */
struct toolkit_items {
    struct zip_item *v;
    size_t n, cap;
};
/* Copies both into the arena. ERR_MEMORY. */
MUST_CHECK enum err toolkit_add(struct toolkit *, struct toolkit_items *,
                                struct str name, struct str content,
                                struct err_info *why);

/* A service: everything its archive says. */
struct sar_input {
    struct service service; /* request and response without schemas */
    struct str request_file, response_file; /* .si names, without folder */
    struct str request_xml, response_xml;
};
/* Schemas, service file, manifest; the archive is read again before it is
 * given out. */
MUST_CHECK enum err sar_build(struct toolkit *, const struct sar_input *,
                              struct buf *archive, struct err_info *why);
/* service.properties and service-interfaces/ of a folder. */
MUST_CHECK enum err sar_from_project(struct toolkit *, const char *dir,
                                     struct buf *archive, struct str *name,
                                     struct err_info *why);
/* provider=cics with copybooks. */
MUST_CHECK enum err sar_from_properties(struct toolkit *, struct properties *,
                                        struct buf *archive, struct str *name,
                                        struct err_info *why);
/* package.xml and api/ of a folder. */
MUST_CHECK enum err aar_from_project(struct toolkit *, const char *dir,
                                     struct buf *archive, struct str *name,
                                     struct err_info *why);
/* Swagger document to archive, copybooks, logs; report: the summary. */
MUST_CHECK enum err ara_from_properties(struct toolkit *, struct properties *,
                                        struct buf *archive, struct str *name,
                                        struct err_info *why);

/* The Swagger document of an API. service_of gives each operation's
 * service, in the order of api->operations. */
MUST_CHECK enum err swagger_write(struct toolkit *, const struct api *,
                                  const struct service *const *service_of,
                                  struct buf *out, struct err_info *why);

/* The whole command; returns its exit status. */
int build_main(int argc, char **argv);

#endif
