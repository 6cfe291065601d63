/* Sorted tables: what they hold comes out in order, and what is damaged is named. */
#include "store/sstable.h"

#include <stdio.h>
#include <string.h>

#include "lib/unit.h"
#include "tables.h"

static const char fine[] = "it is fine";

static int collect(void *context, const struct sstable_entry *entry, struct error *err)
{
    (void)err;
    assert_int_equal(entry->key[entry->key_size], '\0');
    buffer_print(context, "%.*s=%.*s;", (int)entry->key_size, entry->key, (int)entry->value_size,
                 (const char *)entry->value);
    return 0;
}

/* What sstable_read() says of a file, or `fine`; and what it held. */
static const char *read_table(const struct buffer *file, struct buffer *held)
{
    static struct error err;
    strcpy(err.text, fine);
    buffer_reset(held);
    const int status = sstable_read(file->data, file->size, collect, held, &err);
    assert_true((status == 0) == (strcmp(err.text, fine) == 0));
    return err.text;
}

/* Releases the file. */
static void assert_says(struct buffer *file, const char *sentence)
{
    struct buffer held = {0};
    const char *said = read_table(file, &held);
    if (!strstr(said, sentence))
        fail_msg("'%s' does not say '%s'", said, sentence);
    buffer_release(&held);
    buffer_release(file);
}

static void put(struct buffer *block, uint64_t shared, const char *rest, const char *value)
{
    table_entry(block, shared, rest, strlen(rest), value, strlen(value));
}

static void entries_come_in_order(void **state)
{
    (void)state;
    struct buffer file = {0}, block = {0}, handles[2] = {{0}, {0}}, held = {0};
    put(&block, 0, "", "head");
    put(&block, 0, "abc", "1");
    put(&block, 2, "d", "");
    table_block(&file, &block, 0, &handles[0]);
    buffer_reset(&block);
    put(&block, 0, "b", "three");
    put(&block, 1, "\x01", "4");
    table_block(&file, &block, 0, &handles[1]);
    table_end(&file, handles, 2);
    assert_string_equal(read_table(&file, &held), fine);
    assert_string_equal(buffer_text(&held), "=head;abc=1;abd=;b=three;b\x01=4;");
    assert_true(sstable_is(file.data, file.size));
    assert_false(sstable_is(file.data, file.size - 1));
    assert_false(sstable_is(file.data + file.size - 8, 8)); /* no room for a footer */
    for (int i = 0; i < 2; i++)
        buffer_release(&handles[i]);
    buffer_release(&file);
    buffer_release(&block);
    buffer_release(&held);
}

static int refuse(void *context, const struct sstable_entry *entry, struct error *err)
{
    (void)entry;
    ++*(int *)context;
    return error_set(err, "enough");
}

static void a_failure_of_the_taker_ends_it(void **state)
{
    (void)state;
    struct buffer file = {0}, block = {0};
    struct error err;
    int calls = 0;
    table_of(&file, &block); /* without an entry: nothing to take */
    assert_int_equal(sstable_read(file.data, file.size, refuse, &calls, &err), 0);
    assert_int_equal(calls, 0);
    buffer_reset(&file);
    put(&block, 0, "a", "");
    put(&block, 0, "b", "");
    table_of(&file, &block);
    assert_int_equal(sstable_read(file.data, file.size, refuse, &calls, &err), -1);
    assert_int_equal(calls, 1);
    assert_string_equal(err.text, "enough");
    buffer_release(&file);
    buffer_release(&block);
}

/* Every byte of a table is one that a checksum, or the footer's own form, knows of. */
static void every_damaged_byte_is_seen(void **state)
{
    (void)state;
    struct buffer file = {0}, block = {0}, held = {0};
    put(&block, 0, "", "head");
    put(&block, 0, "key", "value");
    put(&block, 2, "z", "value");
    table_of(&file, &block);
    for (size_t i = 0; i < file.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            file.data[i] ^= (uint8_t)(1 << bit);
            if (strcmp(read_table(&file, &held), fine) == 0)
                fail_msg("bit %d of byte %zu of %zu", bit, i, file.size);
            file.data[i] ^= (uint8_t)(1 << bit);
        }
    for (size_t cut = 0; cut < file.size; cut++) {
        const struct buffer part = {.data = file.data, .size = cut};
        assert_string_not_equal(read_table(&part, &held), fine);
    }
    assert_string_equal(read_table(&file, &held), fine);
    buffer_release(&file);
    buffer_release(&block);
    buffer_release(&held);
}

