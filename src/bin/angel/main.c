/*
 * sallyport-angel: the security database of an image. Started by the master
 * (SALLYPORT_ANGEL_CONTROL_FD), or alone for tests; `--named` is program
 * BBGZANGL, the angel that servers register with.
 */
#include "angel.h"
#include "base/cli.h"
#include "base/log.h"

int
main(int argc, char **argv)
{
    bool is_foreground = false, is_named = false;
    const struct cli_opt opts[] = {
        { "foreground", 'f', CLI_FLAG, &is_foreground, NULL,
          "Stay in the foreground and say on standard error when ready." },
        { "named", 'n', CLI_FLAG, &is_named, NULL,
          "Be the angel NAME (the default one without NAME) that servers "
          "register with: program BBGZANGL." },
    };
    const struct cli cli = {
        .command = "sallyport-angel",
        .usage = "[--foreground] | --named [NAME]",
        .summary = "The security database of a system image.",
        .opts = opts,
        .n_opts = ARRAY_LEN(opts),
        .min_args = 0,
        .max_args = 1,
    };
    int n = cli_parse(&cli, argc, argv, 2);

    log_init("sallyport-angel");
    if (is_named)
        return named_run(n > 0 ? argv[1] : "");
    if (n > 0) {
        log_error("argument %s: expected none without --named", argv[1]);
        return 2;
    }
    return nest_run(is_foreground);
}
