/* The published sizes of BERT (Devlin et al., arXiv 1810.04805). */
#ifndef LAMBERT_TESTS_MODEL_PUBLISHED_H
#define LAMBERT_TESTS_MODEL_PUBLISHED_H

#include "lambert/model/bert_config.h"

extern const struct bert_config bert_base, bert_large;

#endif
