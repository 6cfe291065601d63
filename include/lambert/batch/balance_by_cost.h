/* Which rank computes what of a global batch: equal counts, and work as equal as can be, found by
 * every rank alone from the lengths. */
#ifndef LAMBERT_BATCH_BALANCE_BY_COST_H
#define LAMBERT_BATCH_BALANCE_BY_COST_H

/* Which of `count` sequences with these lengths go to `rank`: their numbers, ascending, into
 * chosen; returns how many. Longest first, each goes to the rank with the least work so far, of
 * those with room (a rank gets floor or ceiling of count / ranks). The cost of a sequence of t
 * tokens is t + t² / 2048. */
int balance_by_cost(const int *lengths /* [count] */, int count, int ranks, int rank,
                    int *chosen /* [ceil(count / ranks)] */);

/* The rank of each sequence, in one go. */
void balance_all_by_cost(const int *lengths /* [count] */, int count, int ranks,
                         int *rank_of /* [count] */);

#endif
