#include "lib/scratch.h"

#include <string.h>

#include "lambert/base/buffer.h"

static void numbers_are_little_endian(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_put_u8(&buffer, 0x01);
    buffer_put_u16(&buffer, 0x0302);
    buffer_put_u32(&buffer, 0x07060504);
    buffer_put_u64(&buffer, UINT64_C(0xfffefdfc0b0a0908));
    const uint8_t wanted[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0xfc, 0xfd, 0xfe, 0xff};
    assert_int_equal(buffer.size, sizeof wanted);
    assert_memory_equal(buffer.data, wanted, sizeof wanted);

    struct byte_reader reader;
    byte_reader_init(&reader, buffer.data, buffer.size);
    assert_memory_equal(byte_reader_bytes(&reader, 3), wanted, 3);
    assert_int_equal(byte_reader_u32(&reader), 0x07060504);
    assert_true(byte_reader_u64(&reader) == UINT64_C(0xfffefdfc0b0a0908));
    assert_false(reader.overrun);
    buffer_release(&buffer);
    assert_null(buffer.data);
}

static void text(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    assert_string_equal(buffer_text(&buffer), "");
    buffer_print(&buffer, "%d apples", 12);
    assert_int_equal(buffer.size, 9);
    buffer_print(&buffer, ", %s", "ripe");
    assert_string_equal(buffer_text(&buffer), "12 apples, ripe");
    assert_int_equal(buffer.size, 15);
    buffer_reset(&buffer);
    assert_int_equal(buffer.size, 0);
    assert_string_equal(buffer_text(&buffer), "");
    buffer_release(&buffer);
}

static void growing(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_reserve(&buffer, 10);
    uint8_t *kept = buffer.data;
    memset(buffer_grow(&buffer, 10), 'a', 10);
    assert_ptr_equal(buffer.data, kept);
    for (int i = 0; i < 1000; i++) {
        uint8_t *part = buffer_grow(&buffer, 33);
        assert_ptr_equal(part, buffer.data + 10 + 33 * i);
        memset(part, i & 0xff, 33);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(buffer.data[10 + 33 * i + 32], i & 0xff);
    assert_int_equal(buffer.size, 33010);
    buffer_put(&buffer, NULL, 0);
    assert_int_equal(buffer.size, 33010);
    buffer_put(&buffer, "xyz", 3);
    assert_memory_equal(buffer.data + 33010, "xyz", 3);
    assert_non_null(buffer_grow(&buffer, 0));
    buffer_release(&buffer);
}

static void reading_past_the_end(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5};
    struct byte_reader reader;
    byte_reader_init(&reader, bytes, sizeof bytes);
    assert_ptr_equal(byte_reader_bytes(&reader, 4), bytes);
    assert_int_equal(byte_reader_u32(&reader), 0);
    assert_true(reader.overrun);
    assert_null(byte_reader_bytes(&reader, 1)); /* there is one left, but the reader has failed */
    assert_null(byte_reader_bytes(&reader, 0));

    byte_reader_init(&reader, bytes, sizeof bytes);
    assert_null(byte_reader_bytes(&reader, SIZE_MAX));
    assert_true(reader.overrun);

    byte_reader_init(&reader, NULL, 0);
    assert_non_null(byte_reader_bytes(&reader, 0));
    assert_false(reader.overrun);
    assert_true(byte_reader_u64(&reader) == 0);
    assert_true(reader.overrun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(text),
        cmocka_unit_test(growing),
        cmocka_unit_test(reading_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
