/* package.xml, common to API and API requester archives. */
#ifndef SALLYPORT_ARTEFACT_PACKAGE_H
#define SALLYPORT_ARTEFACT_PACKAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define PACKAGE_ENTRY "package.xml"
#define PACKAGE_METHODS_MAX 4096u

struct package_method {
    struct str path; /* relativePath, with its "?a&b" in a project */
    struct str type; /* "GET" */
    struct str service, operation_id, xform; /* xform: mapping.xml entry */
};

struct package {
    struct str id, title, base_path, description, version, connection_ref;
    bool is_requester;
    struct str document; /* entry of the Swagger document; may be "" */
    struct package_method *methods; /* document order */
    size_t n_methods;
};

/* Strings live in the arena. Errors begin with package.xml:line:column. */
MUST_CHECK enum err package_read(struct arena *, struct str xml,
                                 struct package *out, struct err_info *why);

/* `name` can be an id: no slash, blank, control character or URL delimiter. */
bool package_is_id(struct str name);

#endif
