#include "lambert/corpus/shard.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lambert/base/hash.h"
#include "lambert/base/memory.h"

static int damaged(const struct shard *shard, const char *what, struct error *err)
{
    return error_set(err, "%s is damaged: %s; prepare the corpus again", shard->container.path,
                     what);
}

static int read_meta(struct shard *shard, uint64_t vocabulary_hash, int vocabulary_size,
                     struct error *err)
{
    const void *data;
    size_t size;
    if (container_section(&shard->container, SHARD_SECTION_META, &data, &size, err) < 0)
        return -1;
    if (size != SHARD_META_BYTES)
        return damaged(shard, "its description (META) has the wrong size", err);
    const struct shard_meta *meta = &shard->meta;
    shard->meta = shard_meta_get(data);
    const uint64_t most = UINT64_C(1) << 56; /* so that sizes in bytes cannot overflow */
    if (meta->vocabulary_size > INT32_MAX ||
        meta->id_bytes != shard_id_bytes((int)meta->vocabulary_size) || meta->block_tokens == 0 ||
        meta->block_tokens > 1 << 24 || meta->documents > most || meta->sentences > most ||
        meta->tokens > most || meta->contents > SHARD_READY_SAMPLES)
        return damaged(shard, "its description (META) makes no sense", err);
    if (meta->vocabulary_hash != vocabulary_hash ||
        meta->vocabulary_size != (uint32_t)vocabulary_size)
        return error_set(err,
                         "%s was made with another vocabulary (hash %016" PRIx64 ", %" PRIu32
                         " entries) than the corpus's (hash %016" PRIx64 ", %d entries)",
                         shard->container.path, meta->vocabulary_hash, meta->vocabulary_size,
                         vocabulary_hash, vocabulary_size);
    return 0;
}

static int find_section(const struct shard *shard, const char *name, uint64_t wanted,
                        const void **data, struct error *err)
{
    size_t size;
    container_section_unchecked(&shard->container, name, data, &size);
    if (size == wanted)
        return 0;
    return error_set(err,
                     "%s is damaged: section %s has %zu bytes instead of %" PRIu64
                     "; prepare the corpus again",
                     shard->container.path, name, size, wanted);
}

static int find_samples(struct shard *shard, struct error *err)
{
    const uint64_t documents = shard->meta.documents;
    const void *labels, *first_mask, *positions, *ids;
    if (find_section(shard, SHARD_SECTION_SAMPLE_LABELS, documents, &labels, err) < 0 ||
        find_section(shard, SHARD_SECTION_MASKED, (documents + 1) * sizeof(uint64_t), &first_mask,
                     err) < 0)
        return -1;
    shard->sample_labels = labels;
    shard->first_mask = first_mask;
    const uint64_t masks = shard->first_mask[documents];
    if (masks > shard->meta.tokens)
        return damaged(shard, "it has more masks than tokens (MASKED)", err);
    if (find_section(shard, SHARD_SECTION_POSITIONS, masks * sizeof(uint16_t), &positions, err) <
            0 ||
        find_section(shard, SHARD_SECTION_MASK_IDS, masks * sizeof(uint32_t), &ids, err) < 0)
        return -1;
    shard->mask_positions = positions;
    shard->mask_ids = ids;
    shard->masks = masks;
    return 0;
}

static int find_words(struct shard *shard, struct error *err)
{
    const void *words;
    if (shard->meta.contents != SHARD_DOCUMENTS_OF_TEXT)
        return damaged(shard, "it has words of samples (META)", err);
    if (find_section(shard, SHARD_SECTION_WORDS, shard_words_bytes(shard->meta.tokens), &words,
                     err) < 0)
        return -1;
    shard->words = words;
    return 0;
}

/* Of the index it checks the first and the last entries; what lies between is for
 * shard_check_index(). */
