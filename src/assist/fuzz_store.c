/* A store that is taken gives policies that the agent takes, and that come back
 * as objects which give the same bytes; one that is refused says at least one
 * error. What is written of a store reads as that store. */
#include <string.h>

#include "assist/dump.h"
#include "assist/generate.h"
#include "assist/health.h"
#include "assist/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
count(void *arg, bool is_error, struct str path, const char *text)
{
    REQUIRE(text[0] != '\0');
    REQUIRE(memchr(text, '\n', strlen(text)) == NULL);
    REQUIRE(is_error || path.n > 0);
    *(size_t *)arg += is_error;
}

static struct store *
read_again(struct buf *json)
{
    struct store *s = NULL;
    size_t n_errors = 0;

    REQUIRE(buf_check(json, NULL) == ERR_OK);
    REQUIRE(store_parse(buf_view(json), count, &n_errors, &s, NULL) == ERR_OK);
    return s;
}

static void
come_back(struct str policy)
{
    struct import_file file = { STR("policy"), policy };
    struct import_options options = { 0 };
    struct buf json, again;
    struct store *s;
    enum err e;

    buf_init(&json, STORE_FILE_MAX);
    buf_init(&again, GENERATE_FILE_MAX);
    e = import_policy(&file, 1, &options, &json, NULL);
    REQUIRE(e == ERR_OK || e == ERR_LIMIT);
    if (e == ERR_OK) {
        s = read_again(&json);
        e = generate_policy(s, &s->systems[0].images[0],
                            &s->systems[0].images[0].stacks[0], STR(""),
                            STR(""), &again, NULL);
        REQUIRE(e == ERR_OK);
        REQUIRE(str_eq(buf_view(&again), policy));
        store_free(&s);
    }
    buf_fini(&json);
    buf_fini(&again);
}

static void
dump(const struct store *s)
{
    struct buf first, second;
    struct store *copy;

    buf_init(&first, 4 * STORE_FILE_MAX);
    buf_init(&second, 4 * STORE_FILE_MAX);
    store_dump(s, &first);
    copy = read_again(&first);
    store_dump(copy, &second);
    REQUIRE(str_eq(buf_view(&first), buf_view(&second)));
    store_free(&copy);
    buf_fini(&first);
    buf_fini(&second);
}

static void
make(const struct store *s, const struct store_image *image,
     const struct store_stack *stack)
{
    struct err_info why = { 0 };
    struct buf first, second;
    size_t n_errors = 0;
    enum err e;

    buf_init(&first, GENERATE_FILE_MAX);
    buf_init(&second, GENERATE_FILE_MAX);
    e = generate_policy(s, image, stack, STR(""), STR("2020-06-12 14:18:57"),
                        &first, &why);
    /* Cut names may meet; what the parser refuses was to be refused before. */
    REQUIRE(e == ERR_OK || e == ERR_EXISTS || e == ERR_LIMIT);
    if (e == ERR_OK) {
        REQUIRE(health_stack(stack, buf_view(&first), count, &n_errors, &why) ==
                ERR_OK);
        REQUIRE(n_errors == 0);
        /* Again over itself: the same, but for one line of history. */
        e = generate_policy(s, image, stack, buf_view(&first),
                            STR("2020-06-12 14:18:57"), &second, &why);
        REQUIRE(e == ERR_OK);
        REQUIRE(second.n == first.n + sizeof "## 2020-06-12 14:18:57 : Save "
                                             "To Disk");
        come_back(buf_view(&first));
    }
    buf_fini(&first);
    buf_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct store *s = NULL;
    size_t n_errors = 0;
    enum err e;

    if (n > 64 * 1024)
        return 0;
    e = store_parse(str_n(data, n), count, &n_errors, &s, NULL);
    REQUIRE((e == ERR_SYNTAX) == (n_errors > 0));
    REQUIRE((e == ERR_OK) == (s != NULL));
    if (s == NULL)
        return 0;
    dump(s);
    health_store(s, count, &n_errors);
    REQUIRE(n_errors == 0);
    for (size_t i = 0; i < s->n_systems; i++)
        for (size_t k = 0; k < s->systems[i].n_images; k++)
            for (size_t m = 0; m < s->systems[i].images[k].n_stacks; m++)
                make(s, &s->systems[i].images[k],
                     &s->systems[i].images[k].stacks[m]);
    store_free(&s);
    return 0;
}
