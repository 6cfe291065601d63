/* Files of lambert bench, as they are and as they are not. */
#include "lib/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lambert/plan/bench_files.h"
#include "lib/scratch.h"

#define RESULT(name, value) "{\"name\":\"" name "\",\"value\":" value ",\"unit\":\"\"}"

static const char model[] =
    "{\"part\":\"model\",\"cpu\":\"a CPU\",\"threads\":8,\"compute_type\":\"float32\",\"ranks\":2,"
    "\"hidden_size\":768,\"intermediate_size\":3072,\"results\":[" RESULT(
        "bandwidth-mixed",
        "20") "," RESULT("peak-128",
                         "400") "," RESULT("forward-share-of-peak-128",
                                           "80") "," RESULT("micro-batch-share-of-peak-128",
                                                            "75") "," RESULT("update-bandwidth",
                                                                             "18") "]}";

static const char net[] =
    "{\"part\":\"net\",\"results\":[" RESULT("ranks", "4") "," RESULT("nodes", "4") "," RESULT(
        "latency", "25") "," RESULT("all-at-once", "1.25") "," RESULT("message", "2") "]}";

static const char *written(const char *text)
{
    const char *path = scratch_path("bench.json");
    scratch_write(path, text, strlen(text));
    return path;
}

static void assert_near(double a, double b)
{
    assert_true(fabs(a - b) <= 1e-9 * fabs(b));
}

/* A sentence that has these words, and nothing to close. */
static void assert_refused(int status, const struct error *err, const char *words)
{
    assert_int_equal(status, -1);
    if (!strstr(err->text, words))
        fail_msg("'%s' does not say '%s'", err->text, words);
}

static void a_node_is_as_fast_as_was_measured(void **state)
{
    (void)state;
    struct bench_file file;
    struct plan_speed speed;
    struct error err;
    double memory;
    assert_int_equal(bench_file_open(&file, written(model), &err), 0);
    assert_true(file.ranks == 2 && file.threads == 8 && strcmp(file.cpu, "a CPU") == 0);
    assert_int_equal(bench_file_speed(&file, 128, 2, &speed, &err), 0);
    assert_near(speed.useful, 600e9); /* of both ranks */
    assert_near(speed.forward, 640e9);
    assert_true(speed.sums < 0);
    assert_int_equal(bench_file_memory(&file, 2, &memory, &err), 0);
    assert_near(memory, 40e9);
    assert_refused(
        bench_file_speed(&file, 512, 2, &speed, &err), &err,
        "has no micro-batch-share-of-peak-512: lambert bench model is to be given this configuration");
    bench_file_close(&file);
}

static void one_rank_has_the_memory_of_the_node(void **state)
{
    (void)state;
    char text[sizeof model];
    struct bench_file file;
    struct error err;
    double memory;
    strcpy(text, model);
    strstr(text, "\"ranks\":2")[8] = '1';
    assert_int_equal(bench_file_open(&file, written(text), &err), 0);
    assert_int_equal(bench_file_memory(&file, 4, &memory, &err), 0);
    assert_near(memory, 18e9);
    bench_file_close(&file);
}

static void what_was_measured_of_another_run_is_refused(void **state)
{
    (void)state;
    struct bench_file file;
    struct config config;
    struct error err;
    config_defaults(&config);
    config.model.hidden_size = 768;
    config.model.intermediate_size = 3072;
    assert_int_equal(bench_file_open(&file, written(model), &err), 0);
    assert_int_equal(bench_file_check(&file, &config, &err), 0);
    config.model.hidden_size = 1024;
    assert_refused(bench_file_check(&file, &config, &err), &err,
                   "width 768 and 3072, and this one has 1024");
    config.train.compute_type = TYPE_BFLOAT16;
    assert_refused(bench_file_check(&file, &config, &err), &err,
                   "measure with train.compute_type=bfloat16");
    bench_file_close(&file);
}

static void what_is_no_such_file_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"",
                                         "{",
                                         "[]",
                                         "null",
                                         "7",
                                         "{}",
                                         "{\"part\":7,\"results\":[]}",
                                         "{\"part\":\"model\"}",
                                         "{\"part\":\"model\",\"results\":{}}",
                                         "\xff\xfe"};
    struct bench_file file;
    struct step_network network;
    struct error err;
    double message;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_refused(bench_file_open(&file, written(others[i]), &err), &err,
                       "is not what lambert bench model");
        bench_file_close(&file);
        assert_refused(bench_net_read(written(others[i]), &network, &message, &err), &err,
                       "is not what lambert bench net");
    }
    assert_refused(bench_file_open(&file, written(net), &err), &err, "but of lambert bench net");
    assert_refused(bench_file_open(&file, "nowhere.json", &err), &err, "nowhere.json");
}

/* Numbers that are none, too small, or not there: each name of the file in its turn. */
static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0", "-1", "null", "\"1\"", "1e999"};
    struct step_network network;
    struct error err;
    char text[512];
    double message;
    for (int i = 0; i < 5; i++) {
        snprintf(text, sizeof text,
                 "{\"part\":\"net\",\"results\":[3,{},{\"name\":\"ranks\",\"value\":%s}]}",
                 wrong[i]);
        assert_refused(bench_net_read(written(text), &network, &message, &err), &err,
                       "has no ranks above 0");
    }
}

static void a_network_is_between_nodes(void **state)
{
    (void)state;
    char text[sizeof net];
    struct step_network network;
    struct error err;
    double message;
    assert_int_equal(bench_net_read(written(net), &network, &message, &err), 0);
    assert_near(network.bandwidth, 1.25e9);
    assert_near(network.latency, 25e-6);
    assert_near(message, 2e-6);
    strcpy(text, net);
    strchr(strstr(text, "\"ranks\""), '4')[0] = '8';
    assert_refused(bench_net_read(written(text), &network, &message, &err), &err,
                   "8 ranks on 4 nodes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_is_as_fast_as_was_measured),
        cmocka_unit_test(one_rank_has_the_memory_of_the_node),
        cmocka_unit_test(what_was_measured_of_another_run_is_refused),
        cmocka_unit_test(what_is_no_such_file_is_refused),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(a_network_is_between_nodes),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
