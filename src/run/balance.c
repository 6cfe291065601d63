#include "lambert/run/balance.h"

#include <math.h>
#include <stdlib.h>

#include "lambert/base/clock.h"
#include "lambert/base/host_name.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"

static const double SLOW = 0.1;   /* over the others' mean: noise is a few per cent */
static const double PAUSE = 3600; /* seconds between warnings of the same rank */

void balance_init(struct balance *balance, int ranks)
{
    *balance = (struct balance){.ranks = ranks,
                                .times = memory_new((size_t)ranks + 2, sizeof *balance->times),
                                .warned = memory_new((size_t)ranks, sizeof *balance->warned)};
    for (int r = 0; r < ranks; r++)
        balance->warned[r] = -INFINITY;
    for (int i = 0; i < BALANCE_WINDOW; i++)
        balance->late[i].rank = -1;
}

void balance_release(struct balance *balance)
{
    free(balance->times);
    free(balance->warned);
    *balance = (struct balance){0};
}

void balance_note(struct balance *balance, struct balance_report *report)
{
    const struct balance_times *times = balance->times;
    int slowest = 0, others = balance->ranks - 1;
    double sum = 0, data = 0;
    for (int r = 0; r < balance->ranks; r++) {
        sum += times[r].work;
        data = fmax(data, times[r].data);
        if (times[r].work > times[slowest].work)
            slowest = r;
    }
    double most = times[slowest].work, mean = sum / balance->ranks;
    double excess = others > 0 ? most / ((sum - most) / others) - 1 : 0;
    bool late = excess > SLOW;
    *report = (struct balance_report){.imbalance = mean > 0 ? most / mean : 1,
                                      .slowest = slowest,
                                      .late = late,
                                      .work = mean,
                                      .data = data};
    balance->late[balance->next] = (struct balance_late){
        .rank = late ? slowest : -1, .excess = excess, .data_share = times[slowest].data / most};
    balance->next = (balance->next + 1) % BALANCE_WINDOW;
}

/* What the window says of a rank. */
static struct balance_slow sum_up(const struct balance *balance, int rank)
{
    struct balance_slow slow = {.rank = rank};
    for (int i = 0; i < BALANCE_WINDOW; i++) {
        const struct balance_late *late = &balance->late[i];
        if (late->rank != rank)
            continue;
        slow.steps++;
        slow.excess += late->excess;
        slow.data_share += late->data_share;
    }
    slow.excess /= slow.steps;
    slow.data_share /= slow.steps;
    return slow;
}

/* Only the rank that was late last can have become slow with this step. */
bool balance_find_slow(struct balance *balance, double now, struct balance_slow *slow)
{
    int last = (balance->next + BALANCE_WINDOW - 1) % BALANCE_WINDOW;
    int rank = balance->late[last].rank;
    if (rank < 0 || now - balance->warned[rank] < PAUSE)
        return false;
    *slow = sum_up(balance, rank);
    if (slow->steps <= BALANCE_WINDOW / 2)
        return false;
    balance->warned[rank] = now;
    return true;
}

static void warn(const struct balance_slow *slow)
{
    char host[HOST_NAME_ROOM];
    host_name(host);
    log_warning(
        "rank %d on %s holds up the others: in %d of the last %d steps it was the slowest, "
        "and took %.0f%% longer than they did on average; %s",
        slow->rank, host, slow->steps, BALANCE_WINDOW, 100 * slow->excess,
        slow->data_share > 0.5
            ? "most of that time it waited for samples: look at its disk or network"
            : "look for other processes, a slower clock, or threads bound to the same cores");
}

void balance_step(struct balance *balance, const struct dist *dist, struct balance_times own,
                  struct balance_flags *flags, struct balance_report *report)
{
    struct balance_slow slow;
    const int ranks = balance->ranks;
    for (int r = 0; r < ranks; r++)
        balance->times[r] = (struct balance_times){0};
    balance->times[dist_rank(dist)] = own;
    balance->times[ranks] = (struct balance_times){.work = flags->stop, .data = flags->save};
    balance->times[ranks + 1] = (struct balance_times){.work = flags->clock};
    dist_sum_double(dist, &balance->times[0].work, 2 * (ranks + 2));
    *flags = (struct balance_flags){.stop = balance->times[ranks].work > 0,
                                    .save = balance->times[ranks].data > 0,
                                    .clock = balance->times[ranks + 1].work};
    balance_note(balance, report);
    if (balance_find_slow(balance, clock_seconds(), &slow) && slow.rank == dist_rank(dist))
        warn(&slow);
}
