/* The inside of a feature set, for those who make one and for what decodes answers. */
#ifndef LAMBERT_FEATURES_SET_H
#define LAMBERT_FEATURES_SET_H

#include "encoder.h"
#include "lambert/features/feature_set.h"
#include "paragraph.h"

struct feature_set {
    int examples;
    int *first;               /* [examples + 1] number of the first sequence of each example */
    struct feature *features; /* [first[examples]] */
    int32_t **numbers;        /* [examples] what the features of each example point to */
    int label_width;
    int32_t *labels; /* texts: [examples, label_width] */

    /* questions */
    const struct vocabulary *vocabulary;
    struct tokenizer_options tokenizer;
    struct paragraph *paragraphs; /* [paragraph_count] */
    int paragraph_count;
};

struct feature_set *set_new(int label_width);

/* Takes over what the examples became; encodings itself is freed. Returns how many were cut. */
int set_gather(struct feature_set *set, struct encoding *encodings, int examples);

/* The number of a label; fails, with the place that has it, where the task has none of that name. */
int set_label(const struct label_set *labels, const char *name, const char *path, int line,
              int32_t *number, struct error *err);

/* Rows of the window that hold pieces of the paragraph: from first_b on so many. */
static inline int window_pieces(const struct feature *feature)
{
    return feature->tokens - 1 - feature->first_b;
}

/* The paragraph that a window is of. */
static inline const struct paragraph *set_paragraph(const struct feature_set *set,
                                                    const struct question_set *questions,
                                                    const struct feature *feature)
{
    return &set->paragraphs[questions->at[feature->example].paragraph];
}

#endif
