#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema.h"

/* The decay of a trapezoid; the others decay from their warm-up on. */
static int check_decay(const struct config_phase *phase, struct error *err)
{
    const char *name = phase->name;
    const bool decays = phase->decay_steps > 0 || phase->decay_ratio > 0;
    const bool trapezoid =
        phase->schedule == SCHEDULE_TRAPEZOID || phase->schedule == SCHEDULE_TRAPEZOID_SQRT;
    const double rounding = 1e-12;
    if (decays && !trapezoid)
        return error_set(
            err,
            "phase.%s.%s is of the schedules trapezoid and trapezoid_sqrt, and phase.%s.schedule is %s, "
            "which decays from its warm-up on; leave one of them away",
            name, phase->decay_steps > 0 ? "decay_steps" : "decay_ratio", name,
            config_word("phase.schedule", phase->schedule));
    if (phase->decay_steps > 0 && phase->decay_ratio > 0)
        return error_set(err,
                         "phase.%s.decay_steps (%d) and phase.%s.decay_ratio (%g) say the same "
                         "thing twice; leave one of them at 0",
                         name, phase->decay_steps, name, phase->decay_ratio);
    if (!decays)
        return 0;
    if (phase->warmup_ratio + phase->decay_ratio > 1 + rounding && phase->steps == 0)
        return error_set(err,
                         "phase.%s.warmup_ratio (%g) and phase.%s.decay_ratio (%g) are more than "
                         "the whole phase together; lower one of them",
                         name, phase->warmup_ratio, name, phase->decay_ratio);
    if (phase->steps == 0)
        return 0;
    const double warmup =
        phase->warmup_steps > 0 ? phase->warmup_steps : phase->warmup_ratio * phase->steps;
    const double decay =
        phase->decay_steps > 0 ? phase->decay_steps : phase->decay_ratio * phase->steps;
    if (warmup + decay > phase->steps * (1 + rounding))
        return error_set(
            err,
            "the warm-up (%g steps) and the decay (%g) of phase %s are more than phase.%s.steps (%d); "
            "shorten one of them",
            warmup, decay, name, name, phase->steps);
    return 0;
}

static int check_changes(const struct config_phase *phase, struct error *err)
{
    const char *name = phase->name;
    for (int c = 0; c < phase->batch_change_count; c++) {
        const struct batch_change *change = &phase->batch_changes[c];
        if (c > 0 && change->after <= change[-1].after)
            return error_set(
                err,
                "phase.%s.batch_changes has step %d behind step %d; give them in the order in which "
                "they come",
                name, change->after, change[-1].after);
        if (phase->steps > 0 && change->after >= phase->steps)
            return error_set(
                err,
                "phase.%s.batch_changes changes the batch after step %d, and the phase ends with "
                "phase.%s.steps (%d); leave that change away",
                name, change->after, name, phase->steps);
        if ((int64_t)change->sequences * phase->sequence_length > INT_MAX)
            return error_set(
                err,
                "phase.%s.batch_changes (%d:%d) times phase.%s.sequence_length (%d) is more than %d "
                "tokens a step; lower one of them",
                name, change->after, change->sequences, name, phase->sequence_length, INT_MAX);
    }
    return 0;
}

static int check_phase(const struct config *config, const struct config_phase *phase,
                       struct error *err)
{
    const char *name = phase->name;
    const bool shaped = config->task.kind == TASK_NONE; /* else the model that is tuned says it */
    if (shaped && phase->sequence_length > config->model.max_position_embeddings)
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
    /* One rank may get the whole global batch, whose rows are counted in int. */
    if ((int64_t)phase->global_batch * phase->sequence_length > INT_MAX)
        return error_set(err,
                         "phase.%s.global_batch (%d) times phase.%s.sequence_length (%d) is "
                         "more than %d tokens a step; lower one of them",
                         name, phase->global_batch, name, phase->sequence_length, INT_MAX);
    if (check_changes(phase, err) < 0 || check_decay(phase, err) < 0)
        return -1;
    if (phase->warmup_steps > 0 && phase->warmup_ratio > 0)
        return error_set(err,
                         "phase.%s.warmup_steps (%d) and phase.%s.warmup_ratio (%g) say the "
                         "same thing twice; leave one of them at 0",
                         name, phase->warmup_steps, name, phase->warmup_ratio);
    if (phase->steps > 0 && phase->warmup_steps > phase->steps)
        return error_set(err,
                         "phase.%s.warmup_steps (%d) is more than phase.%s.steps (%d); the "
                         "warm-up is a part of the phase",
                         name, phase->warmup_steps, name, phase->steps);
    return 0;
}

