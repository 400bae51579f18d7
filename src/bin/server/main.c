/*
 * sallyport-server: the server command and, with --worker, the worker that its
 * parent starts. Actions and their options are two tables.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "config/schema.h"
#include "control.h"
#include "systemd.h"
#include "worker.h"

enum option {
    OPT_TEMPLATE = 1u << 0,
    OPT_NO_PASSWORD = 1u << 1,
    OPT_CLEAN = 1u << 2,
    OPT_FORCE = 1u << 3,
    OPT_TIMEOUT = 1u << 4,
    OPT_LOW_PORTS = 1u << 5,
    OPT_ARCHIVE = 1u << 6,
    OPT_INCLUDE = 1u << 7,
    OPT_OS = 1u << 8,
    OPT_SERVER_ROOT = 1u << 9,
    OPT_TARGET = 1u << 10,
};

static const struct {
    const char *name;
    const char *value; /* what follows it; NULL: a flag */
    enum option option;
    const char *help;
} options[] = {
    { "--template", "NAME", OPT_TEMPLATE,
      "a template below templates/servers" },
    { "--no-password", NULL, OPT_NO_PASSWORD,
      "no keystore password in server.env" },
    { "--clean", NULL, OPT_CLEAN, "forget what earlier runs kept in workarea" },
    { "--force", NULL, OPT_FORCE, "do not wait for requests" },
    { "--low-ports", NULL, OPT_LOW_PORTS, "it listens on ports below 1024" },
    { "--archive", "FILE", OPT_ARCHIVE,
      "file to make: .zip .jar .tar .tar.gz .pax" },
    { "--include", "WHAT", OPT_INCLUDE,
      "package: all usr minify runnable wlp; dumps: heap,system,thread" },
    { "--os", "NAMES", OPT_OS,
      "with minify: accepted, the programs are of this system" },
    { "--server-root", "NAME", OPT_SERVER_ROOT, "folder in the archive (wlp)" },
    { "--target", "IDS", OPT_TARGET, "ids of httpEndpoints, comma separated" },
    { "--timeout", "TIME", OPT_TIMEOUT, "XmYs or seconds to wait for the end" },
};

static const struct {
    const char *name;
    unsigned options;
    int (*run)(struct settings *, const struct control_options *);
    const char *help;
} actions[] = {
    { "create", OPT_TEMPLATE | OPT_NO_PASSWORD, control_create,
      "make a new server" },
    { "run", OPT_CLEAN, control_run, "run in the foreground" },
    { "start", OPT_CLEAN, control_start, "run in the background" },
    { "stop", OPT_FORCE | OPT_TIMEOUT, control_stop, "stop it" },
    { "status", 0, control_status, "is it running?" },
    { "debug", OPT_CLEAN, control_debug, "run with all diagnostics" },
    { "package", OPT_ARCHIVE | OPT_INCLUDE | OPT_OS | OPT_SERVER_ROOT,
      control_package, "make an archive that another machine runs" },
    { "dump", OPT_ARCHIVE | OPT_INCLUDE, control_dump,
      "collect what helps to find a problem" },
    { "javadump", OPT_INCLUDE, control_javadump,
      "what a running server knows of itself" },
    { "pause", OPT_TARGET, control_pause, "close ports, finish requests" },
    { "resume", OPT_TARGET, control_resume, "open them again" },
    { "list", 0, control_list, "names of all servers" },
    { "systemd", OPT_CLEAN | OPT_LOW_PORTS, control_systemd,
      "print a unit that runs it at boot" },
    { "version", 0, control_version, "print the version" },
};

/* Actions with arguments of their own. */
static int modify(int argc, char **argv);
static int schema(int argc, char **argv);
static const struct {
    const char *name, *arguments;
    int (*run)(int argc, char **argv);
    const char *help;
} others[] = {
    { "modify", "SERVER COMMAND", modify,
      "an operator command, such as REFRESH,CONFIG" },
    { "schema", "[--json|--markdown]", schema, "all elements and attributes" },
};

static void
help_option(size_t i)
{
    printf("  %s%c%-*s %s", options[i].name,
           options[i].value == NULL ? ' ' : '=',
           (int)(18 - strlen(options[i].name)),
           options[i].value == NULL ? "" : options[i].value, options[i].help);
}

static void
help(void)
{
    printf("Usage: sallyport server ACTION [SERVER] [OPTIONS] "
           "[-- --NAME=VALUE...]\n"
           "Create, run and control servers.\n\nActions:\n");
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        printf("  %-16s %s\n", actions[i].name, actions[i].help);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        printf("  %-16s %s: %s %s\n", others[i].name, others[i].help,
               others[i].name, others[i].arguments);
    printf("\nOptions:\n");
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        help_option(i);
        printf(" (");
        for (size_t j = 0, n = 0; j < ARRAY_LEN(actions); j++)
            if (actions[j].options & options[i].option)
                printf("%s%s", n++ > 0 ? ", " : "", actions[j].name);
        printf(")\n");
    }
    printf("  --                  what follows are variables of server.xml\n"
           "\nSERVER is defaultServer unless given. "
           "See sallyport-server(1).\n");
}

