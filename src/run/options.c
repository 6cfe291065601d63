#include "lambert/run/options.h"

#include <math.h>

#include "lambert/base/minmax.h"
#include "lambert/sample/made_up.h"

struct sampler_options sampler_options_of(const struct config *config, int phase)
{
    const struct config_phase *settings = &config->phases[phase];
    const struct config_masking masking = config_phase_masking(config, phase);
    struct sampler_options options = {
        .seed = (uint64_t)config->run.seed,
        .phase = (uint32_t)phase,
        .sequence_length = settings->sequence_length,
        .max_predictions = settings->max_predictions_per_sequence,
        .cache_bytes = (size_t)config->data.cache_megabytes << 20,
        .sampling = config->data.sampling,
    };
    options.sampling.masked_lm_probability = masking.begin;
    if (masking.begin != masking.end) {
        const struct batch_sizes sizes = batch_sizes_of(settings);
        options.masking_change = (struct masking_change){
            .end = masking.end, .samples = batch_sizes_before(&sizes, (uint64_t)settings->steps)};
    }
    return options;
}

/* What evaluations make of hidden tokens: BERT's shares (arXiv 1810.04805, section 3.1). */
static const double evaluate_mask_replace = 0.8, evaluate_random_replace = 0.1;

/* A phase's limit on masks goes with the rate that it was chosen for. */
struct sampler_options evaluation_sampler_options_of(const struct config *config, int phase)
{
    struct sampler_options options = sampler_options_of(config, phase);
    const double rate = config->train.evaluate_masked_lm_probability;
    if (options.sampling.masked_lm_probability != rate || options.masking_change.samples > 0)
        options.max_predictions = 0;
    options.sampling.masked_lm_probability = rate;
    options.masking_change = (struct masking_change){0};
    options.sampling.mask_replace_prob = evaluate_mask_replace;
    options.sampling.random_replace_prob = evaluate_random_replace;
    return options;
}

struct sampler_options part_sampler_options(const struct sampler_options *phase, int part,
                                            int parts)
{
    struct sampler_options options = *phase;
    options.phase |= (uint32_t)part << 16; /* CONFIG_MAX_PHASES lies far below */
    options.cache_bytes /= (size_t)parts;
    return options;
}

struct bert_config bert_config_of(const struct config *config, int vocab_size)
{
    const struct config_model *model = &config->model;
    return (struct bert_config){
        .layers = model->num_hidden_layers,
        .hidden = model->hidden_size,
        .heads = model->num_attention_heads,
        .intermediate = model->intermediate_size,
        .vocab = vocab_size,
        .positions = model->max_position_embeddings,
        .types = model->type_vocab_size,
        .gelu = model->hidden_act,
        .layer_norm_eps = model->layer_norm_eps,
        .hidden_dropout = model->hidden_dropout_prob,
        .attention_dropout = model->attention_probs_dropout_prob,
        .initializer_range = model->initializer_range,
    };
}

struct config_model config_model_of(const struct bert_config *shape)
{
    return (struct config_model){.hidden_size = shape->hidden,
                                 .num_hidden_layers = shape->layers,
                                 .num_attention_heads = shape->heads,
                                 .intermediate_size = shape->intermediate,
                                 .hidden_act = shape->gelu,
                                 .hidden_dropout_prob = shape->hidden_dropout,
                                 .attention_probs_dropout_prob = shape->attention_dropout,
                                 .max_position_embeddings = shape->positions,
                                 .type_vocab_size = shape->types,
                                 .initializer_range = shape->initializer_range,
                                 .layer_norm_eps = shape->layer_norm_eps};
}

struct schedule schedule_of(const struct config_phase *phase)
{
    const double length = phase->hours > 0 ? 3600 * phase->hours : phase->steps;
    return (struct schedule){
        .form = phase->schedule,
        .peak = phase->learning_rate,
        .length = length,
        .warmup = phase->warmup_steps > 0 ? phase->warmup_steps : phase->warmup_ratio * length,
        .decay = phase->decay_steps > 0 ? phase->decay_steps : phase->decay_ratio * length,
        .power = phase->decay_power,
    };
}

