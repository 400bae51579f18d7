/* sallyport-doctor: what endangers a server although it runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../server/settings.h"
#include "base/cli.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "doctor/doctor.h"

#define STATUS_USAGE 16
#define STATUS_FAILED 16
#define OUTPUT_MAX (64u * 1024u * 1024u)
#define ARENA_MAX (256u * 1024u * 1024u)

static bool is_json;
static const char *user;
static uint32_t days = 30;

static const struct cli_opt opts[] = {
    { "json", '\0', CLI_FLAG, &is_json, NULL, "print JSON" },
    { "user", 'u', CLI_STRING, (void *)&user, "ID",
      "the SAF user the server runs as" },
    { "days", '\0', CLI_NUMBER, &days, "N",
      "a certificate should last longer (30)" },
};

static const struct cli cli = {
    .command = "sallyport doctor",
    .usage = "[options] SERVER",
    .summary = "Look for what endangers a server although it runs.",
    .detail = "Files, includes, secrets, certificates, protocols, profiles, "
              "groups. Each finding\nsays where, why it matters and what mends "
              "it; nothing is changed.\n"
              "Exit status: 0 nothing but notes, 4 warnings, 8 errors, 16 not "
              "examined.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = 1,
};

static void
examine(struct doctor *d)
{
    struct err_info why = { 0 };

    /* What it cannot learn from the angel it says. */
    if (saf_connect(STR(""), &d->saf, &why) != ERR_OK)
        d->saf = NULL;
    doctor_find_user(d);
    doctor_check_config(d);
    doctor_check_files(d);
    doctor_check_documents(d);
    doctor_check_openness(d);
    doctor_check_tls(d);
    doctor_check_roles(d);
    doctor_check_security(d);
    if (d->saf != NULL)
        saf_disconnect(&d->saf);
    cfg_unref(&d->tree);
}

static int
report(const struct doctor *d)
{
    struct buf out;
    int status = doctor_status(d);

    buf_init(&out, OUTPUT_MAX);
    if (is_json)
        doctor_print_json(d, &out);
    else
        doctor_print(d, &out);
    if (out.failed || d->failed || fwrite(out.p, 1, out.n, stdout) != out.n ||
        fflush(stdout) != 0) {
        fprintf(stderr, "sallyport doctor: the report is not complete\n");
        status = STATUS_FAILED;
    }
    buf_fini(&out);
    return status;
}

static int
run(struct settings *s)
{
    struct err_info why = { 0 };
    struct arena arena;
    struct doctor d = { .arena = &arena,
                        .server_name = s->name,
                        .server_dir = s->server_dir,
                        .output_dir = s->output_dir,
                        .now_ms = clock_wall_ms(),
                        .days = days };
    int status = STATUS_FAILED;

    if (!settings_server_exists(s)) {
        fprintf(stderr,
                "sallyport doctor: there is no server %s (%s/server.xml), or "
                "you may not look at it\n",
                s->name, s->server_dir);
        return STATUS_FAILED;
    }
    if (settings_load(s, &status, &why) != ERR_OK) {
        fprintf(stderr, "sallyport doctor: server %s: %s\n", s->name, why.text);
        return STATUS_FAILED;
    }
    arena_init(&arena, ARENA_MAX);
    d.user = user == NULL ? "" : user;
    d.options = settings_options(s);
    d.umask = s->umask;
    d.angel_name =
        str_trim(pairs_get(&s->bootstrap, "com.ibm.ws.zos.core.angelName"));
    d.procedure = str_trim(str_of(getenv("WLP_ZOS_PROCEDURE")));
    d.job_name = str_trim(str_of(getenv("WLP_ZOS_JOBNAME")));
    examine(&d);
    status = report(&d);
    free(d.v);
    arena_fini(&arena);
    return status;
}

int
main(int argc, char **argv)
{
    struct err_info why = { 0 };
    struct settings s;
    int status = STATUS_USAGE;

    log_init("sallyport-doctor");
    secret_process();
    (void)cli_parse(&cli, argc, argv, STATUS_USAGE);
    if (user != NULL && str_trim(str_of(user)).n == 0) {
        fprintf(stderr, "sallyport doctor: --user wants the name of a user\n");
        return STATUS_USAGE;
    }
    if (settings_locate(&s, argv[1], &why) == ERR_OK)
        status = run(&s);
    else
        fprintf(stderr, "sallyport doctor: %s\n", why.text);
    settings_fini(&s);
    return status;
}
