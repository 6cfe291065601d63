#include "start.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "best.h"
#include "carry_over.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/base_model.h"
#include "lambert/run/options.h"
#include "lambert/store/checkpoint_folder.h"
#include "phase_plan.h"

/* --- from another model ----------------------------------------------------------------------- */

/* What transformers are to be told when the run's model goes out. */
static void take_added_tokens(struct run *run, const char *added)
{
    struct checkpoint_meta *meta = &run->work->meta; /* which the run's is a view of */
    free(meta->added_tokens);
    meta->added_tokens = memory_copy_text(added);
    run->meta.added_tokens = meta->added_tokens;
}

/* A model of another vocabulary, or that reads text in another way, would learn to read anew. */
static int check_text(const struct run *run, uint64_t hash,
                      const struct tokenizer_options *tokenizer, struct error *err)
{
    const char *corpus = run->work->place;
    const struct tokenizer_options *ours = &run->state.tokenizer;
    const bool alike = tokenizers_read_alike(tokenizer, ours);
    const bool same = hash == run->state.vocabulary_hash;
    if (!same && run->config->run.new_tokens != NEW_TOKENS_REFUSE)
        return 0; /* its rows are carried over, whatever it reads */
    if (run->config->task.kind != TASK_NONE && (!same || !alike))
        return error_set(err, "its vocabulary or its tokenizer is not that of run.start_from (%s)",
                         run->config->run.start_from);
    if (!same)
        return error_set(
            err,
            "its vocabulary is not, byte for byte, that of the corpus %s; prepare the "
            "corpus with the vocab.txt that lambert import and then export make of it, or, where "
            "the new vocabulary is meant, say what its tokens begin as: run.new_tokens=mean",
            corpus);
    return check_tokenizer(tokenizer, ours, corpus, err);
}

/* More of them may be made, fewer would cut what the model has learnt. */
static int check_positions(const struct run *run, const struct base_model *model, struct error *err)
{
    const int own = run->work->options.model.positions;
    const int its = model->shape.max_position_embeddings;
    if (own == its || (own > its && run->config->run.new_positions != NEW_POSITIONS_REFUSE))
        return 0;
    return error_set(err, "it has %d positions, model.max_position_embeddings is %d; %s", its, own,
                     own < its ? "give the model as many"
                               : "say what the others begin as: run.new_positions=repeat");
}

/* What can be compared is compared before weights are read: a sentence that names a key says more than
 * one that names a tensor. */
static int check_base(const struct run *run, const struct base_model *model, struct error *err)
{
    const int vocabulary = vocabulary_size(model->vocabulary);
    const struct config shaped = {.model = model->shape};
    const struct bert_config shape = bert_config_of(&shaped, vocabulary);
    if (check_text(run, vocabulary_hash(model->vocabulary), &model->tokenizer, err) < 0 ||
        check_model(run->config, &shape, err) < 0)
        return -1;
    return check_positions(run, model, err);
}

/* Whether what the model says means what this run's head is to say: a head of as many outputs may be another
 * task's, or say other labels. */
static bool says_the_same(const struct run *run, const struct base_model *model)
{
    const struct checkpoint_meta *meta = &run->meta;
    struct buffer labels = {0};
    if (model->task.kind != run->config->task.kind)
        return false;
    label_set_print(&model->labels, &labels);
    const bool same =
        meta->labels_size == 0 ||
        (labels.size == meta->labels_size && memcmp(labels.data, meta->labels, labels.size) == 0);
    buffer_release(&labels);
    return same;
}

/* [rank 0] The heads of a task that the model was not made for begin with fresh weights. */
static void freshen_heads(struct run *run, const struct base_model *model)
{
    const struct param_table *table = trainer_params(run->trainer);
    const struct objective_list objectives = objective_list_of(&run->work->options.model);
    bool known = false;
    if (run->config->task.kind == TASK_NONE || says_the_same(run, model))
        return;
    run->fresh_head = true;
    for (int o = 0; o < objectives.count; o++)
        for (int p = 0; p < objectives.rows[o]->param_count; p++) {
            const char *name = objectives.rows[o]->params[p].name;
            known |= base_model_has(model, name);
            param_table_initialise_one(
                table, param_table_find(table, name), model->shape.initializer_range,
                (uint64_t)run->config->run.seed, trainer_weights(run->trainer));
        }
    if (known)
        log_info("%s was fine-tuned for another task, or other labels: its head is not taken over",
                 base_model_path(model));
}

/* [rank 0] As they are, or carried over to the run's vocabulary and positions. */
static int read_weights(struct run *run, const struct base_model *model, struct error *err)
{
    const struct param_table *table = trainer_params(run->trainer);
    const struct config_run *keys = &run->config->run;
    const struct checkpoint_meta *meta = &run->meta;
    const struct bert_config *shape = &run->work->options.model;
    struct vocabulary *vocabulary;
    if (vocabulary_hash(model->vocabulary) == run->state.vocabulary_hash &&
        model->shape.max_position_embeddings == shape->positions)
        return base_model_weights(model, table, (uint64_t)keys->seed, trainer_weights(run->trainer),
                                  err);
    if (vocabulary_parse(&vocabulary, run->work->place, meta->vocabulary, meta->vocabulary_size,
                         err) < 0)
        return -1;
    const struct carry_over carry = {.model = model,
                                     .vocabulary = vocabulary,
                                     .shape = shape,
                                     .new_tokens = keys->new_tokens,
                                     .new_positions = keys->new_positions,
                                     .seed = (uint64_t)keys->seed};
    const int status = carry_over_weights(&carry, table, trainer_weights(run->trainer), err);
    vocabulary_free(vocabulary);
    return status;
}

