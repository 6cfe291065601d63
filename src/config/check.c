#include <limits.h>

#include "schema.h"

static int check_model(const struct config_model *model, struct error *err)
{
    if (model->hidden_size % model->num_attention_heads != 0)
        return error_set(err,
                         "model.num_attention_heads (%d) must divide model.hidden_size (%d); "
                         "change one of them",
                         model->num_attention_heads, model->hidden_size);
    return 0;
}

static int check_lengths(const struct config *config, const struct config_phase *phase,
                         struct error *err)
{
    const char *name = phase->name;
    if (phase->sequence_length > config->model.max_position_embeddings)
        return error_set(err,
                         "phase.%s.sequence_length (%d) is more than "
                         "model.max_position_embeddings (%d); shorten the sequences or give the "
                         "model more positions",
                         name, phase->sequence_length, config->model.max_position_embeddings);
    if (phase->max_predictions_per_sequence > phase->sequence_length)
        return error_set(err,
                         "phase.%s.max_predictions_per_sequence (%d) is more than "
                         "phase.%s.sequence_length (%d); lower it, or leave it at 0 for no limit",
                         name, phase->max_predictions_per_sequence, name, phase->sequence_length);
    /* one rank may get the whole global batch, whose rows are counted in int */
    if ((int64_t)phase->global_batch * phase->sequence_length > INT_MAX)
        return error_set(err,
                         "phase.%s.global_batch (%d) times phase.%s.sequence_length (%d) is "
                         "more than %d tokens a step; lower one of them",
                         name, phase->global_batch, name, phase->sequence_length, INT_MAX);
    return 0;
}

static int check_warmup(const struct config_phase *phase, struct error *err)
{
    const char *name = phase->name;
    if (phase->warmup_steps > 0 && phase->warmup_ratio > 0)
        return error_set(err,
                         "phase.%s.warmup_steps (%d) and phase.%s.warmup_ratio (%g) say the "
                         "same thing twice; leave one of them at 0",
                         name, phase->warmup_steps, name, phase->warmup_ratio);
    if (phase->warmup_steps > phase->steps)
        return error_set(err,
                         "phase.%s.warmup_steps (%d) is more than phase.%s.steps (%d); the "
                         "warm-up is a part of the phase",
                         name, phase->warmup_steps, name, phase->steps);
    return 0;
}

static int check_masking(const struct config_data *data, struct error *err)
{
    const double rounding = 1e-12, sum = data->mask_replace_prob + data->random_replace_prob;
    if (sum > 1 + rounding)
        return error_set(err,
                         "data.mask_replace_prob (%g) and data.random_replace_prob (%g) are more "
                         "than 1 together; lower one of them",
                         data->mask_replace_prob, data->random_replace_prob);
    return 0;
}

static int check_train(const struct config_train *train, struct error *err)
{
    if (train->reproducible && train->gradient_wire != TYPE_FLOAT32)
        return error_set(
            err,
            "train.reproducible sums gradients exactly, train.gradient_wire (%s) rounds "
            "them on their way; leave one of them at its default",
            config_word("train.gradient_wire", train->gradient_wire));
    return 0;
}

int config_check(const struct config *config, struct error *err)
{
    if (config->phase_count == 0)
        return error_set(err, "there is no phase; begin one with a section [phase one] that gives "
                              "steps and learning_rate");
    if (schema_check_given(&config_schema, config, err) < 0 ||
        check_model(&config->model, err) < 0 || check_masking(&config->data, err) < 0 ||
        check_train(&config->train, err) < 0)
        return -1;
    for (int p = 0; p < config->phase_count; p++) {
        const struct config_phase *phase = &config->phases[p];
        if (check_lengths(config, phase, err) < 0 || check_warmup(phase, err) < 0)
            return -1;
    }
    return 0;
}
