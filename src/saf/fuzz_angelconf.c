/* What says where keys are: etc/angel.conf, a master key's source and file, a
 * reference to a key in a token. Each keeps to its limits, and a reference
 * that is read is written the same. */
#include "saf/angelconf.h"
#include "saf/masterkey.h"
#include "saf/pkcs11.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_source(const struct master_source *s)
{
    REQUIRE(s->kind <= MASTER_PKCS11);
    REQUIRE((s->kind == MASTER_FILE) == (s->name.n == 0));
    REQUIRE(s->name.n <= MASTER_NAME_MAX && s->text.n >= s->name.n);
}

static void
check_conf(struct str text)
{
    struct angel_conf conf = { .gid = 77 };
    struct master_source s;
    struct arena a;

    arena_init(&a, 1u << 20);
    if (angel_conf_parse(&a, text, "x", &conf, NULL) != ERR_OK) {
        REQUIRE(conf.gid == 77 && conf.module == NULL);
    } else {
        REQUIRE((conf.module == NULL) == (conf.token.n == 0));
        REQUIRE((conf.module == NULL) == (conf.pin_file.n == 0));
        REQUIRE(conf.module == NULL || conf.module[0] == '/');
        REQUIRE(conf.token.n <= P11_TOKEN_MAX && conf.pin.n == 0);
        REQUIRE(conf.n_env <= ANGEL_CONF_ENVS);
        if (conf.masterkey.n > 0) {
            REQUIRE(master_source_parse(conf.masterkey, &s, NULL) == ERR_OK);
            check_source(&s);
        }
    }
    arena_fini(&a);
}

static void
check_ref(struct str text)
{
    struct token_ref ref;
    struct buf again;

    if (!token_ref_read(text, &ref))
        return;
    buf_init(&again, 1u << 20);
    token_ref_put(&ref, &again);
    REQUIRE(str_eq(buf_view(&again), text));
    buf_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n(data, size), wrapped;
    struct master_source s;

    check_conf(text);
    check_ref(text);
    if (master_source_parse(text, &s, NULL) == ERR_OK)
        check_source(&s);
    if (master_file_parse(text, &s, &wrapped, NULL) == ERR_OK) {
        check_source(&s);
        REQUIRE(wrapped.n <= size);
    }
    return 0;
}
