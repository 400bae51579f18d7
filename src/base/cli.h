/*
 * Command lines as tables: one row for each option gives the parser, --help
 * and the shell completion. A command's main() calls cli_parse() first.
 */
#ifndef SALLYPORT_BASE_CLI_H
#define SALLYPORT_BASE_CLI_H

#include "base/defs.h"

enum cli_kind {
    CLI_FLAG,   /* --name        *(bool *)target = true */
    CLI_STRING, /* --name VALUE  *(const char **)target = VALUE, also =VALUE */
    CLI_NUMBER, /* --name N      *(uint32_t *)target = N */
};

struct cli_opt {
    const char *name; /* without the dashes */
    char letter;      /* or '\0' */
    enum cli_kind kind;
    void *target;
    const char *value; /* name of the value in help, or NULL */
    const char *help;
};

struct cli {
    const char *command; /* "sallyport submit" */
    const char *usage;   /* "[options] FILE.jcl..." */
    const char *summary; /* one sentence */
    const char *detail;  /* paragraphs after the options, or NULL */
    const struct cli_opt *opts;
    size_t n_opts;
    int min_args;   /* positional arguments wanted */
    int max_args;   /* -1: any number */
    bool is_prefix; /* what follows the first argument is another command */
};

/*
 * Parse; --help, --version and --complete (rows for the shell) are answered
 * here and end the program with 0, bad usage ends it with `usage_status`
 * after saying what was found and expected. Returns the number of positional
 * arguments, which stand in argv[1..n]; "--" ends the options.
 */
int cli_parse(const struct cli *cli, int argc, char **argv, int usage_status);

/*
 * The one rule of all commands for an option's value, for those with a parser
 * of their own: is argv[*i] the option `name` ("--key")? Its value stands
 * behind "=", or is the next argument, which *i then moves to; "--" is none.
 * A flag's *value is NULL unless somebody gave it one.
 */
enum cli_match { CLI_OTHER, CLI_MATCH, CLI_NO_VALUE };
enum cli_match cli_match(int argc, char **argv, int *i, const char *name,
                         bool takes_value, const char **value);

/* True when fd is a terminal and NO_COLOR is not set. */
bool cli_has_colour(int fd);

/* Wait until fd can be read or has ended; false when max_ms (-1: for ever) is
 * over first. On a terminal standard error says after two seconds what is
 * waited for and how long, on a line that is gone afterwards. */
bool cli_wait(int fd, const char *what, int64_t max_ms);

#endif
