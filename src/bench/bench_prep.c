#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bench.h"
#include "bench_text.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/command/command.h"
#include "lambert/corpus/shard_writer.h"
#include "lambert/kernels/cpu.h"
#include "lambert/prepare/prepare.h"
#include "lambert/text/sentence_splitter.h"
#include "lambert/text/tokenizer.h"

static const char usage[] =
    "usage: lambert bench prep --vocabulary FILE [options] INPUT...\n"
    "\n"
    "Takes text into memory and measures what lambert prep does with it, stage by stage on one\n"
    "thread, then all of it on one thread and on all: medians, in MB of input text a second. INPUT "
    "is\n"
    "what lambert prep takes, but for standard input. Shards are written below TMPDIR, or /tmp.\n"
    "\n"
    "  --vocabulary FILE  a vocab.txt\n"
    "  --cased            keep case and accents\n"
    "  --stage NAME       only this one\n"
    "  --megabytes N      of text to take, about (64)\n"
    "  --repeat N         how often each stage runs (5)\n"
    "  --json             one JSON object\n"
    "  --help             this text\n"
    "\n"
    "Stages: read (files in the page cache, to text in memory), documents, sentences, normalise "
    "(text\n"
    "to words), tokenise (sentences to ids, normalising included, by a new tokenizer), deflate "
    "(the\n"
    "ids), write (shards, deflating, checksums and fsync included), prep (all that lambert prep "
    "does).\n"
    "\n"
    "example: lambert bench prep --vocabulary vocab.txt texts/\n";

struct arguments {
    const char *vocabulary;
    const char *stage; /* NULL: all */
    bool cased;
    long long megabytes;
    struct bench_options common;
    char **inputs;
    int input_count;
};

static int set_option(void *context, int option, struct error *err)
{
    struct arguments *arguments = context;
    switch (option) {
    case 'v':
        arguments->vocabulary = optarg;
        return 0;
    case 'c':
        arguments->cased = true;
        return 0;
    case 's':
        arguments->stage = optarg;
        return 0;
    case 'm':
        return option_integer("--megabytes", optarg, 1, 100000, &arguments->megabytes, err);
    }
    return 0;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"vocabulary", required_argument, NULL, 'v'},
                                            {"cased", no_argument, NULL, 'c'},
                                            {"stage", required_argument, NULL, 's'},
                                            {"megabytes", required_argument, NULL, 'm'},
                                            BENCH_REPEAT,
                                            BENCH_OPTIONS};
    *arguments = (struct arguments){.megabytes = 64, .common.repeat = 5};
    int code = bench_options_read(&arguments->common, "bench prep", argc, argv, options, set_option,
                                  arguments);
    if (code != 0)
        return code;
    arguments->inputs = argv + optind;
    arguments->input_count = argc - optind;
    if (!arguments->common.help && (arguments->input_count == 0 || !arguments->vocabulary))
        return command_misused("bench prep", "--vocabulary and INPUT are wanted; see lambert bench "
                                             "prep --help");
    return 0;
}

/* What all stages see. */
struct bench {
    const struct arguments *arguments;
    struct bench_report report;
    struct vocabulary *vocabulary;
    struct bench_text text;
    char *folder;
    int all_threads;
    int threads;      /* of the stage that runs */
    uint64_t counted; /* what the stage met, so that its work has a use */
};

/* --- stages: each once over all text ---------------------------------------------------------- */

static int read_stage(void *context, struct error *err)
{
    struct bench *bench = context;
    return bench_text_read(&bench->text, &bench->counted, err);
}

static int documents_stage(void *context, struct error *err)
{
    struct bench *bench = context;
    (void)err;
    bench->counted = bench_text_documents(&bench->text);
    return 0;
}

static int sentences_stage(void *context, struct error *err)
{
    struct bench *bench = context;
    struct sentence_splitter splitter;
    const char *sentence;
    size_t length;
    (void)err;
    bench->counted = 0;
    for (size_t i = 0; i < bench->text.line_count; i++) {
        const struct bench_piece *line = &bench->text.lines[i];
        sentence_splitter_init(&splitter, line->text, line->size);
        while (sentence_splitter_next(&splitter, &sentence, &length))
            bench->counted++;
    }
    return 0;
}

static void count_word(void *context, const char *text, size_t size)
{
    uint64_t *count = context;
    (void)text;
    (void)size;
    ++*count;
}

static int normalise_stage(void *context, struct error *err)
{
    struct bench *bench = context;
    (void)err;
    bench->counted = 0;
    for (size_t i = 0; i < bench->text.sentence_count; i++)
        tokenizer_words(bench->text.sentences[i].text, bench->text.sentences[i].size,
                        !bench->arguments->cased, count_word, &bench->counted);
    return 0;
}

static struct tokenizer *new_tokenizer(const struct bench *bench)
{
    struct tokenizer_options options = tokenizer_defaults;
    options.lower_case = !bench->arguments->cased;
    return tokenizer_new(bench->vocabulary, &options);
}

