#include "asking_options.h"

#include "lambert/kernels/kernels.h"
#include "lambert/run/run.h"

int start_asking(const struct dist *dist, const struct asking_options *options, struct error *err)
{
    const struct config config = {.run.threads = options->threads};
    struct threads threads;
    if (dist_agree(dist, kernels_select(err), err) < 0)
        return -1;
    return start_threads(&threads, dist, &config, err);
}

int asking_length(const struct asking_options *options, const struct base_model *base, int given,
                  int *length, struct error *err)
{
    const int positions = base->shape.max_position_embeddings;
    *length = given ? given : base->sequence_length;
    return *length <= positions
               ? 0
               : error_set(err, "--sequence-length %d is more than the %d positions of %s", *length,
                           positions, options->model);
}
