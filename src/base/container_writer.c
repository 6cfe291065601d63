#include "lambert/base/container.h"

#include <string.h>

#include "container_format.h"
#include "lambert/base/buffer.h"
#include "lambert/base/hash.h"

static void put_padded(struct buffer *buffer, const char *text, size_t width)
{
    size_t length = strlen(text);
    require(length <= width);
    uint8_t *field = buffer_grow(buffer, width);
    memset(field, 0, width);
    memcpy(field, text, length);
}

static int write_buffer(struct container_writer *writer, struct buffer *buffer, struct error *err)
{
    int status = file_writer_write(&writer->file, buffer->data, buffer->size, err);
    buffer_release(buffer);
    return status;
}

static int write_padding(struct container_writer *writer, struct error *err)
{
    static const uint8_t zeros[CONTAINER_ALIGNMENT];
    uint64_t here = writer->file.bytes;
    return file_writer_write(&writer->file, zeros, (size_t)(container_align(here) - here), err);
}

int container_writer_open(struct container_writer *writer, const char *path, const char *kind,
                          uint32_t version, struct error *err)
{
    *writer = (struct container_writer){0};
    require(kind[0] != '\0' && strlen(kind) <= CONTAINER_KIND);
    strcpy(writer->kind, kind);
    if (file_writer_open(&writer->file, path, err) < 0)
        return -1;
    struct buffer head = {0};
    buffer_put(&head, CONTAINER_FIRST, 8);
    put_padded(&head, kind, CONTAINER_KIND);
    buffer_put_u32(&head, version);
    buffer_put_u32(&head, 0);
    writer->head_crc = crc32_bytes(0, head.data, head.size);
    return write_buffer(writer, &head, err);
}

int container_writer_begin(struct container_writer *writer, const char *name, struct error *err)
{
    require(!writer->open && writer->count < CONTAINER_MAX_SECTIONS);
    require(name[0] != '\0' && strlen(name) <= CONTAINER_NAME);
    for (int i = 0; i < writer->count; i++)
        require(strcmp(writer->entries[i].name, name) != 0);
    if (write_padding(writer, err) < 0)
        return -1;
    struct container_entry *entry = &writer->entries[writer->count++];
    *entry = (struct container_entry){.offset = writer->file.bytes};
    strcpy(entry->name, name);
    writer->open = true;
    return 0;
}

int container_writer_write(struct container_writer *writer, const void *data, size_t size,
                           struct error *err)
{
    require(writer->open);
    struct container_entry *entry = &writer->entries[writer->count - 1];
    entry->crc = crc32_bytes(entry->crc, data, size);
    entry->size += size;
    return file_writer_write(&writer->file, data, size, err);
}

void container_writer_end(struct container_writer *writer)
{
    require(writer->open);
    writer->open = false;
}

int container_writer_section(struct container_writer *writer, const char *name, const void *data,
                             size_t size, struct error *err)
{
    if (container_writer_begin(writer, name, err) < 0 ||
        container_writer_write(writer, data, size, err) < 0)
        return -1;
    container_writer_end(writer);
    return 0;
}

int container_writer_commit(struct container_writer *writer, struct error *err)
{
    require(!writer->open);
    if (write_padding(writer, err) < 0)
        return -1;
    uint64_t table_offset = writer->file.bytes;
    struct buffer end = {0};
    for (int i = 0; i < writer->count; i++) {
        const struct container_entry *entry = &writer->entries[i];
        put_padded(&end, entry->name, CONTAINER_NAME);
        buffer_put_u64(&end, entry->offset);
        buffer_put_u64(&end, entry->size);
        buffer_put_u32(&end, entry->crc);
        buffer_put_u32(&end, 0);
    }
    uint32_t crc = crc32_bytes(writer->head_crc, end.data, end.size);
    buffer_put_u64(&end, table_offset);
    buffer_put_u64(&end, (uint64_t)writer->count);
    buffer_put_u32(&end, crc);
    buffer_put_u32(&end, 0);
    put_padded(&end, writer->kind, CONTAINER_KIND);
    buffer_put(&end, CONTAINER_LAST, 8);
    if (write_buffer(writer, &end, err) < 0)
        return -1;
    return file_writer_commit(&writer->file, err);
}

void container_writer_discard(struct container_writer *writer)
{
    file_writer_discard(&writer->file);
}
