#include "lambert/base/first_error.h"

void first_error_init(struct first_error *first)
{
    pthread_mutex_init(&first->lock, NULL);
    atomic_init(&first->set, false);
}

void first_error_put(struct first_error *first, const struct error *err)
{
    pthread_mutex_lock(&first->lock);
    if (!atomic_load(&first->set)) {
        first->error = *err;
        atomic_store(&first->set, true);
    }
    pthread_mutex_unlock(&first->lock);
}

bool first_error_set(struct first_error *first)
{
    return atomic_load(&first->set);
}

int first_error_take(struct first_error *first, struct error *err)
{
    bool failed = atomic_load(&first->set);
    pthread_mutex_destroy(&first->lock);
    if (!failed)
        return 0;
    *err = first->error;
    return -1;
}
