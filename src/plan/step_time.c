#include "lambert/plan/step_time.h"

#include <math.h>
#include <stdlib.h>

#include "lambert/base/memory.h"
#include "lambert/dist/sharding.h"
#include "lambert/model/bert.h"

static const double FLOAT_BYTES = 4;
static const double NORM_BYTES =
    150e3; /* of exact sums of squares over all ranks (optim/exact_sum.h) */
/* Over all ranks, of a few numbers each: terms, losses (trainer/trainer.c), times (run/balance.c); and norms, twice. */
enum { SMALL_SUMS = 3, NORM_SUMS = 2 };

/* --- the model ---------------------------------------------------------------------------------- */

struct step_shape step_shape_of(const struct bert_config *model)
{
    return (struct step_shape){.layers = model->layers,
                               .hidden = model->hidden,
                               .intermediate = model->intermediate,
                               .vocab = model->vocab,
                               .positions = model->positions,
                               .types = model->types};
}

/* A piece of the model, in the order of forward: the part of all operations that it is, and its elements
 * [begin, end) of the flat array. */
struct piece {
    double share, begin, end;
};

enum {
    LAYER_PIECES = 4
}; /* queries, keys and values; attention's output; the feed-forward's two products */

static void layer_elements(const struct step_shape *shape, double elements[LAYER_PIECES])
{
    const double H = shape->hidden, F = shape->intermediate;
    elements[0] = 3 * (H * H + H);
    elements[1] = H * H + 3 * H;
    elements[2] = F * H + F;
    elements[3] = F * H + 3 * H;
}

static double embedding_elements(const struct step_shape *shape)
{
    return (shape->vocab + shape->positions + shape->types + 2) * shape->hidden;
}

static double head_elements(const struct step_shape *shape)
{
    const double H = shape->hidden;
    return 2 * (H * H + H) + 2 * H + shape->vocab + 2 * H + 2;
}

double step_shape_elements(const struct step_shape *shape)
{
    double layer[LAYER_PIECES], all = embedding_elements(shape) + head_elements(shape);
    layer_elements(shape, layer);
    for (int p = 0; p < LAYER_PIECES; p++)
        all += shape->layers * layer[p];
    return all;
}

/* The pieces of sequences of so many tokens and masked positions, as bert_operations() counts them; free() them. */
static struct piece *pieces_of(const struct step_shape *shape, double tokens, double masked,
                               int *count)
{
    const double H = shape->hidden, F = shape->intermediate, rows = masked + 1;
    const double block[LAYER_PIECES] = {tokens * 3 * H * H + 2 * tokens * tokens * H,
                                        tokens * H * H, tokens * H * F, tokens * H * F};
    const double last[LAYER_PIECES] = {(2 * tokens + rows) * H * H + 2 * rows * tokens * H,
                                       rows * H * H, rows * H * F, rows * H * F};
    const int layers = (int)shape->layers;
    double layer[LAYER_PIECES], end = embedding_elements(shape), all = 0;
    *count = 2 + LAYER_PIECES * layers;
    struct piece *pieces = memory_new((size_t)*count, sizeof *pieces), *piece = pieces;
    layer_elements(shape, layer);
    *piece++ = (struct piece){0, 0, end};
    for (int l = 0; l < layers; l++)
        for (int p = 0; p < LAYER_PIECES; p++, piece++) {
            *piece = (struct piece){l == layers - 1 ? last[p] : block[p], end, end + layer[p]};
            end += layer[p];
        }
    *piece = (struct piece){masked * (H * H + H * shape->vocab) + H * H + 2 * H, end,
                            end + head_elements(shape)};
    for (int i = 0; i < *count; i++)
        all += pieces[i].share;
    for (int i = 0; i < *count; i++)
        pieces[i].share /= all;
    return pieces;
}

/* --- rows that are looked up -------------------------------------------------------------------- */

/* Counted in samples of length 512 of the corpus of docs/scaling.md; in between a power of the tokens. */
static const struct {
    double tokens, pieces;
} different[] = {{1, 1},       {471, 236},    {829, 393},     {2097, 873},     {4156, 1528},
                 {8243, 2613}, {16424, 4310}, {65601, 10024}, {262219, 17953}, {4e9, 30522}};
