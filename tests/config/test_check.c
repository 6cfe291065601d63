#include "load.h"

#include "lambert/base/buffer.h"
#include "lambert/config/config.h"

static void what_must_be_given(void **state)
{
    (void)state;
    assert_text_fails(LEAST_DATA, "there is no phase; begin one with a section [phase one] that "
                                  "gives steps and learning_rate");
    assert_text_fails(LEAST_PHASE,
                      "'run.folder' is not given and has no default; write it in the file, or add "
                      "run.folder=... to the command line");
    assert_text_fails(LEAST_PHASE "[run]\nfolder = r\n",
                      "'data.corpus' is not given and has no default; write it in the file, or add "
                      "data.corpus=... to the command line");
    assert_text_fails(LEAST "[phase two]\nlearning_rate = 1\n",
                      "'phase.two.steps' is not given and has no default; write it in the file, or "
                      "add phase.two.steps=... to the command line");
    assert_text_fails(LEAST_DATA "[phase one]\nsteps = 1\n",
                      "'phase.one.learning_rate' is not given and has no default; write it in the "
                      "file, or add phase.one.learning_rate=... to the command line");
}

#define LEAST_TASK "[run]\nfolder = r\n[task]\nkind = classification\ntrain = t\n"
#define LEAST_TUNE "[phase tune]\nepochs = 3\nlearning_rate = 0.001\n"

static void what_a_task_needs(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST_TASK "text = a\nlabel = b\n" LEAST_TUNE);
    assert_loads(&c, "[run]\nfolder = r\n[task]\nkind = tagging\ntrain = t\n" LEAST_TUNE);
    assert_text_fails(
        LEAST_TASK "text = a\n" LEAST_TUNE,
        "task.kind = classification reads the columns task.text and task.label; name both, "
        "or give their numbers, from 1");
    assert_text_fails(
        "[run]\nfolder = r\n[task]\nkind = questions\ntrain = t\npair = b\n" LEAST_TUNE,
        "task.kind = questions has no pairs of texts; leave task.pair (b) away");
    assert_text_fails("[run]\nfolder = r\n[task]\nkind = tagging\n" LEAST_TUNE,
                      "'task.train' is not given and has no default; write it in the file, or add "
                      "task.train=... to the command line");
    assert_text_fails(
        LEAST_TASK "text = a\nlabel = b\n" LEAST_TUNE "steps = 5\n",
        "phase.tune.epochs (3) and phase.tune.steps (5) say the same thing twice; leave one "
        "of them at 0");
    assert_text_fails(
        LEAST_TASK "text = a\nlabel = b\n[phase tune]\nlearning_rate = 1\n",
        "'phase.tune.steps' is not given and has no default; write it in the file, or add "
        "phase.tune.steps=... to the command line; or give epochs instead");
    assert_text_fails(
        LEAST_TASK "text = a\nlabel = b\n" LEAST_TUNE "[train]\nevaluate_pairs = p.jsonl\n",
        "train.evaluate_pairs (p.jsonl) is for pre-training, and this is a configuration for "
        "fine-tuning (task.kind); leave one of them away");
    assert_text_fails(
        LEAST_TASK "text = a\nlabel = b\n" LEAST_TUNE "[train]\nmlperf_log = yes\n",
        "train.mlperf_log is for pre-training, which is MLPerf's benchmark, and this is a "
        "configuration for fine-tuning (task.kind); leave one of them away");
    assert_text_fails(LEAST "epochs = 2\n",
                      "phase.one.epochs (2) is for fine-tuning (task.kind); in pre-training give "
                      "phase.one.steps");
}

static void phases_of_a_task_read_the_same_sequences(void **state)
{
    (void)state;
    struct config c;
    const char *task = LEAST_TASK "text = a\nlabel = b\n" LEAST_TUNE "sequence_length = 1000\n";
    struct buffer text = {0};
    buffer_print(&text, "%s[phase more]\nepochs = 1\nlearning_rate = 1\n", task);
    assert_text_fails(buffer_text(&text),
                      "phase.more.sequence_length (128) is not phase.tune.sequence_length (1000); "
                      "in fine-tuning all phases read the same sequences");
    buffer_print(&text, "sequence_length = 1000\n");
    assert_loads(&c, buffer_text(&text)); /* whether there are so many positions, the model says */
    buffer_release(&text);
}

