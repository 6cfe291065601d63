#include "reference.h"
#include "reference_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"

void reference_drop(const struct reference_model *m, enum dropout_site site, int layer, int head,
                    double *x, int first_row, int rows, int n)
{
    double probability =
        site == DROPOUT_PROBS ? m->config->attention_dropout : m->config->hidden_dropout;
    if (!m->dropout)
        return;
    struct dropout dropout = dropout_at(m->key, site, layer, head, dropout_threshold(probability));
    real *mask = memory_new((size_t)n, sizeof *mask);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++)
            mask[i] = 1;
        kernels->dropout(&dropout, (uint32_t)(first_row + r), mask, mask, n);
        for (int i = 0; i < n; i++)
            x[r * n + i] *= (double)mask[i];
    }
    free(mask);
}

const real *reference_tensor(const struct reference_model *model, const char *format, int layer)
{
    char name[128];
    int length = snprintf(name, sizeof name, format, layer);
    require(length > 0 && (size_t)length < sizeof name);
    int number = param_table_find(model->table, name);
    if (number < 0)
        bug("no tensor %s", name);
    return model->params + model->table->infos[number].offset;
}

double *reference_linear(const double *x, int rows, int in, int out, const real *weight,
                         const real *bias)
{
    double *y = memory_new((size_t)(rows * out), sizeof *y);
    for (int r = 0; r < rows; r++)
        for (int o = 0; o < out; o++) {
            double sum = bias[o];
            for (int i = 0; i < in; i++)
                sum += x[r * in + i] * (double)weight[o * in + i];
            y[r * out + o] = sum;
        }
    return y;
}

static void layer_norm(double *x, int rows, int n, const real *gamma, const real *beta, double eps)
{
    for (int r = 0; r < rows; r++, x += n) {
        double mean = 0, variance = 0;
        for (int i = 0; i < n; i++)
            mean += x[i] / n;
        for (int i = 0; i < n; i++)
            variance += (x[i] - mean) * (x[i] - mean) / n;
        for (int i = 0; i < n; i++)
            x[i] = (x[i] - mean) / sqrt(variance + eps) * (double)gamma[i] + (double)beta[i];
    }
}

static void gelu(double *x, int count, enum gelu_form form)
{
    for (int i = 0; i < count; i++) {
        double v = x[i];
        x[i] = form == GELU_ERF
                   ? 0.5 * v * (1 + erf(v / sqrt(2)))
                   : 0.5 * v * (1 + tanh(sqrt(2 / acos(-1)) * (v + 0.044715 * v * v * v)));
    }
}

static void add(double *x, const double *y, int count)
{
    for (int i = 0; i < count; i++)
        x[i] += y[i];
}

static double *attend(const struct reference_model *m, int l, const double *q, const double *k,
                      const double *v, int S)
{
    int H = m->config->hidden, heads = m->config->heads, size = H / heads;
    double *out = memory_new((size_t)(S * H), sizeof *out), *p = memory_new((size_t)S, sizeof *p);
    for (int head = 0; head < heads; head++)
        for (int i = 0; i < S; i++) {
            double sum = 0;
            for (int j = 0; j < S; j++) {
                double score = 0;
                for (int d = head * size; d < (head + 1) * size; d++)
                    score += q[i * H + d] * k[j * H + d];
                p[j] = exp(score / sqrt(size));
                sum += p[j];
            }
            for (int j = 0; j < S; j++)
                p[j] /= sum;
            reference_drop(m, DROPOUT_PROBS, l, head, p, i, 1, S);
            for (int j = 0; j < S; j++)
                for (int d = head * size; d < (head + 1) * size; d++)
                    out[i * H + d] += p[j] * v[j * H + d];
        }
    free(p);
    return out;
}

#define LAYER "bert.encoder.layer.%d."

static double *encoder_layer(const struct reference_model *m, int l, double *x, int S)
{
    const struct bert_config *c = m->config;
    int H = c->hidden, F = c->intermediate;
    double *q =
        reference_linear(x, S, H, H, reference_tensor(m, LAYER "attention.self.query.weight", l),
                         reference_tensor(m, LAYER "attention.self.query.bias", l));
    double *k =
        reference_linear(x, S, H, H, reference_tensor(m, LAYER "attention.self.key.weight", l),
                         reference_tensor(m, LAYER "attention.self.key.bias", l));
    double *v =
        reference_linear(x, S, H, H, reference_tensor(m, LAYER "attention.self.value.weight", l),
                         reference_tensor(m, LAYER "attention.self.value.bias", l));
    double *context = attend(m, l, q, k, v, S);
    double *y = reference_linear(context, S, H, H,
                                 reference_tensor(m, LAYER "attention.output.dense.weight", l),
                                 reference_tensor(m, LAYER "attention.output.dense.bias", l));
    reference_drop(m, DROPOUT_ATTENTION, l, 0, y, 0, S, H);
    add(y, x, S * H);
    layer_norm(y, S, H, reference_tensor(m, LAYER "attention.output.LayerNorm.weight", l),
               reference_tensor(m, LAYER "attention.output.LayerNorm.bias", l), c->layer_norm_eps);
    double *up =
        reference_linear(y, S, H, F, reference_tensor(m, LAYER "intermediate.dense.weight", l),
                         reference_tensor(m, LAYER "intermediate.dense.bias", l));
    gelu(up, S * F, c->gelu);
    double *out = reference_linear(up, S, F, H, reference_tensor(m, LAYER "output.dense.weight", l),
                                   reference_tensor(m, LAYER "output.dense.bias", l));
    reference_drop(m, DROPOUT_FEED_FORWARD, l, 0, out, 0, S, H);
    add(out, y, S * H);
    layer_norm(out, S, H, reference_tensor(m, LAYER "output.LayerNorm.weight", l),
               reference_tensor(m, LAYER "output.LayerNorm.bias", l), c->layer_norm_eps);
    free(x), free(q), free(k), free(v), free(context), free(y), free(up);
    return out;
}

