#include "lambert/store/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/float16.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "floats are copied as they lie");

static const struct format {
    const char *name; /* as the file has it */
    enum safetensors_dtype dtype;
    size_t bytes; /* of an element */
} formats[] = {
    {"F32", SAFETENSORS_F32, 4},
    {"F16", SAFETENSORS_F16, 2},
    {"BF16", SAFETENSORS_BF16, 2},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static const struct format *format_of(enum safetensors_dtype dtype)
{
    for (int i = 0; i < FORMATS; i++)
        if (formats[i].dtype == dtype)
            return &formats[i];
    bug("tensors cannot be written with dtype %d", (int)dtype);
}

static int compare_entries(const void *a, const void *b)
{
    const struct safetensors_entry *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* The entries in the order of the file; free() it. */
static const struct safetensors_entry **sort_entries(const struct safetensors_entry *entries,
                                                     int count)
{
    const struct safetensors_entry **sorted = memory_new((size_t)count, sizeof *sorted);
    for (int i = 0; i < count; i++)
        sorted[i] = &entries[i];
    qsort(sorted, (size_t)count, sizeof *sorted, compare_entries);
    for (int i = 1; i < count; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            bug("tensor '%s' given twice", sorted[i]->name);
    return sorted;
}

static size_t elements_of(const struct safetensors_entry *entry)
{
    size_t elements = 1;
    require(entry->dimensions >= 0 && entry->dimensions <= 2);
    for (int d = 0; d < entry->dimensions; d++) {
        require(entry->shape[d] >= 0);
        elements *= (size_t)entry->shape[d];
    }
    return elements;
}

/* --- header ----------------------------------------------------------------------------------- */

static int write_header(struct file_writer *writer, const struct safetensors_entry **sorted,
                        int count, const struct format *format, struct error *err)
{
    struct buffer header = {0}, length = {0};
    uint64_t offset = 0;
    int status = 0;
    buffer_print(&header, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (int i = 0; i < count; i++) {
        const struct safetensors_entry *entry = sorted[i];
        uint64_t end = offset + elements_of(entry) * format->bytes;
        char *name = json_print(cJSON_CreateString(entry->name)); /* with quotes */
        buffer_print(&header, ",%s:{\"dtype\":\"%s\",\"shape\":[", name, format->name);
        free(name);
        for (int d = 0; d < entry->dimensions; d++)
            buffer_print(&header, "%s%" PRId64, d > 0 ? "," : "", entry->shape[d]);
        buffer_print(&header, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", offset, end);
        offset = end;
    }
    buffer_print(&header, "}");
    while (header.size % 8 != 0)
        buffer_put_u8(&header, ' ');
    buffer_put_u64(&length, header.size);
    if (file_writer_write(writer, length.data, length.size, err) < 0 ||
        file_writer_write(writer, header.data, header.size, err) < 0)
        status = -1;
    buffer_release(&header);
    buffer_release(&length);
    return status;
}

/* --- values ----------------------------------------------------------------------------------- */

static int write_values(struct file_writer *writer, enum safetensors_dtype dtype,
                        const struct safetensors_entry *entry, struct error *err)
{
    enum { AT_ONCE = 4096 };
    uint16_t rounded[AT_ONCE];
    uint16_t (*convert)(float) =
        dtype == SAFETENSORS_F16 ? float16_from_float : bfloat16_from_float;
    size_t count = elements_of(entry);
    if (dtype == SAFETENSORS_F32)
        return file_writer_write(writer, entry->values, count * sizeof *entry->values, err);
    for (size_t done = 0; done < count; done += AT_ONCE) {
        size_t n = min_size(count - done, AT_ONCE);
        for (size_t i = 0; i < n; i++)
            rounded[i] = convert(entry->values[done + i]);
        if (file_writer_write(writer, rounded, n * sizeof *rounded, err) < 0)
            return -1;
    }
    return 0;
}

int safetensors_write(const char *path, enum safetensors_dtype dtype,
                      const struct safetensors_entry *entries, int count, struct error *err)
{
    const struct format *format = format_of(dtype);
    struct file_writer writer;
    if (file_writer_open(&writer, path, err) < 0)
        return -1;
    const struct safetensors_entry **sorted = sort_entries(entries, count);
    int status = write_header(&writer, sorted, count, format, err);
    for (int i = 0; i < count && status == 0; i++)
        status = write_values(&writer, dtype, sorted[i], err);
    free(sorted);
    return status == 0 ? file_writer_commit(&writer, err) : -1;
}
