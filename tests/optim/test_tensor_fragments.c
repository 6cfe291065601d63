/* Over all ranks, every weight is in exactly one fragment, which says where it lies; no gap is. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "optim/tensor_fragments.h"
#include "small_table.h"

static void mark(const struct param_table *table, const struct sharding *sharding, int rank,
                 unsigned char *seen /* [table size] */)
{
    size_t count = tensor_fragments_cut(table, sharding, rank, NULL);
    struct tensor_fragment *fragments = memory_new(count, sizeof *fragments);
    assert_int_equal(tensor_fragments_cut(table, sharding, rank, fragments), count);
    real *flat = memory_new(table->size, sizeof *flat);
    real *shard = memory_new(sharding_count(sharding, rank), sizeof *shard);
    for (size_t i = 0; i < table->size; i++)
        flat[i] = (real)i;
    shard_extract(sharding, rank, flat, shard);
    for (size_t p = 0; p < count; p++) {
        const struct param_info *info = &table->infos[fragments[p].tensor];
        assert_in_range(fragments[p].count, 1, OPTIMIZER_UNIT);
        assert_true(fragments[p].flat >= info->offset);
        assert_true(fragments[p].flat + (size_t)fragments[p].count <= info->offset + info->count);
        for (int i = 0; i < fragments[p].count; i++) {
            size_t at = fragments[p].flat + (size_t)i;
            assert_true(shard[fragments[p].shard + (size_t)i] == (real)at);
            seen[at]++;
        }
    }
    free(fragments);
    free(flat);
    free(shard);
}

static void every_weight_once(void **state)
{
    (void)state;
    static const size_t buckets[] = {16, 64, 4096, 1 << 20};
    struct param_table table;
    small_table_init(&table);
    for (int b = 0; b < 4; b++)
        for (int ranks = 1; ranks <= 5; ranks++) {
            struct sharding sharding;
            unsigned char *seen = memory_new(table.size, 1);
            sharding_init(&sharding, table.size, buckets[b], ranks);
            for (int r = 0; r < ranks; r++)
                mark(&table, &sharding, r, seen);
            for (int t = 0; t < table.count; t++) {
                const struct param_info *info = &table.infos[t];
                for (size_t i = 0; i < info->count; i++)
                    assert_int_equal(seen[info->offset + i]--, 1);
            }
            for (size_t i = 0; i < table.size; i++)
                assert_int_equal(seen[i], 0);
            free(seen);
        }
    param_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_weight_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
