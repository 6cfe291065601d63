/* The parameter table: numbers of BERT-Base and BERT-Large as published, names and order of Hugging
 * Face's BertForPreTraining, and the distribution of fresh weights. */
#include "lib/unit.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/model/params.h"
#include "published.h"

/* Nothing in it is a multiple of 16. */
static const struct bert_config odd = {.layers = 2,
                                       .hidden = 21,
                                       .heads = 3,
                                       .intermediate = 35,
                                       .vocab = 1001,
                                       .positions = 33,
                                       .types = 3};

static void published_sizes(void **state)
{
    (void)state;
    struct param_table table;
    param_table_init(&table, &bert_base);
    assert_int_equal(table.count, 206);
    assert_int_equal(table.weights, 110106428);
    int adapted = 0;
    for (int i = 0; i < table.count; i++)
        adapted += !table.infos[i].is_bias_or_norm;
    assert_int_equal(adapted, 78);
    param_table_release(&table);

    param_table_init(&table, &bert_large);
    assert_int_equal(table.count, 5 + 24 * 16 + 2 + 7);
    assert_int_equal(table.weights, 336226108);
    param_table_release(&table);
}

struct row {
    const char *name;
    int64_t rows, columns;
};

static void names_shapes_and_order(void **state)
{
    (void)state;
    enum { V = 1001, P = 33, Y = 3, H = 21, F = 35 };
    static const struct row first[] = {{"bert.embeddings.word_embeddings.weight", V, H},
                                       {"bert.embeddings.position_embeddings.weight", P, H},
                                       {"bert.embeddings.token_type_embeddings.weight", Y, H},
                                       {"bert.embeddings.LayerNorm.weight", H, 0},
                                       {"bert.embeddings.LayerNorm.bias", H, 0}};
    static const struct row second_layer[] = {
        {"bert.encoder.layer.1.attention.self.query.weight", H, H},
        {"bert.encoder.layer.1.attention.self.key.weight", H, H},
        {"bert.encoder.layer.1.attention.self.value.weight", H, H},
        {"bert.encoder.layer.1.attention.self.query.bias", H, 0},
        {"bert.encoder.layer.1.attention.self.key.bias", H, 0},
        {"bert.encoder.layer.1.attention.self.value.bias", H, 0},
        {"bert.encoder.layer.1.attention.output.dense.weight", H, H},
        {"bert.encoder.layer.1.attention.output.dense.bias", H, 0},
        {"bert.encoder.layer.1.attention.output.LayerNorm.weight", H, 0},
        {"bert.encoder.layer.1.attention.output.LayerNorm.bias", H, 0},
        {"bert.encoder.layer.1.intermediate.dense.weight", F, H},
        {"bert.encoder.layer.1.intermediate.dense.bias", F, 0},
        {"bert.encoder.layer.1.output.dense.weight", H, F},
        {"bert.encoder.layer.1.output.dense.bias", H, 0},
        {"bert.encoder.layer.1.output.LayerNorm.weight", H, 0},
        {"bert.encoder.layer.1.output.LayerNorm.bias", H, 0}};
    static const struct row last[] = {{"bert.pooler.dense.weight", H, H},
                                      {"bert.pooler.dense.bias", H, 0},
                                      {"cls.predictions.transform.dense.weight", H, H},
                                      {"cls.predictions.transform.dense.bias", H, 0},
                                      {"cls.predictions.transform.LayerNorm.weight", H, 0},
                                      {"cls.predictions.transform.LayerNorm.bias", H, 0},
                                      {"cls.predictions.bias", V, 0},
                                      {"cls.seq_relationship.weight", 2, H},
                                      {"cls.seq_relationship.bias", 2, 0}};
    const struct {
        const struct row *rows;
        int count, at;
    } runs[] = {{first, 5, 0}, {second_layer, 16, 5 + 16}, {last, 9, 5 + 32}};
    struct param_table table;
    param_table_init(&table, &odd);
    assert_int_equal(table.count, 5 + 32 + 9);
    for (int r = 0; r < 3; r++)
        for (int i = 0; i < runs[r].count; i++) {
            const struct row *row = &runs[r].rows[i];
            const struct param_info *info = &table.infos[runs[r].at + i];
            assert_string_equal(info->name, row->name);
            assert_int_equal(info->dimensions, row->columns ? 2 : 1);
            assert_int_equal(info->shape[0], row->rows);
            assert_int_equal(info->shape[1], row->columns);
            assert_int_equal(info->count, row->rows * (row->columns ? row->columns : 1));
            bool is_norm_weight = strstr(row->name, "LayerNorm.weight") != NULL;
            bool is_bias = strstr(row->name, "bias") != NULL;
            assert_int_equal(info->is_bias_or_norm, is_norm_weight || is_bias);
            assert_int_equal(info->init, is_norm_weight ? PARAM_ONES
                                         : is_bias      ? PARAM_ZEROS
                                                        : PARAM_NORMAL);
            assert_int_equal(param_table_find(&table, row->name), runs[r].at + i);
        }
    assert_int_equal(param_table_find(&table, "bert.embeddings"), -1);
    param_table_release(&table);
}

