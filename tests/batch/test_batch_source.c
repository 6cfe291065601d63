#include "lib/scratch.h"

#include <stdlib.h>

#include "lambert/base/memory.h"
#include "lambert/batch/batch_source.h"

/* A source of another kind than sample's: it counts sequences up, of one token each, in batches whose
 * size it changes, with groups and without, and it ends. */
struct counting_source {
    struct batch_source source;
    struct packed_batch share;
    uint64_t given, samples;
    int *closed;
};

static const struct {
    int size, group;
} batches[] = {{4, 0}, {7, 3}, {7, 3}, {1, 5}};
enum { BATCHES = sizeof batches / sizeof batches[0] };

static int counting_next(struct batch_source *source, struct batch *batch, struct error *err)
{
    struct counting_source *counting = (struct counting_source *)source;
    const uint64_t number = counting->given;
    (void)err;
    if (number == BATCHES)
        return 0;
    packed_batch_reset(&counting->share);
    for (int n = 0; n < batches[number].size; n++) {
        packed_batch_append(&counting->share, 1, 0);
        counting->share.sample_index[n] = counting->samples + (uint64_t)n;
    }
    *batch = (struct batch){.share = &counting->share,
                            .number = number,
                            .first_sample = counting->samples,
                            .global_batch = batches[number].size,
                            .group = batches[number].group};
    counting->samples += (uint64_t)batches[number].size;
    counting->given++;
    return 1;
}

static bool counting_close(struct batch_source *source)
{
    struct counting_source *counting = (struct counting_source *)source;
    packed_batch_release(&counting->share);
    ++*counting->closed;
    free(counting);
    return true;
}

static struct batch_source *counting_source_new(int *closed)
{
    static const struct batch_source_operations operations = {.next = counting_next,
                                                              .close = counting_close};
    struct counting_source *counting = memory_new(1, sizeof *counting);
    counting->source.operations = &operations;
    counting->closed = closed;
    packed_batch_init(&counting->share);
    return &counting->source;
}

/* As a trainer reads it: batch by batch, each cut into its groups. */
static void a_source_changes_its_batches_and_ends(void **state)
{
    (void)state;
    static const int groups[][4] = {{0}, {3, 3, 1}, {3, 3, 1}, {1}};
    int closed = 0, status, count = 0;
    struct batch batch;
    struct error err;
    uint64_t samples = 0;
    struct batch_source *source = counting_source_new(&closed);
    while ((status = batch_source_next(source, &batch, &err)) > 0) {
        assert_int_equal(batch.number, count);
        assert_int_equal(batch.first_sample, samples);
        assert_int_equal(batch.share->sequences, batch.global_batch);
        int cut = 0;
        if (batch.group > 0)
            for (int first = 0, fit; first < batch.share->sequences; first += fit) {
                fit = batch_group_fit(&batch, first);
                assert_int_equal(fit, groups[count][cut++]);
            }
        assert_int_equal(batch_groups(&batch), cut);
        samples += (uint64_t)batch.global_batch;
        count++;
    }
    assert_int_equal(status, 0);
    assert_int_equal(count, BATCHES);
    assert_int_equal(batch_source_next(source, &batch, &err), 0);
    assert_int_equal(closed, 0);
    assert_true(batch_source_close(source));
    assert_int_equal(closed, 1);
    assert_true(batch_source_close(NULL));
}

/* A share of some of the groups only, the last one short: what another rank has lies between. */
static void groups_of_a_share_are_told_apart(void **state)
{
    (void)state;
    static const uint64_t indices[] = {102, 103, 106, 107, 110};
    struct packed_batch share;
    packed_batch_init(&share);
    for (int n = 0; n < 5; n++) {
        packed_batch_append(&share, 1, 0);
        share.sample_index[n] = indices[n];
    }
    const struct batch batch = {
        .share = &share, .first_sample = 100, .global_batch = 11, .group = 2};
    assert_int_equal(batch_groups(&batch), 6);
    assert_int_equal(batch_group_fit(&batch, 0), 2);
    assert_int_equal(batch_group_fit(&batch, 2), 2);
    assert_int_equal(batch_group_fit(&batch, 4), 1);
    packed_batch_release(&share);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_changes_its_batches_and_ends),
        cmocka_unit_test(groups_of_a_share_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
