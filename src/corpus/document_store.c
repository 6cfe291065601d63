#include "lambert/corpus/document_store.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "block_cache.h"
#include "lambert/base/activity.h"
#include "lambert/base/memory.h"
#include "mapped_shards.h"

struct document_store {
    struct mapped_shards *mapped;
    const struct shard *shards; /* [count], the above's; what lies in the file must be held */
    uint64_t *first_document; /* [count + 1], of each shard; the last is the number of documents */
    uint32_t count;
    uint64_t sentences;
    uint64_t tokens;
};

static int check_alike(const struct document_store *store, const struct shard *shard,
                       struct error *err)
{
    const struct shard *first = store->shards;
    if (shard->meta.contents != first->meta.contents)
        return error_set(err, "of %s and %s, one holds documents, the other ready samples",
                         first->container.path, shard->container.path);
    if (shard_is_segmented(shard) != shard_is_segmented(first))
        return error_set(err, "of %s and %s, one says where words begin, the other does not",
                         first->container.path, shard->container.path);
    if (shard->meta.block_tokens == first->meta.block_tokens)
        return 0;
    return error_set(err, "%s and %s were not made in one go: their blocks differ in size",
                     first->container.path, shard->container.path);
}

int document_store_open(struct document_store **store_out, char *const *paths, int count,
                        uint64_t vocabulary_hash, int vocabulary_size, struct error *err)
{
    struct document_store *store = memory_new(1, sizeof *store);
    store->mapped = memory_new(1, sizeof *store->mapped);
    mapped_shards_init(store->mapped, (uint32_t)count);
    store->shards = store->mapped->shards;
    store->first_document = memory_new((size_t)count + 1, sizeof *store->first_document);
    *store_out = NULL;
    for (int i = 0; i < count; i++) {
        const struct shard *shard = &store->shards[i];
        if (mapped_shards_open(store->mapped, (uint32_t)i, paths[i], vocabulary_hash,
                               vocabulary_size, err) < 0)
            goto fail;
        store->count++;
        if (check_alike(store, shard, err) < 0)
            goto fail;
        store->first_document[i + 1] = store->first_document[i] + shard->meta.documents;
        store->sentences += shard->meta.sentences;
        store->tokens += shard->meta.tokens;
    }
    *store_out = store;
    return 0;

fail:
    document_store_close(store);
    return -1;
}

void document_store_close(struct document_store *store)
{
    if (!store)
        return;
    mapped_shards_release(store->mapped);
    free(store->mapped);
    free(store->first_document);
    free(store);
}

uint64_t document_store_documents(const struct document_store *store)
{
    return store->first_document[store->count];
}

uint64_t document_store_sentences(const struct document_store *store)
{
    return store->sentences;
}

uint64_t document_store_tokens(const struct document_store *store)
{
    return store->tokens;
}

int document_store_shards(const struct document_store *store)
{
    return (int)store->count;
}

struct shard_summary document_store_shard(const struct document_store *store, int shard)
{
    require(shard >= 0 && (uint32_t)shard < store->count);
    return shard_summary(store->shards + shard);
}

/* The last shard that begins at or before the document, which is the one that holds it: shards
 * without documents begin where the next one does. */
