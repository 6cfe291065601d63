#include "lambert/text/vocabulary_trainer.h"

#include <inttypes.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "alphabet.h"
#include "lambert/base/first_error.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/base/strings.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/input_feed.h"
#include "lambert/text/tokenizer.h"
#include "pair_merger.h"
#include "word_counts.h"
#include "word_tally.h"

const struct vocabulary_trainer_options vocabulary_trainer_defaults = {
    .size = 30522,
    .alphabet_limit = 1000,
    .min_frequency = 2,
    .most_words = 4000000,
    .memory_bytes = UINT64_C(4) << 30,
    .tokenizer = TOKENIZER_DEFAULTS};

/* Of a text of more chunks than that, words that occur once in a chunk are left out of its counts. */
enum { CHUNKS_COUNTED_WHOLE = 64, SPECIAL_TOKENS = 5 };

/* Of memory, for each character of the words that are learnt from: a symbol, its places in pairs, and its share in
 * the pairs themselves. */
enum { CHARACTER_BYTES = 64 };

struct vocabulary_trainer {
    struct vocabulary_trainer_options options;
    struct word_tally *tally; /* of what was added */
    struct word_counts words; /* what is learnt from, once it is known */
    _Atomic uint64_t invalid_bytes, text_characters, accents;
    struct left_out_list left_out;           /* of the parts that were read */
    struct vocabulary_trainer_counts learnt; /* what is known of the learnt vocabulary */
};

struct vocabulary_trainer *vocabulary_trainer_new(const struct vocabulary_trainer_options *options)
{
    require(options->size > 0 && options->alphabet_limit > 0 && options->min_frequency > 0 &&
            options->most_words > 0);
    struct vocabulary_trainer *trainer = memory_new(1, sizeof *trainer);
    trainer->options = *options;
    trainer->tally = word_tally_new(options->memory_bytes);
    word_counts_init(&trainer->words);
    return trainer;
}

void vocabulary_trainer_free(struct vocabulary_trainer *trainer)
{
    if (!trainer)
        return;
    word_tally_free(trainer->tally);
    word_counts_release(&trainer->words);
    left_out_list_release(&trainer->left_out);
    free(trainer);
}

/* --- counting --------------------------------------------------------------------------------- */

static void count_word(void *context, const char *word, size_t size)
{
    word_counts_add(context, word, size, 1);
}

static void count_words(struct vocabulary_trainer *trainer, struct word_counts *chunk,
                        const char *text, size_t size)
{
    const struct tokenizer_counts counts =
        tokenizer_words(text, size, &trainer->options.tokenizer, count_word, chunk);
    trainer->invalid_bytes += counts.invalid_bytes;
    trainer->text_characters += counts.characters - count_newlines(text, size); /* as prep counts */
    trainer->accents += counts.accents;
}

void vocabulary_trainer_add(struct vocabulary_trainer *trainer, const char *text, size_t size)
{
    struct word_counts chunk;
    word_counts_init(&chunk);
    count_words(trainer, &chunk, text, size);
    word_tally_add(trainer->tally, &chunk);
    word_counts_release(&chunk);
}

static void count_chunk(struct vocabulary_trainer *trainer, const struct input_list *inputs,
                        const struct input_work *work, struct document *document)
{
    struct word_counts chunk;
    struct left_out_places left_out;
    word_counts_init(&chunk);
    left_out_places_reset(&left_out);
    for (int s = 0; s < work->span_count; s++) {
        const struct input_span *span = &work->spans[s];
        const char *text = (const char *)work->text.data + span->begin;
        struct document_reader reader;
        document_reader_init(&reader, span->layout, &trainer->options.text, text,
                             span->end - span->begin);
        while (document_reader_next(&reader, document))
            count_words(trainer, &chunk, (const char *)document->text.data, document->text.size);
        left_out_places_add(&left_out, span, text, &reader);
        document_reader_release(&reader);
        if (inputs->files[span->file].encoding)
            trainer->invalid_bytes += span->invalid;
    }
#pragma omp critical(vocabulary_trainer_left_out)
    left_out_list_add(&trainer->left_out, work->chunk, work->part, &left_out);
    word_tally_add(trainer->tally, &chunk);
    word_counts_release(&chunk);
}

static int check_memory(const struct vocabulary_trainer *trainer, struct error *err)
{
    if (word_tally_fits(trainer->tally))
        return 0;
    return error_set(err,
                     "the words of the text do not fit in %" PRIu64
                     " MB, not even those that occur %" PRIu64
                     " times in 16 MB of it; learn from a part of the text, or give more --memory",
                     trainer->options.memory_bytes >> 20, word_tally_least(trainer->tally));
}

