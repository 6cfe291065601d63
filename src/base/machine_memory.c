#include "lambert/base/machine_memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/control_groups.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

enum { LINE = 4096 };

/* --- the machine ------------------------------------------------------------------------------ */

static uint64_t of_machine(const char *root)
{
    char line[LINE], *path = memory_text("%s/proc/meminfo", root);
    uint64_t kilobytes, available = UINT64_MAX;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kilobytes) == 1)
            available = kilobytes * 1024;
    if (file)
        fclose(file);
    free(path);
    return available;
}

/* --- control groups --------------------------------------------------------------------------- */

/* Of what is used, what the group would drop to make room: file pages that nobody has read again.
 */
static uint64_t reclaimable(const char *folder, const char *name)
{
    char line[LINE], *path = memory_text("%s/memory.stat", folder);
    uint64_t value = 0;
    size_t length = strlen(name);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            value = strtoull(line + length, NULL, 10);
    if (file)
        fclose(file);
    free(path);
    return value;
}

struct group_files {
    const char *limit, *used, *reclaimable;
};

/* What a group's limit leaves. */
static uint64_t left_in(const char *folder, const struct group_files *files)
{
    uint64_t limit = control_group_number(folder, files->limit),
             used = control_group_number(folder, files->used);
    if (limit == UINT64_MAX || used == UINT64_MAX)
        return UINT64_MAX;
    uint64_t droppable = min_u64(reclaimable(folder, files->reclaimable), used);
    return limit > used - droppable ? limit - (used - droppable) : 0;
}

static void leave_less(const char *folder, bool second_version, void *context)
{
    static const struct group_files first = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                             "total_inactive_file"};
    static const struct group_files second = {"memory.max", "memory.current", "inactive_file"};
    uint64_t *left = context;
    *left = min_u64(*left, left_in(folder, second_version ? &second : &first));
}

static uint64_t of_groups(const char *root)
{
    uint64_t left = UINT64_MAX;
    control_groups_each(root, "memory", leave_less, &left);
    return left;
}

uint64_t machine_memory_available(const char *root)
{
    return min_u64(of_machine(root), of_groups(root));
}
