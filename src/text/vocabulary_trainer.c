#include "lambert/text/vocabulary_trainer.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "alphabet.h"
#include "lambert/base/first_error.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/input_feed.h"
#include "lambert/text/tokenizer.h"
#include "pair_merger.h"
#include "word_counts.h"

const struct vocabulary_trainer_options vocabulary_trainer_defaults = {.size = 30522,
                                                                       .alphabet_limit = 1000,
                                                                       .min_frequency = 2,
                                                                       .most_words = 4000000,
                                                                       .tokenizer =
                                                                           TOKENIZER_DEFAULTS};

/* Of a text of more chunks than that, words that occur once in a chunk are left out of its counts. */
enum { CHUNKS_COUNTED_WHOLE = 64, SPECIAL_TOKENS = 5 };

struct vocabulary_trainer {
    struct vocabulary_trainer_options options;
    struct word_counts words;
    uint64_t invalid_bytes;
    struct vocabulary_trainer_counts learnt; /* what is known of the learnt vocabulary */
};

struct vocabulary_trainer *vocabulary_trainer_new(const struct vocabulary_trainer_options *options)
{
    require(options->size > 0 && options->alphabet_limit > 0 && options->min_frequency > 0 &&
            options->most_words > 0);
    struct vocabulary_trainer *trainer = memory_new(1, sizeof *trainer);
    trainer->options = *options;
    word_counts_init(&trainer->words);
    return trainer;
}

void vocabulary_trainer_free(struct vocabulary_trainer *trainer)
{
    if (!trainer)
        return;
    word_counts_release(&trainer->words);
    free(trainer);
}

static void count_word(void *context, const char *word, size_t size)
{
    word_counts_add(context, word, size, 1);
}

void vocabulary_trainer_add(struct vocabulary_trainer *trainer, const char *text, size_t size)
{
    const struct tokenizer_counts counts =
        tokenizer_words(text, size, &trainer->options.tokenizer, count_word, &trainer->words);
    trainer->invalid_bytes += counts.invalid_bytes;
}

void vocabulary_trainer_reset(struct vocabulary_trainer *trainer)
{
    word_counts_reset(&trainer->words);
    trainer->invalid_bytes = 0;
}

void vocabulary_trainer_merge(struct vocabulary_trainer *into,
                              const struct vocabulary_trainer *from, uint64_t least)
{
    require(tokenizer_options_equal(&into->options.tokenizer, &from->options.tokenizer));
    word_counts_merge(&into->words, &from->words, least);
    into->invalid_bytes += from->invalid_bytes;
}

void vocabulary_trainer_save(const struct vocabulary_trainer *trainer, struct buffer *out)
{
    const struct word_counts *words = &trainer->words;
    buffer_put_u64(out, trainer->invalid_bytes);
    buffer_put_u64(out, words->running);
    buffer_put_u64(out, words->words.count);
    for (uint32_t i = 0; i < words->words.count; i++) {
        size_t size;
        const char *word = text_table_text(&words->words, i, &size);
        buffer_put_u64(out, words->counts[i]);
        buffer_put_u64(out, size);
        buffer_put(out, word, size);
    }
}

void vocabulary_trainer_load(struct vocabulary_trainer *into, const void *data, size_t size)
{
    struct byte_reader reader;
    byte_reader_init(&reader, data, size);
    while (reader.position < size) { /* for each rank that has saved */
        into->invalid_bytes += byte_reader_u64(&reader);
        uint64_t running = into->words.running + byte_reader_u64(&reader);
        uint64_t count = byte_reader_u64(&reader);
        for (uint64_t i = 0; i < count; i++) {
            uint64_t times = byte_reader_u64(&reader);
            size_t length = byte_reader_u64(&reader);
            const char *word = byte_reader_bytes(&reader, length);
            require(word);
            word_counts_add(&into->words, word, length, times);
        }
        into->words.running = running;
    }
    require(!reader.overrun);
}

