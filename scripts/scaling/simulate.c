/* A training step on simulated hosts, one rank each: computing is time that passes, and what the
 * ranks send each other is sent by src/dist/exchange.c, the very source that trains.
 *
 *     smpirun ... simulate PLAN WORK
 *
 * PLAN is a text of lines "name value ..." (struct plan below; simulation.py writes it). WORK has a
 * line for each rank: the seconds it computes in a step. The step begins when weights have just
 * been updated, and ends when they have been again: a whole period of training, since there the
 * ranks meet in a sum over all. Rank 0 prints one JSON object.
 *
 * A simulated byte stands for `scale` bytes: arrays are so much smaller, and whoever writes the
 * platform makes networks so much slower. Messages, their number and order stay what they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <smpi/smpi.h>

#undef MPI_Isend /* this file makes the calls themselves */
#undef MPI_Irecv

#include "lambert/base/memory.h"
#include "lambert/dist/exchange.h"

enum { MOST_PIECES = 256, MOST_BUCKETS = 4096, MOST_MICRO = 1024 };

/* A part of the model: its share of the operations, and where its parameters lie. */
struct piece {
    double share;
    size_t begin, end; /* elements */
};

struct plan {
    double scale;
    double elements;   /* parameters */
    double bucket;     /* elements */
    double slots;      /* buckets on their way at a time */
    double bfloat16;   /* 1: gradients and weights go from node to node in bfloat16 */
    double pause;      /* seconds between bert_hooks's pauses */
    double overlap;    /* 1: weights are gathered while the next step's forward begins */
    double sum_rate;   /* bytes of memory a second, in sums */
    double message;    /* seconds that sending or receiving one takes of the rank's computing */
    double update;     /* seconds an element of the own shard */
    double clear;      /* seconds before the first micro-batch */
    double norm_bytes; /* summed over all ranks */
    double small_sums; /* over all ranks, of a few numbers each */
    double unit;       /* elements at whose multiples slices are cut */
    double matrix;     /* elements of the word embeddings, where they go apart; else 0 */
    double set_bytes;  /* of a message that says which rows are looked up */
    double fetched[STAGES_MOST]; /* bytes of a message of rows, in each stage, before forward */
    double added[STAGES_MOST];   /* after backward */
    struct piece pieces[MOST_PIECES]; /* in the order of forward */
    int piece_count;
    double micro[MOST_MICRO]; /* each micro-batch's share of the step's computing */
    int micro_count;
};

/* --- time ------------------------------------------------------------------------------------- */

/* Of one rank. SMPI gives each rank its own copy of what is static. */
static struct {
    MPI_Request *missing[MOST_BUCKETS]; /* first request not done of each bucket on its way */
    int missing_count;
    bool progress;   /* something was done since the last yield: look again before sleeping */
    double sum_rate; /* simulated bytes a second */
    double summing;  /* seconds so far */
    double message;  /* seconds a message */
    double owed;     /* seconds for messages that were begun and not yet paid for */
    void *sink; /* where all that is received goes, of all ranks: memory, of which 1,024 ranks would
                   touch much, is slower to get than a message to simulate */
} self;

void simulated_compute(double seconds)
{
    smpi_execute_flops(seconds * 1e9); /* simulated hosts do 1 Gf */
}

void simulated_sum(double bytes)
{
    self.summing += bytes / self.sum_rate;
    simulated_compute(bytes / self.sum_rate);
}

int simulated_init_thread(int *argc, char ***argv, int wanted, int *granted)
{
    *granted = wanted;
    return MPI_Init(argc, argv);
}

int simulated_isend(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
                    MPI_Request *request)
{
    self.owed += self.message;
    return MPI_Isend(data, count, type, to, tag, comm, request);
}

int simulated_irecv(void *data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
                    MPI_Request *request)
{
    self.owed += self.message;
    (void)data;
    return MPI_Irecv(self.sink, count, type, from, tag, comm, request);
}

/* Pays for all messages of a stage at once: fewer events. */
static void pay(void)
{
    double owed = self.owed;
    self.owed = 0;
    if (owed > 0)
        simulated_compute(owed);
}

int simulated_testall(int count, MPI_Request *requests, int *done, MPI_Status *statuses)
{
    (void)statuses;
    pay();
    *done = 1;
    for (int i = 0; i < count && *done; i++) {
        if (requests[i] == MPI_REQUEST_NULL)
            continue;
        MPI_Test(&requests[i], done, MPI_STATUS_IGNORE);
        if (!*done && self.missing_count < MOST_BUCKETS)
            self.missing[self.missing_count++] = &requests[i];
    }
    self.progress |= *done;
    return MPI_SUCCESS;
}

