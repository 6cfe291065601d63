#include "lambert/run/needs.h"

#include "lambert/kernels/gemm.h"
#include "lambert/run/options.h"
#include "memory_plan.h"
#include "work.h"

int run_needs_find(struct run_needs *needs, const struct dist *dist, const struct config *config,
                   bool resume, int threads, struct error *err)
{
    struct config unstaged = *config;
    struct work *work;
    unstaged.data.stage_folder[0] = '\0';
    if (work_open(&work, dist, &unstaged, resume, err) != 0)
        return -1;
    const struct memory_plan plan = memory_plan_of(dist, work, threads);
    double moments = (double)plan.trainer.moments; /* each rank has those of its shard */
    dist_sum_double(dist, &moments, 1);
    *needs = (struct run_needs){.rank = memory_plan_rank(&plan, dist),
                                .machine = memory_plan_machine(&plan, dist),
                                .checkpoint = (double)plan.trainer.sync.weights + moments,
                                .weights = (double)plan.trainer.sync.weights};
    work_close(work);
    return 0;
}

void run_needs_of_job(struct run_needs *needs, const struct config *config,
                      const struct trainer_options *options, const struct job_layout *layout)
{
    const struct stages stages = stages_of(layout->ranks_per_node, layout->nodes, STAGES_SPLIT);
    const struct stages alone = stages_flat(1);
    const struct trainer_memory all = trainer_memory_in(&alone, false, options);
    const int ranks = layout->nodes * layout->ranks_per_node;
    const struct memory_plan plan = {
        .trainer = trainer_memory_in(&stages, true, options),
        .products = gemm_memory(layout->threads),
        .corpus_cache = (size_t)config->data.cache_megabytes << 20,
        .batches = sampled_batches_most_memory(config, ranks),
    };
    const double rank = memory_plan_sum(&plan, layout->ranks_per_node);
    *needs = (struct run_needs){.rank = rank,
                                .machine = rank * layout->ranks_per_node,
                                .checkpoint = (double)(all.sync.weights + all.moments),
                                .weights = (double)all.sync.weights};
}
