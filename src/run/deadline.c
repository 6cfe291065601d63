#include "deadline.h"

#include <math.h>

static const double RESERVE = 1.25;  /* what comes may take so many times as long as what was */
static const double END_SECONDS = 2; /* that MPI takes to end */
static const double FADING = 0.9;    /* a step, of how long the longest counts in the next */

void deadline_init(struct deadline *deadline, const struct job_end *end, double now)
{
    *deadline =
        (struct deadline){.at = end->name ? now + end->seconds : INFINITY, .what = end->name};
}

void deadline_note_step(struct deadline *deadline, double seconds)
{
    deadline->step = fmax(seconds, FADING * deadline->step);
}

void deadline_note_evaluation(struct deadline *deadline, double seconds)
{
    deadline->evaluation = fmax(seconds, FADING * deadline->evaluation);
}

bool deadline_is_near(struct deadline *deadline, double now, int evaluations, int checkpoints,
                      double checkpoint)
{
    const double needed =
        deadline->step + evaluations * deadline->evaluation + checkpoints * checkpoint;
    deadline->near = now + RESERVE * needed + END_SECONDS > deadline->at;
    return deadline->near;
}

double deadline_needed(const struct deadline *deadline, double checkpoint)
{
    return RESERVE * (deadline->step + 2 * checkpoint) + END_SECONDS;
}
