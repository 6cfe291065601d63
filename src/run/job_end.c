#include "lambert/run/job_end.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static const struct {
    const char *name;
    bool is_time; /* seconds since 1970; else how long the job may take */
} variables[] = {
    {"SLURM_JOB_END_TIME", true}, {"PBS_WALLTIME", false}, {"OAR_JOB_WALLTIME_SECONDS", false}};

int job_end_find(struct job_end *end, char *(*variable)(const char *name), double now,
                 struct error *err)
{
    *end = (struct job_end){.seconds = INFINITY};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *name = variables[i].name, *text = variable(name);
        char *rest;
        if (!text || !text[0])
            continue;
        const double value = strtod(text, &rest);
        const double seconds = variables[i].is_time ? value - now : value;
        if (*rest != '\0' || !isfinite(value))
            return error_set(err, "%s (%.40s) is no number of seconds", name, text);
        if (seconds <= 0)
            return error_set(err, "%s (%.40s) is over: it is of another job", name, text);
        *end = (struct job_end){.seconds = seconds, .name = name};
        return 0;
    }
    return 0;
}

void job_end_limit(struct job_end *end, double hours)
{
    if (hours > 0 && 3600 * hours < end->seconds)
        *end = (struct job_end){.seconds = 3600 * hours, .name = "--max-hours"};
}
