/* Loops of nothing but independent fused multiply-adds, one for each instruction set; of those for
 * bfloat16, nothing but products of pairs. */
#ifndef LAMBERT_KERNELS_PEAK_H
#define LAMBERT_KERNELS_PEAK_H

/* Runs `rounds` rounds; returns the operations made (an FMA is two). *result depends on all. */
typedef double peak_loop(long rounds, float *result);

/* Operations a second of all threads together, in one run of the loop; and in the best of a few. */
double peak_once(peak_loop *loop, int threads, long rounds);
double peak_best(peak_loop *loop, int threads, long rounds);

peak_loop peak_plain, peak_v3, peak_v4, peak_v4_bf16, peak_v4_amx, peak_neon, peak_neon_bf16;

#endif
