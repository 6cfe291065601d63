#include "lambert/corpus/shard_format.h"

#include "lambert/base/hash.h"

/* Sections are used as arrays where they lie. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "shards are read in place, little-endian");
_Static_assert(sizeof(struct shard_place) == 16, "an element of section DOCS has 16 bytes");

uint32_t shard_id_bytes(int vocabulary_size)
{
    return vocabulary_size <= 65536 ? 2 : 4;
}

void shard_meta_put(const struct shard_meta *meta, struct buffer *out)
{
    buffer_put_u64(out, meta->vocabulary_hash);
    buffer_put_u32(out, meta->vocabulary_size);
    buffer_put_u32(out, meta->id_bytes);
    buffer_put_u32(out, meta->block_tokens);
    buffer_put_u32(out, meta->contents);
    buffer_put_u64(out, meta->documents);
    buffer_put_u64(out, meta->sentences);
    buffer_put_u64(out, meta->tokens);
    buffer_put_u64(out, meta->hash);
}

struct shard_meta shard_meta_get(const void *data)
{
    struct byte_reader reader;
    struct shard_meta meta;
    byte_reader_init(&reader, data, SHARD_META_BYTES);
    meta.vocabulary_hash = byte_reader_u64(&reader);
    meta.vocabulary_size = byte_reader_u32(&reader);
    meta.id_bytes = byte_reader_u32(&reader);
    meta.block_tokens = byte_reader_u32(&reader);
    meta.contents = byte_reader_u32(&reader);
    meta.documents = byte_reader_u64(&reader);
    meta.sentences = byte_reader_u64(&reader);
    meta.tokens = byte_reader_u64(&reader);
    meta.hash = byte_reader_u64(&reader);
    return meta;
}

uint64_t shard_hash_add(uint64_t hash, const void *record, size_t size)
{
    return hash_bytes_seeded(record, size, hash);
}

void shard_record_put_sample(struct buffer *record, uint8_t label, uint32_t masks,
                             const uint16_t *positions, const uint32_t *labels)
{
    buffer_put_u8(record, label);
    buffer_put(record, positions, masks * sizeof *positions);
    buffer_put(record, labels, masks * sizeof *labels);
}
