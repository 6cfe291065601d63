#include "lambert/run/shared_config.h"

#include <sys/stat.h>

#include "lambert/base/buffer.h"
#include "lambert/base/file.h"

static bool is_read_once(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

/* Rank 0's text to all. */
static void pass_on(const struct dist *dist, struct buffer *text)
{
    uint64_t size = text->size;
    dist_broadcast(dist, 0, &size, sizeof size);
    if (dist_rank(dist) != 0)
        buffer_grow(text, size);
    dist_broadcast(dist, 0, text->data, size);
}

int config_load_shared(struct config *config, const struct dist *dist, const char *path,
                       char *const *words, int word_count, struct error *err)
{
    const bool first = dist_rank(dist) == 0;
    struct buffer text = {0};
    if (!dist_any(dist, first && path && is_read_once(path)))
        return config_load(config, path, words, word_count, err);
    int status = dist_agree(dist, first ? file_read(path, &text, err) : 0, err);
    if (status == 0) {
        pass_on(dist, &text);
        status = config_load_text(config, &text, path, words, word_count, err);
    }
    buffer_release(&text);
    return status;
}
