/* How the ranks of a job are grouped for collectives on flat arrays: in stages. Rank r is a number
 * in mixed radix: its digit in stage s, least significant first, is its place among the members[s]
 * ranks that share all its other digits. Data goes through the stages one after another, and in
 * each a rank talks to the other members of its group alone.
 *
 * The first stage is the ranks of a node, which share memory; then come the nodes, in one stage or,
 * where they are many, in two of a and b nodes: a rank then has a + b - 2 peers instead of a b - 1,
 * and its messages are a or b times as long as they would be. Where they are very many, in three.
 * (Neighbouring nodes make up the first of them, in which all but 1/a of the bytes between nodes
 * flow.)
 *
 * dist_stages() in dist.h gives the stages of a job; here is the arithmetic. All functions are
 * [local]. */
#ifndef LAMBERT_DIST_STAGES_H
#define LAMBERT_DIST_STAGES_H

#include <stdbool.h>

enum { STAGES_MOST = 4 };

struct stages {
    int count;                /* 0 for one rank */
    int members[STAGES_MOST]; /* each above 1; their product is the number of ranks */
    bool node;                /* the first stage is the ranks of one node */
};

/* Stages of `nodes` nodes with `local` ranks each; nodes are split in two from `split` on, and in
 * three from its square on, where they can be: a prime number of nodes stays one stage. split is 2
 * or more. */
struct stages stages_of(int local, int nodes, int split);

enum { STAGES_SPLIT = 16 };

/* One stage of all ranks. */
struct stages stages_flat(int ranks);

int stages_ranks(const struct stages *stages);

/* The place of a rank in its group of a stage. */
int stages_digit(const struct stages *stages, int stage, int rank);

/* The member of a rank's group with that place. */
int stages_member(const struct stages *stages, int stage, int rank, int digit);

#endif