static void heads_divide_the_width(void **state)
{
    (void)state;
    struct config c;
    assert_text_fails(LEAST "[model]\nhidden_size = 770\n",
                      "model.num_attention_heads (12) must divide model.hidden_size (770); change "
                      "one of them");
    assert_loads(&c, LEAST "[model]\nhidden_size = 770\nnum_attention_heads = 11\n");
}

static void lengths(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST "sequence_length = 512\n");
    assert_text_fails(LEAST "sequence_length = 513\n",
                      "phase.one.sequence_length (513) is more than "
                      "model.max_position_embeddings (512); shorten the sequences or give the "
                      "model more positions");
    assert_word_fails("phase.one.sequence_length=7",
                      "command line: 'phase.one.sequence_length' cannot be '7'; it must be a whole "
                      "number in [8, 65536]");
    assert_loads(&c, LEAST "max_predictions_per_sequence = 128\n");
    assert_text_fails(LEAST "max_predictions_per_sequence = 129\n",
                      "phase.one.max_predictions_per_sequence (129) is more than "
                      "phase.one.sequence_length (128); lower it, or leave it at 0 for no limit");
}

/* A phase's rates are its own, or those of [data]; and what cannot come out is refused. */
static void masking_of_a_phase(void **state)
{
    (void)state;
    struct config c;
    struct config_masking masking;
    assert_loads(&c, LEAST_DATA "masked_lm_probability = 0.2\n" LEAST_PHASE
                                "[phase two]\nsteps = 1\nlearning_rate = 1\n"
                                "masked_lm_probability = 0.4\n"
                                "[phase three]\nsteps = 1\nlearning_rate = 1\n"
                                "masked_lm_probability_end = 0.1\n"
                                "[phase four]\nsteps = 1\nlearning_rate = 1\n"
                                "masked_lm_probability = 0.3\nmasked_lm_probability_end = 0.15\n");
    masking = config_phase_masking(&c, 0);
    assert_true(masking.begin == 0.2 && masking.end == 0.2);
    masking = config_phase_masking(&c, 1);
    assert_true(masking.begin == 0.4 && masking.end == 0.4);
    masking = config_phase_masking(&c, 2);
    assert_true(masking.begin == 0.2 && masking.end == 0.1);
    masking = config_phase_masking(&c, 3);
    assert_true(masking.begin == 0.3 && masking.end == 0.15);

    assert_loads(&c, LEAST "max_predictions_per_sequence = 38\nmasked_lm_probability = 0.3\n");
    assert_text_fails(
        LEAST "max_predictions_per_sequence = 37\nmasked_lm_probability = 0.3\n",
        "phase.one.masked_lm_probability (0.3) masks 38 of 128 tokens, and "
        "phase.one.max_predictions_per_sequence lets it be 37; raise that, or set it to 0 for no "
        "limit");
    assert_text_fails(
        LEAST "max_predictions_per_sequence = 20\nmasked_lm_probability_end = 0.3\n",
        "phase.one.masked_lm_probability_end (0.3) masks 38 of 128 tokens, and "
        "phase.one.max_predictions_per_sequence lets it be 20; raise that, or set it to 0 for no "
        "limit");
    assert_text_fails(
        LEAST "max_predictions_per_sequence = 10\nmasked_lm_probability_end = 0.05\n",
        "data.masked_lm_probability (0.15) masks 19 of 128 tokens, and "
        "phase.one.max_predictions_per_sequence lets it be 10; raise that, or set it to 0 for no "
        "limit");
    assert_loads(&c, LEAST "max_predictions_per_sequence = 10\n"); /* as it always was */
    const char *const begin = LEAST_DATA "[phase one]\nlearning_rate = 1\nmasked_lm_probability";
    static const char *const unknown[] = {"hours = 1\n", "rates = r.txt\n",
                                          "schedule = trapezoid\n"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        struct buffer text = {0};
        buffer_print(&text, "%s = 0.3\n%s", begin, unknown[i]);
        assert_loads(&c, buffer_text(&text));
        buffer_reset(&text);
        buffer_print(&text, "%s_end = 0.1\n%s", begin, unknown[i]);
        assert_text_fails(
            buffer_text(&text),
            "phase.one.masked_lm_probability_end (0.1) is reached at the end of the phase, and how "
            "many samples that has is not known; say how long the phase is by phase.one.steps, or "
            "leave it away");
        buffer_release(&text);
    }
    assert_text_fails(
        "[run]\nfolder = r\nstart_from = m\n[task]\nkind = tagging\ntrain = t\n" LEAST_PHASE
        "masked_lm_probability = 0.3\n",
        "phase.one.masked_lm_probability (0.3) is for pre-training, and this is a "
        "configuration for fine-tuning (task.kind), which masks nothing; leave it "
        "away");
}

