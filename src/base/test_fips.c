/* The FIPS provider's context: what stands beside openssl.cnf decides. Each
 * row is a process of its own, as the answer holds for a process's life. */
#include "base/test.h"

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/fips.h"
#include "base/test_fips.h"

static char dir[] = "/tmp/test-fips.XXXXXX";

/* What fipsinstall says of this system's module; "": there is none. */
static char installed[65536];

static int
start(void **state)
{
    char path[100];
    struct buf text;

    (void)state;
    if (mkdtemp(dir) == NULL)
        return 1;
    (void)snprintf(path, sizeof path, "%s/fipsmodule.cnf", dir);
    buf_init(&text, sizeof installed - 1);
    if (test_fips_install(dir)) {
        assert_int_equal(file_read(path, &text, NULL), ERR_OK);
        memcpy(installed, text.p, text.n);
    }
    buf_fini(&text);
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    return tree_remove(dir, NULL) == ERR_OK ? 0 : 1;
}

static void
put(const char *name, const char *text)
{
    char path[100];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    (void)unlink(path);
    if (text != NULL)
        assert_int_equal(file_replace(path, str_of(text), 0600, NULL), ERR_OK);
}

/* In a child with this fipsmodule.cnf (NULL: none): 0 when `check` holds. */
static int
in_child(const char *module_conf, bool (*check)(void))
{
    int status = -1;
    pid_t pid;

    put("fipsmodule.cnf", module_conf);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(check() ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool
is_refused_with(const char *text)
{
    struct err_info why = { 0 }, again = { 0 };
    bool is_refused =
        fips_library(&why) == NULL && fips_library(&again) == NULL;

    if (!is_refused || strstr(why.text, text) == NULL ||
        strcmp(why.text, again.text) != 0) {
        (void)fprintf(stderr, "refused %d: %s\n", is_refused, why.text);
        return false;
    }
    /* Nothing has come into the default context, nothing has gone. */
    return OSSL_PROVIDER_available(NULL, "fips") == 0 &&
           OSSL_PROVIDER_available(NULL, "default") == 1 &&
           EVP_default_properties_is_fips_enabled(NULL) == 0;
}

static bool
is_not_installed(void)
{
    return is_refused_with("/fipsmodule.cnf: ") &&
           is_refused_with("openssl fipsinstall");
}

static bool
does_not_start(void)
{
    return is_refused_with("does not start as fipsmodule.cnf describes it: ");
}

static bool
is_too_long(void)
{
    return is_refused_with("fipsmodule.cnf");
}

static bool
has(const char *digest, OSSL_LIB_CTX *library)
{
    EVP_MD *md = EVP_MD_fetch(library, digest, NULL);

    EVP_MD_free(md);
    return md != NULL;
}

static bool
is_alone(void)
{
    struct err_info why = { 0 };
    OSSL_LIB_CTX *library = fips_library(&why);

    if (library == NULL)
        (void)fprintf(stderr, "%s\n", why.text);
    return library != NULL && fips_library(NULL) == library &&
           has("SHA2-256", library) && !has("MD5", library) &&
           has("MD5", NULL) &&
           OSSL_PROVIDER_available(library, "default") == 0 &&
           OSSL_PROVIDER_available(NULL, "fips") == 0 &&
           EVP_default_properties_is_fips_enabled(library) == 1 &&
           EVP_default_properties_is_fips_enabled(NULL) == 0;
}

static void
refuses(void **state)
{
    static char long_one[70000];
    static const struct {
        const char *text;
        bool (*check)(void);
    } rows[] = {
        { NULL, is_not_installed },
        { "", does_not_start },
        { "no configuration", does_not_start },
        { "[fips_sect]\n", does_not_start },
        { "[fips_sect]\nactivate = 0\n", does_not_start },
        { "[fips_sect]\nactivate = 1\n", does_not_start },
        { "[other]\nactivate = 1\n", does_not_start },
        { "[fips_sect]\nmodule = /nonexistent/fips.so\nactivate = 1\n",
          does_not_start },
        { "[fips_sect]\nactivate = 1\nmodule-mac = 00:11\n", does_not_start },
        { "[fips_sect]\nactivate = 1\n[fips_sect", does_not_start },
        { "[both]\nfips = base_sect\n", does_not_start },
        { long_one, is_too_long },
    };

    (void)state;
    memset(long_one, '\n', sizeof long_one - 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (in_child(rows[i].text, rows[i].check) != 0)
            fail_msg("row %zu", i);
    }
}

static void
refuses_another_module(void **state)
{
    char *mac;

    (void)state;
    if (installed[0] == '\0')
        skip();
    mac = strstr(installed, "module-mac = ");
    assert_non_null(mac);
    mac[13] = mac[13] == '0' ? '1' : '0';
    assert_int_equal(in_child(installed, does_not_start), 0);
    mac[13] = mac[13] == '0' ? '1' : '0';
}

static void
has_the_provider_alone(void **state)
{
    (void)state;
    if (installed[0] == '\0')
        skip();
    assert_int_equal(in_child(installed, is_alone), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(has_the_provider_alone),
        cmocka_unit_test(refuses_another_module),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
