#include "lambert/run/shared_config.h"

#include <string.h>

#include "lambert/base/buffer.h"

static void pack(const struct config_pipes *pipes, struct buffer *bytes)
{
    for (size_t i = 0; i < pipes->count; i++) {
        const struct config_pipe *one = &pipes->at[i];
        const uint64_t length = strlen(one->path) + 1;
        buffer_put_u64(bytes, length);
        buffer_put(bytes, one->path, length);
        buffer_put_u64(bytes, one->text.size);
        buffer_put(bytes, one->text.data, one->text.size);
    }
}

static void unpack(const struct buffer *bytes, struct config_pipes *pipes)
{
    struct byte_reader reader;
    byte_reader_init(&reader, bytes->data, bytes->size);
    while (reader.position < reader.size) {
        const char *path = byte_reader_bytes(&reader, byte_reader_u64(&reader));
        struct buffer text = {.size = byte_reader_u64(&reader)};
        text.data = (uint8_t *)byte_reader_bytes(&reader, text.size); /* only to be copied */
        config_pipes_add(pipes, path, &text);
    }
}

/* Rank 0's to all. */
static void pass_on(const struct dist *dist, struct config_pipes *pipes)
{
    const bool first = dist_rank(dist) == 0;
    struct buffer bytes = {0};
    if (first)
        pack(pipes, &bytes);
    uint64_t size = bytes.size;
    dist_broadcast(dist, 0, &size, sizeof size);
    if (!first)
        buffer_grow(&bytes, size);
    dist_broadcast(dist, 0, bytes.data, size);
    if (!first)
        unpack(&bytes, pipes);
    buffer_release(&bytes);
}

/* The others begin when rank 0 is through: they might take from a pipe what is rank 0's to read. */
int config_load_shared(struct config *config, const struct dist *dist, const char *path,
                       char *const *words, int word_count, struct error *err)
{
    const bool first = dist_rank(dist) == 0;
    struct config_pipes pipes = {0};
    int status = first ? config_load_piped(config, &pipes, path, words, word_count, err) : 0;
    if (dist_any(dist, pipes.met)) {
        status = dist_agree(dist, status, err);
        if (status == 0)
            pass_on(dist, &pipes);
    }
    if (!first && status == 0)
        status = config_load_piped(config, &pipes, path, words, word_count, err);
    config_pipes_release(&pipes);
    return status;
}
