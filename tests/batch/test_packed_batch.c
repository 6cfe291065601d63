#include "lib/scratch.h"

#include <malloc.h>
#include <math.h>
#include <signal.h>

#include "lambert/batch/packed_batch.h"

/* The next sequence, of `tokens` rows; the last `labelled` of them are labelled. */
static void add(struct packed_batch *batch, int tokens, int labelled)
{
    int n = batch->sequences;
    int first = batch->labelled;
    int row = packed_batch_append(batch, tokens, labelled);
    for (int r = row; r < row + tokens; r++) {
        batch->input_ids[r] = 1000 * (n + 1) + r - row;
        batch->token_type_ids[r] = (uint8_t)(r - row >= tokens / 2);
    }
    for (int m = 0; m < labelled; m++) {
        batch->labelled_rows[first + m] = row + tokens - labelled + m; /* the last ones */
        batch->row_labels[first + m] = 100 * (n + 1) + m;
    }
    batch->next_sentence_label[n] = n % 3 - 1;
    batch->sample_index[n] = (uint64_t)n + 50;
    batch->sample_key[n] = (uint64_t)n << 40;
}

/* What was planned is what is taken, up to what the allocator rounds each of ten arrays to. */
static void memory_is_what_reserving_takes(void **state)
{
    static const int sizes[][4] = {
        {1000, 64000, 9000, 0}, {1, 2, 1, 0}, {300, 5000, 5000, 7}, {7, 7, 0, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int *size = sizes[i];
        struct packed_batch batch;
        packed_batch_init(&batch);
        packed_batch_set_label_width(&batch, size[3]);
        packed_batch_reserve(&batch, size[0], size[1], size[2]);
        const size_t taken =
            malloc_usable_size(batch.input_ids) + malloc_usable_size(batch.token_type_ids) +
            malloc_usable_size(batch.sequence_start) + malloc_usable_size(batch.labelled_rows) +
            malloc_usable_size(batch.row_labels) + malloc_usable_size(batch.next_sentence_label) +
            malloc_usable_size(batch.labels) + malloc_usable_size(batch.values) +
            malloc_usable_size(batch.sample_index) + malloc_usable_size(batch.sample_key);
        const size_t planned =
            packed_batch_memory((size_t)size[0], (size_t)size[1], (size_t)size[2], size[3]);
        assert_true(taken >= planned && taken < planned + (size_t)10 * 4096);
        packed_batch_release(&batch);
    }
}

static void appending(void **state)
{
    (void)state;
    struct packed_batch batch;
    packed_batch_init(&batch);
    for (int n = 0; n < 300; n++)
        add(&batch, 5 + n % 7, n % 4);
    assert_int_equal(batch.sequences, 300);
    assert_int_equal(batch.sequence_start[0], 0);
    assert_int_equal(batch.sequence_start[300], batch.tokens);
    int rows = 0, labelled = 0;
    for (int n = 0; n < 300; n++) {
        assert_int_equal(batch.sequence_start[n], rows);
        assert_int_equal(batch.input_ids[rows], 1000 * (n + 1));
        assert_int_equal(batch.sample_index[n], n + 50);
        if (n % 4 > 0)
            assert_int_equal(batch.row_labels[labelled], 100 * (n + 1));
        rows += 5 + n % 7;
        labelled += n % 4;
    }
    assert_int_equal(batch.tokens, rows);
    assert_int_equal(batch.labelled, labelled);
    packed_batch_release(&batch);
    assert_null(batch.input_ids);
}

static void memory_is_kept(void **state)
{
    (void)state;
    struct packed_batch batch;
    packed_batch_init(&batch);
    packed_batch_reserve(&batch, 10, 100, 20);
    int32_t *ids = batch.input_ids;
    for (int round = 0; round < 3; round++) {
        packed_batch_reset(&batch);
        for (int n = 0; n < 10; n++)
            add(&batch, 10, 2);
        assert_int_equal(batch.tokens, 100);
    }
    packed_batch_reserve(&batch, 1, 1, 1);
    assert_ptr_equal(batch.input_ids, ids);
    assert_int_equal(batch.sequence_capacity, 10);
    assert_int_equal(batch.token_capacity, 100);
    assert_int_equal(batch.labelled_capacity, 20);
    packed_batch_release(&batch);
}

static void fitting(void **state)
{
    (void)state;
    struct packed_batch batch;
    packed_batch_init(&batch);
    const int tokens[] = {10, 20, 30, 40};
    for (int n = 0; n < 4; n++)
        add(&batch, tokens[n], 0);
    assert_int_equal(packed_batch_fit(&batch, 0, 1000), 4);
    assert_int_equal(packed_batch_fit(&batch, 0, 100), 4);
    assert_int_equal(packed_batch_fit(&batch, 0, 99), 3); /* two of 60 and 40 */
    assert_int_equal(packed_batch_fit(&batch, 0, 60), 3);
    assert_int_equal(packed_batch_fit(&batch, 0, 59), 2); /* does not fit: three */
    assert_int_equal(packed_batch_fit(&batch, 0, 29), 1);
    assert_int_equal(packed_batch_fit(&batch, 1, 50), 2);
    assert_int_equal(packed_batch_fit(&batch, 3, 1), 1); /* too long for the budget: alone */
    packed_batch_release(&batch);
}

/* No last one that is much smaller than the others. */
static void pieces_are_even(void **state)
{
    (void)state;
    enum { SEQUENCES = 1000, BUDGET = 4096, LONGEST = 130 };
    struct packed_batch batch;
    int total = 0, pieces = 0, least = BUDGET;
    packed_batch_init(&batch);
    for (int n = 0; n < SEQUENCES; n++)
        add(&batch, 5 + n * 37 % (LONGEST - 5), 0);
    total = batch.tokens;
    for (int first = 0; first < SEQUENCES; pieces++) {
        int count = packed_batch_fit(&batch, first, BUDGET);
        int tokens = batch.sequence_start[first + count] - batch.sequence_start[first];
        assert_true(tokens <= BUDGET);
        least = tokens < least ? tokens : least;
        first += count;
    }
    assert_int_equal(pieces, (total + BUDGET - 1) / BUDGET);
    assert_true(least > total / pieces - LONGEST);
    packed_batch_release(&batch);
}

/* Labels and values of whole sequences: none until they are given, and they go where the sequence goes. */
static void labels_of_sequences(void **state)
{
    (void)state;
    struct packed_batch batch, out;
    packed_batch_init(&batch);
    packed_batch_init(&out);
    add(&out, 4, 0); /* of another width before */
    packed_batch_reserve(&batch, 2, 10, 0);
    packed_batch_set_label_width(&batch, 3);
    for (int n = 0; n < 5; n++) {
        add(&batch, 4, 0);
        assert_true(isnan(batch.values[n]));
        for (int i = 0; i < 3; i++)
            assert_int_equal(batch.labels[3 * n + i], -1);
        if (n == 1)
            continue;
        batch.values[n] = (float)n / 2;
        for (int i = 0; i < 3; i++)
            batch.labels[3 * n + i] = 10 * n + i;
    }
    packed_batch_slice(&batch, 1, 3, &out);
    assert_int_equal(out.label_width, 3);
    assert_true(isnan(out.values[0]));
    assert_int_equal(out.labels[2], -1);
    assert_true(out.values[2] == 1.5F);
    assert_int_equal(out.labels[3], 20);
    assert_int_equal(out.labels[8], 32);
    assert_int_equal(packed_batch_label(&out, 2, 1), 31);
    assert_int_equal(packed_batch_label(&out, 0, 2), -1);
    packed_batch_release(&batch);
    packed_batch_release(&out);
}

static void slicing(void **state)
{
    (void)state;
    struct packed_batch batch, out;
    packed_batch_init(&batch);
    packed_batch_init(&out);
    add(&batch, 4, 1);
    add(&batch, 6, 2);
    add(&batch, 5, 0);
    add(&batch, 3, 3);
    packed_batch_slice(&batch, 1, 2, &out);
    assert_int_equal(out.sequences, 2);
    assert_int_equal(out.tokens, 11);
    assert_int_equal(out.labelled, 2);
    assert_int_equal(out.sequence_start[0], 0);
    assert_int_equal(out.sequence_start[1], 6);
    assert_int_equal(out.sequence_start[2], 11);
    assert_int_equal(out.input_ids[0], 2000);
    assert_int_equal(out.input_ids[6], 3000);
    assert_int_equal(out.input_ids[10], 3004);
    assert_int_equal(out.token_type_ids[2], 0);
    assert_int_equal(out.token_type_ids[3], 1);
    assert_int_equal(out.labelled_rows[0], 4);
    assert_int_equal(out.labelled_rows[1], 5);
    assert_int_equal(out.row_labels[1], 201);
    assert_int_equal(out.next_sentence_label[0], 0);
    assert_int_equal(out.next_sentence_label[1], 1);
    assert_int_equal(out.sample_index[1], 52);
    assert_true(out.sample_key[1] == UINT64_C(2) << 40);

    packed_batch_slice(&batch, 3, 1, &out);
    assert_int_equal(out.labelled, 3);
    assert_int_equal(out.labelled_rows[0], 0);
    packed_batch_slice(&batch, 4, 0, &out);
    assert_int_equal(out.sequences, 0);
    assert_int_equal(out.tokens, 0);
    assert_int_equal(out.labelled, 0);
    packed_batch_slice(&batch, 0, 4, &out);
    assert_int_equal(out.tokens, batch.tokens);
    assert_int_equal(out.labelled, batch.labelled);
    packed_batch_release(&batch);
    packed_batch_release(&out);
}

static void slice_of_nothing(void **state)
{
    (void)state;
    struct packed_batch batch, out;
    packed_batch_init(&batch);
    packed_batch_init(&out);
    packed_batch_slice(&batch, 0, 0, &out);
    assert_int_equal(out.sequences, 0);
    assert_int_equal(out.sequence_start[0], 0);
    packed_batch_release(&batch);
    packed_batch_release(&out);
}

static void slice_too_far(void)
{
    struct packed_batch batch, out;
    packed_batch_init(&batch);
    packed_batch_init(&out);
    add(&batch, 4, 1);
    packed_batch_slice(&batch, 0, 2, &out);
}

static void a_slice_outside_is_a_bug(void **state)
{
    (void)state;
    struct buffer said = {0};
    assert_int_equal(signal_of(slice_too_far, &said), SIGABRT);
    buffer_release(&said);
}

/* The same arrays, with and without labels of sequences, into a batch that held another one. */
static void bytes_make_the_same_batch(void **state)
{
    static const int widths[] = {0, 3}, sequences[] = {0, 1, 20};
    struct packed_batch batch, read;
    struct buffer bytes = {0};
    struct byte_reader reader;
    (void)state;
    packed_batch_init(&batch);
    packed_batch_init(&read);
    for (int i = 0; i < 6; i++) {
        const int width = widths[i / 3];
        packed_batch_reset(&batch);
        packed_batch_set_label_width(&batch, width);
        packed_batch_reserve(&batch, 1, 1, 1);
        for (int n = 0; n < sequences[i % 3]; n++) {
            add(&batch, 5 + n % 7, n % 4);
            batch.values[n] = (float)n / 3;
            for (int l = 0; l < width; l++)
                batch.labels[n * width + l] = 10 * n + l;
        }
        buffer_reset(&bytes);
        packed_batch_write(&batch, &bytes);
        packed_batch_write(&batch, &bytes);
        byte_reader_init(&reader, bytes.data, bytes.size);
        packed_batch_read(&read, &reader);
        packed_batch_read(&read, &reader); /* one follows the other */
        assert_int_equal(reader.position, bytes.size);
        assert_int_equal(read.sequences, batch.sequences);
        assert_int_equal(read.tokens, batch.tokens);
        assert_int_equal(read.labelled, batch.labelled);
        assert_int_equal(read.label_width, width);
        struct buffer again = {0};
        packed_batch_write(&read, &again);
        assert_memory_equal(again.data, bytes.data, again.size);
        buffer_release(&again);
        if (batch.sequences < 2)
            continue;
        assert_int_equal(read.input_ids[7], batch.input_ids[7]);
        assert_int_equal(read.sequence_start[2], batch.sequence_start[2]);
        assert_int_equal(read.row_labels[1], batch.row_labels[1]);
        assert_int_equal(packed_batch_label(&read, 1, 2), width > 0 ? 12 : -1);
        assert_true(read.values[1] == batch.values[1]);
        assert_int_equal(read.sample_key[1], batch.sample_key[1]);
    }
    buffer_release(&bytes);
    packed_batch_release(&batch);
    packed_batch_release(&read);
}

static void read_no_batch(void)
{
    struct packed_batch batch;
    struct byte_reader reader;
    packed_batch_init(&batch);
    byte_reader_init(&reader, "short", 5);
    packed_batch_read(&batch, &reader);
}

static void bytes_that_are_no_batch_are_a_bug(void **state)
{
    (void)state;
    struct buffer said = {0};
    assert_int_equal(signal_of(read_no_batch, &said), SIGABRT);
    buffer_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_what_reserving_takes),
        cmocka_unit_test(appending),
        cmocka_unit_test(memory_is_kept),
        cmocka_unit_test(fitting),
        cmocka_unit_test(pieces_are_even),
        cmocka_unit_test(labels_of_sequences),
        cmocka_unit_test(slicing),
        cmocka_unit_test(slice_of_nothing),
        cmocka_unit_test(a_slice_outside_is_a_bug),
        cmocka_unit_test(bytes_make_the_same_batch),
        cmocka_unit_test(bytes_that_are_no_batch_are_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