static int find_index(struct shard *shard, struct error *err)
{
    const struct shard_meta *meta = &shard->meta;
    const void *documents, *lengths, *blocks, *ids;
    size_t ids_size;
    shard->blocks = (meta->tokens + meta->block_tokens - 1) / meta->block_tokens;
    if (find_section(shard, SHARD_SECTION_DOCUMENTS,
                     (meta->documents + 1) * sizeof(struct shard_place), &documents, err) < 0 ||
        find_section(shard, SHARD_SECTION_LENGTHS, meta->sentences * sizeof(uint16_t), &lengths,
                     err) < 0 ||
        find_section(shard, SHARD_SECTION_BLOCKS,
                     (shard->blocks + 1) * sizeof(uint64_t) + shard->blocks * sizeof(uint32_t),
                     &blocks, err) < 0)
        return -1;
    shard->documents = documents;
    shard->lengths = lengths;
    shard->block_offsets = blocks;
    shard->block_crcs = (const uint32_t *)(shard->block_offsets + shard->blocks + 1);
    if (meta->contents == SHARD_READY_SAMPLES && find_samples(shard, err) < 0)
        return -1;
    if (shard_is_segmented(shard) && find_words(shard, err) < 0)
        return -1;

    container_section_unchecked(&shard->container, SHARD_SECTION_IDS, &ids, &ids_size);
    shard->ids = ids;
    shard->ids_bytes = ids_size;
    const struct shard_place *first = shard->documents, *last = first + meta->documents;
    if (first->sentence != 0 || first->token != 0 || last->sentence != meta->sentences ||
        last->token != meta->tokens)
        return damaged(shard, "its index of documents (DOCS) does not fit its counts", err);
    if (shard->block_offsets[0] != 0 || shard->block_offsets[shard->blocks] != ids_size)
        return damaged(shard, "its index of blocks (BLOCKS) does not fit its ids (IDS)", err);
    return 0;
}

int shard_open(struct shard *shard, const char *path, uint64_t vocabulary_hash, int vocabulary_size,
               struct error *err)
{
    *shard = (struct shard){0};
    if (container_open(&shard->container, path, SHARD_KIND, SHARD_WORDS_VERSION, err) < 0)
        return -1;
    if (read_meta(shard, vocabulary_hash, vocabulary_size, err) < 0 || find_index(shard, err) < 0) {
        shard_close(shard);
        return -1;
    }
    shard->bytes = shard->container.map.size;
    shard_forget(shard); /* the system maps many pages for one that is looked at */
    return 0;
}

void shard_forget(const struct shard *shard)
{
    file_map_forget(&shard->container.map);
}

void shard_unmap(struct shard *shard)
{
    file_map_close(&shard->container.map);
}

bool shard_is_mapped(const struct shard *shard)
{
    return shard->container.map.data != NULL;
}

bool shard_is_segmented(const struct shard *shard)
{
    return shard->container.version >= SHARD_WORDS_VERSION;
}

int shard_map_again(struct shard *shard, struct error *err)
{
    const char *path = shard->container.path;
    struct shard again;
    if (shard_open(&again, path, shard->meta.vocabulary_hash, (int)shard->meta.vocabulary_size,
                   err) < 0)
        return -1;
    if (again.bytes != shard->bytes || again.meta.hash != shard->meta.hash ||
        again.meta.contents != shard->meta.contents ||
        again.container.version != shard->container.version ||
        again.meta.documents != shard->meta.documents ||
        again.meta.sentences != shard->meta.sentences || again.meta.tokens != shard->meta.tokens ||
        again.meta.block_tokens != shard->meta.block_tokens ||
        again.ids_bytes != shard->ids_bytes || again.masks != shard->masks) {
        error_set(err, "%s has become another file while it was in use", path);
        shard_close(&again);
        return -1;
    }
    /* The path and meta stay where they are: others may be reading them. */
    shard->container.map = again.container.map;
    shard->documents = again.documents;
    shard->lengths = again.lengths;
    shard->block_offsets = again.block_offsets;
    shard->block_crcs = again.block_crcs;
    shard->ids = again.ids;
    shard->words = again.words;
    shard->sample_labels = again.sample_labels;
    shard->first_mask = again.first_mask;
    shard->mask_positions = again.mask_positions;
    shard->mask_ids = again.mask_ids;
    again.container.map = (struct file_map){0};
    shard_close(&again);
    return 0;
}

void shard_close(struct shard *shard)
{
    if (shard->container.path)
        container_close(&shard->container);
    *shard = (struct shard){0};
}

struct shard_summary shard_summary(const struct shard *shard)
{
    return (struct shard_summary){.documents = shard->meta.documents,
                                  .sentences = shard->meta.sentences,
                                  .tokens = shard->meta.tokens,
                                  .bytes = shard->bytes,
                                  .hash = shard->meta.hash};
}

