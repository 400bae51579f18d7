/*
 * sallyport-ttls: a TLS engine of a stack, or the broker of its engines.
 * Started by the stack process (sallyport-pagent --stack) with the descriptors
 * it works with; nobody starts it by hand.
 */
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/fips.h"
#include "base/log.h"
#include "base/secret.h"
#include "ttls/broker.h"
#include "ttls/confined.h"
#include "ttls/engine.h"
#include "ttls/owner.h"

/* Nothing of root is needed from here on. */
static enum err
drop(struct err_info *why)
{
    if (geteuid() != 0)
        return ERR_OK;
    if (setgroups(0, NULL) != 0 ||
        setresgid(UID_TTLS, UID_TTLS, UID_TTLS) != 0 ||
        setresuid(UID_TTLS, UID_TTLS, UID_TTLS) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_sys(why, "change to uid %u", UID_TTLS);
    return ERR_OK;
}

static enum err
run_broker(const char *stack, uint32_t first, uint32_t n, struct err_info *why)
{
    int fds[BROKER_CHANNELS_MAX];
    enum err e;

    if (n > BROKER_CHANNELS_MAX)
        return err_set(why, ERR_LIMIT, "%u channels", n);
    for (uint32_t i = 0; i < n; i++)
        fds[i] = (int)(first + i);
    owner_prepare();
    if ((e = confined_broker(why)) != ERR_OK)
        return e;
    return broker_run(stack, fds, n, why);
}

int
main(int argc, char **argv)
{
    uint32_t engine = 0, successor = 0, broker = 0, n = 0;
    const char *stack = "TCPIP";
    const struct cli_opt opts[] = {
        { "engine", 0, CLI_NUMBER, &engine, "FD", "be an engine" },
        { "engine-again", 0, CLI_NUMBER, &successor, "FD",
          "be one in the place of an engine that has ended" },
        { "broker", 0, CLI_NUMBER, &broker, "FD", "be the broker" },
        { "channels", 0, CLI_NUMBER, &n, "N", "the broker's descriptors" },
        { "stack", 0, CLI_STRING, &stack, "NAME", "whose it is" },
    };
    const struct cli cli = {
        .command = "sallyport-ttls",
        .usage = "--engine FD | --engine-again FD | "
                 "--broker FD --channels N --stack NAME",
        .summary = "A TLS engine of AT-TLS; started by the stack process.",
        .opts = opts,
        .n_opts = ARRAY_LEN(opts),
    };
    struct err_info why = { 0 };
    enum err e;

    (void)cli_parse(&cli, argc, argv, 2);
    log_init("sallyport-ttls");
    IGNORE(signal(SIGPIPE, SIG_IGN));
    tzset(); /* reads files: periods of rules are local time later, too */
    secret_process();
    if (engine > 0 || successor > 0) {
        e = drop(&why);
        /* A change of uid makes the process dumpable again. */
        secret_process();
        /* Before files are out of reach; a group that needs it says so. */
        (void)fips_library(NULL);
        if (e == ERR_OK)
            e = engine_run((int)(successor > 0 ? successor : engine),
                           successor > 0, &why);
    } else if (broker > 0 && n > 0) {
        e = run_broker(stack, broker, n, &why);
    } else {
        (void)fprintf(stderr, "sallyport-ttls: it is started by the stack "
                              "process (S PAGENT)\n");
        return 2;
    }
    if (e != ERR_OK) {
        log_error("%s", why.text);
        return 1;
    }
    return 0;
}
