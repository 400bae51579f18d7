/* Clocks, for the edges only: engines take now_ms as a parameter. */
#ifndef SALLYPORT_BASE_CLOCK_H
#define SALLYPORT_BASE_CLOCK_H

#include "base/defs.h"

uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);
uint64_t clock_wall_ms(void); /* since 1970-01-01 00:00 UTC */

#endif
