/* A worker process of a region; started by the supervisor alone. */
#ifndef SALLYPORT_REGION_WORKER_H
#define SALLYPORT_REGION_WORKER_H

#include "base/str.h"

int worker_main(void);
/* A line for the region's log. */
void worker_log(const char *id, const struct str *inserts, size_t n);

#endif
