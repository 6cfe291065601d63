#include "word_tally.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lambert/base/array.h"
#include "lambert/base/error.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"

/* Bins, by a word's hash, so that threads seldom wait for each other. */
enum { BINS = 64 };

/* How often a word occurs in chunks that have it 1, 2 or 3, 4 to 7, 8 to 15 times, and more often. (The former
 * overflow after 280 million chunks.) */
struct tallied {
    uint32_t tiers[WORD_TALLY_TIERS - 1];
    uint64_t top;
};

struct bin {
    pthread_mutex_t mutex;
    struct text_table words;
    struct tallied *tallied; /* [words.count] */
    size_t capacity;
};

struct word_tally {
    uint64_t most_bytes;
    /* Whoever adds words shares it, whoever raises the tier has it alone. */
    pthread_rwlock_t tier_lock;
    int tier;
    bool full;
    _Atomic uint64_t bytes, running, count;
    struct bin bins[BINS];
};

/* At most: its text, tiers and number, in arrays that grow by half as much again, and 4 slots of the table. */
static uint64_t bytes_of(size_t size)
{
    return 3 * (size + 1 + sizeof(struct tallied) + sizeof(size_t)) / 2 +
           4 * (sizeof(uint8_t) + sizeof(uint32_t));
}

struct word_tally *word_tally_new(uint64_t most_bytes)
{
    struct word_tally *tally = memory_new(1, sizeof *tally);
    tally->most_bytes = most_bytes;
    pthread_rwlock_init(&tally->tier_lock, NULL);
    for (int s = 0; s < BINS; s++) {
        pthread_mutex_init(&tally->bins[s].mutex, NULL);
        text_table_init(&tally->bins[s].words);
    }
    return tally;
}

static void empty_bin(struct bin *bin)
{
    text_table_release(&bin->words);
    free(bin->tallied);
    bin->tallied = NULL;
    bin->capacity = 0;
}

void word_tally_free(struct word_tally *tally)
{
    if (!tally)
        return;
    for (int s = 0; s < BINS; s++) {
        empty_bin(&tally->bins[s]);
        pthread_mutex_destroy(&tally->bins[s].mutex);
    }
    pthread_rwlock_destroy(&tally->tier_lock);
    free(tally);
}

static uint64_t times_from(const struct tallied *tallied, int tier)
{
    uint64_t times = tallied->top;
    for (int t = tier; t < WORD_TALLY_TIERS - 1; t++)
        times += tallied->tiers[t];
    return times;
}

static void add_times(struct tallied *tallied, int tier, uint64_t times)
{
    if (tier < WORD_TALLY_TIERS - 1)
        tallied->tiers[tier] += (uint32_t)times;
    else
        tallied->top += times;
}

/* The word's tiers, in the bin whose lock is held. */
static struct tallied *place_of(struct word_tally *tally, struct bin *bin, const char *word,
                                size_t size)
{
    const uint32_t known = bin->words.count;
    const uint32_t number = text_table_add(&bin->words, word, size);
    ARRAY_RESERVE(bin->tallied, number + (size_t)1, bin->capacity);
    if (number == known) {
        bin->tallied[number] = (struct tallied){0};
        tally->bytes += bytes_of(size);
        tally->count++;
    }
    return &bin->tallied[number];
}

/* By bits that the bin's own table does not look at first. */
static int bin_of(const char *word, size_t size)
{
    return (int)(hash_bytes(word, size) >> 40 & (BINS - 1));
}

/* --- fewer words ------------------------------------------------------------------------------ */

/* Drops the words that have nothing from the tier on. */
static void thin_out(struct word_tally *tally, struct bin *bin, int tier)
{
    struct text_table words = bin->words;
    struct tallied *tallied = bin->tallied;
    text_table_init(&bin->words);
    bin->tallied = NULL;
    bin->capacity = 0;
    for (uint32_t i = 0; i < words.count; i++) {
        size_t size;
        const char *word = text_table_text(&words, i, &size);
        tally->bytes -= bytes_of(size);
        tally->count--;
        if (times_from(&tallied[i], tier) > 0)
            *place_of(tally, bin, word, size) = tallied[i];
    }
    text_table_release(&words);
    free(tallied);
}

