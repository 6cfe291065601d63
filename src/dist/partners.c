#include "lambert/dist/partners.h"

#include "lambert/base/error.h"
#include "lambert/base/minmax.h"

/* The rank at a place of the circle of that kind. */
static int rank_at(const uint64_t *kinds, int ranks, uint64_t kind, int place)
{
    for (int r = 0; r < ranks; r++)
        if (kinds[r] == kind && place-- == 0)
            return r;
    bug("the circle has no such place");
}

/* How many places on: see the header. */
static int shift_of(int members, int fullest, int64_t turn)
{
    const int rest = members - fullest;
    const int least = min_int(fullest, rest), most = max_int(fullest, rest);
    const int from = least > 0 ? least : 1; /* a single machine: any but oneself */
    const int to = least > 0 ? most : members - 1;
    return members == 1 ? 0 : from + (int)(turn % (to - from + 1));
}

struct partners partners_of(const uint64_t *kinds, const int *machines, int ranks, int rank,
                            int64_t turn)
{
    const uint64_t kind = kinds[rank];
    int members = 0, place = 0, fullest = 0, here = 0, machine = -1;
    require(rank >= 0 && rank < ranks && turn >= 0);
    for (int r = 0; r < ranks; r++) {
        if (kinds[r] != kind)
            continue;
        here = members > 0 && machines[r] == machine ? here + 1 : 1;
        machine = machines[r];
        fullest = max_int(fullest, here);
        place = r == rank ? members : place;
        members++;
    }
    require(members > 0); /* the rank itself is one */
    const int shift = shift_of(members, fullest, turn);
    return (struct partners){.checker = rank_at(kinds, ranks, kind, (place + shift) % members),
                             .checked =
                                 rank_at(kinds, ranks, kind, (place + members - shift) % members)};
}
