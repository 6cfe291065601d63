#include "lambert/batch/share.h"

#include <stdlib.h>

#include "lambert/base/error.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/batch/balance_by_cost.h"

int share_choose(const struct sharing *sharing, const int *lengths, int *chosen)
{
    require(sharing->global_batch > 0 && sharing->group >= 0);
    const int size = max_int(sharing->group, 1), samples = sharing->global_batch;
    const int groups = (samples - 1) / size + 1;
    int *group_lengths = memory_new((size_t)groups, sizeof *group_lengths);
    int *chosen_groups = memory_new((size_t)groups, sizeof *chosen_groups);
    for (int i = 0; i < samples; i++)
        group_lengths[i / size] += lengths[i];
    const int mine =
        balance_by_cost(group_lengths, groups, sharing->ranks, sharing->rank, chosen_groups);
    int count = 0;
    for (int g = 0; g < mine; g++) {
        const int first = chosen_groups[g] * size;
        for (int i = first; i < samples && i - first < size; i++)
            chosen[count++] = i;
    }
    free(group_lengths);
    free(chosen_groups);
    return count;
}
