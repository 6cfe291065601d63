#include "tensor_fragments.h"

#include "lambert/base/minmax.h"

static size_t end_of(const struct param_info *info)
{
    return info->offset + info->count;
}

size_t tensor_fragments_cut(const struct param_table *table, const struct sharding *sharding,
                            int rank, struct tensor_fragment *fragments)
{
    size_t count = 0, shard = 0;
    int t = 0;
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, rank);
        for (size_t at = slice.begin; at < slice.end;) {
            while (t < table->count && end_of(&table->infos[t]) <= at)
                t++;
            if (t == table->count || table->infos[t].offset >= slice.end)
                break;
            size_t begin = max_size(at, table->infos[t].offset);
            size_t end = min_size(end_of(&table->infos[t]), slice.end);
            at = min_size(end, (begin / OPTIMIZER_UNIT + 1) * OPTIMIZER_UNIT);
            if (fragments)
                fragments[count] = (struct tensor_fragment){.flat = begin,
                                                            .shard = shard + begin - slice.begin,
                                                            .count = (int)(at - begin),
                                                            .tensor = t};
            count++;
        }
        shard += slice.end - slice.begin;
    }
    return count;
}
