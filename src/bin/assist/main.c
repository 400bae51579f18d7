/* sallyport assist: policies from the objects of a backing store. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "assist/generate.h"
#include "assist/health.h"
#include "base/cli.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/printable.h"
#include "bin/assist/assist.h"

#define STATUS_ERRORS 1
#define STATUS_USAGE 2
#define STATUS_FAILED 16

static bool install, import, lossy, is_json;
static const char *stack_name, *output, *user;

static const struct cli_opt opts[] = {
    { "stack", 0, CLI_STRING, &stack_name, "IMAGE.STACK",
      "only this stack; otherwise all of them" },
    { "output", 'o', CLI_STRING, &output, "FILE",
      "write the policy of the stack there; - is standard output" },
    { "install", 0, CLI_FLAG, &install, NULL,
      "write each policy to where the agent looks for it" },
    { "user", 0, CLI_STRING, &user, "ID",
      "whose rings are looked up where no traffic type says it" },
    { "import", 0, CLI_FLAG, &import, NULL,
      "make a store of a policy; its files, the CommonTTLSConfig first" },
    { "lossy", 0, CLI_FLAG, &lossy, NULL,
      "with --import: go on without what no object can say" },
    { "json", 0, CLI_FLAG, &is_json, NULL, "what was found, for programs" },
};

static const struct cli cli = {
    .command = "sallyport assist",
    .usage = "[--stack IMAGE.STACK] [--output FILE | --install] [--user ID] "
             "[--json] STORE.json\n"
             "   or: sallyport assist --import [--stack IMAGE.STACK] [--lossy] "
             "[--output STORE.json] [--json] POLICY...",
    .summary = "AT-TLS policies from the objects of a backing store.",
    .detail =
        "  Without --output and --install the store is checked, nothing is\n"
        "  written. Errors and warnings come with their path in the store; it\n"
        "  ends with 1 when there was an error, and then nothing is written.\n"
        "  Installed is etc/cfgasst/RELEASE/IMAGE/STACK/tlsPol of the image\n"
        "  SALLYPORT_ROOT; F PAGENT,REFRESH activates it.\n"
        "  An imported policy and the one that its objects make do the same,\n"
        "  rule by rule; what no object can say is told with file and line, "
        "and\n"
        "  then nothing is written unless --lossy says so.\n",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = -1,
};

/* Text of others may hold anything; a cut one may end within a character. */
static json_t *
text_json(struct str text)
{
    struct buf shown;
    json_t *v;

    buf_init(&shown, 8192);
    printable_add(&shown, text);
    v = json_string(buf_z(&shown));
    buf_fini(&shown);
    return v;
}

/* Of a store: where is its path; of a policy: NULL, and a line. */
static void
say(struct said *s, bool is_error, struct str file, const char *where,
    uint32_t line, struct str text)
{
    const char *severity = is_error ? "error" : "warning";
    struct buf shown;

    *(is_error ? &s->n_errors : &s->n_warnings) += 1;
    if (s->findings != NULL) {
        json_t *v = json_pack("{s:s, s:o}", "severity", severity, "file",
                              text_json(file));

        IGNORE(where == NULL
                   ? json_object_set_new(v, "line", json_integer(line))
                   : json_object_set_new(v, "path", text_json(str_of(where))));
        IGNORE(json_object_set_new(v, "text", text_json(text)));
        IGNORE(json_array_append_new(s->findings, v));
        return;
    }
    buf_init(&shown, 8192);
    printable_add(&shown, text);
    if (where == NULL)
        fprintf(stderr, STR_FMT ":%u: %s: %s\n", STR_ARG(file), line, severity,
                buf_z(&shown));
    else
        fprintf(stderr, STR_FMT ": %s: %s%s%s\n", STR_ARG(file), severity,
                where, where[0] == '\0' ? "" : ": ", buf_z(&shown));
    buf_fini(&shown);
}

void
say_store(void *said, bool is_error, struct str path, const char *text)
{
    struct said *s = said;
    char where[512];

    (void)snprintf(where, sizeof where, STR_FMT, STR_ARG(path));
    say(s, is_error, str_of(s->file), where, 0, str_of(text));
}

void
say_policy(void *said, const struct ttls_diag *d)
{
    say(said, d->is_error, d->file, NULL, d->line, str_of(d->text));
}

