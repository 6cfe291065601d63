#include "entities.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"

/* "B-PER" is 'B' and "PER"; what stands before the first hyphen and is not one letter is none of the letters
 * below. */
struct tag {
    char letter;
    const char *type;
};

static struct tag tag_of(const char *text)
{
    const char *hyphen = strchr(text, '-');
    const size_t size = hyphen ? (size_t)(hyphen - text) : strlen(text);
    return (struct tag){size == 1 ? *text : '?', hyphen ? hyphen + 1 : ""};
}

static bool is_one_of(char letter, const char *letters)
{
    return strchr(letters, letter) != NULL;
}

static bool ends_between(struct tag before, struct tag after)
{
    if (is_one_of(before.letter, "ES"))
        return true;
    if (is_one_of(before.letter, "BI") && is_one_of(after.letter, "BSO"))
        return true;
    return before.letter != 'O' && strcmp(before.type, after.type) != 0;
}

static bool begins_between(struct tag before, struct tag after)
{
    if (is_one_of(after.letter, "BS"))
        return true;
    if (is_one_of(before.letter, "ESO") && is_one_of(after.letter, "EI"))
        return true;
    return after.letter != 'O' && strcmp(before.type, after.type) != 0;
}

void entities_find(struct entity_list *list, const char *const *tags, int words)
{
    struct tag before = {'O', ""};
    bool open = false;
    list->count = 0;
    for (int w = 0; w <= words; w++) {
        const struct tag tag = w < words ? tag_of(tags[w]) : (struct tag){'O', ""};
        const bool begins = begins_between(before, tag);
        if (open && (begins || ends_between(before, tag))) {
            list->at[list->count - 1].end = w;
            open = false;
        }
        if (begins) {
            ARRAY_RESERVE(list->at, (size_t)list->count + 1, list->capacity);
            list->at[list->count++] = (struct entity){.begin = w, .type = tag.type};
            open = true;
        }
        before = tag;
    }
}

int entities_in_common(const struct entity_list *a, const struct entity_list *b)
{
    int common = 0;
    for (int i = 0, j = 0; i < a->count && j < b->count;) {
        const struct entity *x = &a->at[i], *y = &b->at[j];
        common += x->begin == y->begin && x->end == y->end && strcmp(x->type, y->type) == 0;
        i += x->begin <= y->begin;
        j += y->begin <= x->begin;
    }
    return common;
}

void entities_release(struct entity_list *list)
{
    free(list->at);
    *list = (struct entity_list){0};
}
