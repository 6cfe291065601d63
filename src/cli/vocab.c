#include <getopt.h>
#include <inttypes.h>
#include <omp.h>
#include <stdio.h>

#include "command.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/progress.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/input_feed.h"
#include "lambert/text/input_list.h"
#include "lambert/text/vocabulary_trainer.h"

static const char usage[] =
    "usage: lambert vocab --output FILE [options] INPUT...\n"
    "\n"
    "Learns a WordPiece vocabulary from text and writes it as BERT's vocab.txt. INPUT is as for\n"
    "lambert prep: text files, plain or .gz, folders of them, patterns, or - for standard input.\n"
    "\n"
    "  --output FILE        where to write\n"
    "  --size N             entries, special tokens included (30522)\n"
    "  --cased              keep case and accents; without it text is lower-cased\n"
    "  --alphabet N         keep the N most frequent characters (1000)\n"
    "  --min-frequency N    join pieces that meet at least N times (2)\n"
    "  --help               this text\n"
    "\n"
    "The same text gives the same vocabulary, in whatever order it is read and however many cores\n"
    "read it (all are used).\n"
    "\n"
    "example: lambert vocab --size 8000 --output vocab.txt texts/\n";

struct arguments {
    struct vocabulary_trainer_options trainer;
    const char *output;
    char *const *inputs;
    int input_count;
    bool help;
};

static int set_option(struct arguments *arguments, int option, struct error *err)
{
    long long value = 0;
    int status = 0;
    switch (option) {
    case 'o':
        arguments->output = optarg;
        break;
    case 's':
        status = option_integer("--size", optarg, 6, 10000000, &value, err);
        arguments->trainer.size = (int)value;
        break;
    case 'c':
        arguments->trainer.lower_case = false;
        break;
    case 'a':
        status = option_integer("--alphabet", optarg, 1, 1000000, &value, err);
        arguments->trainer.alphabet_limit = (int)value;
        break;
    case 'm':
        status = option_integer("--min-frequency", optarg, 1, INT64_MAX, &value, err);
        arguments->trainer.min_frequency = value;
        break;
    case 'h':
        arguments->help = true;
        break;
    default:
        status = error_set(err, "see lambert vocab --help");
    }
    return status;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"size", required_argument, NULL, 's'},
                                            {"cased", no_argument, NULL, 'c'},
                                            {"alphabet", required_argument, NULL, 'a'},
                                            {"min-frequency", required_argument, NULL, 'm'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    struct error err;
    *arguments = (struct arguments){.trainer = vocabulary_trainer_defaults};
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if (set_option(arguments, option, &err) < 0)
            return command_misused("vocab", "%s", err.text);
    if (arguments->help)
        return 0;
    if (!arguments->output)
        return command_misused("vocab", "--output is missing; see lambert vocab --help");
    if (optind >= argc)
        return command_misused("vocab", "no input named; see lambert vocab --help");
    arguments->inputs = argv + optind;
    arguments->input_count = argc - optind;
    return 0;
}

/* What the threads share; a failure is kept under a lock, the first one met. */
struct count {
    struct vocabulary_trainer *trainer; /* gets the words of all */
    const struct vocabulary_trainer_options *options;
    struct input_feed *feed;
    struct progress progress;
    int status;
    struct error *err;
};

static void count_span(struct vocabulary_trainer *trainer, const struct input_work *work,
                       const struct input_span *span, struct document *document)
{
    struct document_reader reader;
    document_reader_init(&reader, span->layout, (const char *)work->text.data + span->begin,
                         span->end - span->begin);
    while (document_reader_next(&reader, document))
        vocabulary_trainer_add(trainer, (const char *)document->text.data, document->text.size);
    document_reader_release(&reader);
}

/* One thread, with words of its own until it is done. */
static void count_pieces(struct count *count)
{
    struct vocabulary_trainer *trainer = vocabulary_trainer_new(count->options);
    struct input_work work = {0};
    struct document document;
    struct error err;
    int got;
    document_init(&document);
    while ((got = input_feed_next(count->feed, &work, &err)) == 1) {
        for (int s = 0; s < work.span_count; s++)
            count_span(trainer, &work, &work.spans[s], &document);
        if (omp_get_thread_num() == 0)
            progress_update(&count->progress, (double)input_feed_taken(count->feed) / 1e6, "%s",
                            "");
    }
#pragma omp critical
    {
        vocabulary_trainer_merge(count->trainer, trainer);
        if (got < 0 && count->status == 0) {
            count->status = -1;
            *count->err = err;
        }
    }
    document_release(&document);
    input_work_release(&work);
    vocabulary_trainer_free(trainer);
}

static int count_files(struct vocabulary_trainer *trainer,
                       const struct vocabulary_trainer_options *options,
                       const struct input_list *inputs, struct error *err)
{
    const struct input_feed_options feed = {.piece_bytes = 4 << 20, .ranks = 1};
    struct count count = {
        .trainer = trainer, .options = options, .feed = input_feed_new(inputs, &feed), .err = err};
    progress_init(&count.progress, "counting words", (double)inputs->bytes / 1e6, "MB", 10);
#pragma omp parallel
    count_pieces(&count);
    progress_release(&count.progress);
    input_feed_free(count.feed);
    return count.status;
}

static void report(const struct arguments *arguments, const struct vocabulary_trainer *trainer)
{
    struct vocabulary_trainer_counts counts = vocabulary_trainer_counts(trainer);
    if (counts.invalid_bytes > 0)
        log_warning("%" PRIu64 " bytes of the input are not valid UTF-8 and were left out",
                    counts.invalid_bytes);
    if (counts.entries < arguments->trainer.size)
        log_warning("the text gave only %d of %d entries: no more pieces meet %" PRId64
                    " times (--min-frequency)",
                    counts.entries, arguments->trainer.size, arguments->trainer.min_frequency);
    printf("%s: %d entries from %" PRIu64 " words, %" PRIu64 " of them distinct\n",
           arguments->output, counts.entries, counts.words, counts.distinct_words);
}

static int learn(const struct arguments *arguments, struct vocabulary_trainer *trainer,
                 struct error *err)
{
    struct input_list inputs;
    struct buffer text = {0};
    if (input_list_open(&inputs, arguments->inputs, arguments->input_count, err) < 0)
        return -1;
    int status = count_files(trainer, &arguments->trainer, &inputs, err);
    if (status == 0)
        status = vocabulary_trainer_learn(trainer, &text, err);
    if (status == 0)
        status = file_write(arguments->output, text.data, text.size, err);
    if (status == 0)
        report(arguments, trainer);
    buffer_release(&text);
    input_list_close(&inputs);
    return status;
}

static int run(int argc, char **argv)
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
    struct vocabulary_trainer *trainer = vocabulary_trainer_new(&arguments.trainer);
    if (learn(&arguments, trainer, &err) < 0)
        code = command_failed("vocab", &err);
    vocabulary_trainer_free(trainer);
    return code;
}

const struct command command_vocab = {
    .name = "vocab", .summary = "learn a WordPiece vocabulary from text", .run = run};
