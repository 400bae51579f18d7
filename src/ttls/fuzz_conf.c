/* The agent's main and image files: whatever they hold, images have names that
 * can be file names, and a bad TcpImage is said. */
#include "ipc/stack.h"
#include "ttls/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
count(void *arg, const struct ttls_diag *d)
{
    REQUIRE(d->text[0] != '\0' && d->line > 0);
    *(size_t *)arg += d->is_error;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pagent_image image = { .flush = true };
    struct pagent_conf conf;
    struct ttls_conf ttls;
    size_t n_errors = 0;

    pagent_conf_parse(STR("main"), str_n(data, n), STR("TCPIP1"), count,
                      &n_errors, &conf);
    REQUIRE(conf.n_images <= PAGENT_IMAGES_MAX);
    REQUIRE(!conf.has_bad_image || n_errors > 0);
    REQUIRE(conf.has_bad_image || conf.n_images > 0);
    REQUIRE(conf.log_level <= 511);
    for (size_t i = 0; i < conf.n_images; i++) {
        REQUIRE(stack_name_ok(conf.images[i].name));
        REQUIRE(conf.images[i].path.n == 0 || conf.images[i].path.p[0] == '/');
    }
    pagent_image_parse(STR("image"), str_n(data, n), &image, count, &n_errors,
                       &ttls);
    REQUIRE(ttls.path.n == 0 || ttls.path.p[0] == '/');
    return 0;
}
