#include "lib/unit.h"

#include <stdlib.h>

#include "lambert/trainer/embedding_rows.h"
#include "model/random_batch.h"

enum { ROWS = 40, WIDTH = 6, TOKENS = 64 };

static const struct row_matrix matrix = {.rows = ROWS, .width = WIDTH, .most = ROWS};

static bool occurs(const struct packed_batch *batch, int32_t id)
{
    for (int t = 0; t < batch->tokens; t++)
        if (batch->input_ids[t] == id)
            return true;
    return false;
}

/* Rows that occur, ascending, each once; and each token's slot is where its row stands. */
static void check(const struct embedding_rows *rows, const struct packed_batch *batch)
{
    int count = 0;
    assert_ptr_equal(rows->list.rows, rows->rows);
    for (int32_t id = 0; id < ROWS; id++)
        if (occurs(batch, id)) {
            assert_true(count < rows->list.count);
            assert_int_equal(rows->list.rows[count++], id);
        }
    assert_int_equal(rows->list.count, count);
    for (int t = 0; t < batch->tokens; t++) {
        assert_in_range(rows->slots[t], 0, count - 1);
        assert_int_equal(rows->list.rows[rows->slots[t]], batch->input_ids[t]);
    }
}

static void rows_and_slots_are_those_of_the_batch(void **state)
{
    (void)state;
    static const struct sequence_shape shapes[] = {{.tokens = 17, .masked = 2}, {.tokens = 9}};
    struct embedding_rows rows;
    struct error err;
    assert_int_equal(embedding_rows_init(&rows, &matrix, TOKENS, &err), 0);
    for (uint64_t seed = 1; seed <= 20; seed++) { /* nothing of the batch before is left */
        struct packed_batch batch;
        random_batch(&batch, shapes, seed % 3 == 0 ? 1 : 2, ROWS, seed);
        embedding_rows_of(&rows, &batch);
        check(&rows, &batch);
        packed_batch_release(&batch);
    }
    embedding_rows_release(&rows);
}

static void the_ends_of_the_matrix_are_rows_too(void **state)
{
    (void)state;
    struct embedding_rows rows;
    struct packed_batch batch;
    struct error err;
    assert_int_equal(embedding_rows_init(&rows, &matrix, TOKENS, &err), 0);
    packed_batch_init(&batch);
    packed_batch_append(&batch, 3, 0);
    batch.input_ids[0] = ROWS - 1;
    batch.input_ids[1] = 0;
    batch.input_ids[2] = ROWS - 1;
    embedding_rows_of(&rows, &batch);
    assert_int_equal(rows.list.count, 2);
    assert_int_equal(rows.list.rows[0], 0);
    assert_int_equal(rows.list.rows[1], ROWS - 1);
    assert_int_equal(rows.slots[0], 1);
    assert_int_equal(rows.slots[1], 0);
    assert_int_equal(rows.slots[2], 1);
    packed_batch_reset(&batch);
    embedding_rows_of(&rows, &batch);
    assert_int_equal(rows.list.count, 0);
    packed_batch_release(&batch);
    embedding_rows_release(&rows);
}

/* The plan of memory is kept to, and a zeroed one can be released. */
static void memory_is_what_was_planned(void **state)
{
    (void)state;
    struct embedding_rows rows;
    struct error err;
    assert_int_equal(embedding_rows_init(&rows, &matrix, TOKENS, &err), 0);
    assert_int_equal(rows.arena.used, embedding_rows_memory(&matrix, TOKENS));
    assert_true(embedding_rows_memory(&matrix, TOKENS) >=
                (ROWS + TOKENS + ROWS) * sizeof(int32_t) + ROWS * WIDTH * sizeof(real));
    embedding_rows_release(&rows);
    embedding_rows_release(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_slots_are_those_of_the_batch),
        cmocka_unit_test(the_ends_of_the_matrix_are_rows_too),
        cmocka_unit_test(memory_is_what_was_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