/* The bucket that gets on next is one whose missing request is done; so it is enough to wait for
 * any of these. MPI_Waitany() takes an array, hence the copy there and back. */
int simulated_yield(void)
{
    MPI_Request requests[MOST_BUCKETS];
    int which;
    if (!self.progress) {
        for (int i = 0; i < self.missing_count; i++)
            requests[i] = *self.missing[i];
        MPI_Waitany(self.missing_count, requests, &which, MPI_STATUS_IGNORE);
        if (which != MPI_UNDEFINED)
            *self.missing[which] = requests[which];
    }
    self.missing_count = 0;
    self.progress = false;
    return 0;
}

/* What was asked while computing is of no interest to a wait that comes later. */
static void forget(void)
{
    self.missing_count = 0;
    self.progress = false;
}

/* --- the plan --------------------------------------------------------------------------------- */

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "simulate: %s %s\n", what, path);
    exit(1);
}

static double *number_of(struct plan *plan, const char *name)
{
    const struct {
        const char *name;
        double *value;
    } numbers[] = {
        {"scale", &plan->scale},           {"elements", &plan->elements},
        {"bucket", &plan->bucket},         {"slots", &plan->slots},
        {"bfloat16", &plan->bfloat16},     {"pause", &plan->pause},
        {"message", &plan->message},       {"overlap", &plan->overlap},
        {"sum_rate", &plan->sum_rate},     {"update", &plan->update},
        {"clear", &plan->clear},           {"norm_bytes", &plan->norm_bytes},
        {"small_sums", &plan->small_sums}, {"unit", &plan->unit},
        {"matrix", &plan->matrix},         {"set_bytes", &plan->set_bytes},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(numbers[i].name, name) == 0)
            return numbers[i].value;
    return NULL;
}

static int read_line(FILE *file, struct plan *plan)
{
    char name[64];
    double share, begin, end;
    if (fscanf(file, "%63s", name) != 1)
        return 0;
    if (strcmp(name, "piece") == 0) {
        if (plan->piece_count == MOST_PIECES ||
            fscanf(file, "%lf %lf %lf", &share, &begin, &end) != 3)
            return -1;
        plan->pieces[plan->piece_count++] =
            (struct piece){share, (size_t)(begin / plan->scale), (size_t)(end / plan->scale)};
        return 1;
    }
    if (strcmp(name, "micro") == 0 && plan->micro_count < MOST_MICRO)
        return fscanf(file, "%lf", &plan->micro[plan->micro_count++]) == 1 ? 1 : -1;
    if (strcmp(name, "rows") == 0) {
        int stage;
        if (fscanf(file, "%d %lf %lf", &stage, &share, &end) != 3 || stage < 0 ||
            stage >= STAGES_MOST)
            return -1;
        plan->fetched[stage] = share;
        plan->added[stage] = end;
        return 1;
    }
    double *number = number_of(plan, name);
    return number && fscanf(file, "%lf", number) == 1 ? 1 : -1;
}

static void read_plan(const char *path, struct plan *plan)
{
    FILE *file = fopen(path, "r");
    int status;
    *plan = (struct plan){.scale = 0};
    if (!file)
        fail("cannot read", path);
    while ((status = read_line(file, plan)) > 0)
        ;
    fclose(file);
    if (status < 0 || plan->scale <= 0 || plan->piece_count == 0 || plan->micro_count == 0)
        fail("a line is no plan's in", path);
}

static double read_work(const char *path, int rank)
{
    FILE *file = fopen(path, "r");
    double seconds = -1;
    if (!file)
        fail("cannot read", path);
    for (int line = 0; line <= rank; line++)
        if (fscanf(file, "%lf", &seconds) != 1)
            fail("not a line for each rank in", path);
    fclose(file);
    return seconds;
}

/* --- a step ----------------------------------------------------------------------------------- */

struct job {
    struct dist *dist;
    struct plan plan;
    struct sharding sharding;
    struct exchange *exchange;
    double seconds;        /* of computing in a step */
    int apart;             /* buckets wholly in the word embeddings, which go apart */
    int reduced;           /* buckets whose reduction is begun */
    MPI_Request *requests; /* [2 ranks] of rows */
    uint64_t *norms;       /* [norm_words] */
    int norm_words;

    double stalled; /* seconds in forward, for weights */
    double waited;  /* after backward, for sums of gradients */
    double updated; /* norms and update, with the wait for others */
};

