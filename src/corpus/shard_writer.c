#include "lambert/corpus/shard_writer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zlib.h>

#include "lambert/base/buffer.h"
#include "lambert/base/container.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

/* The index is small (2 bytes a sentence, 16 a document) and is kept until the end, so that ids can
 * go straight into the one section that is open. */
struct shard_writer {
    struct container_writer file;
    char *path;
    struct shard_meta meta;
    z_stream deflater;
    struct buffer documents; /* section DOCS */
    struct buffer lengths;   /* section LENGTHS */
    struct buffer offsets;   /* first part of section BLOCKS */
    struct buffer crcs;      /* second part */
    struct buffer record;    /* of the document at hand: lengths, ids */
    struct buffer block;     /* ids that wait for their block to be full, as stored */
    struct buffer deflated;
    uint64_t id_offset; /* bytes in section IDS so far */
    bool segmented;
    struct buffer words; /* section WORDS, of segmented text */

    /* What only shards of ready samples have. */
    struct buffer labels;     /* section LABELS */
    struct buffer first_mask; /* section MASKED, but for its last entry */
    struct buffer positions;  /* section POSITIONS */
    struct buffer mask_ids;   /* section MASK_IDS */
};

int shard_writer_open(struct shard_writer **writer_out, const char *path,
                      const struct shard_options *options, struct error *err)
{
    require(options->vocabulary_size > 0 &&
            !(options->segmented && options->contents == SHARD_READY_SAMPLES));
    struct shard_writer *writer = memory_new(1, sizeof *writer);
    writer->meta = (struct shard_meta){.vocabulary_hash = options->vocabulary_hash,
                                       .vocabulary_size = (uint32_t)options->vocabulary_size,
                                       .id_bytes = shard_id_bytes(options->vocabulary_size),
                                       .block_tokens = SHARD_BLOCK_TOKENS,
                                       .contents = options->contents};
    writer->segmented = options->segmented;
    uint32_t version = options->segmented                         ? SHARD_WORDS_VERSION
                       : options->contents == SHARD_READY_SAMPLES ? SHARD_SAMPLES_VERSION
                                                                  : SHARD_VERSION;
    if (deflateInit(&writer->deflater, options->compression) != Z_OK) {
        error_set(err, "zlib cannot start (level %d): %s", options->compression,
                  writer->deflater.msg ? writer->deflater.msg : "no memory");
        free(writer);
        return -1;
    }
    buffer_put_u64(&writer->offsets, 0);
    writer->path = memory_copy_text(path);
    *writer_out = writer;
    if (container_writer_open(&writer->file, path, SHARD_KIND, version, err) < 0 ||
        container_writer_begin(&writer->file, SHARD_SECTION_IDS, err) < 0) {
        shard_writer_discard(writer);
        *writer_out = NULL;
        return -1;
    }
    return 0;
}

void shard_writer_discard(struct shard_writer *writer)
{
    if (!writer)
        return;
    container_writer_discard(&writer->file);
    deflateEnd(&writer->deflater);
    buffer_release(&writer->documents);
    buffer_release(&writer->lengths);
    buffer_release(&writer->offsets);
    buffer_release(&writer->crcs);
    buffer_release(&writer->record);
    buffer_release(&writer->block);
    buffer_release(&writer->deflated);
    buffer_release(&writer->words);
    buffer_release(&writer->labels);
    buffer_release(&writer->first_mask);
    buffer_release(&writer->positions);
    buffer_release(&writer->mask_ids);
    free(writer->path);
    free(writer);
}

