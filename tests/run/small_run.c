#include "small_run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/prepare/prepare.h"
#include "lib/scratch.h"

enum { WORDS = 30, DOCUMENTS = 40, MOST_WORDS = 24 };

/* A document has 3 to 6 sentences of 4 to 8 words, of which the first ones are the most frequent. */
static void print_document(struct buffer *text, int document)
{
    for (int s = 0; s < 3 + document % 4; s++) {
        for (int w = 0; w < 4 + (document + s) % 5; w++) {
            int at = document * 37 + s * 11 + w * 5;
            buffer_print(text, "w%d ", at % 3 == 0 ? at % 4 : at % WORDS);
        }
        buffer_print(text, "\n");
    }
    buffer_print(text, "\n");
}

void small_corpus_make(const char *name, const struct small_corpus *corpus)
{
    struct buffer vocabulary = {0}, text = {0};
    struct corpus_report report;
    struct error err;
    char *inputs[] = {memory_copy_text(scratch_path("text.txt"))};
    char *output = memory_copy_text(scratch_path(name));
    buffer_print(&vocabulary, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    for (int w = 0; w < WORDS; w++)
        buffer_print(&vocabulary, "w%d\n", w);
    if (corpus->extra_word)
        buffer_print(&vocabulary, "%s\n", corpus->extra_word);
    for (int d = 0; d < (corpus->documents > 0 ? corpus->documents : DOCUMENTS); d++)
        print_document(&text, d);
    scratch_write(scratch_path("vocab.txt"), vocabulary.data, vocabulary.size);
    scratch_write(inputs[0], text.data, text.size);
    struct prepare_options options = prepare_defaults;
    options.inputs = inputs;
    options.input_count = 1;
    options.vocabulary = scratch_path("vocab.txt");
    options.output = output;
    options.tokenizer.lower_case = !corpus->cased;
    options.split_sentences = false;
    options.heldout_fraction = corpus->heldout;
    log_set_level(LOG_ERROR);
    if (prepare_corpus(&options, &report, &err) < 0)
        fail_msg("%s", err.text);
    log_set_level(LOG_INFO);
    buffer_release(&vocabulary);
    buffer_release(&text);
    free(inputs[0]);
    free(output);
}

void small_config(struct config *config, const char *corpus, const char *run, ...)
{
    char data[CONFIG_TEXT], folder[CONFIG_TEXT];
    char *words[MOST_WORDS] = {data,
                               folder,
                               "model.hidden_size=16",
                               "model.num_hidden_layers=1",
                               "model.num_attention_heads=2",
                               "model.intermediate_size=24",
                               "model.max_position_embeddings=32",
                               "train.micro_batch_tokens=96",
                               "phase.one.sequence_length=24",
                               "phase.one.global_batch=4",
                               "phase.one.steps=3",
                               "phase.one.learning_rate=0.01"};
    int count = 12;
    struct error err;
    va_list more;
    snprintf(data, sizeof data, "data.corpus=%s", scratch_path(corpus));
    snprintf(folder, sizeof folder, "run.folder=%s", scratch_path(run));
    va_start(more, run);
    for (char *word; (word = va_arg(more, char *)) != NULL;) {
        assert_true(count < MOST_WORDS);
        words[count++] = word;
    }
    va_end(more);
    if (config_load(config, NULL, words, count, &err) < 0)
        fail_msg("%s", err.text);
}
