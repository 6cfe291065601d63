/* How much memory this process may still take, on Linux: what the machine has available
 * (MemAvailable of /proc/meminfo: free, or given back on demand), and what the limits of its
 * control groups (version 2 or 1, each group up to the root) leave, whichever is less. */
#ifndef LAMBERT_BASE_MACHINE_MEMORY_H
#define LAMBERT_BASE_MACHINE_MEMORY_H

#include <stdint.h>

/* Bytes; UINT64_MAX: nothing says how much. `root` stands for / : "" for the machine itself, a
 * folder in tests. */
uint64_t machine_memory_available(const char *root);

#endif