enum { DIFFERENT = sizeof different / sizeof different[0] };

double step_different_pieces(double tokens, double vocab)
{
    for (int i = 0; i + 1 < DIFFERENT; i++) {
        const double fewer = different[i].tokens, few = different[i].pieces;
        const double more = different[i + 1].tokens, many = different[i + 1].pieces;
        if (tokens > more)
            continue;
        const double power = log(many / few) / log(more / fewer);
        return fmin(vocab, few * pow(fmax(tokens, fewer) / fewer, power));
    }
    return fmin(vocab, different[DIFFERENT - 1].pieces);
}

/* Seconds that the messages of rows take, one way, where a node looks up `tokens`, and how many are begun. They go
 * through the stages, and what a group has in common goes on once (dist/row_exchange.h). */
static double rows_exchanged(const struct step_shape *shape, double tokens,
                             const struct stages *stages, const struct step_network *network,
                             double *messages)
{
    const double asked = shape->vocab / 8; /* bytes of a message that says which rows: a bit each */
    double seconds = 0, group = 1;
    *messages = 0;
    for (int s = 0; s < stages->count; s++) {
        const double members = stages->members[s];
        const double found = step_different_pieces(tokens * group, shape->vocab);
        const double part = found * shape->hidden * FLOAT_BYTES / (group * members);
        seconds += (members - 1) * (part + asked) / network->bandwidth + 2 * network->latency;
        *messages += 2 * 2 * (members - 1);
        group *= members;
    }
    return seconds;
}

/* --- the exchange ------------------------------------------------------------------------------- */

/* Of a node, in a step. */
struct traffic {
    double gradients, weights; /* bytes sent, and as many received */
    double summed;             /* bytes that sums and rounding move in memory */
    double messages;           /* begun by a rank in one of the two ways, receiving ones too */
};

static struct traffic traffic_of(double elements, int buckets, const struct stages *stages,
                                 const struct step_schedule *schedule)
{
    const double gradient = schedule->gradient_wire, weight = schedule->weight_wire;
    double part = elements * FLOAT_BYTES, messages = 0;
    struct traffic traffic = {0};
    for (int s = 0; s < stages->count; s++) {
        const double members = stages->members[s], others = (members - 1) / members;
        const double wire = part * gradient / FLOAT_BYTES, back = part * weight / FLOAT_BYTES;
        traffic.gradients += wire * others;
        traffic.weights += back * others;
        traffic.summed += part / members * 2 + wire * others; /* own, result; received */
        if (gradient < FLOAT_BYTES)
            traffic.summed += part + wire; /* rounding before it is sent */
        if (weight < FLOAT_BYTES)
            traffic.summed += part / members + back / members + (part + back) * others;
        messages += 2 * (members - 1);
        part /= members;
    }
    traffic.messages = messages * buckets;
    return traffic;
}

/* Seconds that the first forward, which computes for `first` seconds after clearing, waits: the b-th bucket of the
 * weights has come after b transfers. */
static double stall_of(const struct piece *pieces, int count, int buckets, int apart, double bucket,
                       double clear, double first, double transfer)
{
    double clock = clear;
    for (int i = 0; i < count; i++) {
        const bool head = i == count - 1;
        const double needed = head ? buckets : ceil(pieces[i].end / bucket) - apart;
        clock = fmax(clock, transfer * needed) + pieces[i].share * first;
    }
    return clock - first - clear;
}

/* Seconds from the end of the last backward until all gradients are summed: buckets travel one after another, each when
 * the gradients of its last piece are there; those that lie wholly in the word embeddings, `apart` of them, first. */
static double exposed_of(const struct piece *pieces, int count, int buckets, int apart,
                         double bucket, double backward, double transfer)
{
    double clock = 0, sent = 0;
    int next = buckets - 1;
    for (int i = count - 1; i >= 0; i--) {
        clock += pieces[i].share * backward;
        if (i == count - 1)
            sent = clock + transfer * apart;
        for (; next >= apart && next * bucket >= pieces[i].begin; next--)
            sent = fmax(sent, clock) + transfer;
    }
    return fmax(0, sent - clock);
}

