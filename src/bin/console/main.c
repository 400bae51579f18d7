/* sallyport-console: operator commands and their replies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/secret.h"
#include "batch/client.h"

#define STATUS_USAGE 2
#define STATUS_FAILED 16

static const char *user;

static const struct cli_opt opts[] = {
    { "user", 'u', CLI_STRING, &user, "ID",
      "log on as this SAF user; the password is read" },
};

static const struct cli cli = {
    .command = "sallyport console",
    .usage = "[options] [COMMAND...]",
    .summary = "Enter operator commands; without one they are read line by "
               "line.",
    .detail =
        "Commands: S member[.id][,JOBNAME=x][,SYM=value]  P id  F id,text  "
        "C id\n          D A,L  D J,job  SHUTDOWN; id is a job name, an "
        "identifier or\n          jobname.identifier, of F also with "
        "asterisks (job.*)\n"
        "Exit status: 0 done, 4 no answer in time, 8 refused or failed, 16 no "
        "system.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .max_args = -1,
};

static void
print_line(void *arg, struct str text)
{
    (void)arg;
    printf("%.*s\n", STR_ARG(text));
    fflush(stdout);
}

static int
run_command(struct batch_client *client, struct str text)
{
    struct err_info why;
    uint8_t status = 0;

    if (batch_command(client, text, print_line, NULL, &status, &why) == ERR_OK)
        return status;
    fprintf(stderr, "sallyport console: %s\n", why.text);
    return STATUS_FAILED;
}

static int
run_lines(struct batch_client *client)
{
    char line[512];
    int worst = 0;
    bool asks = isatty(0) != 0;

    for (;;) {
        struct str text;
        int status;

        if (asks) {
            printf("= ");
            fflush(stdout);
        }
        if (fgets(line, sizeof line, stdin) == NULL)
            return worst;
        text = str_trim(str_of(line));
        if (text.n == 0)
            continue;
        status = run_command(client, text);
        worst = status > worst ? status : worst;
        if (status == STATUS_FAILED)
            return worst;
    }
}

int
main(int argc, char **argv)
{
    struct batch_client *client = NULL;
    struct err_info why;
    struct buf text;
    char *password = NULL;
    int n, status;

    log_init("sallyport-console");
    n = cli_parse(&cli, argc, argv, STATUS_USAGE);
    if (user != NULL && (password = getpass("Password: ")) == NULL)
        return STATUS_FAILED;
    if (batch_connect(str_of(user), str_of(password), &client, &why) !=
        ERR_OK) {
        fprintf(stderr, "sallyport console: %s\n", why.text);
        return STATUS_FAILED;
    }
    if (password != NULL)
        secret_wipe(password, strlen(password));
    if (n == 0) {
        status = run_lines(client);
    } else {
        buf_init(&text, 4096);
        for (int i = 1; i <= n; i++)
            buf_printf(&text, "%s%s", i > 1 ? " " : "", argv[i]);
        status = run_command(client, buf_view(&text));
        buf_fini(&text);
    }
    batch_disconnect(&client);
    return status;
}
