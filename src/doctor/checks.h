/* The checks of the doctor, in the order of doctor.c's table. Each is collective: all ranks call it, and each adds what it
 * found by itself; what only one can know of the job, rank 0 adds. None takes much longer than a second, and none waits
 * for anything but the other ranks and the system. */
#ifndef LAMBERT_DOCTOR_CHECKS_H
#define LAMBERT_DOCTOR_CHECKS_H

#include "findings.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/dist/threads.h"
#include "lambert/doctor/doctor.h"
#include "lambert/run/needs.h"

/* What checks know of the job, and what they leave to later ones. The same on every rank, unless said otherwise. */
struct doctor {
    struct dist *dist;
    const struct doctor_request *request;
    bool first;                    /* this is rank 0 */
    bool speaks;                   /* this rank speaks for its host */
    int *nodes;                    /* [ranks] the lowest rank on the node of each */
    char (*hosts)[HOST_NAME_ROOM]; /* [ranks] */
    bool resumes;                  /* the run is to go on, if there is one */
    struct config config;
    bool configured;        /* config holds what all ranks were given */
    bool has_kernels;       /* all ranks have chosen theirs */
    bool starved;           /* a rank does not get the time of its cores */
    struct threads threads; /* this rank's */
    bool has_work;          /* all ranks can read what the run trains on */
    struct run_needs needs; /* this rank's */
    bool planned;           /* needs are known */
};

typedef void check_function(struct doctor *doctor, struct findings *found);

/* configuration.c: CONFIG itself, and what it is to train on. */
check_function check_configuration, check_work;

/* machine.c: who computes, with what, and how fast. */
check_function check_ranks, check_program, check_kernels, check_threads, check_speed;

/* resources.c: what the system grants. */
check_function check_memory, check_shared_memory, check_limits, check_time;

/* folders.c: where the run writes. */
check_function check_run_folder, check_disk, check_stage;

/* network.c: what lies between hosts. */
check_function check_clocks, check_network;

#endif
