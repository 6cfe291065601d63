/* The configuration of a run, and the one table that describes its keys.
 *
 * Each row of the table (src/config/keys.c) has a key's name, type, place in struct config,
 * default, range, whether it changes the result, and a sentence of help; a new key is one row and
 * one member, below or in the struct of a module that is a part of the configuration (struct
 * sampling, struct optimizer_options). The parser, the validation, the help text, the effective
 * configuration that `train` prints, the copy kept in checkpoints, docs/config.md and
 * lambert.ini(5) are all made from it. A choice between words is an enum from here on, that of the
 * module which it configures.
 *
 * Order: defaults < files (INI, read by inih) < `section.key=value` words of the command line.
 * A file has sections [run], [data] or, for fine-tuning, [task], [model], [optimizer], [train], and one
 * [phase NAME] a phase, in the order they are to be run. Before the first section, lines `include = FILE` put in all that
 * is in other files, relative to the folder of the one that includes them; what follows wins over
 * that. A relative name of a file that is not there is looked for in the folder of what comes with the program
 * (base/share_folder.h). On the command line a phase's key is `phase.NAME.key=value`. Words can begin phases only
 * where the files have none.
 * Other relative paths in a file are taken relative to the current folder, as in every other
 * command.
 *
 * Any unknown key, value out of range, or contradiction (config_check) is an error that names file,
 * line and the nearest valid key; nothing has happened by then. */
#ifndef LAMBERT_CONFIG_CONFIG_H
#define LAMBERT_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/base/float16.h"
#include "lambert/base/log.h"
#include "lambert/batch/batch_sizes.h"
#include "lambert/examples/task.h"
#include "lambert/kernels/kernels.h"
#include "lambert/optim/optimizer_options.h"
#include "lambert/optim/schedule.h"
#include "lambert/sample/mixture.h"
#include "lambert/sample/sampling.h"

enum { CONFIG_MAX_PHASES = 16, CONFIG_TEXT = 512, CONFIG_NAME = 32, CONFIG_NAME_WIDE = 128 };

/* Corpora of a phase: folders with commas between them. */
enum { CONFIG_MAX_CORPORA = MIXTURE_MOST, CONFIG_CORPORA = 8192 };

/* What to do about a step whose loss or gradient is not finite. */
enum on_nonfinite { NONFINITE_STOP, NONFINITE_SKIP };
enum replay_action { REPLAY_STOP, REPLAY_CONTINUE };

/* What a phase does with the optimizer's moments of the one before. */
enum phase_moments { MOMENTS_KEEP, MOMENTS_RESET };

/* What rows begin as that the model of run.start_from does not have. */
enum new_tokens { NEW_TOKENS_REFUSE, NEW_TOKENS_MEAN, NEW_TOKENS_FRESH };
enum new_positions { NEW_POSITIONS_REFUSE, NEW_POSITIONS_REPEAT, NEW_POSITIONS_FRESH };

struct config_run {
    char folder[CONFIG_TEXT];      /* of metrics, checkpoints */
    char start_from[CONFIG_TEXT];  /* weights of a new run; empty: fresh ones */
    char branch_from[CONFIG_TEXT]; /* whole state of a new run; empty: it is no branch */
    enum new_tokens new_tokens;
    enum new_positions new_positions;
    int64_t seed;
    int threads; /* a rank; 0: as many as dist/threads.h counts */
    bool lock;   /* the folder */
    int lock_seconds;
    enum log_level log_level;
};

struct config_data {
    char corpus[CONFIG_CORPORA];
    double weights[CONFIG_MAX_CORPORA]; /* [weight_count], of the corpora; none: by temperature */
    int weight_count;
    double temperature;           /* of shares by tokens */
    char vocabulary[CONFIG_TEXT]; /* empty: the corpus's own */
    struct sampling sampling;
    int cache_megabytes; /* of inflated corpus blocks, a rank */
    char stage_folder
        [CONFIG_TEXT]; /* of each host's own disk; empty: corpora are read where they lie */
};