/* By bench->threads threads, in runs of sentences. */
static int tokenise_stage(void *context, struct error *err)
{
    struct bench *bench = context;
    uint64_t tokens = 0;
    (void)err;
#pragma omp parallel num_threads(bench->threads) reduction(+ : tokens)
    {
        struct tokenizer *tokenizer = new_tokenizer(bench);
        struct buffer ids = {0};
#pragma omp for schedule(dynamic, 256)
        for (int64_t i = 0; i < (int64_t)bench->text.sentence_count; i++) {
            const struct bench_piece *sentence = &bench->text.sentences[i];
            buffer_reset(&ids);
            tokens += tokenizer_encode(tokenizer, sentence->text, sentence->size, &ids);
        }
        buffer_release(&ids);
        tokenizer_free(tokenizer);
    }
    bench->counted = tokens;
    return 0;
}

/* Blocks of 4,096 ids, as shards have them (docs/formats.md). */
enum { BLOCK_TOKENS = 4096 };

static int deflate_stage(void *context, struct error *err)
{
    struct bench *bench = context;
    const struct bench_text *text = &bench->text;
    uint8_t out[2 * BLOCK_TOKENS * sizeof *text->stored_ids];
    z_stream z = {0};
    if (deflateInit(&z, prepare_defaults.compression) != Z_OK)
        return error_set(err, "zlib cannot start: %s", z.msg ? z.msg : "no memory");
    bench->counted = 0;
    for (size_t first = 0; first < text->token_count; first += BLOCK_TOKENS) {
        size_t left = text->token_count - first, part = left < BLOCK_TOKENS ? left : BLOCK_TOKENS;
        deflateReset(&z);
        z.next_in = (Bytef *)(text->stored_ids + first);
        z.avail_in = (uInt)(part * sizeof *text->stored_ids);
        z.next_out = out;
        z.avail_out = sizeof out;
        if (deflate(&z, Z_FINISH) != Z_STREAM_END)
            bug("a block grew to twice its size");
        bench->counted += z.total_out;
    }
    deflateEnd(&z);
    return 0;
}

static int write_documents(const struct bench *bench, size_t first, size_t end, const char *path,
                           struct error *err)
{
    const struct bench_text *text = &bench->text;
    const struct shard_options options = {.vocabulary_hash = vocabulary_hash(bench->vocabulary),
                                          .vocabulary_size = vocabulary_size(bench->vocabulary),
                                          .compression = prepare_defaults.compression};
    struct shard_writer *writer;
    struct shard_summary summary;
    if (shard_writer_open(&writer, path, &options, err) < 0)
        return -1;
    for (size_t d = first; d < end; d++) {
        const struct bench_document *document = &text->documents[d];
        if (shard_writer_add(writer, text->ids + document->first_token,
                             text->lengths + document->first_sentence, document->sentences,
                             err) < 0) {
            shard_writer_discard(writer);
            return -1;
        }
    }
    return shard_writer_commit(writer, &summary, err);
}

/* As many shards as lambert prep would make. */
static int write_stage(void *context, struct error *err)
{
    struct bench *bench = context;
    const size_t documents = bench->text.document_count;
    size_t shards = bench->text.bytes / prepare_defaults.shard_bytes + 1;
    int status = 0;
    for (size_t s = 0; s < shards && status == 0; s++) {
        char *path = memory_text("%s/%05zu.shard", bench->folder, s);
        status =
            write_documents(bench, documents * s / shards, documents * (s + 1) / shards, path, err);
        free(path);
    }
    return status;
}

/* Pieces are small enough that each thread gets several. */
static uint64_t chunk_bytes(const struct bench *bench)
{
    enum { SMALLEST = 1 << 20, PIECES_A_THREAD = 4 };
    uint64_t bytes = bench->text.bytes / (uint64_t)(PIECES_A_THREAD * bench->all_threads);
    if (bytes < SMALLEST)
        return SMALLEST;
    return bytes < prepare_defaults.shard_bytes ? bytes : prepare_defaults.shard_bytes;
}

static int prep_stage(void *context, struct error *err)
{
    struct bench *bench = context;
    struct prepare_options options = prepare_defaults;
    struct corpus_report report;
    char *texts = path_join(bench->folder, "texts"), *corpus = path_join(bench->folder, "corpus");
    options.inputs = &texts;
    options.input_count = 1;
    options.vocabulary = bench->arguments->vocabulary;
    options.output = corpus;
    options.overwrite = true;
    options.lower_case = !bench->arguments->cased;
    options.heldout_fraction = 0;
    options.shard_bytes = chunk_bytes(bench);
    omp_set_num_threads(bench->threads);
    int status = prepare_corpus(&options, &report, err);
    omp_set_num_threads(bench->all_threads);
    free(texts);
    free(corpus);
    return status;
}

/* --- all of them ------------------------------------------------------------------------------ */

