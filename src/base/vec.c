#include "base/vec.h"

bool
vec_grow(void **v, size_t *cap, size_t n, size_t size)
{
    size_t want = n < 8 ? 8 : n + n / 2, bytes;
    void *p;

    if (!size_mul(want, size, &bytes) || (p = realloc(*v, bytes)) == NULL)
        return false;
    *v = p;
    *cap = want;
    return true;
}
