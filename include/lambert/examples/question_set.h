/* Questions about paragraphs, as SQuAD has them: v1.1, where each has an answer, and v2.0, where some have
 * none (is_impossible). An answer is a text and where it begins in the paragraph, counted in code points as
 * the files count; here in bytes of UTF-8. */
#ifndef LAMBERT_EXAMPLES_QUESTION_SET_H
#define LAMBERT_EXAMPLES_QUESTION_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/base/pool.h"

struct answer {
    const char *text;
    size_t start; /* bytes into the context */
    bool there;   /* the context has the text at that place */
};

struct question {
    const char *id;
    const char *text;
    int paragraph;
    const struct answer
        *answers; /* [count]; none where the question has no answer, or it is not known */
    int answer_count;
    bool impossible; /* v2.0: the paragraph does not say */
};

struct question_set {
    const char **contexts; /* [paragraphs] */
    int paragraphs;
    struct question *at; /* [count] in the order of the file */
    int count;
    bool has_impossible; /* the file says of each question whether it has an answer: v2.0 */
    int misplaced;       /* answers whose text is not at their place */
    char *path;          /* for sentences */
    struct pool memory;
};

int question_set_read(struct question_set *set, const char *path, struct error *err);
void question_set_release(struct question_set *set); /* fine on a zeroed one */

#endif
