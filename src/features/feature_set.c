#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "set.h"

struct feature_set *set_new(int label_width)
{
    struct feature_set *set = memory_new(1, sizeof *set);
    set->label_width = label_width;
    return set;
}

int set_gather(struct feature_set *set, struct encoding *encodings, int examples)
{
    int cut = 0;
    set->examples = examples;
    set->first = memory_new((size_t)examples + 1, sizeof *set->first);
    set->numbers = memory_new((size_t)examples, sizeof *set->numbers);
    for (int e = 0; e < examples; e++)
        set->first[e + 1] = set->first[e] + encodings[e].count;
    set->features = memory_new((size_t)set->first[examples], sizeof *set->features);
    for (int e = 0; e < examples; e++) {
        struct feature *features = set->features + set->first[e];
        for (int f = 0; f < encodings[e].count; f++) {
            features[f] = encodings[e].features[f];
            features[f].example = e;
        }
        set->numbers[e] = encodings[e].numbers;
        cut += encodings[e].cut;
        free(encodings[e].features);
    }
    free(encodings);
    return cut;
}

int feature_set_of_gold(struct feature_set **features, const struct gold *gold,
                        const struct task_format *format, const struct label_set *labels,
                        bool training, const struct feature_options *options,
                        struct feature_report *report, struct error *err)
{
    if (gold->kind == TASK_TAGGING)
        return feature_set_of_sentences(features, &gold->sentences, labels, options, report, err);
    if (gold->kind == TASK_QUESTIONS)
        return feature_set_of_questions(features, &gold->questions, training, options, report, err);
    return feature_set_of_texts(features, &gold->texts, format, labels, options, report, err);
}

void feature_set_free(struct feature_set *set)
{
    if (!set)
        return;
    for (int e = 0; e < set->examples; e++)
        free(set->numbers[e]);
    for (int p = 0; p < set->paragraph_count; p++)
        paragraph_release(&set->paragraphs[p]);
    free(set->paragraphs);
    free(set->labels);
    free(set->features);
    free(set->numbers);
    free(set->first);
    free(set);
}

int set_label(const struct label_set *labels, const char *name, const char *path, int line,
              int32_t *number, struct error *err)
{
    enum { SHOWN = 12 };
    *number = label_set_find(labels, name);
    if (*number >= 0)
        return 0;
    struct buffer known = {0};
    for (int i = 0; i < labels->count && i < SHOWN; i++)
        buffer_print(&known, "%s%s", i > 0 ? ", " : "", labels->names[i]);
    if (labels->count > SHOWN)
        buffer_print(&known, ", ...");
    error_set(err, "%s:%d: '%s' is none of the %d labels of the task: %s", path, line, name,
              labels->count, buffer_text(&known));
    buffer_release(&known);
    return -1;
}

int feature_set_count(const struct feature_set *set)
{
    return set->first[set->examples];
}

const struct feature *feature_set_at(const struct feature_set *set, int number)
{
    require(number >= 0 && number < feature_set_count(set));
    return &set->features[number];
}

int feature_set_label_width(const struct feature_set *set)
{
    return set->label_width;
}

struct feature_extent feature_set_extent(const struct feature_set *set)
{
    const int count = feature_set_count(set);
    struct feature_extent extent = {.shortest = count > 0 ? set->features[0].tokens : 0};
    for (int f = 0; f < count; f++) {
        const struct feature *feature = &set->features[f];
        extent.longest = max_int(extent.longest, feature->tokens);
        extent.shortest = min_int(extent.shortest, feature->tokens);
        extent.labelled_rows_a_token =
            fmax(extent.labelled_rows_a_token, (double)feature->row_count / feature->tokens);
    }
    return extent;
}

void feature_set_append(const struct feature_set *set, int number, uint64_t sample_index,
                        uint64_t sample_key, struct packed_batch *batch)
{
    const struct feature *feature = feature_set_at(set, number);
    const size_t a_rows = (size_t)feature->first_b, tokens = (size_t)feature->tokens;
    const size_t width = (size_t)set->label_width;
    const int n = batch->sequences, first_label = batch->labelled;
    require(batch->label_width == set->label_width);
    const int row = packed_batch_append(batch, feature->tokens, feature->row_count);
    memcpy(batch->input_ids + row, feature->input_ids, tokens * sizeof *batch->input_ids);
    memset(batch->token_type_ids + row, 0, a_rows);
    memset(batch->token_type_ids + row + a_rows, 1, tokens - a_rows);
    for (int i = 0; i < feature->row_count; i++) {
        batch->labelled_rows[first_label + i] = row + feature->rows[i];
        batch->row_labels[first_label + i] = feature->row_labels[i];
    }
    if (width > 0)
        memcpy(batch->labels + (size_t)n * width, feature->labels, width * sizeof *batch->labels);
    batch->values[n] = feature->value;
    batch->sample_index[n] = sample_index;
    batch->sample_key[n] = sample_key;
}

static uint64_t hash_numbers(const int32_t *numbers, int count, uint64_t seed)
{
    return count > 0 ? hash_bytes_seeded(numbers, (size_t)count * sizeof *numbers, seed) : seed;
}

uint64_t feature_set_hash(const struct feature_set *set)
{
    uint64_t hash = (uint64_t)set->label_width;
    for (int f = 0; f < feature_set_count(set); f++) {
        const struct feature *feature = &set->features[f];
        const bool valued = !isnan(feature->value);
        const int32_t shape[] = {feature->tokens, feature->first_b, feature->row_count, valued};
        const float value = valued ? feature->value : 0;
        hash = hash_numbers(shape, 4, hash);
        hash = hash_numbers(feature->input_ids, feature->tokens, hash);
        hash = hash_numbers(feature->labels, set->label_width, hash);
        hash = hash_numbers(feature->rows, feature->row_count, hash);
        hash = hash_numbers(feature->row_labels, feature->row_count, hash);
        hash = hash_bytes_seeded(&value, sizeof value, hash);
    }
    return hash;
}

/* Of the windows that hold a piece, the first of those with the highest score has most surroundings. The score
 * is in doubles as it is in Google's program, whose ties are decided by rounding. */
bool feature_set_most_context(const struct feature_set *set, int number, int row)
{
    const struct feature *feature = feature_set_at(set, number);
    const int piece = feature->first_piece + row - feature->first_b;
    int best = -1;
    double best_score = 0;
    for (int w = set->first[feature->example]; w < set->first[feature->example + 1]; w++) {
        const struct feature *window = &set->features[w];
        const int left = piece - window->first_piece;
        const int right = window_pieces(window) - 1 - left;
        if (left < 0 || right < 0)
            continue;
        const double score = min_int(left, right) + 0.01 * window_pieces(window);
        if (best < 0 || score > best_score) {
            best = w;
            best_score = score;
        }
    }
    return best == number;
}

struct word_place feature_set_word(const struct feature_set *set,
                                   const struct question_set *questions, int number, int row)
{
    const struct feature *feature = feature_set_at(set, number);
    const struct paragraph *paragraph = set_paragraph(set, questions, feature);
    require(row >= feature->first_b && row < feature->first_b + window_pieces(feature));
    return paragraph
        ->words[paragraph_word_of(paragraph, feature->first_piece + row - feature->first_b)];
}
