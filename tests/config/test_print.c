#include "load.h"

#include <string.h>

#include "lambert/config/config.h"

/* Every key at a value that is not its default, with numbers that need all their digits. */
static const char unusual[] = "[run]\n"
                              "folder = /runs/a b\n"
                              "start_from = /models/c d\n"
                              "branch_from =\n"
                              "new_tokens = mean\n"
                              "new_positions = fresh\n"
                              "seed = 9007199254740991\n"
                              "threads = 3\n"
                              "lock = no\n"
                              "lock_seconds = 7\n"
                              "log_level = debug\n"
                              "\n"
                              "[data]\n"
                              "corpus = c, /corpora/d e,f\n"
                              "weights = 0.30000000000000004, 2, 1e-09\n"
                              "temperature = 1\n"
                              "vocabulary = v.txt\n"
                              "short_sequence_probability = 0.30000000000000004\n"
                              "masked_lm_probability = 0.1234567890123456\n"
                              "masking = spans\n"
                              "longest_span = 5\n"
                              "mask_replace_prob = 0.7\n"
                              "random_replace_prob = 0.2\n"
                              "sentence_pairs = sop\n"
                              "cache_megabytes = 1\n"
                              "stage_folder = /scratch\n"
                              "\n"
                              "[model]\n"
                              "hidden_size = 96\n"
                              "num_hidden_layers = 2\n"
                              "num_attention_heads = 3\n"
                              "intermediate_size = 10\n"
                              "hidden_act = gelu_new\n"
                              "hidden_dropout_prob = 0.3333333333333333\n"
                              "attention_probs_dropout_prob = 0\n"
                              "max_position_embeddings = 64\n"
                              "type_vocab_size = 3\n"
                              "initializer_range = 5e-324\n"
                              "layer_norm_eps = 1e-05\n"
                              "\n"
                              "[optimizer]\n"
                              "name = lans\n"
                              "beta1 = 0.88\n"
                              "beta2 = 0.9999999999999999\n"
                              "epsilon = 1.0000000000000002e-08\n"
                              "momentum = 0\n"
                              "weight_decay = 0.0166629\n"
                              "max_grad_norm = 1.7976931348623157e+308\n"
                              "max_update_rms = 0\n"
                              "bias_correction = no\n"
                              "decay_all = yes\n"
                              "adapt_all = yes\n"
                              "trust_coefficient = 0.02\n"
                              "ratio_min = 0.010000000000000002\n"
                              "ratio_max = 12.5\n"
                              "\n"
                              "[train]\n"
                              "micro_batch_tokens = 1\n"
                              "recompute = 4\n"
                              "evaluate_every = 5\n"
                              "evaluate_sequences = 6\n"
                              "evaluate_masked_lm_probability = 0.2\n"
                              "evaluate_pairs = minimal pairs.jsonl\n"
                              "checkpoint_every = 7\n"
                              "checkpoint_minutes = 2.5\n"
                              "checkpoint_keep = 8\n"
                              "checkpoint_keep_every = 9\n"
                              "checkpoint_beside = no\n"
                              "log_every = 9\n"
                              "report_every = 10\n"
                              "tensorboard = yes\n"
                              "mlperf_log = yes\n"
                              "on_nonfinite = skip\n"
                              "replay_every = 12\n"
                              "replay_action = continue\n"
                              "watchdog_seconds = 11\n"
                              "ranks_per_node = 11\n"
                              "gradient_wire = bfloat16\n"
                              "weight_type = bfloat16\n"
                              "compute_type = bfloat16\n"
                              "reproducible = no\n"
                              "\n"
                              "[phase one]\n"
                              "corpus = /corpora/short samples\n"
                              "weights =\n"
                              "temperature = 3.3333333333333335\n"
                              "sequence_length = 16\n"
                              "masked_lm_probability = 0.30000000000000004\n"
                              "masked_lm_probability_end = 0.25\n"
                              "max_predictions_per_sequence = 5\n"
                              "global_batch = 4\n"
                              "batch_changes = 10:8, 200:1048576\n"
                              "epochs = 0\n"
                              "steps = 1000000000\n"
                              "hours = 0\n"
                              "rates = runs/x/metrics.jsonl\n"
                              "learning_rate = 0.00288293\n"
                              "warmup_ratio = 0.2843\n"
                              "warmup_steps = 0\n"
                              "decay_ratio = 0.30000000000000004\n"
                              "decay_steps = 0\n"
                              "decay_power = 0.5\n"
                              "schedule = trapezoid_sqrt\n"
                              "moments = keep\n"
                              "\n"
                              "[phase two]\n"
                              "corpus =\n"
                              "weights = 3, 2, 1\n"
                              "temperature = 0\n"
                              "sequence_length = 64\n"
                              "masked_lm_probability = 0\n"
                              "masked_lm_probability_end = 0\n"
                              "max_predictions_per_sequence = 0\n"
                              "global_batch = 2\n"
                              "batch_changes =\n"
                              "epochs = 0\n"
                              "steps = 0\n"
                              "hours = 0.30000000000000004\n"
                              "rates =\n"
                              "learning_rate = 0.004\n"
                              "warmup_ratio = 0.2\n"
                              "warmup_steps = 0\n"
                              "decay_ratio = 0.1\n"
                              "decay_steps = 0\n"
                              "decay_power = 1\n"
                              "schedule = trapezoid\n"
                              "moments = reset\n";

