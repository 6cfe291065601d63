#include "lambert/run/due.h"

/* Multiples of `every` behind `from`, up to and with `to`. */
static int64_t multiples(int64_t from, int64_t to, int64_t every)
{
    return every > 0 ? to / every - from / every : 0;
}

static int64_t common_multiple(int64_t a, int64_t b)
{
    int64_t x = a, y = b;
    while (y != 0) {
        const int64_t rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

struct run_due run_due_between(const struct config_train *train, int64_t from, int64_t to)
{
    const int64_t often = train->checkpoint_every, kept = train->checkpoint_keep_every;
    int64_t checkpoints = multiples(from, to - 1, often) + multiples(from, to - 1, kept) + 1;
    if (often > 0 && kept > 0)
        checkpoints -= multiples(from, to - 1, common_multiple(often, kept));
    return (struct run_due){.evaluations = multiples(from, to - 1, train->evaluate_every) + 1,
                            .checkpoints = checkpoints};
}

int64_t run_due_kept(const struct config_train *train, int64_t from, int64_t to)
{
    return multiples(from, to, train->checkpoint_keep_every);
}
