#include "lambert/base/activity.h"
#include "lambert/base/memory.h"
#include "lambert/base/watchdog.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/options.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/checkpoint_folder.h"
#include "stage.h"

/* What an evaluation by itself holds. */
struct evaluation_setup {
    struct stage *stage; /* NULL: the corpora are read where they lie */
    struct corpora corpora;
    const struct corpus *corpus; /* the first of the phase */
    struct evaluator *evaluator;
    struct bert *bert;
    struct sharding sharding;
    real *params;
    size_t bytes;
};

static int setup_init(struct evaluation_setup *setup, const struct dist *dist,
                      const struct config *config, int phase, struct error *err)
{
    if (corpora_open_staged(&setup->corpora, setup->stage, config, phase, phase + 1, err) < 0)
        return -1;
    setup->corpus = corpora_of(&setup->corpora, phase, 0);
    if (evaluator_new(&setup->evaluator, config, phase, &setup->corpora, err) < 0)
        return -1;
    if (!setup->evaluator)
        return error_set(err, "%s has too few held-out documents to evaluate on",
                         corpus_folder(setup->corpus));
    struct bert_config shape =
        bert_config_of(config, vocabulary_size(corpus_vocabulary(setup->corpus)));
    struct bert_options options = bert_options_of(config);
    corpora_widen(&setup->corpora, &options.capacity);
    if (bert_new(&setup->bert, &shape, &options, err) < 0)
        return -1;
    const struct param_table *table = bert_params(setup->bert);
    sharding_init(&setup->sharding, table->size, SHARDING_BUCKET, dist_size(dist));
    setup->bytes = table->size * sizeof(real);
    return memory_big((void **)&setup->params, setup->bytes, "weights", err);
}

static void setup_release(struct evaluation_setup *setup)
{
    memory_big_free(setup->params, setup->bytes);
    bert_free(setup->bert);
    evaluator_free(setup->evaluator);
    corpora_close(&setup->corpora);
    stage_close(setup->stage);
}

/* [rank 0] Before weights are read: a sentence that names a key says more than one that names a
 * tensor. */
static int check_file(const struct evaluation_setup *setup, const struct config *config,
                      const struct checkpoint_file *file, struct error *err)
{
    const char *path = checkpoint_file_path(file);
    if (file->meta.state.vocabulary_hash != vocabulary_hash(corpus_vocabulary(setup->corpus)))
        return error_set(err, "%s was trained with another vocabulary than the corpus %s", path,
                         corpus_folder(setup->corpus));
    if (check_tokenizer(&file->meta.state.tokenizer, corpus_tokenizer(setup->corpus),
                        corpus_folder(setup->corpus), err) < 0 ||
        check_stored_model(config, file->meta.config, path, err) < 0)
        return error_prefix(err, "cannot evaluate %s", path);
    return 0;
}

/* [rank 0] The configuration to evaluate by becomes the request's, in the type that is wanted. */
static int open_checkpoint(const struct evaluation_request *request, struct checkpoint_file *file,
                           struct config *config, struct error *err)
{
    const char *wanted = request->checkpoint, *folder = config->run.folder;
    if ((wanted ? checkpoint_find(wanted, file, err) : checkpoint_newest(folder, file, err)) < 0)
        return -1;
    if (!checkpoint_file_path(file))
        return error_set(err, "there is no checkpoint in %s; name one with --checkpoint",
                         wanted ? wanted : folder);
    if (request->keeps_type)
        return 0;
    return stored_compute_type(file->meta.config, checkpoint_file_path(file),
                               &config->train.compute_type, err);
}

int evaluate_checkpoint(const struct dist *dist, const struct evaluation_request *request,
                        struct checkpoint_file *file, struct evaluation *result, struct error *err)
{
    const bool reads = dist_rank(dist) == 0;
    struct config config = *request->config;
    struct evaluation_setup setup = {0};
    struct watchdog *watchdog;
    struct run_state state;
    *file = (struct checkpoint_file){0};
    int status = watchdog_start(&watchdog, config.train.watchdog_seconds, "train.watchdog_seconds",
                                "Evaluate once more when that is mended", err);
    if (dist_agree(dist, status, err) < 0) {
        status = -1;
        goto done;
    }
    activity_task("reading the checkpoint", -1);
    status = dist_agree(dist, reads ? open_checkpoint(request, file, &config, err) : 0, err);
    if (status < 0)
        goto done;
    dist_broadcast(dist, 0, &config.train.compute_type, sizeof config.train.compute_type);

    status = stage_open(&setup.stage, dist, &config, request->phase, request->phase + 1, err);
    if (status < 0)
        goto done;
    activity_task("getting corpus and memory", -1);
    status = setup_init(&setup, dist, &config, request->phase, err);
    if (status == 0 && reads)
        status = check_file(&setup, &config, file, err);
    status = dist_agree(dist, status, err);
    if (status < 0)
        goto done;

    activity_task("reading the weights", -1);
    struct checkpoint_arrays arrays = {.dist = dist,
                                       .table = bert_params(setup.bert),
                                       .sharding = &setup.sharding,
                                       .weights = setup.params};
    status = checkpoint_read(&arrays, file, &state, err);
    if (status < 0)
        goto done;
    activity_task("evaluation", -1);
    status = evaluator_run(setup.evaluator, dist, setup.bert, setup.params, NULL, result, err);
done:
    setup_release(&setup);
    watchdog_stop(watchdog);
    return status;
}
