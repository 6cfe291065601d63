/* Every word of every choice of the configuration reaches the module that it is for. */
#include "lib/unit.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/schema.h"
#include "lambert/run/options.h"

static unsigned masking_reached(const struct config *config)
{
    return sampler_options_of(config, 0).sampling.masking;
}

static unsigned pairs_reached(const struct config *config)
{
    return sampler_options_of(config, 0).sampling.sentence_pairs;
}

static unsigned gelu_reached(const struct config *config)
{
    return bert_config_of(config, 100).gelu;
}

static unsigned rule_reached(const struct config *config)
{
    return trainer_options_of(config, 100).optimizer.rule;
}

static unsigned schedule_reached(const struct config *config)
{
    return schedule_of(&config->phases[0]).form;
}

static unsigned wire_reached(const struct config *config)
{
    return trainer_options_of(config, 100).gradient_wire;
}

static unsigned weight_type_reached(const struct config *config)
{
    return trainer_options_of(config, 100).weight_type;
}

static unsigned compute_type_reached(const struct config *config)
{
    assert_int_equal(bert_options_of(config).compute_type,
                     trainer_options_of(config, 100).bert.compute_type);
    return bert_options_of(config).compute_type;
}

/* The run itself reads these. */
static unsigned task_kind_reached(const struct config *config)
{
    return config->task.kind;
}

static unsigned table_form_reached(const struct config *config)
{
    return config->task.form;
}

static unsigned new_tokens_reached(const struct config *config)
{
    return config->run.new_tokens;
}

static unsigned new_positions_reached(const struct config *config)
{
    return config->run.new_positions;
}

static unsigned log_level_reached(const struct config *config)
{
    return config->run.log_level;
}

static unsigned on_nonfinite_reached(const struct config *config)
{
    return config->train.on_nonfinite;
}

static unsigned replay_action_reached(const struct config *config)
{
    return config->train.replay_action;
}

static unsigned moments_reached(const struct config *config)
{
    return config->phases[0].moments;
}

enum { MOST_WORDS = 16 }; /* and the end */

static const struct {
    const char *key;
    unsigned (*reached)(const struct config *config);
    struct {
        const char *word;
        unsigned value;
    } words[MOST_WORDS];
} expected[] = {
    {"run.log_level",
     log_level_reached,
     {{"error", LOG_ERROR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}}},
    {"run.new_tokens",
     new_tokens_reached,
     {{"refuse", NEW_TOKENS_REFUSE}, {"mean", NEW_TOKENS_MEAN}, {"fresh", NEW_TOKENS_FRESH}}},
    {"run.new_positions",
     new_positions_reached,
     {{"refuse", NEW_POSITIONS_REFUSE},
      {"repeat", NEW_POSITIONS_REPEAT},
      {"fresh", NEW_POSITIONS_FRESH}}},
    {"data.masking",
     masking_reached,
     {{"tokens", MASK_TOKENS}, {"whole_words", MASK_WHOLE_WORDS}, {"spans", MASK_SPANS}}},
    {"data.sentence_pairs",
     pairs_reached,
     {{"nsp", PAIRS_NSP}, {"sop", PAIRS_SOP}, {"none", PAIRS_NONE}}},
    {"task.kind",
     task_kind_reached,
     {{"none", TASK_NONE},
      {"classification", TASK_CLASSIFICATION},
      {"regression", TASK_REGRESSION},
      {"multilabel", TASK_MULTILABEL},
      {"tagging", TASK_TAGGING},
      {"questions", TASK_QUESTIONS}}},
    {"task.form",
     table_form_reached,
     {{"by_name", TABLE_BY_NAME}, {"tsv", TABLE_TSV}, {"csv", TABLE_CSV}, {"json", TABLE_JSON}}},
    {"model.hidden_act", gelu_reached, {{"gelu", GELU_ERF}, {"gelu_new", GELU_TANH}}},
    {"optimizer.name",
     rule_reached,
     {{"lamb", RULE_LAMB},
      {"adamw", RULE_ADAMW},
      {"lars", RULE_LARS},
      {"sgd", RULE_SGD},
      {"lans", RULE_LANS}}},
    {"train.on_nonfinite",
     on_nonfinite_reached,
     {{"stop", NONFINITE_STOP}, {"skip", NONFINITE_SKIP}}},
    {"train.replay_action",
     replay_action_reached,
     {{"stop", REPLAY_STOP}, {"continue", REPLAY_CONTINUE}}},
    {"train.gradient_wire", wire_reached, {{"float32", TYPE_FLOAT32}, {"bfloat16", TYPE_BFLOAT16}}},
    {"train.weight_type",
     weight_type_reached,
     {{"float32", TYPE_FLOAT32}, {"bfloat16", TYPE_BFLOAT16}}},
    {"train.compute_type",
     compute_type_reached,
     {{"float32", TYPE_FLOAT32}, {"bfloat16", TYPE_BFLOAT16}}},
    {"phase.schedule",
     schedule_reached,
     {{"continuous", SCHEDULE_CONTINUOUS},
      {"google", SCHEDULE_GOOGLE},
      {"nvidia", SCHEDULE_NVIDIA},
      {"trapezoid", SCHEDULE_TRAPEZOID},
      {"trapezoid_sqrt", SCHEDULE_TRAPEZOID_SQRT}}},
    {"phase.moments", moments_reached, {{"keep", MOMENTS_KEEP}, {"reset", MOMENTS_RESET}}},
};

