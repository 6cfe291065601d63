#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/base/memory.h"
#include "lambert/command/command.h"
#include "lambert/text/tokenizer.h"
#include "show.h"

static const char usage[] =
    "usage: lambert show tokens --vocabulary FILE [--cased] [--json]\n"
    "\n"
    "Reads text from standard input and prints the word pieces of each line, without special "
    "tokens.\n"
    "\n"
    "  --vocabulary FILE  a vocab.txt\n"
    "  --cased            keep case and accents\n"
    "  --json             one JSON object a line: tokens, ids\n"
    "  --help             this text\n"
    "\n"
    "example: echo 'In the beginning' | lambert show tokens --vocabulary vocab.txt\n";

struct arguments {
    const char *vocabulary;
    bool cased;
    bool json;
    bool help;
};

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"vocabulary", required_argument, NULL, 'v'},
                                            {"cased", no_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    *arguments = (struct arguments){0};
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'v')
            arguments->vocabulary = optarg;
        else if (option == 'c')
            arguments->cased = true;
        else if (option == 'j')
            arguments->json = true;
        else if (option == 'h')
            arguments->help = true;
        else
            return command_misused("show tokens", "see lambert show tokens --help");
    }
    if (!arguments->help && (optind < argc || !arguments->vocabulary))
        return command_misused("show tokens", "--vocabulary is wanted, and the text on standard "
                                              "input; see lambert show tokens --help");
    return 0;
}

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

static int show(const struct arguments *arguments, struct error *err)
{
    struct vocabulary *vocabulary;
    struct tokenizer_options options = tokenizer_defaults;
    struct buffer ids = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    if (vocabulary_load(&vocabulary, arguments->vocabulary, err) < 0)
        return -1;
    options.lower_case = !arguments->cased;
    struct tokenizer *tokenizer = tokenizer_new(vocabulary, &options);
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

int show_tokens(int argc, char **argv)
{
    struct arguments arguments;
    struct error err;
    int code = parse(argc, argv, &arguments);
    if (code != 0)
        return code;
    if (arguments.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    return show(&arguments, &err) < 0 ? command_failed("show tokens", &err) : EXIT_DONE;
}
