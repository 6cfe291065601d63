#include "lambert/dist/stages.h"

#include "lambert/base/error.h"

static void append(struct stages *stages, int members)
{
    if (members > 1)
        stages->members[stages->count++] = members;
}

/* The largest divisor of n that is not above its root: with n over it, the least sum of two
 * factors. */
static int lesser_factor(int n)
{
    int factor = 1;
    for (int f = 2; f <= n / f; f++)
        if (n % f == 0)
            factor = f;
    return factor;
}

/* The least of the three factors of n whose sum is least. */
static int least_factor(int n)
{
    int best = 1, least = n + 1;
    for (int f = 1; f <= n / f / f; f++) {
        if (n % f != 0)
            continue;
        int second = lesser_factor(n / f), sum = f + second + n / f / second;
        if (second >= f && sum < least) {
            best = f;
            least = sum;
        }
    }
    return best;
}

struct stages stages_of(int local, int nodes, int split)
{
    require(local > 0 && nodes > 0 && split > 1);
    struct stages stages = {.node = local > 1};
    int third = nodes / split >= split ? least_factor(nodes) : 1;
    int second = nodes >= split ? lesser_factor(nodes / third) : 1;
    append(&stages, local);
    append(&stages, nodes / third / second);
    append(&stages, second);
    append(&stages, third);
    return stages;
}

struct stages stages_flat(int ranks)
{
    return stages_of(1, ranks, ranks + 1);
}

int stages_ranks(const struct stages *stages)
{
    int ranks = 1;
    for (int s = 0; s < stages->count; s++)
        ranks *= stages->members[s];
    return ranks;
}

/* How far apart the ranks of a group are. */
static int stride_of(const struct stages *stages, int stage)
{
    int stride = 1;
    for (int s = 0; s < stage; s++)
        stride *= stages->members[s];
    return stride;
}

int stages_digit(const struct stages *stages, int stage, int rank)
{
    return rank / stride_of(stages, stage) % stages->members[stage];
}

int stages_member(const struct stages *stages, int stage, int rank, int digit)
{
    return rank + (digit - stages_digit(stages, stage, rank)) * stride_of(stages, stage);
}
