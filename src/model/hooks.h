/* Calls to a struct bert_hooks, and what is in it, where there is one. */
#ifndef LAMBERT_MODEL_HOOKS_H
#define LAMBERT_MODEL_HOOKS_H

#include "lambert/model/bert.h"

static inline void hooks_needs(const struct bert_hooks *hooks, size_t begin, size_t end)
{
    if (hooks && hooks->needs)
        hooks->needs(hooks->who, begin, end);
}

static inline void hooks_complete(const struct bert_hooks *hooks, size_t begin, size_t end)
{
    if (hooks && hooks->complete)
        hooks->complete(hooks->who, begin, end);
}

static inline void hooks_pause(const struct bert_hooks *hooks)
{
    if (hooks && hooks->pause)
        hooks->pause(hooks->who);
}

#endif
