#include "exclusion.h"

#include <stdlib.h>
#include <string.h>

#include "exclusion_texts.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/text/input_look.h"
#include "lambert/text/tokenizer.h"
#include "lambert/text/unicode.h"

/* --- the n-grams of a text --------------------------------------------------------------------- */

/* Hashes of the last N words. Each is written twice, N places apart, so that the last N always stand
 * in one run. */
struct window {
    uint64_t hashes[2 * EXCLUSION_MOST_WORDS];
    size_t words;    /* N */
    uint64_t passed; /* words so far */
};

static void window_begin(struct window *window, int words)
{
    window->words = (size_t)words;
    window->passed = 0;
}

/* The uncased tokenizer parts all punctuation from words, ASCII's symbols included. */
static bool is_punctuation(const char *word, size_t size)
{
    const unsigned char first = (unsigned char)word[0];
    int32_t code;
    if (first < 0x80)
        return !((first >= '0' && first <= '9') || (first >= 'a' && first <= 'z') ||
                 (first >= 'A' && first <= 'Z'));
    return unicode_decode(word, size, &code) > 0 && unicode_is_punctuation(code);
}

/* Takes a word in; true when N words have passed, and *hash is then that of the last N. */
static bool window_add(struct window *window, const char *word, size_t size, uint64_t *hash)
{
    const size_t n = window->words, place = (size_t)(window->passed++ % n);
    window->hashes[place] = window->hashes[place + n] = hash_bytes(word, size);
    if (window->passed < n)
        return false;
    *hash = hash_bytes(window->hashes + (place + 1) % n, n * sizeof *window->hashes);
    *hash += *hash == 0; /* 0 marks a free place of the table */
    return true;
}

/* --- the table ------------------------------------------------------------------------------------ */

/* The place of the n-gram, or the free one where it belongs. */
static struct excluded_ngram *find_place(const struct exclusion *exclusion, uint64_t hash)
{
    size_t place = hash & exclusion->mask;
    while (exclusion->table[place].hash != 0 && exclusion->table[place].hash != hash)
        place = (place + 1) & exclusion->mask;
    return &exclusion->table[place];
}

static void make_table(struct exclusion *exclusion, size_t places)
{
    struct excluded_ngram *old = exclusion->table;
    const size_t old_places = old ? exclusion->mask + 1 : 0;
    exclusion->table = memory_new(places, sizeof *exclusion->table);
    exclusion->mask = places - 1;
    for (size_t i = 0; i < old_places; i++)
        if (old[i].hash != 0)
            *find_place(exclusion, old[i].hash) = old[i];
    free(old);
}

static void add_ngram(struct exclusion *exclusion, uint64_t hash, uint64_t file)
{
    struct excluded_ngram *place = find_place(exclusion, hash);
    if (place->hash == hash)
        return;
    *place = (struct excluded_ngram){.hash = hash, .file = file};
    exclusion->hash += hash; /* a sum, so that the order of texts makes no difference */
    if (++exclusion->ngrams * 2 > exclusion->mask)
        make_table(exclusion, 2 * (exclusion->mask + 1));
}

/* --- reading the test sets -------------------------------------------------------------------------- */

struct reading {
    struct exclusion *exclusion;
    uint64_t file;
    bool any; /* n-gram in it */
    struct window window;
};

static void add_word(void *context, const char *word, size_t size)
{
    struct reading *reading = context;
    uint64_t hash;
    if (is_punctuation(word, size) || !window_add(&reading->window, word, size, &hash))
        return;
    add_ngram(reading->exclusion, hash, reading->file);
    reading->any = true;
}

static void add_text(void *context, const char *text, size_t size)
{
    struct reading *reading = context;
    struct exclusion *exclusion = reading->exclusion;
    window_begin(&reading->window, exclusion->words);
    tokenizer_words(text, size, &tokenizer_defaults, add_word, reading);
    if (reading->window.passed == 0)
        return;
    exclusion->texts++;
    exclusion->short_texts += reading->window.passed < reading->window.words;
}

