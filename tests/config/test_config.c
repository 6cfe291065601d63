#include "load.h"

#include "lambert/config/config.h"

/* BERT-Base, LAMB's constants, and what else docs promise. */
static void defaults(void **state)
{
    (void)state;
    struct config c;
    config_defaults(&c);
    assert_string_equal(c.run.folder, "");
    assert_int_equal(c.run.seed, 1);
    assert_int_equal(c.run.threads, 0);
    assert_true(c.run.lock);
    assert_int_equal(c.run.lock_seconds, 300);
    assert_int_equal(c.run.log_level, LOG_INFO);
    assert_int_equal(c.run.new_tokens, NEW_TOKENS_REFUSE);
    assert_int_equal(c.run.new_positions, NEW_POSITIONS_REFUSE);
    assert_string_equal(c.data.corpus, "");
    assert_int_equal(c.data.weight_count, 0);
    assert_true(c.data.temperature == 1);
    assert_string_equal(c.data.vocabulary, "");
    assert_true(c.data.sampling.short_sequence_probability == 0.1);
    assert_true(c.data.sampling.masked_lm_probability == 0.15);
    assert_int_equal(c.data.sampling.masking, MASK_TOKENS);
    assert_int_equal(c.data.sampling.sentence_pairs, PAIRS_NSP);
    assert_true(c.data.sampling.mask_replace_prob == 0.8 &&
                c.data.sampling.random_replace_prob == 0.1);
    assert_int_equal(c.data.cache_megabytes, 64);
    assert_int_equal(c.model.hidden_size, 768);
    assert_int_equal(c.model.num_hidden_layers, 12);
    assert_int_equal(c.model.num_attention_heads, 12);
    assert_int_equal(c.model.intermediate_size, 3072);
    assert_int_equal(c.model.hidden_act, GELU_ERF);
    assert_true(c.model.hidden_dropout_prob == 0.1);
    assert_true(c.model.attention_probs_dropout_prob == 0.1);
    assert_int_equal(c.model.max_position_embeddings, 512);
    assert_int_equal(c.model.type_vocab_size, 2);
    assert_true(c.model.initializer_range == 0.02);
    assert_true(c.model.layer_norm_eps == 1e-12);
    assert_int_equal(c.optimizer.rule, RULE_LAMB);
    assert_true(c.optimizer.beta1 == 0.9 && c.optimizer.beta2 == 0.999);
    assert_true(c.optimizer.epsilon == 1e-6);
    assert_true(c.optimizer.momentum == 0.9);
    assert_true(c.optimizer.weight_decay == 0.01);
    assert_true(c.optimizer.max_grad_norm == 1);
    assert_true(c.optimizer.max_update_rms == 0);
    assert_true(c.optimizer.bias_correction);
    assert_false(c.optimizer.decay_all);
    assert_false(c.optimizer.adapt_all);
    assert_true(c.optimizer.trust_coefficient == 0.001);
    assert_true(c.optimizer.ratio_min == 0 && c.optimizer.ratio_max == 0);
    assert_int_equal(c.train.micro_batch_tokens, 4096);
    assert_int_equal(c.train.recompute, 0);
    assert_int_equal(c.train.compute_type, TYPE_FLOAT32);
    assert_int_equal(c.train.evaluate_every, 0);
    assert_int_equal(c.train.evaluate_sequences, 1024);
    assert_string_equal(c.train.evaluate_pairs, "");
    assert_int_equal(c.train.checkpoint_every, 100);
    assert_true(c.train.checkpoint_minutes == 10);
    assert_int_equal(c.train.checkpoint_keep, 3);
    assert_int_equal(c.train.checkpoint_keep_every, 0);
    assert_true(c.train.evaluate_masked_lm_probability == 0.15);
    assert_true(c.train.checkpoint_beside);
    assert_int_equal(c.train.log_every, 10);
    assert_int_equal(c.train.report_every, 0);
    assert_false(c.train.tensorboard);
    assert_false(c.train.mlperf_log);
    assert_int_equal(c.train.on_nonfinite, NONFINITE_STOP);
    assert_int_equal(c.train.replay_every, 0);
    assert_int_equal(c.train.replay_action, REPLAY_STOP);
    assert_int_equal(c.train.watchdog_seconds, 1800);
    assert_int_equal(c.train.ranks_per_node, 0);
    assert_int_equal(c.train.gradient_wire, TYPE_FLOAT32);
    assert_false(c.train.reproducible);
    assert_int_equal(c.phase_count, 0);
}

static void phase_defaults(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST);
    const struct config_phase *phase = &c.phases[0];
    assert_int_equal(c.phase_count, 1);
    assert_string_equal(phase->name, "one");
    assert_int_equal(phase->sequence_length, 128);
    assert_true(phase->masked_lm_probability == 0);
    assert_true(phase->masked_lm_probability_end == 0);
    assert_int_equal(phase->max_predictions_per_sequence, 0);
    assert_int_equal(phase->global_batch, 256);
    assert_int_equal(phase->steps, 10);
    assert_true(phase->learning_rate == 0.001);
    assert_true(phase->warmup_ratio == 0);
    assert_int_equal(phase->warmup_steps, 0);
    assert_true(phase->decay_power == 1);
    assert_int_equal(phase->schedule, SCHEDULE_CONTINUOUS);
}

