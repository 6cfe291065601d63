#include "model_card.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/base/version.h"
#include "lambert/config/config.h"
#include "lambert/store/hugging_face.h"

/* How the hub calls what the model does. */
static const char *const pipelines[] = {[TASK_NONE] = "fill-mask",
                                        [TASK_CLASSIFICATION] = "text-classification",
                                        [TASK_REGRESSION] = "text-classification",
                                        [TASK_MULTILABEL] = "text-classification",
                                        [TASK_TAGGING] = "token-classification",
                                        [TASK_QUESTIONS] = "question-answering"};

/* --- the run around the checkpoint ------------------------------------------------------------ */

/* A file of the run that RUN/checkpoints/NAME or RUN/best.checkpoint belongs to; NULL where the
 * checkpoint is elsewhere or the file is not there. free() */
static char *file_of_run(const char *checkpoint, const char *name)
{
    static const char folder[] = "checkpoints/", best[] = "best.checkpoint";
    const char *slash = strrchr(checkpoint, '/');
    size_t length = slash ? (size_t)(slash + 1 - checkpoint) : 0, inner = sizeof folder - 1;
    if (strcmp(checkpoint + length, best) != 0) {
        if (length < inner || strncmp(checkpoint + length - inner, folder, inner) != 0 ||
            (length > inner && checkpoint[length - inner - 1] != '/'))
            return NULL;
        length -= inner;
    }
    char *path = memory_text("%.*s%s", (int)length, checkpoint, name);
    if (!file_exists(path)) {
        free(path);
        return NULL;
    }
    return path;
}

/* The configuration that the run was started with: with the names of files, which checkpoints do not
 * carry. False where it cannot be had. */
static bool read_run_config(const char *checkpoint, struct config *config)
{
    char *path = file_of_run(checkpoint, "config.ini");
    struct buffer text = {0};
    struct error err;
    bool there = path && file_read(path, &text, &err) == 0 &&
                 config_read(config, buffer_text(&text), path, &err) == 0;
    buffer_release(&text);
    free(path);
    return there;
}

/* The last two parts of a path: where a file lay is no part of the model. */
static const char *short_name(const char *path)
{
    const char *last = strrchr(path, '/'), *name = path;
    for (const char *at = path; last && at < last; at++)
        if (*at == '/')
            name = at + 1;
    return name;
}

/* --- what its metrics say --------------------------------------------------------------------- */

static double number(const cJSON *line, const char *name)
{
    return json_get_number(line, name, 0);
}

