/* sallyport-pagent: the policy agent, the process of a stack, --check. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "ttls/agent.h"

#define STATUS_USAGE 2

static bool check, json, follow, gated;
static const char *conf, *log_name, *collate = "ascii", *stack;
static const char *purge = "clear";
static uint32_t debug, trace, memory, ready_fd = UINT32_MAX;

static const struct cli_opt opts[] = {
    { "config", 'c', CLI_STRING, &conf, "FILE",
      "main configuration file (else PAGENT_CONFIG_FILE, /etc/pagent.conf)" },
    { "log", 'l', CLI_STRING, &log_name, "FILE",
      "log file, or SYSLOGD for the system log (else PAGENT_LOG_FILE)" },
    { "debug", 'd', CLI_NUMBER, &debug, "LEVEL",
      "from 1 on everything is logged, whatever LogLevel says" },
    { "trace", 't', CLI_NUMBER, &trace, "LEVEL", "trace level" },
    { "follow", 'i', CLI_FLAG, &follow, NULL,
      "pick up changed files without a command" },
    { "memory", 'm', CLI_NUMBER, &memory, "N",
      "taken, without effect: MEMTRC needs no buffer" },
    { "purge", 0, CLI_STRING, &purge, "HOW",
      "after PURGE: connections in clear text (clear), or none (deny)" },
    { "collate", 0, CLI_STRING, &collate, "ORDER",
      "order of equal priorities by name: ascii or ebcdic" },
    { "check", 0, CLI_FLAG, &check, NULL,
      "say what is wrong with policy files, install nothing" },
    { "json", 0, CLI_FLAG, &json, NULL, "with --check: one object a line" },
    { "stack", 0, CLI_STRING, &stack, "NAME",
      "be the process of this stack (started by the agent)" },
    { "gate", 0, CLI_FLAG, &gated, NULL,
      "for --stack: hold sockets back until the first policy" },
    { "ready-fd", 0, CLI_NUMBER, &ready_fd, "N", "for --stack: who waits" },
};

static const struct cli cli = {
    .command = "sallyport pagent",
    .usage = "[options] | --check FILE...",
    .summary = "The policy agent of AT-TLS; usually started as S PAGENT.",
    .detail =
        "  --check reads FILEs as one policy (the common file first), or FILE\n"
        "  as the agent's main configuration with all it leads to; says file\n"
        "  and line of each error and warning, and ends with 1 when there\n"
        "  was an error.\n"
        "  Operator commands: F PAGENT,REFRESH|UPDATE|QUERY|LOGLEVEL,LEVEL=n|\n"
        "  TRACE,LEVEL=n|DEBUG,LEVEL=n|MEMTRC|SRVLSTN|MON,...; P PAGENT.\n",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 0,
    .max_args = -1,
};

static int
usage(const char *text)
{
    fprintf(stderr, "sallyport pagent: %s; try sallyport pagent --help\n",
            text);
    return STATUS_USAGE;
}

/* Each letter may be a capital: -C is -c. */
static void
fold_letters(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *arg = argv[i];

        if (strcmp(arg, "--") == 0)
            return;
        if (arg[0] == '-' && arg[1] != '\0' && strchr("CDILMT", arg[1]) != NULL)
            arg[1] = (char)(arg[1] | 0x20);
    }
}

/* Our own path, for the stack's process; and our folder. */
static bool
own_path(char path[4096], char folder[4096])
{
    ssize_t n = readlink("/proc/self/exe", path, 4095);

    if (n <= 0)
        return false;
    path[n] = '\0';
    memcpy(folder, path, (size_t)n + 1);
    *strrchr(folder, '/') = '\0';
    return true;
}

int
main(int argc, char **argv)
{
    static char program[4096], folder[4096];
    struct agent_options options = { .program = program };
    int n;

    fold_letters(argc, argv);
    n = cli_parse(&cli, argc, argv, STATUS_USAGE);
    log_init("sallyport-pagent");
    secret_process(); /* policies name the passwords of key databases */
    if (strcmp(collate, "ascii") != 0 && strcmp(collate, "ebcdic") != 0)
        return usage("--collate: expected ascii or ebcdic");
    if (strcmp(purge, "clear") != 0 && strcmp(purge, "deny") != 0)
        return usage("--purge: expected clear or deny");
    options.denies_purged = strcmp(purge, "deny") == 0;
    options.collate = strcmp(collate, "ebcdic") == 0 ? TTLS_COLLATE_EBCDIC
                                                     : TTLS_COLLATE_ASCII;
    if (check)
        return n == 0 || n > 64
                   ? usage("--check: expected 1 to 64 policy files")
                   : agent_check((const char *const *)argv + 1, (size_t)n,
                                 options.collate, json, stdout) > 0;
    if (n > 0)
        return usage("files are for --check");
    if (!own_path(program, folder))
        return usage("cannot find its own program");
    if (stack != NULL)
        return stack_run(stack, folder, gated,
                         ready_fd == UINT32_MAX ? -1 : (int)ready_fd);
    options.conf_file = conf;
    options.log_file = log_name;
    options.debug = debug;
    options.trace = trace;
    options.follow = follow;
    return agent_run(&options);
}
