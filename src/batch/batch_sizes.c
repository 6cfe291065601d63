#include "lambert/batch/batch_sizes.h"

#include "lambert/base/minmax.h"

/* A stretch of batches of one size, from number `begin` up to, not with, `end`. */
struct stretch {
    uint64_t begin, end;
    int sequences;
};

/* The i-th of change_count + 1; the last has no end. */
static struct stretch stretch_of(const struct batch_sizes *sizes, int i)
{
    const struct batch_change *changes = sizes->changes;
    return (struct stretch){
        .begin = i > 0 ? (uint64_t)changes[i - 1].after : 0,
        .end = i < sizes->change_count ? (uint64_t)changes[i].after : UINT64_MAX,
        .sequences = i > 0 ? changes[i - 1].sequences : sizes->first,
    };
}

int batch_sizes_at(const struct batch_sizes *sizes, uint64_t batch)
{
    int i = 0;
    while (i < sizes->change_count && batch >= stretch_of(sizes, i).end)
        i++;
    return stretch_of(sizes, i).sequences;
}

uint64_t batch_sizes_before(const struct batch_sizes *sizes, uint64_t batch)
{
    uint64_t sequences = 0;
    for (int i = 0; i <= sizes->change_count; i++) {
        const struct stretch stretch = stretch_of(sizes, i);
        const uint64_t end = batch < stretch.end ? batch : stretch.end;
        if (end > stretch.begin)
            sequences += (end - stretch.begin) * (uint64_t)stretch.sequences;
    }
    return sequences;
}

uint64_t batch_sizes_covering(const struct batch_sizes *sizes, uint64_t sequences)
{
    int i = 0;
    while (i < sizes->change_count &&
           batch_sizes_before(sizes, stretch_of(sizes, i).end) < sequences)
        i++;
    const struct stretch last = stretch_of(sizes, i);
    const uint64_t rest = sequences - batch_sizes_before(sizes, last.begin);
    return last.begin + (rest + (uint64_t)last.sequences - 1) / (uint64_t)last.sequences;
}

int batch_sizes_least(const struct batch_sizes *sizes)
{
    int least = sizes->first;
    for (int c = 0; c < sizes->change_count; c++)
        least = min_int(least, sizes->changes[c].sequences);
    return least;
}

int batch_sizes_most(const struct batch_sizes *sizes)
{
    int most = sizes->first;
    for (int c = 0; c < sizes->change_count; c++)
        most = max_int(most, sizes->changes[c].sequences);
    return most;
}

void batch_sizes_print(const struct batch_sizes *sizes, struct buffer *text)
{
    buffer_print(text, "%d", sizes->first);
    for (int c = 0; c < sizes->change_count; c++)
        buffer_print(text, "%s%d after step %d", c == 0 ? " (" : ", ", sizes->changes[c].sequences,
                     sizes->changes[c].after);
    if (sizes->change_count > 0)
        buffer_print(text, ")");
}
