#include "saf/saf.h"

const char *
saf_level_name(enum saf_level level)
{
    static const char *const names[] = { "NONE",   "EXECUTE", "READ",
                                         "UPDATE", "CONTROL", "ALTER" };

    return (unsigned)level < ARRAY_LEN(names) ? names[level] : "NONE";
}
