/* A record as TensorFlow writes it, and what is none. */
#include "lib/unit.h"

#include <string.h>

#include "lambert/base/tfrecord.h"

/* The record "abc", its checksums by another program, which works bit by bit. */
static const uint8_t abc[] = {0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xb0, 0x99,
                              0x49, 0x0e, 0x61, 0x62, 0x63, 0x6e, 0x57, 0xf1, 0x21};

static void a_record_is_as_tensorflow_has_it(void **state)
{
    (void)state;
    struct buffer out = {0};
    uint64_t length = 0;
    buffer_put(&out, "x", 1); /* it is appended */
    tfrecord_put(&out, "abc", 3);
    assert_int_equal(out.size, 1 + sizeof abc);
    for (size_t i = 0; i < sizeof abc; i++)
        if (out.data[1 + i] != abc[i])
            fail_msg("byte %zu is %02x", i, out.data[1 + i]);
    assert_true(tfrecord_head_read(out.data + 1, &length));
    assert_int_equal(length, 3);
    assert_true(tfrecord_data_holds(out.data + 13, 3, out.data + 16));
    out.data[3] ^= 1;
    assert_false(tfrecord_head_read(out.data + 1, &length));
    out.data[14] ^= 1;
    assert_false(tfrecord_data_holds(out.data + 13, 3, out.data + 16));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_record_is_as_tensorflow_has_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