static int take_weights(struct run *run, const struct base_model *model, struct error *err)
{
    int status = check_base(run, model, err);
    if (status == 0 && dist_rank(run->dist) == 0) {
        status = read_weights(run, model, err);
        if (status == 0)
            freshen_heads(run, model);
        if (status == 0 && vocabulary_hash(model->vocabulary) == run->state.vocabulary_hash)
            take_added_tokens(run, base_model_added_tokens(model));
    }
    status = dist_agree(run->dist, status, err);
    if (status == 0)
        trainer_broadcast_weights(run->trainer);
    return status;
}

static int start_from(struct run *run, const char *path, struct error *err)
{
    struct base_model opened, *open = run->work->base;
    if (open && strcmp(path, run->config->run.start_from) == 0) {
        const int status = take_weights(run, open, err);
        base_model_close_files(open);
        return status;
    }
    if (base_model_open(&opened, run->dist, path, err) < 0)
        return -1;
    const int status = take_weights(run, &opened, err);
    base_model_close(&opened);
    return status;
}

int start_weights(struct run *run, const char *path, struct error *err)
{
    if (!path[0] || run->config->task.fresh_weights) {
        trainer_initialise(run->trainer, (uint64_t)run->config->run.seed);
        run->fresh_head = true;
        return 0;
    }
    if (start_from(run, path, err) < 0)
        return error_prefix(err, "cannot start from %s", path);
    log_info("started from the weights of %s", path);
    return 0;
}

/* --- from a checkpoint of the run ----------------------------------------------------------- */

static int check_material(const struct run *run, const struct checkpoint_meta *meta,
                          struct error *err)
{
    if (meta->state.corpus_hash != run->state.corpus_hash &&
        meta->state.corpus_hash != run->work->earlier_hash)
        return error_set(err,
                         "it was trained on another %s (%016" PRIx64 ") than %s (%016" PRIx64
                         "); name the %s it was trained on in %s",
                         run->work->what, meta->state.corpus_hash, run->work->place,
                         run->state.corpus_hash, run->work->what, run->work->key);
    return 0;
}

/* Whether the keys of all records of rates are accepted. */
static bool accepts_rates(const struct config *config, const char *accept)
{
    for (int p = 0; p < config->phase_count; p++) {
        char name[CONFIG_NAME + 16];
        snprintf(name, sizeof name, "phase.%s.rates", config->phases[p].name);
        if (config->phases[p].rates[0] && !config_is_accepted(accept, name))
            return false;
    }
    return true;
}

/* Steps that the checkpoint's run had are to have its rates; those that are more may have any. */
static int check_same_run(const struct run *run, const struct checkpoint_meta *meta,
                          const char *accept, struct error *err)
{
    struct config stored;
    if (config_compare(meta->config, run->meta.config, accept, err) < 0 ||
        check_material(run, meta, err) < 0)
        return -1;
    if (meta->state.rates_hash == 0 && run->state.rates_hash == 0)
        return 0;
    if (config_read(&stored, meta->config, "its configuration", err) < 0)
        return -1;
    const uint64_t rates_hash = rate_records_hash(run->rates, &stored);
    if (meta->state.rates_hash != rates_hash && !accepts_rates(run->config, accept))
        return error_set(
            err,
            "the rates that a phase takes from a record (rates) were others (%016" PRIx64
            " than %016" PRIx64
            "); name the record that it was trained with, or accept the new one (--accept phase.NAME.rates)",
            meta->state.rates_hash, rates_hash);
    return 0;
}

static int holds_a_run(const char *folder, const char *path, struct error *err)
{
    return error_set(err,
                     "%s already holds a run (%s). Add --resume to go on with it, or choose "
                     "another folder with run.folder=...",
                     folder, path);
}

int start_check_folder(const struct run *run, const struct run_request *request, struct error *err)
{
    struct checkpoint_file file = {0};
    int status = 0;
    if (dist_rank(run->dist) == 0 && !request->resume) {
        status = checkpoint_newest(run->folder, &file, err);
        if (status == 0 && checkpoint_file_path(&file))
            status = holds_a_run(run->folder, checkpoint_file_path(&file), err);
        checkpoint_file_close(&file);
    }
    return dist_agree(run->dist, status, err);
}

/* --- from a checkpoint of another run ------------------------------------------------------- */