static void words_win_over_the_file(void **state)
{
    (void)state;
    struct config c;
    struct error err;
    const char *text = LEAST "[phase two]\nsteps=5\nlearning_rate=1e-4\n[model]\nhidden_size=96\n";
    assert_int_equal(load(&c, &err, text, "model.hidden_size=48", "phase.two.steps=7",
                          "run.folder=a=b", "model.hidden_size=24", "data.masking=spans", NULL),
                     0);
    assert_int_equal(c.model.hidden_size, 24); /* the last word */
    assert_int_equal(c.phases[0].steps, 10);
    assert_int_equal(c.phases[1].steps, 7);
    assert_string_equal(c.run.folder, "a=b");
    assert_int_equal(c.data.sampling.masking, MASK_SPANS);
}

static void words_alone(void **state)
{
    (void)state;
    struct config c;
    struct error err;
    assert_int_equal(load(&c, &err, NULL, LEAST_WORDS, "phase.b.steps=2", "phase.b.learning_rate=1",
                          "phase.one.warmup_steps=3", NULL),
                     0);
    assert_int_equal(c.phase_count, 2);
    assert_string_equal(c.phases[0].name, "one");
    assert_string_equal(c.phases[1].name, "b");
    assert_int_equal(c.phases[0].warmup_steps, 3);
    assert_int_equal(c.phases[1].sequence_length, 128);
}

static void phases_by_name(void **state)
{
    (void)state;
    struct config c;
    struct error err;
    assert_loads(&c, LEAST "[phase two]\nsteps = 5\nlearning_rate = 1\n");
    assert_int_equal(config_find_phase(&c, "two", &err), 1);
    assert_int_equal(config_find_phase(&c, "tw", &err), -1);
    assert_string_equal(err.text, "the configuration has no phase 'tw'");
}

static void no_file(void **state)
{
    (void)state;
    struct config c;
    struct error err;
    assert_int_equal(config_load(&c, "no/such.ini", NULL, 0, &err), -1);
    assert_string_equal(err.text, "cannot open no/such.ini: No such file or directory");
    assert_int_equal(config_load(&c, "/", NULL, 0, &err), -1);
    assert_string_equal(err.text, "/ is a folder where a file is wanted");
    assert_int_equal(config_load(&c, "/proc/self/cmdline", NULL, 0, &err), -1);
    assert_string_equal(err.text,
                        "/proc/self/cmdline is not a configuration file: it holds a NUL byte");
}

static void assert_mix(const struct config *c, int phase, const char *folders, int weights,
                       double first, double temperature)
{
    const struct config_mix mix = config_phase_mix(c, phase);
    struct buffer found = {0};
    char folder[CONFIG_TEXT];
    for (int i = 0; config_mix_folder(&mix, i, folder); i++)
        buffer_print(&found, "%s|", folder);
    assert_string_equal(buffer_text(&found), folders);
    buffer_release(&found);
    assert_int_equal(mix.weight_count, weights);
    assert_true(weights == 0 || mix.weights[0] == first);
    assert_true(mix.temperature == temperature);
}

/* A phase takes what it does not say from [data], but no weights of corpora that are not its own. */
static void phases_mix_corpora(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST_DATA LEAST_PHASE);
    assert_mix(&c, 0, "c|", 0, 0, 1);
    assert_loads(&c, "[run]\nfolder = r\n[data]\ncorpus = a b , c,d/e\nweights = 5, 2, 1\n"
                     "[phase one]\nsteps = 1\nlearning_rate = 1\n"
                     "[phase two]\nsteps = 1\nlearning_rate = 1\ncorpus = f, f\n"
                     "[phase three]\nsteps = 1\nlearning_rate = 1\ntemperature = 2\n"
                     "[phase four]\nsteps = 1\nlearning_rate = 1\nweights = 9, 1, 1\n"
                     "[phase five]\nsteps = 1\nlearning_rate = 1\ncorpus = g, h\nweights = 3, 1\n");
    assert_mix(&c, 0, "a b|c|d/e|", 3, 5, 1);
    assert_mix(&c, 1, "f|f|", 0, 0, 1);
    assert_mix(&c, 2, "a b|c|d/e|", 0, 0, 2);
    assert_mix(&c, 3, "a b|c|d/e|", 3, 9, 1);
    assert_mix(&c, 4, "g|h|", 2, 3, 1);
    assert_int_equal(config_mix_count(&(struct config_mix){.corpora = "a,b,c"}), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_mix_corpora),
        cmocka_unit_test(defaults),
        cmocka_unit_test(phase_defaults),
        cmocka_unit_test(words_win_over_the_file),
        cmocka_unit_test(words_alone),
        cmocka_unit_test(phases_by_name),
        cmocka_unit_test(no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
