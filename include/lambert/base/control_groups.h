/* The control groups of Linux that this process is in, of version 1 or 2: where their files lie.
 *
 * A limit holds for a group and all that lies in it, so who asks for one looks at the group of the process and at
 * each one above it. Where the hierarchies are mounted, and from which of their groups on, /proc/self/mountinfo says:
 * under /sys/fs/cgroup mostly, that of version 2 in its folder `unified` where there are hierarchies of version 1 beside it,
 * and in a container from the container's own group on. A container may see that under another name than /proc says:
 * folders that are not there say nothing, and the root is looked at in any case. */
#ifndef LAMBERT_BASE_CONTROL_GROUPS_H
#define LAMBERT_BASE_CONTROL_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

/* What one group says; `folder` is good during the call. */
typedef void control_group_visit(const char *folder, bool second_version, void *context);

/* Each group that `controller` ("memory", "cpu", "cpuset") may limit this process in, from its own to the root.
 * `root` stands for / : "" for the machine itself, a folder in tests. */
void control_groups_each(const char *root, const char *controller, control_group_visit *visit,
                         void *context);

/* A file of a group with one number; UINT64_MAX where it is not there, or says "max" or less than 0. */
uint64_t control_group_number(const char *folder, const char *name);

#endif
