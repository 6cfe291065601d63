/* What a preparation counted: it adds up over the chunks of the input, goes by name into the
 * manifest, and is what `show corpus` prints. */
#ifndef LAMBERT_CORPUS_CORPUS_REPORT_H
#define LAMBERT_CORPUS_CORPUS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

/* Documents and lines count as duplicates when another has the same bytes; the first
 * of each does not count. What was dropped or excluded counts in `documents` and in its own numbers
 * only; but words are those of all that was tokenised, and what was excluded was not. */
struct corpus_report {
    uint64_t input_bytes; /* of text, inflated */
    uint64_t files;
    uint64_t documents, empty_documents, heldout_documents, one_sentence_documents;
    uint64_t cut_documents;      /* parts that begin inside a document longer than a shard */
    uint64_t unclosed_documents; /* WikiExtractor: <doc> without </doc> */
    uint64_t damaged_lines;      /* JSON: what is no object, */
    uint64_t keyless_lines;      /* objects without the keys of a document, */
    uint64_t textless_lines;     /* objects with something else than a text under them, */
    uint64_t action_lines;       /* and lines of Elasticsearch's bulk form that are none of these */
    uint64_t unparted_files,
        unparted_lines; /* plain files, and their many lines, without a blank line */
    uint64_t
        wrapped_bytes; /* of text, in parts whose lines look as if they had been broken to fit a page */
    uint64_t lines, text_bytes;                    /* of documents that are not empty */
    uint64_t documents_per_print, lines_per_print; /* 1: duplicates are exact; n: estimated from
                                                      every n-th */
    uint64_t duplicate_documents, duplicate_document_bytes;
    uint64_t duplicate_lines, duplicate_line_bytes;
    uint64_t dropped_documents, dropped_document_bytes;   /* copies that were not kept */
    uint64_t excluded_documents, excluded_document_bytes; /* shared an n-gram with a test set */
    uint64_t exclusion_words, exclusion_ngrams;           /* of an n-gram; 0: nothing to exclude */
    uint64_t sentences, tokens;
    uint64_t words, unknown_words;
    uint64_t invalid_bytes;
    uint64_t characters,
        accents; /* of what was tokenised; of these: that lost accents, or were one */
    uint64_t corpus_bytes;
    double seconds;
};

/* The same as a table: field f of corpus_report_fields has a name and a place. */
extern const int corpus_report_fields;

const char *corpus_report_name(int field);
bool corpus_report_is_late(int field); /* corpora that older programs made have it not: it is 0 */
uint64_t *corpus_report_field(struct corpus_report *report, int field);
/* How many documents are in the corpus: those with text that were neither dropped nor excluded. */
uint64_t corpus_report_kept(const struct corpus_report *report);
void corpus_report_add(struct corpus_report *into, const struct corpus_report *part);

#endif