/* A time instead of steps, and rates instead of a schedule. */
static int check_hours(const struct config_phase *phase, struct error *err)
{
    const char *name = phase->name;
    const bool counted = phase->warmup_steps > 0 || phase->decay_steps > 0;
    if (phase->hours == 0)
        return 0;
    if (phase->steps > 0 || phase->epochs > 0 || phase->rates[0])
        return error_set(
            err,
            "phase.%s.hours (%g) and phase.%s.%s both say how long the phase is; leave one of them away",
            name, phase->hours, name,
            phase->steps > 0    ? "steps"
            : phase->epochs > 0 ? "epochs"
                                : "rates");
    if (counted)
        return error_set(
            err,
            "phase.%s.%s counts steps, and the schedule of a phase in hours goes by the clock; give a share "
            "of the time instead (%s)",
            name, phase->warmup_steps > 0 ? "warmup_steps" : "decay_steps",
            phase->warmup_steps > 0 ? "warmup_ratio" : "decay_ratio");
    return 0;
}

/* The last phase, at a rate that does not ask for an end. */
static bool is_endless(const struct config *config, const struct config_phase *phase)
{
    return config->task.kind == TASK_NONE && phase == &config->phases[config->phase_count - 1] &&
           (phase->schedule == SCHEDULE_TRAPEZOID || phase->schedule == SCHEDULE_TRAPEZOID_SQRT) &&
           phase->decay_steps == 0 && phase->decay_ratio == 0 && phase->warmup_ratio == 0;
}

/* Steps are given in one of several ways. */
static int check_steps(const struct config *config, const struct config_phase *phase,
                       struct error *err)
{
    const char *name = phase->name;
    const bool fine_tuning = config->task.kind != TASK_NONE;
    if (phase->epochs > 0 && !fine_tuning)
        return error_set(
            err,
            "phase.%s.epochs (%g) is for fine-tuning (task.kind); in pre-training give "
            "phase.%s.steps",
            name, phase->epochs, name);
    if (phase->epochs > 0 && phase->steps > 0)
        return error_set(
            err,
            "phase.%s.epochs (%g) and phase.%s.steps (%d) say the same thing twice; leave "
            "one of them at 0",
            name, phase->epochs, name, phase->steps);
    if (check_hours(phase, err) < 0)
        return -1;
    if (phase->epochs == 0 && phase->steps == 0 && phase->hours == 0 && !phase->rates[0] &&
        !is_endless(config, phase))
        return error_set(
            err,
            "'phase.%s.steps' is not given and has no default; write it in the file, or "
            "add phase.%s.steps=... to the command line%s",
            name, name, fine_tuning ? "; or give epochs instead" : "");
    return 0;
}

/* What a task needs and cannot use. */
static int check_task(const struct config_task *task, struct error *err)
{
    const char *kind = config_word("task.kind", task->kind);
    if (task_is_of_texts(task->kind) && (!task->text[0] || !task->label[0]))
        return error_set(
            err,
            "task.kind = %s reads the columns task.text and task.label; name both, or give "
            "their numbers, from 1",
            kind);
    if (!task_is_of_texts(task->kind) && task->pair[0])
        return error_set(err, "task.kind = %s has no pairs of texts; leave task.pair (%s) away",
                         kind, task->pair);
    if (task->kind == TASK_MULTILABEL && !task->separator[0])
        return error_set(err, "task.separator is empty; give what stands between two labels");
    return 0;
}

/* A task's sequences are made once, whose labels, windows and number are those of all phases. */
static int check_lengths(const struct config *config, struct error *err)
{
    const struct config_phase *first = &config->phases[0];
    for (int p = 1; p < config->phase_count; p++) {
        const struct config_phase *phase = &config->phases[p];
        if (phase->sequence_length != first->sequence_length)
            return error_set(err,
                             "phase.%s.sequence_length (%d) is not phase.%s.sequence_length (%d); "
                             "in fine-tuning all phases read the same sequences",
                             phase->name, phase->sequence_length, first->name,
                             first->sequence_length);
    }
    return 0;
}

/* What rows of a model that is started from would become is no question without one, nor where its own
 * vocabulary and positions are taken. */
static int check_new_rows(const struct config *config, struct error *err)
{
    const struct config_run *run = &config->run;
    const bool tokens = run->new_tokens != NEW_TOKENS_REFUSE;
    if (!tokens && run->new_positions == NEW_POSITIONS_REFUSE)
        return 0;
    const char *key = tokens ? "run.new_tokens" : "run.new_positions";
    const char *word =
        tokens ? config_word(key, run->new_tokens) : config_word(key, run->new_positions);
    if (config->task.kind != TASK_NONE)
        return error_set(
            err,
            "%s (%s) is for pre-training, and this is a configuration for fine-tuning "
            "(task.kind), which takes all of that from the model; leave one of them away",
            key, word);
    if (!run->start_from[0])
        return error_set(
            err,
            "%s (%s) says what rows begin as that the model of run.start_from does not "
            "have, and run.start_from is empty; name the model, or leave the key away",
            key, word);
    return 0;
}

