#include "open_checkpoint.h"

#include <stdlib.h>

#include "lambert/config/config.h"
#include "lambert/run/options.h"

int open_checkpoint(struct checkpoint_file *file, const char *path, struct error *err)
{
    char *found;
    if (checkpoint_find(path, &found, err) < 0)
        return -1;
    if (!found)
        return error_set(err, "there is no checkpoint in %s", path);
    int result = checkpoint_file_open(file, found, err);
    free(found);
    return result;
}

int checkpoint_shape(const struct checkpoint_file *file, struct bert_config *shape,
                     struct error *err)
{
    struct config config;
    const struct checkpoint_tensor *words =
        checkpoint_file_tensor(file, "bert.embeddings.word_embeddings.weight");
    if (!words)
        return error_set(err, "%s holds no BERT: it has no word embeddings", file->container.path);
    if (config_read(&config, file->meta.config, file->container.path, err) < 0)
        return -1;
    *shape = bert_config_of(&config, (int)words->shape[0]);
    return 0;
}
