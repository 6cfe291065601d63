#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert.h"
#include "lambert/base/memory.h"
#include "lambert/text/tokenizer.h"
#include "tokenizer_rows.h"

struct tokens_arguments {
    const char *vocabulary;
    struct tokenizer_options tokenizer;
    bool json;
};

static const struct command_option tokens_options[] = {
    {.name = "vocabulary",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct tokens_arguments, vocabulary),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .help = "a vocab.txt"},
    OPTION_TOKENIZER(struct tokens_arguments, tokenizer),
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct tokens_arguments, json),
     .help = "one JSON object a line: tokens, ids"},
    {0}};

static void print_text(const struct vocabulary *vocabulary, const int32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i > 0 ? " " : "", vocabulary_token(vocabulary, ids[i]));
    printf("\n");
}

static void print_json(const struct vocabulary *vocabulary, const int32_t *ids, size_t count)
{
    cJSON *line = cJSON_CreateObject();
    cJSON *tokens = cJSON_AddArrayToObject(line, "tokens");
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(tokens, cJSON_CreateString(vocabulary_token(vocabulary, ids[i])));
    cJSON_AddItemToObject(line, "ids", cJSON_CreateIntArray(ids, (int)count));
    print_json_line(line);
}

static int show_tokens(const void *context, struct error *err)
{
    const struct tokens_arguments *arguments = context;
    struct vocabulary *vocabulary;
    struct buffer ids = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    if (vocabulary_load(&vocabulary, arguments->vocabulary, err) < 0)
        return -1;
    struct tokenizer *tokenizer = tokenizer_new(vocabulary, &arguments->tokenizer);
    while ((length = getline(&line, &room, stdin)) >= 0) {
        buffer_reset(&ids);
        size_t count = tokenizer_encode(tokenizer, line, (size_t)length, &ids);
        (arguments->json ? print_json : print_text)(vocabulary, (const int32_t *)ids.data, count);
    }
    int status = ferror(stdin) ? error_errno(err, "cannot read standard input") : 0;
    free(line);
    buffer_release(&ids);
    tokenizer_free(tokenizer);
    vocabulary_free(vocabulary);
    return status;
}

const struct command command_show_tokens = {
    .name = "tokens",
    .summary = "text from standard input as word pieces",
    .description = "Reads text from standard input and prints the word pieces of each line, "
                   "without special tokens.",
    .examples = "echo 'In the beginning' | lambert show tokens --vocabulary vocab.txt\n",
    .options = tokens_options,
    COMMAND_ARGUMENTS(struct tokens_arguments, .tokenizer = TOKENIZER_DEFAULTS),
    .run = show_tokens};