struct config_task {
    enum task_kind kind;         /* TASK_NONE: pre-training, and the rest means nothing */
    char train[CONFIG_TEXT];     /* file of examples */
    char evaluate[CONFIG_TEXT];  /* empty: no evaluation */
    bool fresh_weights;          /* instead of those started from */
    enum table_form form;        /* of both */
    char text[CONFIG_NAME_WIDE]; /* columns, by name or number; see task_columns */
    char pair[CONFIG_NAME_WIDE];
    char label[CONFIG_NAME_WIDE];
    char id[CONFIG_NAME_WIDE];
    bool header;
    char separator[CONFIG_NAME];     /* multilabel */
    char label_file[CONFIG_TEXT];    /* a label a line; empty: those of the training set */
    char positive[CONFIG_NAME_WIDE]; /* the class that f1 is of; empty: the second of two */
    char metric[CONFIG_NAME];        /* that the best evaluation is chosen by; empty: the first */
    int stride;                      /* questions: pieces between windows */
    int question_length;             /* questions: pieces */
    int answer_length;               /* questions: pieces */
    int n_best;                      /* questions: answers that are weighed */
};

struct config_model {
    int hidden_size;
    int num_hidden_layers;
    int num_attention_heads;
    int intermediate_size;
    enum gelu_form hidden_act;
    double hidden_dropout_prob;
    double attention_probs_dropout_prob;
    int max_position_embeddings;
    int type_vocab_size;
    double initializer_range;
    double layer_norm_eps;
};

struct config_train {
    int micro_batch_tokens;
    int recompute;      /* layers of which one input is kept; 0: everything is */
    int evaluate_every; /* steps; 0: at the end of a phase only */
    int evaluate_sequences;
    double evaluate_masked_lm_probability;
    char evaluate_pairs[CONFIG_TEXT]; /* pre-training: minimal pairs; empty: none */
    int checkpoint_every;             /* steps; 0: at the end of a phase only */
    double checkpoint_minutes;        /* 0: none by the clock */
    int checkpoint_keep;
    int checkpoint_keep_every; /* steps; 0: none is kept for good */
    bool checkpoint_beside;    /* training goes on while they are written */
    int log_every;             /* steps between lines of the log file or terminal history */
    int report_every;          /* steps; 0: never */
    bool tensorboard;          /* event files beside metrics.jsonl */
    bool mlperf_log;           /* pre-training: MLPerf's log beside metrics.jsonl */
    enum on_nonfinite on_nonfinite;
    int replay_every; /* steps; 0: never */
    enum replay_action replay_action;
    int watchdog_seconds; /* 0: none */
    int ranks_per_node;   /* 0: those that share a machine */
    enum float_type gradient_wire;
    enum float_type weight_type;
    enum float_type compute_type;
    bool reproducible;
};

struct config_phase {
    char name[CONFIG_NAME];
    char corpus[CONFIG_CORPORA];        /* empty: data.corpus */
    double weights[CONFIG_MAX_CORPORA]; /* [weight_count]; see config_phase_mix() */
    int weight_count;
    double temperature; /* 0: data.temperature */
    int sequence_length;
    double masked_lm_probability;     /* 0: data's; see config_phase_masking() */
    double masked_lm_probability_end; /* 0: it does not change */
    int max_predictions_per_sequence; /* 0: no limit but the probability */
    int global_batch;                 /* sequences, until the first change */
    struct batch_change batch_changes[BATCH_CHANGES_MOST]; /* [batch_change_count] */
    int batch_change_count;
    double epochs; /* fine-tuning: passes over the training set; 0: steps hold */
    int steps;
    double hours;            /* instead of steps when above 0 */
    char rates[CONFIG_TEXT]; /* record of a run whose rates are taken; empty: the schedule's */
    double learning_rate;    /* peak */
    double warmup_ratio;     /* of steps */
    int warmup_steps;        /* instead of the ratio when above 0; both set: a contradiction */
    double decay_ratio;      /* of steps; of the trapezoids */
    int decay_steps;         /* instead of the ratio when above 0 */
    double decay_power;
    enum schedule_form schedule;
    enum phase_moments moments;
};

