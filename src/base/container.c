#include "lambert/base/container.h"

#include <stdlib.h>
#include <string.h>

#include "container_format.h"
#include "lambert/base/buffer.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"

/* The last 40 bytes of a file. */
struct tail {
    uint64_t table_offset;
    uint64_t sections;
    uint32_t crc;
    uint32_t zero;
    const char *kind; /* [8] */
};

static int damaged(const struct container *container, struct error *err, const char *what)
{
    return error_set(err, "%s is damaged (%s); make it again or fetch another copy",
                     container->path, what);
}

/* What kind of file it is, by its first and last bytes. */
static int check_kind(const struct container *container, const char *kind, struct error *err)
{
    const uint8_t *data = container->map.data;
    size_t size = container->map.size;
    if (size < 8 || memcmp(data, CONTAINER_FIRST, 8) != 0)
        return error_set(err, "%s is not a file of this program (%s)", container->path,
                         size == 0 ? "it is empty" : "it does not begin with LAMBERT");
    if (size < CONTAINER_HEAD + CONTAINER_TAIL || memcmp(data + size - 8, CONTAINER_LAST, 8) != 0)
        return damaged(container, err, "its end is missing");
    if (memcmp(data + 8, data + size - 16, CONTAINER_KIND) != 0)
        return damaged(container, err, "its head and its end disagree");
    char found[CONTAINER_KIND + 1] = {0};
    memcpy(found, data + 8, CONTAINER_KIND);
    if (strcmp(found, kind) != 0)
        return error_set(err, "%s is a file of kind '%s', wanted is one of kind '%s'",
                         container->path, found, kind);
    return 0;
}

/* The table must lie exactly between sections and tail, so that no field can point elsewhere. */
static int check_table(const struct container *container, struct error *err)
{
    const uint8_t *data = container->map.data;
    size_t size = container->map.size;
    struct byte_reader reader;
    byte_reader_init(&reader, data + size - CONTAINER_TAIL, CONTAINER_TAIL);
    struct tail tail;
    tail.table_offset = byte_reader_u64(&reader);
    tail.sections = byte_reader_u64(&reader);
    tail.crc = byte_reader_u32(&reader);
    tail.zero = byte_reader_u32(&reader);
    if (tail.zero != 0 || tail.sections > CONTAINER_MAX_SECTIONS)
        return damaged(container, err, "its end makes no sense");
    size_t table_size = (size_t)tail.sections * CONTAINER_ENTRY;
    if (size - CONTAINER_TAIL < table_size || tail.table_offset % CONTAINER_ALIGNMENT != 0 ||
        tail.table_offset < CONTAINER_HEAD ||
        tail.table_offset != size - CONTAINER_TAIL - table_size)
        return damaged(container, err, "its table is not where it should be");
    uint32_t crc = crc32_bytes(0, data, CONTAINER_HEAD);
    if (crc32_bytes(crc, data + tail.table_offset, table_size) != tail.crc)
        return damaged(container, err, "the checksum of its table is wrong");
    return (int)tail.sections;
}

static bool is_zero(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != 0)
            return false;
    return true;
}

static int read_container(struct container *container, const char *kind, uint32_t newest_version,
                          struct error *err)
{
    if (check_kind(container, kind, err) < 0)
        return -1;
    int sections = check_table(container, err);
    if (sections < 0)
        return -1;

    const uint8_t *data = container->map.data;
    struct byte_reader reader;
    byte_reader_init(&reader, data + 16, 4);
    container->version = byte_reader_u32(&reader);
    if (container->version > newest_version)
        return error_set(err,
                         "%s has version %u of kind '%s', this program reads up to %u; "
                         "use a newer program",
                         container->path, (unsigned)container->version, kind,
                         (unsigned)newest_version);

    container->entries = memory_new((size_t)sections, sizeof *container->entries);
    size_t table_size = (size_t)sections * CONTAINER_ENTRY;
    uint64_t table = container->map.size - CONTAINER_TAIL - table_size;
    uint64_t end = CONTAINER_HEAD; /* of the section before: only padding may follow it */
    byte_reader_init(&reader, data + table, table_size);
    for (int i = 0; i < sections; i++) {
        struct container_entry entry = {{0}, 0, 0, 0};
        memcpy(entry.name, byte_reader_bytes(&reader, CONTAINER_NAME), CONTAINER_NAME);
        entry.offset = byte_reader_u64(&reader);
        entry.size = byte_reader_u64(&reader);
        entry.crc = byte_reader_u32(&reader);
        byte_reader_u32(&reader);
        if (entry.offset != container_align(end) || entry.offset > table ||
            entry.size > table - entry.offset)
            return damaged(container, err, "its table makes no sense");
        if (!is_zero(data + end, (size_t)(entry.offset - end)))
            return damaged(container, err, "there is something between its sections");
        end = entry.offset + entry.size;
        container->entries[container->count++] = entry;
    }
    if (container_align(end) != table || !is_zero(data + end, (size_t)(table - end)))
        return damaged(container, err, "there is something between its sections and its table");
    return 0;
}

int container_open(struct container *container, const char *path, const char *kind,
                   uint32_t newest_version, struct error *err)
{
    *container = (struct container){0};
    if (file_map_open(&container->map, path, err) < 0)
        return -1;
    container->path = memory_copy_text(path);
    int status = read_container(container, kind, newest_version, err);
    if (status < 0)
        container_close(container);
    return status;
}

void container_close(struct container *container)
{
    file_map_close(&container->map);
    free(container->path);
    free(container->entries);
    *container = (struct container){0};
}

static const struct container_entry *find(const struct container *container, const char *name)
{
    for (int i = 0; i < container->count; i++)
        if (strcmp(container->entries[i].name, name) == 0)
            return &container->entries[i];
    return NULL;
}

static int check_entry(const struct container *container, const struct container_entry *entry,
                       struct error *err)
{
    if (crc32_bytes(0, container->map.data + entry->offset, (size_t)entry->size) == entry->crc)
        return 0;
    return error_set(err,
                     "%s is damaged (the checksum of its section '%s' is wrong); "
                     "make it again or fetch another copy",
                     container->path, entry->name);
}

int container_section(const struct container *container, const char *name, const void **data,
                      size_t *size, struct error *err)
{
    container_section_unchecked(container, name, data, size);
    const struct container_entry *entry = find(container, name);
    if (!entry || check_entry(container, entry, err) == 0)
        return 0;
    *data = NULL;
    *size = 0;
    return -1;
}

void container_section_unchecked(const struct container *container, const char *name,
                                 const void **data, size_t *size)
{
    const struct container_entry *entry = find(container, name);
    *data = entry != NULL ? container->map.data + entry->offset : NULL;
    *size = entry != NULL ? (size_t)entry->size : 0;
}

int container_verify(const struct container *container, struct error *err)
{
    for (int i = 0; i < container->count; i++)
        if (check_entry(container, &container->entries[i], err) < 0)
            return -1;
    return 0;
}
