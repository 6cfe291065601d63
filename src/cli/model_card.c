#include "model_card.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/version.h"

/* metrics.jsonl of the run that RUN/checkpoints/NAME belongs to; NULL when it is elsewhere. free()
 */
static char *metrics_path(const char *checkpoint)
{
    static const char folder[] = "checkpoints";
    const char *name = strrchr(checkpoint, '/');
    size_t length = name ? (size_t)(name - checkpoint) : 0, wanted = sizeof folder - 1;
    if (length < wanted || strncmp(name - wanted, folder, wanted) != 0 ||
        (length > wanted && name[-(ptrdiff_t)wanted - 1] != '/'))
        return NULL;
    char *path = memory_text("%.*smetrics.jsonl", (int)(length - wanted), checkpoint);
    if (!file_exists(path)) {
        free(path);
        return NULL;
    }
    return path;
}

static double number(const cJSON *line, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

/* The last evaluation not behind the checkpoint; NULL when there is none. cJSON_Delete() */
static cJSON *last_evaluation(struct buffer *text, int64_t total_steps)
{
    cJSON *last = NULL;
    const char *cursor = buffer_text(text);
    while (*cursor != '\0') {
        size_t length = strcspn(cursor, "\n");
        cJSON *line = cJSON_ParseWithLength(cursor, length);
        const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "kind"));
        if (kind && strcmp(kind, "evaluation") == 0 &&
            number(line, "total_step") <= (double)total_steps) {
            cJSON_Delete(last);
            last = line;
        } else {
            cJSON_Delete(line);
        }
        cursor += length + (cursor[length] == '\n');
    }
    return last;
}

static void print_evaluation(const cJSON *line, struct buffer *card)
{
    buffer_print(card,
                 "## Evaluation\n\n"
                 "After step %.0f, on %.0f held-out sequences of up to %.0f tokens:\n\n"
                 "| | loss | accuracy |\n|---|---|---|\n"
                 "| masked language model | %.4f | %.2f%% |\n"
                 "| guessing from token frequencies | %.4f | %.2f%% |\n",
                 number(line, "total_step"), number(line, "sequences"),
                 number(line, "sequence_length"), number(line, "mlm_loss"),
                 100 * number(line, "mlm_accuracy"), number(line, "unigram_loss"),
                 100 * number(line, "unigram_accuracy"));
    if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(line, "nsp_loss")))
        buffer_print(card, "| sentence pairs | %.4f | %.2f%% |\n", number(line, "nsp_loss"),
                     100 * number(line, "nsp_accuracy"));
    buffer_print(card, "\n");
}

void model_card_print(const struct checkpoint_file *file, const struct bert_config *shape,
                      struct buffer *card)
{
    const struct run_state *state = &file->meta.state;
    char corpus[HASH_TEXT], vocabulary[HASH_TEXT];
    struct buffer metrics = {0};
    struct error err;
    buffer_print(card,
                 "---\ntags:\n- bert\n- fill-mask\nlibrary_name: transformers\n"
                 "pipeline_tag: fill-mask\n---\n\n"
                 "# BERT, %d layers, width %d, %s\n\n"
                 "%.2f million weights; vocabulary of %d; sequences of up to %d tokens. Written by "
                 "`%s` for `BertForPreTraining` of transformers.\n\n"
                 "## Training\n\n",
                 shape->layers, shape->hidden, state->lower_case ? "uncased" : "cased",
                 (double)file->elements / 1e6, shape->vocab, shape->positions, LAMBERT_PROGRAM);
    if (state->total_steps == 0)
        buffer_print(card, "Imported or untrained: this program has made no training step.\n\n");
    else
        buffer_print(card,
                     "%" PRId64 " steps, %" PRIu64 " sequences, %" PRIu64 " tokens, on masked "
                     "tokens and next sentences. Corpus %s, vocabulary %s (XXH3).\n\n",
                     state->total_steps, state->sequences, state->tokens,
                     hash_print(state->corpus_hash, corpus),
                     hash_print(state->vocabulary_hash, vocabulary));
    char *path = metrics_path(file->container.path);
    if (path && file_read(path, &metrics, &err) == 0) {
        cJSON *evaluation = last_evaluation(&metrics, state->total_steps);
        if (evaluation)
            print_evaluation(evaluation, card);
        cJSON_Delete(evaluation);
    }
    buffer_release(&metrics);
    free(path);
    buffer_print(card, "## Configuration\n\n```ini\n%s```\n", file->meta.config);
}
