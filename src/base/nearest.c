#include "lambert/base/nearest.h"

#include <stdio.h>
#include <string.h>

#include "lambert/base/minmax.h"

void nearest_init(struct nearest *nearest, const char *wanted)
{
    *nearest = (struct nearest){.wanted = wanted, .edits = NEAREST_NAME};
}

/* Edit distance with swaps (optimal string alignment); names beyond NEAREST_NAME are cut. */
static int edits_between(const char *a, const char *b)
{
    int cost[NEAREST_NAME + 1][NEAREST_NAME + 1];
    int rows = min_int((int)strlen(a), NEAREST_NAME),
        columns = min_int((int)strlen(b), NEAREST_NAME);
    for (int j = 0; j <= columns; j++)
        cost[0][j] = j;
    for (int i = 1; i <= rows; i++) {
        cost[i][0] = i;
        for (int j = 1; j <= columns; j++) {
            int change = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            int best = min_int(change, 1 + min_int(cost[i - 1][j], cost[i][j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = min_int(best, cost[i - 2][j - 2] + 1);
            cost[i][j] = best;
        }
    }
    return cost[rows][columns];
}

static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL ? dot + 1 : name;
}

/* A right last part counts as one edit at the most. */
void nearest_offer(struct nearest *nearest, const char *name)
{
    int edits = min_int(edits_between(nearest->wanted, name),
                        1 + edits_between(last_part(nearest->wanted), last_part(name)));
    if (edits < nearest->edits) {
        nearest->edits = edits;
        snprintf(nearest->best, sizeof nearest->best, "%s", name);
    }
}

int nearest_error(const struct nearest *nearest, const char *what, const char *otherwise,
                  struct error *err)
{
    if (nearest->edits <= min_int((int)strlen(last_part(nearest->wanted)) / 3 + 1, 6))
        return error_set(err, "%s '%.200s'; did you mean '%s'?", what, nearest->wanted,
                         nearest->best);
    return error_set(err, "%s '%.200s'; %s", what, nearest->wanted, otherwise);
}