/* Words of one chunk, of one thread and of all threads are counted apart, and merged. */
int vocabulary_trainer_read(struct vocabulary_trainer *trainer, const struct input_list *inputs,
                            int rank, int ranks, struct error *err)
{
    const struct input_feed_options options = {
        .chunk_bytes = VOCABULARY_CHUNK_BYTES, .rank = (uint64_t)rank, .ranks = (uint64_t)ranks};
    struct input_feed *feed = input_feed_new(inputs, &options);
    const uint64_t least = input_feed_chunks(feed) > CHUNKS_COUNTED_WHOLE ? 2 : 1;
    struct first_error first;
    struct progress progress;
    first_error_init(&first);
    progress_init(&progress, "counting words", (double)inputs->bytes / 1e6 / ranks, "MB", 10);
#pragma omp parallel
    {
        struct vocabulary_trainer *mine = vocabulary_trainer_new(&trainer->options);
        struct vocabulary_trainer *chunk = vocabulary_trainer_new(&trainer->options);
        struct input_work work = {0};
        struct document document;
        struct error failure;
        int got;
        document_init(&document);
        while ((got = input_feed_next(feed, &work, &failure)) == 1) {
            for (int s = 0; s < work.span_count; s++) {
                const struct input_span *span = &work.spans[s];
                struct document_reader reader;
                document_reader_init(&reader, span->layout, &trainer->options.text,
                                     (const char *)work.text.data + span->begin,
                                     span->end - span->begin);
                while (document_reader_next(&reader, &document))
                    vocabulary_trainer_add(chunk, (const char *)document.text.data,
                                           document.text.size);
                document_reader_release(&reader);
                if (inputs->files[span->file].encoding)
                    chunk->invalid_bytes += span->invalid;
            }
            vocabulary_trainer_merge(mine, chunk, least);
            vocabulary_trainer_reset(chunk);
            if (omp_get_thread_num() == 0)
                progress_update(&progress, (double)input_feed_taken(feed) / 1e6, "%s", "");
        }
        if (got < 0)
            first_error_put(&first, &failure);
#pragma omp critical(vocabulary_trainer_read)
        vocabulary_trainer_merge(trainer, mine, 1);
        document_release(&document);
        input_work_release(&work);
        vocabulary_trainer_free(chunk);
        vocabulary_trainer_free(mine);
    }
    progress_release(&progress);
    input_feed_free(feed);
    return first_error_take(&first, err);
}

struct vocabulary_trainer_counts vocabulary_trainer_counts(const struct vocabulary_trainer *trainer)
{
    struct vocabulary_trainer_counts counts = trainer->learnt;
    counts.words = trainer->words.running;
    counts.distinct_words = trainer->words.words.count;
    counts.invalid_bytes = trainer->invalid_bytes;
    return counts;
}

