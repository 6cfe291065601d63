/* Sentences stand in the text in order, none empty, none with white space at an end, and nothing
 * but white space is left between them. */
#include "../text/slow_tokenizer.h"
#include "fuzz.h"
#include "lambert/text/sentence_splitter.h"

static bool is_trimmed(const char *text, size_t size)
{
    size_t before = size;
    slow_trim(&text, &size);
    return size == before;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *sentence;
    size_t length, end = 0;
    struct sentence_splitter splitter;
    sentence_splitter_init(&splitter, text, size);
    while (sentence_splitter_next(&splitter, &sentence, &length)) {
        require(length > 0);
        require(sentence >= text + end && sentence + length <= text + size);
        require(slow_is_blank(text + end, (size_t)(sentence - text) - end));
        require(is_trimmed(sentence, length));
        end = (size_t)(sentence - text) + length;
    }
    require(slow_is_blank(text + end, size - end));
    require(!sentence_splitter_next(&splitter, &sentence, &length));
    return 0;
}
