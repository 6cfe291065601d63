#include "work.h"

#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/memory.h"

int work_open(struct work **work, const struct dist *dist, const struct config *config, bool resume,
              struct error *err)
{
    return config->task.kind == TASK_NONE ? pretraining_open(work, dist, config, err)
                                          : fine_tuning_open(work, dist, config, resume, err);
}

void work_make_meta(struct work *work, const struct vocabulary *vocabulary,
                    const struct tokenizer_options *tokenizer, uint64_t material_hash)
{
    struct checkpoint_meta *meta = &work->meta;
    struct buffer config = {0};
    const char *bytes = vocabulary_text(vocabulary, &meta->vocabulary_size);
    meta->vocabulary = memory_new(meta->vocabulary_size + 1, 1);
    memcpy(meta->vocabulary, bytes, meta->vocabulary_size);
    config_print(&work->config, true, &config);
    meta->config = memory_copy_text(buffer_text(&config));
    buffer_release(&config);
    meta->state.corpus_hash = material_hash;
    work->earlier_hash = material_hash;
    meta->state.vocabulary_hash = vocabulary_hash(vocabulary);
    meta->state.tokenizer = *tokenizer;
}

void work_close(struct work *work)
{
    if (work)
        work->operations->close(work);
}
