#include "lib/scratch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/container.h"
#include "lambert/base/hash.h"

/* Three sections: in pieces, empty, and one whose size is a multiple of the alignment. */
static void write_sample(const char *path)
{
    struct error err;
    struct container_writer writer;
    assert_int_equal(container_writer_open(&writer, path, "shard", 3, &err), 0);
    assert_int_equal(container_writer_begin(&writer, "index", &err), 0);
    assert_int_equal(container_writer_write(&writer, "first ", 6, &err), 0);
    assert_int_equal(container_writer_write(&writer, NULL, 0, &err), 0);
    assert_int_equal(container_writer_write(&writer, "piece", 5, &err), 0);
    container_writer_end(&writer);
    assert_int_equal(container_writer_section(&writer, "empty", NULL, 0, &err), 0);
    char block[64];
    memset(block, 'b', sizeof block);
    assert_int_equal(container_writer_section(&writer, "sixteen letters!", block, 64, &err), 0);
    assert_int_equal(container_writer_commit(&writer, &err), 0);
}

static void round_trip(void **state)
{
    (void)state;
    struct error err;
    const char *path = scratch_path("sample");
    write_sample(path);
    struct container container;
    assert_int_equal(container_open(&container, path, "shard", 3, &err), 0);
    assert_int_equal(container.version, 3);
    assert_int_equal(container.count, 3);
    assert_string_equal(container.entries[2].name, "sixteen letters!");
    assert_int_equal(container_verify(&container, &err), 0);

    const void *data;
    size_t size;
    assert_int_equal(container_section(&container, "index", &data, &size, &err), 0);
    assert_int_equal(size, 11);
    assert_memory_equal(data, "first piece", 11);
    assert_int_equal((uintptr_t)data % 64, 0);
    assert_int_equal(container_section(&container, "empty", &data, &size, &err), 0);
    assert_non_null(data);
    assert_int_equal(size, 0);
    assert_int_equal(container_section(&container, "missing", &data, &size, &err), 0);
    assert_null(data);
    assert_int_equal(size, 0);
    container_section_unchecked(&container, "sixteen letters!", &data, &size);
    assert_int_equal(size, 64);
    assert_int_equal(*(const char *)data, 'b');
    container_close(&container);
}