static int check_documents(const struct shard *shard, struct error *err)
{
    const struct shard_place *place = shard->documents;
    for (uint64_t d = 0; d < shard->meta.documents; d++, place++) {
        uint64_t tokens = 0;
        if (place[1].sentence <= place[0].sentence || place[1].sentence > shard->meta.sentences ||
            place[1].sentence - place[0].sentence > UINT32_MAX)
            return damaged(shard, "its index of documents (DOCS) is out of order", err);
        for (uint64_t s = place[0].sentence; s < place[1].sentence; s++) {
            if (shard->lengths[s] == 0)
                return damaged(shard, "it has an empty sentence (LENGTHS)", err);
            tokens += shard->lengths[s];
        }
        if (place[1].token - place[0].token != tokens)
            return damaged(shard, "DOCS and LENGTHS do not agree", err);
    }
    return 0;
}

static int check_masks(const struct shard *shard, uint64_t sample, uint32_t tokens,
                       struct error *err)
{
    uint32_t last = 0; /* [CLS] */
    for (uint64_t m = shard->first_mask[sample]; m < shard->first_mask[sample + 1]; m++) {
        if (shard->mask_positions[m] <= last || shard->mask_positions[m] >= tokens)
            return damaged(shard, "its masks (POSITIONS) do not lie in their samples", err);
        if (shard->mask_ids[m] >= shard->meta.vocabulary_size)
            return damaged(shard, "it masks an id that the vocabulary has not (MASK_IDS)", err);
        last = shard->mask_positions[m];
    }
    return 0;
}

static int check_samples(const struct shard *shard, struct error *err)
{
    const uint64_t samples = shard->meta.documents, *first_mask = shard->first_mask;
    if (first_mask[0] != 0)
        return damaged(shard, "its index of masks (MASKED) does not begin at 0", err);
    for (uint64_t s = 0; s < samples; s++) {
        const struct shard_place *place = shard->documents + s;
        uint64_t tokens = place[1].token - place[0].token;
        uint8_t label = shard->sample_labels[s];
        if (place[1].sentence - place[0].sentence > 2 || tokens > SHARD_LONGEST_SENTENCE ||
            shard->lengths[place[0].sentence] < 2)
            return damaged(shard, "a sample has not the parts that samples have (DOCS)", err);
        if (label > 1 && label != SAMPLE_UNLABELLED)
            return damaged(shard, "a label is neither 0 nor 1 (LABELS)", err);
        if (first_mask[s] > first_mask[s + 1] || first_mask[s + 1] > first_mask[samples])
            return damaged(shard, "its index of masks (MASKED) is out of order", err);
        if (check_masks(shard, s, (uint32_t)tokens, err) < 0)
            return -1;
    }
    return 0;
}

int shard_check_index(const struct shard *shard, struct error *err)
{
    static const char *const sections[] = {SHARD_SECTION_DOCUMENTS, SHARD_SECTION_LENGTHS,
                                           SHARD_SECTION_BLOCKS,    SHARD_SECTION_MASKED,
                                           SHARD_SECTION_POSITIONS, SHARD_SECTION_MASK_IDS,
                                           SHARD_SECTION_WORDS,     SHARD_SECTION_SAMPLE_LABELS};
    const bool samples = shard->meta.contents == SHARD_READY_SAMPLES;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) { /* by their checksums */
        const void *data;
        size_t size;
        if (container_section(&shard->container, sections[i], &data, &size, err) < 0)
            return -1;
    }
    if (check_documents(shard, err) < 0)
        return -1;
    for (uint64_t b = 0; b < shard->blocks; b++)
        if (shard->block_offsets[b] > shard->block_offsets[b + 1])
            return damaged(shard, "its index of blocks (BLOCKS) is out of order", err);
    return samples ? check_samples(shard, err) : 0;
}

uint32_t shard_block_tokens(const struct shard *shard, uint64_t block)
{
    uint64_t rest = shard->meta.tokens - block * shard->meta.block_tokens;
    return rest < shard->meta.block_tokens ? (uint32_t)rest : shard->meta.block_tokens;
}

void shard_read_words(const struct shard *shard, uint64_t token, uint32_t count,
                      uint8_t *begins_word)
{
    for (uint32_t i = 0; i < count; i++, token++)
        begins_word[i] = shard->words[token / 8] >> token % 8 & 1;
}

static int bad_block(const struct shard *shard, uint64_t block, const char *what, struct error *err)
{
    return error_set(err,
                     "%s is damaged: block %" PRIu64 " of its ids %s; prepare the corpus again",
                     shard->container.path, block, what);
}

