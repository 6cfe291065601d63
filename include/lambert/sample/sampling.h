/* What a sample asks of the model: what is hidden, and what is to be said about its two segments.
 */
#ifndef LAMBERT_SAMPLE_SAMPLING_H
#define LAMBERT_SAMPLE_SAMPLING_H

/* What is hidden together. */
enum masking_unit {
    MASK_TOKENS,      /* single tokens (BERT, arXiv 1810.04805, section 3.1) */
    MASK_WHOLE_WORDS, /* all pieces of a word (Google's BERT repository, 2019) */
    MASK_SPANS,       /* n words in a row, n with probability proportional to 1/n (ALBERT, arXiv
                         1909.11942, equation 1) */
};

enum sentence_pairs {
    PAIRS_NSP,  /* next-sentence prediction: B is from another document half of the time, label 1
                   (BERT, section 3.1) */
    PAIRS_SOP,  /* sentence-order prediction: A and B follow each other and are swapped half of the
                   time, label 1 (ALBERT, section 3.1) */
    PAIRS_NONE, /* one segment, no label (RoBERTa, arXiv 1907.11692, section 4.2: DOC-SENTENCES) */
};

/* A configuration's [data] holds one of these, and hands it on as it is. */
struct sampling {
    double short_sequence_probability; /* of passages that are cut to a random shorter length */
    double masked_lm_probability;      /* of a sequence's tokens, special ones counted */
    enum masking_unit masking;
    int longest_span; /* N, words; for MASK_SPANS */

    /* How often a hidden token becomes [MASK], and how often any entry of the vocabulary; else it
     * stays as it was. Each token by itself, whatever the unit. */
    double mask_replace_prob;
    double random_replace_prob;

    enum sentence_pairs sentence_pairs;
};

#endif
