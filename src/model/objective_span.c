/* Where in its sequence an answer starts and ends (BERT, section 4.2), of all rows x of the last block:
 *
 *     z = x Wsᵀ + bs
 *
 * the loss of a sequence being (-log softmax(z_1)[start] - log softmax(z_2)[end]) / 2, each softmax over
 * its rows. Neither sees the bias, whose gradient therefore is 0 but for rounding. */
#include "classifier.h"
#include "lambert/model/task_objectives.h"

enum { START, END, ENDS };

static const struct param_form params[CLASSIFIER_PARAMS] = CLASSIFIER_FORMS("qa_outputs");

struct scratch {
    struct classifier classifier;
    real *columns; /* [T, 2] of each sequence its starts, and then its ends */
    real *zeros;   /* [longest] */
};

static void *plan(const struct objective *objective, struct arena *arena,
                  const struct bert_config *config, const struct bert_capacity *capacity)
{
    (void)objective;
    (void)config;
    struct scratch *kept = arena_take(arena, 1, sizeof *kept);
    const struct scratch taken = {
        .classifier = classifier_take(arena, capacity->tokens, ENDS, capacity->sequences),
        .columns = arena_take(arena, (size_t)capacity->tokens * ENDS, sizeof(real)),
        .zeros = arena_take(arena, (size_t)capacity->longest, sizeof(real))};
    if (kept)
        *kept = taken;
    return kept;
}

static bool has_span(const struct packed_batch *batch, int n)
{
    return packed_batch_label(batch, n, START) >= 0 && packed_batch_label(batch, n, END) >= 0;
}

/* Half the term of one end, in a column of its own: the kernel wants what it sums over side by side. */
static struct term end_term(const struct objective_pass *pass, int n, int end)
{
    const struct scratch *s = pass->scratch;
    const struct packed_batch *batch = pass->batch;
    const int first = batch->sequence_start[n], rows = batch->sequence_start[n + 1] - first;
    const int32_t label = has_span(batch, n) ? packed_batch_label(batch, n, end) : -1;
    real *z = s->classifier.z + (size_t)first * ENDS + end;
    real *column = s->columns + (size_t)first * ENDS + (size_t)rows * (size_t)end;
    for (int r = 0; r < rows; r++)
        column[r] = z[r * ENDS];
    struct term term = label_term(s->zeros, label, pass->scale / 2, column, rows);
    for (int r = 0; r < rows; r++)
        z[r * ENDS] = column[r];
    term.loss /= 2;
    return term;
}

static int run(const struct objective_pass *pass, struct objective_sums *sums)
{
    const struct scratch *s = pass->scratch;
    classifier_forward(pass);
#pragma omp parallel for schedule(static)
    for (int n = 0; n < pass->batch->sequences; n++) {
        const struct term start = end_term(pass, n, START), end = end_term(pass, n, END);
        s->classifier.terms[n] = (struct term){.there = start.there,
                                               .loss = start.loss + end.loss,
                                               .correct = start.correct && end.correct};
    }
    return classifier_backward(pass, pass->batch->sequences, sums);
}

static double count_terms(const struct packed_batch *batch)
{
    double spans = 0;
    for (int n = 0; n < batch->sequences; n++)
        spans += has_span(batch, n);
    return spans;
}

struct objective objective_span(void)
{
    return (struct objective){.name = "span",
                              .rows = OBJECTIVE_ALL,
                              .params = params,
                              .param_count = CLASSIFIER_PARAMS,
                              .outputs = ENDS,
                              .count_terms = count_terms,
                              .count_products = classifier_products,
                              .plan = plan,
                              .run = run};
}
