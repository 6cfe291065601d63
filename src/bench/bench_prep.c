#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bench_text.h"
#include "bench_tools.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/base/temporary_folder.h"
#include "lambert/corpus/shard_writer.h"
#include "lambert/kernels/cpu.h"
#include "lambert/prepare/prepare.h"
#include "lambert/text/sentence_splitter.h"
#include "lambert/text/tokenizer.h"

/* The stages, in the order of the work. */
enum prep_stage {
    STAGE_READ,
    STAGE_DOCUMENTS,
    STAGE_SENTENCES,
    STAGE_NORMALISE,
    STAGE_TOKENISE,
    STAGE_DEFLATE,
    STAGE_WRITE,
    STAGE_PREP,
    STAGES,
};
static const char *const stage_names[STAGES] = {
    [STAGE_READ] = "read",           [STAGE_DOCUMENTS] = "documents",
    [STAGE_SENTENCES] = "sentences", [STAGE_NORMALISE] = "normalise",
    [STAGE_TOKENISE] = "tokenise",   [STAGE_DEFLATE] = "deflate",
    [STAGE_WRITE] = "write",         [STAGE_PREP] = "prep"};

struct prep_bench_arguments {
    const char *vocabulary;
    struct tokenizer_options tokenizer;
    enum prep_stage stage; /* STAGES: all */
    uint64_t text_bytes;
    int repeat;
    bool json;
    struct command_words inputs;
};

static const struct command_option prep_bench_options[] = {
    {.name = "vocabulary",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct prep_bench_arguments, vocabulary),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .help = "a vocab.txt"},
    {.name = "cased",
     .kind = OPTION_FLAG_OFF,
     OPTION_PLACE(struct prep_bench_arguments, tokenizer.lower_case),
     .help = "keep case and accents"},
    {.name = "stage",
     .kind = OPTION_CHOICE,
     OPTION_PLACE(struct prep_bench_arguments, stage),
     .choices = stage_names,
     .choice_count = STAGES,
     .metavar = "NAME",
     .standard = "all",
     .help = "only this one"},
    {.name = "megabytes",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct prep_bench_arguments, text_bytes),
     .min = 1,
     .max = 100000,
     .unit = 1000000,
     .metavar = "N",
     .help = "of text to take, about"},
    BENCH_REPEAT(struct prep_bench_arguments),
    BENCH_JSON(struct prep_bench_arguments),
    {.kind = OPTION_WORDS,
     OPTION_PLACE(struct prep_bench_arguments, inputs),
     .required = true,
     .metavar = "INPUT",
     .completion = COMPLETE_FILES},
    {0}};

/* What all stages see. */
struct prep_bench {
    const struct prep_bench_arguments *arguments;
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
    struct prep_bench *bench = context;
    return bench_text_read(&bench->text, &bench->counted, err);
}

static int documents_stage(void *context, struct error *err)
{
    struct prep_bench *bench = context;
    (void)err;
    bench->counted = bench_text_documents(&bench->text);
    return 0;
}

