#include "gateway/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define SYMBOL "sallyport_interceptor"

static enum err
check_writers(const char *path, struct err_info *why)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return err_set(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED,
                       "%s: %s", path, strerror(errno));
    if ((st.st_mode & 0022u) != 0 && (st.st_mode & S_ISVTX) == 0)
        return err_set(why, ERR_DENIED,
                       "%s has mode %04o: others than its owner may write it; "
                       "expected chmod go-w",
                       path, (unsigned)st.st_mode & 07777u);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return err_set(why, ERR_DENIED,
                       "%s belongs to user %u; expected root or the server's "
                       "user %u",
                       path, (unsigned)st.st_uid, (unsigned)geteuid());
    return ERR_OK;
}

enum err
library_check(const char *path, struct err_info *why)
{
    char folder[4096];
    struct str text = str_of(path);
    size_t slash = str_rfind_char(text, '/');
    struct stat st;
    enum err e;

    if (path[0] != '/')
        return err_set(why, ERR_SYNTAX, "\"%s\" is not an absolute path", path);
    if (!str_copy_z(str_sub(text, 0, slash == 0 ? 1 : slash), folder,
                    sizeof folder))
        return err_set(why, ERR_LIMIT, "the path is too long");
    if ((e = check_writers(path, why)) != ERR_OK ||
        (e = check_writers(folder, why)) != ERR_OK)
        return e;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(why, ERR_SYNTAX, "%s is not a file", path);
    return ERR_OK;
}

static enum err
check_code(const char *path, const struct sallyport_interceptor *code,
           struct err_info *why)
{
    if (code == NULL)
        return err_set(why, ERR_SYNTAX, "%s: " SYMBOL "() returned nothing",
                       path);
    if (code->abi != SALLYPORT_INTERCEPTOR_ABI)
        return err_set(why, ERR_UNSUPPORTED,
                       "%s was built for version %u of the interceptor "
                       "interface; expected %u: build it again",
                       path, code->abi, SALLYPORT_INTERCEPTOR_ABI);
    if (code->open == NULL || code->close == NULL || code->name == NULL)
        return err_set(why, ERR_SYNTAX,
                       "%s: its interceptor lacks name, open or close", path);
    if (code->is_blocking != 0)
        return err_set(why, ERR_UNSUPPORTED,
                       "%s: interceptor %.60s blocks, which is not supported",
                       path, code->name);
    return ERR_OK;
}

enum err
library_open(const char *path, struct library *out, struct err_info *why)
{
    const struct sallyport_interceptor *(*get)(void);
    struct library lib = { NULL, NULL };
    void *symbol;
    enum err e = library_check(path, why);

    if (e != ERR_OK)
        return e;
    lib.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (lib.handle == NULL)
        return err_set(why, ERR_SYNTAX, "%s", dlerror());
    symbol = dlsym(lib.handle, SYMBOL);
    if (symbol == NULL) {
        library_close(&lib);
        return err_set(why, ERR_SYNTAX,
                       "%s exports no function " SYMBOL
                       " (include/sallyport/interceptor.h)",
                       path);
    }
    /* ISO C has no conversion from object to function pointers. */
    memcpy(&get, &symbol, sizeof get);
    lib.code = get();
    e = check_code(path, lib.code, why);
    if (e != ERR_OK) {
        library_close(&lib);
        return e;
    }
    *out = lib;
    return ERR_OK;
}

void
library_close(struct library *lib)
{
    if (lib->handle != NULL)
        (void)dlclose(lib->handle);
    *lib = (struct library){ NULL, NULL };
}