/* 1 when every id is below the size of the vocabulary. */
static int ids_in_vocabulary(const struct shard *shard, const void *raw, uint32_t count)
{
    uint32_t largest = 0;
    if (shard->meta.id_bytes == 2) {
        const uint16_t *ids = raw;
        for (uint32_t i = 0; i < count; i++)
            largest = ids[i] > largest ? ids[i] : largest;
    } else {
        const uint32_t *ids = raw;
        for (uint32_t i = 0; i < count; i++)
            largest = ids[i] > largest ? ids[i] : largest;
    }
    return largest < shard->meta.vocabulary_size;
}

int shard_read_block(const struct shard *shard, uint64_t block, void *raw, struct error *err)
{
    uint64_t begin = shard->block_offsets[block], end = shard->block_offsets[block + 1];
    uint32_t tokens = shard_block_tokens(shard, block);
    uLongf size = (uLongf)tokens * shard->meta.id_bytes;
    const uLongf wanted = size;
    if (begin > end || end > shard->ids_bytes)
        return bad_block(shard, block, "lies outside the file", err);
    if (uncompress(raw, &size, shard->ids + begin, end - begin) != Z_OK || size != wanted)
        return bad_block(shard, block, "cannot be inflated", err);
    if (crc32_bytes(0, raw, size) != shard->block_crcs[block])
        return bad_block(shard, block, "has a wrong checksum", err);
    if (!ids_in_vocabulary(shard, raw, tokens))
        return bad_block(shard, block, "has an id that the vocabulary has not", err);
    return 0;
}

/* Hashes documents as their ids come in, block after block. */
struct content_hash {
    const struct shard *shard;
    struct buffer record;
    uint64_t document; /* the one being put together */
    uint64_t hash;
};

static void begin_record(struct content_hash *content)
{
    const struct shard_place *place = content->shard->documents + content->document;
    buffer_reset(&content->record);
    buffer_put(&content->record, content->shard->lengths + place[0].sentence,
               (size_t)(place[1].sentence - place[0].sentence) * sizeof(uint16_t));
}

static void end_record(struct content_hash *content)
{
    const struct shard *shard = content->shard;
    if (shard_is_segmented(shard)) {
        const struct shard_place *place = shard->documents + content->document;
        const uint64_t tokens = place[1].token - place[0].token;
        for (uint64_t t = 0; t < tokens; t++)
            shard_read_words(shard, place[0].token + t, 1, buffer_grow(&content->record, 1));
    }
    if (shard->meta.contents == SHARD_READY_SAMPLES) {
        const uint64_t *mask = shard->first_mask + content->document;
        shard_record_put_sample(&content->record, shard->sample_labels[content->document],
                                (uint32_t)(mask[1] - mask[0]), shard->mask_positions + mask[0],
                                shard->mask_ids + mask[0]);
    }
    content->hash = shard_hash_add(content->hash, content->record.data, content->record.size);
}

static void hash_tokens(struct content_hash *content, const uint8_t *raw, uint64_t token,
                        uint64_t end)
{
    const struct shard *shard = content->shard;
    while (token < end) {
        uint64_t document_end = shard->documents[content->document + 1].token;
        uint64_t stop = document_end < end ? document_end : end;
        size_t bytes = (size_t)(stop - token) * shard->meta.id_bytes;
        buffer_put(&content->record, raw, bytes);
        raw += bytes;
        token = stop;
        if (token < document_end)
            break;
        end_record(content);
        if (++content->document < shard->meta.documents)
            begin_record(content);
    }
}

int shard_verify(const struct shard *shard, struct error *err)
{
    struct content_hash content = {.shard = shard};
    int status = -1;
    if (container_verify(&shard->container, err) < 0 || shard_check_index(shard, err) < 0)
        return -1;
    void *raw = memory_new(shard->meta.block_tokens, shard->meta.id_bytes);
    if (shard->meta.documents > 0)
        begin_record(&content);
    for (uint64_t b = 0; b < shard->blocks; b++) {
        uint64_t token = b * shard->meta.block_tokens;
        if (shard_read_block(shard, b, raw, err) < 0)
            goto done;
        hash_tokens(&content, raw, token, token + shard_block_tokens(shard, b));
    }
    status = content.hash == shard->meta.hash
                 ? 0
                 : damaged(shard, "its contents do not have the hash it names", err);
done:
    buffer_release(&content.record);
    free(raw);
    return status;
}