/* A branch goes on with all of another run. */
static int check_branch(const struct config *config, struct error *err)
{
    const struct config_run *run = &config->run;
    if (!run->branch_from[0])
        return 0;
    if (run->start_from[0])
        return error_set(
            err,
            "run.branch_from (%s) and run.start_from (%s) both say what the run begins with: the whole "
            "state of a run, or weights alone; leave one of them away",
            run->branch_from, run->start_from);
    if (config->task.kind != TASK_NONE)
        return error_set(
            err,
            "run.branch_from (%s) is for pre-training, and this is a configuration for fine-tuning "
            "(task.kind); start from weights instead (run.start_from)",
            run->branch_from);
    return 0;
}

/* Which share of the tokens of a phase is masked. What is limited below the share that its own keys ask for would not come
 * out; below that of [data], a limit was always what holds. */
static int check_masking(const struct config *config, int p, struct error *err)
{
    const struct config_phase *phase = &config->phases[p];
    const struct config_masking masking = config_phase_masking(config, p);
    const double most = masking.begin > masking.end ? masking.begin : masking.end;
    const bool begins = phase->masked_lm_probability > 0,
               changes = phase->masked_lm_probability_end > 0;
    const int masked = (int)rint(most * phase->sequence_length);
    const int limit = phase->max_predictions_per_sequence;
    const char *name = phase->name;
    char key[KEY_NAME] = "data.masked_lm_probability";
    if (!begins && !changes)
        return 0;
    if (begins || masking.begin < masking.end)
        snprintf(key, sizeof key, "phase.%s.masked_lm_probability%s", name,
                 !begins || masking.begin < masking.end ? "_end" : "");
    if (config->task.kind != TASK_NONE)
        return error_set(err,
                         "%s (%g) is for pre-training, and this is a configuration for fine-tuning "
                         "(task.kind), which masks nothing; leave it away",
                         key, most);
    if (changes && phase->steps == 0)
        return error_set(
            err,
            "phase.%s.masked_lm_probability_end (%g) is reached at the end of the phase, and how "
            "many samples that has is not known; say how long the phase is by phase.%s.steps, or "
            "leave it away",
            name, phase->masked_lm_probability_end, name);
    if (limit > 0 && masked > limit)
        return error_set(
            err,
            "%s (%g) masks %d of %d tokens, and phase.%s.max_predictions_per_sequence lets it be "
            "%d; raise that, or set it to 0 for no limit",
            key, most, masked, phase->sequence_length, name, limit);
    return 0;
}

/* Corpora of a phase, and how often each is taken. */
static int check_mix(const struct config *config, int phase, struct error *err)
{
    const struct config_phase *own = &config->phases[phase];
    const struct config_mix mix = config_phase_mix(config, phase);
    const bool own_weights = mix.weights == own->weights;
    const int count = config_mix_count(&mix);
    char folder[CONFIG_TEXT], weights[KEY_NAME] = "data.weights", corpora[KEY_NAME] = "data.corpus";
    if (own_weights)
        snprintf(weights, sizeof weights, "phase.%s.weights", own->name);
    if (own->corpus[0])
        snprintf(corpora, sizeof corpora, "phase.%s.corpus", own->name);
    if (own->weight_count > 0 && own->temperature > 0)
        return error_set(err,
                         "%s and phase.%s.temperature (%g) both say how often each corpus is "
                         "taken; leave one of them away",
                         weights, own->name, own->temperature);
    if (own->temperature > 0 && own->temperature < 0.1)
        return error_set(
            err, "phase.%s.temperature (%g) must be 0 (as data.temperature), or 0.1 or more",
            own->name, own->temperature);
    if (count > CONFIG_MAX_CORPORA)
        return error_set(
            err,
            "%s names %d corpora, and a phase can have %d; prepare the text of several "
            "as one",
            corpora, count, CONFIG_MAX_CORPORA);
    if (mix.weight_count > 0 && mix.weight_count != count)
        return error_set(err, "%s has %d values and %s has %d; give one for each corpus", weights,
                         mix.weight_count, corpora, count);
    for (int c = 0; c < count; c++) {
        config_mix_folder(&mix, c, folder);
        if (!folder[0] && count > 1)
            return error_set(err,
                             "%s has an empty name, the %d. of %d; give folders, with commas "
                             "between them",
                             corpora, c + 1, count);
        if (strlen(folder) == CONFIG_TEXT - 1)
            return error_set(err, "%s has a name that is too long, the %d. of %d", corpora, c + 1,
                             count);
    }
    return 0;
}