static void load(struct config *config, const char *key, const char *value)
{
    struct error err;
    char word[128];
    const char *phase = strncmp(key, "phase.", 6) == 0 ? "phase.one." : "";
    snprintf(word, sizeof word, "%s%s=%s", phase, phase[0] ? key + 6 : key, value);
    const bool task = strcmp(key, "task.kind") == 0 && strcmp(value, "none") != 0;
    char *words[] = {"run.folder=r",
                     "data.corpus=c",
                     "phase.one.steps=1",
                     "phase.one.learning_rate=1",
                     task ? "task.train=t" : "task.evaluate=e",
                     "run.start_from=m",
                     "task.text=1",
                     "task.label=2",
                     word};
    if (config_load(config, NULL, words, sizeof words / sizeof *words, &err) < 0)
        fail_msg("%s", err.text);
}

/* A new choice, or a new word of one, is to be added above. */
static void check_words(const struct section *section, const struct key *key)
{
    char name[KEY_NAME];
    int words = 0;
    snprintf(name, sizeof name, "%s.%s", section->name, key->name);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        for (int w = 0; strcmp(expected[i].key, name) == 0 && expected[i].words[w].word; w++) {
            assert_true(w < MOST_WORDS - 1);
            words++;
        }
    for (const struct choice *choice = key->choices; choice->word; choice++)
        words--;
    if (words != 0)
        fail_msg("%s has other words than this test knows", name);
}

static void every_word_reaches_its_module(void **state)
{
    (void)state;
    int choices = 0;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++, choices++) {
        for (int w = 0; expected[i].words[w].word; w++) {
            struct config config;
            load(&config, expected[i].key, expected[i].words[w].word);
            unsigned reached = expected[i].reached(&config);
            if (reached != expected[i].words[w].value)
                fail_msg("%s = %s has become %u", expected[i].key, expected[i].words[w].word,
                         reached);
        }
    }
    for (int s = 0; s < config_schema.count; s++) {
        const struct section *section = &config_schema.sections[s];
        for (int k = 0; k < section->key_count; k++) {
            if (section->keys[k].type != KEY_CHOICE)
                continue;
            choices--;
            check_words(section, &section->keys[k]);
        }
    }
    assert_int_equal(choices, 0);
}

/* Of a configuration of two phases; the last word is NULL. */
static void load_phases(struct config *config, ...)
{
    char *words[16] = {"run.folder=r",
                       "data.corpus=c",
                       "phase.one.steps=10",
                       "phase.one.global_batch=8",
                       "phase.two.steps=5",
                       "phase.one.learning_rate=1",
                       "phase.two.learning_rate=1"};
    int count = 7;
    struct error err;
    va_list more;
    va_start(more, config);
    for (char *word; (word = va_arg(more, char *)) != NULL; words[count++] = word)
        assert_true(count < 16);
    va_end(more);
    if (config_load(config, NULL, words, count, &err) < 0)
        fail_msg("%s", err.text);
}

static void masking_is_that_of_the_phase(void **state)
{
    (void)state;
    struct config config;
    load_phases(&config, "data.masked_lm_probability=0.2", NULL);
    struct sampler_options options = sampler_options_of(&config, 0);
    assert_true(options.sampling.masked_lm_probability == 0.2);
    assert_int_equal(options.masking_change.samples, 0);

    load_phases(&config, "data.masked_lm_probability=0.2", "phase.one.masked_lm_probability=0.3",
                "phase.one.masked_lm_probability_end=0.1", NULL);
    options = sampler_options_of(&config, 0);
    assert_true(sampler_masking_rate(&options, 0) == 0.3);
    assert_true(sampler_masking_rate(&options, 40) == 0.3 + (0.1 - 0.3) * 0.5);
    assert_true(sampler_masking_rate(&options, 80) == 0.1);
    options = sampler_options_of(&config, 1);
    assert_true(sampler_masking_rate(&options, 0) == 0.2);
    assert_int_equal(options.masking_change.samples, 0);

    /* Of 4 times 8 samples and 6 times 20. */
    load_phases(&config, "phase.one.masked_lm_probability_end=0.1", "phase.one.batch_changes=4:20",
                NULL);
    assert_int_equal(sampler_options_of(&config, 0).masking_change.samples, 152);
}