struct batch_sizes batch_sizes_of(const struct config_phase *phase)
{
    struct batch_sizes sizes = {.first = phase->global_batch,
                                .change_count = phase->batch_change_count};
    for (int c = 0; c < sizes.change_count; c++)
        sizes.changes[c] = phase->batch_changes[c];
    return sizes;
}

/* The fewest rows a sequence has: [CLS] a [SEP] b [SEP], or [CLS] a [SEP]. */
enum { SHORTEST_PAIR = 5, SHORTEST_SINGLE = 3 };

static double highest_masking(const struct config *config)
{
    double highest = config->train.evaluate_masked_lm_probability;
    for (int p = 0; p < config->phase_count; p++) {
        const struct config_masking masking = config_phase_masking(config, p);
        highest = fmax(highest, fmax(masking.begin, masking.end));
    }
    return highest;
}

/* Micro-batches of any phase fit this. */
static struct bert_capacity capacity_of(const struct config *config)
{
    struct bert_capacity capacity = {.tokens = config->train.micro_batch_tokens};
    for (int p = 0; p < config->phase_count; p++)
        if (config->phases[p].sequence_length > capacity.longest)
            capacity.longest = config->phases[p].sequence_length;
    if (capacity.tokens < capacity.longest)
        capacity.tokens = capacity.longest;
    capacity.sequences =
        capacity.tokens /
        (config->data.sampling.sentence_pairs == PAIRS_NSP ? SHORTEST_PAIR : SHORTEST_SINGLE);
    /* A sequence of t tokens has at most max(1, rint(p t)) <= p t + 1 masked positions. */
    capacity.labelled = (int)ceil(highest_masking(config) * capacity.tokens) + capacity.sequences;
    return capacity;
}

struct bert_options bert_options_of(const struct config *config)
{
    return (struct bert_options){.capacity = capacity_of(config),
                                 .compute_type = config->train.compute_type,
                                 .recompute = config->train.recompute};
}

struct trainer_options trainer_options_of(const struct config *config, int vocab_size)
{
    return (struct trainer_options){
        .model = bert_config_of(config, vocab_size),
        .bert = bert_options_of(config),
        .optimizer = config->optimizer,
        .gradient_wire = config->train.gradient_wire,
        .weight_type = config->train.weight_type,
        .reproducible = config->train.reproducible,
        .reports_tensors = config->train.report_every > 0,
        .updates_anyway = config->train.replay_action == REPLAY_CONTINUE,
    };
}

/* Sequences that a micro-batch is cut by: as many as fit at full length, at least one; 0: as they fit. */
static int group_of(const struct config *config, int phase)
{
    const int fit = config->train.micro_batch_tokens / config->phases[phase].sequence_length;
    return !config->train.reproducible ? 0 : (fit > 0 ? fit : 1);
}

struct sampled_batches_options sampled_batches_options_of(const struct config *config, int phase,
                                                          const struct dist *dist)
{
    const struct config_phase *settings = &config->phases[phase];
    return (struct sampled_batches_options){
        .end_batch = (uint64_t)settings->steps,
        .sizes = batch_sizes_of(settings),
        .group = group_of(config, phase),
        .rank = dist_rank(dist),
        .ranks = dist_size(dist),
    };
}

int made_up_masked_of(const struct config *config, int phase)
{
    const struct config_masking masking = config_phase_masking(config, phase);
    const struct config_phase *settings = &config->phases[phase];
    return made_up_masked(settings->sequence_length, (masking.begin + masking.end) / 2,
                          settings->max_predictions_per_sequence);
}