/* What is off by default is of no use to another rule; whoever gives it means something. */
static int check_optimizer(const struct optimizer_options *optimizer, struct error *err)
{
    const enum update_rule rule = optimizer->rule;
    const char *name = config_word("optimizer.name", rule);
    const bool bounds = optimizer->ratio_min > 0 || optimizer->ratio_max > 0;
    if (optimizer->max_update_rms > 0 && rule != RULE_ADAMW)
        return error_set(err,
                         "optimizer.max_update_rms (%g) clips updates of adamw, and optimizer.name "
                         "is %s; leave one of them away",
                         optimizer->max_update_rms, name);
    if (bounds && (rule == RULE_ADAMW || rule == RULE_SGD))
        return error_set(err,
                         "optimizer.%s (%g) bounds trust ratios, and %s (optimizer.name) has none; "
                         "leave one of them away",
                         optimizer->ratio_min > 0 ? "ratio_min" : "ratio_max",
                         optimizer->ratio_min > 0 ? optimizer->ratio_min : optimizer->ratio_max,
                         name);
    if (optimizer->ratio_max > 0 && optimizer->ratio_min > optimizer->ratio_max)
        return error_set(err,
                         "optimizer.ratio_min (%g) is more than optimizer.ratio_max (%g); change "
                         "one of them, or leave it at 0 for no bound",
                         optimizer->ratio_min, optimizer->ratio_max);
    return 0;
}

int config_check(const struct config *config, struct error *err)
{
    const struct config_model *model = &config->model;
    const struct config_train *train = &config->train;
    const struct sampling *sampling = &config->data.sampling;
    const double rounding = 1e-12;

    if (config->phase_count == 0)
        return error_set(err, "there is no phase; begin one with a section [phase one] that gives "
                              "steps and learning_rate");
    if (config->task.kind == TASK_NONE && config->task.train[0])
        return error_set(err,
                         "task.train (%s) is given, but not what it is for; task.kind says it: "
                         "classification, regression, multilabel, tagging or questions",
                         config->task.train);
    for (int p = 0; p < config->phase_count; p++)
        if (check_steps(config, &config->phases[p], err) < 0)
            return -1;
    if (schema_check_given(&config_schema, config, err) < 0)
        return -1;
    if (config->task.kind != TASK_NONE &&
        (check_task(&config->task, err) < 0 || check_lengths(config, err) < 0))
        return -1;
    if (config->task.kind != TASK_NONE && train->evaluate_pairs[0])
        return error_set(
            err,
            "train.evaluate_pairs (%s) is for pre-training, and this is a configuration "
            "for fine-tuning (task.kind); leave one of them away",
            train->evaluate_pairs);
    if (config->task.kind != TASK_NONE && train->mlperf_log)
        return error_set(
            err, "train.mlperf_log is for pre-training, which is MLPerf's benchmark, and this is a "
                 "configuration for fine-tuning (task.kind); leave one of them away");
    if (check_branch(config, err) < 0 || check_new_rows(config, err) < 0)
        return -1;
    if (model->hidden_size % model->num_attention_heads != 0)
        return error_set(err,
                         "model.num_attention_heads (%d) must divide model.hidden_size (%d); "
                         "change one of them",
                         model->num_attention_heads, model->hidden_size);
    if (sampling->mask_replace_prob + sampling->random_replace_prob > 1 + rounding)
        return error_set(err,
                         "data.mask_replace_prob (%g) and data.random_replace_prob (%g) are more "
                         "than 1 together; lower one of them",
                         sampling->mask_replace_prob, sampling->random_replace_prob);
    if (check_optimizer(&config->optimizer, err) < 0)
        return -1;
    if (train->reproducible && train->gradient_wire != TYPE_FLOAT32)
        return error_set(err,
                         "train.reproducible sums gradients exactly, train.gradient_wire (%s) "
                         "rounds them on their way; leave one of them at its default",
                         config_word("train.gradient_wire", train->gradient_wire));
    if (config->data.weight_count > 0 && config->data.temperature != 1)
        return error_set(err,
                         "data.weights and data.temperature (%g) both say how often each corpus is "
                         "taken; leave one of them away",
                         config->data.temperature);
    for (int p = 0; p < config->phase_count; p++)
        if (check_phase(config, &config->phases[p], err) < 0 || check_masking(config, p, err) < 0 ||
            (config->task.kind == TASK_NONE && check_mix(config, p, err) < 0))
            return -1;
    return 0;
}
