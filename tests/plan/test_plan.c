/* What a plan says adds up, and follows from what it was given. */
#include "lambert/plan/plan.h"

#include <math.h>

#include "lambert/model/params.h"
#include "lambert/run/options.h"
#include "lib/unit.h"

/* Two phases of a small model; what is measured of it is made up. */
struct case_of_plan {
    struct config config;
    struct trainer_options trainer;
    struct plan_stretch stretches[PLAN_STRETCHES];
    struct deal deals[3];
    struct plan_work works[3];
    struct plan_speed speeds[3];
    struct plan_job job;
};

static void fill_in(struct case_of_plan *it)
{
    it->trainer = trainer_options_of(&it->config, 1000);
    it->job.stretch_count = plan_stretches(&it->config, it->stretches);
    assert_true(it->job.stretch_count <= 3);
    for (int s = 0; s < it->job.stretch_count; s++) {
        const struct plan_stretch *stretch = &it->stretches[s];
        struct deal *deal = &it->deals[s];
        deal_init(deal, stretch->sequences);
        deal_full(deal, &it->trainer.model, stretch->sequences,
                  it->config.phases[stretch->phase].sequence_length, 5);
        it->works[s] = (struct plan_work){
            .batch = {deal->global_batch, deal->tokens, deal->masked, deal->all_operations, 0},
            .deals = deal,
            .deal_count = 1,
            .evaluated = 128};
        it->speeds[s] = (struct plan_speed){.useful = 1e10, .forward = 1.5e10, .sums = 0.001};
    }
}

static void end_case(struct case_of_plan *it)
{
    for (int s = 0; s < it->job.stretch_count; s++)
        deal_release(&it->deals[s]);
}

static void begin_case(struct case_of_plan *it)
{
    struct config *config = &it->config;
    *it = (struct case_of_plan){0};
    config_defaults(config);
    config->model.hidden_size = 64;
    config->model.intermediate_size = 256;
    config->model.num_hidden_layers = 2;
    config->model.num_attention_heads = 2;
    config->train.checkpoint_minutes = 0;
    config->train.checkpoint_every = 30;
    config->train.evaluate_every = 50;
    config->phase_count = 2;
    config->phases[0] = (struct config_phase){
        .name = "one", .sequence_length = 32, .global_batch = 64, .steps = 100};
    config->phases[1] = (struct config_phase){
        .name = "two", .sequence_length = 64, .global_batch = 16, .steps = 20};
    it->job = (struct plan_job){.config = config,
                                .trainer = &it->trainer,
                                .stretches = it->stretches,
                                .works = it->works,
                                .speeds = it->speeds,
                                .node = {.ranks = 2, .memory = 1e10, .message = 1e-6},
                                .threads = 1,
                                .network = {1.25e9, 2e-5},
                                .start = 3,
                                .copy = 1e9,
                                .disk = 1e8,
                                .node_bytes = INFINITY};
    fill_in(it);
}

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fabs(b) + 1e-12))
        fail_msg("%.12g is not %.12g", a, b);
}

static void assert_adds_up(const struct plan *plan, const struct case_of_plan *it)
{
    double seconds = plan->start + plan->last_write, checkpoints = 0;
    for (int p = 0; p < plan->part_count; p++) {
        const struct plan_part *phase = &plan->parts[p];
        assert_near(phase->step_seconds, step_time_seconds(&phase->step));
        assert_near(phase->seconds, (double)it->stretches[p].steps * phase->step_seconds +
                                        phase->evaluations * phase->evaluation_seconds +
                                        phase->checkpoints * phase->pause_seconds);
        assert_near(phase->rank_sequences * plan->ranks, it->stretches[p].sequences);
        seconds += phase->seconds;
        checkpoints += phase->checkpoints;
    }
    assert_near(plan->seconds, seconds);
    assert_near(plan->checkpoints, checkpoints);
    assert_near(plan->node_hours, plan->nodes * seconds / 3600);
}

static void what_is_said_adds_up(void **state)
{
    (void)state;
    struct case_of_plan it;
    struct plan plan;
    begin_case(&it);
    for (int nodes = 1; nodes <= 32; nodes *= 2) {
        plan_make(&it.job, nodes, &plan);
        assert_adds_up(&plan, &it);
        assert_int_equal(plan.ranks, 2 * nodes);
        assert_true((plan.parts[0].step.network > 0) == (nodes > 1));
    }
    end_case(&it);
}

/* One node: the operations at its speed, its own sums, and memory's part. */
static void a_node_alone_has_its_own_speed(void **state)
{
    (void)state;
    struct case_of_plan it;
    struct plan plan;
    begin_case(&it);
    const struct step_shape shape = step_shape_of(&it.trainer.model);
    plan_make(&it.job, 1, &plan);
    for (int p = 0; p < 2; p++)
        assert_near(plan.parts[p].step_seconds, it.works[p].batch.operations / 1e10 + 0.001 +
                                                    plan_memory_seconds(&shape, 2, 1e10));
    assert_near(plan.parts[0].evaluation_seconds,
                128 * it.works[0].batch.operations / 64 / 3 / 1.5e10);
    assert_near(plan.parts[0].evaluations, 3); /* before the first step, after 50 and 100 */
    assert_near(plan.parts[1].evaluations, 1);
    assert_near(plan.parts[0].checkpoints, 4);
    assert_near(plan.parts[1].checkpoints, 1);
    struct param_table table;
    param_table_init(&table, &it.trainer.model);
    const double whole = 3 * 4 * (double)table.size; /* weights and two moments */
    assert_true(plan.checkpoint_bytes >= whole && plan.checkpoint_bytes < 1.02 * whole);
    param_table_release(&table);
    assert_near(plan.kept_bytes, 4 * plan.checkpoint_bytes); /* three, and one that is written */
    end_case(&it);
}

