/* Examples as the model reads them: ids, segments and labels of each sequence, made once and kept.
 *
 *     texts       [CLS] text [SEP], or [CLS] text [SEP] pair [SEP], cut to the longest sequence, piece by
 *                 piece from the end of the longer of the two (a pair's second on a tie: Google's
 *                 _truncate_seq_pair)
 *     sentences   [CLS] pieces of the words [SEP]; a label on the first piece of each word. A sentence that is
 *                 too long is cut between words into several sequences; no word is lost: one without
 *                 pieces is [UNK]
 *     questions   [CLS] question [SEP] a window of the paragraph [SEP]: a sequence a window
 *
 * The last are those of Google's run_squad.py: the paragraph's words, split at space, tab, line ends and
 * U+202F, tokenised one by one; answers narrowed to the pieces that spell them; windows as long as fit,
 * every `stride` pieces; the question cut to `question_length` pieces; a window without the answer points
 * at [CLS]. Of several answers the first is learnt. Of a piece that stands in several windows the one with most surroundings counts.
 *
 * Sequences point into the set; it holds no example, but the examples must outlive it. */
#ifndef LAMBERT_FEATURES_FEATURE_SET_H
#define LAMBERT_FEATURES_FEATURE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/examples/label_set.h"
#include "lambert/examples/question_set.h"
#include "lambert/examples/tagged_sentences.h"
#include "lambert/examples/task.h"
#include "lambert/examples/text_examples.h"
#include "lambert/score/gold.h"
#include "lambert/text/tokenizer_options.h"
#include "lambert/text/vocabulary.h"

struct feature_options {
    const struct vocabulary *vocabulary;
    struct tokenizer_options tokenizer;
    int sequence_length; /* longest sequence, [CLS] and [SEP] included */
    int stride;          /* questions: pieces between the beginnings of windows */
    int question_length; /* questions: pieces of a question */
};

/* One sequence. */
struct feature {
    int example; /* number in its set: of a text, a sentence, a question */
    int tokens;
    const int32_t *input_ids; /* [tokens] */
    int first_b; /* where segment B begins: the row behind the first [SEP], or `tokens` */

    /* texts */
    const int32_t *labels; /* [label_width of the set] what packed_batch's labels are; -1: none */
    float value;           /* regression; not a number: none */

    /* sentences: rows with a label of their own, ascending, and which words of the sentence they are */
    const int32_t *rows;       /* [row_count] */
    const int32_t *row_labels; /* [row_count]; -1: none */
    int row_count;
    int first_word; /* the words are consecutive */

    /* questions: the paragraph's piece at row r is number first_piece + r - first_b */
    int first_piece;
};

struct feature_set; /* with what decoding answers needs (answers.h) */

/* What could not be used, for people. */
struct feature_report {
    int truncated;   /* texts that were cut; sentences that became several sequences */
    int left_out;    /* training: questions whose answer is not where it is said to be */
    char first[256]; /* the first of those: "FILE: question ID: ..." */
};

/* Texts, with labels numbered by the set (NULL: regression, or there are none). Fails on a label that the
 * set has not, with file and line. */
int feature_set_of_texts(struct feature_set **features, const struct text_examples *examples,
                         const struct task_format *format, const struct label_set *labels,
                         const struct feature_options *options, struct feature_report *report,
                         struct error *err);
int feature_set_of_sentences(struct feature_set **features,
                             const struct tagged_sentences *sentences,
                             const struct label_set *labels, const struct feature_options *options,
                             struct feature_report *report, struct error *err);

/* training: questions whose answer cannot be found again in the paragraph, white space aside, are left out
 * and counted; more than one in a hundred is an error, and so is one that has no answer and is not impossible.
 * Else all are there, and windows have no answers. A paragraph without pieces has no window. */
int feature_set_of_questions(struct feature_set **features, const struct question_set *questions,
                             bool training, const struct feature_options *options,
                             struct feature_report *report, struct error *err);

/* Whichever of these the kind of the examples is. */
int feature_set_of_gold(struct feature_set **features, const struct gold *gold,
                        const struct task_format *format, const struct label_set *labels,
                        bool training, const struct feature_options *options,
                        struct feature_report *report, struct error *err);
void feature_set_free(struct feature_set *features); /* NULL is fine */

int feature_set_count(const struct feature_set *features); /* sequences */
const struct feature *feature_set_at(const struct feature_set *features, int number);

/* The width of packed_batch's labels: 1 class, 2 ends of a span, as many labels as there are, or 0. */
int feature_set_label_width(const struct feature_set *features);

/* What a micro-batch needs: the longest sequence, the shortest, and the most labelled rows a token. */
struct feature_extent {
    int longest, shortest;
    double labelled_rows_a_token;
};
struct feature_extent feature_set_extent(const struct feature_set *features);

/* Appends the sequence. sample_index and sample_key are the caller's to say. */
void feature_set_append(const struct feature_set *features, int number, uint64_t sample_index,
                        uint64_t sample_key, struct packed_batch *batch);

/* Of all that the model sees of the set: ids, segments, labels. */
uint64_t feature_set_hash(const struct feature_set *features);

/* Questions, of a row of a window: whether it holds a piece of the paragraph that has most surroundings here
 * (run_squad.py's max context: of all windows with the piece, the first with the highest of
 * min(pieces to the left, pieces to the right) + 0.01 pieces of the window). */
bool feature_set_most_context(const struct feature_set *features, int number, int row);

/* The word of the paragraph that the piece in a row is of, in bytes of the context. */
struct word_place {
    uint32_t start, size;
};
struct word_place feature_set_word(const struct feature_set *features,
                                   const struct question_set *questions, int number, int row);

#endif
