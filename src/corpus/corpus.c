#include "lambert/corpus/corpus.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/file_use.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/manifest.h"

struct corpus {
    char *folder; /* its name */
    char *place;  /* the folder that its files are read from */
    int in_use; /* the manifest, as long as the corpus is open: lambert prep is not to replace it */
    struct buffer text; /* of the manifest */
    struct manifest manifest;
    struct vocabulary *vocabulary;
    struct document_store *stores[CORPUS_SPLITS];
};

static int read_manifest(struct corpus *corpus, bool locks, struct error *err)
{
    int status = -1;
    char *path = path_join(corpus->place, MANIFEST_FILE);
    if (!folder_exists(corpus->place))
        error_set(err, "there is no corpus %s: no such folder; make one with lambert prep",
                  corpus->folder);
    else if (!file_exists(path))
        error_set(err,
                  "%s is not a corpus: it has no " MANIFEST_FILE
                  ", which lambert prep writes last; run it (again)",
                  corpus->folder);
    else if ((!locks || file_use_begin(path, &corpus->in_use, err) == 0) &&
             file_read(path, &corpus->text, err) == 0)
        status = manifest_parse(&corpus->manifest, buffer_text(&corpus->text), path, err);
    free(path);
    return status;
}

static int vocabulary_differs(const struct corpus *corpus, const char *path,
                              const struct vocabulary *other, struct error *err)
{
    return error_set(err,
                     "%s (hash %016" PRIx64 ", %d entries) is not the vocabulary that corpus %s "
                     "was made with (hash %016" PRIx64 ", %d entries)",
                     path, vocabulary_hash(other), vocabulary_size(other), corpus->folder,
                     corpus->manifest.vocabulary_hash, corpus->manifest.vocabulary_size);
}

static int read_vocabulary(struct corpus *corpus, struct error *err)
{
    char *path = path_join(corpus->place, VOCABULARY_FILE);
    int status = -1;
    if (vocabulary_load(&corpus->vocabulary, path, err) < 0)
        goto done;
    if (vocabulary_hash(corpus->vocabulary) != corpus->manifest.vocabulary_hash ||
        vocabulary_size(corpus->vocabulary) != corpus->manifest.vocabulary_size) {
        vocabulary_differs(corpus, path, corpus->vocabulary, err);
        goto done;
    }
    status = 0;
done:
    free(path);
    return status;
}

/* Shards that were swapped or come from another corpus are whole in themselves. */
static int check_shards(const struct corpus *corpus, enum corpus_split split, struct error *err)
{
    const struct manifest_split *part = &corpus->manifest.splits[split];
    for (int i = 0; i < part->count; i++) {
        struct shard_summary named = part->shards[i].summary;
        struct shard_summary found = document_store_shard(corpus->stores[split], i);
        if (document_store_contents(corpus->stores[split]) != corpus->manifest.contents ||
            document_store_is_segmented(corpus->stores[split]) != corpus->manifest.segmented)
            return error_set(err, "%s/%s does not hold what %s/" MANIFEST_FILE " says",
                             corpus->folder, part->shards[i].file, corpus->folder);
        if (named.documents != found.documents || named.sentences != found.sentences ||
            named.tokens != found.tokens || named.bytes != found.bytes || named.hash != found.hash)
            return error_set(err, "%s/%s is not the file that %s/" MANIFEST_FILE " describes",
                             corpus->folder, part->shards[i].file, corpus->folder);
    }
    return 0;
}

static int open_split(struct corpus *corpus, enum corpus_split split, struct error *err)
{
    const struct manifest_split *part = &corpus->manifest.splits[split];
    char **paths = memory_new((size_t)part->count, sizeof *paths);
    for (int i = 0; i < part->count; i++)
        paths[i] = path_join(corpus->place, part->shards[i].file);
    int status = 0;
    if (document_store_open(&corpus->stores[split], paths, part->count,
                            corpus->manifest.vocabulary_hash, corpus->manifest.vocabulary_size,
                            err) < 0 ||
        check_shards(corpus, split, err) < 0)
        status = -1;
    for (int i = 0; i < part->count; i++)
        free(paths[i]);
    free(paths);
    return status;
}

