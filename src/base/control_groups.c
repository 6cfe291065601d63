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

struct hierarchy {
    char place[LINE]; /* where it is mounted */
    char from[LINE];  /* the group that is mounted there, "/" mostly */
};

/* A line of mountinfo: "36 35 0:29 FROM PLACE OPTIONS ... - TYPE DEVICE MORE_OPTIONS", and what came first among the
 * options of version 1 are the controllers. Whether it is the hierarchy that is wanted. */
static bool is_mount_of(char *line, const char *controller, bool second_version,
                        struct hierarchy *found)
{
    char type[32], options[LINE];
    const char *rest = strstr(line, " - ");
    return rest && sscanf(rest, " - %31s %*s %4095s", type, options) == 2 &&
           strcmp(type, second_version ? "cgroup2" : "cgroup") == 0 &&
           (second_version || lists(options, controller)) &&
           sscanf(line, "%*s %*s %*s %4095s %4095s", found->from, found->place) == 2;
}

/* Where nothing says where the hierarchy is mounted it lies where most systems have it: that of version 2 alone, that of a
 * controller of version 1 under its name, which is a link where several have one together ("cpu,cpuacct"). */
static void find_hierarchy(const char *root, const char *controller, bool second_version,
                           struct hierarchy *found)
{
    char line[2 * LINE], *path = memory_text("%s/proc/self/mountinfo", root);
    bool is_there = false;
    FILE *file = fopen(path, "r");
    while (file && !is_there && fgets(line, sizeof line, file))
        is_there = is_mount_of(line, controller, second_version, found);
    if (file)
        fclose(file);
    free(path);
    if (is_there)
        return;
    snprintf(found->place, sizeof found->place, "/sys/fs/cgroup%s%s", second_version ? "" : "/",
             second_version ? "" : controller);
    strcpy(found->from, "/");
}

/* The group as it is seen from the one that is mounted. */
static const char *seen_from(const char *from, const char *group)
{
    const size_t length = strlen(from);
    const bool lies_in = strcmp(from, "/") != 0 && strncmp(from, group, length) == 0 &&
                         (group[length] == '/' || group[length] == '\0');
    return lies_in ? group + length : group;
}

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
        struct hierarchy hierarchy;
        find_hierarchy(root, controller, second_version, &hierarchy);
        char *place = memory_text("%s%s", root, hierarchy.place);
        each_up_from(place, seen_from(hierarchy.from, group), second_version, visit, context);
        free(place);
    }
    if (file)
        fclose(file);
    free(path);
}
