#include "lambert/trainer/result_hashes.h"

#include <stdlib.h>

#include "lambert/base/hash.h"
#include "lambert/base/memory.h"

int result_hashes_count(const struct param_table *table)
{
    return table->count + 1;
}

void result_hashes_init(struct result_hashes *hashes, const struct param_table *table)
{
    *hashes = (struct result_hashes){
        .table = table,
        .values = memory_new((size_t)result_hashes_count(table), sizeof *hashes->values)};
}

void result_hashes_release(struct result_hashes *hashes)
{
    free(hashes->values);
    *hashes = (struct result_hashes){0};
}

void result_hashes_put(struct result_hashes *hashes, const real *grads, size_t begin, size_t end)
{
    const struct param_table *table = hashes->table;
#pragma omp parallel for schedule(dynamic)
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        if (info->offset >= begin && info->offset + info->count <= end)
            hashes->values[t] = hash_bytes(grads + info->offset, info->count * sizeof(real));
    }
}

void result_hashes_put_rows(struct result_hashes *hashes, const real *rows, size_t count)
{
    hashes->values[0] = hash_bytes_seeded(rows, count * sizeof(real), hashes->values[0]);
}

void result_hashes_put_sums(struct result_hashes *hashes, const struct objective_sums *sums,
                            int objectives)
{
    hashes->values[hashes->table->count] = hash_bytes(sums, (size_t)objectives * sizeof *sums);
}

struct result_difference result_hashes_compare(const struct result_hashes *a,
                                               const struct result_hashes *b)
{
    const int tensors = a->table->count;
    struct result_difference difference = {.losses = a->values[tensors] != b->values[tensors],
                                           .first = -1};
    for (int t = tensors - 1; t >= 0; t--)
        if (a->values[t] != b->values[t]) {
            difference.tensors++;
            difference.first = t;
        }
    return difference;
}
