#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "lambert/base/log.h"
#include "lambert/corpus/prepare.h"

static const char usage[] =
    "usage: lambert prep --vocabulary FILE --output DIR [options] INPUT...\n"
    "\n"
    "Makes a corpus of text: sentences as token ids, with an index, checksums and a held-out "
    "part.\n"
    "INPUT are text files (a paragraph or a sentence a line, blank lines between documents; or\n"
    "WikiExtractor's output) or folders of them (names that begin with a dot are passed over).\n"
    "\n"
    "  --vocabulary FILE      a vocab.txt\n"
    "  --output DIR           the corpus folder to make\n"
    "  --cased                keep case and accents; without it text is lower-cased\n"
    "  --heldout F            part of the documents to set aside for evaluation (0.01)\n"
    "  --lines-are-sentences  every line is one sentence; without it paragraphs are split\n"
    "  --shard-megabytes N    text in a shard (64)\n"
    "  --overwrite            replace the corpus that DIR holds\n"
    "  --help                 this text\n"
    "\n"
    "The same input gives the same files, byte for byte. Until DIR/corpus.json is there, written\n"
    "last, DIR is not a corpus.\n"
    "\n"
    "example: lambert prep --vocabulary vocab.txt --output corpus/ texts/\n";

static int set_option(struct prepare_options *prepare, bool *help, int option, struct error *err)
{
    long long value = 0;
    int status = 0;
    switch (option) {
    case 'v':
        prepare->vocabulary = optarg;
        break;
    case 'o':
        prepare->output = optarg;
        break;
    case 'c':
        prepare->lower_case = false;
        break;
    case 'f':
        status = option_real("--heldout", optarg, 0, 0.9, &prepare->heldout_fraction, err);
        break;
    case 'l':
        prepare->split_sentences = false;
        break;
    case 's':
        status = option_integer("--shard-megabytes", optarg, 1, 1000000, &value, err);
        prepare->shard_bytes = (uint64_t)value << 20;
        break;
    case 'w':
        prepare->overwrite = true;
        break;
    case 'h':
        *help = true;
        break;
    default:
        status = error_set(err, "see lambert prep --help");
    }
    return status;
}

static int parse(int argc, char **argv, struct prepare_options *prepare, bool *help)
{
    static const struct option options[] = {{"vocabulary", required_argument, NULL, 'v'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"cased", no_argument, NULL, 'c'},
                                            {"heldout", required_argument, NULL, 'f'},
                                            {"lines-are-sentences", no_argument, NULL, 'l'},
                                            {"shard-megabytes", required_argument, NULL, 's'},
                                            {"overwrite", no_argument, NULL, 'w'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    struct error err;
    *prepare = prepare_defaults;
    *help = false;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if (set_option(prepare, help, option, &err) < 0)
            return command_misused("prep", "%s", err.text);
    if (*help)
        return 0;
    if (!prepare->vocabulary || !prepare->output)
        return command_misused("prep", "%s is missing; see lambert prep --help",
                               prepare->vocabulary ? "--output" : "--vocabulary");
    if (optind >= argc)
        return command_misused("prep", "no input named; see lambert prep --help");
    prepare->inputs = argv + optind;
    prepare->input_count = argc - optind;
    return 0;
}

static void print_report(const struct prepare_report *report, const char *output)
{
    double words = report->words > 0 ? (double)report->words : 1;
    printf("%s: %" PRIu64 " documents (%" PRIu64 " held out, %" PRIu64 " empty ones left out), "
           "%" PRIu64 " sentences, %" PRIu64 " tokens, %.2f%% of words unknown\n",
           output, report->documents - report->empty_documents, report->heldout_documents,
           report->empty_documents, report->sentences, report->tokens,
           100 * (double)report->unknown_words / words);
    log_info("%.1f MB of text in %" PRIu64 " files, %.1f MB of corpus, %.1f s (%.1f MB/s)",
             (double)report->input_bytes / 1e6, report->files, (double)report->corpus_bytes / 1e6,
             report->seconds, (double)report->input_bytes / 1e6 / report->seconds);
}

static int run(int argc, char **argv)
{
    struct prepare_options prepare;
    struct prepare_report report;
    struct error err;
    bool help;
    int code = parse(argc, argv, &prepare, &help);
    if (code != 0)
        return code;
    if (help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (prepare_corpus(&prepare, &report, &err) < 0)
        return command_failed("prep", &err);
    print_report(&report, prepare.output);
    return EXIT_DONE;
}

const struct command command_prep = {
    .name = "prep", .summary = "make a corpus of text files", .run = run};
