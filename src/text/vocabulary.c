#include "lambert/text/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/text/unicode.h"
#include "piece_trie.h"
#include "text_table.h"

struct vocabulary {
    struct buffer source;
    uint64_t hash;
    int size;
    size_t room[3];           /* in the three arrays that follow */
    struct text_table tokens; /* distinct ones */
    uint32_t *token_of_id;    /* [size] in tokens */
    int32_t *id_of_token;     /* [tokens.count] */
    uint8_t *continuation;    /* [size] */
    struct piece_trie trie;
    struct special_tokens special;
    int duplicates;
    int32_t first_duplicate; /* id of the line that first repeated a token */
};

static bool valid_utf8(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        int32_t code;
        size_t taken = unicode_decode(text + i, size - i, &code);
        if (taken == 0)
            return false;
        i += taken;
    }
    return true;
}

static void add_token(struct vocabulary *vocabulary, const char *text, size_t size)
{
    const size_t count = (size_t)vocabulary->size + 1;
    ARRAY_RESERVE(vocabulary->token_of_id, count, vocabulary->room[0]);
    ARRAY_RESERVE(vocabulary->id_of_token, count, vocabulary->room[1]);
    ARRAY_RESERVE(vocabulary->continuation, count, vocabulary->room[2]);
    uint32_t distinct = vocabulary->tokens.count;
    uint32_t number = text_table_add(&vocabulary->tokens, text, size);
    int32_t id = vocabulary->size++;
    if (number < distinct && vocabulary->duplicates++ == 0)
        vocabulary->first_duplicate = id;
    vocabulary->token_of_id[id] = number;
    vocabulary->id_of_token[number] = id;
    vocabulary->continuation[id] = size >= 2 && memcmp(text, "##", 2) == 0;
}

static int add_lines(struct vocabulary *vocabulary, const char *name, struct error *err)
{
    const char *data = (const char *)vocabulary->source.data;
    size_t size = vocabulary->source.size;
    for (size_t start = 0, end; start < size; start = end + 1) {
        const char *newline = memchr(data + start, '\n', size - start);
        end = newline ? (size_t)(newline - data) : size;
        const char *text = data + start;
        size_t length = end - start;
        if (vocabulary->size == INT32_MAX)
            return error_set(err, "vocabulary %s has too many lines", name);
        if (!valid_utf8(text, length))
            return error_set(err, "vocabulary %s: line %d is not valid UTF-8; is this a vocab.txt?",
                             name, vocabulary->size + 1);
        unicode_trim(&text, &length);
        add_token(vocabulary, text, length);
    }
    return 0;
}

static int find_special_tokens(struct vocabulary *vocabulary, const char *name, struct error *err)
{
    struct special_tokens *special = &vocabulary->special;
    struct {
        const char *token;
        int32_t *id;
    } wanted[] = {{"[PAD]", &special->pad},
                  {"[UNK]", &special->unk},
                  {"[CLS]", &special->cls},
                  {"[SEP]", &special->sep},
                  {"[MASK]", &special->mask}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        *wanted[i].id = vocabulary_find(vocabulary, wanted[i].token, strlen(wanted[i].token));
        if (*wanted[i].id < 0)
            return error_set(err,
                             "vocabulary %s (%d lines) has no line %s; BERT needs [PAD], [UNK], "
                             "[CLS], [SEP] and [MASK]",
                             name, vocabulary->size, wanted[i].token);
    }
    return 0;
}

/* The vocabulary owns the bytes from here on. */
static int from_source(struct vocabulary **out, const char *name, struct buffer *source,
                       struct error *err)
{
    struct vocabulary *vocabulary = memory_new(1, sizeof *vocabulary);
    vocabulary->source = *source;
    vocabulary->hash = hash_bytes(source->data, source->size);
    text_table_init(&vocabulary->tokens);
    if (add_lines(vocabulary, name, err) < 0 || find_special_tokens(vocabulary, name, err) < 0) {
        vocabulary_free(vocabulary);
        return -1;
    }
    if (vocabulary->duplicates > 0)
        log_warning("vocabulary %s: %d lines repeat an earlier token, the first in line %d "
                    "(\"%s\"); the last line of a token is its id",
                    name, vocabulary->duplicates, vocabulary->first_duplicate + 1,
                    vocabulary_token(vocabulary, vocabulary->first_duplicate));

    uint32_t count = vocabulary->tokens.count;
    struct piece *pieces = memory_new(count, sizeof *pieces);
    for (uint32_t i = 0; i < count; i++) {
        pieces[i].text = text_table_text(&vocabulary->tokens, i, &pieces[i].size);
        pieces[i].id = vocabulary->id_of_token[i];
    }
    piece_trie_init(&vocabulary->trie, pieces, count);
    free(pieces);
    *out = vocabulary;
    return 0;
}

int vocabulary_load(struct vocabulary **vocabulary, const char *path, struct error *err)
{
    struct buffer source = {0};
    if (file_read(path, &source, err) < 0) {
        buffer_release(&source);
        return error_prefix(err, "vocabulary");
    }
    return from_source(vocabulary, path, &source, err);
}

int vocabulary_parse(struct vocabulary **vocabulary, const char *name, const void *data,
                     size_t size, struct error *err)
{
    struct buffer source = {0};
    buffer_put(&source, data, size);
    return from_source(vocabulary, name, &source, err);
}

void vocabulary_free(struct vocabulary *vocabulary)
{
    if (!vocabulary)
        return;
    piece_trie_release(&vocabulary->trie);
    text_table_release(&vocabulary->tokens);
    buffer_release(&vocabulary->source);
    free(vocabulary->token_of_id);
    free(vocabulary->id_of_token);
    free(vocabulary->continuation);
    free(vocabulary);
}

int vocabulary_size(const struct vocabulary *vocabulary)
{
    return vocabulary->size;
}

uint64_t vocabulary_hash(const struct vocabulary *vocabulary)
{
    return vocabulary->hash;
}

const char *vocabulary_text(const struct vocabulary *vocabulary, size_t *size)
{
    *size = vocabulary->source.size;
    return (const char *)vocabulary->source.data;
}

const char *vocabulary_token(const struct vocabulary *vocabulary, int32_t id)
{
    require(id >= 0 && id < vocabulary->size);
    size_t size;
    return text_table_text(&vocabulary->tokens, vocabulary->token_of_id[id], &size);
}

int32_t vocabulary_find(const struct vocabulary *vocabulary, const char *token, size_t length)
{
    uint32_t number = text_table_find(&vocabulary->tokens, token, length);
    return number == TEXT_TABLE_NONE ? -1 : vocabulary->id_of_token[number];
}

struct special_tokens vocabulary_special_tokens(const struct vocabulary *vocabulary)
{
    return vocabulary->special;
}

const uint8_t *vocabulary_continuation(const struct vocabulary *vocabulary)
{
    return vocabulary->continuation;
}

const struct piece_trie *vocabulary_trie(const struct vocabulary *vocabulary)
{
    return &vocabulary->trie;
}
