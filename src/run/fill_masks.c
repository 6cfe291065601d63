#include "lambert/run/fill_masks.h"

#include <math.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/text/unicode.h"

static const char mask_text[] = "[MASK]";

static bool is_utf8(const char *text, size_t size)
{
    int32_t code;
    for (size_t i = 0, taken; i < size; i += taken)
        if ((taken = unicode_decode(text + i, size - i, &code)) == 0)
            return false;
    return true;
}

static void put_id(struct buffer *ids, int32_t id)
{
    buffer_put(ids, &id, sizeof id);
}

/* Returns the number of masks. */
static int encode(struct tokenizer *tokenizer, const struct special_tokens *special,
                  const char *text, struct buffer *ids)
{
    int masks = 0;
    put_id(ids, special->cls);
    for (const char *mask; (mask = strstr(text, mask_text)); text = mask + strlen(mask_text)) {
        tokenizer_encode(tokenizer, text, (size_t)(mask - text), ids);
        put_id(ids, special->mask);
        masks++;
    }
    tokenizer_encode(tokenizer, text, strlen(text), ids);
    put_id(ids, special->sep);
    return masks;
}

static void append(struct packed_batch *batch, const int32_t *ids, int tokens, int masks,
                   int32_t mask)
{
    int labelled = batch->labelled;
    const int row = packed_batch_append(batch, tokens, masks);
    memcpy(batch->input_ids + row, ids, (size_t)tokens * sizeof *ids);
    memset(batch->token_type_ids + row, 0, (size_t)tokens);
    for (int t = 0; t < tokens; t++)
        if (ids[t] == mask) {
            batch->labelled_rows[labelled] = row + t;
            batch->row_labels[labelled++] = -1;
        }
}

int fill_masks_append(struct packed_batch *batch, struct tokenizer *tokenizer,
                      const struct vocabulary *vocabulary, const char *text, int positions,
                      struct error *err)
{
    const struct special_tokens special = vocabulary_special_tokens(vocabulary);
    struct buffer ids = {0};
    int status = 0;
    if (!is_utf8(text, strlen(text)))
        return error_set(err, "it has bytes that are not UTF-8; convert it first, as in iconv -f "
                              "latin1 -t utf-8");
    const int masks = encode(tokenizer, &special, text, &ids);
    const size_t tokens = ids.size / sizeof(int32_t);
    if (masks == 0)
        status = error_set(err, "it has no %s for the model to fill", mask_text);
    else if (tokens > (size_t)positions)
        status =
            error_set(err,
                      "it has %zu tokens with [CLS] and [SEP], and the model positions for %d; "
                      "shorten it",
                      tokens, positions);
    else
        append(batch, (const int32_t *)ids.data, (int)tokens, masks, special.mask);
    buffer_release(&ids);
    return status;
}

struct bert_capacity fill_masks_capacity(int positions)
{
    return (struct bert_capacity){
        .tokens = positions, .sequences = 1, .labelled = positions, .longest = positions};
}

void fill_masks_logits(struct bert *bert, const real *params, const struct packed_batch *batch,
                       real *logits)
{
    const struct objective_outputs outputs = {.logits = logits};
    struct objective_sums sums = {0};
    bert_predict(bert, params, batch, &outputs, &sums);
}

static bool is_better(const real *logits, int32_t token, const struct guess *than)
{
    return than->token < 0 || logits[token] > logits[than->token];
}

void fill_masks_best(const real *logits, int vocab, struct guess *best, int count)
{
    double sum = 0;
    require(0 < count && count <= vocab);
    for (int b = 0; b < count; b++)
        best[b].token = -1;
    for (int32_t token = 0; token < vocab; token++) {
        int place = count;
        while (place > 0 && is_better(logits, token, &best[place - 1]))
            place--;
        if (place == count)
            continue;
        memmove(best + place + 1, best + place, (size_t)(count - 1 - place) * sizeof *best);
        best[place].token = token;
    }
    const double most = (double)logits[best[0].token];
    for (int token = 0; token < vocab; token++)
        sum += exp((double)logits[token] - most);
    for (int b = 0; b < count; b++)
        best[b].probability = exp((double)logits[best[b].token] - most) / sum;
}
