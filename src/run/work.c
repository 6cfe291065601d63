#include "work.h"

int work_open(struct work **work, const struct dist *dist, const struct config *config, bool resume,
              struct error *err)
{
    return config->task.kind == TASK_NONE ? pretraining_open(work, dist, config, err)
                                          : fine_tuning_open(work, dist, config, resume, err);
}

void work_close(struct work *work)
{
    if (work)
        work->operations->close(work);
}
