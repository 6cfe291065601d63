/* The update rules once more, slowly: in double, on whole arrays, tensor by tensor, as the
 * equations in optimizer.h read. */
#ifndef LAMBERT_TESTS_OPTIM_REFERENCE_H
#define LAMBERT_TESTS_OPTIM_REFERENCE_H

#include "lambert/model/params.h"
#include "lambert/optim/optimizer.h"

struct reference {
    const struct param_table *table;
    struct optimizer_options options;
    double *w, *m, *v; /* [table size] */
    double *ratios;    /* [table count], r of the last step */
    int updates;
};

void reference_init(struct reference *reference, const struct param_table *table,
                    const struct optimizer_options *options, const double *w);
void reference_release(struct reference *reference);
void reference_step(struct reference *reference, double rate, const double *g /* [table size] */);

#endif
