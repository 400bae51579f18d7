/* sallyport-smf: what the security database recorded, for people and tools. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/smf.h"
#include "base/cli.h"
#include "base/file.h"
#include "parse/textout.h"

#define STATUS_FAILED 1
#define STATUS_USAGE 2
#define FILE_BYTES_MAX (1ull << 31)

static bool as_irradu00, as_json, only_violations;
static const char *want_user, *want_event, *want_class;

static const struct cli_opt opts[] = {
    { "irradu00", 'i', CLI_FLAG, &as_irradu00, NULL,
      "fixed columns, as the original's unload utility writes them" },
    { "json", 'j', CLI_FLAG, &as_json, NULL, "one JSON object a line" },
    { "violations", 'v', CLI_FLAG, &only_violations, NULL,
      "only what was refused" },
    { "user", 'u', CLI_STRING, &want_user, "ID", "only of this user" },
    { "event", 'e', CLI_STRING, &want_event, "EVENT",
      "only this event: ACCESS, JOBINIT, ADDUSER..." },
    { "class", 'c', CLI_STRING, &want_class, "CLASS", "only of this class" },
};

static const struct cli cli = {
    .command = "sallyport smf",
    .usage = "[options] [FILE...]",
    .summary = "Print SMF records of type 80: commands, logons, accesses.",
    .detail =
        "Without a FILE all of $SALLYPORT_ROOT/smf in order; - is standard\n"
        "input. Records of other types are passed over.\n"
        "Exit status: 0 done, 1 a file could not be read or is damaged; what\n"
        "stands before the damage is printed.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .max_args = -1,
};

static bool
is_wanted(struct arena *a, const struct smf80_view *v)
{
    if (only_violations && (v->flags & SMF_DES_VIOLATION) == 0)
        return false;
    if (want_user != NULL && !str_eq_nocase_z(v->user, want_user))
        return false;
    if (want_event != NULL &&
        !str_eq_nocase_z(smf_event_name(a, v->event), want_event))
        return false;
    return want_class == NULL ||
           str_eq_nocase_z(smf80_text(a, v, SMF_CLASS), want_class);
}

static void
member(struct jsonout *j, const char *name, struct str value)
{
    if (value.n == 0)
        return;
    jsonout_key(j, str_of(name));
    jsonout_string(j, value);
}

static void
level(struct jsonout *j, const char *name, const struct smf80_view *v,
      enum smf_section type)
{
    struct str bytes = smf80_bytes(v, type);

    if (bytes.n > 0)
        member(j, name, str_of(smf_level_name((uint8_t)bytes.p[0])));
}

static void
print_json(struct arena *a, const struct smf80_view *v, struct buf *out)
{
    struct jsonout j = { .out = out };
    struct buf line;

    /* The line for people begins with date and time. */
    buf_init(&line, 1u << 20);
    smf80_line(a, v, &line);
    jsonout_open(&j, '{');
    member(&j, "time", str_dup(a, str_sub(buf_view(&line), 0, 22)));
    member(&j, "system", v->system_id);
    member(&j, "event", smf_event_name(a, v->event));
    member(&j, "qualifier", smf_qualifier_name(a, v->event, v->qualifier));
    jsonout_key(&j, STR("violation"));
    jsonout_raw(&j, (v->flags & SMF_DES_VIOLATION) != 0 ? STR("true")
                                                        : STR("false"));
    member(&j, "user", v->user);
    member(&j, "group", v->group);
    member(&j, "job", v->job);
    member(&j, "reason", smf80_reasons(a, v));
    member(&j, "class", smf80_text(a, v, SMF_CLASS));
    member(&j, "resource", smf80_text(a, v, SMF_RESOURCE));
    member(&j, "name", smf80_text(a, v, SMF_NAME));
    level(&j, "intent", v, SMF_REQUESTED);
    level(&j, "allowed", v, SMF_ALLOWED);
    member(&j, "profile", smf80_text(a, v, SMF_PROFILE));
    member(&j, "appl", smf80_text(a, v, SMF_APPL));
    member(&j, "distributedName", smf80_text(a, v, SMF_DISTRIBUTED));
    member(&j, "registry", smf80_text(a, v, SMF_REGISTRY));
    member(&j, "command", smf80_text(a, v, SMF_COMMAND));
    jsonout_close(&j, '}');
    buf_fini(&line);
}

