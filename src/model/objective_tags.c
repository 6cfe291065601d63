/* A tag of each labelled row x of the last block, after dropout (BERT, section 5.3, without a CRF):
 *
 *     z = x Wcᵀ + bc
 *
 * A row whose label is -1 has no term. */
#include "classifier.h"
#include "lambert/model/task_objectives.h"

static int run(const struct objective_pass *pass, struct objective_sums *sums)
{
    return classifier_run(pass, pass->batch->row_labels, sums);
}

static double count_terms(const struct packed_batch *batch)
{
    return labels_count(batch->row_labels, (size_t)batch->labelled);
}

struct objective objective_tags(int tags)
{
    return (struct objective){.name = "tags",
                              .rows = OBJECTIVE_LABELLED,
                              .dropout = true,
                              .params = classifier_forms,
                              .param_count = CLASSIFIER_PARAMS,
                              .outputs = tags,
                              .count_terms = count_terms,
                              .count_products = classifier_products,
                              .plan = classifier_plan,
                              .run = run};
}
