/* A deal has the operations of the batch, and the imbalance that a step's dealing leaves. */
#include "lib/unit.h"

#include <math.h>

#include "lambert/plan/deal.h"

static const struct bert_config model = {.layers = 2,
                                         .hidden = 16,
                                         .heads = 2,
                                         .intermediate = 32,
                                         .vocab = 50,
                                         .positions = 64,
                                         .types = 2};

static void full_sequences_are_all_the_same(void **state)
{
    (void)state;
    struct deal deal;
    struct packed_batch batch;
    double each[3];
    deal_init(&deal, 8);
    deal_full(&deal, &model, 6, 20, 3);
    packed_batch_init(&batch);
    packed_batch_append(&batch, 20, 3);
    for (int m = 0; m < 3; m++)
        batch.labelled_rows[m] = 1 + m;
    assert_true(deal.tokens == 120 && deal.masked == 18);
    assert_true(fabs(deal.all_operations - 6 * bert_operations(&model, &batch)) < 1);
    assert_true(fabs(deal_imbalance(&deal, 3, each)) < 1e-12);
    for (int r = 0; r < 3; r++)
        assert_true(fabs(each[r] - deal.all_operations / 3) < 1);
    packed_batch_release(&batch);
    deal_release(&deal);
}

static void ranks_that_do_not_divide_the_batch_wait(void **state)
{
    (void)state;
    struct deal deal;
    deal_init(&deal, 8);
    deal_full(&deal, &model, 6, 20, 3);
    assert_true(fabs(deal_imbalance(&deal, 4, NULL) - (2 * 4 / 6.0 - 1)) < 1e-12);
    assert_true(fabs(deal_imbalance(&deal, 12, NULL) - 1) < 1e-12); /* half of them have nothing */
    deal_release(&deal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_sequences_are_all_the_same),
        cmocka_unit_test(ranks_that_do_not_divide_the_batch_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
