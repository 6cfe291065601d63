#include "deadline.h"

#include <math.h>

static const double RESERVE = 1.25;  /* what comes may take so many times as long as what was */
static const double END_SECONDS = 2; /* that MPI takes to end */
static const double FADING = 0.9;    /* a step, of how long the longest counts in the next */

/* A step with a replay, of one without, where none was made yet: a micro-batch of those that it has, of which there may
 * be one, is computed once more. */
static const double WITH_REPLAY = 2;

void deadline_init(struct deadline *deadline, const struct job_end *end, double now)
{
    *deadline =
        (struct deadline){.at = end->name ? now + end->seconds : INFINITY, .what = end->name};
}

static void note(struct step_seconds *longest, bool replay, double seconds)
{
    double *own = replay ? &longest->replay : &longest->plain;
    *own = fmax(seconds, FADING * *own);
}

/* What is not known of one kind of steps is told by the other. */
static double expected(const struct step_seconds *longest, bool replay)
{
    if (replay)
        return longest->replay > 0 ? longest->replay : WITH_REPLAY * longest->plain;
    return longest->plain > 0 ? longest->plain : longest->replay;
}

void deadline_note_step(struct deadline *deadline, bool replay, double seconds)
{
    note(&deadline->whole, replay, seconds);
}

void deadline_note_computed(struct deadline *deadline, bool replay, double seconds)
{
    note(&deadline->computed, replay, seconds);
}

void deadline_note_evaluation(struct deadline *deadline, double seconds)
{
    deadline->evaluation = fmax(seconds, FADING * deadline->evaluation);
}

bool deadline_is_near(struct deadline *deadline, double now, bool replay, int evaluations,
                      int checkpoints, double checkpoint)
{
    const double needed = expected(&deadline->whole, replay) + evaluations * deadline->evaluation +
                          checkpoints * checkpoint;
    deadline->near = now + RESERVE * needed + END_SECONDS > deadline->at;
    return deadline->near;
}

double deadline_latest(const struct deadline *deadline, int checkpoints, double checkpoint)
{
    return deadline->at - RESERVE * checkpoints * checkpoint - END_SECONDS;
}

double deadline_longest_step(const struct deadline *deadline, bool replays)
{
    const double plain = expected(&deadline->computed, false);
    return replays ? fmax(plain, expected(&deadline->computed, true)) : plain;
}

double deadline_needed(const struct deadline *deadline, bool replays, double checkpoint)
{
    return RESERVE * (deadline_longest_step(deadline, replays) + 2 * checkpoint) + END_SECONDS;
}
