#include "lambert/base/control_groups.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"

enum { LINE = 4096 };

uint64_t control_group_number(const char *folder, const char *name)
{
    char *path = memory_text("%s/%s", folder, name);
    char text[64] = "";
    uint64_t value = UINT64_MAX;
    FILE *file = fopen(path, "r");
    if (file) {
        if (!fgets(text, sizeof text, file) || text[0] == '-' ||
            sscanf(text, "%" SCNu64, &value) != 1)
            value = UINT64_MAX;
        fclose(file);
    }
    free(path);
    return value;
}

static void each_up_from(const char *hierarchy, const char *group, bool second_version,
                         control_group_visit *visit, void *context)
{
    char *folder = memory_text("%s%s", hierarchy, strcmp(group, "/") == 0 ? "" : group);
    const size_t top = strlen(hierarchy);
    for (;;) {
        visit(folder, second_version, context);
        char *slash = strrchr(folder + top, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    free(folder);
}

/* Whether the list "cpu,cpuacct" has the word. */
static bool lists(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, length) == 0 && (at[length] == '\0' || at[length] == ','))
            return true;
    }
    return false;
}

/* Version 2 has one hierarchy. In version 1 a controller finds its own under its name, which is a link where several
 * have one together ("cpu,cpuacct"). */
void control_groups_each(const char *root, const char *controller, control_group_visit *visit,
                         void *context)
{
    char line[LINE], *path = memory_text("%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line,
                         file)) { /* NUMBER:CONTROLLERS:GROUP; version 2 has no controllers */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        controllers++;
        *group++ = '\0';
        const bool second_version = controllers[0] == '\0';
        if (!second_version && !lists(controllers, controller))
            continue;
        char *hierarchy = memory_text("%s/sys/fs/cgroup%s%s", root, second_version ? "" : "/",
                                      second_version ? "" : controller);
        each_up_from(hierarchy, group, second_version, visit, context);
        free(hierarchy);
    }
    if (file)
        fclose(file);
    free(path);
}
