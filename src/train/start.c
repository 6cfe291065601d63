#include "start.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/store/hugging_face.h"

/* A model of another vocabulary, or of the other case, would learn to read anew. */
static int check_text(const struct job *job, uint64_t hash, bool lower_case, struct error *err)
{
    const char *corpus = job->config->data.corpus;
    if (hash != job->state.vocabulary_hash)
        return error_set(err,
                         "its vocabulary is not that of the corpus %s; prepare the corpus with "
                         "the model's vocab.txt",
                         corpus);
    if (lower_case != job->state.lower_case)
        return error_set(err, "it is %s, and the corpus %s is not; prepare the corpus %s --cased",
                         lower_case ? "uncased" : "cased", corpus, lower_case ? "without" : "with");
    return 0;
}

/* [rank 0] */
static int read_folder(struct job *job, const char *folder, struct error *err)
{
    struct hf_model model;
    if (hf_model_open(&model, folder, err) != 0)
        return -1;
    int status = check_text(job, model.vocabulary_hash, model.lower_case, err);
    if (status == 0)
        status =
            hf_model_weights(&model, job->table, (uint64_t)job->config->run.seed, job->params, err);
    hf_model_close(&model);
    return status;
}

static int start_from_folder(struct job *job, const char *folder, struct error *err)
{
    int status = dist_rank(job->dist) == 0 ? read_folder(job, folder, err) : 0;
    if (dist_agree(job->dist, status, err) != 0)
        return -1;
    dist_broadcast(job->dist, 0, job->params, job->table->size * sizeof *job->params);
    return 0;
}

static int start_from_checkpoint(struct job *job, const char *path, struct error *err)
{
    struct checkpoint_meta meta;
    if (checkpoint_read(job->dist, path, job->table, &job->sharding, &meta, job->params, NULL, NULL,
                        err) != 0)
        return -1;
    int status = check_text(job, meta.state.vocabulary_hash, meta.state.lower_case, err);
    checkpoint_meta_release(&meta);
    return dist_agree(job->dist, status, err);
}

int start_weights(struct job *job, struct error *err)
{
    const char *path = job->config->run.start_from;
    int folder = folder_exists(path); /* as rank 0 sees it */
    dist_broadcast(job->dist, 0, &folder, sizeof folder);
    int status = folder ? start_from_folder(job, path, err) : start_from_checkpoint(job, path, err);
    if (status != 0)
        return error_prefix(err, "cannot start from %s", path);
    log_info("started from the weights of %s", path);
    return 0;
}
