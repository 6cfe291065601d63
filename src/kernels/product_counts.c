#include "lambert/kernels/product_counts.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/base/minmax.h"

/* Each thread's sums lie on cache lines of their own, and it looks for a maker among those that it
 * has met itself: two at most, as a rule. Nothing is shared while products are made. */
enum { MOST_THREADS = 1024 };
static struct thread_counts {
    _Alignas(128) struct {
        const char *maker; /* NULL: free, as all behind it are */
        double sums[2];    /* by enum float_type */
    } at[PRODUCT_MAKERS];
} threads[MOST_THREADS];

_Static_assert(TYPE_FLOAT32 < 2 && TYPE_BFLOAT16 < 2, "the types index the sums");

void product_counts_add(const char *maker, enum float_type type, double operations)
{
    /* Threads beyond the last share it. */
    struct thread_counts *own = &threads[min_int(omp_get_thread_num(), MOST_THREADS - 1)];
    int i = 0;
    while (i < PRODUCT_MAKERS && own->at[i].maker && own->at[i].maker != maker)
        i++;
    require(i < PRODUCT_MAKERS);
    own->at[i].maker = maker;
    own->at[i].sums[type] += operations;
}

int product_counts_merge(struct product_count counts[2 * PRODUCT_MAKERS], int count,
                         const struct product_count *more)
{
    int i = 0;
    while (i < count && (counts[i].type != more->type || strcmp(counts[i].maker, more->maker) != 0))
        i++;
    require(i < 2 * PRODUCT_MAKERS);
    if (i < count)
        counts[i].operations += more->operations;
    else
        counts[i] = *more;
    return max_int(count, i + 1);
}

static int by_operations(const void *a, const void *b)
{
    const struct product_count *x = a, *y = b;
    return (x->operations < y->operations) - (x->operations > y->operations);
}

void product_counts_sort(struct product_count *counts, int count)
{
    qsort(counts, (size_t)count, sizeof *counts, by_operations);
}

int product_counts_read(struct product_count counts[2 * PRODUCT_MAKERS])
{
    int count = 0;
    for (int t = 0; t < MOST_THREADS; t++)
        for (int i = 0; i < PRODUCT_MAKERS && threads[t].at[i].maker; i++)
            for (int type = 0; type < 2; type++) {
                struct product_count more = {.type = (enum float_type)type,
                                             .operations = threads[t].at[i].sums[type]};
                snprintf(more.maker, sizeof more.maker, "%s", threads[t].at[i].maker);
                if (more.operations > 0)
                    count = product_counts_merge(counts, count, &more);
            }
    product_counts_sort(counts, count);
    return count;
}

void product_counts_reset(void)
{
    memset(threads, 0, sizeof threads);
}
