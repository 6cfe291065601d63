/* The documents of one split of a corpus, as token ids, readable at any place.
 *
 * A store is a run of shard files (docs/formats.md). Documents are numbered 0 .. documents-1 in the
 * order they were prepared in, across shards. A document is a run of sentences; only their lengths
 * (in tokens) are looked at to plan samples, straight from the mapped index. Ids lie in deflated
 * blocks of a fixed number of tokens and are inflated when read, through a cache of blocks.
 *
 * The store is read-only and may be shared by threads; the cache is not: one a thread. */
#ifndef LAMBERT_CORPUS_DOCUMENT_STORE_H
#define LAMBERT_CORPUS_DOCUMENT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/corpus/block_cache.h"
#include "lambert/corpus/shard_format.h"

struct document_store;

/* Opens shards `paths` [count], in order; none makes an empty store. The files are mapped and only
 * their ends looked at (STORE_MOST_MAPPED), so it takes the same time whatever the number of documents. Damage to an
 * index is found by document_store_check_index(), damage to a block when it is read.
 * vocabulary_hash and vocabulary_size are compared with what the shards carry. */
int document_store_open(struct document_store **store, char *const *paths, int count,
                        uint64_t vocabulary_hash, int vocabulary_size, struct error *err);
void document_store_close(struct document_store *store); /* NULL is fine */

/* All stores of the process together have no more shards mapped than this at a time, whatever the number of
 * threads (the system allows a process 65,530 mappings); others are mapped when they are looked at. The files must
 * stay as they are. document_stores_limit() sets another number, of 4 or more, for stores that are opened from
 * then on; what threads hold (STORE_HELD shards each) must fit into three quarters of it. */
enum { STORE_MOST_MAPPED = 49152 };
void document_stores_limit(int most);

uint64_t document_store_documents(const struct document_store *store);
uint64_t document_store_sentences(const struct document_store *store);
uint64_t document_store_tokens(const struct document_store *store);

int document_store_shards(const struct document_store *store);
struct shard_summary document_store_shard(const struct document_store *store, int shard);

/* Reads the index of every shard, over threads, and checks its checksums and every number in it.
 * About a second for a billion bytes of index; the sampler does it before it plans. */
int document_store_check_index(const struct document_store *store, struct error *err);

/* A document: sentence lengths in tokens [sentences], in place; none is 0 in an index that is as it
 * was checked. But files may be cut short or written over while they are mapped: so a view never leads out of its
 * shard, and a document whose place makes no sense any more, or whose shard cannot be mapped again, has no
 * sentences; document_store_damage() says what is the matter. A view, and what document_store_sample() gives, is
 * good until the thread has looked at documents of STORE_HELD other shards, of any store. */
enum { STORE_HELD = 8 };
struct document_view {
    const uint16_t *lengths;
    uint32_t sentences;
    uint32_t shard;
    uint64_t first_token; /* of the document in its shard */
    uint64_t tokens;
};
struct document_view document_store_view(const struct document_store *store, uint64_t document);

/* -1, and why a document cannot be used: it names the file. */
int document_store_damage(const struct document_store *store, uint64_t document, struct error *err);

/* Whoever walks over a store says how far it has got, so that the index, which is mapped, does not
 * pile up in the process's memory: the pages of the shards that hold documents [first, end) are
 * given back. What is looked at again comes back; others may be looking meanwhile. In runs of
 * STORE_WALK documents it costs next to nothing. */
enum { STORE_WALK = 4096 };
void document_store_forget(const struct document_store *store, uint64_t first, uint64_t end);

enum shard_contents document_store_contents(const struct document_store *store);

/* What a document of a store of ready samples has beside its ids, in place. Its numbers are as
 * document_store_check_index() found them, unless the file was written over since. */
struct sample_view {
    int32_t next_sentence_label; /* -1: none */
    uint32_t masks;
    const uint16_t *positions; /* [masks]; NULL where their place makes no sense any more */
    const uint32_t *labels;    /* [masks] */
};
struct sample_view document_store_sample(const struct document_store *store, uint64_t document);

/* ids [count] = tokens [first, first + count) of the document, counted from its start; an error where it has
 * not so many. */
int document_store_read(const struct document_store *store, struct block_cache *cache,
                        const struct document_view *document, uint64_t first, uint32_t count,
                        int32_t *ids, struct error *err);

/* Whether it is known where words begin: the text was segmented, its words parted by white space. */
bool document_store_is_segmented(const struct document_store *store);

/* Of such a store: begins_word [count], 1 or 0, of the same tokens as document_store_read(). */
int document_store_words(const struct document_store *store, const struct document_view *document,
                         uint64_t first, uint32_t count, uint8_t *begins_word, struct error *err);

/* Reads every byte of every shard, over threads, and checks every checksum. */
int document_store_verify(const struct document_store *store, struct error *err);

#endif