/* Who calls has the tier's lock alone. */
static void raise_tier(struct word_tally *tally, int tier)
{
    require(tier < WORD_TALLY_TIERS);
    if (tier <= tally->tier)
        return;
    tally->tier = tier;
    for (int s = 0; s < BINS; s++)
        thin_out(tally, &tally->bins[s], tier);
}

void word_tally_raise(struct word_tally *tally, int tier)
{
    pthread_rwlock_wrlock(&tally->tier_lock);
    raise_tier(tally, tier);
    pthread_rwlock_unlock(&tally->tier_lock);
}

static void make_fit(struct word_tally *tally)
{
    if (tally->bytes <= tally->most_bytes)
        return;
    pthread_rwlock_wrlock(&tally->tier_lock);
    while (tally->bytes > tally->most_bytes && tally->tier < WORD_TALLY_TIERS - 1)
        raise_tier(tally, tally->tier + 1);
    tally->full = tally->bytes > tally->most_bytes;
    pthread_rwlock_unlock(&tally->tier_lock);
}

/* --- adding ----------------------------------------------------------------------------------- */

static int tier_of(uint64_t times)
{
    int tier = 0;
    while (tier < WORD_TALLY_TIERS - 1 && times >> (tier + 1) > 0)
        tier++;
    return tier;
}

/* The numbers of a chunk's words, bin after bin. */
struct binned {
    uint32_t *words;         /* [ends[BINS - 1]] */
    uint32_t ends[BINS + 1]; /* those of bin s end at ends[s + 1] */
};

static struct binned binned(const struct word_counts *chunk)
{
    const uint32_t count = chunk->words.count;
    struct binned binned = {.words = memory_new(count + (size_t)1, sizeof *binned.words)};
    uint8_t *bins = memory_new(count + (size_t)1, sizeof *bins);
    uint32_t next[BINS];
    for (uint32_t i = 0; i < count; i++) {
        size_t size;
        const char *word = text_table_text(&chunk->words, i, &size);
        bins[i] = (uint8_t)bin_of(word, size);
        binned.ends[bins[i] + 1]++;
    }
    for (int s = 0; s < BINS; s++) {
        next[s] = binned.ends[s];
        binned.ends[s + 1] += binned.ends[s];
    }
    for (uint32_t i = 0; i < count; i++)
        binned.words[next[bins[i]]++] = i;
    free(bins);
    return binned;
}

/* Threads begin at different bins, and lock each once for a chunk. */
void word_tally_add(struct word_tally *tally, const struct word_counts *chunk)
{
    const struct binned by_bin = binned(chunk);
    const uint64_t first = atomic_fetch_add(&tally->running, chunk->running);
    pthread_rwlock_rdlock(&tally->tier_lock);
    for (uint64_t turn = 0; turn < BINS; turn++) {
        const uint64_t s = (first + turn) % BINS;
        struct bin *bin = &tally->bins[s];
        pthread_mutex_lock(&bin->mutex);
        for (uint32_t i = by_bin.ends[s]; i < by_bin.ends[s + 1]; i++) {
            const uint32_t number = by_bin.words[i];
            const int tier = tier_of(chunk->counts[number]);
            if (tier < tally->tier)
                continue;
            size_t size;
            const char *word = text_table_text(&chunk->words, number, &size);
            add_times(place_of(tally, bin, word, size), tier, chunk->counts[number]);
        }
        pthread_mutex_unlock(&bin->mutex);
    }
    pthread_rwlock_unlock(&tally->tier_lock);
    free(by_bin.words);
    make_fit(tally);
}

/* --- asking ----------------------------------------------------------------------------------- */

