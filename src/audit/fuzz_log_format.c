/* Whatever is logged, a line is one line and its JSON is JSON. The first line
 * of the input is a jsonFieldMappings. */
#include <jansson.h>
#include <string.h>

#include "audit/log_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str rest = str_n(data, n), first = STR("");
    struct log_mappings m;
    struct log_style s = { .host = "h", .user_dir = "/u/", .server = "s" };
    struct log_entry e = { .source = LOG_MESSAGE,
                           .letter = 'I',
                           .wall_ms = 1634583058246u,
                           .logger = "a.b",
                           .method = "",
                           .id = "X0001I" };
    struct err_info why;
    struct buf out;

    IGNORE(str_line(&rest, &first));
    e.text = rest;
    if (log_mappings_init(&m, first, &why) == ERR_OK)
        s.mappings = &m;
    for (int f = LOG_DEV; f <= LOG_ADVANCED; f++) {
        buf_init(&out, 1u << 20);
        log_format(&s, (enum log_format)f, &e, &out);
        REQUIRE(!out.failed && out.n > 0 && out.p[out.n - 1] == '\n');
        if (f == LOG_JSON) {
            json_t *root = json_loadb(out.p, out.n, JSON_ALLOW_NUL, NULL);

            REQUIRE(memchr(out.p, '\n', out.n) == out.p + out.n - 1);
            REQUIRE(root != NULL);
            json_decref(root);
        }
        buf_fini(&out);
    }
    if (s.mappings != NULL)
        log_mappings_fini(&m);
    return 0;
}
