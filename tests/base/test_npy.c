#include "lib/scratch.h"

#include <string.h>

#include "lambert/base/npy.h"

/* What numpy.lib.format.write_array(file, array, version=(1, 0)) of NumPy 2.4 writes before the elements:
 * `head`, spaces, and a newline at byte 127. */
static void check_bytes(const char *path, const char *head, size_t head_size, const void *elements,
                        size_t size)
{
    struct buffer bytes = {0};
    scratch_read(path, &bytes);
    assert_int_equal(bytes.size, 128 + size);
    assert_memory_equal(bytes.data, head, head_size);
    for (size_t i = head_size; i < 127; i++)
        assert_int_equal(bytes.data[i], ' ');
    assert_int_equal(bytes.data[127], '\n');
    assert_memory_equal(bytes.data + 128, elements, size);
    buffer_release(&bytes);
}
#define CHECK_BYTES(path, head, elements)                                                          \
    check_bytes(path, head, sizeof(head) - 1, elements, sizeof(elements))

static void bytes_are_those_of_numpy(void **state)
{
    (void)state;
    struct error err;
    struct npy_writer writer;
    const char *path = scratch_path("a.npy");
    const float values[] = {1, -2, 0.5F, 3, 4, 5};
    const uint8_t elements[] = {0, 0, 0x80, 0x3f, 0, 0, 0,    0xc0, 0, 0, 0,    0x3f,
                                0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40, 0, 0, 0xa0, 0x40};
    assert_int_equal(npy_writer_open(&writer, path, NPY_FLOAT32, (const uint64_t[]){2, 3}, 2, &err),
                     0);
    assert_int_equal(npy_writer_add(&writer, values, 4, &err), 0);
    assert_false(file_exists(path));
    assert_int_equal(npy_writer_add(&writer, values + 4, 2, &err), 0);
    assert_int_equal(npy_writer_commit(&writer, &err), 0);
    CHECK_BYTES(path,
                "\x93NUMPY\x01\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                elements);

    assert_int_equal(
        npy_writer_open(&writer, path, NPY_FLOAT32, (const uint64_t[]){1, 2, 3}, 3, &err), 0);
    assert_int_equal(npy_writer_add(&writer, values, 6, &err), 0);
    assert_int_equal(npy_writer_commit(&writer, &err), 0);
    CHECK_BYTES(path,
                "\x93NUMPY\x01\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }",
                elements);
    npy_writer_discard(&writer);
}

static void whole_numbers_of_both_widths(void **state)
{
    (void)state;
    struct error err;
    const char *path = scratch_path("i.npy");
    const uint8_t narrow[] = {1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff};
    const uint8_t wide[] = {0, 0, 0, 0, 1, 0, 0, 0};
    assert_int_equal(npy_write(path, NPY_INT32, (const int32_t[]){1, -2}, 2, &err), 0);
    CHECK_BYTES(path, "\x93NUMPY\x01\0v\0{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }",
                narrow);
    assert_int_equal(npy_write(path, NPY_INT64, (const int64_t[]){INT64_C(1) << 32}, 1, &err), 0);
    CHECK_BYTES(path, "\x93NUMPY\x01\0v\0{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }",
                wide);
}

static void too_many(void)
{
    struct error err;
    struct npy_writer writer;
    if (npy_writer_open(&writer, scratch_path("b.npy"), NPY_INT32, (const uint64_t[]){1}, 1,
                        &err) == 0)
        npy_writer_add(&writer, (const int32_t[]){1, 2}, 2, &err);
}

static void too_few(void)
{
    struct error err;
    struct npy_writer writer;
    if (npy_writer_open(&writer, scratch_path("c.npy"), NPY_INT32, (const uint64_t[]){1}, 1,
                        &err) == 0)
        npy_writer_commit(&writer, &err);
}

static void another_number_than_the_shape_has_is_a_bug(void **state)
{
    (void)state;
    struct buffer said = {0};
    assert_int_not_equal(signal_of(too_many, &said), 0);
    assert_int_not_equal(signal_of(too_few, &said), 0);
    buffer_release(&said);
    assert_false(file_exists(scratch_path("c.npy")));
}

static void a_file_that_cannot_be_written(void **state)
{
    (void)state;
    struct error err;
    const char *path = scratch_path("no/such/folder.npy");
    assert_int_equal(npy_write(path, NPY_INT32, (const int32_t[]){1}, 1, &err), -1);
    assert_non_null(strstr(err.text, "no/such/folder.npy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_those_of_numpy),
        cmocka_unit_test(whole_numbers_of_both_widths),
        cmocka_unit_test(another_number_than_the_shape_has_is_a_bug),
        cmocka_unit_test(a_file_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
