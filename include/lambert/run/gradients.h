/* The gradient of one global batch, for whoever wants to check it against another implementation.
 */
#ifndef LAMBERT_RUN_GRADIENTS_H
#define LAMBERT_RUN_GRADIENTS_H

#include <stdint.h>

#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/model/objective.h"

struct gradients_request {
    const struct config *config;
    const char *checkpoint; /* weights to take it at; NULL: those that a new run starts with */
    int phase;
    uint64_t batch; /* number of the global batch in its phase */
};

struct gradients_summary {
    struct gradients_loss {
        const char *name; /* of the objective */
        double mean;      /* over its terms; not a number where there are none */
        double terms;
    } losses[OBJECTIVE_MOST];
    int loss_count;
    double gradient_norm;
    uint64_t sequences, tokens;
};

/* Collective. Rank 0 writes a safetensors file: for each parameter, by its name, the gradient of
 * the losses of all objectives (MLM and NSP, or that of the task), each the mean over its terms in the
 * global batch, with the configured dropout, before clipping. */
int gradients_write(struct dist *dist, const struct gradients_request *request, const char *path,
                    struct gradients_summary *summary, struct error *err);

#endif