/* The same for fine-tuning, which has [task] in the place of [data]; its [run] and [optimizer] are as
 * above. */
static const char unusual_task[] = "[task]\n"
                                   "kind = multilabel\n"
                                   "train = a b.tsv\n"
                                   "evaluate = c.tsv\n"
                                   "fresh_weights = yes\n"
                                   "form = csv\n"
                                   "text = first text\n"
                                   "pair = 3\n"
                                   "label = 4\n"
                                   "id = number\n"
                                   "header = no\n"
                                   "separator = /\n"
                                   "label_file = labels.txt\n"
                                   "positive = yes\n"
                                   "metric = macro_f1\n"
                                   "stride = 64\n"
                                   "question_length = 32\n"
                                   "answer_length = 15\n"
                                   "n_best = 10\n";

static void assert_prints(const struct config *config, bool result_only, const char *wanted)
{
    struct buffer text = {0};
    config_print(config, result_only, &text);
    assert_string_equal(buffer_text(&text), wanted);
    buffer_release(&text);
}

/* The values read and the text printed are both the same as before. */
static void round_trip(void **state)
{
    (void)state;
    struct config first, second;
    assert_loads(&first, unusual);
    assert_prints(&first, false, unusual);
    assert_true(first.model.initializer_range == 5e-324);
    assert_true(first.optimizer.beta2 == 1 - 0x1p-53);
    struct buffer text = {0};
    config_print(&first, false, &text);
    assert_loads(&second, buffer_text(&text));
    assert_memory_equal(&first, &second, sizeof first);
    buffer_release(&text);
}

static void tasks_round_trip(void **state)
{
    (void)state;
    struct config config;
    struct buffer given = {0}, text = {0};
    buffer_print(&given, "[run]\nfolder = r\n\n%s\n[phase tune]\nepochs = 2.5\nlearning_rate = 1\n",
                 unusual_task);
    assert_loads(&config, buffer_text(&given));
    config_print(&config, false, &text);
    assert_non_null(strstr(buffer_text(&text), unusual_task));
    assert_non_null(strstr(buffer_text(&text), "\nepochs = 2.5\n"));
    assert_null(strstr(buffer_text(&text), "[data]"));
    buffer_reset(&text);
    config_print(&config, true, &text);
    assert_non_null(strstr(buffer_text(&text), "[task]\nkind = multilabel\ntext = first text\n"
                                               "pair = 3\nlabel = 4\nheader = no\nseparator = /\n"
                                               "stride = 64\nquestion_length = 32\n\n[model]"));
    buffer_release(&given);
    buffer_release(&text);
}

static void defaults_round_trip(void **state)
{
    (void)state;
    struct config first, second;
    struct buffer text = {0};
    assert_loads(&first, LEAST);
    config_print(&first, false, &text);
    assert_non_null(strstr(buffer_text(&text), "\nvocabulary =\n"));
    assert_loads(&second, buffer_text(&text));
    assert_memory_equal(&first, &second, sizeof first);
    buffer_release(&text);
}