static bool
use_option(enum option option, const char *value, struct control_options *o)
{
    struct err_info why;
    int64_t ms;

    switch (option) {
    case OPT_TEMPLATE:
        o->template_name = value;
        return true;
    case OPT_NO_PASSWORD:
        o->no_password = true;
        return true;
    case OPT_CLEAN:
        o->is_clean = true;
        return true;
    case OPT_FORCE:
        o->is_forced = true;
        return true;
    case OPT_LOW_PORTS:
        o->low_ports = true;
        return true;
    case OPT_ARCHIVE:
        o->archive = value;
        return true;
    case OPT_INCLUDE:
        o->include = value;
        return true;
    case OPT_OS:
        o->os = value;
        return true;
    case OPT_SERVER_ROOT:
        o->server_root = value;
        return true;
    case OPT_TARGET:
        o->target = value;
        return true;
    case OPT_TIMEOUT:
        if (cfg_duration(str_of(value), 1000, &ms, &why) != ERR_OK || ms < 0 ||
            ms > 86400000) {
            control_say("CWWKE0024E", value, "--timeout", "");
            return false;
        }
        o->timeout_s = (unsigned)(ms / 1000);
        return true;
    }
    return false;
}

static bool
say_no_value(const char *option)
{
    if (strcmp(option, "--archive") == 0)
        control_say("CWWKE0011E", "", "", "");
    else
        control_say("CWWKE0024E", "", option, "");
    return false;
}

/* argv[*i] as an option of an action; false after saying what is wrong. */
static bool
parse_option(size_t action, int argc, char **argv, int *i,
             struct control_options *o)
{
    const char *arg = argv[*i], *value;

    for (size_t k = 0; k < ARRAY_LEN(options); k++) {
        bool takes_value = options[k].value != NULL;
        enum cli_match how =
            cli_match(argc, argv, i, options[k].name, takes_value, &value);

        if (how == CLI_OTHER || (!takes_value && value != NULL))
            continue;
        if ((actions[action].options & options[k].option) == 0) {
            control_say("CWWKE0028E", options[k].name, actions[action].name,
                        "");
            return false;
        }
        if (how == CLI_NO_VALUE ||
            (takes_value && value[0] == '\0' &&
             (options[k].option & (OPT_TARGET | OPT_SERVER_ROOT)) == 0))
            return say_no_value(options[k].name);
        return use_option(options[k].option, value, o);
    }
    control_say("CWWKE0013E", arg, "", "");
    return false;
}

/* The server's name and the options; argv stops at "--" or argc. */
static bool
parse(size_t action, int argc, char **argv, const char **name,
      struct control_options *o)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (argv[i][0] == '-') {
            if (!parse_option(action, argc, argv, &i, o))
                return false;
        } else if (*name != NULL) {
            control_say("CWWKE0027W", *name, argv[i], "");
        } else {
            *name = argv[i];
        }
    }
    return true;
}

/* EXIT_OK, or the exit status after saying what is wrong. */
static int
locate(struct settings *s, const char *name, int argc, char **argv)
{
    struct err_info why;
    enum err e = settings_locate(s, name, &why);
    int i = 0;

    if (e != ERR_OK) {
        control_say_line(str_of(why.text));
        return e == ERR_SYNTAX ? EXIT_BAD_ARGUMENT : EXIT_LOCATION;
    }
    while (i < argc && strcmp(argv[i], "--") != 0)
        i++;
    for (i++; i < argc; i++)
        (void)settings_add_variable(s, argv[i]); /* others are ignored */
    return EXIT_OK;
}

static int
act(size_t action, int argc, char **argv)
{
    struct control_options o = { .ready_fd = -1 };
    const char *name = NULL;
    struct settings s;
    bool is_default;
    int status;

    if (!parse(action, argc, argv, &name, &o))
        return EXIT_BAD_ARGUMENT;
    o.is_unnamed = is_default = name == NULL;
    status = locate(&s, is_default ? "defaultServer" : name, argc, argv);
    if (status == EXIT_OK) {
        bool is_made = true;

        if (actions[action].run != control_systemd) /* it keeps ours first */
            settings_find_places(&s);
        if ((actions[action].run == control_run ||
             actions[action].run == control_debug) &&
            is_default && !settings_folder_exists(&s))
            is_made = control_create(&s, &o) == EXIT_OK;
        status = is_made ? actions[action].run(&s, &o) : EXIT_LAUNCH;
    }
    settings_fini(&s);
    return status;
}

