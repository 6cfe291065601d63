#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "corpus_report.h"
#include "lambert/base/log.h"
#include "lambert/command/command.h"
#include "lambert/prepare/prepare.h"

static const char usage[] =
    "usage: lambert prep --vocabulary FILE --output DIR [options] INPUT...\n"
    "\n"
    "Makes a corpus of text: sentences as token ids, with an index, checksums and a held-out "
    "part.\n"
    "INPUT are text files, plain or .gz; folders of them (names that begin with a dot are passed\n"
    "over); patterns such as 'texts/*.txt'; or - for standard input. Text is a paragraph or a\n"
    "sentence a line with blank lines between documents, or WikiExtractor's output, plain or "
    "--json.\n"
    "Or they are TFRecord files, as create_pretraining_data.py and MLPerf write them: every "
    "record\n"
    "is checked, and training then takes the samples as they are, masks and labels included.\n"
    "\n"
    "  --vocabulary FILE      a vocab.txt\n"
    "  --output DIR           the corpus folder to make\n"
    "  --cased                keep case and accents; without it text is lower-cased\n"
    "  --heldout F            part of the documents to set aside for evaluation (0.01)\n"
    "  --lines-are-sentences  every line is one sentence; without it paragraphs are split\n"
    "  --shard-megabytes N    text in a shard (16)\n"
    "  --overwrite            replace the corpus that DIR holds\n"
    "  --help                 this text\n"
    "\n"
    "All cores are used, and under mpirun all ranks; DIR must be seen by all of them. The same "
    "input\n"
    "gives the same files, byte for byte, whatever the number of ranks and threads. Until\n"
    "DIR/corpus.json is there, written last, DIR is not a corpus; the same command, run again "
    "after\n"
    "an interruption, goes on from the shards that are done; while one is at work in DIR, another "
    "is\n"
    "refused.\n"
    "\n"
    "Memory: about twice a shard's text and 10 MB a thread; at the end up to 150 MB, and a little "
    "that\n"
    "grows: 4 KB a shard and, for the report, 1 MB for each GB of text.\n"
    "\n"
    "examples: lambert prep --vocabulary vocab.txt --output corpus/ texts/\n"
    "          mpirun --map-by numa:PE=16 lambert prep --vocabulary vocab.txt --output corpus/ "
    "texts/\n";

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

/* What `lambert show corpus` says. */
static int print_report(const struct corpus_report *report, const char *output, struct error *err)
{
    struct corpus *corpus;
    struct corpus_statistics statistics;
    log_info("%.1f MB of input in %" PRIu64 " files, %.1f MB of corpus, %.1f s (%.1f MB/s)",
             (double)report->input_bytes / 1e6, report->files, (double)report->corpus_bytes / 1e6,
             report->seconds, (double)report->input_bytes / 1e6 / report->seconds);
    if (corpus_open(&corpus, output, err) < 0)
        return -1;
    int status = corpus_statistics_make(&statistics, corpus, err);
    if (status == 0)
        corpus_report_print(corpus, &statistics);
    corpus_close(corpus);
    return status;
}

/* Rank 0 looks after the folder before and after; the parts are everyone's. */
static int begin(struct dist *dist, struct preparation *preparation, struct error *err)
{
    int status = dist_rank(dist) == 0 ? prepare_begin(preparation, err) : 0;
    return dist_agree(dist, status, err);
}

static int do_pieces(struct dist *dist, struct preparation *preparation, struct error *err)
{
    int status = dist_agree(dist, prepare_chunks(preparation, err), err);
    if (status < 0 && dist_rank(dist) == 0)
        prepare_leave(preparation);
    return status;
}

static int finish(struct dist *dist, struct preparation *preparation, const char *output,
                  struct error *err)
{
    struct corpus_report report;
    int status = 0;
    if (dist_rank(dist) == 0) {
        status = prepare_finish(preparation, &report, err);
        if (status == 0)
            status = print_report(&report, output, err);
    }
    return dist_agree(dist, status, err);
}

static int prepare_on_ranks(struct dist *dist, const void *context, struct error *err)
{
    const struct prepare_options *options = context;
    struct preparation *preparation = NULL;
    int status = prepare_open(&preparation, options, dist_rank(dist), dist_size(dist), err);
    status = dist_agree(dist, status, err);
    if (status == 0)
        status = begin(dist, preparation, err);
    if (status == 0)
        status = do_pieces(dist, preparation, err);
    if (status == 0)
        status = finish(dist, preparation, options->output, err);
    prepare_close(preparation);
    return status;
}

static int run(int argc, char **argv)
{
    struct prepare_options prepare;
    bool help;
    int code = parse(argc, argv, &prepare, &help);
    if (code != 0)
        return code;
    if (help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    return command_on_ranks("prep", argc, argv, prepare_on_ranks, &prepare);
}

const struct command command_prep = {
    .name = "prep", .summary = "make a corpus of text files", .run = run};
