#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "set.h"

struct sentences {
    const struct tagged_sentences *sentences;
    int32_t *labels;    /* of the words of all sentences, one after the other */
    size_t *first_word; /* [sentences->count] where a sentence's labels begin */
    struct encoding *encodings;
};

/* Pieces up to the end of word `word`; -1 is the word before the first. */
static int end_of(const struct encoder *encoder, int word)
{
    return word < 0 ? 0 : ((const int32_t *)encoder->ends.data)[word];
}

/* Every word gets a row: one without pieces (a lone soft hyphen, say) is unknown, and one that no sequence
 * has room for is cut. */
static void put_words(struct encoder *encoder, const struct tagged_sentence *sentence, bool *cut)
{
    const size_t room = (size_t)encoder->options->sequence_length - 2;
    buffer_reset(&encoder->ends);
    for (int w = 0; w < sentence->count; w++) {
        const size_t pieces = (size_t)encoder_put(encoder, sentence->words[w].word);
        if (pieces == 0)
            buffer_put(&encoder->ids, &encoder->special.unk, sizeof encoder->special.unk);
        if (pieces > room) {
            encoder->ids.size -= (pieces - room) * sizeof(int32_t);
            *cut = true;
        }
        const int32_t end = (int32_t)(encoder->ids.size / sizeof(int32_t));
        buffer_put(&encoder->ends, &end, sizeof end);
    }
}

/* The word behind those that fit into the sequence that word `first` begins. */
static int sequence_end(const struct encoder *encoder, int first, int words)
{
    const int limit = end_of(encoder, first - 1) + encoder->options->sequence_length - 2;
    int end = first + 1;
    while (end < words && end_of(encoder, end) <= limit)
        end++;
    return end;
}

/* Writes the sequence of the words from `first` to before `end`; returns where to go on. */
static int32_t *put_sequence(const struct encoder *encoder, int32_t *to, const int32_t *labels,
                             int first, int end, struct feature *feature)
{
    const int begin = end_of(encoder, first - 1), pieces = end_of(encoder, end - 1) - begin;
    const int words = end - first;
    int32_t *rows = to + pieces + 2;
    to[0] = encoder->special.cls;
    encoder_put_part(encoder, to + 1, encoder_ids(encoder, begin), pieces);
    for (int w = 0; w < words; w++)
        rows[w] = 1 + end_of(encoder, first + w - 1) - begin;
    memcpy(rows + words, labels + first, (size_t)words * sizeof *labels);
    *feature = (struct feature){.tokens = pieces + 2,
                                .input_ids = to,
                                .first_b = pieces + 2,
                                .value = NAN,
                                .rows = rows,
                                .row_labels = rows + words,
                                .row_count = words,
                                .first_word = first};
    return rows + 2 * words;
}

static void encode_sentence(void *context, struct encoder *encoder, int number)
{
    const struct sentences *sentences = context;
    const struct tagged_sentence *sentence = &sentences->sentences->at[number];
    const int32_t *labels = sentences->labels + sentences->first_word[number];
    const int words = sentence->count;
    struct encoding *encoding = &sentences->encodings[number];
    int sequences = 0;
    put_words(encoder, sentence, &encoding->cut);
    for (int first = 0; first < words; first = sequence_end(encoder, first, words))
        sequences++;
    encoding_reserve(encoding, sequences,
                     (size_t)end_of(encoder, words - 1) + 2 * (size_t)(sequences + words));
    int32_t *to = encoding->numbers;
    for (int first = 0, s = 0; s < sequences; s++) {
        const int end = sequence_end(encoder, first, words);
        to = put_sequence(encoder, to, labels, first, end, &encoding->features[s]);
        first = end;
    }
    encoding->cut = encoding->cut || sequences > 1;
}

/* Numbers all words' labels; -1 where there are none. */
static int make_labels(struct sentences *sentences, const struct label_set *labels,
                       struct error *err)
{
    const struct tagged_sentences *set = sentences->sentences;
    size_t next = 0;
    for (int s = 0; s < set->count; s++) {
        sentences->first_word[s] = next;
        for (int w = 0; w < set->at[s].count; w++) {
            const struct tagged_word *word = &set->at[s].words[w];
            int32_t *label = &sentences->labels[next++];
            *label = -1;
            if (set->labelled &&
                set_label(labels, word->tag, set->path, word->line, label, err) < 0)
                return -1;
        }
    }
    return 0;
}

int feature_set_of_sentences(struct feature_set **features,
                             const struct tagged_sentences *sentences,
                             const struct label_set *labels, const struct feature_options *options,
                             struct feature_report *report, struct error *err)
{
    const size_t count = (size_t)sentences->count;
    struct sentences made = {.sentences = sentences,
                             .labels = memory_new(sentences->words, sizeof *made.labels),
                             .first_word = memory_new(count, sizeof *made.first_word)};
    require(options->sequence_length > 2);
    *report = (struct feature_report){0};
    *features = NULL;
    const int status = make_labels(&made, labels, err);
    if (status == 0) {
        made.encodings = memory_new(count, sizeof *made.encodings);
        encode_all(options, sentences->count, encode_sentence, &made);
        *features = set_new(0);
        report->truncated = set_gather(*features, made.encodings, sentences->count);
    }
    free(made.labels);
    free(made.first_word);
    return status;
}
