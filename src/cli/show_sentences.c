#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "lambert.h"
#include "lambert/base/buffer.h"
#include "lambert/base/json.h"
#include "lambert/text/sentence_splitter.h"

struct sentences_arguments {
    bool json;
};

static const struct command_option sentences_options[] = {
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct sentences_arguments, json),
     .help = "one JSON array a line: its sentences"},
    {0}};

/* A line that is empty stays one. */
static void print_text(const char *line, size_t size)
{
    struct sentence_splitter splitter;
    const char *sentence;
    size_t length, sentences = 0;
    sentence_splitter_init(&splitter, line, size);
    for (; sentence_splitter_next(&splitter, &sentence, &length); sentences++) {
        fwrite(sentence, 1, length, stdout);
        putchar('\n');
    }
    if (sentences == 0)
        putchar('\n');
}

static void print_json(const char *line, size_t size)
{
    struct sentence_splitter splitter;
    struct buffer text = {0};
    const char *sentence;
    size_t length;
    cJSON *sentences = cJSON_CreateArray();
    sentence_splitter_init(&splitter, line, size);
    while (sentence_splitter_next(&splitter, &sentence, &length)) {
        buffer_reset(&text);
        buffer_put(&text, sentence, length);
        cJSON_AddItemToArray(sentences, cJSON_CreateString(buffer_text(&text)));
    }
    print_json_line(sentences);
    buffer_release(&text);
}

static int show_sentences(const void *context, struct error *err)
{
    const struct sentences_arguments *arguments = context;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, stdin)) >= 0)
        (arguments->json ? print_json : print_text)(line, (size_t)length);
    free(line);
    return ferror(stdin) ? error_errno(err, "cannot read standard input") : 0;
}

const struct command command_show_sentences = {
    .name = "sentences",
    .summary = "text from standard input as prep splits it into sentences",
    .description =
        "Reads text from standard input, a paragraph a line, and prints it a sentence a line, as "
        "prep splits it; empty lines stay. docs/languages.md says how well, by language. Text that "
        "another program has split goes to prep with --lines-are-sentences.",
    .examples = "lambert show sentences <text.txt\n",
    .options = sentences_options,
    COMMAND_ARGUMENTS(struct sentences_arguments, .json = false),
    .run = show_sentences};
