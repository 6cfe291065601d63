/* Next sentence prediction (BERT, section 3.1), on the pooled row p of each sequence:
 *
 *     logits = p Wnᵀ + bn
 *
 * A sequence whose label is -1 has no term. */
#include "classifier.h"

enum { CLASSES = 2 };

static const struct param_form params[CLASSIFIER_PARAMS] = CLASSIFIER_FORMS("cls.seq_relationship");

static int run(const struct objective_pass *pass, struct objective_sums *sums)
{
    return classifier_run(pass, pass->batch->next_sentence_label, sums);
}

static double count_terms(const struct packed_batch *batch)
{
    return labels_count(batch->next_sentence_label, (size_t)batch->sequences);
}

const struct objective objective_nsp = {.name = "nsp",
                                        .rows = OBJECTIVE_POOLED,
                                        .params = params,
                                        .param_count = CLASSIFIER_PARAMS,
                                        .outputs = CLASSES,
                                        .count_terms = count_terms,
                                        .count_products = classifier_products,
                                        .plan = classifier_plan,
                                        .run = run};
