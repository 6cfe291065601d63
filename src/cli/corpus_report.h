/* What a corpus holds and what is wrong with it, for people: the end of `lambert prep` and `lambert
 * show corpus`. */
#ifndef LAMBERT_CLI_CORPUS_REPORT_H
#define LAMBERT_CLI_CORPUS_REPORT_H

#include "lambert/corpus/corpus.h"
#include "lambert/run/corpus_statistics.h"

double corpus_report_unknown_part(const struct corpus_report *report);

void corpus_report_print(const struct corpus *corpus, const struct corpus_statistics *statistics);

#endif
