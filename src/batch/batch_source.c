#include "lambert/batch/batch_source.h"

int batch_source_next(struct batch_source *source, struct batch *batch, struct error *err)
{
    return source->operations->next(source, batch, err);
}

bool batch_source_wait(struct batch_source *source, double seconds)
{
    return !source->operations->wait || source->operations->wait(source, seconds);
}

bool batch_source_close(struct batch_source *source)
{
    return !source || source->operations->close(source);
}

static uint64_t group_of(const struct batch *batch, int n)
{
    return (batch->share->sample_index[n] - batch->first_sample) / (uint64_t)batch->group;
}

int batch_group_fit(const struct batch *batch, int first)
{
    require(batch->group > 0);
    int n = first + 1;
    while (n < batch->share->sequences && group_of(batch, n) == group_of(batch, first))
        n++;
    return n - first;
}

int batch_groups(const struct batch *batch)
{
    return batch->group > 0 ? (batch->global_batch + batch->group - 1) / batch->group : 0;
}
