/* Memory for inflated blocks of the shards of one store (corpus/document_store.h). */
#ifndef LAMBERT_CORPUS_BLOCK_CACHE_H
#define LAMBERT_CORPUS_BLOCK_CACHE_H

#include <stddef.h>

struct block_cache;

/* A cache serves one store; it holds at least eight blocks of 4,096 tokens, however few bytes. */
struct block_cache *block_cache_new(size_t bytes);
void block_cache_free(struct block_cache *cache);

#endif