/* Rows of a batch are counted in int. */
static void tokens_of_a_step(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST "sequence_length = 512\nglobal_batch = 65536\n");
    assert_text_fails(LEAST "sequence_length = 4096\nglobal_batch = 1048576\n"
                            "[model]\nmax_position_embeddings = 4096\n",
                      "phase.one.global_batch (1048576) times phase.one.sequence_length (4096) is "
                      "more than 2147483647 tokens a step; lower one of them");
}

static void masked_tokens_have_one_fate(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST_DATA "mask_replace_prob = 0.9\n" LEAST_PHASE);
    assert_text_fails(LEAST_DATA "mask_replace_prob = 0.95\n" LEAST_PHASE,
                      "data.mask_replace_prob (0.95) and data.random_replace_prob (0.1) are more "
                      "than 1 together; lower one of them");
}

/* How often each of several corpora is taken is said once, and for all of them. */
static void shares_of_corpora(void **state)
{
    (void)state;
    struct config c;
#define SEVERAL "[run]\nfolder = runs/a\n[data]\ncorpus = c, d,e\n"
    assert_loads(&c, SEVERAL LEAST_PHASE);
    assert_loads(&c, SEVERAL "weights = 7, 2, 1\n" LEAST_PHASE);
    assert_loads(&c, SEVERAL "temperature = 3.3\n" LEAST_PHASE "weights = 7, 2, 1\n");
    assert_loads(&c, SEVERAL "weights = 7, 2, 1\n" LEAST_PHASE "corpus = f, g\n");
    assert_text_fails(SEVERAL "weights = 7, 2\n" LEAST_PHASE,
                      "data.weights has 2 values and data.corpus has 3; give one for each corpus");
    assert_text_fails(LEAST_DATA "weights = 7, 2\n" LEAST_PHASE,
                      "data.weights has 2 values and data.corpus has 1; give one for each corpus");
    assert_text_fails(SEVERAL LEAST_PHASE "weights = 7, 2\n",
                      "phase.one.weights has 2 values and data.corpus has 3; give one for each "
                      "corpus");
    assert_text_fails(
        SEVERAL LEAST_PHASE "corpus = f\nweights = 7, 2\n",
        "phase.one.weights has 2 values and phase.one.corpus has 1; give one for each "
        "corpus");
    assert_text_fails(SEVERAL "weights = 7, 2, 1\ntemperature = 2\n" LEAST_PHASE,
                      "data.weights and data.temperature (2) both say how often each corpus is "
                      "taken; leave one of them away");
    assert_text_fails(SEVERAL LEAST_PHASE "weights = 7, 2, 1\ntemperature = 2\n",
                      "phase.one.weights and phase.one.temperature (2) both say how often each "
                      "corpus is taken; leave one of them away");
    assert_text_fails(
        SEVERAL LEAST_PHASE "temperature = 0.01\n",
        "phase.one.temperature (0.01) must be 0 (as data.temperature), or 0.1 or more");
    assert_text_fails(
        SEVERAL "weights = 7, 0, 1\n" LEAST_PHASE,
        "demo.ini:5: 'data.weights' cannot be '7, 0, 1'; it must be a list of at most "
        "128, with commas between them, each a number in (0, 1000000]");
    assert_text_fails(SEVERAL LEAST_PHASE "corpus = f,, g\n",
                      "phase.one.corpus has an empty name, the 2. of 3; give folders, with commas "
                      "between them");
}

static void bounds_of_trust_ratios(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST "[optimizer]\nratio_min = 10\nratio_max = 10\n");
    assert_loads(&c, LEAST "[optimizer]\nratio_min = 10\n");
    assert_loads(&c, LEAST "[optimizer]\nname = lars\nratio_max = 10\n");
    assert_loads(&c, LEAST "[optimizer]\nname = adamw\nmax_update_rms = 1\n");
    assert_text_fails(LEAST "[optimizer]\nmax_update_rms = 1\n",
                      "optimizer.max_update_rms (1) clips updates of adamw, and optimizer.name is "
                      "lamb; leave one of them away");
    assert_text_fails(LEAST "[optimizer]\nname = adamw\nratio_min = 0.01\n",
                      "optimizer.ratio_min (0.01) bounds trust ratios, and adamw (optimizer.name) "
                      "has none; leave one of them away");
    assert_text_fails(LEAST "[optimizer]\nname = sgd\nratio_max = 10\n",
                      "optimizer.ratio_max (10) bounds trust ratios, and sgd (optimizer.name) has "
                      "none; leave one of them away");
    assert_text_fails(
        LEAST "[optimizer]\nratio_min = 10\nratio_max = 0.01\n",
        "optimizer.ratio_min (10) is more than optimizer.ratio_max (0.01); change one of "
        "them, or leave it at 0 for no bound");
}

