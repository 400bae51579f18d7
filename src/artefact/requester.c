#include "artefact/requester.h"

#include "artefact/package.h"

/* The bind file is named after the operation. */
static enum err
read_operation(struct arena *arena, struct archive *archive,
               const struct package *package,
               const struct package_method *method, struct abi abi,
               struct requester_operation *out, struct err_info *why)
{
    struct str path =
        str_fmt(arena, STR_FMT STR_FMT, STR_ARG(package->base_path),
                STR_ARG(method->path));
    struct str bytes, entry;
    enum err e;

    if (method->operation_id.n == 0)
        return err_set(why, ERR_SYNTAX,
                       PACKAGE_ENTRY ": " STR_FMT " " STR_FMT
                                     " has no operationId",
                       STR_ARG(method->type), STR_ARG(method->path));
    entry = str_fmt(arena, "ws-binds/" STR_FMT ".wsbind",
                    STR_ARG(method->operation_id));
    if ((e = archive_read(archive, entry, &bytes, why)) != ERR_OK)
        return e;
    if ((e = bind_read(arena, bytes, abi, out, why)) != ERR_OK) {
        err_prefix(why, STR_FMT, STR_ARG(entry));
        return e;
    }
    out->bind_entry = entry;
    if (!str_eq(out->method, method->type) || !str_eq(out->path, path))
        return err_set(why, ERR_SYNTAX,
                       STR_FMT ": is for " STR_FMT " " STR_FMT
                               ", but package.xml says " STR_FMT " " STR_FMT,
                       STR_ARG(entry), STR_ARG(out->method), STR_ARG(out->path),
                       STR_ARG(method->type), STR_ARG(path));
    return ERR_OK;
}

static enum err
read_operations(struct arena *arena, struct archive *archive,
                const struct package *package, struct abi abi,
                struct requester *out, struct err_info *why)
{
    out->operations =
        ARENA_ARRAY(arena, struct requester_operation, package->n_methods + 1);
    if (out->operations == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    for (size_t i = 0; i < package->n_methods; i++) {
        struct requester_operation *op = &out->operations[i];
        enum err e = read_operation(arena, archive, package,
                                    &package->methods[i], abi, op, why);

        if (e != ERR_OK)
            return e;
        for (size_t k = 0; k < i; k++)
            if (str_eq(op->path, out->operations[k].path) &&
                str_eq(op->method, out->operations[k].method))
                return err_set(why, ERR_EXISTS,
                               PACKAGE_ENTRY ": " STR_FMT " " STR_FMT
                                             " stands here twice",
                               STR_ARG(op->method), STR_ARG(op->path));
        out->n_operations++;
    }
    return ERR_OK;
}

enum err
requester_read(struct arena *arena, struct archive *archive, struct abi abi,
               struct requester *out, struct err_info *why)
{
    struct package package;
    struct requester r;
    struct str text;
    enum err e;

    if ((e = archive_read(archive, STR(PACKAGE_ENTRY), &text, why)) != ERR_OK ||
        (e = package_read(arena, text, &package, why)) != ERR_OK)
        return e;
    if (!package.is_requester)
        return err_set(why, ERR_SYNTAX,
                       PACKAGE_ENTRY ": this is not an API requester archive "
                                     "(packageType)");
    if (package.connection_ref.n == 0)
        return err_set(why, ERR_SYNTAX,
                       PACKAGE_ENTRY ": apiSpec has no connectionRef");
    r = (struct requester){ .name = package.id,
                            .title = package.title,
                            .version = package.version,
                            .description = package.description,
                            .base_path = package.base_path,
                            .connection_ref = package.connection_ref,
                            .document_entry = package.document };
    if ((e = read_operations(arena, archive, &package, abi, &r, why)) != ERR_OK)
        return e;
    if (r.n_operations == 0)
        return err_set(why, ERR_SYNTAX, PACKAGE_ENTRY ": no operation");
    if (r.document_entry.n > 0) {
        e = archive_read(archive, r.document_entry, &text, why);
        if (e != ERR_OK)
            return e;
        r.document = str_dup(arena, text);
    }
    *out = r;
    return ERR_OK;
}
