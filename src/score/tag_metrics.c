#include <stdlib.h>
#include <string.h>

#include "entities.h"
#include "lambert/base/memory.h"
#include "metrics.h"

static void tag_metrics(const struct scoring *scoring, const uint32_t *weights,
                        struct metric_values *values)
{
    double correct = 0, said = 0, gold = 0, words_right = 0, words = 0;
    for (int s = 0; s < scoring->units; s++) {
        const struct tag_counts *counts = &scoring->sentences[s];
        const double weight = weight_of(weights, s);
        correct += weight * counts->correct;
        said += weight * counts->said;
        gold += weight * counts->gold;
        words_right += weight * counts->words_right;
        words += weight * counts->words;
    }
    metric_add(values, "entity_f1", f1_of_counts(correct, gold, said));
    metric_add(values, "entity_precision", said > 0 ? correct / said : 0);
    metric_add(values, "entity_recall", gold > 0 ? correct / gold : 0);
    metric_add(values, "accuracy", words_right / words);
}

static void release_sentences(struct scoring *scoring)
{
    free(scoring->sentences);
}

static const struct scoring_rules tag_rules = {TASK_TAGGING, tag_metrics, release_sentences};

struct scoring *scoring_of_tags(const struct tagged_sentences *gold, const char *const *said)
{
    struct scoring *scoring = memory_new(1, sizeof *scoring);
    struct entity_list right = {0}, other = {0};
    scoring->rules = &tag_rules;
    scoring->units = gold->count;
    scoring->sentences = memory_new((size_t)gold->count, sizeof *scoring->sentences);
    const char **tags = memory_new(gold->words, sizeof *tags);
    for (int s = 0; s < gold->count; s++) {
        const struct tagged_sentence *sentence = &gold->at[s];
        struct tag_counts *counts = &scoring->sentences[s];
        counts->words = sentence->count;
        for (int w = 0; w < sentence->count; w++) {
            tags[w] = sentence->words[w].tag;
            counts->words_right += strcmp(tags[w], said[w]) == 0;
        }
        entities_find(&right, tags, sentence->count);
        entities_find(&other, said, sentence->count);
        counts->gold = right.count;
        counts->said = other.count;
        counts->correct = entities_in_common(&right, &other);
        said += sentence->count;
    }
    free(tags);
    entities_release(&right);
    entities_release(&other);
    return scoring;
}