static int write_block(struct shard_writer *writer, struct error *err)
{
    z_stream *z = &writer->deflater;
    struct buffer *deflated = &writer->deflated;
    size_t bound = deflateBound(z, writer->block.size);
    buffer_reset(deflated);
    z->next_in = writer->block.data;
    z->avail_in = (uInt)writer->block.size;
    z->next_out = buffer_grow(deflated, bound);
    z->avail_out = (uInt)bound;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        bug("deflateBound was too small");
    deflated->size = bound - z->avail_out;
    deflateReset(z);

    if (container_writer_write(&writer->file, deflated->data, deflated->size, err) < 0)
        return -1;
    writer->id_offset += deflated->size;
    buffer_put_u64(&writer->offsets, writer->id_offset);
    buffer_put_u32(&writer->crcs, crc32_bytes(0, writer->block.data, writer->block.size));
    buffer_reset(&writer->block);
    return 0;
}

/* Cuts what is too long, leaves out what is empty. Returns the number of tokens. */
static uint64_t put_lengths(struct shard_writer *writer, const uint32_t *lengths /* [sentences] */,
                            uint32_t sentences)
{
    uint64_t tokens = 0;
    for (uint32_t s = 0; s < sentences; s++) {
        uint32_t rest = lengths[s];
        tokens += rest;
        for (; rest > SHARD_LONGEST_SENTENCE; rest -= SHARD_LONGEST_SENTENCE)
            buffer_put_u16(&writer->record, SHARD_LONGEST_SENTENCE);
        if (rest > 0)
            buffer_put_u16(&writer->record, (uint16_t)rest);
    }
    return tokens;
}

static void put_ids(struct shard_writer *writer, const int32_t *ids /* [tokens] */, uint64_t tokens)
{
    const uint32_t id_bytes = writer->meta.id_bytes;
    uint8_t *out = buffer_grow(&writer->record, (size_t)tokens * id_bytes);
    for (uint64_t t = 0; t < tokens; t++, out += id_bytes) {
        require(ids[t] >= 0 && (uint32_t)ids[t] < writer->meta.vocabulary_size);
        for (uint32_t byte = 0; byte < id_bytes; byte++)
            out[byte] = (uint8_t)((uint32_t)ids[t] >> (8 * byte));
    }
}

/* For the section and for the hash. */
static void put_words(struct shard_writer *writer, const uint8_t *begins_word /* [tokens] */,
                      uint64_t tokens)
{
    for (uint64_t t = 0; t < tokens; t++) {
        const uint64_t bit = (writer->meta.tokens + t) % 8;
        const uint8_t begins = begins_word[t] != 0;
        if (bit == 0)
            buffer_put_u8(&writer->words, 0);
        writer->words.data[writer->words.size - 1] |= (uint8_t)(begins << bit);
        buffer_put_u8(&writer->record, begins);
    }
}

static void put_place(struct shard_writer *writer)
{
    buffer_put_u64(&writer->documents, writer->meta.sentences);
    buffer_put_u64(&writer->documents, writer->meta.tokens);
}

/* A record that begins with lengths and ids; what it has behind them only enters the hash. */
static int add_record(struct shard_writer *writer, size_t lengths_size, uint64_t tokens,
                      struct error *err)
{
    const size_t full = (size_t)writer->meta.block_tokens * writer->meta.id_bytes;
    const uint8_t *ids = writer->record.data + lengths_size;
    size_t left = (size_t)tokens * writer->meta.id_bytes;
    put_place(writer);
    buffer_put(&writer->lengths, writer->record.data, lengths_size);
    writer->meta.documents++;
    writer->meta.sentences += lengths_size / sizeof(uint16_t);
    writer->meta.tokens += tokens;
    writer->meta.hash = shard_hash_add(writer->meta.hash, writer->record.data, writer->record.size);
    while (left > 0) {
        size_t part = min_size(left, full - writer->block.size);
        buffer_put(&writer->block, ids, part);
        ids += part;
        left -= part;
        if (writer->block.size == full && write_block(writer, err) < 0)
            return -1;
    }
    return 0;
}

int shard_writer_add(struct shard_writer *writer, const int32_t *ids, const uint8_t *begins_word,
                     const uint32_t *lengths, uint32_t sentences, struct error *err)
{
    require(writer->meta.contents == SHARD_DOCUMENTS_OF_TEXT);
    buffer_reset(&writer->record);
    uint64_t tokens = put_lengths(writer, lengths, sentences);
    size_t lengths_size = writer->record.size;
    if (tokens == 0)
        return 0;
    require((begins_word != NULL) == writer->segmented);
    put_ids(writer, ids, tokens);
    if (begins_word)
        put_words(writer, begins_word, tokens);
    return add_record(writer, lengths_size, tokens, err);
}

