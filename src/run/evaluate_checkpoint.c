#include "lambert/base/activity.h"
#include "lambert/base/memory.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/options.h"
#include "lambert/store/checkpoint.h"
#include "watchdog.h"

/* What evaluation holds. */
struct bench {
    struct corpus *corpus;
    struct evaluator *evaluator;
    struct bert *bert;
    struct sharding sharding;
    real *params;
    size_t bytes;
};

static int bench_init(struct bench *bench, const struct dist *dist, const struct config *config,
                      int phase, struct error *err)
{
    *bench = (struct bench){0};
    if (phase_corpus_open(config, phase, &bench->corpus, err) < 0 ||
        evaluator_new(&bench->evaluator, config, phase, bench->corpus, err) < 0)
        return -1;
    if (!bench->evaluator)
        return error_set(err, "%s has too few held-out documents to evaluate on",
                         corpus_folder(bench->corpus));
    struct bert_config shape =
        bert_config_of(config, vocabulary_size(corpus_vocabulary(bench->corpus)));
    struct bert_capacity capacity = bert_capacity_of(config);
    bert_capacity_widen(&capacity, bench->corpus);
    if (bert_new(&bench->bert, &shape, &capacity, err) < 0)
        return -1;
    const struct param_table *table = bert_params(bench->bert);
    sharding_init(&bench->sharding, table->size, SHARDING_BUCKET, dist_size(dist));
    bench->bytes = table->size * sizeof(real);
    return memory_big((void **)&bench->params, bench->bytes, "weights", err);
}

static void bench_release(struct bench *bench)
{
    memory_big_free(bench->params, bench->bytes);
    bert_free(bench->bert);
    evaluator_free(bench->evaluator);
    corpus_close(bench->corpus);
}

/* [rank 0] Before weights are read: a sentence that names a key says more than one that names a
 * tensor. */
static int check_file(const struct bench *bench, const struct config *config,
                      const struct checkpoint_file *file, struct error *err)
{
    const char *path = checkpoint_file_path(file);
    if (file->meta.state.vocabulary_hash != vocabulary_hash(corpus_vocabulary(bench->corpus)))
        return error_set(err, "%s was trained with another vocabulary than the corpus %s", path,
                         corpus_folder(bench->corpus));
    if (check_stored_model(config, file->meta.config, path, err) < 0)
        return error_prefix(err, "cannot evaluate %s", path);
    return 0;
}

static int evaluate(const struct dist *dist, const struct config *config, int phase,
                    const struct checkpoint_file *file, struct evaluation *result,
                    struct error *err)
{
    struct bench bench;
    struct run_state state;
    activity_task("getting corpus and memory", -1);
    int status = bench_init(&bench, dist, config, phase, err);
    if (status == 0 && dist_rank(dist) == 0)
        status = check_file(&bench, config, file, err);
    if (dist_agree(dist, status, err) < 0) {
        status = -1;
        goto done;
    }
    struct checkpoint_arrays arrays = {.dist = dist,
                                       .table = bert_params(bench.bert),
                                       .sharding = &bench.sharding,
                                       .weights = bench.params};
    activity_task("reading the checkpoint", -1);
    status = checkpoint_read(&arrays, file, &state, err);
    if (status < 0)
        goto done;
    activity_task("evaluation", -1);
    status = evaluator_run(bench.evaluator, dist, bench.bert, bench.params, result, err);
done:
    bench_release(&bench);
    return status;
}

int evaluate_checkpoint(const struct dist *dist, const struct config *config, int phase,
                        const struct checkpoint_file *file, struct evaluation *result,
                        struct error *err)
{
    struct watchdog *watchdog;
    int status = watchdog_start(&watchdog, config->train.watchdog_seconds,
                                "Evaluate once more when that is mended", err);
    if (dist_agree(dist, status, err) == 0)
        status = evaluate(dist, config, phase, file, result, err);
    else
        status = -1;
    watchdog_stop(watchdog);
    return status;
}
