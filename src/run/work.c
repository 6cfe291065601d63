#include "work.h"

#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/buffer.h"
#include "lambert/base/host_name.h"
#include "lambert/base/log.h"
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

/* Who looks for leaks finds here what is kept on purpose. */
static struct work *kept;

void work_leave_reader(struct work *work, const char *what)
{
    char host[HOST_NAME_ROOM];
    host_name(host);
    log_warning(
        "the disk or file server of %s does not answer rank %d on %s: a read of %s does not come back, and the "
        "run ends without it",
        work->place, log_rank(), host, what);
    work->reader_left = true;
}

void work_close_source(struct work *work, struct batch_source *source)
{
    activity_at("ending the reading of batches", -1);
    if (!batch_source_close(source))
        work_leave_reader(work, "the next batch");
}

void work_close(struct work *work)
{
    if (!work)
        return;
    if (work->reader_left)
        kept = work;
    work->operations->close(work);
}