/* "2020-06-12 14:18:57", local time as the original has it. */
static void
now(char out[32])
{
    time_t t = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;

    if (localtime_r(&t, &tm) == NULL ||
        strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        out[0] = '\0';
}

static enum err
write_policy(const char *path, struct str text, struct err_info *why)
{
    if (strcmp(path, "-") != 0)
        return file_write_atomic(path, text, 0644, why);
    if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0)
        return err_sys(why, "cannot write standard output");
    return ERR_OK;
}

/* The file that the new one replaces: its history is kept. */
static enum err
read_before(const char *path, struct buf *out, struct err_info *why)
{
    enum err e = file_read(path, out, why);

    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

struct target {
    const struct store_image *image;
    const struct store_stack *stack;
    char *path; /* NULL: check only */
    struct buf text;
};

/* "WG31.TCPIP1: Complete" */
static void
say_status(const struct target *t, struct said *said)
{
    const char *text = health_status_text(health_status(t->stack));
    struct str image = t->image->obj.name, stack = t->stack->obj.name;

    if (said->findings == NULL)
        fprintf(stderr, STR_FMT "." STR_FMT ": %s\n", STR_ARG(image),
                STR_ARG(stack), text);
    else
        IGNORE(json_array_append_new(
            said->stacks,
            json_pack("{s:s%, s:s%, s:s, s:i}", "image", image.p, image.n,
                      "stack", stack.p, stack.n, "status", text, "rules",
                      (int)t->stack->n_rules)));
}

static enum err
install_path(struct arena *arena, struct target *t, struct err_info *why)
{
    struct str below = generate_path(arena, t->image, t->stack);
    char *folder;

    t->path = root_path(arena, STR_FMT, STR_ARG(below));
    folder = t->path == NULL ? NULL : str_z(arena, str_of(t->path));
    if (folder == NULL)
        return err_set(why, ERR_MEMORY, "no storage for a path");
    *strrchr(folder, '/') = '\0';
    return dir_make(folder, 0755, why);
}

static enum err
make_policy(struct arena *arena, const struct store *store, struct target *t,
            struct said *said, struct err_info *why)
{
    struct buf before;
    char when[32];
    enum err e = ERR_OK;

    if (health_status(t->stack) == HEALTH_OFF)
        return health_stack(t->stack, (struct str){ 0 }, say_store, said, why);
    now(when);
    buf_init(&before, GENERATE_FILE_MAX);
    if (install)
        e = install_path(arena, t, why);
    else
        t->path = (char *)(uintptr_t)output;
    if (e == ERR_OK && t->path != NULL && strcmp(t->path, "-") != 0)
        e = read_before(t->path, &before, why);
    if (e == ERR_OK)
        e = generate_policy(store, t->image, t->stack, buf_view(&before),
                            str_of(when), &t->text, why);
    if (e == ERR_OK)
        e = health_stack(t->stack, buf_view(&t->text), say_store, said, why);
    buf_fini(&before);
    return e;
}

/* The stacks that are meant, in the store's order; NULL without storage. */
static struct target *
targets_of(struct arena *arena, const struct store *s, size_t *n)
{
    struct target *v = NULL, *grown;
    size_t cap = 0;
    char name[32];

    *n = 0;
    for (size_t i = 0; i < s->n_systems; i++)
        for (size_t k = 0; k < s->systems[i].n_images; k++)
            for (size_t m = 0; m < s->systems[i].images[k].n_stacks; m++) {
                const struct store_image *image = &s->systems[i].images[k];
                const struct store_stack *stack = &image->stacks[m];

                (void)snprintf(name, sizeof name, STR_FMT "." STR_FMT,
                               STR_ARG(image->obj.name),
                               STR_ARG(stack->obj.name));
                if (stack_name != NULL && strcmp(stack_name, name) != 0)
                    continue;
                grown = arena_grown(arena, v, *n, &cap, sizeof *v);
                if (grown == NULL)
                    return NULL;
                v = grown;
                v[*n] = (struct target){ .image = image, .stack = stack };
                buf_init(&v[(*n)++].text, GENERATE_FILE_MAX);
            }
    return v;
}

static void
check_rings(const struct store *store, struct said *said)
{
    struct rings rings;

    rings_init(&rings);
    health_rings(store, str_of(user), (int64_t)(clock_wall_ms() / 1000),
                 rings_look_up, &rings, say_store, said);
    rings_fini(&rings);
}

static enum err
run(struct arena *arena, const struct store *store, struct said *said,
    struct err_info *why)
{
    size_t n, n_rules = 0;
    struct target *v = targets_of(arena, store, &n);
    enum err e = ERR_OK;

    health_store(store, say_store, said);
    check_rings(store, said);
    if (n == 0)
        return err_set(why, ERR_NOT_FOUND, "the store has no %s%s",
                       stack_name == NULL ? "stack" : "stack ",
                       stack_name == NULL ? "" : stack_name);
    if (output != NULL && n > 1)
        return err_set(why, ERR_SYNTAX,
                       "the store has %zu stacks; --output "
                       "needs one of them, expected --stack IMAGE.STACK",
                       n);
    /* All are made before the first is written. */
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        e = make_policy(arena, store, &v[i], said, why);
        n_rules += v[i].stack->n_rules;
    }
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        say_status(&v[i], said);
        if (v[i].path == NULL)
            continue;
        e = write_policy(v[i].path, buf_view(&v[i].text), why);
        if (e == ERR_OK && install && said->findings == NULL)
            printf("%s\n", v[i].path);
    }
    if (e == ERR_OK && said->findings == NULL)
        fprintf(stderr,
                "%zu stacks, %zu connectivity rules, 0 errors, "
                "%u warnings\n",
                n, n_rules, said->n_warnings);
    for (size_t i = 0; i < n; i++)
        buf_fini(&v[i].text);
    return e;
}