static int read_file(struct exclusion *exclusion, int number, struct error *err)
{
    struct reading reading = {.exclusion = exclusion, .file = (uint64_t)number};
    if (exclusion_texts_read(&exclusion->files.files[number], &exclusion->text, add_text, &reading,
                             err) < 0)
        return -1;
    if (!reading.any && exclusion->barren_files++ < EXCLUSION_BARREN_NAMED)
        exclusion->barren[exclusion->barren_files - 1] = number;
    return 0;
}

int exclusion_open(struct exclusion *exclusion, const char *input, int words, const char *encoding,
                   int ranks, struct error *err)
{
    char *const inputs[] = {(char *)input};
    require(words >= EXCLUSION_LEAST_WORDS && words <= EXCLUSION_MOST_WORDS);
    *exclusion = (struct exclusion){.words = words,
                                    .text = {.encoding = encoding, .every_string = true},
                                    .hash = (uint64_t)words};
    if (strcmp(input, "-") == 0)
        return error_set(err,
                         "what is to be excluded cannot come from standard input; name a file");
    make_table(exclusion, 1024);
    if (input_list_open(&exclusion->files, inputs, 1, NULL, err) < 0 ||
        input_list_check_ranks(&exclusion->files, ranks, err) < 0 ||
        input_look(&exclusion->files, &exclusion->text, err) < 0)
        goto fail;
    for (int i = 0; i < exclusion->files.count; i++)
        if (read_file(exclusion, i, err) < 0)
            goto fail;
    if (exclusion->ngrams == 0) {
        error_set(err,
                  "no text in %s has %d words, so that nothing would be excluded; if that is what "
                  "they are, set --exclude-words to fewer",
                  input, words);
        goto fail;
    }
    return 0;
fail:
    exclusion_close(exclusion);
    return -1;
}

void exclusion_close(struct exclusion *exclusion)
{
    input_list_close(&exclusion->files);
    free(exclusion->table);
    *exclusion = (struct exclusion){0};
}

size_t exclusion_memory(const struct exclusion *exclusion)
{
    return exclusion->table ? (exclusion->mask + 1) * sizeof *exclusion->table : 0;
}

/* --- looking for them in a document ------------------------------------------------------------------ */

struct search {
    const struct exclusion *exclusion;
    struct window window;
    struct exclusion_match match;
    bool found;
};

static void look_at_word(void *context, const char *word, size_t size)
{
    struct search *search = context;
    uint64_t hash;
    if (search->found || is_punctuation(word, size) ||
        !window_add(&search->window, word, size, &hash))
        return;
    const struct excluded_ngram *place = find_place(search->exclusion, hash);
    if (place->hash != hash)
        return;
    search->found = true;
    search->match = (struct exclusion_match){
        .first_word = search->window.passed - search->window.words, .file = place->file};
}

bool exclusion_find(const struct exclusion *exclusion, const char *text, size_t size,
                    struct exclusion_match *match)
{
    struct search search = {.exclusion = exclusion};
    window_begin(&search.window, exclusion->words);
    tokenizer_words(text, size, &tokenizer_defaults, look_at_word, &search);
    *match = search.match;
    return search.found;
}

struct printing {
    uint64_t word, first, end;
    struct buffer *out;
};

static void print_word(void *context, const char *word, size_t size)
{
    struct printing *printing = context;
    if (is_punctuation(word, size))
        return;
    if (printing->word >= printing->first && printing->word < printing->end) {
        if (printing->word > printing->first)
            buffer_put_u8(printing->out, ' ');
        buffer_put(printing->out, word, size);
    }
    printing->word++;
}

void exclusion_print(const struct exclusion *exclusion, const char *text, size_t size,
                     const struct exclusion_match *match, struct buffer *out)
{
    struct printing printing = {.first = match->first_word,
                                .end = match->first_word + (uint64_t)exclusion->words,
                                .out = out};
    tokenizer_words(text, size, &tokenizer_defaults, print_word, &printing);
}
