#include "lambert/run/task_set.h"

#include <math.h>
#include <stdlib.h>

#include "lambert/base/error.h"
#include "lambert/base/log.h"
#include "lambert/base/minmax.h"
#include "lambert/model/task_objectives.h"

struct task_format task_format_of(const struct config_task *task)
{
    return (struct task_format){
        .kind = task->kind,
        .form = task->form,
        .columns = {.text = task->text, .pair = task->pair, .label = task->label, .id = task->id},
        .header = task->header,
        .separator = task->separator};
}

struct objective task_objective(enum task_kind kind, int labels)
{
    switch (kind) {
    case TASK_CLASSIFICATION:
        return objective_classes(labels);
    case TASK_REGRESSION:
        return objective_value();
    case TASK_MULTILABEL:
        return objective_labels(labels);
    case TASK_TAGGING:
        return objective_tags(labels);
    case TASK_QUESTIONS:
        return objective_span();
    case TASK_NONE:
        break;
    }
    require(!"a kind of task");
    return (struct objective){0};
}

const char *task_units(enum task_kind kind)
{
    return kind == TASK_TAGGING ? "sentences" : kind == TASK_QUESTIONS ? "questions" : "examples";
}

int task_set_count(const struct task_set *set)
{
    return set->examples.kind == TASK_TAGGING     ? set->examples.sentences.count
           : set->examples.kind == TASK_QUESTIONS ? set->examples.questions.count
                                                  : set->examples.texts.count;
}

/* --- examples and features --------------------------------------------------------------------- */

/* What could not be used as it is. */
static void tell(const struct task_set *set, const struct feature_report *report, const char *path)
{
    const int count = feature_set_count(set->features);
    log_info("%s: %d %s, %d sequences", path, task_set_count(set), task_units(set->examples.kind),
             count);
    if (report->truncated > 0 && set->examples.kind == TASK_TAGGING)
        log_info("%s: %d sentences are longer than a sequence and were cut into several", path,
                 report->truncated);
    else if (report->truncated > 0)
        log_info("%s: %d of them are longer than a sequence and were cut", path, report->truncated);
    if (report->left_out > 0)
        log_warning("%s: %d questions are left out, as their answer is not where it is said to be; "
                    "the first: %s",
                    path, report->left_out, report->first);
}

int task_set_read_examples(struct task_set *set, const struct config_task *task, const char *path,
                           enum task_use use, struct error *err)
{
    const struct task_format format = task_format_of(task);
    const bool labelled = use != TASK_PREDICTS;
    *set = (struct task_set){.features = NULL};
    if (gold_read(&set->examples, &format, path, labelled, err) < 0)
        return -1;
    set->examples.texts.labelled &= labelled; /* a file may have what nobody asks for */
    set->examples.sentences.labelled &= labelled;
    return 0;
}

int task_set_make_features(struct task_set *set, const struct task_reader *reader, const char *path,
                           enum task_use use, struct error *err)
{
    const struct task_format format = task_format_of(reader->task);
    const struct feature_options options = {.vocabulary = reader->vocabulary,
                                            .tokenizer = reader->tokenizer,
                                            .sequence_length = reader->sequence_length,
                                            .stride = reader->task->stride,
                                            .question_length = reader->task->question_length};
    struct feature_report report = {0};
    if (feature_set_of_gold(&set->features, &set->examples, &format, reader->labels,
                            use == TASK_TRAINS, &options, &report, err) < 0)
        return -1;
    if (feature_set_count(set->features) == 0) /* paragraphs without a word have no windows */
        return error_set(err, "%s: no question has a paragraph with words in it", path);
    tell(set, &report, path);
    return 0;
}

int task_set_read(struct task_set *set, const struct task_reader *reader, const char *path,
                  enum task_use use, struct error *err)
{
    if (task_set_read_examples(set, reader->task, path, use, err) < 0)
        return -1;
    if (task_set_make_features(set, reader, path, use, err) == 0)
        return 0;
    task_set_release(set);
    return -1;
}

void task_set_release(struct task_set *set)
{
    feature_set_free(set->features);
    gold_release(&set->examples);
    *set = (struct task_set){0};
}

void capacity_for(struct bert_capacity *capacity, const struct feature_set *features)
{
    const struct feature_extent extent = feature_set_extent(features);
    capacity->longest = max_int(capacity->longest, extent.longest);
    capacity->tokens = max_int(capacity->tokens, extent.longest);
    capacity->sequences = max_int(capacity->sequences, capacity->tokens / extent.shortest);
    capacity->labelled =
        max_int(capacity->labelled, (int)ceil(extent.labelled_rows_a_token * capacity->tokens));
}