static enum err
run_store(const char *file, struct said *said, struct err_info *why)
{
    struct store *store = NULL;
    struct arena arena;
    struct buf json;
    enum err e;

    arena_init(&arena, 64u << 20);
    buf_init(&json, STORE_FILE_MAX);
    e = file_read(file, &json, why);
    if (e == ERR_OK)
        e = store_parse(buf_view(&json), say_store, said, &store, why);
    if (e == ERR_OK)
        e = run(&arena, store, said, why);
    store_free(&store);
    arena_fini(&arena);
    buf_fini(&json);
    return e;
}

static bool
is_usage_good(int n)
{
    const char *wrong =
        install && output != NULL
            ? "--output and --install are both given; expected one of them"
        : import && install
            ? "--import and --install are both given; expected one of them"
        : is_json && output != NULL && strcmp(output, "-") == 0
            ? "--json and --output - both want standard output"
        : user != NULL && import ? "--user is given with --import"
        : lossy && !import       ? "--lossy is given without --import"
        : n > 1 && !import       ? "more than one store is given; expected one"
                                 : NULL;

    if (wrong != NULL)
        fprintf(stderr, "sallyport assist: %s\n", wrong);
    return wrong == NULL;
}

static void
print_json(struct said *said, enum err e, const struct err_info *why)
{
    json_t *all =
        json_pack("{s:b, s:s*, s:i, s:i, s:o, s:o}", "ok", e == ERR_OK, "error",
                  e == ERR_OK ? NULL : why->text, "errors", (int)said->n_errors,
                  "warnings", (int)said->n_warnings, "findings", said->findings,
                  "stacks", said->stacks);

    IGNORE(json_dumpf(all, stdout, JSON_INDENT(2)));
    IGNORE(putchar('\n'));
    json_decref(all);
}

int
main(int argc, char **argv)
{
    int n = cli_parse(&cli, argc, argv, STATUS_USAGE);
    struct said said = { .file = argv[1] };
    struct err_info why = { 0 };
    enum err e;

    log_init("sallyport-assist");
    if (!is_usage_good(n))
        return STATUS_USAGE;
    if (is_json) {
        said.findings = json_array();
        said.stacks = json_array();
    }
    if (import)
        e = import_run(
            &(struct import_command){ stack_name, output, lossy, argv + 1, n },
            &said, &why);
    else
        e = run_store(argv[1], &said, &why);
    if (is_json)
        print_json(&said, e, &why);
    else if (e != ERR_OK)
        fprintf(stderr, "sallyport assist: %s\n", why.text);
    return e == ERR_OK                                         ? 0
           : e == ERR_IO || e == ERR_MEMORY || e == ERR_DENIED ? STATUS_FAILED
                                                               : STATUS_ERRORS;
}
