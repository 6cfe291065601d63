#include "lambert/run/pair_scorer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/dist/call_off.h"
#include "lambert/text/tokenizer.h"

struct pair_scorer {
    int pairs, sentences; /* sentences 2 p and 2 p + 1 are those of pair p */
    struct buffer ids;    /* of all sentences, int32_t, [CLS] and [SEP] included */
    size_t *starts;       /* [sentences + 1] in ids */
    int pieces;           /* of all sentences, which are the copies */
    int longest, shortest;
    uint8_t *continuation; /* [V] whether an id goes on with a word */
    int32_t mask;
};

/* --- sentences -------------------------------------------------------------------------------- */

/* Appends a sentence; returns its tokens. */
static size_t encode(struct pair_scorer *scorer, struct tokenizer *tokenizer,
                     const struct special_tokens *special, const char *text)
{
    const size_t before = scorer->ids.size;
    buffer_put(&scorer->ids, &special->cls, sizeof special->cls);
    tokenizer_encode(tokenizer, text, strlen(text), &scorer->ids);
    buffer_put(&scorer->ids, &special->sep, sizeof special->sep);
    return (scorer->ids.size - before) / sizeof(int32_t);
}

static int check_sentence(const struct pair_scorer *scorer, const struct minimal_pairs *pairs,
                          int pair, int which, size_t tokens, int longest, struct error *err)
{
    const char *name = pair_sentence_names[which];
    const int line = pairs->at[pair].line;
    if (tokens <= 2)
        return error_set(err, "%s:%d: %s has no word", pairs->path, line, name);
    if (tokens > (size_t)longest)
        return error_set(err,
                         "%s:%d: %s has %zu tokens with [CLS] and [SEP], and the model takes up to "
                         "%d; leave that pair out",
                         pairs->path, line, name, tokens, longest);
    if (scorer->pieces > INT_MAX - longest)
        return error_set(err, "%s:%d: more than %d word pieces up to here; score the file in parts",
                         pairs->path, line, scorer->pieces);
    return 0;
}

static int encode_all(struct pair_scorer *scorer, const struct minimal_pairs *pairs,
                      const struct vocabulary *vocabulary,
                      const struct tokenizer_options *tokenizer_options, int longest,
                      struct error *err)
{
    const struct special_tokens special = vocabulary_special_tokens(vocabulary);
    struct tokenizer *tokenizer = tokenizer_new(vocabulary, tokenizer_options);
    int status = 0;
    scorer->shortest = longest;
    for (int s = 0; status == 0 && s < scorer->sentences; s++) {
        const int pair = s / PAIR_SENTENCES, which = s % PAIR_SENTENCES;
        const char *text = pairs->at[pair].sentences[which];
        const size_t tokens = encode(scorer, tokenizer, &special, text);
        scorer->starts[s + 1] = scorer->starts[s] + tokens;
        status = check_sentence(scorer, pairs, pair, which, tokens, longest, err);
        if (status < 0)
            break;
        scorer->pieces += (int)tokens - 2;
        scorer->longest = max_int(scorer->longest, (int)tokens);
        scorer->shortest = min_int(scorer->shortest, (int)tokens);
    }
    tokenizer_free(tokenizer);
    return status;
}

int pair_scorer_new(struct pair_scorer **out, const struct minimal_pairs *pairs,
                    const struct vocabulary *vocabulary,
                    const struct tokenizer_options *tokenizer_options, int longest,
                    struct error *err)
{
    const size_t vocab = (size_t)vocabulary_size(vocabulary);
    *out = NULL;
    if (pairs->count > INT_MAX / PAIR_SENTENCES)
        return error_set(err, "%s has %d pairs; score it in parts", pairs->path, pairs->count);
    struct pair_scorer *scorer = memory_new(1, sizeof *scorer);
    scorer->pairs = pairs->count;
    scorer->sentences = pairs->count * PAIR_SENTENCES;
    scorer->starts = memory_new((size_t)scorer->sentences + 1, sizeof *scorer->starts);
    scorer->mask = vocabulary_special_tokens(vocabulary).mask;
    scorer->continuation = memory_new(vocab, sizeof *scorer->continuation);
    memcpy(scorer->continuation, vocabulary_continuation(vocabulary), vocab);
    if (encode_all(scorer, pairs, vocabulary, tokenizer_options, longest, err) < 0) {
        pair_scorer_free(scorer);
        return -1;
    }
    *out = scorer;
    return 0;
}

void pair_scorer_free(struct pair_scorer *scorer)
{
    if (!scorer)
        return;
    buffer_release(&scorer->ids);
    free(scorer->starts);
    free(scorer->continuation);
    free(scorer);
}

int pair_scorer_count(const struct pair_scorer *scorer)
{
    return scorer->pairs;
}

struct bert_capacity pair_scorer_capacity(const struct pair_scorer *scorer, int tokens)
{
    const int rows = max_int(tokens, scorer->longest);
    return (struct bert_capacity){.tokens = rows,
                                  .sequences = rows / scorer->shortest,
                                  .labelled = rows / scorer->shortest,
                                  .longest = scorer->longest};
}

/* --- scoring ---------------------------------------------------------------------------------- */

