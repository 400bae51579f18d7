/*
 * Called from generated COBOL programs: where items lie and what they hold.
 * Linked by cobc, so it includes nothing of ours.
 */
#include <stdio.h>

void sptoffs(const char *record, const char *item, int size);
void spthex(const unsigned char *item, int size);

void
sptoffs(const char *record, const char *item, int size)
{
    printf("%ld %d\n", (long)(item - record), size);
}

void
spthex(const unsigned char *item, int size)
{
    for (int i = 0; i < size; i++)
        printf("%02X", item[i]);
    printf("\n");
}