int corpus_open(struct corpus **corpus_out, const char *folder, struct error *err)
{
    return corpus_open_copy(corpus_out, folder, folder, true, err);
}

int corpus_open_copy(struct corpus **corpus_out, const char *folder, const char *place, bool locks,
                     struct error *err)
{
    struct corpus *corpus = memory_new(1, sizeof *corpus);
    corpus->folder = memory_copy_text(folder);
    corpus->place = memory_copy_text(place);
    corpus->in_use = -1;
    *corpus_out = NULL;
    if (read_manifest(corpus, locks, err) < 0 || read_vocabulary(corpus, err) < 0)
        goto fail;
    for (int s = 0; s < CORPUS_SPLITS; s++)
        if (open_split(corpus, (enum corpus_split)s, err) < 0)
            goto fail;
    *corpus_out = corpus;
    return 0;
fail:
    corpus_close(corpus);
    return -1;
}

void corpus_close(struct corpus *corpus)
{
    if (!corpus)
        return;
    for (int s = 0; s < CORPUS_SPLITS; s++)
        document_store_close(corpus->stores[s]);
    file_use_end(&corpus->in_use);
    vocabulary_free(corpus->vocabulary);
    manifest_release(&corpus->manifest);
    buffer_release(&corpus->text);
    free(corpus->folder);
    free(corpus->place);
    free(corpus);
}

const char *corpus_folder(const struct corpus *corpus)
{
    return corpus->folder;
}

const struct vocabulary *corpus_vocabulary(const struct corpus *corpus)
{
    return corpus->vocabulary;
}

const struct tokenizer_options *corpus_tokenizer(const struct corpus *corpus)
{
    return &corpus->manifest.tokenizer;
}

const struct document_store *corpus_store(const struct corpus *corpus, enum corpus_split split)
{
    return corpus->stores[split];
}

enum shard_contents corpus_contents(const struct corpus *corpus)
{
    return corpus->manifest.contents;
}

bool corpus_is_segmented(const struct corpus *corpus)
{
    return corpus->manifest.segmented;
}

struct sample_totals corpus_samples(const struct corpus *corpus)
{
    return corpus->manifest.samples;
}

uint64_t corpus_hash(const struct corpus *corpus)
{
    return manifest_hash(&corpus->manifest);
}

struct corpus_report corpus_report(const struct corpus *corpus)
{
    return corpus->manifest.report;
}

int corpus_check_vocabulary(const struct corpus *corpus, const char *path, struct error *err)
{
    struct vocabulary *other;
    if (vocabulary_load(&other, path, err) < 0)
        return -1;
    int status = vocabulary_hash(other) == corpus->manifest.vocabulary_hash
                     ? 0
                     : vocabulary_differs(corpus, path, other, err);
    vocabulary_free(other);
    return status;
}

int corpus_token_counts(const struct corpus *corpus, uint64_t *counts, struct error *err)
{
    const size_t entries = (size_t)corpus->manifest.vocabulary_size;
    struct container file;
    const void *data;
    size_t size;
    struct byte_reader reader;
    int status = -1;
    char *path = path_join(corpus->place, COUNTS_FILE);
    if (container_open(&file, path, COUNTS_KIND, COUNTS_VERSION, err) < 0)
        goto done;
    if (container_section(&file, COUNTS_SECTION, &data, &size, err) < 0)
        goto done;
    if (size != entries * sizeof(uint64_t)) {
        error_set(err,
                  "%s is damaged: it has %zu bytes of counts instead of %zu; prepare the corpus "
                  "again",
                  path, size, entries * sizeof(uint64_t));
        goto done;
    }
    byte_reader_init(&reader, data, size);
    for (size_t id = 0; id < entries; id++)
        counts[id] = byte_reader_u64(&reader);
    status = 0;
done:
    container_close(&file);
    free(path);
    return status;
}

const char *corpus_manifest(const struct corpus *corpus)
{
    return (const char *)corpus->text.data;
}