static void warmups(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST "warmup_steps = 10\n");
    assert_loads(&c, LEAST "warmup_ratio = 0.2843\n");
    assert_text_fails(LEAST "warmup_steps = 11\n",
                      "phase.one.warmup_steps (11) is more than phase.one.steps (10); the warm-up "
                      "is a part of the phase");
    assert_text_fails(LEAST "warmup_steps = 2\nwarmup_ratio = 0.1\n",
                      "phase.one.warmup_steps (2) and phase.one.warmup_ratio (0.1) say the same "
                      "thing twice; leave one of them at 0");
}

static void decays(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST "schedule = trapezoid\ndecay_ratio = 0.2\nwarmup_ratio = 0.8\n");
    assert_loads(&c, LEAST "schedule = trapezoid_sqrt\ndecay_steps = 8\nwarmup_steps = 2\n");
    assert_loads(&c, LEAST "schedule = trapezoid\n");
    assert_text_fails(
        LEAST "decay_ratio = 0.2\n",
        "phase.one.decay_ratio is of the schedules trapezoid and trapezoid_sqrt, and "
        "phase.one.schedule is continuous, which decays from its warm-up on; leave one "
        "of them away");
    assert_text_fails(
        LEAST "schedule = trapezoid\ndecay_ratio = 0.2\ndecay_steps = 2\n",
        "phase.one.decay_steps (2) and phase.one.decay_ratio (0.2) say the same thing "
        "twice; leave one of them at 0");
    assert_text_fails(LEAST "schedule = trapezoid_sqrt\ndecay_steps = 9\nwarmup_ratio = 0.2\n",
                      "the warm-up (2 steps) and the decay (9) of phase one are more than "
                      "phase.one.steps (10); shorten one of them");
}

static void hours_and_rates(void **state)
{
    (void)state;
#define TIMED LEAST_DATA "[phase one]\nlearning_rate = 1\nhours = 0.5\n"
    struct config c;
    assert_loads(&c, TIMED "warmup_ratio = 0.1\nschedule = trapezoid\ndecay_ratio = 0.3\n");
    assert_loads(&c, TIMED "warmup_ratio = 0.7\nschedule = trapezoid\ndecay_ratio = 0.3\n");
    assert_text_fails(
        TIMED "warmup_ratio = 0.71\nschedule = trapezoid\ndecay_ratio = 0.3\n",
        "phase.one.warmup_ratio (0.71) and phase.one.decay_ratio (0.3) are more than the whole "
        "phase together; lower one of them");
    assert_loads(&c, LEAST_DATA "[phase one]\nlearning_rate = 1\nrates = r\n");
    assert_loads(&c, LEAST "rates = r\n");
    assert_text_fails(
        TIMED "steps = 10\n",
        "phase.one.hours (0.5) and phase.one.steps both say how long the phase is; leave "
        "one of them away");
    assert_text_fails(
        TIMED "rates = r\n",
        "phase.one.hours (0.5) and phase.one.rates both say how long the phase is; leave "
        "one of them away");
    assert_text_fails(
        TIMED "warmup_steps = 3\n",
        "phase.one.warmup_steps counts steps, and the schedule of a phase in hours goes "
        "by the clock; give a share of the time instead (warmup_ratio)");
    assert_text_fails(
        TIMED "schedule = trapezoid\ndecay_steps = 3\n",
        "phase.one.decay_steps counts steps, and the schedule of a phase in hours goes "
        "by the clock; give a share of the time instead (decay_ratio)");
}