/* What is younger than the first checkpoints stands in them only where it is used: others are as they were. */
static void younger_keys_are_stored_where_they_are_used(void **state)
{
    (void)state;
    struct config config;
    struct buffer text = {0};
    assert_loads(&config, LEAST);
    config_print(&config, true, &text);
    assert_null(strstr(buffer_text(&text), "ratio_m"));
    assert_null(strstr(buffer_text(&text), "max_update_rms"));
    assert_null(strstr(buffer_text(&text), "moments"));
    buffer_reset(&text);
    assert_loads(&config, LEAST "[optimizer]\nratio_max = 12.5\n");
    config_print(&config, true, &text);
    assert_non_null(strstr(buffer_text(&text), "\nratio_max = 12.5\n\n"));
    assert_null(strstr(buffer_text(&text), "ratio_min"));
    buffer_reset(&text);
    assert_loads(&config, LEAST "[optimizer]\nname = adamw\nmax_update_rms = 1.5\n");
    config_print(&config, true, &text);
    assert_non_null(strstr(buffer_text(&text), "\nmax_update_rms = 1.5\n"));
    buffer_release(&text);
}

static void texts_round_trip(void **state)
{
    (void)state;
    const char *paths[] = {"a;b", "a#b", "x = y", "[x]", "\"q\"", "a:b", "\xc3\xa9", "'", "="};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct config first, second;
        struct buffer text = {0};
        assert_loads(&first, LEAST);
        strcpy(first.data.vocabulary, paths[i]);
        config_print(&first, false, &text);
        assert_loads(&second, buffer_text(&text));
        assert_string_equal(second.data.vocabulary, paths[i]);
        buffer_release(&text);
    }
}

/* Not where and how the work is done: folder, threads, log, corpus path, cache, most of
 * [train]. */
static void result_keys(void **state)
{
    (void)state;
    struct config config;
    struct buffer wanted = {0}, found = {0};
    assert_loads(&config, unusual);
    config_print(&config, true, &found);
    static const char *const left_out[] = {"folder",
                                           "start_from",
                                           "branch_from",
                                           "new_tokens",
                                           "new_positions",
                                           "threads",
                                           "lock",
                                           "lock_seconds",
                                           "log_level",
                                           "corpus",
                                           "vocabulary",
                                           "cache_megabytes",
                                           "stage_folder",
                                           "micro_batch_tokens",
                                           "evaluate_every",
                                           "evaluate_sequences",
                                           "evaluate_masked_lm_probability",
                                           "evaluate_pairs",
                                           "checkpoint_every",
                                           "checkpoint_minutes",
                                           "checkpoint_keep",
                                           "checkpoint_keep_every",
                                           "checkpoint_beside",
                                           "log_every",
                                           "report_every",
                                           "tensorboard",
                                           "mlperf_log",
                                           "on_nonfinite",
                                           "replay_every",
                                           "replay_action",
                                           "watchdog_seconds",
                                           "ranks_per_node",
                                           "reproducible",
                                           "recompute",
                                           "epochs"};
    for (const char *line = unusual; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t name = strcspn(line, " \n");
        bool out = false;
        for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
            out |= strlen(left_out[i]) == name && strncmp(line, left_out[i], name) == 0;
        /* Of one corpus, or by tokens alone, or masked as [data] says: as if there were no such keys. */
        out |= strncmp(line, "weights =\n", 10) == 0 ||
               strncmp(line, "batch_changes =\n", 16) == 0 ||
               strncmp(line, "max_update_rms = 0\n", 19) == 0 ||
               strncmp(line, "hours = 0\n", 10) == 0 || strncmp(line, "rates =\n", 8) == 0 ||
               strncmp(line, "temperature = 0\n", 16) == 0 ||
               strncmp(line, "decay_ratio = 0\n", 16) == 0 ||
               strncmp(line, "decay_steps = 0\n", 16) == 0 ||
               strncmp(line, "temperature = 1\n", 16) == 0 ||
               strncmp(line, "masked_lm_probability = 0\n", 26) == 0 ||
               strncmp(line, "masked_lm_probability_end = 0\n", 30) == 0 ||
               strncmp(line, "moments = keep\n", 15) == 0;
        if (!out)
            buffer_put(&wanted, line, strcspn(line, "\n") + 1);
    }
    assert_string_equal(buffer_text(&found), buffer_text(&wanted));
    buffer_release(&wanted);
    buffer_release(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(tasks_round_trip),
        cmocka_unit_test(defaults_round_trip),
        cmocka_unit_test(younger_keys_are_stored_where_they_are_used),
        cmocka_unit_test(texts_round_trip),
        cmocka_unit_test(result_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
