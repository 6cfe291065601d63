#include "lambert/base/machine_memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A file with one number; UINT64_MAX where it is not there or says "max". */
static uint64_t read_number(const char *folder, const char *name)
{
    char *path = memory_text("%s/%s", folder, name);
    uint64_t value = UINT64_MAX;
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%" SCNu64, &value) != 1)
            value = UINT64_MAX;
        fclose(file);
    }
    free(path);
    return value;
}

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
    uint64_t limit = read_number(folder, files->limit), used = read_number(folder, files->used);
    if (limit == UINT64_MAX || used == UINT64_MAX)
        return UINT64_MAX;
    uint64_t droppable = min_u64(reclaimable(folder, files->reclaimable), used);
    return limit > used - droppable ? limit - (used - droppable) : 0;
}

/* Of the group and all it lies in. A container may see its own group as the root of the hierarchy,
 * under another name than /proc says: folders that are not there say nothing. */
static uint64_t left_up_from(const char *hierarchy, const char *group, bool second_version)
{
    static const struct group_files first = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                             "total_inactive_file"};
    static const struct group_files second = {"memory.max", "memory.current", "inactive_file"};
    char *folder = memory_text("%s%s", hierarchy, strcmp(group, "/") == 0 ? "" : group);
    size_t top = strlen(hierarchy);
    uint64_t left = UINT64_MAX;
    for (;;) {
        left = min_u64(left, left_in(folder, second_version ? &second : &first));
        char *slash = strrchr(folder + top, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    free(folder);
    return left;
}

/* A line of /proc/self/cgroup is "NUMBER:CONTROLLERS:GROUP"; version 2 has no controllers. */
static uint64_t of_groups(const char *root)
{
    char line[LINE], *path = memory_text("%s/proc/self/cgroup", root);
    uint64_t left = UINT64_MAX;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        bool second_version = controllers[1] == '\0';
        if (!second_version && strcmp(controllers + 1, "memory") != 0)
            continue;
        char *hierarchy = memory_text("%s/sys/fs/cgroup%s", root, second_version ? "" : "/memory");
        left = min_u64(left, left_up_from(hierarchy, group, second_version));
        free(hierarchy);
    }
    if (file)
        fclose(file);
    free(path);
    return left;
}

uint64_t machine_memory_available(const char *root)
{
    return min_u64(of_machine(root), of_groups(root));
}