static uint32_t find_shard(const struct document_store *store, uint64_t document)
{
    uint32_t low = 0, high = store->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (store->first_document[middle] <= document)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct document_view document_store_view(const struct document_store *store, uint64_t document)
{
    require(document < document_store_documents(store));
    uint32_t number = find_shard(store, document);
    struct document_view view = {.shard = number};
    struct error err; /* document_store_damage() will say it */
    const struct shard *shard = mapped_shards_hold(store->mapped, number, &err);
    if (!shard)
        return view;
    const struct shard_place *place = shard->documents + (document - store->first_document[number]);
    const struct shard_place begin = place[0], end = place[1];
    if (end.sentence <= begin.sentence || end.sentence > shard->meta.sentences ||
        end.sentence - begin.sentence > UINT32_MAX || end.token <= begin.token ||
        end.token > shard->meta.tokens)
        return view;
    view.lengths = shard->lengths + begin.sentence;
    view.sentences = (uint32_t)(end.sentence - begin.sentence);
    view.first_token = begin.token;
    view.tokens = end.token - begin.token;
    return view;
}

int document_store_damage(const struct document_store *store, uint64_t document, struct error *err)
{
    require(document < document_store_documents(store));
    const uint32_t number = find_shard(store, document);
    const struct shard *shard = mapped_shards_hold(store->mapped, number, err);
    if (!shard)
        return -1;
    return error_set(
        err,
        "%s is damaged: what it says of its document %" PRIu64
        " makes no sense any more; was the file written over? Prepare the corpus again",
        shard->container.path, document - store->first_document[number]);
}

void document_store_forget(const struct document_store *store, uint64_t first, uint64_t end)
{
    require(first <= end && end <= document_store_documents(store));
    if (first == end)
        return;
    uint32_t last = find_shard(store, end - 1);
    for (uint32_t shard = find_shard(store, first); shard <= last; shard++)
        mapped_shards_forget(store->mapped, shard);
}

enum shard_contents document_store_contents(const struct document_store *store)
{
    return store->count > 0 ? (enum shard_contents)store->shards->meta.contents
                            : SHARD_DOCUMENTS_OF_TEXT;
}

bool document_store_is_segmented(const struct document_store *store)
{
    return store->count > 0 && shard_is_segmented(store->shards);
}

struct sample_view document_store_sample(const struct document_store *store, uint64_t document)
{
    require(document < document_store_documents(store) &&
            document_store_contents(store) == SHARD_READY_SAMPLES);
    uint32_t number = find_shard(store, document);
    const uint64_t sample = document - store->first_document[number];
    struct error err; /* document_store_damage() will say it */
    const struct shard *shard = mapped_shards_hold(store->mapped, number, &err);
    if (!shard)
        return (struct sample_view){.next_sentence_label = -1};
    const uint64_t first = shard->first_mask[sample], end = shard->first_mask[sample + 1];
    const uint8_t label = shard->sample_labels[sample];
    if (first > end || end > shard->masks || (label > 1 && label != SAMPLE_UNLABELLED))
        return (struct sample_view){.next_sentence_label = -1};
    return (struct sample_view){.next_sentence_label = label == SAMPLE_UNLABELLED ? -1 : label,
                                .masks = (uint32_t)(end - first),
                                .positions = shard->mask_positions + first,
                                .labels = shard->mask_ids + first};
}

static void widen(const struct shard *shard, const void *raw, uint64_t from, uint32_t count,
                  int32_t *ids)
{
    if (shard->meta.id_bytes == 2) {
        const uint16_t *stored = (const uint16_t *)raw + from;
        for (uint32_t i = 0; i < count; i++)
            ids[i] = stored[i];
    } else {
        const uint32_t *stored = (const uint32_t *)raw + from;
        for (uint32_t i = 0; i < count; i++)
            ids[i] = (int32_t)stored[i];
    }
}

/* The document's shard; it has tokens [first, first + count) of the document. */
static const struct shard *hold_tokens(const struct document_store *store,
                                       const struct document_view *document, uint64_t first,
                                       uint32_t count, struct error *err)
{
    const struct shard *shard = mapped_shards_hold(store->mapped, document->shard, err);
    if (shard && first <= document->tokens && count <= document->tokens - first)
        return shard;
    if (shard)
        error_set(
            err,
            "%s is damaged: the sentences of a document are longer than it (LENGTHS); prepare "
            "the corpus again",
            shard->container.path);
    return NULL;
}

int document_store_read(const struct document_store *store, struct block_cache *cache,
                        const struct document_view *document, uint64_t first, uint32_t count,
                        int32_t *ids, struct error *err)
{
    const struct shard *shard = hold_tokens(store, document, first, count, err);
    if (!shard)
        return -1;
    uint64_t token = document->first_token + first;
    while (count > 0) {
        uint64_t block = token / shard->meta.block_tokens;
        uint64_t within = token % shard->meta.block_tokens;
        uint64_t there = shard_block_tokens(shard, block) - within;
        uint32_t part = count < there ? count : (uint32_t)there;
        const void *raw = block_cache_read(cache, store->shards, document->shard, block, err);
        if (!raw)
            return -1;
        widen(shard, raw, within, part, ids);
        ids += part;
        token += part;
        count -= part;
    }
    return 0;
}

int document_store_words(const struct document_store *store, const struct document_view *document,
                         uint64_t first, uint32_t count, uint8_t *begins_word, struct error *err)
{
    require(document_store_is_segmented(store));
    const struct shard *shard = hold_tokens(store, document, first, count, err);
    if (!shard)
        return -1;
    shard_read_words(shard, document->first_token + first, count, begins_word);
    return 0;
}

/* Shards over threads; the first damaged one in order gives the sentence. */
static int for_each_shard(const struct document_store *store,
                          int (*check)(const struct shard *shard, struct error *err),
                          struct error *err)
{
    int64_t bad = store->count;
#pragma omp parallel for schedule(dynamic, 1) if (store->count > 1)
    for (int64_t i = 0; i < (int64_t)store->count; i++) {
        struct error mine;
        activity_heartbeat();
        const struct shard *shard = mapped_shards_hold(store->mapped, (uint32_t)i, &mine);
        int status = shard ? check(shard, &mine) : -1;
        mapped_shards_forget(store->mapped, (uint32_t)i);
        if (status == 0)
            continue;
#pragma omp critical(document_store_bad)
        if (i < bad) {
            bad = i;
            *err = mine;
        }
    }
    return bad < store->count ? -1 : 0;
}

int document_store_check_index(const struct document_store *store, struct error *err)
{
    return for_each_shard(store, shard_check_index, err);
}

int document_store_verify(const struct document_store *store, struct error *err)
{
    return for_each_shard(store, shard_verify, err);
}
