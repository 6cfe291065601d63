#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/corpus/shard_writer.h"

void write_text(const char *folder, const char *name, const char *text)
{
    struct error err;
    char *path = path_join(folder, name);
    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
    free(path);
}

int count_files(const char *folder)
{
    struct folder_list list;
    struct error err;
    assert_int_equal(folder_list_open(&list, folder, &err), 0);
    int count = list.count;
    folder_list_close(&list);
    return count;
}

struct vocabulary *made_vocabulary(int words)
{
    struct buffer text = {0};
    struct vocabulary *vocabulary;
    struct error err;
    buffer_print(&text, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    for (int w = 0; w < words; w++)
        buffer_print(&text, "%sw%d\n", w % 3 == 2 ? "##" : "", w);
    assert_int_equal(vocabulary_parse(&vocabulary, "made", text.data, text.size, &err), 0);
    buffer_release(&text);
    return vocabulary;
}

static uint32_t made_number(uint64_t a, uint64_t b, uint32_t limit)
{
    struct rng rng;
    rng_init(&rng, rng_key(99, RNG_TEST, a, b));
    return rng_below(&rng, limit);
}

uint32_t made_sentences(const struct shape *shape, uint64_t document)
{
    return 1 + made_number(document, 0, shape->most_sentences);
}

uint32_t made_length(const struct shape *shape, uint64_t document, uint32_t sentence)
{
    return 1 + made_number(document, 1 + (uint64_t)sentence, shape->most_tokens);
}

uint64_t made_tokens(const struct shape *shape, uint64_t document)
{
    uint64_t tokens = 0;
    for (uint32_t s = 0; s < made_sentences(shape, document); s++)
        tokens += made_length(shape, document, s);
    return tokens;
}

int32_t made_id(const struct shape *shape, uint64_t document, uint64_t token)
{
    return FIRST_WORD +
           (int32_t)((document * 7919 + token * 31 + token / 7) % (uint64_t)shape->words);
}

bool made_begins_word(uint64_t document, uint64_t token)
{
    return (document * 5 + token * 7) % 11 < 5;
}

static void add_document(struct shard_writer *writer, const struct shape *shape, uint64_t document)
{
    uint32_t sentences = made_sentences(shape, document);
    uint64_t tokens = made_tokens(shape, document);
    uint32_t *lengths = memory_new(sentences, sizeof *lengths);
    int32_t *ids = memory_new(tokens, sizeof *ids);
    uint8_t *words = shape->segmented ? memory_new(tokens, sizeof *words) : NULL;
    struct error err;
    for (uint32_t s = 0; s < sentences; s++)
        lengths[s] = made_length(shape, document, s);
    for (uint64_t t = 0; t < tokens; t++)
        ids[t] = made_id(shape, document, t);
    for (uint64_t t = 0; words && t < tokens; t++)
        words[t] = made_begins_word(document, t);
    assert_int_equal(shard_writer_add(writer, ids, words, lengths, sentences, &err), 0);
    free(words);
    free(lengths);
    free(ids);
}

static void write_shard(struct fixture *fixture, int number)
{
    const struct shape *shape = &fixture->shape;
    struct shard_options options = {.vocabulary_hash = vocabulary_hash(fixture->vocabulary),
                                    .vocabulary_size = vocabulary_size(fixture->vocabulary),
                                    .compression = 6,
                                    .segmented = shape->segmented};
    struct shard_writer *writer;
    struct shard_summary summary;
    struct error err;
    uint64_t begin = shape->documents * (uint64_t)number / (uint64_t)shape->shards;
    uint64_t end = shape->documents * (uint64_t)(number + 1) / (uint64_t)shape->shards;
    fixture->paths[number] = memory_text("%s/made-%d.shard", fixture->folder, number);
    assert_int_equal(shard_writer_open(&writer, fixture->paths[number], &options, &err), 0);
    for (uint64_t d = begin; d < end; d++)
        add_document(writer, shape, d);
    assert_int_equal(shard_writer_commit(writer, &summary, &err), 0);
    assert_int_equal(summary.documents, end - begin);
}

const struct ready_sample *made_sample(uint64_t i)
{
    static struct ready_sample sample;
    static int32_t ids[MADE_SAMPLE_LONGEST];
    static uint16_t positions[MADE_SAMPLE_LONGEST];
    static uint32_t labels[MADE_SAMPLE_LONGEST];
    uint32_t a = 2 + (uint32_t)(i * 7 % 30), b = i % 3 == 0 ? 0 : 2 + (uint32_t)(i * 11 % 33);
    sample = (struct ready_sample){.ids = ids,
                                   .tokens = a + b,
                                   .a_tokens = a,
                                   .next_sentence_label = (uint8_t)(i % 2),
                                   .positions = positions,
                                   .labels = labels};
    for (uint32_t t = 0; t < a + b; t++)
        ids[t] = FIRST_WORD + (int32_t)((i * 13 + t * t) % 40);
    ids[0] = 2;
    ids[a - 1] = 3;
    ids[a + b - 1] = 3;
    for (uint32_t t = 1; t + 1 < a && i % 5 != 0; t += 4) {
        positions[sample.masks] = (uint16_t)t;
        labels[sample.masks++] = FIRST_WORD + (uint32_t)((i + t) % 40);
        ids[t] = 4;
    }
    return &sample;
}

void write_samples(const char *path, const struct vocabulary *vocabulary, uint64_t first,
                   uint64_t end)
{
    struct shard_options options = {.vocabulary_hash = vocabulary_hash(vocabulary),
                                    .vocabulary_size = vocabulary_size(vocabulary),
                                    .compression = 6,
                                    .contents = SHARD_READY_SAMPLES};
    struct shard_writer *writer;
    struct shard_summary summary;
    struct error err;
    assert_int_equal(shard_writer_open(&writer, path, &options, &err), 0);
    for (uint64_t i = first; i < end; i++)
        assert_int_equal(shard_writer_add_sample(writer, made_sample(i), &err), 0);
    assert_int_equal(shard_writer_commit(writer, &summary, &err), 0);
    assert_int_equal(summary.documents, end - first);
}

void fixture_open(struct fixture *fixture, const struct shape *shape)
{
    struct error err;
    *fixture = (struct fixture){.shape = *shape, .folder = scratch_folder_new()};
    fixture->vocabulary = made_vocabulary(shape->words);
    fixture->paths = memory_new((size_t)shape->shards, sizeof *fixture->paths);
    for (int i = 0; i < shape->shards; i++)
        write_shard(fixture, i);
    assert_int_equal(document_store_open(&fixture->store, fixture->paths, shape->shards,
                                         vocabulary_hash(fixture->vocabulary),
                                         vocabulary_size(fixture->vocabulary), &err),
                     0);
}

void fixture_close(struct fixture *fixture)
{
    document_store_close(fixture->store);
    vocabulary_free(fixture->vocabulary);
    for (int i = 0; i < fixture->shape.shards; i++)
        free(fixture->paths[i]);
    free(fixture->paths);
    scratch_folder_free(fixture->folder);
}
