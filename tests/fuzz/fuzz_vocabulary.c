/* vocabulary_parse() against the lines themselves: it takes what is UTF-8 and has the five special
 * tokens, and nothing else; line i, trimmed, is token i; a token's id is its last line. */
#include <stdlib.h>
#include <string.h>

#include "../text/slow_tokenizer.h"
#include "fuzz.h"
#include "lambert/base/log.h"
#include "lambert/text/vocabulary.h"

struct line {
    const char *text;
    size_t size;
};

struct lines {
    struct line *lines; /* [count] */
    size_t count;
};

static struct lines lines_of(const char *text, size_t size)
{
    struct lines lines = {0};
    struct buffer list = {0};
    for (size_t start = 0, end; start < size; start = end + 1) {
        for (end = start; end < size && text[end] != '\n';)
            end++;
        struct line line = {text + start, end - start};
        slow_trim(&line.text, &line.size);
        buffer_put(&list, &line, sizeof line);
    }
    lines.lines = (struct line *)list.data;
    lines.count = list.size / sizeof *lines.lines;
    return lines;
}

static bool same(const struct line *line, const char *text, size_t size)
{
    return line->size == size && memcmp(line->text, text, size) == 0;
}

/* The last line that says so, or -1. */
static int32_t last_line(const struct lines *lines, const char *text, size_t size)
{
    for (size_t i = lines->count; i > 0; i--)
        if (same(&lines->lines[i - 1], text, size))
            return (int32_t)(i - 1);
    return -1;
}

static bool is_valid(const uint8_t *data, size_t size)
{
    struct buffer codes = {0};
    bool valid = slow_decode(data, size, &codes) == 0;
    buffer_release(&codes);
    return valid;
}

static bool has_special_tokens(const struct lines *lines)
{
    static const char *const special[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (last_line(lines, special[i], strlen(special[i])) < 0)
            return false;
    return true;
}

static void check_tokens(const struct vocabulary *vocabulary, const struct lines *lines)
{
    require((size_t)vocabulary_size(vocabulary) == lines->count);
    for (size_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->lines[i];
        const char *token = vocabulary_token(vocabulary, (int32_t)i);
        require(memcmp(token, line->text, line->size) == 0 && token[line->size] == 0);
        require(vocabulary_find(vocabulary, line->text, line->size) ==
                last_line(lines, line->text, line->size));
        require(vocabulary_continuation(vocabulary)[i] ==
                (line->size >= 2 && memcmp(line->text, "##", 2) == 0));
    }
}

static void check_special_tokens(const struct vocabulary *vocabulary, const struct lines *lines)
{
    struct special_tokens special = vocabulary_special_tokens(vocabulary);
    require(special.pad == last_line(lines, "[PAD]", 5));
    require(special.unk == last_line(lines, "[UNK]", 5));
    require(special.cls == last_line(lines, "[CLS]", 5));
    require(special.sep == last_line(lines, "[SEP]", 5));
    require(special.mask == last_line(lines, "[MASK]", 6));
    require(vocabulary_find(vocabulary, "no such\ntoken", 13) == -1);
}

static void check_source(const struct vocabulary *vocabulary, const uint8_t *data, size_t size)
{
    size_t kept;
    const char *text = vocabulary_text(vocabulary, &kept);
    require(kept == size && memcmp(text, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vocabulary *vocabulary;
    struct error err = {""};
    log_set_level(LOG_ERROR); /* repeated tokens are common here */
    bool taken = !vocabulary_parse(&vocabulary, "fuzz", data, size, &err);
    bool valid = is_valid(data, size);
    struct lines lines = valid ? lines_of((const char *)data, size) : (struct lines){0};
    require(taken == (valid && has_special_tokens(&lines)));
    require(taken == !err.text[0]);
    if (taken) {
        check_tokens(vocabulary, &lines);
        check_special_tokens(vocabulary, &lines);
        check_source(vocabulary, data, size);
        vocabulary_free(vocabulary);
    }
    free(lines.lines);
    return 0;
}
