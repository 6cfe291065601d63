/* From the configuration to the small option structs of the modules: the one place that knows both.
 * NAME_of() makes a struct NAME. */
#ifndef LAMBERT_RUN_OPTIONS_H
#define LAMBERT_RUN_OPTIONS_H

#include "lambert/batch/batch_sizes.h"
#include "lambert/config/config.h"
#include "lambert/corpus/corpus.h"
#include "lambert/features/feature_batches.h"
#include "lambert/model/bert.h"
#include "lambert/optim/schedule.h"
#include "lambert/sample/sampled_batches.h"
#include "lambert/sample/sampler.h"
#include "lambert/trainer/trainer.h"

struct sampler_options sampler_options_of(const struct config *config, int phase);

/* Those of held-out samples, which are masked at train.evaluate_masked_lm_probability and 80/10/10, however the phase is
 * trained. Where it is trained so, they are the above. */
struct sampler_options evaluation_sampler_options_of(const struct config *config, int phase);

/* Of one of several corpora of the phase, which share the cache; of part 0 of 1 the same. */
struct sampler_options part_sampler_options(const struct sampler_options *phase, int part,
                                            int parts);

struct bert_config bert_config_of(const struct config *config, int vocab_size);
struct config_model config_model_of(const struct bert_config *shape); /* the other way */
struct schedule schedule_of(const struct config_phase *phase);
struct batch_sizes batch_sizes_of(const struct config_phase *phase);

/* For micro-batches of `config` in any of its phases. */
struct bert_options bert_options_of(const struct config *config);

/* A trainer for such micro-batches. */
struct trainer_options trainer_options_of(const struct config *config, int vocab_size);

/* All batches of a phase, this rank's shares of them. With train.reproducible they come in groups
 * of as many sequences as a micro-batch holds at full length. */
struct sampled_batches_options sampled_batches_options_of(const struct config *config, int phase,
                                                          const struct dist *dist);

/* How many tokens are masked in a made-up sequence of the phase (sample/made_up.h): as many as halfway through it. */
int made_up_masked_of(const struct config *config, int phase);

/* Bytes that a rank holds of the largest of these, at most, in a job of so many ranks. */
size_t sampled_batches_most_memory(const struct config *config, int ranks);

/* All batches of a phase of a task's features. */
struct feature_batches_options feature_batches_options_of(const struct config *config, int phase,
                                                          const struct dist *dist);

/* Makes room for the ready samples of a corpus, whose masks no option limits. */
void bert_capacity_widen(struct bert_capacity *capacity, const struct corpus *corpus);

/* Whether a model and a corpus read text alike. The longest word may be another, as transformers' 100 characters and
 * Google's 200 are: words between the two are no language, and what a model learnt of them is nothing. */
bool tokenizers_read_alike(const struct tokenizer_options *a, const struct tokenizer_options *b);

/* The same, of a model's tokenizer and a corpus's: -1 with a sentence that begins "it is ...", and says how to prepare
 * the corpus. */
int check_tokenizer(const struct tokenizer_options *model, const struct tokenizer_options *corpus,
                    const char *folder, struct error *err);

/* Whether a model computes as the configured one does, in what the shapes of its tensors do not
 * show: heads, activation, LayerNorm's eps. -1 with a sentence that begins "it has ...". */
int check_model(const struct config *config, const struct bert_config *model, struct error *err);

/* The same for the configuration that a checkpoint carries; `path` names it in errors. */
int check_stored_model(const struct config *config, const char *stored, const char *path,
                       struct error *err);

/* The train.compute_type of that configuration: what the checkpoint was trained in. */
int stored_compute_type(const char *stored, const char *path, enum float_type *type,
                        struct error *err);

#endif
