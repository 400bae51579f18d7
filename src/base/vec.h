/*
 * A growing array of plain values on the heap:
 *
 *     struct { struct str *v; size_t n, cap; } names = { 0 };
 *     if (!VEC_PUSH(&names, name)) return ERR_MEMORY;
 *     VEC_FREE(&names);
 */
#ifndef SALLYPORT_BASE_VEC_H
#define SALLYPORT_BASE_VEC_H

#include "base/defs.h"

#include <stdlib.h>

MUST_CHECK bool vec_grow(void **v, size_t *cap, size_t n, size_t size);

#define VEC_PUSH(vec, value)                                                   \
    (((vec)->n < (vec)->cap ||                                                 \
      vec_grow((void **)&(vec)->v, &(vec)->cap, (vec)->n, sizeof *(vec)->v))   \
         ? ((vec)->v[(vec)->n++] = (value), true)                              \
         : false)

#define VEC_FREE(vec)                                                          \
    do {                                                                       \
        free((vec)->v);                                                        \
        (vec)->v = NULL;                                                       \
        (vec)->n = (vec)->cap = 0;                                             \
    } while (0)

#endif
