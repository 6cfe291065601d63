/* Memory that the ranks of a node map together. */
#ifndef LAMBERT_DIST_NODE_MEMORY_H
#define LAMBERT_DIST_NODE_MEMORY_H

#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/dist/dist.h"

/* Collective among the ranks of the node. Zeroed pages, aligned to 2 MB; pages are taken when first
 * written, except huge ones that were reserved. -1 on all of them, each with its own reason. */
int node_memory_map(void **data, const struct dist *dist, size_t bytes, struct error *err);
void node_memory_unmap(void *data, size_t bytes); /* [local] NULL is fine */

#endif
