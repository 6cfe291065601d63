/* LAMB and its relatives on sharded state.
 *
 * Each rank holds moments for its shard (dist/sharding.h) and updates it; norms that a rule needs
 * (global gradient norm, per-tensor norms for trust ratios) are summed over shards exactly.
 *
 * Rules, per tensor w with gradient g (after clipping), t = updates made since the moments were 0, +
 * 1 (both go on through phases, until optimizer_reset_moments()), λ the weight decay or 0 where the
 * tensor is excluded:
 *
 *   lamb   m = β1 m + (1-β1) g;  v = β2 v + (1-β2) g²;  m̂ = m/(1-β1^t), v̂ = v/(1-β2^t) with bias
 *          correction, else m, v;  u = m̂ / (√v̂ + ε) + λ w;
 *          w -= η r u,  r = ‖w‖/‖u‖, or 1 where either is 0 or the tensor is excluded
 *          (You et al., arXiv 1904.00962, algorithm 2; constants and exclusions as in MLCommons'
 *          lamb_optimizer_v1.py)
 *   adamw  u as above;  w -= η r u                   (Loshchilov and Hutter, arXiv 1711.05101)
 *          r = 1, or with max_update_rms, d:  r = min(1, d / RMS),  RMS = √(mean of g² / max(v̂, ε²))
 *          over the tensor, whichever it is (StableAdamW has d = 1: Wortsman et al., arXiv
 *          2304.13013, algorithm 2, after Shazeer and Stern, arXiv 1804.04235, section 6)
 *   lars   u = g + λ w;  r = c ‖w‖ / (‖g‖ + λ ‖w‖), 1 as above;  m = μ m + η r u;  w -= m
 *                                                    (You et al., arXiv 1708.03888)
 *   sgd    u = g + λ w;  m = μ m + u;  w -= η m      (momentum SGD)
 *   lans   g' = g / ‖g‖, of this tensor, 0 where it is 0; moments as in lamb, of g';
 *          u = m̂ / (√v̂ + ε) + λ w,  u' = g' / (√v̂ + ε) + λ w;
 *          w -= η (β1 r u + (1-β1) r' u'),  r = ‖w‖/‖u‖ and r' = ‖w‖/‖u'‖, 1 as in lamb
 *          (Zheng et al., arXiv 2006.13484, algorithm 2); the gradient is not clipped
 *
 * By default biases and LayerNorm weights are excluded from decay and from adaptation
 * (param_info.is_bias_or_norm); decay_all and adapt_all include them.
 *
 * ratio_min and ratio_max are bounds of r and r', of lamb, lars (with its c) and lans, as min_coeff
 * and max_coeff are of the ratio in DeepSpeed's FusedLamb (0.01 and 10 there; here there are none by
 * default): a ratio outside is taken for the nearer one. A ratio that is 1 for want of a norm, or
 * because the tensor is excluded, stays 1, whatever the bounds. The clamp φ of LAMB's paper is
 * another thing: it bounds ‖w‖ before it is divided (section 3, γ_l and γ_u; lower_bound and
 * upper_bound of MXNet's LAMB). Here φ is the identity.
 *
 * max_update_rms is of adamw alone. Under a trust ratio the length of an update has no say, and lars
 * and sgd have no second moment to measure it by.
 *
 * A step takes two collectives of the ranks, the fewest there can be: the gradient's norm is needed
 * before the moments, the tensors' norms after them. Rules without trust ratios take the first
 * alone, and adamw the second where it clips updates. A report on tensors takes the same two, and a
 * third in lars and lans, where what is subtracted is known only then. */
#ifndef LAMBERT_OPTIM_OPTIMIZER_H
#define LAMBERT_OPTIM_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/real.h"
#include "lambert/dist/sharding.h"
#include "lambert/model/params.h"
#include "lambert/optim/optimizer_options.h"

/* Work is done in runs of at most so many elements: their weights, gradients and two moments fit
 * the first-level cache. A sharding with this unit makes norms, and so updates, the same bits on
 * any number of ranks. */
enum { OPTIMIZER_UNIT = 2048 };

struct optimizer;

/* Bytes of state a rank will hold. */
size_t optimizer_memory(const struct param_table *table, const struct sharding *sharding, int rank,
                        const struct optimizer_options *options);

/* Table and sharding must outlive it. Fails for want of memory. */
int optimizer_new(struct optimizer **optimizer, const struct param_table *table,
                  const struct sharding *sharding, int rank,
                  const struct optimizer_options *options, struct error *err);
void optimizer_free(struct optimizer *optimizer); /* NULL is fine */

struct optimizer_report {
    double gradient_norm; /* of the whole gradient, before clipping */
    double clip;          /* what the gradient was multiplied by, 1 when not clipped, and in lans */
    bool finite; /* no: the gradient is not finite, or the squares of what clipping leaves of it do
                    not fit a real, so that the second moment would not be; nothing was changed */
    int culprit; /* the first tensor of the table that is to blame; -1: the gradient is finite */
};

/* One tensor in one update. Norms are of the whole tensor, over all ranks. */
struct tensor_report {
    double weight_norm;   /* before the update */
    double gradient_norm; /* before clipping */
    double update_norm; /* of what was subtracted from the weights: η r ‖u‖, or ‖m‖ in lars */
    double trust_ratio; /* r, as it was used; 1 where the rule does not adapt, or not this tensor */
};

/* Collective. What the step would find in the gradient; changes nothing. */
void optimizer_measure(struct optimizer *optimizer, const struct dist *dist,
                       const real *shard_grads, struct optimizer_report *report);

/* Collective. shard_grads [sharding_count()] is the reduced gradient, used up as working
 * memory. Brings this rank's slices of params up to date; shard_gather() them afterwards. tensors
 * [table count] is filled in where there was an update; NULL, on all ranks or none: it is not
 * wanted. */
void optimizer_step(struct optimizer *optimizer, const struct dist *dist, double rate,
                    real *shard_grads, real *params, struct optimizer_report *report,
                    struct tensor_report *tensors);

/* Collective. Whether all weights and moments are finite: an update can overflow. */
bool optimizer_state_finite(struct optimizer *optimizer, const struct dist *dist,
                            const real *params);

/* To be called on all ranks alike. The moments are 0 again, and t is 1, as in a new run: bias
 * correction of moments that have just begun needs the count of their own updates. */
void optimizer_reset_moments(struct optimizer *optimizer);

/* Updates made. */
struct update_counts {
    int64_t of_moments; /* since the moments were 0: t - 1 */
    int64_t earlier;    /* before they were reset */
};

/* For checkpoints: the updates made, and the moments of this rank's shard by number and name. */
struct update_counts optimizer_updates(const struct optimizer *optimizer);
void optimizer_set_updates(struct optimizer *optimizer, struct update_counts updates);
int optimizer_moments(const struct optimizer *optimizer);                    /* how many: 1 or 2 */
const char *optimizer_moment_name(const struct optimizer *optimizer, int k); /* "m", "v" */
real *optimizer_moment(struct optimizer *optimizer, int k); /* [sharding_count()] */

#endif
