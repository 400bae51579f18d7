/*
 * sallyport build: the command line of the toolkit it stands in for. Both
 * "-p=x" and "-p x" are accepted, long options likewise.
 */
#include "base/cli.h"
#include "base/file.h"
#include "base/msg.h"
#include "base/version.h"
#include "cobol/copybook.h"
#include "toolkit/toolkit.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Exit codes of the original. */
enum { BUILD_OK = 0, BUILD_FAILED = 1, BUILD_WARNINGS = 4, BUILD_ERRORS = 8 };

struct command {
    const char *properties, *project, *file, *folder;
    const char *services, *document;
    bool reports, is_verbose, wants_help, wants_version;
};

struct option {
    const char *longer, *shorter;
    const char **value; /* or */
    bool *flag;
};

static void
print_help(FILE *out)
{
    fputs(
        "Usage: sallyport build -pd=PROJECT (-od=FOLDER | -f=ARCHIVE)\n"
        "       sallyport build -p=FILE.properties -f=ARCHIVE\n"
        "       sallyport build layout FILE.cpy\n"
        "Build service (.sar), API (.aar) and API requester (.ara) archives.\n"
        "\nOptions:\n"
        "  -p,  --properties FILE         properties file: service or API "
        "requester\n"
        "  -pd, --projectDirectory DIR    service or API project\n"
        "  -f,  --file ARCHIVE            output; .sar, .aar or .ara\n"
        "  -od, --outputDirectory DIR     output folder, with -pd; the name is "
        "the\n"
        "                                 service's or API's\n"
        "       --services DIR            .sar files an API project refers "
        "to\n"
        "       --document FILE           also write the API's Swagger "
        "document\n"
        "  -r,  --reportError             exit status 4 after warnings, 8 "
        "after errors\n"
        "  -v,  --verbose                 say more\n"
        "  -h,  --help                    show this text\n"
        "       --version                 show the version\n"
        "\nExample: sallyport build -pd=samples/services/cscvincService "
        "-od=out\n",
        out);
}

/* Is argv[*i] that option, by its long name or by its short one? */
static enum cli_match
match(const struct option *o, int argc, char **argv, int *i, const char **value)
{
    enum cli_match how = CLI_OTHER;
    char name[40];

    snprintf(name, sizeof name, "--%s", o->longer);
    how = cli_match(argc, argv, i, name, o->value != NULL, value);
    if (how != CLI_OTHER || o->shorter == NULL)
        return how;
    snprintf(name, sizeof name, "-%s", o->shorter);
    return cli_match(argc, argv, i, name, o->value != NULL, value);
}

/* 0, or the exit status after saying what is wrong. */
static int
parse(struct command *c, int argc, char **argv)
{
    const struct option options[] = {
        { "properties", "p", &c->properties, NULL },
        { "projectDirectory", "pd", &c->project, NULL },
        { "file", "f", &c->file, NULL },
        { "outputDirectory", "od", &c->folder, NULL },
        { "services", NULL, &c->services, NULL },
        { "document", NULL, &c->document, NULL },
        { "reportError", "r", NULL, &c->reports },
        { "verbose", "v", NULL, &c->is_verbose },
        { "help", "h", NULL, &c->wants_help },
        { "version", NULL, NULL, &c->wants_version },
    };

    for (int i = 1; i < argc; i++) {
        enum cli_match how = CLI_OTHER;
        const char *value;
        size_t k = 0;

        if (strcmp(argv[i], "--complete") == 0) {
            for (k = 0; k < ARRAY_LEN(options); k++)
                printf("--%s\n", options[k].longer);
            exit(BUILD_OK);
        }
        while (k < ARRAY_LEN(options) &&
               (how = match(&options[k], argc, argv, &i, &value)) == CLI_OTHER)
            k++;
        if (how != CLI_MATCH) {
            fprintf(stderr,
                    "sallyport build: %s %s\nTry 'sallyport build --help'.\n",
                    how == CLI_OTHER ? "unknown parameter"
                                     : "missing value after",
                    argv[i]);
            return BUILD_FAILED;
        }
        if (options[k].flag != NULL)
            *options[k].flag = true;
        else
            *options[k].value = value;
    }
    return BUILD_OK;
}

static bool
has_extension(const char *path, const char *extension)
{
    return str_ends(str_of(path), str_of(extension));
}

static const char *
check_usage(const struct command *c)
{
    if ((c->properties == NULL) == (c->project == NULL))
        return "one of -p and -pd is needed";
    if ((c->file == NULL) == (c->folder == NULL))
        return "one of -f and -od is needed";
    if (c->properties != NULL && c->folder != NULL)
        return "-od goes with -pd only";
    if (c->file != NULL && !has_extension(c->file, ".sar") &&
        !has_extension(c->file, ".aar") && !has_extension(c->file, ".ara"))
        return "the file of -f must end in .sar, .aar or .ara";
    if (c->properties != NULL && has_extension(c->file, ".aar"))
        return "an API archive is built from a project (-pd)";
    return NULL;
}

static bool
exists(struct toolkit *tk, const char *dir, const char *name)
{
    char *path = toolkit_path(tk, dir, name);
    struct stat st;

    return path != NULL && stat(path, &st) == 0;
}

static enum err
build_project(struct toolkit *tk, const struct command *c, struct buf *archive,
              struct str *name, const char **extension, struct err_info *why)
{
    bool is_service = exists(tk, c->project, "service.properties");

    if (!is_service && !exists(tk, c->project, "package.xml"))
        return err_set(why, ERR_NOT_FOUND,
                       "%s holds neither service.properties nor package.xml",
                       c->project);
    *extension = is_service ? ".sar" : ".aar";
    if (c->file != NULL && !has_extension(c->file, *extension))
        return err_set(why, ERR_SYNTAX, "%s: this project makes a %s file",
                       c->file, *extension);
    return is_service ? sar_from_project(tk, c->project, archive, name, why)
                      : aar_from_project(tk, c->project, archive, name, why);
}

