#include "schema.h"

/* The words of each choice, in the order in which people are told of them. */
static const struct choice log_levels[] = {
    {"error", LOG_ERROR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}, {0}};
static const struct choice new_tokens[] = {
    {"refuse", NEW_TOKENS_REFUSE}, {"mean", NEW_TOKENS_MEAN}, {"fresh", NEW_TOKENS_FRESH}, {0}};
static const struct choice new_positions[] = {{"refuse", NEW_POSITIONS_REFUSE},
                                              {"repeat", NEW_POSITIONS_REPEAT},
                                              {"fresh", NEW_POSITIONS_FRESH},
                                              {0}};
static const struct choice masking_units[] = {
    {"tokens", MASK_TOKENS}, {"whole_words", MASK_WHOLE_WORDS}, {"spans", MASK_SPANS}, {0}};
static const struct choice sentence_pairs[] = {
    {"nsp", PAIRS_NSP}, {"sop", PAIRS_SOP}, {"none", PAIRS_NONE}, {0}};
static const struct choice task_kinds[] = {{"none", TASK_NONE},
                                           {"classification", TASK_CLASSIFICATION},
                                           {"regression", TASK_REGRESSION},
                                           {"multilabel", TASK_MULTILABEL},
                                           {"tagging", TASK_TAGGING},
                                           {"questions", TASK_QUESTIONS},
                                           {0}};
static const struct choice table_forms[] = {
    {"by_name", TABLE_BY_NAME}, {"tsv", TABLE_TSV}, {"csv", TABLE_CSV}, {"json", TABLE_JSON}, {0}};
static const struct choice activations[] = {{"gelu", GELU_ERF}, {"gelu_new", GELU_TANH}, {0}};
static const struct choice update_rules[] = {{"lamb", RULE_LAMB}, {"adamw", RULE_ADAMW},
                                             {"lars", RULE_LARS}, {"sgd", RULE_SGD},
                                             {"lans", RULE_LANS}, {0}};
static const struct choice on_nonfinite[] = {
    {"stop", NONFINITE_STOP}, {"skip", NONFINITE_SKIP}, {0}};
static const struct choice replay_actions[] = {
    {"stop", REPLAY_STOP}, {"continue", REPLAY_CONTINUE}, {0}};
static const struct choice float_types[] = {
    {"float32", TYPE_FLOAT32}, {"bfloat16", TYPE_BFLOAT16}, {0}};
static const struct choice phase_moments[] = {
    {"keep", MOMENTS_KEEP}, {"reset", MOMENTS_RESET}, {0}};
static const struct choice schedules[] = {{"continuous", SCHEDULE_CONTINUOUS},
                                          {"google", SCHEDULE_GOOGLE},
                                          {"nvidia", SCHEDULE_NVIDIA},
                                          {"trapezoid", SCHEDULE_TRAPEZOID},
                                          {"trapezoid_sqrt", SCHEDULE_TRAPEZOID_SQRT},
                                          {0}};

/* clang-format off */
#define ROW(structure, member, row_name, row_standard, row_accepts, row_choices, row_result,       \
            row_help)                                                                              \
    {.name = row_name, KEY_VALUE(structure, member), .standard = row_standard,                     \
     .accepts = row_accepts, .choices = row_choices, RESULT_OF(row_result), .help = row_help}