static void assert_same_sampler(const struct sampler_options *a, const struct sampler_options *b)
{
    assert_true(a->seed == b->seed);
    assert_int_equal(a->phase, b->phase);
    assert_int_equal(a->sequence_length, b->sequence_length);
    assert_int_equal(a->max_predictions, b->max_predictions);
    assert_true(a->masking_change.end == b->masking_change.end);
    assert_true(a->masking_change.samples == b->masking_change.samples);
    assert_true(a->sampling.short_sequence_probability == b->sampling.short_sequence_probability);
    assert_true(a->sampling.masked_lm_probability == b->sampling.masked_lm_probability);
    assert_int_equal(a->sampling.masking, b->sampling.masking);
    assert_int_equal(a->sampling.longest_span, b->sampling.longest_span);
    assert_true(a->sampling.mask_replace_prob == b->sampling.mask_replace_prob);
    assert_true(a->sampling.random_replace_prob == b->sampling.random_replace_prob);
    assert_int_equal(a->sampling.sentence_pairs, b->sampling.sentence_pairs);
}

/* What is trained at 15%, 80/10/10, is evaluated as it is trained, and what is trained otherwise as that. */
static void runs_with_other_masking_are_evaluated_alike(void **state)
{
    (void)state;
    struct config config;
    load_phases(&config, "data.masking=spans", "data.sentence_pairs=sop",
                "phase.one.max_predictions_per_sequence=10", NULL);
    const struct sampler_options usual = sampler_options_of(&config, 0),
                                 second = sampler_options_of(&config, 1);
    struct sampler_options options = evaluation_sampler_options_of(&config, 0);
    assert_same_sampler(&options, &usual);
    options = evaluation_sampler_options_of(&config, 1);
    assert_same_sampler(&options, &second);

    load_phases(&config, "data.masking=spans", "data.sentence_pairs=sop",
                "data.masked_lm_probability=0.3", "data.mask_replace_prob=0.5",
                "data.random_replace_prob=0.5", "phase.one.max_predictions_per_sequence=10",
                "phase.two.masked_lm_probability_end=0.15", NULL);
    options = evaluation_sampler_options_of(&config, 0);
    assert_int_equal(options.max_predictions, 0); /* the limit was for 30% */
    options.max_predictions = 10;
    assert_same_sampler(&options, &usual);
    options = evaluation_sampler_options_of(&config, 1);
    assert_same_sampler(&options, &second);

    load_phases(&config, "train.evaluate_masked_lm_probability=0.4", NULL);
    options = evaluation_sampler_options_of(&config, 0);
    assert_true(options.sampling.masked_lm_probability == 0.4);
    assert_true(options.sampling.mask_replace_prob == 0.8);
    assert_int_equal(bert_options_of(&config).capacity.labelled,
                     ceil(0.4 * bert_options_of(&config).capacity.tokens) +
                         bert_options_of(&config).capacity.sequences);
}

/* Whatever is masked most fits. */
static void there_is_room_for_what_is_masked_most(void **state)
{
    (void)state;
    struct config config;
    load_phases(&config, NULL);
    const struct bert_capacity least = bert_options_of(&config).capacity;
    assert_int_equal(least.labelled, ceil(0.15 * least.tokens) + least.sequences);
    load_phases(&config, "phase.two.masked_lm_probability=0.4", NULL);
    assert_int_equal(bert_options_of(&config).capacity.labelled,
                     ceil(0.4 * least.tokens) + least.sequences);
    load_phases(&config, "phase.one.masked_lm_probability_end=0.3", NULL);
    assert_int_equal(bert_options_of(&config).capacity.labelled,
                     ceil(0.3 * least.tokens) + least.sequences);
}

/* All trainers of a configuration, and what evaluates by itself, make their model from these. */
static void the_model_is_made_as_configured(void **state)
{
    (void)state;
    struct config config;
    load(&config, "train.recompute", "3");
    assert_int_equal(bert_options_of(&config).recompute, 3);
    assert_int_equal(trainer_options_of(&config, 100).bert.recompute, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_reaches_its_module),
        cmocka_unit_test(masking_is_that_of_the_phase),
        cmocka_unit_test(runs_with_other_masking_are_evaluated_alike),
        cmocka_unit_test(there_is_room_for_what_is_masked_most),
        cmocka_unit_test(the_model_is_made_as_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
