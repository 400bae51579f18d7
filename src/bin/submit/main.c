/* sallyport-submit: submit JCL, show what the job wrote, say how it ended. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cli.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "batch/client.h"

enum {
    STATUS_ENDED = 0,
    STATUS_USAGE = 2,
    STATUS_ABOVE = 4,
    STATUS_JCL = 8,
    STATUS_ABEND = 12,
    STATUS_SYSTEM = 16,
};

static const char *user;
static uint32_t fail_above = UINT32_MAX;
static bool no_wait, quiet, all;

static const struct cli_opt opts[] = {
    { "fail-above", 0, CLI_NUMBER, &fail_above, "N",
      "exit with 4 when the highest completion code is above N" },
    { "no-wait", 'n', CLI_FLAG, &no_wait, NULL,
      "return when the job is accepted" },
    { "quiet", 'q', CLI_FLAG, &quiet, NULL,
      "show only what the steps wrote, without the job log" },
    { "all", 'a', CLI_FLAG, &all, NULL, "show also JESJCL and JESYSMSG" },
    { "user", 'u', CLI_STRING, &user, "ID",
      "submit as this SAF user; the password is read" },
};

static const struct cli cli = {
    .command = "sallyport submit",
    .usage = "[options] FILE.jcl...",
    .summary = "Submit jobs and show their output; - reads standard input.",
    .detail = "Exit status, of the worst job: 0 it ran to its end, 4 its "
              "completion code\nis above --fail-above, 8 JCL error, 12 abend, "
              "16 system failure.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = -1,
};

static const char *current_file;

static void
print_error(void *arg, struct str text)
{
    (void)arg;
    fprintf(stderr, "%s: %.*s\n", current_file, STR_ARG(text));
}

static void
copy_out(int fd)
{
    char piece[16384];
    ssize_t n;

    while ((n = read(fd, piece, sizeof piece)) > 0)
        (void)fwrite(piece, 1, (size_t)n, stdout);
}

static void
print_file(void *arg, struct str name, int fd)
{
    struct str shown = str_sub(name, 4, name.n);
    bool is_log = str_eq_z(shown, "JESMSGLG");

    (void)arg;
    if (is_log ? quiet
               : !all &&
                     (str_eq_z(shown, "JESJCL") || str_eq_z(shown, "JESYSMSG")))
        return;
    if (lseek(fd, 0, SEEK_END) <= 0 || lseek(fd, 0, SEEK_SET) != 0)
        return;
    if (!quiet)
        printf("---- %.*s ----\n", STR_ARG(shown));
    copy_out(fd);
}

static int
verdict(const struct batch_result *r)
{
    static const int status_of[] = { [JOB_ENDED] = STATUS_ENDED,
                                     [JOB_ABENDED] = STATUS_ABEND,
                                     [JOB_JCL_ERROR] = STATUS_JCL,
                                     [JOB_BROKEN] = STATUS_SYSTEM,
                                     [JOB_CANCELLED] = STATUS_ABEND };

    if (r->end == JOB_ENDED && r->name[0] == '\0') {
        fprintf(stderr, "%s: %s\n", current_file, r->text);
        return STATUS_ENDED;
    }
    if (r->end != JOB_ENDED) {
        fprintf(stderr, "%s %s %s\n",
                r->name[0] == '\0' ? current_file : r->name, r->id, r->text);
        return status_of[r->end];
    }
    if (!quiet)
        printf("%s %s ENDED - MAXCC=%04u\n", r->name, r->id, r->code);
    return r->code > fail_above ? STATUS_ABOVE : STATUS_ENDED;
}

static int
submit_text(struct batch_client *client, struct str jcl)
{
    struct batch_result result;
    struct err_info why;

    if (batch_submit(client, jcl, !no_wait, print_error, NULL, &result, &why) !=
        ERR_OK) {
        fprintf(stderr, "sallyport submit: %s: %s\n", current_file, why.text);
        return STATUS_SYSTEM;
    }
    if (no_wait && result.name[0] != '\0') {
        printf("%s %s SUBMITTED\n", result.name, result.id);
        return STATUS_ENDED;
    }
    if (result.id[0] != '\0' &&
        batch_output(client, str_of(result.id), print_file, print_error, NULL,
                     &why) != ERR_OK)
        fprintf(stderr, "sallyport submit: %s\n", why.text);
    return verdict(&result);
}

static int
submit_file(struct batch_client *client, const char *path)
{
    struct err_info why;
    struct buf jcl;
    int status = STATUS_JCL;

    current_file = strcmp(path, "-") == 0 ? "standard input" : path;
    buf_init(&jcl, JCL_TEXT_MAX);
    if (file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &jcl, &why) !=
        ERR_OK)
        fprintf(stderr, "sallyport submit: %s\n", why.text);
    else
        status = submit_text(client, buf_view(&jcl));
    if (jcl.p != NULL)
        secret_wipe(jcl.p, jcl.n);
    buf_fini(&jcl);
    return status;
}

int
main(int argc, char **argv)
{
    struct batch_client *client = NULL;
    struct err_info why;
    char *password = NULL;
    int n, worst = 0;

    log_init("sallyport-submit");
    secret_process();
    n = cli_parse(&cli, argc, argv, STATUS_USAGE);
    if (user != NULL && (password = getpass("Password: ")) == NULL)
        return STATUS_SYSTEM;
    if (batch_connect(str_of(user), str_of(password), &client, &why) !=
        ERR_OK) {
        fprintf(stderr, "sallyport submit: %s\n", why.text);
        return STATUS_SYSTEM;
    }
    if (password != NULL)
        secret_wipe(password, strlen(password));
    for (int i = 1; i <= n; i++) {
        int status = submit_file(client, argv[i]);

        worst = status > worst ? status : worst;
    }
    batch_disconnect(&client);
    return worst;
}
