/* What a corpus is divided into: documents to train on, and those set aside for evaluation. */
#ifndef LAMBERT_CORPUS_CORPUS_SPLIT_H
#define LAMBERT_CORPUS_CORPUS_SPLIT_H

enum corpus_split { CORPUS_TRAIN, CORPUS_HELDOUT, CORPUS_SPLITS };
extern const char *const corpus_split_names[CORPUS_SPLITS]; /* "train", "heldout" */

#endif