static enum err
build_properties(struct toolkit *tk, const struct command *c,
                 struct buf *archive, struct str *name, struct err_info *why)
{
    struct properties p;
    struct str text;
    enum err e;

    if ((e = toolkit_read(tk, c->properties, &text, why)) != ERR_OK ||
        (e = properties_read(&tk->arena, text, str_of(c->properties), &p,
                             why)) != ERR_OK)
        return e;
    if (has_extension(c->file, ".sar"))
        e = sar_from_properties(tk, &p, archive, name, why);
    else
        e = ara_from_properties(tk, &p, archive, name, why);
    if (e == ERR_OK) {
        const struct property *row;
        size_t pos = 0;

        while ((row = properties_unused(&p, &pos)) != NULL)
            TOOLKIT_SAY(tk, "BAQB0051W", str_of(c->properties), row->key);
    }
    return e;
}

static enum err
run(struct toolkit *tk, const struct command *c, struct err_info *why)
{
    const char *extension = "", *path = c->file;
    struct buf archive;
    struct str name = { 0 };
    enum err e;

    buf_init(&archive, ZIP_BYTES_MAX);
    e = c->project != NULL
            ? build_project(tk, c, &archive, &name, &extension, why)
            : build_properties(tk, c, &archive, &name, why);
    if (e == ERR_OK && path == NULL) {
        e = dir_make(c->folder, 0755, why);
        path = str_z(&tk->arena, str_fmt(&tk->arena, "%s/" STR_FMT "%s",
                                         c->folder, STR_ARG(name), extension));
    }
    if (e == ERR_OK)
        e = file_write_atomic(path, buf_view(&archive), 0644, why);
    buf_fini(&archive);
    if (e == ERR_OK && has_extension(path, ".ara"))
        TOOLKIT_SAY(tk, "BAQB0009I", str_of(path));
    else if (e == ERR_OK && has_extension(path, ".aar"))
        TOOLKIT_SAY(tk, "BAQB0003I", str_of(path));
    else if (e == ERR_OK)
        TOOLKIT_SAY(tk, "BAQB0002I", str_of(path));
    return e;
}

static enum err
print_layouts(struct toolkit *tk, const char *path, struct err_info *why)
{
    struct copybook_options options = { .abi = abi_default(ABI_GNUCOBOL),
                                        .find = copybook_find_file };
    struct copybook_path where = { .arena = &tk->arena, .n = 1 };
    char *copy = str_z(&tk->arena, str_of(path));
    const char *folder;
    struct copybook book;
    struct str text;
    struct buf out;
    enum err e = toolkit_read(tk, path, &text, why);

    if (e != ERR_OK)
        return e;
    folder = dirname(copy);
    where.folders = &folder;
    options.ctx = &where;
    copy = str_z(&tk->arena, str_of(path));
    options.file_name = str_of(basename(copy));
    e = copybook_parse(&tk->arena, text, &options, &book, why);
    if (e != ERR_OK) {
        err_prefix(why, "%s", path);
        return e;
    }
    buf_init(&out, TOOLKIT_FILE_MAX);
    for (size_t i = 0; i < book.n; i++)
        layout_print(&book.layouts[i], &out);
    fputs(buf_z(&out), tk->out);
    buf_fini(&out);
    return ERR_OK;
}

/* sallyport build layout FILE.cpy */
static int
layout_main(int argc, char **argv)
{
    struct err_info why = { 0 };
    struct toolkit tk;
    int status = BUILD_OK;

    if (argc != 3) {
        fputs("sallyport build: layout wants one copybook\nTry 'sallyport "
              "build --help'.\n",
              stderr);
        return BUILD_FAILED;
    }
    toolkit_init(&tk, stdout);
    if (print_layouts(&tk, argv[2], &why) != ERR_OK) {
        fprintf(stderr, "sallyport build: %s\n", why.text);
        status = BUILD_FAILED;
    }
    toolkit_fini(&tk);
    return status;
}

int
build_main(int argc, char **argv)
{
    struct command c = { 0 };
    struct err_info why = { 0 };
    const char *wrong;
    struct toolkit tk;
    int status;

    if (argc > 1 && strcmp(argv[1], "layout") == 0)
        return layout_main(argc, argv);
    status = parse(&c, argc, argv);
    if (status != BUILD_OK)
        return status;
    if (c.wants_help) {
        print_help(stdout);
        return BUILD_OK;
    }
    if (c.wants_version) {
        printf("sallyport build %s\n", SALLYPORT_VERSION);
        return BUILD_OK;
    }
    wrong = check_usage(&c);
    if (wrong != NULL) {
        fprintf(stderr, "sallyport build: %s\nTry 'sallyport build --help'.\n",
                wrong);
        return BUILD_FAILED;
    }
    toolkit_init(&tk, stdout);
    tk.is_verbose = c.is_verbose;
    tk.services_folder = c.services;
    tk.document_copy = c.document;
    TOOLKIT_SAY(&tk, "BAQB0000I", STR(SALLYPORT_VERSION));
    if (run(&tk, &c, &why) != ERR_OK) {
        TOOLKIT_SAY(&tk, "BAQB0001E", str_of(why.text));
        status = BUILD_FAILED;
    } else if (c.reports && tk.n_errors > 0) {
        status = BUILD_ERRORS;
    } else if (c.reports && tk.n_warnings > 0) {
        status = BUILD_WARNINGS;
    }
    toolkit_fini(&tk);
    return status;
}
