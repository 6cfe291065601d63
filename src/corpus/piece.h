/* A piece of the input and the shards made of it, one for each split that gets a document.
 *
 * Input is cut by position: all files, in order, are one run of bytes, and a document belongs to
 * piece number position / shard_bytes, where position is where the document before it ended (0 in a
 * file's first). So what goes into a piece can be told without what comes before it, and pieces can
 * be made by different threads or machines. */
#ifndef LAMBERT_CORPUS_PIECE_H
#define LAMBERT_CORPUS_PIECE_H

#include <stdint.h>

#include "document_encoder.h"
#include "lambert/base/error.h"
#include "lambert/corpus/shard_writer.h"
#include "manifest.h"

struct piece {
    uint64_t number;
    const char *folder;
    struct shard_options options;
    struct shard_writer *writers[CORPUS_SPLITS];
};

void piece_init(struct piece *piece, uint64_t number, const char *folder,
                const struct shard_options *options);

/* Adds the document that the encoder encoded last. */
int piece_add(struct piece *piece, enum corpus_split split, const struct document_encoder *encoder,
              struct error *err);

/* Finishes the shards and enters them in the manifest. A failed or unwanted piece is discarded. */
int piece_commit(struct piece *piece, struct manifest *manifest, struct error *err);
void piece_discard(struct piece *piece); /* fine on a zeroed one */

#endif