static void checkpoints_beside_training_cost_a_copy(void **state)
{
    (void)state;
    struct case_of_plan it;
    struct plan plan;
    begin_case(&it);
    plan_make(&it.job, 1, &plan);
    assert_true(plan.beside);
    assert_near(plan.pause, plan.checkpoint_bytes / it.job.copy);
    assert_near(plan.last_write, plan.checkpoint_bytes / it.job.disk);
    it.job.disk = 1e4; /* who takes one waits for the one before */
    plan_make(&it.job, 1, &plan);
    assert_true(plan.parts[0].pause_seconds > 100 * plan.pause);
    assert_adds_up(&plan, &it);
    it.job.disk = 1e8;
    it.job.node_bytes = plan.node_bytes; /* no room for the copy */
    plan_make(&it.job, 1, &plan);
    assert_false(plan.beside);
    assert_near(plan.pause, plan.checkpoint_bytes / it.job.disk);
    assert_near(plan.last_write, 0);
    assert_adds_up(&plan, &it);
    end_case(&it);
}

static void checkpoints_come_by_the_clock_too(void **state)
{
    (void)state;
    struct case_of_plan it;
    struct plan plan;
    begin_case(&it);
    it.config.train.checkpoint_every = 0;
    it.config.train.checkpoint_minutes = 1;
    it.speeds[0].useful = it.works[0].batch.operations / 6.3; /* 100 steps of 6.3 s and a bit */
    plan_make(&it.job, 1, &plan);
    assert_near(plan.parts[0].checkpoints, 1 + 10);
    assert_near(plan.parts[1].checkpoints, 1);
    assert_adds_up(&plan, &it);
    end_case(&it);
}

static void replays_cost_a_micro_batch(void **state)
{
    (void)state;
    struct case_of_plan it;
    struct plan plain, replayed;
    begin_case(&it);
    plan_make(&it.job, 1, &plain);
    it.config.train.replay_every = 10;
    plan_make(&it.job, 1, &replayed);
    const struct plan_part *phase = &plain.parts[0];
    assert_near(replayed.parts[0].step_seconds - phase->step_seconds,
                phase->step.compute / phase->micro_batches / 10);
    end_case(&it);
}

static void ranks_that_get_more_are_waited_for(void **state)
{
    (void)state;
    struct case_of_plan it;
    struct plan plan;
    begin_case(&it);
    plan_make(&it.job, 3, &plan); /* 64 and 16 sequences on 6 ranks: at most 11 and 3 */
    assert_near(plan.parts[0].imbalance, 11 * 6 / 64.0 - 1);
    assert_near(plan.parts[1].imbalance, 3 * 6 / 16.0 - 1);
    assert_near(plan.parts[1].step.waiting, plan.parts[1].step.compute * (3 * 6 / 16.0 - 1));
    end_case(&it);
}

static void ranks_are_dealt_to_as_on_average(void **state)
{
    (void)state;
    struct case_of_plan it;
    struct plan plan;
    struct deal deals[2];
    begin_case(&it);
    for (int d = 0; d < 2; d++) {
        deal_init(&deals[d], 64);
        deal_full(&deals[d], &it.trainer.model, 64 - d, 32, 5); /* 63 sequences do not divide */
    }
    it.works[0].deals = deals;
    it.works[0].deal_count = 2;
    plan_make(&it.job, 1, &plan);
    assert_near(plan.parts[0].imbalance, (32 * 2 / 63.0 - 1) / 2);
    for (int d = 0; d < 2; d++)
        deal_release(&deals[d]);
    end_case(&it);
}

/* A phase whose batches grow after half of it costs what its halves would, and comes to as many evaluations. */
static void batches_may_change_within_a_phase(void **state)
{
    (void)state;
    struct case_of_plan it;
    struct plan plan, whole;
    begin_case(&it);
    plan_make(&it.job, 2, &whole);
    end_case(&it);
    it.config.phases[0].batch_change_count = 1;
    it.config.phases[0].batch_changes[0] = (struct batch_change){50, 128};
    fill_in(&it);
    plan_make(&it.job, 2, &plan);
    assert_int_equal(plan.part_count, 3);
    assert_adds_up(&plan, &it);
    assert_true(it.stretches[0].steps == 50 && it.stretches[0].sequences == 64 &&
                it.stretches[0].first_sample == 0);
    assert_true(it.stretches[1].steps == 50 && it.stretches[1].sequences == 128 &&
                it.stretches[1].first_sample == 50 * 64 && it.stretches[1].steps_before == 50);
    assert_true(it.stretches[2].phase == 1 && it.stretches[2].steps_before == 0);
    assert_near(plan.parts[0].step_seconds, whole.parts[0].step_seconds);
    assert_near(plan.parts[1].step.compute, 2 * whole.parts[0].step.compute);
    assert_near(plan.parts[0].evaluations + plan.parts[1].evaluations, whole.parts[0].evaluations);
    assert_near(plan.checkpoints, whole.checkpoints);
    end_case(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_dealt_to_as_on_average),
        cmocka_unit_test(batches_may_change_within_a_phase),
        cmocka_unit_test(what_is_said_adds_up),
        cmocka_unit_test(a_node_alone_has_its_own_speed),
        cmocka_unit_test(checkpoints_beside_training_cost_a_copy),
        cmocka_unit_test(checkpoints_come_by_the_clock_too),
        cmocka_unit_test(replays_cost_a_micro_batch),
        cmocka_unit_test(ranks_that_get_more_are_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
