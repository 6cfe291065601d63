/* Writing: the bytes of the reference writer, values as they should be rounded, and nothing left
 * behind by a failure. */
#include "../dist/ranks.h"
#include "sample.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lambert/base/file.h"
#include "lambert/base/float16.h"
#include "lambert/base/memory.h"
#include "lambert/store/safetensors.h"

static const float b_values[] = {1.0f, -2.0f, 0.1f}, a_values[] = {0.5f, 65520.0f}, scalar = 3.0f,
                   q_value = 7.0f;

/* In no order; a scalar, one without values, a name that JSON must escape. */
static const struct safetensors_entry entries[] = {
    {.name = "b", .dimensions = 1, .shape = {3}, .values = b_values},
    {.name = "a", .dimensions = 2, .shape = {2, 1}, .values = a_values},
    {.name = "q\"\\\n\x01\xc3\xa9/", .dimensions = 1, .shape = {1}, .values = &q_value},
    {.name = "B", .dimensions = 0, .values = &scalar},
    {.name = "e", .dimensions = 2, .shape = {0, 2}, .values = NULL},
};
enum { ENTRIES = sizeof entries / sizeof *entries };

static void write_good(const char *path, enum safetensors_dtype dtype,
                       const struct safetensors_entry *list, int count)
{
    struct error err;
    if (safetensors_write(path, dtype, list, count, &err) != 0)
        fail_msg("%s", err.text);
}

static void assert_bytes(enum safetensors_dtype dtype, int count, const char *header,
                         const void *data, size_t data_size)
{
    struct buffer wanted = {0}, found = {0};
    const char *path = scratch_path("bytes.safetensors");
    buffer_put_u64(&wanted, strlen(header));
    buffer_put(&wanted, header, strlen(header));
    buffer_put(&wanted, data, data_size);
    write_good(path, dtype, entries, count);
    scratch_read(path, &found);
    assert_int_equal(found.size, wanted.size);
    assert_memory_equal(found.data, wanted.data, wanted.size);
    assert_int_equal((found.size - data_size) % 8, 0);
    buffer_release(&wanted);
    buffer_release(&found);
}

/* As safetensors 0.8.0 (Python, numpy.save with this metadata) wrote the same tensors. */
static void byte_by_byte(void **state)
{
    (void)state;
    assert_bytes(SAFETENSORS_F32, ENTRIES,
                 "{\"__metadata__\":{\"format\":\"pt\"},"
                 "\"B\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
                 "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[4,12]},"
                 "\"b\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[12,24]},"
                 "\"e\":{\"dtype\":\"F32\",\"shape\":[0,2],\"data_offsets\":[24,24]},"
                 "\"q\\\"\\\\\\n\\u0001\xc3\xa9/\":{\"dtype\":\"F32\",\"shape\":[1],"
                 "\"data_offsets\":[24,28]}}      ",
                 "\x00\x00\x40\x40\x00\x00\x00\x3f\x00\xf0\x7f\x47\x00\x00\x80\x3f\x00\x00\x00\xc0"
                 "\xcd\xcc\xcc\x3d\x00\x00\xe0\x40",
                 28);
    assert_bytes(SAFETENSORS_F16, ENTRIES,
                 "{\"__metadata__\":{\"format\":\"pt\"},"
                 "\"B\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[0,2]},"
                 "\"a\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[2,6]},"
                 "\"b\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[6,12]},"
                 "\"e\":{\"dtype\":\"F16\",\"shape\":[0,2],\"data_offsets\":[12,12]},"
                 "\"q\\\"\\\\\\n\\u0001\xc3\xa9/\":{\"dtype\":\"F16\",\"shape\":[1],"
                 "\"data_offsets\":[12,14]}}",
                 "\x00\x42\x00\x38\x00\x7c\x00\x3c\x00\xc0\x66\x2e\x00\x47", 14);
    assert_bytes(SAFETENSORS_BF16, 1,
                 "{\"__metadata__\":{\"format\":\"pt\"},"
                 "\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,6]}}  ",
                 "\x80\x3f\x00\xc0\xcd\x3d", 6);
    assert_bytes(SAFETENSORS_F32, 0, "{\"__metadata__\":{\"format\":\"pt\"}}", "", 0);
}

static uint16_t as_half(float value, enum safetensors_dtype dtype)
{
    return dtype == SAFETENSORS_F16 ? float16_from_float(value) : bfloat16_from_float(value);
}

