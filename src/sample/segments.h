/* Cutting a document into passages, runs of sentences of which each becomes one sample: the loop of
 * create_instances_from_document() in Google's create_pretraining_data.py, which calls them chunks,
 * on sentence lengths alone.
 *
 * A passage is sentences up to a target length. For next-sentence prediction A is its head; B is
 * the rest of it, or comes from another document, and then the rest goes back and begins the next
 * passage. For sentence-order prediction A and B are head and rest or rest and head; a passage of
 * one sentence is A alone. Without pairs a passage is A.
 *
 * Everything random about a document in an epoch comes from one key. The numbers for the passage
 * that begins at sentence s start at block (s + 1) << 20 of the key's stream, those for the target
 * length at block 0. So a passage can be cut from its place alone, and counting the passages of a
 * document need not draw what only the pair itself needs (the other document, which end is
 * truncated). */
#ifndef LAMBERT_SAMPLE_SEGMENTS_H
#define LAMBERT_SAMPLE_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/rng.h"
#include "lambert/sample/sampling.h"

struct cutting {
    uint32_t max_tokens;      /* of A and B together: S less the special tokens */
    double short_probability; /* that the target is drawn from [2, max_tokens] instead */
    enum sentence_pairs pairs;
};

struct segments {
    const uint16_t *lengths; /* [sentences], of the document */
    uint32_t sentences;
    uint64_t key;
    enum sentence_pairs pairs;
    uint32_t target; /* tokens of A and B together, drawn once a document */
};

void segments_init(struct segments *segments, const uint16_t *lengths, uint32_t sentences,
                   uint64_t key, const struct cutting *cutting);

struct passage {
    uint32_t first; /* A is sentences [first, a_end) of the document */
    uint32_t a_end;
    uint32_t end;   /* B is sentences [a_end, end), unless random; a_end = end: there is no B */
    bool random;    /* B is from another document */
    bool swapped;   /* what is B here comes first */
    uint32_t next;  /* the sentence that the next passage begins with; `sentences`: there is none */
    struct rng rng; /* for all further choices about this passage */
};

/* The passage that begins at sentence `first` < sentences. */
void segments_cut(const struct segments *segments, uint32_t first, struct passage *passage);

/* The sentence that follows `passages` passages after one that begins at `first`; stops at
 * `sentences` with what is left of `passages`. */
uint32_t segments_skip(const struct segments *segments, uint32_t first, uint64_t *passages);

/* The number of tokens in sentences [first, end). */
uint64_t segments_tokens(const uint16_t *lengths, uint32_t first, uint32_t end);

/* Google's truncate_seq_pair(): while A and B together are too long, the longer one (B when they
 * are as long) loses a token at its front or back, one as likely as the other. What is left of A is
 * tokens [a_skip, a_skip + a_count) of it, likewise B. */
struct truncation {
    uint32_t a_skip, a_count;
    uint32_t b_skip, b_count;
};
struct truncation segments_truncate(uint64_t a_count, uint64_t b_count, uint32_t max_tokens,
                                    struct rng *rng);

#endif
