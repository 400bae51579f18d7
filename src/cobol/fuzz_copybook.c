/* Any bytes as a copybook; what parses must be placed inside its record. */
#include <stdlib.h>

#include "cobol/copybook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum err
find_member(void *ctx, struct str name, struct str library, struct str *text)
{
    (void)ctx;
    (void)library;
    *text = STR("05 :X:-M PIC X(3). COPY B.");
    return str_eq_nocase_z(name, "A") ? ERR_OK : ERR_NOT_FOUND;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct copybook_options o = { .file_name = STR("f.cpy"),
                                  .find = find_member };
    struct copybook book = { 0 };
    struct err_info why;
    struct arena arena;
    struct buf text;

    o.abi = abi_default(n > 0 && (data[0] & 1) != 0 ? ABI_ZOS : ABI_GNUCOBOL);
    arena_init(&arena, 1 << 24);
    buf_init(&text, 1 << 24);
    if (copybook_parse(&arena, str_n(data, n), &o, &book, &why) == ERR_OK)
        for (size_t i = 0; i < book.n; i++) {
            struct layout *l = &book.layouts[i];

            for (struct field *f = l->root; f != NULL;
                 f = field_next(l->root, f))
                if ((uint64_t)f->offset + f->size > l->size)
                    abort();
            layout_print(l, &text);
        }
    buf_fini(&text);
    arena_fini(&arena);
    return 0;
}
