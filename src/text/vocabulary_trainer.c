#include "lambert/text/vocabulary_trainer.h"

#include <stdlib.h>
#include <string.h>

#include "alphabet.h"
#include "lambert/base/memory.h"
#include "lambert/text/tokenizer.h"
#include "pair_merger.h"
#include "word_counts.h"

const struct vocabulary_trainer_options vocabulary_trainer_defaults = {.size = 30522,
                                                                       .alphabet_limit = 1000,
                                                                       .min_frequency = 2,
                                                                       .most_words = 4000000,
                                                                       .lower_case = true};

struct vocabulary_trainer {
    struct vocabulary_trainer_options options;
    struct word_counts words;
    uint64_t invalid_bytes;
    int entries;
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
    trainer->invalid_bytes +=
        tokenizer_words(text, size, trainer->options.lower_case, count_word, &trainer->words);
}

void vocabulary_trainer_reset(struct vocabulary_trainer *trainer)
{
    word_counts_reset(&trainer->words);
    trainer->invalid_bytes = 0;
}

void vocabulary_trainer_merge(struct vocabulary_trainer *into,
                              const struct vocabulary_trainer *from, uint64_t least)
{
    require(into->options.lower_case == from->options.lower_case);
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

/* One rank's; several may lie one behind the other. */
static void load_one(struct vocabulary_trainer *into, struct byte_reader *reader)
{
    into->invalid_bytes += byte_reader_u64(reader);
    uint64_t running = into->words.running + byte_reader_u64(reader);
    uint64_t count = byte_reader_u64(reader);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t times = byte_reader_u64(reader);
        size_t size = byte_reader_u64(reader);
        const char *word = byte_reader_bytes(reader, size);
        require(word);
        word_counts_add(&into->words, word, size, times);
    }
    into->words.running = running;
}

void vocabulary_trainer_load(struct vocabulary_trainer *into, const void *data, size_t size)
{
    struct byte_reader reader;
    byte_reader_init(&reader, data, size);
    while (reader.position < size)
        load_one(into, &reader);
    require(!reader.overrun);
}

struct vocabulary_trainer_counts vocabulary_trainer_counts(const struct vocabulary_trainer *trainer)
{
    return (struct vocabulary_trainer_counts){
        .words = trainer->words.running,
        .distinct_words = trainer->words.words.count,
        .invalid_bytes = trainer->invalid_bytes,
        .entries = trainer->entries,
    };
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
            pair_merger_add_word(merger, word, size, words->counts[i], err))
            return -1;
    }
    return 0;
}

/* Adds to `pieces`, which hold special tokens and alphabet, until there are `size`. */
static int learn_pieces(const struct vocabulary_trainer *trainer, const struct alphabet *alphabet,
                        struct text_table *pieces, struct error *err)
{
    struct pair_merger merger;
    pair_merger_init(&merger, pieces, trainer->options.min_frequency);
    int status = add_words(&merger, alphabet, &trainer->words, err);
    if (status == 0) {
        pair_merger_begin(&merger);
        while (pieces->count < (uint32_t)trainer->options.size && pair_merger_merge(&merger))
            ;
    }
    pair_merger_release(&merger);
    return status;
}

static void write_pieces(const struct text_table *pieces, struct buffer *vocab_txt)
{
    for (uint32_t i = 0; i < pieces->count; i++) {
        size_t size;
        const char *text = text_table_text(pieces, i, &size);
        buffer_put(vocab_txt, text, size);
        buffer_put_u8(vocab_txt, '\n');
    }
}

static int learn(struct vocabulary_trainer *trainer, const struct alphabet *alphabet,
                 struct text_table *pieces, struct buffer *vocab_txt, struct error *err)
{
    add_special_tokens(pieces);
    alphabet_entries(alphabet, pieces);
    if (pieces->count > (uint32_t)trainer->options.size)
        return error_set(err,
                         "a vocabulary of %d entries cannot hold the special tokens and the "
                         "alphabet, together %u; ask for more entries or a smaller alphabet",
                         trainer->options.size, pieces->count);
    if (learn_pieces(trainer, alphabet, pieces, err))
        return -1;
    write_pieces(pieces, vocab_txt);
    trainer->entries = (int)pieces->count;
    return 0;
}

int vocabulary_trainer_learn(struct vocabulary_trainer *trainer, struct buffer *vocab_txt,
                             struct error *err)
{
    if (trainer->words.running == 0)
        return error_set(err, "there is no word to learn a vocabulary from");
    word_counts_trim(&trainer->words, (uint32_t)trainer->options.most_words);
    struct alphabet alphabet;
    struct text_table pieces;
    alphabet_init(&alphabet, &trainer->words, trainer->options.alphabet_limit);
    text_table_init(&pieces);
    int status = learn(trainer, &alphabet, &pieces, vocab_txt, err);
    text_table_release(&pieces);
    alphabet_release(&alphabet);
    return status;
}
