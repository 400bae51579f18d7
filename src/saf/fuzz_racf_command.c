/* Whatever the text: a reply, a return code, no crash; and the text with its
 * secrets blanked keeps its length. */
#include "saf/test_cmd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct desk d;
    struct arena arena;
    char *text;

    if (n > CMD_MAX + 16)
        return 0;
    if (d.engine == NULL)
        desk_init(&d);
    text = calloc(1, n + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, n);
    (void)desk_run(&d, text);
    if (d.rc > 12)
        abort();
    arena_init(&arena, 1 << 20);
    if (cmd_blank_secrets(&arena, str_of(text), NULL).n != strlen(text))
        abort();
    arena_fini(&arena);
    free(text);
    return 0;
}
