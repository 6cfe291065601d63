#include "artificial_corpus.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lambert/base/buffer.h"
#include "lambert/base/file.h"
#include "lambert/base/first_error.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/base/progress.h"
#include "lambert/base/rng.h"
#include "lambert/corpus/shard_writer.h"

enum { VOCABULARY = 30522, SEED = 1 };

/* Deflating is slow, copying is not. Copies are files of their own, so nothing that is measured is
 * nearer to the processor than it would be. */
enum { DISTINCT_SHARDS = 50 };

/* Lengths and ids are drawn from tables, as millions of logarithms would take most of the time. */
enum { TABLE = 1 << 16, POOL = 1 << 22, LONGEST_DOCUMENT = 1 << 21, MOST_SENTENCES = 10000 };
static const double document_sigma = 1.0, sentence_sigma = 0.6;

struct tables {
    uint32_t *document_sentences; /* [TABLE] */
    uint32_t *sentence_tokens;    /* [TABLE] */
    int32_t *ids;                 /* [POOL]; a document's ids begin at any place in it */
};

struct vocabulary *artificial_vocabulary(void)
{
    struct vocabulary *vocabulary;
    struct buffer text = {0};
    struct error err;
    buffer_print(&text, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    for (int id = 5; id < VOCABULARY; id++)
        buffer_print(&text, "%sw%d\n", id % 4 == 0 ? "##" : "", id);
    if (vocabulary_parse(&vocabulary, "the artificial vocabulary", text.data, text.size, &err) < 0)
        bug("%s", err.text);
    buffer_release(&text);
    return vocabulary;
}

/* exp(normal(mu, sigma)) has mean exp(mu + sigma^2 / 2). */
static uint32_t *log_normal_table(double mean, double sigma, uint32_t most, struct rng *rng)
{
    uint32_t *table = memory_new(TABLE, sizeof *table);
    const double mu = log(mean) - sigma * sigma / 2;
    for (int i = 0; i < TABLE; i++) {
        double value = round(exp(mu + sigma * rng_normal(rng)));
        table[i] = value < 1 ? 1 : value > most ? most : (uint32_t)value;
    }
    return table;
}

static void tables_init(struct tables *tables, const struct artificial_corpus *corpus)
{
    struct rng rng;
    rng_init(&rng, SEED);
    tables->document_sentences =
        log_normal_table(corpus->sentences_per_document, document_sigma, MOST_SENTENCES, &rng);
    tables->sentence_tokens =
        log_normal_table(corpus->tokens_per_sentence, sentence_sigma, UINT16_MAX, &rng);
    /* Rank r with a probability near 1 / r: log r is uniform. */
    const double ranks = VOCABULARY - 5;
    tables->ids = memory_new(POOL, sizeof *tables->ids);
    for (size_t i = 0; i < POOL; i++)
        tables->ids[i] = 5 + (int32_t)(pow(ranks, rng_uniform(&rng)) - 1);
}

static void tables_release(struct tables *tables)
{
    free(tables->document_sentences);
    free(tables->sentence_tokens);
    free(tables->ids);
}

static int write_shard(const struct artificial_corpus *corpus, const struct vocabulary *vocabulary,
                       const struct tables *tables, const char *path, int number, struct error *err)
{
    const struct shard_options options = {.vocabulary_hash = vocabulary_hash(vocabulary),
                                          .vocabulary_size = vocabulary_size(vocabulary),
                                          .compression = 1};
    const uint64_t first = (uint64_t)number * corpus->shard_documents;
    const uint64_t documents = min_u64(corpus->documents - first, corpus->shard_documents);
    struct shard_writer *writer;
    struct shard_summary summary;
    struct rng rng;
    if (shard_writer_open(&writer, path, &options, err) < 0)
        return -1;
    uint32_t *lengths = memory_new(MOST_SENTENCES, sizeof *lengths);
    int status = 0;
    rng_init(&rng, rng_key(SEED, RNG_TEST, (uint64_t)number, 0));
    for (uint64_t d = 0; d < documents && status == 0; d++) {
        uint32_t sentences = tables->document_sentences[rng_below(&rng, TABLE)];
        uint32_t count = 0, tokens = 0;
        while (count < sentences) {
            uint32_t length = tables->sentence_tokens[rng_below(&rng, TABLE)];
            if (tokens + length > LONGEST_DOCUMENT)
                break;
            lengths[count++] = length;
            tokens += length;
        }
        const int32_t *ids = tables->ids + rng_below(&rng, POOL - LONGEST_DOCUMENT);
        status = shard_writer_add(writer, ids, NULL, lengths, count, err);
    }
    free(lengths);
    if (status == 0)
        return shard_writer_commit(writer, &summary, err);
    shard_writer_discard(writer);
    return -1;
}

static int copy_shard(const char *from, const char *to, struct error *err)
{
    struct file_map map;
    if (file_map_open(&map, from, err) < 0)
        return -1;
    int status = file_write(to, map.data, map.size, err);
    file_map_close(&map);
    return status;
}

int artificial_corpus_write(const struct artificial_corpus *corpus,
                            const struct vocabulary *vocabulary, const char *folder,
                            char ***paths_out, int *count_out, struct error *err)
{
    const int count =
        (int)((corpus->documents + corpus->shard_documents - 1) / corpus->shard_documents);
    char **paths = memory_new((size_t)count, sizeof *paths);
    struct tables tables;
    struct progress progress;
    struct first_error first;
    int made = 0;
    for (int i = 0; i < count; i++)
        paths[i] = memory_text("%s/train-%05d.shard", folder, i);
    tables_init(&tables, corpus);
    first_error_init(&first);
    progress_init(&progress, "making documents", (double)corpus->documents / 1e6, "million", 10);
    /* First those that are copied. The last, which may be shorter, is none of them and no copy. */
    for (int copies = 0; copies <= 1; copies++) {
#pragma omp parallel for schedule(dynamic, 1)
        for (int i = 0; i < count; i++) {
            const bool is_copy = i >= DISTINCT_SHARDS && i < count - 1;
            struct error failure;
            if (is_copy != copies || first_error_set(&first))
                continue;
            int status = is_copy ? copy_shard(paths[i % DISTINCT_SHARDS], paths[i], &failure)
                                 : write_shard(corpus, vocabulary, &tables, paths[i], i, &failure);
            if (status < 0)
                first_error_put(&first, &failure);
#pragma omp critical(artificial_corpus)
            progress_update(&progress, (double)++made / count * (double)corpus->documents / 1e6,
                            "%s", "");
        }
    }
    progress_release(&progress);
    tables_release(&tables);
    if (first_error_take(&first, err) < 0) {
        artificial_corpus_free_paths(paths, count);
        return -1;
    }
    *paths_out = paths;
    *count_out = count;
    return 0;
}

void artificial_corpus_free_paths(char **paths, int count)
{
    for (int i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}
