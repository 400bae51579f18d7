/*
 * OpenSSL's FIPS provider for tests: a configuration in a folder of theirs, as
 * "openssl fipsinstall" makes it from the module of this system. For tests
 * only.
 */
#ifndef SALLYPORT_BASE_TEST_FIPS_H
#define SALLYPORT_BASE_TEST_FIPS_H

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* In `dir`: an empty openssl.cnf, which OPENSSL_CONF names from now on, and
 * fipsmodule.cnf. False: this system has no such module. */
static inline bool
test_fips_install(const char *dir)
{
    const char *modules = OPENSSL_info(OPENSSL_INFO_MODULES_DIR);
    char module[4096], conf[4096], out[4096];
    int status = -1;
    FILE *f;
    pid_t pid;

    (void)snprintf(module, sizeof module, "%s/fips.so", modules);
    (void)snprintf(conf, sizeof conf, "%s/openssl.cnf", dir);
    (void)snprintf(out, sizeof out, "%s/fipsmodule.cnf", dir);
    f = fopen(conf, "w");
    if (f == NULL || fclose(f) != 0 || setenv("OPENSSL_CONF", conf, 1) != 0)
        abort();
    if (access(module, R_OK) != 0)
        return false;
    pid = fork();
    if (pid == 0) {
        execlp("openssl", "openssl", "fipsinstall", "-quiet", "-module", module,
               "-out", out, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

#endif
