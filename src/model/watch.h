/* Calls to a struct bert_watch, and what is in it, where there is one. */
#ifndef LAMBERT_MODEL_WATCH_H
#define LAMBERT_MODEL_WATCH_H

#include "lambert/model/bert.h"

static inline void watch_needs(const struct bert_watch *watch, size_t begin, size_t end)
{
    if (watch && watch->needs)
        watch->needs(watch->who, begin, end);
}

static inline void watch_complete(const struct bert_watch *watch, size_t begin, size_t end)
{
    if (watch && watch->complete)
        watch->complete(watch->who, begin, end);
}

static inline void watch_pause(const struct bert_watch *watch)
{
    if (watch && watch->pause)
        watch->pause(watch->who);
}

#endif