/* Longer than the pieces in which values are converted, and one value less and more. */
static void what_is_written_is_read(void **state)
{
    (void)state;
    enum { MOST = 3 * 4096 + 1 };
    static const int lengths[] = {4095, 4096, 4097, MOST};
    static const enum safetensors_dtype dtypes[] = {SAFETENSORS_F32, SAFETENSORS_F16,
                                                    SAFETENSORS_BF16};
    float *values = memory_new(MOST, sizeof *values), *found = memory_new(MOST, sizeof *found);
    for (int i = 0; i < MOST; i++)
        values[i] = (float)(i - MOST / 2) / 37.0f;
    for (int n = 0; n < 4; n++)
        for (int k = 0; k < 3; k++) {
            struct safetensors_entry list[] = {
                {.name = "last", .dimensions = 1, .shape = {1}, .values = &scalar},
                {.name = "first", .dimensions = 2, .shape = {1, lengths[n]}, .values = values}};
            struct safetensors file;
            struct error err;
            const char *path = scratch_path("long.safetensors");
            write_good(path, dtypes[k], list, 2);
            assert_int_equal(safetensors_open(&file, path, &err), 0);
            const struct safetensors_tensor *tensor = safetensors_find(&file, "first");
            assert_int_equal(tensor->dtype, dtypes[k]);
            assert_int_equal(tensor->shape[1], lengths[n]);
            safetensors_floats(tensor, found);
            for (int i = 0; i < lengths[n]; i++)
                if (dtypes[k] == SAFETENSORS_F32)
                    assert_true(found[i] == values[i]);
                else
                    assert_int_equal(as_half(found[i], dtypes[k]), as_half(values[i], dtypes[k]));
            safetensors_floats(safetensors_find(&file, "last"), found);
            assert_true(found[0] == scalar);
            safetensors_close(&file);
        }
    free(values);
    free(found);
}

static int files_in(const char *folder)
{
    struct folder_list list;
    struct error err;
    assert_int_equal(folder_list_open(&list, folder, &err), 0);
    int count = list.count;
    folder_list_close(&list);
    return count;
}

/* A limit on the size of files stands for the full disk. */
static int write_with_limit(const char *path, size_t limit, const float *values, int64_t length,
                            struct error *err)
{
    struct safetensors_entry list[] = {
        {.name = "a", .dimensions = 1, .shape = {length}, .values = values},
        {.name = "b", .dimensions = 1, .shape = {length}, .values = values}};
    struct rlimit old, low;
    getrlimit(RLIMIT_FSIZE, &old);
    low = old;
    low.rlim_cur = limit;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &low);
    int result = safetensors_write(path, SAFETENSORS_F16, list, 2, err);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, before);
    return result;
}

/* The header, the first tensor, the second, or the end: the old file stays and nothing else. */
static void a_failure_leaves_the_old_file(void **state)
{
    (void)state;
    enum { LENGTH = 400000 };
    struct error err;
    struct buffer found = {0};
    float *values = memory_new(LENGTH, sizeof *values);
    const char *folder = scratch_path("full");
    assert_int_equal(folder_create(folder, &err), 0);
    char *path = path_join(folder, "model.safetensors");
    assert_int_equal(file_write(path, "old", 3, &err), 0);
    static const size_t limits[] = {0, 100, 300000, 1000000, 4 * LENGTH};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        assert_int_equal(write_with_limit(path, limits[i], values, LENGTH, &err), -1);
        assert_non_null(strstr(err.text, "model.safetensors: File too large"));
        scratch_read(path, &found);
        assert_int_equal(found.size, 3);
        assert_int_equal(files_in(folder), 1);
    }
    assert_int_equal(write_with_limit(path, 4 * LENGTH + 1000, values, LENGTH, &err), 0);
    scratch_read(path, &found);
    assert_true(found.size > 4 * LENGTH);
    assert_int_equal(files_in(folder), 1);

    assert_int_equal(safetensors_write(folder, SAFETENSORS_F32, entries, ENTRIES, &err), -1);
    assert_non_null(strstr(err.text, "is not a regular file"));
    assert_int_equal(
        safetensors_write(scratch_path("no/such/folder"), SAFETENSORS_F32, entries, ENTRIES, &err),
        -1);
    assert_non_null(strstr(err.text, "No such file or directory"));
    buffer_release(&found);
    free(values);
    free(path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(byte_by_byte),
        RANKS_TEST(what_is_written_is_read),
        RANKS_TEST(a_failure_leaves_the_old_file),
    };
    if (ranks_open(&argc, &argv) != 0)
        return 1;
    scratch_open(ranks);
    int failures = cmocka_run_group_tests(tests, NULL, ranks_check);
    scratch_close(ranks);
    return ranks_close(failures);
}
