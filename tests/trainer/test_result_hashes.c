/* One bit shows in the hash of its tensor and in no other, whichever way the gradient was complete. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/trainer/result_hashes.h"

enum { ROWS = 40, OBJECTIVES = 2 };

static const struct bert_config model = {.layers = 2,
                                         .hidden = 16,
                                         .heads = 2,
                                         .intermediate = 24,
                                         .vocab = 50,
                                         .positions = 20,
                                         .types = 2};

struct fixture {
    struct param_table table;
    real *grads; /* [table.size] */
    real rows[ROWS];
    struct objective_sums sums[OBJECTIVES];
    struct result_hashes hashes;
};

static void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.sums = {{.loss = 3.5, .terms = 2}, {.loss = 1, .terms = 1}}};
    param_table_init(&fixture->table, &model);
    fixture->grads = memory_new(fixture->table.size, sizeof *fixture->grads);
    for (size_t i = 0; i < fixture->table.size; i++)
        fixture->grads[i] = (real)i / 7;
    result_hashes_init(&fixture->hashes, &fixture->table);
}

static void fixture_release(struct fixture *fixture)
{
    param_table_release(&fixture->table);
    free(fixture->grads);
    result_hashes_release(&fixture->hashes);
}

/* Of the whole gradient, from the back to the front in parts that end between tensors. */
static void put(const struct fixture *fixture, int parts, struct result_hashes *hashes)
{
    const struct param_table *table = &fixture->table;
    size_t end = table->size;
    for (int part = parts - 1; part >= 0; part--) {
        const size_t begin = table->infos[table->count * part / parts].offset;
        result_hashes_put(hashes, fixture->grads, begin, end);
        end = begin;
    }
    result_hashes_put_rows(hashes, fixture->rows, ROWS);
    result_hashes_put_sums(hashes, fixture->sums, OBJECTIVES);
}

static struct result_difference compare(const struct fixture *fixture)
{
    struct result_hashes again;
    result_hashes_init(&again, &fixture->table);
    put(fixture, 1, &again);
    const struct result_difference difference = result_hashes_compare(&fixture->hashes, &again);
    result_hashes_release(&again);
    return difference;
}

static void flip(void *value)
{
    *(unsigned char *)value ^= 1;
}

static void parts_do_not_matter(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    for (int parts = 1; parts < 8; parts++) {
        put(&fixture, parts, &fixture.hashes);
        const struct result_difference difference = compare(&fixture);
        assert_false(difference.losses);
        assert_int_equal(difference.tensors, 0);
        assert_int_equal(difference.first, -1);
    }
    fixture_release(&fixture);
}

static void a_bit_shows_in_its_tensor(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    put(&fixture, 3, &fixture.hashes);
    for (int t = 0; t < fixture.table.count; t++) {
        const struct param_info *info = &fixture.table.infos[t];
        const size_t ends[] = {info->offset, info->offset + info->count - 1};
        for (int e = 0; e < 2; e++) {
            flip(&fixture.grads[ends[e]]);
            const struct result_difference difference = compare(&fixture);
            flip(&fixture.grads[ends[e]]);
            assert_false(difference.losses);
            assert_int_equal(difference.tensors, 1);
            assert_int_equal(difference.first, t);
        }
    }
    fixture_release(&fixture);
}

static void rows_are_part_of_the_word_embeddings(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    put(&fixture, 1, &fixture.hashes);
    flip(&fixture.rows[ROWS - 1]);
    flip(&fixture.grads[fixture.table.infos[3].offset]);
    const struct result_difference difference = compare(&fixture);
    assert_int_equal(difference.tensors, 2);
    assert_int_equal(difference.first, 0);
    assert_string_equal(fixture.table.infos[0].name, "bert.embeddings.word_embeddings.weight");
    fixture_release(&fixture);
}

static void losses_are_compared(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    put(&fixture, 1, &fixture.hashes);
    flip(&fixture.sums[OBJECTIVES - 1].loss);
    const struct result_difference difference = compare(&fixture);
    assert_true(difference.losses);
    assert_int_equal(difference.tensors, 0);
    fixture_release(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_do_not_matter),
        cmocka_unit_test(a_bit_shows_in_its_tensor),
        cmocka_unit_test(rows_are_part_of_the_word_embeddings),
        cmocka_unit_test(losses_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
