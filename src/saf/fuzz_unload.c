/* An unload as input: loaded as a whole or not at all; what was loaded can be
 * written. */
#include "saf/unload.h"

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
keep(void *arg, struct str line)
{
    buf_add(arg, line);
    buf_add_char(arg, '\n');
}

/* What was loaded comes out as something that can be loaded. */
static void
load_again(struct saf_db *db)
{
    struct load_report report = { .lines = 0 };
    struct saf_db *again = NULL;
    struct buf text;
    struct unload_out out = { keep, &text };

    buf_init(&text, 16u << 20);
    REQUIRE(unload_write(db, &out, NULL) == ERR_OK);
    if (saf_db_open(":memory:", 1600000000000ull, &again, NULL) == ERR_OK) {
        REQUIRE(text.failed || load_all(again, buf_view(&text), STR(""),
                                        &report, NULL) == ERR_OK);
        saf_db_close(&again);
    }
    buf_fini(&text);
}

static void
count(void *arg, struct str line)
{
    REQUIRE(line.n <= UNLOAD_LINE_MAX);
    (*(uint64_t *)arg)++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct load_report report = { .lines = 0 };
    uint64_t lines = 0;
    struct unload_out out = { count, &lines };
    struct saf_db *db = NULL;
    struct str text = str_n((const char *)data, size), more = STR("");
    size_t cut = str_find(text, STR("\n--\n"));
    enum err e;

    if (cut != STR_NPOS) {
        more = str_sub(text, cut + 4, text.n);
        text = str_sub(text, 0, cut + 1);
    }
    if (saf_db_open(":memory:", 1600000000000ull, &db, NULL) != ERR_OK)
        return 0;
    e = load_all(db, text, more, &report, NULL);
    REQUIRE((e == ERR_OK) <= (report.mistakes == 0));
    REQUIRE(unload_write(db, &out, NULL) == ERR_OK && lines > 0);
    if (e == ERR_OK && more.n == 0)
        load_again(db);
    saf_db_close(&db);
    return 0;
}
