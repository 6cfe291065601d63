#include "lambert/sample/mixed_sampler.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "corpus/fixture.h"
#include "lambert/base/memory.h"

static const struct shape shape = {
    .documents = 60, .most_sentences = 12, .most_tokens = 30, .shards = 2, .words = 700};
static const struct sampler_options sampling = {.seed = 3,
                                                .phase = 1,
                                                .sequence_length = 64,
                                                .max_predictions = 10,
                                                .sampling.short_sequence_probability = 0.1,
                                                .sampling.masked_lm_probability = 0.15,
                                                .sampling.mask_replace_prob = 0.8,
                                                .sampling.random_replace_prob = 0.1,
                                                .cache_bytes = 1 << 20};

static struct sampler *make_sampler_of(const struct fixture *f, uint32_t part,
                                       struct sampler_options options)
{
    struct sampler *sampler;
    struct error err;
    options.phase |= part << 16;
    assert_int_equal(sampler_new(&sampler, f->store, f->vocabulary, &options, &err), 0);
    return sampler;
}

static struct sampler *make_sampler(const struct fixture *f, uint32_t part)
{
    return make_sampler_of(f, part, sampling);
}

/* Three parts, all of the one store. */
static struct mixed_sampler *mix(const struct fixture *f, struct mixture *mixture)
{
    struct sampler *parts[3];
    mixture_init(mixture, (const double[]){0.6, 0.3, 0.1}, 3);
    for (uint32_t p = 0; p < 3; p++)
        parts[p] = make_sampler(f, p);
    return mixed_sampler_new(parts, mixture);
}

static void assert_same_sample(const struct packed_batch *a, const struct packed_batch *b)
{
    assert_int_equal(a->tokens, b->tokens);
    assert_int_equal(a->labelled, b->labelled);
    assert_memory_equal(a->input_ids, b->input_ids, (size_t)a->tokens * sizeof(int32_t));
    assert_memory_equal(a->labelled_rows, b->labelled_rows, (size_t)a->labelled * sizeof(int32_t));
    assert_memory_equal(a->row_labels, b->row_labels, (size_t)a->labelled * sizeof(int32_t));
    assert_true(a->sample_key[0] == b->sample_key[0]);
}

static void fill(struct mixed_sampler *sampler, uint64_t i, int *part, uint32_t *epoch,
                 struct packed_batch *batch)
{
    struct sample_plan plan;
    struct error err;
    mixed_sampler_plan(sampler, i, &plan, part, epoch);
    assert_true(plan.index == i);
    packed_batch_reset(batch);
    assert_int_equal(mixed_sampler_fill(sampler, &plan, batch, &err), 0);
    assert_true(batch->sample_index[0] == i);
    assert_int_equal(batch->tokens, plan.tokens);
}

/* A sample of the mix is the one that the part makes alone, and which that is the mixture says. */
static void samples_are_those_of_the_parts(void **state)
{
    (void)state;
    struct fixture f;
    struct mixture mixture;
    struct packed_batch mixed, own;
    struct error err;
    fixture_open(&f, &shape);
    struct mixed_sampler *sampler = mix(&f, &mixture);
    struct sampler *parts[] = {make_sampler(&f, 0), make_sampler(&f, 1), make_sampler(&f, 2)};
    packed_batch_init(&mixed);
    packed_batch_init(&own);
    for (uint64_t i = 0; i < 1500; i += 1 + i % 7) {
        const struct mixture_place place = mixture_find(&mixture, i);
        struct sample_plan plan;
        int part;
        uint32_t epoch, own_epoch;
        fill(sampler, i, &part, &epoch, &mixed);
        sampler_plan(parts[place.part], place.index, &plan, &own_epoch);
        packed_batch_reset(&own);
        assert_int_equal(sampler_fill(parts[place.part], &plan, &own, &err), 0);
        assert_int_equal(part, place.part);
        assert_int_equal(epoch, own_epoch);
        assert_same_sample(&mixed, &own);
    }
    for (int p = 0; p < 3; p++)
        sampler_free(parts[p]);
    packed_batch_release(&mixed);
    packed_batch_release(&own);
    mixed_sampler_free(sampler);
    fixture_close(&f);
}

