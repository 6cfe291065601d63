/* The findings of all ranks, put together and printed by rank 0. */
#ifndef LAMBERT_DOCTOR_REPORT_H
#define LAMBERT_DOCTOR_REPORT_H

#include <stdbool.h>

#include "findings.h"
#include "lambert/dist/dist.h"
#include "lambert/doctor/doctor.h"

/* Collective. Prints what a check found on any rank, the same found on several as one, worst first, and counts it. As
 * text: a line "LEVEL CHECK WHERE: WHAT" each, and one with the cure; of very many that are alike but not the same the
 * first few. The findings are empty afterwards. */
void report_check(const struct dist *dist, bool json, const char *check, struct findings *findings,
                  struct doctor_counts *counts);

/* [rank 0] The last line. */
void report_end(bool json, const struct doctor_counts *counts, double seconds);

#endif