static void compute_piece(struct job *job, double seconds)
{
    int pauses = 1 + (int)(seconds / job->plan.pause);
    for (int i = 0; i < pauses; i++) {
        simulated_compute(seconds / pauses);
        exchange_poll(job->exchange);
        forget();
    }
}

/* --- rows of the word embeddings (src/dist/row_exchange.c, but for what is in the messages) --- */

static void pass_rows(struct job *job, int stage, double bytes)
{
    const struct stages *stages = &job->sharding.stages;
    int count = 0, size = (int)(bytes / job->plan.scale) + 1, rank = dist_rank(job->dist);
    enum { TAG = 1 << 14 };
    for (int m = 0; m < stages->members[stage]; m++) {
        int peer = stages_member(stages, stage, rank, m);
        if (peer == rank)
            continue;
        simulated_irecv(NULL, size, MPI_BYTE, peer, TAG, MPI_COMM_WORLD, &job->requests[count++]);
        simulated_isend(self.sink, size, MPI_BYTE, peer, TAG, MPI_COMM_WORLD,
                        &job->requests[count++]);
    }
    pay();
    MPI_Waitall(count, job->requests, MPI_STATUSES_IGNORE);
}

static void share_sets(struct job *job)
{
    for (int s = 0; s < job->sharding.stages.count; s++)
        pass_rows(job, s, job->plan.set_bytes);
}

static void fetch_rows(struct job *job)
{
    if (job->apart == 0)
        return;
    share_sets(job);
    for (int s = job->sharding.stages.count - 1; s >= 0; s--)
        pass_rows(job, s, job->plan.fetched[s]);
}

static void add_rows(struct job *job)
{
    if (job->apart == 0)
        return;
    share_sets(job);
    for (int s = 0; s < job->sharding.stages.count; s++)
        pass_rows(job, s, job->plan.added[s]);
}

/* --- forward and backward ------------------------------------------------------------------- */

static void wait_for_elements(struct job *job, double begin, double end)
{
    size_t bucket = job->sharding.bucket;
    exchange_gather_wait_for(job->exchange, (int)((size_t)begin / bucket),
                             (int)(((size_t)end + bucket - 1) / bucket));
}

static void wait_for_weights(struct job *job, int piece)
{
    double started = MPI_Wtime();
    const struct piece *needed = &job->plan.pieces[piece];
    double words = job->apart > 0 ? job->plan.matrix : 0;
    if (piece == job->plan.piece_count - 1)
        wait_for_elements(job, 0, words);
    wait_for_elements(job, piece == 0 ? words : (double)needed->begin, (double)needed->end);
    forget();
    job->stalled += MPI_Wtime() - started;
}

static void forward(struct job *job, double seconds, bool first)
{
    for (int p = 0; p < job->plan.piece_count; p++) {
        if (first)
            wait_for_weights(job, p);
        compute_piece(job, seconds * job->plan.pieces[p].share);
    }
}

/* What is complete when a piece is done, in the order of src/trainer/param_sync.c. */
static void reduce(struct job *job, const struct piece *piece)
{
    int buckets = job->sharding.buckets;
    while (job->reduced < job->apart)
        exchange_reduce_begin(job->exchange, job->reduced++);
    for (; job->reduced < buckets; job->reduced++) {
        int bucket = buckets - 1 - (job->reduced - job->apart);
        if ((size_t)bucket * job->sharding.bucket < piece->begin)
            break;
        exchange_reduce_begin(job->exchange, bucket);
    }
    forget();
}

static void backward(struct job *job, double seconds, bool last)
{
    for (int p = job->plan.piece_count - 1; p >= 0; p--) {
        compute_piece(job, seconds * job->plan.pieces[p].share);
        if (last)
            reduce(job, &job->plan.pieces[p]);
    }
}

static void update(struct job *job)
{
    double started = MPI_Wtime(), number = 0;
    double shard = (double)sharding_count(&job->sharding, dist_rank(job->dist)) * job->plan.scale;
    for (int i = 0; i < (int)job->plan.small_sums; i++)
        dist_sum_double(job->dist, &number, 1);
    dist_sum_u64(job->dist, job->norms, job->norm_words / 3); /* the gradient's */
    simulated_compute(shard * job->plan.update);
    dist_sum_u64(job->dist, job->norms, job->norm_words * 2 / 3); /* weights' and updates' */
    job->updated += MPI_Wtime() - started;
}

