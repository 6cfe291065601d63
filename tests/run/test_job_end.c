#include "lambert/run/job_end.h"

#include <math.h>
#include <string.h>

#include "lib/unit.h"

static const char *name, *value;

static char *variable(const char *asked)
{
    return name && strcmp(asked, name) == 0 ? (char *)value : NULL;
}

static int find(const char *set, const char *to, struct job_end *end, struct error *err)
{
    name = set;
    value = to;
    return job_end_find(end, variable, 1e9, err);
}

static void assert_ends(const char *set, const char *to, double seconds)
{
    struct job_end end;
    struct error err;
    if (find(set, to, &end, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(end.seconds == seconds);
    if (isinf(seconds))
        assert_null(end.name);
    else
        assert_string_equal(end.name, set);
}

static void assert_senseless(const char *set, const char *to, const char *why)
{
    struct job_end end;
    struct error err;
    assert_int_equal(find(set, to, &end, &err), -1);
    assert_string_equal(err.text, why);
    assert_true(isinf(end.seconds));
}

static void each_scheduler_has_its_way(void **state)
{
    (void)state;
    assert_ends(NULL, NULL, INFINITY);
    assert_ends("SLURM_JOB_END_TIME", "", INFINITY);
    assert_ends("SLURM_JOB_END_TIME", "1000003600", 3600);
    assert_ends("PBS_WALLTIME", "7200", 7200);
    assert_ends("OAR_JOB_WALLTIME_SECONDS", "90", 90);
}

static void what_makes_no_sense_is_said(void **state)
{
    (void)state;
    assert_senseless("SLURM_JOB_END_TIME", "soon",
                     "SLURM_JOB_END_TIME (soon) is no number of seconds");
    assert_senseless("PBS_WALLTIME", "01:00:00", "PBS_WALLTIME (01:00:00) is no number of seconds");
    assert_senseless("PBS_WALLTIME", "inf", "PBS_WALLTIME (inf) is no number of seconds");
    assert_senseless("SLURM_JOB_END_TIME", "999999999",
                     "SLURM_JOB_END_TIME (999999999) is over: it is of another job");
}

static void the_earlier_of_two_ends_counts(void **state)
{
    (void)state;
    struct job_end end = {.seconds = INFINITY};
    job_end_limit(&end, 0);
    assert_true(isinf(end.seconds) && !end.name);
    job_end_limit(&end, 2);
    assert_true(end.seconds == 7200);
    assert_string_equal(end.name, "--max-hours");
    end = (struct job_end){.seconds = 60, .name = "PBS_WALLTIME"};
    job_end_limit(&end, 2);
    assert_true(end.seconds == 60);
    assert_string_equal(end.name, "PBS_WALLTIME");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scheduler_has_its_way),
        cmocka_unit_test(what_makes_no_sense_is_said),
        cmocka_unit_test(the_earlier_of_two_ends_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