size_t sampled_batches_most_memory(const struct config *config, int ranks)
{
    size_t most = 0;
    for (int p = 0; p < config->phase_count; p++) {
        const struct config_phase *phase = &config->phases[p];
        const struct config_masking masking = config_phase_masking(config, p);
        const int masked = (int)ceil(fmax(masking.begin, masking.end) * phase->sequence_length);
        const int limit = phase->max_predictions_per_sequence;
        const struct batch_sizes sizes = batch_sizes_of(phase);
        most = max_size(most, sampled_batches_memory(batch_sizes_most(&sizes), ranks,
                                                     phase->sequence_length,
                                                     limit > 0 ? min_int(limit, masked) : masked));
    }
    return most;
}

struct feature_batches_options feature_batches_options_of(const struct config *config, int phase,
                                                          const struct dist *dist)
{
    const struct config_phase *settings = &config->phases[phase];
    return (struct feature_batches_options){
        .seed = (uint64_t)config->run.seed,
        .phase = (uint32_t)phase,
        .end_batch = (uint64_t)settings->steps,
        .sizes = batch_sizes_of(settings),
        .group = group_of(config, phase),
        .rank = dist_rank(dist),
        .ranks = dist_size(dist),
    };
}

void bert_capacity_widen(struct bert_capacity *capacity, const struct corpus *corpus)
{
    const struct sample_totals samples = corpus_samples(corpus);
    if (corpus_contents(corpus) != SHARD_READY_SAMPLES)
        return;
    int64_t sequences = capacity->tokens / (int64_t)samples.shortest + 1;
    int64_t masked = capacity->tokens * (int64_t)samples.masks_per_1000_tokens / 1000 + 1;
    if (sequences > capacity->sequences)
        capacity->sequences = (int)sequences;
    if (masked > capacity->labelled)
        capacity->labelled = (int)masked;
}

int check_model(const struct config *config, const struct bert_config *model, struct error *err)
{
    struct bert_config own = bert_config_of(config, model->vocab);
    if (model->heads != own.heads)
        return error_set(err, "it has %d attention heads, model.num_attention_heads is %d",
                         model->heads, own.heads);
    if (model->gelu != own.gelu)
        return error_set(err, "it has the activation %s, model.hidden_act is %s",
                         config_word("model.hidden_act", model->gelu),
                         config_word("model.hidden_act", own.gelu));
    if (model->layer_norm_eps != own.layer_norm_eps)
        return error_set(err, "it has layer_norm_eps %g, model.layer_norm_eps is %g",
                         model->layer_norm_eps, own.layer_norm_eps);
    return 0;
}

bool tokenizers_read_alike(const struct tokenizer_options *a, const struct tokenizer_options *b)
{
    struct tokenizer_options other = *a;
    other.max_word_characters = b->max_word_characters;
    return tokenizer_options_equal(&other, b);
}

int check_tokenizer(const struct tokenizer_options *model, const struct tokenizer_options *corpus,
                    const char *folder, struct error *err)
{
    char texts[2][TOKENIZER_OPTIONS_TEXT], words[2][TOKENIZER_OPTIONS_TEXT];
    struct tokenizer_options its = *model, own = *corpus;
    if (tokenizers_read_alike(model, corpus))
        return 0;
    its.max_word_characters = own.max_word_characters = tokenizer_defaults.max_word_characters;
    tokenizer_options_words(&its, words[0]);
    tokenizer_options_words(&own, words[1]);
    return error_set(err, "it is %s, and the corpus %s is %s; prepare the corpus %s %s",
                     tokenizer_options_text(model, texts[0]), folder,
                     tokenizer_options_text(corpus, texts[1]), words[0][0] ? "with" : "without",
                     words[0][0] ? words[0] : words[1]);
}

int check_stored_model(const struct config *config, const char *stored, const char *path,
                       struct error *err)
{
    struct config other;
    if (config_read(&other, stored, path, err) < 0)
        return -1;
    struct bert_config model = bert_config_of(&other, 0);
    return check_model(config, &model, err);
}

int stored_compute_type(const char *stored, const char *path, enum float_type *type,
                        struct error *err)
{
    struct config other;
    if (config_read(&other, stored, path, err) < 0)
        return -1;
    *type = other.train.compute_type;
    return 0;
}
