#include "outcome.h"

#include <stddef.h>

const char *
outcome_of_update(uint64_t took_ms)
{
    return took_ms > UPDATE_MAX_MS ? "CWWKG0027W" : "CWWKG0017I";
}

const char *
outcome_of_quiesce(uint32_t wait_ms, bool is_quiet)
{
    if (wait_ms <= 1)
        return NULL;
    return is_quiet ? "CWWKE1101I" : "CWWKE1102W";
}