static int sentences_stage(void *context, struct error *err)
{
    struct prep_bench *bench = context;
    struct sentence_splitter splitter;
    const char *sentence;
    size_t length;
    (void)err;
    bench->counted = 0;
    for (size_t i = 0; i < bench->text.line_count; i++) {
        const struct bench_slice *line = &bench->text.lines[i];
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
    struct prep_bench *bench = context;
    (void)err;
    bench->counted = 0;
    for (size_t i = 0; i < bench->text.sentence_count; i++)
        tokenizer_words(bench->text.sentences[i].text, bench->text.sentences[i].size,
                        &bench->arguments->tokenizer, count_word, &bench->counted);
    return 0;
}

static struct tokenizer *new_tokenizer(const struct prep_bench *bench)
{
    return tokenizer_new(bench->vocabulary, &bench->arguments->tokenizer);
}

/* By bench->threads threads, in runs of sentences. */
static int tokenise_stage(void *context, struct error *err)
{
    struct prep_bench *bench = context;
    uint64_t tokens = 0;
    (void)err;
#pragma omp parallel num_threads(bench->threads) reduction(+ : tokens)
    {
        struct tokenizer *tokenizer = new_tokenizer(bench);
        struct buffer ids = {0};
#pragma omp for schedule(dynamic, 256)
        for (int64_t i = 0; i < (int64_t)bench->text.sentence_count; i++) {
            const struct bench_slice *sentence = &bench->text.sentences[i];
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
    struct prep_bench *bench = context;
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

/* As many shards as lambert prep would make. */
static int write_stage(void *context, struct error *err)
{
    struct prep_bench *bench = context;
    const struct bench_text *text = &bench->text;
    const struct shard_options options = {.vocabulary_hash = vocabulary_hash(bench->vocabulary),
                                          .vocabulary_size = vocabulary_size(bench->vocabulary),
                                          .compression = prepare_defaults.compression};
    const size_t documents = text->document_count;
    const size_t shards = text->bytes / prepare_defaults.shard_bytes + 1;
    for (size_t s = 0; s < shards; s++) {
        struct shard_writer *writer;
        struct shard_summary summary;
        char *path = memory_text("%s/%05zu.shard", bench->folder, s);
        int status = shard_writer_open(&writer, path, &options, err);
        free(path);
        if (status < 0)
            return -1;
        for (size_t d = documents * s / shards; d < documents * (s + 1) / shards; d++) {
            const struct bench_document *document = &text->documents[d];
            if (shard_writer_add(writer, text->ids + document->first_token, NULL,
                                 text->lengths + document->first_sentence, document->sentences,
                                 err) < 0) {
                shard_writer_discard(writer);
                return -1;
            }
        }
        if (shard_writer_commit(writer, &summary, err) < 0)
            return -1;
    }
    return 0;
}

static int prep_stage(void *context, struct error *err)
{
    struct prep_bench *bench = context;
    enum { SMALLEST_CHUNK = 1 << 20, CHUNKS_A_THREAD = 4 };
    struct prepare_options options = prepare_defaults;
    struct corpus_report report;
    /* Small enough that each thread gets several chunks. */
    const uint64_t chunk = bench->text.bytes / (uint64_t)(CHUNKS_A_THREAD * bench->all_threads);
    char *texts = path_join(bench->folder, "texts"), *corpus = path_join(bench->folder, "corpus");
    options.inputs = &texts;
    options.input_count = 1;
    options.vocabulary = bench->arguments->vocabulary;
    options.output = corpus;
    options.overwrite = true;
    options.tokenizer = bench->arguments->tokenizer;
    options.heldout_fraction = 0;
    options.shard_bytes =
        chunk < SMALLEST_CHUNK ? SMALLEST_CHUNK : min_u64(chunk, prepare_defaults.shard_bytes);
    omp_set_num_threads(bench->threads);
    int status = prepare_corpus(&options, &report, err);
    omp_set_num_threads(bench->all_threads);
    free(texts);
    free(corpus);
    return status;
}

/* --- all of them ------------------------------------------------------------------------------ */

static const struct {
    int (*run)(void *context, struct error *err);
    bool by_threads; /* it is done on all threads as well */
    const char *note;
} stages[STAGES] = {
    [STAGE_READ] = {read_stage, false, "from the page cache"},
    [STAGE_DOCUMENTS] = {documents_stage, false, NULL},
    [STAGE_SENTENCES] = {sentences_stage, false, NULL},
    [STAGE_NORMALISE] = {normalise_stage, false, NULL},
    [STAGE_TOKENISE] = {tokenise_stage, true, "normalising included"},
    [STAGE_DEFLATE] = {deflate_stage, false, NULL},
    [STAGE_WRITE] = {write_stage, false, "deflating, checksums and fsync included"},
    [STAGE_PREP] = {prep_stage, true, "all that lambert prep does"},
};

/* A stage on one thread and, where it can use them, on all. */
static int measure_stage(struct prep_bench *bench, enum prep_stage stage, struct error *err)
{
    const char *const name = stage_names[stage], *const note = stages[stage].note;
    const double megabytes = (double)bench->text.bytes / 1e6;
    double one, all;
    bench->threads = 1;
    if (bench_time(stages[stage].run, bench, bench->arguments->repeat, &one, err) < 0)
        return -1;
    bench_report_add(&bench->report, name, megabytes / one, "MB/s", note);
    if (!stages[stage].by_threads)
        return 0;
    bench->threads = bench->all_threads;
    if (bench_time(stages[stage].run, bench, bench->arguments->repeat, &all, err) < 0)
        return -1;
    char *all_name = memory_text("%s-all-threads", name);
    char *ratio_name = memory_text("%s-speed-up", name);
    bench_report_add(&bench->report, all_name, megabytes / all, "MB/s", note);
    bench_report_add(&bench->report, ratio_name, one / all, "times", "all threads to one");
    free(all_name);
    free(ratio_name);
    return 0;
}

/* Takes the text into memory in all the forms that stages want, and measures the stages. */
static int measure_prep(const void *context, struct error *err)
{
    const struct prep_bench_arguments *arguments = context;
    struct prep_bench bench = {.arguments = arguments, .all_threads = omp_get_max_threads()};
    struct bench_report *report = &bench.report;
    char *texts = NULL;
    int status = -1;
    bench_report_begin(report, "prep", bench.all_threads, arguments->json);
    if (vocabulary_load(&bench.vocabulary, arguments->vocabulary, err) < 0 ||
        bench_text_load(&bench.text, arguments->inputs.at, arguments->inputs.count,
                        arguments->text_bytes, err) < 0 ||
        temporary_folder_make(&bench.folder, NULL, "lambert-bench", err) < 0)
        goto done;
    texts = path_join(bench.folder, "texts");
    if (bench_text_write(&bench.text, texts, err) < 0)
        goto done;
    struct tokenizer *tokenizer = new_tokenizer(&bench);
    bench_text_encode(&bench.text, tokenizer);
    tokenizer_free(tokenizer);
    bench_report_add(report, "text", (double)bench.text.bytes / 1e6, "MB", NULL);
    bench_report_add(report, "documents-met", (double)bench.text.document_count, "", NULL);
    bench_report_add(report, "sentences-met", (double)bench.text.sentence_count, "", NULL);
    bench_report_add(report, "tokens-met", (double)bench.text.token_count, "", NULL);
    log_set_level(LOG_ERROR); /* what prep warns of is the text, and would come each time */
    status = 0;
    for (enum prep_stage stage = 0; stage < STAGES && status == 0; stage++)
        if (arguments->stage == STAGES || arguments->stage == stage)
            status = measure_stage(&bench, stage, err);
    log_set_level(LOG_INFO);
done:
    free(texts);
    temporary_folder_remove(bench.folder);
    bench_text_release(&bench.text);
    vocabulary_free(bench.vocabulary);
    if (status < 0)
        bench_report_drop(report);
    else
        bench_report_end(report);
    return status;
}

const struct command command_bench_prep = {
    .name = "prep",
    .summary = "text to token ids, stage by stage",
    .description =
        "Takes text into memory and measures what lambert prep does with it, stage by stage on one "
        "thread, then all of it on one thread and on all: medians, in MB of input text a second. "
        "INPUT is what lambert prep takes, but for standard input. Shards are written below TMPDIR, "
        "or /tmp.\n"
        "\n"
        "Stages: read (files in the page cache, to text in memory), documents, sentences, normalise "
        "(text to words), tokenise (sentences to ids, normalising included, by a new tokenizer), "
        "deflate (the ids), write (shards, deflating, checksums and fsync included), prep (all that "
        "lambert prep does).\n",
    .examples = "lambert bench prep --vocabulary vocab.txt texts/\n",
    .options = prep_bench_options,
    COMMAND_ARGUMENTS(struct prep_bench_arguments, .tokenizer = TOKENIZER_DEFAULTS, .stage = STAGES,
                      .text_bytes = 64000000, .repeat = 5),
    .run = measure_prep};
