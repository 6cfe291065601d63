#include "piece.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"

void piece_init(struct piece *piece, uint64_t number, const char *folder,
                const struct shard_options *options)
{
    *piece = (struct piece){.number = number, .folder = folder, .options = *options};
}

static char *file_name(const struct piece *piece, enum corpus_split split)
{
    return memory_text("%s-%05" PRIu64 SHARD_FILE_SUFFIX, corpus_split_names[split], piece->number);
}

static int open_writer(struct piece *piece, enum corpus_split split, struct error *err)
{
    char *name = file_name(piece, split);
    char *path = path_join(piece->folder, name);
    int status = shard_writer_open(&piece->writers[split], path, &piece->options, err);
    free(path);
    free(name);
    return status;
}

int piece_add(struct piece *piece, enum corpus_split split, const struct document_encoder *encoder,
              struct error *err)
{
    if (!piece->writers[split] && open_writer(piece, split, err) < 0)
        return -1;
    return shard_writer_add(piece->writers[split], (const int32_t *)(void *)encoder->ids.data,
                            (const uint32_t *)(void *)encoder->lengths.data,
                            (uint32_t)(encoder->lengths.size / sizeof(uint32_t)), err);
}

static int commit_split(struct piece *piece, enum corpus_split split, struct manifest *manifest,
                        struct error *err)
{
    struct shard_summary summary;
    struct shard_writer *writer = piece->writers[split];
    piece->writers[split] = NULL;
    if (!writer)
        return 0;
    if (shard_writer_commit(writer, &summary, err) < 0)
        return -1;
    char *name = file_name(piece, split);
    manifest_add_shard(manifest, split, name, &summary);
    free(name);
    return 0;
}

int piece_commit(struct piece *piece, struct manifest *manifest, struct error *err)
{
    for (int s = 0; s < CORPUS_SPLITS; s++)
        if (commit_split(piece, (enum corpus_split)s, manifest, err) < 0) {
            piece_discard(piece);
            return -1;
        }
    return 0;
}

void piece_discard(struct piece *piece)
{
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        shard_writer_discard(piece->writers[s]);
        piece->writers[s] = NULL;
    }
}
