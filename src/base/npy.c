#include "lambert/base/npy.h"

#include <inttypes.h>

#include "lambert/base/buffer.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they lie");

static const struct format {
    const char *name; /* as the file has it */
    size_t bytes;     /* of an element */
} formats[] = {[NPY_FLOAT32] = {"<f4", 4}, [NPY_INT32] = {"<i4", 4}, [NPY_INT64] = {"<i8", 8}};

enum { ALIGNMENT = 64 }; /* of the first element in the file */

/* Magic, version, the length of the dictionary, and the dictionary: as NumPy pads it, a newline at its end. */
static void print_header(struct buffer *header, enum npy_type type, const uint64_t *shape,
                         int dimensions)
{
    struct buffer dictionary = {0};
    buffer_print(&dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                 formats[type].name);
    for (int d = 0; d < dimensions; d++)
        buffer_print(&dictionary, "%s%" PRIu64, d > 0 ? ", " : "", shape[d]);
    buffer_print(&dictionary, "%s), }", dimensions == 1 ? "," : "");

    static const char magic[] = "\x93NUMPY\x01"; /* and the NUL: version 1.0 */
    const size_t begin = sizeof magic + sizeof(uint16_t);
    while ((begin + dictionary.size + 1) % ALIGNMENT != 0)
        buffer_put_u8(&dictionary, ' ');
    buffer_put_u8(&dictionary, '\n');
    buffer_put(header, magic, sizeof magic);
    buffer_put_u16(header, (uint16_t)dictionary.size);
    buffer_put(header, dictionary.data, dictionary.size);
    buffer_release(&dictionary);
}

int npy_writer_open(struct npy_writer *writer, const char *path, enum npy_type type,
                    const uint64_t *shape, int dimensions, struct error *err)
{
    require(dimensions >= 1 && dimensions <= NPY_DIMENSIONS);
    *writer = (struct npy_writer){.type = type, .left = 1};
    for (int d = 0; d < dimensions; d++)
        writer->left *= shape[d];
    if (file_writer_open(&writer->file, path, err) < 0)
        return -1;
    struct buffer header = {0};
    print_header(&header, type, shape, dimensions);
    const int status = file_writer_write(&writer->file, header.data, header.size, err);
    buffer_release(&header);
    return status;
}

int npy_writer_add(struct npy_writer *writer, const void *values, uint64_t count, struct error *err)
{
    require(count <= writer->left);
    writer->left -= count;
    return file_writer_write(&writer->file, values, count * formats[writer->type].bytes, err);
}

int npy_writer_commit(struct npy_writer *writer, struct error *err)
{
    require(writer->left == 0);
    return file_writer_commit(&writer->file, err);
}

void npy_writer_discard(struct npy_writer *writer)
{
    file_writer_discard(&writer->file);
}

int npy_write(const char *path, enum npy_type type, const void *values, uint64_t count,
              struct error *err)
{
    struct npy_writer writer;
    if (npy_writer_open(&writer, path, type, &count, 1, err) < 0 ||
        npy_writer_add(&writer, values, count, err) < 0)
        return -1;
    return npy_writer_commit(&writer, err);
}