static uint64_t masks_so_far(const struct shard_writer *writer)
{
    return writer->positions.size / sizeof(uint16_t);
}

int shard_writer_add_sample(struct shard_writer *writer, const struct ready_sample *sample,
                            struct error *err)
{
    const uint32_t lengths[] = {sample->a_tokens, sample->tokens - sample->a_tokens};
    require(writer->meta.contents == SHARD_READY_SAMPLES && sample->a_tokens >= 2 &&
            sample->a_tokens <= sample->tokens && sample->tokens <= SHARD_LONGEST_SENTENCE);
    buffer_reset(&writer->record);
    put_lengths(writer, lengths, 2);
    size_t lengths_size = writer->record.size;
    put_ids(writer, sample->ids, sample->tokens);
    shard_record_put_sample(&writer->record, sample->next_sentence_label, sample->masks,
                            sample->positions, sample->labels);
    buffer_put_u8(&writer->labels, sample->next_sentence_label);
    buffer_put_u64(&writer->first_mask, masks_so_far(writer));
    buffer_put(&writer->positions, sample->positions, sample->masks * sizeof *sample->positions);
    buffer_put(&writer->mask_ids, sample->labels, sample->masks * sizeof *sample->labels);
    return add_record(writer, lengths_size, sample->tokens, err);
}

/* The sections behind the ids, in the order of the file. */
static int write_index(struct shard_writer *writer, struct error *err)
{
    bool samples = writer->meta.contents == SHARD_READY_SAMPLES;
    const struct {
        const char *name;
        const struct buffer *bytes;
        bool wanted;
    } sections[] = {
        {SHARD_SECTION_DOCUMENTS, &writer->documents, true},
        {SHARD_SECTION_LENGTHS, &writer->lengths, true},
        {SHARD_SECTION_BLOCKS, &writer->offsets, true},
        {SHARD_SECTION_WORDS, &writer->words, writer->segmented},
        {SHARD_SECTION_SAMPLE_LABELS, &writer->labels, samples},
        {SHARD_SECTION_MASKED, &writer->first_mask, samples},
        {SHARD_SECTION_POSITIONS, &writer->positions, samples},
        {SHARD_SECTION_MASK_IDS, &writer->mask_ids, samples},
        {SHARD_SECTION_META, &writer->record, true},
    };
    put_place(writer);
    buffer_put(&writer->offsets, writer->crcs.data, writer->crcs.size);
    buffer_put_u64(&writer->first_mask, masks_so_far(writer));
    buffer_reset(&writer->record);
    shard_meta_put(&writer->meta, &writer->record);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (sections[i].wanted &&
            container_writer_section(&writer->file, sections[i].name, sections[i].bytes->data,
                                     sections[i].bytes->size, err) < 0)
            return -1;
    return 0;
}

int shard_writer_commit(struct shard_writer *writer, struct shard_summary *summary,
                        struct error *err)
{
    struct stat file;
    int status = -1;
    if (writer->block.size > 0 && write_block(writer, err) < 0)
        goto done;
    container_writer_end(&writer->file);
    if (write_index(writer, err) < 0 || container_writer_commit(&writer->file, err) < 0)
        goto done;
    if (stat(writer->path, &file) < 0) {
        error_errno(err, "cannot look at %s", writer->path);
        goto done;
    }
    *summary = (struct shard_summary){.documents = writer->meta.documents,
                                      .sentences = writer->meta.sentences,
                                      .tokens = writer->meta.tokens,
                                      .bytes = (uint64_t)file.st_size,
                                      .hash = writer->meta.hash};
    status = 0;
done:
    shard_writer_discard(writer);
    return status;
}
