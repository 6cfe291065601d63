/* The entities that the tags of a sentence spell, by the rules of CoNLL's conlleval: B- begins one, I- goes on
 * with one of its type and begins one where there is none, E- is the last word of one and S- the only one. So
 * IOB2, IOB1 and IOBES are all read, and tags that follow no scheme give the same entities as there. */
#ifndef LAMBERT_SCORE_ENTITIES_H
#define LAMBERT_SCORE_ENTITIES_H

#include <stddef.h>

struct entity {
    int begin, end; /* words; end is behind the last */
    const char *type;
};

struct entity_list {
    struct entity *at; /* [count] in the order of words */
    int count;
    size_t capacity;
};

/* Of the tags of a sentence [words]; what the list held before is gone. Types point into the tags. */
void entities_find(struct entity_list *list, const char *const *tags, int words);

/* How many are in both, the same words with the same type. */
int entities_in_common(const struct entity_list *a, const struct entity_list *b);

void entities_release(struct entity_list *list);

#endif
