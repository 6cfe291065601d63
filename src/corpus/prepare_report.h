/* The numbers of a preparation as a table: they add up over pieces, and go by name into the
 * manifest. */
#ifndef LAMBERT_SRC_CORPUS_PREPARE_REPORT_H
#define LAMBERT_SRC_CORPUS_PREPARE_REPORT_H

#include <stdint.h>

#include "lambert/corpus/prepare.h"

extern const int prepare_report_fields;

const char *prepare_report_name(int field);
uint64_t *prepare_report_field(struct prepare_report *report, int field);
void prepare_report_add(struct prepare_report *into, const struct prepare_report *part);

#endif