/* A rank's walk through all copies, of which it computes every ranks-th batch. */
struct walk {
    const struct pair_scorer *scorer;
    struct bert *bert;
    const real *params;
    struct bert_capacity capacity;
    bool mine;                 /* the batch at hand is this rank's */
    int number;                /* of the batch at hand */
    int tokens, copies;        /* in it */
    struct packed_batch batch; /* the same copies, where it is mine */
    int first;                 /* the first of them, of all */
    double *losses;            /* [pieces] of this rank's batches */
    bool (*told)(void);        /* NULL: nobody is told to end */
    struct call_off call_off;
    bool given_up; /* no more batches are computed */
};

static void run_batch(struct walk *walk)
{
    const struct objective_list objectives = bert_objectives(walk->bert);
    struct objective_outputs outputs[OBJECTIVE_MOST] = {{0}};
    struct objective_sums sums[OBJECTIVE_MOST] = {{0}};
    for (int o = 0; o < objectives.count; o++)
        if (objectives.rows[o] == &objective_mlm)
            outputs[o].losses = walk->losses + walk->first;
    bert_predict(walk->bert, walk->params, &walk->batch, outputs, sums);
    activity_heartbeat();
}

static void next_batch(struct walk *walk, const struct dist *dist)
{
    if (walk->told && !walk->given_up)
        walk->given_up = call_off_heard(dist, &walk->call_off, walk->told());
    if (walk->mine && walk->copies > 0 && !walk->given_up)
        run_batch(walk);
    packed_batch_reset(&walk->batch);
    walk->first += walk->copies;
    walk->number += walk->copies > 0;
    walk->tokens = walk->copies = 0;
    walk->mine = walk->number % dist_size(dist) == dist_rank(dist);
}

/* The sentence with the piece in row `at` masked, and the rest of its word. */
static void append_copy(struct walk *walk, const int32_t *ids, int tokens, int at)
{
    const struct pair_scorer *scorer = walk->scorer;
    struct packed_batch *batch = &walk->batch;
    const int copy = batch->labelled, row = packed_batch_append(batch, tokens, 1);
    int32_t *copied = batch->input_ids + row;
    memcpy(copied, ids, (size_t)tokens * sizeof *ids);
    memset(batch->token_type_ids + row, 0, (size_t)tokens);
    batch->labelled_rows[copy] = row + at;
    batch->row_labels[copy] = ids[at];
    copied[at] = scorer->mask;
    for (int t = at + 1; scorer->continuation[ids[t]]; t++)
        copied[t] = scorer->mask;
}

static void walk_sentence(struct walk *walk, const struct dist *dist, int sentence)
{
    const struct pair_scorer *scorer = walk->scorer;
    const struct bert_capacity *capacity = &walk->capacity;
    const size_t start = scorer->starts[sentence];
    const int32_t *ids = (const int32_t *)scorer->ids.data + start;
    const int tokens = (int)(scorer->starts[sentence + 1] - start);
    for (int at = 1; at < tokens - 1; at++) {
        if (walk->tokens + tokens > capacity->tokens ||
            walk->copies == min_int(capacity->sequences, capacity->labelled))
            next_batch(walk, dist);
        if (walk->mine)
            append_copy(walk, ids, tokens, at);
        walk->tokens += tokens;
        walk->copies++;
    }
}

/* The losses of all copies, on all ranks; no: given up. */
static bool find_losses(const struct pair_scorer *scorer, const struct dist *dist,
                        struct bert *bert, const real *params, const struct bert_capacity *capacity,
                        bool (*told)(void), double *losses)
{
    struct walk walk = {.scorer = scorer,
                        .bert = bert,
                        .params = params,
                        .capacity = *capacity,
                        .losses = losses,
                        .told = told};
    call_off_begin(&walk.call_off);
    packed_batch_init(&walk.batch);
    next_batch(&walk, dist);
    for (int s = 0; s < scorer->sentences && !walk.given_up; s++)
        walk_sentence(&walk, dist, s);
    next_batch(&walk, dist);
    packed_batch_release(&walk.batch);
    if (told && call_off_agree(dist, &walk.call_off))
        return false;
    dist_sum_double(dist, losses, scorer->pieces);
    return true;
}

bool pair_scorer_run(const struct pair_scorer *scorer, const struct dist *dist, struct bert *bert,
                     const real *params, const struct bert_capacity *capacity, bool (*told)(void),
                     struct pair_score *scores)
{
    double *losses = memory_new((size_t)scorer->pieces, sizeof *losses);
    const double *loss = losses;
    require(scorer->longest <= capacity->tokens && scorer->longest <= capacity->longest);
    const bool found = find_losses(scorer, dist, bert, params, capacity, told, losses);
    for (int s = 0; found && s < scorer->sentences; s++) {
        const size_t pieces = scorer->starts[s + 1] - scorer->starts[s] - 2;
        double *score = &scores[s / PAIR_SENTENCES].sentences[s % PAIR_SENTENCES];
        *score = 0;
        for (size_t i = 0; i < pieces; i++)
            *score -= *loss++;
    }
    free(losses);
    return found;
}

bool pair_scorer_accuracy(const struct pair_scorer *scorer, const struct dist *dist,
                          struct bert *bert, const real *params,
                          const struct bert_capacity *capacity, bool (*told)(void),
                          double *accuracy)
{
    struct pair_score *scores = memory_new((size_t)scorer->pairs, sizeof *scores);
    int right = 0;
    const bool found = pair_scorer_run(scorer, dist, bert, params, capacity, told, scores);
    for (int p = 0; found && p < scorer->pairs; p++)
        right += pair_is_right(&scores[p]);
    free(scores);
    *accuracy = (double)right / scorer->pairs;
    return found;
}
