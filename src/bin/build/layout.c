/* sallyport build layout: offsets of a copybook, as the mapping sees them. */
#include "layout.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/cli.h"
#include "base/file.h"
#include "cobol/copybook.h"

#define FOLDERS_MAX 32u

struct request {
    const char *file;
    const char *folders[FOLDERS_MAX];
    size_t n_folders;
    struct abi abi;
};

static void
print_help(FILE *out)
{
    fputs("Usage: sallyport build layout [OPTION]... FILE\n"
          "Print offset, size, level, name and type of every item of a "
          "copybook or program.\n\nOptions:\n"
          "  -I, --include DIR   search COPY members there (may be repeated;\n"
          "                      the file's own folder comes first)\n"
          "      --abi NAME      gnucobol (default) or zos\n"
          "  -h, --help          show this text\n\n"
          "Example: sallyport build layout --abi zos "
          "samples/copybooks/CSCREQ.cpy\n",
          out);
}

static enum err
parse(struct request *r, int argc, char **argv, struct err_info *why)
{
    for (int i = 1; i < argc; i++) {
        const char *folder, *name;
        enum cli_match how;
        enum err e;

        how = cli_match(argc, argv, &i, "-I", true, &folder);
        if (how == CLI_OTHER)
            how = cli_match(argc, argv, &i, "--include", true, &folder);
        if (how == CLI_MATCH) {
            if (r->n_folders == FOLDERS_MAX - 1)
                return err_set(why, ERR_LIMIT, "more than %u folders",
                               FOLDERS_MAX - 1);
            r->folders[r->n_folders++] = folder;
            continue;
        }
        if (how == CLI_OTHER)
            how = cli_match(argc, argv, &i, "--abi", true, &name);
        if (how == CLI_NO_VALUE)
            return err_set(why, ERR_SYNTAX, "missing value after %s", argv[i]);
        if (how == CLI_MATCH) {
            enum abi_kind kind;

            if ((e = abi_parse(str_of(name), &kind, why)) != ERR_OK)
                return e;
            r->abi = abi_default(kind);
        } else if (argv[i][0] == '-' || r->file != NULL) {
            return err_set(why, ERR_SYNTAX, "unknown parameter %s", argv[i]);
        } else {
            r->file = argv[i];
        }
    }
    return r->file != NULL ? ERR_OK
                           : err_set(why, ERR_SYNTAX, "expected a file");
}

static enum err
show(struct request *r, struct arena *arena, struct buf *text, struct buf *out,
     struct err_info *why)
{
    struct str path = str_of(r->file);
    size_t slash = str_rfind_char(path, '/');
    struct copybook_path search = { arena, r->folders, 0 };
    struct copybook_options options = { .abi = r->abi,
                                        .file_name = path,
                                        .find = copybook_find_file,
                                        .ctx = &search };
    struct copybook book;
    enum err e = file_read(r->file, text, why);

    if (e != ERR_OK)
        return e;
    memmove(r->folders + 1, r->folders, r->n_folders * sizeof *r->folders);
    r->folders[0] =
        slash == STR_NPOS ? "." : str_z(arena, str_sub(path, 0, slash + 1));
    search.n = r->n_folders + 1;
    if (r->folders[0] == NULL)
        return err_set(why, ERR_MEMORY, "no storage");
    e = copybook_parse(arena, buf_view(text), &options, &book, why);
    if (e != ERR_OK && why->line > 0)
        err_prefix(why, "%s:%u:%u", r->file, why->line, why->column);
    for (size_t i = 0; e == ERR_OK && i < book.n; i++)
        layout_print(&book.layouts[i], out);
    return e == ERR_OK ? buf_check(out, why) : e;
}

int
layout_main(int argc, char **argv)
{
    struct request r = { .abi = abi_default(ABI_GNUCOBOL) };
    struct err_info why = { 0 };
    struct arena arena;
    struct buf text, out;
    enum err e;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            print_help(stdout);
            return 0;
        }
    arena_init(&arena, 256u << 20);
    buf_init(&text, COPYBOOK_TEXT_MAX);
    buf_init(&out, 256u << 20);
    e = parse(&r, argc, argv, &why);
    if (e == ERR_OK)
        e = show(&r, &arena, &text, &out, &why);
    if (e == ERR_OK)
        fwrite(out.p, 1, out.n, stdout);
    else
        fprintf(stderr, "sallyport build layout: %s\n", why.text);
    buf_fini(&out);
    buf_fini(&text);
    arena_fini(&arena);
    return e == ERR_OK ? 0 : 1;
}