static void add_special_tokens(struct text_table *pieces)
{
    static const char *const tokens[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        text_table_add(pieces, tokens[i], strlen(tokens[i]));
}

static int add_words(struct pair_merger *merger, const struct alphabet *alphabet,
                     const struct word_counts *words, struct error *err)
{
    for (uint32_t i = 0; i < words->words.count; i++) {
        size_t size;
        const char *word = text_table_text(&words->words, i, &size);
        if (alphabet_spells(alphabet, word, size) > 1 &&
            pair_merger_add_word(merger, word, size, words->counts[i], err) < 0)
            return -1;
    }
    return 0;
}

/* What the learnt vocabulary says of its alphabet. */
static void count_alphabet(struct vocabulary_trainer *trainer, const struct alphabet *alphabet)
{
    struct vocabulary_trainer_counts *counts = &trainer->learnt;
    struct alphabet wanted;
    counts->alphabet = 0;
    for (uint32_t i = 0; i < alphabet->seen.count; i++)
        counts->alphabet += alphabet->characters[i].kept;
    counts->characters = alphabet->seen.count;
    counts->alphabet_share = alphabet_share(alphabet);
    counts->wanted_alphabet = alphabet_limit_for(alphabet, VOCABULARY_WELL_COVERED);
    counts->wanted_size = 0;
    if (counts->alphabet_share >= VOCABULARY_WELL_COVERED)
        return;
    alphabet_init(&wanted, &trainer->words, (int)counts->wanted_alphabet);
    counts->wanted_size = SPECIAL_TOKENS + alphabet_size(&wanted);
    alphabet_release(&wanted);
}

/* Special tokens, alphabet of so many characters, and merges until there are as many entries as wanted. */
static int learn_pieces(struct vocabulary_trainer *trainer, int alphabet_limit,
                        struct text_table *pieces, struct error *err)
{
    const uint32_t wanted = (uint32_t)trainer->options.size;
    struct alphabet alphabet;
    struct pair_merger merger;
    int status = -1;
    alphabet_init(&alphabet, &trainer->words, alphabet_limit);
    text_table_init(pieces);
    pair_merger_init(&merger, pieces, trainer->options.min_frequency);

    add_special_tokens(pieces);
    alphabet_entries(&alphabet, pieces);
    if (pieces->count > wanted) {
        error_set(err,
                  "a vocabulary of %d entries cannot hold the special tokens and the "
                  "alphabet, together %u; ask for more entries or a smaller alphabet",
                  trainer->options.size, pieces->count);
        goto done;
    }
    if (add_words(&merger, &alphabet, &trainer->words, err) < 0)
        goto done;
    pair_merger_begin(&merger);
    while (pieces->count < wanted && pair_merger_merge(&merger))
        ;
    count_alphabet(trainer, &alphabet);
    status = 0;
done:
    pair_merger_release(&merger);
    alphabet_release(&alphabet);
    return status;
}

/* The largest alphabet whose further entries, each perhaps as "c" and as "##c", have room in what is free. */
static int larger_alphabet(const struct vocabulary_trainer *trainer, uint32_t free_entries)
{
    const int limit = trainer->options.alphabet_limit;
    const uint32_t left = trainer->learnt.characters - trainer->learnt.alphabet;
    struct alphabet now, larger;
    uint32_t low = 0, high = left < free_entries ? left : free_entries;
    alphabet_init(&now, &trainer->words, limit);
    while (low < high) {
        const uint32_t more = low + (high - low + 1) / 2;
        alphabet_init(&larger, &trainer->words, limit + (int)more);
        if (alphabet_size(&larger) - alphabet_size(&now) <= free_entries)
            low = more;
        else
            high = more - 1;
        alphabet_release(&larger);
    }
    alphabet_release(&now);
    return limit + (int)low;
}

int vocabulary_trainer_learn(struct vocabulary_trainer *trainer, struct buffer *vocab_txt,
                             struct error *err)
{
    const uint32_t wanted = (uint32_t)trainer->options.size;
    struct text_table pieces;
    if (trainer->words.running == 0)
        return error_set(err, "there is no word to learn a vocabulary from");
    word_counts_trim(&trainer->words, (uint32_t)trainer->options.most_words);
    int status = learn_pieces(trainer, trainer->options.alphabet_limit, &pieces, err);
    if (status == 0 && pieces.count < wanted &&
        trainer->learnt.alphabet < trainer->learnt.characters) {
        const int limit = larger_alphabet(trainer, wanted - pieces.count);
        text_table_release(&pieces);
        status = learn_pieces(trainer, limit, &pieces, err);
    }
    for (uint32_t i = 0; status == 0 && i < pieces.count; i++) {
        size_t size;
        const char *text = text_table_text(&pieces, i, &size);
        buffer_put(vocab_txt, text, size);
        buffer_put_u8(vocab_txt, '\n');
    }
    trainer->learnt.entries = (int)pieces.count;
    text_table_release(&pieces);
    return status;
}