uint64_t word_tally_least(const struct word_tally *tally)
{
    struct word_tally *shared = (struct word_tally *)tally;
    pthread_rwlock_rdlock(&shared->tier_lock);
    const uint64_t least = UINT64_C(1) << tally->tier;
    pthread_rwlock_unlock(&shared->tier_lock);
    return least;
}

bool word_tally_fits(const struct word_tally *tally)
{
    struct word_tally *shared = (struct word_tally *)tally;
    pthread_rwlock_rdlock(&shared->tier_lock);
    const bool fits = !tally->full;
    pthread_rwlock_unlock(&shared->tier_lock);
    return fits;
}

uint64_t word_tally_running(const struct word_tally *tally)
{
    return tally->running;
}

uint64_t word_tally_count(const struct word_tally *tally)
{
    return tally->count;
}

/* --- between ranks ---------------------------------------------------------------------------- */

/* A portion: the tier, running words (with the first portion), how many words, and these. */
bool word_tally_save(const struct word_tally *tally, struct word_tally_place *place, size_t bytes,
                     struct buffer *out)
{
    const bool first = place->bin == 0 && place->word == 0;
    struct buffer words = {0};
    uint64_t count = 0;
    for (; place->bin < BINS && words.size < bytes; place->bin++, place->word = 0) {
        const struct bin *bin = &tally->bins[place->bin];
        for (; place->word < bin->words.count && words.size < bytes; place->word++) {
            size_t size;
            const char *word = text_table_text(&bin->words, place->word, &size);
            const struct tallied *tallied = &bin->tallied[place->word];
            for (int t = 0; t < WORD_TALLY_TIERS - 1; t++)
                buffer_put_u32(&words, tallied->tiers[t]);
            buffer_put_u64(&words, tallied->top);
            buffer_put_u64(&words, size);
            buffer_put(&words, word, size);
            count++;
        }
        if (place->word < bin->words.count)
            break;
    }
    buffer_put_u32(out, (uint32_t)tally->tier);
    buffer_put_u64(out, first ? tally->running : 0);
    buffer_put_u64(out, count);
    buffer_put(out, words.data, words.size);
    buffer_release(&words);
    return place->bin < BINS;
}

void word_tally_load(struct word_tally *tally, const void *data, size_t size)
{
    struct byte_reader reader;
    byte_reader_init(&reader, data, size);
    while (reader.position < size) { /* portion by portion */
        word_tally_raise(tally, (int)byte_reader_u32(&reader));
        tally->running += byte_reader_u64(&reader);
        for (uint64_t left = byte_reader_u64(&reader); left > 0; left--) {
            struct tallied tallied;
            for (int t = 0; t < WORD_TALLY_TIERS - 1; t++)
                tallied.tiers[t] = byte_reader_u32(&reader);
            tallied.top = byte_reader_u64(&reader);
            const size_t length = byte_reader_u64(&reader);
            const char *word = byte_reader_bytes(&reader, length);
            require(word);
            if (times_from(&tallied, tally->tier) == 0)
                continue;
            struct tallied *sum = place_of(tally, &tally->bins[bin_of(word, length)], word, length);
            for (int t = tally->tier; t < WORD_TALLY_TIERS - 1; t++)
                sum->tiers[t] += tallied.tiers[t];
            sum->top += tallied.top;
        }
        make_fit(tally);
    }
    require(!reader.overrun);
}

void word_tally_take(struct word_tally *tally, struct word_counts *counts)
{
    const uint64_t running = counts->running + tally->running;
    for (int s = 0; s < BINS; s++) {
        struct bin *bin = &tally->bins[s];
        for (uint32_t i = 0; i < bin->words.count; i++) {
            size_t size;
            const char *word = text_table_text(&bin->words, i, &size);
            word_counts_add(counts, word, size, times_from(&bin->tallied[i], tally->tier));
        }
        empty_bin(bin);
        text_table_init(&bin->words);
    }
    counts->running = running;
    tally->running = 0;
    tally->bytes = 0;
    tally->count = 0;
}
