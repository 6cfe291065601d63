#include "fingerprints.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

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

void fingerprints_add(struct buffer *prints, int bits, uint64_t hash, uint64_t bytes)
{
    struct fingerprint print = {.hash = hash, .bytes = bytes};
    if (is_kept(hash, bits))
        buffer_put(prints, &print, sizeof print);
}

/* Drops from fingerprint `first` on what is not kept. */
static void drop(struct buffer *prints, size_t first, int bits)
{
    struct fingerprint *all = (struct fingerprint *)(void *)prints->data;
    size_t count = prints->size / sizeof *all, kept = first;
    for (size_t i = first; i < count; i++)
        if (is_kept(all[i].hash, bits))
            all[kept++] = all[i];
    prints->size = kept * sizeof *all;
}

int fingerprints_join(struct buffer *prints, int bits, const struct buffer *more, uint64_t most)
{
    size_t before = prints->size / sizeof(struct fingerprint);
    buffer_put(prints, more->data, more->size);
    drop(prints, before, bits);
    while (prints->size / sizeof(struct fingerprint) > most && bits < MOST_BITS)
        drop(prints, 0, ++bits);
    return bits;
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = ((const struct fingerprint *)a)->hash, y = ((const struct fingerprint *)b)->hash;
    return (x > y) - (x < y);
}

/* Of what was kept: the first of each, and the others. */
struct kept {
    struct duplicates different, copies;
};

static struct kept count_kept(struct buffer *prints)
{
    struct fingerprint *all = (struct fingerprint *)(void *)prints->data;
    size_t count = prints->size / sizeof *all;
    struct kept kept = {{0}, {0}};
    if (count > 0)
        qsort(all, count, sizeof *all, by_hash);
    for (size_t i = 0; i < count; i++) {
        bool copy = i > 0 && all[i].hash == all[i - 1].hash;
        struct duplicates *part = copy ? &kept.copies : &kept.different;
        part->count++;
        part->bytes += all[i].bytes;
    }
    return kept;
}

/* The 4 under the root is for the few or none that may be kept of many. */
static double estimate_count(double copies, double different, double scale, double all)
{
    const double by_different = all - scale * different, slack = 4 * scale * sqrt(different + 4);
    double count = fmax(scale * copies, by_different - slack);
    count = fmin(count, fmin(by_different + slack, all - different));
    return fmax(count, copies);
}

struct duplicates fingerprints_duplicates(struct buffer *prints, int bits,
                                          const struct duplicates *all)
{
    const struct kept kept = count_kept(prints);
    const double scale = exp2(bits), different = (double)kept.different.count;
    if (bits == 0)
        return kept.copies;
    double count = estimate_count((double)kept.copies.count, different, scale, (double)all->count);
    double bytes = scale * (double)kept.copies.bytes;
    if (count != scale * (double)kept.copies.count)
        bytes = (double)all->bytes -
                ((double)all->count - count) * (double)kept.different.bytes / fmax(different, 1);
    bytes = fmax(0, fmin(bytes, (double)all->bytes));
    return (struct duplicates){.count = (uint64_t)(count + 0.5), .bytes = (uint64_t)bytes};
}
