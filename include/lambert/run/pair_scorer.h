/* How likely a masked language model finds the sentences of minimal pairs (examples/minimal_pairs.h), and how
 * often the acceptable one more so.
 *
 * The score of a sentence of pieces w_1 ... w_n, as [CLS] w_1 ... w_n [SEP], is its pseudo-log-likelihood
 * (Salazar et al., arXiv 1910.14659)
 *
 *     Σ_t log p(w_t | the sentence with w_t, and the pieces to its right in the same word, masked)
 *
 * in natural logarithms. Salazar et al. mask w_t alone, by which words of many pieces are too likely;
 * masking the rest of the word as well is Kauf & Ivanova's (arXiv 2305.10588), `within_word_l2r` in minicons.
 * A pair is right where its good sentence has the higher score; a tie is wrong.
 *
 *     pair_scorer_new(&scorer, &pairs, vocabulary, &tokenizer, longest, err);
 *     pair_scorer_run(scorer, dist, bert, params, &capacity, told, scores);        again and again
 *     pair_scorer_free(scorer);
 *
 * Each piece takes a sequence of its own, a masked copy of its sentence, whose last layer is computed for one
 * row. Copies are packed up to the capacity, and ranks take these batches by turns. A batch does not depend
 * on the number of ranks, and what a rank finds is added up in one order, so that scores do not either. */
#ifndef LAMBERT_RUN_PAIR_SCORER_H
#define LAMBERT_RUN_PAIR_SCORER_H

#include <stdbool.h>

#include "lambert/dist/dist.h"
#include "lambert/examples/minimal_pairs.h"
#include "lambert/model/bert.h"
#include "lambert/text/tokenizer_options.h"
#include "lambert/text/vocabulary.h"

struct pair_scorer;

struct pair_score {
    double sentences[PAIR_SENTENCES];
};

/* [local] Vocabulary and pairs are not looked at any more. A sentence without a piece, or of more than
 * `longest` tokens, is an error. */
int pair_scorer_new(struct pair_scorer **scorer, const struct minimal_pairs *pairs,
                    const struct vocabulary *vocabulary,
                    const struct tokenizer_options *tokenizer_options, int longest,
                    struct error *err);
void pair_scorer_free(struct pair_scorer *scorer); /* NULL is fine */

int pair_scorer_count(const struct pair_scorer *scorer); /* of pairs */

/* What a model that does nothing else holds for so many tokens at once, or for the longest sentence. */
struct bert_capacity pair_scorer_capacity(const struct pair_scorer *scorer, int tokens);

/* Collective: every rank gets all scores. The model has the objective MLM, among others perhaps, and that
 * capacity, which holds the longest sentence. told: whether this rank is told to end, which is asked between two batches;
 * NULL, on all ranks alike: nobody is. No, on all ranks: given up, as one was told. */
bool pair_scorer_run(const struct pair_scorer *scorer, const struct dist *dist, struct bert *bert,
                     const real *params, const struct bert_capacity *capacity, bool (*told)(void),
                     struct pair_score *scores /* [pairs] */);

/* Collective: the same, and in what share of the pairs the good sentence has the higher score. */
bool pair_scorer_accuracy(const struct pair_scorer *scorer, const struct dist *dist,
                          struct bert *bert, const real *params,
                          const struct bert_capacity *capacity, bool (*told)(void),
                          double *accuracy);

static inline bool pair_is_right(const struct pair_score *score)
{
    return score->sentences[SENTENCE_GOOD] > score->sentences[SENTENCE_BAD];
}

static inline bool pair_is_tied(const struct pair_score *score)
{
    return score->sentences[SENTENCE_GOOD] == score->sentences[SENTENCE_BAD];
}

#endif
