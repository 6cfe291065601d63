/* The heads of fine-tuning in single precision, with each table of row kernels and each way to make matrix
 * products: losses and logits beside the slow reference in double, gradients beside those of bfloat16, and
 * the same bits with any number of threads. */
#include "lib/unit.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "lambert/base/memory.h"
#include "lambert/kernels/kernels.h"
#include "reference_tasks.h"
#include "task_models.h"
#include "two_types.h"
#include "ways.h"

static void check_outputs(void)
{
    for (int number = 0; number < TASK_MODELS; number++) {
        struct task_model model;
        struct objective_sums seen = {0}, wanted = {0};
        task_model_init(&model, number);
        const struct packed_batch *batch = &model.batch;
        const int rows =
            objective_rows_read(&model.objective, batch->tokens, batch->sequences, batch->labelled);
        const size_t count = (size_t)rows * (size_t)model.objective.outputs;
        real *logits = memory_new(count, sizeof *logits);
        const struct objective_outputs outputs = {.logits = logits};
        const struct reference_said said = {.logits = memory_new(count, sizeof(double)),
                                            .losses = memory_new(count, sizeof(double))};
        bert_predict(model.bert, model.params, batch, &outputs, &seen);
        reference_task(&model.config, model.table, model.params, batch, false, &wanted, &said);
        assert_true(fabs(seen.loss / wanted.loss - 1) < 1e-5);
        assert_true(seen.terms == wanted.terms);
        for (size_t i = 0; i < count; i++)
            assert_true(fabs((double)logits[i] - said.logits[i]) < 1e-5);
        free(logits);
        free(said.logits);
        free(said.losses);
        task_model_release(&model);
    }
}

static void what_is_said_is_the_reference(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    for_each_way(check_outputs);
}

static void check_bits(void)
{
    for (int number = 0; number < TASK_MODELS; number++) {
        struct task_model model;
        omp_set_num_threads(4);
        task_model_init(&model, number);
        real *others = memory_new(model.table->size, sizeof *others);
        const double loss = task_model_loss(&model, model.grads);
        for (int threads = 1; threads < 4; threads++) {
            omp_set_num_threads(threads);
            assert_true(task_model_loss(&model, others) == loss);
            assert_memory_equal(others, model.grads, model.table->size * sizeof *others);
        }
        free(others);
        task_model_release(&model);
    }
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    for_each_way(check_bits);
}

static void check_types(void)
{
    for (int number = 0; number < TASK_MODELS; number++) {
        struct task_model model;
        task_model_init(&model, number);
        expect_types_agree(model.objective.name, &model.config, &model.batch, &model.scale);
        task_model_release(&model);
    }
}

static void heads_compute_in_bfloat16_too(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    for_each_way(check_types);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_the_reference),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(heads_compute_in_bfloat16_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