#define KEY(section, member, standard, accepts, result, help)                                      \
    ROW(config_##section, member, #member, standard, accepts, NULL, result, help)
/* Most runs do without it: not written into checkpoints where it has its default. */
#define RARE_ROW(structure, member, row_standard, row_accepts, row_choices, row_result, row_help)  \
    {.name = #member, KEY_VALUE(structure, member), .standard = row_standard,                      \
     .accepts = row_accepts, .choices = row_choices, RESULT_OF(row_result), .sparse = true,        \
     .help = row_help}
#define RARE(section, member, standard, accepts, result, help)                                     \
    RARE_ROW(config_##section, member, standard, accepts, NULL, result, help)
#define RARE_CHOICE(section, member, standard, choices, result, help)                              \
    RARE_ROW(config_##section, member, standard, NULL, choices, result, help)
#define RARE_LIST(section, member, member_count, row_accepts, row_result, row_help)                \
    {.name = #member, KEY_LIST(config_##section, member, member_count), .standard = "",            \
     .accepts = row_accepts, RESULT_OF(row_result), .sparse = true, .help = row_help}
#define CHOICE(section, member, standard, choices, result, help)                                   \
    ROW(config_##section, member, #member, standard, NULL, choices, result, help)
/* Keys that are members of a module's own struct: of [data], and of [optimizer]. */
#define SAMPLING(member, standard, accepts, result, help)                                          \
    ROW(config_data, sampling.member, #member, standard, accepts, NULL, result, help)
#define SAMPLING_CHOICE(member, standard, choices, result, help)                                   \
    ROW(config_data, sampling.member, #member, standard, NULL, choices, result, help)
#define OPTIMIZER(member, standard, accepts, result, help)                                         \
    ROW(optimizer_options, member, #member, standard, accepts, NULL, result, help)
#define OPTIMIZER_RARE(member, standard, accepts, result, help)                                    \
    RARE_ROW(optimizer_options, member, standard, accepts, NULL, result, help)

/* What a key may do to the numbers of a run. */
#define FREE   0 /* nothing, rounding aside */
#define RESULT 1
#define PLAN   2 /* they change, and a branch may have another: schedule and batches of a phase */
#define RESULT_OF(row_result) .result = (row_result) != FREE, .branches = (row_result) == PLAN
#define REQUIRED NULL
#define ANY_TEXT NULL
#define YES_NO   NULL

static const struct key run_keys[] = {
    KEY(run, folder, REQUIRED, ANY_TEXT, FREE,
        "Folder of the run: config.ini, metrics.jsonl, checkpoints/."),
    KEY(run, start_from, "", ANY_TEXT, FREE,
        "Weights that a new run starts with: a Hugging Face folder or a checkpoint of TensorFlow's (as "
        "lambert import reads them), a checkpoint, or a run folder (its best checkpoint, where one is "
        "kept, or its newest); empty: fresh ones, and in fine-tuning an error. A resumed run goes on from "
        "its own checkpoint."),
    KEY(run, branch_from, "", ANY_TEXT, FREE,
        "A checkpoint of another run, or its folder (the newest), whose whole state a new run begins with: weights, "
        "moments, place in the phase and in the order of samples. Its schedules, steps and batches may be others (those "
        "keys say \"branch\" under result), anything else must be accepted. The other run is not touched, and may go "
        "on. A resumed run goes on from its own checkpoint."),
    CHOICE(run, new_tokens, "refuse", new_tokens, FREE,
        "Pre-training with another vocabulary than that of the model in run.start_from. refuse: an error, as it "
        "may be an accident; mean: tokens that both have keep their rows of word embeddings (and of the "
        "MLM head's bias), the others begin as the mean of the pieces that the old vocabulary cuts them "
        "into; fresh: the others begin afresh, as do those without pieces."),
    CHOICE(run, new_positions, "refuse", new_positions, FREE,
        "Pre-training with more model.max_position_embeddings than the model in run.start_from. refuse: an "
        "error; repeat: those beyond the model's begin as its own, from the first on again (Longformer, arXiv "
        "2004.05150); fresh: afresh."),
    KEY(run, seed, "1", "[0, 9007199254740992]", RESULT,
        "Seed of everything random: initial weights, order, segments, masks, dropout."),
    KEY(run, threads, "0", "[0, 4096]", FREE,
        "Threads of a rank; 0: one for each physical core that it is bound to, its share of cores that several ranks are "
        "bound to, and no more than a CPU quota has time for (docs/cluster.md). At most 8 a CPU."),
    KEY(run, lock, "yes", YES_NO, FREE,
        "Lock the folder, so that no other run writes to it, and the corpora, so that none is replaced. no: for a file "
        "system whose locks fail, or that keeps the lock of a host which is dead for good; nobody else may be at work "
        "in the folder then."),
    KEY(run, lock_seconds, "300", "[0, 86400]", FREE,
        "How long to wait for the folder's lock where the process that has it is on another host, which may have "
        "died: a file server frees its locks after a minute or two. After that the exit code is 75 (try again "
        "later). A process that lives on this host is not waited for."),
    CHOICE(run, log_level, "info", log_levels, FREE,
        "What is said on standard error."),
};

static const struct key data_keys[] = {
    KEY(data, corpus, REQUIRED, ANY_TEXT, FREE,
        "Folder of the prepared corpus, or of several with commas between them, of one vocabulary: "
        "samples then come from all of them, by weights or temperature (data/README.md). A "
        "checkpoint remembers their contents, not their places."),
    RARE_LIST(data, weights, weight_count, "(0, 1000000]", RESULT,
        "Of several corpora: how many samples come from each, in proportion, in the order of corpus "
        "(70, 20, 10 is the same as 0.7, 0.2, 0.1); empty: by temperature."),
    RARE(data, temperature, "1", "[0.1, 1000000]", RESULT,
        "Of several corpora without weights: the samples from each are in proportion to its training "
        "tokens to the power 1 / temperature. 1: to its tokens; higher values take small corpora more "
        "often (multilingual BERT: 1.43, which is 1 / 0.7; XLM-R, arXiv 1911.02116: 3.33), 1000000 all "
        "alike."),
    KEY(data, vocabulary, "", ANY_TEXT, FREE,
        "A vocab.txt that must be the corpus's own; empty: not compared."),
    SAMPLING(short_sequence_probability, "0.1", "[0, 1]", RESULT,
        "Share of passages cut to a random shorter length (short_seq_prob of BERT's code)."),
    SAMPLING(masked_lm_probability, "0.15", "(0, 1)", RESULT,
        "Share of tokens to predict (BERT, arXiv 1810.04805: 15%)."),
    SAMPLING_CHOICE(masking, "tokens", masking_units, RESULT,
        "What is masked together: single tokens, all pieces of a word, or spans of 1 to "
        "longest_span words, one of n words with probability proportional to 1/n (ALBERT, arXiv "
        "1909.11942). Words are what \"##\" pieces make, and in a corpus of segmented text (prep "
        "--segmented) what its blanks part. A sequence whose words all have more pieces than are to be masked gets "
        "single tokens masked."),
    SAMPLING(longest_span, "3", "[1, 64]", RESULT,
        "Words of the longest span (masking = spans)."),
    SAMPLING(mask_replace_prob, "0.8", "[0, 1]", RESULT,
        "Share of the masked tokens that become [MASK] (BERT: 80%)."),
    SAMPLING(random_replace_prob, "0.1", "[0, 1]", RESULT,
        "Share of the masked tokens that become any entry of the vocabulary (BERT: 10%); what is "
        "left stays as it was."),
    SAMPLING_CHOICE(sentence_pairs, "nsp", sentence_pairs, RESULT,
        "Second objective: nsp, does B follow A or come from another document (BERT); sop, are A "
        "and B in order or swapped (ALBERT); none, one segment and no second loss (RoBERTa, "
        "arXiv 1907.11692)."),
    KEY(data, cache_megabytes, "64", "[1, 1048576]", FREE,
        "Memory of a rank for inflated corpus blocks."),
    KEY(data, stage_folder, "", ANY_TEXT, FREE,
        "Folder on each host's own disk (/tmp, /scratch): one rank of each host copies the corpora there before "
        "the first step, and checks the copy; all ranks of the host read that, and it is removed at the end. For "
        "shared file systems that many ranks would drown. Empty: they are read where they lie."),
};

static const struct key task_keys[] = {
    CHOICE(task, kind, "none", task_kinds, RESULT,
        "What is fine-tuned for. none: this is a configuration for pre-training; classification: one "
        "label of a text or a pair; regression: a number; multilabel: any of the labels; tagging: a "
        "label of each word; questions: a span of a paragraph, as in SQuAD."),
    KEY(task, train, REQUIRED, ANY_TEXT, FREE,
        "File of the training set: TSV, CSV or JSON lines with a text or a pair; for tagging, words and "
        "tags in columns (CoNLL); for questions, SQuAD's JSON. With .gz it is inflated. A checkpoint "
        "remembers its contents, not its place."),
    KEY(task, evaluate, "", ANY_TEXT, FREE,
        "File of the examples to evaluate on, of the same form; empty: none, and the last weights are "
        "what the run ends with, instead of the best ones."),
    KEY(task, fresh_weights, "no", YES_NO, FREE,
        "Begin with fresh weights, and take only shape and vocabulary from run.start_from: what the "
        "task would be learned to without pre-training."),
    CHOICE(task, form, "by_name", table_forms, FREE,
        "How rows lie in a file of texts: tsv (quotes are text, as in GLUE), csv (RFC 4180), json (an "
        "object a line), or what the name says (*.csv, *.jsonl, *.json; anything else is TSV)."),
    KEY(task, text, "", ANY_TEXT, RESULT,
        "Column of the text: its name, or its number from 1; tagging: of the word (empty: the first)."),
    KEY(task, pair, "", ANY_TEXT, RESULT,
        "Column of the second text; empty: there is none."),
    KEY(task, label, "", ANY_TEXT, RESULT,
        "Column of what is right: the label or the number; tagging: the tag (empty: the last)."),
    KEY(task, id, "", ANY_TEXT, FREE,
        "Column by which predictions name an example; empty: its number, from 0."),
    KEY(task, header, "yes", YES_NO, RESULT,
        "The first line of TSV and CSV holds the names of the columns."),
    KEY(task, separator, ",", ANY_TEXT, RESULT,
        "What stands between the labels of an example in its column (multilabel)."),
    KEY(task, label_file, "", ANY_TEXT, FREE,
        "The labels, one a line, in the order of their numbers; empty: those of the training set, sorted, "
        "or those of the model started from, where it was made for the same labels."),
    KEY(task, positive, "", ANY_TEXT, FREE,
        "The class that f1 is the F1 of; empty: the second of two, and with more classes there is no f1."),
    KEY(task, metric, "", ANY_TEXT, FREE,
        "The metric by which the best of several evaluations is kept, or loss; empty: accuracy, pearson, "
        "micro_f1, entity_f1 or f1, by kind (docs/scoring.md lists all)."),
    KEY(task, stride, "128", "[1, 65536]", RESULT,
        "Word pieces between the beginnings of two windows of a long paragraph (questions)."),
    KEY(task, question_length, "64", "[1, 65536]", RESULT,
        "A question is cut to so many word pieces (questions)."),
    KEY(task, answer_length, "30", "[1, 65536]", FREE,
        "An answer has at most so many word pieces (questions)."),
    KEY(task, n_best, "20", "[1, 1000]", FREE,
        "How many starts and ends of a window are weighed for an answer (questions)."),
};

static const struct key model_keys[] = {
    KEY(model, hidden_size, "768", "[1, 65536]", RESULT,
        "Width H; num_attention_heads must divide it."),
    KEY(model, num_hidden_layers, "12", "[1, 1024]", RESULT,
        "Transformer blocks L."),
    KEY(model, num_attention_heads, "12", "[1, 1024]", RESULT,
        "Attention heads A."),
    KEY(model, intermediate_size, "3072", "[1, 262144]", RESULT,
        "Width F of the feed-forward layer, as a rule 4 H."),
    CHOICE(model, hidden_act, "gelu", activations, RESULT,
        "Activation: gelu is x/2 (1 + erf(x/sqrt 2)), gelu_new its tanh approximation (Google's "
        "code)."),
    KEY(model, hidden_dropout_prob, "0.1", "[0, 1)", RESULT,
        "Dropout after the embeddings and after each block's two projections."),
    KEY(model, attention_probs_dropout_prob, "0.1", "[0, 1)", RESULT,
        "Dropout of attention probabilities."),
    KEY(model, max_position_embeddings, "512", "[8, 65536]", RESULT,
        "Longest sequence the model has positions for."),
    KEY(model, type_vocab_size, "2", "[2, 256]", RESULT,
        "Token types; sentence A is 0, B is 1."),
    KEY(model, initializer_range, "0.02", "(0, 1]", RESULT,
        "Standard deviation of the normal distribution that initial weights are drawn from. As in Google's code, what lies "
        "more than two of them from 0 is drawn again, so that the weights' own is 0.88 of it."),
    KEY(model, layer_norm_eps, "1e-12", "(0, 0.1]", RESULT,
        "Added to the variance in LayerNorm."),
};

static const struct key optimizer_keys[] = {
    ROW(optimizer_options, rule, "name", "lamb", NULL, update_rules, RESULT,
        "Update rule: lamb (arXiv 1904.00962), adamw (arXiv 1711.05101), lars (arXiv "
        "1708.03888), sgd with momentum, lans (arXiv 2006.13484)."),
    OPTIMIZER(beta1, "0.9", "[0, 1)", RESULT,
        "Decay of the first moment (lamb, adamw, lans)."),
    OPTIMIZER(beta2, "0.999", "[0, 1)", RESULT,
        "Decay of the second moment (lamb, adamw, lans)."),
    OPTIMIZER(epsilon, "1e-6", "(0, 1]", RESULT,
        "Added to the root of the second moment (lamb, adamw, lans)."),
    OPTIMIZER(momentum, "0.9", "[0, 1)", RESULT,
        "Momentum (lars, sgd)."),
    OPTIMIZER(weight_decay, "0.01", "[0, 1]", RESULT,
        "Weight decay (decoupled in lamb, adamw and lans); biases and LayerNorm have none unless "
        "decay_all."),
    OPTIMIZER(max_grad_norm, "1", "[0, inf)", RESULT,
        "The gradient is scaled down to this norm when it is longer; 0: never (nor in lans)."),
    OPTIMIZER_RARE(max_update_rms, "0", "[0, inf)", RESULT,
        "Clipping of updates (adamw): where the root mean square of g / sqrt(v) over a tensor is more than this, its "
        "rate is so much smaller for the step. 1: StableAdamW (arXiv 2304.13013), which does without max_grad_norm; 0: never."),
    OPTIMIZER(bias_correction, "yes", YES_NO, RESULT,
        "Divide moments by 1 - beta^t (lamb, adamw, lans)."),
    OPTIMIZER(decay_all, "no", YES_NO, RESULT,
        "Weight decay on biases and LayerNorm as well."),
    OPTIMIZER(adapt_all, "no", YES_NO, RESULT,
        "Trust ratio on biases and LayerNorm as well (lamb, lars, lans)."),
    OPTIMIZER(trust_coefficient, "0.001", "(0, 1000]", RESULT,
        "Factor of the trust ratio (lars)."),
    OPTIMIZER_RARE(ratio_min, "0", "[0, inf)", RESULT,
        "Least trust ratio: a lesser one is taken for this (lamb, lars, lans); DeepSpeed's min_coeff, 0.01 there. "
        "0: no bound. Tensors without a trust ratio keep the rate as it is."),
    OPTIMIZER_RARE(ratio_max, "0", "[0, inf)", RESULT,
        "Greatest trust ratio (lamb, lars, lans); DeepSpeed's max_coeff, 10 there. 0: no bound."),
};

static const struct key train_keys[] = {
    KEY(train, micro_batch_tokens, "4096", "[1, 16777216]", FREE,
        "Tokens computed at once; at least one sequence always is. Sets the memory for "
        "activations, not the result."),
    KEY(train, recompute, "0", "[0, 1024]", FREE,
        "For machines with little memory. 0: what the backward pass needs of a micro-batch is kept "
        "of all layers. n: of every n layers only the input of the first is kept, and the backward "
        "pass computes them again, n at a time, all but the last n; that makes a step up to a "
        "third longer, and the result is the same bit for bit. 1 or 2 take the least memory "
        "(BERT-Large, 4096 tokens: 1.1 GB of activations instead of 5.2); num_hidden_layers or "
        "more are the same as 0."),
    KEY(train, evaluate_every, "0", "[0, 1000000000]", FREE,
        "Steps between held-out evaluations; 0: at the end of a phase only."),
    KEY(train, evaluate_sequences, "1024", "[1, 1000000000]", FREE,
        "Held-out sequences of an evaluation."),
    KEY(train, evaluate_masked_lm_probability, "0.15", "(0, 1)", FREE,
        "Share of its tokens that an evaluation masks, whatever training masks: 80% become [MASK], 10% any entry of the "
        "vocabulary, 10% stay, so that runs with other masking can be compared. What is masked together is "
        "data.masking's, and a phase that trains at this rate alone has its max_predictions_per_sequence in "
        "evaluations too. Ready samples (TFRecords) have the masks that they came with."),
    KEY(train, evaluate_pairs, "", ANY_TEXT, FREE,
        "File of minimal pairs (BLiMP's JSON lines; docs/asking.md): each evaluation of pre-training "
        "also says in what share of them the model finds the acceptable sentence likelier; empty: none."),
    KEY(train, checkpoint_every, "100", "[0, 1000000000]", FREE,
        "Steps between checkpoints; 0: at the end of a phase only, and by checkpoint_minutes."),
    KEY(train, checkpoint_minutes, "10", "[0, 1000000]", FREE,
        "Minutes after which there is a checkpoint in any case, after the step that is being made then: no more "
        "than that is ever lost; 0: by steps alone."),
    KEY(train, checkpoint_keep, "3", "[1, 1000000]", FREE,
        "How many of the newest checkpoints are kept."),
    KEY(train, checkpoint_keep_every, "0", "[0, 1000000000]", FREE,
        "Each time after so many steps there is a checkpoint that is kept for good, besides the newest; 0: none."),
    KEY(train, checkpoint_beside, "yes", YES_NO, FREE,
        "Training goes on while a checkpoint is written: rank 0 copies weights and moments (4 bytes a weight and 8 "
        "for LAMB's moments), which a thread writes. Where its machine has no memory left for that, or with no, "
        "all wait until it is written."),
    KEY(train, log_every, "10", "[1, 1000000000]", FREE,
        "Steps between lines in the log."),
    KEY(train, report_every, "0", "[0, 1000000000]", FREE,
        "Steps between reports on each tensor in metrics.jsonl (and in the log, at level debug): "
        "norms of weights, gradient and update, trust ratio; 0: never, and they cost nothing."),
    KEY(train, tensorboard, "no", YES_NO, FREE,
        "The numbers of metrics.jsonl are written for TensorBoard as well, into event files in the folder tensorboard "
        "of the run folder: tensorboard --logdir RUN draws them while the run goes on. A resumed run discards there, "
        "too, what was done behind its checkpoint."),
    KEY(train, mlperf_log, "no", YES_NO, FREE,
        "Pre-training is logged in mlperf.log of the run folder as MLPerf Training wants it, too: hyperparameters, "
        "blocks, evaluations, as of the benchmark bert in the open division (docs/watching.md says what its accuracy "
        "is to MLPerf's)."),
    CHOICE(train, on_nonfinite, "stop", on_nonfinite, FREE,
        "What to do when a loss or the gradient is not finite; it never reaches the weights, and "
        "step, tensor, rank and sample are named. stop: the run ends; skip: it goes on with the "
        "next samples, and ends at the 10th such step in a row. Up to the first such step both "
        "do the same."),
    KEY(train, replay_every, "0", "[0, 1000000000]", FREE,
        "Steps between replays: each rank's first micro-batch is computed again by another rank with the same "
        "kernels, on another host where there is one, and compared bit for bit, which finds processors and memory "
        "that are wrong without a sign. Costs such a step the time of one micro-batch, and changes no bit; one rank "
        "alone computes its own twice. 0: never."),
    CHOICE(train, replay_action, "stop", replay_actions, FREE,
        "What to do where a replay differs; both ranks and their hosts are named, and what differs. stop: the step "
        "does not reach the weights, and the run ends with a checkpoint of the state before it and exit code 71; "
        "continue: a warning, and the run goes on with what the first of the two computed."),
    KEY(train, watchdog_seconds, "1800", "[0, 1000000000]", FREE,
        "A run that makes no progress for so long ends with code 1, and each rank says where it "
        "is, instead of hanging for ever, lambert eval too; 0: it may hang. Longer than rank 0 "
        "takes to write a checkpoint, while the others wait."),
    KEY(train, ranks_per_node, "0", "[0, 1000000]", FREE,
        "Ranks that share one copy of the weights and read each other's gradients in memory; 0: "
        "all of a machine. A lower number that divides it makes several nodes of each machine."),
    CHOICE(train, gradient_wire, "float32", float_types, RESULT,
        "Type of the gradients that go from node to node: bfloat16 halves the bytes, rounds what "
        "each node contributes once (twice from 16 nodes on, thrice from 256), and is summed in "
        "float32. On one node it changes nothing."),
    CHOICE(train, weight_type, "float32", float_types, RESULT,
        "Type of the weights that forward and backward compute with, and that go from node to "
        "node: bfloat16 halves the bytes, and rounds all of them, biases and LayerNorm too. The "
        "optimizer keeps them in float32, as do checkpoints, and evaluation uses those. The same "
        "on any number of ranks."),
    CHOICE(train, compute_type, "float32", float_types, RESULT,
        "Type that matrices are multiplied in. bfloat16 rounds both operands of every product, and "
        "keeps the activations that are operands in half the bytes; sums, and all that is not a "
        "product, stay in float32, as do weights, gradients and moments. About twice as fast where "
        "the CPU multiplies bfloat16 (the start of the log says with which instructions, and at "
        "which peak), elsewhere about as fast as float32. Evaluation computes in it too. With "
        "weight_type = bfloat16 as well, matrices are rounded once, and what weight_type adds is "
        "the rounding of biases, LayerNorm weights and embedding rows."),
    KEY(train, reproducible, "no", YES_NO, FREE,
        "Weights with the same bits on any number of ranks and threads (of CPUs with the same "
        "instructions, and with the same micro_batch_tokens). A micro-batch is then so many "
        "consecutive sequences of full length as fit, which leaves it emptier where sequences "
        "are shorter, and gradients are summed as multiples of 2^-50 in 64 bits: 8 bytes a "
        "weight more memory a rank (16 of those it updates), and twice the bytes of gradients "
        "between nodes."),
};

static const struct key phase_keys[] = {
    KEY(phase, corpus, "", ANY_TEXT, FREE,
        "Folder of the phase's own corpus, or of several with commas between them, of the same "
        "vocabulary as the others; empty: data.corpus. Ready samples (TFRecords) come in one length, "
        "so each phase has a set of its own."),
    RARE_LIST(phase, weights, weight_count, "(0, 1000000]", RESULT,
        "As data.weights, of the phase's corpora; empty: data.weights hold, where the phase has no "
        "corpus and no temperature of its own."),
    RARE(phase, temperature, "0", "[0, 1000000]", RESULT,
        "As data.temperature, for the phase; 0: that holds."),
    KEY(phase, sequence_length, "128", "[8, 65536]", RESULT,
        "Longest sequence of the phase, [CLS] and both [SEP] included."),
    RARE(phase, masked_lm_probability, "0", "[0, 1)", RESULT,
        "Share of tokens to predict in the phase (arXiv 2202.08005 tries 15 to 40% and more); 0: "
        "data.masked_lm_probability. Ready samples (TFRecords) have the masks that they came with."),
    RARE(phase, masked_lm_probability_end, "0", "[0, 1)", RESULT,
        "The share changes linearly from sample to sample, to this one at the end of the phase (arXiv 2305.15096: "
        "from 0.3 to 0.15): sample i of the N that the phase's steps have hides begin + (end - begin) i / N of its "
        "tokens, on any number of ranks and however often the run is resumed; 0: it does not change."),
    KEY(phase, max_predictions_per_sequence, "0", "[0, 65536]", RESULT,
        "At most so many masked tokens a sequence; 0: no limit but the masked_lm_probability that holds."),
    KEY(phase, global_batch, "256", "[1, 1048576]", PLAN,
        "Sequences of a step, over all ranks; batch_changes says where that changes within the phase."),
    RARE_LIST(phase, batch_changes, batch_change_count, "[1, 1048576]", PLAN,
        "Other batches within the phase, STEP:SEQUENCES each, ascending: with 1000:1024, 3000:2048 steps have "
        "global_batch sequences up to step 1000, then 1024, and 2048 after step 3000. Samples go on in their "
        "order, and the schedule as it would: nothing scales the rate with the batch. Where it is to be "
        "scaled, make phases of it, each with its own learning_rate, and without warm-up from the second on."),
    KEY(phase, epochs, "0", "[0, 1000000]", FREE,
        "Fine-tuning: passes over the training set, from which the steps follow; 0: steps hold."),
    KEY(phase, steps, "0", "[0, 1000000000]", PLAN,
        "Updates of the phase; must be given, except where epochs, hours or rates are, or where a trapezoid without decay, "
        "in the last phase, is to go on until it is told to end."),
    RARE(phase, hours, "0", "[0, 1000000]", PLAN,
        "Length of the phase as a time, instead of steps: from its first step on, evaluations and checkpoints included, time "
        "between two processes of the run left out. The schedule follows the clock, and warmup_ratio and decay_ratio are "
        "shares of the time; each step's rate is in metrics.jsonl, and rates makes the same steps of it. 0: steps hold."),
    RARE(phase, rates, "", ANY_TEXT, PLAN,
        "A run's folder or its metrics.jsonl, whose phase of this name gives each step its rate, instead of the schedule: "
        "with the same configuration otherwise, that run is made again bit for bit, whatever its clock was. Or a file of "
        "numbers, one a line: any schedule. Without steps, the phase has as many as there are rates."),
    KEY(phase, learning_rate, REQUIRED, "(0, 1000]", PLAN,
        "Peak learning rate."),
    KEY(phase, warmup_ratio, "0", "[0, 1]", PLAN,
        "Share of the steps in which the rate rises to its peak."),
    KEY(phase, warmup_steps, "0", "[0, 1000000000]", PLAN,
        "The same as a number of steps, instead of warmup_ratio; 0: the ratio holds."),
    RARE(phase, decay_ratio, "0", "[0, 1]", PLAN,
        "Share of the steps, the last ones, in which the rate falls to 0 (trapezoid, trapezoid_sqrt); 0: it stays at "
        "its peak, whatever the steps, and a decay can be branched off any checkpoint."),
    RARE(phase, decay_steps, "0", "[0, 1000000000]", PLAN,
        "The same as a number of steps, instead of decay_ratio; 0: the ratio holds."),
    KEY(phase, decay_power, "1", "(0, 100]", PLAN,
        "Power p of the decay: 1 is linear, 0.5 the square root of NVIDIA's recipe; trapezoid_sqrt has none."),
    CHOICE(phase, schedule, "continuous", schedules, PLAN,
        "Shape of warm-up and decay: continuous has no jump; google and nvidia are those of "
        "their code and jump down after the warm-up; trapezoid and trapezoid_sqrt stay at the peak between warm-up "
        "and decay (formulas in docs/config.md)."),
    RARE_CHOICE(phase, moments, "keep", phase_moments, RESULT,
        "What the phase does with the optimizer's moments when it begins: keep: they go on from the phase before; "
        "reset: they begin at 0, and bias correction with them, as in a new run from the weights that are there."),
};

static bool is_fine_tuning(const void *config)
{
    return ((const struct config *)config)->task.kind != TASK_NONE;
}

static bool is_pretraining(const void *config)
{
    return !is_fine_tuning(config);
}

#define SECTION(section_name, structure, member)                                                   \
    .name = #section_name, .keys = section_name##_keys,                                            \
    .key_count = sizeof section_name##_keys / sizeof *section_name##_keys,                         \
    .offset = offsetof(struct config, member), .size = sizeof(struct structure)

static const struct section sections[] = {
    {SECTION(run, config_run, run),
     .help = "The run itself."},
    {SECTION(data, config_data, data), .used = is_pretraining,
     .help = "What is learned from in pre-training, and how samples are made of it."},
    {SECTION(task, config_task, task), .used = is_fine_tuning,
     .help = "What a model is fine-tuned for (`lambert finetune`), instead of [data]. Its weights, shape "
             "and vocabulary come from run.start_from. docs/finetuning.md shows one of each kind."},
    {SECTION(model, config_model, model),
     .help = "The shape of the BERT, by the names of Hugging Face's config.json. The defaults "
             "are BERT-Base's (arXiv 1810.04805). The size of the vocabulary is the corpus's. In "
             "fine-tuning only the two dropout probabilities are free; the rest is that of the model "
             "started from."},
    {SECTION(optimizer, optimizer_options, optimizer),
     .help = "The update rule. Moments go on from phase to phase, but where a phase resets them "
             "(`moments`)."},
    {SECTION(train, config_train, train),
     .help = "How the work is done. None of these but gradient_wire, weight_type and compute_type "
             "changes the result (rounding aside)."},
    {SECTION(phase, config_phase, phases), .plural = "phases", .most = CONFIG_MAX_PHASES,
     .count_offset = offsetof(struct config, phase_count),
     .help = "One section `[phase NAME]` a phase, run in the order they stand in; NAME is of "
             "letters, digits, `-` and `_`. On the command line: `phase.NAME.steps=100`.\n"
             "\n"
             "Each phase begins with a warm-up of its own. Over its updates s = 0, 1, ..., N - "
             "1, with W warm-up steps, D steps of decay and the peak η, `schedule` is one of\n"
             "\n"
             "| schedule | during the warm-up | then | |\n"
             "|---|---|---|---|\n"
             "| `continuous` | η (s + 1) / W, while s < W | η ((N - s) / (N - W))^p | starts at "
             "the peak, no jump; the first update already moves |\n"
             "| `google` | η s / W, while s < W | η (1 - s / N)^p | BERT's own code and MLPerf: "
             "decays as if from step 0, so the rate jumps down after the warm-up; the first "
             "update has rate 0 |\n"
             "| `nvidia` | η (k / N) / w, while k / N < w | η (1 - k / N)^p | k = s + 1, w = W / "
             "N; NVIDIA's PyTorch code (with p = 0.5); jumps down as well, the last update has "
             "rate 0 |\n"
             "| `trapezoid` | η (s + 1) / W, while s < W | η, while s < N - D; then η ((N - s) / D)^p | warm-up, "
             "constant rate and cooldown (arXiv 2405.18392), without a jump; with D = 0 it is η to the end, and "
             "does not depend on N |\n"
             "| `trapezoid_sqrt` | η (s + 1) / W, while s < W | η, while s < N - D; then η (1 - √(1 - (N - s) / D)) "
             "| the same with the decay that did best there |"},
};
/* clang-format on */

const struct schema config_schema = {.sections = sections,
                                     .count = sizeof sections / sizeof *sections};
