#include "fingerprints.h"

#include <stdlib.h>

int fingerprint_bits(uint64_t expected, uint64_t most)
{
    int bits = 0;
    while (expected >> bits > most)
        bits++;
    return bits;
}

void fingerprints_add(struct buffer *prints, int bits, uint64_t hash, uint64_t bytes)
{
    struct fingerprint print = {.hash = hash, .bytes = bytes};
    if ((hash & ((UINT64_C(1) << bits) - 1)) == 0)
        buffer_put(prints, &print, sizeof print);
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = ((const struct fingerprint *)a)->hash, y = ((const struct fingerprint *)b)->hash;
    return (x > y) - (x < y);
}

struct duplicates fingerprints_duplicates(struct buffer *prints, int bits)
{
    struct fingerprint *all = (struct fingerprint *)(void *)prints->data;
    size_t count = prints->size / sizeof *all;
    struct duplicates found = {0};
    if (count > 0)
        qsort(all, count, sizeof *all, by_hash);
    for (size_t i = 1; i < count; i++)
        if (all[i].hash == all[i - 1].hash) {
            found.count++;
            found.bytes += all[i].bytes;
        }
    return (struct duplicates){.count = found.count << bits, .bytes = found.bytes << bits};
}
