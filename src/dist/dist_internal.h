/* What a struct dist is made of: for the sources of dist only, since it names MPI's types. */
#ifndef LAMBERT_DIST_DIST_INTERNAL_H
#define LAMBERT_DIST_DIST_INTERNAL_H

#include <mpi.h>

#include "lambert/base/real.h"
#include "lambert/dist/dist.h"

/* MPICH's MPI_STATUSES_IGNORE is an array at address 1, which gcc takes for one of no length that is written to. */
#if defined __GNUC__ && !defined __clang__
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif

struct dist {
    MPI_Comm world;   /* our own, so that nobody else's messages meet ours; node after node */
    MPI_Comm node;    /* the ranks of this node */
    MPI_Comm machine; /* the same, as it was found: dist_divide_nodes() leaves it */
    int rank, size;
    int local_rank, local_size;
    int nodes;
    bool even;            /* all nodes have the same number of ranks */
    int *counts, *starts; /* [size] each: working memory of the collectives in sharding.c */
};

/* Tags of messages on `world`. MPI promises those up to 32767. */
enum {
    TAG_EXCHANGE = 0, /* from here on, those of exchange.c */
    TAG_ROWS = 1 << 14,
    TAG_GATHER,
    TAG_CALL_OFF,
    TAG_PASS,
    TAG_MEETING
};

#ifdef LAMBERT_DOUBLE
#define MPI_REAL_TYPE MPI_DOUBLE
#else
#define MPI_REAL_TYPE MPI_FLOAT
#endif

#endif
