#include "base/cli.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/version.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
cli_has_colour(int fd)
{
    const char *no = getenv("NO_COLOR");

    return (no == NULL || no[0] == '\0') && isatty(fd) != 0;
}

static void
print_help(const struct cli *cli)
{
    printf("Usage: %s %s\n%s\n", cli->command, cli->usage, cli->summary);
    printf("\nOptions:\n");
    for (size_t i = 0; i < cli->n_opts; i++) {
        const struct cli_opt *opt = &cli->opts[i];
        char left[64];

        snprintf(left, sizeof left, "%c%c%s--%s%s%s", opt->letter ? '-' : ' ',
                 opt->letter ? opt->letter : ' ', opt->letter ? ", " : "  ",
                 opt->name, opt->kind == CLI_FLAG ? "" : " ",
                 opt->kind == CLI_FLAG ? ""
                 : opt->value == NULL  ? "VALUE"
                                       : opt->value);
        printf("  %-28s %s\n", left, opt->help);
    }
    printf("  %-28s %s\n", "    --help", "show this text");
    printf("  %-28s %s\n", "    --version", "show the version");
    if (cli->detail != NULL)
        printf("\n%s\n", cli->detail);
}

static void
print_completion(const struct cli *cli)
{
    for (size_t i = 0; i < cli->n_opts; i++)
        printf("--%s\t%s\n", cli->opts[i].name, cli->opts[i].help);
    printf("--help\tshow help\n--version\tshow the version\n");
}

NORETURN static void
bad_usage(const struct cli *cli, int status, const char *what,
          const char *found)
{
    fprintf(stderr, "%s: %s%s%s\nTry '%s --help'.\n", cli->command, what,
            found == NULL ? "" : " ", found == NULL ? "" : found, cli->command);
    exit(status);
}

enum cli_match
cli_match(int argc, char **argv, int *i, const char *name, bool takes_value,
          const char **value)
{
    size_t n = strlen(name);

    *value = NULL;
    if (strncmp(argv[*i], name, n) != 0 ||
        (argv[*i][n] != '\0' && argv[*i][n] != '='))
        return CLI_OTHER;
    if (argv[*i][n] == '=')
        *value = argv[*i] + n + 1;
    else if (takes_value) {
        if (*i + 1 >= argc || strcmp(argv[*i + 1], "--") == 0)
            return CLI_NO_VALUE;
        *value = argv[++*i];
    }
    return CLI_MATCH;
}

static const struct cli_opt *
find_opt(const struct cli *cli, int argc, char **argv, int *i,
         enum cli_match *how, const char **value)
{
    for (size_t k = 0; k < cli->n_opts; k++) {
        const struct cli_opt *opt = &cli->opts[k];
        const char letter[] = { '-', opt->letter, '\0' };
        char name[80];

        snprintf(name, sizeof name, "--%s", opt->name);
        *how = cli_match(argc, argv, i, name, opt->kind != CLI_FLAG, value);
        if (*how == CLI_OTHER && opt->letter != '\0')
            *how =
                cli_match(argc, argv, i, letter, opt->kind != CLI_FLAG, value);
        if (*how != CLI_OTHER)
            return opt;
    }
    return NULL;
}

static void
set_target(const struct cli *cli, const struct cli_opt *opt, const char *value,
           int status)
{
    uint64_t number;

    switch (opt->kind) {
    case CLI_FLAG:
        if (value != NULL)
            bad_usage(cli, status, "option takes no value: --", opt->name);
        *(bool *)opt->target = true;
        break;
    case CLI_STRING:
        *(const char **)opt->target = value;
        break;
    case CLI_NUMBER:
        if (!str_to_u64(str_of(value), &number) || number > UINT32_MAX)
            bad_usage(cli, status, "not a number (0..4294967295):", value);
        *(uint32_t *)opt->target = (uint32_t)number;
        break;
    }
}

int
cli_parse(const struct cli *cli, int argc, char **argv, int usage_status)
{
    int n_args = 0;
    bool options_end = false;

    for (int i = 1; i < argc; i++) {
        const struct cli_opt *opt;
        enum cli_match how;
        const char *value;

        options_end = options_end || (cli->is_prefix && n_args > 0);
        if (options_end || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[++n_args] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            options_end = true;
            continue;
        }
        if (strcmp(argv[i], "--help") == 0) {
            print_help(cli);
            exit(0);
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("%s %s\n", cli->command, SALLYPORT_VERSION);
            exit(0);
        }
        if (strcmp(argv[i], "--complete") == 0) {
            print_completion(cli);
            exit(0);
        }
        opt = find_opt(cli, argc, argv, &i, &how, &value);
        if (opt == NULL)
            bad_usage(cli, usage_status, "unknown option", argv[i]);
        if (how == CLI_NO_VALUE)
            bad_usage(cli, usage_status, "missing value after", argv[i]);
        set_target(cli, opt, value, usage_status);
    }
    if (n_args < cli->min_args)
        bad_usage(cli, usage_status, "missing argument; expected:", cli->usage);
    if (cli->max_args >= 0 && n_args > cli->max_args)
        bad_usage(cli, usage_status,
                  "one argument too many:", argv[cli->max_args + 1]);
    return n_args;
}

bool
cli_wait(int fd, const char *what, int64_t max_ms)
{
    struct pollfd pfd = { .fd = fd, .events = POLLIN };
    uint64_t start_ms = clock_mono_ms(), waited_ms = 0;
    bool is_terminal = isatty(STDERR_FILENO) != 0, is_shown = false;
    int n = 0;

    while (n == 0 && (max_ms < 0 || waited_ms < (uint64_t)max_ms)) {
        n = poll(&pfd, 1, 250);
        if (n < 0 && errno == EINTR)
            n = 0;
        waited_ms = clock_mono_ms() - start_ms;
        if (n != 0 || !is_terminal || waited_ms < 2000)
            continue;
        is_shown = true;
        fprintf(stderr, "\r\033[K%s: %llu s", what,
                (unsigned long long)waited_ms / 1000);
    }
    if (is_shown)
        fprintf(stderr, "\r\033[K");
    return n != 0;
}
