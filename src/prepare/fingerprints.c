#include "fingerprints.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lambert/base/array.h"

enum { MOST_BITS = 63 };

int fingerprint_bits(uint64_t expected, uint64_t most)
{
    int bits = 0;
    while (expected >> bits > most)
        bits++;
    return bits;
}

static bool is_kept(uint64_t hash, int bits)
{
    return (hash & ((UINT64_C(1) << bits) - 1)) == 0;
}

void fingerprints_release(struct fingerprints *prints)
{
    free(prints->prints);
    *prints = (struct fingerprints){0};
}

void fingerprints_add(struct fingerprints *prints, int bits, uint64_t hash, uint64_t bytes)
{
    if (!is_kept(hash, bits))
        return;
    ARRAY_RESERVE(prints->prints, prints->count + 1, prints->capacity);
    prints->prints[prints->count++] = (struct fingerprint){.hash = hash, .bytes = bytes};
}

/* Drops, from fingerprint `first` on, what is not kept by that many bits. */
static void thin_out(struct fingerprints *prints, size_t first, int bits)
{
    size_t kept = first;
    for (size_t i = first; i < prints->count; i++)
        if (is_kept(prints->prints[i].hash, bits))
            prints->prints[kept++] = prints->prints[i];
    prints->count = kept;
}

int fingerprints_join(struct fingerprints *prints, int bits, const struct fingerprints *more,
                      int more_bits, uint64_t most)
{
    if (more_bits > bits) {
        bits = more_bits;
        thin_out(prints, 0, bits);
    }
    const size_t before = prints->count;
    ARRAY_RESERVE(prints->prints, before + more->count, prints->capacity);
    for (size_t i = 0; i < more->count; i++)
        prints->prints[prints->count++] = more->prints[i];
    thin_out(prints, before, bits);
    while (prints->count > most && bits < MOST_BITS)
        thin_out(prints, 0, ++bits);
    return bits;
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = ((const struct fingerprint *)a)->hash, y = ((const struct fingerprint *)b)->hash;
    return (x > y) - (x < y);
}

/* The 4 under the root is for the few or none that may be kept of many. */
static double estimate_count(double copies, double different, double scale, double all)
{
    const double by_different = all - scale * different, slack = 4 * scale * sqrt(different + 4);
    double count = fmax(scale * copies, by_different - slack);
    count = fmin(count, fmin(by_different + slack, all - different));
    return fmax(count, copies);
}

struct duplicates fingerprints_duplicates(struct fingerprints *prints, int bits,
                                          const struct duplicates *all)
{
    struct duplicates different = {0}, copies = {0}; /* among those that are kept */
    if (prints->count > 0)
        qsort(prints->prints, prints->count, sizeof *prints->prints, by_hash);
    for (size_t i = 0; i < prints->count; i++) {
        const struct fingerprint *print = &prints->prints[i];
        struct duplicates *counted = i > 0 && print->hash == print[-1].hash ? &copies : &different;
        counted->count++;
        counted->bytes += print->bytes;
    }
    if (bits == 0)
        return copies;
    const double scale = exp2(bits), unlike = (double)different.count;
    double count = estimate_count((double)copies.count, unlike, scale, (double)all->count);
    double bytes = scale * (double)copies.bytes;
    if (count != scale * (double)copies.count)
        bytes = (double)all->bytes -
                ((double)all->count - count) * (double)different.bytes / fmax(unlike, 1);
    bytes = fmax(0, fmin(bytes, (double)all->bytes));
    return (struct duplicates){.count = (uint64_t)(count + 0.5), .bytes = (uint64_t)bytes};
}