static void put_number(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* The bytes as base/container.h describes them, laid out here by hand. */
static void byte_by_byte(void **state)
{
    (void)state;
    uint8_t wanted[192 + 3 * 40 + 40] = {0};
    memcpy(wanted, "LAMBERT\nshard\0\0\0", 16);
    put_number(wanted + 16, 3, 4);
    memcpy(wanted + 64, "first piece", 11);
    /* "empty" is at 128, and so is what follows it */
    memset(wanted + 128, 'b', 64);
    const struct {
        const char *name;
        uint64_t offset, size;
    } sections[] = {{"index", 64, 11}, {"empty", 128, 0}, {"sixteen letters!", 128, 64}};
    uint8_t *entry = wanted + 192;
    for (int i = 0; i < 3; i++, entry += 40) {
        memcpy(entry, sections[i].name, strlen(sections[i].name));
        put_number(entry + 16, sections[i].offset, 8);
        put_number(entry + 24, sections[i].size, 8);
        put_number(entry + 32, crc32_bytes(0, wanted + sections[i].offset, sections[i].size), 4);
    }
    put_number(entry, 192, 8);
    put_number(entry + 8, 3, 8);
    put_number(entry + 16, crc32_bytes(crc32_bytes(0, wanted, 24), wanted + 192, 120), 4);
    memcpy(entry + 24, "shard\0\0\0\nTREBMAL", 16);

    struct error err;
    struct buffer found = {0};
    write_sample(scratch_path("bytes"));
    assert_int_equal(file_read(scratch_path("bytes"), &found, &err), 0);
    assert_int_equal(found.size, sizeof wanted);
    assert_memory_equal(found.data, wanted, sizeof wanted);
    buffer_release(&found);
}

static void assert_refused(const char *path, const char *kind, uint32_t version, const char *reason)
{
    struct error err = {""};
    struct container container;
    assert_int_equal(container_open(&container, path, kind, version, &err), -1);
    assert_non_null(strstr(err.text, path));
    if (strstr(err.text, reason) == NULL)
        fail_msg("'%s' should have said '%s'", err.text, reason);
    assert_null(container.map.data);
    container_close(&container);
}

static void the_wrong_file(void **state)
{
    (void)state;
    struct error err;
    const char *path = scratch_path("wrong");
    write_sample(path);
    assert_refused(path, "checkpt", 3,
                   "is a file of kind 'shard', wanted is one of kind 'checkpt'");
    assert_refused(path, "shard", 2, "has version 3 of kind 'shard', this program reads up to 2");
    assert_int_equal(file_write(path, "", 0, &err), 0);
    assert_refused(path, "shard", 3, "it is empty");
    assert_int_equal(file_write(path, "some text or other", 18, &err), 0);
    assert_refused(path, "shard", 3, "is not a file of this program");
    assert_refused(scratch_path("missing"), "shard", 3, "No such file");
}

static void every_truncation_is_seen(void **state)
{
    (void)state;
    struct error err;
    struct buffer whole = {0};
    const char *path = scratch_path("cut");
    write_sample(path);
    assert_int_equal(file_read(path, &whole, &err), 0);
    for (size_t size = 0; size < whole.size; size++) {
        scratch_write(path, whole.data, size);
        assert_refused(path, "shard", 3,
                       size < 8 ? "is not a file of this program" : "its end is missing");
    }
    buffer_release(&whole);
}

/* Bytes behind the end, or missing in the middle with the end in place. */
static void shifted_ends_are_seen(void **state)
{
    (void)state;
    struct error err;
    struct buffer whole = {0}, changed = {0};
    const char *path = scratch_path("shifted");
    write_sample(path);
    assert_int_equal(file_read(path, &whole, &err), 0);
    for (size_t at = 24; at < whole.size; at++) {
        buffer_reset(&changed);
        buffer_put(&changed, whole.data, at);
        buffer_put(&changed, whole.data + at + 1, whole.size - at - 1);
        scratch_write(path, changed.data, changed.size);
        assert_refused(path, "shard", 3, "is damaged");

        buffer_reset(&changed);
        buffer_put(&changed, whole.data, at);
        buffer_put_u8(&changed, 0);
        buffer_put(&changed, whole.data + at, whole.size - at);
        scratch_write(path, changed.data, changed.size);
        assert_refused(path, "shard", 3, "is damaged");
    }
    buffer_release(&whole);
    buffer_release(&changed);
}

/* Every bit of the file is covered: by a check when opening, or by a section's checksum. */
static void every_flipped_bit_is_seen(void **state)
{
    (void)state;
    struct error err;
    struct buffer whole = {0};
    const char *path = scratch_path("flipped");
    write_sample(path);
    assert_int_equal(file_read(path, &whole, &err), 0);
    for (size_t bit = 0; bit < 8 * whole.size; bit++) {
        whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        scratch_write(path, whole.data, whole.size);
        whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct container container;
        if (container_open(&container, path, "shard", 3, &err) != 0)
            continue;
        bool in_index = bit / 8 >= 64 && bit / 8 < 75;
        bool in_block = bit / 8 >= 128 && bit / 8 < 192;
        assert_true(in_index || in_block);
        assert_int_equal(container_verify(&container, &err), -1);
        const void *data;
        size_t size;
        int index = container_section(&container, "index", &data, &size, &err);
        assert_int_equal(index, in_index ? -1 : 0);
        assert_true((data == NULL) == in_index);
        int block = container_section(&container, "sixteen letters!", &data, &size, &err);
        assert_int_equal(block, in_block ? -1 : 0);
        assert_non_null(strstr(err.text, in_index ? "'index' is wrong" : "'sixteen letters!' is"));
        container_close(&container);
    }
    buffer_release(&whole);
}

/* Files whose checksums hold but whose fields lie: what a hostile or broken writer could make. */
static void lying_tables_are_seen(void **state)
{
    (void)state;
    struct error err;
    struct buffer whole = {0};
    const char *path = scratch_path("lying");
    write_sample(path);
    assert_int_equal(file_read(path, &whole, &err), 0);
    uint8_t *table = whole.data + 192, *tail = table + 120;
    static const uint64_t lies[] = {
        0,         1, 64, 128, 192, 256, 352, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX - 63,
        UINT64_MAX};
    for (int entry = 0; entry < 3; entry++) {
        for (int field = 16; field <= 24; field += 8) {
            uint8_t honest[8];
            memcpy(honest, table + 40 * entry + field, 8);
            for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
                put_number(table + 40 * entry + field, lies[i], 8);
                if (memcmp(table + 40 * entry + field, honest, 8) == 0)
                    continue;
                put_number(tail + 16, crc32_bytes(crc32_bytes(0, whole.data, 24), table, 120), 4);
                scratch_write(path, whole.data, whole.size);
                struct container container;
                if (container_open(&container, path, "shard", 3, &err) == 0) {
                    container_verify(&container, &err); /* must not run outside the file */
                    container_close(&container);
                }
            }
            memcpy(table + 40 * entry + field, honest, 8);
        }
    }
    put_number(tail + 16, crc32_bytes(crc32_bytes(0, whole.data, 24), table, 120), 4);
    put_number(tail + 8, CONTAINER_MAX_SECTIONS + 1, 8);
    scratch_write(path, whole.data, whole.size);
    assert_refused(path, "shard", 3, "its end makes no sense");
    buffer_release(&whole);
}

