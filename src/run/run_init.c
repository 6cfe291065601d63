#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/gemm.h"
#include "lambert/run/options.h"
#include "memory_plan.h"
#include "run_internal.h"

/* The corpora, and what every checkpoint of this run carries of them and of the configuration. */
static int open_corpora(struct run *run, struct error *err)
{
    struct buffer text = {0};
    size_t size;
    if (corpora_open(&run->corpora, run->config, err) < 0)
        return -1;
    const struct corpus *corpus = corpora_of(&run->corpora, 0);
    const struct vocabulary *vocabulary = corpus_vocabulary(corpus);
    const char *bytes = vocabulary_text(vocabulary, &size);
    config_print(run->config, true, &text);
    run->meta.config = memory_copy_text(buffer_text(&text));
    buffer_release(&text);
    run->meta.vocabulary = memory_new(size + 1, 1);
    memcpy(run->meta.vocabulary, bytes, size);
    run->meta.vocabulary_size = size;
    run->state.corpus_hash = corpora_hash(&run->corpora);
    run->state.vocabulary_hash = vocabulary_hash(vocabulary);
    run->state.lower_case = corpus_lower_case(corpus);
    return 0;
}

static int divide_nodes(struct dist *dist, int ranks, struct error *err)
{
    if (ranks == 0)
        return 0;
    if (dist_divide_nodes(dist, ranks)) {
        log_info("divided into %d nodes of %d rank(s)", dist_nodes(dist), ranks);
        return 0;
    }
    return error_set(
        err,
        "train.ranks_per_node (%d) does not divide the ranks of each machine (rank %d's "
        "has %d); choose a divisor, or 0",
        ranks, dist_rank(dist), dist_machine_size(dist));
}

/* Says what this rank and its machine will hold before it is taken. */
static int plan_memory(const struct run *run, const struct trainer_options *options, int threads,
                       struct error *err)
{
    const struct bert_config *model = &options->model;
    struct memory_plan plan = {
        .trainer = trainer_memory(run->dist, options),
        .compute_type = options->bert.compute_type,
        .recompute = options->bert.recompute,
        .products = gemm_memory(threads),
        .corpus_cache = (size_t)run->config->data.cache_megabytes << 20,
    };
    struct param_table table;
    param_table_init(&table, model);
    log_info("model: %d layers, hidden %d, %d heads, vocabulary %d: %zu tensors, %.2f million "
             "weights",
             model->layers, model->hidden, model->heads, model->vocab, (size_t)table.count,
             (double)table.weights / 1e6);
    param_table_release(&table);
    return memory_plan_check(&plan, run->dist, err);
}

int run_init(struct run *run, struct dist *dist, const struct config *config, int threads,
             struct error *err)
{
    *run = (struct run){.dist = dist, .config = config, .lock = -1};
    balance_init(&run->balance, dist_size(dist));
    run_clock_start(&run->clock, 0);
    if (dist_agree(dist, open_corpora(run, err), err) < 0 ||
        dist_same(dist, "the corpus", run->state.corpus_hash, err) < 0 ||
        divide_nodes(dist, config->train.ranks_per_node, err) < 0)
        return -1;
    int vocabulary = vocabulary_size(corpus_vocabulary(corpora_of(&run->corpora, 0)));
    struct trainer_options options = trainer_options_of(config, vocabulary);
    for (int c = 0; c < run->corpora.count; c++)
        bert_capacity_widen(&options.bert.capacity, run->corpora.opened[c]);
    if (plan_memory(run, &options, threads, err) < 0 ||
        trainer_new(&run->trainer, dist, &options, err) < 0)
        return -1;
    run->peak = cpu_peak_flops(config->train.compute_type, threads);
    dist_sum_double(dist, &run->peak, 1);
    return 0;
}

void run_release(struct run *run)
{
    metrics_close(&run->metrics);
    if (run->lock >= 0)
        close(run->lock);
    checkpoint_meta_release(&run->meta);
    trainer_free(run->trainer);
    balance_release(&run->balance);
    corpora_close(&run->corpora);
}

void run_pass_finished_phases(struct run *run)
{
    struct run_state *state = &run->state;
    while (state->phase < run->config->phase_count &&
           state->phase_step >= run->config->phases[state->phase].steps) {
        state->phase++;
        state->phase_step = 0;
    }
}
