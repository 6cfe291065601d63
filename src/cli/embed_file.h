/* The file that lambert embed writes: an array (*.npy), with the ids of tokens and where each text begins in
 * files beside it, or JSON lines (*.jsonl, *.json). docs/embedding.md has both.
 *
 *     embed_file_open -> embed_file_add ... -> embed_file_commit   (or embed_file_discard) */
#ifndef LAMBERT_CLI_EMBED_FILE_H
#define LAMBERT_CLI_EMBED_FILE_H

#include <stdbool.h>

#include "lambert/base/npy.h"
#include "lambert/run/embed.h"
#include "lambert/text/vocabulary.h"

/* What is written; all outlives the file. */
struct embed_contents {
    const struct feature_set *features;
    const struct vocabulary *vocabulary;
    const struct embed_options *options;
    const int *names; /* [layer_count] what the layers are called: as the user did */
};

struct embed_file {
    struct embed_contents contents;
    bool json;
    struct npy_writer array;  /* one of the two */
    struct file_writer lines; /* JSON */
    struct buffer text;       /* of a line */
};

/* Whether a path has a name that says how to write. */
bool embed_file_is_named(const char *path);

/* Fails where a file is there already, and is neither what embed writes under that name nor empty: it may be
 * somebody's text. */
int embed_file_check_replaced(const char *path, struct error *err);

int embed_file_open(struct embed_file *file, const char *path,
                    const struct embed_contents *contents, struct error *err);

/* The vectors of features [first, end), the next ones; `add` of an embed_sink (run/embed.h). */
int embed_file_add(void *file, int first, int end, const float *vectors, struct error *err);
int embed_file_commit(struct embed_file *file, struct error *err);
void embed_file_discard(struct embed_file *file); /* fine on a closed or zeroed one */

#endif