double *reference_encode(const struct reference_model *m, const struct packed_batch *batch, int n,
                         int layers)
{
    int H = m->config->hidden, begin = batch->sequence_start[n];
    int S = batch->sequence_start[n + 1] - begin;
    const real *word = reference_tensor(m, "bert.embeddings.word_embeddings.weight", 0);
    const real *position = reference_tensor(m, "bert.embeddings.position_embeddings.weight", 0);
    const real *type = reference_tensor(m, "bert.embeddings.token_type_embeddings.weight", 0);
    double *x = memory_new((size_t)(S * H), sizeof *x);
    for (int s = 0; s < S; s++)
        for (int i = 0; i < H; i++)
            x[s * H + i] = (double)word[batch->input_ids[begin + s] * H + i] +
                           (double)position[s * H + i] +
                           (double)type[batch->token_type_ids[begin + s] * H + i];
    layer_norm(x, S, H, reference_tensor(m, "bert.embeddings.LayerNorm.weight", 0),
               reference_tensor(m, "bert.embeddings.LayerNorm.bias", 0), m->config->layer_norm_eps);
    reference_drop(m, DROPOUT_EMBEDDING, 0, 0, x, 0, S, H);
    for (int l = 0; l < layers; l++)
        x = encoder_layer(m, l, x, S);
    return x;
}

double reference_cross_entropy(const double *logits, int count, int label, double *correct)
{
    double sum = 0;
    int best = 0;
    for (int i = 0; i < count; i++) {
        sum += exp(logits[i]);
        if (logits[i] > logits[best])
            best = i;
    }
    *correct += best == label;
    return log(sum) - logits[label];
}

double *reference_masked_logits(const struct reference_model *m, const double *x)
{
    int H = m->config->hidden, V = m->config->vocab;
    double *t = reference_linear(x, 1, H, H,
                                 reference_tensor(m, "cls.predictions.transform.dense.weight", 0),
                                 reference_tensor(m, "cls.predictions.transform.dense.bias", 0));
    gelu(t, H, m->config->gelu);
    layer_norm(t, 1, H, reference_tensor(m, "cls.predictions.transform.LayerNorm.weight", 0),
               reference_tensor(m, "cls.predictions.transform.LayerNorm.bias", 0),
               m->config->layer_norm_eps);
    double *logits = reference_linear(
        t, 1, H, V, reference_tensor(m, "bert.embeddings.word_embeddings.weight", 0),
        reference_tensor(m, "cls.predictions.bias", 0));
    free(t);
    return logits;
}

static void masked_losses(const struct reference_model *m, const struct packed_batch *batch, int n,
                          const double *x, struct objective_sums *mlm)
{
    int H = m->config->hidden, V = m->config->vocab, begin = batch->sequence_start[n];
    for (int k = 0; k < batch->labelled; k++) {
        int row = batch->labelled_rows[k];
        if (row < begin || row >= batch->sequence_start[n + 1])
            continue;
        double *logits = reference_masked_logits(m, x + (row - begin) * H);
        mlm->loss += reference_cross_entropy(logits, V, batch->row_labels[k], &mlm->correct);
        mlm->terms++;
        free(logits);
    }
}

double *reference_pooled(const struct reference_model *m, const double *x)
{
    int H = m->config->hidden;
    double *pooled =
        reference_linear(x, 1, H, H, reference_tensor(m, "bert.pooler.dense.weight", 0),
                         reference_tensor(m, "bert.pooler.dense.bias", 0));
    for (int i = 0; i < H; i++)
        pooled[i] = tanh(pooled[i]);
    return pooled;
}

double *reference_sentence_logits(const struct reference_model *m, const double *x)
{
    double *pooled = reference_pooled(m, x);
    double *logits = reference_linear(pooled, 1, m->config->hidden, 2,
                                      reference_tensor(m, "cls.seq_relationship.weight", 0),
                                      reference_tensor(m, "cls.seq_relationship.bias", 0));
    free(pooled);
    return logits;
}

static void sentence_loss(const struct reference_model *m, int label, const double *x,
                          struct objective_sums *nsp)
{
    if (label < 0)
        return;
    double *logits = reference_sentence_logits(m, x);
    nsp->loss += reference_cross_entropy(logits, 2, label, &nsp->correct);
    nsp->terms++;
    free(logits);
}

void reference_losses(const struct bert_config *config, const struct param_table *table,
                      const real *params, const struct packed_batch *batch, bool dropout,
                      struct objective_sums sums[PRETRAINING_OBJECTIVES])
{
    struct reference_model model = {
        .config = config, .table = table, .params = params, .dropout = dropout};
    for (int n = 0; n < batch->sequences; n++) {
        model.key = batch->sample_key[n];
        double *x = reference_encode(&model, batch, n, config->layers);
        masked_losses(&model, batch, n, x, &sums[PRETRAINING_MLM]);
        sentence_loss(&model, batch->next_sentence_label[n], x, &sums[PRETRAINING_NSP]);
        free(x);
    }
}
