#include "lambert/features/answers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "original_text.h"
#include "set.h"

/* Google's program begins its search for the lowest score of "" here. */
static const double no_null_score = 1000000;

/* An answer that could be: rows of a window. */
struct guess {
    double start_logit, end_logit;
    int window; /* number of the sequence; -1: "" */
    int start, end;
    size_t number; /* in the order in which they were found, which settles ties */
};

/* What is the same for all questions. */
struct decoding {
    const struct feature_set *set;
    const struct question_set *questions;
    const struct answer_options *options;
    const float *logits; /* [rows, 2] */
    const size_t *row;   /* [sequences] where the rows of each begin */
};

/* A thread's memory. */
struct decoder {
    struct guess *guesses;
    size_t count, capacity;
    int *starts, *ends; /* [n_best] rows of a window */
    struct buffer normalised, original, scratch;
};

static double score_of(const struct guess *guess)
{
    return guess->start_logit + guess->end_logit;
}

static int best_first(const void *a, const void *b)
{
    const struct guess *x = a, *y = b;
    const double x_score = score_of(x), y_score = score_of(y);
    if (x_score != y_score)
        return x_score > y_score ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* --- guesses ---------------------------------------------------------------------------------- */

/* The rows with the highest logits, the best first, the lower row among equals; returns how many. */
static int best_rows(const float *logits /* [rows, 2] */, int rows, int n_best, int *best)
{
    int count = 0;
    for (int r = 0; r < rows; r++) {
        int place = count;
        while (place > 0 && logits[2 * r] > logits[2 * best[place - 1]])
            place--;
        if (place == n_best)
            continue;
        count += count < n_best;
        memmove(best + place + 1, best + place, (size_t)(count - 1 - place) * sizeof *best);
        best[place] = r;
    }
    return count;
}

static void add_guess(struct decoder *decoder, struct guess guess)
{
    ARRAY_RESERVE(decoder->guesses, decoder->count + 1, decoder->capacity);
    guess.number = decoder->count;
    decoder->guesses[decoder->count++] = guess;
}

static bool is_paragraph_row(const struct feature *window, int row)
{
    return row >= window->first_b && row < window->first_b + window_pieces(window);
}

/* Spans of a window within the paragraph, not too long, that begin where no other window knows better. */
static void guess_in_window(struct decoder *decoder, const struct decoding *decoding, int number)
{
    const struct feature *window = feature_set_at(decoding->set, number);
    const struct answer_options *options = decoding->options;
    const float *logits = decoding->logits + 2 * decoding->row[number];
    const int starts = best_rows(logits, window->tokens, options->n_best, decoder->starts);
    const int ends = best_rows(logits + 1, window->tokens, options->n_best, decoder->ends);
    for (int s = 0; s < starts; s++) {
        const int start = decoder->starts[s];
        if (!is_paragraph_row(window, start) ||
            !feature_set_most_context(decoding->set, number, start))
            continue;
        for (int e = 0; e < ends; e++) {
            const int end = decoder->ends[e];
            if (is_paragraph_row(window, end) && end >= start &&
                end - start < options->answer_length)
                add_guess(decoder, (struct guess){.start_logit = logits[2 * start],
                                                  .end_logit = logits[2 * end + 1],
                                                  .window = number,
                                                  .start = start,
                                                  .end = end});
        }
    }
}

/* "" is said by [CLS], in the window that says it least. Returns its score. */
static double guess_nothing(struct decoder *decoder, const struct decoding *decoding, int first,
                            int end)
{
    struct guess least = {.window = -1};
    double score = no_null_score;
    for (int w = first; w < end; w++) {
        const float *logits = decoding->logits + 2 * decoding->row[w];
        const double here = (double)logits[0] + (double)logits[1];
        if (here < score) {
            score = here;
            least.start_logit = logits[0];
            least.end_logit = logits[1];
        }
    }
    add_guess(decoder, least);
    return score;
}

/* --- texts ------------------------------------------------------------------------------------ */

/* What the pieces spell: "##" pieces joined to those before them. */
static void put_pieces(const struct vocabulary *vocabulary, const int32_t *ids, int count,
                       struct buffer *text)
{
    for (int i = 0; i < count; i++) {
        const char *piece = vocabulary_token(vocabulary, ids[i]);
        const bool continues = strncmp(piece, "##", 2) == 0;
        if (!continues && text->size > 0)
            buffer_put_u8(text, ' ');
        buffer_print(text, "%s", piece + (continues ? 2 : 0));
    }
}

/* The text of a guess; free(). */
static char *text_of(struct decoder *decoder, const struct decoding *decoding,
                     const struct guess *guess)
{
    if (guess->window < 0)
        return memory_copy_text("");
    const struct feature *window = feature_set_at(decoding->set, guess->window);
    const struct question *question = &decoding->questions->at[window->example];
    const struct paragraph *paragraph = set_paragraph(decoding->set, decoding->questions, window);
    const int piece = window->first_piece - window->first_b; /* of row 0, as it were */
    buffer_reset(&decoder->normalised);
    put_pieces(decoding->set->vocabulary, window->input_ids + guess->start,
               guess->end - guess->start + 1, &decoder->normalised);
    buffer_reset(&decoder->original);
    paragraph_put_words(paragraph, decoding->questions->contexts[question->paragraph],
                        paragraph_word_of(paragraph, piece + guess->start),
                        paragraph_word_of(paragraph, piece + guess->end), &decoder->original);
    const char *original = buffer_text(&decoder->original);
    const struct text_part part = original_text(original, buffer_text(&decoder->normalised),
                                                &decoding->set->tokenizer, &decoder->scratch);
    char *text = memory_new(part.size + 1, 1);
    memcpy(text, original + part.start, part.size);
    return text;
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool is_among(const struct question_answers *answers, const char *text)
{
    for (int a = 0; a < answers->count; a++)
        if (strcmp(answers->at[a].text, text) == 0)
            return true;
    return false;
}

static void add_answer(struct question_answers *answers, char *text, const struct guess *guess)
{
    answers->at[answers->count++] = (struct spoken_answer){
        .text = text, .start_logit = guess->start_logit, .end_logit = guess->end_logit};
}

/* The best guesses as texts, each text once. */
static void take_best(struct decoder *decoder, const struct decoding *decoding,
                      struct question_answers *answers)
{
    if (decoder->count > 0)
        qsort(decoder->guesses, decoder->count, sizeof *decoder->guesses, best_first);
    for (size_t g = 0; g < decoder->count && answers->count < decoding->options->n_best; g++) {
        const struct guess *guess = &decoder->guesses[g];
        char *text = text_of(decoder, decoding, guess);
        if (guess->window >= 0 && is_among(answers, text))
            free(text);
        else
            add_answer(answers, text, guess);
    }
}

static void set_probabilities(struct question_answers *answers)
{
    double most = -INFINITY, sum = 0;
    for (int a = 0; a < answers->count; a++)
        most = fmax(most, answers->at[a].start_logit + answers->at[a].end_logit);
    for (int a = 0; a < answers->count; a++) {
        struct spoken_answer *answer = &answers->at[a];
        answer->probability = exp(answer->start_logit + answer->end_logit - most);
        sum += answer->probability;
    }
    for (int a = 0; a < answers->count; a++)
        answers->at[a].probability /= sum;
}

/* v2.0: the best span, or "" where that is so much better, or where nothing can be a span. */
static void choose(struct question_answers *answers, double null_score, double threshold)
{
    const struct spoken_answer *span = answers->at;
    while (span < answers->at + answers->count && *span->text == '\0')
        span++;
    answers->null_difference = null_score;
    answers->chosen = "";
    if (span == answers->at + answers->count)
        return;
    answers->null_difference = null_score - span->start_logit - span->end_logit;
    if (!(answers->null_difference > threshold))
        answers->chosen = span->text;
}

static void answer_question(struct decoder *decoder, const struct decoding *decoding, int question,
                            struct question_answers *answers)
{
    const struct answer_options *options = decoding->options;
    const int first = decoding->set->first[question], end = decoding->set->first[question + 1];
    double null_score = 0;
    struct guess nothing = {.window = -1};
    decoder->count = 0;
    for (int w = first; w < end; w++)
        guess_in_window(decoder, decoding, w);
    if (options->may_be_none) {
        null_score = guess_nothing(decoder, decoding, first, end);
        nothing = decoder->guesses[decoder->count - 1];
    }
    *answers = (struct question_answers){
        .at = memory_new((size_t)options->n_best + 1, sizeof *answers->at)};
    take_best(decoder, decoding, answers);
    if (options->may_be_none && !is_among(answers, ""))
        add_answer(answers, memory_copy_text(""), &nothing);
    if (answers->count == 0) /* what run_squad.py says then */
        add_answer(answers, memory_copy_text("empty"), &nothing);
    set_probabilities(answers);
    if (options->may_be_none)
        choose(answers, null_score, options->null_threshold);
    else
        answers->chosen = answers->at[0].text;
}

static size_t *make_rows(const struct feature_set *set)
{
    const int count = feature_set_count(set);
    size_t *row = memory_new((size_t)count + 1, sizeof *row);
    for (int f = 0; f < count; f++)
        row[f + 1] = row[f] + (size_t)set->features[f].tokens;
    return row;
}

static void decoder_release(struct decoder *decoder)
{
    free(decoder->guesses);
    free(decoder->starts);
    free(decoder->ends);
    buffer_release(&decoder->normalised);
    buffer_release(&decoder->original);
    buffer_release(&decoder->scratch);
}

void answers_find(struct question_answers **answers, const struct feature_set *features,
                  const struct question_set *questions, const float *logits,
                  const struct answer_options *options)
{
    size_t *row = make_rows(features);
    const struct decoding decoding = {features, questions, options, logits, row};
    require(options->n_best > 0 && features->examples == questions->count);
    struct question_answers *found = memory_new((size_t)questions->count, sizeof *found);
#pragma omp parallel
    {
        const size_t n_best = (size_t)options->n_best;
        struct decoder decoder = {.starts = memory_new(n_best, sizeof *decoder.starts),
                                  .ends = memory_new(n_best, sizeof *decoder.ends)};
#pragma omp for schedule(dynamic, 16)
        for (int q = 0; q < questions->count; q++)
            answer_question(&decoder, &decoding, q, &found[q]);
        decoder_release(&decoder);
    }
    free(row);
    *answers = found;
}

void answers_free(struct question_answers *answers, int count)
{
    for (int q = 0; answers && q < count; q++) {
        for (int a = 0; a < answers[q].count; a++)
            free(answers[q].at[a].text);
        free(answers[q].at);
    }
    free(answers);
}