struct config {
    struct config_run run;
    struct config_data data; /* pre-training */
    struct config_task task; /* fine-tuning */
    struct config_model model;
    struct optimizer_options optimizer;
    struct config_train train;
    struct config_phase phases[CONFIG_MAX_PHASES];
    int phase_count;
};

void config_defaults(struct config *config);

/* path NULL: defaults and words only. Ends with config_check(). */
int config_load(struct config *config, const char *path, char *const *words, int word_count,
                struct error *err);

/* What can be read only once, a pipe, of the files of a configuration: what was in it, for who loads the configuration as
 * well. {0}: none was met. */
struct config_pipe {
    char *path; /* as the configuration names it */
    struct buffer text;
};
struct config_pipes {
    struct config_pipe *at; /* [count] */
    size_t count, capacity;
    bool met; /* one was met, though it may not have been read */
};
void config_pipes_add(struct config_pipes *pipes, const char *path, const struct buffer *text);
void config_pipes_release(struct config_pipes *pipes);

/* The same. Pipes that are among `pipes` are not read, those that are not, the file itself or one that is included, are
 * added to them when they were. */
int config_load_piped(struct config *config, struct config_pipes *pipes, const char *path,
                      char *const *words, int word_count, struct error *err);

/* The text that config_print() made, over the defaults; nothing is checked as a whole, and nothing
 * is included. `name` is for error sentences. */
int config_read(struct config *config, const char *text, const char *name, struct error *err);

/* What a phase is trained on, where its own keys and those of [data] are put together. */
struct config_mix {
    const char *corpora;   /* folders, with commas between them */
    const double *weights; /* [weight_count]; none: shares go by tokens and temperature */
    int weight_count;
    double temperature;
};
struct config_mix config_phase_mix(const struct config *config, int phase);

/* Which share of its tokens the first sample of a phase hides, and which its last would be followed by: it changes
 * linearly from sample to sample. */
struct config_masking {
    double begin, end; /* the same: it does not change */
};
struct config_masking config_phase_masking(const struct config *config, int phase);

/* The i-th folder of the list into folder, which is returned; NULL: there are no more. */
char *config_mix_folder(const struct config_mix *mix, int i, char folder[CONFIG_TEXT]);
int config_mix_count(const struct config_mix *mix);

/* The number of the phase of that name; -1 with a sentence when there is none. */
int config_find_phase(const struct config *config, const char *name, struct error *err);

/* The word for the value of a choice: config_word("model.hidden_act", GELU_TANH) is "gelu_new". */
const char *config_word(const char *key, unsigned value);

/* What no single key can know: heads divide hidden size, sequence lengths within the positions,
 * warm-up within the steps, at least one phase, ... */
int config_check(const struct config *config, struct error *err);

/* The effective configuration as an INI file that config_load() reads back to the same values.
 * result_only: only the keys that change the result, the copy that checkpoints carry. */
void config_print(const struct config *config, bool result_only, struct buffer *out);

/* Compares the result keys of two such texts (config_print with result_only). Differences whose
 * names (`phase.two.steps`) are in the comma-separated `accepted` (may be NULL) are let pass. The
 * error names the other differing keys with both values and how to accept them, one a line.
 * Which phases there are, and their order, counts as one key, `phases`. A key that one text lacks
 * had its default there, so checkpoints outlive new keys. An accepted name that is in neither text
 * is an error. */
int config_compare(const char *stored, const char *wanted, const char *accepted, struct error *err);

/* The same for a run that is branched off a checkpoint of another: which phases there are, and their keys of schedule
 * and batch (those of keys.c that say so), may differ as well. */
int config_compare_branch(const char *stored, const char *wanted, const char *accepted,
                          struct error *err);

/* Whether the name is in that list. */
bool config_is_accepted(const char *accepted, const char *name);

/* The reference page (docs/config.md), the same as the manual page lambert.ini(5), in roff, and the
 * short list for --help. */
void config_markdown(struct buffer *out);
void config_man(struct buffer *out);
void config_help(struct buffer *out);

/* The names of all keys, one a line; those of phases as phase.NAME.steps. */
void config_key_names(struct buffer *out);

#endif
