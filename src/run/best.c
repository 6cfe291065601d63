#include "best.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/score/scoring.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/checkpoint_folder.h"

static bool is_better(const struct run_state *state, const struct best_candidate *candidate)
{
    return isfinite(candidate->value) &&
           (!state->has_best ||
            metric_is_better(candidate->metric, candidate->value, state->best_value));
}

/* [rank 0] The weights alone, with the state that says how good they are. */
static int write_weights(const struct run *run, const char *path, struct error *err)
{
    struct checkpoint_meta meta = run->meta;
    meta.state = run->state;
    return checkpoint_write_weights(path, trainer_params(run->trainer), &meta,
                                    trainer_weights(run->trainer), err);
}

int best_offer(struct run *run, const struct best_candidate *candidate, struct error *err)
{
    struct run_state *state = &run->state;
    const struct run_state before = *state;
    const bool first = dist_rank(run->dist) == 0;
    int status = 0;
    if (first && is_better(state, candidate)) {
        char *path = checkpoint_best_path(run->config->run.folder);
        state->has_best = true;
        state->best_value = candidate->value;
        state->best_step = state->total_steps;
        status = write_weights(run, path, err);
        if (status < 0)
            *state = before; /* a checkpoint of it is not to say that the file is there */
        else
            log_info("the best so far by %s (%.4f): %s", candidate->metric, candidate->value, path);
        free(path);
    }
    dist_broadcast(run->dist, 0, state, sizeof *state);
    return dist_agree(run->dist, status, err);
}

/* [rank 0] Whether the best so far was chosen by this metric, and of this class: the run's config.ini, which
 * has not been written anew yet, says by which. */
static int same_metric(const struct run *run, bool *same, struct error *err)
{
    const struct config_task *task = &run->config->task;
    struct config before;
    struct buffer text = {0};
    char *path = path_join(run->config->run.folder, "config.ini");
    int status = 0;
    *same = true;
    if (task->kind != TASK_NONE && file_exists(path)) {
        status = file_read(path, &text, err);
        if (status == 0)
            status = config_read(&before, buffer_text(&text), path, err);
        if (status == 0)
            *same = strcmp(before.task.metric, task->metric) == 0 &&
                    strcmp(before.task.positive, task->positive) == 0;
    }
    buffer_release(&text);
    free(path);
    return status;
}

/* [rank 0] The file goes, too: values that cannot be compared with its own are to come. */
static int forget(struct run *run, const char *path, const char *why, struct error *err)
{
    log_warning("%s %s: the best is looked for from here on", path, why);
    run->state.has_best = false;
    return file_remove(path, err);
}

/* [rank 0] */
static int read_state(struct run *run, const char *path, struct error *err)
{
    struct run_state *state = &run->state;
    struct checkpoint_file file = {0};
    bool same;
    if (same_metric(run, &same, err) < 0)
        return -1;
    if (!file_exists(path))
        return state->has_best ? forget(run, path, "is gone", err) : 0;
    if (!same)
        return forget(run, path, "was chosen by another metric", err);
    if (checkpoint_file_open(&file, path, err) < 0)
        return error_prefix(err,
                            "the best weights so far cannot be read (remove that file, and the "
                            "best is looked for from here on)");
    const struct run_state *best = &file.meta.state;
    if (best->has_best && best->best_step <= state->total_steps &&
        (!state->has_best || best->best_step > state->best_step)) {
        state->has_best = true;
        state->best_value = best->best_value;
        state->best_step = best->best_step;
    }
    checkpoint_file_close(&file);
    return 0;
}

int best_recall(struct run *run, struct error *err)
{
    char *path = checkpoint_best_path(run->config->run.folder);
    const int status = dist_rank(run->dist) == 0 ? read_state(run, path, err) : 0;
    free(path);
    if (dist_agree(run->dist, status, err) < 0)
        return -1;
    dist_broadcast(run->dist, 0, &run->state, sizeof run->state);
    return 0;
}
