#include "lambert/run/embed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/model/states.h"

enum {
    ROUND_BATCHES = 16,     /* micro-batches that a rank computes in a round, at the most, ... */
    ROUND_BYTES = 256 << 20 /* ... and vectors of all ranks, about */
};

/* --- a micro-batch ---------------------------------------------------------------------------- */

/* What a micro-batch's vectors are made with. */
struct pass {
    const struct embed_options *options;
    const struct packed_batch *batch;
    float *vectors; /* [rows, layers, H] */
    double *sums;   /* [H] */
};

/* Where the vector of a row goes, which is of the k-th layer. */
static float *place(const struct pass *pass, int row, int k)
{
    const struct embed_options *options = pass->options;
    return pass->vectors +
           ((size_t)row * (size_t)options->layer_count + (size_t)k) * (size_t)options->hidden;
}

static void take_mean(const struct pass *pass, int n, int k, const real *rows)
{
    const int hidden = pass->options->hidden;
    const int first = pass->batch->sequence_start[n], end = pass->batch->sequence_start[n + 1];
    float *mean = place(pass, n, k);
    memset(pass->sums, 0, (size_t)hidden * sizeof *pass->sums);
    for (int t = first; t < end; t++)
        for (int h = 0; h < hidden; h++)
            pass->sums[h] += (double)rows[(size_t)t * (size_t)hidden + (size_t)h];
    for (int h = 0; h < hidden; h++)
        mean[h] = (float)(pass->sums[h] / (end - first));
}

static void take_rows(const struct pass *pass, int k, const real *rows /* [T, H] */)
{
    const struct packed_batch *batch = pass->batch;
    const size_t hidden = (size_t)pass->options->hidden;
    switch (pass->options->pool) {
    case EMBED_TOKENS:
        for (int t = 0; t < batch->tokens; t++)
            memcpy(place(pass, t, k), rows + (size_t)t * hidden, hidden * sizeof *rows);
        break;
    case EMBED_MEAN:
        for (int n = 0; n < batch->sequences; n++)
            take_mean(pass, n, k, rows);
        break;
    case EMBED_CLS:
        for (int n = 0; n < batch->sequences; n++)
            memcpy(place(pass, n, k), rows + (size_t)batch->sequence_start[n] * hidden,
                   hidden * sizeof *rows);
        break;
    case EMBED_POOLER:
        break;
    }
}

static void take_layer(void *who, int layer, const real *rows)
{
    const struct pass *pass = who;
    for (int k = 0; k < pass->options->layer_count; k++)
        if (pass->options->layers[k] == layer)
            take_rows(pass, k, rows);
}

static void take_pooled(void *who, const real *rows /* [N, H] */)
{
    const struct pass *pass = who;
    memcpy(pass->vectors, rows,
           (size_t)pass->batch->sequences * (size_t)pass->options->hidden * sizeof *rows);
}

static void normalize(float *vector, int hidden)
{
    double squares = 0;
    for (int h = 0; h < hidden; h++)
        squares += (double)vector[h] * (double)vector[h];
    if (squares > 0)
        for (int h = 0; h < hidden; h++)
            vector[h] = (float)((double)vector[h] / sqrt(squares));
}

/* --- a rank's part of a round ----------------------------------------------------------------- */

struct embedder {
    const struct embed_options *options;
    struct bert *bert;
    const real *params;
    const struct feature_set *features;
    struct packed_batch batch;
    struct buffer vectors; /* of the rank's part of the round */
    double *sums;          /* [H] */
};

static void run_batch(struct embedder *embedder)
{
    const struct embed_options *options = embedder->options;
    struct packed_batch *batch = &embedder->batch;
    const size_t rows = (size_t)(options->pool == EMBED_TOKENS ? batch->tokens : batch->sequences);
    const size_t count = rows * (size_t)options->layer_count, hidden = (size_t)options->hidden;
    struct pass pass = {.options = options,
                        .batch = batch,
                        .vectors = buffer_grow(&embedder->vectors, count * hidden * sizeof(float)),
                        .sums = embedder->sums};
    const struct state_visitor visitor = {
        .layer = options->pool == EMBED_POOLER ? NULL : take_layer,
        .pooled = options->pool == EMBED_POOLER ? take_pooled : NULL,
        .who = &pass};
    bert_states(embedder->bert, embedder->params, batch, &visitor);
    for (size_t i = 0; options->normalize && i < count; i++)
        normalize(pass.vectors + i * hidden, options->hidden);
    packed_batch_reset(batch);
    activity_heartbeat();
}

