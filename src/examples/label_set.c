#include "lambert/examples/label_set.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/examples/name_index.h"

/* Takes over the names. */
static void make_set(struct label_set *set, char **names, int count)
{
    struct name_index index;
    name_index_init(&index, (const char *const *)names, count);
    *set = (struct label_set){.names = names, .count = count};
    set->by_name = memory_new((size_t)count, sizeof *set->by_name);
    for (int i = 0; i < count; i++)
        set->by_name[i] = index.at[i].number;
    name_index_release(&index);
}

void label_set_release(struct label_set *set)
{
    for (int i = 0; i < set->count; i++)
        free(set->names[i]);
    free(set->names);
    free(set->by_name);
    *set = (struct label_set){0};
}

int label_set_find(const struct label_set *set, const char *name)
{
    int low = 0, high = set->count;
    while (low < high) {
        const int middle = low + (high - low) / 2, number = set->by_name[middle];
        const int order = strcmp(name, set->names[number]);
        if (order == 0)
            return number;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

/* --- lists ------------------------------------------------------------------------------------ */

static char *copy_bytes(const char *text, size_t size)
{
    return memcpy(memory_new(size + 1, 1), text, size); /* what follows is zeroed */
}

/* The label of the line at *position, which moves behind it; NULL: the line is empty. */
static char *next_label(const char *text, size_t size, size_t *position)
{
    const char *begin = text + *position, *newline = memchr(begin, '\n', size - *position);
    const char *end = newline ? newline : text + size;
    *position = (size_t)(end - text) + (newline != NULL);
    if (end > begin && end[-1] == '\r')
        end--;
    return end > begin ? copy_bytes(begin, (size_t)(end - begin)) : NULL;
}

/* Which line a label that stands twice is on for the second time. */
static int complain_of_repeated(const struct label_set *set, const char *name, struct error *err)
{
    for (int i = 1; i < set->count; i++) {
        const int number = set->by_name[i], before = set->by_name[i - 1];
        if (strcmp(set->names[number], set->names[before]) == 0)
            return error_set(err, "%s:%d: the label %s stands on line %d already", name, number + 1,
                             set->names[number], before + 1);
    }
    return 0;
}

int label_set_parse(struct label_set *set, const char *text, size_t size, const char *name,
                    struct error *err)
{
    char **names = memory_new(count_newlines(text, size) + 1, sizeof *names);
    int count = 0, status = 0;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    for (size_t position = 0; position < size && status == 0;) {
        names[count] = next_label(text, size, &position);
        if (names[count])
            count++;
        else
            status =
                error_set(err, "%s:%d: an empty line, where each line is a label", name, count + 1);
    }
    make_set(set, names, count);
    if (status == 0 && count == 0)
        status = error_set(err, "%s has no labels; it is to have one a line", name);
    if (status == 0)
        status = complain_of_repeated(set, name, err);
    if (status < 0)
        label_set_release(set);
    return status;
}

void label_set_print(const struct label_set *set, struct buffer *text)
{
    for (int i = 0; i < set->count; i++)
        buffer_print(text, "%s\n", set->names[i]);
}

/* --- labels that are found -------------------------------------------------------------------- */

/* Up to 18 digits, with a sign or without: such have an order of their own. */
static bool is_whole_number(const char *name)
{
    const char *digits = name + (*name == '-');
    const size_t count = strspn(digits, "0123456789");
    return count > 0 && count <= 18 && digits[count] == '\0';
}

static int compare_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_values(const void *a, const void *b)
{
    const long long x = strtoll(*(char *const *)a, NULL, 10);
    const long long y = strtoll(*(char *const *)b, NULL, 10);
    return x != y ? (x > y) - (x < y) : compare_bytes(a, b);
}

void label_set_collect(struct label_set *set, const char *const *names, size_t count)
{
    const char **sorted = memory_new(count, sizeof *sorted);
    char **own = memory_new(count, sizeof *own);
    int kept = 0;
    bool numbers = true;
    if (count > 0)
        memcpy(sorted, names, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_bytes);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(sorted[i], sorted[i - 1]) == 0)
            continue;
        own[kept++] = memory_copy_text(sorted[i]);
        numbers = numbers && is_whole_number(sorted[i]);
    }
    if (numbers)
        qsort(own, (size_t)kept, sizeof *own, compare_values);
    free(sorted);
    make_set(set, own, kept);
}
