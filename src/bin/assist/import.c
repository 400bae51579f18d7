/* sallyport assist --import: objects from a policy. */
#include <stdio.h>
#include <string.h>

#include "assist/import.h"
#include "base/file.h"
#include "bin/assist/assist.h"
#include "ttls/source.h"

#define FILES_MAX 16

static enum err
write_store(const char *path, struct str text, struct err_info *why)
{
    struct buf there;
    enum err e;

    if (strcmp(path, "-") == 0)
        return fwrite(text.p, 1, text.n, stdout) == text.n &&
                       fflush(stdout) == 0
                   ? ERR_OK
                   : err_sys(why, "cannot write standard output");
    buf_init(&there, STORE_FILE_MAX);
    e = file_read(path, &there, NULL);
    buf_fini(&there);
    if (e != ERR_NOT_FOUND)
        return err_set(why, ERR_EXISTS,
                       "%s: is there; expected the name of a store that is to "
                       "be made",
                       path);
    return file_write_atomic(path, text, 0644, why);
}

/* "WG31.TCPIP1" */
static void
split(const char *stack, struct import_options *o)
{
    struct str rest = str_of(stack);

    if (stack != NULL && str_token(&rest, '.', &o->image))
        o->stack = rest;
}

enum err
import_run(const struct import_command *c, struct said *said,
           struct err_info *why)
{
    struct import_options options = { .is_lossy = c->is_lossy,
                                      .on_diag = say_policy,
                                      .arg = said };
    struct import_file files[FILES_MAX];
    struct buf texts[FILES_MAX], json;
    enum err e = ERR_OK;
    int n = 0;

    if (c->n_files > FILES_MAX)
        return err_set(why, ERR_LIMIT, "found %d files, expected at most %d",
                       c->n_files, FILES_MAX);
    split(c->stack, &options);
    buf_init(&json, STORE_FILE_MAX);
    for (; e == ERR_OK && n < c->n_files; n++) {
        buf_init(&texts[n], TTLS_FILE_MAX);
        e = source_read_file(c->files[n], (struct str){ 0 }, TTLS_FILE_MAX,
                             &texts[n], why);
        files[n] =
            (struct import_file){ str_of(c->files[n]), buf_view(&texts[n]) };
    }
    if (e == ERR_OK)
        e = import_policy(files, (size_t)n, &options, &json, why);
    if (e == ERR_OK && c->output != NULL)
        e = write_store(c->output, buf_view(&json), why);
    if (e == ERR_OK && said->findings == NULL)
        fprintf(stderr, "0 errors, %u warnings\n", said->n_warnings);
    for (int i = 0; i < n; i++)
        buf_fini(&texts[i]);
    buf_fini(&json);
    return e;
}
