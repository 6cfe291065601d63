#include "chunk_drop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/file.h"
#include "lambert/corpus/document_store.h"

/* One document after another goes from a shard to the writer of what will replace it. */
struct shard_copy {
    struct document_store *store;
    struct block_cache *cache;
    struct shard_writer *writer;
    int32_t *ids;         /* of the document at hand */
    uint8_t *begins_word; /* of segmented text, for each of them */
    uint32_t *lengths;    /* of its sentences */
    size_t id_capacity, word_capacity, length_capacity;
};

static void shard_copy_release(struct shard_copy *copy)
{
    shard_writer_discard(copy->writer);
    block_cache_free(copy->cache);
    document_store_close(copy->store);
    free(copy->ids);
    free(copy->begins_word);
    free(copy->lengths);
}

/* Reads document d of the shard; *tokens is how many ids it has. */
static int read_document(struct shard_copy *copy, uint64_t d, struct document_view *view,
                         uint32_t *tokens, struct error *err)
{
    *view = document_store_view(copy->store, d);
    *tokens = 0;
    if (view->sentences == 0)
        return document_store_damage(copy->store, d, err);
    ARRAY_RESERVE(copy->lengths, view->sentences, copy->length_capacity);
    for (uint32_t s = 0; s < view->sentences; s++) {
        copy->lengths[s] = view->lengths[s];
        *tokens += view->lengths[s];
    }
    ARRAY_RESERVE(copy->ids, *tokens, copy->id_capacity);
    ARRAY_RESERVE(copy->begins_word, *tokens, copy->word_capacity);
    if (document_store_is_segmented(copy->store) &&
        document_store_words(copy->store, view, 0, *tokens, copy->begins_word, err) < 0)
        return -1;
    return document_store_read(copy->store, copy->cache, view, 0, *tokens, copy->ids, err);
}

/* Goes through the chunk's documents and, of those in the split, hands on what stays and takes the
 * tokens of the others off the counts. */
static int copy_documents(struct chunk *chunk, enum corpus_split split, const bool *dropped,
                          struct shard_copy *copy, struct error *err)
{
    uint64_t place = 0; /* of a document in the shard */
    for (size_t d = 0; d < chunk->documents.count; d++) {
        struct document_view view;
        uint32_t tokens;
        if (chunk->each[d].split != split)
            continue;
        if (read_document(copy, place++, &view, &tokens, err) < 0)
            return -1;
        if (!dropped[d]) {
            if (shard_writer_add(copy->writer, copy->ids,
                                 document_store_is_segmented(copy->store) ? copy->begins_word
                                                                          : NULL,
                                 copy->lengths, view.sentences, err) < 0)
                return -1;
        } else if (split == CORPUS_TRAIN) {
            for (uint32_t t = 0; t < tokens; t++)
                chunk->counts[copy->ids[t]]--;
        }
    }
    return 0;
}

static int check_shard(const struct chunk *chunk, enum corpus_split split,
                       const struct shard_copy *copy, struct error *err)
{
    uint64_t documents = 0;
    for (size_t d = 0; d < chunk->documents.count; d++)
        documents += chunk->each[d].split == split;
    if (documents != document_store_documents(copy->store))
        return error_set(err,
                         "the shard of part %" PRIu32 " of chunk %" PRIu64 " in %s does not hold "
                         "the documents of its record; prepare the corpus again",
                         chunk->part, chunk->number, chunk->plan->folder);
    return document_store_check_index(copy->store, err);
}

/* Writes the shard of a split anew without what is dropped. */
static int rewrite_shard(struct chunk *chunk, enum corpus_split split, const bool *dropped,
                         struct error *err)
{
    const struct shard_options *options = &chunk->plan->shard;
    struct shard_copy copy = {.cache = block_cache_new(0)};
    char *path = chunk_shard_path(chunk->plan, chunk->number, chunk->part, split);
    int status = document_store_open(&copy.store, &path, 1, options->vocabulary_hash,
                                     options->vocabulary_size, err);
    if (status == 0)
        status = check_shard(chunk, split, &copy, err);
    if (status == 0)
        status = shard_writer_open(&copy.writer, path, options, err);
    if (status == 0)
        status = copy_documents(chunk, split, dropped, &copy, err);
    if (status == 0) {
        status = shard_writer_commit(copy.writer, &chunk->shards[split], err);
        copy.writer = NULL;
    }
    shard_copy_release(&copy);
    free(path);
    return status;
}

/* All of its documents are dropped. It goes before the record is written that knows no such shard, so
 * that none is ever left behind. */
static int remove_shard(struct chunk *chunk, enum corpus_split split, struct error *err)
{
    char *path = chunk_shard_path(chunk->plan, chunk->number, chunk->part, split);
    int status = file_remove(path, err);
    free(path);
    if (split == CORPUS_TRAIN)
        memset(chunk->counts, 0,
               (size_t)chunk->plan->shard.vocabulary_size * sizeof *chunk->counts);
    chunk->made[split] = false;
    chunk->shards[split] = (struct shard_summary){0};
    return status;
}

static int drop_from_shard(struct chunk *chunk, enum corpus_split split, const bool *dropped,
                           struct error *err)
{
    size_t kept = 0, gone = 0;
    for (size_t d = 0; d < chunk->documents.count; d++)
        if (chunk->each[d].split == split)
            ++*(dropped[d] ? &gone : &kept);
    if (gone == 0)
        return 0;
    return kept == 0 ? remove_shard(chunk, split, err) : rewrite_shard(chunk, split, dropped, err);
}

static void take_off_report(struct chunk *chunk, size_t d)
{
    const struct chunk_document *document = &chunk->each[d];
    struct corpus_report *report = &chunk->report;
    report->dropped_documents++;
    report->dropped_document_bytes += chunk->documents.prints[d].bytes;
    report->text_bytes -= chunk->documents.prints[d].bytes;
    report->lines -= document->lines;
    report->sentences -= document->sentences;
    report->tokens -= document->tokens;
    report->one_sentence_documents -= document->sentences == 1;
    report->heldout_documents -= document->split == CORPUS_HELDOUT;
}

/* Takes them off everything that the record has of single documents. */
static void drop_from_record(struct chunk *chunk, const bool *dropped)
{
    size_t kept = 0, line = 0, kept_lines = 0;
    for (size_t d = 0; d < chunk->documents.count; d++) {
        const size_t lines = (size_t)chunk->each[d].line_prints;
        if (dropped[d]) {
            take_off_report(chunk, d);
        } else {
            if (lines > 0)
                memmove(chunk->lines.prints + kept_lines, chunk->lines.prints + line,
                        lines * sizeof *chunk->lines.prints);
            kept_lines += lines;
            chunk->documents.prints[kept] = chunk->documents.prints[d];
            chunk->each[kept++] = chunk->each[d];
        }
        line += lines;
    }
    chunk->documents.count = kept;
    chunk->lines.count = kept_lines;
}

int chunk_drop(struct chunk *chunk, const bool *dropped, struct error *err)
{
    for (int s = 0; s < CORPUS_SPLITS; s++)
        if (drop_from_shard(chunk, (enum corpus_split)s, dropped, err) < 0)
            return -1;
    drop_from_record(chunk, dropped);
    return chunk_write_record(chunk, err);
}
