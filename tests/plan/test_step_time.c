/* The formulas against numbers that were made once by another program of the same equations, and against what must be so
 * whatever the numbers are. */
#include "lib/unit.h"

#include <math.h>

#include "lambert/base/float16.h"
#include "lambert/model/bert.h"
#include "lambert/model/params.h"
#include "lambert/plan/step_time.h"

static const struct step_shape large = {24, 1024, 4096, 30522, 512, 2};
static const struct step_work paper = {32768, 3.3e6, 4.9e5, 6e15, 0.02};
static const struct step_node one_rank = {
    .ranks = 1, .useful = 2e12, .memory = 200e9, .message = 1e-6, .sums = -1};

static struct step_network network_of(double gigabits, double latency)
{
    return (struct step_network){gigabits * 1e9 / 8, latency};
}

static struct step_schedule schedule_of_nodes(int nodes)
{
    return (struct step_schedule){
        .nodes = nodes, .micro_batch = 4096, .gradient_wire = 4, .weight_wire = 4};
}

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fabs(b) + 1e-12))
        fail_msg("%.12g is not %.12g", a, b);
}

static double seconds_of(const struct step_work *work, const struct step_node *node,
                         struct step_network network, struct step_schedule schedule)
{
    struct step_time time;
    step_time_of(&large, work, node, &network, &schedule, &time);
    return step_time_seconds(&time);
}

