/* The tokenizer against its slow twin, cased and uncased. The first byte chooses the longest word:
 * 200 characters, or few. Each text is taken twice, the second time from the cache. */
#include <stdio.h>

#include "../text/tokenizer_pair.h"
#include "fuzz.h"

enum { LIMITS = 2 };

static struct vocabulary_pair vocabularies;
static struct tokenizer_pair pairs[2][LIMITS];

static void set_up(void)
{
    static const int limits[LIMITS] = {200, 5};
    struct buffer vocab_txt = {0};
    put_vocabulary_of_all_characters(&vocab_txt);
    vocabulary_pair_init(&vocabularies, &vocab_txt);
    buffer_release(&vocab_txt);
    for (int lower_case = 0; lower_case < 2; lower_case++) {
        for (int i = 0; i < LIMITS; i++) {
            struct tokenizer_options options = tokenizer_defaults;
            options.lower_case = lower_case;
            options.max_word_characters = limits[i];
            tokenizer_pair_init(&pairs[lower_case][i], &vocabularies, &options);
        }
    }
}

static void check(struct tokenizer_pair *pair, const char *text, size_t size)
{
    for (int pass = 0; pass < 2; pass++) {
        if (!tokenizer_pair_agree(pair, text, size)) {
            tokenizer_pair_report(pair, stderr, text, size);
            bug("the tokenizers differ");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!vocabularies.fast)
        set_up();
    if (size == 0)
        return 0;
    for (int lower_case = 0; lower_case < 2; lower_case++)
        check(&pairs[lower_case][data[0] % LIMITS], (const char *)data + 1, size - 1);
    return 0;
}
