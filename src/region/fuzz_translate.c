/* Any text as COBOL: refused, or translated with its lines kept. */
#include <stdint.h>
#include <stdlib.h>

#include "region/command.h"
#include "region/translate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct translate_options options = { .name = "fuzz" };
    struct str source = str_n(data, n);
    static struct plan plan;
    struct err_info why = { 0 };
    struct buf out;

    (void)!plan_read(source, &plan, &why);
    for (int i = 0; i < 2; i++) {
        options.is_free = i == 1;
        why.text[0] = '\0';
        buf_init(&out, 8u * TRANSLATE_SOURCE_MAX);
        if (translate(source, &options, &out, &why) != ERR_OK &&
            why.text[0] == '\0')
            abort();
        buf_fini(&out);
    }
    return 0;
}
