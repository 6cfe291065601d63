#include "lambert/corpus/corpus_split.h"

const char *const corpus_split_names[CORPUS_SPLITS] = {"train", "heldout"};