/* Of one part it is that part's own sequence: what a run on one corpus always had. */
static void one_part_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct mixture mixture;
    struct packed_batch mixed, own;
    struct error err;
    fixture_open(&f, &shape);
    mixture_init(&mixture, (const double[]){1}, 1);
    struct sampler *alone = make_sampler(&f, 0), *part = make_sampler(&f, 0);
    struct mixed_sampler *sampler = mixed_sampler_new(&part, &mixture);
    packed_batch_init(&mixed);
    packed_batch_init(&own);
    for (uint64_t i = 0; i < 300; i++) {
        struct sample_plan plan;
        fill(sampler, i, NULL, NULL, &mixed);
        sampler_plan(alone, i, &plan, NULL);
        packed_batch_reset(&own);
        assert_int_equal(sampler_fill(alone, &plan, &own, &err), 0);
        assert_same_sample(&mixed, &own);
        assert_true(mixed.sample_index[0] == own.sample_index[0]);
    }
    sampler_free(alone);
    packed_batch_release(&mixed);
    packed_batch_release(&own);
    mixed_sampler_free(sampler);
    fixture_close(&f);
}

/* The rate goes by the number in the phase, not by the part's own: a rare part's samples are masked as those beside
 * them are. */
static void a_changing_masking_rate_is_that_of_the_phase(void **state)
{
    (void)state;
    enum { SAMPLES = 1500 };
    struct fixture f;
    struct mixture mixture;
    struct packed_batch batch;
    struct sampler_options options = sampling;
    struct sampler *parts[3];
    int of_part[3] = {0};
    options.max_predictions = 0;
    options.sampling.masked_lm_probability = 0.6;
    options.masking_change = (struct masking_change){.end = 0.1, .samples = SAMPLES};
    fixture_open(&f, &shape);
    mixture_init(&mixture, (const double[]){0.6, 0.3, 0.1}, 3);
    for (uint32_t p = 0; p < 3; p++)
        parts[p] = make_sampler_of(&f, p, options);
    struct mixed_sampler *sampler = mixed_sampler_new(parts, &mixture);
    packed_batch_init(&batch);
    for (uint64_t i = 0; i < SAMPLES; i += 1 + i % 7) {
        int part;
        fill(sampler, i, &part, NULL, &batch);
        assert_int_equal(batch.labelled,
                         fmax(1, rint(batch.tokens * (0.6 - 0.5 * (double)i / SAMPLES))));
        of_part[part]++;
    }
    assert_true(of_part[0] > 0 && of_part[1] > 0 && of_part[2] > 0);
    packed_batch_release(&batch);
    mixed_sampler_free(sampler);
    fixture_close(&f);
}

/* In any order, by a sampler that has seen nothing else. */
static void a_sample_depends_on_its_number_alone(void **state)
{
    (void)state;
    struct fixture f;
    struct mixture mixture;
    struct packed_batch one, two;
    fixture_open(&f, &shape);
    struct mixed_sampler *forward = mix(&f, &mixture);
    packed_batch_init(&one);
    packed_batch_init(&two);
    for (uint64_t i = 0; i < 1000; i += 111) {
        struct mixed_sampler *fresh = mix(&f, &mixture);
        mixed_sampler_go_to(fresh, 999 - i);
        fill(forward, 999 - i, NULL, NULL, &one);
        fill(fresh, 999 - i, NULL, NULL, &two);
        assert_same_sample(&one, &two);
        mixed_sampler_free(fresh);
    }
    packed_batch_release(&one);
    packed_batch_release(&two);
    mixed_sampler_free(forward);
    fixture_close(&f);
}

