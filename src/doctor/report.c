#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/json.h"
#include "lambert/base/memory.h"

enum { NAME_WIDTH = 14, MOST_LINES = 8 /* of a check, as text */, MOST_NAMES = 4 };

static const char *const level_words[] = {
    [FINDING_WELL] = "ok", [FINDING_WARNING] = "warn", [FINDING_FAULT] = "FAIL"};

/* --- putting together -------------------------------------------------------------------------- */

/* Findings that are one: members [count] are their places in the list of all. */
struct group {
    int *members;
    int count;
};

static bool are_one(const struct finding *a, const struct finding *b)
{
    return a->level == b->level && a->place == b->place &&
           strcmp(a->what.text, b->what.text) == 0 && strcmp(a->cure.text, b->cure.text) == 0;
}

/* Of all findings [count] those that are like the one at `first`; taken [count] marks them. */
static struct group group_of(const struct finding *all, int count, int first, bool *taken)
{
    struct group group = {.members = memory_new((size_t)count, sizeof *group.members)};
    for (int i = first; i < count; i++)
        if (!taken[i] && are_one(&all[i], &all[first])) {
            taken[i] = true;
            group.members[group.count++] = i;
        }
    return group;
}

/* Whether an earlier member of the group is on the same host. */
static bool host_is_named(const struct finding *all, const struct group *group, int member)
{
    for (int m = 0; m < member; m++)
        if (strcmp(all[group->members[m]].host, all[group->members[member]].host) == 0)
            return true;
    return false;
}

/* --- as text ----------------------------------------------------------------------------------- */

/* "host n1: ", "hosts n1, n2: ", "rank 3 on n2: ", "ranks 0, 1, 2, 3 and 12 more: ". */
static void print_place(const struct finding *all, const struct group *group, struct buffer *out)
{
    const struct finding *first = &all[group->members[0]];
    int named = 0, more = 0;
    if (first->place == OF_JOB)
        return;
    struct buffer names = {0};
    for (int m = 0; m < group->count; m++) {
        const struct finding *one = &all[group->members[m]];
        if (first->place == OF_HOST && host_is_named(all, group, m))
            continue;
        if (named == MOST_NAMES) {
            more++;
            continue;
        }
        buffer_print(&names, "%s", named++ > 0 ? ", " : "");
        if (first->place == OF_HOST)
            buffer_print(&names, "%s", one->host);
        else
            buffer_print(&names, "%d", one->rank);
    }
    buffer_print(out, "%s%s %s", first->place == OF_HOST ? "host" : "rank",
                 named + more > 1 ? "s" : "", buffer_text(&names));
    if (more > 0)
        buffer_print(out, " and %d more", more);
    if (first->place == OF_RANK && group->count == 1)
        buffer_print(out, " on %s", first->host);
    buffer_print(out, ": ");
    buffer_release(&names);
}

static void print_text(const char *check, const struct finding *all, const struct group *group)
{
    const struct finding *finding = &all[group->members[0]];
    struct buffer place = {0};
    print_place(all, group, &place);
    printf("%-5s %-*s %s%s\n", level_words[finding->level], NAME_WIDTH, check, buffer_text(&place),
           finding->what.text);
    if (finding->cure.text[0])
        printf("%-5s %-*s cure: %s\n", "", NAME_WIDTH, "", finding->cure.text);
    buffer_release(&place);
}

/* --- as JSON ----------------------------------------------------------------------------------- */

static void print_line(cJSON *object)
{
    char *text = json_print(object);
    puts(text);
    free(text);
}

static void print_json(const char *check, const struct finding *all, const struct group *group)
{
    const struct finding *finding = &all[group->members[0]];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "check", check);
    cJSON_AddStringToObject(object, "level", level_words[finding->level]);
    cJSON_AddStringToObject(object, "found", finding->what.text);
    if (finding->cure.text[0])
        cJSON_AddStringToObject(object, "cure", finding->cure.text);
    if (finding->place != OF_JOB) {
        cJSON *hosts = cJSON_AddArrayToObject(object, "hosts");
        cJSON *ranks = finding->place == OF_RANK ? cJSON_AddArrayToObject(object, "ranks") : NULL;
        for (int m = 0; m < group->count; m++) {
            const struct finding *one = &all[group->members[m]];
            if (!host_is_named(all, group, m))
                cJSON_AddItemToArray(hosts, cJSON_CreateString(one->host));
            if (ranks)
                cJSON_AddItemToArray(ranks, cJSON_CreateNumber(one->rank));
        }
    }
    print_line(object);
}

/* --- a check ----------------------------------------------------------------------------------- */

static int print_level(const struct finding *all, int count, enum finding_level level, bool json,
                       const char *check)
{
    bool *taken = memory_new((size_t)count, sizeof *taken);
    int groups = 0;
    for (int i = 0; i < count; i++) {
        if (all[i].level != level || taken[i])
            continue;
        struct group group = group_of(all, count, i, taken);
        if (json)
            print_json(check, all, &group);
        else if (groups < MOST_LINES)
            print_text(check, all, &group);
        groups++;
        free(group.members);
    }
    if (!json && groups > MOST_LINES)
        printf("%-5s %-*s and %d more (--json has all)\n", level_words[level], NAME_WIDTH, check,
               groups - MOST_LINES);
    free(taken);
    return groups;
}

void report_check(const struct dist *dist, bool json, const char *check, struct findings *findings,
                  struct doctor_counts *counts)
{
    struct buffer all = {0};
    dist_gather(dist, findings->list, findings->count * sizeof *findings->list, &all);
    findings->count = 0;
    if (dist_rank(dist) == 0) {
        const struct finding *list = (const struct finding *)all.data;
        const int count = (int)(all.size / sizeof *list);
        const int faults = print_level(list, count, FINDING_FAULT, json, check);
        const int warnings = print_level(list, count, FINDING_WARNING, json, check);
        if (faults + warnings == 0)
            counts->well += print_level(list, count, FINDING_WELL, json, check) > 0;
        counts->faults += faults;
        counts->warnings += warnings;
        fflush(stdout);
    }
    buffer_release(&all);
}

void report_end(bool json, const struct doctor_counts *counts, double seconds)
{
    if (!json) {
        printf("%d ok, %d to be looked at, %d failed; %.1f s\n", counts->well, counts->warnings,
               counts->faults, seconds);
        return;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "ok", counts->well);
    cJSON_AddNumberToObject(object, "warn", counts->warnings);
    cJSON_AddNumberToObject(object, "fail", counts->faults);
    cJSON_AddNumberToObject(object, "seconds", seconds);
    print_line(object);
}
