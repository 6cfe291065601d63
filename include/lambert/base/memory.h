/* Memory for small things: never NULL. A process that cannot have a few kilobytes ends with a
 * sentence (memory_run_out()); what is big is planned in an arena (base/arena.h) or
 * had with memory_big(), whose failure comes back as an error. */
#ifndef LAMBERT_BASE_MEMORY_H
#define LAMBERT_BASE_MEMORY_H

#include <stddef.h>

#include "lambert/base/error.h"

void *memory_new(size_t count, size_t size);               /* zeroed; free() */
void *memory_resize(void *old, size_t count, size_t size); /* as reallocarray; free() */
char *memory_copy_text(const char *text);                  /* free() */
char *memory_text(const char *format, ...) __attribute__((format(printf, 1, 2))); /* free() */

/* Ends the process, exit code 1: so many bytes could not be had, with what it was doing (base/activity.h) and what to
 * lower or raise. For libraries' own NULL as well. */
_Noreturn void memory_run_out(size_t bytes);

/* Zeroed pages (at least one), aligned to a page, from 2 MB on to 2 MB with transparent huge pages
 * asked for; `what` names it in the error. Free it with the same number of bytes.
 * Pages are taken when first written, so the thread that writes first decides the NUMA node. */
int memory_big(void **data, size_t bytes, const char *what, struct error *err);
void memory_big_free(void *data, size_t bytes);

#endif