static void no_sections(void **state)
{
    (void)state;
    struct error err;
    struct container_writer writer;
    struct container container;
    const char *path = scratch_path("none");
    assert_int_equal(container_writer_open(&writer, path, "12345678", 1, &err), 0);
    assert_int_equal(container_writer_commit(&writer, &err), 0);
    assert_int_equal(container_open(&container, path, "12345678", 1, &err), 0);
    assert_int_equal(container.count, 0);
    assert_int_equal(container.map.size, 64 + 40);
    container_close(&container);
}

static void as_many_as_allowed(void **state)
{
    (void)state;
    struct error err;
    struct container_writer writer;
    struct container container;
    const char *path = scratch_path("many");
    assert_int_equal(container_writer_open(&writer, path, "many", 1, &err), 0);
    for (int i = 0; i < CONTAINER_MAX_SECTIONS; i++) {
        char name[24];
        snprintf(name, sizeof name, "section.%d", i);
        assert_int_equal(container_writer_section(&writer, name, &i, sizeof i, &err), 0);
    }
    assert_int_equal(container_writer_commit(&writer, &err), 0);
    assert_int_equal(container_open(&container, path, "many", 1, &err), 0);
    const void *data;
    size_t size;
    assert_int_equal(container_section(&container, "section.63", &data, &size, &err), 0);
    assert_int_equal(*(const int *)data, 63);
    container_close(&container);
}

static void discarding(void **state)
{
    (void)state;
    struct error err;
    struct container_writer writer;
    const char *path = scratch_path("discarded");
    assert_int_equal(container_writer_open(&writer, path, "kind", 1, &err), 0);
    assert_int_equal(container_writer_begin(&writer, "a", &err), 0);
    container_writer_discard(&writer);
    container_writer_discard(&writer);
    assert_false(file_exists(path));
}

static void same_name_twice(void)
{
    struct error err;
    struct container_writer writer;
    if (container_writer_open(&writer, scratch_path("bug"), "kind", 1, &err) != 0 ||
        container_writer_section(&writer, "a", "", 0, &err) != 0)
        return;
    container_writer_begin(&writer, "a", &err);
}

static void misuse_is_a_bug(void **state)
{
    (void)state;
    struct buffer said = {0};
    assert_int_equal(signal_of(same_name_twice, &said), SIGABRT);
    buffer_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(the_wrong_file),
        cmocka_unit_test(every_truncation_is_seen),
        cmocka_unit_test(shifted_ends_are_seen),
        cmocka_unit_test(every_flipped_bit_is_seen),
        cmocka_unit_test(lying_tables_are_seen),
        cmocka_unit_test(no_sections),
        cmocka_unit_test(as_many_as_allowed),
        cmocka_unit_test(discarding),
        cmocka_unit_test(misuse_is_a_bug),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