int vocabulary_trainer_read(struct vocabulary_trainer *trainer, const struct input_list *inputs,
                            int rank, int ranks, struct error *err)
{
    const struct input_feed_options options = {
        .chunk_bytes = VOCABULARY_CHUNK_BYTES, .rank = (uint64_t)rank, .ranks = (uint64_t)ranks};
    struct input_feed *feed = input_feed_new(inputs, &options);
    struct first_error first;
    struct progress progress;
    if (input_feed_chunks(feed) > CHUNKS_COUNTED_WHOLE)
        word_tally_raise(trainer->tally, 1);
    first_error_init(&first);
    progress_init(&progress, "counting words (1 of 3)", (double)inputs->bytes / 1e6 / ranks, "MB",
                  10);
#pragma omp parallel
    {
        struct input_work work = {0};
        struct document document;
        struct error failure;
        int got = 0;
        document_init(&document);
        for (;;) {
            /* What others have in hand is not done yet, but most of what was taken before this is. */
            const double before = (double)input_feed_taken(feed) / 1e6;
            if (check_memory(trainer, &failure) < 0 ||
                (got = input_feed_next(feed, &work, &failure)) < 0)
                first_error_put(&first, &failure);
            if (first_error_set(&first) || got == 0)
                break;
            count_chunk(trainer, inputs, &work, &document);
            if (omp_get_thread_num() == 0)
                progress_update(&progress, before, "%s", "");
        }
        document_release(&document);
        input_work_release(&work);
    }
    progress_release(&progress);
    input_feed_free(feed);
    return first_error_take(&first, err);
}

/* --- between ranks ---------------------------------------------------------------------------- */

bool vocabulary_trainer_save(const struct vocabulary_trainer *trainer,
                             struct vocabulary_trainer_place *place, size_t bytes,
                             struct buffer *out)
{
    struct buffer words = {0};
    struct word_tally_place at = {.bin = place->bin, .word = place->word};
    const bool first = at.bin == 0 && at.word == 0;
    const bool more = word_tally_save(trainer->tally, &at, bytes, &words);
    buffer_put_u64(out, first ? trainer->invalid_bytes : 0);
    buffer_put_u64(out, first ? trainer->text_characters : 0);
    buffer_put_u64(out, first ? trainer->accents : 0);
    left_out_list_put(first ? &trainer->left_out : &(struct left_out_list){0}, out);
    buffer_put_u64(out, words.size);
    buffer_put(out, words.data, words.size);
    buffer_release(&words);
    *place = (struct vocabulary_trainer_place){.bin = at.bin, .word = at.word};
    return more;
}

int vocabulary_trainer_load(struct vocabulary_trainer *into, const void *data, size_t size,
                            struct error *err)
{
    struct byte_reader reader;
    byte_reader_init(&reader, data, size);
    while (reader.position < size) { /* for each rank that has saved */
        into->invalid_bytes += byte_reader_u64(&reader);
        into->text_characters += byte_reader_u64(&reader);
        into->accents += byte_reader_u64(&reader);
        left_out_list_get(&into->left_out, &reader);
        const size_t bytes = byte_reader_u64(&reader);
        const void *words = byte_reader_bytes(&reader, bytes);
        require(words);
        word_tally_load(into->tally, words, bytes);
    }
    require(!reader.overrun);
    return check_memory(into, err);
}

void vocabulary_trainer_left_out(struct vocabulary_trainer *trainer, struct left_out_places *all)
{
    left_out_list_join(&trainer->left_out, all);
}

struct vocabulary_trainer_counts vocabulary_trainer_counts(const struct vocabulary_trainer *trainer)
{
    struct vocabulary_trainer_counts counts = trainer->learnt;
    counts.words = trainer->words.running + word_tally_running(trainer->tally);
    counts.distinct_words = trainer->words.words.count + word_tally_count(trainer->tally);
    counts.least = word_tally_least(trainer->tally);
    counts.invalid_bytes = trainer->invalid_bytes;
    counts.text_characters = trainer->text_characters;
    counts.accents = trainer->accents;
    return counts;
}

/* --- learning --------------------------------------------------------------------------------- */

static void add_special_tokens(struct text_table *pieces)
{
    static const char *const tokens[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        text_table_add(pieces, tokens[i], strlen(tokens[i]));
}

static int add_words(struct pair_merger *merger, const struct alphabet *alphabet,
                     const struct word_counts *words, struct error *err)
{
    struct progress progress;
    int status = 0;
    progress_init(&progress, "counting pairs (2 of 3)", words->words.count, "words", 10);
    for (uint32_t i = 0; i < words->words.count && status == 0; i++) {
        size_t size;
        const char *word = text_table_text(&words->words, i, &size);
        if (alphabet_spells(alphabet, word, size) > 1)
            status = pair_merger_add_word(merger, word, size, words->counts[i], err);
        progress_update(&progress, i, "%s", "");
    }
    progress_release(&progress);
    return status;
}

static void merge_pairs(struct pair_merger *merger, const struct text_table *pieces,
                        uint32_t wanted)
{
    struct progress progress;
    pair_merger_begin(merger);
    progress_init(&progress, "learning pieces (3 of 3)", wanted, "entries", 10);
    while (pieces->count < wanted && pair_merger_merge(merger))
        progress_update(&progress, pieces->count, "%s", "");
    progress_release(&progress);
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
    merge_pairs(&merger, pieces, wanted);
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
    word_tally_take(trainer->tally, &trainer->words);
    if (trainer->words.running == 0)
        return error_set(err, "there is no word to learn a vocabulary from");
    word_counts_trim(&trainer->words, (uint32_t)trainer->options.most_words,
                     trainer->options.memory_bytes / CHARACTER_BYTES);
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