/* Only the last phase may have no end, and only where no rate asks for it. */
static void a_phase_without_an_end(void **state)
{
    (void)state;
#define ENDLESS "[phase one]\nlearning_rate = 1\nschedule = trapezoid\n"
#define NO_STEPS                                                                                   \
    "'phase.one.steps' is not given and has no default; write it in the file, or add "             \
    "phase.one.steps=... to the command line"
    struct config c;
    assert_loads(&c, LEAST_DATA ENDLESS "warmup_steps = 5\n");
    assert_text_fails(LEAST_DATA ENDLESS "[phase two]\nsteps = 1\nlearning_rate = 1\n", NO_STEPS);
    assert_text_fails(LEAST_DATA ENDLESS "warmup_ratio = 0.1\n", NO_STEPS);
    assert_text_fails(LEAST_DATA ENDLESS "decay_steps = 1\n", NO_STEPS);
    assert_text_fails(LEAST_DATA "[phase one]\nlearning_rate = 1\n", NO_STEPS);
}

static void batch_changes(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c, LEAST "batch_changes = 1:2, 9:4\n");
    assert_text_fails(LEAST "batch_changes = 5:2, 5:4\n",
                      "phase.one.batch_changes has step 5 behind step 5; give them in the order in "
                      "which they come");
    assert_text_fails(LEAST "batch_changes = 10:2\n",
                      "phase.one.batch_changes changes the batch after step 10, and the phase ends "
                      "with phase.one.steps (10); leave that change away");
    assert_text_fails(LEAST "batch_changes = 5:1048576\nsequence_length = 4096\n[model]\n"
                            "max_position_embeddings = 4096\n",
                      "phase.one.batch_changes (5:1048576) times phase.one.sequence_length (4096) "
                      "is more than 2147483647 tokens a step; lower one of them");
}

static void branches(void **state)
{
    (void)state;
#define BRANCH "[run]\nfolder = r\nbranch_from = trunk\n"
    struct config c;
    assert_loads(&c, BRANCH "[data]\ncorpus = c\n" LEAST_PHASE);
    assert_text_fails(BRANCH "start_from = m\n[data]\ncorpus = c\n" LEAST_PHASE,
                      "run.branch_from (trunk) and run.start_from (m) both say what the run begins "
                      "with: the whole state of a run, or weights alone; leave one of them away");
    assert_text_fails(
        BRANCH "[task]\nkind = classification\ntrain = t\ntext = a\nlabel = b\n" LEAST_PHASE,
        "run.branch_from (trunk) is for pre-training, and this is a configuration for "
        "fine-tuning (task.kind); start from weights instead (run.start_from)");
}

static void new_rows_are_those_of_another_model(void **state)
{
    (void)state;
    struct config c;
    assert_loads(&c,
                 "[run]\nfolder = r\nstart_from = m\nnew_tokens = mean\nnew_positions = repeat\n"
                 "[data]\ncorpus = c\n" LEAST_PHASE);
    assert_text_fails(
        "[run]\nfolder = r\nnew_tokens = mean\n[data]\ncorpus = c\n" LEAST_PHASE,
        "run.new_tokens (mean) says what rows begin as that the model of run.start_from "
        "does not have, and run.start_from is empty; name the model, or leave the key "
        "away");
    assert_text_fails(
        "[run]\nfolder = r\nnew_positions = fresh\n[data]\ncorpus = c\n" LEAST_PHASE,
        "run.new_positions (fresh) says what rows begin as that the model of run.start_from does not "
        "have, and run.start_from is empty; name the model, or leave the key away");
    assert_text_fails(
        "[run]\nfolder = r\nstart_from = m\nnew_tokens = fresh\n[task]\n"
        "kind = tagging\ntrain = t\n" LEAST_TUNE,
        "run.new_tokens (fresh) is for pre-training, and this is a configuration for "
        "fine-tuning (task.kind), which takes all of that from the model; leave one of "
        "them away");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_must_be_given),
        cmocka_unit_test(what_a_task_needs),
        cmocka_unit_test(phases_of_a_task_read_the_same_sequences),
        cmocka_unit_test(heads_divide_the_width),
        cmocka_unit_test(lengths),
        cmocka_unit_test(masking_of_a_phase),
        cmocka_unit_test(tokens_of_a_step),
        cmocka_unit_test(bounds_of_trust_ratios),
        cmocka_unit_test(warmups),
        cmocka_unit_test(branches),
        cmocka_unit_test(decays),
        cmocka_unit_test(hours_and_rates),
        cmocka_unit_test(a_phase_without_an_end),
        cmocka_unit_test(batch_changes),
        cmocka_unit_test(shares_of_corpora),
        cmocka_unit_test(masked_tokens_have_one_fate),
        cmocka_unit_test(new_rows_are_those_of_another_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
