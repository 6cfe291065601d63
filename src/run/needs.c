#include "lambert/run/needs.h"

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
