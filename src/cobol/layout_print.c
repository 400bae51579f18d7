/* The table of offsets that people and the layout oracle read. */
#include "cobol/layout.h"

static unsigned
depth_of(const struct field *f)
{
    unsigned depth = 0;

    for (f = f->parent; f != NULL; f = f->parent)
        depth++;
    return depth;
}

static void
print_notes(const struct field *f, struct buf *out)
{
    if (f->is_array && f->depends_on != NULL)
        buf_printf(out, " occurs=%u..%u:" STR_FMT, f->occurs_min, f->occurs_max,
                   STR_ARG(f->depends_on->cobol_name));
    else if (f->is_array)
        buf_printf(out, " occurs=%u", f->occurs_max);
    if (f->is_array && f->stride != f->size)
        buf_printf(out, " stride=%u", f->stride);
    if (f->redefines != NULL)
        buf_printf(out, " redefines=" STR_FMT,
                   STR_ARG(f->redefines->cobol_name));
    if (f->is_synced)
        buf_add_z(out, " sync");
    if (!f->is_included)
        buf_add_z(out, " hidden");
}

/* offset size level name kind [digits.scale] notes */
void
layout_print(const struct layout *layout, struct buf *out)
{
    struct field *root = layout->root;

    buf_printf(out, "%s" STR_FMT " %u bytes\n", "# ", STR_ARG(layout->name),
               layout->size);
    buf_printf(out, "# %6s %6s  %s\n", "offset", "size", "field");
    for (struct field *f = root; f != NULL; f = field_next(root, f)) {
        struct str name = f->cobol_name.n > 0 ? f->cobol_name
                          : f->name.n > 0     ? f->name
                                              : STR("FILLER");

        buf_printf(out, "%8u %6u  %*s%02u " STR_FMT " %s", f->offset, f->size,
                   (int)(2 * depth_of(f)), "", f->level, STR_ARG(name),
                   field_kind_name(f->kind));
        if (f->digits > 0)
            buf_printf(out, " %s%u.%d", f->is_signed ? "S" : "", f->digits,
                       (int)f->scale);
        print_notes(f, out);
        buf_add_char(out, '\n');
    }
}
