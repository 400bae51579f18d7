/* The JSON of a backing store. */
#ifndef SALLYPORT_ASSIST_DUMP_H
#define SALLYPORT_ASSIST_DUMP_H

#include "assist/model.h"
#include "base/buf.h"

/* out->failed without storage, or when it comes to more than out may hold. */
void store_dump(const struct store *, struct buf *out);

#endif
