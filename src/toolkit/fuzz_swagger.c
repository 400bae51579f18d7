/* API descriptions to structures and members; the first byte chooses JSON or
 * YAML. */
#include "toolkit/members.h"
#include "toolkit/structure.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct structure_rules rules = { .default_max_length = 255,
                                              .default_max_items = 255,
                                              .key_max_length = 255 };

static void
generate(struct toolkit *tk, const struct swagger *swagger)
{
    for (size_t i = 0; i < swagger->n_operations; i++) {
        struct buf notes, text;
        struct structure s = { .notes = &notes };
        struct err_info why;

        buf_init(&notes, 1u << 20);
        buf_init(&text, 4u << 20);
        if (structure_request(tk, swagger->root, &swagger->operations[i],
                              &rules, &s, &why) == ERR_OK &&
            s.root != NULL)
            member_structure(&text, s.root, buf_view(&notes));
        if (structure_response(tk, swagger->root, &swagger->operations[i],
                               &rules, &s, &why) == ERR_OK &&
            s.root != NULL)
            member_structure(&text, s.root, buf_view(&notes));
        member_info(&text, swagger->title, swagger->operations[i].path,
                    swagger->operations[i].method);
        buf_fini(&notes);
        buf_fini(&text);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static FILE *sink;
    struct swagger swagger;
    struct err_info why;
    struct toolkit tk;

    if (sink == NULL)
        sink = fopen("/dev/null", "w");
    if (n == 0 || sink == NULL)
        return 0;
    toolkit_init(&tk, sink);
    if (swagger_read(&tk.arena, str_n(data + 1, n - 1),
                     data[0] == 'Y' ? STR("x.yaml") : STR("x.json"), false,
                     &swagger, &why) == ERR_OK) {
        generate(&tk, &swagger);
        swagger_fini(&swagger);
    }
    toolkit_fini(&tk);
    return 0;
}
