/*
 * The plain way, kept as a yardstick: parse JSON into a jansson tree and walk
 * the layout, or build a tree from the record and dump it.
 */
#ifndef SALLYPORT_TESTS_BENCH_TREE_MAP_H
#define SALLYPORT_TESTS_BENCH_TREE_MAP_H

#include "base/str.h"
#include "cobol/layout.h"

/* False: JSON or data that does not fit. record is layout->size bytes. */
bool tree_in(const struct layout *, struct str json, uint8_t *record);
/* malloc'd text, or NULL. */
char *tree_out(const struct layout *, const uint8_t *record);

#endif