static void
print(struct arena *a, const struct smf80_view *v)
{
    struct buf out;

    buf_init(&out, 1u << 20);
    if (as_json) {
        print_json(a, v, &out);
        /* Line ends between members only: strings hold none. */
        for (size_t i = 0; i < out.n; i++) {
            if (out.p[i] == '\n')
                out.p[i] = ' ';
        }
    } else if (as_irradu00) {
        smf80_irradu00(a, v, &out);
    } else {
        smf80_line(a, v, &out);
    }
    (void)fwrite(out.p, 1, out.n, stdout);
    (void)fputc('\n', stdout);
    buf_fini(&out);
}

static int
print_stream(const char *name, struct str stream)
{
    size_t at = 0;

    for (;;) {
        struct err_info why = { 0 };
        struct smf80_view v;
        struct str record;
        struct arena a;
        enum err e = smf_next(stream, &at, &record, &why);

        if (e == ERR_NOT_FOUND)
            return 0;
        arena_init(&a, 1u << 20);
        if (e == ERR_OK)
            e = smf80_read(&a, record, &v, &why);
        if (e == ERR_OK && v.type == 80 && is_wanted(&a, &v))
            print(&a, &v);
        arena_fini(&a);
        if (e != ERR_OK) {
            fprintf(stderr, "sallyport smf: %s: near byte %zu: %s\n", name, at,
                    why.text);
            return STATUS_FAILED;
        }
    }
}

static int
print_file(const char *path)
{
    struct err_info why = { 0 };
    struct buf file;
    int status = STATUS_FAILED;
    enum err e;

    buf_init(&file, FILE_BYTES_MAX);
    e = file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &file, &why);
    if (e == ERR_OK)
        status = print_stream(path, buf_view(&file));
    else
        fprintf(stderr, "sallyport smf: %s: %s\n", path, why.text);
    buf_fini(&file);
    return status;
}

static int
is_smf(const struct dirent *d)
{
    size_t n = strlen(d->d_name);

    return n > 4 && strcmp(d->d_name + n - 4, ".smf") == 0;
}

static int
print_folder(void)
{
    struct dirent **names = NULL;
    struct arena a;
    char *folder;
    int status = 0, n;

    arena_init(&a, 1u << 20);
    folder = root_path(&a, SMF_FOLDER);
    n = folder == NULL ? -1 : scandir(folder, &names, is_smf, alphasort);
    if (n < 0) {
        fprintf(stderr, "sallyport smf: %s: %s\n",
                folder == NULL ? SMF_FOLDER : folder, strerror(errno));
        status = STATUS_FAILED;
    }
    for (int i = 0; i < n; i++) {
        char *path = path_join(&a, str_of(folder), str_of(names[i]->d_name));

        if (path == NULL || print_file(path) != 0)
            status = STATUS_FAILED;
        free(names[i]);
    }
    free(names);
    arena_fini(&a);
    return status;
}

int
main(int argc, char **argv)
{
    int n = cli_parse(&cli, argc, argv, STATUS_USAGE), status = 0;

    if (as_json && as_irradu00) {
        fprintf(stderr, "sallyport smf: --json and --irradu00 exclude each "
                        "other\n");
        return STATUS_USAGE;
    }
    if (want_event != NULL && !smf_is_event(str_of(want_event))) {
        fprintf(stderr,
                "sallyport smf: --event %s: no such event (ACCESS, JOBINIT, "
                "ADDUSER... or EVENT and its number)\n",
                want_event);
        return STATUS_USAGE;
    }
    if (n == 0)
        return print_folder();
    for (int i = 1; i <= n; i++) {
        if (print_file(argv[i]) != 0)
            status = STATUS_FAILED;
    }
    return status;
}
