#include "lambert/examples/name_index.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"

static int compare(const void *a, const void *b)
{
    const struct numbered_name *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

void name_index_init(struct name_index *index, const char *const *names, int count)
{
    index->at = memory_new((size_t)count, sizeof *index->at);
    index->count = count;
    for (int i = 0; i < count; i++)
        index->at[i] = (struct numbered_name){names[i], i};
    qsort(index->at, (size_t)count, sizeof *index->at, compare);
}

void name_index_release(struct name_index *index)
{
    free(index->at);
    *index = (struct name_index){0};
}

int name_index_find(const struct name_index *index, const char *name)
{
    int low = 0, high = index->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (strcmp(index->at[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < index->count && strcmp(index->at[low].name, name) == 0 ? index->at[low].number
                                                                        : -1;
}

int name_index_repeated(const struct name_index *index)
{
    for (int i = 1; i < index->count; i++)
        if (strcmp(index->at[i - 1].name, index->at[i].name) == 0)
            return index->at[i].number;
    return -1;
}

int names_repeated(const char *const *names, int count, int *first)
{
    struct name_index index;
    name_index_init(&index, names, count);
    const int repeated = name_index_repeated(&index);
    if (first && repeated >= 0)
        *first = name_index_find(&index, names[repeated]);
    name_index_release(&index);
    return repeated;
}