/* sallyport-server --worker FD NAME -- --name=value... */
static int
be_worker(int argc, char **argv)
{
    struct settings s;
    struct err_info why = { 0 };
    int status = EXIT_LAUNCH;
    uint64_t fd;

    settings_be_quiet();
    if (argc < 4 || !str_to_u64(str_of(argv[2]), &fd) || fd > 65535 ||
        locate(&s, argv[3], argc, argv) != EXIT_OK)
        return EXIT_BAD_ARGUMENT;
    if (settings_load(&s, &status, &why) == ERR_OK)
        status = worker_main(&s, (int)fd);
    else
        control_say_line(str_of(why.text));
    settings_fini(&s);
    return status;
}

static int
modify(int argc, char **argv)
{
    struct settings s;
    int status;

    if (argc != 4) {
        fprintf(stderr, "Usage: sallyport server modify SERVER COMMAND\n");
        return EXIT_BAD_ARGUMENT;
    }
    status = locate(&s, argv[2], 0, NULL);
    if (status == EXIT_OK) {
        settings_find_places(&s);
        status = control_modify(&s, argv[3]);
    }
    settings_fini(&s);
    return status;
}

/* The registry: JSON for tools, --markdown for the reference page. */
static int
schema(int argc, char **argv)
{
    bool is_page = argc == 3 && strcmp(argv[2], "--markdown") == 0;
    bool is_json = argc == 2 || (argc == 3 && strcmp(argv[2], "--json") == 0);
    struct buf text;
    int status = EXIT_OK;

    if (!is_page && !is_json) {
        fprintf(stderr, "Usage: sallyport server schema [--json|--markdown]\n");
        return EXIT_BAD_ARGUMENT;
    }
    buf_init(&text, 16u << 20);
    if (is_page)
        schema_markdown(&text);
    else
        schema_json(&text);
    if (text.failed || fwrite(text.p, 1, text.n, stdout) != text.n ||
        fflush(stdout) != 0)
        status = EXIT_RUNTIME;
    buf_fini(&text);
    return status;
}

/* Words and options for the shell. */
static void
complete(void)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        printf("%s\t%s\n", actions[i].name, actions[i].help);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        printf("%s\t%s\n", others[i].name, others[i].help);
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        printf("%s%s\t%s\n", options[i].name,
               options[i].value == NULL ? "" : "=", options[i].help);
    printf("--help\tshow help\n--version\tshow the version\n");
}

/* "--help" anywhere before "--". */
static bool
wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return argc > 1 && strcmp(argv[1], "help") == 0;
}

/* "help ACTION" and "ACTION --help": false when there is no such action. */
static bool
help_action(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (strcmp(name, actions[i].name) != 0)
            continue;
        printf("Usage: sallyport server %s [SERVER]%s\n%s\n", name,
               actions[i].options != 0 ? " [OPTIONS]" : "", actions[i].help);
        for (size_t j = 0; j < ARRAY_LEN(options); j++)
            if (actions[i].options & options[j].option) {
                help_option(j);
                printf("\n");
            }
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (strcmp(name, others[i].name) != 0)
            continue;
        printf("Usage: sallyport server %s %s\n%s\n", name, others[i].arguments,
               others[i].help);
        return true;
    }
    return false;
}

static int
unknown_action(const char *action)
{
    fprintf(stderr,
            "sallyport server: unknown action \"%s\"; try: sallyport server "
            "help\n",
            action);
    return EXIT_BAD_ARGUMENT;
}

/* help, help ACTION, ACTION --help, --help. */
static int
answer_help(int argc, char **argv)
{
    bool is_word = strcmp(argv[1], "help") == 0;
    const char *name = argc > 2 && is_word ? argv[2] : argv[1];

    if (help_action(name))
        return EXIT_OK;
    if (name[0] != '-' && strcmp(name, "help") != 0)
        return unknown_action(name);
    help();
    return EXIT_OK;
}

int
main(int argc, char **argv)
{
    const char *action = argc > 1 ? argv[1] : "help";

    log_init("sallyport-server");
    secret_process();
    file_limit_raise();
    if (strcmp(action, "--complete") == 0) {
        complete();
        return EXIT_OK;
    }
    if (strcmp(action, "--worker") == 0)
        return be_worker(argc, argv);
    if (argc == 1) {
        help();
        return EXIT_BAD_ARGUMENT;
    }
    if (wants_help(argc, argv))
        return answer_help(argc, argv);
    if (strcmp(action, "--version") == 0)
        return control_version(NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(action, others[i].name) == 0)
            return others[i].run(argc, argv);
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(action, actions[i].name) == 0)
            return act(i, argc, argv);
    return unknown_action(action);
}