/* The last evaluation not behind the checkpoint; NULL when there is none. cJSON_Delete() */
static cJSON *last_evaluation(struct buffer *text, int64_t total_steps)
{
    cJSON *last = NULL;
    const char *cursor = buffer_text(text);
    while (*cursor != '\0') {
        size_t length = strcspn(cursor, "\n");
        cJSON *line = cJSON_ParseWithLength(cursor, length);
        const char *kind = json_get_text(line, "kind");
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

static void print_heldout(const cJSON *line, struct buffer *card)
{
    buffer_print(card,
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
}

static void print_metrics(const cJSON *line, const cJSON *metrics, struct buffer *card)
{
    const char *file = json_get_text(line, "file");
    buffer_print(card, "After step %.0f, on %.0f examples", number(line, "total_step"),
                 number(line, "examples"));
    if (file)
        buffer_print(card, " of `%s`", short_name(file));
    buffer_print(card, ":\n\n| metric | value |\n|---|---|\n");
    for (const cJSON *item = metrics->child; item; item = item->next)
        if (cJSON_IsNumber(item))
            buffer_print(card, "| %s | %.4f |\n", item->string, item->valuedouble);
    buffer_print(card, "| loss | %.4f |\n", number(line, "loss"));
}

static void print_evaluation(const struct checkpoint_file *file, struct buffer *card)
{
    char *path = file_of_run(file->container.path, "metrics.jsonl");
    struct buffer text = {0};
    struct error err;
    cJSON *line = path && file_read(path, &text, &err) == 0
                      ? last_evaluation(&text, file->meta.state.total_steps)
                      : NULL;
    if (line) {
        const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(line, "metrics");
        buffer_print(card, "## Evaluation\n\n");
        if (cJSON_IsObject(metrics))
            print_metrics(line, metrics, card);
        else
            print_heldout(line, card);
        buffer_print(card, "\n");
    }
    cJSON_Delete(line);
    buffer_release(&text);
    free(path);
}

/* --- the card --------------------------------------------------------------------------------- */

enum { LABELS_SHOWN = 20 };

/* "3 labels: `a`, `b`, `c`" */
static void print_labels(const struct checkpoint_meta *meta, struct buffer *card)
{
    struct label_set labels;
    struct error err;
    if (meta->labels_size == 0 ||
        label_set_parse(&labels, meta->labels, meta->labels_size, "labels", &err) < 0)
        return;
    buffer_print(card, "%d labels: ", labels.count);
    for (int i = 0; i < labels.count && i < LABELS_SHOWN; i++)
        buffer_print(card, "%s`%s`", i > 0 ? ", " : "", labels.names[i]);
    buffer_print(card, "%s.\n\n",
                 labels.count > LABELS_SHOWN ? " and others, which config.json has" : "");
    label_set_release(&labels);
}

static void print_training(const struct checkpoint_file *file, enum task_kind kind,
                           struct buffer *card)
{
    const struct run_state *state = &file->meta.state;
    char corpus[HASH_TEXT], vocabulary[HASH_TEXT];
    struct config run;
    buffer_print(card, "## Training\n\n");
    if (state->total_steps == 0) {
        buffer_print(card, "Imported or untrained: this program has made no training step.\n\n");
        return;
    }
    buffer_print(card, "%" PRId64 " steps, %" PRIu64 " sequences, %" PRIu64 " tokens, ",
                 state->total_steps, state->sequences, state->tokens);
    hash_print(state->corpus_hash, corpus);
    hash_print(state->vocabulary_hash, vocabulary);
    if (kind == TASK_NONE) {
        buffer_print(card,
                     "on masked tokens and next sentences. Corpus %s, vocabulary %s (XXH3).\n\n",
                     corpus, vocabulary);
        return;
    }
    buffer_print(card, "of fine-tuning for %s", config_word("task.kind", kind));
    if (read_run_config(file->container.path, &run))
        buffer_print(card, " on `%s`, from `%s`", short_name(run.task.train),
                     short_name(run.run.start_from));
    buffer_print(card, ". Training set %s, vocabulary %s (XXH3).\n\n", corpus, vocabulary);
}

void model_card_print(const struct checkpoint_file *file, enum task_kind kind,
                      const struct bert_config *shape, struct buffer *card)
{
    const char *pipeline = pipelines[kind];
    char tokenizer[TOKENIZER_OPTIONS_TEXT];
    buffer_print(card,
                 "---\ntags:\n- bert\n- %s\nlibrary_name: transformers\n"
                 "pipeline_tag: %s\n---\n\n"
                 "# BERT, %d layers, width %d, %s\n\n"
                 "%.2f million weights; vocabulary of %d; sequences of up to %d tokens. Written by "
                 "`%s` for `%s` of transformers.\n\n",
                 pipeline, pipeline, shape->layers, shape->hidden,
                 tokenizer_options_text(&file->meta.state.tokenizer, tokenizer),
                 (double)file->elements / 1e6, shape->vocab, shape->positions, LAMBERT_PROGRAM,
                 hf_architecture(kind));
    print_labels(&file->meta, card);
    print_training(file, kind, card);
    print_evaluation(file, card);
    buffer_print(card, "## Configuration\n\n```ini\n%s```\n", file->meta.config);
}
