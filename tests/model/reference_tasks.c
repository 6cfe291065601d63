#include "reference_tasks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "reference_parts.h"

struct head {
    struct reference_model model;
    const struct packed_batch *batch;
    int outputs;
    struct objective_sums *sums;
    const struct reference_said *said;
};

static void add_term(struct head *head, int place, double loss, bool correct)
{
    head->sums->loss += loss;
    head->sums->correct += correct;
    head->sums->terms++;
    head->said->losses[place] = loss;
}

/* z [rows, outputs], kept from row `place` on. */
static double *say(struct head *head, const char *layer, const double *x, int rows, int place)
{
    const int K = head->outputs;
    char weight[64], bias[64];
    snprintf(weight, sizeof weight, "%s.weight", layer);
    snprintf(bias, sizeof bias, "%s.bias", layer);
    double *z = reference_linear(x, rows, head->model.config->hidden, K,
                                 reference_tensor(&head->model, weight, 0),
                                 reference_tensor(&head->model, bias, 0));
    memcpy(head->said->logits + place * K, z, (size_t)(rows * K) * sizeof *z);
    return z;
}

/* A loss of its class, or nothing. */
static void classify(struct head *head, int place, const double *z, int label)
{
    double correct = 0;
    if (label < 0)
        return;
    const double loss = reference_cross_entropy(z, head->outputs, label, &correct);
    add_term(head, place, loss, correct > 0);
}

static void mark(struct head *head, int n, const double *z)
{
    for (int k = 0; k < head->outputs; k++) {
        const int label = head->batch->labels[n * head->outputs + k];
        const double p = 1 / (1 + exp(-z[k]));
        if (label >= 0)
            add_term(head, n * head->outputs + k, -log(label ? p : 1 - p), (p > 0.5) == label);
    }
}

static void text(struct head *head, const char *name, int n, const double *x)
{
    const int H = head->model.config->hidden;
    double *pooled = reference_pooled(&head->model, x);
    reference_drop(&head->model, DROPOUT_HEAD, 0, 0, pooled, 0, 1, H);
    double *z = say(head, "classifier", pooled, 1, n);
    const double value = (double)head->batch->values[n];
    if (strcmp(name, "classes") == 0)
        classify(head, n, z, head->batch->labels[n]);
    else if (strcmp(name, "labels") == 0)
        mark(head, n, z);
    else if (value == value)
        add_term(head, n, (z[0] - value) * (z[0] - value), false);
    free(pooled), free(z);
}

static void tags(struct head *head, int n, double *x)
{
    const struct packed_batch *batch = head->batch;
    const int H = head->model.config->hidden, begin = batch->sequence_start[n];
    for (int m = 0; m < batch->labelled; m++) {
        const int position = batch->labelled_rows[m] - begin;
        if (position < 0 || batch->labelled_rows[m] >= batch->sequence_start[n + 1])
            continue;
        double *row = x + position * H;
        reference_drop(&head->model, DROPOUT_HEAD, 0, 0, row, position, 1, H);
        double *z = say(head, "classifier", row, 1, m);
        classify(head, m, z, batch->row_labels[m]);
        free(z);
    }
}

static void span(struct head *head, int n, const double *x)
{
    const int begin = head->batch->sequence_start[n];
    const int S = head->batch->sequence_start[n + 1] - begin;
    const int32_t *labels = head->batch->labels + 2 * n;
    double *z = say(head, "qa_outputs", x, S, begin), correct = 0, loss = 0;
    double *ends = memory_new((size_t)S, sizeof *ends);
    for (int end = 0; end < 2 && labels[0] >= 0 && labels[1] >= 0; end++) {
        for (int r = 0; r < S; r++)
            ends[r] = z[2 * r + end];
        loss += reference_cross_entropy(ends, S, labels[end], &correct) / 2;
    }
    if (labels[0] >= 0 && labels[1] >= 0)
        add_term(head, n, loss, correct == 2);
    free(z), free(ends);
}

void reference_task(const struct bert_config *config, const struct param_table *table,
                    const real *params, const struct packed_batch *batch, bool dropout,
                    struct objective_sums *sums, const struct reference_said *said)
{
    const char *name = config->objectives[0]->name;
    struct head head = {
        .model = {.config = config, .table = table, .params = params, .dropout = dropout},
        .batch = batch,
        .outputs = config->objectives[0]->outputs,
        .sums = sums,
        .said = said};
    for (int n = 0; n < batch->sequences; n++) {
        head.model.key = batch->sample_key[n];
        double *x = reference_encode(&head.model, batch, n, config->layers);
        if (strcmp(name, "tags") == 0)
            tags(&head, n, x);
        else if (strcmp(name, "span") == 0)
            span(&head, n, x);
        else
            text(&head, name, n, x);
        free(x);
    }
}
