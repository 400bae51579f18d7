#include "artefact/bad.h"

#include <stdarg.h>
#include <stdio.h>

enum err
artefact_bad(struct err_info *why, enum err code, struct str entry,
             const struct xml_node *at, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX / 2];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_pos(why, code, at->line, at->column, STR_FMT ":%u:%u: %s",
                   STR_ARG(entry), at->line, at->column, text);
}