static void gather(struct job *job)
{
    int buckets = job->sharding.buckets;
    double started = MPI_Wtime();
    fetch_rows(job);
    for (int i = 0; i < buckets; i++)
        exchange_gather_begin(job->exchange, (job->apart + i) % buckets, job->plan.bfloat16 != 0);
    forget();
    if (!job->plan.overlap)
        exchange_gather_wait(job->exchange);
    job->stalled += MPI_Wtime() - started;
}

static void step(struct job *job)
{
    gather(job);
    job->reduced = 0;
    simulated_compute(job->plan.clear);
    for (int m = 0; m < job->plan.micro_count; m++) {
        double seconds = job->seconds * job->plan.micro[m];
        forward(job, seconds / 3, m == 0);
        backward(job, 2 * seconds / 3, m == job->plan.micro_count - 1);
    }
    double started = MPI_Wtime();
    exchange_reduce_wait(job->exchange);
    forget();
    add_rows(job);
    job->waited += MPI_Wtime() - started;
    update(job);
}

/* --- the job ---------------------------------------------------------------------------------- */

/* Values do not matter, so all simulated ranks, which are one process, use the same arrays: rank 0
 * tells where they lie. */
static real *array_for_all(const struct job *job)
{
    real *array = NULL;
    if (dist_rank(job->dist) == 0)
        array = memory_new(job->sharding.size, sizeof *array);
    dist_broadcast(job->dist, 0, &array, sizeof array);
    return array;
}

static void make_exchange(struct job *job)
{
    struct error err;
    const struct plan *plan = &job->plan;
    struct stages stages = dist_stages(job->dist, STAGES_SPLIT);
    sharding_init_staged(&job->sharding, (size_t)(plan->elements / plan->scale),
                         (size_t)(plan->bucket / plan->scale), (size_t)(plan->unit / plan->scale),
                         &stages);
    struct exchange_arrays arrays = {.weights = array_for_all(job),
                                     .gradients = array_for_all(job),
                                     .shard = array_for_all(job)};
    self.sink = arrays.weights;
    job->apart = (int)(plan->matrix / plan->bucket);
    job->plan.matrix /= plan->scale;
    job->requests = memory_new(2 * (size_t)dist_size(job->dist), sizeof(MPI_Request));
    struct exchange_options options = {.element = EXCHANGE_REAL,
                                       .bfloat16_gradients = plan->bfloat16 != 0,
                                       .bfloat16_weights = plan->bfloat16 != 0,
                                       .slots = (int)plan->slots};
    if (exchange_new(&job->exchange, job->dist, &job->sharding, &arrays, &options, &err) < 0)
        fail("no exchange:", err.text);
}

static void report(const struct job *job, double seconds)
{
    double ranks = dist_size(job->dist);
    double sums[] = {job->seconds, job->stalled, job->waited, self.summing, job->updated};
    double most[] = {seconds, job->seconds};
    dist_sum_double(job->dist, sums, 5);
    dist_max_double(job->dist, most, 2);
    if (dist_rank(job->dist) == 0)
        printf("{\"ranks\": %.0f, \"step\": %.6f, \"compute\": %.6f, \"compute_most\": %.6f, "
               "\"gather_wait\": %.6f, \"reduce_wait\": %.6f, \"sums\": %.6f, \"update\": %.6f}\n",
               ranks, most[0], sums[0] / ranks, most[1], sums[1] / ranks, sums[2] / ranks,
               sums[3] / ranks, sums[4] / ranks);
}

int main(int argc, char **argv)
{
    struct job job = {0};
    struct error err;
    prctl(PR_SET_THP_DISABLE, 1UL, 0UL, 0UL, 0UL); /* a rank touches little of its arena */
    if (argc != 3)
        fail("usage: smpirun ... simulate", "PLAN WORK");
    if (dist_open(&job.dist, &argc, &argv, &err) < 0)
        fail("no job:", err.text);
    read_plan(argv[1], &job.plan);
    self.message = job.plan.message;
    self.sum_rate = job.plan.sum_rate / job.plan.scale;
    job.seconds = read_work(argv[2], dist_rank(job.dist));
    job.norm_words = 3 + (int)(job.plan.norm_bytes / job.plan.scale / sizeof *job.norms);
    job.norms = memory_new((size_t)job.norm_words, sizeof *job.norms);
    make_exchange(&job);
    dist_barrier(job.dist);
    double started = MPI_Wtime();
    step(&job);
    report(&job, MPI_Wtime() - started);
    exchange_free(job.exchange);
    dist_close(job.dist);
    return 0;
}