/* Features [first, end), packed up to the budget. */
static void run_features(struct embedder *embedder, int first, int end)
{
    struct packed_batch *batch = &embedder->batch;
    for (int f = first; f < end; f++) {
        const int tokens = feature_set_at(embedder->features, f)->tokens;
        if (batch->sequences > 0 && batch->tokens + tokens > embedder->options->token_budget)
            run_batch(embedder);
        feature_set_append(embedder->features, f, (uint64_t)f, 0, batch);
    }
    if (batch->sequences > 0)
        run_batch(embedder);
}

/* Where the part of a rank begins, of parts with about as many tokens each; of `ranks`, the end. */
static int part_begin(const struct feature_set *features, int first, int end, int rank, int ranks)
{
    int64_t all = 0, before = 0;
    for (int f = first; f < end; f++)
        all += feature_set_at(features, f)->tokens;
    int f = first;
    for (; f < end && before * ranks < all * rank; f++)
        before += feature_set_at(features, f)->tokens;
    return f;
}

/* --- all of them ------------------------------------------------------------------------------ */

const struct objective *const *embed_objective(enum embed_pool pool)
{
    static const struct objective *const pooled[] = {&objective_pooled};
    static const struct objective *const states[] = {&objective_states};
    return pool == EMBED_POOLER ? pooled : states;
}

int embed_rows(enum embed_pool pool, const struct feature *feature)
{
    return pool == EMBED_TOKENS ? feature->tokens : 1;
}

/* The end of the round that begins with feature `first`: at least one feature. */
static int round_end(const struct feature_set *features, int first,
                     const struct embed_options *options, int ranks)
{
    const size_t row = (size_t)options->layer_count * (size_t)options->hidden * sizeof(float);
    const int64_t most = (int64_t)options->token_budget * ROUND_BATCHES * ranks;
    int64_t tokens = 0;
    size_t bytes = 0;
    int f = first;
    while (f < feature_set_count(features) && tokens < most && bytes < ROUND_BYTES) {
        const struct feature *feature = feature_set_at(features, f++);
        tokens += feature->tokens;
        bytes += (size_t)embed_rows(options->pool, feature) * row;
    }
    return f;
}

int embed_features(const struct dist *dist, struct bert *bert, const real *params,
                   const struct feature_set *features, const struct embed_options *options,
                   const struct embed_sink *sink, struct error *err)
{
    const int count = feature_set_count(features);
    const int rank = dist_rank(dist), ranks = dist_size(dist);
    struct embedder embedder = {.options = options,
                                .bert = bert,
                                .params = params,
                                .features = features,
                                .sums = memory_new((size_t)options->hidden, sizeof *embedder.sums)};
    struct buffer all = {0};
    struct progress progress;
    int status = 0;
    require(options->layer_count == 1 || options->pool != EMBED_POOLER);
    packed_batch_init(&embedder.batch);
    packed_batch_set_label_width(&embedder.batch, feature_set_label_width(features));
    progress_init(&progress, "embedding", count, "texts", 10);
    for (int first = 0, end; status == 0 && first < count; first = end) {
        end = round_end(features, first, options, ranks);
        run_features(&embedder, part_begin(features, first, end, rank, ranks),
                     part_begin(features, first, end, rank + 1, ranks));
        dist_gather(dist, embedder.vectors.data, embedder.vectors.size, &all);
        if (rank == 0)
            status = sink->add(sink->who, first, end, (const float *)all.data, err);
        status = dist_agree(dist, status, err);
        buffer_reset(&embedder.vectors);
        buffer_reset(&all);
        progress_update(&progress, end, "%s", "");
    }
    progress_release(&progress);
    buffer_release(&embedder.vectors);
    buffer_release(&all);
    packed_batch_release(&embedder.batch);
    free(embedder.sums);
    return status;
}
