#include "lambert/run/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/memory.h"
#include "lambert/dist/call_off.h"
#include "lambert/features/answers.h"
#include "lambert/run/metrics.h"

/* --- outputs of the model --------------------------------------------------------------------- */

/* Rows of outputs that a head makes of a batch. */
static int output_rows(const struct objective *objective, const struct packed_batch *batch)
{
    return objective->rows == OBJECTIVE_ALL        ? batch->tokens
           : objective->rows == OBJECTIVE_LABELLED ? batch->labelled
                                                   : batch->sequences;
}

/* One micro-batch, whose logits are appended. */
static void run_batch(struct bert *bert, const real *params, const struct packed_batch *batch,
                      struct buffer *logits, struct objective_sums *sums)
{
    const struct objective *objective = bert_objectives(bert).rows[0];
    const size_t rows = (size_t)output_rows(objective, batch);
    const struct objective_outputs outputs = {
        .logits = buffer_grow(logits, rows * (size_t)objective->outputs * sizeof(real))};
    bert_predict(bert, params, batch, &outputs, sums);
    activity_heartbeat();
}

/* Features [first, end), packed up to the budget; no more of them when it is given up. */
static void run_own(const struct dist *dist, struct bert *bert, const real *params,
                    const struct feature_set *features, int first, int end, int token_budget,
                    bool (*told)(void), struct call_off *call_off, struct buffer *logits,
                    struct objective_sums *sums)
{
    struct packed_batch batch;
    packed_batch_init(&batch);
    packed_batch_set_label_width(&batch, feature_set_label_width(features));
    for (int f = first; f < end; f++) {
        const int tokens = feature_set_at(features, f)->tokens;
        if (batch.sequences > 0 && batch.tokens + tokens > token_budget) {
            if (told && call_off_heard(dist, call_off, told()))
                break;
            run_batch(bert, params, &batch, logits, sums);
            packed_batch_reset(&batch);
        }
        feature_set_append(features, f, (uint64_t)f, 0, &batch);
    }
    if (batch.sequences > 0 && !(told && call_off_heard(dist, call_off, told())))
        run_batch(bert, params, &batch, logits, sums);
    packed_batch_release(&batch);
}

bool predict_features(struct task_outputs *outputs, const struct dist *dist, struct bert *bert,
                      const real *params, const struct feature_set *features, int token_budget,
                      bool (*told)(void))
{
    const int64_t count = feature_set_count(features);
    const int rank = dist_rank(dist), ranks = dist_size(dist);
    struct buffer own = {0}, all = {0};
    struct objective_sums sums = {0};
    struct call_off call_off;
    call_off_begin(&call_off);
    run_own(dist, bert, params, features, (int)(count * rank / ranks),
            (int)(count * (rank + 1) / ranks), token_budget, told, &call_off, &own, &sums);
    if (told && call_off_agree(dist, &call_off)) {
        buffer_release(&own);
        return false;
    }
    dist_gather(dist, own.data, own.size, &all);
    dist_sum_double(dist, &sums.loss, (int)(sizeof sums / sizeof(double)));
    buffer_release(&own);
    *outputs = (struct task_outputs){.logits = (float *)all.data,
                                     .loss = metrics_mean(sums.loss, sums.terms)};
    return true;
}

void task_outputs_release(struct task_outputs *outputs)
{
    free(outputs->logits);
    *outputs = (struct task_outputs){0};
}

/* --- what they say ---------------------------------------------------------------------------- */

static int largest(const float *logits, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

static void softmax(const float *logits, int count, float *probabilities)
{
    const double most = (double)logits[largest(logits, count)];
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += exp((double)logits[i] - most);
    for (int i = 0; i < count; i++)
        probabilities[i] = (float)(exp((double)logits[i] - most) / sum);
}

/* Of an example or a word: the label with the largest logit. */
static void say_class(struct predictions *predictions, int number, const float *logits)
{
    require(predictions->labels != NULL);
    const int labels = predictions->labels->count;
    predictions->classes[number] = largest(logits, labels);
    softmax(logits, labels, predictions->probabilities + (size_t)number * (size_t)labels);
}

/* Of an example: each label that is more likely than not. */
static void say_marks(struct predictions *predictions, int number, const float *logits)
{
    require(predictions->labels != NULL);
    const int labels = predictions->labels->count;
    const size_t first = (size_t)number * (size_t)labels;
    for (int l = 0; l < labels; l++) {
        predictions->probabilities[first + (size_t)l] = (float)(1 / (1 + exp(-(double)logits[l])));
        predictions->marks[first + (size_t)l] = logits[l] > 0;
    }
}

static void say_texts(struct predictions *predictions, const struct task_set *set,
                      const struct task_outputs *outputs)
{
    const size_t width = predictions->labels ? (size_t)predictions->labels->count : 1;
    for (int i = 0; i < predictions->count; i++) {
        const float *logits = outputs->logits + (size_t)i * width;
        predictions->ids[i] = set->examples.texts.at[i].id;
        if (predictions->kind == TASK_CLASSIFICATION)
            say_class(predictions, i, logits);
        else if (predictions->kind == TASK_MULTILABEL)
            say_marks(predictions, i, logits);
        else
            predictions->values[i] = (double)logits[0];
    }
}

/* Sequences are in the order of sentences, and their labelled rows in the order of words. */
static void say_tags(struct predictions *predictions, const struct task_outputs *outputs)
{
    for (int w = 0; w < predictions->count; w++)
        say_class(predictions, w, outputs->logits + (size_t)w * (size_t)predictions->labels->count);
}

void predictions_of(struct predictions *predictions, const struct config_task *task,
                    double null_threshold, const struct task_set *set,
                    const struct label_set *labels, const struct task_outputs *outputs)
{
    const enum task_kind kind = set->examples.kind;
    const size_t count =
        kind == TASK_TAGGING ? set->examples.sentences.words : (size_t)task_set_count(set);
    const size_t of_labels = labels ? count * (size_t)labels->count : 0;
    *predictions = (struct predictions){.kind = kind,
                                        .count = (int)count,
                                        .labels = labels,
                                        .sentences = &set->examples.sentences,
                                        .separator = task->separator};
    if (kind != TASK_TAGGING)
        predictions->ids = memory_new(count, sizeof *predictions->ids);
    if (of_labels > 0)
        predictions->probabilities = memory_new(of_labels, sizeof *predictions->probabilities);
    if (kind == TASK_CLASSIFICATION || kind == TASK_TAGGING)
        predictions->classes = memory_new(count, sizeof *predictions->classes);
    if (kind == TASK_MULTILABEL)
        predictions->marks = memory_new(of_labels, sizeof *predictions->marks);
    if (kind == TASK_REGRESSION)
        predictions->values = memory_new(count, sizeof *predictions->values);
    if (kind == TASK_QUESTIONS) {
        const struct answer_options options = {.n_best = task->n_best,
                                               .answer_length = task->answer_length,
                                               .may_be_none =
                                                   set->examples.questions.has_impossible,
                                               .null_threshold = null_threshold};
        for (size_t q = 0; q < count; q++)
            predictions->ids[q] = set->examples.questions.at[q].id;
        answers_find(&predictions->answers, set->features, &set->examples.questions,
                     outputs->logits, &options);
    } else if (kind == TASK_TAGGING) {
        say_tags(predictions, outputs);
    } else {
        say_texts(predictions, set, outputs);
    }
}
