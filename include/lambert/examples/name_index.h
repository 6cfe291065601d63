/* Names by their bytes: which number a name of a list has, and whether one stands there twice. The names
 * are the caller's and must outlive the index. */
#ifndef LAMBERT_EXAMPLES_NAME_INDEX_H
#define LAMBERT_EXAMPLES_NAME_INDEX_H

struct name_index {
    struct numbered_name {
        const char *name;
        int number;
    } * at; /* [count] in the order of names, and of numbers where these are the same */
    int count;
};

void name_index_init(struct name_index *index, const char *const *names, int count);
void name_index_release(struct name_index *index); /* fine on a zeroed one */

/* The number, the smallest of several, or -1. */
int name_index_find(const struct name_index *index, const char *name);

/* The number of a name that stands before as well, or -1. */
int name_index_repeated(const struct name_index *index);

/* The same of a list that wants no index; *first is where it stands first (may be NULL). */
int names_repeated(const char *const *names, int count, int *first);

#endif
