/* The first error of several threads that work on one thing. Whoever fails says so here, the others
 * look now and then whether it is still worth going on, and whoever began the threads takes the
 * error when they are through.
 *
 *     struct first_error first;
 *     first_error_init(&first);
 *     #pragma omp parallel
 *     while (!first_error_set(&first) && there is more) {
 *         struct error err;
 *         if (work(&err) < 0)
 *             first_error_put(&first, &err);
 *     }
 *     return first_error_take(&first, err);
 */
#ifndef LAMBERT_BASE_FIRST_ERROR_H
#define LAMBERT_BASE_FIRST_ERROR_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "lambert/base/error.h"

struct first_error {
    pthread_mutex_t lock;
    atomic_bool set;
    struct error error;
};

void first_error_init(struct first_error *first);

/* Any thread. Keeps the first; later ones are dropped. */
void first_error_put(struct first_error *first, const struct error *err);

/* Any thread: whether there was one. */
bool first_error_set(struct first_error *first);

/* After all threads are through: 0, or -1 with the error. Ends the use of `first`. */
int first_error_take(struct first_error *first, struct error *err);

#endif