double step_micro_batches(const struct step_work *work, double ranks, int micro_batch)
{
    const double tokens = work->tokens / ranks, length = work->tokens / work->sequences;
    return fmax(1, ceil(tokens / (micro_batch - length / 2))); /* no sequence is cut */
}

/* --- a step ------------------------------------------------------------------------------------- */

/* In which the ranks of a node add up their gradients, which they read where they lie: each is read once, and the sum
 * written. */
static double sums_in_node(double elements, const struct step_node *node)
{
    if (node->ranks == 1)
        return 0;
    return node->sums >= 0 ? node->sums : (node->ranks + 1) * elements * FLOAT_BYTES / node->memory;
}

void step_time_of(const struct step_shape *shape, const struct step_work *work,
                  const struct step_node *node, const struct step_network *network,
                  const struct step_schedule *schedule, struct step_time *time)
{
    const int nodes = schedule->nodes;
    const double elements = step_shape_elements(shape), ranks = (double)nodes * node->ranks;
    const double updated = elements / nodes * FLOAT_BYTES * STEP_FLOATS_UPDATED / node->memory;
    const double compute = work->operations / nodes / node->useful;
    *time = (struct step_time){
        .compute = compute,
        .waiting = compute * work->imbalance,
        .clear = elements * FLOAT_BYTES / (node->memory / node->ranks),
        .sums = sums_in_node(elements, node),
        .update = updated,
    };
    /* Each rank clears an array of its own, all at once. */
    if (nodes == 1)
        return;

    const struct stages all = stages_of(node->ranks, nodes, STAGES_SPLIT);
    const struct stages stages = stages_of(1, nodes, STAGES_SPLIT);
    const double bucket = schedule->bucket > 0 ? schedule->bucket : (double)sharding_bucket(&all);
    const int buckets = (int)ceil(elements / bucket);
    const int apart = schedule->together
                          ? 0
                          : (int)floor(shape->vocab * shape->hidden / bucket); /* wholly in it */
    const struct traffic traffic = traffic_of(elements, buckets, &stages, schedule);
    const double between = traffic.summed / node->memory;
    const double calls = traffic.messages * node->message;
    const double busiest = compute * (1 + work->imbalance);
    const double micro = step_micro_batches(work, ranks, schedule->micro_batch);
    const double there = traffic.gradients / buckets / network->bandwidth;
    const double back = traffic.weights / buckets / network->bandwidth;
    const double way = stages.count * network->latency;
    int count;
    struct piece *pieces =
        pieces_of(shape, work->tokens / work->sequences, work->masked / work->sequences, &count);
    double stall = schedule->no_overlap ? back * buckets
                                        : stall_of(pieces, count, buckets, apart, bucket,
                                                   time->clear, busiest / micro / 3 + calls, back);
    double exposed = exposed_of(pieces, count, buckets, apart, bucket,
                                busiest / micro * 2 / 3 + time->sums + between + calls, there);
    double messages = 2 * calls;
    free(pieces);
    if (apart > 0) {
        double asked, given;
        const double tokens = work->tokens / nodes / micro;
        stall += rows_exchanged(shape, tokens, &stages, network, &asked);
        exposed += rows_exchanged(shape, tokens, &stages, network, &given);
        messages += 2 * (asked + given) / 2 * node->message;
    }
    const double rounds = ceil(log2(nodes));
    const double small =
        rounds * ((SMALL_SUMS + NORM_SUMS) * network->latency + NORM_BYTES / network->bandwidth);
    time->stall = stall + way;
    time->exposed = exposed + way;
    time->sums += between;
    time->messages = messages;
    time->update += small;
    time->network = time->stall + time->exposed + between + messages + small;
    time->bytes = traffic.gradients + traffic.weights;
}

double step_time_seconds(const struct step_time *time)
{
    return time->compute + time->waiting + time->clear + time->stall + time->sums + time->messages +
           time->exposed + time->update;
}
