/* How an update and a stop are said to have ended. */
#ifndef SALLYPORT_BIN_SERVER_OUTCOME_H
#define SALLYPORT_BIN_SERVER_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#define UPDATE_MAX_MS 60000u /* longer than that is told (2.0, step 4) */

/* CWWKG0017I, or CWWKG0027W for one that took too long. */
const char *outcome_of_update(uint64_t took_ms);
/* CWWKE1101I, or CWWKE1102W when requests were left; NULL: nothing was waited
 * for. */
const char *outcome_of_quiesce(uint32_t wait_ms, bool is_quiet);

#endif