/* Starts are multiples of 16, but for key and value, which follow query without a gap. */
static void places(void **state)
{
    (void)state;
    struct param_table table;
    param_table_init(&table, &odd);
    size_t end = 0, weights = 0;
    for (int i = 0; i < table.count; i++) {
        const struct param_info *info = &table.infos[i];
        if (strstr(info->name, "self.key") || strstr(info->name, "self.value")) {
            assert_int_equal(info->offset, end);
        } else {
            assert_int_equal(info->offset % 16, 0);
            assert_in_range(info->offset, end, end + 15);
        }
        end = info->offset + info->count;
        weights += info->count;
    }
    assert_int_equal(table.size % 16, 0);
    assert_in_range(table.size, end, end + 15);
    assert_int_equal(table.weights, weights);
    param_table_release(&table);
}

struct spread {
    double mean, deviation, largest;
};

static struct spread spread_of(const real *values, size_t count)
{
    struct spread spread = {0};
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        double value = (double)values[i];
        spread.mean += value / (double)count;
        squares += value * value / (double)count;
        spread.largest = fmax(spread.largest, fabs(value));
    }
    spread.deviation = sqrt(squares - spread.mean * spread.mean);
    return spread;
}

/* A normal cut at two deviations has the deviation sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)) = 0.8796. */
static void distribution_of_fresh_weights(void **state)
{
    (void)state;
    struct param_table table;
    struct bert_config config = odd;
    config.vocab = 20000;
    param_table_init(&table, &config);
    real *params = memory_new(table.size, sizeof *params);
    param_table_initialise(&table, 0.02, 42, params);
    struct spread spread = spread_of(params, table.infos[0].count); /* 420,000 of them */
    assert_true(fabs(spread.mean) < 5 * 0.0176 / sqrt(420000));
    assert_true(fabs(spread.deviation / (0.02 * 0.87962566) - 1) < 0.005);
    assert_true(spread.largest <= 0.04 && spread.largest > 0.0399);
    for (int i = 0; i < table.count; i++) {
        const struct param_info *info = &table.infos[i];
        spread = spread_of(params + info->offset, info->count);
        if (info->init == PARAM_NORMAL)
            assert_true(spread.largest <= 0.04 && spread.deviation > 0.01);
        else
            for (size_t k = 0; k < info->count; k++)
                assert_true(params[info->offset + k] == (real)(info->init == PARAM_ONES));
    }
    free(params);
    param_table_release(&table);
}

static bool all_zero(const real *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] != 0)
            return false;
    return true;
}

static void gaps_are_zero_whatever_was_there(void **state)
{
    (void)state;
    struct param_table table;
    param_table_init(&table, &odd);
    real *params = memory_new(table.size, sizeof *params);
    for (size_t i = 0; i < table.size; i++)
        params[i] = 7;
    param_table_initialise(&table, 0.02, 42, params);
    size_t gaps = 0;
    for (int i = 0; i < table.count; i++) {
        size_t end = table.infos[i].offset + table.infos[i].count;
        size_t next = i + 1 < table.count ? table.infos[i + 1].offset : table.size;
        assert_true(all_zero(params + end, next - end));
        gaps += next - end;
    }
    assert_int_equal(gaps, table.size - table.weights);
    assert_true(gaps > 0);
    free(params);
    param_table_release(&table);
}

/* The same weights from any number of threads; others from another seed, and in each tensor. */
static void a_pure_function_of_the_seed(void **state)
{
    (void)state;
    struct param_table table;
    param_table_init(&table, &odd);
    size_t bytes = table.size * sizeof(real);
    real *one = memory_new(1, bytes), *other = memory_new(1, bytes);
    omp_set_num_threads(1);
    param_table_initialise(&table, 0.02, 42, one);
    omp_set_num_threads(4);
    param_table_initialise(&table, 0.02, 42, other);
    assert_memory_equal(one, other, bytes);
    for (size_t i = 0; i < table.infos[5].count; i++)
        other[table.infos[5].offset + i] = 7;
    param_table_initialise_one(&table, 5, 0.02, 42, other);
    assert_memory_equal(one, other, bytes);
    const struct param_info *query = &table.infos[5], *key = &table.infos[6];
    assert_memory_not_equal(one + query->offset, one + key->offset, query->count * sizeof(real));
    param_table_initialise(&table, 0.02, 43, other);
    for (int i = 0; i < table.count; i++) {
        const struct param_info *info = &table.infos[i];
        if (info->init == PARAM_NORMAL)
            assert_memory_not_equal(one + info->offset, other + info->offset,
                                    info->count * sizeof(real));
    }
    free(one);
    free(other);
    param_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_sizes),
        cmocka_unit_test(names_shapes_and_order),
        cmocka_unit_test(places),
        cmocka_unit_test(distribution_of_fresh_weights),
        cmocka_unit_test(gaps_are_zero_whatever_was_there),
        cmocka_unit_test(a_pure_function_of_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
