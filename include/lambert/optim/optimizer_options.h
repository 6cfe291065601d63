/* What an optimizer (optimizer.h has the equations) is made with. A configuration's [optimizer] is
 * one of these, and is handed on as it is. */
#ifndef LAMBERT_OPTIM_OPTIMIZER_OPTIONS_H
#define LAMBERT_OPTIM_OPTIMIZER_OPTIONS_H

#include <stdbool.h>

#include "lambert/optim/update_rule.h"

struct optimizer_options {
    enum update_rule rule;
    double beta1, beta2, epsilon;
    double momentum;       /* μ */
    double weight_decay;   /* λ */
    double max_grad_norm;  /* 0: no clipping */
    double max_update_rms; /* d; 0: no clipping of updates */
    bool bias_correction;
    bool decay_all;           /* weight decay on biases and LayerNorm as well */
    bool adapt_all;           /* trust ratio on biases and LayerNorm as well */
    double trust_coefficient; /* c */
    double ratio_min;         /* of trust ratios; 0: no bound */
    double ratio_max;         /* 0: no bound */
};

#endif