static void the_parts_are_those_of_the_equations(void **state)
{
    (void)state;
    static const struct {
        int nodes;
        double gigabits, latency, wire;
        int bucket;
        bool no_overlap, together;
        double parts[8]; /* compute, waiting, clear, stall, sums, messages, exposed, update */
    } cases[] = {
        {1, 10, 2e-05, 4, 0, false, false, {3000, 0, 0.00672452216, 0, 0, 0, 0, 0.07396974376}},
        {2,
         100,
         2e-06,
         4,
         0,
         false,
         false,
         {1500, 30, 0.00672452216, 0.000251123907215, 0.01008678324, 0.001292, 0.00108907059382,
          0.03700687188}},
        {16,
         10,
         2e-05,
         4,
         0,
         false,
         false,
         {187.5, 3.75, 0.00672452216, 0.0154166041217, 0.010507065875, 0.007752, 0.0221411262817,
          0.005503108985}},
        {12,
         25,
         1e-05,
         2,
         0,
         false,
         false,
         {250, 5, 0.00672452216, 0.00183876671959, 0.02437639283, 0.004796, 0.00736921485117,
          0.00655614531333}},
        {1024,
         25,
         1e-05,
         4,
         0,
         false,
         false,
         {2.9296875, 0.05859375, 0.00672452216, 0.00632706710139, 0.00767672500492, 0.009628,
          0.0130515892614, 0.00105223607789}},
        {1024,
         10,
         2e-05,
         2,
         0,
         false,
         false,
         {2.9296875, 0.05859375, 0.00672452216, 0.0125894159439, 0.0259097677561, 0.009628,
          0.0193139381039, 0.00227223607789}},
        {16,
         25,
         1e-05,
         4,
         0,
         true,
         false,
         {187.5, 3.75, 0.00672452216, 0.406055179963, 0.010507065875, 0.007752, 0.00886845051267,
          0.005015108985}},
        {16,
         25,
         1e-05,
         4,
         0,
         false,
         true,
         {187.5, 3.75, 0.00672452216, 0.0360307588568, 0.010507065875, 0.007704, 0.0427552810168,
          0.005015108985}},
        {128,
         25,
         1e-05,
         4,
         16 << 20,
         false,
         false,
         {23.4375, 0.46875, 0.00672452216, 0.0364035870143, 0.00761762275937, 0.002024,
          0.0431281091743, 0.00126388862312}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const struct step_network network = network_of(cases[c].gigabits, cases[c].latency);
        struct step_schedule schedule = schedule_of_nodes(cases[c].nodes);
        struct step_work work = paper;
        struct step_time time;
        schedule.gradient_wire = schedule.weight_wire = cases[c].wire;
        schedule.bucket = cases[c].bucket;
        schedule.no_overlap = cases[c].no_overlap;
        schedule.together = cases[c].together;
        work.imbalance = cases[c].nodes == 1 ? 0 : work.imbalance;
        step_time_of(&large, &work, &one_rank, &network, &schedule, &time);
        const double parts[] = {time.compute, time.waiting,  time.clear,   time.stall,
                                time.sums,    time.messages, time.exposed, time.update};
        double sum = 0;
        for (int p = 0; p < 8; p++) {
            assert_near(parts[p], cases[c].parts[p]);
            sum += parts[p];
        }
        assert_near(step_time_seconds(&time), sum);
    }
}

static void a_small_model_on_a_slow_network(void **state)
{
    (void)state;
    static const struct step_shape shape = {4, 256, 1024, 8000, 128, 2};
    static const struct step_work work = {64, 6000, 900, 2e11, 0.01};
    static const struct step_node node = {
        .ranks = 1, .useful = 5e10, .memory = 2e10, .message = 2e-6, .sums = -1};
    const struct step_network network = network_of(1, 5e-5);
    struct step_schedule schedule = schedule_of_nodes(4);
    struct step_time time;
    schedule.micro_batch = 512;
    step_time_of(&shape, &work, &node, &network, &schedule, &time);
    assert_near(step_shape_elements(&shape), 5381442);
    assert_near(time.compute, 1);
    assert_near(time.stall, 0.053930359122);
    assert_near(time.exposed, 0.0444099061822);
    assert_near(time.messages, 0.000192);
    assert_near(time.update, 0.0058597931);
    const double own = 5381442.0 / 4 * 4 * STEP_FLOATS_UPDATED / node.memory;
    assert_near(time.network,
                time.stall + time.exposed + time.messages + time.sums + time.update - own);
    assert_near(time.bytes, 2 * 4 * 5381442.0 * 3 / 4);
}

static void the_model_has_as_many_elements(void **state)
{
    (void)state;
    const struct bert_config config = {.layers = 3,
                                       .hidden = 24,
                                       .heads = 4,
                                       .intermediate = 40,
                                       .vocab = 123,
                                       .positions = 20,
                                       .types = 2};
    const struct step_shape shape = step_shape_of(&config);
    struct param_table table;
    param_table_init(&table, &config);
    assert_near(step_shape_elements(&shape), (double)table.weights);
    param_table_release(&table);
    assert_near(step_shape_elements(&large),
                336226108); /* BERT-Large's, as show checkpoint has it */
}

static void a_faster_network_never_makes_a_step_longer(void **state)
{
    (void)state;
    static const double gigabits[] = {1, 10, 25, 100, 400};
    double last = INFINITY;
    for (int g = 0; g < 5; g++) {
        const double now =
            seconds_of(&paper, &one_rank, network_of(gigabits[g], 2e-6), schedule_of_nodes(1024));
        assert_true(now < last);
        last = now;
    }
    const struct step_node free_node = {.ranks = 1, .useful = 2e12, .memory = 1e30, .sums = -1};
    const struct step_network free_network = {1e30, 0};
    assert_near(seconds_of(&paper, &free_node, free_network, schedule_of_nodes(1024)),
                1.02 * 6e15 / 1024 / 2e12);
}

static void nothing_is_sent_twice(void **state)
{
    (void)state;
    static const int nodes[] = {2, 12, 17, 32, 270, 1024};
    const struct step_network network = network_of(25, 1e-5);
    for (int i = 0; i < 6; i++) {
        struct step_schedule schedule = schedule_of_nodes(nodes[i]);
        struct step_time whole, half;
        step_time_of(&large, &paper, &one_rank, &network, &schedule, &whole);
        schedule.gradient_wire = schedule.weight_wire = 2;
        step_time_of(&large, &paper, &one_rank, &network, &schedule, &half);
        assert_near(whole.bytes, 2 * 4 * 336226108.0 * (nodes[i] - 1) / nodes[i]);
        assert_near(half.bytes, whole.bytes / 2);
    }
}

/* Where the network takes nearly all the time, it takes what two passes of all bytes take. */
static void an_endless_network_takes_two_passes(void **state)
{
    (void)state;
    struct step_schedule schedule = schedule_of_nodes(1024);
    schedule.together = true;
    const double passes = 2 * 4 * 336226108.0 * 1023 / 1024 / 1.25e6;
    const double seconds = seconds_of(&paper, &one_rank, network_of(0.01, 0), schedule);
    assert_true(passes < seconds && seconds < passes + 3.1);
}

static void ranks_of_a_node_share_its_memory_and_its_way_out(void **state)
{
    (void)state;
    const struct step_network network = network_of(10, 2e-5);
    const struct step_schedule schedule = schedule_of_nodes(8);
    struct step_node node = one_rank;
    struct step_time one, four, measured;
    step_time_of(&large, &paper, &node, &network, &schedule, &one);
    node.ranks = 4;
    step_time_of(&large, &paper, &node, &network, &schedule, &four);
    assert_near(four.bytes, one.bytes);
    assert_near(four.compute, one.compute);
    assert_near(four.update, one.update);
    assert_near(four.clear, 4 * one.clear);
    assert_near(four.sums - one.sums, 5 * 4 * 336226108.0 / node.memory);
    node.sums = 0.25;
    step_time_of(&large, &paper, &node, &network, &schedule, &measured);
    assert_near(measured.sums - one.sums, 0.25);
}

static void shares_are_cut_into_as_few_micro_batches_as_can_be(void **state)
{
    (void)state;
    const struct step_work work = {1024 * 32, 1024 * 3200.0, 1024 * 480.0, 1024 * 6e12, 0};
    assert_near(step_micro_batches(&work, 1024, 4096), 1);
    assert_near(step_micro_batches(&work, 512, 4096), 2);
    assert_near(step_micro_batches(&work, 1e6, 4096), 1);
}

static void fewer_pieces_than_tokens_and_than_the_vocabulary(void **state)
{
    (void)state;
    assert_near(step_different_pieces(471, 30522), 236);
    assert_near(step_different_pieces(1e5, 30522), 11968.728680612376);
    assert_near(step_different_pieces(1e5, 5000), 5000);
    assert_near(step_different_pieces(1e12, 30522), 30522);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_are_those_of_the_equations),
        cmocka_unit_test(a_small_model_on_a_slow_network),
        cmocka_unit_test(the_model_has_as_many_elements),
        cmocka_unit_test(a_faster_network_never_makes_a_step_longer),
        cmocka_unit_test(nothing_is_sent_twice),
        cmocka_unit_test(an_endless_network_takes_two_passes),
        cmocka_unit_test(ranks_of_a_node_share_its_memory_and_its_way_out),
        cmocka_unit_test(shares_are_cut_into_as_few_micro_batches_as_can_be),
        cmocka_unit_test(fewer_pieces_than_tokens_and_than_the_vocabulary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