/* A table with one block of these bytes, whose checksum is right. */
static struct buffer file_of(const struct buffer *block, uint8_t compression)
{
    struct buffer file = {0}, handle = {0};
    table_block(&file, block, compression, &handle);
    table_end(&file, &handle, 1);
    buffer_release(&handle);
    return file;
}

static void what_cannot_be_is_named(void **state)
{
    (void)state;
    struct buffer block = {0}, file;
    static char longest[SSTABLE_LONGEST_KEY + 1];
    memset(longest, 'k', sizeof longest);

    put(&block, 0, "b", "");
    file = file_of(&block, 1);
    assert_says(&file, "compressed with Snappy");
    file = file_of(&block, 2);
    assert_says(&file, "compressed in an unknown way");
    put(&block, 0, "a", "");
    file = file_of(&block, 0);
    assert_says(&file, "its block at byte 0 is damaged: its keys are not in order");
    buffer_reset(&block);
    put(&block, 0, "a", "");
    put(&block, 1, "", "again");
    file = file_of(&block, 0);
    assert_says(&file, "its keys are not in order");

    buffer_reset(&block);
    put(&block, 1, "a", ""); /* of no key before */
    file = file_of(&block, 0);
    assert_says(&file, "an entry is longer than it");
    buffer_reset(&block);
    table_varint(&block, 0);
    table_varint(&block, UINT64_MAX);
    table_varint(&block, UINT64_MAX);
    file = file_of(&block, 0);
    assert_says(&file, "an entry is longer than it");
    buffer_reset(&block);
    for (int i = 0; i < 11; i++)
        buffer_put_u8(&block, 0xFF);
    file = file_of(&block, 0);
    assert_says(&file, "an entry is longer than it");

    buffer_reset(&block);
    table_entry(&block, 0, longest, SSTABLE_LONGEST_KEY, "", 0);
    file = file_of(&block, 0);
    assert_says(&file, fine);
    buffer_reset(&block);
    table_entry(&block, 0, longest, SSTABLE_LONGEST_KEY + 1, "", 0);
    file = file_of(&block, 0);
    assert_says(&file, "a key of 4097 bytes; up to 4096 are read");
    buffer_release(&block);
}

/* The index speaks of a block elsewhere. */
static void blocks_lie_in_the_file(void **state)
{
    (void)state;
    static const struct {
        uint64_t offset, size;
        const char *sentence;
    } places[] = {
        {1000, 8, "a block of 8 bytes at byte 1000, beyond its end"},
        {0, 1000, "a block of 1000 bytes at byte 0, beyond its end"},
        {UINT64_MAX, 8, "beyond its end"},
        {8, UINT64_MAX, "beyond its end"},
        {0, 7, "its block at byte 0 is damaged: its checksum is wrong"},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct buffer file = {0}, block = {0}, handle = {0}, own = {0};
        table_block(&file, &block, 0, &own);
        table_varint(&handle, places[i].offset);
        table_varint(&handle, places[i].size);
        table_end(&file, &handle, 1);
        assert_says(&file, places[i].sentence);
        buffer_release(&own);
        buffer_release(&handle);
    }
    struct buffer file = {0}, handle = {0};
    buffer_print(&handle, "\x01");
    table_end(&file, &handle, 1);
    assert_says(&file, "it does not say where another block lies");
    buffer_release(&handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_in_order),
        cmocka_unit_test(a_failure_of_the_taker_ends_it),
        cmocka_unit_test(every_damaged_byte_is_seen),
        cmocka_unit_test(what_cannot_be_is_named),
        cmocka_unit_test(blocks_lie_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
