#include "lambert/run/rate_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lib/scratch.h"

static const char *write_text(const char *name, const char *text)
{
    const char *path = scratch_path(name);
    scratch_write(path, text, strlen(text));
    return path;
}

#define STEP(phase, step, rate)                                                                    \
    "{\"kind\":\"step\",\"phase\":\"" phase "\",\"phase_step\":" #step                             \
    ",\"total_step\":9,\"learning_rate\":" #rate "}\n"

/* Of this phase's steps alone; a line that is there twice counts as it is there last. */
static void a_run_is_read_by_phase(void **state)
{
    (void)state;
    struct rate_record record;
    struct error err;
    const char *path = write_text(
        "metrics.jsonl",
        "{\"kind\":\"run\",\"phase\":\"two\",\"phase_step\":0}\n" STEP("one", 1, 0.5) STEP(
            "two", 2, 0.29999999999999999) STEP("two", 4, 5e-324)
            STEP("two", 5, 7) "{\"kind\":\"evaluation\",\"phase\":\"two\",\"phase_step\":5}\n" STEP(
                "two", 5, 0) "{\"kind\":\"step\",\"phase\":\"two\",\"phase_st");
    assert_int_equal(rate_record_read(&record, path, "two", &err), 0);
    assert_int_equal(record.count, 5);
    assert_true(isnan(record.rates[0]) && isnan(record.rates[2]));
    assert_true(record.rates[1] == 0.3 && record.rates[3] == 5e-324 && record.rates[4] == 0);

    struct config_phase phase = {.name = "two", .rates = "m", .steps = 5};
    assert_int_equal(rate_record_covers(&record, &phase, 3, &err), 0);
    assert_int_equal(rate_record_covers(&record, &phase, 5, &err), 0);
    assert_int_equal(rate_record_covers(&record, &phase, 2, &err), -1);
    assert_string_equal(err.text,
                        "phase.two.rates: m has no rate of step 3 of the phase, which has "
                        "5; give fewer steps, or the record of them all");
    phase.steps = 6;
    assert_int_equal(rate_record_covers(&record, &phase, 3, &err), -1);
    rate_record_release(&record);

    /* A folder means the file in it. */
    char *folder = path_folder(path);
    assert_int_equal(rate_record_read(&record, folder, "one", &err), 0);
    assert_int_equal(record.count, 1);
    assert_true(record.rates[0] == 0.5);
    rate_record_release(&record);
    assert_int_equal(rate_record_read(&record, folder, "three", &err), -1);
    assert_non_null(strstr(err.text, "metrics.jsonl has no step of a phase three"));
    free(folder);
}

static void numbers_stand_a_line_each(void **state)
{
    (void)state;
    struct rate_record record;
    struct error err;
    const char *path = write_text("numbers", "1e-3\n\n0.25 \r\n0");
    assert_int_equal(rate_record_read(&record, path, "one", &err), 0);
    assert_int_equal(record.count, 3);
    assert_true(record.rates[0] == 1e-3 && record.rates[1] == 0.25 && record.rates[2] == 0);
    rate_record_release(&record);
}

static void what_is_no_rate_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"0.1\n-1\n",
                                      "0.1\nnan\n",
                                      "0.1\ninf\n",
                                      "0.1\n0.1 0.2\n",
                                      "0.1\nx\n",
                                      "0.1\n \n",
                                      "\n" STEP("one", 0, 0.1),
                                      "\n" STEP("one", -1, 0.1),
                                      "\n" STEP("one", 1000000001, 0.1),
                                      "\n" STEP("one", 1e300, 0.1),
                                      "\n" STEP("one", 1, null),
                                      "\n" STEP("one", 1, -0.1)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rate_record record;
        struct error err;
        if (rate_record_read(&record, write_text("bad", bad[i]), "one", &err) == 0)
            fail_msg("taken: %s", bad[i]);
        assert_non_null(strstr(err.text, "bad: line 2 has no rate that a step can have"));
        assert_null(record.rates);
    }
    struct rate_record record;
    struct error err;
    assert_int_equal(rate_record_read(&record, write_text("empty", ""), "one", &err), -1);
    assert_int_equal(rate_record_read(&record, scratch_path("nowhere"), "one", &err), -1);
}

static void the_hash_tells_what_and_where(void **state)
{
    (void)state;
    double one[] = {0.5, 0.25}, other[] = {0.5, 0.125};
    struct rate_record none[CONFIG_MAX_PHASES] = {0}, a[CONFIG_MAX_PHASES] = {0},
                       b[CONFIG_MAX_PHASES] = {0}, c[CONFIG_MAX_PHASES] = {0};
    a[0] = (struct rate_record){one, 2};
    b[1] = (struct rate_record){one, 2};
    c[0] = (struct rate_record){other, 2};
    struct config *config = memory_new(1, sizeof *config);
    config->phase_count = 2;
    config->phases[0].steps = config->phases[1].steps = 2;
    assert_true(rate_records_hash(none, config) == 0);
    assert_true(rate_records_hash(a, config) != 0);
    assert_true(rate_records_hash(a, config) != rate_records_hash(b, config));
    assert_true(rate_records_hash(a, config) != rate_records_hash(c, config));
    assert_true(rate_records_hash(a, config) == rate_records_hash(a, config));

    /* Of the steps that there are, whatever else the record has. */
    config->phases[0].steps = 1;
    assert_true(rate_records_hash(a, config) != 0);
    assert_true(rate_records_hash(a, config) == rate_records_hash(c, config));
    free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_read_by_phase),
        cmocka_unit_test(numbers_stand_a_line_each),
        cmocka_unit_test(what_is_no_rate_is_refused),
        cmocka_unit_test(the_hash_tells_what_and_where),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
