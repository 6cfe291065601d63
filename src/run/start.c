#include "start.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/options.h"
#include "lambert/store/checkpoint_folder.h"
#include "lambert/store/hugging_face.h"

/* --- from another model ----------------------------------------------------------------------- */

/* A model of another vocabulary, or of the other case, would learn to read anew. */
static int check_text(const struct run *run, uint64_t hash, bool lower_case, struct error *err)
{
    const char *corpus = corpus_folder(corpora_of(&run->corpora, 0));
    if (hash != run->state.vocabulary_hash)
        return error_set(err,
                         "its vocabulary is not, byte for byte, that of the corpus %s; prepare the "
                         "corpus with the vocab.txt that lambert import and then export make of it",
                         corpus);
    if (lower_case != run->state.lower_case)
        return error_set(err, "it is %s, and the corpus %s is not; prepare the corpus %s --cased",
                         lower_case ? "uncased" : "cased", corpus, lower_case ? "without" : "with");
    return 0;
}

/* [rank 0] */
static int read_folder(struct run *run, const char *folder, struct error *err)
{
    struct hf_model model;
    if (hf_model_open(&model, folder, err) < 0)
        return -1;
    int status = check_text(run, model.vocabulary_hash, model.lower_case, err);
    if (status == 0)
        status = check_model(run->config, &model.shape, err);
    if (status == 0)
        status =
            hf_model_weights(&model, trainer_params(run->trainer), (uint64_t)run->config->run.seed,
                             trainer_weights(run->trainer), err);
    hf_model_close(&model);
    return status;
}

static int start_from_folder(struct run *run, const char *folder, struct error *err)
{
    int status = dist_rank(run->dist) == 0 ? read_folder(run, folder, err) : 0;
    if (dist_agree(run->dist, status, err) < 0)
        return -1;
    trainer_broadcast_weights(run->trainer);
    return 0;
}

/* `file` is rank 0's. What can be compared is compared before weights are read: a sentence that
 * names a key says more than one that names a tensor. */
static int start_from_checkpoint(struct run *run, const struct checkpoint_file *file,
                                 struct error *err)
{
    struct run_state state;
    int status = 0;
    if (dist_rank(run->dist) == 0) {
        const struct checkpoint_meta *meta = &file->meta;
        status = check_text(run, meta->state.vocabulary_hash, meta->state.lower_case, err);
        if (status == 0)
            status = check_stored_model(run->config, meta->config, checkpoint_file_path(file), err);
    }
    if (dist_agree(run->dist, status, err) < 0)
        return -1;
    return trainer_load(run->trainer, file, TRAINER_WEIGHTS, &state, err);
}

/* [rank 0] A Hugging Face folder is read by its name; anything else is opened as a checkpoint. A
 * run folder stands for its newest. */
static int find_source(const char *path, bool *is_model, struct checkpoint_file *file,
                       struct error *err)
{
    char *config = path_join(path, "config.json");
    *is_model = file_exists(config);
    free(config);
    if (*is_model)
        return 0;
    if (checkpoint_find(path, file, err) < 0)
        return -1;
    return checkpoint_file_path(file)
               ? 0
               : error_set(err, "it is neither a Hugging Face model (no config.json) nor a "
                                "run folder with checkpoints");
}

static int start_from(struct run *run, const char *path, struct error *err)
{
    struct checkpoint_file file = {0};
    bool is_model = false;
    int status = dist_rank(run->dist) == 0 ? find_source(path, &is_model, &file, err) : 0;
    status = dist_agree(run->dist, status, err);
    if (status == 0) {
        dist_broadcast(run->dist, 0, &is_model, sizeof is_model);
        status =
            is_model ? start_from_folder(run, path, err) : start_from_checkpoint(run, &file, err);
    }
    checkpoint_file_close(&file);
    return status;
}

static int check_finite(const struct run *run, struct error *err)
{
    if (isfinite(kernels->sum_squares(trainer_weights(run->trainer),
                                      trainer_params(run->trainer)->size)))
        return 0;
    return error_set(err, "its weights are not all finite numbers");
}

int start_weights(struct run *run, const char *path, struct error *err)
{
    if (!path[0]) {
        trainer_initialise(run->trainer, (uint64_t)run->config->run.seed);
        return 0;
    }
    int status = start_from(run, path, err);
    if (status == 0)
        status = check_finite(run, err);
    if (status != 0)
        return error_prefix(err, "cannot start from %s", path);
    log_info("started from the weights of %s", path);
    return 0;
}

/* --- from a checkpoint of the run ----------------------------------------------------------- */

static int check_same_run(const struct run *run, const struct checkpoint_meta *meta,
                          const char *accept, struct error *err)
{
    if (config_compare(meta->config, run->meta.config, accept, err) < 0)
        return -1;
    if (meta->state.corpus_hash != run->state.corpus_hash)
        return error_set(err,
                         "it was trained on another corpus (%016" PRIx64 ") than %s (%016" PRIx64
                         "); name the corpus it was trained on in data.corpus",
                         meta->state.corpus_hash, corpus_folder(corpora_of(&run->corpora, 0)),
                         run->state.corpus_hash);
    return 0;
}

/* [rank 0] Opens the newest checkpoint of the run's folder, if there is one, and says why the run
 * may not go on from it. Configurations are compared before weights are read: a sentence that names
 * the keys says more than one that names a tensor. */
static int find_checkpoint(const struct run *run, const struct run_request *request,
                           struct checkpoint_file *file, struct error *err)
{
    const char *folder = run->config->run.folder;
    if (checkpoint_newest(folder, file, err) < 0)
        return -1;
    const char *path = checkpoint_file_path(file);
    if (!path)
        return 0;
    if (!request->resume)
        return error_set(err,
                         "%s already holds a run (%s). Add --resume to go on with it, or choose "
                         "another folder with run.folder=...",
                         folder, path);
    if (check_same_run(run, &file->meta, request->accept, err) < 0)
        return error_prefix(err, "cannot resume from %s", path);
    return 0;
}

int start_run(struct run *run, const struct run_request *request, struct error *err)
{
    struct checkpoint_file file = {0};
    bool reads = dist_rank(run->dist) == 0;
    int status = dist_agree(run->dist, reads ? find_checkpoint(run, request, &file, err) : 0, err);
    if (status < 0)
        goto done;
    bool found = checkpoint_file_path(&file);
    dist_broadcast(run->dist, 0, &found, sizeof found);
    if (found) {
        status = trainer_load(run->trainer, &file, TRAINER_ALL, &run->state, err);
        if (status < 0)
            goto done;
        run_pass_finished_phases(run);
        if (reads)
            log_info("resumed from %s at step %" PRId64, checkpoint_file_path(&file),
                     run->state.total_steps);
    } else {
        status = start_weights(run, run->config->run.start_from, err);
        if (status == 0 && request->resume)
            log_info("no checkpoint in %s: a new run begins", run->config->run.folder);
    }
done:
    checkpoint_file_close(&file);
    return status;
}
