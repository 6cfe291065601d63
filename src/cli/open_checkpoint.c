#include "open_checkpoint.h"

#include "lambert/run/options.h"
#include "lambert/store/checkpoint_folder.h"

int open_checkpoint(struct checkpoint_file *file, const char *path, struct error *err)
{
    if (checkpoint_find(path, file, err) < 0)
        return -1;
    return checkpoint_file_path(file) ? 0 : error_set(err, "there is no checkpoint in %s", path);
}

int checkpoint_model(const struct checkpoint_file *file, struct config *config,
                     struct bert_config *shape, struct error *err)
{
    const struct checkpoint_tensor *words =
        checkpoint_file_tensor(file, "bert.embeddings.word_embeddings.weight");
    if (!words)
        return error_set(err, "%s holds no BERT: it has no word embeddings", file->container.path);
    if (config_read(config, file->meta.config, file->container.path, err) < 0)
        return -1;
    *shape = bert_config_of(config, (int)words->shape[0]);
    return 0;
}
