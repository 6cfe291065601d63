/* All ways in which this machine makes a model's arithmetic: each table of row kernels, with its own
 * matrix products and with cblas's. */
#ifndef LAMBERT_TESTS_MODEL_WAYS_H
#define LAMBERT_TESTS_MODEL_WAYS_H

/* Calls check() with each of them chosen. The plain table, whose products cblas makes, comes first.
 */
void for_each_way(void (*check)(void));

#endif