static void report_size(struct bench *bench)
{
    const struct bench_text *text = &bench->text;
    bench_report_add(&bench->report, "text", (double)text->bytes / 1e6, "MB", NULL);
    bench_report_add(&bench->report, "documents-met", (double)text->document_count, "", NULL);
    bench_report_add(&bench->report, "sentences-met", (double)text->sentence_count, "", NULL);
    bench_report_add(&bench->report, "tokens-met", (double)text->token_count, "", NULL);
}

static const struct stage {
    const char *name;
    int (*run)(void *context, struct error *err);
    bool by_threads; /* it is done on all threads as well */
    const char *note;
} stages[] = {{"read", read_stage, false, "from the page cache"},
              {"documents", documents_stage, false, NULL},
              {"sentences", sentences_stage, false, NULL},
              {"normalise", normalise_stage, false, NULL},
              {"tokenise", tokenise_stage, true, "normalising included"},
              {"deflate", deflate_stage, false, NULL},
              {"write", write_stage, false, "deflating, checksums and fsync included"},
              {"prep", prep_stage, true, "all that lambert prep does"}};
enum { STAGES = sizeof stages / sizeof stages[0] };

static bool is_stage(const char *name)
{
    for (int i = 0; i < STAGES; i++)
        if (strcmp(stages[i].name, name) == 0)
            return true;
    return false;
}

static int measure_once(struct bench *bench, const struct stage *stage, const char *name,
                        int threads, double *speed, struct error *err)
{
    double seconds;
    bench->threads = threads;
    if (bench_time(stage->run, bench, (int)bench->arguments->common.repeat, &seconds, err) < 0)
        return -1;
    *speed = (double)bench->text.bytes / 1e6 / seconds;
    bench_report_add(&bench->report, name, *speed, "MB/s", stage->note);
    return 0;
}

static int measure_threads(struct bench *bench, const struct stage *stage, double one,
                           struct error *err)
{
    double all;
    char *name = memory_text("%s-all-threads", stage->name);
    int status = measure_once(bench, stage, name, bench->all_threads, &all, err);
    free(name);
    if (status < 0)
        return -1;
    name = memory_text("%s-speed-up", stage->name);
    bench_report_add(&bench->report, name, all / one, "times", "all threads to one");
    free(name);
    return 0;
}

static int measure_stage(struct bench *bench, const struct stage *stage, struct error *err)
{
    double one;
    if (measure_once(bench, stage, stage->name, 1, &one, err) < 0)
        return -1;
    return stage->by_threads ? measure_threads(bench, stage, one, err) : 0;
}

static int measure_stages(struct bench *bench, struct error *err)
{
    const char *only = bench->arguments->stage;
    int status = 0;
    for (int i = 0; i < STAGES && status == 0; i++)
        if (!only || strcmp(only, stages[i].name) == 0)
            status = measure_stage(bench, &stages[i], err);
    return status;
}

static int measure(struct bench *bench, struct error *err)
{
    const struct arguments *arguments = bench->arguments;
    if (vocabulary_load(&bench->vocabulary, arguments->vocabulary, err) < 0 ||
        bench_text_load(&bench->text, arguments->inputs, arguments->input_count,
                        (uint64_t)arguments->megabytes * 1000000, err) < 0 ||
        bench_folder_make(&bench->folder, NULL, err) < 0)
        return -1;
    char *texts = path_join(bench->folder, "texts");
    int status = bench_text_write(&bench->text, texts, err);
    free(texts);
    if (status < 0)
        return -1;
    struct tokenizer *tokenizer = new_tokenizer(bench);
    bench_text_encode(&bench->text, tokenizer);
    tokenizer_free(tokenizer);
    report_size(bench);
    log_set_level(LOG_ERROR); /* what prep warns of is the text, and would come each time */
    status = measure_stages(bench, err);
    log_set_level(LOG_INFO);
    return status;
}

static int run(const struct arguments *arguments, struct error *err)
{
    struct bench bench = {.arguments = arguments, .all_threads = cpu_set_threads(0, 1)};
    bench_report_begin(&bench.report, "prep", bench.all_threads, arguments->common.json);
    int status = measure(&bench, err);
    bench_folder_remove(bench.folder);
    bench_text_release(&bench.text);
    vocabulary_free(bench.vocabulary);
    if (status < 0)
        bench_report_drop(&bench.report);
    else
        bench_report_end(&bench.report);
    return status;
}

int bench_prep(int argc, char **argv)
{
    struct arguments arguments;
    struct error err;
    int code = parse(argc, argv, &arguments);
    if (code != 0)
        return code;
    if (arguments.common.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (arguments.stage && !is_stage(arguments.stage))
        return command_misused(
            "bench prep", "there is no stage '%s'; see lambert bench prep --help", arguments.stage);
    return run(&arguments, &err) < 0 ? command_failed("bench prep", &err) : EXIT_DONE;
}
