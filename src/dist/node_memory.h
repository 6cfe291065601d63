/* Memory that the ranks of a node map together. */
#ifndef LAMBERT_DIST_NODE_MEMORY_H
#define LAMBERT_DIST_NODE_MEMORY_H

#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/dist/dist.h"

enum node_pages { NODE_PAGES_HUGE, NODE_PAGES_SMALL };

/* Collective among the ranks of the node. Zeroed pages, aligned to 2 MB, which are to be taken with
 * node_memory_take() before they are used: huge ones that were reserved, or small ones. -1 on all of them, each with its
 * own reason. */
int node_memory_map(void **data, const struct dist *dist, size_t bytes, enum node_pages pages,
                    struct error *err);

/* [local] Takes the pages of a part of it, on the NUMA node of the caller. -1 where they are refused (a limit of a
 * control group, no pages left), for which a mere write would end the process with SIGBUS. */
int node_memory_take(void *part, size_t bytes, struct error *err);
void node_memory_unmap(void *data, size_t bytes); /* [local] NULL is fine */

#endif
