#include "open_checkpoint.h"

#include <stdlib.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/config/config.h"
#include "lambert/train/options.h"

int open_checkpoint(struct checkpoint_file *file, const char *path, struct error *err)
{
    char *newest = NULL;
    if (!folder_exists(path))
        newest = memory_copy_text(path);
    else if (checkpoint_newest(path, &newest, err) != 0)
        return -1;
    if (newest == NULL)
        return error_set(err, "there is no checkpoint in %s", path);
    int result = checkpoint_file_open(file, newest, err);
    free(newest);
    return result;
}

int checkpoint_shape(const struct checkpoint_file *file, struct bert_config *shape,
                     struct error *err)
{
    struct config config;
    const struct checkpoint_tensor *words =
        checkpoint_file_tensor(file, "bert.embeddings.word_embeddings.weight");
    if (words == NULL)
        return error_set(err, "%s holds no BERT: it has no word embeddings", file->container.path);
    if (config_read(&config, file->meta.config, file->container.path, err) != 0)
        return -1;
    *shape = bert_config_of(&config, (int)words->shape[0]);
    return 0;
}
