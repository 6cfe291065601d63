#include "lib/unit.h"

#include "corpus/fixture.h"
#include "lambert/base/rng.h"
#include "sample/epoch_plan.h"

static const struct epoch_options options = {
    .seed = 11, .phase = 2, .cutting = {.max_tokens = 61, .short_probability = 0.1}};

/* Cuts every document anew, by the keys that rng.h names, and compares each passage. */
static void assert_finds_all(const struct shape *shape, uint32_t epoch)
{
    struct fixture f;
    struct epoch_plan plan;
    uint64_t sample = 0;
    fixture_open(&f, shape);
    epoch_plan_init(&plan, f.store, &options);
    epoch_plan_make(&plan, epoch, true);
    for (uint64_t d = 0; d < shape->documents; d++) {
        struct document_view view = document_store_view(f.store, d);
        struct segments segments;
        struct passage wanted, found;
        uint64_t document;
        segments_init(&segments, view.lengths, view.sentences,
                      rng_key(11, RNG_SEGMENTS, UINT64_C(2) << 32 | epoch, d), &options.cutting);
        for (uint32_t s = 0; s < view.sentences; s = wanted.next, sample++) {
            segments_cut(&segments, s, &wanted);
            assert_true(sample < plan.samples);
            assert_int_equal(epoch_plan_find(&plan, sample, &found, &document), segments.target);
            assert_int_equal(document, d);
            assert_int_equal(found.first, wanted.first);
            assert_int_equal(found.a_end, wanted.a_end);
            assert_int_equal(found.end, wanted.end);
            assert_int_equal(found.random, wanted.random);
            assert_int_equal(rng_u32(&found.rng), rng_u32(&wanted.rng));
        }
    }
    assert_int_equal(sample, plan.samples);
    epoch_plan_release(&plan);
    fixture_close(&f);
}

static void every_passage_is_found(void **state)
{
    (void)state;
    const struct shape one = {1, 3, 40, 1, 50, false}, long_ones = {3, 3000, 40, 2, 50, false};
    const struct shape many = {2500, 12, 40, 4, 50, false};
    assert_finds_all(&one, 0);
    assert_finds_all(&long_ones, 1);
    assert_finds_all(&many, 0);
    assert_finds_all(&many, 7);
}

/* Neither threads nor what was planned before change a plan. */
static void plans_depend_on_the_epoch_alone(void **state)
{
    (void)state;
    const struct shape shape = {1500, 12, 40, 2, 50, false};
    struct fixture f;
    struct epoch_plan a, b;
    fixture_open(&f, &shape);
    epoch_plan_init(&a, f.store, &options);
    epoch_plan_init(&b, f.store, &options);
    epoch_plan_make(&a, 3, true);
    epoch_plan_make(&b, 9, true);
    epoch_plan_make(&b, 3, false);
    assert_int_equal(a.samples, b.samples);
    for (uint64_t sample = 0; sample < a.samples; sample++) {
        struct passage x, y;
        uint64_t document_x, document_y;
        epoch_plan_find(&a, sample, &x, &document_x);
        epoch_plan_find(&b, sample, &y, &document_y);
        assert_int_equal(document_x, document_y);
        assert_int_equal(x.first, y.first);
        assert_int_equal(x.next, y.next);
    }
    epoch_plan_release(&a);
    epoch_plan_release(&b);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_passage_is_found),
        cmocka_unit_test(plans_depend_on_the_epoch_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