/* A branch is in the phase that the checkpoint is in, behind the same ones, and goes on behind the same sample. */
static int check_place(const struct run *run, const struct checkpoint_file *file, struct error *err)
{
    const struct run_state *state = &file->meta.state;
    const struct config *own = run->config;
    struct config other;
    if (config_read(&other, file->meta.config, checkpoint_file_path(file), err) < 0)
        return -1;
    if (state->phase >= other.phase_count)
        return error_set(err, "it is in phase number %d, and its configuration has %d",
                         state->phase + 1, other.phase_count);
    for (int p = 0; p <= state->phase; p++)
        if (p >= own->phase_count || strcmp(own->phases[p].name, other.phases[p].name) != 0)
            return error_set(
                err,
                "its phase number %d is %s, and this run's is %s; a branch may have other phases behind "
                "the one that it begins in (%s), not before",
                p + 1, other.phases[p].name,
                p < own->phase_count ? own->phases[p].name : "not there",
                other.phases[state->phase].name);
    const struct config_phase *phase = &own->phases[state->phase];
    const struct phase_plan its = phase_plan_of(&other.phases[state->phase]);
    struct phase_plan plan = phase_plan_of(phase);
    plan.rates = run->rates[state->phase].rates;
    const struct phase_place place = run_place_in_phase(state);
    if (plan.rates &&
        rate_record_covers(&run->rates[state->phase], phase, state->phase_step, err) < 0)
        return -1;
    const struct planned_step was = phase_plan_step(&its, place);
    const struct planned_step is = phase_plan_step(&plan, place);
    if (is.first_sample != was.first_sample)
        return error_set(err,
                         "it has gone through %" PRIu64
                         " samples of phase %s, and with the batches of this run (%d, "
                         "and phase.%s.batch_changes) that would be %" PRIu64
                         "; change the batch from step %" PRId64 " on",
                         was.first_sample, phase->name, phase->global_batch, phase->name,
                         is.first_sample, state->phase_step);
    if (plan.steps < state->phase_step)
        return error_set(err,
                         "it has made %" PRId64 " steps of phase %s, and phase.%s.steps is %" PRId64
                         "; give the branch more",
                         state->phase_step, phase->name, phase->name, plan.steps);
    if (plan.seconds > 0 && phase_plan_is_over(&plan, place) && !phase_plan_is_over(&its, place))
        return error_set(err,
                         "it has worked %g hours in phase %s, and phase.%s.hours is %g; give the "
                         "branch more",
                         place.seconds / 3600, phase->name, phase->name, phase->hours);
    if (!phase_plan_is_over(&plan, place))
        log_info("a branch of %s, behind step %" PRId64 " of phase %s, where its rate is %g%s",
                 checkpoint_file_path(file), state->phase_step, phase->name, is.rate,
                 is.rate == was.rate && !other.phases[state->phase].rates[0]
                     ? ", as it would have been"
                     : "");
    return 0;
}

/* [rank 0] Opens the checkpoint that the run is branched off, and says why it may not be. */
static int open_branch(const struct run *run, const char *accept, struct checkpoint_file *file,
                       struct error *err)
{
    const char *from = run->config->run.branch_from;
    if (checkpoint_find_newest(from, file, err) == 0 &&
        config_compare_branch(file->meta.config, run->meta.config, accept, err) == 0 &&
        check_material(run, &file->meta, err) == 0 && check_place(run, file, err) == 0)
        return 0;
    return error_prefix(err, "cannot branch off %s", from);
}

/* --- where the run starts ------------------------------------------------------------------- */

/* [rank 0] Opens the newest checkpoint of the run's folder, if there is one, or else the one that it is branched off,
 * and says why the run may not go on from it. Configurations are compared before weights are read: a sentence that names
 * the keys says more than one that names a tensor. */
static int find_checkpoint(struct run *run, const struct run_request *request,
                           struct checkpoint_file *file, struct error *err)
{
    const char *folder = run->config->run.folder;
    if (checkpoint_newest(folder, file, err) < 0)
        return -1;
    const char *path = checkpoint_file_path(file);
    run->branches = !path && run->config->run.branch_from[0];
    if (run->branches)
        return open_branch(run, request->accept, file, err);
    if (!path)
        return 0;
    if (!request->resume)
        return holds_a_run(folder, path, err);
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
    dist_broadcast(run->dist, 0, &run->branches, sizeof run->branches);
    if (found) {
        const uint64_t rates = run->state.rates_hash;
        status = trainer_load(run->trainer, &file, &run->state, err);
        if (status < 0)
            goto done;
        run->state.rates_hash = rates;
        if (run->state.phase < run->config->phase_count &&
            run->config->phases[run->state.phase].hours == 0)
            run->state.phase_seconds = 0; /* it was given in hours, and is in steps from here on */
        status = best_recall(run, err);
        if (status < 0)
            goto done;
        if (reads) {
            take_added_tokens(run, file.meta.added_tokens);
            log_info("%s %s at step %" PRId64, run->branches ? "branched off" : "resumed from",
                     checkpoint_file_path(&file), run->state.total_steps);
        }
    } else {
        status = start_weights(run, run->config->run.start_from, err);
        if (status == 0 && request->resume)
            log_info("no checkpoint in %s: a new run begins", run->config->run.folder);
    }
done:
    checkpoint_file_close(&file);
    return status;
}
