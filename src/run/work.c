#include "work.h"

int work_open(struct work **work, const struct dist *dist, const struct config *config, bool resume,
              struct error *err)
{
    (void)resume;
    return pretraining_open(work, dist, config, err);
}

void work_close(struct work *work)
{
    if (work)
        work->operations->close(work);
}
