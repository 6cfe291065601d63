/* The examples of one file of a task, and their features. */
#ifndef LAMBERT_RUN_TASK_SET_H
#define LAMBERT_RUN_TASK_SET_H

#include <stdbool.h>

#include "lambert/base/error.h"
#include "lambert/config/config.h"
#include "lambert/features/feature_set.h"
#include "lambert/model/objective.h"
#include "lambert/score/gold.h"

/* What files and features of a task are read by. */
struct task_reader {
    const struct config_task *task;
    const struct vocabulary *vocabulary;
    struct tokenizer_options tokenizer;
    int sequence_length;
    const struct label_set *labels; /* NULL: the task has none, or they are still to be found */
};

struct task_set {
    struct gold examples;
    struct feature_set *features;
};

/* What is wanted of a file's examples. */
enum task_use {
    TASK_TRAINS,    /* all are labelled; questions whose answer is not found are left out */
    TASK_EVALUATES, /* all are labelled */
    TASK_PREDICTS   /* labels are not looked at */
};

/* [local] Examples and their features. On failure there is nothing to release. */
int task_set_read(struct task_set *set, const struct task_reader *reader, const char *path,
                  enum task_use use, struct error *err);
void task_set_release(struct task_set *set); /* fine on a zeroed one */

/* [local] The same in two steps, where labels are to be found between them (gold_labels()). */
int task_set_read_examples(struct task_set *set, const struct config_task *task, const char *path,
                           enum task_use use, struct error *err);
int task_set_make_features(struct task_set *set, const struct task_reader *reader, const char *path,
                           enum task_use use, struct error *err);

/* Examples, and what they are called: "examples", "sentences", "questions". */
int task_set_count(const struct task_set *set);
const char *task_units(enum task_kind kind);

/* Widens what a micro-batch holds so that those of the features fit: as many tokens as it says, or those of
 * the longest sequence. */
void capacity_for(struct bert_capacity *capacity, const struct feature_set *features);

/* The head of such a task. */
struct objective task_objective(enum task_kind kind, int labels);

/* The format that the keys of a configuration describe. */
struct task_format task_format_of(const struct config_task *task);

#endif
