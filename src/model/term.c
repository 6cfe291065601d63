#include "term.h"

#include <math.h>
#include <string.h>

#include "lambert/kernels/kernels.h"

double labels_count(const int32_t *labels, size_t count)
{
    double labelled = 0;
    for (size_t i = 0; i < count; i++)
        labelled += labels[i] >= 0;
    return labelled;
}

struct term label_term(const real *bias, int32_t label, double scale, real *logits, int n)
{
    struct term term = {.there = label >= 0};
    if (term.there)
        term.loss = kernels->cross_entropy(bias, label, (real)scale, logits, &term.correct, n);
    else
        memset(logits, 0, (size_t)n * sizeof *logits);
    return term;
}

int terms_add(const struct term *terms, int count, double *losses, struct objective_sums *sums)
{
    int there = 0;
    for (int i = 0; i < count; i++) {
        if (losses)
            losses[i] = terms[i].there ? terms[i].loss : NAN;
        if (!terms[i].there)
            continue;
        sums->loss += terms[i].loss;
        sums->correct += terms[i].correct;
        there++;
    }
    return there;
}
