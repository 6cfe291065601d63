/* What a corpus holds and what is wrong with it, for people: the end of `lambert prep` and `lambert
 * show corpus`. */
#ifndef LAMBERT_CLI_CORPUS_REPORT_H
#define LAMBERT_CLI_CORPUS_REPORT_H

#include "lambert/corpus/corpus.h"
#include "lambert/sample/corpus_statistics.h"

double corpus_report_unknown_part(const struct corpus_report *report);

/* What the training split is like, and what training on it with the default options would meet. */
int corpus_report_measure(struct corpus_statistics *statistics, const struct corpus *corpus,
                          struct error *err);

/* A warning where hardly a sentence ends: text of a language without stops, or of a form in which
 * they are not seen. */
void corpus_report_warn(const struct corpus *corpus, const struct corpus_statistics *statistics);

void corpus_report_print(const struct corpus *corpus, const struct corpus_statistics *statistics);

#endif