/* Parts of one store differ in what they cut, order and mask. */
static void the_same_corpus_twice_gives_different_samples(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch one, two;
    struct error err;
    int same = 0;
    fixture_open(&f, &shape);
    struct sampler *first = make_sampler(&f, 0), *second = make_sampler(&f, 1);
    packed_batch_init(&one);
    packed_batch_init(&two);
    for (uint64_t i = 0; i < 200; i++) {
        struct sample_plan a, b;
        sampler_plan(first, i, &a, NULL);
        sampler_plan(second, i, &b, NULL);
        same += a.a.document == b.a.document && a.a.first == b.a.first;
        packed_batch_reset(&one);
        packed_batch_reset(&two);
        assert_int_equal(sampler_fill(first, &a, &one, &err), 0);
        assert_int_equal(sampler_fill(second, &b, &two, &err), 0);
        assert_true(one.sample_key[0] != two.sample_key[0]);
    }
    assert_true(same < 20);
    sampler_free(first);
    sampler_free(second);
    packed_batch_release(&one);
    packed_batch_release(&two);
    fixture_close(&f);
}

/* Epochs are counted to the sample: after an epoch's last one it is a whole number. */
static void epochs_are_exact(void **state)
{
    (void)state;
    struct fixture f;
    struct mixture mixture;
    fixture_open(&f, &shape);
    struct mixed_sampler *sampler = mix(&f, &mixture);
    struct sampler *own = make_sampler(&f, 1);
    const uint64_t first = sampler_epoch_samples(own, 0), second = sampler_epoch_samples(own, 1);
    assert_true(sampler_epochs(own, 0) == 0);
    assert_true(sampler_epochs(own, first) == 1);
    assert_true(sampler_epochs(own, first + second) == 2);
    assert_true(fabs(sampler_epochs(own, first + 1) - (1 + 1 / (double)second)) < 1e-12);
    assert_true(fabs(sampler_epochs(own, 1) - 1 / (double)first) < 1e-12);
    for (uint64_t i = 0; i < 1000; i += 99) {
        uint64_t sum = 0;
        for (int p = 0; p < 3; p++)
            sum += mixed_sampler_progress(sampler, p, i).samples;
        assert_true(sum == i);
        const struct part_progress progress = mixed_sampler_progress(sampler, 1, i);
        assert_true(progress.samples == mixture_count(&mixture, 1, i));
        assert_true(progress.epochs == sampler_epochs(own, progress.samples));
    }
    sampler_free(own);
    mixed_sampler_free(sampler);
    fixture_close(&f);
}

/* What planning a sample of one part meets is told before the batch is shared out, though none of its samples be
 * made here: a host that sees the file as it was has other lengths. */
static void damage_of_any_part_is_told(void **state)
{
    (void)state;
    struct fixture f;
    struct mixture mixture;
    struct sample_plan plan;
    struct error err;
    fixture_open(&f, &shape);
    struct mixed_sampler *sampler = mix(&f, &mixture);
    mixed_sampler_plan(sampler, 0, &plan, NULL, NULL);
    assert_int_equal(mixed_sampler_damage(sampler, &err), 0);
    FILE *file = fopen(f.paths[1], "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    assert_int_equal(fseek(file, 200, SEEK_SET), 0);
    for (long i = 200; i < size; i++)
        fputc(0xff, file);
    fclose(file);
    for (uint64_t i = 1; i < 2000; i++)
        mixed_sampler_plan(sampler, i, &plan, NULL, NULL);
    assert_int_equal(mixed_sampler_damage(sampler, &err), -1);
    assert_non_null(strstr(err.text, "made-1.shard"));
    mixed_sampler_free(sampler);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_those_of_the_parts),
        cmocka_unit_test(one_part_changes_nothing),
        cmocka_unit_test(a_changing_masking_rate_is_that_of_the_phase),
        cmocka_unit_test(a_sample_depends_on_its_number_alone),
        cmocka_unit_test(the_same_corpus_twice_gives_different_samples),
        cmocka_unit_test(epochs_are_exact),
        cmocka_unit_test(damage_of_any_part_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
