/* The gradient of one global batch, for whoever wants to check it against another implementation.
 */
#ifndef LAMBERT_RUN_GRADIENTS_H
#define LAMBERT_RUN_GRADIENTS_H

#include <stdint.h>

#include "lambert/config/config.h"
#include "lambert/dist/dist.h"

struct gradients_request {
    const struct config *config;
    const char *checkpoint; /* weights to take it at; NULL: those that a new run starts with */
    int phase;
    uint64_t batch; /* number of the global batch in its phase */
};

/* Means over the batch; mlm_loss is not a number where nothing is masked. */
struct gradients_summary {
    double mlm_loss, nsp_loss;
    double gradient_norm;
    uint64_t sequences, tokens, masked;
};

/* Collective. Rank 0 writes a safetensors file: for each parameter, by its name, the gradient of
 * MLM loss + NSP loss, each the mean over the global batch, with the configured dropout, before
 * clipping. */
int gradients_write(struct dist *dist, const struct gradients_request *request, const char *path,
                    struct gradients_summary *summary, struct error *err);

#endif
